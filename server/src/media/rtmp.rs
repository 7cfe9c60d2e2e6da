//! RTMP over TCP: one task a connection, from accepting to closing. What to answer is the core's business
//! (`hawker_server_core::media::rtmp`), who may publish is `ingest.rs`.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use hawker_server_core::media::flv::Counts;
use hawker_server_core::media::frame::Event;
use hawker_server_core::media::rtmp::address::{Address, SOURCE};
use hawker_server_core::media::rtmp::server::{Close, Input, Output, Refusal, Server};
use hawker_wire::{Instant, Machine as _};
use socket2::{SockRef, TcpKeepalive};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::ingest::Seat;
use super::ladder::Tap;
use super::{Publisher, limits};
use crate::app::App;
use crate::clock::Clock;
use crate::ops::secret;

/// Takes encoders until the server drains.
pub(super) fn start(app: &App, listener: TcpListener) {
    let app = app.clone();
    let tasks = app.life.tasks.clone();
    tasks.spawn(async move {
        let places = Arc::new(Semaphore::new(limits::RTMP_CONNECTIONS));
        loop {
            let accepted = tokio::select! {
                () = app.life.draining.cancelled() => return,
                accepted = listener.accept() => accepted,
            };
            let (stream, peer) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Out of file descriptors, mostly: others must end first.
                    tracing::warn!(%error, "can't accept an encoder");
                    tokio::time::sleep(limits::RTMP_ACCEPT_PAUSE).await;
                    continue;
                }
            };
            let Ok(place) = places.clone().try_acquire_owned() else {
                tracing::warn!(%peer, limit = limits::RTMP_CONNECTIONS, "encoder refused: too many connections");
                continue;
            };
            let app = app.clone();
            let connections = app.life.connections.clone();
            connections.spawn(async move {
                let help = "Encoders that are connected.";
                let connected = app.metrics.gauge("hawker_rtmp_connections", help, &[]);
                connected.add(1);
                let mut connection = Connection::new(app, peer);
                if let Err(error) = connection.run(stream).await {
                    tracing::debug!(%peer, %error, "encoder connection broke");
                }
                connection.left("connection closed");
                connected.add(-1);
                drop(place);
            });
        }
    });
}

/// One encoder.
struct Connection {
    app: App,
    peer: SocketAddr,
    machine: Server,
    publication: Option<Publication>,
}

/// What it holds while it publishes.
struct Publication {
    first: Feed,
    ladder: Option<Tap>,
    /// Its other pictures, by the ids of their tracks; `None`: refused, or taken over.
    others: BTreeMap<u8, Option<Feed>>,
}

/// A picture's way into the room.
struct Feed {
    seat: Seat,
    publisher: Publisher,
}

impl Feed {
    fn begin(app: &App, address: Address, peer: SocketAddr) -> Result<Self, Refusal> {
        let (room, rendition) = (address.room.clone(), address.rendition.clone());
        let claim = app.media.ingest.claim(&app.directory, address, peer, app.clock.now(), app.clock.wall());
        let begun =
            claim.and_then(|seat| Ok(Self { seat, publisher: app.media.publisher(&room, &rendition)? }));
        match &begun {
            Ok(_) => tracing::info!(%peer, %room, %rendition, "encoder publishes"),
            Err(refusal) => {
                let help = "Pictures that were not let in.";
                app.metrics.counter("hawker_rtmp_refused_total", help, &[]).inc();
                tracing::warn!(%peer, %room, %rendition, ?refusal, "encoder refused");
            }
        }
        begun
    }
}

impl Publication {
    fn new(first: Feed) -> Self {
        Self { first, ladder: None, others: BTreeMap::new() }
    }

    fn push(&mut self, app: &App, peer: SocketAddr, picture: u8, event: Event) {
        if picture == 0 {
            if let Some(ladder) = &mut self.ladder {
                ladder.push(&event);
            }
            return self.first.publisher.push(event);
        }
        let first = &self.first;
        let begin = || Feed::begin(app, first.seat.address().picture(picture), peer).ok();
        let feed = self.others.entry(picture).or_insert_with(begin);
        // It is a ladder.
        self.ladder = None;
        // Of one that another encoder has taken over nothing more goes in.
        drop(feed.take_if(|feed| feed.seat.stop.is_cancelled()));
        if let Some(feed) = feed {
            feed.publisher.push(event);
        }
    }

    fn heard(&self, now: Instant, counts: impl Fn(u8) -> Counts) {
        self.first.seat.heard(now, counts(0));
        for (picture, feed) in &self.others {
            if let Some(feed) = feed {
                feed.seat.heard(now, counts(*picture));
            }
        }
    }
}

impl Connection {
    fn new(app: App, peer: SocketAddr) -> Self {
        let machine = Server::new(app.clock.now(), secret::seed());
        Self { app, peer, machine, publication: None }
    }

