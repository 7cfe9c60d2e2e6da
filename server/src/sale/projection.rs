//! Follows the journal into SQLite: orders for lists and sums, and webhooks for the shop, both in one transaction with the
//! place that was reached. It reads only what is synced, at its own pace: a slow database holds no buyer up, and whatever
//! it missed in a crash it reads again.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use hawker_server_core::sale::{Fact, Record, journal};
use sqlx::{Row as _, SqliteConnection};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::views::OrderView;
use super::{frames, limits, webhooks};
use crate::app::App;

struct Projection {
    app: App,
    path: PathBuf,
    /// The next byte to read, and the last record folded.
    offset: u64,
    seq: u64,
    webhooks: bool,
}

/// Reads on from where the last run ended, for as long as the server runs.
///
/// # Errors
/// The database fails.
pub(super) async fn start(app: &App, path: PathBuf, mut synced: watch::Receiver<u64>) -> Result<()> {
    let row =
        sqlx::query("SELECT next_byte, seq FROM ledger_position").fetch_optional(app.store.pool()).await?;
    let (offset, seq) = match row {
        Some(row) => (row.try_get::<i64, _>("next_byte")? as u64, row.try_get::<i64, _>("seq")? as u64),
        None => (journal::HEADER.len() as u64, 0),
    };
    let webhooks = app.config.shop.webhook_url.is_some();
    let mut projection = Projection { app: app.clone(), path, offset, seq, webhooks };
    let end = *synced.borrow_and_update();
    if projection.offset > end {
        tracing::error!("the orders in the database are of another journal: they are made anew");
        projection.reset().await?;
    }
    let closing = app.life.closing.clone();
    app.life.tasks.spawn(async move { projection.run(synced, closing).await });
    Ok(())
}

impl Projection {
    async fn run(&mut self, mut synced: watch::Receiver<u64>, closing: CancellationToken) {
        loop {
            let end = *synced.borrow_and_update();
            while self.offset < end {
                if let Err(error) = self.step(end).await {
                    tracing::error!(
                        error = format!("{error:#}"),
                        "the orders' projection is behind the ledger"
                    );
                    tokio::select! {
                        () = tokio::time::sleep(Duration::from_millis(limits::RETRY_MS)) => {}
                        () = closing.cancelled() => return,
                    }
                }
            }
            tokio::select! {
                changed = synced.changed() => if changed.is_err() { return },
                () = closing.cancelled() => return,
            }
        }
    }

    /// Some batches, in one transaction.
    async fn step(&mut self, end: u64) -> Result<()> {
        let (path, offset) = (self.path.clone(), self.offset);
        let reading = tokio::task::spawn_blocking(move || read(&path, offset, end));
        let bytes = reading.await.context("reading was given up")?.context("can't read the journal")?;
        let mut rest = bytes.as_slice();
        let mut seq = self.seq;
        let mut transaction = self.app.store.pool().begin().await?;
        while let Some((batch, size)) = journal::read(rest) {
            if batch.first != seq + 1 {
                bail!("record {} follows record {seq}", batch.first);
            }
            for record in &batch.records {
                seq += 1;
                self.fold(&mut transaction, seq, record).await?;
            }
            rest = rest.get(size..).unwrap_or_default();
        }
        let offset = self.offset + (bytes.len() - rest.len()) as u64;
        if offset == self.offset {
            bail!("no whole batch at byte {offset} of the journal");
        }
        let query = "INSERT INTO ledger_position (id, next_byte, seq) VALUES (1, $1, $2) \
             ON CONFLICT (id) DO UPDATE SET next_byte = $1, seq = $2";
        sqlx::query(query).bind(offset as i64).bind(seq as i64).execute(&mut *transaction).await?;
        transaction.commit().await?;
        (self.offset, self.seq) = (offset, seq);
        if self.webhooks {
            self.app.shop.outbox.notify_one();
        }
        Ok(())
    }

