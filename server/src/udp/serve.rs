//! Accepts sessions and hands out their streams: who may have one, how many, and for how long. What a stream carries is in
//! `object` and `line`.

use std::sync::Arc;

use axum::Router;
use axum::http::{StatusCode, header};
use hawker_server_core::room::pace::Address;
use hawker_server_core::udp::request::{self, Ask};
use hawker_server_core::udp::taps::Taps;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_util::task::TaskTracker;
use web_transport_quinn::quinn::{Incoming, VarInt};
use web_transport_quinn::{RecvStream, Request, SendStream, Session};

use super::line::Words;
use super::{Listener, limits, object};
use crate::app::App;
use crate::http::conn::Peer;
use crate::room::connection;
use crate::room::door::Door;

/// What all sessions share.
#[derive(Clone)]
struct Shared {
    app: App,
    router: Router,
    /// As the room's door, but its own: a page's session and its socket are two connections.
    door: Door,
}

/// Serves sessions until the server drains. `router` answers what is asked for on their streams.
pub async fn run(app: App, mut listener: Listener, router: Router) {
    let seats = Arc::new(Semaphore::new(limits::SESSIONS));
    let door = Door::new(app.config.room.connects(), app.config.room.address_connections);
    let shared = Shared { app: app.clone(), router, door };
    let mut turns = interval(limits::ROTATE_EVERY);
    turns.set_missed_tick_behavior(MissedTickBehavior::Skip);
    turns.tick().await;
    loop {
        let incoming = tokio::select! {
            incoming = listener.endpoint.accept() => incoming,
            _ = turns.tick() => {
                listener.turn(app.clock.wall());
                continue;
            }
            () = app.life.draining.cancelled() => break,
        };
        let Some(incoming) = incoming else { break };
        if seats.available_permits() < limits::SESSIONS / 2 && !incoming.remote_address_validated() {
            // Half full: a sender has to show first that the address is its own (RFC 9000, 8.1.2).
            let _ = incoming.retry();
            continue;
        }
        let Ok(permit) = seats.clone().try_acquire_owned() else {
            incoming.refuse();
            continue;
        };
        app.life.connections.spawn(session(shared.clone(), incoming, permit));
    }
    app.life.closing.cancelled().await;
    listener.endpoint.close(VarInt::from_u32(0), b"restart");
    let _ = timeout(limits::FAREWELL, listener.endpoint.wait_idle()).await;
}

async fn session(shared: Shared, incoming: Incoming, _permit: OwnedSemaphorePermit) {
    let addr = incoming.remote_address();
    let request = timeout(limits::HANDSHAKE, async {
        let connection = incoming.await.ok()?;
        Request::accept(connection).await.ok()
    });
    let Some(request) = request.await.ok().flatten() else {
        tracing::debug!(%addr, "no session came of the handshake");
        return;
    };
    let address = Address::from(addr.ip().to_canonical());
    let room = match admit(&shared.app, &request) {
        Ok(room) => room,
        Err(status) => return refuse(request, status).await,
    };
    let Ok(_entry) = shared.door.enter(shared.app.clock.now(), address) else {
        return refuse(request, StatusCode::TOO_MANY_REQUESTS).await;
    };
    let peer = Peer::quic(request.conn().clone());
    let Ok(session) = request.ok().await else { return };
    let (taps, told) = mpsc::channel(limits::TAPS);
    let streams = TaskTracker::new();
    let page = Page { shared, room, address, peer, streams, words: Arc::new(tokio::sync::Mutex::new(told)) };
    let draining = page.shared.app.life.draining.clone();
    tokio::select! {
        () = page.accept(&session) => {}
        () = likes(&session, &taps) => {}
        () = draining.cancelled() => {}
    }
    // Held requests and rooms end by themselves when the server drains, and at once when the session is gone.
    page.streams.close();
    page.streams.wait().await;
    if draining.is_cancelled() {
        // What was written last is still under way: who takes it closes the session itself.
        let _ = timeout(limits::FAREWELL, session.closed()).await;
    }
    session.close(0, b"");
}

