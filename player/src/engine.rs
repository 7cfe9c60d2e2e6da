//! What `js/hawker.js` sees: one object a player, with the element's methods and readings. Nothing is decided here.

use crate::browser::Video;
use crate::clock;
use crate::record::Record;
use crate::shell::Shell;
use hawker_player_core::media::player::Input;
use js_sys::{Array, Function, Object};
use std::rc::Rc;
use wasm_bindgen::prelude::*;

/// Plays one room in one video element.
#[wasm_bindgen]
pub struct Engine {
    shell: Rc<Shell>,
}

#[wasm_bindgen]
impl Engine {
    /// For this `<hawker-live>`, its video, `https://server` and a room; requests go through `fetch`. Idle until `start`.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new(host: JsValue, video: JsValue, server: &str, room: &str, fetch: Function) -> Self {
        Self { shell: Shell::new(host, video.unchecked_into::<Video>(), server, room, fetch) }
    }

    /// Begins to load and play.
    pub fn start(&self) {
        self.shell.input(Input::Start);
    }

    /// Lets go of everything, for good.
    pub fn stop(&self) {
        self.shell.stop();
    }

    /// Plays, at the live edge after a pause. Called by a tap, it also lifts the browser's block.
    pub fn play(&self) {
        self.shell.play();
    }

    /// Pauses; nothing is loaded meanwhile.
    pub fn pause(&self) {
        self.shell.pause();
    }

    /// To the newest frame at once.
    pub fn go_live(&self) {
        self.shell.go_live();
    }

    /// A rendition by name; `undefined`: automatic.
    pub fn quality(&self, name: Option<String>) {
        self.shell.input(Input::Quality(name));
    }

    /// See `HawkerStats` in `hawker.d.ts`.
    #[must_use]
    pub fn stats(&self) -> Object {
        self.shell.stats()
    }

    /// The server's clock, ms since 1970; the browser's until it is known.
    #[must_use]
    pub fn server_time(&self) -> f64 {
        self.shell.core(|core| core.server_ms(clock::now())).unwrap_or_else(js_sys::Date::now)
    }

    /// See `HawkerState` in `hawker.d.ts`.
    #[wasm_bindgen(getter)]
    #[must_use]
    pub fn state(&self) -> String {
        self.shell.state().to_owned()
    }

    /// Why nothing plays: a code of `hawker:error`.
    #[wasm_bindgen(getter)]
    #[must_use]
    pub fn error(&self) -> Option<String> {
        self.shell.error().map(str::to_owned)
    }

    /// Paused by the viewer, the page, or the browser's own controls.
    #[wasm_bindgen(getter)]
    #[must_use]
    pub fn paused(&self) -> bool {
        self.shell.paused()
    }

    /// Muted because the browser allowed no sound.
    #[wasm_bindgen(getter)]
    #[must_use]
    pub fn forced_mute(&self) -> bool {
        self.shell.watch.forced_mute.get()
    }

    /// See `HawkerRendition` in `hawker.d.ts`. None where the browser's own player chooses.
    #[wasm_bindgen(getter)]
    #[must_use]
    pub fn renditions(&self) -> Array {
        if self.shell.native().is_some() {
            return Array::new();
        }
        self.shell.core(|core| {
            core.renditions()
                .iter()
                .map(|r| {
                    Record::new()
                        .with("name", r.name.as_str())
                        .with("width", r.width)
                        .with("height", r.height)
                        .with("bps", r.average_bps)
                        .done()
                })
                .collect()
        })
    }

    /// Name of the rendition that plays.
    #[wasm_bindgen(getter)]
    #[must_use]
    pub fn rendition(&self) -> Option<String> {
        self.shell.rendition()
    }
}
