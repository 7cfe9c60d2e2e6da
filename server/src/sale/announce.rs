//! Tells the room what has changed. Stock changes with every tap, so products and sales gather for a moment and only their
//! newest state is sent; a buyer's own holds go at once.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use hawker_server_core::sale::{Hold, HoldState, Product, ProductRef, Sale};
use hawker_wire::proto::{ServerFrame, Sold, event, server_frame};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::writer::Change;
use super::{frames, limits};
use crate::app::App;

/// Between the writer and the rooms.
pub(super) struct Announcer {
    app: App,
    pending: Arc<Pending>,
}

#[derive(Default)]
struct Pending {
    newest: Mutex<Newest>,
    some: Notify,
}

/// At most one entry a product and a sale: bounded by the shelf.
#[derive(Default)]
struct Newest {
    products: BTreeMap<ProductRef, Product>,
    sales: BTreeMap<String, Sale>,
}

impl Announcer {
    pub(super) fn new(app: &App) -> Self {
        Self { app: app.clone(), pending: Arc::default() }
    }

    /// What the writer calls with everything that is on disk.
    pub(super) fn listener(&self) -> Box<dyn FnMut(Change) + Send> {
        let (app, pending) = (self.app.clone(), self.pending.clone());
        Box::new(move |change| match change {
            Change::Product(product) => {
                app.shop.shelf.set_product(product.clone());
                pending.change(|newest| drop(newest.products.insert(product.id.clone(), product)));
            }
            Change::Sale(sale) => {
                app.shop.shelf.set_sale(sale.clone());
                pending.change(|newest| drop(newest.sales.insert(sale.id.clone(), sale)));
            }
            Change::Hold(hold) => {
                app.shop.shelf.set_hold(hold.clone(), app.clock.wall());
                tell(&app, &hold);
            }
        })
    }

    /// Announces what has gathered, until `closing`.
    pub(super) async fn run(self, closing: CancellationToken) {
        let app = self.app;
        loop {
            tokio::select! {
                () = self.pending.some.notified() => {}
                () = closing.cancelled() => return,
            }
            tokio::time::sleep(limits::ANNOUNCE).await;
            let newest =
                std::mem::take(&mut *self.pending.newest.lock().unwrap_or_else(PoisonError::into_inner));
            for product in newest.products.values() {
                let text = app.shop.texts.of(&product.id);
                app.rooms.announce(&product.id.room, event::Kind::Product(frames::product(product, &text)));
            }
            for sale in newest.sales.values() {
                app.rooms.announce(&sale.product.room, event::Kind::Sale(frames::sale(sale)));
            }
        }
    }
}

impl Pending {
    fn change(&self, change: impl FnOnce(&mut Newest)) {
        change(&mut self.newest.lock().unwrap_or_else(PoisonError::into_inner));
        self.some.notify_one();
    }
}

fn tell(app: &App, hold: &Hold) {
    let frame = server_frame::Kind::Hold(frames::hold(&app.tokens, hold));
    app.rooms.tell(&hold.product.room, &hold.buyer, ServerFrame { kind: Some(frame) });
    if hold.state == HoldState::Paid {
        // The ledger knows no names, and who bought is nobody's business: "somebody bought".
        let sold =
            Sold { name: String::new(), product: hold.product.product.clone(), quantity: hold.quantity };
        app.rooms.announce(&hold.product.room, event::Kind::Sold(sold));
    }
}
