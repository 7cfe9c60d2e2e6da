//! The server's REST API as the demo uses it: JSON in and out, as administrator.

use anyhow::{Context as _, Result, bail};
use reqwest::Method;
use serde_json::Value;

/// A client that goes straight to this machine, whatever proxy the environment names.
///
/// # Errors
/// The system refuses what a client needs.
pub fn client() -> Result<reqwest::Client> {
    Ok(reqwest::Client::builder().no_proxy().build()?)
}

/// The API of one server. A cheap clone.
#[derive(Clone)]
pub struct Api {
    url: String,
    token: String,
    client: reqwest::Client,
}

impl Api {
    /// The API of the server at `url` (`http://HOST:PORT`).
    ///
    /// # Errors
    /// The system refuses what a client needs.
    pub fn new(url: &str, token: &str) -> Result<Self> {
        Ok(Self { url: url.to_owned(), token: token.to_owned(), client: client()? })
    }

    /// A call below `/api/v1`; the answer's JSON, `null` without any.
    ///
    /// # Errors
    /// The server is not there, or refuses: then its own words.
    pub async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value> {
        let (status, answer) = self.ask(method.clone(), path, body).await?;
        if !(200..300).contains(&status) {
            bail!("{method} {path}: {status}: {answer}");
        }
        Ok(answer)
    }

    /// Like [`Api::call`], but a refusal is an answer too: the status and its JSON.
    ///
    /// # Errors
    /// The server is not there.
    pub async fn ask(&self, method: Method, path: &str, body: Option<&Value>) -> Result<(u16, Value)> {
        let mut request = self
            .client
            .request(method.clone(), format!("{}/api/v1{path}", self.url))
            .bearer_auth(&self.token);
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send().await.with_context(|| format!("{method} {path}"))?;
        Ok((answer.status().as_u16(), answer.json().await.unwrap_or(Value::Null)))
    }
}
