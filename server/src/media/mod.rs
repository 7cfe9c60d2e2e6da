//! The picture's shell: what comes over RTMP goes through the core's packager and out over HTTP.

pub mod config;
pub mod ingest;
pub mod ladder;
pub mod limits;
mod rtmp;

use anyhow::Result;
use axum::Router;
use tokio::net::TcpListener;
use utoipa_axum::router::OpenApiRouter;

use crate::app::{App, Base};

/// The streams of all rooms.
pub struct Media {
    /// Who publishes.
    pub ingest: ingest::Ingest,
}

/// The way of one publisher's events into its room.
pub struct Publisher;

impl Publisher {
    /// Takes what the encoder sent.
    pub fn push(&mut self, _event: hawker_server_core::media::frame::Event) {}
}

impl Media {
    /// Without any stream.
    ///
    /// # Errors
    /// A configuration that can't work.
    pub fn new(_base: &Base) -> Result<Self> {
        Ok(Self { ingest: ingest::Ingest::default() })
    }

    /// An encoder has begun to publish.
    #[must_use]
    pub fn publisher(&self, _room: &str, _rendition: &str) -> Publisher {
        Publisher
    }
}

/// Takes encoders on `rtmp` until the server drains.
///
/// # Errors
/// What stops the server from starting.
pub async fn start(app: &App, rtmp: TcpListener) -> Result<()> {
    rtmp::start(app, rtmp);
    Ok(())
}

/// REST, below `/api/v1`.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
}

/// `/live/…` except the socket.
pub fn http_routes() -> Router<App> {
    Router::new()
}
