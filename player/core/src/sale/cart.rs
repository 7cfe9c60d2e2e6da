//! What this buyer wants, holds and has bought. Every tap gets an idempotency key here, and is repeated with it until the
//! server answers, so that no lost frame buys twice. Decides no sale and takes no money.

use super::limits;
use crate::random::Random;
use hawker_wire::proto::hold_reply::Refusal;
use hawker_wire::proto::{CancelHold, Hold, HoldReply, PlaceHold, hold};
use hawker_wire::{Instant, Machine, Span};
use std::collections::VecDeque;

/// What a tap on a buy button asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Want {
    /// Product id.
    pub product: String,
    /// Flash sale id; empty: an ordinary purchase.
    pub sale: String,
    /// Pieces.
    pub quantity: u32,
    /// Unit price the buyer saw, minor units.
    pub price: i64,
}

/// What can happen to the cart.
#[derive(Clone, Debug)]
pub enum Input {
    /// The buyer tapped. A second tap on the same goods while the first waits for its answer changes nothing.
    Want(Want),
    /// The buyer gives this hold back.
    Cancel(String),
    /// Taps that a reload left without an answer: asked again under their keys.
    Again(Vec<PlaceHold>),
    /// The room's connection came or went.
    Online(bool),
    /// All open holds and recent orders, as of a Welcome.
    Holds(Vec<Hold>),
    /// One hold changed, maybe by another tab or by the payment.
    Hold(Hold),
    /// An answer.
    Reply(HoldReply),
}

/// What the cart wants done or known.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// Ask the server for a hold.
    Place(PlaceHold),
    /// Give a hold back.
    Cancel(CancelHold),
    /// This page's own tap is held: check out. Another tab's hold only makes [`Output::Changed`].
    Held(Hold),
    /// A hold known here became an order.
    Paid(Hold),
    /// The server said no; the reply says why.
    Refused(Want, HoldReply),
    /// No answer came. The tap may have been held; it then shows among the holds.
    NoAnswer(Want),
    /// [`Cart::holds`] or [`Cart::busy`] changed.
    Changed,
}

#[derive(Clone, Debug)]
enum Ask {
    Place(PlaceHold),
    Cancel(CancelHold),
}

#[derive(Clone, Debug)]
struct Pending {
    request: u64,
    ask: Ask,
    repeats: u32,
    due: Instant,
}

/// The cart. See [`Input`] and [`Output`].
#[derive(Debug)]
pub struct Cart {
    random: Random,
    online: bool,
    next_request: u64,
    pending: Vec<Pending>,
    holds: Vec<Hold>,
    out: VecDeque<Output>,
}

const KEY_ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Characters of an idempotency key: 22 of 6 bits hold the 128 that two seeds give.
const KEY_CHARS: usize = 22;

