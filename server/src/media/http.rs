//! Everything under `/live/ROOM/` but the socket: playlists, manifests, parts, the player's segments, and what there is to play. Turns
//! the core's replies into HTTP and parks requests until the room has changed; what is answered, the core decides.

use axum::Router;
use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Extension, Path, Query, State};
use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::http::{Extensions, StatusCode, Uri, Version};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use hawker_server_core::media::frame::Track;
use hawker_server_core::media::live::Answer;
use hawker_server_core::media::window::request::{Follow, Reply, Request, What, Whole};
use hawker_wire::media::limits::JOIN_BPS;
use hawker_wire::proto;
use prost::Message as _;
use serde::Deserialize;
use tokio::sync::watch;
use tower_http::compression::CompressionLayer;

use super::body::{Followed, Shelf, Subject};
use super::limits;
use super::range::{self, Wanted};
use super::station::Shared;
use crate::app::App;
use crate::http::conn::Peer;

/// `/live/…` except the socket.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/live/{room}/{list}", get(media))
        .route("/live/{room}/{epoch}/{rendition}/{file}", get(media))
        .route("/live/{room}/{epoch}/{rendition}/{track}/{file}", get(media))
        .layer(CompressionLayer::new().compress_when(is_playlist))
        .route("/live/{room}/stream", get(stream))
        .route("/live/{room}/join", get(join))
}

/// Whether a page gets a finished object, one that is being made, or has to wait for it.
async fn media(
    State(app): State<App>,
    peer: Option<Extension<Peer>>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    // The path as it was sent: what needs no escape is never written with one, so each object has one URL.
    let rest = uri.path().strip_prefix("/live/").and_then(|rest| rest.split_once('/'));
    let Some((room, rest)) = rest else { return missing(None) };
    let request = match Request::parse(rest, uri.query()) {
        Ok(request) => request,
        Err(Reply::Bad(why)) => return bad(why),
        Err(_) => return missing(None),
    };
    let Some(station) = app.media.station(room) else { return missing(None) };
    let object = Object { rest, request: &request, headers: &headers, peer: peer.as_deref() };
    object.answer(station, &app).await
}

/// What a page of which nothing is known yet plays first, so that it can be asked for before there is a player. Which that is, is
/// said; what it is only where there is nothing to choose: among several codecs the player does.
async fn join(State(app): State<App>, peer: Option<Extension<Peer>>, Path(room): Path<String>) -> Response {
    let Some(station) = app.media.station(&room) else { return missing(None) };
    let (stream, first) = {
        let live = station.live();
        let stream = live.stream(app.clock.wall());
        // Where keyframes do not meet, it begins with one in some renditions only.
        let begins = |of: &&proto::Rendition| live.independent(&of.name, stream.newest) != Some(false);
        let fits = |of: &&proto::Rendition| of.average_bps <= JOIN_BPS;
        let all = || stream.renditions.iter().filter(begins);
        let first = all().find(fits).or(all().next_back()).cloned();
        (stream, first)
    };
    let Some(rendition) = first.as_ref().filter(|_| stream.newest > 0) else {
        // Who is early did nothing wrong, and a browser would put an error into the page's console.
        return (StatusCode::NO_CONTENT, [(header::CACHE_CONTROL, "no-store")]).into_response();
    };
    let rest = format!("{}/{}/{}.mp4", stream.epoch, rendition.name, stream.newest);
    let request = Request::Of {
        epoch: stream.epoch.clone(),
        rendition: rendition.name.clone(),
        what: What::Object(stream.newest),
    };
    let none = HeaderMap::new();
    let object = Object { rest: &rest, request: &request, headers: &none, peer: peer.as_deref() };
    let mut response = object.answer(station, &app).await;
    if response.status() == StatusCode::OK {
        let headers = response.headers_mut();
        // The next one to ask gets another.
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.remove(header::ETAG);
        headers.remove(header::ACCEPT_RANGES);
        put(headers, header::CONTENT_LOCATION, &rest);
        let family = |of: &proto::Rendition| of.codecs.split('.').next().map(str::to_owned);
        if stream.renditions.iter().all(|other| family(other) == family(rendition)) {
            put(headers, header::CONTENT_TYPE, &format!("video/mp4; codecs=\"{}\"", rendition.codecs));
        }
    }
    response
}

