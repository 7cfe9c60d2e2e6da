//! The bounds of what a session's other end may send, and the numbers of its congestion control, each with its reason.

/// A request's line with its end, bytes. The longest path has an epoch of 16 characters, a rendition's name of 32 and two
/// numbers of 20 digits; playlists add a query of some 60.
pub const REQUEST_BYTES: usize = 512;
/// The most of a frame that is gathered at once, bytes: as the WebSocket's limit for a client's frame.
pub const FRAME_BYTES: usize = crate::room::limits::FRAME_BYTES;

/// The window of a new session, bytes: RFC 9002, 7.2.
pub const WINDOW_FIRST: u64 = 14_720;
/// The least, packets: enough for a loss to be noticed by later packets (RFC 9002, 6.1.1) and little on a link of 250 kb/s.
pub const WINDOW_MIN_PACKETS: u64 = 4;
/// The most, bytes: 100 Mb/s at 80 ms.
pub const WINDOW_MAX: u64 = 1 << 20;
/// The queue that is sought where there is more to send than the link carries, microseconds: more than what a browser waits before
/// it confirms (25 ms, RFC 9000, 18.2), less than what a viewer a fifth of a second behind would notice;
pub const QUEUE_US: f64 = 30_000.0;
/// and so much of the shortest round trip, since longer ways vary more.
pub const QUEUE_RTT_SHARE: f64 = 0.125;
/// A round is judged by so many confirmations at least: one or two may be late by chance.
pub const ROUND_ACKS_MIN: u32 = 6;
/// Rounds in a row with a queue that no cut makes shorter: then it is not ours.
pub const STANDS_ROUNDS: u32 = 4;
/// The shortest round trip is that of the last one to two windows of this length, microseconds.
pub const RTT_WINDOW_US: u64 = 10_000_000;
/// A window that is as large as the link needs grows by this share of what it would otherwise.
pub const BEYOND: f64 = 0.25;
/// A stretch of packets that waited says how fast the link is with so many bytes and
pub const PACE_BYTES_MIN: u64 = 24_000;
/// after so long, microseconds.
pub const PACE_US_MIN: u64 = 20_000;
/// It is cut when it is this long, microseconds: several messages of a browser, each of which may be a few milliseconds off.
pub const PACE_US_MAX: u64 = 50_000;
/// A greater share of a round lost is no chance any more: a policer that drops instead of queueing.
pub const LOSS_MAX: f64 = 0.25;
