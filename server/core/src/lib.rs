//! What the server should do next: the deciding half of Hawker. Pure state machines and functions; no tokio, no clock, no
//! IO. The shell around it is `server`.

pub mod congestion;
pub mod media;
pub mod ops;
pub mod room;
pub mod sale;
pub mod udp;
