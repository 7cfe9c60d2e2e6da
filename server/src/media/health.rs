//! `GET /api/v1/rooms/ROOM/health`: what an operator should know of a room's encoders. Figures come from the core; the
//! warnings, a code with words for each, are here.

use axum::extract::State;
use hawker_server_core::media::packager::health::Health;
use hawker_wire::proto::{self, stream};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{ingest, ladder};
use crate::app::App;
use crate::ops::api::{Admin, ApiError, Body, InRoom};

/// A room's picture.
#[derive(Debug, Serialize, ToSchema)]
pub struct RoomHealth {
    /// `live`, `offline` or `ended`.
    state: &'static str,
    /// When the first of the encoders that are connected came, ms since 1970; 0: none is.
    since_ms: u64,
    /// People in the room.
    viewers: u32,
    /// What the ladder is doing: `off`, `running`, `restarting` or `unavailable`.
    ladder: &'static str,
    /// Why the ladder isn't running, where it should; else empty.
    ladder_reason: String,
    /// Media held in memory, bytes.
    window_bytes: usize,
    /// Renditions that are sent or were a moment ago.
    renditions: Vec<RenditionHealth>,
    /// The encoders that are connected.
    encoders: Vec<ingest::Health>,
}

/// One rendition.
#[derive(Debug, Serialize, ToSchema)]
pub struct RenditionHealth {
    /// As in the address it is published to.
    name: String,
    /// An encoder is connected.
    connected: bool,
    /// RFC 6381.
    codecs: String,
    /// Pixels.
    width: u32,
    /// Pixels.
    height: u32,
    /// Frames a second as stated or measured at the start.
    fps: f64,
    /// Frames in the last whole second.
    fps_now: u32,
    /// Time between the last two keyframes, ms; 0: not known yet.
    gop_ms: u32,
    /// Bits in the last whole second.
    bitrate_bps: u64,
    /// Frames that had to be dropped.
    dropped: u64,
    /// New timelines and configurations since the stream began.
    discontinuities: u64,
    /// What the encoder calls itself.
    encoder: String,
    /// What to change.
    warnings: Vec<Warning>,
}

/// Something an operator should change.
#[derive(Debug, Serialize, ToSchema)]
pub struct Warning {
    /// `rare-keyframes`, `unaligned-keyframes`, `open-gops`, `dropped-frames`, `foreign-sound`, `no-sound` or `gone`.
    code: &'static str,
    /// The keyframe interval in ms, the number of frames; else 0.
    value: u64,
    /// The same in English, for who doesn't know the code.
    message: String,
}

/// REST, below `/api/v1`.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(room_health))
}

/// The state of a room's picture and its encoders.
#[utoipa::path(
    get, path = "/rooms/{room}/health", tag = "rooms", security(("admin" = [])),
    params(("room" = String, Path, description = "The room's id")),
    responses((status = 200, body = RoomHealth)),
)]
async fn room_health(
    _: Admin,
    InRoom(room): InRoom,
    State(app): State<App>,
) -> Result<Body<RoomHealth>, ApiError> {
    let station = app.media.station(&room.id).ok_or_else(|| ApiError::not_found("room", &room.id))?;
    let (stream, healths, window_bytes) = {
        let live = station.live();
        (live.stream(app.clock.wall()), live.health(), live.bytes())
    };
    let state = match stream.state() {
        stream::State::Offline => "offline",
        stream::State::Live => "live",
        stream::State::Ended => "ended",
    };
    let encoders = app.media.ingest.health(&room.id);
    let renditions = healths
        .into_iter()
        .map(|(name, connected, health)| {
            let told = stream.renditions.iter().find(|told| *told.name == *name).cloned().unwrap_or_default();
            let encoder = encoders.iter().find(|encoder| *encoder.rendition == *name);
            rendition(&name, connected, &health, encoder, told)
        })
        .collect();
    let (ladder, ladder_reason) = match app.media.ingest.ladder(&room.id) {
        ladder::State::Off => ("off", String::new()),
        ladder::State::Running => ("running", String::new()),
        ladder::State::Restarting { reason } => ("restarting", reason),
        ladder::State::Unavailable { reason } => ("unavailable", reason),
    };
    Ok(Body(RoomHealth {
        state,
        since_ms: encoders.iter().map(|encoder| encoder.since_ms).min().unwrap_or(0),
        viewers: app.rooms.online(&room.id),
        ladder,
        ladder_reason,
        window_bytes,
        renditions,
        encoders,
    }))
}

fn rendition(
    name: &str,
    connected: bool,
    health: &Health,
    encoder: Option<&ingest::Health>,
    told: proto::Rendition,
) -> RenditionHealth {
    let foreign_sound = encoder.is_some_and(|encoder| encoder.foreign_audio > 0);
    let mut warnings = Vec::new();
    let mut warn = |code, value, message: String| warnings.push(Warning { code, value, message });
    if health.long_gop() {
        let seconds = f64::from(health.gop_ms) / 1_000.0;
        let advice = "Set the keyframe interval to 1 or 2 s: viewers then join and change quality at once.";
        let message = format!("A keyframe comes each {seconds:.1} s. {advice}");
        warn("rare-keyframes", health.gop_ms.into(), message);
    }
    if health.unaligned() {
        let message = "Its keyframes are not where the other encoders of this room have theirs, and nobody can change to it. Send all \
                       qualities from one encoder, with one keyframe interval.";
        warn("unaligned-keyframes", 0, message.into());
    }
    if encoder.is_some_and(|encoder| encoder.leading > 0) {
        let message = "Its groups of pictures are open: who joins or changes quality misses some frames after each keyframe. Have the \
                       encoder close them (x265: open-gop=0), or send no B-frames.";
        warn("open-gops", 0, message.into());
    }
    if health.dropped > 0 {
        warn("dropped-frames", health.dropped, format!("{} frames could not be used.", health.dropped));
    }
    if foreign_sound {
        let message = "The sound is neither AAC nor Opus and nobody hears it. Choose AAC in the encoder.";
        warn("foreign-sound", 0, message.into());
    }
    if health.silent {
        let message = "No sound comes from the encoder, or it comes too late. Check its microphone.";
        warn("no-sound", 0, message.into());
    }
    if !connected {
        warn("gone", 0, "The encoder is gone.".into());
    }
    RenditionHealth {
        name: name.to_owned(),
        connected,
        codecs: told.codecs,
        width: told.width,
        height: told.height,
        fps: f64::from(told.frame_rate_milli) / 1_000.0,
        fps_now: health.frames_per_second,
        gop_ms: health.gop_ms,
        bitrate_bps: health.bps,
        dropped: health.dropped,
        discontinuities: health.discontinuities,
        encoder: health.meta.encoder.clone(),
        warnings,
    }
}
