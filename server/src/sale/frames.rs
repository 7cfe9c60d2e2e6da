//! From the ledger's words to the wire's: ids as text, refusals with their data, and the proof of a hold.

use hawker_server_core::sale::{Hold, HoldState, Product, Refusal, Sale, SaleState};
use hawker_wire::proto::{self, HoldReply, hold_reply};

use super::texts::Text;
use crate::ops::tokens::Tokens;

/// `h17` for hold number 17.
#[must_use]
pub(super) fn hold_id(id: u64) -> String {
    format!("h{id}")
}

/// 17 for `h17`, and nothing for anything else.
#[must_use]
pub(super) fn parse_hold_id(text: &str) -> Option<u64> {
    let digits = text.strip_prefix('h')?;
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok()).flatten()
}

/// What a hold's proof signs: the hold and its terms, so that neither can be changed on the way to the shop's backend.
fn signed_text(hold: &Hold) -> String {
    let Hold { id, quantity, price, currency, .. } = hold;
    format!("{id}|{}|{}|{quantity}|{price}|{currency}", hold.product.room, hold.product.product)
}

/// The proof that a hold is what its buyer says.
#[must_use]
pub(super) fn prove(tokens: &Tokens, hold: &Hold) -> String {
    tokens.sign("hold", &signed_text(hold))
}

/// Is this the proof of that hold?
#[must_use]
pub(super) fn is_proof(tokens: &Tokens, hold: &Hold, proof: &str) -> bool {
    tokens.signed("hold", &signed_text(hold), proof)
}

/// A hold as its buyer sees it.
#[must_use]
pub(super) fn hold(tokens: &Tokens, hold: &Hold) -> proto::Hold {
    use proto::hold::State;
    let state = match hold.state {
        HoldState::Held => State::Held,
        HoldState::Paid => State::Paid,
        HoldState::Cancelled => State::Cancelled,
        HoldState::Expired => State::Expired,
        HoldState::RefundDue | HoldState::Refunded => State::RefundDue,
    };
    proto::Hold {
        id: hold_id(hold.id),
        product: hold.product.product.clone(),
        sale: hold.sale.clone(),
        quantity: hold.quantity,
        price: hold.price,
        currency: hold.currency.clone(),
        expires_ms: hold.expires.as_ms(),
        state: state.into(),
        placed_ms: hold.placed.as_ms(),
        proof: prove(tokens, hold),
        refunded: hold.state == HoldState::Refunded,
    }
}

/// A product as everybody sees it.
#[must_use]
pub(super) fn product(product: &Product, text: &Text) -> proto::Product {
    proto::Product {
        id: product.id.product.clone(),
        title: text.title.clone(),
        picture: text.picture.clone(),
        price: product.price,
        stock: product.pool.free,
        currency: product.currency.clone(),
        revision: product.revision,
        removed: product.removed,
        rank: text.rank,
        url: text.url.clone(),
    }
}

/// A sale as everybody sees it.
#[must_use]
pub(super) fn sale(sale: &Sale) -> proto::Sale {
    use proto::sale::State;
    let state = match sale.state {
        SaleState::Scheduled => State::Scheduled,
        SaleState::Running if sale.pool.free == 0 => State::SoldOut,
        SaleState::Running => State::Running,
        SaleState::Ended => State::Ended,
    };
    proto::Sale {
        id: sale.id.clone(),
        product: sale.product.product.clone(),
        price: sale.price,
        stock: u32::try_from(sale.stock).unwrap_or(u32::MAX),
        free: sale.pool.free,
        limit: sale.limit,
        starts_ms: sale.starts.map_or(0, |at| at.as_ms()),
        ends_ms: sale.ends.map_or(0, |at| at.as_ms()),
        state: state.into(),
        revision: sale.revision,
        sold: sale.pool.sold,
    }
}

/// A refusal with its data.
#[must_use]
pub(super) fn refusal(tokens: &Tokens, refusal: &Refusal) -> HoldReply {
    use hold_reply::Refusal as Wire;
    let mut reply = HoldReply::default();
    let wire = match refusal {
        Refusal::NotStarted(starts) => {
            reply.starts_ms = starts.map_or(0, |starts| starts.as_ms());
            Wire::NotStarted
        }
        Refusal::SoldOut => Wire::SoldOut,
        Refusal::LimitReached(left) => {
            reply.left = *left;
            Wire::LimitReached
        }
        Refusal::SaleEnded | Refusal::UnknownSale => Wire::SaleEnded,
        Refusal::PriceChanged(price) => {
            reply.price = *price;
            Wire::PriceChanged
        }
        Refusal::UnknownProduct => Wire::UnknownProduct,
        Refusal::BadRequest(_) => Wire::BadRequest,
        Refusal::TooFast(retry_ms) => {
            reply.retry_ms = *retry_ms;
            Wire::TooFast
        }
        Refusal::UnknownHold => Wire::UnknownHold,
        Refusal::Settled(settled) => {
            reply.hold = Some(hold(tokens, settled));
            Wire::Settled
        }
        Refusal::Unavailable | Refusal::NotEnoughStock(_) | Refusal::Full(_) => {
            reply.retry_ms = hawker_server_core::sale::limits::RETRY_MS;
            Wire::Unavailable
        }
    };
    reply.refusal = wire.into();
    reply
}
