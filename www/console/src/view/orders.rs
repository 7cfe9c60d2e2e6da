//! Orders live and what they come to: paid, unpaid, to be refunded and refunded apart.

use leptos::html::{div, span, table, tbody, td, th, thead, tr};
use leptos::prelude::*;

use super::room::Here;
use crate::api::{Order, OrderList, Totals};
use crate::format;
use crate::limits;
use crate::widget::{card, states};

pub(super) fn view(here: Here) -> impl IntoView {
    let desk = here.desk;
    let one = move |kind, name: AnyView, pick: fn(&Totals) -> (i64, i64)| {
        let sum = move || here.orders.with(|list| pick(&list.totals)).unwrap_or_default();
        let pieces = move || match sum().1 {
            1 => desk.word("1 piece", "1 件").to_owned(),
            pieces => format!("{pieces} {}", desk.word("pieces", "件")),
        };
        figure(kind, name, move || here.money(sum().0), pieces)
    };
    let gmv = div().class("figures gmv").child((
        one("paid", desk.say("Paid", "已付款").into_any(), |totals| (totals.paid, totals.paid_pieces)),
        one("unpaid", desk.say("Unpaid", "待付款").into_any(), |totals| {
            (totals.unpaid, totals.unpaid_pieces)
        }),
        one("refund-due", desk.say("Refund due", "待退款").into_any(), |totals| {
            (totals.refund_due, totals.refund_due_pieces)
        }),
        one("refunded", desk.say("Refunded", "已退款").into_any(), |totals| {
            (totals.refunded, totals.refunded_pieces)
        }),
    ));
    let rows = ForProps::builder()
        .each(move || here.orders.value().orders.into_iter().take(limits::ORDERS).collect::<Vec<_>>())
        .key(|order| (order.id.clone(), order.state.clone()))
        .children(move |order| row(here, order))
        .build();
    let head = tr().child((
        th().attr("scope", "col").child(desk.say("Time", "时间")),
        th().attr("scope", "col").child(desk.say("Product", "商品")),
        th().attr("scope", "col").class("number").child(desk.say("Sum", "金额")),
        th().attr("scope", "col").child(desk.say("State", "状态")),
    ));
    let empty = Memo::new(move |_| here.orders.with(|list| list.orders.is_empty()).unwrap_or(true));
    card(
        "orders",
        "orders",
        desk.say("Orders · GMV", "订单 · GMV"),
        (),
        (
            gmv,
            states(
                desk,
                here.orders,
                |list: &OrderList| list.orders.is_empty(),
                ("No order yet.", "还没有订单。"),
            ),
            div()
                .class("scroll")
                .prop("hidden", move || empty.get())
                .child(table().child((thead().child(head), tbody().child(For(rows))))),
        ),
    )
}

fn figure(
    kind: &'static str,
    name: impl IntoView + 'static,
    sum: impl Fn() -> String + Send + 'static,
    pieces: impl Fn() -> String + Send + 'static,
) -> impl IntoView {
    div().class("figure").attr("data-kind", kind).child((
        span().class("name").child(name),
        span().class("now").child(sum),
        span().class("sub").child(pieces),
    ))
}

fn row(here: Here, order: Order) -> impl IntoView {
    let desk = here.desk;
    let product = order.product.clone();
    let title = move || match order.quantity {
        1 => here.title(&product),
        pieces => format!("{} × {pieces}", here.title(&product)),
    };
    let state = order.state.clone();
    let words = move || match state.as_str() {
        "held" => desk.word("unpaid", "待付款"),
        "paid" => desk.word("paid", "已付款"),
        "cancelled" => desk.word("cancelled", "已取消"),
        "expired" => desk.word("expired", "已过期"),
        "refund-due" => desk.word("refund due", "待退款"),
        _ => desk.word("refunded", "已退款"),
    };
    let sum = order.price.saturating_mul(order.quantity.into());
    tr().child((
        td().class("time").child(move || format::clock(order.placed_ms)),
        td().child(title),
        td().class("number").child(move || here.money(sum)),
        td().child(span().class("tag").attr("data-state", order.state).child(words)),
    ))
}
