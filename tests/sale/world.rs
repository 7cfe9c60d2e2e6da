//! The ledger on a disk that forgets all that was not synced and tears the last write, crashed at every step of seeded
//! workloads. The checker reads the clients' logs only. Ledgers that are broken on purpose must not pass.

use std::collections::BTreeMap;

use hawker_server_core::sale::{
    Answer, Config, HoldState, Input, Ledger, Output, ProductRef, Refusal, Request, State, Stock, journal,
};
use hawker_tests::sale::{Entry, Fate, Log, Offer, Outcome, check};
use hawker_wire::{Instant, Machine, Span, Wall};

const START: Wall = Wall(1_700_000_000_000);
const OFFER: Offer = Offer { stock: 7, limit: 2 };
const PRICE: i64 = 500;
const STEPS_MAX: usize = 20_000;

/// What is wrong with the shop, on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    None,
    /// Promises when a write is handed over, not when it is synced.
    AckBeforeSync,
    /// Knows no limit in the writer; looks at what was answered so far before it asks.
    LimitOutside,
    /// Appends behind a torn write in place of cutting it off.
    KeepsTornTail,
}

/// xorshift64*: the seed is the world.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % sides.max(1)
    }
}

#[derive(Default)]
struct Disk {
    synced: Vec<u8>,
    written: Vec<u8>,
}

impl Disk {
    /// Power off: of what was not synced some prefix may have arrived, and of that some sectors may be rubbish.
    fn crash(&mut self, dice: &mut Dice) {
        let mut rest = std::mem::take(&mut self.written);
        rest.truncate(dice.roll(rest.len() + 1));
        if dice.roll(2) == 0 && !rest.is_empty() {
            let from = dice.roll(rest.len());
            rest.iter_mut().skip(from).take(16).for_each(|byte| *byte = 0);
        }
        self.synced.extend(rest);
    }
}

/// What a buyer means to do with one key.
#[derive(Clone, Copy, Debug)]
enum Plan {
    Pay,
    Cancel,
    Forget,
    PayLate,
    CancelAndPay,
}

struct Tap {
    buyer: String,
    key: String,
    quantity: u32,
    plan: Plan,
    hold: Option<(u64, Wall)>,
    asked_cancel: bool,
    /// Requests on their way, to be asked again after a crash.
    open: Vec<Ask>,
    done: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ask {
    Place,
    Cancel,
    Pay,
}

struct World {
    fault: Fault,
    dice: Dice,
    now: Instant,
    disk: Disk,
    ledger: Ledger,
    sale: String,
    /// A batch that is written and not yet synced.
    writing: Option<u64>,
    tickets: BTreeMap<u64, (usize, Ask)>,
    next_ticket: u64,
    /// Answers on their way to the clients.
    answers: Vec<(u64, Result<Answer, Refusal>)>,
    taps: Vec<Tap>,
    counted: BTreeMap<String, u32>,
    log: Log,
    /// What no client expects to be told.
    strange: Vec<String>,
}

impl World {
    fn new(seed: u64, fault: Fault) -> Self {
        let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
        let plans = [Plan::Pay, Plan::Pay, Plan::Cancel, Plan::Forget, Plan::PayLate, Plan::CancelAndPay];
        let taps = (0..14).map(|n| Tap {
            buyer: format!("g:{}", ["ann", "bob", "eve", "kim", "lee"][dice.roll(5)]),
            key: format!("tap-number-{n:08}"),
            quantity: 1 + dice.roll(2) as u32,
            plan: plans[dice.roll(plans.len())],
            hold: None,
            asked_cancel: false,
            open: Vec::new(),
            done: false,
        });
        let taps = taps.collect();
        let mut world = Self {
            fault,
            dice,
            now: Instant::ZERO,
            disk: Disk { synced: journal::HEADER.to_vec(), written: Vec::new() },
            ledger: Ledger::open(Config::default(), Instant::ZERO, START, State::default()),
            sale: String::new(),
            writing: None,
            tickets: BTreeMap::new(),
            next_ticket: 0,
            answers: Vec::new(),
            taps,
            counted: BTreeMap::new(),
            log: Log::new(),
            strange: Vec::new(),
        };
        world.set_up();
        world
    }

