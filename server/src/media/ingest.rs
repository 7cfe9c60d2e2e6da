//! The desk where encoders ask for a seat: keys, take-over, and what the operator is told of each publisher. The rule of the
//! take-over is in the core (`rtmp::seat`); sockets are in `rtmp.rs`.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hawker_server_core::media::flv::Counts;
use hawker_server_core::media::rtmp::address::{Address, SOURCE};
use hawker_server_core::media::rtmp::seat::{Claim, Seats};
use hawker_server_core::media::rtmp::server::Refusal;
use hawker_wire::{Instant, Wall};
use serde::Serialize;
use tokio_util::sync::CancellationToken;
use utoipa::ToSchema;

use super::ladder;
use crate::ops::directory::{Directory, KeyError};
use crate::ops::secret;

/// The desk. A cheap clone.
#[derive(Clone)]
pub struct Ingest {
    desk: Arc<Mutex<Desk>>,
    /// What the server's own ladder publishes with; new at each start.
    internal: Arc<str>,
}

#[derive(Default)]
struct Desk {
    seats: Seats,
    next: u64,
    publishers: BTreeMap<u64, Publishing>,
    ladders: BTreeMap<String, ladder::State>,
}

struct Publishing {
    room: String,
    health: Health,
    stop: CancellationToken,
}

/// What an operator is told of a publisher.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Health {
    /// The rendition that it feeds; `source` for the encoder's own picture.
    pub rendition: String,
    /// Its address.
    pub peer: String,
    /// When it began, ms since 1970.
    pub since_ms: u64,
    /// Frames that could not be read or were far off the timeline, since it began.
    pub dropped: u64,
    /// Frames whose time stamp had to be mended.
    pub mended: u64,
    /// Sound in a codec other than AAC and Opus, which nobody hears.
    pub foreign_audio: u64,
    /// Frames that viewers who join or change quality miss, for they need what comes before the keyframe that they join with.
    pub leading: u64,
}

/// A seat that is held: given back when dropped.
pub struct Seat {
    ingest: Ingest,
    id: u64,
    address: Address,
    /// Cancelled when another publisher takes over.
    pub stop: CancellationToken,
}

impl Default for Ingest {
    fn default() -> Self {
        Self { desk: Arc::default(), internal: secret::key().into() }
    }
}

impl Ingest {
    /// May this encoder publish? Holds its seat if so; whoever held it and was silent is told to stop.
    ///
    /// # Errors
    /// What the encoder is told.
    pub fn claim(
        &self,
        directory: &Directory,
        address: Address,
        peer: SocketAddr,
        now: Instant,
        wall: Wall,
    ) -> Result<Seat, Refusal> {
        self.check(directory, &address)?;
        let mut desk = self.desk();
        desk.next += 1;
        let id = desk.next;
        match desk.seats.claim(now, &address.room, &address.rendition, id) {
            Claim::Granted => {}
            Claim::TakenOver(old) => {
                if let Some(old) = desk.publishers.get(&old) {
                    old.stop.cancel();
                }
            }
            Claim::Refused(_) => return Err(Refusal::Busy),
        }
        let stop = CancellationToken::new();
        let health = Health {
            rendition: address.rendition.clone(),
            peer: peer.to_string(),
            since_ms: wall.as_ms(),
            dropped: 0,
            mended: 0,
            foreign_audio: 0,
            leading: 0,
        };
        let publishing = Publishing { room: address.room.clone(), health, stop: stop.clone() };
        desk.publishers.insert(id, publishing);
        drop(desk);
        Ok(Seat { ingest: self.clone(), id, address, stop })
    }

    /// Is its key (still) the right one, and its room open?
    ///
    /// # Errors
    /// What the encoder is told.
    fn check(&self, directory: &Directory, address: &Address) -> Result<(), Refusal> {
        let internal = secret::equal(self.internal.as_bytes(), address.key.as_bytes());
        let ended = if internal && address.rendition != SOURCE {
            let room = directory.room(&address.room).ok_or(Refusal::Key)?;
            room.ended
        } else {
            match directory.check_key(&address.room, &address.key) {
                Ok(()) => false,
                Err(KeyError::Ended) => true,
                Err(KeyError::UnknownRoom | KeyError::WrongKey) => return Err(Refusal::Key),
            }
        };
        if ended { Err(Refusal::Ended) } else { Ok(()) }
    }

    /// The publishers of a room, by rendition.
    #[must_use]
    pub fn health(&self, room: &str) -> Vec<Health> {
        let desk = self.desk();
        let mut health: Vec<_> =
            desk.publishers.values().filter(|p| p.room == room).map(|p| p.health.clone()).collect();
        health.sort_by(|a, b| a.rendition.cmp(&b.rendition));
        health
    }

    /// What the ladder of a room is doing.
    #[must_use]
    pub fn ladder(&self, room: &str) -> ladder::State {
        self.desk().ladders.get(room).cloned().unwrap_or_default()
    }

    pub(super) fn set_ladder(&self, room: &str, state: ladder::State) {
        let mut desk = self.desk();
        if state == ladder::State::default() {
            desk.ladders.remove(room);
        } else {
            desk.ladders.insert(room.to_owned(), state);
        }
    }

    /// The key that the ladder publishes with. A secret.
    pub(super) fn internal_key(&self) -> &str {
        &self.internal
    }

    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seat {
    /// Where its holder publishes.
    #[must_use]
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// The holder was heard.
    pub fn heard(&self, now: Instant, counts: Counts) {
        let mut desk = self.ingest.desk();
        desk.seats.heard(now, &self.address.room, &self.address.rendition, self.id);
        if let Some(publishing) = desk.publishers.get_mut(&self.id) {
            publishing.health.dropped = counts.dropped;
            publishing.health.mended = counts.mended;
            publishing.health.foreign_audio = counts.foreign_audio;
            publishing.health.leading = counts.leading;
        }
    }

    /// May the holder still publish, after the directory changed?
    #[must_use]
    pub fn still_allowed(&self, directory: &Directory) -> bool {
        self.ingest.check(directory, &self.address).is_ok()
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut desk = self.ingest.desk();
        desk.seats.free(&self.address.room, &self.address.rendition, self.id);
        desk.publishers.remove(&self.id);
    }
}
