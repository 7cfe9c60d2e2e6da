//! Every bound of the sale in the page, with its reason. Nothing else.

use hawker_wire::Span;

/// Holds and orders shown: a day of an eager buyer; the oldest settled one leaves first.
pub const HOLDS: usize = 100;

/// Requests in flight: one a product and sale; a page offers no more buttons than that.
pub const PENDING: usize = 32;

/// A request without an answer is repeated with the same key after this long: the ledger answers within a disk write.
pub const REPEAT: Span = Span::from_secs(3);

/// Repeats before the buyer is told that there is no answer. Time without a connection does not count.
pub const REPEATS: u32 = 4;

/// A tap without an answer is asked again after a reload within this time, which is how long a hold lasts: what came of an
/// older one is over, and asking again would buy anew.
pub const REMEMBERED: Span = Span::from_secs(120);

/// Outputs not polled yet: a parent that never polls loses the oldest.
pub const OUTPUTS: usize = 1_024;
