//! Bounds of the demo shop, with their reasons.

use std::time::Duration;

/// Holds that the shop remembers: more than a flash sale makes in an hour. The oldest go first.
pub(super) const HOLDS_MAX: usize = 10_000;
/// Bytes of a webhook or a call from a page: both are a few hundred.
pub(super) const BODY_BYTES_MAX: usize = 16 * 1024;
/// How old a signed webhook may be, in seconds: clocks differ, replays are refused.
pub(super) const SIGNATURE_TOLERANCE_S: u64 = 300;
/// How long the checkout page waits for the webhook that tells of its hold: it is sent when the hold is made.
pub(super) const WEBHOOK_WAIT: Duration = Duration::from_secs(10);
/// How long a viewer's token is good for, in seconds: an evening.
pub(super) const TOKEN_S: u64 = 6 * 3_600;
