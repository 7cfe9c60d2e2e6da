//! The one task that owns the ledger, and the one thread that owns its file. Decides nothing: it brings requests in, has
//! written what is to be written (one `fdatasync` a batch), and passes on what the ledger releases. When the disk fails, all
//! who wait are told that nothing was done, and the ledger is opened anew from what the disk has.

use std::collections::BTreeMap;

use bytes::Bytes;
use hawker_server_core::sale::{
    Answer, Config, Hold, Input, Ledger, Output, Product, Refusal, Request, Sale, State,
};
use hawker_wire::{Instant, Machine as _, Span};
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;

use super::file::JournalFile;
use super::limits;
use crate::clock::Clock;

/// A request and where its answer goes.
#[derive(Debug)]
pub(super) struct Job {
    /// What is asked.
    pub request: Request,
    /// Takes the answer, once it is on disk.
    pub reply: oneshot::Sender<Result<Answer, Refusal>>,
}

/// Something that is on disk now.
#[derive(Clone, Debug)]
pub(super) enum Change {
    /// A product is now this.
    Product(Product),
    /// A sale is now this.
    Sale(Sale),
    /// A hold is now this.
    Hold(Hold),
}

/// What the task needs from outside.
pub(super) struct Outside {
    /// The ledger's configuration.
    pub config: Config,
    /// The clock.
    pub clock: Clock,
    /// Requests.
    pub jobs: mpsc::Receiver<Job>,
    /// Takes released changes, in order. Must not block.
    pub changed: Box<dyn FnMut(Change) + Send>,
    /// Told how many bytes of the journal are synced.
    pub durable: watch::Sender<u64>,
}

struct Writer {
    outside: Outside,
    ledger: Ledger,
    replies: BTreeMap<u64, oneshot::Sender<Result<Answer, Refusal>>>,
    tickets: u64,
    disk: mpsc::Sender<ToDisk>,
    /// When a disk that failed is tried again.
    retry: Option<Instant>,
}

enum ToDisk {
    Append(u64, Bytes),
    Reopen,
}

enum FromDisk {
    Appended(u64, std::io::Result<u64>),
    Reopened(anyhow::Result<Box<State>>),
}

/// Runs until `closing`; what was taken in by then is on disk when it returns.
///
/// # Errors
/// The disk's thread can't be started.
pub(super) async fn run(
    outside: Outside,
    file: JournalFile,
    state: State,
    closing: CancellationToken,
) -> std::io::Result<()> {
    let clock = outside.clock;
    let (disk, orders) = mpsc::channel(1);
    let (done, mut results) = mpsc::channel(1);
    let thread = std::thread::Builder::new().name("ledger".to_owned());
    thread.spawn(move || serve_disk(file, orders, &done))?;
    let ledger = Ledger::open(outside.config.clone(), clock.now(), clock.wall(), state);
    let mut writer = Writer { outside, ledger, replies: BTreeMap::new(), tickets: 0, disk, retry: None };
    let mut jobs = Vec::with_capacity(limits::TAKE);
    let mut open = true;
    loop {
        writer.pass_on();
        if !open && !writer.is_busy() {
            return Ok(());
        }
        let wake = writer.wake();
        tokio::select! {
            biased;
            result = results.recv() => match result {
                Some(result) => writer.hear(result),
                None => {
                    tracing::error!("the ledger's thread has died: nothing is sold until a restart");
                    return Ok(());
                }
            },
            () = closing.cancelled(), if open => open = false,
            taken = writer.outside.jobs.recv_many(&mut jobs, limits::TAKE), if open => {
                open = taken > 0;
                jobs.drain(..).for_each(|job| writer.take(job));
            }
            () = sleep(clock, wake), if wake.is_some() => writer.time(),
        }
    }
}

async fn sleep(clock: Clock, wake: Option<Instant>) {
    if let Some(wake) = wake {
        clock.sleep_until(wake).await;
    }
}

impl Writer {
    fn take(&mut self, job: Job) {
        let clock = self.outside.clock;
        self.tickets += 1;
        self.replies.insert(self.tickets, job.reply);
        self.ledger.handle(clock.now(), Input::Wall(clock.wall()));
        self.ledger.handle(clock.now(), Input::Request { ticket: self.tickets, request: job.request });
    }

    /// Routes what the ledger wants.
    fn pass_on(&mut self) {
        while let Some(output) = self.ledger.poll() {
            match output {
                Output::Append { seq, bytes } => self.order(ToDisk::Append(seq, bytes)),
                Output::Answer { ticket, answer } => {
                    if let Some(reply) = self.replies.remove(&ticket) {
                        // Whoever asked may have left; the answer stands all the same.
                        let _ = reply.send(answer);
                    }
                }
                Output::Product(product) => (self.outside.changed)(Change::Product(product)),
                Output::Sale(sale) => (self.outside.changed)(Change::Sale(sale)),
                Output::Hold(hold) => (self.outside.changed)(Change::Hold(hold)),
                Output::Broken(defect) => {
                    tracing::error!(
                        why = defect.0,
                        "the ledger refused to contradict itself: opening it anew"
                    );
                    self.retry = Some(self.outside.clock.now() + Span::from_ms(limits::RETRY_MS));
                }
            }
        }
    }

