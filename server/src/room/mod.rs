//! The words' shell: sockets, the task of each room, moderation.

pub mod config;

use anyhow::Result;
use axum::Router;
use hawker_wire::proto::{ServerFrame, event};
use utoipa_axum::router::OpenApiRouter;

use crate::app::{App, Base};

/// The rooms' tasks.
#[derive(Debug)]
pub struct Rooms;

impl Rooms {
    /// Without any room.
    ///
    /// # Errors
    /// A configuration that can't work.
    pub fn new(_base: &Base) -> Result<Self> {
        Ok(Self)
    }

    /// Tells everybody in `room`, on the lane that is never dropped.
    pub fn announce(&self, _room: &str, _event: event::Kind) {}

    /// Tells all connections of `buyer` in `room`.
    pub fn tell(&self, _room: &str, _buyer: &str, _frame: ServerFrame) {}
}

/// Starts what runs beside requests.
///
/// # Errors
/// What stops the server from starting.
pub async fn start(_app: &App) -> Result<()> {
    Ok(())
}

/// REST, below `/api/v1`.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
}

/// `/live/{room}/socket`.
pub fn socket_routes() -> Router<App> {
    Router::new()
}
