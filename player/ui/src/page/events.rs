//! Browser callbacks that undo themselves when dropped: listeners, timers, frames. Nothing here decides.

use super::act::{Hear, Run};
use super::browser::{self, Event, Node};
use super::signals;
use std::cell::Cell;
use wasm_bindgen::prelude::*;

/// Something for the browser to call: of one type, so that it is compiled once.
pub(crate) struct Callback(Closure<dyn FnMut(Event)>);

impl Callback {
    /// Calls `act` until it is dropped.
    pub(crate) fn new(act: impl FnMut(Event) + 'static) -> Self {
        Self::boxed(Box::new(act))
    }

    fn boxed(mut act: Box<dyn Hear>) -> Self {
        Self(Closure::new(move |event| act.hear(event)))
    }

    /// Of what no event is told to.
    fn running(mut act: Box<dyn Run>) -> Self {
        Self::new(move |_| act.run())
    }

    /// As the browser takes it.
    pub(crate) fn function(&self) -> &JsValue {
        self.0.as_ref()
    }
}

/// A listener, gone when dropped.
pub(crate) struct Listener {
    target: Node,
    name: &'static str,
    callback: Callback,
}

impl Listener {
    /// Calls `act` at every event `name` of `target`.
    pub(crate) fn new(target: &Node, name: &'static str, act: impl FnMut(Event) + 'static) -> Self {
        Self::boxed(target, name, Box::new(act))
    }

    /// As [`Listener::new`].
    pub(crate) fn boxed(target: &Node, name: &'static str, act: Box<dyn Hear>) -> Self {
        let callback = Callback::boxed(act);
        target.listen(name, callback.function());
        Self { target: target.clone(), name, callback }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.target.unlisten(self.name, self.callback.function());
    }
}

/// A callback after a time, or at each interval, gone when dropped.
pub(crate) struct Timer {
    id: i32,
    _callback: Callback,
}

impl Timer {
    /// Once, after `ms`.
    pub(crate) fn after(ms: i32, act: impl FnMut() + 'static) -> Self {
        Self::boxed(ms, false, Box::new(act))
    }

    /// Each `ms`.
    pub(crate) fn each(ms: i32, act: impl FnMut() + 'static) -> Self {
        Self::boxed(ms, true, Box::new(act))
    }

    fn boxed(ms: i32, again: bool, act: Box<dyn Run>) -> Self {
        let callback = Callback::running(act);
        let set = if again { browser::set_interval } else { browser::set_timeout };
        Self { id: set(callback.function(), ms), _callback: callback }
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        browser::clear_timeout(self.id);
    }
}

/// Something to do before the next painted frame, when asked for; a page that is not shown paints none. Gone when dropped.
pub(crate) struct Frame {
    id: Cell<i32>,
    callback: Callback,
}

impl Frame {
    /// `act`, not asked for yet.
    pub(crate) fn new(act: impl FnMut() + 'static) -> Self {
        Self { id: Cell::new(0), callback: Callback::running(Box::new(act)) }
    }

    /// Asks for it, once however often.
    pub(crate) fn ask(&self) {
        browser::cancel_frame(self.id.get());
        self.id.set(browser::request_frame(self.callback.function()));
    }
}

impl Drop for Frame {
    fn drop(&mut self) {
        browser::cancel_frame(self.id.get());
    }
}

thread_local! {
    static SETTLE: Callback = Callback::new(|_| signals::settle());
}

/// What has changed is shown at the end of the browser's turn.
pub(crate) fn settle_each_turn() {
    signals::begin(|| SETTLE.with(|settle| browser::queue_microtask(settle.function())));
}
