//! A small element builder on Leptos' signals: what is a closure is followed, everything else is set once. Not the view layer
//! of Leptos, whose generated code made this module twice as large (see player/budget.toml). Everything a node holds lives
//! and dies with the reactive owner it was built under. Text goes in as text nodes: there is no way to markup here.

use super::events::Listener;
use leptos::prelude::{Owner, RenderEffect, StoredValue, untrack};
use std::borrow::Cow;
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Document, Element, Event, HtmlElement, Node, window};

/// An element being built, or built.
#[derive(Clone)]
pub(crate) struct El(Element);

/// Nodes side by side.
#[derive(Default)]
pub(crate) struct Nodes(Vec<Node>);

fn document() -> Document {
    // This module runs in a page: there is no other way to have been loaded.
    window().and_then(|window| window.document()).expect("a page has a document")
}

/// An element of HTML.
pub(crate) fn el(tag: &str) -> El {
    El(document().create_element(tag).expect("a fixed tag name is valid"))
}

/// An element of SVG.
pub(crate) fn svg(tag: &str) -> El {
    El(document()
        .create_element_ns(Some("http://www.w3.org/2000/svg"), tag)
        .expect("a fixed tag name is valid"))
}

/// Keeps something as long as the part of the page that is being built.
fn keep<T: 'static>(thing: T) {
    StoredValue::new_local(thing);
}

/// Runs now, and again whenever a signal that it read changes. Boxed, so that the effect is compiled once.
fn follow(mut run: Box<dyn FnMut()>) {
    keep(RenderEffect::new(move |_: Option<()>| run()));
}

/// A text that stands, or is followed.
pub(crate) trait IntoText {
    /// Calls `set` now, and again whenever the text changes.
    fn each_time(self, set: Box<dyn Fn(&str)>);
}

impl IntoText for &'static str {
    fn each_time(self, set: Box<dyn Fn(&str)>) {
        set(self);
    }
}

impl IntoText for String {
    fn each_time(self, set: Box<dyn Fn(&str)>) {
        set(&self);
    }
}

impl<F, T> IntoText for F
where
    F: Fn() -> T + 'static,
    T: Into<Cow<'static, str>>,
{
    fn each_time(self, set: Box<dyn Fn(&str)>) {
        follow(Box::new(move || set(&self().into())));
    }
}

/// A property that stands, or is followed.
pub(crate) trait IntoProp {
    /// As [`IntoText::each_time`].
    fn each_time(self, set: Box<dyn Fn(&JsValue)>);
}

impl IntoProp for bool {
    fn each_time(self, set: Box<dyn Fn(&JsValue)>) {
        set(&self.into());
    }
}

impl<F, T> IntoProp for F
where
    F: Fn() -> T + 'static,
    T: Into<JsValue>,
{
    fn each_time(self, set: Box<dyn Fn(&JsValue)>) {
        follow(Box::new(move || set(&self().into())));
    }
}

impl El {
    /// The element itself.
    pub(crate) fn node(&self) -> HtmlElement {
        self.0.clone().unchecked_into()
    }

    /// The class attribute.
    pub(crate) fn class(self, value: impl IntoText) -> Self {
        self.attr("class", value)
    }

    /// An attribute. No `style`, no `on…`: a strict CSP forbids both.
    pub(crate) fn attr(self, name: &'static str, value: impl IntoText) -> Self {
        let element = self.0.clone();
        value.each_time(Box::new(move |value| {
            // A fixed attribute name is valid.
            let _ = element.set_attribute(name, value);
        }));
        self
    }

    /// A property.
    pub(crate) fn prop(self, name: &'static str, value: impl IntoProp) -> Self {
        let element = self.0.clone();
        value.each_time(Box::new(move |value| {
            // Only settable properties are asked for.
            let _ = js_sys::Reflect::set(&element, &name.into(), value);
        }));
        self
    }

    /// One property of the inline style, through the CSSOM.
    pub(crate) fn style(self, name: &'static str, value: &str) -> Self {
        // Fixed properties with valid values.
        let _ = self.node().style().set_property(name, value);
        self
    }

    /// A listener.
    pub(crate) fn on(self, name: &'static str, act: impl FnMut(Event) + 'static) -> Self {
        keep(Listener::new(&self.0, name, act));
        self
    }

    /// Children, after those that are there.
    pub(crate) fn child(self, child: impl Child) -> Self {
        for node in child.nodes().0 {
            // An element takes any node that does not contain it.
            let _ = self.0.append_child(&node);
        }
        self
    }

    /// As nodes.
    pub(crate) fn any(self) -> Nodes {
        Nodes(vec![self.0.into()])
    }
}

impl Nodes {
    /// Puts all of them at the end of `parent`.
    pub(crate) fn append_to(&self, parent: &Node) {
        for node in &self.0 {
            // As in `child`.
            let _ = parent.append_child(node);
        }
    }

