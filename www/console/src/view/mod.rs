//! What is seen. One file a part of the page; this one is the frame around them: the door, the rooms beside, the notices.

mod encoder;
mod goods;
mod login;
mod messages;
mod orders;
mod room;
mod rooms;
mod sales;
mod signal;
mod words;

use leptos::ev;
use leptos::html::{a, aside, button, div, header, main, p, span};
use leptos::prelude::*;

use crate::api::RoomList;
use crate::desk::{Desk, Lang, Theme};
use crate::limits;
use crate::poll::Poll;
use crate::widget::push;

/// The whole console.
pub(crate) fn shell() -> impl IntoView {
    let desk = Desk::open();
    let inside = Memo::new(move |_| desk.token.get().is_some());
    let notice = move || desk.notice.get().map(|(_, text)| p().child(text));
    div().class("shell").child((
        move || if inside.get() { inner(desk).into_any() } else { login::view(desk).into_any() },
        div().class("notices").attr("role", "status").attr("aria-live", "polite").child(notice),
    ))
}

fn inner(desk: Desk) -> impl IntoView {
    let rooms = Poll::<RoomList>::start(desk, "rooms".to_owned(), limits::SLOW_MS);
    // Without a choice the first room is open: most shops have one.
    Effect::new(move || {
        let first = rooms.with(|list| list.rooms.first().map(|room| room.id.clone())).flatten();
        if desk.room.get_untracked().is_none() && first.is_some() {
            desk.show_room(first);
        }
    });
    let chosen = Memo::new(move |_| {
        let id = desk.room.get()?;
        rooms.with(|list| list.rooms.iter().find(|room| room.id == id).cloned()).flatten()
    });
    let id = Memo::new(move |_| chosen.get().map(|room| room.id));
    let detail = move || match id.get() {
        Some(id) => room::view(desk, rooms, id, chosen).into_any(),
        None => nothing(desk, rooms).into_any(),
    };
    div().class("inner").child((
        header().class("bar").child((
            a().class("brand").href("/").child("Hawker"),
            span().class("brand-sub").child(desk.say("Console", "控制台")),
            switches(desk),
        )),
        aside().class("side").child((rooms::view(desk, rooms), words::view(desk))),
        main().class("main").child(detail),
    ))
}

fn nothing(desk: Desk, rooms: Poll<RoomList>) -> impl IntoView {
    let text = move || {
        if rooms.loading() {
            desk.word("Loading …", "加载中……").to_owned()
        } else if let Some(trouble) = rooms.trouble() {
            trouble
        } else {
            desk.word(
                "No room yet. Make one to get an address for your encoder.",
                "还没有直播间。新建一个，即可获得推流地址。",
            )
            .to_owned()
        }
    };
    p().class("state big").attr("role", "status").child(text)
}

/// Language, look, and the way out.
fn switches(desk: Desk) -> impl IntoView {
    let language = move || if desk.lang.get() == Lang::En { "中文" } else { "English" };
    let theme = move || match desk.theme.get() {
        Theme::System => desk.word("Auto", "自动"),
        Theme::Light => desk.word("Light", "浅色"),
        Theme::Dark => desk.word("Dark", "深色"),
    };
    let next_theme = move || {
        desk.theme.update(|theme| {
            *theme = match theme {
                Theme::System => Theme::Light,
                Theme::Light => Theme::Dark,
                Theme::Dark => Theme::System,
            }
        });
    };
    let next_language =
        move || desk.lang.update(|lang| *lang = if *lang == Lang::En { Lang::Zh } else { Lang::En });
    let inside = move || {
        desk.token
            .get()
            .is_some()
            .then(|| push("ghost", desk.say("Log out", "退出"), move || desk.log_out()))
    };
    div().class("switches").child((
        push("ghost", language, next_language),
        button()
            .attr("type", "button")
            .class("ghost")
            .attr("aria-label", move || format!("{}: {}", desk.word("Look", "外观"), theme()))
            .on(ev::click, move |_| next_theme())
            .child(theme),
        inside,
    ))
}
