//! The pages and the SDK, embedded from `target/dist` (release) or read from there (debug). What is in them is the
//! bundler's work.

use axum::Router;
use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use rust_embed::RustEmbed;

use crate::app::App;

#[derive(RustEmbed)]
#[folder = "../target/dist"]
#[allow_missing = true]
struct Dist;

/// `/`, `/room/ROOM`, `/docs/…`, `/api/`, `/console/`, `/sdk/…`.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/", get(|headers: HeaderMap| async move { page("www/index.html", &headers) }))
        .route("/room/{room}", get(|headers: HeaderMap| async move { page("www/room.html", &headers) }))
        .route("/api", get(|| async { Redirect::permanent("/api/") }))
        .route("/api/", get(|headers: HeaderMap| async move { page("www/api/index.html", &headers) }))
        .route("/console", get(|| async { Redirect::permanent("/console/") }))
        .route("/console/", get(|headers: HeaderMap| async move { page("console/index.html", &headers) }))
        .route(
            "/console/{*path}",
            get(|Path(path): Path<String>, headers: HeaderMap| async move {
                file(&format!("console/{path}"), &headers)
            }),
        )
        .route(
            "/sdk/{*path}",
            get(|Path(path): Path<String>, headers: HeaderMap| async move {
                file(&format!("sdk/{path}"), &headers)
            }),
        )
        .route(
            "/www/{*path}",
            get(|Path(path): Path<String>, headers: HeaderMap| async move {
                file(&format!("www/{path}"), &headers)
            }),
        )
        .route("/docs/", get(|headers: HeaderMap| async move { page("www/docs/index.html", &headers) }))
        .route(
            "/docs/{*path}",
            get(|Path(path): Path<String>, headers: HeaderMap| async move {
                file(&format!("www/docs/{path}"), &headers)
            }),
        )
}

fn page(path: &str, headers: &HeaderMap) -> Response {
    file(path, headers)
}

fn file(path: &str, _headers: &HeaderMap) -> Response {
    match Dist::get(path) {
        Some(file) => {
            ([(header::CONTENT_TYPE, "application/octet-stream")], file.data.into_owned()).into_response()
        }
        None => (StatusCode::NOT_FOUND, "not bundled\n").into_response(),
    }
}
