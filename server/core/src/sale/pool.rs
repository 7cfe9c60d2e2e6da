//! Pieces and where they are. Every move takes from one place exactly what it puts into another, and fails rather than go
//! below zero.

use super::state::Inconsistent;

/// Pieces of a product, or of a sale of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pool {
    /// For whoever comes first.
    pub free: u32,
    /// For buyers who have not paid yet.
    pub held: u32,
    /// Paid.
    pub sold: u32,
}

impl Pool {
    /// All pieces.
    #[must_use]
    pub fn total(&self) -> u64 {
        u64::from(self.free) + u64::from(self.held) + u64::from(self.sold)
    }

    pub(super) fn hold(&mut self, quantity: u32) -> Result<(), Inconsistent> {
        shift(&mut self.free, &mut self.held, quantity)
    }

    pub(super) fn release(&mut self, quantity: u32) -> Result<(), Inconsistent> {
        shift(&mut self.held, &mut self.free, quantity)
    }

    pub(super) fn sell_held(&mut self, quantity: u32) -> Result<(), Inconsistent> {
        shift(&mut self.held, &mut self.sold, quantity)
    }

    pub(super) fn sell_free(&mut self, quantity: u32) -> Result<(), Inconsistent> {
        shift(&mut self.free, &mut self.sold, quantity)
    }
}

/// Moves pieces; changes nothing when it fails.
pub(super) fn shift(from: &mut u32, to: &mut u32, quantity: u32) -> Result<(), Inconsistent> {
    let less = from.checked_sub(quantity).ok_or(Inconsistent("more pieces taken than there are"))?;
    let more = to.checked_add(quantity).ok_or(Inconsistent("more pieces than can be counted"))?;
    *from = less;
    *to = more;
    Ok(())
}
