//! The picture's shell: what comes over RTMP goes through the core's packager and out over HTTP.

pub mod config;

use anyhow::Result;
use axum::Router;
use tokio::net::TcpListener;
use utoipa_axum::router::OpenApiRouter;

use crate::app::{App, Base};

/// The streams of all rooms.
#[derive(Debug)]
pub struct Media;

impl Media {
    /// Without any stream.
    ///
    /// # Errors
    /// A configuration that can't work.
    pub fn new(_base: &Base) -> Result<Self> {
        Ok(Self)
    }
}

/// Takes encoders on `rtmp` until the server drains.
///
/// # Errors
/// What stops the server from starting.
pub async fn start(app: &App, rtmp: TcpListener) -> Result<()> {
    let draining = app.life.draining.clone();
    app.life.tasks.spawn(async move {
        draining.cancelled().await;
        drop(rtmp);
    });
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
