//! What everybody may see of the books, as of the last sync: products, sales, and each buyer's own holds. Written by the
//! writer with what the ledger has released, read by sockets and REST without asking the writer.

use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock};

use hawker_server_core::sale::{Hold, HoldState, Product, ProductRef, Sale, SaleState, State};
use hawker_wire::Wall;

use super::limits;

/// The released books.
#[derive(Debug, Default)]
pub(super) struct Shelf(RwLock<Books>);

#[derive(Debug, Default)]
struct Books {
    products: BTreeMap<ProductRef, Product>,
    /// By room, and in the order in which they were made.
    sales: BTreeMap<Key, Sale>,
    /// By buyer.
    holds: BTreeMap<String, BTreeMap<u64, Hold>>,
    swept: Wall,
}

impl Shelf {
    /// As a state that is all on disk says.
    #[must_use]
    pub(super) fn new(state: &State) -> Self {
        let shelf = Self::default();
        shelf.write(|books| {
            books.products = state.products().map(|product| (product.id.clone(), product.clone())).collect();
            books.sales = state.sales().map(|sale| (key(sale), sale.clone())).collect();
            for hold in state.holds() {
                books.holds.entry(hold.buyer.clone()).or_default().insert(hold.id, hold.clone());
            }
        });
        shelf
    }

    pub(super) fn set_product(&self, product: Product) {
        self.write(|books| drop(books.products.insert(product.id.clone(), product)));
    }

    pub(super) fn set_sale(&self, sale: Sale) {
        self.write(|books| drop(books.sales.insert(key(&sale), sale)));
    }

    pub(super) fn set_hold(&self, hold: Hold, now: Wall) {
        self.write(|books| {
            books.holds.entry(hold.buyer.clone()).or_default().insert(hold.id, hold);
            // Once an hour: what nobody is shown any more.
            if now.ms_since(books.swept) >= 3_600_000 {
                books.swept = now;
                books.holds.retain(|_, holds| {
                    holds.retain(|_, hold| is_shown(hold, now));
                    !holds.is_empty()
                });
                let old =
                    |sale: &Sale| sale.ends.is_some_and(|ends| now.ms_since(ends) > limits::ORDER_SHOWN_MS);
                books.sales.retain(|_, sale| sale.state != SaleState::Ended || !old(sale));
            }
        });
    }

    /// A room's products, removed ones left out.
    #[must_use]
    pub(super) fn products(&self, room: &str) -> Vec<Product> {
        let from = ProductRef { room: room.to_owned(), product: String::new() };
        self.read(|books| {
            let own = books.products.range(from..).map(|(_, product)| product);
            own.take_while(|product| product.id.room == room)
                .filter(|product| !product.removed)
                .cloned()
                .collect()
        })
    }

    /// One product, removed or not.
    #[must_use]
    pub(super) fn product(&self, id: &ProductRef) -> Option<Product> {
        self.read(|books| books.products.get(id).cloned())
    }

    /// A room's sales, those of the last day.
    #[must_use]
    pub(super) fn sales(&self, room: &str) -> Vec<Sale> {
        self.read(|books| {
            let own = books.sales.range((room.to_owned(), 0, String::new())..);
            own.take_while(|((of, ..), _)| of == room).map(|(_, sale)| sale.clone()).collect()
        })
    }

    /// A room's sales that a page shows: announced, running, just ended.
    #[must_use]
    pub(super) fn shown_sales(&self, room: &str, now: Wall) -> Vec<Sale> {
        let over = |sale: &Sale| sale.ends.is_some_and(|ends| now.ms_since(ends) > limits::ENDED_SHOWN_MS);
        let mut sales = self.sales(room);
        sales.retain(|sale| sale.state != SaleState::Ended || !over(sale));
        sales
    }

    /// What a buyer holds in a room, and the orders of the last day; the newest.
    #[must_use]
    pub(super) fn holds(&self, room: &str, buyer: &str, now: Wall) -> Vec<Hold> {
        let mut holds: Vec<Hold> = self.read(|books| {
            let own = books.holds.get(buyer).into_iter().flat_map(BTreeMap::values).rev();
            own.filter(|hold| hold.product.room == room && is_shown(hold, now))
                .take(limits::HOLDS_SHOWN)
                .cloned()
                .collect()
        });
        holds.reverse();
        holds
    }

    fn read<T>(&self, look: impl FnOnce(&Books) -> T) -> T {
        look(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn write(&self, change: impl FnOnce(&mut Books)) {
        change(&mut self.0.write().unwrap_or_else(PoisonError::into_inner));
    }
}

/// Room, length of the id, id: the ids are numbers behind a letter, and s14 comes before s102.
type Key = (String, usize, String);

fn key(sale: &Sale) -> Key {
    (sale.product.room.clone(), sale.id.len(), sale.id.clone())
}

fn is_shown(hold: &Hold, now: Wall) -> bool {
    hold.state == HoldState::Held || now.ms_since(hold.placed) < limits::ORDER_SHOWN_MS
}
