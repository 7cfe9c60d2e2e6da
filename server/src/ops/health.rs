//! `GET /healthz`, for load balancers and service managers, and `GET /api/v1/time`, for clock measurement.

use axum::Router;
use axum::extract::{RawQuery, State};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use hawker_server_core::media::date::iso8601;
use hawker_wire::Wall;

use crate::app::App;

/// The routes.
pub fn routes() -> Router<App> {
    Router::new().route("/healthz", get(healthz)).route("/api/v1/time", get(time))
}

/// 200 "ok" while the server takes requests and its database answers; 503 with the reason otherwise.
async fn healthz(State(app): State<App>) -> impl IntoResponse {
    let no_store = [(header::CACHE_CONTROL, "no-store")];
    if app.life.draining.is_cancelled() {
        return (StatusCode::SERVICE_UNAVAILABLE, no_store, "draining\n");
    }
    match sqlx::query("SELECT 1").execute(app.store.pool()).await {
        Ok(_) => (StatusCode::OK, no_store, "ok\n"),
        Err(error) => {
            tracing::error!(%error, "the database doesn't answer");
            (StatusCode::SERVICE_UNAVAILABLE, no_store, "database unavailable\n")
        }
    }
}

/// The server's calendar time in milliseconds since 1970, with three decimals; with `?iso` as `2026-11-22T16:00:00.000Z`, which
/// is what DASH players ask for (`urn:mpeg:dash:utc:http-iso:2014`).
async fn time(State(app): State<App>, RawQuery(query): RawQuery) -> impl IntoResponse {
    let us = app.clock.wall_us();
    let text = match query.as_deref() {
        Some("iso") => iso8601(Wall(us / 1_000)),
        Some(_) | None => format!("{}.{:03}", us / 1_000, us % 1_000),
    };
    ([(header::CACHE_CONTROL, "no-store")], text)
}
