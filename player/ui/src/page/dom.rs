//! A small element builder on signals: what is a closure is followed, everything else is set once. Everything a node holds
//! lives and dies with the part of the page it was built in. Text goes in as text nodes: there is no way to markup here.
//!
//! Only boxing is compiled for each closure; what happens to it is compiled once (see www/docs/architecture.md for what that
//! saves).

use super::act::{Build, Hear, Make};
use super::browser::{self, Event, Node, document};
use super::events::Listener;
use super::signals::{Part, follow, keep};
use std::borrow::Cow;
use wasm_bindgen::JsValue;

/// An element being built, or built.
#[derive(Clone)]
pub(crate) struct El(Node);

/// An element of HTML.
pub(crate) fn el(tag: &str) -> El {
    El(document().create(tag))
}

/// An element of SVG.
pub(crate) fn svg(tag: &str) -> El {
    El(document().create_in("http://www.w3.org/2000/svg", tag))
}

/// A text that stands, or is followed.
pub(crate) trait IntoText {
    /// Keeps the attribute `name` of `element` equal to the text.
    fn into_attribute(self, element: &Node, name: &'static str);
}

impl IntoText for &'static str {
    fn into_attribute(self, element: &Node, name: &'static str) {
        element.set_attribute(name, self);
    }
}

impl IntoText for String {
    fn into_attribute(self, element: &Node, name: &'static str) {
        element.set_attribute(name, &self);
    }
}

impl<F, T> IntoText for F
where
    F: Fn() -> T + 'static,
    T: Into<Cow<'static, str>>,
{
    fn into_attribute(self, element: &Node, name: &'static str) {
        follow_attribute(element.clone(), name, Box::new(move || self().into()));
    }
}

fn follow_attribute(element: Node, name: &'static str, text: Box<dyn Make<Cow<'static, str>>>) {
    follow(move || element.set_attribute(name, &text.make()));
}

/// A property that stands, or is followed.
pub(crate) trait IntoProp {
    /// Keeps the property `name` of `element` equal to the value.
    fn into_property(self, element: &Node, name: &'static str);
}

impl IntoProp for bool {
    fn into_property(self, element: &Node, name: &'static str) {
        set_property(element, name, &self.into());
    }
}

impl<F, T> IntoProp for F
where
    F: Fn() -> T + 'static,
    T: Into<JsValue>,
{
    fn into_property(self, element: &Node, name: &'static str) {
        follow_property(element.clone(), name, Box::new(move || self().into()));
    }
}

fn set_property(element: &Node, name: &'static str, value: &JsValue) {
    browser::set(element, name, value);
}

fn follow_property(element: Node, name: &'static str, value: Box<dyn Make<JsValue>>) {
    follow(move || set_property(&element, name, &value.make()));
}

impl El {
    /// The element itself.
    pub(crate) fn node(&self) -> Node {
        self.0.clone()
    }

    /// The class attribute.
    pub(crate) fn class(self, value: impl IntoText) -> Self {
        self.attr("class", value)
    }

    /// An attribute. No `style`, no `on…`: a strict CSP forbids both.
    pub(crate) fn attr(self, name: &'static str, value: impl IntoText) -> Self {
        value.into_attribute(&self.0, name);
        self
    }

    /// A property.
    pub(crate) fn prop(self, name: &'static str, value: impl IntoProp) -> Self {
        value.into_property(&self.0, name);
        self
    }

    /// One property of the inline style, through the CSSOM.
    pub(crate) fn style(self, name: &'static str, value: &str) -> Self {
        self.0.style().set(name, value);
        self
    }

    /// A listener.
    #[inline(always)]
    pub(crate) fn on(self, name: &'static str, act: impl FnMut(Event) + 'static) -> Self {
        self.listen(name, Box::new(act))
    }

    /// A click. With a function instead of a closure, there is one compiled copy for all.
    pub(crate) fn tap<C: Copy + 'static>(self, of: C, act: fn(C)) -> Self {
        self.listen("click", Box::new(move |_: Event| act(of)))
    }

    fn listen(self, name: &'static str, act: Box<dyn Hear>) -> Self {
        keep(Listener::boxed(&self.0, name, act));
        self
    }

    /// Children, after those that are there.
    #[inline(always)]
    pub(crate) fn child(self, child: impl Child) -> Self {
        child.put(&self.0);
        self
    }
}

/// What can stand inside an element.
pub(crate) trait Child {
    /// Puts it at the end of `parent`.
    fn put(self, parent: &Node);
}

impl Child for El {
    #[inline(never)]
    fn put(self, parent: &Node) {
        parent.append(&self.0);
    }
}

