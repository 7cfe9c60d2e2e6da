//! What is said in the room, with delete and mute, and who is muted. Texts are strangers': they only ever become text nodes.

use gloo_net::http::Method;
use leptos::html::{details, div, li, span, summary, ul};
use leptos::prelude::*;

use super::room::Here;
use crate::api::{Message, MessageList, MuteList, segment};
use crate::format;
use crate::limits;
use crate::poll::Poll;
use crate::widget::{act_and, card, push, push_twice, states};

pub(super) fn view(here: Here) -> impl IntoView {
    let desk = here.desk;
    // Newest first: what has to be acted on is at the top and doesn't move away below.
    let newest_first =
        move || here.messages.value().messages.into_iter().rev().take(limits::MESSAGES).collect::<Vec<_>>();
    let mutes = Poll::<MuteList>::start(desk, here.below("mutes"), limits::SLOW_MS);
    let row = move |said| row(here, mutes, said);
    let rows = ForProps::builder().each(newest_first).key(Message::id).children(row).build();
    card(
        "chat",
        "messages",
        desk.say("Messages", "弹幕"),
        (),
        (
            states(
                desk,
                here.messages,
                |list: &MessageList| list.messages.is_empty(),
                ("Nobody has said anything yet.", "还没有人发言。"),
            ),
            ul().class("rows messages")
                .attr("tabindex", "0")
                .attr("aria-label", desk.say("Messages, newest first", "弹幕，最新在前"))
                .child(For(rows)),
            muted(here, mutes),
        ),
    )
}

/// Those who may not speak: a slip of the finger must not be for ever. Shown by their ids, as what they said is hidden.
fn muted(here: Here, mutes: Poll<MuteList>) -> impl IntoView {
    let desk = here.desk;
    let rows = ForProps::builder()
        .each(move || mutes.value().senders)
        .key(String::clone)
        .children(move |sender| {
            let path = here.below(&format!("mutes/{}", segment(&sender)));
            let unmute = move || {
                let said = untrack(desk.say("Unmuted.", "已解除禁言。"));
                act_and(desk, Method::DELETE, path.clone(), None, said, mutes);
            };
            li().class("row").child((
                span().class("what").attr("translate", "no").child(sender),
                push("ghost", desk.say("Unmute", "解除禁言"), unmute),
            ))
        })
        .build();
    let count = move || mutes.with(|list| list.senders.len()).unwrap_or(0);
    let title = move || format!("{} ({})", desk.word("Muted viewers", "已禁言的观众"), count());
    details()
        .prop("hidden", move || count() == 0)
        .child((summary().child(title), ul().class("rows").child(For(rows))))
}

fn row(here: Here, mutes: Poll<MuteList>, said: Message) -> impl IntoView {
    let desk = here.desk;
    let delete_path = here.below(&format!("messages/{}", segment(&said.id())));
    let mute_path = here.below(&format!("mutes/{}", segment(&said.sender)));
    let delete = move || {
        let done = untrack(desk.say("Deleted.", "已删除。"));
        act_and(desk, Method::DELETE, delete_path.clone(), None, done, here.messages);
    };
    let mute = move || {
        let done = desk.word("Muted: what this viewer said is hidden.", "已禁言，其发言已隐藏。");
        desk.act(Method::PUT, mute_path.clone(), None, move |_| {
            desk.tell(done);
            here.messages.refresh();
            mutes.refresh();
        });
    };
    let staff = matches!(said.role.as_str(), "operator" | "host");
    li().class("row message").child((
        div().class("what").child((
            span().class("sub").child((
                span().class("who").class(("staff", staff)).child(said.name.clone()),
                " ",
                move || format::clock(said.wall_ms),
            )),
            span().class("said").attr("dir", "auto").child(said.text.clone()),
        )),
        push("ghost", desk.say("Delete", "删除"), delete),
        push_twice(desk, "ghost", desk.say("Mute", "禁言"), mute),
    ))
}
