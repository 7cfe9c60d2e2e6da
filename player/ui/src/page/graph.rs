//! The graph behind the signals: what runs when something has changed, and what goes with which part of the page. One thread, one
//! compiled copy of it: of what type a value is, only who made it knows. Knows no browser and no element.
//!
//! What runs owns what it made: that is taken away before the next run, and with its owner. Runs come in the order in which they
//! were made, hence a value that is worked out from others is up to date before anything made after it looks.

use super::act::Run;
use std::any::Any;
use std::cell::{Cell, Ref, RefCell, RefMut};

/// Runs of one [`settle`]: a page of 200 products makes about 2,000; more is a circle, which ends here so that the page lives.
pub(crate) const RUNS_MAX: usize = 20_000;

/// What runs, or owns: its number since the page began, which is also its age, and its place.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Id {
    born: u32,
    at: u32,
}

/// Anything that is kept until its part of the page goes.
trait Thing {}

impl<T> Thing for T {}

enum Owned {
    Node(Id),
    Value(&'static Slot),
    Thing(Box<dyn Thing>),
}

#[derive(Default)]
struct Node {
    born: u32,
    owner: Option<Id>,
    owned: Vec<Owned>,
    /// Taken out while it runs.
    run: Option<Box<dyn Run>>,
    reads: Vec<&'static Head>,
}

struct Graph {
    nodes: Vec<Option<Node>>,
    free: Vec<u32>,
    /// Places of values that are gone, for the next ones.
    spare: Vec<&'static Slot>,
    born: u32,
    /// Whose things are that are made now.
    owner: Option<Id>,
    /// Who reads now.
    reader: Option<Id>,
    due: Vec<Id>,
    /// Asks the browser for a [`settle`] soon.
    ask: fn(),
}

thread_local! {
    /// Of the page, like the page itself.
    static GRAPH: &'static RefCell<Graph> = Box::leak(Box::default());
}

fn nobody() {}

impl Default for Graph {
    fn default() -> Self {
        Self {
            nodes: Vec::new(),
            free: Vec::new(),
            spare: Vec::new(),
            born: 0,
            owner: None,
            reader: None,
            due: Vec::new(),
            ask: nobody,
        }
    }
}

/// Let go of before anything foreign is called or dropped: that may come back here.
fn graph() -> RefMut<'static, Graph> {
    GRAPH.with(|graph| *graph).borrow_mut()
}

impl Graph {
    fn node(&mut self, id: Id) -> Option<&mut Node> {
        self.nodes.get_mut(id.at as usize)?.as_mut().filter(|node| node.born == id.born)
    }

    fn own(&mut self, thing: Owned) {
        if let Some(owner) = self.owner.and_then(|owner| self.node(owner)) {
            owner.owned.push(thing);
        }
    }

    fn add(&mut self, run: Option<Box<dyn Run>>) -> Id {
        self.born += 1;
        let node = Node { born: self.born, owner: self.owner, run, ..Node::default() };
        let at = self.free.pop().unwrap_or_else(|| {
            self.nodes.push(None);
            self.nodes.len() as u32 - 1
        });
        if let Some(place) = self.nodes.get_mut(at as usize) {
            *place = Some(node);
        }
        let id = Id { born: self.born, at };
        self.own(Owned::Node(id));
        id
    }

    /// `id` has read nothing and owns nothing. What it owned is dropped by the caller, when the graph is free again.
    fn clear(&mut self, id: Id, gone: &mut Vec<Owned>) {
        let Some(node) = self.node(id) else { return };
        let (reads, owned) = (std::mem::take(&mut node.reads), std::mem::take(&mut node.owned));
        for read in reads {
            read.readers.borrow_mut().retain(|reader| *reader != id);
        }
        for thing in owned {
            match thing {
                Owned::Node(id) => self.remove(id, gone),
                Owned::Value(value) => {
                    value.born.set(0);
                    self.spare.push(value);
                    gone.push(thing);
                }
                Owned::Thing(_) => gone.push(thing),
            }
        }
    }

