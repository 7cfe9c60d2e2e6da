//! The parts that the pinned card and the shelf share: picture, price, stock, clock and the buy button of one product.

use crate::app::Ui;
use crate::page::dom::{Child, El, a, button, div, el, s, span};
use crate::page::icons::{self, icon};
use crate::page::money;
use crate::page::signals::Signal;
use crate::page::words::{fill, yes_or_no};
use hawker_player_core::decimal::decimal;
use hawker_player_core::sale::Want;
use hawker_player_core::sale::countdown::Left;
use hawker_player_core::sale::offer::{Action, Clock, Offer, offer};
use hawker_player_core::texts::concat;
use hawker_wire::Wall;
use hawker_wire::proto::Product;

/// At this many free pieces and fewer, an ordinary product says how few are left.
const FEW: u32 = 10;

/// One product and what it is offered for, followed.
#[derive(Clone, Copy)]
pub(crate) struct Goods {
    pub(crate) product: Signal<Product>,
    /// Without its clock, so that only what changes is painted.
    pub(crate) offer: Signal<Offer>,
    clock: Signal<Option<Clock>>,
}

impl Goods {
    /// Follows the product with this id.
    pub(crate) fn follow(ui: Ui, id: impl Fn() -> String + 'static) -> Self {
        let product = Signal::of(move || {
            let id = id();
            ui.room(&ui.goods, |room| {
                room.shelf.iter().find(|product| product.id == id).cloned().unwrap_or_default()
            })
        });
        let now = move || {
            let now = Wall(ui.wall.get());
            product.with(|product| ui.room(&ui.goods, |room| offer(product, &room.sales, now)))
        };
        Self {
            product,
            offer: Signal::of(move || Offer { clock: None, ..now() }),
            clock: Signal::of(move || now().clock),
        }
    }

    /// One text of the product, followed by itself: a change of the stock must not build the rest anew.
    fn text(self, text: impl Fn(&Product) -> String + 'static) -> Signal<String> {
        Signal::of(move || self.product.with(&text))
    }
}

/// An address as the page may load it: absolute http(s), else relative to the server. Empty for none.
pub(crate) fn address(base: &str, address: &str) -> String {
    if address.is_empty() || address.starts_with("https://") || address.starts_with("http://") {
        return address.to_owned();
    }
    let mut path = address;
    while let Some(rest) = path.strip_prefix("/") {
        path = rest;
    }
    concat(&[base, "/", path])
}

fn base(ui: Ui) -> String {
    ui.with_host(crate::page::host::Host::base).unwrap_or_default()
}

/// The product's picture, or an empty frame.
pub(crate) fn picture(ui: Ui, goods: Goods) -> El {
    let base = base(ui);
    let source = goods.text(move |product| address(&base, &product.picture));
    let shown = move || {
        let source = source.get();
        if source.is_empty() {
            return icon(icons::BAG);
        }
        el("img").attr("src", source).attr("alt", "").attr("loading", "lazy").attr("decoding", "async")
    };
    div("goods-picture").child(shown)
}

/// The title, a link when the shop has a page for it.
pub(crate) fn title(ui: Ui, goods: Goods) -> impl Child {
    let base = base(ui);
    let url = goods.text(move |product| address(&base, &product.url));
    let title = goods.text(|product| product.title.clone());
    move || {
        let url = url.get();
        if url.is_empty() {
            return span("goods-title").child(title.get());
        }
        let link = a("goods-title").attr("href", url).attr("target", "_blank").attr("rel", "noopener");
        link.child(title.get())
    }
}

/// The price now, and the one it is lower than.
pub(crate) fn price(ui: Ui, goods: Goods) -> El {
    let currency = goods.text(|product| product.currency.clone());
    let show = move |minor: i64| {
        let currency = Some(currency.get()).filter(|currency| !currency.is_empty());
        let currency = currency.unwrap_or_else(|| ui.currency());
        money::show(ui.words.lang(), &currency, minor)
    };
    let now = move || show(goods.offer.with(|offer| offer.price));
    let was = move || goods.offer.with(|offer| offer.was).map(|was| s("was").child(show(was)));
    div("price").child((span("now").child(now), was))
}

