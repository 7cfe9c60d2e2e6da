//! What follows from a request: a fact to be written down, an answer that exists already, or a refusal. Reads the state,
//! changes nothing; the order of the checks is the precedence of the refusals.

use hawker_wire::Wall;

use super::ledger::{Answer, Config};
use super::limits;
use super::record::{Fact, Held, HoldRef, Paid, ProductRef, ProductSet, SaleRef, SaleSet};
use super::refusal::Refusal;
use super::state::{Hold, HoldState, Sale, SaleState, State};

/// What can be asked of the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// An operator puts a product on the shelf, or changes its terms.
    SetProduct {
        /// Room and id.
        id: ProductRef,
        /// Unit price, minor units.
        price: i64,
        /// ISO 4217.
        currency: String,
        /// What becomes of its free stock.
        stock: Stock,
    },
    /// An operator takes a product off the shelf. Its holds stay.
    RemoveProduct(ProductRef),
    /// An operator announces a flash sale.
    SetSale {
        /// What is sold.
        product: ProductRef,
        /// Unit price, minor units.
        price: i64,
        /// Pieces to move out of the product's free stock.
        stock: u32,
        /// Pieces a buyer may have; 0: no limit.
        limit: u32,
        /// When it starts; `None`: when started by hand.
        starts: Option<Wall>,
        /// When it ends; `None`: when stopped by hand.
        ends: Option<Wall>,
    },
    /// An operator starts a sale now.
    StartSale(String),
    /// An operator ends a sale now.
    StopSale(String),
    /// A buyer wants goods held.
    Place {
        /// Room and product.
        product: ProductRef,
        /// The flash sale; empty: an ordinary purchase.
        sale: String,
        /// Who.
        buyer: String,
        /// Idempotency key.
        key: String,
        /// Pieces.
        quantity: u32,
        /// The unit price the buyer saw, minor units.
        price: i64,
    },
    /// A buyer gives a hold up.
    Cancel {
        /// Who.
        buyer: String,
        /// The hold's number.
        hold: u64,
    },
    /// The shop says that a hold is paid.
    Pay {
        /// The hold's number.
        hold: u64,
        /// The shop's reference of the payment.
        payment: String,
    },
    /// The shop says that the money of an order, or of one that came to nothing, went back.
    Refund(u64),
    /// What is this hold now?
    Look(u64),
}

/// What becomes of a product's free stock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stock {
    /// As it is; 0 for a new product.
    Keep,
    /// So many free pieces from now on.
    Free(u32),
    /// So many pieces more, or fewer.
    Add(i32),
}

pub(super) enum Decision {
    Write(Fact),
    /// Done before: the same answer.
    Same(Answer),
    Refuse(Refusal),
}

impl From<Refusal> for Decision {
    fn from(refusal: Refusal) -> Self {
        Self::Refuse(refusal)
    }
}

pub(super) fn decide(state: &State, config: &Config, now: Wall, request: &Request) -> Decision {
    let decided = match request {
        Request::SetProduct { id, price, currency, stock } => {
            set_product(state, id, *price, currency, *stock)
        }
        Request::RemoveProduct(id) => remove_product(state, id),
        Request::SetSale { .. } => set_sale(state, now, request),
        Request::StartSale(sale) => start_sale(state, sale),
        Request::StopSale(sale) => stop_sale(state, sale),
        Request::Place { .. } => place(state, config, now, request),
        Request::Cancel { buyer, hold } => cancel(state, buyer, *hold),
        Request::Pay { hold, payment } => pay(state, *hold, payment),
        Request::Refund(hold) => refund(state, *hold),
        Request::Look(hold) => {
            let hold = state.hold(*hold).cloned().ok_or(Refusal::UnknownHold);
            hold.map(|hold| Decision::Same(Answer::Hold(hold)))
        }
    };
    decided.unwrap_or_else(Decision::Refuse)
}

type Decided = Result<Decision, Refusal>;

fn set_product(state: &State, id: &ProductRef, price: i64, currency: &str, stock: Stock) -> Decided {
    check(is_id(&id.room) && is_id(&id.product), "an id is 1 to 128 of A-Z a-z 0-9 . _ -")?;
    check((0..=limits::PRICE_MAX).contains(&price), "a price is 0 to 10^12 minor units")?;
    check(hawker_wire::money::Currency::parse(currency).is_some(), "a currency is three capital letters")?;
    let known = state.product(id);
    if known.is_none() {
        let full = state.products.len() >= limits::PRODUCTS_MAX;
        let shelf = state.products.values().filter(|product| product.id.room == id.room && !product.removed);
        if full || shelf.count() >= limits::PRODUCTS_PER_ROOM_MAX {
            return Err(Refusal::Full("products"));
        }
    }
    let free = known.map_or(0, |product| product.pool.free);
    let free = match stock {
        Stock::Keep => free,
        Stock::Free(free) => free,
        Stock::Add(more) => free.checked_add_signed(more).ok_or(Refusal::NotEnoughStock(free))?,
    };
    check(free <= limits::STOCK_MAX, "a stock is 100,000,000 pieces at most")?;
    Ok(Decision::Write(Fact::ProductSet(ProductSet {
        room: id.room.clone(),
        product: id.product.clone(),
        price,
        currency: currency.to_owned(),
        free,
    })))
}

