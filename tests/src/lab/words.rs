//! A voice in the lab's room: ten times a second it says when it says it, which `tests/lab/words.js` reads in the page, or what
//! viewers say. Speaks to the server beside the link, so that the way to the viewer is all that differs.

use std::time::Duration;

use anyhow::Result;
use hawker_server::ops::config::Config;
use hawker_wire::proto::Say;
use hawker_wire::proto::client_frame::Kind as Ask;
use tokio::task::JoinHandle;

use crate::server::Server;
use crate::talk::{Dial, Heard};

/// Not a multiple of the room's tick, so that words meet it at all its moments.
const EVERY: Duration = Duration::from_millis(97);

/// Says until it is dropped.
#[derive(Debug)]
pub struct Voice(JoinHandle<()>);

/// A room that lets one viewer say so much.
pub fn allow(config: &mut Config) {
    config.room.messages_per_s = 100;
    config.room.viewer_messages_per_s = 100;
}

/// The time, ms, as `tests/lab/words.js` expects it.
pub fn time(_: u64, now_ms: f64) -> String {
    format!("said {now_ms:.1}")
}

/// What a room says over and over.
pub fn chatter(turn: u64, _: f64) -> String {
    const WORDS: [&str; 8] =
        ["好看", "多少钱", "still in stock?", "已拍", "love it", "尺码偏大吗", "hello", "来了来了"];
    WORDS[turn as usize % WORDS.len()].repeat(1 + turn as usize / WORDS.len() % 3)
}

/// Begins to speak in a room: `what` at its every turn, and at what time on the server's clock.
///
/// # Errors
/// It is not let in.
pub async fn speak(server: &Server, room: &str, what: fn(u64, f64) -> String) -> Result<Voice> {
    let mut talker = Dial::new(([127, 0, 0, 1], server.running.http.port()).into(), room).guest("Ann").await;
    let clock = server.running.app.clock;
    Ok(Voice(tokio::spawn(async move {
        let mut due = tokio::time::interval(EVERY);
        for request in 1.. {
            // What is told must be read, or the server hangs up.
            loop {
                tokio::select! {
                    _ = due.tick() => break,
                    heard = talker.hear_whenever() => if let Heard::Closed(code) = heard {
                        println!("the voice was turned out: {code:?}");
                        return;
                    },
                }
            }
            let text = what(request, clock.wall_us() as f64 / 1e3);
            talker.send(Ask::Say(Say { request, text })).await;
        }
    })))
}

impl Drop for Voice {
    fn drop(&mut self) {
        self.0.abort();
    }
}
