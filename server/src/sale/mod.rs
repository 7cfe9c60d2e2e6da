//! The orders' shell: the ledger's writer, its journal on disk, payments, the shop's webhooks.

pub mod config;

use anyhow::Result;
use hawker_wire::proto::{HoldReply, PlaceHold, hold_reply::Refusal};
use utoipa_axum::router::OpenApiRouter;

use crate::app::{App, Base};

/// What a buyer sees when they come in.
#[derive(Debug, Default)]
pub struct ShopView {
    /// Shelf.
    pub shelf: Vec<hawker_wire::proto::Product>,
    /// Sales.
    pub sales: Vec<hawker_wire::proto::Sale>,
    /// Their holds.
    pub holds: Vec<hawker_wire::proto::Hold>,
    /// May buy.
    pub may_buy: bool,
}

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

    /// What a buyer sees when they come in.
    pub fn view(&self, _room: &str, _buyer: &str) -> ShopView {
        ShopView::default()
    }

    /// Gives held goods back.
    pub async fn cancel_hold(
        &self,
        _room: &str,
        _buyer: &str,
        request: hawker_wire::proto::CancelHold,
    ) -> HoldReply {
        HoldReply { request: request.request, refusal: Refusal::Unavailable.into(), ..HoldReply::default() }
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
