//! Calls of the server's REST API and the shapes of its answers, as far as the console reads them. Shows nothing.

use gloo_net::http::{Method, RequestBuilder};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// Why a call failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// The token isn't (or no longer) the administrators'.
    Token,
    /// The server refused: its code, and its words in English.
    Refused { code: String, message: String },
    /// No answer came, or none that can be read.
    Unreachable,
}

#[derive(Deserialize)]
struct Refusal {
    error: Detail,
}

#[derive(Deserialize)]
struct Detail {
    code: String,
    message: String,
}

/// `GET /api/v1/PATH`.
pub(crate) async fn get<T: DeserializeOwned>(token: &str, path: &str) -> Result<T, Failure> {
    let text = send(token, Method::GET, path, None).await?;
    serde_json::from_str(&text).map_err(|_| Failure::Unreachable)
}

/// Any other call; what it answers is of no interest.
pub(crate) async fn send(
    token: &str,
    method: Method,
    path: &str,
    body: Option<String>,
) -> Result<String, Failure> {
    let request = RequestBuilder::new(&format!("/api/v1/{path}"))
        .method(method)
        .header("authorization", &format!("Bearer {token}"));
    let request = match body {
        Some(body) => request.header("content-type", "application/json").body(body),
        None => request.build(),
    };
    let answer = request.map_err(|_| Failure::Unreachable)?.send().await.map_err(|_| Failure::Unreachable)?;
    let text = answer.text().await.map_err(|_| Failure::Unreachable)?;
    match answer.status() {
        200..300 => Ok(text),
        401 => Err(Failure::Token),
        _ => Err(serde_json::from_str::<Refusal>(&text).map_or(Failure::Unreachable, |refusal| {
            let Detail { code, message } = refusal.error;
            Failure::Refused { code, message }
        })),
    }
}

/// The server's clock, ms since 1970.
pub(crate) async fn time() -> Result<f64, Failure> {
    let answer = RequestBuilder::new("/api/v1/time").build().map_err(|_| Failure::Unreachable)?;
    let answer = answer.send().await.map_err(|_| Failure::Unreachable)?;
    let text = answer.text().await.map_err(|_| Failure::Unreachable)?;
    text.trim().parse().map_err(|_| Failure::Unreachable)
}

/// A path segment of anything.
pub(crate) fn segment(text: &str) -> String {
    js_sys::encode_uri_component(text).into()
}

/// As JSON; the console's own bodies always can be.
pub(crate) fn json(body: &impl Serialize) -> Option<String> {
    serde_json::to_string(body).ok()
}

/// All rooms.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub(crate) struct RoomList {
    pub(crate) rooms: Vec<Room>,
}

/// A room.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct Room {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) currency: String,
    pub(crate) ended: bool,
    pub(crate) ladder: bool,
}

/// The address for an encoder.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub(crate) struct Key {
    pub(crate) server: String,
    pub(crate) stream: String,
    pub(crate) url: String,
}

/// What comes in from a room's encoder.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct Health {
    pub(crate) state: String,
    pub(crate) viewers: u64,
    pub(crate) ladder: String,
    pub(crate) ladder_reason: String,
    pub(crate) renditions: Vec<Rendition>,
}

/// One quality of it.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct Rendition {
    pub(crate) name: String,
    pub(crate) codecs: String,
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) fps: f64,
    pub(crate) fps_now: f64,
    pub(crate) gop_ms: f64,
    pub(crate) bitrate_bps: f64,
    pub(crate) warnings: Vec<Warning>,
}

/// What is wrong with it.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct Warning {
    pub(crate) code: String,
    pub(crate) value: f64,
    /// In English.
    pub(crate) message: String,
}

/// The shelf.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub(crate) struct ProductList {
    pub(crate) products: Vec<Product>,
}

/// Goods on it.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct Product {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) picture: String,
    pub(crate) url: String,
    pub(crate) rank: u32,
    pub(crate) price: i64,
    pub(crate) stock: u32,
}

/// Flash sales.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub(crate) struct SaleList {
    pub(crate) sales: Vec<Sale>,
}

/// One of them.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct Sale {
    pub(crate) id: String,
    pub(crate) product: String,
    pub(crate) price: i64,
    pub(crate) stock: u32,
    pub(crate) free: u32,
    pub(crate) sold: u32,
    pub(crate) held: u32,
    pub(crate) starts_ms: u64,
    pub(crate) ends_ms: u64,
    pub(crate) state: String,
}

/// Orders and what they come to.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct OrderList {
    pub(crate) orders: Vec<Order>,
    pub(crate) totals: Totals,
}

/// An order or a hold.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct Order {
    pub(crate) id: String,
    pub(crate) product: String,
    pub(crate) quantity: u32,
    pub(crate) price: i64,
    pub(crate) state: String,
    pub(crate) placed_ms: u64,
}

/// What orders come to in minor units, by what became of them.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct Totals {
    pub(crate) paid: i64,
    pub(crate) paid_pieces: i64,
    pub(crate) unpaid: i64,
    pub(crate) unpaid_pieces: i64,
    pub(crate) refund_due: i64,
    pub(crate) refund_due_pieces: i64,
    pub(crate) refunded: i64,
    pub(crate) refunded_pieces: i64,
}

/// The product that a room shows; empty: none.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub(crate) struct Pin {
    pub(crate) product: String,
}

/// The word list of the server.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub(crate) struct WordList {
    pub(crate) words: Vec<Word>,
}

/// A word and what happens to a message with it: `block` or `mask`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub(crate) struct Word {
    pub(crate) word: String,
    pub(crate) action: String,
}

/// The last words of a room, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct MessageList {
    pub(crate) messages: Vec<Message>,
}

/// Who may not speak in a room.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct MuteList {
    pub(crate) senders: Vec<String>,
}

/// Somebody's words.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct Message {
    pub(crate) id: serde_json::Value,
    pub(crate) sender: String,
    pub(crate) name: String,
    pub(crate) text: String,
    pub(crate) wall_ms: u64,
    pub(crate) role: String,
}

impl Message {
    /// The id as it goes into a path: servers may write 64-bit numbers as text or as numbers.
    pub(crate) fn id(&self) -> String {
        match &self.id {
            serde_json::Value::String(id) => id.clone(),
            other => other.to_string(),
        }
    }
}
