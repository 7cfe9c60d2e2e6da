//! The tabs above the list, and the bar below it: the input and the like button.

use crate::app::{Sheet, Tab, Ui};
use crate::page::dom::{Child as _, El, Nodes, Row, button, div, each, form, input, span};
use crate::page::icons::{self, icon};
use crate::page::money;
use hawker_player_core::room::{Input, Status, limits};
use leptos::prelude::*;

/// Hearts that rise at once: more are a blur.
const HEARTS: usize = 6;

/// The two tabs, and what is wrong with the connection.
pub(crate) fn tabs(ui: Ui) -> Nodes {
    let tab = move |which: Tab, label: &'static str, controls: &'static str| {
        button()
            .attr("type", "button")
            .attr("role", "tab")
            .attr("aria-controls", controls)
            .attr("aria-selected", move || (ui.tab.get() == which).to_string())
            .class("tab")
            .on("click", move |_| ui.tab.set(which))
            .child((label, move || {
                let count = if which == Tab::Goods { ui.shelf.with(Vec::len) } else { 0 };
                (count > 0).then(|| span().class("count").child(count.to_string()))
            }))
    };
    (
        div().class("tabs").child((
            div().class("tab-list").attr("role", "tablist").child((
                tab(Tab::Chat, ui.words.chat, "hawker-chat"),
                tab(Tab::Goods, ui.words.goods, "hawker-goods"),
            )),
            move || me(ui),
        )),
        move || trouble(ui, ui.status.get()),
    )
        .nodes()
}

/// A guest's name, to be changed. Members are called what the shop's token says.
fn me(ui: Ui) -> Option<Nodes> {
    let name = ui.me.with(|me| me.name.clone());
    let member = ui.with_host(|host| !host.shop_token().is_empty()).unwrap_or(true);
    if name.is_empty() || member || ui.nameless() {
        return None;
    }
    let button = button()
        .attr("type", "button")
        .class("me")
        .attr("aria-label", [ui.words.change_name, ": ", &name].concat())
        .attr("title", ui.words.change_name)
        .on("click", move |_| ui.sheet.set(Sheet::Name))
        .child((span().child(name), icon(icons::PEN)));
    Some(button.nodes())
}

fn trouble(ui: Ui, status: Status) -> Option<Nodes> {
    let (text, retry) = match status {
        Status::Reconnecting => (ui.words.room_lost, false),
        Status::Refused(4_502) => (ui.words.token_refused, true),
        Status::Refused(_) => (ui.words.room_refused, true),
        Status::Closed | Status::Connecting | Status::Live => return None,
    };
    let retry = retry.then(|| {
        button()
            .attr("type", "button")
            .class("link")
            .on("click", move |_| ui.with_link(|link| link.room(Input::Open)))
            .child(ui.words.retry)
    });
    Some(div().class("trouble").attr("role", "status").child((text, retry)).nodes())
}

/// Says the draft, after asking for a name when there is none yet.
pub(crate) fn say(ui: Ui) {
    let text = ui.draft.with_untracked(|draft| draft.trim().to_owned());
    if text.is_empty() {
        return;
    }
    if ui.nameless() {
        ui.sheet.set(Sheet::Name);
        ui.say_next.set(true);
        return;
    }
    ui.draft.set(String::new());
    ui.with_link(|link| link.room(Input::Say(text)));
}

/// The input and the like button.
pub(crate) fn bar(ui: Ui) -> Nodes {
    let live = move || ui.status.get() == Status::Live;
    Effect::new(move |_| {
        // What was typed before the name was told follows it.
        if live() && ui.say_next.get_untracked() {
            ui.say_next.set(false);
            say(ui);
        }
    });
    let words = form()
        .class("say")
        .on("submit", move |event| {
            event.prevent_default();
            say(ui);
        })
        .child((
            input()
                .class("field")
                .attr("type", "text")
                .attr("name", "say")
                .attr("autocomplete", "off")
                .attr("enterkeyhint", "send")
                .attr("maxlength", limits::MESSAGE_CHARS.to_string())
                .attr("placeholder", ui.words.say)
                .attr("aria-label", ui.words.say)
                .prop("value", move || ui.draft.get())
                .on("input", move |event| ui.draft.set(event_target_value(&event))),
            button()
                .attr("type", "submit")
                .class("send")
                .attr("aria-label", ui.words.send)
                .prop("disabled", move || !live() || ui.draft.with(|draft| draft.trim().is_empty()))
                .child(icon(icons::SEND)),
        ));
    div().class("bar").child((words, like(ui))).nodes()
}

fn like(ui: Ui) -> Nodes {
    let hearts = RwSignal::new(Vec::<u32>::new());
    let next = StoredValue::new(0_u32);
    let tap = move |_| {
        ui.with_link(|link| link.room(Input::Tap));
        let id = next.get_value();
        next.set_value(id.wrapping_add(1));
        hearts.update(|hearts| {
            if hearts.len() >= HEARTS {
                hearts.remove(0);
            }
            hearts.push(id);
        });
    };
    let rising = move || -> Vec<Row> {
        let heart = move |id: &u32| -> Row {
            let id = *id;
            (id.to_string(), Box::new(move || heart(hearts, id)))
        };
        hearts.with(|hearts| hearts.iter().map(heart).collect())
    };
    div()
        .class("like")
        .child((
            button()
                .attr("type", "button")
                .class("like-button")
                .attr("aria-label", ui.words.like)
                .on("click", tap)
                .child((
                    icon(icons::HEART),
                    span().class("like-count").child(move || money::count(ui.words.lang, ui.likes.get())),
                )),
            each(div().class("hearts"), rising),
        ))
        .nodes()
}

fn heart(hearts: RwSignal<Vec<u32>>, id: u32) -> El {
    let class = match id % 3 {
        0 => "heart a",
        1 => "heart b",
        _ => "heart c",
    };
    span()
        .class(class)
        .attr("aria-hidden", "true")
        .on("animationend", move |_| hearts.update(|hearts| hearts.retain(|heart| *heart != id)))
        .child(icon(icons::HEART))
}
