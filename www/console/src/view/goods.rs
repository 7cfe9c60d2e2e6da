//! The shelf: stock live, pin a product, put goods on it and take them off.

use gloo_net::http::Method;
use leptos::ev;
use leptos::html::{button, details, div, form, img, li, span, summary, ul};
use leptos::prelude::*;
use serde::Serialize;

use super::room::Here;
use crate::api::{self, Pin, Product, ProductList, segment};
use crate::format;
use crate::widget::{act_and, card, field, push_twice, states};

#[derive(Serialize)]
struct NewProduct {
    title: String,
    picture: String,
    url: String,
    rank: u32,
    price: i64,
    stock: u32,
}

pub(super) fn view(here: Here) -> impl IntoView {
    let desk = here.desk;
    let rows = ForProps::builder()
        .each(move || here.products.value().products)
        .key(|product| (product.id.clone(), product.title.clone(), product.picture.clone()))
        .children(move |product| row(here, product))
        .build();
    card(
        "sale",
        "goods",
        desk.say("Goods", "商品"),
        (),
        (
            states(
                desk,
                here.products,
                |list: &ProductList| list.products.is_empty(),
                ("The shelf is empty.", "货架是空的。"),
            ),
            ul().class("rows").child(For(rows)),
            new_product(here),
        ),
    )
}

fn row(here: Here, product: Product) -> impl IntoView {
    let desk = here.desk;
    let id = StoredValue::new(product.id.clone());
    let pinned =
        Memo::new(move |_| here.pin.with(|pin| id.with_value(|id| pin.product == *id)).unwrap_or(false));
    let pin = move |_| {
        let product = if pinned.get_untracked() { String::new() } else { id.get_value() };
        act_and(desk, Method::PUT, here.below("pin"), api::json(&Pin { product }), "", here.pin);
    };
    let remove = move || {
        let path = here.below(&format!("products/{}", segment(&id.get_value())));
        act_and(desk, Method::DELETE, path, None, "", here.products);
    };
    let picture = (!product.picture.is_empty())
        .then(|| img().attr("src", product.picture.clone()).attr("alt", "").attr("loading", "lazy"));
    // Price and stock change within the row, so that a button that asks back isn't replaced.
    let now = Memo::new(move |_| {
        let this = |list: &ProductList| {
            list.products
                .iter()
                .find(|one| id.with_value(|id| one.id == *id))
                .map(|one| (one.price, one.stock))
        };
        here.products.with(this).flatten().unwrap_or((product.price, product.stock))
    });
    let price = move || here.money(now.get().0);
    let stock = move || format!("{} {}", desk.word("Stock", "库存"), now.get().1);
    let label =
        move || if pinned.get() { desk.word("Pinned", "已置顶") } else { desk.word("Pin", "置顶") };
    li().class("row").child((
        div().class("picture").child(picture),
        div().class("what").child((
            span().class("title").child(product.title.clone()),
            span().class("sub").child((
                price,
                " · ",
                span().class(("low", move || now.get().1 == 0)).child(stock),
            )),
        )),
        button()
            .attr("type", "button")
            .class("toggle")
            .attr("aria-pressed", move || pinned.get().to_string())
            .on(ev::click, pin)
            .child(label),
        push_twice(desk, "ghost", desk.say("Remove", "下架"), remove),
    ))
}

fn new_product(here: Here) -> impl IntoView {
    let desk = here.desk;
    let [id, title, price, stock, picture] = std::array::from_fn(|_| RwSignal::new(String::new()));
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        let Some(minor) = format::minor(&price.get_untracked(), &untrack(move || here.currency())) else {
            return desk
                .tell(desk.word("The price is not an amount, such as 12.50.", "价格格式不对，例如 12.50。"));
        };
        let Ok(pieces) = stock.get_untracked().trim().parse() else {
            return desk.tell(desk.word("The stock is not a whole number.", "库存必须是整数。"));
        };
        // What this form doesn't show stays as it is.
        let name = id.get_untracked().trim().to_owned();
        let before = untrack(move || here.products.value()).products.into_iter().find(|one| one.id == name);
        let before = before.unwrap_or_default();
        let product = NewProduct {
            url: before.url,
            rank: before.rank,
            title: title.get_untracked(),
            picture: picture.get_untracked().trim().to_owned(),
            price: minor,
            stock: pieces,
        };
        let path = here.below(&format!("products/{}", segment(id.get_untracked().trim())));
        desk.act(Method::PUT, path, api::json(&product), move |_| {
            for typed in [id, title, price, stock, picture] {
                typed.set(String::new());
            }
            here.products.refresh();
        });
    };
    details().child((
        summary().child(desk.say("Add or change goods", "添加或修改商品")),
        form().class("fields").on(ev::submit, submit).child((
            field(desk.say("Id", "编号"), "text", id, true),
            field(desk.say("Title", "名称"), "text", title, true),
            field(desk.say("Price", "价格"), "decimal", price, true),
            field(desk.say("Stock", "库存"), "number", stock, true),
            field(desk.say("Picture (URL)", "图片（网址）"), "text", picture, false),
            button().attr("type", "submit").class("primary").child(desk.say("Save", "保存")),
        )),
    ))
}
