//! All rooms of a server: finds or opens the hall of one, and carries what the sale and the operators have to say.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::{Context as _, Result};
use hawker_server_core::room::words::{Action, WordError, WordList};
use hawker_server_core::room::{Input, Start};
use hawker_wire::proto::{ServerFrame, event};
use prost::Message as _;

use super::door::Door;
use super::hall::Hall;
use super::store;
use crate::app::Base;
use crate::ops::secret;

/// The rooms. A cheap clone.
#[derive(Clone)]
pub struct Rooms {
    base: Base,
    door: Door,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    halls: BTreeMap<String, Arc<Hall>>,
    pins: BTreeMap<String, String>,
    mutes: BTreeMap<String, BTreeSet<String>>,
    listed: Vec<(String, Action)>,
    words: Arc<WordList>,
}

impl Rooms {
    /// Without any open room.
    ///
    /// # Errors
    /// None today; a configuration that can't work is found when it is read.
    pub fn new(base: &Base) -> Result<Self> {
        let config = &base.config.room;
        let door = Door::new(config.connects(), config.address_connections);
        Ok(Self { base: base.clone(), door, state: Arc::default() })
    }

    /// Reads what outlived the last run.
    ///
    /// # Errors
    /// The store can't be read.
    pub async fn restore(&self) -> Result<()> {
        let pool = self.base.store.pool();
        let failed = "can't read the rooms' moderation from the store";
        let pins = store::pins(pool).await.context(failed)?;
        let mutes = store::mutes(pool).await.context(failed)?;
        let listed = store::words(pool).await.context(failed)?;
        let words = Arc::new(build(&listed).context("the stored word list does not work")?);
        let mut state = self.state();
        (state.pins, state.mutes, state.listed, state.words) = (pins, mutes, listed, words);
        Ok(())
    }

    /// Closes the halls of rooms that are taken out of the directory, until `closing`.
    pub async fn follow_directory(self) {
        let mut changes = self.base.directory.changes();
        let closing = &self.base.life.closing;
        while let Some(Ok(())) = closing.run_until_cancelled(changes.changed()).await {
            let gone = |room: &str| self.base.directory.room(room).is_none();
            let mut state = self.state();
            for (_, hall) in state.halls.extract_if(.., |room, _| gone(room)) {
                hall.remove();
            }
            state.pins.retain(|room, _| !gone(room));
            state.mutes.retain(|room, _| !gone(room));
        }
    }

    /// Tells everybody in `room`, on the lane that is never dropped. A room that nobody has entered since the start has
    /// nobody to tell; whoever enters is told the state.
    pub fn announce(&self, room: &str, event: event::Kind) {
        if let event::Kind::Product(product) = &event
            && product.removed
        {
            self.unpin(room, &product.id);
        }
        if let Some(hall) = self.open_hall(room) {
            hall.handle(Input::Announce(event));
        }
    }

    /// A product that is taken off the shelf is not to come back as pinned after a restart.
    fn unpin(&self, room: &str, product: &str) {
        let pinned = |rooms: &Self, room: &str, product: &str| {
            rooms.state().pins.get(room).is_some_and(|pinned| pinned == product)
        };
        if !pinned(self, room, product) {
            return;
        }
        let (rooms, room, product) = (self.clone(), room.to_owned(), product.to_owned());
        self.base.life.tasks.spawn(async move {
            // An operator may have pinned another in the meantime.
            if pinned(&rooms, &room, &product)
                && let Err(error) = rooms.pin(&room, "").await
            {
                tracing::warn!(room, %error, "can't unpin a product that is off the shelf");
            }
        });
    }

    /// Tells all connections of `buyer` in `room`.
    pub fn tell(&self, room: &str, buyer: &str, frame: ServerFrame) {
        if let Some(hall) = self.open_hall(room) {
            hall.tell(buyer, &frame.encode_to_vec().into());
        }
    }

    /// Viewers in `room` now.
    #[must_use]
    pub fn online(&self, room: &str) -> u32 {
        self.open_hall(room).map_or(0, |hall| hall.look(|room| room.online()))
    }

    /// The door that all connections pass.
    pub fn door(&self) -> &Door {
        &self.door
    }

