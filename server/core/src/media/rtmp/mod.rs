//! RTMP, both halves, without a socket: bytes in, replies and media out. [`server::Server`] is one encoder's connection at the
//! server, [`client::Client`] publishes. Sections in the comments are of Adobe's RTMP Specification 1.0.
//!
//! Order of the layers: `handshake`, then `chunk` (bytes to messages), `message` and `amf0` (messages to commands), then
//! `server` or `client`. Audio and video messages are FLV tag bodies: `super::flv` reads them, and Enhanced RTMP headers there.

pub mod address;
pub mod amf0;
pub mod chunk;
pub mod client;
pub mod close;
mod enhanced;
pub mod handshake;
pub mod limits;
pub mod message;
pub mod seat;
pub mod server;
