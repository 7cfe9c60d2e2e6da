//! The element and the engine in a real browser, with a fake server: what bad attributes say, which states a page is told, and
//! that hostile answers end in an error or another try, never in a dead page. Run by `wasm-pack test --headless --chrome player`.
#![cfg(target_arch = "wasm32")]

use hawker_player::engine::Engine;
use hawker_wire::proto::{Rendition, Stream, stream::State};
use js_sys::{Array, Promise, Uint8Array};
use prost::Message;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

#[wasm_bindgen(module = "/js/hawker.js")]
extern "C" {
    // Importing the module defines the element.
    type HawkerLive;
    #[wasm_bindgen(constructor)]
    fn new() -> HawkerLive;
}

#[wasm_bindgen(module = "/js/port.js")]
extern "C" {
    #[wasm_bindgen(js_name = Port)]
    #[derive(Clone)]
    type PagePort;
    #[wasm_bindgen(constructor, js_class = "Port")]
    fn new(host: &JsValue, video: &JsValue, server: &str, room: &str, fetch: &JsValue) -> PagePort;
    #[wasm_bindgen(method, setter)]
    fn set_engine(this: &PagePort, engine: &Held);

    /// The engine as scripts hold it.
    type Held;
    #[wasm_bindgen(method)]
    fn start(this: &Held);
    #[wasm_bindgen(method)]
    fn stop(this: &Held);
    #[wasm_bindgen(method)]
    fn play(this: &Held);
    #[wasm_bindgen(method)]
    fn pause(this: &Held);
    #[wasm_bindgen(method)]
    fn go_live(this: &Held);
    #[wasm_bindgen(method)]
    fn quality(this: &Held, name: &str);
    #[wasm_bindgen(method, getter)]
    fn state(this: &Held) -> String;
    #[wasm_bindgen(method, getter)]
    fn error(this: &Held) -> Option<String>;
}

#[wasm_bindgen(inline_js = r#"
export function element(room, server) {
  const live = document.createElement("hawker-live");
  live.said = [];
  for (const name of ["hawker:state", "hawker:error", "hawker:ready"])
    live.addEventListener(name, (e) => live.said.push(name + " " + (e.detail.code ?? e.detail.state ?? "")));
  live.setAttribute("room", room);
  if (server !== undefined) live.setAttribute("server", server);
  document.body.append(live);
  return live;
}
export function fetcher() { return (url, options) => window.fetch(url, options); }
export function define() {
  if (customElements.get("hawker-live")) return true;
  return false;
}
export function said(live) { return live.said; }
export function shown(live) { return live.shadowRoot.querySelector("[role=status]").textContent; }
export function host() {
  const host = document.createElement("div");
  host.said = [];
  for (const name of ["state", "error", "quality"])
    host.addEventListener("hawker:" + name, (e) => host.said.push(e.detail.state ?? e.detail.code ?? ""));
  document.body.append(host);
  return host;
}
export function video() { const v = document.createElement("video"); v.muted = true; document.body.append(v); return v; }
const asked = [];
export function serve(stream, segment) {
  asked.length = 0;
  window.fetch = (url) => {
    asked.push(String(url));
    if (String(url).includes("/stream?after=")) return new Promise(() => {});
    if (String(url).includes("/stream")) return Promise.resolve(new Response(stream));
    if (String(url).endsWith(".mp4")) return Promise.resolve(new Response(segment));
    if (String(url).endsWith("/time")) return Promise.resolve(new Response("not a number"));
    return Promise.resolve(new Response("", { status: 404 }));
  };
}
export function refuse(status) {
  asked.length = 0;
  window.fetch = (url) => {
    asked.push(String(url));
    return status ? Promise.resolve(new Response("", { status })) : Promise.reject(new TypeError("Failed to fetch"));
  };
}
export function requests(part) { return asked.filter((url) => url.includes(part)).length; }
export function wait(ms) { return new Promise((done) => setTimeout(done, ms)); }
"#)]
extern "C" {
    fn element(room: &str, server: Option<String>) -> JsValue;
    fn define() -> bool;
    fn said(live: &JsValue) -> Array;
    fn shown(live: &JsValue) -> String;
    fn host() -> JsValue;
    fn fetcher() -> JsValue;
    fn video() -> JsValue;
    fn serve(stream: &Uint8Array, segment: &Uint8Array);
    fn refuse(status: u16);
    fn requests(part: &str) -> u32;
    fn wait(ms: u32) -> Promise;
}

/// An engine with its port, made as in `hawker.js`.
fn player(host: &JsValue) -> Held {
    let server = "http://server.test";
    let port = PagePort::new(host, &video(), server, "demo", &fetcher());
    let engine = Engine::new(port.clone().unchecked_into(), server, "demo");
    let engine: Held = JsValue::from(engine).unchecked_into();
    port.set_engine(&engine);
    engine
}

async fn pause(ms: u32) {
    JsFuture::from(wait(ms)).await.expect("a timer cannot fail");
}

/// Waits until it is true, 5 s at most.
async fn until(mut is: impl FnMut() -> bool, what: &str) {
    for _ in 0..100 {
        if is() {
            return;
        }
        pause(50).await;
    }
    panic!("not within 5 s: {what}");
}

fn list(live: &JsValue) -> Vec<String> {
    said(live).iter().filter_map(|text| text.as_string()).collect()
}

