//! The `<hawker-live>` element as the engine makes it: its public JS API, attributes and events. The interface has no other
//! way to the engine.

use hawker_wire::proto::{Hold, hold};
use js_sys::{Array, Object, Reflect};
use wasm_bindgen::prelude::*;
use web_sys::{CustomEvent, CustomEventInit, HtmlElement};

#[wasm_bindgen]
extern "C" {
    /// A `<hawker-live>` element.
    #[wasm_bindgen(extends = HtmlElement)]
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
}

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
    /// Names, best first.
    pub(crate) renditions: Vec<String>,
}

fn text(value: &JsValue) -> String {
    value.as_string().unwrap_or_default()
}

impl Host {
    /// The engine as it is now.
    pub(crate) fn player(&self) -> Player {
        let renditions = self.renditions();
        let names = Array::is_array(&renditions).then(|| {
            Array::from(&renditions).iter().map(|rendition| text(&field(&rendition, "name"))).collect()
        });
        Player {
            state: text(&self.state()),
            error: text(&self.error()),
            paused: self.paused().is_truthy(),
            muted: self.muted().is_truthy(),
            volume: self.volume().as_f64().unwrap_or(1.0),
            quality: self.quality().as_string().unwrap_or_else(|| "auto".to_owned()),
            rendition: text(&self.rendition()),
            renditions: names.unwrap_or_default(),
        }
    }

    /// A number of `stats()`; `None` when the engine does not know it.
    pub(crate) fn stat(&self, name: &str) -> Option<f64> {
        let stats = self.stats().ok()?;
        field(&stats, name).as_f64().filter(|value| value.is_finite())
    }

    /// An attribute, empty when absent.
    pub(crate) fn attribute(&self, name: &str) -> String {
        self.get_attribute(name).unwrap_or_default()
    }

    /// The room's id.
    pub(crate) fn room_id(&self) -> String {
        self.room().as_string().filter(|room| !room.is_empty()).unwrap_or_else(|| self.attribute("room"))
    }

    /// The token of the shop's backend, empty for guests.
    pub(crate) fn shop_token(&self) -> String {
        self.token().as_string().filter(|token| !token.is_empty()).unwrap_or_else(|| self.attribute("token"))
    }

    /// `https://host[:port]` of the server, without a slash at the end.
    pub(crate) fn base(&self) -> String {
        let server = self.server().as_string().filter(|server| !server.is_empty());
        let server = server.unwrap_or_else(|| self.attribute("server"));
        let base = if server.is_empty() {
            web_sys::window().and_then(|window| window.location().origin().ok()).unwrap_or_default()
        } else {
            server
        };
        base.trim_end_matches('/').to_owned()
    }

    /// Tells the page; `false` when a listener prevented the default.
    pub(crate) fn tell(&self, name: &str, detail: &JsValue) -> bool {
        let init = CustomEventInit::new();
        init.set_bubbles(true);
        init.set_composed(true);
        init.set_cancelable(true);
        init.set_detail(detail);
        CustomEvent::new_with_event_init_dict(name, &init)
            .and_then(|event| self.dispatch_event(&event))
            .unwrap_or(true)
    }
}

fn field(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &JsValue::from_str(name)).unwrap_or(JsValue::UNDEFINED)
}

/// A plain object of these fields.
pub(crate) fn object(fields: &[(&str, JsValue)]) -> JsValue {
    let object = Object::new();
    for (name, value) in fields {
        // A fresh plain object takes every field.
        let _ = Reflect::set(&object, &JsValue::from_str(name), value);
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