impl Cart {
    /// An empty cart. `seed` must differ between pages: keys are made from it.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self {
            random: Random::new(seed),
            online: false,
            next_request: 1,
            pending: Vec::new(),
            holds: Vec::new(),
            out: VecDeque::new(),
        }
    }

    /// Holds and orders, the newest first.
    #[must_use]
    pub fn holds(&self) -> &[Hold] {
        &self.holds
    }

    /// True while a tap on these goods waits for its answer.
    #[must_use]
    pub fn busy(&self, product: &str, sale: &str) -> bool {
        self.pending.iter().any(|pending| match &pending.ask {
            Ask::Place(place) => place.product == product && place.sale == sale,
            Ask::Cancel(_) => false,
        })
    }

    /// True while this hold is being given back.
    #[must_use]
    pub fn cancelling(&self, hold: &str) -> bool {
        self.pending.iter().any(|pending| matches!(&pending.ask, Ask::Cancel(cancel) if cancel.hold == hold))
    }

    /// True while a tap on this product, or giving back this hold, waits for its answer.
    #[must_use]
    pub fn waits(&self, id: &str) -> bool {
        self.pending.iter().any(|pending| match &pending.ask {
            Ask::Place(place) => place.product == id,
            Ask::Cancel(cancel) => cancel.hold == id,
        })
    }

    /// Taps without an answer, to be remembered in case the page is loaded again.
    #[must_use]
    pub fn unanswered(&self) -> Vec<PlaceHold> {
        let place = |pending: &Pending| match &pending.ask {
            Ask::Place(place) => Some(place.clone()),
            Ask::Cancel(_) => None,
        };
        self.pending.iter().filter_map(place).collect()
    }

    fn emit(&mut self, output: Output) {
        if self.out.len() >= limits::OUTPUTS {
            self.out.pop_front();
        }
        self.out.push_back(output);
    }

    /// A new idempotency key, for carts that are not ours.
    pub fn key(&mut self) -> String {
        (0..KEY_CHARS)
            .map(|_| KEY_ALPHABET.get(self.random.below(64) as usize).map_or('A', |byte| char::from(*byte)))
            .collect()
    }

    fn ask(&mut self, now: Instant, make: impl FnOnce(&mut Self, u64) -> Ask) {
        if self.pending.len() >= limits::PENDING {
            return;
        }
        let request = self.next_request;
        self.next_request += 1;
        let ask = make(self, request);
        if self.online {
            self.send(&ask);
        }
        self.pending.push(Pending { request, ask, repeats: 0, due: now + limits::REPEAT });
        self.emit(Output::Changed);
    }

    fn send(&mut self, ask: &Ask) {
        self.emit(match ask {
            Ask::Place(place) => Output::Place(place.clone()),
            Ask::Cancel(cancel) => Output::Cancel(cancel.clone()),
        });
    }

    fn take(&mut self, request: u64) -> Option<Pending> {
        let at = self.pending.iter().position(|pending| pending.request == request)?;
        Some(self.pending.remove(at))
    }

    fn keep(&mut self, hold: Hold) {
        let known = self.holds.iter().position(|known| known.id == hold.id).map(|at| self.holds.remove(at));
        let was_open = known.as_ref().is_some_and(|known| known.state() == hold::State::Held);
        // A hold is settled once: an answer that was overtaken by the payment must not open it again.
        let stale =
            known.filter(|known| known.state() != hold::State::Held && hold.state() == hold::State::Held);
        let hold = stale.unwrap_or(hold);
        if was_open && hold.state() == hold::State::Paid {
            self.emit(Output::Paid(hold.clone()));
        }
        let at = self.holds.partition_point(|other| other.placed_ms > hold.placed_ms);
        self.holds.insert(at, hold);
        if self.holds.len() > limits::HOLDS {
            let oldest = self.holds.iter().rposition(|hold| hold.state() != hold::State::Held);
            self.holds.remove(oldest.unwrap_or(self.holds.len() - 1));
        }
        self.emit(Output::Changed);
    }

    fn reply(&mut self, now: Instant, mut reply: HoldReply) {
        let Some(mut pending) = self.take(reply.request) else { return };
        if reply.refusal() == Refusal::TooFast && pending.repeats < limits::REPEATS {
            pending.repeats += 1;
            pending.due = now + Span::from_ms(u64::from(reply.retry_ms)).max(Span::from_ms(100));
            self.pending.push(pending);
            return;
        }
        let hold = reply.hold.take();
        if let Some(hold) = &hold {
            self.keep(hold.clone());
        }
        match (pending.ask, hold) {
            (Ask::Place(_), Some(hold)) if reply.refusal() == Refusal::None => {
                if hold.state() == hold::State::Held {
                    self.emit(Output::Held(hold));
                }
            }
            (Ask::Place(place), _) => self.emit(Output::Refused(want(place), reply)),
            // Cancelled, or settled by somebody else before: the hold itself shows which.
            (Ask::Cancel(_), _) => {}
        }
        self.emit(Output::Changed);
    }

    fn repeat(&mut self, due: Instant) {
        let Some(at) = self.pending.iter().position(|pending| pending.due <= due) else { return };
        let mut pending = self.pending.remove(at);
        if pending.repeats >= limits::REPEATS {
            if let Ask::Place(place) = pending.ask {
                self.emit(Output::NoAnswer(want(place)));
            }
            self.emit(Output::Changed);
            return;
        }
        pending.repeats += 1;
        pending.due = due + limits::REPEAT;
        self.send(&pending.ask);
        self.pending.push(pending);
    }
}

fn want(place: PlaceHold) -> Want {
    Want { product: place.product, sale: place.sale, quantity: place.quantity, price: place.price }
}

impl Machine for Cart {
    type Input = Input;
    type Output = Output;

    fn handle(&mut self, now: Instant, input: Input) {
        self.tick(now);
        match input {
            Input::Want(want) => {
                if !self.busy(&want.product, &want.sale) {
                    self.ask(now, |cart, request| {
                        let Want { product, sale, quantity, price } = want;
                        Ask::Place(PlaceHold { request, key: cart.key(), product, sale, quantity, price })
                    });
                }
            }
            Input::Again(taps) => {
                for tap in taps {
                    if !self.busy(&tap.product, &tap.sale) {
                        self.ask(now, |_, request| Ask::Place(PlaceHold { request, ..tap }));
                    }
                }
            }
            Input::Cancel(hold) => {
                if !self.cancelling(&hold) {
                    self.ask(now, |_, request| Ask::Cancel(CancelHold { request, hold }));
                }
            }
            Input::Online(online) => {
                self.online = online;
                if online {
                    for mut pending in std::mem::take(&mut self.pending) {
                        pending.due = now + limits::REPEAT;
                        self.send(&pending.ask);
                        self.pending.push(pending);
                    }
                }
            }
            Input::Holds(holds) => {
                // What a Welcome does not name any more is an order or hold of long ago.
                self.holds.retain(|known| holds.iter().any(|hold| hold.id == known.id));
                for hold in holds {
                    self.keep(hold);
                }
                self.emit(Output::Changed);
            }
            Input::Hold(hold) => self.keep(hold),
            Input::Reply(reply) => self.reply(now, reply),
        }
    }

    fn tick(&mut self, now: Instant) {
        while let Some((due, _)) = self.wake()
            && due <= now
        {
            self.repeat(due);
        }
    }

    fn poll(&mut self) -> Option<Output> {
        self.out.pop_front()
    }

    fn wake(&self) -> Option<(Instant, &'static str)> {
        if !self.online {
            return None;
        }
        let first = self.pending.iter().map(|pending| pending.due).min()?;
        Some((first, "repeat a request"))
    }
}

#[cfg(test)]
#[path = "cart_tests.rs"]
mod tests;