impl Child for String {
    fn put(self, parent: &Node) {
        parent.append_text(&self);
    }
}

impl Child for &'static str {
    fn put(self, parent: &Node) {
        parent.append_text(self);
    }
}

impl<C: Child> Child for Option<C> {
    fn put(self, parent: &Node) {
        if let Some(child) = self {
            child.put(parent);
        }
    }
}

impl<C: Child> Child for Vec<C> {
    fn put(self, parent: &Node) {
        self.into_iter().for_each(|child| child.put(parent));
    }
}

impl<F, C> Child for F
where
    F: Fn() -> C + 'static,
    C: Child,
{
    fn put(self, parent: &Node) {
        place(parent, Box::new(move |parent: &Node| self().put(parent)));
    }
}

/// What a function makes of something, followed: as a closure would be, but one compiled copy for all.
pub(crate) struct Drawn<C>(pub(crate) C, pub(crate) fn(C) -> Option<El>);

impl<C: Copy + 'static> Child for Drawn<C> {
    fn put(self, parent: &Node) {
        let Self(of, draw) = self;
        place(parent, Box::new(move |parent: &Node| draw(of).put(parent)));
    }
}

macro_rules! tuple {
    ($($name:ident)+) => {
        impl<$($name: Child),+> Child for ($($name,)+) {
            #[inline(always)]
            fn put(self, parent: &Node) {
                #[expect(non_snake_case, reason = "named after their types")]
                let ($($name,)+) = self;
                $($name.put(parent);)+
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

/// Two empty texts around nodes that come and go: places within places find what is theirs.
pub(crate) struct Place {
    start: Node,
    end: Node,
}

impl Place {
    /// An empty place at the end of `parent`.
    pub(crate) fn new(parent: &Node) -> Self {
        let mark = || {
            let mark = document().create_text("");
            parent.append(&mark);
            mark
        };
        Self { start: mark(), end: mark() }
    }

    /// Takes out what is there and puts what `build` makes in its place.
    pub(crate) fn fill(&self, build: &dyn Build) {
        let fresh = document().create_fragment();
        build.build(&fresh);
        self.clear();
        self.end.before(&fresh);
    }

    fn clear(&self) {
        while let Some(next) = self.start.next()
            && next != self.end
        {
            next.remove();
        }
    }

    /// Takes the place itself out of the page.
    pub(crate) fn remove(&self) {
        self.clear();
        self.start.remove();
        self.end.remove();
    }
}

/// A place whose nodes are built anew whenever what they were built from changes.
fn place(parent: &Node, build: Box<dyn Build>) {
    let place = Place::new(parent);
    follow(move || place.fill(&*build));
}

/// A row of a list: its key, and how to build it when it is new.
pub(crate) type Row = (String, Box<dyn FnOnce() -> El>);

/// A list whose rows keep their nodes as long as their keys stay.
pub(crate) fn each(parent: El, rows: impl Fn() -> Vec<Row> + 'static) -> El {
    follow_rows(parent.0.clone(), Box::new(rows));
    parent
}

fn follow_rows(place: Node, rows: Box<dyn Make<Vec<Row>>>) {
    let part = Part::new();
    let mut shown: Vec<(String, Part, Node)> = Vec::new();
    follow(move || {
        let rows = rows.make();
        let mut old = std::mem::take(&mut shown);
        old.retain(|(key, part, element)| {
            let stays = rows.iter().any(|(other, _)| other == key);
            if !stays {
                element.remove();
                part.end();
            }
            stays
        });
        let mut at = place.first_element();
        for (key, build) in rows {
            let known = old.iter().position(|(other, _, _)| *other == key).map(|n| old.remove(n));
            let (part, element) = match known {
                Some((_, part, element)) => (part, element),
                None => {
                    let row = part.build(Part::new);
                    (row, row.build(build).0)
                }
            };
            if at.as_ref() == Some(&element) {
                at = element.next_element();
            } else {
                place.insert(&element, at.as_ref());
            }
            shown.push((key, part, element));
        }
    });
}

fn of_class(tag: &str, class: &'static str) -> El {
    el(tag).class(class)
}

/// The tags that are used with a class, by name.
macro_rules! tags {
    ($($name:ident)+) => {
        $(
            /// A new one of these, of this class.
            pub(crate) fn $name(class: &'static str) -> El {
                of_class(stringify!($name), class)
            }
        )+
    };
}

tags!(a aside div dl form input label li p s section span ul);

/// A button of this class that submits no form, unless its `type` is changed.
pub(crate) fn button(class: &'static str) -> El {
    of_class("button", class).attr("type", "button")
}
