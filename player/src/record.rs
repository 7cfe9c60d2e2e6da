//! Plain JavaScript objects for events, stats and fetch options.

use js_sys::{Object, Reflect};
use wasm_bindgen::JsValue;

/// A JavaScript object under construction.
pub(crate) struct Record(Object);

impl Record {
    /// `{}`
    pub(crate) fn new() -> Self {
        Self(Object::new())
    }

    /// With one more property.
    pub(crate) fn with(self, name: &str, value: impl Into<JsValue>) -> Self {
        // Setting a property of a plain object of our own cannot fail.
        let _ = Reflect::set(&self.0, &name.into(), &value.into());
        self
    }

    /// With a property that is `null` when absent.
    pub(crate) fn with_or_null(self, name: &str, value: Option<impl Into<JsValue>>) -> Self {
        self.with(name, value.map_or(JsValue::NULL, Into::into))
    }

    /// The object.
    pub(crate) fn done(self) -> Object {
        self.0
    }
}

/// A property of something that may not have it.
pub(crate) fn property(of: &JsValue, name: &str) -> Option<JsValue> {
    Reflect::get(of, &name.into()).ok().filter(|value| !value.is_undefined() && !value.is_null())
}
