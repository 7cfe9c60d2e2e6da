//! The shapes of the sale in REST and webhooks, and how the ledger's refusals read there.

use axum::http::StatusCode;
use hawker_server_core::sale::{Product, Refusal, Sale, SaleState};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::frames;
use super::texts::Text;
use crate::ops::api::ApiError;

/// A product with its stock.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct ProductView {
    id: String,
    title: String,
    picture: String,
    url: String,
    rank: u32,
    /// Unit price of an ordinary purchase, minor units.
    price: i64,
    /// ISO 4217.
    currency: String,
    /// Free pieces, outside of flash sales.
    stock: u32,
    /// Held for buyers who haven't paid yet, outside of flash sales.
    held: u32,
    /// Sold outside of flash sales, and in sales of more than a week ago.
    sold: u32,
    /// In flash sales, or sold in them.
    in_sales: u64,
}

/// Where a sale stands.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum SaleViewState {
    /// Announced.
    Scheduled,
    /// Open.
    Running,
    /// Open, and nothing is free at the moment.
    SoldOut,
    /// Over.
    Ended,
}

/// A flash sale with its stock: `stock = free + held + sold + returned`.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct SaleView {
    id: String,
    room: String,
    product: String,
    /// Unit price, minor units.
    price: i64,
    stock: u64,
    free: u32,
    held: u32,
    sold: u32,
    /// Went back to the product.
    returned: u64,
    /// Pieces a buyer may have, held and bought together; 0: no limit.
    limit: u32,
    /// ms since 1970; 0: when an operator starts it.
    starts_ms: u64,
    /// ms since 1970; 0: when an operator stops it.
    ends_ms: u64,
    state: SaleViewState,
}

/// A hold, later an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(super) struct OrderView {
    /// As the buyer's page has it.
    pub id: String,
    /// The room.
    pub room: String,
    /// `t:SUBJECT` for a buyer with a token of the shop, `g:ID` for a guest.
    pub buyer: String,
    /// The product's id.
    pub product: String,
    /// The flash sale; empty: an ordinary purchase.
    pub sale: String,
    /// Pieces.
    pub quantity: u32,
    /// Unit price, minor units.
    pub price: i64,
    /// Price of all pieces, minor units.
    pub total: i64,
    /// ISO 4217.
    pub currency: String,
    /// `held`, `paid`, `cancelled`, `expired`, `refund-due` or `refunded`.
    pub state: String,
    /// ms since 1970.
    pub placed_ms: u64,
    /// When it goes back unless paid, ms since 1970.
    pub expires_ms: u64,
    /// When it became what it is, ms since 1970.
    pub changed_ms: u64,
    /// The shop's reference of the payment; empty: none.
    pub payment: String,
}

impl ProductView {
    pub(super) fn new(product: Product, text: Text) -> Self {
        Self {
            id: product.id.product,
            title: text.title,
            picture: text.picture,
            url: text.url,
            rank: text.rank,
            price: product.price,
            currency: product.currency,
            stock: product.pool.free,
            held: product.pool.held,
            sold: product.pool.sold,
            in_sales: product.in_sales,
        }
    }

    /// Its place on the shelf.
    pub(super) fn place(&self) -> (u32, &str) {
        (self.rank, &self.id)
    }
}

impl From<Sale> for SaleView {
    fn from(sale: Sale) -> Self {
        let state = match sale.state {
            SaleState::Scheduled => SaleViewState::Scheduled,
            SaleState::Running if sale.pool.free == 0 => SaleViewState::SoldOut,
            SaleState::Running => SaleViewState::Running,
            SaleState::Ended => SaleViewState::Ended,
        };
        Self {
            id: sale.id,
            room: sale.product.room,
            product: sale.product.product,
            price: sale.price,
            stock: sale.stock,
            free: sale.pool.free,
            held: sale.pool.held,
            sold: sale.pool.sold,
            returned: sale.returned,
            limit: sale.limit,
            starts_ms: sale.starts.map_or(0, |at| at.as_ms()),
            ends_ms: sale.ends.map_or(0, |at| at.as_ms()),
            state,
        }
    }
}

impl From<hawker_server_core::sale::Hold> for OrderView {
    fn from(hold: hawker_server_core::sale::Hold) -> Self {
        use hawker_server_core::sale::HoldState;
        let state = match hold.state {
            HoldState::Held => "held",
            HoldState::Paid => "paid",
            HoldState::Cancelled => "cancelled",
            HoldState::Expired => "expired",
            HoldState::RefundDue => "refund-due",
            HoldState::Refunded => "refunded",
        };
        Self {
            id: frames::hold_id(hold.id),
            total: hold.total(),
            room: hold.product.room,
            buyer: hold.buyer,
            product: hold.product.product,
            sale: hold.sale,
            quantity: hold.quantity,
            price: hold.price,
            currency: hold.currency,
            state: state.to_owned(),
            placed_ms: hold.placed.as_ms(),
            expires_ms: hold.expires.as_ms(),
            changed_ms: hold.changed.as_ms(),
            payment: hold.payment,
        }
    }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::UnknownProduct => {
                Self::new(StatusCode::NOT_FOUND, "not-found", "there is no such product on the shelf")
            }
            Refusal::UnknownSale => Self::new(StatusCode::NOT_FOUND, "not-found", "there is no such sale"),
            Refusal::UnknownHold => Self::new(
                StatusCode::NOT_FOUND,
                "not-found",
                "there is no such hold: give the money back if it was paid",
            ),
            Refusal::BadRequest(why) => Self::bad_request("bad-request", why),
            Refusal::NotEnoughStock(free) => {
                Self::conflict("not-enough-stock", format!("{free} pieces of the product are free"))
            }
            Refusal::SaleEnded => Self::conflict("sale-ended", "the sale is over: make a new one"),
            Refusal::Settled(hold) => Self::conflict(
                "settled",
                format!("the hold is settled already, with payment {:?}: give this one back", hold.payment),
            ),
            Refusal::Full(what) => {
                Self::conflict("too-many", format!("there are as many {what} as there may be"))
            }
            Refusal::Unavailable => Self::unavailable(
                "ledger-unavailable",
                "the ledger can't write to its disk: nothing was done",
                1,
            ),
            Refusal::NotStarted(_)
            | Refusal::SoldOut
            | Refusal::LimitReached(_)
            | Refusal::PriceChanged(_)
            | Refusal::TooFast(_) => Self::conflict("refused", "the goods can't be had like this"),
        }
    }
}
