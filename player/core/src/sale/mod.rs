//! The sale as the page sees it: the cart with its idempotency keys, and the countdown by the server's clock. Takes no money.

pub mod cart;
pub mod countdown;
pub mod limits;
pub mod memory;
pub mod offer;

pub use cart::{Cart, Input, Output, Want};
