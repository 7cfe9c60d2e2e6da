//! Tells the shop's backend what becomes of holds: signed, at least once, in order for each hold, tried again with growing
//! waits. The outbox is in SQLite, so nothing is forgotten by a restart; the shop skips what it has seen by the event's id.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use axum::http::{Request, Uri, header};
use bytes::Bytes;
use http_body_util::Full;
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde::Serialize;
use sqlx::{Row as _, SqliteConnection};
use tokio_util::sync::CancellationToken;

use super::limits;
use super::views::OrderView;
use crate::app::App;
use crate::ops::tokens::SIGNATURE_HEADER;

/// The body of a webhook.
#[derive(Serialize)]
struct Event<'a> {
    /// Unique; the same in every attempt.
    id: String,
    /// `held`, `paid`, `cancelled`, `expired`, `refund-due` or `refunded`.
    #[serde(rename = "type")]
    kind: &'a str,
    room: &'a str,
    wall_ms: u64,
    hold: &'a OrderView,
}

/// Puts an event into the outbox, in the caller's transaction.
pub(super) async fn put(
    db: &mut SqliteConnection,
    seq: u64,
    hold: u64,
    kind: &str,
    wall_ms: u64,
    order: &OrderView,
    now_ms: u64,
) -> Result<(), sqlx::Error> {
    let event = Event { id: format!("e{seq}"), kind, room: &order.room, wall_ms, hold: order };
    let body = serde_json::to_string(&event).map_err(|error| sqlx::Error::Encode(error.into()))?;
    let query = "INSERT OR REPLACE INTO webhook (seq, hold, body, attempts, due_ms, created_ms) \
         VALUES ($1, $2, $3, 0, $4, $4)";
    sqlx::query(query)
        .bind(seq as i64)
        .bind(hold as i64)
        .bind(body)
        .bind(now_ms as i64)
        .execute(&mut *db)
        .await?;
    Ok(())
}

struct Sender {
    app: App,
    url: Uri,
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
}

struct Letter {
    seq: i64,
    body: String,
    attempts: i64,
}

/// Sends what is in the outbox, for as long as the server runs. Without `[shop] webhook_url` there is nothing to do.
///
/// # Errors
/// The URL can't be used.
pub(super) fn start(app: &App) -> Result<()> {
    let Some(url) = &app.config.shop.webhook_url else { return Ok(()) };
    let url: Uri = url.parse().context("[shop] webhook_url is not a URL")?;
    let client = client(&url).context("can't make a client for webhooks")?;
    let sender = Sender { app: app.clone(), url, client };
    let closing = app.life.closing.clone();
    app.life.tasks.spawn(async move { sender.run(closing).await });
    Ok(())
}

/// A client that trusts what this machine trusts.
fn client(url: &Uri) -> Result<Client<HttpsConnector<HttpConnector>, Full<Bytes>>> {
    let mut roots = rustls::RootCertStore::empty();
    if url.scheme_str() == Some("https") {
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if roots.is_empty() {
            bail!("this machine has no certificate authorities: install ca-certificates");
        }
    }
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connector = hyper_rustls::HttpsConnectorBuilder::new();
    let connector = connector.with_tls_config(tls).https_or_http().enable_http1().build();
    Ok(Client::builder(TokioExecutor::new()).build(connector))
}

impl Sender {
    async fn run(self, closing: CancellationToken) {
        loop {
            let wait = match self.round().await {
                Ok(wait) => wait,
                Err(error) => {
                    tracing::error!(%error, "the webhooks' outbox can't be read");
                    Duration::from_millis(limits::RETRY_MS)
                }
            };
            tokio::select! {
                () = self.app.shop.outbox.notified(), if !wait.is_zero() => {}
                () = tokio::time::sleep(wait) => {}
                () = closing.cancelled() => return,
            }
        }
    }

