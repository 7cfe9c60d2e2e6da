//! What every request passes: the pace of API calls per address, counting, and the headers that no answer goes without.

use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{Request, State};
use axum::http::{HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use hawker_server_core::room::pace::{Address, Crowd, Rate};

use super::conn::Peer;
use super::{headers, limits};
use crate::app::App;
use crate::ops::api::ApiError;
use crate::ops::metrics::Counter;

/// The state of the guard.
#[derive(Clone)]
pub struct Guard {
    app: App,
    pace: Arc<Mutex<Crowd<Address>>>,
    answers: [Counter; 5],
}

impl Guard {
    /// With every address at rest.
    #[must_use]
    pub fn new(app: &App) -> Self {
        let per_s = app.config.http.api_rate;
        let rate = Rate { per_s, burst: per_s.saturating_mul(limits::API_BURST_S) };
        let answers = ["1xx", "2xx", "3xx", "4xx", "5xx"].map(|class| {
            app.metrics.counter(
                "hawker_http_answers_total",
                "HTTP answers by class of status.",
                &[("class", class)],
            )
        });
        Self { app: app.clone(), pace: Arc::new(Mutex::new(Crowd::new(rate))), answers }
    }

    /// Media and pages aren't paced here (a player's requests are bounded by what there is to play), nor is the time,
    /// which thousands behind one address ask for.
    fn admit(&self, request: &Request) -> Result<(), ApiError> {
        let path = request.uri().path();
        if !path.starts_with("/api/v1/") || path == "/api/v1/time" {
            return Ok(());
        }
        let Some(peer) = request.extensions().get::<Peer>() else { return Ok(()) };
        let ip = headers::client_ip(&self.app.config.http, peer, request.headers());
        let mut pace = self.pace.lock().unwrap_or_else(PoisonError::into_inner);
        pace.take(self.app.clock.now(), &Address::from(ip), 1).map_err(|wait| {
            let seconds = u32::try_from(wait.as_ms() / 1_000 + 1).unwrap_or(u32::MAX);
            ApiError::too_many("too many calls from this address: slow down ([http] api_rate)", seconds)
        })
    }
}

/// The middleware.
pub async fn pass(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    let mut response = match guard.admit(&request) {
        Ok(()) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    };
    let class = usize::from(response.status().as_u16() / 100).saturating_sub(1);
    if let Some(counter) = guard.answers.get(class) {
        counter.inc();
    }
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.entry(header::REFERRER_POLICY).or_insert(HeaderValue::from_static("same-origin"));
    response
}
