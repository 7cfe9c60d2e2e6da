//! Shoppers who live through a server that is killed under them: they hold, pay, cancel, forget, pay late, ask again with the
//! same key when no answer came, and write down what they were told.

use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use hawker_server::clock::Clock;
use hawker_wire::proto::hold::State;
use hawker_wire::proto::hold_reply::Refusal;
use hawker_wire::proto::{Hold, HoldReply};
use tokio::sync::watch;

use super::{Buyer, Entry, Fate, Identity, Log, backend};

/// The shop they are in, and what they write down.
pub struct Town {
    /// Where the server is, whenever it is.
    pub server: SocketAddr,
    /// The room.
    pub room: String,
    /// The flash sale.
    pub sale: String,
    /// Its unit price.
    pub price: i64,
    /// The shop's secret, for payments.
    pub secret: String,
    /// The clock that server and clients share.
    pub clock: Clock,
    /// What they were told.
    pub log: Mutex<Log>,
    /// How much that is, without what was seen at the door: that comes from everybody after each crash, whatever was sold.
    pub written: watch::Sender<usize>,
    /// True: go home.
    pub closed: watch::Sender<bool>,
    /// For payments.
    pub client: reqwest::Client,
}

/// xorshift64*: which shopper does what is in the seed.
pub struct Dice(pub u64);

impl Dice {
    /// A number below `sides`.
    pub fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % sides.max(1)
    }
}

impl Town {
    fn write(&self, entry: Entry) {
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        let seen = matches!(entry, Entry::Seen { .. });
        log.push(entry);
        if !seen {
            self.written.send_modify(|written| *written += 1);
        }
    }

    fn now_ms(&self) -> u64 {
        self.clock.wall().as_ms()
    }

    /// One shopper: visit after visit, each as a new guest, until the town closes.
    pub async fn shop(&self, number: u64) {
        let mut dice = Dice(number.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
        let mut late = Vec::new();
        for visit in 0.. {
            if *self.closed.borrow() {
                break;
            }
            self.visit(number, visit, &mut dice, &mut late).await;
        }
        for hold in late {
            let left_ms = hold.expires_ms.saturating_sub(self.now_ms());
            tokio::time::sleep(Duration::from_millis(left_ms + 50)).await;
            self.pay(&hold).await;
        }
    }

    async fn visit(&self, number: u64, visit: u64, dice: &mut Dice, late: &mut Vec<Hold>) {
        let mut identity = Identity::default();
        let mut buyer = self.enter(&mut identity).await;
        for tap in 0..3 {
            let key = format!("shopper-{number}-visit-{visit}-tap-{tap}");
            let quantity = 1 + dice.roll(2) as u32;
            let reply = loop {
                match buyer.place(&key, "tea", &self.sale, quantity, self.price).await {
                    Ok(reply) if is_final(&reply) => break reply,
                    Ok(_) => tokio::time::sleep(Duration::from_millis(20)).await,
                    Err(_) => buyer = self.enter(&mut identity).await,
                }
            };
            let Some(hold) = reply.hold.clone() else {
                let why = format!("{:?}", reply.refusal());
                self.write(Entry::Refused { buyer: identity.guest.clone(), key, why });
                continue;
            };
            self.write(Entry::Held {
                at_ms: self.now_ms(),
                buyer: identity.guest.clone(),
                key,
                hold: hold.id.clone(),
                quantity: u64::from(hold.quantity),
                expires_ms: hold.expires_ms,
            });
            match dice.roll(7) {
                0..=2 => self.pay(&hold).await,
                3 => {
                    self.pay(&hold).await;
                    self.pay(&hold).await;
                }
                4 => self.cancel(&mut buyer, &mut identity, &hold).await,
                5 => late.push(hold),
                _ => {}
            }
        }
    }

    /// Enters, however long the server is away, and notes what is seen at the door.
    async fn enter(&self, identity: &mut Identity) -> Buyer {
        loop {
            let at_ms = self.now_ms();
            if let Ok(buyer) = Buyer::enter(self.server, &self.room, identity).await {
                let returning = !identity.guest.is_empty();
                identity.guest.clone_from(&buyer.welcome.guest);
                if returning {
                    let holds = buyer.welcome.holds.iter().map(|hold| (hold.id.clone(), fate(hold.state())));
                    let (holds, buyer) = (holds.collect(), identity.guest.clone());
                    self.write(Entry::Seen { at_ms, buyer, holds });
                }
                return buyer;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn cancel(&self, buyer: &mut Buyer, identity: &mut Identity, hold: &Hold) {
        self.write(Entry::CancelAsked { at_ms: self.now_ms(), hold: hold.id.clone() });
        loop {
            match buyer.cancel(&hold.id).await {
                Ok(reply) if !is_final(&reply) => tokio::time::sleep(Duration::from_millis(20)).await,
                Ok(reply) => {
                    if reply.refusal() == Refusal::None {
                        self.write(Entry::Cancelled { hold: hold.id.clone() });
                    }
                    return;
                }
                Err(_) => *buyer = self.enter(identity).await,
            }
        }
    }

    async fn pay(&self, hold: &Hold) {
        let (url, payment) = (format!("http://{}", self.server), format!("pay-{}", hold.id));
        let body = backend::payment(hold, &payment);
        let answer = loop {
            let now = self.clock.wall();
            match backend::call(&self.client, &url, "/payments", &self.secret, &body, now).await {
                Ok((200, answer)) => break answer,
                _ => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        };
        let (at_ms, hold) = (self.now_ms(), hold.id.clone());
        let state = answer.get("state").and_then(serde_json::Value::as_str);
        self.write(match state {
            Some("paid") => Entry::Paid { at_ms, hold, payment },
            _ => Entry::RefundDue { hold, payment },
        });
    }
}

/// Whether an answer is about the goods, and not about the server's condition.
fn is_final(reply: &HoldReply) -> bool {
    !matches!(reply.refusal(), Refusal::Unavailable | Refusal::TooFast)
}

/// What a buyer's page says of a hold.
#[must_use]
pub fn fate(state: State) -> Fate {
    match state {
        State::Held => Fate::Held,
        State::Paid => Fate::Paid,
        State::Cancelled => Fate::Cancelled,
        State::Expired => Fate::Expired,
        State::RefundDue => Fate::RefundDue,
    }
}
