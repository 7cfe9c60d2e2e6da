//! The single writer. It decides at once, in memory, and tells nobody before the disk has it: every answer and every change
//! waits for the last record that it could depend on. Group commit is decided here: while one batch is being written the
//! next one gathers.
//!
//! Not here: the file. The shell writes what [`Output::Append`] holds, syncs, and says [`Input::Durable`]; on an error it says
//! [`Input::Failed`], throws this ledger away and opens a new one from what the disk has.

use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;
use hawker_wire::{Instant, Machine, Wall};

use super::decide::{Decision, Request, decide};
use super::fold::Touched;
use super::record::{Fact, HoldRef, Record, SaleRef};
use super::refusal::Refusal;
use super::state::{Due, Hold, Inconsistent, Product, Sale, State};
use super::{journal, limits};

/// What an operator may set.
#[derive(Clone, Debug)]
pub struct Config {
    /// How long a hold keeps goods, milliseconds.
    pub hold_ms: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self { hold_ms: limits::HOLD_MS }
    }
}

/// What can happen to the ledger.
#[derive(Clone, Debug)]
pub enum Input {
    /// Somebody asks; `ticket` comes back with the answer.
    Request {
        /// Chosen by the shell.
        ticket: u64,
        /// What is asked.
        request: Request,
    },
    /// All records up to this number are on disk and synced.
    Durable(u64),
    /// Writing or syncing failed: from now on everything is refused.
    Failed,
    /// The calendar's time. The ledger's own never goes back; between two of these it follows the monotonic clock.
    Wall(Wall),
}

/// What the ledger wants done or known.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// Append these bytes to the journal, sync, then say [`Input::Durable`] with this number. One at a time.
    Append {
        /// Number of the last record in it.
        seq: u64,
        /// One batch.
        bytes: Bytes,
    },
    /// The answer to a request. What it says is on disk.
    Answer {
        /// The request's.
        ticket: u64,
        /// Yes with what it is now, or no.
        answer: Result<Answer, Refusal>,
    },
    /// A product is now this.
    Product(Product),
    /// A sale is now this.
    Sale(Sale),
    /// A hold is now this.
    Hold(Hold),
    /// A defect: what was asked for would have contradicted the books. Nothing was written; open a new ledger.
    Broken(Inconsistent),
}

/// A yes.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// The product as it is now.
    Product(Product),
    /// The sale as it is now.
    Sale(Sale),
    /// The hold as it is now.
    Hold(Hold),
}

/// The machine.
#[derive(Debug)]
pub struct Ledger {
    config: Config,
    state: State,
    anchor: (Instant, Wall),
    refusals: Refusals,
    /// Records that are not being written yet, encoded, and the number of the first.
    batch: Vec<u8>,
    first: u64,
    writing: Option<u64>,
    durable: u64,
    /// What waits for a record's number to be durable, in order.
    waiting: VecDeque<(u64, Output)>,
    ready: VecDeque<Output>,
    failed: bool,
}

impl Ledger {
    /// A ledger that goes on from a state whose records are all on disk.
    #[must_use]
    pub fn open(config: Config, now: Instant, wall: Wall, state: State) -> Self {
        Self {
            config,
            anchor: (now, wall.max(state.at())),
            refusals: Refusals::default(),
            batch: Vec::new(),
            first: state.seq() + 1,
            writing: None,
            durable: state.seq(),
            waiting: VecDeque::new(),
            ready: VecDeque::new(),
            failed: false,
            state,
        }
    }

    /// The books as decided, which may be ahead of the disk: for start-up and tests.
    #[must_use]
    pub fn state(&self) -> &State {
        &self.state
    }

    fn wall(&self, now: Instant) -> Wall {
        let (then, wall) = self.anchor;
        wall.plus_ms(now.since(then).as_ms()).max(self.state.at())
    }

    fn is_full(&self) -> bool {
        self.batch.len() >= limits::BATCH_BYTES_MAX || self.waiting.len() >= limits::WAITING_MAX
    }

    fn request(&mut self, now: Wall, ticket: u64, request: &Request) {
        if self.failed || self.is_full() {
            self.ready.push_back(Output::Answer { ticket, answer: Err(Refusal::Unavailable) });
            return;
        }
        let decision = match self.refusals.find(request) {
            Some(refusal) => Decision::Refuse(refusal),
            None => decide(&self.state, &self.config, now, request),
        };
        let answer = match decision {
            Decision::Write(fact) => match self.write(now, fact) {
                Some(touched) => self.answer_of(request, &touched),
                None => Err(Refusal::Unavailable),
            },
            Decision::Same(answer) => Ok(answer),
            Decision::Refuse(refusal) => {
                self.refusals.remember(now, request, &refusal);
                Err(refusal)
            }
        };
        self.when_durable(Output::Answer { ticket, answer });
    }

    fn answer_of(&self, request: &Request, touched: &Touched) -> Result<Answer, Refusal> {
        let state = &self.state;
        let answer = match request {
            Request::SetProduct { .. } | Request::RemoveProduct(_) => {
                touched.product.as_ref().and_then(|id| state.product(id)).cloned().map(Answer::Product)
            }
            Request::SetSale { .. } | Request::StartSale(_) | Request::StopSale(_) => {
                touched.sales.first().and_then(|id| state.sale(id)).cloned().map(Answer::Sale)
            }
            _ => touched.hold.and_then(|id| state.hold(id)).cloned().map(Answer::Hold),
        };
        answer.ok_or(Refusal::Unavailable)
    }

