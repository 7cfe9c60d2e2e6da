//! What the page is told: the element's state and error, events, figures. Reads the core and decides nothing.

use super::Shell;
use crate::browser::{CustomEvent, Target};
use crate::clock;
use crate::record::Record;
use hawker_player_core::media::player::{Input, State};
use hawker_player_core::media::trouble::Answer;
use js_sys::Object;
use wasm_bindgen::prelude::*;

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
        if self.stopped.get() || self.told.replace((state, error)) == (state, error) {
            return;
        }
        self.emit("hawker:state", Record::new().with("state", state).with("message", error.unwrap_or("")));
        let Some(error) = error else { return };
        let message = match error {
            "no-room" => ["the server knows no room \"", self.room(), "\""].concat(),
            "bad-server" => ["what answers at ", &self.server, " is no Hawker server"].concat(),
            "unreachable" => {
                [&self.server, " cannot be reached, or does not let this page embed its rooms"].concat()
            }
            "unsupported" => "this browser cannot play the stream's codecs".to_owned(),
            _ => "the browser could not play the stream, several times in a row".to_owned(),
        };
        let fatal = matches!(error, "unsupported" | "playback");
        let detail = Record::new().with("code", error).with("message", message).with("fatal", fatal);
        self.emit("hawker:error", detail);
    }

    fn room(&self) -> &str {
        self.base.rsplit('/').next().unwrap_or_default()
    }

    /// No source takes these codecs: the browser's own player, or none.
    pub(super) fn unsupported(&self) {
        let Some(me) = self.me.upgrade() else { return };
        self.inputs.borrow_mut().push_back(Input::Stop);
        if !crate::native::begin(&me) {
            self.unsupported.set(true);
            self.tell_state();
        }
    }

    /// Name of the rendition that plays.
    pub(crate) fn rendition(&self) -> Option<String> {
        self.core(|core| core.renditions().get(core.rendition()?).map(|rendition| rendition.name.clone()))
    }

    /// Figures for `stats()`.
    pub(crate) fn stats(&self) -> Object {
        let stats = self.core(|core| core.stats(clock::now()));
        Record::new()
            .with_or_null("latencyMs", stats.latency_ms)
            .with("bufferMs", stats.buffer_ms)
            .with("targetMs", stats.target_ms)
            .with_or_null("rendition", self.rendition())
            .with_or_null("estimateBps", stats.estimate_bps)
            .with("stalls", stats.stalls)
            .with("stalledMs", stats.stalled_ms)
            .with("droppedFrames", stats.dropped as f64)
            .with("rate", stats.rate)
            .with_or_null("roundTripMs", stats.round_trip_ms)
            .with("state", self.state())
            .done()
    }

    pub(super) fn tell_latency(&self) {
        self.emit_object("hawker:latency", &self.stats());
    }

    /// Dispatches a `hawker:*` event on the element.
    pub(crate) fn emit(&self, name: &str, detail: Record) {
        self.emit_object(name, &detail.done());
    }

    fn emit_object(&self, name: &str, detail: &Object) {
        let options =
            Record::new().with("detail", detail).with("bubbles", true).with("composed", true).done();
        // A listener that throws is reported by the browser; it does not concern playback.
        let _ = self.host.unchecked_ref::<Target>().dispatch(&CustomEvent::new(name, &options));
    }
}
