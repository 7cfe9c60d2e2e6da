//! What is held for this buyer, with the time left to pay, and what became of earlier holds. Takes no money: the checkout
//! is the shop's.

use super::goods;
use crate::app::Ui;
use crate::page::browser;
use crate::page::dom::{El, Row, button, div, each, el, li, section, span};
use crate::page::host::{Host, hold_detail};
use crate::page::money;
use crate::page::signals::Signal;
use hawker_player_core::sale::{Input, countdown};
use hawker_player_core::texts::concat;
use hawker_wire::Wall;
use hawker_wire::proto::{Hold, hold};

fn title(ui: Ui, hold: &Hold) -> String {
    ui.room(&ui.goods, |room| {
        let product = room.shelf.iter().find(|product| product.id == hold.product);
        product.map_or_else(|| hold.product.clone(), |product| product.title.clone())
    })
}

fn total(ui: Ui, hold: &Hold) -> String {
    money::show(ui.words.lang(), &hold.currency, hold.price.saturating_mul(i64::from(hold.quantity)))
}

/// The cards of unpaid holds.
pub(crate) fn open(ui: Ui) -> El {
    let rows = move || -> Vec<Row> {
        let is_open = |hold: &&Hold| hold.state() == hold::State::Held;
        let row = move |hold: &Hold| -> Row {
            let hold = hold.clone();
            (hold.id.clone(), Box::new(move || card(ui, hold)))
        };
        ui.cart(|cart| cart.holds().iter().filter(is_open).map(row).collect())
    };
    each(div("holds"), rows)
}

fn card(ui: Ui, hold: Hold) -> El {
    let words = ui.words;
    let deadline = Wall(hold.expires_ms);
    let left = Signal::of(move || goods::time(countdown::left(Wall(ui.wall.get()), deadline)));
    let id = hold.id.clone();
    let returning = Signal::of(move || ui.cart(|cart| cart.waits(&id)));
    let (shown, paying, id) = (hold.clone(), hold.clone(), hold.id.clone());
    section("hold").attr("aria-label", words.held()).child((
        div("hold-words").child((
            span("hold-head")
                .child((words.held(), span("hold-left").attr("role", "timer").child(move || left.get()))),
            span("hold-title").child(move || title(ui, &shown)),
        )),
        div("hold-acts").child((
            button("link")
                .prop("disabled", move || returning.get())
                .on("click", move |_| ui.with_link(|link| link.sale(Input::Cancel(id.clone()))))
                .child(move || if returning.get() { words.giving_back() } else { words.give_back() }),
            button("primary pay").on("click", move |_| check_out(ui, &paying)).child((
                words.pay(),
                " ",
                total(ui, &hold),
            )),
        )),
    ))
}

/// Hands a hold to the shop's page; unless that prevents it, opens the shop's checkout with the hold and its proof.
fn check_out(ui: Ui, hold: &Hold) {
    let wanted = ui.with_host(|host: &Host| host.tell("hawker:checkout", &hold_detail(hold)));
    let url = ui.with_host(|host| host.told("checkout")).unwrap_or_default();
    // Only pages: an address such as `javascript:` is no checkout.
    let page = url.starts_with("https://") || url.starts_with("http://") || url.starts_with("/");
    if wanted != Some(true) || !page {
        return;
    }
    let joint = if url.bytes().any(|byte| byte == b'?') { "&" } else { "?" };
    let url =
        concat(&[&url, joint, "hold=", &browser::encode(&hold.id), "&proof=", &browser::encode(&hold.proof)]);
    // Refused only by a sandbox; the hold then stays on the page.
    let _ = browser::go_to(&url);
}

/// What became of earlier holds, the newest first.
pub(crate) fn orders(ui: Ui) -> Option<El> {
    let rows: Vec<El> = ui.cart(|cart| {
        let settled = cart.holds().iter().filter(|hold| hold.state() != hold::State::Held);
        settled.take(SHOWN).map(|hold| row(ui, hold)).collect()
    });
    (!rows.is_empty())
        .then(|| section("orders").child((el("h2").child(ui.words.orders()), el("ul").child(rows))))
}

/// Orders listed: the rest is the shop's order page.
const SHOWN: usize = 20;

fn row(ui: Ui, hold: &Hold) -> El {
    let (class, state) = match hold.state() {
        hold::State::Paid => ("order-state paid", ui.words.paid()),
        hold::State::RefundDue if hold.refunded => ("order-state", ui.words.refunded()),
        hold::State::RefundDue => ("order-state", ui.words.refund_due()),
        hold::State::Expired => ("order-state", ui.words.expired()),
        hold::State::Cancelled => ("order-state", ui.words.given_back()),
        hold::State::Held => ("order-state", ui.words.held()),
    };
    li("order").child((
        span("order-title").child(title(ui, hold)),
        span("order-total").child(total(ui, hold)),
        span(class).child(state),
    ))
}
