//! The card of the product on show: the pinned one, else the one whose flash sale is next.

use super::goods::{self, Goods};
use crate::app::Ui;
use crate::page::dom::{Child, div, section, span};
use crate::page::signals::Signal;
use hawker_player_core::sale::countdown;
use hawker_wire::Wall;

/// The card, absent while there is nothing to show.
pub(crate) fn card(ui: Ui) -> impl Child {
    let shown = Signal::of(move || {
        let now = Wall(ui.wall.get());
        ui.room(&ui.goods, |room| {
            let known = |id: &str| room.shelf.iter().any(|product| product.id == id);
            if !room.pinned.is_empty() && known(&room.pinned) {
                return room.pinned.clone();
            }
            let going = |sale: &&hawker_wire::proto::Sale| {
                known(&sale.product) && countdown::current(&room.sales, &sale.product, now).is_some()
            };
            room.sales.iter().find(going).map(|sale| sale.product.clone()).unwrap_or_default()
        })
    });
    let goods = Goods::follow(ui, move || shown.get());
    let there = Signal::of(move || goods.product.with(|product| !product.id.is_empty()));
    move || {
        there.get().then(|| {
            section("pinned").attr("aria-label", ui.words.showing()).child((
                goods::clock(ui, goods),
                div("pinned-body").child((
                    goods::picture(ui, goods),
                    div("pinned-words").child((
                        move || {
                            (ui.room(&ui.goods, |room| room.pinned.clone()) == shown.get())
                                .then(|| span("on-show").child(ui.words.showing()))
                        },
                        goods::title(ui, goods),
                        goods::price(ui, goods),
                    )),
                    div("pinned-buy").child(goods::buy(ui, goods)),
                )),
                goods::stock(ui, goods),
            ))
        })
    }
}
