//! A voice in the lab's room: says, ten times a second, when it says it. What pages make of that is noted by `tests/lab/words.js`.
//! Speaks to the server beside the link, so that the way to the viewer is all that differs.

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

/// Begins to speak in a room.
///
/// # Errors
/// It is not let in.
pub async fn speak(server: &Server, room: &str) -> Result<Voice> {
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
            let text = format!("said {:.1}", clock.wall_us() as f64 / 1e3);
            talker.send(Ask::Say(Say { request, text })).await;
        }
    })))
}

impl Drop for Voice {
    fn drop(&mut self) {
        self.0.abort();
    }
}