    async fn fold(&self, db: &mut SqliteConnection, seq: u64, record: &Record) -> Result<(), sqlx::Error> {
        let at_ms = record.at_ms as i64;
        let (hold, event) = match record.fact.as_ref() {
            Some(Fact::Held(held)) => {
                let query = "INSERT INTO orders (hold, room, buyer, product, sale, quantity, price, currency, state, \
                     sold, placed_ms, expires_ms, changed_ms, payment) \
                     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'held', 0, $9, $10, $9, '')";
                sqlx::query(query)
                    .bind(held.hold as i64)
                    .bind(&held.room)
                    .bind(&held.buyer)
                    .bind(&held.product)
                    .bind(&held.sale)
                    .bind(i64::from(held.quantity))
                    .bind(held.price)
                    .bind(&held.currency)
                    .bind(at_ms)
                    .bind(held.expires_ms as i64)
                    .execute(&mut *db)
                    .await?;
                (held.hold, "held")
            }
            Some(Fact::Cancelled(hold)) => (hold.hold, "cancelled"),
            Some(Fact::Expired(hold)) => (hold.hold, "expired"),
            Some(Fact::Refunded(hold)) => (hold.hold, "refunded"),
            Some(Fact::Paid(paid)) => {
                let query = "UPDATE orders SET payment = $2, sold = $3 WHERE hold = $1";
                let query =
                    sqlx::query(query).bind(paid.hold as i64).bind(&paid.payment).bind(!paid.refund_due);
                query.execute(&mut *db).await?;
                (paid.hold, if paid.refund_due { "refund-due" } else { "paid" })
            }
            _ => return Ok(()),
        };
        let query = "UPDATE orders SET state = $2, changed_ms = $3 WHERE hold = $1 RETURNING *";
        let row = sqlx::query(query).bind(hold as i64).bind(event).bind(at_ms).fetch_one(&mut *db).await?;
        let now_ms = self.app.clock.wall().as_ms();
        if self.webhooks && now_ms.saturating_sub(record.at_ms) < limits::WEBHOOK_LIFE_MS {
            let order = order(&row)?;
            webhooks::put(db, seq, hold, event, record.at_ms, &order, now_ms).await?;
        }
        Ok(())
    }

    async fn reset(&mut self) -> Result<()> {
        let pool = self.app.store.pool();
        sqlx::query("DELETE FROM orders").execute(pool).await?;
        sqlx::query("DELETE FROM ledger_position").execute(pool).await?;
        (self.offset, self.seq) = (journal::HEADER.len() as u64, 0);
        Ok(())
    }
}

/// An order as its row has it.
pub(super) fn order(row: &sqlx::sqlite::SqliteRow) -> Result<OrderView, sqlx::Error> {
    let number = |column| row.try_get::<i64, _>(column).map(|value| u64::try_from(value).unwrap_or_default());
    let (price, quantity): (i64, i64) = (row.try_get("price")?, row.try_get("quantity")?);
    Ok(OrderView {
        id: frames::hold_id(number("hold")?),
        room: row.try_get("room")?,
        buyer: row.try_get("buyer")?,
        product: row.try_get("product")?,
        sale: row.try_get("sale")?,
        quantity: u32::try_from(quantity).unwrap_or_default(),
        price,
        total: price.saturating_mul(quantity),
        currency: row.try_get("currency")?,
        state: row.try_get("state")?,
        placed_ms: number("placed_ms")?,
        expires_ms: number("expires_ms")?,
        changed_ms: number("changed_ms")?,
        payment: row.try_get("payment")?,
    })
}

fn read(path: &std::path::Path, offset: u64, end: u64) -> std::io::Result<Vec<u8>> {
    use std::io::{Read as _, Seek as _, SeekFrom};
    let mut file = std::fs::File::open(path)?;
    file.seek(SeekFrom::Start(offset))?;
    let mut bytes = Vec::new();
    file.take((end - offset).min(limits::READ_BYTES as u64)).read_to_end(&mut bytes)?;
    Ok(bytes)
}