    fn set_up(&mut self) {
        let id = ProductRef { room: "demo".into(), product: "tea".into() };
        let stock = OFFER.stock as u32;
        let set = Request::SetProduct {
            id: id.clone(),
            price: 900,
            currency: "CNY".into(),
            stock: Stock::Free(stock),
        };
        let limit = if self.fault == Fault::LimitOutside { 0 } else { OFFER.limit as u32 };
        let ends = Some(START.plus_ms(600_000));
        let sale = Request::SetSale { product: id, price: PRICE, stock, limit, starts: Some(START), ends };
        for request in [set, sale] {
            self.ledger.handle(self.now, Input::Request { ticket: 0, request });
            while let Some(output) = self.ledger.poll() {
                match output {
                    Output::Append { seq, bytes } => {
                        self.disk.synced.extend_from_slice(&bytes);
                        self.ledger.handle(self.now, Input::Durable(seq));
                    }
                    Output::Answer { answer: Ok(Answer::Sale(sale)), .. } => self.sale = sale.id,
                    Output::Answer { answer: Err(refusal), .. } => panic!("{refusal:?}"),
                    _ => {}
                }
            }
        }
    }

    fn wall(&self) -> Wall {
        START.plus_ms(self.now.as_ms())
    }

    /// One thing happens. False when nothing is left to happen but time.
    fn step(&mut self) -> bool {
        let busy = self.taps.iter().any(|tap| !tap.done);
        if !busy && self.writing.is_none() && self.answers.is_empty() {
            return false;
        }
        match self.dice.roll(12) {
            0..=4 => self.client(),
            5..=6 => self.sync(),
            7..=9 => self.deliver(),
            10 => self.reload(),
            _ => {
                let ms = [1, 20, 500, 20_000, 121_000][self.dice.roll(5)];
                self.now += Span::from_ms(ms);
                self.ledger.tick(self.now);
                self.drain();
            }
        }
        true
    }

    fn drain(&mut self) {
        while let Some(output) = self.ledger.poll() {
            match output {
                Output::Append { seq, bytes } => {
                    self.disk.written.extend_from_slice(&bytes);
                    self.writing = Some(seq);
                    if self.fault == Fault::AckBeforeSync {
                        self.ledger.handle(self.now, Input::Durable(seq));
                    }
                }
                Output::Answer { ticket, answer } => self.answers.push((ticket, answer)),
                Output::Hold(hold) if hold.state == HoldState::Held => {
                    *self.counted.entry(hold.buyer).or_default() += hold.quantity;
                }
                Output::Hold(hold) if hold.payment.is_empty() => {
                    *self.counted.entry(hold.buyer).or_default() -= hold.quantity;
                }
                Output::Broken(defect) => self.strange.push(defect.0.to_owned()),
                _ => {}
            }
        }
    }

    fn sync(&mut self) {
        let Some(seq) = self.writing.take() else { return };
        let written = std::mem::take(&mut self.disk.written);
        self.disk.synced.extend(written);
        self.ledger.handle(self.now, Input::Durable(seq));
        self.drain();
    }

    fn client(&mut self) {
        let index = self.dice.roll(self.taps.len());
        let late = self.dice.roll(3) == 0;
        let wall = self.wall();
        let Some(tap) = self.taps.get_mut(index).filter(|tap| !tap.done) else { return };
        // An impatient client asks the same again.
        let ask = match (tap.open.first(), tap.hold) {
            (Some(ask), _) => *ask,
            (None, None) => Ask::Place,
            (None, Some((_, expires))) => match tap.plan {
                Plan::Pay => Ask::Pay,
                Plan::Cancel => Ask::Cancel,
                Plan::Forget => {
                    tap.done = true;
                    return;
                }
                Plan::PayLate if wall < expires && !late => return,
                Plan::PayLate => Ask::Pay,
                Plan::CancelAndPay if tap.asked_cancel => Ask::Pay,
                Plan::CancelAndPay => Ask::Cancel,
            },
        };
        if !tap.open.contains(&ask) {
            tap.open.push(ask);
        }
        self.send(index, ask);
    }

