//! One room: its head and its parts. On a phone the parts are under tabs, on a desktop side by side.

use gloo_net::http::Method;
use leptos::ev;
use leptos::html::{a, button, div, h1, header, nav, span};
use leptos::prelude::*;

use super::{encoder, goods, messages, orders, sales, signal};
use crate::api::{Health, MessageList, OrderList, Pin, ProductList, Room, RoomList, SaleList, segment};
use crate::desk::Desk;
use crate::limits;
use crate::poll::Poll;
use crate::widget::{act_and, push, push_twice};

/// What the parts of a room share.
#[derive(Clone, Copy)]
pub(super) struct Here {
    pub(super) desk: Desk,
    pub(super) room: Memo<Option<Room>>,
    /// `rooms/ID`, escaped.
    pub(super) path: StoredValue<String>,
    pub(super) health: Poll<Health>,
    pub(super) products: Poll<ProductList>,
    pub(super) sales: Poll<SaleList>,
    pub(super) orders: Poll<OrderList>,
    pub(super) messages: Poll<MessageList>,
    pub(super) pin: Poll<Pin>,
}

impl Here {
    /// The path of something below the room.
    pub(super) fn below(self, rest: &str) -> String {
        format!("{}/{rest}", self.path.get_value())
    }

    pub(super) fn currency(self) -> String {
        self.room.get().map_or_else(|| "CNY".to_owned(), |room| room.currency)
    }

    /// The title of a product; its id when it is no longer on the shelf.
    pub(super) fn title(self, product: &str) -> String {
        let known = |list: &ProductList| {
            list.products.iter().find(|one| one.id == product).map(|one| one.title.clone())
        };
        self.products.with(known).flatten().unwrap_or_else(|| product.to_owned())
    }

    pub(super) fn money(self, minor: i64) -> String {
        crate::format::money(minor, &self.currency(), self.desk.locale())
    }
}

const TABS: [(&str, &str, &str); 4] = [
    ("signal", "Signal", "信号"),
    ("sale", "Sale", "销售"),
    ("orders", "Orders", "订单"),
    ("chat", "Chat", "互动"),
];

pub(super) fn view(desk: Desk, rooms: Poll<RoomList>, id: String, room: Memo<Option<Room>>) -> impl IntoView {
    let path = format!("rooms/{}", segment(&id));
    let at = |rest: &str| format!("{path}/{rest}");
    let here = Here {
        desk,
        room,
        health: Poll::start(desk, at("health"), limits::SIGNAL_MS),
        products: Poll::start(desk, at("products"), limits::LIVE_MS),
        sales: Poll::start(desk, at("sales"), limits::LIVE_MS),
        orders: Poll::start(desk, at("orders"), limits::LIVE_MS),
        messages: Poll::start(desk, at("messages"), limits::LIVE_MS),
        pin: Poll::start(desk, at("pin"), limits::LIVE_MS),
        path: StoredValue::new(path),
    };
    let tab = RwSignal::new("signal");
    let tabs = TABS.map(|(name, en, zh)| {
        button()
            .attr("type", "button")
            .attr("aria-pressed", move || (tab.get() == name).to_string())
            .on(ev::click, move |_| tab.set(name))
            .child(desk.say(en, zh))
    });
    div().class("room").attr("data-tab", move || tab.get()).child((
        head(here, rooms, id),
        nav()
            .class("tabs")
            .attr("aria-label", desk.say("Parts of the room", "直播间各部分"))
            .child(tabs.into_iter().collect_view()),
        div().class("cards").child((
            signal::view(here),
            encoder::view(here),
            sales::view(here),
            goods::view(here),
            orders::view(here),
            messages::view(here),
        )),
    ))
}

fn head(here: Here, rooms: Poll<RoomList>, id: String) -> impl IntoView {
    let desk = here.desk;
    let state = move || here.health.with(|health| health.state.clone()).unwrap_or_default();
    let badge = move || match state().as_str() {
        "live" => desk.word("Live", "直播中"),
        "ended" => desk.word("Ended", "已结束"),
        "offline" => desk.word("Offline", "未开播"),
        _ => "…",
    };
    let ended = Memo::new(move |_| here.room.get().is_some_and(|room| room.ended));
    let viewers = move || {
        let count = here.health.with(|health| health.viewers).unwrap_or(0);
        format!("{count} {}", desk.word("watching", "人在看"))
    };
    let end_or_open = move || {
        let said = desk.say("The room is open again.", "直播间已重新开放。");
        if ended.get() {
            let open = move || act_and(desk, Method::POST, here.below("open"), None, untrack(said), rooms);
            push("primary", desk.say("Open again", "重新开放"), open).into_any()
        } else {
            let said = desk.say("The show has ended.", "直播已结束。");
            let end = move || act_and(desk, Method::POST, here.below("end"), None, untrack(said), rooms);
            push_twice(desk, "danger", desk.say("End the show", "结束直播"), end).into_any()
        }
    };
    let remove = move || {
        desk.act(Method::DELETE, here.path.get_value(), None, move |_| {
            desk.tell(desk.word("Room deleted.", "直播间已删除。"));
            desk.show_room(None);
            rooms.refresh();
        });
    };
    let title = move || here.room.get().map(|room| room.title);
    header().class("room-head").child((
        div().class("room-name").child((
            h1().child(title),
            span().class("badge").attr("data-state", state).attr("role", "status").child(badge),
            span().class("viewers").child(viewers),
        )),
        div().class("room-actions").child((
            a().class("button ghost")
                .href(format!("/room/{id}"))
                .attr("target", "_blank")
                .child(desk.say("Viewers' page ↗", "观众页面 ↗")),
            end_or_open,
            move || {
                ended.get().then(|| push_twice(desk, "ghost", desk.say("Delete room", "删除直播间"), remove))
            },
        )),
    ))
}
