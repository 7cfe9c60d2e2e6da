//! The word list of the whole server: one word a line.

use gloo_net::http::Method;
use leptos::ev;
use leptos::html::{button, details, form, label, p, span, summary, textarea};
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api::{self, Failure, Word, WordList};
use crate::desk::Desk;

pub(super) fn view(desk: Desk) -> impl IntoView {
    let (block, mask) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let loaded = RwSignal::new(false);
    let trouble = RwSignal::new(None::<String>);
    let load = move |_| {
        let Some(token) = desk.token.get_untracked().filter(|_| !loaded.get_untracked()) else { return };
        trouble.set(None);
        spawn_local(async move {
            match api::get::<WordList>(&token, "words").await {
                Ok(words) => {
                    let of = |action: &str| -> Vec<String> {
                        let chosen = words.words.iter().filter(|one| one.action == action);
                        chosen.map(|one| one.word.clone()).collect()
                    };
                    block.set(of("block").join("\n"));
                    mask.set(of("mask").join("\n"));
                    loaded.set(true);
                }
                Err(Failure::Token) => desk.tell_failure(Failure::Token),
                Err(failure) => trouble.set(Some(desk.explain(&failure))),
            }
        });
    };
    let state = move || match trouble.get() {
        Some(trouble) => p().class("state trouble").attr("role", "alert").child(trouble).into_any(),
        None if loaded.get() => ().into_any(),
        None => p().class("state").attr("role", "status").child(desk.say("Loading …", "加载中……")).into_any(),
    };
    let save = move |event: ev::SubmitEvent| {
        event.prevent_default();
        let lines = |text: RwSignal<String>, action: &str| -> Vec<Word> {
            let text = text.get_untracked();
            let words = text.lines().map(str::trim).filter(|word| !word.is_empty());
            words.map(|word| Word { word: word.to_owned(), action: action.to_owned() }).collect()
        };
        let words = WordList { words: [lines(block, "block"), lines(mask, "mask")].concat() };
        let done = untrack(desk.say("Words saved: they count from now on.", "词表已保存，即刻生效。"));
        desk.act(Method::PUT, "words".to_owned(), api::json(&words), move |_| desk.tell(done));
    };
    details().class("words").on(ev::toggle, load).child((
        summary().child(desk.say("Word list", "敏感词")),
        form().on(ev::submit, save).child((
            state,
            list(desk.say("Messages with these are refused", "含有以下词语的发言会被拦截"), block, loaded),
            list(desk.say("These are shown as ***", "以下词语会显示为 ***"), mask, loaded),
            p().class("hint").child(desk.say("One a line.", "每行一个。")),
            button()
                .attr("type", "submit")
                .class("primary")
                .prop("disabled", move || !loaded.get())
                .child(desk.say("Save words", "保存词表")),
        )),
    ))
}

fn list(name: impl IntoView + 'static, text: RwSignal<String>, loaded: RwSignal<bool>) -> impl IntoView {
    label().class("field").child((
        span().child(name),
        textarea()
            .attr("rows", "5")
            .attr("spellcheck", "false")
            // What is typed before the list is there would be lost.
            .prop("disabled", move || !loaded.get())
            .prop("value", move || text.get())
            .on(ev::input, move |event| text.set(event_target_value(&event))),
    ))
}