/// Waits for the room to change; false: the request has been held long enough.
async fn more(changes: &mut watch::Receiver<()>, deadline: tokio::time::Instant, app: &App) -> bool {
    tokio::select! {
        changed = changes.changed() => changed.is_ok(),
        () = tokio::time::sleep_until(deadline) => false,
        () = app.life.draining.cancelled() => false,
    }
}

/// A request for bytes, as far as its answer depends on it.
struct Object<'a> {
    rest: &'a str,
    request: &'a Request,
    headers: &'a HeaderMap,
    peer: Option<&'a Peer>,
}

impl Object<'_> {
    async fn answer(&self, station: Shared, app: &App) -> Response {
        let (mut changes, held) = match self.request {
            Request::Index(_) | Request::Manifest { .. } => (station.any(), limits::PLAYLIST_HELD),
            Request::Of { rendition, what: What::Playlist(..), .. } => {
                (station.media(rendition), limits::PLAYLIST_HELD)
            }
            Request::Of { rendition, .. } => (station.media(rendition), limits::SEGMENT_HELD),
        };
        let deadline = tokio::time::Instant::now() + held;
        loop {
            changes.mark_unchanged();
            let answer = station.live().reply(self.request);
            match answer {
                Answer::Offline => return missing(Some("offline")),
                Answer::Ended => return missing(Some("ended")),
                Answer::Live(Reply::Whole(whole)) => return self.whole(whole),
                Answer::Live(Reply::Follow(first)) => return self.follow(first, station, changes, app),
                Answer::Live(Reply::Playlist(text)) => return playlist(PLAYLIST, text),
                Answer::Live(Reply::Manifest(text)) => return playlist(MANIFEST, text),
                Answer::Live(Reply::NotFound) => return missing(Some("live")),
                Answer::Live(Reply::Gone) => return refuse(StatusCode::GONE, "This is no longer kept.\n"),
                Answer::Live(Reply::Bad(why)) => return bad(why),
                Answer::Live(Reply::Wait) => {}
            }
            if !more(&mut changes, deadline, app).await {
                let mut response = refuse(StatusCode::SERVICE_UNAVAILABLE, "Not there yet: ask again.\n");
                response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
                return response;
            }
        }
    }

    fn whole(&self, Whole { bytes, independent, discontinuity }: Whole) -> Response {
        let etag = self.etag();
        if self.headers.get(header::IF_NONE_MATCH).is_some_and(|known| range::matches(known, &etag)) {
            let mut response = StatusCode::NOT_MODIFIED.into_response();
            self.mark(response.headers_mut(), independent, discontinuity);
            return response;
        }
        let size = bytes.iter().map(|piece| piece.len() as u64).sum();
        let mut response = match range::wanted(self.headers, &etag, size) {
            Wanted::All => Response::new(Body::new(Shelf::whole(bytes))),
            Wanted::Part { start, len } => {
                let mut response = Response::new(Body::new(Shelf::range(bytes, start, len)));
                *response.status_mut() = StatusCode::PARTIAL_CONTENT;
                put(
                    response.headers_mut(),
                    header::CONTENT_RANGE,
                    &format!("bytes {start}-{}/{size}", start + len - 1),
                );
                response
            }
            Wanted::Nothing => {
                let mut response = refuse(StatusCode::RANGE_NOT_SATISFIABLE, "The range lies outside.\n");
                put(response.headers_mut(), header::CONTENT_RANGE, &format!("bytes */{size}"));
                return response;
            }
        };
        response.headers_mut().insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
        self.mark(response.headers_mut(), independent, discontinuity);
        response
    }

    fn follow(
        &self,
        mut first: Follow,
        station: Shared,
        changes: watch::Receiver<()>,
        app: &App,
    ) -> Response {
        let Request::Of { epoch, rendition, what } = self.request else {
            return missing(None);
        };
        let subject = Subject {
            station,
            epoch: epoch.clone(),
            rendition: rendition.clone(),
            what: what.clone(),
            cursor: first.cursor,
        };
        // What a client had by another way, if that much is made.
        let made: u64 = first.bytes.iter().map(|piece| piece.len() as u64).sum();
        let onward = range::onward(self.headers).filter(|from| *from <= made);
        if let Some(from) = onward {
            first.bytes = Shelf::range(first.bytes, from, made - from).into_pieces();
        }
        let body = Followed::new(subject, first.bytes, changes, app.life.draining.clone());
        let mut response = Response::new(Body::new(body));
        // A proxy that collects an answer before it passes it on would undo the streaming.
        response.headers_mut().insert("x-accel-buffering", HeaderValue::from_static("no"));
        self.mark(response.headers_mut(), first.independent, first.discontinuity);
        if let Some(from) = onward {
            *response.status_mut() = StatusCode::PARTIAL_CONTENT;
            let range = format!("bytes {from}-{}/*", range::ENDLESS);
            put(response.headers_mut(), header::CONTENT_RANGE, &range);
            // A cache would have to know where it ended.
            response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        }
        response
    }

    /// An object never changes, so its path is as good a tag as a hash of its bytes.
    fn etag(&self) -> String {
        format!("\"{}\"", self.rest)
    }

    fn mark(&self, headers: &mut HeaderMap, independent: bool, discontinuity: bool) {
        let kind = match self.request {
            Request::Of { what: What::Init(Track::Audio, _) | What::Segment(Track::Audio, _), .. }
            | Request::Of { what: What::Part(Track::Audio, ..) | What::Chunked(Track::Audio, ..), .. } => {
                "audio/mp4"
            }
            Request::Index(_) | Request::Manifest { .. } | Request::Of { .. } => "video/mp4",
        };
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
        headers
            .insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"));
        put(headers, header::ETAG, &self.etag());
        if matches!(self.request, Request::Of { what: What::Object(_), .. }) {
            let mark = if independent { "1" } else { "0" };
            headers.insert("hawker-independent", HeaderValue::from_static(mark));
            if discontinuity {
                headers.insert("hawker-discontinuity", HeaderValue::from_static("1"));
            }
        }
        if let Some(path) = self.peer.and_then(Peer::path) {
            put(headers, HeaderName::from_static("cmsd-dynamic"), &path.to_string());
        }
    }
}

