//! What the engine calls in the browser: the port of `js/port.js`, and a clock. Declared by hand, with numbers and text alone,
//! because each type that crosses costs every viewer bytes. Nothing here does anything.

use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    pub(crate) fn performance_now() -> f64;
    #[wasm_bindgen(js_namespace = Math, js_name = random)]
    pub(crate) fn random() -> f64;

    /// See `js/port.js`, also for each of these.
    pub type Port;
    #[wasm_bindgen(method)]
    pub(crate) fn stop(this: &Port);
    #[wasm_bindgen(method)]
    pub(crate) fn timer(this: &Port, ms: f64);

    #[wasm_bindgen(method)]
    pub(crate) fn ask(this: &Port, id: u32, url: &str, bytes: u32, wait: u32);
    #[wasm_bindgen(method)]
    pub(crate) fn cancel(this: &Port, id: u32);
    #[wasm_bindgen(method)]
    pub(crate) fn peek(this: &Port, at: u32, into: &mut [u8]);
    #[wasm_bindgen(method)]
    pub(crate) fn cut(this: &Port, from: u32, to: u32);

    #[wasm_bindgen(method)]
    pub(crate) fn keep(this: &Port, id: u32);
    #[wasm_bindgen(method, js_name = drop)]
    pub(crate) fn let_go(this: &Port);
    #[wasm_bindgen(method)]
    pub(crate) fn clear(this: &Port);
    #[wasm_bindgen(method)]
    pub(crate) fn open(this: &Port, codecs: &str) -> bool;
    #[wasm_bindgen(method)]
    pub(crate) fn begun(this: &Port) -> f64;
    #[wasm_bindgen(method)]
    pub(crate) fn plays(
        this: &Port,
        profile: &str,
        codecs: &str,
        width: u32,
        height: u32,
        bps: u32,
        fps: f64,
    ) -> i32;
    #[wasm_bindgen(method)]
    pub(crate) fn refuse(this: &Port, profile: &str);
    #[wasm_bindgen(method)]
    pub(crate) fn append(this: &Port, id: u32) -> i32;
    #[wasm_bindgen(method)]
    pub(crate) fn remove(this: &Port, from: f64, to: f64) -> bool;

    #[wasm_bindgen(method)]
    pub(crate) fn look(this: &Port) -> Vec<f64>;
    #[wasm_bindgen(method)]
    pub(crate) fn seek(this: &Port, at: f64);
    #[wasm_bindgen(method)]
    pub(crate) fn rate(this: &Port, rate: f64, keeps_pitch: bool);
    #[wasm_bindgen(method)]
    pub(crate) fn play(this: &Port);
    #[wasm_bindgen(method)]
    pub(crate) fn pause(this: &Port);
    #[wasm_bindgen(method)]
    pub(crate) fn native(this: &Port, url: &str) -> bool;
    #[wasm_bindgen(method)]
    pub(crate) fn progress(this: &Port) -> u32;
    #[wasm_bindgen(method)]
    pub(crate) fn edge(this: &Port);

    #[wasm_bindgen(method)]
    pub(crate) fn state(this: &Port, state: &str, error: &str);
    #[wasm_bindgen(method)]
    pub(crate) fn quality(this: &Port, rendition: Option<&str>);
    #[wasm_bindgen(method)]
    pub(crate) fn stall(this: &Port, ms: f64);
    #[wasm_bindgen(method)]
    pub(crate) fn latency(this: &Port);
}
