//! When the player rests and goes on: pauses, hidden pages, and a codec that shows nothing. Loads and appends nothing itself.

use hawker_wire::{Instant, Machine as _};

use super::super::limits::{FIRST_PICTURE, HIDDEN_STOP};
use super::super::{latency, loader};
use super::{Output, Player, State};

impl Player {
    pub(super) fn resume(&mut self, now: Instant) {
        if self.paused || self.stopped {
            return;
        }
        self.asleep = false;
        if !matches!(self.state, State::Offline | State::Ended) {
            self.set_state(State::Connecting);
        }
        self.anew(now);
        self.loader.handle(now, loader::Input::Start);
    }

    pub(super) fn sleep(&mut self, now: Instant) {
        self.loader.handle(now, loader::Input::Stop);
        self.out.push_back(Output::Pause);
    }

    /// What broke never showed a picture: it is the codec.
    pub(super) fn give_up_codec(&mut self) -> bool {
        let trial = self.trial.take();
        self.out.extend(trial.map(|(codec, _)| Output::Unplayable(codec)));
        trial.is_some()
    }

    /// Gives a codec up that has had its time.
    pub(super) fn try_codec(&mut self, due: Instant) {
        if let Some((_, Some(until))) = &mut self.trial
            && *until <= due
        {
            // A page that is not seen, or has paused, need not be shown anything.
            if self.hidden || self.paused {
                *until = due + FIRST_PICTURE;
            } else {
                self.give_up_codec();
            }
        }
    }

    pub(super) fn hide(&mut self, now: Instant, hidden: bool, silent: bool) {
        self.hidden_stop = (hidden && silent && !self.asleep)
            .then(|| self.hidden_stop.unwrap_or(now + HIDDEN_STOP))
            .filter(|_| !self.paused && !self.stopped);
        if self.hidden && !hidden {
            if self.asleep {
                self.resume(now);
            } else {
                self.latency.handle(now, latency::Input::Shown);
                self.look = self.look.map(|_| now);
            }
        }
        self.hidden = hidden;
    }
}
