//! The parts that the pinned card and the shelf share: picture, price, stock, clock and the buy button of one product.

use crate::app::Ui;
use crate::page::dom::{Child as _, Nodes, a, button, div, img, s, span};
use crate::page::icons::{self, icon};
use crate::page::money;
use crate::page::words::fill;
use hawker_player_core::sale::Want;
use hawker_player_core::sale::countdown::Left;
use hawker_player_core::sale::offer::{Action, Clock, Offer, offer};
use hawker_wire::Wall;
use hawker_wire::proto::Product;
use leptos::prelude::*;

/// At this many free pieces and fewer, an ordinary product says how few are left.
const FEW: u32 = 10;

/// One product and what it is offered for, followed.
#[derive(Clone, Copy)]
pub(crate) struct Goods {
    pub(crate) product: Memo<Product>,
    pub(crate) offer: Memo<Offer>,
}

impl Goods {
    /// Follows the product with this id.
    pub(crate) fn follow(ui: Ui, id: Signal<String>) -> Self {
        let product = Memo::new(move |_| {
            let id = id.get();
            ui.shelf.with(|shelf| shelf.iter().find(|product| product.id == id).cloned().unwrap_or_default())
        });
        let offer = Memo::new(move |_| {
            let now = Wall(ui.wall.get());
            product.with(|product| ui.sales.with(|sales| offer(product, sales, now)))
        });
        Self { product, offer }
    }
}

/// An address as the page may load it: absolute http(s), else relative to the server.
pub(crate) fn address(base: &str, address: &str) -> Option<String> {
    if address.is_empty() {
        return None;
    }
    if address.starts_with("https://") || address.starts_with("http://") {
        return Some(address.to_owned());
    }
    Some([base, "/", address.trim_start_matches('/')].concat())
}

/// The product's picture, or an empty frame.
pub(crate) fn picture(ui: Ui, goods: Goods) -> Nodes {
    let base = ui.with_host(crate::page::host::Host::base).unwrap_or_default();
    let source = Memo::new(move |_| goods.product.with(|product| address(&base, &product.picture)));
    let shown = move || {
        source.get().map_or_else(
            || icon(icons::BAG),
            |source| {
                img().attr("src", source).attr("alt", "").attr("loading", "lazy").attr("decoding", "async")
            },
        )
    };
    div().class("goods-picture").child(shown).nodes()
}

/// The title, a link when the shop has a page for it.
pub(crate) fn title(ui: Ui, goods: Goods) -> Nodes {
    let base = ui.with_host(crate::page::host::Host::base).unwrap_or_default();
    (move || {
        let (title, url) =
            goods.product.with(|product| (product.title.clone(), address(&base, &product.url)));
        match url {
            Some(url) => a()
                .class("goods-title")
                .attr("href", url)
                .attr("target", "_blank")
                .attr("rel", "noopener")
                .child(title)
                .nodes(),
            None => span().class("goods-title").child(title).nodes(),
        }
    })
    .nodes()
}

/// The price now, and the one it is lower than.
pub(crate) fn price(ui: Ui, goods: Goods) -> Nodes {
    let lang = ui.words.lang;
    let price = Memo::new(move |_| {
        let currency = goods.product.with(|product| product.currency.clone());
        let currency = if currency.is_empty() { ui.me.with(|me| me.currency.clone()) } else { currency };
        let (price, was) = goods.offer.with(|offer| (offer.price, offer.was));
        (money::show(lang, &currency, price), was.map(|was| money::show(lang, &currency, was)))
    });
    div()
        .class("price")
        .child((span().class("now").child(move || price.get().0), move || {
            price.get().1.map(|was| s().class("was").child(was))
        }))
        .nodes()
}

