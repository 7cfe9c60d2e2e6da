//! The port of payment: the shop's backend says, in a signed call, that a hold is paid, given up at its checkout, or that money
//! went back. Hawker moves no money and sees no cards.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use bytes::Bytes;
use hawker_server_core::sale::{Answer, Hold, HoldState, Refusal, Request};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::views::OrderView;
use super::{frames, limits};
use crate::app::App;
use crate::ops::api::{ApiError, Body, ErrorBody};

/// The routes, below `/api/v1`.
pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(pay)).routes(routes!(cancel)).routes(routes!(refund))
}

/// A hold was paid.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Payment {
    /// The hold's id, as the buyer's page had it.
    hold: String,
    /// Its proof, passed on as it is.
    proof: String,
    /// The shop's reference of the payment: the same one again gets the same answer.
    payment: String,
    /// What was charged, minor units; when given, it must be the hold's total.
    amount: Option<i64>,
}

/// A hold was given up.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Cancellation {
    /// The hold's id, as the buyer's page had it.
    hold: String,
    /// Its proof, passed on as it is.
    proof: String,
}

/// Money went back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RefundCall {
    /// The hold's id.
    hold: String,
    /// The shop's reference of the payment that went back.
    payment: String,
}

/// Mark a hold paid
///
/// Signed by the shop's backend: `Hawker-Signature: t=UNIX_SECONDS,v1=HEX(HMAC-SHA256(secret, "t.body"))`. Repeated: the
/// same answer. The answer's state is `paid`, or, when the hold had ended and the goods were gone, `refund-due`: then give the
/// money back.
#[utoipa::path(post, path = "/payments", tag = "sale", request_body = Payment,
    responses((status = 200, body = OrderView), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody), (status = 409, body = ErrorBody), (status = 503, body = ErrorBody)))]
async fn pay(State(app): State<App>, headers: HeaderMap, body: Bytes) -> Result<Body<OrderView>, ApiError> {
    let call: Payment = signed(&app, &headers, &body)?;
    let (id, hold) = proven(&app, &call.hold, &call.proof).await?;
    if call.amount.is_some_and(|amount| amount != hold.total()) {
        return Err(ApiError::conflict("wrong-amount", format!("the hold costs {}", hold.total())));
    }
    settle(app.shop.ask(Request::Pay { hold: id, payment: call.payment }).await)
}

/// Give a hold up
///
/// For a buyer who leaves the shop's checkout: the goods are free at once. Signed like `/payments`. Repeated, and for a hold
/// that expired: what it is. One that is paid is not given up but refunded.
#[utoipa::path(post, path = "/cancellations", tag = "sale", request_body = Cancellation,
    responses((status = 200, body = OrderView), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody), (status = 409, body = ErrorBody), (status = 503, body = ErrorBody)))]
async fn cancel(
    State(app): State<App>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Body<OrderView>, ApiError> {
    let call: Cancellation = signed(&app, &headers, &body)?;
    let (id, hold) = proven(&app, &call.hold, &call.proof).await?;
    match app.shop.ask(Request::Cancel { buyer: hold.buyer, hold: id }).await {
        Err(Refusal::Settled(hold)) if matches!(hold.state, HoldState::Cancelled | HoldState::Expired) => {
            Ok(Body(OrderView::from(*hold)))
        }
        Err(Refusal::Settled(_)) => {
            Err(ApiError::conflict("settled", "the hold was paid: give the money back instead"))
        }
        answer => settle(answer),
    }
}

/// Mark an order refunded
///
/// For one that is `refund-due`, and for a paid one that the shop took back: its pieces stay sold, until the shop adds
/// what really came back to the product's stock. Signed like `/payments`.
#[utoipa::path(post, path = "/refunds", tag = "sale", request_body = RefundCall,
    responses((status = 200, body = OrderView), (status = 401, body = ErrorBody), (status = 404, body = ErrorBody),
        (status = 409, body = ErrorBody), (status = 503, body = ErrorBody)))]
async fn refund(
    State(app): State<App>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Body<OrderView>, ApiError> {
    let call: RefundCall = signed(&app, &headers, &body)?;
    let (id, hold) = find(&app, &call.hold).await?;
    if hold.payment != call.payment {
        return Err(ApiError::conflict("wrong-payment", "the hold was not paid with that payment"));
    }
    settle(app.shop.ask(Request::Refund(id)).await)
}

/// A body that the shop's backend has signed.
fn signed<T: DeserializeOwned>(app: &App, headers: &HeaderMap, body: &Bytes) -> Result<T, ApiError> {
    if body.len() > limits::CALL_BYTES {
        return Err(ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", "a call has 16 KiB at most"));
    }
    app.tokens.shop_signature(headers, body, app.clock.wall())?;
    serde_json::from_slice(body).map_err(|error| ApiError::bad_request("bad-body", error.to_string()))
}

async fn find(app: &App, id: &str) -> Result<(u64, Hold), ApiError> {
    let id = frames::parse_hold_id(id).ok_or(Refusal::UnknownHold)?;
    match app.shop.ask(Request::Look(id)).await? {
        Answer::Hold(hold) => Ok((id, hold)),
        _ => Err(ApiError::internal("a hold was answered with something else")),
    }
}

/// A hold of which the caller has the proof.
async fn proven(app: &App, id: &str, proof: &str) -> Result<(u64, Hold), ApiError> {
    let (id, hold) = find(app, id).await?;
    if !frames::is_proof(&app.tokens, &hold, proof) {
        let message = "this is not the proof of that hold: pass on what the buyer's page was given";
        return Err(ApiError::new(StatusCode::FORBIDDEN, "bad-proof", message));
    }
    Ok((id, hold))
}

fn settle(answer: Result<Answer, Refusal>) -> Result<Body<OrderView>, ApiError> {
    match answer? {
        Answer::Hold(hold) => Ok(Body(OrderView::from(hold))),
        _ => Err(ApiError::internal("a hold was answered with something else")),
    }
}
