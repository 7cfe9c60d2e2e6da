//! Browser callbacks that undo themselves when dropped: listeners, timers, frames. Nothing here decides.

use wasm_bindgen::prelude::*;
use web_sys::{Event, EventTarget, window};

/// A listener, gone when dropped.
pub(crate) struct Listener {
    target: EventTarget,
    name: &'static str,
    callback: Closure<dyn FnMut(Event)>,
}

impl Listener {
    /// Calls `callback` at every event `name` of `target`.
    pub(crate) fn new(
        target: &EventTarget,
        name: &'static str,
        callback: impl FnMut(Event) + 'static,
    ) -> Self {
        let (target, callback) = (target.clone(), Closure::<dyn FnMut(Event)>::new(callback));
        let function = callback.as_ref().unchecked_ref();
        // Adding a listener to a live target cannot fail.
        let _ = target.add_event_listener_with_callback(name, function);
        Self { target, name, callback }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let _ = self
            .target
            .remove_event_listener_with_callback(self.name, self.callback.as_ref().unchecked_ref());
    }
}

/// A callback after a time, or at each interval, gone when dropped.
pub(crate) struct Timer {
    id: i32,
    repeating: bool,
    _callback: Closure<dyn FnMut()>,
}

impl Timer {
    /// Once, after `ms`.
    pub(crate) fn after(ms: i32, callback: impl FnMut() + 'static) -> Self {
        let callback = Closure::<dyn FnMut()>::new(callback);
        let function = callback.as_ref().unchecked_ref();
        let id = window()
            .and_then(|w| w.set_timeout_with_callback_and_timeout_and_arguments_0(function, ms).ok())
            .unwrap_or_default();
        Self { id, repeating: false, _callback: callback }
    }

    /// Each `ms`.
    pub(crate) fn each(ms: i32, callback: impl FnMut() + 'static) -> Self {
        let callback = Closure::<dyn FnMut()>::new(callback);
        let function = callback.as_ref().unchecked_ref();
        let id = window()
            .and_then(|w| w.set_interval_with_callback_and_timeout_and_arguments_0(function, ms).ok())
            .unwrap_or_default();
        Self { id, repeating: true, _callback: callback }
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        if let Some(window) = window() {
            if self.repeating {
                window.clear_interval_with_handle(self.id);
            } else {
                window.clear_timeout_with_handle(self.id);
            }
        }
    }
}
