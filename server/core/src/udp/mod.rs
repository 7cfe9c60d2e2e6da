//! What goes over one WebTransport session, as bytes: the request at the head of a stream, the frames of the room's stream,
//! the taps in datagrams. No QUIC and no sockets (`server/src/udp`), not what requests and frames mean (`media`, `room`), nor how
//! much may be on the way (`congestion`).

pub mod frames;
pub mod limits;
pub mod request;
pub mod taps;
