//! The parts of the browser the interface uses, declared by hand: the functions that are called instead of a binding crate's
//! types, one type for whatever is in the page, and one kind of callback. Nothing here does anything.

use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    pub(crate) fn performance_now() -> f64;
    #[wasm_bindgen(js_namespace = Date, js_name = now)]
    pub(crate) fn date_now() -> f64;
    #[wasm_bindgen(js_namespace = Math, js_name = random)]
    pub(crate) fn random() -> f64;
    #[wasm_bindgen(catch, js_namespace = crypto, js_name = getRandomValues)]
    pub(crate) fn random_values(bytes: &mut [u8]) -> Result<(), JsValue>;
    #[wasm_bindgen(js_name = encodeURIComponent)]
    pub(crate) fn encode(text: &str) -> String;
    /// Without the white space at both ends, of whatever script.
    #[wasm_bindgen(js_namespace = ["String", "prototype", "trim"], js_name = call)]
    pub(crate) fn trim(text: &str) -> String;

    #[wasm_bindgen(js_name = setTimeout)]
    pub(crate) fn set_timeout(run: &JsValue, ms: i32) -> i32;
    #[wasm_bindgen(js_name = setInterval)]
    pub(crate) fn set_interval(run: &JsValue, ms: i32) -> i32;
    /// Ends intervals too.
    #[wasm_bindgen(js_name = clearTimeout)]
    pub(crate) fn clear_timeout(id: i32);
    #[wasm_bindgen(js_name = requestAnimationFrame)]
    pub(crate) fn request_frame(run: &JsValue) -> i32;
    #[wasm_bindgen(js_name = cancelAnimationFrame)]
    pub(crate) fn cancel_frame(id: i32);
    #[wasm_bindgen(js_name = queueMicrotask)]
    pub(crate) fn queue_microtask(run: &JsValue);

    #[wasm_bindgen(thread_local_v2, js_name = window)]
    pub(crate) static WINDOW: Node;
    #[wasm_bindgen(thread_local_v2, js_name = document)]
    pub(crate) static DOCUMENT: Node;
    #[wasm_bindgen(js_name = matchMedia)]
    pub(crate) fn match_media(query: &str) -> Node;

    /// An element, a text, the document, the window: what has listeners or is in the page.
    #[derive(Clone, PartialEq)]
    pub type Node;
    #[wasm_bindgen(method, js_name = addEventListener)]
    pub(crate) fn listen(this: &Node, name: &str, run: &JsValue);
    #[wasm_bindgen(method, js_name = removeEventListener)]
    pub(crate) fn unlisten(this: &Node, name: &str, run: &JsValue);
    #[wasm_bindgen(method, js_name = dispatchEvent)]
    pub(crate) fn dispatch(this: &Node, event: &Event) -> bool;

    #[wasm_bindgen(method, js_name = createElement)]
    pub(crate) fn create(this: &Node, tag: &str) -> Node;
    #[wasm_bindgen(method, js_name = createElementNS)]
    pub(crate) fn create_in(this: &Node, space: &str, tag: &str) -> Node;
    #[wasm_bindgen(method, js_name = createTextNode)]
    pub(crate) fn create_text(this: &Node, text: &str) -> Node;
    #[wasm_bindgen(method, js_name = createDocumentFragment)]
    pub(crate) fn create_fragment(this: &Node) -> Node;
    #[wasm_bindgen(method, getter)]
    pub(crate) fn hidden(this: &Node) -> bool;
    #[wasm_bindgen(method, getter)]
    pub(crate) fn matches(this: &Node) -> bool;
    #[wasm_bindgen(method, getter, js_name = fullscreenElement)]
    pub(crate) fn full_screen_element(this: &Node) -> JsValue;
    #[wasm_bindgen(method, js_name = exitFullscreen)]
    pub(crate) fn exit_full_screen(this: &Node) -> JsValue;

    pub(crate) type Promise;
    #[wasm_bindgen(method)]
    pub(crate) fn catch(this: &Promise, run: &JsValue);

    #[wasm_bindgen(method)]
    pub(crate) fn append(this: &Node, child: &Node);
    /// As a text node, never as markup.
    #[wasm_bindgen(method, js_name = append)]
    pub(crate) fn append_text(this: &Node, text: &str);
    #[wasm_bindgen(method)]
    pub(crate) fn before(this: &Node, other: &Node);
    #[wasm_bindgen(method, js_name = insertBefore)]
    pub(crate) fn insert(this: &Node, child: &Node, before: Option<&Node>);
    #[wasm_bindgen(method)]
    pub(crate) fn remove(this: &Node);
    #[wasm_bindgen(method, getter, js_name = nextSibling)]
    pub(crate) fn next(this: &Node) -> Option<Node>;
    #[wasm_bindgen(method, getter, js_name = childElementCount)]
    pub(crate) fn element_count(this: &Node) -> u32;
    #[wasm_bindgen(method, getter, js_name = firstElementChild)]
    pub(crate) fn first_element(this: &Node) -> Option<Node>;
    #[wasm_bindgen(method, getter, js_name = nextElementSibling)]
    pub(crate) fn next_element(this: &Node) -> Option<Node>;
    #[wasm_bindgen(method, js_name = querySelector)]
    pub(crate) fn find(this: &Node, selector: &str) -> Option<Node>;
    #[wasm_bindgen(method)]
    pub(crate) fn closest(this: &Node, selector: &str) -> Option<Node>;
    #[wasm_bindgen(method, js_name = matches)]
    pub(crate) fn is(this: &Node, selector: &str) -> bool;

    #[wasm_bindgen(method, js_name = getAttribute)]
    pub(crate) fn attribute(this: &Node, name: &str) -> Option<String>;
    #[wasm_bindgen(method, js_name = setAttribute)]
    pub(crate) fn set_attribute(this: &Node, name: &str, value: &str);
    #[wasm_bindgen(method, js_name = toggleAttribute)]
    pub(crate) fn toggle_attribute(this: &Node, name: &str, there: bool);
    #[wasm_bindgen(method, setter, js_name = textContent)]
    pub(crate) fn set_text(this: &Node, text: &str);
    #[wasm_bindgen(method, getter)]
    pub(crate) fn style(this: &Node) -> Style;
    #[wasm_bindgen(method, getter)]
    pub(crate) fn value(this: &Node) -> String;
    /// Of a slider.
    #[wasm_bindgen(method, getter, js_name = valueAsNumber)]
    pub(crate) fn number(this: &Node) -> f64;
    #[wasm_bindgen(method, getter)]
    pub(crate) fn checked(this: &Node) -> bool;
    #[wasm_bindgen(method)]
    pub(crate) fn focus(this: &Node);
    #[wasm_bindgen(method, js_name = scrollIntoView)]
    pub(crate) fn scroll_into_view(this: &Node);
    #[wasm_bindgen(method, getter, js_name = clientWidth)]
    pub(crate) fn client_width(this: &Node) -> f64;
    #[wasm_bindgen(method, getter, js_name = clientHeight)]
    pub(crate) fn client_height(this: &Node) -> f64;
    #[wasm_bindgen(method, getter, js_name = scrollHeight)]
    pub(crate) fn scroll_height(this: &Node) -> f64;
    #[wasm_bindgen(method, getter, js_name = scrollTop)]
    pub(crate) fn scroll_top(this: &Node) -> f64;
    #[wasm_bindgen(method, setter, js_name = scrollTop)]
    pub(crate) fn set_scroll_top(this: &Node, px: f64);

    pub(crate) type Style;
    #[wasm_bindgen(method, js_name = setProperty)]
    pub(crate) fn set(this: &Style, name: &str, value: &str);

    /// What a callback is called with: an event, or nothing that is looked at.
    pub(crate) type Event;
    #[wasm_bindgen(constructor, js_class = CustomEvent)]
    pub(crate) fn custom(name: &str, options: &JsValue) -> Event;
    #[wasm_bindgen(method, getter)]
    pub(crate) fn target(this: &Event) -> Node;
    #[wasm_bindgen(method, js_name = preventDefault)]
    pub(crate) fn prevent_default(this: &Event);
    #[wasm_bindgen(method, js_name = composedPath)]
    pub(crate) fn path(this: &Event) -> Array;
    #[wasm_bindgen(method, getter)]
    pub(crate) fn key(this: &Event) -> String;
    #[wasm_bindgen(method, getter, js_name = ctrlKey)]
    pub(crate) fn ctrl(this: &Event) -> bool;
    #[wasm_bindgen(method, getter, js_name = altKey)]
    pub(crate) fn alt(this: &Event) -> bool;
    #[wasm_bindgen(method, getter, js_name = metaKey)]
    pub(crate) fn meta(this: &Event) -> bool;
    /// Of a socket's close.
    #[wasm_bindgen(method, getter)]
    pub(crate) fn code(this: &Event) -> u16;
    /// Of a socket's message.
    #[wasm_bindgen(method, getter)]
    pub(crate) fn data(this: &Event) -> JsValue;

    pub(crate) type WebSocket;
    #[wasm_bindgen(method, setter, js_name = binaryType)]
    pub(crate) fn set_binary_type(this: &WebSocket, kind: &str);
    #[wasm_bindgen(method, setter, js_name = onopen)]
    pub(crate) fn on_open(this: &WebSocket, run: Option<&JsValue>);
    #[wasm_bindgen(method, setter, js_name = onclose)]
    pub(crate) fn on_close(this: &WebSocket, run: Option<&JsValue>);
    #[wasm_bindgen(method, setter, js_name = onmessage)]
    pub(crate) fn on_message(this: &WebSocket, run: Option<&JsValue>);
    #[wasm_bindgen(method, getter, js_name = readyState)]
    pub(crate) fn ready_state(this: &WebSocket) -> u16;
    #[wasm_bindgen(method, catch)]
    pub(crate) fn send(this: &WebSocket, bytes: &[u8]) -> Result<(), JsValue>;
    #[wasm_bindgen(method)]
    pub(crate) fn close(this: &WebSocket);

    pub(crate) type ResizeObserver;
    #[wasm_bindgen(constructor)]
    pub(crate) fn new(run: &JsValue) -> ResizeObserver;
    #[wasm_bindgen(method)]
    pub(crate) fn observe(this: &ResizeObserver, element: &Node);
    #[wasm_bindgen(method)]
    pub(crate) fn disconnect(this: &ResizeObserver);

    /// A canvas, and its 2d context: text is measured with it.
    pub(crate) type Canvas;
    #[wasm_bindgen(method, js_name = getContext)]
    pub(crate) fn context(this: &Canvas, kind: &str) -> Option<Canvas>;
    #[wasm_bindgen(method, setter)]
    pub(crate) fn set_font(this: &Canvas, font: &str);
    #[wasm_bindgen(method, js_name = measureText)]
    pub(crate) fn measure(this: &Canvas, text: &str) -> Measure;
    pub(crate) type Measure;
    #[wasm_bindgen(method, getter)]
    pub(crate) fn width(this: &Measure) -> f64;

    pub(crate) type Storage;
    #[wasm_bindgen(method, catch, js_name = getItem)]
    pub(crate) fn get(this: &Storage, key: &str) -> Result<Option<String>, JsValue>;
    #[wasm_bindgen(method, catch, js_name = setItem)]
    pub(crate) fn set(this: &Storage, key: &str, value: &str) -> Result<(), JsValue>;

    #[wasm_bindgen(catch, js_namespace = location, js_name = assign)]
    pub(crate) fn go_to(url: &str) -> Result<(), JsValue>;

    pub(crate) type Sheet;
    #[wasm_bindgen(constructor, catch, js_class = CSSStyleSheet)]
    pub(crate) fn new() -> Result<Sheet, JsValue>;
    #[wasm_bindgen(method, js_name = replaceSync)]
    pub(crate) fn replace(this: &Sheet, css: &str);

    /// `Intl.NumberFormat`.
    pub(crate) type NumberFormat;
    #[wasm_bindgen(constructor, js_namespace = Intl)]
    pub(crate) fn new(lang: &str, options: &JsValue) -> NumberFormat;
    #[wasm_bindgen(method, js_name = resolvedOptions)]
    pub(crate) fn resolved(this: &NumberFormat) -> JsValue;
    #[wasm_bindgen(method)]
    pub(crate) fn format(this: &NumberFormat, value: f64) -> String;

    /// A `Date`.
    pub(crate) type Moment;
    #[wasm_bindgen(constructor, js_class = Date)]
    pub(crate) fn new(ms: f64) -> Moment;
    #[wasm_bindgen(method, js_name = toLocaleTimeString)]
    pub(crate) fn time(this: &Moment, lang: &str) -> String;
    #[wasm_bindgen(method, js_name = toLocaleString)]
    pub(crate) fn written(this: &Moment, lang: &str, options: &JsValue) -> String;

    #[wasm_bindgen(catch, js_namespace = Reflect, js_name = get)]
    pub(crate) fn get(object: &JsValue, name: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch, js_namespace = Reflect, js_name = set)]
    pub(crate) fn set(object: &JsValue, name: &str, value: &JsValue) -> Result<bool, JsValue>;
    pub(crate) type Object;
    #[wasm_bindgen(constructor)]
    pub(crate) fn new() -> Object;

    pub(crate) type Array;
    #[wasm_bindgen(constructor)]
    pub(crate) fn new() -> Array;
    #[wasm_bindgen(method, getter)]
    pub(crate) fn length(this: &Array) -> u32;
    #[wasm_bindgen(method)]
    pub(crate) fn at(this: &Array, index: u32) -> JsValue;
    #[wasm_bindgen(method)]
    pub(crate) fn push(this: &Array, item: &JsValue);

    /// A `Uint8Array`.
    pub(crate) type Bytes;
    #[wasm_bindgen(constructor, js_class = Uint8Array)]
    pub(crate) fn new(buffer: &JsValue) -> Bytes;
    #[wasm_bindgen(method)]
    pub(crate) fn slice(this: &Bytes) -> Vec<u8>;
}

/// The page's document.
pub(crate) fn document() -> Node {
    DOCUMENT.with(Clone::clone)
}

/// The page's window.
pub(crate) fn window() -> Node {
    WINDOW.with(Clone::clone)
}
