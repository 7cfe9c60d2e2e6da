//! The orders' shell: the ledger's writer and its journal on disk, what everybody is told of it, payments, the shop's
//! webhooks. What is sold to whom is decided in `hawker_server_core::sale`.
//!
//! ```text
//! socket, REST -> Shop -> writer (ledger) -> journal file
//!                            |                  |
//!                            | on disk          | read by
//!                            v                  v
//!              Shelf, Rooms::announce, tell   projection (SQLite) -> webhooks -> the shop
//! ```

mod announce;
pub mod config;
mod file;
mod frames;
pub mod limits;
mod orders;
mod payments;
mod products;
mod projection;
mod sales;
mod shelf;
mod texts;
mod views;
mod webhooks;
mod writer;

use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, Result};
use hawker_server_core::sale::{Answer, Config, ProductRef, Refusal, Request, State};
use hawker_wire::proto::{self, CancelHold, HoldReply, PlaceHold, hold_reply};
use tokio::sync::{Notify, mpsc, oneshot, watch};
use utoipa_axum::router::OpenApiRouter;

use self::announce::Announcer;
use self::file::JournalFile;
use self::shelf::Shelf;
use self::texts::Texts;
use self::writer::{Job, Outside};
use crate::app::{App, Base};
use crate::clock::Clock;
use crate::ops::tokens::Tokens;

/// The orders of all rooms.
pub struct Shop {
    jobs: mpsc::Sender<Job>,
    shelf: Arc<Shelf>,
    texts: Arc<Texts>,
    tokens: Tokens,
    clock: Clock,
    require_token: bool,
    /// Rings when the outbox of webhooks has something new.
    outbox: Notify,
    /// What `start` takes over.
    boot: Mutex<Option<Boot>>,
}

struct Boot {
    jobs: mpsc::Receiver<Job>,
    file: JournalFile,
    state: State,
}

/// What a page is shown of the sale when it joins.
#[derive(Clone, Debug, Default)]
pub struct ShopView {
    /// The room's products, in the order of the shelf.
    pub shelf: Vec<proto::Product>,
    /// Its sales: announced, running, just ended.
    pub sales: Vec<proto::Sale>,
    /// The buyer's own open holds, and orders of the last day.
    pub holds: Vec<proto::Hold>,
    /// Whether this buyer may buy.
    pub may_buy: bool,
}

impl Shop {
    /// Reads the journal.
    ///
    /// # Errors
    /// A journal that can't be read or written.
    pub async fn new(base: &Base) -> Result<Self> {
        let path = base.data.join("ledger.journal");
        let opening = tokio::task::spawn_blocking(move || JournalFile::open(&path));
        let (file, state) = opening.await.context("reading the ledger's journal was given up")??;
        let texts = Texts::load(base.store.clone()).await.context("can't read the products' texts")?;
        let (jobs, queue) = mpsc::channel(limits::QUEUE);
        tracing::info!(records = state.seq(), bytes = file.durable(), "the ledger is open");
        Ok(Self {
            jobs,
            shelf: Arc::new(Shelf::new(&state)),
            texts: Arc::new(texts),
            tokens: base.tokens.clone(),
            clock: base.clock,
            require_token: base.config.sale.require_token,
            outbox: Notify::new(),
            boot: Mutex::new(Some(Boot { jobs: queue, file, state })),
        })
    }

    /// Holds goods for a buyer; answers when the hold is on disk.
    pub async fn place_hold(&self, room: &str, buyer: &str, frame: PlaceHold) -> HoldReply {
        if !self.may_buy(buyer) {
            let refusal = hold_reply::Refusal::TokenRequired.into();
            return HoldReply { request: frame.request, refusal, ..HoldReply::default() };
        }
        let request = Request::Place {
            product: ProductRef { room: room.to_owned(), product: frame.product },
            sale: frame.sale,
            buyer: buyer.to_owned(),
            key: frame.key,
            quantity: frame.quantity,
            price: frame.price,
        };
        self.reply(frame.request, self.ask(request).await)
    }

    /// Gives a hold up; answers when that is on disk.
    pub async fn cancel_hold(&self, _room: &str, buyer: &str, frame: CancelHold) -> HoldReply {
        let asked = match frames::parse_hold_id(&frame.hold) {
            Some(hold) => self.ask(Request::Cancel { buyer: buyer.to_owned(), hold }).await,
            None => Err(Refusal::UnknownHold),
        };
        self.reply(frame.request, asked)
    }

    /// What a page of `room` shows to `buyer` when it joins.
    #[must_use]
    pub fn view(&self, room: &str, buyer: &str) -> ShopView {
        let now = self.clock.wall();
        let products = self.shelf.products(room);
        let mut shelf: Vec<_> =
            products.iter().map(|product| frames::product(product, &self.texts.of(&product.id))).collect();
        shelf.sort_by(|a, b| (a.rank, &a.id).cmp(&(b.rank, &b.id)));
        ShopView {
            shelf,
            sales: self.shelf.shown_sales(room, now).iter().map(frames::sale).collect(),
            holds: self
                .shelf
                .holds(room, buyer, now)
                .iter()
                .map(|hold| frames::hold(&self.tokens, hold))
                .collect(),
            may_buy: self.may_buy(buyer),
        }
    }

    /// A shop may require a token to buy; guests then only look.
    fn may_buy(&self, buyer: &str) -> bool {
        !self.require_token || buyer.starts_with("t:")
    }

    fn reply(&self, request: u64, asked: Result<Answer, Refusal>) -> HoldReply {
        let reply = match asked {
            Ok(Answer::Hold(hold)) => {
                HoldReply { hold: Some(frames::hold(&self.tokens, &hold)), ..HoldReply::default() }
            }
            Ok(_) => frames::refusal(&self.tokens, &Refusal::Unavailable),
            Err(refusal) => frames::refusal(&self.tokens, &refusal),
        };
        HoldReply { request, ..reply }
    }

    /// Asks the ledger; the answer is on disk. A full queue and a stopping server are [`Refusal::Unavailable`].
    async fn ask(&self, request: Request) -> Result<Answer, Refusal> {
        let (reply, answer) = oneshot::channel();
        self.jobs.try_send(Job { request, reply }).map_err(|_| Refusal::Unavailable)?;
        answer.await.unwrap_or(Err(Refusal::Unavailable))
    }
}

/// Starts the writer, the announcer, the projection and the webhooks.
///
/// # Errors
/// What stops the server from starting.
pub async fn start(app: &App) -> Result<()> {
    let boot = app.shop.boot.lock().unwrap_or_else(PoisonError::into_inner).take();
    let Boot { jobs, file, state } = boot.context("the shop was started twice")?;
    let (durable, synced) = watch::channel(file.durable());
    let journal = file.path().to_owned();

    let announcer = Announcer::new(app);
    let outside = Outside {
        config: Config { hold_ms: u64::from(app.config.sale.hold_s) * 1_000 },
        clock: app.clock,
        jobs,
        changed: announcer.listener(),
        durable,
    };
    let closing = app.life.closing.clone();
    app.life.tasks.spawn(async move {
        if let Err(error) = writer::run(outside, file, state, closing).await {
            tracing::error!(%error, "the ledger can't be started: nothing is sold");
        }
    });
    app.life.tasks.spawn(announcer.run(app.life.closing.clone()));
    projection::start(app, journal, synced).await?;
    webhooks::start(app)?;
    Ok(())
}

/// REST, below `/api/v1`.
pub fn routes() -> OpenApiRouter<App> {
    products::routes().merge(sales::routes()).merge(orders::routes()).merge(payments::routes())
}