fn remove_product(state: &State, id: &ProductRef) -> Decided {
    let product = state.product(id).ok_or(Refusal::UnknownProduct)?;
    Ok(if product.removed {
        Decision::Same(Answer::Product(product.clone()))
    } else {
        Decision::Write(Fact::ProductRemoved(id.clone()))
    })
}

fn set_sale(state: &State, now: Wall, request: &Request) -> Decided {
    let Request::SetSale { product: id, price, stock, limit, starts, ends } = request else {
        unreachable!("called for a sale")
    };
    let product = state.product(id).filter(|product| !product.removed).ok_or(Refusal::UnknownProduct)?;
    check((0..=limits::PRICE_MAX).contains(price), "a price is 0 to 10^12 minor units")?;
    check(*stock > 0, "a sale has at least one piece")?;
    let from = starts.unwrap_or(now).max(now);
    check(ends.is_none_or(|ends| ends > from), "a sale ends after it starts, and in the future")?;
    if product.pool.free < *stock {
        return Err(Refusal::NotEnoughStock(product.pool.free));
    }
    if state.sales.len() >= limits::SALES_MAX {
        return Err(Refusal::Full("sales"));
    }
    Ok(Decision::Write(Fact::SaleSet(SaleSet {
        sale: format!("s{}", state.seq() + 1),
        room: id.room.clone(),
        product: id.product.clone(),
        price: *price,
        stock: *stock,
        limit: *limit,
        starts_ms: starts.map_or(0, |starts| starts.max(now).as_ms()),
        ends_ms: ends.map_or(0, Wall::as_ms),
    })))
}

fn start_sale(state: &State, id: &str) -> Decided {
    let sale = state.sale(id).ok_or(Refusal::UnknownSale)?;
    match sale.state {
        SaleState::Scheduled => Ok(Decision::Write(Fact::SaleStarted(SaleRef { sale: id.to_owned() }))),
        SaleState::Running => Ok(Decision::Same(Answer::Sale(sale.clone()))),
        SaleState::Ended => Err(Refusal::SaleEnded),
    }
}

fn stop_sale(state: &State, id: &str) -> Decided {
    let sale = state.sale(id).ok_or(Refusal::UnknownSale)?;
    Ok(match sale.state {
        SaleState::Ended => Decision::Same(Answer::Sale(sale.clone())),
        _ => Decision::Write(Fact::SaleEnded(SaleRef { sale: id.to_owned() })),
    })
}

fn place(state: &State, config: &Config, now: Wall, request: &Request) -> Decided {
    let Request::Place { product: id, sale, buyer, key, quantity, price } = request else {
        unreachable!("called for a hold")
    };
    check(is_key(key), "a key is 16 to 64 of A-Z a-z 0-9 _ -")?;
    check(is_buyer(buyer), "no buyer")?;
    check((1..=limits::QUANTITY_MAX).contains(quantity), "a quantity is 1 to 99")?;
    if let Some(hold) = state.keyed(buyer, key) {
        let same =
            hold.product == *id && hold.sale == *sale && hold.quantity == *quantity && hold.price == *price;
        check(same, "the key was used for something else")?;
        return Ok(Decision::Same(Answer::Hold(hold.clone())));
    }

    let product = state.product(id).filter(|product| !product.removed).ok_or(Refusal::UnknownProduct)?;
    let (asked, pool) = if sale.is_empty() {
        (product.price, product.pool)
    } else {
        let sale = state.sale(sale).filter(|sale| sale.product == *id).ok_or(Refusal::UnknownProduct)?;
        match sale.state {
            SaleState::Scheduled => return Err(Refusal::NotStarted(sale.starts)),
            SaleState::Ended => return Err(Refusal::SaleEnded),
            SaleState::Running => (sale.price, sale.pool),
        }
    };
    if asked != *price {
        return Err(Refusal::PriceChanged(asked));
    }
    if let Some(sale) = state.sale(sale) {
        let left = left(state, sale, buyer);
        if left < *quantity {
            return Err(Refusal::LimitReached(left));
        }
    }
    if pool.free < *quantity {
        return Err(Refusal::SoldOut);
    }
    room_for(state, now, buyer)?;
    Ok(Decision::Write(Fact::Held(Held {
        hold: state.seq() + 1,
        room: id.room.clone(),
        buyer: buyer.clone(),
        key: key.clone(),
        product: id.product.clone(),
        sale: sale.clone(),
        quantity: *quantity,
        price: *price,
        currency: product.currency.clone(),
        expires_ms: now.plus_ms(config.hold_ms).as_ms(),
    })))
}

