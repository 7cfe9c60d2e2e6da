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
    #[wasm_bindgen(method, getter)]
    pub(crate) fn style(this: &Node) -> Style;

    pub(crate) type Style;
    #[wasm_bindgen(method, js_name = setProperty)]
    pub(crate) fn set(this: &Style, name: &str, value: &str);

    /// What a callback is called with: an event, or nothing that is looked at.
    pub(crate) type Event;
    #[wasm_bindgen(constructor, js_class = CustomEvent)]
    pub(crate) fn custom(name: &str, options: &JsValue) -> Event;

    pub(crate) type WebSocket;
    #[wasm_bindgen(method, catch)]
    pub(crate) fn send(this: &WebSocket, bytes: &[u8]) -> Result<(), JsValue>;

    pub(crate) type ResizeObserver;
    #[wasm_bindgen(constructor)]
    pub(crate) fn new(run: &JsValue) -> ResizeObserver;
    #[wasm_bindgen(method)]
    pub(crate) fn observe(this: &ResizeObserver, element: &Node);

    /// A canvas, and its 2d context: text is measured with it.
    pub(crate) type Canvas;
    #[wasm_bindgen(method, js_name = getContext)]
    pub(crate) fn context(this: &Canvas, kind: &str) -> Option<Canvas>;
    #[wasm_bindgen(method, js_name = measureText)]
    pub(crate) fn measure(this: &Canvas, text: &str) -> JsValue;

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
    fn get_field(object: &JsValue, name: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch, js_namespace = Reflect, js_name = set)]
    fn set_field(object: &JsValue, name: &str, value: &JsValue) -> Result<bool, JsValue>;
    #[wasm_bindgen(catch, js_namespace = Reflect, js_name = apply)]
    fn apply(method: &JsValue, object: &JsValue, arguments: &Array) -> Result<JsValue, JsValue>;
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

/// A field of an object; undefined when there is none, or none that may be read. Fields and plain methods are asked for by
/// their names: each function of its own would stand in the module, in its imports and in its script.
pub(crate) fn field(object: &JsValue, name: &str) -> JsValue {
    get_field(object, name).unwrap_or(JsValue::UNDEFINED)
}

/// A field that is a text; empty when it is none.
pub(crate) fn text(object: &JsValue, name: &str) -> String {
    field(object, name).as_string().unwrap_or_default()
}

/// A field that is a number; 0 when it is none.
pub(crate) fn number(object: &JsValue, name: &str) -> f64 {
    field(object, name).as_f64().unwrap_or_default()
}

/// Whether a field is there and neither false, 0 nor empty.
pub(crate) fn flag(object: &JsValue, name: &str) -> bool {
    field(object, name).is_truthy()
}

/// A field that is an object; `None` when it is none.
pub(crate) fn part<T: JsCast>(object: &JsValue, name: &str) -> Option<T> {
    let part = field(object, name);
    part.is_object().then(|| part.unchecked_into())
}

/// Sets a field; one that cannot be set stays as it is.
pub(crate) fn set(object: &JsValue, name: &str, value: &JsValue) {
    let _ = set_field(object, name, value);
}

/// Calls a method that takes nothing.
pub(crate) fn call(object: &JsValue, name: &str) -> Result<JsValue, JsValue> {
    apply(&field(object, name), object, &Array::new())
}

/// Gives an element the keys, if it takes them.
pub(crate) fn focus(element: &Node) {
    // Every element has it.
    let _ = call(element, "focus");
}

impl Node {
    pub(crate) fn next(&self) -> Option<Self> {
        part(self, "nextSibling")
    }

    pub(crate) fn first_element(&self) -> Option<Self> {
        part(self, "firstElementChild")
    }

    pub(crate) fn next_element(&self) -> Option<Self> {
        part(self, "nextElementSibling")
    }

    /// As a text node, never as markup.
    pub(crate) fn set_text(&self, text: &str) {
        set(self, "textContent", &text.into());
    }
}

impl Event {
    /// What it happened to.
    pub(crate) fn target(&self) -> Node {
        field(self, "target").unchecked_into()
    }

    pub(crate) fn prevent_default(&self) {
        // Every event has it.
        let _ = call(self, "preventDefault");
    }
}

/// The page's document.
pub(crate) fn document() -> Node {
    DOCUMENT.with(Clone::clone)
}

/// The page's window.
pub(crate) fn window() -> Node {
    WINDOW.with(Clone::clone)
}
