//! Signals: values that know who read them. A new type of value adds its own comparison and little else to the code; what happens
//! when one changes is the graph's business.

use super::act::Make;
pub(crate) use super::graph::{Part, Topic, begin, follow, keep, settle, untrack};
use super::graph::{Slot, changed, read};
use std::cell::Ref;
use std::marker::PhantomData;

/// A value that is followed. A copy is the same value; it lives as long as the part of the page it was made in.
pub(crate) struct Signal<T: 'static> {
    slot: &'static Slot,
    born: u32,
    kind: PhantomData<T>,
}

impl<T> Clone for Signal<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Signal<T> {}

impl<T: Default> Default for Signal<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T> Signal<T> {
    /// A value in the part that is being built.
    pub(crate) fn new(value: T) -> Self {
        let (slot, born) = Slot::of(Box::new(value));
        Self { slot, born, kind: PhantomData }
    }

    fn value(self) -> Ref<'static, T> {
        let value = self.slot.look(self.born);
        Ref::map(value, |value| value.downcast_ref().expect("a place keeps its type as long as its number"))
    }

    /// Looks at it; the reader runs again when it changes.
    pub(crate) fn with<R>(self, act: impl FnOnce(&T) -> R) -> R {
        self.track();
        act(&self.value())
    }

    /// Looks at it without becoming a reader.
    pub(crate) fn peek<R>(self, act: impl FnOnce(&T) -> R) -> R {
        act(&self.value())
    }

    /// Reads it without looking.
    pub(crate) fn track(self) {
        read(&self.slot.head);
    }

    /// Changes it; nothing happens when its part of the page is gone.
    pub(crate) fn update(self, act: impl FnOnce(&mut T)) {
        if let Some(mut value) = self.slot.change(self.born) {
            if let Some(value) = value.downcast_mut() {
                act(value);
            }
            drop(value);
            changed(&self.slot.head);
        }
    }

    /// Puts another value in its place; nothing happens when its part of the page is gone.
    pub(crate) fn set(self, value: T) {
        self.put(value);
        changed(&self.slot.head);
    }

    /// As [`Signal::set`], of which no reader hears.
    pub(crate) fn put(self, value: T) {
        self.slot.put(self.born, Box::new(value));
    }
}

impl<T: Clone> Signal<T> {
    /// A copy of it, read.
    pub(crate) fn get(self) -> T {
        self.track();
        self.copy()
    }

    /// A copy of it, not read.
    pub(crate) fn copy(self) -> T {
        self.value().clone()
    }
}

impl<T: PartialEq> Signal<T> {
    /// As [`Signal::set`], but of an equal value no reader hears, so that nothing is painted for nothing.
    pub(crate) fn show(self, value: T) {
        if self.slot.holds(self.born) && *self.value() != value {
            self.set(value);
        }
    }

    /// What `make` makes of other signals. Its readers run again only when it comes out differently.
    pub(crate) fn of(make: impl Fn() -> T + 'static) -> Self {
        // Boxed, or its code would stand here twice.
        let make: Box<dyn Make<T>> = Box::new(make);
        let made = Self::new(untrack(|| make.make()));
        follow(move || made.show(make.make()));
        made
    }
}

#[cfg(test)]
#[path = "signals_tests.rs"]
mod tests;
