//! The `<hawker-live>` element as the engine makes it: its public JS API, attributes and events. The interface has no other
//! way to the engine.

use super::browser::{
    Array, Event, Node, Object, WebSocket, call, field, flag, number, part, set, text, window,
};
use super::store;
use hawker_player_core::decimal::decimal;
use hawker_player_core::texts::concat;
use hawker_wire::proto::{Hold, hold};
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// A `<hawker-live>` element. Its fields and plain methods are asked for by their names.
    #[wasm_bindgen(extends = Node)]
    #[derive(Clone)]
    pub type Host;

    /// What carries the room: a WebSocket, or what looks like one.
    #[wasm_bindgen(method, catch)]
    pub(crate) fn socket(this: &Host, url: &str) -> Result<WebSocket, JsValue>;

    /// See `js/screen.js`.
    pub(crate) type Screen;
    /// In the corner, or back; `undefined`: the other of the two.
    #[wasm_bindgen(method)]
    pub(crate) fn mini(this: &Screen, on: Option<bool>);
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

impl Host {
    /// The engine as it is now.
    pub(crate) fn player(&self) -> Player {
        // An array, unless the engine is not there yet.
        let names = part(self, "renditions").map(|renditions: Array| {
            (0..renditions.length())
                .map(|n| {
                    let of = renditions.at(n);
                    (text(&of, "name"), number(&of, "bps"))
                })
                .collect()
        });
        let state = text(self, "state");
        let offline = self.screen().filter(|_| state == "offline");
        Player {
            state,
            error: text(self, "error"),
            paused: flag(self, "paused"),
            muted: flag(self, "muted"),
            volume: field(self, "volume").as_f64().unwrap_or(1.0),
            quality: field(self, "quality").as_string().unwrap_or_else(|| AUTO.to_owned()),
            rendition: text(self, "rendition"),
            renditions: names.unwrap_or_default(),
            blocked: flag(self, "blocked"),
            cut_off: field(&field(&window(), "navigator"), "onLine") == false,
            starts_ms: offline.map_or(0, |screen| number(&screen, "startsMs") as u64),
        }
    }

    /// What is around the picture; `None` on a page that has only the element's API.
    pub(crate) fn screen(&self) -> Option<Screen> {
        part(self, "screen")
    }

    /// Calls a method of the public API that takes nothing; the engine reports its own errors by `hawker:error`.
    pub(crate) fn act(&self, name: &str) {
        let _ = call(self, name);
    }

    /// With sound, or without.
    pub(crate) fn set_muted(&self, muted: bool) {
        set(self, "muted", &muted.into());
    }

    /// 0.0 to 1.0.
    pub(crate) fn set_volume(&self, volume: f64) {
        set(self, "volume", &volume.into());
    }

    /// A number of `stats()`; `None` when the engine does not know it.
    pub(crate) fn stat(&self, name: &str) -> Option<f64> {
        let stats = call(self, "stats").ok()?;
        field(&stats, name).as_f64().filter(|value| value.is_finite())
    }

    /// Latency and buffer in ms, what the link carries in bits a second, how many rungs there are from here down.
    pub(crate) fn figures(&self) -> Figures {
        let stats = call(self, "stats").unwrap_or_default();
        let known = |name| field(&stats, name).as_f64().filter(|value| value.is_finite()).unwrap_or_default();
        let player = self.player();
        let rung = player.renditions.iter().position(|(name, _)| *name == player.rendition);
        let rung = rung.map_or(0, |at| player.renditions.len() - at);
        Figures([known("latencyMs"), known("bufferMs"), known("estimateBps"), rung as f64])
    }

    /// Remembers how loud it is, for `hawker.js`: percent, with a minus while muted.
    pub(crate) fn keep_sound(&self) {
        let player = self.player();
        let percent = decimal((player.volume * 100.0).round() as u64);
        store::keep(store::SOUND, &concat(&[if player.muted { "-" } else { "" }, &percent]));
    }

    /// An attribute, empty when absent.
    pub(crate) fn told(&self, name: &str) -> String {
        self.attribute(name).unwrap_or_default()
    }

    /// A field of the element, else the attribute of that name; empty when there is neither.
    fn said(&self, name: &str) -> String {
        match text(self, name) {
            said if said.is_empty() => self.told(name),
            said => said,
        }
    }

    /// The room's id.
    pub(crate) fn room_id(&self) -> String {
        self.said("room")
    }

    /// The token of the shop's backend, empty for guests.
    pub(crate) fn shop_token(&self) -> String {
        self.said("token")
    }

    /// `https://host[:port]` of the server, without a slash at the end.
    pub(crate) fn base(&self) -> String {
        let mut base = self.said("server");
        if base.is_empty() {
            base = text(&field(&window(), "location"), "origin");
        }
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

/// A plain object of these fields.
pub(crate) fn object(fields: &[(&str, JsValue)]) -> JsValue {
    let object = Object::new();
    for (name, value) in fields {
        set(&object, name, value);
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
