//! REST of orders, for administrators: the list, and the sums that a shop's books are checked against.

use axum::extract::{Query, State};
use serde::{Deserialize, Serialize};
use sqlx::Row as _;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::views::OrderView;
use super::{frames, limits, projection};
use crate::app::App;
use crate::ops::api::{Admin, ApiError, Body, ErrorBody, InRoom};

/// The routes, below `/api/v1`.
pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list))
}

#[derive(Debug, Deserialize, IntoParams)]
struct Page {
    /// Only orders in this state: `held`, `paid`, `cancelled`, `expired`, `refund-due`, `refunded`.
    state: Option<String>,
    /// Only orders older than this one: the last id of the page before.
    before: Option<String>,
    /// Orders in the answer, 1 to 500; 100 when left out.
    limit: Option<u32>,
}

/// A room's orders, newest first, and the sums of all of them.
#[derive(Debug, Serialize, ToSchema)]
struct OrderList {
    orders: Vec<OrderView>,
    totals: Totals,
}

/// Each hold is in one of the first six sums; `gmv` looks at them from another side. Amounts are in minor units of the
/// room's currency.
#[derive(Debug, Default, Serialize, ToSchema)]
struct Totals {
    /// Sold, and the money stayed.
    paid: i64,
    paid_orders: i64,
    paid_pieces: i64,
    /// Held, not paid yet.
    unpaid: i64,
    unpaid_orders: i64,
    unpaid_pieces: i64,
    /// Given up by the buyer.
    cancelled: i64,
    cancelled_orders: i64,
    cancelled_pieces: i64,
    /// Not paid in time.
    expired: i64,
    expired_orders: i64,
    expired_pieces: i64,
    /// Paid too late for goods that were gone: the money is to go back.
    refund_due: i64,
    refund_due_orders: i64,
    refund_due_pieces: i64,
    /// The money went back.
    refunded: i64,
    refunded_orders: i64,
    refunded_pieces: i64,
    /// Gross merchandise value: all that was sold, what was refunded later included.
    gmv: i64,
    gmv_orders: i64,
    gmv_pieces: i64,
}

/// List a room's orders
#[utoipa::path(get, path = "/rooms/{room}/orders", tag = "sale", security(("admin" = [])),
    params(("room" = String, Path), Page), responses((status = 200, body = OrderList), (status = 404, body = ErrorBody)))]
async fn list(
    _: Admin,
    InRoom(room): InRoom,
    State(app): State<App>,
    Query(page): Query<Page>,
) -> Result<Body<OrderList>, ApiError> {
    let before = match &page.before {
        Some(id) => {
            let unknown = || ApiError::bad_request("bad-query", "before is an order's id");
            i64::try_from(frames::parse_hold_id(id).ok_or_else(unknown)?).unwrap_or(i64::MAX)
        }
        None => i64::MAX,
    };
    let query = "SELECT * FROM orders WHERE room = $1 AND hold < $2 AND ($3 IS NULL OR state = $3) \
         ORDER BY hold DESC LIMIT $4";
    let rows = sqlx::query(query)
        .bind(&room.id)
        .bind(before)
        .bind(&page.state)
        .bind(page.limit.unwrap_or(100).clamp(1, limits::ORDERS))
        .fetch_all(app.store.pool())
        .await?;
    let orders = rows.iter().map(projection::order).collect::<Result<_, _>>()?;
    Ok(Body(OrderList { orders, totals: totals(&app, &room.id).await? }))
}

async fn totals(app: &App, room: &str) -> Result<Totals, sqlx::Error> {
    let query = "SELECT state, sold, COUNT(*) AS orders, SUM(quantity) AS pieces, SUM(price * quantity) AS amount \
         FROM orders WHERE room = $1 GROUP BY state, sold";
    let mut totals = Totals::default();
    for row in sqlx::query(query).bind(room).fetch_all(app.store.pool()).await? {
        let sum = [row.try_get("amount")?, row.try_get("orders")?, row.try_get("pieces")?];
        totals.add(&row.try_get::<String, _>("state")?, row.try_get("sold")?, sum);
    }
    Ok(totals)
}

impl Totals {
    fn add(&mut self, state: &str, sold: bool, [amount, orders, pieces]: [i64; 3]) {
        let to = |sums: [&mut i64; 3]| {
            sums.into_iter().zip([amount, orders, pieces]).for_each(|(sum, more)| *sum += more);
        };
        match state {
            "held" => to([&mut self.unpaid, &mut self.unpaid_orders, &mut self.unpaid_pieces]),
            "paid" => to([&mut self.paid, &mut self.paid_orders, &mut self.paid_pieces]),
            "cancelled" => to([&mut self.cancelled, &mut self.cancelled_orders, &mut self.cancelled_pieces]),
            "expired" => to([&mut self.expired, &mut self.expired_orders, &mut self.expired_pieces]),
            "refund-due" => {
                to([&mut self.refund_due, &mut self.refund_due_orders, &mut self.refund_due_pieces])
            }
            _ => to([&mut self.refunded, &mut self.refunded_orders, &mut self.refunded_pieces]),
        }
        if sold {
            to([&mut self.gmv, &mut self.gmv_orders, &mut self.gmv_pieces]);
        }
    }
}