    /// The hall of `room`, opened if it is not. The caller has made sure that there is such a room.
    pub fn hall(&self, room: &str) -> Arc<Hall> {
        let mut state = self.state();
        if let Some(hall) = state.halls.get(room) {
            return hall.clone();
        }
        let start = Start {
            epoch: hex::encode(secret::random::<6>()),
            wall: self.base.clock.wall(),
            rules: self.base.config.room.rules(),
            pinned: state.pins.get(room).cloned().unwrap_or_default(),
            muted: state.mutes.get(room).cloned().unwrap_or_default(),
            words: state.words.clone(),
        };
        let hall = Arc::new(Hall::new(room, self.base.clock, start, &self.base.metrics));
        let life = &self.base.life;
        life.tasks.spawn(hall.clone().run(life.closing.clone()));
        state.halls.insert(room.to_owned(), hall.clone());
        hall
    }

    /// Pins a product in `room`; empty: unpins.
    ///
    /// # Errors
    /// The store fails; then nothing is pinned anew.
    pub async fn pin(&self, room: &str, product: &str) -> sqlx::Result<()> {
        store::set_pin(self.base.store.pool(), room, product).await?;
        self.state().pins.insert(room.to_owned(), product.to_owned());
        if let Some(hall) = self.open_hall(room) {
            hall.handle(Input::Pin(product.to_owned()));
        }
        Ok(())
    }

    /// Mutes a sender in `room`, or lets them speak again.
    ///
    /// # Errors
    /// The store fails; then nothing has changed.
    pub async fn mute(&self, room: &str, sender: &str, muted: bool) -> sqlx::Result<()> {
        store::set_mute(self.base.store.pool(), room, sender, muted).await?;
        let mut state = self.state();
        let mutes = state.mutes.entry(room.to_owned()).or_default();
        let input = if muted {
            mutes.insert(sender.to_owned());
            Input::Mute(sender.to_owned())
        } else {
            mutes.remove(sender);
            Input::Unmute(sender.to_owned())
        };
        if let Some(hall) = state.halls.get(room) {
            hall.handle(input);
        }
        Ok(())
    }

    /// Muted senders of `room`.
    #[must_use]
    pub fn muted(&self, room: &str) -> Vec<String> {
        self.state().mutes.get(room).into_iter().flatten().cloned().collect()
    }

    /// The pinned product of `room`; empty: none.
    #[must_use]
    pub fn pinned(&self, room: &str) -> String {
        let hall = self.open_hall(room);
        hall.map_or_else(
            || self.state().pins.get(room).cloned().unwrap_or_default(),
            |hall| hall.look(|room| room.pinned().to_owned()),
        )
    }

    /// The word list, as it was given.
    #[must_use]
    pub fn words(&self) -> Vec<(String, Action)> {
        self.state().listed.clone()
    }

    /// The word list, for matching.
    #[must_use]
    pub fn word_list(&self) -> Arc<WordList> {
        self.state().words.clone()
    }

    /// Replaces the word list of all rooms.
    ///
    /// # Errors
    /// A word that can't be matched, or the store fails; then the old list stays.
    pub async fn set_words(&self, listed: Vec<(String, Action)>) -> Result<(), WordsError> {
        let words = Arc::new(build(&listed)?);
        store::set_words(self.base.store.pool(), &listed).await?;
        let mut state = self.state();
        (state.listed, state.words) = (listed, words.clone());
        for hall in state.halls.values() {
            hall.handle(Input::Words(words.clone()));
        }
        Ok(())
    }

    /// The hall of `room` if somebody has entered it since the start.
    pub fn open_hall(&self, room: &str) -> Option<Arc<Hall>> {
        self.state().halls.get(room).cloned()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why a word list was not taken.
#[derive(Debug, thiserror::Error)]
pub enum WordsError {
    /// It can't be matched.
    #[error(transparent)]
    List(#[from] WordError),
    /// The database.
    #[error(transparent)]
    Store(#[from] sqlx::Error),
}

fn build(listed: &[(String, Action)]) -> Result<WordList, WordError> {
    WordList::build(listed.iter().map(|(word, action)| (word.as_str(), *action)))
}