    async fn run(&mut self, mut stream: TcpStream) -> io::Result<()> {
        tune(&stream)?;
        let draining = self.app.life.draining.clone();
        let mut changes = self.app.directory.changes();
        let mut buffer = BytesMut::new();
        loop {
            if self.drain(&mut stream).await? {
                // What the core wrote last must arrive before the reset of unread bytes does.
                return stream.shutdown().await;
            }
            let stop = self.publication.as_ref().map(|publication| publication.first.seat.stop.clone());
            let wake = self.machine.wake().map(|(at, _)| at);
            buffer.reserve(limits::RTMP_READ);
            let input = tokio::select! {
                () = draining.cancelled() => Input::End,
                () = cancelled(stop) => {
                    tracing::info!(peer = %self.peer, "encoder taken over by another one");
                    Input::End
                }
                Ok(()) = changes.changed() => {
                    if self.directory_changed() { continue }
                    Input::End
                }
                () = due(self.app.clock, wake) => {
                    self.machine.tick(self.app.clock.now());
                    continue;
                }
                read = stream.read_buf(&mut buffer) => {
                    if read? == 0 { return Ok(()) }
                    Input::Bytes(buffer.split().freeze())
                }
            };
            let now = self.app.clock.now();
            if let (Some(publication), Input::Bytes(_)) = (&self.publication, &input) {
                publication.heard(now, |picture| self.machine.counts(picture));
            }
            self.machine.handle(now, input);
        }
    }

    /// Does what the core wants done. True: it closed.
    async fn drain(&mut self, stream: &mut TcpStream) -> io::Result<bool> {
        while let Some(output) = self.machine.poll() {
            match output {
                Output::Send(bytes) => {
                    let write = stream.write_all(&bytes);
                    tokio::time::timeout(limits::RTMP_WRITE, write).await.map_err(io::Error::from)??;
                }
                Output::Publish(address) => {
                    let answer = match Feed::begin(&self.app, address, self.peer) {
                        Ok(feed) => {
                            self.publication = Some(Publication::new(feed));
                            self.follow_ladder();
                            Input::Accept
                        }
                        Err(refusal) => Input::Reject(refusal),
                    };
                    self.machine.handle(self.app.clock.now(), answer);
                }
                Output::Media(picture, event) => {
                    if let Some(publication) = &mut self.publication {
                        publication.push(&self.app, self.peer, picture, event);
                    }
                }
                Output::Unpublish => self.left("encoder stopped"),
                Output::Close(why) => {
                    match why {
                        Close::Ended | Close::Refused(_) => {}
                        why => tracing::warn!(peer = %self.peer, %why, "encoder connection closed"),
                    }
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// False: the publisher may not go on.
    fn directory_changed(&mut self) -> bool {
        let Some(publication) = &self.publication else { return true };
        let allowed = publication.first.seat.still_allowed(&self.app.directory);
        if allowed {
            self.follow_ladder();
        } else {
            tracing::info!(peer = %self.peer, "encoder stopped: its room ended, or its key changed");
        }
        allowed
    }

    /// Starts or stops the ladder as the room asks for.
    fn follow_ladder(&mut self) {
        let Some(publication) = &mut self.publication else { return };
        let address = publication.first.seat.address();
        if address.rendition != SOURCE {
            return;
        }
        let asked = self.app.directory.room(&address.room).is_some_and(|room| room.ladder);
        let wanted = asked && publication.others.is_empty();
        if !wanted {
            publication.ladder = None;
        } else if publication.ladder.is_none() {
            publication.ladder = Some(Tap::start(&self.app, &address.room));
        }
    }

    fn left(&mut self, why: &str) {
        if let Some(publication) = self.publication.take() {
            let address = publication.first.seat.address();
            let counts = self.machine.counts(0);
            tracing::info!(
                peer = %self.peer, room = %address.room, rendition = %address.rendition,
                dropped = counts.dropped, mended = counts.mended, "{why}"
            );
        }
    }
}

/// Ends when the token is cancelled; without one never.
async fn cancelled(token: Option<CancellationToken>) {
    match token {
        Some(token) => token.cancelled().await,
        None => std::future::pending().await,
    }
}

/// Ends at that moment; without one never.
async fn due(clock: Clock, at: Option<Instant>) {
    match at {
        Some(at) => clock.sleep_until(at).await,
        None => std::future::pending().await,
    }
}

/// Small replies at once; a machine that vanished is noticed although it sends nothing.
fn tune(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let keepalive =
        TcpKeepalive::new().with_time(Duration::from_secs(10)).with_interval(Duration::from_secs(5));
    SockRef::from(stream).set_tcp_keepalive(&keepalive)
}
