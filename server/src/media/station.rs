//! One room's picture in the shell: the core's [`Live`] behind a lock that is held for microseconds, and the watches that
//! wake whoever waits for more. Decides nothing.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hawker_server_core::media::live::{Input, Live, Output};
use hawker_server_core::media::packager::Name;
use hawker_wire::{Instant, Machine as _};
use tokio::sync::watch;

/// One room's picture.
#[derive(Debug)]
pub struct Station {
    live: Mutex<Live>,
    /// Changes with the stream's state.
    state: watch::Sender<()>,
    /// Changes with every chunk of any rendition, and with the state.
    any: watch::Sender<()>,
    /// Changes with every chunk of a rendition, and with the state.
    media: Mutex<BTreeMap<Name, watch::Sender<()>>>,
}

impl Station {
    /// A station around a machine.
    #[must_use]
    pub fn new(live: Live) -> Self {
        let (state, any) = (watch::Sender::new(()), watch::Sender::new(()));
        Self { live: Mutex::new(live), state, any, media: Mutex::default() }
    }

    /// The machine, to ask it something: one short lock.
    pub fn live(&self) -> MutexGuard<'_, Live> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives the machine an input, then wakes those whom its outputs concern. Returns its next deadline.
    pub fn handle(&self, now: Instant, input: Input) -> Option<Instant> {
        self.with(|live| live.handle(now, input))
    }

    /// Lets time pass.
    pub fn tick(&self, now: Instant) -> Option<Instant> {
        self.with(|live| live.tick(now))
    }

    fn with(&self, act: impl FnOnce(&mut Live)) -> Option<Instant> {
        let (mut state, mut renditions) = (false, Vec::<Name>::new());
        let wake = {
            let mut live = self.live();
            act(&mut live);
            while let Some(output) = live.poll() {
                match output {
                    Output::State => state = true,
                    Output::Media(name) if renditions.last() != Some(&name) => renditions.push(name),
                    Output::Media(_) => {}
                }
            }
            live.wake().map(|(at, _)| at)
        };
        if state || !renditions.is_empty() {
            self.any.send_replace(());
        }
        let media = self.media.lock().unwrap_or_else(PoisonError::into_inner);
        if state {
            self.state.send_replace(());
            media.values().for_each(|watch| {
                watch.send_replace(());
            });
        } else {
            for watch in renditions.iter().filter_map(|name| media.get(name)) {
                watch.send_replace(());
            }
        }
        wake
    }

    /// Changes with the stream's state: for those who wait for an encoder.
    pub fn state(&self) -> watch::Receiver<()> {
        self.state.subscribe()
    }

    /// Changes with each chunk of whatever rendition and with the state.
    pub fn any(&self) -> watch::Receiver<()> {
        self.any.subscribe()
    }

    /// Changes with each chunk of a rendition and with the state. One that nobody has ever sent changes with the state only.
    pub fn media(&self, rendition: &str) -> watch::Receiver<()> {
        let media = self.media.lock().unwrap_or_else(PoisonError::into_inner);
        media.get(rendition).map_or_else(|| self.state.subscribe(), watch::Sender::subscribe)
    }

    /// Makes the watch of a rendition that an encoder is going to send.
    pub fn open(&self, rendition: &Name) {
        let mut media = self.media.lock().unwrap_or_else(PoisonError::into_inner);
        media.entry(rendition.clone()).or_insert_with(|| watch::Sender::new(()));
    }
}

/// A station that is shared by its encoders and viewers.
pub type Shared = Arc<Station>;