    /// Takes them out of the page again.
    pub(crate) fn remove(&self) {
        for node in &self.0 {
            if let Some(parent) = node.parent_node() {
                let _ = parent.remove_child(node);
            }
        }
    }
}

/// What can stand inside an element.
pub(crate) trait Child {
    /// Its nodes.
    fn nodes(self) -> Nodes;
}

impl Child for El {
    fn nodes(self) -> Nodes {
        self.any()
    }
}

impl Child for Nodes {
    fn nodes(self) -> Nodes {
        self
    }
}

impl Child for String {
    fn nodes(self) -> Nodes {
        Nodes(vec![document().create_text_node(&self).into()])
    }
}

impl Child for &'static str {
    fn nodes(self) -> Nodes {
        self.to_owned().nodes()
    }
}

impl<C: Child> Child for Option<C> {
    fn nodes(self) -> Nodes {
        self.map(Child::nodes).unwrap_or_default()
    }
}

impl<C: Child> Child for Vec<C> {
    fn nodes(self) -> Nodes {
        Nodes(self.into_iter().flat_map(|child| child.nodes().0).collect())
    }
}

impl<F, C> Child for F
where
    F: Fn() -> C + 'static,
    C: Child,
{
    fn nodes(self) -> Nodes {
        followed(Box::new(move || self().nodes()))
    }
}

macro_rules! tuple {
    ($($name:ident)+) => {
        impl<$($name: Child),+> Child for ($($name,)+) {
            fn nodes(self) -> Nodes {
                #[expect(non_snake_case, reason = "named after their types")]
                let ($($name,)+) = self;
                let mut all = Vec::new();
                $(all.append(&mut $name.nodes().0);)+
                Nodes(all)
            }
        }
    };
}

tuple!(A B);
tuple!(A B C);
tuple!(A B C D);
tuple!(A B C D E);
tuple!(A B C D E F);
tuple!(A B C D E F G);
tuple!(A B C D E F G H);

/// A place whose nodes are built anew whenever what they were built from changes. Two empty texts mark it, so that places
/// within places find what is theirs.
fn followed(build: Box<dyn Fn() -> Nodes>) -> Nodes {
    let (start, end) = (mark(), mark());
    let first = Rc::new(RefCell::new(Vec::new()));
    let (from, to, out) = (start.clone(), end.clone(), first.clone());
    follow(Box::new(move || {
        let fresh = build();
        if let Some(parent) = to.parent_node() {
            clear(&parent, &from, &to);
            for node in &fresh.0 {
                let _ = parent.insert_before(node, Some(&to));
            }
        } else {
            // The first run: the place itself is still being built.
            out.replace(fresh.0);
        }
    }));
    let mut nodes = vec![start];
    nodes.append(&mut first.borrow_mut());
    nodes.push(end);
    Nodes(nodes)
}

fn mark() -> Node {
    document().create_text_node("").into()
}

fn clear(parent: &Node, from: &Node, to: &Node) {
    while let Some(next) = from.next_sibling()
        && !next.is_same_node(Some(to))
    {
        let _ = parent.remove_child(&next);
    }
}

/// A row of a list: its key, and how to build it when it is new.
pub(crate) type Row = (String, Box<dyn FnOnce() -> El>);

/// A list whose rows keep their nodes as long as their keys stay.
pub(crate) fn each(parent: El, rows: impl Fn() -> Vec<Row> + 'static) -> El {
    let place = parent.0.clone();
    let owner = Owner::current().unwrap_or_default();
    let mut shown: Vec<(String, Owner, Element)> = Vec::new();
    follow(Box::new(move || {
        let rows = rows();
        let mut old = std::mem::take(&mut shown);
        old.retain(|(key, owner, element)| {
            let stays = rows.iter().any(|(other, _)| other == key);
            if !stays {
                element.remove();
                owner.cleanup();
            }
            stays
        });
        let mut at = place.first_element_child();
        for (key, build) in rows {
            let known = old.iter().position(|(other, _, _)| *other == key).map(|n| old.remove(n));
            let (owner, element) = known.map_or_else(
                || {
                    let owner = owner.with(Owner::new);
                    let element = owner.with(|| untrack(build)).0;
                    (owner, element)
                },
                |(_, owner, element)| (owner, element),
            );
            if at.as_ref().is_some_and(|at| *at == element) {
                at = element.next_element_sibling();
            } else {
                let _ = place.insert_before(&element, at.as_deref());
            }
            shown.push((key, owner, element));
        }
    }));
    parent
}

/// The tags that are used, by name.
macro_rules! tags {
    ($($name:ident)+) => {
        $(
            /// A new one of these.
            pub(crate) fn $name() -> El {
                el(stringify!($name))
            }
        )+
    };
}

tags!(a aside button dd div dl dt form h2 img input label li p s section span ul);