/// What is left, as words and for a flash sale as a bar.
pub(crate) fn stock(ui: Ui, goods: Goods) -> Nodes {
    let left =
        Memo::new(move |_| goods.offer.with(|offer| (offer.free, offer.of, offer.limit, offer.action)));
    (move || {
        let (free, of, limit, action) = left.get();
        let few = action == Action::Buy && (of.is_some() || free <= FEW);
        let words = few.then(|| span().class("left").child(fill(ui.words.left, &[&free.to_string()])));
        let limit =
            (limit > 0).then(|| span().class("limit").child(fill(ui.words.limit, &[&limit.to_string()])));
        let bar = of.filter(|of| *of > 0 && action != Action::Wait).map(|of| {
            let percent = u64::from(free.min(of)) * 100 / u64::from(of);
            div()
                .class("stock-bar")
                .attr("role", "progressbar")
                .attr("aria-valuemin", "0")
                .attr("aria-valuemax", of.to_string())
                .attr("aria-valuenow", free.to_string())
                .attr("aria-label", fill(ui.words.left, &[&free.to_string()]))
                .child(div().class("stock-fill").style("width", &[&percent.to_string(), "%"].concat()))
        });
        div().class("stock").child((bar, div().class("stock-words").child((words, limit))))
    })
    .nodes()
}

/// The flash sale's clock.
pub(crate) fn clock(ui: Ui, goods: Goods) -> Nodes {
    let clock = Memo::new(move |_| goods.offer.with(|offer| offer.clock));
    (move || {
        clock.get().map(|clock| {
            let (words, left) = match clock {
                Clock::Begins(left, _) => (ui.words.begins_in, left),
                Clock::Ends(left) => (ui.words.ends_in, left),
            };
            let hint = match clock {
                Clock::Begins(_, price) => {
                    let currency = ui.me.with(|me| me.currency.clone());
                    Some(
                        span()
                            .class("flash-at")
                            .child(fill(ui.words.flash_at, &[&money::show(ui.words.lang, &currency, price)])),
                    )
                }
                Clock::Ends(_) => None,
            };
            div().class("clock").attr("role", "timer").child((
                span().class("flash-tag").child(ui.words.flash),
                hint,
                span().class("clock-words").child(words),
                span().class("clock-left").child(time(left)),
            ))
        })
    })
    .nodes()
}

/// `1:02:03`, or `02:03` within the hour.
pub(crate) fn time(left: Left) -> String {
    let two = |value: u64| if value < 10 { ["0", &value.to_string()].concat() } else { value.to_string() };
    let minutes = [&two(left.minutes), ":", &two(left.seconds)].concat();
    if left.hours > 0 { [&left.hours.to_string(), ":", &minutes].concat() } else { minutes }
}

/// The button: buys, or says why it cannot.
pub(crate) fn buy(ui: Ui, goods: Goods) -> Nodes {
    let words = ui.words;
    let action = Memo::new(move |_| goods.offer.with(|offer| offer.action));
    let asking = Memo::new(move |_| {
        let id = goods.product.with(|product| product.id.clone());
        ui.waiting.with(|waiting| waiting.contains(&id))
    });
    let label = move || match (asking.get(), action.get()) {
        (true, _) => words.asking,
        (_, Action::Buy) => words.buy,
        (_, Action::Wait) => words.soon,
        (_, Action::SoldOut) => words.sold_out,
    };
    let tap = move |_| {
        if !ui.me.with_untracked(|me| me.may_buy) {
            ui.notify(words.token_required);
            return;
        }
        let want = goods.product.with_untracked(|product| {
            goods.offer.with_untracked(|offer| Want {
                product: product.id.clone(),
                sale: offer.sale.clone(),
                quantity: 1,
                price: offer.price,
            })
        });
        ui.with_link(|link| link.want(want));
    };
    button()
        .attr("type", "button")
        .class("primary buy")
        .attr("aria-busy", move || asking.get().to_string())
        .prop("disabled", move || asking.get() || action.get() != Action::Buy)
        .on("click", tap)
        .child(label)
        .nodes()
}
