//! A small shop of another origin, as a customer of Hawker would have one: pages that embed the player, a checkout, a backend.
//!
//! It knows the server only by its public surfaces: the SDK's element and events, signed calls, signed webhooks. Its pages
//! carry a strict policy (CSP and Trusted Types), so the demo itself shows that the SDK lives with one.

mod checkout;
mod limits;
pub mod orders;
mod pages;
pub mod sign;

use std::sync::Arc;

use anyhow::Result;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::{api, clock, settings};
use orders::Orders;

/// The shop's backend.
pub struct Shop {
    /// The server as this backend reaches it: `http://HOST:PORT`.
    pub server: String,
    /// The server's port, for pages: they reach it under the name they were reached by.
    pub port: u16,
    /// Shared with the server.
    pub secret: String,
    /// What the webhooks told.
    pub orders: Orders,
    client: reqwest::Client,
}

impl Shop {
    /// A shop of the server that is reached at `127.0.0.1:port` or the like.
    ///
    /// # Errors
    /// The system refuses what a client needs.
    pub fn new(server: &str, port: u16, secret: &str) -> Result<Arc<Self>> {
        let (server, secret) = (server.to_owned(), secret.to_owned());
        Ok(Arc::new(Self { server, port, secret, orders: Orders::default(), client: api::client()? }))
    }
}

/// Serves the shop until the task is dropped.
///
/// # Errors
/// The listener breaks.
pub async fn serve(shop: Arc<Shop>, listener: TcpListener) -> Result<()> {
    Ok(axum::serve(listener, router(shop)).await?)
}

fn router(shop: Arc<Shop>) -> Router {
    pages::routes()
        .route("/api/holds/{hold}", get(hold))
        .route("/api/pay", post(pay))
        .route("/api/cancel", post(cancel))
        .route("/api/token", post(token))
        .route("/hawker/webhook", post(webhook))
        .layer(DefaultBodyLimit::max(limits::BODY_BYTES_MAX))
        .with_state(shop)
}

/// What the shop knows of a hold, for its checkout page. The time left is told, not the deadline: the page's clock may be off.
async fn hold(State(shop): State<Arc<Shop>>, Path(hold): Path<String>) -> Response {
    match shop.orders.wait_for(&hold).await {
        Some(hold) => Json(checkout::order(&hold, clock::wall_ms())).into_response(),
        None => refuse(StatusCode::NOT_FOUND, "unknown-hold"),
    }
}

#[derive(Deserialize)]
struct Proven {
    hold: String,
    proof: String,
}

/// Takes the money (a demo: it is always there) and tells the server with a signed call. The payment's id is made from the
/// hold, so that a second click is the same payment.
async fn pay(State(shop): State<Arc<Shop>>, Json(asked): Json<Proven>) -> Response {
    let payment = format!("demo-{}", asked.hold);
    let body = json!({ "hold": asked.hold, "proof": asked.proof, "payment": payment });
    settle(&shop, "/payments", &body).await
}

/// Gives a hold up for a customer who leaves the checkout: the goods are free at once.
async fn cancel(State(shop): State<Arc<Shop>>, Json(asked): Json<Proven>) -> Response {
    settle(&shop, "/cancellations", &json!({ "hold": asked.hold, "proof": asked.proof })).await
}

/// A signed call of the server that settles a hold, and what the hold is then.
async fn settle(shop: &Shop, path: &str, body: &Value) -> Response {
    let body = body.to_string();
    let signature = sign::call(&shop.secret, body.as_bytes(), clock::wall_ms());
    let request = shop.client.post(format!("{}/api/v1{path}", shop.server));
    let request =
        request.header("content-type", "application/json").header(sign::HEADER, signature).body(body);
    let Ok(answer) = request.send().await else {
        return refuse(StatusCode::BAD_GATEWAY, "server-unreachable");
    };
    let status = answer.status();
    let answer: Value = answer.json().await.unwrap_or_default();
    if !status.is_success() {
        return (status, Json(answer)).into_response();
    }
    // The webhook will say the same; whoever asks before it comes is told already.
    shop.orders.told(&json!({ "hold": answer }));
    Json(checkout::order(&answer, clock::wall_ms())).into_response()
}

#[derive(Deserialize)]
struct Login {
    name: String,
    room: String,
}

/// Logs a customer in: in a shop there would be an account behind it.
async fn token(State(shop): State<Arc<Shop>>, Json(login): Json<Login>) -> Response {
    let name: String = login.name.trim().chars().take(24).collect();
    let Ok(customer) = settings::random() else {
        return refuse(StatusCode::INTERNAL_SERVER_ERROR, "no-randomness");
    };
    if name.is_empty() {
        return refuse(StatusCode::BAD_REQUEST, "name-missing");
    }
    let token = sign::viewer_token(&shop.secret, &customer, &name, &login.room, clock::wall_ms());
    Json(json!({ "token": token, "name": name })).into_response()
}

/// News of holds from the server. Only what is signed counts.
async fn webhook(State(shop): State<Arc<Shop>>, headers: HeaderMap, body: Bytes) -> Response {
    let signature = headers.get(sign::HEADER).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !sign::is_genuine(&shop.secret, signature, &body, clock::wall_ms()) {
        return refuse(StatusCode::UNAUTHORIZED, "signature-wrong");
    }
    match serde_json::from_slice::<Value>(&body) {
        // News of another kind is none of this shop's business, and asking for it again would not change that.
        Ok(event) => {
            shop.orders.told(&event);
            StatusCode::NO_CONTENT.into_response()
        }
        Err(_) => refuse(StatusCode::BAD_REQUEST, "not-json"),
    }
}

fn refuse(status: StatusCode, code: &str) -> Response {
    (status, Json(json!({ "error": { "code": code } }))).into_response()
}
