//! The laws that every machine obeys, tested once for all of them. What each machine decides is tested beside it.
//!
//! `tests/tidy` compares the files named here with the code: a machine cannot be forgotten.

#[path = "laws/law.rs"]
mod law;
#[path = "laws/page_gates.rs"]
mod page_gates;
#[path = "laws/page_media.rs"]
mod page_media;
#[path = "laws/page_room.rs"]
mod page_room;
#[path = "laws/rtmp.rs"]
mod rtmp;
#[path = "laws/server.rs"]
mod server;
