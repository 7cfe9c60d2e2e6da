//! One object on one stream: asks the same router as HTTP and writes what it answers, piece by piece as it is made. A head of
//! text comes first: the status on a line of its own, the headers that a player reads, an empty line.

use std::pin::pin;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderName, Request, StatusCode, header};
use axum::response::Response;
use bytes::Bytes;
use hawker_server_core::udp::request::Object;
use http_body_util::BodyExt as _;
use tokio::time::timeout;
use tower::ServiceExt as _;
use web_transport_quinn::SendStream;

use super::limits::STALLED;
use crate::http::conn::Peer;

/// The headers that go along.
const HEADERS: [HeaderName; 8] = [
    header::CONTENT_TYPE,
    header::CONTENT_LENGTH,
    header::CONTENT_RANGE,
    header::RETRY_AFTER,
    HeaderName::from_static("hawker-independent"),
    HeaderName::from_static("hawker-discontinuity"),
    HeaderName::from_static("hawker-state"),
    HeaderName::from_static("cmsd-dynamic"),
];

/// The stream was given up before its end: by us, since what it carried is gone.
const GONE: u32 = 1;
/// By the client, which has no use for the rest.
const ABANDONED: u32 = 2;

/// Answers, until the end or until the client stops the stream.
pub(super) async fn serve(router: Router, room: &str, peer: Peer, wanted: Object, mut send: SendStream) {
    let _ = send.set_priority(wanted.priority);
    let mut request = Request::get(format!("/live/{room}/{}", wanted.target)).extension(peer);
    if let Some(range) = wanted.range {
        request = request.header(header::RANGE, range);
    }
    let Ok(request) = request.body(Body::empty()) else {
        return refuse(&mut send, StatusCode::BAD_REQUEST, "this is no path").await;
    };
    let answer = tokio::select! {
        answer = router.oneshot(request) => answer,
        _ = send.stopped() => return abandon(&mut send),
    };
    let Ok(answer) = answer;
    let first = head(&answer);
    if !matches!(timeout(STALLED, send.write_chunk(first)).await, Ok(Ok(()))) {
        return abandon(&mut send);
    }
    let mut body = pin!(answer.into_body());
    loop {
        let frame = tokio::select! {
            frame = body.frame() => frame,
            _ = send.stopped() => return abandon(&mut send),
        };
        match frame.map(|frame| frame.map(http_body::Frame::into_data)) {
            None => break,
            Some(Ok(Ok(piece))) => {
                if !matches!(timeout(STALLED, send.write_chunk(piece)).await, Ok(Ok(()))) {
                    return abandon(&mut send);
                }
            }
            // Trailers, of which media have none.
            Some(Ok(Err(_))) => {}
            Some(Err(_)) => {
                let _ = send.reset(GONE);
                return;
            }
        }
    }
    let _ = send.finish();
    // Held until the client has it all, or the last bytes' loss would find nobody to send them again when the server stops.
    let _ = timeout(STALLED, send.stopped()).await;
}

fn abandon(send: &mut SendStream) {
    // What is queued is not sent any more.
    let _ = send.reset(ABANDONED);
}

fn head(answer: &Response) -> Bytes {
    let mut text = format!("{}\n", answer.status().as_u16());
    for name in &HEADERS {
        if let Some(value) = answer.headers().get(name).and_then(|value| value.to_str().ok()) {
            text.push_str(name.as_str());
            text.push_str(": ");
            text.push_str(value);
            text.push('\n');
        }
    }
    text.push('\n');
    text.into()
}

/// Answers with nothing but a status and the reason.
pub(super) async fn refuse(send: &mut SendStream, status: StatusCode, why: &'static str) {
    let text = format!("{}\n\n{why}\n", status.as_u16());
    let said = async {
        if send.write_all(text.as_bytes()).await.is_ok() && send.finish().is_ok() {
            let _ = send.stopped().await;
        }
    };
    let _ = timeout(STALLED, said).await;
}
