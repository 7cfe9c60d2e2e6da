//! What the page should do next: the deciding half of the SDK. Pure state machines and functions; no web-sys, no clock, no
//! IO. The shells around it are `player` (media) and `player/ui` (room, sale).

pub mod decimal;
pub mod media;
pub mod random;
pub mod room;
pub mod sale;
pub mod texts;
