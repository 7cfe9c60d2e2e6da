//! Playback by the browser's own HLS player, where media cannot be fed to the element: asks for the room's state, sets the
//! address, tells the states. No latency control and no choice of rendition: those are the browser's.

use crate::load::{Kind, NATIVE};
use crate::shell::Shell;
use hawker_player_core::media::player::State;
use hawker_player_core::media::trouble::Answer;
use hawker_player_core::texts::concat;
use hawker_wire::proto::{Stream, stream::State as Room};

/// Between two looks at the room's state while it plays, or there is nothing to play.
const PAUSE_MS: u32 = 3_000;

/// Before another try while it should play and does not: a playlist that has just begun is an error to some browsers.
const RETRY_MS: u32 = 1_000;

impl Shell {
    /// Begins, if the browser can.
    pub(crate) fn begin_native(&self) -> bool {
        if !self.port.native("") {
            return false;
        }
        self.set_native(State::Connecting);
        self.ask_native(0);
        true
    }

    fn ask_native(&self, wait_ms: u32) {
        self.ask(NATIVE, &concat(&[self.base(), "/stream"]), 0, wait_ms, Kind::Room(Vec::new()));
    }

    /// The room's state is told, or not.
    pub(crate) fn native_told(&self, told: Result<Stream, Answer>) {
        if let Ok(stream) = told {
            match stream.state() {
                Room::Live => self.native_live(stream.epoch),
                Room::Offline => self.native_waits(State::Offline),
                Room::Ended => self.native_waits(State::Ended),
            }
        }
        let connecting = self.native() == Some(State::Connecting);
        self.ask_native(if connecting { RETRY_MS } else { PAUSE_MS });
    }

    fn native_live(&self, epoch: String) {
        let progress = self.port.progress();
        if progress == 0 || self.native_given.borrow().as_ref() != Some(&epoch) {
            self.native_given.replace(Some(epoch));
            self.set_native(State::Connecting);
            self.port.native(&concat(&[self.base(), "/index.m3u8"]));
            if !self.paused() {
                self.begin_to_play();
            }
        } else if self.native() == Some(State::Live) && !self.paused() && progress == 1 {
            // It says itself when it goes on (`playing`).
            self.set_native(State::Stalled);
        }
    }

    fn native_waits(&self, state: State) {
        self.native_given.replace(None);
        self.set_native(state);
    }
}
