//! What the ledger holds: the fold of the journal. This file is the picture and the questions asked of it; `fold.rs`
//! changes it, record by record.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use hawker_wire::Wall;

use super::pool::Pool;
use super::record::ProductRef;

/// Something that must never be: a defect of ours, or a journal that was tampered with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inconsistent(pub &'static str);

/// A product's terms and pieces.
#[derive(Clone, Debug, PartialEq)]
pub struct Product {
    /// Room and id.
    pub id: ProductRef,
    /// Unit price of an ordinary purchase, minor units.
    pub price: i64,
    /// ISO 4217.
    pub currency: String,
    /// All pieces there ever were, less those taken out by the operator.
    pub stock: u64,
    /// Pieces outside of flash sales.
    pub pool: Pool,
    /// Pieces that are in flash sales, or were sold in them.
    pub in_sales: u64,
    /// Off the shelf.
    pub removed: bool,
    /// Number of the record that changed it last.
    pub revision: u64,
}

/// Where a flash sale stands. Being sold out is no state: a hold that expires ends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SaleState {
    /// Announced.
    Scheduled,
    /// Open.
    Running,
    /// Over; its free pieces are the product's again.
    Ended,
}

/// A flash sale.
#[derive(Clone, Debug, PartialEq)]
pub struct Sale {
    /// The ledger's id.
    pub id: String,
    /// What is sold.
    pub product: ProductRef,
    /// Unit price, minor units.
    pub price: i64,
    /// Pieces it got.
    pub stock: u64,
    /// Where they are.
    pub pool: Pool,
    /// Pieces that went back to the product.
    pub returned: u64,
    /// Pieces a buyer may have, held and bought together; 0: no limit.
    pub limit: u32,
    /// When it starts, or did; `None`: when the operator starts it.
    pub starts: Option<Wall>,
    /// When it ends, or did; `None`: when the operator stops it.
    pub ends: Option<Wall>,
    /// Where it stands.
    pub state: SaleState,
    /// Number of the record that changed it last.
    pub revision: u64,
}

/// What became of a hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HoldState {
    /// The goods wait for the payment.
    Held,
    /// Sold.
    Paid,
    /// Given up by the buyer.
    Cancelled,
    /// Not paid in time.
    Expired,
    /// Paid too late for goods that were gone.
    RefundDue,
    /// The money went back.
    Refunded,
}

/// A hold, later an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// Its number: that of the record that made it.
    pub id: u64,
    /// Room and product.
    pub product: ProductRef,
    /// The flash sale; empty: an ordinary purchase.
    pub sale: String,
    /// Who it is for.
    pub buyer: String,
    /// The buyer's idempotency key.
    pub key: String,
    /// Pieces.
    pub quantity: u32,
    /// Unit price, minor units.
    pub price: i64,
    /// ISO 4217.
    pub currency: String,
    /// When it was made.
    pub placed: Wall,
    /// When it goes back unless paid.
    pub expires: Wall,
    /// What became of it, and when.
    pub state: HoldState,
    /// When it became that.
    pub changed: Wall,
    /// The shop's reference of the payment; empty: none.
    pub payment: String,
    /// Whether its pieces were sold: a refund leaves them sold, the operator puts back what really came back.
    pub sold: bool,
}

/// What is to happen at a time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Due {
    Start(String),
    Expire(u64),
    End(String),
}

/// The fold of the journal.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct State {
    pub(super) seq: u64,
    pub(super) at: Wall,
    pub(super) products: BTreeMap<ProductRef, Product>,
    pub(super) sales: BTreeMap<String, Sale>,
    pub(super) holds: BTreeMap<u64, Hold>,
    /// (buyer, key) -> hold.
    pub(super) keys: BTreeMap<(String, String), u64>,
    pub(super) buyers: BTreeMap<String, BTreeSet<u64>>,
    /// sale -> buyer -> pieces held and bought. Zeros are not kept.
    pub(super) counts: BTreeMap<String, BTreeMap<String, u32>>,
    pub(super) deadlines: BTreeSet<(Wall, Due)>,
    /// What is to be forgotten, oldest first: holds whose key is remembered, holds that came to nothing, ended sales.
    pub(super) keyed: VecDeque<(Wall, u64)>,
    pub(super) void: VecDeque<(Wall, u64)>,
    pub(super) ended: VecDeque<(Wall, String)>,
}

impl State {
    /// Number of the last record folded; 0: none.
    #[must_use]
    pub fn seq(&self) -> u64 {
        self.seq
    }

    /// Time of the last record folded.
    #[must_use]
    pub fn at(&self) -> Wall {
        self.at
    }

    /// A product, removed or not.
    #[must_use]
    pub fn product(&self, id: &ProductRef) -> Option<&Product> {
        self.products.get(id)
    }

    /// All products, by room and id, removed ones too.
    pub fn products(&self) -> impl Iterator<Item = &Product> {
        self.products.values()
    }

