//! The rooms beside: choose one, make one.

use gloo_net::http::Method;
use leptos::ev;
use leptos::html::{a, button, details, form, h2, li, nav, span, summary, ul};
use leptos::prelude::*;
use serde::Serialize;

use crate::api::{self, RoomList};
use crate::desk::Desk;
use crate::poll::Poll;
use crate::widget::{field, states};

#[derive(Serialize)]
struct NewRoom {
    id: String,
    title: String,
}

pub(super) fn view(desk: Desk, rooms: Poll<RoomList>) -> impl IntoView {
    let rows = ForEnumerateProps::builder()
        .each(move || rooms.value().rooms)
        .key(|room| (room.id.clone(), room.title.clone(), room.ended))
        .children(move |_, room| {
            let id = room.id.clone();
            let current = {
                let id = id.clone();
                move || (desk.room.get().as_deref() == Some(&id)).then_some("page")
            };
            let ended = room.ended.then(|| span().class("tag").child(desk.say("ended", "已结束")));
            li().child(
                a().href(format!("#/{id}"))
                    .attr("aria-current", current)
                    .on(ev::click, move |event| {
                        event.prevent_default();
                        desk.show_room(Some(id.clone()));
                    })
                    .child((
                        span().class("room-title").child(room.title),
                        span().class("room-id").child(room.id),
                        ended,
                    )),
            )
        })
        .build();
    nav().class("rooms").attr("aria-label", desk.say("Rooms", "直播间")).child((
        h2().child(desk.say("Rooms", "直播间")),
        states(desk, rooms, |list| list.rooms.is_empty(), ("No room yet.", "还没有直播间。")),
        ul().child(ForEnumerate(rows)),
        new_room(desk, rooms),
    ))
}

fn new_room(desk: Desk, rooms: Poll<RoomList>) -> impl IntoView {
    let (id, title) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        let room = NewRoom { id: id.get_untracked().trim().to_owned(), title: title.get_untracked() };
        let made = room.id.clone();
        desk.act(Method::POST, "rooms".to_owned(), api::json(&room), move |_| {
            id.set(String::new());
            title.set(String::new());
            desk.tell(desk.word("Room made.", "直播间已创建。"));
            rooms.refresh();
            desk.show_room(Some(made));
        });
    };
    details().class("new-room").child((
        summary().child(desk.say("New room", "新建直播间")),
        form().on(ev::submit, submit).child((
            field(desk.say("Id (letters, digits, - _)", "编号（字母、数字、- _）"), "text", id, true),
            field(desk.say("Title", "标题"), "text", title, false),
            button().attr("type", "submit").class("primary").child(desk.say("Make room", "创建")),
        )),
    ))
}
