//! The OpenAPI document of the REST API: what isn't a path, and how it is served. The paths come from the features.

use std::sync::Arc;

use axum::http::header;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{ComponentsBuilder, Info, OpenApi, OpenApiBuilder};

/// Title, version and the way to log in.
#[must_use]
pub fn base() -> OpenApi {
    let mut info = Info::new("Hawker", env!("CARGO_PKG_VERSION"));
    info.description = Some(
        "Rooms, stream keys, goods, sales, orders and moderation. Errors are \
         {\"error\": {\"code\": \"…\", \"message\": \"what to do\"}}."
            .to_owned(),
    );
    let admin = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
    OpenApiBuilder::new()
        .info(info)
        .components(Some(ComponentsBuilder::new().security_scheme("admin", admin).build()))
        .build()
}

/// The document, rendered once.
#[derive(Clone)]
pub struct Document(Arc<Bytes>);

impl Document {
    /// Renders it.
    #[must_use]
    pub fn new(document: &OpenApi) -> Self {
        Self(Arc::new(document.to_pretty_json().unwrap_or_default().into()))
    }

    /// As an answer.
    #[must_use]
    pub fn respond(&self) -> Response {
        let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-cache")];
        (headers, Bytes::clone(&self.0)).into_response()
    }
}
