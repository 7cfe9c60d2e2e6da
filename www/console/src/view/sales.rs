//! Flash sales: what is left live, start, stop, make one.

use gloo_net::http::Method;
use leptos::ev;
use leptos::html::{button, details, div, form, label, li, option, progress, select, span, summary, ul};
use leptos::prelude::*;
use serde::Serialize;

use super::room::Here;
use crate::api::{self, Failure, Sale, SaleList, segment};
use crate::format;
use crate::widget::{act_and, card, field, push, push_twice, states};

#[derive(Serialize)]
struct NewSale {
    product: String,
    price: i64,
    stock: u32,
    limit: u32,
    ends_ms: u64,
}

pub(super) fn view(here: Here) -> impl IntoView {
    let desk = here.desk;
    let rows = ForProps::builder()
        .each(move || here.sales.value().sales)
        .key(|sale| (sale.id.clone(), sale.state.clone()))
        .children(move |sale| row(here, sale))
        .build();
    card(
        "sale",
        "sales",
        desk.say("Flash sales", "限时抢购"),
        (),
        (
            states(
                desk,
                here.sales,
                |list: &SaleList| list.sales.is_empty(),
                ("No flash sale yet.", "还没有抢购活动。"),
            ),
            ul().class("rows").child(For(rows)),
            new_sale(here),
        ),
    )
}

/// The row lives as long as the sale's state; its figures change within it, so that a button that asks back isn't replaced.
fn row(here: Here, sale: Sale) -> impl IntoView {
    let desk = here.desk;
    let path = StoredValue::new(here.below(&format!("sales/{}", segment(&sale.id))));
    let (id, state) = (sale.id.clone(), sale.state.clone());
    let now = Memo::new(move |_| {
        let this = |list: &SaleList| list.sales.iter().find(|one| one.id == id).cloned();
        here.sales.with(this).flatten().unwrap_or_else(|| sale.clone())
    });
    let title = move || here.title(&now.get().product);
    let words = {
        let state = state.clone();
        move || match state.as_str() {
            "scheduled" => desk.word("Scheduled", "未开始"),
            "running" => desk.word("Running", "进行中"),
            "sold-out" => desk.word("Sold out", "已售罄"),
            _ => desk.word("Ended", "已结束"),
        }
    };
    let figures = move || {
        let sale = now.get();
        let (left, sold, held) =
            (desk.word("left", "剩余"), desk.word("sold", "已售"), desk.word("held", "待付款"));
        let price = here.money(sale.price);
        format!("{price} · {left} {}/{} · {sold} {} · {held} {}", sale.free, sale.stock, sale.sold, sale.held)
    };
    let running = matches!(state.as_str(), "running" | "sold-out");
    let scheduled = state == "scheduled";
    // By the server's clock: it is the server that starts and ends a sale.
    let until = move || {
        let (words, at_ms) = match now.with(|sale| (sale.starts_ms, sale.ends_ms)) {
            (starts_ms, _) if scheduled => (desk.word("starts in", "距开始"), starts_ms),
            (_, ends_ms) if running => (desk.word("ends in", "距结束"), ends_ms),
            _ => return None,
        };
        let left_ms = at_ms.checked_sub(desk.clock.now_ms()?).filter(|_| at_ms > 0)?;
        Some(format!(" · {words} {}", format::left(left_ms)))
    };
    let call = move |verb: &str| {
        act_and(desk, Method::POST, format!("{}/{verb}", path.get_value()), None, "", here.sales);
    };
    let action = match state.as_str() {
        "scheduled" => push("primary", desk.say("Start", "开始"), move || call("start")).into_any(),
        "running" | "sold-out" => {
            push_twice(desk, "danger", desk.say("Stop", "停止"), move || call("stop")).into_any()
        }
        _ => ().into_any(),
    };
    let gone = progress()
        .attr("max", move || now.get().stock.max(1).to_string())
        .attr("value", move || now.with(|sale| sale.stock.saturating_sub(sale.free)).to_string())
        .attr("aria-label", desk.say("Gone", "已被抢"));
    let name = span()
        .class("title")
        .child((title, span().class("tag").attr("data-state", state.clone()).child(words)));
    li().class("row sale")
        .attr("data-state", state)
        .child((div().class("what").child((name, span().class("sub").child((figures, until)), gone)), action))
}

