//! HTTP: puts every feature's routes into one router, with what all of them share (cross-origin rules, limits, the
//! OpenAPI document). How connections are accepted is in [`serve`]; what a route does is in its feature.

pub mod conn;
pub mod cors;
pub mod guard;
pub mod headers;
pub mod limits;
pub mod serve;
pub mod tls;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use crate::app::App;
use crate::ops::api::ApiError;
use crate::ops::{assets, health, metrics, openapi};

/// Every route of the server.
pub fn router(app: &App) -> Router {
    let (rest, document) = rest();
    let document = openapi::Document::new(&document);
    let cors = cors::layer(&app.config.http);
    Router::new()
        .merge(rest)
        .route("/api/v1/openapi.json", get(move || async move { document.respond() }))
        .merge(crate::media::http_routes())
        .merge(crate::room::socket_routes())
        .merge(crate::udp::routes())
        .merge(health::routes())
        .merge(metrics::routes())
        .merge(assets::routes())
        .fallback(nothing)
        .layer(DefaultBodyLimit::max(limits::BODY_BYTES))
        .layer(cors)
        .layer(axum::middleware::from_fn_with_state(guard::Guard::new(app), guard::pass))
        .with_state(app.clone())
}

/// The REST routes and the OpenAPI document that describes them.
pub fn rest() -> (Router<App>, OpenApi) {
    OpenApiRouter::with_openapi(openapi::base())
        .nest(
            "/api/v1",
            OpenApiRouter::new()
                .merge(crate::ops::rooms::routes())
                .merge(crate::media::routes())
                .merge(crate::room::routes())
                .merge(crate::sale::routes()),
        )
        .split_for_parts()
}

async fn nothing(uri: Uri) -> Response {
    if uri.path().starts_with("/api/v1") {
        let message = "there is no such call: /api/ shows all of them";
        return ApiError::new(StatusCode::NOT_FOUND, "no-such-call", message).into_response();
    }
    // The next version may have what this one has not.
    let headers = [(header::CACHE_CONTROL, "no-store")];
    (StatusCode::NOT_FOUND, headers, "There is nothing here.\n").into_response()
}
