//! A mounted interface to look at and click on. The page is fake only where the engine and the network would be.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails there")]

use hawker_wire::proto::{
    Batch, ClientFrame, Event, Message, Position, ServerFrame, Welcome, client_frame, event, server_frame,
};
use prost::Message as _;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Element, HtmlElement, HtmlInputElement, ShadowRoot};

#[wasm_bindgen(module = "/tests/fake.js")]
extern "C" {
    fn element(attributes: &JsValue) -> HtmlElement;
    fn heard(host: &HtmlElement, name: &str) -> js_sys::Array;
    fn field(object: &JsValue, path: &str) -> JsValue;
    fn plug();
    fn open();
    fn push(bytes: &[u8]);
    #[wasm_bindgen(js_name = hangUp)]
    fn hang_up(code: u16);
    fn sent() -> js_sys::Array;
    #[wasm_bindgen(js_name = wantStill)]
    fn want_still(still: bool);
    #[wasm_bindgen(js_name = breakStorage)]
    fn break_storage(broken: bool);
    fn forget();
    fn frame() -> js_sys::Promise;
}

/// The server's clock when it welcomes.
pub(crate) const WALL_MS: u64 = 1_790_000_000_000;

/// An event with its offset.
pub(crate) fn event(offset: u64, kind: event::Kind) -> Event {
    Event { offset, kind: Some(kind) }
}

/// A message somebody said.
pub(crate) fn message(id: u64, sender: &str, name: &str, text: &str) -> Event {
    let message =
        Message { id, sender: sender.into(), name: name.into(), text: text.into(), ..Message::default() };
    event(id, event::Kind::Message(message))
}

/// A mounted interface, taken away when dropped.
pub(crate) struct Page {
    host: HtmlElement,
    root: ShadowRoot,
}

impl Page {
    /// In the room, as `edit` makes the Welcome.
    pub(crate) async fn joined(edit: impl FnOnce(&mut Welcome)) -> Self {
        want_still(false);
        break_storage(false);
        forget();
        Self::mounted(edit).await
    }

    /// In the room, for somebody whose system asks for less motion.
    pub(crate) async fn still() -> Self {
        break_storage(false);
        want_still(true);
        Self::mounted(|_| {}).await
    }

    /// In the room, in a browser that forbids storage.
    pub(crate) async fn without_storage() -> Self {
        want_still(false);
        break_storage(true);
        Self::mounted(|_| {}).await
    }

    async fn mounted(edit: impl FnOnce(&mut Welcome)) -> Self {
        plug();
        let attributes = js_sys::Object::new();
        for (name, value) in [("lang", "en"), ("name", "Lin"), ("checkout", "https://shop.test/checkout")] {
            js_sys::Reflect::set(&attributes, &name.into(), &value.into()).unwrap();
        }
        let host = element(&attributes);
        let root = host.shadow_root().unwrap();
        hawker_ui::mount(host.clone().unchecked_into(), root.clone().unchecked_into()).unwrap();
        let page = Self { host, root };
        page.settle().await;
        page.welcomed(edit).await;
        page
    }

    /// The socket opens, and the server welcomes as `edit` says.
    pub(crate) async fn welcomed(&self, edit: impl FnOnce(&mut Welcome)) {
        open();
        let mut welcome = Welcome {
            guest: "g".into(),
            viewer: "me".into(),
            name: "Lin".into(),
            position: Some(Position { epoch: "e".into(), offset: 0 }),
            wall_ms: WALL_MS,
            online: 3,
            currency: "USD".into(),
            may_buy: true,
            ..Welcome::default()
        };
        edit(&mut welcome);
        self.push(server_frame::Kind::Welcome(welcome));
        self.settle().await;
    }

    /// The server tells these events, up to the last one's offset.
    pub(crate) async fn events(&self, events: Vec<Event>) {
        let offset = events.last().map_or(0, |event| event.offset);
        self.push(server_frame::Kind::Batch(Batch { offset, events, ..Batch::default() }));
        self.settle().await;
    }

