//! The tabs above the list, and the bar below it: the input and the like button.

use crate::app::{Sheet, Tab, Ui};
use crate::page::browser::{Event, number, text, trim};
use crate::page::dom::{Child, Drawn, El, button, div, el, form, input, span};
use crate::page::icons::{self, icon};
use crate::page::money;
use crate::page::signals::{Signal, follow};
use crate::page::voice::Said;
use crate::page::words::yes_or_no;
use hawker_player_core::decimal::decimal;
use hawker_player_core::room::{Input, Status, limits};
use hawker_player_core::texts::concat;

/// Hearts that rise at once: more are a blur.
const HEARTS: f64 = 6.0;

/// The two tabs, and what is wrong with the connection.
pub(crate) fn tabs(ui: Ui) -> impl Child {
    let goods = Signal::of(move || ui.room(&ui.goods, |room| room.shelf.len() as u64));
    let tab = move |which: Tab, label: &'static str, controls: &'static str| {
        button("tab")
            .attr("role", "tab")
            .attr("aria-controls", controls)
            .attr("aria-selected", move || yes_or_no(ui.tab.get() == which))
            .on("click", move |_| ui.tab.set(which))
            .child((label, move || {
                let count = if which == Tab::Goods { goods.get() } else { 0 };
                (count > 0).then(|| span("count").child(decimal(count)))
            }))
    };
    (
        div("tabs").child((
            div("tab-list").attr("role", "tablist").child((
                tab(Tab::Chat, ui.words.chat(), "hawker-chat"),
                tab(Tab::Goods, ui.words.goods(), "hawker-goods"),
            )),
            Drawn(ui, me),
        )),
        Drawn(ui, trouble),
    )
}

/// A guest's name, to be changed. Members are called what the shop's token says.
fn me(ui: Ui) -> Option<El> {
    let name = ui.room(&ui.me, |room| room.name.clone());
    let member = ui.with_host(|host| !host.shop_token().is_empty()).unwrap_or(true);
    if name.is_empty() || member || ui.nameless() {
        return None;
    }
    let button = button("me")
        .attr("aria-label", concat(&[ui.words.change_name(), ": ", &name]))
        .attr("title", ui.words.change_name())
        .tap(ui, |ui| ui.sheet.set(Sheet::Name))
        .child((el("span").child(name), icon(icons::PEN)));
    Some(button)
}

fn trouble(ui: Ui) -> Option<El> {
    let (text, retry) = match ui.status.get() {
        Status::Reconnecting => (ui.words.room_lost(), false),
        Status::Refused(4_502) => (ui.words.token_refused(), true),
        Status::Refused(_) => (ui.words.room_refused(), true),
        Status::Closed | Status::Connecting | Status::Live => return None,
    };
    let retry = retry.then(|| {
        button("link").tap(ui, |ui| ui.with_link(|link| link.room(Input::Open))).child(ui.words.retry())
    });
    ui.say(Said::Notice, text);
    Some(div("trouble").child((text, retry)))
}

/// Says the draft, after asking for a name when there is none yet.
pub(crate) fn say(ui: Ui) {
    let text = ui.draft.peek(|draft| trim(draft));
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
pub(crate) fn bar(ui: Ui) -> El {
    let live = move || ui.status.get() == Status::Live;
    follow(move || {
        // What was typed before the name was told follows it.
        if live() && ui.say_next.copy() {
            ui.say_next.set(false);
            say(ui);
        }
    });
    let words = form("say")
        .on("submit", move |event: Event| {
            event.prevent_default();
            say(ui);
        })
        .child((
            input("field")
                .attr("type", "text")
                .attr("name", "say")
                .attr("autocomplete", "off")
                .attr("enterkeyhint", "send")
                .attr("maxlength", decimal(limits::MESSAGE_CHARS as u64))
                .attr("placeholder", ui.words.say())
                .attr("aria-label", ui.words.say())
                .prop("value", move || ui.draft.get())
                .on("input", move |event: Event| ui.draft.set(text(&event.target(), "value"))),
            button("send")
                .attr("type", "submit")
                .attr("aria-label", ui.words.send())
                .prop("disabled", move || !live() || ui.draft.with(|draft| trim(draft).is_empty()))
                .child(icon(icons::SEND)),
        ));
    div("bar").child((words, like(ui)))
}

fn like(ui: Ui) -> El {
    let hearts = div("hearts").on("animationend", |event: Event| event.target().remove());
    let (rising, mut next) = (hearts.node(), 0_u32);
    let tap = move |_| {
        ui.with_link(|link| link.room(Input::Tap));
        // They go when they have risen.
        if super::danmaku::still() {
            return;
        }
        if number(&rising, "childElementCount") >= HEARTS
            && let Some(first) = rising.first_element()
        {
            first.remove();
        }
        rising.append(&heart(next).node());
        next = next.wrapping_add(1);
    };
    div("like").child((
        button("like-button")
            .attr("aria-label", move || concat(&[ui.words.like(), " ", &likes(ui)]))
            .on("click", tap)
            .child((icon(icons::HEART), span("like-count").child(move || likes(ui)))),
        hearts,
    ))
}

fn likes(ui: Ui) -> String {
    money::count(ui.words.lang(), ui.room(&ui.totals, |room| room.likes))
}

fn heart(number: u32) -> El {
    let class = match number % 3 {
        0 => "heart a",
        1 => "heart b",
        _ => "heart c",
    };
    span(class).attr("aria-hidden", "true").child(icon(icons::HEART))
}
