//! The room through real sockets: talk, resume, flood, slow readers, limits, moderation, bad clients, many viewers.
#[path = "room/door.rs"]
mod door;
#[path = "room/load.rs"]
mod load;
#[path = "room/moderation.rs"]
mod moderation;
#[path = "room/protocol.rs"]
mod protocol;
#[path = "room/resume.rs"]
mod resume;
#[path = "room/shop.rs"]
mod shop;
#[path = "room/talk.rs"]
mod talk;
