//! What goes over one WebTransport session, as bytes: the request at the head of a stream, the frames of the room's stream,
//! the taps in datagrams; and how many bytes may be on their way. No QUIC and no sockets (`server/src/udp`), and not what
//! requests and frames mean (`media`, `room`).

pub mod congestion;
pub mod frames;
pub mod limits;
pub mod request;
pub mod taps;
