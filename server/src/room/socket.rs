//! `GET /live/{room}/socket`: who may open a socket, with which buffers, and the socket as a line to a viewer. What goes over
//! it is in [`super::connection`].

use axum::Router;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Extension, Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use bytes::Bytes;
use hawker_server_core::room::limits as core_limits;
use hawker_server_core::room::pace::Address;

use super::line::{Broken, Heard, Line};
use super::{connection, limits};
use crate::app::App;
use crate::http::conn::Peer;
use crate::http::headers::client_ip;
use crate::ops::api::ApiError;

/// The subprotocol: the version of the frames' language.
const PROTOCOL: &str = "hawker.v1";

/// The route.
pub fn routes() -> Router<App> {
    Router::new().route("/live/{room}/socket", any(open))
}

async fn open(
    State(app): State<App>,
    Path(room): Path<String>,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Response {
    // Browsers always name the page's origin; other clients need not, and could lie anyway.
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(origin) = text(header::ORIGIN)
        && !app.config.http.origin_allowed(origin, text(header::HOST).unwrap_or_default())
    {
        return ApiError::new(
            StatusCode::FORBIDDEN,
            "origin",
            "this page may not connect: see [http] origins",
        )
        .into_response();
    }
    let address = Address::from(client_ip(&app.config.http, &peer, &headers));
    let entry = match app.rooms.door().enter(app.clock.now(), address) {
        Ok(entry) => entry,
        Err(wait_s) => {
            return ApiError::too_many("too many connections from this address", wait_s).into_response();
        }
    };
    let upgrade = upgrade.protocols([PROTOCOL]);
    if upgrade.selected_protocol().is_none() {
        return ApiError::bad_request("protocol", "ask for the subprotocol hawker.v1").into_response();
    }
    let draining = app.life.connections.token();
    upgrade
        .read_buffer_size(limits::READ_BUFFER)
        .write_buffer_size(limits::WRITE_BUFFER)
        .max_write_buffer_size(limits::WRITE_BUFFER_MOST)
        .max_message_size(core_limits::FRAME_BYTES)
        .max_frame_size(core_limits::FRAME_BYTES)
        .on_upgrade(move |socket| async move {
            let _held = (entry, draining);
            connection::run(app, room, address, socket).await;
        })
}

impl Line for WebSocket {
    async fn recv(&mut self) -> Heard {
        match self.recv().await {
            Some(Ok(Message::Binary(bytes))) => Heard::Frame(bytes),
            // The library answers pings.
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => Heard::Alive,
            Some(Ok(Message::Text(_))) => Heard::Wrong("frames are binary"),
            // A message over the limit, or no WebSocket at all: the library can't tell them apart from a dead socket, and
            // a goodbye to a dead one costs nothing.
            Some(Err(_)) => Heard::Wrong("frame too big or broken"),
            Some(Ok(Message::Close(_))) | None => Heard::Gone,
        }
    }

    async fn feed(&mut self, frame: Bytes) -> Result<(), Broken> {
        futures_util::SinkExt::feed(self, Message::Binary(frame)).await.map_err(|_| Broken)
    }

    async fn flush(&mut self) -> Result<(), Broken> {
        futures_util::SinkExt::flush(self).await.map_err(|_| Broken)
    }

    async fn ping(&mut self) -> Result<bool, Broken> {
        // What proves the other end alive is the answer.
        self.send(Message::Ping(Bytes::new())).await.map(|()| false).map_err(|_| Broken)
    }

    async fn close(&mut self, code: u16, reason: &'static str) -> Result<(), Broken> {
        let frame = CloseFrame { code, reason: reason.into() };
        self.send(Message::Close(Some(frame))).await.map_err(|_| Broken)
    }
}
