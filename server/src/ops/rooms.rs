//! REST of the directory: rooms and their stream keys, for administrators.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::api::{Admin, ApiError, Body, ErrorBody, InRoom};
use super::directory::{ChangeError, NewRoom, RoomChange, RoomInfo};
use crate::app::App;

/// The routes, below `/api/v1`.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(read, update, remove))
        .routes(routes!(end))
        .routes(routes!(open))
        .routes(routes!(key, rotate_key))
}

/// All rooms.
#[derive(Debug, Serialize, ToSchema)]
struct RoomList {
    rooms: Vec<RoomInfo>,
}

/// A room to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CreateRoom {
    /// 1 to 64 of `[A-Za-z0-9_-]`.
    id: String,
    /// As people read it; the id when left out.
    #[serde(default)]
    title: String,
    /// ISO 4217; the server's default when left out.
    currency: Option<String>,
    /// When the show is announced to start, ms since 1970.
    #[serde(default)]
    starts_ms: u64,
    /// Let the server make lower renditions (needs ffmpeg on the server).
    #[serde(default)]
    ladder: bool,
    /// A stream key of your own, 16 to 128 of `[A-Za-z0-9_-]`; a random one when left out.
    key: Option<String>,
}

/// What to change; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct UpdateRoom {
    title: Option<String>,
    /// ms since 1970; 0: not announced.
    starts_ms: Option<u64>,
    ladder: Option<bool>,
}

/// How an encoder reaches a room. OBS wants `server` and `stream`, ffmpeg the `url`.
#[derive(Serialize, ToSchema)]
struct StreamKey {
    key: String,
    /// The whole address.
    url: String,
    /// Its first part: "Server" in OBS.
    server: String,
    /// Its second part: "Stream Key" in OBS.
    stream: String,
}

impl From<ChangeError> for ApiError {
    fn from(error: ChangeError) -> Self {
        match error {
            ChangeError::Exists(_) => Self::conflict("room-exists", format!("{error}: choose another id")),
            ChangeError::Unknown(id) => Self::not_found("room", &id),
            ChangeError::Invalid(what) => Self::bad_request("invalid-room", what),
            ChangeError::Full => Self::conflict("too-many-rooms", format!("{error}: delete some first")),
            ChangeError::Store(error) => Self::internal(error),
        }
    }
}

/// List the rooms
#[utoipa::path(get, path = "/rooms", tag = "rooms", security(("admin" = [])), responses((status = 200, body = RoomList)))]
async fn list(_: Admin, State(app): State<App>) -> Body<RoomList> {
    Body(RoomList { rooms: app.directory.list() })
}

/// Make a room
#[utoipa::path(post, path = "/rooms", tag = "rooms", security(("admin" = [])), request_body = CreateRoom,
    responses((status = 201, body = RoomInfo), (status = 400, body = ErrorBody), (status = 409, body = ErrorBody)))]
async fn create(
    _: Admin,
    State(app): State<App>,
    Body(new): Body<CreateRoom>,
) -> Result<(StatusCode, Body<RoomInfo>), ApiError> {
    let CreateRoom { id, title, currency, starts_ms, ladder, key } = new;
    let new = NewRoom { id, title, currency, starts_ms, ladder, key };
    let room = app.directory.create(new, app.clock.wall()).await?;
    tracing::info!(room = room.id, "room created");
    Ok((StatusCode::CREATED, Body(room)))
}

/// Read a room
#[utoipa::path(get, path = "/rooms/{room}", tag = "rooms", security(("admin" = [])), params(("room" = String, Path)),
    responses((status = 200, body = RoomInfo), (status = 404, body = ErrorBody)))]
async fn read(_: Admin, InRoom(room): InRoom) -> Body<RoomInfo> {
    Body(room)
}

/// Change a room
#[utoipa::path(patch, path = "/rooms/{room}", tag = "rooms", security(("admin" = [])), params(("room" = String, Path)),
    request_body = UpdateRoom, responses((status = 200, body = RoomInfo), (status = 404, body = ErrorBody)))]
async fn update(
    _: Admin,
    InRoom(room): InRoom,
    State(app): State<App>,
    Body(change): Body<UpdateRoom>,
) -> Result<Body<RoomInfo>, ApiError> {
    let UpdateRoom { title, starts_ms, ladder } = change;
    let change = RoomChange { title, starts_ms, ladder, ended: None };
    Ok(Body(app.directory.update(&room.id, change).await?))
}

