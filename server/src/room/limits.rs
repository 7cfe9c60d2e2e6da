//! The bounds of a room's sockets, each with its reason. What a room itself bounds is in the core's `room/limits.rs`.

use std::time::Duration;

/// How long a socket may be silent. Operators do not set it; a test that waits for the end of it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// Time for the Hello: three round trips of a bad mobile link.
    pub hello: Duration,
    /// How often a connection is pinged: home routers forget a quiet one after 30 s.
    pub ping_every: Duration,
    /// No sign of life for so long: gone. Two pings lost, and a phone's radio had time to come back.
    pub idle: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        let [hello, ping_every, idle] = [10, 20, 60].map(Duration::from_secs);
        Self { hello, ping_every, idle }
    }
}

/// A write that takes longer finds nobody reading; the room's ring holds about as much.
pub const STALL: Duration = Duration::from_secs(20);

/// Time for the last frames of a connection: who doesn't take them misses only the reason.
pub const FAREWELL: Duration = Duration::from_secs(2);

/// Read buffer of a connection. The default of the library is 128 KiB, which is 1.2 GB for 10,000 viewers; frames of
/// clients are some 100 bytes.
pub const READ_BUFFER: usize = 4 * 1_024;

/// Bytes gathered before a write: a tick's batches go out in one call.
pub const WRITE_BUFFER: usize = 4 * 1_024;

/// Most bytes that one connection buffers: the largest batch (256 products with long texts) and some.
pub const WRITE_BUFFER_MOST: usize = 1_024 * 1_024;
