//! REST for operators: pin a product, read and delete messages, mute senders, the word list. What each does to a room is
//! decided in the core.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use hawker_server_core::room::Input;
use hawker_server_core::room::words::Action;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::rooms::WordsError;
use crate::app::App;
use crate::ops::api::{Admin, ApiError, Body, ErrorBody, InRoom};

/// The routes, below `/api/v1`.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(pinned, pin))
        .routes(routes!(messages))
        .routes(routes!(delete))
        .routes(routes!(muted))
        .routes(routes!(mute, unmute))
        .routes(routes!(words, set_words))
}

/// The pinned product.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Pinned {
    /// Its id; empty: none.
    product: String,
}

/// The last messages of a room.
#[derive(Debug, Serialize, ToSchema)]
struct Messages {
    /// Viewers in the room now.
    online: u32,
    /// The pinned product; empty: none.
    pinned: String,
    /// Oldest first, 50 at most.
    messages: Vec<Said>,
}

/// A message.
#[derive(Debug, Serialize, ToSchema)]
struct Said {
    /// A number as text: it has more digits than some JSON readers keep.
    id: String,
    /// Public id of the sender in this room, for mutes.
    sender: String,
    name: String,
    /// Plain text, never markup.
    text: String,
    /// ms since 1970.
    wall_ms: u64,
    /// "guest", "member", "operator" or "host".
    role: String,
}

/// Muted senders of a room.
#[derive(Debug, Serialize, ToSchema)]
struct Mutes {
    senders: Vec<String>,
}

/// The word list of all rooms.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Words {
    words: Vec<Word>,
}

/// A listed word. Case, width, accents and what is put between its letters make no difference.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Word {
    word: String,
    #[serde(default)]
    action: WordAction,
}

/// What a listed word does to a message.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum WordAction {
    /// The message is refused.
    #[default]
    Block,
    /// The word is replaced by `*`.
    Mask,
}

/// The pinned product of a room
#[utoipa::path(get, path = "/rooms/{room}/pin", tag = "moderation", security(("admin" = [])),
    params(("room" = String, Path)), responses((status = 200, body = Pinned), (status = 404, body = ErrorBody)))]
async fn pinned(_: Admin, InRoom(room): InRoom, State(app): State<App>) -> Body<Pinned> {
    Body(Pinned { product: app.rooms.pinned(&room.id) })
}

/// Pin a product, or unpin with an empty id
#[utoipa::path(put, path = "/rooms/{room}/pin", tag = "moderation", security(("admin" = [])),
    params(("room" = String, Path)), request_body = Pinned,
    responses((status = 200, body = Pinned), (status = 404, body = ErrorBody)))]
async fn pin(
    _: Admin,
    InRoom(room): InRoom,
    State(app): State<App>,
    Body(pin): Body<Pinned>,
) -> Result<Body<Pinned>, ApiError> {
    let product = &pin.product;
    if !product.is_empty() && !app.shop.view(&room.id, "").shelf.iter().any(|known| known.id == *product) {
        return Err(ApiError::not_found("product", product));
    }
    app.rooms.pin(&room.id, product).await?;
    Ok(Body(pin))
}

/// The last messages of a room
#[utoipa::path(get, path = "/rooms/{room}/messages", tag = "moderation", security(("admin" = [])),
    params(("room" = String, Path)), responses((status = 200, body = Messages), (status = 404, body = ErrorBody)))]
async fn messages(_: Admin, InRoom(room): InRoom, State(app): State<App>) -> Body<Messages> {
    let hall = app.rooms.open_hall(&room.id);
    let (online, messages) =
        hall.map_or((0, Vec::new()), |hall| hall.look(|room| (room.online(), room.messages())));
    let said = messages.into_iter().map(|message| Said {
        id: message.id.to_string(),
        role: message.role().as_str_name().to_ascii_lowercase(),
        sender: message.sender,
        name: message.name,
        text: message.text,
        wall_ms: message.wall_ms,
    });
    Body(Messages { online, pinned: app.rooms.pinned(&room.id), messages: said.collect() })
}

