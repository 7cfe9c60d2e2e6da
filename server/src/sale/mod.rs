//! The orders' shell: the ledger's writer, its journal on disk, payments, the shop's webhooks.

pub mod config;

use anyhow::Result;
use hawker_wire::proto::{HoldReply, PlaceHold, hold_reply::Refusal};
use utoipa_axum::router::OpenApiRouter;

use crate::app::{App, Base};

/// The orders of all rooms.
#[derive(Debug)]
pub struct Shop;

impl Shop {
    /// Reads the journal.
    ///
    /// # Errors
    /// A journal that can't be read.
    pub async fn new(_base: &Base) -> Result<Self> {
        Ok(Self)
    }

    /// Holds goods for a buyer; answers when the hold is on disk.
    pub async fn place_hold(&self, _room: &str, _buyer: &str, request: PlaceHold) -> HoldReply {
        HoldReply { request: request.request, refusal: Refusal::Unavailable.into(), ..HoldReply::default() }
    }
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