/// What a sale's limit leaves to a buyer.
fn left(state: &State, sale: &Sale, buyer: &str) -> u32 {
    match sale.limit {
        0 => u32::MAX,
        limit => limit.saturating_sub(state.count(&sale.id, buyer)),
    }
}

fn room_for(state: &State, now: Wall, buyer: &str) -> Result<(), Refusal> {
    let open = state.holds_of(buyer).filter(|hold| hold.state == HoldState::Held);
    let (count, next) = open.fold((0, None), |(count, next): (usize, Option<Wall>), hold| {
        (count + 1, Some(next.map_or(hold.expires, |next| next.min(hold.expires))))
    });
    if count >= limits::HOLDS_PER_BUYER_MAX {
        let wait_ms = next.map_or(0, |next| next.ms_since(now));
        return Err(Refusal::TooFast(u32::try_from(wait_ms).unwrap_or(u32::MAX)));
    }
    if state.holds.len() >= limits::HOLDS_MAX { Err(Refusal::Unavailable) } else { Ok(()) }
}

fn cancel(state: &State, buyer: &str, id: u64) -> Decided {
    let hold = state.hold(id).filter(|hold| hold.buyer == buyer).ok_or(Refusal::UnknownHold)?;
    match hold.state {
        HoldState::Held => Ok(Decision::Write(Fact::Cancelled(HoldRef { hold: id }))),
        _ => Err(Refusal::Settled(Box::new(hold.clone()))),
    }
}

fn pay(state: &State, id: u64, payment: &str) -> Decided {
    check(
        (1..=limits::PAYMENT_BYTES_MAX).contains(&payment.len()),
        "a payment's reference is 1 to 200 bytes",
    )?;
    let hold = state.hold(id).ok_or(Refusal::UnknownHold)?;
    match hold.state {
        _ if hold.payment == payment => Ok(Decision::Same(Answer::Hold(hold.clone()))),
        HoldState::Held => Ok(Decision::Write(paid(hold, payment, false))),
        HoldState::Cancelled | HoldState::Expired => {
            Ok(Decision::Write(paid(hold, payment, !is_free(state, hold))))
        }
        _ => Err(Refusal::Settled(Box::new(hold.clone()))),
    }
}

fn paid(hold: &Hold, payment: &str, refund_due: bool) -> Fact {
    Fact::Paid(Paid { hold: hold.id, payment: payment.to_owned(), refund_due })
}

/// Whether the goods of a hold that came to nothing can still be sold to its buyer: free, and within the limit.
fn is_free(state: &State, hold: &Hold) -> bool {
    let own = state.product(&hold.product).map_or(0, |product| product.pool.free);
    if hold.sale.is_empty() {
        return own >= hold.quantity;
    }
    state.sale(&hold.sale).is_some_and(|sale| {
        let free = if sale.state == SaleState::Ended { own } else { sale.pool.free };
        free >= hold.quantity && left(state, sale, &hold.buyer) >= hold.quantity
    })
}

fn refund(state: &State, id: u64) -> Decided {
    let hold = state.hold(id).ok_or(Refusal::UnknownHold)?;
    match hold.state {
        HoldState::Paid | HoldState::RefundDue => Ok(Decision::Write(Fact::Refunded(HoldRef { hold: id }))),
        HoldState::Refunded => Ok(Decision::Same(Answer::Hold(hold.clone()))),
        _ => Err(Refusal::Settled(Box::new(hold.clone()))),
    }
}

fn check(holds: bool, what: &'static str) -> Result<(), Refusal> {
    if holds { Ok(()) } else { Err(Refusal::BadRequest(what)) }
}

fn is_id(text: &str) -> bool {
    (1..=limits::ID_CHARS_MAX).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}

fn is_key(text: &str) -> bool {
    limits::KEY_CHARS.contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
}

fn is_buyer(text: &str) -> bool {
    (1..=limits::ID_CHARS_MAX + 2).contains(&text.len()) && !text.chars().any(char::is_control)
}
