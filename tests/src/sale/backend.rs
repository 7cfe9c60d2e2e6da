//! The shop's backend, as small as it can be: signs payments, and takes webhooks, of which it can refuse the first few.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use bytes::Bytes;
use hawker_wire::Wall;
use serde_json::{Value, json};
use tokio::sync::watch;

/// A shop's backend that listens for webhooks.
pub struct Backend {
    /// Where webhooks go.
    pub url: String,
    taken: watch::Receiver<Vec<Value>>,
}

struct Inbox {
    secret: String,
    refuse: Mutex<usize>,
    taken: watch::Sender<Vec<Value>>,
}

impl Backend {
    /// Listens; answers the first `refuse` webhooks with an error, as a backend that is down does.
    ///
    /// # Errors
    /// No free port.
    pub async fn start(secret: &str, refuse: usize) -> Result<Self> {
        let listener = tokio::net::TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
        let url = format!("http://{}/hawker", listener.local_addr()?);
        let (sender, taken) = watch::channel(Vec::new());
        let inbox = Arc::new(Inbox { secret: secret.to_owned(), refuse: Mutex::new(refuse), taken: sender });
        let router = Router::new().route("/hawker", post(take)).with_state(inbox);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(Self { url, taken })
    }

    /// Waits until the webhooks taken so far fit, and returns them.
    pub async fn until(&mut self, fits: impl FnMut(&Vec<Value>) -> bool) -> Vec<Value> {
        let waiting = tokio::time::timeout(std::time::Duration::from_secs(30), self.taken.wait_for(fits));
        let taken = waiting.await.expect("the webhooks come in time").expect("the backend runs");
        taken.clone()
    }
}

async fn take(State(inbox): State<Arc<Inbox>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let signature = headers.get("hawker-signature").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let time = signature.split(',').find_map(|part| part.strip_prefix("t=")).unwrap_or_default();
    let now = Wall(time.parse::<u64>().unwrap_or_default() * 1_000);
    if sign(&inbox.secret, &body, now) != signature {
        return StatusCode::UNAUTHORIZED;
    }
    let mut refuse = inbox.refuse.lock().unwrap_or_else(PoisonError::into_inner);
    if *refuse > 0 {
        *refuse -= 1;
        return StatusCode::SERVICE_UNAVAILABLE;
    }
    match serde_json::from_slice(&body) {
        Ok(event) => inbox.taken.send_modify(|taken| taken.push(event)),
        Err(_) => return StatusCode::BAD_REQUEST,
    }
    StatusCode::NO_CONTENT
}

/// `Hawker-Signature` of a call of the shop's backend.
#[must_use]
pub fn sign(secret: &str, body: &[u8], now: Wall) -> String {
    hawker_server::ops::tokens::sign_call(secret, body, now)
}

/// The body of a payment.
#[must_use]
pub fn payment(hold: &hawker_wire::proto::Hold, payment: &str) -> Value {
    json!({ "hold": hold.id, "proof": hold.proof, "payment": payment })
}

/// Calls a signed route of a server (`/payments`, `/refunds`); its status and answer.
///
/// # Errors
/// Nobody answers.
pub async fn call(
    client: &reqwest::Client,
    server: &str,
    path: &str,
    secret: &str,
    body: &Value,
    now: Wall,
) -> Result<(u16, Value)> {
    let body = serde_json::to_vec(body)?;
    let signature = sign(secret, &body, now);
    let request =
        client.post(format!("{server}/api/v1{path}")).header("hawker-signature", signature).body(body);
    let answer = request.send().await?;
    Ok((answer.status().as_u16(), answer.json().await.unwrap_or(Value::Null)))
}
