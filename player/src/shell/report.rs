//! What the page is told: the element's state and error. Reads the core and decides nothing.

use super::Shell;
use hawker_player_core::media::player::{Input, State};
use hawker_player_core::media::trouble::Answer;

impl Shell {
    /// The element's state.
    pub(crate) fn state(&self) -> &'static str {
        match self.error() {
            Some("unsupported") => "unsupported",
            Some(_) => "error",
            None => match self.playing_state() {
                State::Connecting => "connecting",
                State::Live => "live",
                State::Stalled => "stalled",
                State::Offline => "offline",
                State::Ended => "ended",
                State::Error => "error",
            },
        }
    }

    /// Why nothing plays: a word of `hawker.d.ts`.
    pub(crate) fn error(&self) -> Option<&'static str> {
        let state = self.playing_state();
        if self.unsupported.get() {
            Some("unsupported")
        } else if state == State::Error {
            Some("playback")
        } else {
            self.trouble.borrow().instead_of(state)
        }
    }

    fn playing_state(&self) -> State {
        self.native.get().unwrap_or_else(|| self.core.borrow().state())
    }

    /// The browser's own player plays, and is in this state.
    pub(crate) fn set_native(&self, state: State) {
        self.native.set(Some(state));
        self.tell_state();
    }

    /// State of the browser's own player, where that plays.
    pub(crate) fn native(&self) -> Option<State> {
        self.native.get()
    }

    /// A question for the room's state was answered.
    pub(crate) fn answered(&self, answer: Answer) {
        self.trouble.borrow_mut().answered(answer);
        self.tell_state();
    }

    /// Tells state and error, if they are news.
    pub(super) fn tell_state(&self) {
        let (state, error) = (self.state(), self.error());
        if !self.stopped.get() && self.told.replace((state, error)) != (state, error) {
            self.port.state(state, error.unwrap_or(""));
        }
    }

    /// No source takes these codecs: the browser's own player, or none.
    pub(super) fn unsupported(&self) {
        self.inputs.borrow_mut().push_back(Input::Stop);
        if !self.begin_native() {
            self.unsupported.set(true);
            self.tell_state();
        }
    }

    /// Name of the rendition that plays.
    pub(crate) fn rendition(&self) -> Option<String> {
        self.core(|core| core.renditions().get(core.rendition()?).map(|rendition| rendition.name.clone()))
    }
}