/// What is left, as words and for a flash sale as a bar. Nothing where there is plenty.
pub(crate) fn stock(ui: Ui, goods: Goods) -> impl Child {
    move || {
        let (free, of, limit, action) =
            goods.offer.with(|offer| (offer.free, offer.of, offer.limit, offer.action));
        let left = fill(ui.words.left(), &[&decimal(free.into())]);
        let few = action == Action::Buy && (of.is_some() || free <= FEW);
        if !few && of.is_none() {
            return None;
        }
        let bar = of.filter(|of| *of > 0 && action != Action::Wait).map(|of| {
            let percent = u64::from(free.min(of)) * 100 / u64::from(of);
            div("stock-bar")
                .attr("role", "progressbar")
                .attr("aria-valuemin", "0")
                .attr("aria-valuemax", decimal(of.into()))
                .attr("aria-valuenow", decimal(free.into()))
                .attr("aria-label", left.clone())
                .child(div("stock-fill").style("width", &concat(&[&decimal(percent), "%"])))
        });
        let words = few.then(|| span("left").child(left));
        let limit =
            (limit > 0).then(|| span("limit").child(fill(ui.words.limit(), &[&decimal(limit.into())])));
        Some(div("stock").child((bar, div("stock-words").child((words, limit)))))
    }
}

/// The flash sale's clock.
pub(crate) fn clock(ui: Ui, goods: Goods) -> impl Child {
    move || {
        goods.clock.get().map(|clock| {
            let (words, left) = match clock {
                Clock::Begins(left, _) => (ui.words.begins_in(), left),
                Clock::Ends(left) => (ui.words.ends_in(), left),
            };
            let hint =
                match clock {
                    Clock::Begins(_, price) => {
                        let currency = ui.currency();
                        Some(span("flash-at").child(fill(
                            ui.words.flash_at(),
                            &[&money::show(ui.words.lang(), &currency, price)],
                        )))
                    }
                    Clock::Ends(_) => None,
                };
            div("clock").attr("role", "timer").child((
                span("flash-tag").child(ui.words.flash()),
                hint,
                span("clock-words").child(words),
                span("clock-left").child(time(left)),
            ))
        })
    }
}

/// `1:02:03`, or `02:03` within the hour.
pub(crate) fn time(left: Left) -> String {
    let two = |value: u64| if value < 10 { concat(&["0", &decimal(value)]) } else { decimal(value) };
    let minutes = concat(&[&two(left.minutes), ":", &two(left.seconds)]);
    if left.hours > 0 { concat(&[&decimal(left.hours), ":", &minutes]) } else { minutes }
}

/// The button: buys, or says why it cannot.
pub(crate) fn buy(ui: Ui, goods: Goods) -> El {
    let words = ui.words;
    let action = move || goods.offer.with(|offer| offer.action);
    let asking = Signal::of(move || {
        let id = goods.product.with(|product| product.id.clone());
        ui.cart(|cart| cart.waits(&id))
    });
    let label = move || match (asking.get(), action()) {
        (true, _) => words.asking(),
        (_, Action::Buy) => words.buy(),
        (_, Action::Wait) => words.soon(),
        (_, Action::SoldOut) => words.sold_out(),
    };
    let tap = move |_| {
        if !ui.room(&ui.me, |room| room.may_buy) {
            ui.notify(words.token_required());
            return;
        }
        let want = goods.product.peek(|product| {
            goods.offer.peek(|offer| Want {
                product: product.id.clone(),
                sale: offer.sale.clone(),
                quantity: 1,
                price: offer.price,
            })
        });
        ui.with_link(|link| link.want(want));
    };
    button("primary buy")
        .attr("aria-busy", move || yes_or_no(asking.get()))
        .prop("disabled", move || asking.get() || action() != Action::Buy)
        .on("click", tap)
        .child(label)
}
