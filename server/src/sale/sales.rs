//! REST of flash sales, for administrators.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use hawker_server_core::sale::{Answer, ProductRef, Refusal, Request};
use hawker_wire::Wall;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::views::SaleView;
use crate::app::App;
use crate::ops::api::{Admin, ApiError, Body, ErrorBody, InRoom};

/// The routes, below `/api/v1`.
pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(start)).routes(routes!(stop))
}

/// A room's flash sales.
#[derive(Debug, Serialize, ToSchema)]
struct SaleList {
    sales: Vec<SaleView>,
}

/// A flash sale to be announced.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CreateSale {
    /// The product's id.
    product: String,
    /// Unit price in minor units of the room's currency.
    price: i64,
    /// Pieces to move out of the product's free stock.
    stock: u32,
    /// Pieces a buyer may have, held and bought together; 0 or left out: no limit.
    #[serde(default)]
    limit: u32,
    /// ms since 1970, a time in the past is now; 0 or left out: when started by hand.
    #[serde(default)]
    starts_ms: u64,
    /// ms since 1970; 0 or left out: when stopped by hand.
    #[serde(default)]
    ends_ms: u64,
}

/// List a room's flash sales, those of the last day
#[utoipa::path(get, path = "/rooms/{room}/sales", tag = "sale", security(("admin" = [])),
    params(("room" = String, Path)), responses((status = 200, body = SaleList), (status = 404, body = ErrorBody)))]
async fn list(_: Admin, InRoom(room): InRoom, State(app): State<App>) -> Body<SaleList> {
    Body(SaleList { sales: app.shop.shelf.sales(&room.id).into_iter().map(SaleView::from).collect() })
}

/// Announce a flash sale
#[utoipa::path(post, path = "/rooms/{room}/sales", tag = "sale", security(("admin" = [])),
    params(("room" = String, Path)), request_body = CreateSale,
    responses((status = 201, body = SaleView), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody),
        (status = 409, body = ErrorBody)))]
async fn create(
    _: Admin,
    InRoom(room): InRoom,
    State(app): State<App>,
    Body(new): Body<CreateSale>,
) -> Result<(StatusCode, Body<SaleView>), ApiError> {
    let request = Request::SetSale {
        product: ProductRef { room: room.id, product: new.product },
        price: new.price,
        stock: new.stock,
        limit: new.limit,
        starts: Some(new.starts_ms).filter(|ms| *ms > 0).map(Wall),
        ends: Some(new.ends_ms).filter(|ms| *ms > 0).map(Wall),
    };
    Ok((StatusCode::CREATED, sale(app.shop.ask(request).await)?))
}

/// Start a flash sale now
#[utoipa::path(post, path = "/rooms/{room}/sales/{sale}/start", tag = "sale", security(("admin" = [])),
    params(("room" = String, Path), ("sale" = String, Path)), responses((status = 200, body = SaleView), (status = 404, body = ErrorBody),
        (status = 409, body = ErrorBody)))]
async fn start(
    _: Admin,
    InRoom(room): InRoom,
    Path(path): Path<(String, String)>,
    State(app): State<App>,
) -> Result<Body<SaleView>, ApiError> {
    sale(app.shop.ask(Request::StartSale(known(&app, &room.id, path.1)?)).await)
}

/// Stop a flash sale now
///
/// What it has not sold is the product's again; holds stay until they are paid or end.
#[utoipa::path(post, path = "/rooms/{room}/sales/{sale}/stop", tag = "sale", security(("admin" = [])),
    params(("room" = String, Path), ("sale" = String, Path)), responses((status = 200, body = SaleView), (status = 404, body = ErrorBody)))]
async fn stop(
    _: Admin,
    InRoom(room): InRoom,
    Path(path): Path<(String, String)>,
    State(app): State<App>,
) -> Result<Body<SaleView>, ApiError> {
    sale(app.shop.ask(Request::StopSale(known(&app, &room.id, path.1)?)).await)
}

/// A sale of this room and no other.
fn known(app: &App, room: &str, sale: String) -> Result<String, ApiError> {
    let known = app.shop.shelf.sales(room).iter().any(|known| known.id == sale);
    if known { Ok(sale) } else { Err(Refusal::UnknownSale.into()) }
}

fn sale(answer: Result<Answer, Refusal>) -> Result<Body<SaleView>, ApiError> {
    match answer? {
        Answer::Sale(sale) => Ok(Body(SaleView::from(sale))),
        _ => Err(ApiError::internal("a sale was answered with something else")),
    }
}