    fn remove(&mut self, id: Id, gone: &mut Vec<Owned>) {
        self.clear(id, gone);
        if self.node(id).is_some() {
            let node = self.nodes.get_mut(id.at as usize).and_then(Option::take);
            gone.extend(node.and_then(|node| node.run).map(|run| Owned::Thing(Box::new(run))));
            self.free.push(id.at);
        }
    }

    /// The eldest that is due.
    fn next(&mut self) -> Option<Id> {
        let eldest = self.due.iter().copied().min()?;
        self.due.retain(|due| *due != eldest);
        Some(eldest)
    }

    fn swap(&mut self, owner: Option<Id>, reader: Option<Id>) -> (Option<Id>, Option<Id>) {
        (std::mem::replace(&mut self.owner, owner), std::mem::replace(&mut self.reader, reader))
    }
}

fn drop_all(gone: Vec<Owned>) {
    for thing in gone {
        match thing {
            // Dropped when it is no longer borrowed.
            Owned::Value(slot) => drop(slot.value.take()),
            Owned::Thing(thing) => drop(thing),
            Owned::Node(_) => {}
        }
    }
}

fn add(run: Option<Box<dyn Run>>) -> Id {
    graph().add(run)
}

fn run(id: Id) {
    let mut gone = Vec::new();
    let mut graph_now = graph();
    let Some(mut act) = graph_now.node(id).and_then(|node| node.run.take()) else { return };
    graph_now.clear(id, &mut gone);
    let before = graph_now.swap(Some(id), Some(id));
    drop(graph_now);
    drop_all(gone);
    act.run();
    let mut act = Some(act);
    let mut graph_now = graph();
    graph_now.swap(before.0, before.1);
    if let Some(node) = graph_now.node(id) {
        node.run = act.take();
    }
    drop(graph_now);
    // It took itself away: what it holds goes when the graph is free.
    drop(act);
}

fn enter(owner: Option<Id>) -> (Option<Id>, Option<Id>) {
    let mut graph = graph();
    let owner = owner.or(graph.owner);
    graph.swap(owner, None)
}

fn leave(before: (Option<Id>, Option<Id>)) {
    graph().swap(before.0, before.1);
}

fn within<T>(owner: Option<Id>, act: impl FnOnce() -> T) -> T {
    let before = enter(owner);
    let result = act();
    leave(before);
    result
}

/// Who is asked for a [`settle`] when something has changed.
pub(crate) fn begin(ask: fn()) {
    graph().ask = ask;
}

/// Runs what read what has changed, the eldest first.
pub(crate) fn settle() {
    for _ in 0..RUNS_MAX {
        let Some(next) = graph().next() else { return };
        run(next);
    }
    graph().due.clear();
}

/// Runs now, and again whenever a signal that it read has changed.
#[inline(always)]
pub(crate) fn follow(act: impl FnMut() + 'static) {
    follow_boxed(Box::new(act));
}

fn follow_boxed(act: Box<dyn Run>) {
    run(add(Some(act)));
}

/// What `act` reads does not count as read.
pub(crate) fn untrack<T>(act: impl FnOnce() -> T) -> T {
    within(None, act)
}

/// Keeps something as long as the part of the page that is being built.
pub(crate) fn keep<T: 'static>(thing: T) {
    keep_boxed(Box::new(thing));
}

fn keep_boxed(thing: Box<dyn Thing>) {
    graph().own(Owned::Thing(thing));
}

/// A part of the page: what is made in it goes with it.
#[derive(Clone, Copy)]
pub(crate) struct Part(Id);

impl Part {
    /// A part of the part that is being built.
    pub(crate) fn new() -> Self {
        Self(add(None))
    }

    /// Builds in this part. Nothing that is read meanwhile builds it again.
    pub(crate) fn build<T>(self, act: impl FnOnce() -> T) -> T {
        within(Some(self.0), act)
    }

