//! REST of the shelf: products with their texts, prices and stock, for administrators.

use axum::extract::{Path, State};
use hawker_server_core::sale::{Answer, ProductRef, Request, Stock};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::texts::Text;
use super::views::ProductView;
use crate::app::App;
use crate::ops::api::{Admin, ApiError, Body, ErrorBody, InRoom};

/// The routes, below `/api/v1`.
pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(put, remove))
}

/// A room's shelf.
#[derive(Debug, Serialize, ToSchema)]
struct ProductList {
    products: Vec<ProductView>,
}

/// What a product is to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PutProduct {
    /// 1 to 120 characters.
    title: String,
    /// URL of a picture; may be relative to the server.
    #[serde(default)]
    picture: String,
    /// The shop's own page of it.
    #[serde(default)]
    url: String,
    /// Place on the shelf; smaller is earlier.
    #[serde(default)]
    rank: u32,
    /// Unit price in minor units of the room's currency.
    price: i64,
    /// Free pieces from now on. Left out: as many as there are.
    stock: Option<u32>,
    /// In place of `stock`: so many pieces more, or fewer. Safe while selling, unlike an absolute number.
    add: Option<i32>,
}

/// List a room's products
#[utoipa::path(get, path = "/rooms/{room}/products", tag = "sale", security(("admin" = [])),
    params(("room" = String, Path)), responses((status = 200, body = ProductList), (status = 404, body = ErrorBody)))]
async fn list(_: Admin, InRoom(room): InRoom, State(app): State<App>) -> Body<ProductList> {
    let products = app.shop.shelf.products(&room.id).into_iter();
    let mut products: Vec<_> =
        products.map(|product| ProductView::new(product.clone(), app.shop.texts.of(&product.id))).collect();
    products.sort_by(|a, b| a.place().cmp(&b.place()));
    Body(ProductList { products })
}

/// Put a product on the shelf, or change it
///
/// Holds and orders keep the price they were made at.
#[utoipa::path(put, path = "/rooms/{room}/products/{product}", tag = "sale", security(("admin" = [])),
    params(("room" = String, Path), ("product" = String, Path)), request_body = PutProduct,
    responses((status = 200, body = ProductView), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody),
        (status = 409, body = ErrorBody)))]
async fn put(
    _: Admin,
    InRoom(room): InRoom,
    Path(path): Path<(String, String)>,
    State(app): State<App>,
    Body(put): Body<PutProduct>,
) -> Result<Body<ProductView>, ApiError> {
    let (_, product) = path;
    let stock = match (put.stock, put.add) {
        (None, None) => Stock::Keep,
        (Some(free), None) => Stock::Free(free),
        (None, Some(more)) => Stock::Add(more),
        (Some(_), Some(_)) => {
            return Err(ApiError::bad_request("bad-request", "give stock or add, not both"));
        }
    };
    let id = ProductRef { room: room.id, product };
    let before = app.shop.texts.of(&id);
    let text = Text { title: put.title, picture: put.picture, url: put.url, rank: put.rank };
    // First the text: whoever is told of the product reads the new one.
    app.shop.texts.set(&id, text.clone()).await?;
    let request = Request::SetProduct { id: id.clone(), price: put.price, currency: room.currency, stock };
    match app.shop.ask(request).await {
        Ok(Answer::Product(product)) => Ok(Body(ProductView::new(product, text))),
        Ok(_) => Err(ApiError::internal("a product was answered with something else")),
        Err(refusal) => {
            if app.shop.shelf.product(&id).is_some() {
                app.shop.texts.set(&id, before).await?;
            }
            Err(refusal.into())
        }
    }
}

/// Take a product off the shelf
///
/// Its flash sales end; holds and orders stay.
#[utoipa::path(delete, path = "/rooms/{room}/products/{product}", tag = "sale", security(("admin" = [])),
    params(("room" = String, Path), ("product" = String, Path)),
    responses((status = 204), (status = 404, body = ErrorBody)))]
async fn remove(
    _: Admin,
    InRoom(room): InRoom,
    Path(path): Path<(String, String)>,
    State(app): State<App>,
) -> Result<axum::http::StatusCode, ApiError> {
    let (_, product) = path;
    app.shop.ask(Request::RemoveProduct(ProductRef { room: room.id, product })).await?;
    Ok(axum::http::StatusCode::NO_CONTENT)
}
