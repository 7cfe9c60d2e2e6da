//! The sale: the pinned product, the shelf, holds and why a tap was refused. Decides nothing: the server's ledger does.

pub(crate) mod goods;
pub(crate) mod holds;
pub(crate) mod pinned;
pub(crate) mod refusal;
pub(crate) mod shelf;
