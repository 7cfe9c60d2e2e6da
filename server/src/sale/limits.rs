//! The bounds of the sale's shell, each with its reason.

use std::time::Duration;

/// Requests on their way to the writer: everybody of a large show taps once. Beyond it buyers are told to try again.
pub const QUEUE: usize = 16_384;

/// Requests taken before the disk is looked after again: what a batch takes in while the one before it syncs.
pub const TAKE: usize = 1_024;

/// How long changes of stock gather before everybody is told: the promise is one second.
pub const ANNOUNCE: Duration = Duration::from_millis(250);

/// Changes on their way to the announcer. It only merges them, so it is never behind for long; when it is, the newest
/// state is told again later.
pub const CHANGES: usize = 16_384;

/// How long after its end a sale is still shown, milliseconds: the page says that it is over, and to whom it went.
pub const ENDED_SHOWN_MS: u64 = 600_000;

/// How long a settled hold is still shown to its buyer, milliseconds (`Welcome.holds`).
pub const ORDER_SHOWN_MS: u64 = 24 * 3_600_000;

/// Holds shown to one buyer: more is a robot.
pub const HOLDS_SHOWN: usize = 100;

/// How long a disk that failed is left alone before it is tried again, milliseconds.
pub const RETRY_MS: u64 = 1_000;

/// Bytes of the journal read at once for the projection; at least one whole batch.
pub const READ_BYTES: usize = hawker_server_core::sale::limits::FRAME_BYTES_MAX + 64;

/// Characters of a product's title: two lines on a phone.
pub const TITLE_CHARS: usize = 120;

/// Bytes of a URL of a picture or a page.
pub const URL_BYTES: usize = 2_048;

/// Orders in one answer.
pub const ORDERS: u32 = 500;

/// Bytes of a signed call of the shop.
pub const CALL_BYTES: usize = 16 * 1_024;

/// Webhooks that wait for the shop. Beyond it the oldest are given up, with a log line: `GET …/orders` has them all.
pub const WEBHOOKS: i64 = 100_000;

/// Webhooks under way at once, each of another hold.
pub const WEBHOOKS_AT_ONCE: i64 = 16;

/// How long the shop may take to answer one.
pub const WEBHOOK_TIMEOUT: Duration = Duration::from_secs(10);

/// The first wait after a failure; it doubles up to the longest.
pub const WEBHOOK_BACKOFF_MS: u64 = 1_000;

/// The longest wait.
pub const WEBHOOK_BACKOFF_MAX_MS: u64 = 15 * 60_000;

/// After this a webhook is given up, milliseconds: a weekend without the shop's backend, and a day.
pub const WEBHOOK_LIFE_MS: u64 = 3 * 24 * 3_600_000;