fn bytes(message: &Stream) -> Uint8Array {
    Uint8Array::from(message.encode_to_vec().as_slice())
}

fn live() -> Stream {
    let rendition = Rendition {
        name: "source".into(),
        codecs: "avc1.64001f,mp4a.40.2".into(),
        video: true,
        audio: true,
        average_bps: 1_000_000,
        peak_bps: 1_200_000,
        ..Rendition::default()
    };
    let mut stream = Stream {
        version: 1,
        epoch: "e1".into(),
        newest: 5,
        renditions: vec![rendition],
        ..Stream::default()
    };
    stream.set_state(State::Live);
    stream
}

#[wasm_bindgen_test]
async fn bad_attributes_say_what_is_wrong() {
    drop(HawkerLive::new());
    until(define, "the element is defined").await;
    for (room, server, code) in [
        ("", None, "bad-room"),
        ("../etc", None, "bad-room"),
        ("a b", None, "bad-room"),
        ("<img src=x onerror=alert(1)>", None, "bad-room"),
        ("demo", Some("javascript:alert(1)"), "bad-server"),
        ("demo", Some("http://[bad"), "bad-server"),
        ("demo", Some("shop.example"), "bad-server"),
    ] {
        let live = element(room, server.map(String::from));
        let error = format!("hawker:error {code}");
        until(|| list(&live).contains(&error), &error).await;
        assert!(list(&live).contains(&"hawker:state error".to_owned()));
        assert!(shown(&live).contains(if code == "bad-room" { "room=" } else { "server=" }));
    }
}

#[wasm_bindgen_test]
async fn an_offline_room_is_told_and_asked_again_by_one_long_poll() {
    let offline = Stream { version: 9, ..Stream::default() };
    serve(&bytes(&offline), &Uint8Array::new_with_length(0));
    let host = host();
    let engine = player(&host);
    engine.start();
    until(|| engine.state() == "offline", "offline").await;
    assert_eq!(list(&host).last().map(String::as_str), Some("offline"));
    until(|| requests("/stream?after=9") == 1, "a long poll").await;
    pause(500).await;
    assert_eq!(requests("/stream"), 2, "and no more");
    engine.stop();
}

#[wasm_bindgen_test]
async fn an_unknown_room_is_told_until_it_is_there() {
    refuse(404);
    let host = host();
    let engine = player(&host);
    engine.start();
    until(|| engine.error().as_deref() == Some("no-room"), "no such room").await;
    assert_eq!(list(&host), ["error", "no-room"], "told once, as a state and as an error");
    serve(&bytes(&Stream { version: 9, ..Stream::default() }), &Uint8Array::new_with_length(0));
    until(|| engine.state() == "offline", "offline").await;
    assert_eq!(engine.error(), None);
    engine.stop();
}

#[wasm_bindgen_test]
async fn a_server_that_does_not_answer_is_told_after_some_tries() {
    refuse(0);
    let engine = player(&host());
    engine.start();
    until(|| requests("/stream") == 1, "a question").await;
    assert_eq!(engine.state(), "connecting", "a moment's silence is no news");
    until(|| engine.error().as_deref() == Some("unreachable"), "unreachable").await;
    engine.stop();
}

#[wasm_bindgen_test]
async fn an_ended_room_is_told() {
    let mut ended = Stream { version: 2, ..Stream::default() };
    ended.set_state(State::Ended);
    serve(&bytes(&ended), &Uint8Array::new_with_length(0));
    let engine = player(&host());
    engine.start();
    until(|| engine.state() == "ended", "ended").await;
    engine.stop();
}

#[wasm_bindgen_test]
async fn hostile_answers_are_tried_again_with_pauses_and_kill_nothing() {
    // Not a protobuf.
    serve(&Uint8Array::from(&[0xff; 64][..]), &Uint8Array::new_with_length(0));
    let engine = player(&host());
    engine.start();
    pause(1_500).await;
    assert_eq!((engine.state(), engine.error()), ("error".to_owned(), Some("bad-server".to_owned())));
    assert!((2..=8).contains(&requests("/stream")), "{} questions in 1.5 s", requests("/stream"));
    engine.stop();

    // Segments that are not CMAF: no end, a lie about a length, media without a header.
    let lies: [&[u8]; 4] = [b"\0\0\0\0mdat", b"\x7f\xff\xff\xffmoov....", b"\0\0\0\x09mdatx", &[0; 4096]];
    for lie in lies {
        serve(&bytes(&live()), &Uint8Array::from(lie));
        let engine = player(&host());
        engine.start();
        pause(1_200).await;
        assert!(requests(".mp4") >= 1);
        assert!(requests(".mp4") <= 8, "{} tries in 1.2 s", requests(".mp4"));
        assert_eq!(engine.state(), "connecting");
        engine.stop();
    }
}

#[wasm_bindgen_test]
async fn a_stopped_engine_is_silent() {
    serve(&bytes(&live()), &Uint8Array::new_with_length(0));
    let host = host();
    let engine = player(&host);
    engine.start();
    pause(50).await;
    engine.stop();
    let (before, asked) = (list(&host).len(), requests("/"));
    pause(700).await;
    assert_eq!((list(&host).len(), requests("/")), (before, asked));
    engine.play();
    engine.pause();
    engine.go_live();
    engine.quality("nonsense");
}
