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

use hawker_server::ops::config::Config;
use hawker_tests::server::{self, Server};
use hawker_tests::talk::Dial;

/// A server with the room `demo`, and the usual way into it.
async fn demo(change: impl FnOnce(&mut Config)) -> (Server, Dial) {
    let server = server::start_with(change).await;
    server.room("demo").await;
    let dial = Dial::new(server.running.http, "demo");
    (server, dial)
}
