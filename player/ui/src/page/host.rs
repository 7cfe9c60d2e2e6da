//! The `<hawker-live>` element as the engine makes it: its public JS API, attributes and events. The interface has no other
//! way to the engine.

use super::browser::{self, Array, Event, Node, Object, WebSocket, window};
use super::store;
use hawker_player_core::decimal::decimal;
use hawker_wire::proto::{Hold, hold};
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// A `<hawker-live>` element.
    #[wasm_bindgen(extends = Node)]
    #[derive(Clone)]
    pub type Host;

    #[wasm_bindgen(method, getter)]
    fn muted(this: &Host) -> JsValue;
    #[wasm_bindgen(method, setter, js_name = muted)]
    pub(crate) fn set_muted(this: &Host, muted: bool);
    #[wasm_bindgen(method, getter)]
    fn volume(this: &Host) -> JsValue;
    #[wasm_bindgen(method, setter, js_name = volume)]
    pub(crate) fn set_volume(this: &Host, volume: f64);
    #[wasm_bindgen(method, getter)]
    fn paused(this: &Host) -> JsValue;
    #[wasm_bindgen(method, getter)]
    fn quality(this: &Host) -> JsValue;
    #[wasm_bindgen(method, setter, js_name = quality)]
    pub(crate) fn set_quality(this: &Host, quality: &str);
    #[wasm_bindgen(method, getter)]
    fn renditions(this: &Host) -> JsValue;
    #[wasm_bindgen(method, getter)]
    fn rendition(this: &Host) -> JsValue;
    #[wasm_bindgen(method, getter)]
    fn state(this: &Host) -> JsValue;
    #[wasm_bindgen(method, getter)]
    fn error(this: &Host) -> JsValue;
    #[wasm_bindgen(method, getter)]
    fn room(this: &Host) -> JsValue;
    #[wasm_bindgen(method, getter)]
    fn server(this: &Host) -> JsValue;
    #[wasm_bindgen(method, getter)]
    fn token(this: &Host) -> JsValue;
    #[wasm_bindgen(method, catch)]
    pub(crate) fn play(this: &Host) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, catch)]
    pub(crate) fn pause(this: &Host) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, catch, js_name = goLive)]
    pub(crate) fn go_live(this: &Host) -> Result<JsValue, JsValue>;
    /// The element's own: a phone without full screen for elements has it for the video.
    #[wasm_bindgen(method, catch, js_name = requestFullscreen)]
    pub(crate) fn full_screen(this: &Host) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn stats(this: &Host) -> Result<JsValue, JsValue>;
    /// What carries the room: a WebSocket, or what looks like one.
    #[wasm_bindgen(method, catch)]
    pub(crate) fn socket(this: &Host, url: &str) -> Result<WebSocket, JsValue>;
    #[wasm_bindgen(method, getter)]
    fn blocked(this: &Host) -> JsValue;
    /// What is around the picture; `None` on a page that has only the element's API.
    #[wasm_bindgen(method, getter)]
    pub(crate) fn screen(this: &Host) -> Option<Screen>;

    /// See `js/screen.js`.
    pub(crate) type Screen;
    /// In the corner, or back; `undefined`: the other of the two.
    #[wasm_bindgen(method)]
    pub(crate) fn mini(this: &Screen, on: Option<bool>);
    #[wasm_bindgen(method, js_name = pictureInPicture)]
    pub(crate) fn small_window(this: &Screen) -> JsValue;
    #[wasm_bindgen(method, getter, js_name = canPictureInPicture)]
    pub(crate) fn has_small_window(this: &Screen) -> bool;
    #[wasm_bindgen(method, getter, js_name = saveData)]
    pub(crate) fn saves(this: &Screen) -> bool;
    #[wasm_bindgen(method, setter, js_name = saveData)]
    pub(crate) fn set_saves(this: &Screen, saves: bool);
    #[wasm_bindgen(method, getter)]
    pub(crate) fn limit(this: &Screen) -> String;
    #[wasm_bindgen(method, getter, js_name = startsMs)]
    fn starts_ms(this: &Screen) -> f64;
}

/// The quality that is nobody's choice.
pub(crate) const AUTO: &str = "auto";

/// Figures of one moment; 0 where not known.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Figures(pub(crate) [f64; 4]);

/// What the controls show of the engine.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Player {
    /// "connecting", "live", "stalled", "offline", "ended", "unsupported" or "error".
    pub(crate) state: String,
    /// Why it is "error": a code of `hawker:error`.
    pub(crate) error: String,
    pub(crate) paused: bool,
    pub(crate) muted: bool,
    /// 0.0 to 1.0.
    pub(crate) volume: f64,
    /// "auto" or the name of a rendition.
    pub(crate) quality: String,
    /// The rendition that plays.
    pub(crate) rendition: String,
    /// Names and bits a second, best first.
    pub(crate) renditions: Vec<(String, f64)>,
    /// The browser plays nothing without a tap.
    pub(crate) blocked: bool,
    /// This device has no network.
    pub(crate) cut_off: bool,
    /// When the show is announced to begin, by the server's clock; 0: it is not.
    pub(crate) starts_ms: u64,
}

impl Player {
    /// Whether this is what the viewer wants; a name that this room does not have means nothing to it.
    pub(crate) fn wants(&self, name: &str) -> bool {
        let known = self.renditions.iter().any(|(known, _)| *known == self.quality);
        name == if known { &self.quality } else { AUTO }
    }
}

