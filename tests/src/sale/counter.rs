//! The shop's REST API as the proofs use it: set a sale up, look at the books from outside.

use std::net::SocketAddr;

use anyhow::{Context as _, Result, bail};
use reqwest::Method;
use serde_json::{Value, json};

use super::{Fate, Outcome};

/// An operator at a server.
#[derive(Clone)]
pub struct Counter {
    /// Of HTTP calls.
    pub client: reqwest::Client,
    /// `http://HOST:PORT`
    pub url: String,
    admin: String,
}

impl Counter {
    /// An operator with the administrators' token.
    #[must_use]
    pub fn new(server: SocketAddr, admin: &str) -> Self {
        Self { client: crate::server::client(), url: format!("http://{server}"), admin: admin.to_owned() }
    }

    /// A call that must succeed.
    ///
    /// # Errors
    /// It does not.
    pub async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value> {
        let mut request =
            self.client.request(method, format!("{}/api/v1{path}", self.url)).bearer_auth(&self.admin);
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send().await?;
        let (status, body) = (answer.status(), answer.json().await.unwrap_or(Value::Null));
        if !status.is_success() {
            bail!("{path}: {status} {body}");
        }
        Ok(body)
    }

    /// Makes a room with one product, all of it in one flash sale to be started by hand. Returns the sale's id.
    ///
    /// # Errors
    /// The server refuses.
    pub async fn open(&self, room: &str, stock: u64, limit: u64, price: i64) -> Result<String> {
        self.call(Method::POST, "/rooms", Some(&json!({ "id": room }))).await?;
        let product = json!({ "title": "Tea", "price": price * 2, "stock": stock });
        self.call(Method::PUT, &format!("/rooms/{room}/products/tea"), Some(&product)).await?;
        let sale = json!({ "product": "tea", "price": price, "stock": stock, "limit": limit });
        let sale = self.call(Method::POST, &format!("/rooms/{room}/sales"), Some(&sale)).await?;
        let id = sale.get("id").and_then(Value::as_str);
        Ok(id.context("a sale has an id")?.to_owned())
    }

    /// Free, held and sold pieces of a room, in and out of sales, by the ledger's books.
    async fn pieces(&self, room: &str) -> Result<[u64; 3]> {
        let products = self.call(Method::GET, &format!("/rooms/{room}/products"), None).await?;
        let sales = self.call(Method::GET, &format!("/rooms/{room}/sales"), None).await?;
        let sum = |list: &Value, name: &str, field: &str| -> u64 {
            let items = list.get(name).and_then(Value::as_array).into_iter().flatten();
            items.filter_map(|item| item.get(field).and_then(Value::as_u64)).sum()
        };
        let both =
            |outside: &str, inside: &str| sum(&products, "products", outside) + sum(&sales, "sales", inside);
        Ok([both("stock", "free"), both("held", "held"), both("sold", "sold")])
    }

    /// All orders of a room, and their totals as the API has them. The totals are the older: what they count is listed.
    ///
    /// # Errors
    /// The server refuses.
    pub async fn orders(&self, room: &str) -> Result<(Vec<Value>, Value)> {
        let first = self.call(Method::GET, &format!("/rooms/{room}/orders?limit=1"), None).await?;
        let totals = first.get("totals").cloned().unwrap_or_default();
        let mut orders: Vec<Value> = Vec::new();
        loop {
            let before = orders.last().and_then(|order| order.get("id")).and_then(Value::as_str);
            let before = before.map_or(String::new(), |id| format!("&before={id}"));
            let page =
                self.call(Method::GET, &format!("/rooms/{room}/orders?limit=500{before}"), None).await?;
            let some = page.get("orders").and_then(Value::as_array).cloned().unwrap_or_default();
            if some.is_empty() {
                return Ok((orders, totals));
            }
            orders.extend(some);
        }
    }

    /// What anybody can see when all deadlines have passed: waits until nothing is held and the list of orders, which follows
    /// the books, has arrived at the same number of pieces sold.
    ///
    /// # Errors
    /// The server refuses, or holds never end.
    pub async fn outcome(&self, room: &str) -> Result<Outcome> {
        for _ in 0..1_200 {
            let [free, held, sold] = self.pieces(room).await?;
            let (orders, totals) = self.orders(room).await?;
            let holds: Vec<(String, Fate)> = orders.iter().filter_map(fate).collect();
            let listed = totals.get("gmv_pieces").and_then(Value::as_u64);
            if held == 0 && listed == Some(sold) && holds.iter().all(|(_, fate)| *fate != Fate::Held) {
                return Ok(Outcome { free, holds });
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        bail!("after a minute goods are still held, or orders not listed")
    }
}

fn fate(order: &Value) -> Option<(String, Fate)> {
    let fate = match order.get("state")?.as_str()? {
        "held" => Fate::Held,
        "paid" => Fate::Paid,
        "cancelled" => Fate::Cancelled,
        "expired" => Fate::Expired,
        _ => Fate::RefundDue,
    };
    Some((order.get("id")?.as_str()?.to_owned(), fate))
}
