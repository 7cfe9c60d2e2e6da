//! The bounds of the sale's core, each with its reason.

/// How long a hold keeps goods from others, milliseconds: long enough to pay with a phone, short enough that goods which
/// nobody pays for come back within a show's attention.
pub const HOLD_MS: u64 = 120_000;

/// How long an idempotency key is remembered, milliseconds: a page that was asleep for a day still gets its answer.
pub const KEY_MEMORY_MS: u64 = 24 * 3_600_000;

/// How long a hold that came to nothing is kept for a late payment, milliseconds: bank transfers take days.
pub const LATE_PAYMENT_MS: u64 = 7 * 24 * 3_600_000;

/// How long an ended sale is kept with its buyers' counts, milliseconds: as long as a payment for it may come.
pub const SALE_MEMORY_MS: u64 = LATE_PAYMENT_MS;

/// Refused keys remembered in memory; the oldest go first. At 150 bytes each this is 30 MB.
pub const REFUSALS_MAX: usize = 200_000;

/// Holds and orders kept in memory; beyond it nothing new is held. At 400 bytes each this is 400 MB.
pub const HOLDS_MAX: usize = 1_000_000;

/// Open holds of one buyer: a person checks out a handful of things at once.
pub const HOLDS_PER_BUYER_MAX: usize = 20;

/// Pieces in one hold: more is a wholesale order, which is not made by a tap.
pub const QUANTITY_MAX: u32 = 99;

/// Products in one room: a show has dozens.
pub const PRODUCTS_PER_ROOM_MAX: usize = 500;

/// Products in the ledger, removed ones included: their sums belong to the books.
pub const PRODUCTS_MAX: usize = 100_000;

/// Sales in the ledger, ended ones of the last days included.
pub const SALES_MAX: usize = 20_000;

/// Pieces of one product: far below `u32::MAX`, so that sums of pools cannot wrap.
pub const STOCK_MAX: u32 = 100_000_000;

/// Unit price in minor units: price times [`QUANTITY_MAX`] times any sum of orders stays far inside `i64`.
pub const PRICE_MAX: i64 = 1_000_000_000_000;

/// Characters of an id (room, product, sale, buyer): what a URL segment comfortably holds.
pub const ID_CHARS_MAX: usize = 128;

/// Characters of an idempotency key: the bounds of `PlaceHold.key` in `hawker.proto`.
pub const KEY_CHARS: core::ops::RangeInclusive<usize> = 16..=64;

/// Bytes of a payment's reference: what payment providers use, with room.
pub const PAYMENT_BYTES_MAX: usize = 200;

/// Bytes that wait for the disk while a batch is being written; beyond it requests are refused. 1 MiB is about 6,000 holds,
/// more than a disk takes to sync once.
pub const BATCH_BYTES_MAX: usize = 1 << 20;

/// Answers that wait for the disk; beyond it requests are refused. Refusals cost no journal bytes, so they need their own
/// bound.
pub const WAITING_MAX: usize = 65_536;

/// Bytes of one batch that `journal::open` believes: twice what is written, and far from what a wrong length could ask.
pub const FRAME_BYTES_MAX: usize = 2 * BATCH_BYTES_MAX;

/// What a refused buyer is told to wait when the ledger is full or its disk fails, milliseconds.
pub const RETRY_MS: u32 = 1_000;
