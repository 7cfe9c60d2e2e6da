//! The bounds of WebTransport, each with its reason. What one session's other end may send as text is in the core's
//! `udp/limits.rs`.

use std::time::Duration;

/// Sessions at once. Each costs about 60 KiB idle, mostly its TLS and its path's state.
pub const SESSIONS: usize = 50_000;
/// Handshakes that wait to be looked at; more are dropped, which a client takes for a lost packet.
pub const INCOMING: usize = 1_024;
/// Time for the QUIC handshake and the request for a session: five round trips of a bad mobile link.
pub const HANDSHAKE: Duration = Duration::from_secs(5);
/// Streams that a session has open at once: two segments, a switch of rendition with two more, a held one, the room's, and
/// those whose end has not arrived yet.
pub const STREAMS: u32 = 16;
/// Streams that only the client writes to: HTTP/3 has three.
pub const ONE_WAY_STREAMS: u32 = 8;
/// Time for the line that says what a stream is for.
pub const REQUEST: Duration = Duration::from_secs(5);
/// Who takes nothing of an answer for so long has gone without a word, or holds segments on purpose.
pub const STALLED: Duration = Duration::from_secs(10);
/// Bytes of a session that are sent or wait to be, unconfirmed: 0.2 s of 40 Mb/s. What is abandoned leaves at once.
pub const SEND_WINDOW: u64 = 1 << 20;
/// Bytes that one stream's client may send unread: some frames of a room.
pub const STREAM_WINDOW: u32 = 64 << 10;
/// The same for all streams of a session.
pub const SESSION_WINDOW: u32 = 256 << 10;
/// Bytes of datagrams that wait: likes, 4 bytes each.
pub const DATAGRAMS: usize = 4 << 10;
/// Taps that wait for the room's task; a later datagram makes up for one that finds no place.
pub const TAPS: usize = 16;
/// No packet for so long: gone. A phone's radio had time to come back, and the page has moved to HTTP long before.
pub const IDLE: Duration = Duration::from_secs(20);
/// Sent when nothing else is: two of them may be lost before [`IDLE`] is over, and routers forget a quiet UDP flow after 30 s.
pub const KEEP_ALIVE: Duration = Duration::from_secs(6);
/// Time for the last packets when the server stops.
pub const FAREWELL: Duration = Duration::from_millis(500);
/// How long a made certificate is valid. Browsers that are told its hash allow 14 days at most.
pub const CERTIFICATE: Duration = Duration::from_secs(13 * 86_400);
/// It is valid from so long before it was made: clocks of pages are late.
pub const CERTIFICATE_BEFORE: Duration = Duration::from_secs(12 * 3_600);
/// How long one certificate is used. Two are known at any time, so that a page that was told before a change gets in after it; the
/// second is made when the first begins, thus each ends twice this after it was made.
pub const ROTATE_EVERY: Duration = Duration::from_secs(6 * 86_400);
