//! The independent checker: it reads what the clients were told, in the order they were told it, and what anybody can see
//! at the end, and says what of it cannot all be true of an honest shop.

use std::collections::BTreeMap;

/// The goods on offer: one product, sold in one flash sale (or without one, with no limit).
#[derive(Clone, Debug)]
pub struct Offer {
    /// Pieces in all.
    pub stock: u64,
    /// Pieces a buyer may have, held and bought together; 0: no limit.
    pub limit: u64,
}

/// What a client knows. Times are milliseconds by a clock that all clients and the server share.
#[derive(Clone, Debug)]
pub enum Entry {
    /// It was told that goods are held.
    Held {
        /// When it was told.
        at_ms: u64,
        /// Who.
        buyer: String,
        /// The idempotency key it asked with.
        key: String,
        /// The hold's id.
        hold: String,
        /// Pieces.
        quantity: u64,
        /// When they go back unless paid.
        expires_ms: u64,
    },
    /// It was told no.
    Refused {
        /// Who.
        buyer: String,
        /// The idempotency key it asked with.
        key: String,
        /// Why.
        why: String,
    },
    /// It asked to give a hold up.
    CancelAsked {
        /// When it asked.
        at_ms: u64,
        /// The hold's id.
        hold: String,
    },
    /// It was told that the hold is given up.
    Cancelled {
        /// The hold's id.
        hold: String,
    },
    /// It was told that a payment was taken for the goods.
    Paid {
        /// When it was told.
        at_ms: u64,
        /// The hold's id.
        hold: String,
        /// The payment's reference.
        payment: String,
    },
    /// It was told that a payment came too late and is to go back.
    RefundDue {
        /// The hold's id.
        hold: String,
        /// The payment's reference.
        payment: String,
    },
    /// It looked (after a reload, in another tab) and saw its holds and orders.
    Seen {
        /// When it looked.
        at_ms: u64,
        /// Who.
        buyer: String,
        /// What it saw.
        holds: Vec<(String, Fate)>,
    },
}

/// What became of a hold, as a client sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Waits for the payment.
    Held,
    /// Sold.
    Paid,
    /// Given up.
    Cancelled,
    /// Not paid in time.
    Expired,
    /// The money is to go back.
    RefundDue,
}

/// What the clients wrote down.
pub type Log = Vec<Entry>;

/// What anybody can see when all deadlines have passed.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Pieces that can be bought, in and out of the sale.
    pub free: u64,
    /// Every buyer's holds and orders.
    pub holds: Vec<(String, Fate)>,
}

#[derive(Debug)]
struct Known {
    buyer: String,
    quantity: u64,
    from_ms: u64,
    until_ms: u64,
    paid_at_ms: Option<u64>,
    cancelled: bool,
    refund_due: bool,
}

