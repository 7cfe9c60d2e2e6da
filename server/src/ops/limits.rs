//! The bounds of running it, each with its reason.

/// Rooms of one server: each costs memory as long as the server runs.
pub const ROOMS: usize = 10_000;
/// Characters of a room's id: it is a part of URLs and of stream names that people type.
pub const ROOM_ID_CHARS: usize = 64;
/// Characters of a title: one line on a phone, twice.
pub const TITLE_CHARS: usize = 120;
/// Series of one metric: a label with the values of a stranger's choice would eat the memory.
pub const SERIES: usize = 10_000;
/// Bytes of a token or a signature header that are looked at: the longest JWT a shop makes is about 1 KiB.
pub const TOKEN_BYTES: usize = 4_096;
/// How far the clock of a shop's backend may be off, seconds: the tolerance of the trade's signed webhooks.
pub const SIGNATURE_TOLERANCE_S: u64 = 300;
/// Connections to SQLite: one writes at a time, a few read beside it.
pub const STORE_CONNECTIONS: u32 = 4;