    fn order(&mut self, order: ToDisk) {
        if self.disk.try_send(order).is_err() {
            // One order at a time is the ledger's own rule; only a dead thread can refuse one.
            tracing::error!("the ledger's thread takes no orders");
            self.ledger.handle(self.outside.clock.now(), Input::Failed);
        }
    }

    fn hear(&mut self, result: FromDisk) {
        let clock = self.outside.clock;
        match result {
            FromDisk::Appended(seq, Ok(durable)) => {
                self.outside.durable.send_replace(durable);
                self.ledger.handle(clock.now(), Input::Durable(seq));
            }
            FromDisk::Appended(_, Err(error)) => {
                tracing::error!(%error, waiting = self.replies.len(), "can't write the ledger's journal: nothing is sold \
                     until it can be written again; is the disk full?");
                self.ledger.handle(clock.now(), Input::Failed);
                self.retry = Some(clock.now());
            }
            FromDisk::Reopened(Ok(state)) => {
                tracing::info!(records = state.seq(), "the ledger is open again");
                state
                    .products()
                    .cloned()
                    .for_each(|product| (self.outside.changed)(Change::Product(product)));
                state.sales().cloned().for_each(|sale| (self.outside.changed)(Change::Sale(sale)));
                self.ledger = Ledger::open(self.outside.config.clone(), clock.now(), clock.wall(), *state);
            }
            FromDisk::Reopened(Err(error)) => {
                tracing::error!(
                    error = format!("{error:#}"),
                    "the ledger's journal can still not be written"
                );
                self.retry = Some(clock.now() + Span::from_ms(limits::RETRY_MS));
            }
        }
    }

    fn time(&mut self) {
        let clock = self.outside.clock;
        let now = clock.now();
        if self.retry.is_some_and(|at| at <= now) {
            self.retry = None;
            self.order(ToDisk::Reopen);
        }
        self.ledger.handle(now, Input::Wall(clock.wall()));
    }

    fn wake(&self) -> Option<Instant> {
        let ledger = self.ledger.wake().map(|(at, _)| at);
        ledger.into_iter().chain(self.retry).min()
    }

    fn is_busy(&self) -> bool {
        !self.replies.is_empty() && self.retry.is_none()
    }
}

/// The disk's thread: one order, one result, until the task has gone.
fn serve_disk(mut file: JournalFile, mut orders: mpsc::Receiver<ToDisk>, done: &mpsc::Sender<FromDisk>) {
    while let Some(order) = orders.blocking_recv() {
        let result = match order {
            ToDisk::Append(seq, bytes) => {
                let written = file.append(&bytes).map(|()| file.durable());
                FromDisk::Appended(seq, written)
            }
            ToDisk::Reopen => FromDisk::Reopened(file.reopen().map(Box::new)),
        };
        if done.blocking_send(result).is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hawker_server_core::sale::{ProductRef, Stock};

    fn put(free: u32) -> Request {
        let id = ProductRef { room: "demo".into(), product: "tea".into() };
        Request::SetProduct { id, price: 1, currency: "CNY".into(), stock: Stock::Free(free) }
    }

    async fn ask(jobs: &mpsc::Sender<Job>, request: Request) -> Result<Answer, Refusal> {
        let (reply, answer) = oneshot::channel();
        jobs.send(Job { request, reply }).await.unwrap();
        answer.await.unwrap()
    }

    #[tokio::test]
    async fn a_full_disk_refuses_loses_nothing_and_is_over_when_it_is_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.journal");
        let (mut file, state) = JournalFile::open(&path).unwrap();
        let mut before = Vec::new();
        let mut ledger = Ledger::open(Config::default(), Instant::ZERO, hawker_wire::Wall(1), state);
        ledger.handle(Instant::ZERO, Input::Request { ticket: 0, request: put(3) });
        while let Some(output) = ledger.poll() {
            if let Output::Append { bytes, .. } = output {
                before.extend_from_slice(&bytes);
            }
        }
        file.append(&before).unwrap();
        let state = file.reopen().unwrap();
        file.fill_up();

        let (jobs, queue) = mpsc::channel(8);
        let (durable, _) = watch::channel(0);
        let outside = Outside {
            config: Config::default(),
            clock: Clock::start(),
            jobs: queue,
            changed: Box::new(|_| {}),
            durable,
        };
        let closing = CancellationToken::new();
        let writer = tokio::spawn(run(outside, file, state, closing.clone()));
        assert_eq!(ask(&jobs, put(4)).await, Err(Refusal::Unavailable));
        // The next request finds the disk in order again, or a writer that is still opening it.
        let answer = loop {
            match ask(&jobs, put(5)).await {
                Err(Refusal::Unavailable) => tokio::task::yield_now().await,
                answer => break answer,
            }
        };
        assert!(matches!(answer, Ok(Answer::Product(product)) if product.pool.free == 5));
        closing.cancel();
        writer.await.unwrap().unwrap();

        let (_, state) = JournalFile::open(&path).unwrap();
        assert_eq!(state.seq(), 2, "the refused one is not there");
    }
}
