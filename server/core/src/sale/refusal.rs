//! Why the ledger says no, with what the asker needs to do better. The wire's names are the shell's business.

use hawker_wire::Wall;

use super::state::Hold;

/// A refusal. The first group is for buyers, the last for operators.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The sale starts later; `None`: when the operator starts it.
    NotStarted(Option<Wall>),
    /// Fewer pieces are free than were asked for.
    SoldOut,
    /// The buyer may have this many pieces more.
    LimitReached(u32),
    /// The sale is over.
    SaleEnded,
    /// The unit price is another now.
    PriceChanged(i64),
    /// No such product on this room's shelf, or no such sale of it.
    UnknownProduct,
    /// Something that no page of ours sends: what is wrong with it.
    BadRequest(&'static str),
    /// Too many open holds; the next one ends in this many milliseconds.
    TooFast(u32),
    /// No such hold of this buyer.
    UnknownHold,
    /// The hold is what it is: paid, cancelled or expired.
    Settled(Box<Hold>),
    /// Nothing was done: the disk fails, or more waits for it than is allowed.
    Unavailable,

    /// No such sale.
    UnknownSale,
    /// So many pieces of the product are free.
    NotEnoughStock(u32),
    /// A bound of `limits.rs`: which one.
    Full(&'static str),
}

impl Refusal {
    /// Whether a repeated key gets this very answer. What is not an answer about the goods is asked anew.
    pub(super) fn is_remembered(&self) -> bool {
        matches!(
            self,
            Self::NotStarted(_)
                | Self::SoldOut
                | Self::LimitReached(_)
                | Self::SaleEnded
                | Self::PriceChanged(_)
                | Self::UnknownProduct
        )
    }
}