/// Delete a room
///
/// Its orders stay in the ledger.
#[utoipa::path(delete, path = "/rooms/{room}", tag = "rooms", security(("admin" = [])), params(("room" = String, Path)),
    responses((status = 204), (status = 404, body = ErrorBody)))]
async fn remove(_: Admin, InRoom(room): InRoom, State(app): State<App>) -> Result<StatusCode, ApiError> {
    app.directory.remove(&room.id).await?;
    tracing::info!(room = room.id, "room deleted");
    Ok(StatusCode::NO_CONTENT)
}

/// End the show
///
/// Viewers see that it has ended; the encoder is refused until the room is opened again.
#[utoipa::path(post, path = "/rooms/{room}/end", tag = "rooms", security(("admin" = [])), params(("room" = String, Path)),
    responses((status = 200, body = RoomInfo), (status = 404, body = ErrorBody)))]
async fn end(_: Admin, InRoom(room): InRoom, State(app): State<App>) -> Result<Body<RoomInfo>, ApiError> {
    tracing::info!(room = room.id, "show ended");
    Ok(Body(app.directory.set_ended(&room.id, true).await?))
}

/// Open a room again
#[utoipa::path(post, path = "/rooms/{room}/open", tag = "rooms", security(("admin" = [])), params(("room" = String, Path)),
    responses((status = 200, body = RoomInfo), (status = 404, body = ErrorBody)))]
async fn open(_: Admin, InRoom(room): InRoom, State(app): State<App>) -> Result<Body<RoomInfo>, ApiError> {
    Ok(Body(app.directory.set_ended(&room.id, false).await?))
}

/// Read the stream key
#[utoipa::path(get, path = "/rooms/{room}/key", tag = "rooms", security(("admin" = [])), params(("room" = String, Path)),
    responses((status = 200, body = StreamKey), (status = 404, body = ErrorBody)))]
async fn key(
    _: Admin,
    InRoom(room): InRoom,
    State(app): State<App>,
    headers: HeaderMap,
) -> Result<Body<StreamKey>, ApiError> {
    let key = app.directory.key(&room.id).ok_or_else(|| ApiError::not_found("room", &room.id))?;
    Ok(Body(stream_key(&app, &headers, &room.id, key)))
}

/// Make a new stream key
///
/// The old one is refused from now on; an encoder that is publishing keeps on.
#[utoipa::path(post, path = "/rooms/{room}/key", tag = "rooms", security(("admin" = [])), params(("room" = String, Path)),
    responses((status = 200, body = StreamKey), (status = 404, body = ErrorBody)))]
async fn rotate_key(
    _: Admin,
    InRoom(room): InRoom,
    State(app): State<App>,
    headers: HeaderMap,
) -> Result<Body<StreamKey>, ApiError> {
    let key = app.directory.rotate_key(&room.id).await?;
    tracing::info!(room = room.id, "stream key changed");
    Ok(Body(stream_key(&app, &headers, &room.id, key)))
}

/// The address is the one the operator's browser used, unless the configuration names another.
fn stream_key(app: &App, headers: &HeaderMap, room: &str, key: String) -> StreamKey {
    let authority = app.config.rtmp.advertise.clone().unwrap_or_else(|| {
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
        let name = host_name(host);
        match app.rtmp.port() {
            1935 => name.to_owned(),
            port => format!("{name}:{port}"),
        }
    });
    let server = format!("rtmp://{authority}/live");
    let stream = format!("{room}?key={key}");
    StreamKey { url: format!("{server}/{stream}"), key, server, stream }
}

/// `example.com` of `example.com:8080`, `[::1]` of `[::1]:8080`.
fn host_name(host: &str) -> &str {
    match host.rfind(':') {
        Some(colon) if !host[colon..].contains(']') => &host[..colon],
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::host_name;

    #[test]
    fn host_names() {
        for (host, expected) in [
            ("a.example", "a.example"),
            ("a.example:80", "a.example"),
            ("[::1]:80", "[::1]"),
            ("[::1]", "[::1]"),
        ] {
            assert_eq!(host_name(host), expected);
        }
    }
}