fn new_sale(here: Here) -> impl IntoView {
    let desk = here.desk;
    let [product, price, stock, limit, minutes] =
        ["", "", "", "1", "10"].map(|value| RwSignal::new(value.to_owned()));
    // Which of the two buttons was pressed: both have the browser check the fields first.
    let at_once = RwSignal::new(true);
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        let Some(minor) = format::minor(&price.get_untracked(), &untrack(move || here.currency())) else {
            return desk
                .tell(desk.word("The price is not an amount, such as 12.50.", "价格格式不对，例如 12.50。"));
        };
        let number = |typed: RwSignal<String>| typed.get_untracked().trim().parse::<u32>().ok();
        let (Some(stock_n), Some(limit_n), Some(minutes_n)) = (number(stock), number(limit), number(minutes))
        else {
            let why =
                desk.word("Stock, limit and minutes are whole numbers.", "数量、限购和分钟必须是整数。");
            return desk.tell(why);
        };
        // The server's clock starts it, by a second call, and ends it: the browser's may be off.
        let at_once = at_once.get_untracked();
        let ends_ms = match (at_once, minutes_n) {
            (false, _) | (_, 0) => Some(0),
            (true, minutes) => {
                untrack(|| desk.clock.now_ms()).map(|now_ms| now_ms + u64::from(minutes) * 60_000)
            }
        };
        let Some(ends_ms) = ends_ms else { return desk.tell_failure(Failure::Unreachable) };
        let sale = NewSale {
            product: product.get_untracked(),
            price: minor,
            stock: stock_n,
            limit: limit_n,
            ends_ms,
        };
        desk.act(Method::POST, here.below("sales"), api::json(&sale), move |made| {
            stock.set(String::new());
            price.set(String::new());
            here.sales.refresh();
            if let Some(made) = serde_json::from_str::<Sale>(&made).ok().filter(|_| at_once) {
                let start = here.below(&format!("sales/{}/start", segment(&made.id)));
                act_and(desk, Method::POST, start, None, "", here.sales);
            }
        });
    };
    let choice = move |class: &'static str, en: &'static str, zh: &'static str, now: bool| {
        let pressed = move |_| at_once.set(now);
        button().attr("type", "submit").class(class).on(ev::click, pressed).child(desk.say(en, zh))
    };
    let titles = Memo::new(move |_| {
        let products = here.products.value().products;
        products.into_iter().map(|one| (one.id, one.title)).collect::<Vec<_>>()
    });
    let options = move || {
        let choose = option().attr("value", "").child(desk.word("Choose …", "请选择……"));
        let goods = titles
            .get()
            .into_iter()
            .map(|(id, title)| option().attr("value", id).child(title))
            .collect_view();
        (choose, goods)
    };
    let chooser = select()
        .prop("required", true)
        .prop("value", move || product.get())
        .on(ev::change, move |event| product.set(event_target_value(&event)))
        .child(options);
    details().child((
        summary().child(desk.say("New flash sale", "新建抢购")),
        form().class("fields").on(ev::submit, submit).child((
            label().class("field").child((span().child(desk.say("Product", "商品")), chooser)),
            field(desk.say("Price", "抢购价"), "decimal", price, true),
            field(desk.say("Pieces", "数量"), "number", stock, true),
            field(desk.say("Limit a buyer (0: none)", "每人限购（0 不限）"), "number", limit, true),
            field(desk.say("Minutes (0: until stopped)", "分钟（0：手动停止）"), "number", minutes, true),
            choice("primary", "Start now", "立即开始", true),
            choice("", "Prepare, start by hand", "先创建，手动开始", false),
        )),
    ))
}
