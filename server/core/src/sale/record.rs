//! What the journal says: facts, already decided, in a stable encoding (protobuf: fields are only added). A record is not a
//! command: folding it decides nothing again, so a later version with other rules reads the same past.

/// One fact and when it became true.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Record {
    /// Milliseconds since 1970; never smaller than the record before it.
    #[prost(uint64, tag = "1")]
    pub at_ms: u64,
    /// What became true; absent when a newer version wrote it.
    #[prost(oneof = "Fact", tags = "2, 3, 4, 5, 6, 7, 8, 9, 10, 11")]
    pub fact: Option<Fact>,
}

/// What can become true.
#[derive(Clone, PartialEq, prost::Oneof)]
pub enum Fact {
    /// A product is on the shelf, at this price and with this free stock.
    #[prost(message, tag = "2")]
    ProductSet(ProductSet),
    /// A product is off the shelf; its sales have ended.
    #[prost(message, tag = "3")]
    ProductRemoved(ProductRef),
    /// A flash sale is announced; its stock has left the product's free stock.
    #[prost(message, tag = "4")]
    SaleSet(SaleSet),
    /// A flash sale runs.
    #[prost(message, tag = "5")]
    SaleStarted(SaleRef),
    /// A flash sale has ended; its free stock is the product's again.
    #[prost(message, tag = "6")]
    SaleEnded(SaleRef),
    /// Goods are held for a buyer.
    #[prost(message, tag = "7")]
    Held(Held),
    /// The buyer gave the hold up.
    #[prost(message, tag = "8")]
    Cancelled(HoldRef),
    /// Nobody paid in time.
    #[prost(message, tag = "9")]
    Expired(HoldRef),
    /// The shop says that the hold is paid.
    #[prost(message, tag = "10")]
    Paid(Paid),
    /// The shop says that the money went back.
    #[prost(message, tag = "11")]
    Refunded(HoldRef),
}

/// A product's terms. Texts and pictures are not the ledger's.
#[derive(Clone, PartialEq, prost::Message)]
pub struct ProductSet {
    /// The room whose shelf it is on.
    #[prost(string, tag = "1")]
    pub room: String,
    /// The shop's id of it, unique in the room.
    #[prost(string, tag = "2")]
    pub product: String,
    /// Unit price in minor units.
    #[prost(int64, tag = "3")]
    pub price: i64,
    /// ISO 4217.
    #[prost(string, tag = "4")]
    pub currency: String,
    /// Free pieces from now on.
    #[prost(uint32, tag = "5")]
    pub free: u32,
}

/// A product of a room.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, prost::Message)]
pub struct ProductRef {
    /// The room.
    #[prost(string, tag = "1")]
    pub room: String,
    /// The product's id.
    #[prost(string, tag = "2")]
    pub product: String,
}

/// A flash sale's terms.
#[derive(Clone, PartialEq, prost::Message)]
pub struct SaleSet {
    /// The ledger's id of it.
    #[prost(string, tag = "1")]
    pub sale: String,
    /// The room.
    #[prost(string, tag = "2")]
    pub room: String,
    /// The product's id.
    #[prost(string, tag = "3")]
    pub product: String,
    /// Unit price in minor units.
    #[prost(int64, tag = "4")]
    pub price: i64,
    /// Pieces moved out of the product's free stock.
    #[prost(uint32, tag = "5")]
    pub stock: u32,
    /// Pieces a buyer may have, held and bought together; 0: no limit.
    #[prost(uint32, tag = "6")]
    pub limit: u32,
    /// When it starts, milliseconds since 1970; 0: when an operator starts it.
    #[prost(uint64, tag = "7")]
    pub starts_ms: u64,
    /// When it ends; 0: when an operator stops it.
    #[prost(uint64, tag = "8")]
    pub ends_ms: u64,
}

/// A flash sale.
#[derive(Clone, PartialEq, prost::Message)]
pub struct SaleRef {
    /// The sale's id.
    #[prost(string, tag = "1")]
    pub sale: String,
}

/// A hold, whole: what follows refers to it by its number.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Held {
    /// The hold's number, counted by the ledger.
    #[prost(uint64, tag = "1")]
    pub hold: u64,
    /// The room.
    #[prost(string, tag = "2")]
    pub room: String,
    /// Who it is for: `t:SUBJECT` or `g:GUEST`.
    #[prost(string, tag = "3")]
    pub buyer: String,
    /// The buyer's idempotency key.
    #[prost(string, tag = "4")]
    pub key: String,
    /// The product's id.
    #[prost(string, tag = "5")]
    pub product: String,
    /// The flash sale; empty: an ordinary purchase.
    #[prost(string, tag = "6")]
    pub sale: String,
    /// Pieces.
    #[prost(uint32, tag = "7")]
    pub quantity: u32,
    /// Unit price in minor units.
    #[prost(int64, tag = "8")]
    pub price: i64,
    /// ISO 4217.
    #[prost(string, tag = "9")]
    pub currency: String,
    /// When it goes back into stock unless paid, milliseconds since 1970.
    #[prost(uint64, tag = "10")]
    pub expires_ms: u64,
}

/// A hold by its number.
#[derive(Clone, PartialEq, prost::Message)]
pub struct HoldRef {
    /// The hold's number.
    #[prost(uint64, tag = "1")]
    pub hold: u64,
}

/// A payment and what became of it.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Paid {
    /// The hold's number.
    #[prost(uint64, tag = "1")]
    pub hold: u64,
    /// The shop's reference of the payment.
    #[prost(string, tag = "2")]
    pub payment: String,
    /// True: it came too late and the goods were gone, the money is to go back. False: sold.
    #[prost(bool, tag = "3")]
    pub refund_due: bool,
}
