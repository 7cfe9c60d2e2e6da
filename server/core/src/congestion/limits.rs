//! The numbers of the congestion control, each with its reason.

/// The window of a new QUIC connection, bytes: RFC 9002, 7.2.
pub const WINDOW_FIRST: u64 = 14_720;
/// That of a new TCP connection, bytes: what the kernel's own reaches after three round trips, so that only that one begins slowly.
pub const WINDOW_TCP: u64 = 128 << 10;
/// The least, packets: enough for a loss to be noticed by later packets (RFC 9002, 6.1.1) and little on a link of 250 kb/s.
pub const WINDOW_MIN_PACKETS: u64 = 4;
/// The most, bytes: 100 Mb/s at 80 ms.
pub const WINDOW_MAX: u64 = 1 << 20;
/// The queue that is sought where there is more to send than the link carries, microseconds: more than what a browser waits before
/// it confirms (25 ms, RFC 9000, 18.2), less than what a viewer a fifth of a second behind would notice;
pub const QUEUE_US: f64 = 30_000.0;
/// over TCP, whose receivers wait for a second packet for up to 40 ms: of 30, 45 and 60 ms the best on the twelve traces;
pub const QUEUE_TCP_US: f64 = 45_000.0;
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
/// Writes to a TCP connection that are told apart until they are confirmed: more than frames in a window of a second. Those after them
/// count as one.
pub const WRITES_MAX: usize = 256;
/// With less on the way over TCP, and fewer writes, the kernel is not asked: so much is always let through, and a hundred thousand
/// sockets with words are not worth a system call for each.
pub const LOOK_FROM_BYTES: u64 = 4 << 10;
/// See there.
pub const LOOK_FROM_WRITES: usize = 16;
/// A packet of TCP, bytes: of Ethernet's 1,500, without the heads of IPv4 and of TCP with time stamps.
pub const PACKET_TCP: u64 = 1_448;
/// What is seen within such a time was confirmed within it, microseconds: longer than a frame, shorter than the queue that is sought.
pub const UNTOLD_US: u64 = 40_000;
