//! The room as the page sees it: the connection, what is known of the room, the danmaku stage, merged likes. Draws nothing.

pub mod backoff;
pub mod client;
pub mod contract;
pub mod limits;
pub mod server_time;
pub mod stage;
pub mod view;

pub use client::{Client, Identity, Input, Output, Status};
pub use view::{Change, Room};
