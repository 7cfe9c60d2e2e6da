//! The chat list. What people typed goes in as text nodes; the list follows the newest unless the reader scrolled up.

use crate::app::{Tab, Ui};
use crate::page::browser::{focus, number, set};
use crate::page::dom::{Drawn, El, Row, button, div, each, li, p, span, ul};
use crate::page::events::Frame;
use crate::page::signals::{Signal, follow};
use crate::page::words::fill;
use hawker_player_core::decimal::decimal;
use hawker_wire::proto::{Message, viewer::Role};

/// Nearer to the end than this, in px, the reader is taken along: about two lines.
const NEAR_END: f64 = 60.0;

/// The list, or what stands for it while it is empty.
pub(crate) fn panel(ui: Ui) -> El {
    let list =
        // Read at the reader's own pace; what is new is told by the voice.
        ul("messages").attr("aria-label", ui.words.chat()).attr("tabindex", "0");
    let node = list.node();
    let following = Signal::new(true);
    let to_end = {
        let list = node.clone();
        move || set(&list, "scrollTop", &number(&list, "scrollHeight").into())
    };
    let frame = Frame::new(to_end.clone());
    follow(move || {
        ui.messages.track();
        ui.tab.track();
        if following.copy() {
            frame.ask();
        }
    });
    let on_scroll = move |_| {
        let px = |name| number(&node, name);
        let away = px("scrollHeight") - px("scrollTop") - px("clientHeight");
        let goes = away < NEAR_END;
        // The button goes: what it had of the focus would be nowhere, and a remote control with it.
        if goes && node.closest(".chat").is_some_and(|chat| chat.find(".newer:focus").is_some()) {
            focus(&node);
        }
        following.show(goes);
    };
    let empty = Drawn(ui, |ui: Ui| {
        let none = ui.room(&ui.messages, |room| room.messages.is_empty());
        none.then(|| p("empty").child(ui.words.no_messages()))
    });
    let newer = move || {
        let to_end = to_end.clone();
        (!following.get()).then(|| {
            button("newer")
                // It goes once the end is there.
                .on("click", move |_| to_end())
                .child(ui.words.newer())
        })
    };
    let omitted = Drawn(ui, |ui: Ui| {
        let omitted = ui.room(&ui.messages, |room| room.omitted);
        (omitted > 0).then(|| div("omitted").child(fill(ui.words.omitted(), &[&decimal(omitted)])))
    });
    let rows = move || -> Vec<Row> {
        let row = move |message: &Message| -> Row {
            let message = message.clone();
            (decimal(message.id), Box::new(move || line(ui, &message)))
        };
        ui.room(&ui.messages, |room| room.messages.iter().map(row).collect())
    };
    div("panel chat")
        .attr("id", "hawker-chat")
        .attr("role", "tabpanel")
        .prop("hidden", move || ui.tab.get() != Tab::Chat)
        .child((each(list.on("scroll", on_scroll), rows), empty, newer, omitted))
}

fn line(ui: Ui, message: &Message) -> El {
    let own = ui.room(&ui.me, |room| room.viewer == message.sender);
    let badge = match message.role() {
        Role::Host => Some(("badge host", ui.words.host())),
        Role::Operator => Some(("badge", ui.words.operator())),
        Role::Guest | Role::Member if own => Some(("badge own", ui.words.you())),
        Role::Guest | Role::Member => None,
    };
    li(if own { "message own" } else { "message" }).child((
        badge.map(|(class, text)| span(class).child(text)),
        span("name").child(message.name.clone()),
        span("text").child(message.text.clone()),
    ))
}