#[derive(Deserialize)]
struct After {
    after: Option<u64>,
}

/// What there is to play; with `?after=VERSION` once that has changed.
async fn stream(
    State(app): State<App>,
    Path(room): Path<String>,
    query: Result<Query<After>, QueryRejection>,
) -> Response {
    let Ok(Query(After { after })) = query else { return bad("after must be a whole number") };
    let Some(station) = app.media.station(&room) else { return missing(None) };
    let mut changes = station.state();
    let deadline = tokio::time::Instant::now() + limits::STREAM_HELD;
    loop {
        changes.mark_unchanged();
        let known = station.live().version();
        if after != Some(known) || !more(&mut changes, deadline, &app).await {
            break;
        }
    }
    let info = app.directory.room(&room);
    let stream = proto::Stream {
        title: info.as_ref().map(|info| info.title.clone()).unwrap_or_default(),
        starts_ms: info.map_or(0, |info| info.starts_ms),
        ..station.live().stream(app.clock.wall())
    };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/x-protobuf")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (headers, stream.encode_to_vec()).into_response()
}

fn playlist(kind: &'static str, text: String) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
    ];
    (headers, text).into_response()
}

const PLAYLIST: &str = "application/vnd.apple.mpegurl";
const MANIFEST: &str = "application/dash+xml";

fn is_playlist(_: StatusCode, _: Version, headers: &HeaderMap, _: &Extensions) -> bool {
    headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind == PLAYLIST || kind == MANIFEST)
}

/// 404; `state` tells a player whether asking again makes sense.
fn missing(state: Option<&'static str>) -> Response {
    let text = match state {
        Some("offline") => "Nobody is sending in this room.\n",
        Some("ended") => "The show in this room has ended.\n",
        Some(_) | None => "There is nothing here.\n",
    };
    let mut response = refuse(StatusCode::NOT_FOUND, text);
    if let Some(state) = state {
        response.headers_mut().insert("hawker-state", HeaderValue::from_static(state));
    }
    response
}

fn bad(why: &'static str) -> Response {
    refuse(StatusCode::BAD_REQUEST, why)
}

/// No cache may keep a refusal: the next moment may have what this one has not.
fn refuse(status: StatusCode, text: &'static str) -> Response {
    (status, [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))], text).into_response()
}

fn put(headers: &mut HeaderMap, name: HeaderName, text: &str) {
    if let Ok(value) = HeaderValue::from_str(text) {
        headers.insert(name, value);
    }
}