    /// Makes a fact true, and lets those who watch know once it is durable.
    fn write(&mut self, at: Wall, fact: Fact) -> Option<Touched> {
        let record = Record { at_ms: at.as_ms(), fact: Some(fact) };
        let touched = match self.state.fold(&record) {
            Ok(touched) => touched,
            Err(defect) => {
                self.fail();
                self.ready.push_back(Output::Broken(defect));
                return None;
            }
        };
        journal::push(&mut self.batch, &record);
        if let Some(product) = touched.product.as_ref().and_then(|id| self.state.product(id)) {
            let output = Output::Product(product.clone());
            self.when_durable(output);
        }
        for sale in &touched.sales {
            if let Some(sale) = self.state.sale(sale) {
                let output = Output::Sale(sale.clone());
                self.when_durable(output);
            }
        }
        if let Some(hold) = touched.hold.and_then(|id| self.state.hold(id)) {
            let output = Output::Hold(hold.clone());
            self.when_durable(output);
        }
        Some(touched)
    }

    fn when_durable(&mut self, output: Output) {
        let seq = self.state.seq();
        if seq <= self.durable && self.waiting.is_empty() {
            self.ready.push_back(output);
        } else {
            self.waiting.push_back((seq, output));
        }
    }

    fn durable(&mut self, seq: u64) {
        self.durable = self.durable.max(seq);
        if self.writing.is_some_and(|writing| writing <= seq) {
            self.writing = None;
        }
        while self.waiting.front().is_some_and(|(seq, _)| *seq <= self.durable) {
            self.ready.extend(self.waiting.pop_front().map(|(_, output)| output));
        }
    }

    /// Nobody who waits is promised anything any more.
    fn fail(&mut self) {
        self.failed = true;
        self.batch.clear();
        for (_, output) in self.waiting.drain(..) {
            if let Output::Answer { ticket, .. } = output {
                self.ready.push_back(Output::Answer { ticket, answer: Err(Refusal::Unavailable) });
            }
        }
    }

    /// Fires what is due, each as of the time it was due. Stops when a batch is full; the disk's next word goes on.
    fn fire(&mut self, now: Wall) {
        while !self.failed && !self.is_full() {
            let Some((at, due)) = self.state.next_due().filter(|(at, _)| *at <= now).cloned() else { break };
            let fact = match due {
                Due::Start(sale) => Fact::SaleStarted(SaleRef { sale }),
                Due::End(sale) => Fact::SaleEnded(SaleRef { sale }),
                Due::Expire(hold) => Fact::Expired(HoldRef { hold }),
            };
            self.write(at.max(self.state.at()), fact);
        }
    }
}

impl Machine for Ledger {
    type Input = Input;
    type Output = Output;

    fn handle(&mut self, now: Instant, input: Input) {
        if let Input::Wall(wall) = input
            && wall > self.wall(now)
        {
            self.anchor = (now, wall);
        }
        if let Input::Durable(seq) = input {
            self.durable(seq);
        }
        self.tick(now);
        match input {
            Input::Request { ticket, request } => {
                let wall = self.wall(now);
                self.request(wall, ticket, &request);
                self.fire(wall);
            }
            Input::Failed => self.fail(),
            Input::Durable(_) | Input::Wall(_) => {}
        }
    }

    fn tick(&mut self, now: Instant) {
        let wall = self.wall(now);
        self.fire(wall);
    }

    fn poll(&mut self) -> Option<Output> {
        if !self.batch.is_empty() && self.writing.is_none() && !self.failed {
            let seq = self.state.seq();
            let bytes = Bytes::from(journal::seal(self.first, &self.batch));
            self.batch.clear();
            self.first = seq + 1;
            self.writing = Some(seq);
            return Some(Output::Append { seq, bytes });
        }
        self.ready.pop_front()
    }

    fn wake(&self) -> Option<(Instant, &'static str)> {
        if self.failed || self.is_full() {
            return None;
        }
        let (at, due) = self.state.next_due()?;
        let why = match due {
            Due::Start(_) => "a sale starts",
            Due::End(_) => "a sale ends",
            Due::Expire(_) => "a hold expires",
        };
        let (then, wall) = self.anchor;
        Some((then + hawker_wire::Span::from_ms(at.ms_since(wall)), why))
    }
}

/// Refused keys and their answers. In memory only. After a crash a repeated key is decided anew, and may get what it asked for:
/// that harms nobody, because a page repeats a key only as long as it has no answer (a buyer who was told no taps anew, with another
/// key), and the key still stands for the same goods at the same price, within the same limit, held once.
#[derive(Debug, Default)]
struct Refusals {
    answers: BTreeMap<(String, String), (Request, Refusal)>,
    ages: VecDeque<(Wall, (String, String))>,
}

impl Refusals {
    fn find(&self, request: &Request) -> Option<Refusal> {
        let Request::Place { buyer, key, .. } = request else { return None };
        let (first, refusal) = self.answers.get(&(buyer.clone(), key.clone()))?;
        Some(if first == request {
            refusal.clone()
        } else {
            Refusal::BadRequest("the key was used for something else")
        })
    }

    fn remember(&mut self, now: Wall, request: &Request, refusal: &Refusal) {
        let Request::Place { buyer, key, .. } = request else { return };
        if !refusal.is_remembered() || self.find(request).is_some() {
            return;
        }
        let old = |(at, _): &(Wall, _)| now.ms_since(*at) >= limits::KEY_MEMORY_MS;
        while self.ages.len() >= limits::REFUSALS_MAX || self.ages.front().is_some_and(old) {
            if let Some((_, key)) = self.ages.pop_front() {
                self.answers.remove(&key);
            }
        }
        let id = (buyer.clone(), key.clone());
        self.answers.insert(id.clone(), (request.clone(), refusal.clone()));
        self.ages.push_back((now, id));
    }
}
