//! `GET /live/{room}/socket`: who may open a socket, and with which buffers. What goes over it is in [`super::connection`].

use axum::Router;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{Extension, Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use hawker_server_core::room::limits as core_limits;
use hawker_server_core::room::pace::Address;

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
