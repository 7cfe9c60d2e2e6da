//! A small shop of another origin, as a customer of Hawker would have one: pages that embed the player, a checkout, a backend.
//!
//! It knows the server only by its public surfaces: the SDK's element and events, signed calls, signed webhooks. Its pages
//! carry a strict policy (CSP and Trusted Types), so the demo itself shows that the SDK lives with one.

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
        .route("/api/token", post(token))
        .route("/hawker/webhook", post(webhook))
        .layer(DefaultBodyLimit::max(limits::BODY_BYTES_MAX))
        .with_state(shop)
}

/// What the shop knows of a hold, for its checkout page.
async fn hold(State(shop): State<Arc<Shop>>, Path(hold): Path<String>) -> Response {
    match shop.orders.wait_for(&hold).await {
        Some(hold) => Json(hold).into_response(),
        None => refuse(StatusCode::NOT_FOUND, "unknown-hold"),
    }
}

#[derive(Deserialize)]
struct Pay {
    hold: String,
    proof: String,
}

/// Takes the money (a demo: it is always there) and tells the server with a signed call. The payment's id is made from the
/// hold, so that a second click is the same payment.
async fn pay(State(shop): State<Arc<Shop>>, Json(pay): Json<Pay>) -> Response {
    let body =
        json!({ "hold": pay.hold, "proof": pay.proof, "payment": format!("demo-{}", pay.hold) }).to_string();
    let signature = sign::call(&shop.secret, body.as_bytes(), clock::wall_ms());
    let request = shop.client.post(format!("{}/api/v1/payments", shop.server));
    let request =
        request.header("content-type", "application/json").header(sign::HEADER, signature).body(body);
    match request.send().await {
        Ok(answer) => {
            let status = answer.status();
            (status, Json(answer.json::<Value>().await.unwrap_or_default())).into_response()
        }
        Err(_) => refuse(StatusCode::BAD_GATEWAY, "server-unreachable"),
    }
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