    /// Two painted frames later.
    pub(crate) async fn settle(&self) {
        JsFuture::from(frame()).await.unwrap();
    }

    /// Waits, painted frame by painted frame, until something is so; fails after ten seconds' worth of them.
    pub(crate) async fn until(&self, so: impl Fn(&Self) -> bool) {
        for _ in 0..300 {
            if so(self) {
                return;
            }
            self.settle().await;
        }
        panic!("it never came to be");
    }

    /// The server sends.
    pub(crate) fn push(&self, kind: server_frame::Kind) {
        push(&ServerFrame { kind: Some(kind) }.encode_to_vec());
    }

    /// The server, or the network, closes.
    pub(crate) fn close(&self, code: u16) {
        hang_up(code);
    }

    /// What the page has sent.
    pub(crate) fn sent(&self) -> Vec<client_frame::Kind> {
        let frames = sent().into_iter().map(|bytes| js_sys::Uint8Array::new(&bytes).to_vec());
        frames.filter_map(|bytes| ClientFrame::decode(bytes.as_slice()).unwrap().kind).collect()
    }

    fn all(&self, selector: &str) -> Vec<Element> {
        let nodes = self.root.query_selector_all(selector).unwrap();
        (0..nodes.length()).filter_map(|n| nodes.get(n)).map(JsCast::unchecked_into).collect()
    }

    fn one(&self, selector: &str) -> HtmlElement {
        let found = self.all(selector).into_iter().next();
        found.unwrap_or_else(|| panic!("no {selector}")).unchecked_into()
    }

    /// How many there are.
    pub(crate) fn count(&self, selector: &str) -> usize {
        self.all(selector).len()
    }

    /// Their texts.
    pub(crate) fn texts(&self, selector: &str) -> Vec<String> {
        self.all(selector).iter().map(|element| element.text_content().unwrap_or_default()).collect()
    }

    /// The first one's text.
    pub(crate) fn text(&self, selector: &str) -> String {
        self.one(selector).text_content().unwrap_or_default()
    }

    /// What the field holds.
    pub(crate) fn value(&self, selector: &str) -> String {
        self.one(selector).unchecked_into::<HtmlInputElement>().value()
    }

    /// Is the button disabled?
    pub(crate) fn disabled(&self, selector: &str) -> bool {
        self.one(selector).matches(":disabled").unwrap()
    }

    /// Clicks.
    pub(crate) fn click(&self, selector: &str) {
        self.one(selector).click();
    }

    /// Types.
    pub(crate) fn type_into(&self, selector: &str, text: &str) {
        let input: HtmlInputElement = self.one(selector).unchecked_into();
        input.set_value(text);
        let init = web_sys::EventInit::new();
        init.set_bubbles(true);
        input.dispatch_event(&web_sys::Event::new_with_event_init_dict("input", &init).unwrap()).unwrap();
    }

    /// Presses Enter in the form.
    pub(crate) fn submit(&self, selector: &str) {
        let init = web_sys::EventInit::new();
        init.set_bubbles(true);
        init.set_cancelable(true);
        let event = web_sys::Event::new_with_event_init_dict("submit", &init).unwrap();
        self.one(selector).dispatch_event(&event).unwrap();
    }

    /// A field of the details of every `name` event that the shop's page heard.
    pub(crate) fn heard(&self, name: &str, path: &str) -> Vec<String> {
        heard(&self.host, name).iter().filter_map(|detail| field(&detail, path).as_string()).collect()
    }

    /// A property of the element, as text.
    pub(crate) fn property(&self, name: &str) -> String {
        let value = js_sys::Reflect::get(&self.host, &name.into()).unwrap_or_default();
        js_sys::Array::of1(&value).join(",").into()
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        hawker_ui::unmount(self.root.unchecked_ref());
        self.host.remove();
    }
}
