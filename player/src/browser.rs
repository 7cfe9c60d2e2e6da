//! The parts of the browser the engine uses, declared by hand: a few functions instead of a binding crate's types, and what
//! that crate does not have (ManagedMediaSource, requestVideoFrameCallback). Nothing here does anything.

use js_sys::{Function, Object, Promise, Uint8Array};
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    pub(crate) fn performance_now() -> f64;
    #[wasm_bindgen(js_name = setTimeout)]
    pub(crate) fn set_timeout(run: &Function, ms: f64) -> f64;
    #[wasm_bindgen(js_name = clearTimeout)]
    pub(crate) fn clear_timeout(id: f64);
    #[wasm_bindgen(js_namespace = document, js_name = addEventListener)]
    pub(crate) fn listen_document(name: &str, run: &Function);
    #[wasm_bindgen(js_namespace = document, js_name = removeEventListener)]
    pub(crate) fn unlisten_document(name: &str, run: &Function);
    #[wasm_bindgen(thread_local_v2, js_name = document)]
    pub(crate) static DOCUMENT: Document;
    pub(crate) type Document;
    #[wasm_bindgen(method, getter)]
    pub(crate) fn hidden(this: &Document) -> bool;

    #[derive(Clone)]
    pub(crate) type Target;
    #[wasm_bindgen(method, js_name = addEventListener)]
    pub(crate) fn listen(this: &Target, name: &str, run: &Function);
    #[wasm_bindgen(method, js_name = removeEventListener)]
    pub(crate) fn unlisten(this: &Target, name: &str, run: &Function);
    #[wasm_bindgen(method, catch, js_name = dispatchEvent)]
    pub(crate) fn dispatch(this: &Target, event: &CustomEvent) -> Result<bool, JsValue>;

    pub(crate) type CustomEvent;
    #[wasm_bindgen(constructor)]
    pub(crate) fn new(name: &str, options: &Object) -> CustomEvent;

    #[wasm_bindgen(extends = Target)]
    #[derive(Clone)]
    pub(crate) type Video;
    #[wasm_bindgen(method, getter, js_name = currentTime)]
    pub(crate) fn current_time(this: &Video) -> f64;
    #[wasm_bindgen(method, setter, js_name = currentTime)]
    pub(crate) fn set_current_time(this: &Video, seconds: f64);
    #[wasm_bindgen(method, setter, js_name = playbackRate)]
    pub(crate) fn set_playback_rate(this: &Video, rate: f64);
    #[wasm_bindgen(method, setter, js_name = preservesPitch)]
    pub(crate) fn set_preserves_pitch(this: &Video, keeps: bool);
    #[wasm_bindgen(method, getter)]
    pub(crate) fn buffered(this: &Video) -> TimeRanges;
    #[wasm_bindgen(method, getter)]
    pub(crate) fn paused(this: &Video) -> bool;
    #[wasm_bindgen(method, getter)]
    pub(crate) fn seekable(this: &Video) -> TimeRanges;
    #[wasm_bindgen(method, getter)]
    pub(crate) fn ended(this: &Video) -> bool;
    #[wasm_bindgen(method, getter)]
    pub(crate) fn error(this: &Video) -> JsValue;
    #[wasm_bindgen(method, getter, js_name = readyState)]
    pub(crate) fn ready_state(this: &Video) -> u16;
    #[wasm_bindgen(method, getter)]
    pub(crate) fn seeking(this: &Video) -> bool;
    #[wasm_bindgen(method, getter)]
    pub(crate) fn muted(this: &Video) -> bool;
    #[wasm_bindgen(method, setter)]
    pub(crate) fn set_muted(this: &Video, muted: bool);
    #[wasm_bindgen(method, getter)]
    pub(crate) fn volume(this: &Video) -> f64;
    #[wasm_bindgen(method, setter)]
    pub(crate) fn set_src(this: &Video, url: &str);
    #[wasm_bindgen(method, js_name = removeAttribute)]
    pub(crate) fn remove_attribute(this: &Video, name: &str);
    #[wasm_bindgen(method)]
    pub(crate) fn load(this: &Video);
    #[wasm_bindgen(method)]
    pub(crate) fn play(this: &Video) -> Promise;
    #[wasm_bindgen(method)]
    pub(crate) fn pause(this: &Video);
    #[wasm_bindgen(method, js_name = canPlayType)]
    pub(crate) fn can_play_type(this: &Video, mime: &str) -> String;
    #[wasm_bindgen(method, catch, js_name = getVideoPlaybackQuality)]
    pub(crate) fn quality(this: &Video) -> Result<Quality, JsValue>;
    #[wasm_bindgen(method, catch, js_name = requestVideoFrameCallback)]
    pub(crate) fn on_frame(this: &Video, run: &Function) -> Result<f64, JsValue>;

    pub(crate) type Quality;
    #[wasm_bindgen(method, getter, js_name = totalVideoFrames)]
    pub(crate) fn total(this: &Quality) -> f64;
    #[wasm_bindgen(method, getter, js_name = droppedVideoFrames)]
    pub(crate) fn dropped(this: &Quality) -> f64;

    pub(crate) type FrameMetadata;
    #[wasm_bindgen(method, getter, js_name = mediaTime)]
    pub(crate) fn media_time(this: &FrameMetadata) -> f64;

    pub(crate) type TimeRanges;
    #[wasm_bindgen(method, getter)]
    pub(crate) fn length(this: &TimeRanges) -> u32;
    #[wasm_bindgen(method, catch)]
    pub(crate) fn start(this: &TimeRanges, index: u32) -> Result<f64, JsValue>;
    #[wasm_bindgen(method, catch)]
    pub(crate) fn end(this: &TimeRanges, index: u32) -> Result<f64, JsValue>;

    #[wasm_bindgen(extends = Target)]
    #[derive(Clone)]
    pub(crate) type MediaSource;
    #[wasm_bindgen(method, catch, js_name = addSourceBuffer)]
    pub(crate) fn add_source_buffer(this: &MediaSource, mime: &str) -> Result<SourceBuffer, JsValue>;

    #[wasm_bindgen(extends = Target)]
    #[derive(Clone)]
    pub(crate) type SourceBuffer;
    #[wasm_bindgen(method, catch, js_name = appendBuffer)]
    pub(crate) fn append(this: &SourceBuffer, bytes: &Uint8Array) -> Result<(), JsValue>;
    #[wasm_bindgen(method, catch)]
    pub(crate) fn remove(this: &SourceBuffer, from: f64, to: f64) -> Result<(), JsValue>;

    #[wasm_bindgen(js_namespace = URL, js_name = createObjectURL)]
    pub(crate) fn create_object_url(object: &JsValue) -> String;
    #[wasm_bindgen(js_namespace = URL, js_name = revokeObjectURL)]
    pub(crate) fn revoke_object_url(url: &str);

    pub(crate) type AbortController;
    #[wasm_bindgen(constructor)]
    pub(crate) fn new() -> AbortController;
    #[wasm_bindgen(method, getter)]
    pub(crate) fn signal(this: &AbortController) -> JsValue;
    #[wasm_bindgen(method)]
    pub(crate) fn abort(this: &AbortController);

    pub(crate) type Response;
    #[wasm_bindgen(method, getter)]
    pub(crate) fn status(this: &Response) -> u16;
    #[wasm_bindgen(method, getter)]
    pub(crate) fn headers(this: &Response) -> Headers;
    #[wasm_bindgen(method, getter)]
    pub(crate) fn body(this: &Response) -> Option<Body>;
    #[wasm_bindgen(method, js_name = arrayBuffer)]
    pub(crate) fn array_buffer(this: &Response) -> Promise;
    #[wasm_bindgen(method)]
    pub(crate) fn text(this: &Response) -> Promise;

    pub(crate) type Headers;
    #[wasm_bindgen(method, js_name = get)]
    pub(crate) fn header(this: &Headers, name: &str) -> Option<String>;

    pub(crate) type Body;
    #[wasm_bindgen(method, js_name = getReader)]
    pub(crate) fn reader(this: &Body) -> Reader;
    pub(crate) type Reader;
    #[wasm_bindgen(method)]
    pub(crate) fn read(this: &Reader) -> Promise;
    pub(crate) type Piece;
    #[wasm_bindgen(method, getter)]
    pub(crate) fn done(this: &Piece) -> bool;
    #[wasm_bindgen(method, getter)]
    pub(crate) fn value(this: &Piece) -> Option<Uint8Array>;
}
