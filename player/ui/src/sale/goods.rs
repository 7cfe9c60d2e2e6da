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
    /// Without its clock, so that only what changes is painted.
    pub(crate) offer: Memo<Offer>,
    clock: Memo<Option<Clock>>,
}

impl Goods {
    /// Follows the product with this id.
    pub(crate) fn follow(ui: Ui, id: Signal<String>) -> Self {
        let product = Memo::new(move |_| {
            let id = id.get();
            ui.shelf.with(|shelf| shelf.iter().find(|product| product.id == id).cloned().unwrap_or_default())
        });
        let now = move || {
            let now = Wall(ui.wall.get());
            product.with(|product| ui.sales.with(|sales| offer(product, sales, now)))
        };
        Self {
            product,
            offer: Memo::new(move |_| Offer { clock: None, ..now() }),
            clock: Memo::new(move |_| now().clock),
        }
    }

    /// One text of the product, followed by itself: a change of the stock must not build the rest anew.
    fn text(self, text: impl Fn(&Product) -> String + Send + Sync + 'static) -> Memo<String> {
        Memo::new(move |_| self.product.with(&text))
    }
}

/// An address as the page may load it: absolute http(s), else relative to the server. Empty for none.
pub(crate) fn address(base: &str, address: &str) -> String {
    if address.is_empty() || address.starts_with("https://") || address.starts_with("http://") {
        return address.to_owned();
    }
    [base, "/", address.trim_start_matches('/')].concat()
}

fn base(ui: Ui) -> String {
    ui.with_host(crate::page::host::Host::base).unwrap_or_default()
}

/// The product's picture, or an empty frame.
pub(crate) fn picture(ui: Ui, goods: Goods) -> Nodes {
    let base = base(ui);
    let source = goods.text(move |product| address(&base, &product.picture));
    let shown = move || {
        let source = source.get();
        if source.is_empty() {
            return icon(icons::BAG);
        }
        img().attr("src", source).attr("alt", "").attr("loading", "lazy").attr("decoding", "async")
    };
    div().class("goods-picture").child(shown).nodes()
}

/// The title, a link when the shop has a page for it.
pub(crate) fn title(ui: Ui, goods: Goods) -> Nodes {
    let base = base(ui);
    let url = goods.text(move |product| address(&base, &product.url));
    let title = goods.text(|product| product.title.clone());
    (move || {
        let url = url.get();
        if url.is_empty() {
            return span().class("goods-title").child(title.get());
        }
        let link =
            a().class("goods-title").attr("href", url).attr("target", "_blank").attr("rel", "noopener");
        link.child(title.get())
    })
    .nodes()
}

/// The price now, and the one it is lower than.
pub(crate) fn price(ui: Ui, goods: Goods) -> Nodes {
    let currency = goods.text(|product| product.currency.clone());
    let show = move |minor: i64| {
        let currency = Some(currency.get()).filter(|currency| !currency.is_empty());
        let currency = currency.unwrap_or_else(|| ui.me.with(|me| me.currency.clone()));
        money::show(ui.words.lang, &currency, minor)
    };
    let now = move || show(goods.offer.with(|offer| offer.price));
    let was = move || goods.offer.with(|offer| offer.was).map(|was| s().class("was").child(show(was)));
    div().class("price").child((span().class("now").child(now), was)).nodes()
}

/// What is left, as words and for a flash sale as a bar. Nothing where there is plenty.
pub(crate) fn stock(ui: Ui, goods: Goods) -> Nodes {
    (move || {
        let (free, of, limit, action) =
            goods.offer.with(|offer| (offer.free, offer.of, offer.limit, offer.action));
        let left = fill(ui.words.left, &[&free.to_string()]);
        let few = action == Action::Buy && (of.is_some() || free <= FEW);
        if !few && of.is_none() {
            return None;
        }
        let bar = of.filter(|of| *of > 0 && action != Action::Wait).map(|of| {
            let percent = u64::from(free.min(of)) * 100 / u64::from(of);
            div()
                .class("stock-bar")
                .attr("role", "progressbar")
                .attr("aria-valuemin", "0")
                .attr("aria-valuemax", of.to_string())
                .attr("aria-valuenow", free.to_string())
                .attr("aria-label", left.clone())
                .child(div().class("stock-fill").style("width", &[&percent.to_string(), "%"].concat()))
        });
        let words = few.then(|| span().class("left").child(left));
        let limit =
            (limit > 0).then(|| span().class("limit").child(fill(ui.words.limit, &[&limit.to_string()])));
        Some(div().class("stock").child((bar, div().class("stock-words").child((words, limit)))))
    })
    .nodes()
}

/// The flash sale's clock.
pub(crate) fn clock(ui: Ui, goods: Goods) -> Nodes {
    (move || {
        goods.clock.get().map(|clock| {
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
    let action = move || goods.offer.with(|offer| offer.action);
    let asking = Memo::new(move |_| {
        let id = goods.product.with(|product| product.id.clone());
        ui.waiting.with(|waiting| waiting.contains(&id))
    });
    let label = move || match (asking.get(), action()) {
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
        .prop("disabled", move || asking.get() || action() != Action::Buy)
        .on("click", tap)
        .child(label)
        .nodes()
}
