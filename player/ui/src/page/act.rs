//! What is kept to be called later. Traits of one method in place of `Fn` and `FnMut`: behind those every closure is compiled
//! twice, to be called and to be called for the last time. Calls nothing by itself.

use super::browser::{Event, Node};

/// Something that runs, as often as it is due.
pub(crate) trait Run {
    /// Runs.
    fn run(&mut self);
}

impl<F: FnMut()> Run for F {
    fn run(&mut self) {
        self();
    }
}

/// Something that the browser calls.
pub(crate) trait Hear {
    /// Hears an event.
    fn hear(&mut self, event: Event);
}

impl<F: FnMut(Event)> Hear for F {
    fn hear(&mut self, event: Event) {
        self(event);
    }
}

/// Something that makes a value, anew each time.
pub(crate) trait Make<T> {
    /// The value as it is now.
    fn make(&self) -> T;
}

impl<T, F: Fn() -> T> Make<T> for F {
    fn make(&self) -> T {
        self()
    }
}

/// Something that builds nodes.
pub(crate) trait Build {
    /// Puts them at the end of `parent`.
    fn build(&self, parent: &Node);
}

impl<F: Fn(&Node)> Build for F {
    fn build(&self, parent: &Node) {
        self(parent);
    }
}
