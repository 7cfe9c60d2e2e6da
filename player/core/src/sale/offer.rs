//! What a buyer is offered for a product now: the flash price while its sale runs, the ordinary one otherwise. A function
//! only: the ledger decides what is sold.

use super::countdown::{self, Left, Phase};
use hawker_wire::Wall;
use hawker_wire::proto::{Product, Sale};

/// One product as it can be bought at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// The flash sale to buy from; empty: an ordinary purchase.
    pub sale: String,
    /// Unit price now, minor units.
    pub price: i64,
    /// The ordinary price that a lower flash price is compared to.
    pub was: Option<i64>,
    /// Free pieces.
    pub free: u32,
    /// Pieces of the flash sale in all, for the stock bar.
    pub of: Option<u32>,
    /// Pieces a buyer may have; 0: no limit.
    pub limit: u32,
    /// What the button does.
    pub action: Action,
    /// What the clock counts to.
    pub clock: Option<Clock>,
}

/// What a tap on the button does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Asks for a hold.
    Buy,
    /// Nothing yet: the flash sale has not begun.
    Wait,
    /// Nothing: no piece is free.
    SoldOut,
}

/// The clock beside an offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// The flash sale begins in this time, at this price.
    Begins(Left, i64),
    /// The flash price is gone in this time.
    Ends(Left),
}

/// What `product` is offered for at `now`.
#[must_use]
pub fn offer(product: &Product, sales: &[Sale], now: Wall) -> Offer {
    let ordinary = Offer {
        sale: String::new(),
        price: product.price,
        was: None,
        free: product.stock,
        of: None,
        limit: 0,
        action: if product.stock > 0 { Action::Buy } else { Action::SoldOut },
        clock: None,
    };
    let Some(sale) = countdown::current(sales, &product.id, now) else { return ordinary };
    let flash = Offer {
        sale: sale.id.clone(),
        price: sale.price,
        was: (product.price > sale.price).then_some(product.price),
        free: sale.free,
        of: Some(sale.stock),
        limit: sale.limit,
        action: Action::SoldOut,
        clock: None,
    };
    match countdown::phase(sale, now) {
        Phase::Running(left) => Offer {
            action: if sale.free > 0 { Action::Buy } else { Action::SoldOut },
            clock: (sale.ends_ms > 0).then_some(Clock::Ends(left)),
            ..flash
        },
        Phase::Before(left) if product.stock == 0 => {
            Offer { action: Action::Wait, clock: Some(Clock::Begins(left, sale.price)), ..flash }
        }
        Phase::Before(left) => Offer { clock: Some(Clock::Begins(left, sale.price)), ..ordinary },
        Phase::SoldOut if product.stock == 0 => flash,
        Phase::SoldOut | Phase::Ended => ordinary,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hawker_wire::proto::sale::State;

    #[test]
    fn the_flash_price_holds_while_the_sale_runs() {
        let check = |state: State, stock: u32, free: u32, now: u64, price: i64, action: Action| {
            let product = Product { id: "p".into(), price: 2_000, stock, ..Product::default() };
            let sale = Sale {
                id: "s".into(),
                product: "p".into(),
                price: 990,
                stock: 10,
                free,
                starts_ms: 10_000,
                ends_ms: 20_000,
                state: state.into(),
                ..Sale::default()
            };
            let offer = offer(&product, &[sale], Wall(now));
            assert_eq!(
                (offer.price, offer.action),
                (price, action),
                "{state:?} stock {stock} free {free} at {now}"
            );
        };
        check(State::Scheduled, 5, 10, 1_000, 2_000, Action::Buy);
        check(State::Scheduled, 0, 10, 1_000, 990, Action::Wait);
        check(State::Running, 5, 10, 11_000, 990, Action::Buy);
        check(State::Running, 5, 0, 11_000, 990, Action::SoldOut);
        check(State::SoldOut, 5, 0, 11_000, 2_000, Action::Buy);
        check(State::SoldOut, 0, 0, 11_000, 990, Action::SoldOut);
        check(State::Ended, 5, 3, 11_000, 2_000, Action::Buy);
        check(State::Running, 0, 3, 20_000, 2_000, Action::SoldOut);
    }
}
