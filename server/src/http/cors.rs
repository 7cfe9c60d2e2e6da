//! Who may embed us: cross-origin rules for media, SDK and REST, from `[http] origins`.

use axum::http::{HeaderName, HeaderValue, Method, header};
use tower_http::cors::{AllowOrigin, CorsLayer};

use crate::ops::config::HttpConfig;

/// Headers of ours that a page of another origin may read.
const EXPOSED: [&str; 11] = [
    "etag",
    "content-length",
    "content-location",
    "content-range",
    "retry-after",
    "date",
    "hawker-independent",
    "hawker-discontinuity",
    "hawker-state",
    "cmsd-dynamic",
    "cmsd-static",
];

/// The layer that answers preflights and marks answers.
pub fn layer(config: &HttpConfig) -> CorsLayer {
    let origins = if config.any_origin() {
        AllowOrigin::any()
    } else {
        AllowOrigin::list(config.origins.iter().filter_map(|origin| HeaderValue::from_str(origin).ok()))
    };
    CorsLayer::new()
        .allow_origin(origins)
        .allow_methods([Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
        .allow_headers([header::AUTHORIZATION, header::CONTENT_TYPE, header::RANGE, header::IF_NONE_MATCH])
        .expose_headers(EXPOSED.map(HeaderName::from_static))
        .max_age(std::time::Duration::from_secs(86_400))
}