/// The room that this page may have a session for.
fn admit(app: &App, request: &Request) -> Result<String, StatusCode> {
    // Browsers always name the page's origin; other clients need not, and could lie anyway.
    let origin = request.headers.get(header::ORIGIN.as_str()).map(|value| value.to_str().unwrap_or("null"));
    // Our own pages came by HTTP's port.
    let own = format!("{}:{}", request.url.host_str().unwrap_or_default(), app.http.port());
    let allowed = |origin, host: &str| app.config.http.origin_allowed(origin, host);
    if origin.is_some_and(|origin| !allowed(origin, request.url.authority()) && !allowed(origin, &own)) {
        return Err(StatusCode::FORBIDDEN);
    }
    let path = request.url.path();
    let room = path.strip_prefix("/live/").and_then(|rest| rest.strip_suffix("/udp"));
    let room = room.filter(|room| app.directory.room(room).is_some()).ok_or(StatusCode::NOT_FOUND)?;
    if app.life.draining.is_cancelled() {
        return Err(StatusCode::SERVICE_UNAVAILABLE);
    }
    Ok(room.to_owned())
}

async fn refuse(request: Request, status: StatusCode) {
    let connection = request.conn().clone();
    // A refusal that doesn't arrive is a refusal all the same. The client closes when it has it.
    if request.reject(status).await.is_ok() {
        let _ = timeout(limits::FAREWELL, connection.closed()).await;
    }
}

/// Taps that come as datagrams, for the room's task.
async fn likes(session: &Session, taps: &mpsc::Sender<u32>) {
    let mut counted = Taps::default();
    while let Ok(datagram) = session.read_datagram().await {
        // Only what finds a place is counted, so that the next datagram makes up for what doesn't.
        if let Ok(place) = taps.try_reserve() {
            let more = counted.told(&datagram);
            if more > 0 {
                place.send(more);
            }
        }
    }
}

/// One session.
struct Page {
    shared: Shared,
    room: String,
    address: Address,
    peer: Peer,
    streams: TaskTracker,
    /// Taken by the stream of the room, of which there is one at a time.
    words: Arc<tokio::sync::Mutex<mpsc::Receiver<u32>>>,
}

impl Page {
    async fn accept(&self, session: &Session) {
        while let Ok((send, recv)) = session.accept_bi().await {
            let (shared, room, address) = (self.shared.clone(), self.room.clone(), self.address);
            let (peer, words) = (self.peer.clone(), self.words.clone());
            self.streams.spawn(async move {
                stream(shared, &room, address, peer, words, send, recv).await;
            });
        }
    }
}

async fn stream(
    shared: Shared,
    room: &str,
    address: Address,
    peer: Peer,
    words: Arc<tokio::sync::Mutex<mpsc::Receiver<u32>>>,
    mut send: SendStream,
    mut recv: RecvStream,
) {
    let (ask, rest) = match timeout(limits::REQUEST, asked(&mut recv)).await {
        Ok(Ok(asked)) => asked,
        Ok(Err(why)) => return object::refuse(&mut send, StatusCode::BAD_REQUEST, why).await,
        Err(_) => return object::refuse(&mut send, StatusCode::REQUEST_TIMEOUT, "no request came").await,
    };
    match ask {
        Ask::Object(wanted) => object::serve(shared.router, room, peer, wanted, send).await,
        Ask::Room => {
            let Ok(taps) = words.try_lock_owned() else {
                return object::refuse(&mut send, StatusCode::CONFLICT, "the room has its stream").await;
            };
            let app = shared.app;
            let Ok(_entry) = app.rooms.door().enter(app.clock.now(), address) else {
                let why = "too many connections from this address";
                return object::refuse(&mut send, StatusCode::TOO_MANY_REQUESTS, why).await;
            };
            let _ = send.set_priority(request::ROOM_PRIORITY);
            // So that a page knows a refusal from the room's first frame.
            if send.write_all(b"200\n\n").await.is_ok() {
                let line = Words::new(send, recv, taps, &rest);
                connection::run(app, room.to_owned(), address, line).await;
            }
        }
    }
}

/// Reads the request; what came behind it goes along.
async fn asked(recv: &mut RecvStream) -> Result<(Ask, Vec<u8>), &'static str> {
    let mut gathered = Vec::new();
    loop {
        if let Some((ask, taken)) = request::parse(&gathered)? {
            return Ok((ask, gathered.split_off(taken)));
        }
        let chunk = recv.read_chunk(hawker_server_core::udp::limits::REQUEST_BYTES, true).await;
        match chunk {
            Ok(Some(chunk)) => gathered.extend_from_slice(&chunk.bytes),
            Ok(None) | Err(_) => return Err("the stream ended before its request"),
        }
    }
}