    fn send(&mut self, index: usize, ask: Ask) {
        let at_ms = self.wall().as_ms();
        let tap = &mut self.taps[index];
        let hold = tap.hold.map_or(0, |(hold, _)| hold);
        let request = match ask {
            Ask::Place => Request::Place {
                product: ProductRef { room: "demo".into(), product: "tea".into() },
                sale: self.sale.clone(),
                buyer: tap.buyer.clone(),
                key: tap.key.clone(),
                quantity: tap.quantity,
                price: PRICE,
            },
            Ask::Cancel => {
                tap.asked_cancel = true;
                self.log.push(Entry::CancelAsked { at_ms, hold: hold.to_string() });
                Request::Cancel { buyer: tap.buyer.clone(), hold }
            }
            Ask::Pay => Request::Pay { hold, payment: format!("pay-{}", tap.key) },
        };
        if self.fault == Fault::LimitOutside && ask == Ask::Place {
            let count = self.counted.get(&tap.buyer).copied().unwrap_or(0);
            if u64::from(count + tap.quantity) > OFFER.limit {
                tap.done = true;
                return;
            }
        }
        self.next_ticket += 1;
        self.tickets.insert(self.next_ticket, (index, ask));
        self.ledger.handle(self.now, Input::Request { ticket: self.next_ticket, request });
        self.drain();
    }

    /// One answer reaches its client, in any order.
    fn deliver(&mut self) {
        if self.answers.is_empty() {
            return;
        }
        let at = self.dice.roll(self.answers.len());
        let (ticket, answer) = self.answers.remove(at);
        let Some((index, ask)) = self.tickets.remove(&ticket) else { return };
        let at_ms = self.wall().as_ms();
        let tap = &mut self.taps[index];
        let was_open = tap.open.contains(&ask);
        tap.open.retain(|open| *open != ask);
        match (ask, answer) {
            (Ask::Place, Ok(Answer::Hold(hold))) => {
                tap.hold = Some((hold.id, hold.expires));
                let (buyer, key) = (tap.buyer.clone(), tap.key.clone());
                let (quantity, expires_ms) = (u64::from(hold.quantity), hold.expires.as_ms());
                let hold = hold.id.to_string();
                self.log.push(Entry::Held { at_ms, buyer, key, hold, quantity, expires_ms });
            }
            (Ask::Place, Err(refusal)) => {
                let (buyer, key, why) = (tap.buyer.clone(), tap.key.clone(), format!("{refusal:?}"));
                tap.done = tap.hold.is_none();
                self.log.push(Entry::Refused { buyer, key, why });
            }
            (Ask::Cancel, Ok(Answer::Hold(hold))) => {
                self.log.push(Entry::Cancelled { hold: hold.id.to_string() });
                tap.done = !matches!(tap.plan, Plan::CancelAndPay);
            }
            // Given up or ended before: an answer to a repetition, or to a payment's rival.
            (Ask::Cancel, Err(Refusal::Settled(_))) => {
                tap.done = was_open && !matches!(tap.plan, Plan::CancelAndPay) || tap.done;
            }
            (Ask::Pay, Ok(Answer::Hold(hold))) => {
                let (id, payment) = (hold.id.to_string(), hold.payment);
                tap.done = true;
                match hold.state {
                    HoldState::Paid => self.log.push(Entry::Paid { at_ms, hold: id, payment }),
                    HoldState::RefundDue => self.log.push(Entry::RefundDue { hold: id, payment }),
                    other => self.strange.push(format!("a payment was answered with {other:?}")),
                }
            }
            // An acknowledged hold that the shop does not know: the final look will tell.
            (_, Err(Refusal::UnknownHold)) => tap.done = true,
            (ask, other) => {
                tap.done = true;
                self.strange.push(format!("{ask:?} was answered with {other:?}"));
            }
        }
    }

    /// A buyer reloads the page and sees what is on disk. Only when nothing waits: the page shows released state.
    fn reload(&mut self) {
        if self.writing.is_some() {
            return;
        }
        let at_ms = self.wall().as_ms();
        self.ledger.tick(self.now);
        self.drain();
        if self.writing.is_some() {
            return;
        }
        let buyer = format!("g:{}", ["ann", "bob", "eve", "kim", "lee"][self.dice.roll(5)]);
        let holds = self.ledger.state().holds_of(&buyer).map(|hold| (hold.id.to_string(), fate(hold.state)));
        let holds = holds.collect();
        // What is on its way to the client is newer than what it sees: let it arrive first.
        while !self.answers.is_empty() {
            self.deliver();
        }
        self.log.push(Entry::Seen { at_ms, buyer, holds });
    }

