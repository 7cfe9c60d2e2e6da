//! What the proofs of the sale share: what clients write down about what they were told, and a checker that reads nothing
//! else. Knows nothing of the ledger's code, so that it cannot share its mistakes.

mod checker;

pub use checker::{Entry, Fate, Log, Offer, Outcome, check};
