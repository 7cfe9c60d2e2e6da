//! The shelf: every product with picture, price, stock and a button. Orders stand below it.

use super::goods::{self, Goods};
use super::holds;
use crate::app::{Tab, Ui};
use crate::page::dom::{Drawn, El, Row, div, each, el, li, p, ul};
use crate::page::signals::Signal;

/// The shelf's panel.
pub(crate) fn panel(ui: Ui) -> El {
    let ids = Signal::of(move || {
        ui.room(&ui.goods, |room| room.shelf.iter().map(|product| product.id.clone()).collect::<Vec<_>>())
    });
    let rows = move || -> Vec<Row> {
        let row = move |id: String| -> Row { (id.clone(), Box::new(move || row(ui, id))) };
        ids.get().into_iter().map(row).collect()
    };
    let empty = move || {
        ids.with(Vec::is_empty).then(|| {
            div("empty")
                .child((el("p").child(ui.words.no_goods()), p("hint").child(ui.words.no_goods_hint())))
        })
    };
    div("panel")
        .attr("id", "hawker-goods")
        .attr("role", "tabpanel")
        .prop("hidden", move || ui.tab.get() != Tab::Goods)
        .child(div("scroll").attr("tabindex", "0").child((
            each(ul("shelf"), rows),
            empty,
            Drawn(ui, holds::orders),
        )))
}

fn row(ui: Ui, id: String) -> El {
    let goods = Goods::follow(ui, move || id.clone());
    li("goods").child((
        goods::picture(ui, goods),
        div("goods-words").child((
            goods::title(ui, goods),
            goods::clock(ui, goods),
            goods::stock(ui, goods),
            div("goods-foot").child((goods::price(ui, goods), goods::buy(ui, goods))),
        )),
    ))
}
