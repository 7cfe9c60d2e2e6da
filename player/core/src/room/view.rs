//! What the page knows of the room: messages, totals, the pinned product, shelf and sales. Folds events; asks for nothing.

use super::limits;
use hawker_wire::proto::{self, Deleted, Event, Message, Muted, Product, Sale, Sold, Totals, Welcome, event};

/// The room as last told by the server.
#[derive(Clone, Debug, Default)]
pub struct Room {
    /// Oldest first.
    pub messages: Vec<Message>,
    /// Taps of everybody, all in all.
    pub likes: u64,
    /// Connected viewers.
    pub online: u32,
    /// Id of the pinned product; empty: none.
    pub pinned: String,
    /// In the order of the shelf.
    pub shelf: Vec<Product>,
    /// By start.
    pub sales: Vec<Sale>,
    /// This viewer's public id, as in [`Message::sender`].
    pub viewer: String,
    /// The name others see.
    pub name: String,
    /// `proto::viewer::Role` of this viewer.
    pub role: i32,
    /// ISO 4217.
    pub currency: String,
    /// False when the shop wants its own customers only.
    pub may_buy: bool,
    /// Messages that the server left out under flood, or that a slow link cost, since the page opened.
    pub omitted: u64,
}

/// What an event changed, so that only that is painted anew.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// The whole state is new.
    Everything,
    /// A message was said just now: for the list and the danmaku stage.
    Said(Message),
    /// The host's side took away these messages.
    Removed(Vec<u64>),
    /// Likes or the online count.
    Totals,
    /// Another product is pinned, or none.
    Pinned,
    /// A product changed, came or went.
    Shelf,
    /// A flash sale changed, came or went.
    Sales,
    /// Somebody bought.
    Sold(Sold),
    /// More messages were left out: see [`Room::omitted`].
    Omitted,
}

impl Room {
    /// Takes the state of a Welcome; messages stay when the connection resumed. The caller folds `missed` after it.
    pub fn welcome(&mut self, welcome: &mut Welcome) {
        if !welcome.resumed {
            self.messages.clear();
        }
        self.likes = welcome.likes;
        self.online = welcome.online;
        self.pinned = std::mem::take(&mut welcome.pinned);
        self.shelf.clear();
        for product in std::mem::take(&mut welcome.shelf) {
            self.product(product);
        }
        self.sales.clear();
        for sale in std::mem::take(&mut welcome.sales) {
            self.sale(sale);
        }
        self.viewer = std::mem::take(&mut welcome.viewer);
        self.name = std::mem::take(&mut welcome.name);
        self.role = welcome.role;
        self.currency = std::mem::take(&mut welcome.currency);
        self.may_buy = welcome.may_buy;
    }

    /// Folds one event and says what it changed; `None` when it changed nothing.
    pub fn fold(&mut self, event: Event) -> Option<Change> {
        match event.kind? {
            event::Kind::Message(message) => self.said(message),
            event::Kind::Totals(Totals { likes, online }) => {
                let changed = (self.likes, self.online) != (likes, online);
                (self.likes, self.online) = (likes, online);
                changed.then_some(Change::Totals)
            }
            event::Kind::Pin(proto::Pin { product }) => {
                let changed = self.pinned != product;
                self.pinned = product;
                changed.then_some(Change::Pinned)
            }
            event::Kind::Product(product) => self.product(product).then_some(Change::Shelf),
            event::Kind::Sale(sale) => self.sale(sale).then_some(Change::Sales),
            event::Kind::Deleted(Deleted { message }) => {
                self.messages.retain(|m| m.id != message);
                // Told although the list may not know it any more: it may still be on the stage.
                Some(Change::Removed(vec![message]))
            }
            event::Kind::Muted(Muted { sender }) => {
                let mut removed = Vec::new();
                self.messages.retain(|m| {
                    let stays = m.sender != sender;
                    if !stays {
                        removed.push(m.id);
                    }
                    stays
                });
                Some(Change::Removed(removed))
            }
            event::Kind::Sold(sold) => Some(Change::Sold(sold)),
        }
    }

