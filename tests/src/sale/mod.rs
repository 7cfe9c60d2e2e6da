//! What the proofs of the sale share: buyers and a shop's backend, what clients write down about what they were told, and a
//! checker that reads nothing else. The checker knows nothing of the ledger's code, so that it cannot share its mistakes.

pub mod backend;
mod buyer;
mod checker;
mod counter;
pub mod crowd;
pub mod shoppers;

pub use buyer::{Buyer, Identity};
pub use checker::{Entry, Fate, Log, Offer, Outcome, check};
pub use counter::Counter;