    /// Power off and on again. Requests are lost; answers that had left may still arrive.
    fn crash(&mut self) -> Result<(), String> {
        while !self.answers.is_empty() {
            if self.dice.roll(2) == 0 {
                self.deliver();
            } else {
                self.answers.pop();
            }
        }
        self.tickets.clear();
        self.writing = None;
        self.counted.clear();
        self.disk.crash(&mut self.dice);
        self.now += Span::from_ms(self.dice.roll(5_000) as u64);
        let mut state = State::default();
        let valid = journal::open(&self.disk.synced, |batch| {
            for record in &batch.records {
                let why = |defect: hawker_server_core::sale::Inconsistent| defect.0;
                state
                    .apply(record)
                    .map_err(why)
                    .map_err(|why| journal::OpenError::Inconsistent { seq: batch.first, why })?;
            }
            Ok(())
        });
        let valid = valid.map_err(|error| error.to_string())?;
        state.audit().map_err(|defect| defect.0.to_owned())?;
        if self.fault != Fault::KeepsTornTail {
            self.disk.synced.truncate(valid);
        }
        for hold in state.holds().filter(|hold| matches!(hold.state, HoldState::Held | HoldState::Paid)) {
            *self.counted.entry(hold.buyer.clone()).or_default() += hold.quantity;
        }
        // The clock of the machine went back a little while it was off: the ledger's does not.
        let wall = START.plus_ms(self.now.as_ms());
        self.ledger = Ledger::open(Config::default(), self.now, wall, state);
        for index in 0..self.taps.len() {
            for ask in self.taps[index].open.clone() {
                self.send(index, ask);
            }
        }
        Ok(())
    }

    fn finish(mut self) -> Vec<String> {
        for _ in 0..STEPS_MAX {
            if !self.step() {
                break;
            }
        }
        if self.taps.iter().any(|tap| !tap.done) {
            self.strange.push("a client waits for ever".to_owned());
        }
        // All deadlines pass, then once more through the disk: what counts is what is there.
        self.now += Span::from_secs(3_600);
        self.ledger.tick(self.now);
        self.drain();
        self.sync();
        if let Err(error) = self.crash() {
            return vec![error];
        }
        let state = self.ledger.state();
        let free = state.products().map(|product| u64::from(product.pool.free)).sum::<u64>()
            + state.sales().map(|sale| u64::from(sale.pool.free)).sum::<u64>();
        let holds = state.holds().map(|hold| (hold.id.to_string(), fate(hold.state))).collect();
        self.strange.extend(check(&OFFER, &self.log, &Outcome { free, holds }));
        self.strange
    }
}

fn fate(state: HoldState) -> Fate {
    match state {
        HoldState::Held => Fate::Held,
        HoldState::Paid => Fate::Paid,
        HoldState::Cancelled => Fate::Cancelled,
        HoldState::Expired => Fate::Expired,
        HoldState::RefundDue | HoldState::Refunded => Fate::RefundDue,
    }
}

/// Runs a seed with a crash at `step` and, for odd seeds, another one soon after it.
fn run(seed: u64, step: usize, fault: Fault) -> Vec<String> {
    let mut world = World::new(seed, fault);
    let again = step + if seed % 2 == 1 { 3 } else { usize::MAX / 2 };
    for at in 0..STEPS_MAX {
        if (at == step || at == again)
            && let Err(error) = world.crash()
        {
            return vec![error];
        }
        if !world.step() || at > again.min(step + 50) {
            break;
        }
    }
    world.finish()
}

fn steps(seed: u64) -> usize {
    let mut world = World::new(seed, Fault::None);
    (0..STEPS_MAX).take_while(|_| world.step()).count()
}

#[test]
fn row_38_no_promise_is_lost_whatever_step_the_power_fails_at() {
    let mut crashes = 0;
    for seed in 1..=24 {
        for step in 0..steps(seed) {
            let wrong = run(seed, step, Fault::None);
            assert!(wrong.is_empty(), "seed {seed}, crash at step {step}:\n{}", wrong.join("\n"));
            crashes += 1;
        }
    }
    println!("{crashes} worlds crashed, each at another step");
    assert!(crashes > 1_000, "the workloads are long enough to mean something: {crashes}");
}

#[test]
fn row_38_the_checker_finds_ledgers_that_are_broken_on_purpose() {
    for (fault, sign) in [
        (Fault::AckBeforeSync, "is lost"),
        (Fault::LimitOutside, "pieces at once, of 2"),
        (Fault::KeepsTornTail, "damaged at byte"),
    ] {
        let mut found = (1..=24).flat_map(|seed| (0..steps(seed)).map(move |step| run(seed, step, fault)));
        let sample = found.find(|wrong| wrong.iter().any(|line| line.contains(sign)));
        assert!(sample.is_some(), "{fault:?} passes");
    }
}