    /// Takes it away with everything in it.
    pub(crate) fn end(self) {
        let mut gone = Vec::new();
        let mut graph = graph();
        let owner = graph.node(self.0).and_then(|node| node.owner);
        if let Some(owner) = owner.and_then(|owner| graph.node(owner)) {
            owner.owned.retain(|owned| !matches!(owned, Owned::Node(id) if *id == self.0));
        }
        graph.remove(self.0, &mut gone);
        drop(graph);
        drop_all(gone);
    }
}

/// Who has read something that changes.
#[derive(Default)]
pub(crate) struct Head {
    readers: RefCell<Vec<Id>>,
}

/// Who runs now has read what this is the head of.
pub(crate) fn read(head: &'static Head) {
    let mut graph = graph();
    if let Some(reader) = graph.reader
        && let Some(node) = graph.node(reader)
        && !head.readers.borrow().contains(&reader)
    {
        node.reads.push(head);
        head.readers.borrow_mut().push(reader);
    }
}

/// Who read it is due.
pub(crate) fn changed(head: &Head) {
    let mut graph = graph();
    let before = graph.due.len();
    for reader in &*head.readers.borrow() {
        if !graph.due.contains(reader) {
            graph.due.push(*reader);
        }
    }
    let ask = (before == 0 && !graph.due.is_empty()).then_some(graph.ask);
    drop(graph);
    if let Some(ask) = ask {
        ask();
    }
}

/// Something that changes and is kept elsewhere: the room, the cart.
#[derive(Default)]
pub(crate) struct Topic(Head);

impl Topic {
    /// Who runs now runs again when it changes.
    pub(crate) fn track(&'static self) {
        read(&self.0);
    }

    /// It has changed.
    pub(crate) fn touch(&self) {
        changed(&self.0);
    }
}

/// A place of a value, whatever its type. Places are used again and never given back: a page has as many as it once needed at
/// the same time.
#[derive(Default)]
pub(crate) struct Slot {
    pub(crate) head: Head,
    /// The number of its value; 0 when that is gone.
    born: Cell<u32>,
    value: RefCell<Option<Box<dyn Any>>>,
}

impl Slot {
    /// A place for a value, in the part that is being built, and the number of the value.
    pub(crate) fn of(value: Box<dyn Any>) -> (&'static Self, u32) {
        let mut graph = graph();
        let slot = graph.spare.pop().unwrap_or_else(|| Box::leak(Box::default()));
        graph.born += 1;
        slot.born.set(graph.born);
        graph.own(Owned::Value(slot));
        let born = graph.born;
        drop(graph);
        // Nothing of before is there, unless it is still borrowed: then it is dropped here, and that is a fault.
        drop(slot.value.replace(Some(value)));
        (slot, born)
    }

    /// Whether the value of this number is still there.
    pub(crate) fn holds(&self, born: u32) -> bool {
        self.born.get() == born
    }

    /// The value of this number.
    pub(crate) fn look(&'static self, born: u32) -> Ref<'static, dyn Any> {
        let value = self.value.borrow();
        let value = Ref::filter_map(value, |value| value.as_deref().filter(|_| self.holds(born)));
        // Not `expect`, which would carry the text form of the error into the SDK.
        let Ok(value) = value else { panic!("who looks does not outlive what is looked at") };
        value
    }

    /// Puts another value in its place, if it is still there; no reader hears of it.
    pub(crate) fn put(&self, born: u32, value: Box<dyn Any>) {
        if self.holds(born) {
            // What was there is dropped when it is no longer borrowed.
            drop(self.value.replace(Some(value)));
        }
    }

    /// The value of this number, to be changed.
    pub(crate) fn change(&self, born: u32) -> Option<RefMut<'_, dyn Any>> {
        let value = self.value.borrow_mut();
        RefMut::filter_map(value, |value| value.as_deref_mut().filter(|_| self.holds(born))).ok()
    }
}

/// How many nodes there are places for.
#[cfg(test)]
pub(crate) fn places() -> usize {
    graph().nodes.len()
}