    /// Sends what is due, each hold's oldest, and says how long there is nothing to do.
    async fn round(&self) -> Result<Duration, sqlx::Error> {
        self.give_up().await?;
        let now_ms = self.app.clock.wall().as_ms() as i64;
        let query = "SELECT seq, body, attempts FROM webhook AS w WHERE due_ms <= $1 AND NOT EXISTS \
             (SELECT 1 FROM webhook AS e WHERE e.hold = w.hold AND e.seq < w.seq) ORDER BY due_ms LIMIT $2";
        let due = sqlx::query(query).bind(now_ms).bind(limits::WEBHOOKS_AT_ONCE);
        let mut letters = Vec::new();
        for row in due.fetch_all(self.app.store.pool()).await? {
            letters.push(Letter {
                seq: row.try_get("seq")?,
                body: row.try_get("body")?,
                attempts: row.try_get("attempts")?,
            });
        }
        if letters.is_empty() {
            let query = "SELECT MIN(due_ms) AS next FROM webhook AS w WHERE NOT EXISTS \
                 (SELECT 1 FROM webhook AS e WHERE e.hold = w.hold AND e.seq < w.seq)";
            let next: Option<i64> =
                sqlx::query(query).fetch_one(self.app.store.pool()).await?.try_get("next")?;
            let wait_ms = next.map_or(60_000, |next| (next - now_ms).clamp(1, 60_000));
            return Ok(Duration::from_millis(wait_ms.unsigned_abs()));
        }
        let sent = letters.into_iter().map(|letter| async { (self.send(&letter).await, letter) });
        for (sent, letter) in futures_util::future::join_all(sent).await {
            self.settle(&letter, sent).await?;
        }
        Ok(Duration::ZERO)
    }

    async fn send(&self, letter: &Letter) -> Result<(), String> {
        let signature = self.app.tokens.sign_for_shop(letter.body.as_bytes(), self.app.clock.wall());
        let mut request = Request::post(self.url.clone()).header(header::CONTENT_TYPE, "application/json");
        if let Some(signature) = signature {
            request = request.header(SIGNATURE_HEADER, signature);
        }
        let body = Full::new(Bytes::from(letter.body.clone()));
        let request = request.body(body).map_err(|error| error.to_string())?;
        let answer = tokio::time::timeout(limits::WEBHOOK_TIMEOUT, self.client.request(request)).await;
        let answer = answer.map_err(|_| "the shop took too long".to_owned())?;
        // What the shop writes into its answer is not read: its status says it all.
        let status = answer.map_err(|error| error.to_string())?.status();
        if status.is_success() { Ok(()) } else { Err(format!("the shop answered {status}")) }
    }

    async fn settle(&self, letter: &Letter, sent: Result<(), String>) -> Result<(), sqlx::Error> {
        let pool = self.app.store.pool();
        let Err(why) = sent else {
            sqlx::query("DELETE FROM webhook WHERE seq = $1").bind(letter.seq).execute(pool).await?;
            return Ok(());
        };
        let doublings = u32::try_from(letter.attempts).unwrap_or(u32::MAX).min(20);
        let wait_ms = (limits::WEBHOOK_BACKOFF_MS << doublings).min(limits::WEBHOOK_BACKOFF_MAX_MS);
        if letter.attempts == 0 {
            tracing::warn!(event = letter.seq, why, "a webhook was not taken: it is tried again");
        }
        let due_ms = self.app.clock.wall().plus_ms(wait_ms).as_ms() as i64;
        let query = "UPDATE webhook SET attempts = attempts + 1, due_ms = $2 WHERE seq = $1";
        sqlx::query(query).bind(letter.seq).bind(due_ms).execute(pool).await?;
        Ok(())
    }

    /// What is too old, or too much: the list of orders has it all.
    async fn give_up(&self) -> Result<(), sqlx::Error> {
        let oldest_ms = self.app.clock.wall().as_ms().saturating_sub(limits::WEBHOOK_LIFE_MS) as i64;
        let query = "DELETE FROM webhook WHERE created_ms < $1 OR seq <= \
             (SELECT seq FROM webhook ORDER BY seq DESC LIMIT 1 OFFSET $2)";
        let query = sqlx::query(query).bind(oldest_ms).bind(limits::WEBHOOKS);
        let lost = query.execute(self.app.store.pool()).await?.rows_affected();
        if lost > 0 {
            tracing::error!(
                lost,
                "webhooks were given up: the shop has not taken them for days; list the orders"
            );
        }
        Ok(())
    }
}