/// Delete a message
#[utoipa::path(delete, path = "/rooms/{room}/messages/{id}", tag = "moderation", security(("admin" = [])),
    params(("room" = String, Path), ("id" = u64, Path)),
    responses((status = 204), (status = 404, body = ErrorBody)))]
async fn delete(
    _: Admin,
    InRoom(room): InRoom,
    State(app): State<App>,
    Path(path): Path<(String, u64)>,
) -> StatusCode {
    let (_, id) = path;
    // Also one that has left the history: it may still be on screens. A room nobody entered has none.
    if let Some(hall) = app.rooms.open_hall(&room.id) {
        hall.handle(Input::Delete(id));
        tracing::info!(room = room.id, message = id, "message deleted");
    }
    StatusCode::NO_CONTENT
}

/// Muted senders of a room
#[utoipa::path(get, path = "/rooms/{room}/mutes", tag = "moderation", security(("admin" = [])),
    params(("room" = String, Path)), responses((status = 200, body = Mutes), (status = 404, body = ErrorBody)))]
async fn muted(_: Admin, InRoom(room): InRoom, State(app): State<App>) -> Body<Mutes> {
    Body(Mutes { senders: app.rooms.muted(&room.id) })
}

/// Mute a sender and hide what they said
#[utoipa::path(put, path = "/rooms/{room}/mutes/{sender}", tag = "moderation", security(("admin" = [])),
    params(("room" = String, Path), ("sender" = String, Path)),
    responses((status = 204), (status = 404, body = ErrorBody)))]
async fn mute(
    _: Admin,
    InRoom(room): InRoom,
    State(app): State<App>,
    Path(path): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    set_muted(&app, &room.id, &path.1, true).await
}

/// Let a sender speak again
#[utoipa::path(delete, path = "/rooms/{room}/mutes/{sender}", tag = "moderation", security(("admin" = [])),
    params(("room" = String, Path), ("sender" = String, Path)),
    responses((status = 204), (status = 404, body = ErrorBody)))]
async fn unmute(
    _: Admin,
    InRoom(room): InRoom,
    State(app): State<App>,
    Path(path): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    set_muted(&app, &room.id, &path.1, false).await
}

async fn set_muted(app: &App, room: &str, sender: &str, muted: bool) -> Result<StatusCode, ApiError> {
    // Public ids have 12 characters; anything much longer would only fill the store.
    if sender.len() > 64 {
        return Err(ApiError::bad_request("sender", "this is no sender's id"));
    }
    app.rooms.mute(room, sender, muted).await?;
    tracing::info!(room, sender, muted, "sender muted or let speak again");
    Ok(StatusCode::NO_CONTENT)
}

/// The word list of all rooms
#[utoipa::path(get, path = "/words", tag = "moderation", security(("admin" = [])), responses((status = 200, body = Words)))]
async fn words(_: Admin, State(app): State<App>) -> Body<Words> {
    let words = app.rooms.words().into_iter().map(|(word, action)| {
        let action = match action {
            Action::Block => WordAction::Block,
            Action::Mask => WordAction::Mask,
        };
        Word { word, action }
    });
    Body(Words { words: words.collect() })
}

/// Replace the word list; takes effect at once
#[utoipa::path(put, path = "/words", tag = "moderation", security(("admin" = [])), request_body = Words,
    responses((status = 204), (status = 400, body = ErrorBody)))]
async fn set_words(
    _: Admin,
    State(app): State<App>,
    Body(list): Body<Words>,
) -> Result<StatusCode, ApiError> {
    let listed = list.words.into_iter().map(|Word { word, action }| {
        let action = match action {
            WordAction::Block => Action::Block,
            WordAction::Mask => Action::Mask,
        };
        (word, action)
    });
    match app.rooms.set_words(listed.collect()).await {
        Ok(()) => Ok(StatusCode::NO_CONTENT),
        Err(WordsError::List(error)) => Err(ApiError::bad_request("word", error.to_string())),
        Err(WordsError::Store(error)) => Err(error.into()),
    }
}