/// Everything that cannot be; empty for an honest shop.
#[must_use]
pub fn check(offer: &Offer, log: &[Entry], outcome: &Outcome) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut holds: BTreeMap<String, Known> = BTreeMap::new();
    let mut keys: BTreeMap<(String, String), String> = BTreeMap::new();
    let mut payments: BTreeMap<String, &str> = BTreeMap::new();

    for entry in log {
        match entry {
            Entry::Held { at_ms, buyer, key, hold, quantity, expires_ms } => {
                same_answer(&mut wrong, &mut keys, buyer, key, format!("hold {hold}"));
                let known = holds.entry(hold.clone()).or_insert_with(|| Known {
                    buyer: buyer.clone(),
                    quantity: *quantity,
                    from_ms: *at_ms,
                    until_ms: *expires_ms,
                    paid_at_ms: None,
                    cancelled: false,
                    refund_due: false,
                });
                if known.buyer != *buyer {
                    wrong.push(format!("hold {hold} was given to {} and to {buyer}", known.buyer));
                }
            }
            Entry::Refused { buyer, key, why } => {
                same_answer(&mut wrong, &mut keys, buyer, key, format!("no: {why}"));
            }
            Entry::CancelAsked { at_ms, hold } => {
                if let Some(known) = holds.get_mut(hold) {
                    known.until_ms = known.until_ms.min(*at_ms);
                }
            }
            Entry::Cancelled { hold } => {
                // Answers overtake one another: this one may come after that of a late payment.
                let known = holds.get_mut(hold);
                if known.is_none_or(|known| std::mem::replace(&mut known.cancelled, true)) {
                    wrong.push(format!("hold {hold} was given up twice, or was nobody's"));
                }
            }
            Entry::Paid { at_ms, hold, payment } => {
                if payments.insert(payment.clone(), "sold").is_some_and(|was| was != "sold") {
                    wrong.push(format!("payment {payment} was to go back, then it was not"));
                }
                match holds.get_mut(hold) {
                    Some(known) => {
                        known.paid_at_ms.get_or_insert(*at_ms);
                    }
                    None => wrong.push(format!("hold {hold} was paid, and nobody had it")),
                }
            }
            Entry::RefundDue { hold, payment } => {
                if payments.insert(payment.clone(), "back").is_some_and(|was| was != "back") {
                    wrong.push(format!("payment {payment} had bought goods, then it had not"));
                }
                if let Some(known) = holds.get_mut(hold) {
                    known.refund_due = true;
                }
            }
            Entry::Seen { at_ms, buyer, holds: seen } => {
                let own = holds.iter().filter(|(_, known)| known.buyer == *buyer);
                for (hold, known) in own {
                    let fate = seen.iter().find(|(id, _)| id == hold).map(|(_, fate)| *fate);
                    look(&mut wrong, hold, known, fate, *at_ms);
                }
            }
        }
    }

    for (hold, known) in &holds {
        let fate = outcome.holds.iter().find(|(id, _)| id == hold).map(|(_, fate)| *fate);
        look(&mut wrong, hold, known, fate, u64::MAX);
    }
    let strangers = outcome.holds.iter().filter(|(id, fate)| !holds.contains_key(id) && *fate == Fate::Paid);
    wrong.extend(strangers.map(|(id, _)| format!("hold {id} is sold, and nobody was told")));

    let sold: u64 =
        holds.values().filter(|known| known.paid_at_ms.is_some()).map(|known| known.quantity).sum();
    if sold > offer.stock {
        wrong.push(format!("{sold} pieces sold of {}", offer.stock));
    }
    if outcome.free + sold != offer.stock {
        wrong.push(format!("{} pieces are free and {sold} sold, of {}", outcome.free, offer.stock));
    }
    most_at_once(&mut wrong, "all buyers", offer.stock, holds.values());
    if offer.limit > 0 {
        let mut buyers: BTreeMap<&str, Vec<&Known>> = BTreeMap::new();
        for known in holds.values() {
            buyers.entry(&known.buyer).or_default().push(known);
        }
        for (buyer, own) in buyers {
            most_at_once(&mut wrong, buyer, offer.limit, own.into_iter());
        }
    }
    wrong
}

/// The same key gets the same answer, however often it is asked and whatever happens in between. A refusal may be followed
/// by a hold, when a crash made the shop forget that it had said no; never the other way round, and never by another hold.
fn same_answer(
    wrong: &mut Vec<String>,
    keys: &mut BTreeMap<(String, String), String>,
    buyer: &str,
    key: &str,
    answer: String,
) {
    let first = keys.entry((buyer.to_owned(), key.to_owned())).or_insert_with(|| answer.clone());
    if *first != answer && first.starts_with("hold") {
        wrong.push(format!("{buyer}'s key {key} got {first}, then {answer}"));
    }
    *first = answer;
}

/// What a client sees of a hold against what it was told before.
fn look(wrong: &mut Vec<String>, hold: &str, known: &Known, fate: Option<Fate>, at_ms: u64) {
    let Some(fate) = fate else {
        wrong.push(format!("hold {hold} of {} is lost", known.buyer));
        return;
    };
    let fine = if known.paid_at_ms.is_some() {
        fate == Fate::Paid
    } else if known.refund_due {
        fate == Fate::RefundDue
    } else if known.cancelled {
        // A payment whose answer has not arrived may have come after it.
        fate != Fate::Held && fate != Fate::Expired
    } else if at_ms < known.until_ms {
        fate == Fate::Held || fate == Fate::Paid
    } else {
        at_ms < u64::MAX || fate != Fate::Held
    };
    if !fine {
        wrong.push(format!("hold {hold} is {fate:?} at {at_ms}: {known:?}"));
    }
}

/// The most pieces that were certainly somebody's at one moment.
fn most_at_once<'a>(wrong: &mut Vec<String>, who: &str, limit: u64, holds: impl Iterator<Item = &'a Known>) {
    let mut moves: Vec<(u64, i64)> = Vec::new();
    for known in holds {
        let quantity = i64::try_from(known.quantity).unwrap_or(i64::MAX);
        let (from_ms, until_ms) = match known.paid_at_ms {
            Some(at_ms) if at_ms >= known.until_ms => (at_ms, u64::MAX),
            Some(_) => (known.from_ms, u64::MAX),
            None => (known.from_ms, known.until_ms),
        };
        if from_ms < until_ms {
            moves.extend([(from_ms, quantity), (until_ms, -quantity)]);
        }
    }
    // At the same moment what ends comes first.
    moves.sort_unstable();
    let mut now = 0;
    let most = moves.iter().map(|(_, quantity)| {
        now += quantity;
        now
    });
    let most = most.max().unwrap_or(0);
    if most > i64::try_from(limit).unwrap_or(i64::MAX) {
        wrong.push(format!("{who} had {most} pieces at once, of {limit}"));
    }
}
