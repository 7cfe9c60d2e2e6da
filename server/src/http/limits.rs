//! The bounds of the HTTP layer, each with its reason.

use std::time::Duration;

/// A request body, bytes. The largest is a word list of some 50,000 words, which is about 800 KB.
pub const BODY_BYTES: usize = 1 << 20;
/// What hyper may buffer of an answer before it has reached the socket. A switch to a lower rendition queues behind what
/// is buffered, so this is about 0.2 s of the lowest rung, and no less than hyper's minimum of 8 KiB.
pub const WRITE_BUFFER_BYTES: usize = 16 << 10;
/// Unsent bytes in the kernel before a socket counts as writable (`TCP_NOTSENT_LOWAT`), for the same reason.
pub const NOTSENT_BYTES: u32 = 16 << 10;
/// What is on the way of a connection is looked at again after so long, while nothing more may be: little beside the queue that is
/// sought;
pub const LOOK_AFTER: Duration = Duration::from_millis(5);
/// later after a quarter of the time by which something is overdue, up to this: dead connections stay for a quarter of an hour.
pub const LOOK_AFTER_MAX: Duration = Duration::from_secs(1);
/// Writes that follow each other sooner are not worth a look each.
pub const LOOK_AGAIN: Duration = Duration::from_millis(2);
/// Pieces of an answer that are written at once where not all of it has room: a head, and three chunks with what HTTP puts around them.
pub const PIECES: usize = 10;
/// Time for a request's head, and how long an idle connection is kept: whoever is slower holds it for nothing.
pub const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// The plaintext of a TLS record and its header of 5 bytes, so that a record is as long as a packet of 1,460 bytes less TCP's options (12)
/// and its own tag and type (17). A browser gives nothing of a record before it has all of it: those of 16 KiB, as they are by themselves,
/// are 22 ms on a link of 6 Mb/s, and hide from the player what pace it is sent at.
pub const TLS_RECORD_BYTES: usize = 1_431;
/// Time for a TLS handshake.
pub const TLS_TIMEOUT: Duration = Duration::from_secs(10);
/// Connections at once. Each costs about 20 KiB; the process's file limit ends it earlier on most machines.
pub const CONNECTIONS: usize = 200_000;
/// Streams of one HTTP/2 connection: a tab needs five, three tabs share a connection.
pub const H2_STREAMS: u32 = 64;
/// Rest before accepting again when the process is out of file descriptors, so that the loop doesn't spin.
pub const ACCEPT_BACKOFF: Duration = Duration::from_millis(100);
/// Seconds of API calls that an address may make at once after a rest: a console that opens asks for a dozen things.
pub const API_BURST_S: u32 = 10;
