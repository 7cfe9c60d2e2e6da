//! `GET /healthz`, for load balancers and service managers, and `GET /api/v1/time`, for clock measurement.

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;

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

/// The server's calendar time in milliseconds since 1970, with three decimals.
async fn time(State(app): State<App>) -> impl IntoResponse {
    let us = app.clock.wall_us();
    ([(header::CACHE_CONTROL, "no-store")], format!("{}.{:03}", us / 1_000, us % 1_000))
}
