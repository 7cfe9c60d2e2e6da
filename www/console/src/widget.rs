//! The few controls that views share. They know nothing of rooms or goods.

use gloo_net::http::Method;
use gloo_timers::future::TimeoutFuture;
use leptos::ev;
use leptos::html::{button, div, h2, input, label, p, section, span};
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen_futures::JsFuture;

use crate::desk::Desk;
use crate::limits;
use crate::poll::Poll;

/// A part of a room's page: a heading and what belongs to it, in one of the phone's tabs.
pub(crate) fn card(
    tab: &'static str,
    id: &'static str,
    title: impl IntoView + 'static,
    aside: impl IntoView + 'static,
    body: impl IntoView + 'static,
) -> impl IntoView {
    section()
        .class(format!("card card-{id} in-{tab}"))
        .attr("aria-labelledby", format!("{id}-title"))
        .child((div().class("card-head").child((h2().id(format!("{id}-title")).child(title), aside)), body))
}

/// A button with a text.
pub(crate) fn push(
    class: &'static str,
    text: impl IntoView + 'static,
    pressed: impl Fn() + 'static,
) -> impl IntoView {
    button().attr("type", "button").class(class).on(ev::click, move |_| pressed()).child(text)
}

/// A button whose first tap asks and whose second, soon after, does it.
pub(crate) fn push_twice(
    desk: Desk,
    class: &'static str,
    text: impl Fn() -> &'static str + Send + Copy + 'static,
    pressed: impl Fn() + 'static,
) -> impl IntoView {
    let asked = RwSignal::new(false);
    button()
        .attr("type", "button")
        .class(class)
        .class(("asked", move || asked.get()))
        .on(ev::click, move |_| {
            if asked.get_untracked() {
                asked.set(false);
                return pressed();
            }
            asked.set(true);
            spawn_local(async move {
                TimeoutFuture::new(limits::CONFIRM_MS).await;
                let _ = asked.try_set(false);
            });
        })
        .child(move || if asked.get() { desk.word("Really?", "确定？") } else { text() })
}

/// A text to read and to copy.
pub(crate) fn copyable(
    desk: Desk,
    name: impl Fn() -> &'static str + Send + Copy + 'static,
    value: impl Fn() -> String + Send + Copy + 'static,
    hidden: bool,
) -> impl IntoView {
    let shown = RwSignal::new(!hidden);
    let text = move || if shown.get() { value() } else { "•".repeat(20) };
    let toggle = hidden.then(|| {
        let caption =
            move || if shown.get() { desk.word("Hide", "隐藏") } else { desk.word("Show", "显示") };
        push("ghost", caption, move || shown.update(|shown| *shown = !*shown))
    });
    div().class("copyable").child((
        span().class("name").child(name),
        span().class("value").attr("translate", "no").child(text),
        toggle,
        push("ghost", desk.say("Copy", "复制"), move || copy(desk, untrack(value))),
    ))
}

fn copy(desk: Desk, text: String) {
    // Without a secure context (plain http at a LAN address) there is no clipboard: then the text can be selected by hand.
    let clipboard = js_sys::Reflect::get(&window().navigator(), &"clipboard".into());
    if !clipboard.is_ok_and(|clipboard| clipboard.is_object()) {
        let why = "Copying needs https: select the text instead.";
        return desk.tell(desk.word(why, "复制需要 https：请手动选择文字。"));
    }
    spawn_local(async move {
        match JsFuture::from(window().navigator().clipboard().write_text(&text)).await {
            Ok(_) => desk.tell(desk.word("Copied.", "已复制。")),
            Err(_) => desk.tell(desk.word("The browser did not allow copying.", "浏览器不允许复制。")),
        }
    });
}

/// A labelled line to type into.
pub(crate) fn field(
    name: impl IntoView + 'static,
    kind: &'static str,
    value: RwSignal<String>,
    required: bool,
) -> impl IntoView {
    let mode = if kind == "decimal" { "decimal" } else { "text" };
    let kind = if kind == "decimal" { "text" } else { kind };
    let min = (kind == "number").then_some("0");
    label().class("field").child((
        span().child(name),
        input()
            .attr("type", kind)
            .attr("inputmode", mode)
            .attr("min", min)
            .attr("autocomplete", "off")
            .prop("required", required)
            .prop("value", move || value.get())
            .on(ev::input, move |event| value.set(event_target_value(&event))),
    ))
}

/// What to show while there is nothing yet, when a question had no answer, or when there is nothing at all.
pub(crate) fn states<T>(
    desk: Desk,
    poll: Poll<T>,
    empty: impl Fn(&T) -> bool + Send + Sync + Copy + 'static,
    nothing: (&'static str, &'static str),
) -> impl IntoView
where
    T: serde::de::DeserializeOwned + Clone + PartialEq + Send + Sync + 'static,
{
    move || {
        if let Some(trouble) = poll.trouble() {
            return p().class("state trouble").attr("role", "alert").child(trouble).into_any();
        }
        if poll.loading() {
            let waiting = desk.word("Loading …", "加载中……");
            return p().class("state loading").attr("role", "status").child(waiting).into_any();
        }
        if poll.with(empty).unwrap_or(false) {
            return p().class("state").child(desk.word(nothing.0, nothing.1)).into_any();
        }
        ().into_any()
    }
}

/// A call whose success is said and after which `again` is asked for anew.
pub(crate) fn act_and<T>(
    desk: Desk,
    method: Method,
    path: String,
    body: Option<String>,
    said: &'static str,
    again: Poll<T>,
) where
    T: serde::de::DeserializeOwned + Clone + PartialEq + Send + Sync + 'static,
{
    desk.act(method, path, body, move |_| {
        if !said.is_empty() {
            desk.tell(said);
        }
        again.refresh();
    });
}
