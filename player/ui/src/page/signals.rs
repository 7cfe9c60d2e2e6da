//! Signals: values that know who read them. A new type of value adds its own comparison and little else to the code; what happens
//! when one changes is the graph's business.

use super::graph::{Emptied, Head, adopt, changed, read, spare};
pub(crate) use super::graph::{Part, Topic, begin, follow, keep, settle, untrack};
use std::any::{Any, TypeId};
use std::cell::{Ref, RefCell};

/// A place of a value. Places are used again and never given back: a page has as many as it once needed at the same time.
struct Slot<T> {
    head: Head,
    value: RefCell<Option<T>>,
}

impl<T: 'static> Emptied for Slot<T> {
    fn head(&self) -> &Head {
        &self.head
    }

    fn empty(&self) {
        // Dropped when it is no longer borrowed.
        drop(self.value.take());
    }
}

/// A value that is followed. A copy is the same value; it lives as long as the part of the page it was made in.
pub(crate) struct Signal<T: 'static> {
    slot: &'static Slot<T>,
    born: u32,
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
        let spare = spare(TypeId::of::<Slot<T>>()).and_then(<dyn Any>::downcast_ref);
        let slot: &'static Slot<T> = spare.unwrap_or_else(|| {
            Box::leak(Box::new(Slot { head: Head::default(), value: RefCell::new(None) }))
        });
        slot.value.replace(Some(value));
        Self { slot, born: adopt(slot) }
    }

    fn there(self) -> bool {
        self.slot.head.born.get() == self.born
    }

    fn value(self) -> Ref<'static, T> {
        let value =
            if self.there() { Ref::filter_map(self.slot.value.borrow(), Option::as_ref).ok() } else { None };
        value.expect("who looks does not outlive what is looked at")
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
        if self.there() {
            if let Some(value) = &mut *self.slot.value.borrow_mut() {
                act(value);
            }
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
        if self.there() {
            // What was there is dropped when it is no longer borrowed.
            drop(self.slot.value.replace(Some(value)));
        }
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
        if self.there() && *self.value() != value {
            self.set(value);
        }
    }

    /// What `make` makes of other signals. Its readers run again only when it comes out differently.
    pub(crate) fn of(make: impl Fn() -> T + 'static) -> Self {
        // Boxed, or its code would stand here twice.
        let make: Box<dyn Fn() -> T> = Box::new(make);
        let made = Self::new(untrack(&make));
        follow(move || made.show(make()));
        made
    }
}

#[cfg(test)]
#[path = "signals_tests.rs"]
mod tests;
