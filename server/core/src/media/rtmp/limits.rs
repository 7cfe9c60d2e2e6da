//! The bounds of an RTMP connection, each with its reason. Anybody can connect and send anything, so nothing here trusts a
//! length that a peer states.

use hawker_wire::Span;

/// Bytes in a message. A keyframe of 4K at 50 Mb/s is about 2 MB.
pub const MESSAGE: usize = 8 * 1024 * 1024;

/// Bytes of messages that are being put together, all chunk streams of a connection. Encoders interleave two.
pub const ASSEMBLING: usize = MESSAGE + 1024 * 1024;

/// Chunk streams of a connection. Encoders use three to six; ids go up to 65,599.
pub const CHUNK_STREAMS: usize = 32;

/// Bytes in a command or data message. `connect` is about 400, `onMetaData` about 600.
pub const COMMAND: usize = 64 * 1024;

/// Values in a command, nested ones included. `onMetaData` of OBS has 20.
pub const AMF_VALUES: usize = 1_024;

/// Objects within objects. Seen: 2.
pub const AMF_DEPTH: usize = 8;

/// Message streams that `createStream` may open on a connection. An encoder needs one, and one more for each retry.
pub const MESSAGE_STREAMS: u32 = 8;

/// Bytes that wait while the room's owner is asked whether the encoder may publish. Encoders wait for the answer themselves.
pub const WAITING: usize = 1024 * 1024;

/// Characters of `app` and of the stream name. A room, a rendition and a key are under 200.
pub const NAME: usize = 1_024;

/// Bytes after which an acknowledgement is due, told to the peer (5.4.4). Encoders show it as congestion when it is small.
pub const WINDOW: u32 = 2_500_000;

/// The chunk size that we send with (5.4.1): large, because nothing has to be let past a frame that is on its way.
pub const CHUNK_SIZE: u32 = 65_536;

/// Time from connecting, or from the end of a publication, to publishing. Encoders take a second on a bad line.
pub const START: Span = Span::from_secs(10);

/// Silence of a publisher after which it is asked for a sign of life.
pub const PING: Span = Span::from_secs(10);

/// Silence of a publisher after which its connection is closed: an encoder whose machine vanished holds memory and a seat.
pub const SILENCE: Span = Span::from_secs(30);

/// Silence of a publisher after which another one with the right key may take its seat: longer than a stall of a mobile line,
/// shorter than the patience of a host whose encoder crashed.
pub const TAKE_OVER: Span = Span::from_secs(2);

/// Time that a server has to let a client publish.
pub const CLIENT_START: Span = Span::from_secs(10);