    /// A sale that is not forgotten.
    #[must_use]
    pub fn sale(&self, id: &str) -> Option<&Sale> {
        self.sales.get(id)
    }

    /// All sales that are not forgotten.
    pub fn sales(&self) -> impl Iterator<Item = &Sale> {
        self.sales.values()
    }

    /// A hold that is not forgotten.
    #[must_use]
    pub fn hold(&self, id: u64) -> Option<&Hold> {
        self.holds.get(&id)
    }

    /// All holds and orders, oldest first.
    pub fn holds(&self) -> impl DoubleEndedIterator<Item = &Hold> {
        self.holds.values()
    }

    /// A buyer's holds and orders, oldest first.
    pub fn holds_of(&self, buyer: &str) -> impl DoubleEndedIterator<Item = &Hold> {
        self.buyers.get(buyer).into_iter().flatten().filter_map(|id| self.holds.get(id))
    }

    /// Pieces of a sale that a buyer holds or has bought.
    #[must_use]
    pub fn count(&self, sale: &str, buyer: &str) -> u32 {
        self.counts.get(sale).and_then(|buyers| buyers.get(buyer)).copied().unwrap_or(0)
    }

    /// The hold that a key made.
    pub(super) fn keyed(&self, buyer: &str, key: &str) -> Option<&Hold> {
        self.keys.get(&(buyer.to_owned(), key.to_owned())).and_then(|id| self.holds.get(id))
    }

    /// The next thing to happen by itself.
    pub(super) fn next_due(&self) -> Option<&(Wall, Due)> {
        self.deadlines.first()
    }

    /// Counts everything anew and compares: slow, for start-up and tests. What each record touches is checked with it.
    pub fn audit(&self) -> Result<(), Inconsistent> {
        let mut held: BTreeMap<(&ProductRef, &str), u64> = BTreeMap::new();
        let mut counts: BTreeMap<(&str, &str), u64> = BTreeMap::new();
        for hold in self.holds.values() {
            let quantity = u64::from(hold.quantity);
            if hold.state == HoldState::Held {
                *held.entry((&hold.product, &hold.sale)).or_default() += quantity;
            }
            if hold.counts() && self.sales.contains_key(&hold.sale) {
                *counts.entry((&hold.sale, &hold.buyer)).or_default() += quantity;
            }
        }
        let mut in_sales: BTreeMap<&ProductRef, u64> = BTreeMap::new();
        for sale in self.sales.values() {
            sale.audit()?;
            *in_sales.entry(&sale.product).or_default() += sale.stock - sale.returned;
            let counted = held.get(&(&sale.product, sale.id.as_str())).copied().unwrap_or(0);
            ensure(counted == u64::from(sale.pool.held), "a sale's held pieces are not its holds'")?;
        }
        for product in self.products.values() {
            product.audit()?;
            let counted = held.get(&(&product.id, "")).copied().unwrap_or(0);
            ensure(counted == u64::from(product.pool.held), "a product's held pieces are not its holds'")?;
            let counted = in_sales.get(&product.id).copied().unwrap_or(0);
            ensure(counted == product.in_sales, "a product's pieces in sales are not its sales'")?;
        }
        let kept = self.counts.iter().flat_map(|(sale, buyers)| {
            buyers.iter().map(move |(buyer, count)| ((sale.as_str(), buyer.as_str()), u64::from(*count)))
        });
        ensure(kept.eq(counts), "the buyers' counts are not their holds'")
    }
}

impl Product {
    /// sold + held + free = stock.
    pub(super) fn audit(&self) -> Result<(), Inconsistent> {
        ensure(self.stock == self.pool.total() + self.in_sales, "a product's pieces do not add up")
    }
}

impl Sale {
    /// sold + held + free = stock, less what went back.
    pub(super) fn audit(&self) -> Result<(), Inconsistent> {
        ensure(self.stock == self.pool.total() + self.returned, "a sale's pieces do not add up")?;
        ensure(self.state != SaleState::Ended || self.pool.free == 0, "an ended sale keeps pieces")
    }
}

impl Hold {
    /// Whether its pieces are the buyer's, held or bought, or were given back after that.
    pub(super) fn counts(&self) -> bool {
        match self.state {
            HoldState::Held | HoldState::Paid => true,
            HoldState::Cancelled | HoldState::Expired | HoldState::RefundDue => false,
            // A sold piece whose money went back stays sold; one that never was the buyer's does not become so.
            HoldState::Refunded => self.sold,
        }
    }

    /// The price of all pieces, minor units.
    #[must_use]
    pub fn total(&self) -> i64 {
        self.price.saturating_mul(i64::from(self.quantity))
    }
}

pub(super) fn ensure(holds: bool, why: &'static str) -> Result<(), Inconsistent> {
    if holds { Ok(()) } else { Err(Inconsistent(why)) }
}
