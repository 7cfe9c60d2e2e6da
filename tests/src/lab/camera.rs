//! The camera of the lab: sends the encoded ladder over RTMP in real time, round after round, and writes down when it sent each
//! frame. That is the moment "made" of all latencies of the lab: encoding is left out, for all players equally.
//!
//! Not the demo's camera, which keeps no account, and not an encoder.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Result, ensure};
use hawker_server_core::media::flv::Kind;
use hawker_server_core::media::flv::file::Tag;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::clip::{Clip, FRAMES, LOOP_S};
use crate::encoder;
use crate::server::Server;

/// Frames remembered: of an hour, since a run is looked at when it is over.
const REMEMBERED: usize = FRAMES as usize * 28;
/// A camera that could not send for so long was kept from its work: the run says so.
const LATE: Duration = Duration::from_millis(100);

/// When frames were sent.
#[derive(Debug, Default)]
struct Log {
    /// Wall clock in µs, oldest first.
    sent: VecDeque<u64>,
    /// Counter of the oldest.
    first: u64,
    late: u32,
}

/// Sends until it is dropped.
#[derive(Debug)]
pub struct Camera {
    log: Arc<Mutex<Log>>,
    task: JoinHandle<()>,
}

/// Publishes `ladder` to a room whose key it is, one connection a rung.
///
/// # Errors
/// The server does not take it.
pub async fn publish(server: &Server, room: &str, key: &str, ladder: Vec<Clip>) -> Result<Camera> {
    publish_at(server, room, key, ladder, 1).await
}

/// The same, so many times as fast as time goes: stamps and all.
///
/// # Errors
/// As of [`publish`].
pub async fn publish_at(
    server: &Server,
    room: &str,
    key: &str,
    ladder: Vec<Clip>,
    speed: u32,
) -> Result<Camera> {
    let lengths: Vec<usize> = ladder.iter().map(|clip| clip.frames.len()).collect();
    ensure!(lengths.windows(2).all(|pair| pair[0] == pair[1]), "rungs of different length: {lengths:?}");
    let mut rungs = Vec::new();
    for clip in ladder {
        let stream = format!("{room}/{}?key={key}", clip.rung.name);
        let mut connection =
            encoder::publish(server.running.rtmp, &stream).await.map_err(anyhow::Error::new)?;
        for tag in &clip.head {
            connection.send(tag.clone()).await;
        }
        rungs.push((connection, clip.frames));
    }
    let clock = server.running.app.clock;
    let log = Arc::new(Mutex::new(Log::default()));
    let written = log.clone();
    let task = tokio::spawn(async move {
        let began = Instant::now();
        for round in 0.. {
            for place in 0..lengths[0] {
                let (kind, stamp) = (rungs[0].1[place].kind, rungs[0].1[place].stamp);
                let at = round * LOOP_S * 1_000 + u64::from(stamp);
                let due = began + Duration::from_millis(at) / speed;
                tokio::time::sleep_until(due).await;
                if kind == Kind::Video {
                    written.lock().expect("nobody panics with it").push(clock.wall_us(), due.elapsed());
                }
                for (connection, frames) in &mut rungs {
                    connection.send(Tag { stamp: at as u32, ..frames[place].clone() }).await;
                }
            }
        }
    });
    Ok(Camera { log, task })
}

impl Log {
    fn push(&mut self, wall_us: u64, behind: Duration) {
        if self.sent.len() >= REMEMBERED {
            self.sent.pop_front();
            self.first += 1;
        }
        self.sent.push_back(wall_us);
        self.late += u32::from(behind > LATE);
    }

    /// The newest sending of `counter` that is not after `wall_us`, and the frame's number since the beginning.
    fn sent(&self, counter: u16, wall_us: u64) -> Option<(u64, u64)> {
        let behind = (u64::from(counter) + FRAMES - self.first % FRAMES) % FRAMES;
        let rounds = (behind as usize..self.sent.len()).step_by(FRAMES as usize);
        let at = rounds.rev().find(|&at| self.sent[at] <= wall_us)?;
        Some((self.first + at as u64, self.sent[at]))
    }
}

impl Camera {
    /// Number of the frame with this burned counter that was on a screen at `wall_us`, and when it was sent. A player that
    /// shows it more than a round of the loop later is taken for one that is a round earlier.
    pub fn sent(&self, counter: u16, wall_us: u64) -> Option<(u64, u64)> {
        self.log.lock().expect("nobody panics with it").sent(counter, wall_us)
    }

    /// Frames sent more than a tenth of a second after they were due, so far. Their latency counts from the sending; but a
    /// camera that stands makes players stall.
    pub fn late(&self) -> u32 {
        self.log.lock().expect("nobody panics with it").late
    }
}

impl Drop for Camera {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_finds_its_frame_in_every_round() {
        let mut log = Log::default();
        let at = |n: u64| 1_000_000 + n * 33_333;
        for n in 0..FRAMES * 30 + 100 {
            log.push(at(n), Duration::ZERO);
        }
        let last = FRAMES * 30 + 99;
        assert_eq!(log.sent(99, at(last)), Some((last, at(last))));
        assert_eq!(
            log.sent(100, at(last)),
            Some((last - FRAMES + 1, at(last - FRAMES + 1))),
            "of the round before"
        );
        let earlier = FRAMES * 5 + 50;
        assert_eq!(
            log.sent(50, at(earlier)),
            Some((earlier, at(earlier))),
            "a run is looked at when it is over"
        );
        assert_eq!(log.sent(50, at(FRAMES)), None, "that is forgotten");
        log = Log::default();
        log.push(at(0), Duration::ZERO);
        assert_eq!(log.sent(0, at(0) - 1), None, "nothing is shown before it is sent");
    }
}
