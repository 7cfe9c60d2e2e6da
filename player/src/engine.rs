//! What scripts see: one object a player, with the element's methods and readings for `js/hawker.js`, and what happens in the
//! page, told by `js/port.js`. Nothing is decided here.

use crate::browser::Port;
use crate::clock;
use crate::shell::Shell;
use hawker_player_core::decimal::decimal;
use hawker_player_core::media::player::{Input, State};
use hawker_player_core::media::{gate, outside};
use std::rc::Rc;
use wasm_bindgen::prelude::*;

/// Plays one room in one video element.
#[wasm_bindgen]
pub struct Engine {
    shell: Rc<Shell>,
}

#[wasm_bindgen]
impl Engine {
    /// For `https://server` and a room; what is done in the page goes through the port. Idle until `start`.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new(port: Port, server: &str, room: &str) -> Self {
        Self { shell: Shell::new(port, server, room) }
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

    /// Unasked, nothing better than the rendition of this name is played; `undefined`: no bound.
    pub fn cap(&self, name: Option<String>) {
        self.shell.input(Input::Cap(name));
    }

    /// What the show is called; empty where not told.
    #[wasm_bindgen(getter)]
    #[must_use]
    pub fn title(&self) -> String {
        self.shell.core(|core| core.stream().map(|stream| stream.title.clone())).unwrap_or_default()
    }

    /// When the show is announced to begin, ms since 1970; 0: it is not.
    #[wasm_bindgen(getter)]
    #[must_use]
    pub fn starts_ms(&self) -> f64 {
        self.shell.core(|core| core.stream().map_or(0.0, |stream| stream.starts_ms as f64))
    }

    /// The numbers of `HawkerStats` in `hawker.d.ts` in the order in which `Port.stats` names them; what is not known is NaN.
    #[must_use]
    pub fn figures(&self) -> Vec<f64> {
        let stats = self.shell.core(|core| core.stats(clock::now()));
        vec![
            stats.latency_ms.unwrap_or(f64::NAN),
            stats.buffer_ms,
            stats.target_ms,
            stats.estimate_bps.unwrap_or(f64::NAN),
            f64::from(stats.stalls),
            stats.stalled_ms,
            stats.dropped as f64,
            stats.rate,
            stats.round_trip_ms.unwrap_or(f64::NAN),
        ]
    }

    /// The server's clock, ms since 1970; NaN until it is known.
    #[must_use]
    pub fn server_time(&self) -> f64 {
        self.shell.core(|core| core.server_ms(clock::now())).unwrap_or(f64::NAN)
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

    /// The fields of `HawkerRendition` in `hawker.d.ts`: each rendition after a line break, a tab between two fields. None where
    /// the browser's own player chooses.
    #[wasm_bindgen(getter)]
    #[must_use]
    pub fn renditions(&self) -> String {
        let mut text = String::new();
        if self.shell.native().is_none() {
            self.shell.core(|core| {
                for one in core.renditions() {
                    text.push('\n');
                    text.push_str(&one.name);
                    text.push('\t');
                    text.push_str(&one.codecs);
                    for number in [one.width, one.height, one.average_bps] {
                        text.push('\t');
                        text.push_str(&decimal(u64::from(number)));
                    }
                }
            });
        }
        text
    }

    /// Name of the rendition that plays.
    #[wasm_bindgen(getter)]
    #[must_use]
    pub fn rendition(&self) -> Option<String> {
        self.shell.rendition()
    }
}

/// What the port tells.
#[wasm_bindgen]
impl Engine {
    /// The timer is due.
    pub fn tick(&self) {
        self.shell.tick();
    }

    /// An answer begins: status, seconds to wait before another try, whether it begins with a keyframe, the server's estimate of
    /// the connection in kb/s, whether it keeps little on the way. False: nothing more of it is wanted.
    #[must_use]
    pub fn head(
        &self,
        id: u32,
        status: u16,
        after_s: f64,
        independent: bool,
        estimate: f64,
        short: bool,
    ) -> bool {
        self.shell.head(id, status, after_s, independent, estimate, short)
    }

    /// So many bytes more of it, to be peeked at until this returns. False: nothing more of it is wanted.
    #[must_use]
    pub fn piece(&self, id: u32, length: u32) -> bool {
        self.shell.piece(id, length)
    }

    /// It is over: complete, or broken.
    pub fn end(&self, id: u32, whole: bool) {
        self.shell.end(id, whole);
    }

    /// The browser has said whether it plays a codec.
    pub fn judged(&self) {
        self.shell.choose();
    }

    /// The source may be appended to.
    pub fn ready(&self) {
        self.shell.input(Input::Ready);
    }

    /// What was being appended or removed is.
    pub fn done(&self) {
        self.shell.done();
    }

    /// The source cannot be used any more.
    pub fn broken(&self) {
        self.shell.input(Input::Broken);
    }

    /// The source wants media, or none for now.
    pub fn streaming(&self, streaming: bool) {
        self.shell.gate(gate::Input::Streaming(streaming));
        self.shell.drive();
    }

    /// The page was hidden or shown, and whether it makes no sound.
    pub fn visible(&self, hidden: bool, silent: bool) {
        self.shell.input(Input::Hidden { hidden, silent });
        if !hidden {
            self.shell.outside(outside::Input::Shown);
        }
    }

    /// The browser has a network again.
    pub fn online(&self) {
        self.shell.input(Input::Online);
    }

    /// The element began to play, or paused, and is so still; whether the page is hidden.
    pub fn moved(&self, plays: bool, hidden: bool) {
        self.shell.outside(if plays { outside::Input::Played } else { outside::Input::Paused { hidden } });
    }

    /// The element shows pictures.
    pub fn playing(&self) {
        if self.shell.native().is_some() {
            self.shell.set_native(State::Live);
        }
    }
}
