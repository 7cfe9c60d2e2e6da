//! The sale: who gets the goods. One ledger for all rooms, one writer, one journal.
//!
//! ```text
//! Request -> decide (reads State) -> Record -> State::apply -> batch -> Append -> (disk) -> Durable -> answers, changes
//!                                                  ^
//! journal on disk ---------- open: fold -----------+
//! ```
//!
//! [`State`] is the fold of the journal's [`Record`]s and nothing else; [`Ledger`] is the machine around it, which promises
//! nothing before it is durable. Nothing here writes a file, signs, or knows titles and pictures: the shell does.

mod decide;
mod fold;
pub mod journal;
mod ledger;
pub mod limits;
mod pool;
mod record;
mod refusal;
mod state;

pub use decide::{Request, Stock};
pub use ledger::{Answer, Config, Input, Ledger, Output};
pub use pool::Pool;
pub use record::{Fact, Held, HoldRef, Paid, ProductRef, ProductSet, Record, SaleRef, SaleSet};
pub use refusal::Refusal;
pub use state::{Hold, HoldState, Inconsistent, Product, Sale, SaleState, State};
