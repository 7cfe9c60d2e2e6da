//! The picture's shell: what comes over RTMP goes through the core's packager and out over HTTP. Rooms' stations, encoders'
//! handles, the clock for reconnect grace. What an encoder may do is in `ingest`, what a viewer asks in `http`.

mod body;
pub mod config;
pub mod health;
mod http;
pub mod ingest;
pub mod ladder;
pub mod limits;
mod range;
mod rtmp;
pub mod station;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use anyhow::Result;
use hawker_server_core::media::frame::Event;
use hawker_server_core::media::live::{Input, Live, PublisherId, Rules};
use hawker_server_core::media::packager::Name;
use hawker_server_core::media::rtmp::server::Refusal;
use hawker_server_core::media::window::Limits;
use hawker_wire::Span;
use tokio::net::TcpListener;

use crate::app::{App, Base};
use crate::ops::directory::RoomInfo;
use station::{Shared, Station};

pub use health::routes;
pub use http::routes as http_routes;

/// The streams of all rooms. A cheap clone.
#[derive(Clone)]
pub struct Media {
    /// Who publishes.
    pub ingest: ingest::Ingest,
    inner: Arc<Inner>,
}

struct Inner {
    base: Base,
    rules: Rules,
    stations: RwLock<BTreeMap<String, Known>>,
    publishers: AtomicU64,
}

/// A station, and what of its room has been told.
struct Known {
    station: Shared,
    told: (String, u64),
}

/// An encoder's way into a room; dropping it says that the encoder is gone.
pub struct Publisher {
    media: Media,
    station: Shared,
    id: PublisherId,
}

impl Media {
    /// Without any stream.
    ///
    /// # Errors
    /// A configuration that can't work.
    pub fn new(base: &Base) -> Result<Self> {
        let config = &base.config.media;
        let rules = Rules {
            reconnect_grace: Span::from_secs(u64::from(config.reconnect_grace_s)),
            window: Limits {
                length_ms: config.window_s.saturating_mul(1_000),
                bytes: usize::try_from(config.window_bytes)?,
            },
        };
        let inner =
            Inner { base: base.clone(), rules, stations: RwLock::default(), publishers: AtomicU64::new(1) };
        Ok(Self { ingest: ingest::Ingest::default(), inner: Arc::new(inner) })
    }

    /// An encoder begins to send a rendition of a room. Whoever was sending it is cut off: whether that is right, the caller
    /// has decided. A room that is not in the directory swallows everything.
    ///
    /// # Errors
    /// [`Refusal::Full`].
    pub fn publisher(&self, room: &str, rendition: &str) -> Result<Publisher, Refusal> {
        let id = PublisherId(self.inner.publishers.fetch_add(1, Ordering::Relaxed));
        let name = Name::from(rendition);
        let station = self.station(room).unwrap_or_else(|| Arc::new(self.new_station(false)));
        station.handle(self.inner.base.clock.now(), Input::Attach(id, name.clone()));
        if !station.live().attached(id) {
            return Err(Refusal::Full);
        }
        station.open(&name);
        Ok(Publisher { media: self.clone(), station, id })
    }

    /// The station of a room that is in the directory.
    #[must_use]
    pub fn station(&self, room: &str) -> Option<Shared> {
        let stations = self.inner.stations.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = stations.get(room) {
            return Some(known.station.clone());
        }
        drop(stations);
        let info = self.inner.base.directory.room(room)?;
        let mut stations = self.inner.stations.write().unwrap_or_else(PoisonError::into_inner);
        let made = || Known { station: Arc::new(self.new_station(info.ended)), told: told(&info) };
        Some(stations.entry(room.to_owned()).or_insert_with(made).station.clone())
    }

    fn new_station(&self, ended: bool) -> Station {
        Station::new(Live::new(self.inner.rules, ended, self.inner.base.clock.wall()))
    }

    /// Takes over what operators changed: shows ended or opened, titles, rooms that are gone.
    fn follow_directory(&self) {
        let now = self.inner.base.clock.now();
        let mut stations = self.inner.stations.write().unwrap_or_else(PoisonError::into_inner);
        stations.retain(|room, known| {
            let Some(info) = self.inner.base.directory.room(room) else {
                known.station.handle(now, Input::Ended(true));
                return false;
            };
            known.station.handle(now, Input::Ended(info.ended));
            if known.told != told(&info) {
                known.told = told(&info);
                known.station.handle(now, Input::Renamed);
            }
            true
        });
    }

    /// Ticks a station when its grace is over, unless the server drains before.
    fn watch_grace(&self, station: Shared) {
        let (clock, life) = (self.inner.base.clock, self.inner.base.life.clone());
        self.inner.base.life.tasks.spawn(async move {
            let mut wake = station.tick(clock.now());
            while let Some(at) = wake {
                tokio::select! {
                    () = clock.sleep_until(at) => wake = station.tick(clock.now()),
                    () = life.draining.cancelled() => return,
                }
            }
        });
    }
}

impl Publisher {
    /// Takes the next thing the encoder sent.
    pub fn push(&self, event: Event) {
        let base = &self.media.inner.base;
        self.station.handle(base.clock.now(), Input::Event(self.id, event, base.clock.wall()));
    }
}

impl Drop for Publisher {
    fn drop(&mut self) {
        let wake = self.station.handle(self.media.inner.base.clock.now(), Input::Detach(self.id));
        if wake.is_some() && tokio::runtime::Handle::try_current().is_ok() {
            self.media.watch_grace(self.station.clone());
        }
    }
}

/// Takes encoders on `rtmp` until the server drains.
///
/// # Errors
/// What stops the server from starting.
pub async fn start(app: &App, rtmp: TcpListener) -> Result<()> {
    let (media, draining) = (app.media.clone(), app.life.draining.clone());
    let mut changes = app.directory.changes();
    app.life.tasks.spawn(async move {
        loop {
            tokio::select! {
                changed = changes.changed() => match changed {
                    Ok(()) => media.follow_directory(),
                    Err(_) => return,
                },
                () = draining.cancelled() => return,
            }
        }
    });
    rtmp::start(app, rtmp);
    Ok(())
}

/// What of a room is told with its stream.
fn told(info: &RoomInfo) -> (String, u64) {
    (info.title.clone(), info.starts_ms)
}