    /// Folds a message that was said; `None` when it is known already.
    pub fn said(&mut self, message: Message) -> Option<Change> {
        if self.messages.iter().rev().any(|m| m.id == message.id) {
            return None;
        }
        if self.messages.len() >= limits::MESSAGES {
            self.messages.remove(0);
        }
        self.messages.push(message.clone());
        Some(Change::Said(message))
    }

    fn product(&mut self, product: Product) -> bool {
        if let Some(known) = self.shelf.iter().position(|p| p.id == product.id) {
            if self.shelf.get(known).is_some_and(|p| p.revision >= product.revision) {
                return false;
            }
            self.shelf.remove(known);
        }
        if !product.removed {
            let at = self.shelf.partition_point(|p| (p.rank, &p.id) < (product.rank, &product.id));
            self.shelf.insert(at, product);
            self.shelf.truncate(limits::PRODUCTS);
        }
        true
    }

    fn sale(&mut self, sale: Sale) -> bool {
        if let Some(known) = self.sales.iter().position(|s| s.id == sale.id) {
            if self.sales.get(known).is_some_and(|s| s.revision >= sale.revision) {
                return false;
            }
            self.sales.remove(known);
        }
        let at = self.sales.partition_point(|s| (s.starts_ms, &s.id) < (sale.starts_ms, &sale.id));
        self.sales.insert(at, sale);
        if self.sales.len() > limits::SALES {
            self.sales.remove(0);
        }
        true
    }

    /// The product with this id, if it is on the shelf.
    #[must_use]
    pub fn product_by_id(&self, id: &str) -> Option<&Product> {
        self.shelf.iter().find(|p| p.id == id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn product(id: &str, rank: u32, revision: u64) -> Event {
        let product = Product { id: id.into(), rank, revision, ..Product::default() };
        Event { offset: 1, kind: Some(event::Kind::Product(product)) }
    }

    fn said(id: u64, sender: &str) -> Event {
        let message = Message { id, sender: sender.into(), text: "hi".into(), ..Message::default() };
        Event { offset: id, kind: Some(event::Kind::Message(message)) }
    }

    #[test]
    fn the_shelf_keeps_its_order_and_ignores_older_revisions() {
        let mut room = Room::default();
        for (id, rank, revision) in [("b", 2, 1), ("a", 1, 1), ("c", 3, 5)] {
            assert_eq!(room.fold(product(id, rank, revision)), Some(Change::Shelf));
        }
        assert_eq!(room.fold(product("c", 0, 4)), None, "late news are no news");
        assert_eq!(room.shelf.iter().map(|p| p.id.as_str()).collect::<Vec<_>>(), ["a", "b", "c"]);
        assert_eq!(room.fold(product("c", 0, 6)), Some(Change::Shelf));
        assert_eq!(room.shelf[0].id, "c");
        let gone = Product { id: "c".into(), revision: 7, removed: true, ..Product::default() };
        room.fold(Event { offset: 9, kind: Some(event::Kind::Product(gone)) });
        assert!(room.product_by_id("c").is_none());
    }

    #[test]
    fn messages_are_bounded_and_moderation_takes_them_away() {
        let mut room = Room::default();
        for id in 0..1_000 {
            room.fold(said(id, if id % 2 == 0 { "even" } else { "odd" }));
        }
        assert_eq!(room.messages.len(), limits::MESSAGES);
        assert_eq!(room.fold(said(999, "odd")), None, "said once, shown once");
        room.fold(Event { offset: 0, kind: Some(event::Kind::Muted(Muted { sender: "odd".into() })) });
        assert!(room.messages.iter().all(|m| m.sender == "even"));
        room.fold(Event { offset: 0, kind: Some(event::Kind::Deleted(Deleted { message: 998 })) });
        assert!(room.messages.iter().all(|m| m.id != 998));
    }
}