fn text(value: &JsValue) -> String {
    value.as_string().unwrap_or_default()
}

impl Host {
    /// The engine as it is now.
    pub(crate) fn player(&self) -> Player {
        let renditions = self.renditions();
        // An array, unless the engine is not there yet.
        let names = renditions.is_object().then(|| {
            let renditions: Array = renditions.unchecked_into();
            (0..renditions.length())
                .map(|n| {
                    let of = renditions.at(n);
                    (text(&field(&of, "name")), field(&of, "bps").as_f64().unwrap_or_default())
                })
                .collect()
        });
        let state = text(&self.state());
        let starts_ms = self.screen().filter(|_| state == "offline").map(|screen| screen.starts_ms() as u64);
        Player {
            state,
            error: text(&self.error()),
            paused: self.paused().is_truthy(),
            muted: self.muted().is_truthy(),
            volume: self.volume().as_f64().unwrap_or(1.0),
            quality: self.quality().as_string().unwrap_or_else(|| "auto".to_owned()),
            rendition: text(&self.rendition()),
            renditions: names.unwrap_or_default(),
            blocked: self.blocked().is_truthy(),
            cut_off: field(&field(&window(), "navigator"), "onLine") == false,
            starts_ms: starts_ms.unwrap_or_default(),
        }
    }

    /// A number of `stats()`; `None` when the engine does not know it.
    pub(crate) fn stat(&self, name: &str) -> Option<f64> {
        let stats = self.stats().ok()?;
        field(&stats, name).as_f64().filter(|value| value.is_finite())
    }

    /// Latency and buffer in ms, what the link carries in bits a second, how many rungs there are from here down.
    pub(crate) fn figures(&self) -> Figures {
        let stats = self.stats().unwrap_or_default();
        let number =
            |name| field(&stats, name).as_f64().filter(|value| value.is_finite()).unwrap_or_default();
        let player = self.player();
        let rung = player.renditions.iter().position(|(name, _)| *name == player.rendition);
        let rung = rung.map_or(0, |at| player.renditions.len() - at);
        Figures([number("latencyMs"), number("bufferMs"), number("estimateBps"), rung as f64])
    }

    /// Remembers how loud it is, for `hawker.js`: percent, below zero while muted.
    pub(crate) fn keep_sound(&self) {
        let player = self.player();
        let percent = decimal((player.volume * 100.0).round() as u64);
        store::keep("hawker:sound", &[if player.muted { "-" } else { "" }, &percent].concat());
    }

    /// An attribute, empty when absent.
    pub(crate) fn told(&self, name: &str) -> String {
        self.attribute(name).unwrap_or_default()
    }

    /// The room's id.
    pub(crate) fn room_id(&self) -> String {
        self.room().as_string().filter(|room| !room.is_empty()).unwrap_or_else(|| self.told("room"))
    }

    /// The token of the shop's backend, empty for guests.
    pub(crate) fn shop_token(&self) -> String {
        self.token().as_string().filter(|token| !token.is_empty()).unwrap_or_else(|| self.told("token"))
    }

    /// `https://host[:port]` of the server, without a slash at the end.
    pub(crate) fn base(&self) -> String {
        let server = self.server().as_string().filter(|server| !server.is_empty());
        let server = server.unwrap_or_else(|| self.told("server"));
        let mut base =
            if server.is_empty() { text(&field(&field(&window(), "location"), "origin")) } else { server };
        while base.ends_with("/") {
            base.pop();
        }
        base
    }

    /// Tells the page; `false` when a listener prevented the default.
    pub(crate) fn tell(&self, name: &str, detail: &JsValue) -> bool {
        let options = object(&[
            ("bubbles", true.into()),
            ("composed", true.into()),
            ("cancelable", true.into()),
            ("detail", detail.clone()),
        ]);
        self.dispatch(&Event::custom(name, &options))
    }
}

/// A field of an object; undefined when there is none, or none that may be read.
pub(crate) fn field(object: &JsValue, name: &str) -> JsValue {
    browser::get(object, name).unwrap_or(JsValue::UNDEFINED)
}

/// A plain object of these fields.
pub(crate) fn object(fields: &[(&str, JsValue)]) -> JsValue {
    let object = Object::new();
    for (name, value) in fields {
        // A fresh plain object takes every field.
        let _ = browser::set(&object, name, value);
    }
    object.into()
}

/// A hold as `hawker:hold` and `hawker:checkout` carry it.
pub(crate) fn hold_detail(hold: &Hold) -> JsValue {
    let state = match hold.state() {
        hold::State::Held => "held",
        hold::State::Paid => "paid",
        hold::State::Cancelled => "cancelled",
        hold::State::Expired => "expired",
        hold::State::RefundDue if hold.refunded => "refunded",
        hold::State::RefundDue => "refund-due",
    };
    let hold = object(&[
        ("id", hold.id.as_str().into()),
        ("product", hold.product.as_str().into()),
        ("sale", hold.sale.as_str().into()),
        ("quantity", hold.quantity.into()),
        ("price", (hold.price as f64).into()),
        ("currency", hold.currency.as_str().into()),
        ("expiresMs", (hold.expires_ms as f64).into()),
        ("placedMs", (hold.placed_ms as f64).into()),
        ("state", state.into()),
        ("proof", hold.proof.as_str().into()),
    ]);
    object(&[("hold", hold)])
}
