//! The door over UDP: WebTransport sessions in which a page gets the same objects and the same room as over HTTP and
//! WebSocket, which stay the primary way. What is asked and answered is decided where HTTP decides it; here is only the way
//! there.
//!
//! [`listen`] opens the port, [`serve`] accepts sessions, `object` and `line` serve their streams, `certificate` makes
//! certificates, [`routes`] tell pages where all this is.

mod certificate;
pub mod config;
mod congestion;
pub mod limits;
mod line;
mod object;
pub mod serve;

use std::io::ErrorKind;
use std::net::{SocketAddr, UdpSocket};
use std::sync::{Arc, PoisonError, RwLock};

use anyhow::{Context as _, Result, bail};
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hawker_wire::Wall;
use serde::Serialize;
use web_transport_quinn::quinn::{self, Endpoint};

use crate::app::App;
use crate::clock::Clock;
use crate::http::tls;
use crate::ops::config::Config;
use certificate::Rotation;

/// How pages reach us. A cheap clone.
#[derive(Clone)]
pub struct Udp {
    /// The real port, and the address it is bound to.
    pub addr: SocketAddr,
    advertise: Option<Arc<str>>,
    hashes: Arc<RwLock<Vec<[u8; 32]>>>,
}

/// An open port that accepts nothing yet.
pub struct Listener {
    endpoint: Endpoint,
    door: Udp,
    /// `None`: the certificate is the configured one.
    rotation: Option<Rotation>,
}

/// What a page is told.
#[derive(Serialize)]
struct Told {
    /// Host and port; absent: the page's server, at `port`.
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    port: u16,
    /// SHA-256 of the certificates to accept, base64; empty: one that browsers trust anyway.
    hashes: Vec<String>,
}

/// Opens the port that the configuration asks for; `None`: none. The port of HTTP being in use for UDP is no reason not to
/// start, unless the configuration names it.
///
/// # Errors
/// A configured address that can't be had, or an unreadable certificate.
pub fn listen(config: &Config, clock: &Clock, http: SocketAddr) -> Result<Option<Listener>> {
    if !config.udp.enabled {
        return Ok(None);
    }
    let addr = config.udp.listen.unwrap_or(http);
    let socket = match UdpSocket::bind(addr) {
        Ok(socket) => socket,
        Err(error) if config.udp.listen.is_none() => {
            tracing::warn!(%addr, %error, "no WebTransport: the UDP port can't be had ([udp] listen, enabled)");
            return Ok(None);
        }
        Err(error) if error.kind() == ErrorKind::AddrInUse => bail!(
            "{addr} is in use by another program: stop it, or choose another address with [udp] listen or HAWKER_UDP_LISTEN"
        ),
        Err(error) => {
            return Err(error)
                .with_context(|| format!("can't listen on {addr}: check [udp] listen or HAWKER_UDP_LISTEN"));
        }
    };
    let (quic, rotation) = match tls::identity(&config.http)? {
        Some((chain, key)) => (certificate::config(chain, key)?, None),
        None => {
            let rotation = Rotation::new(clock.wall())?;
            (rotation.config(), Some(rotation))
        }
    };
    let door = Udp {
        addr: socket.local_addr()?,
        advertise: config.udp.advertise.as_deref().map(Arc::from),
        hashes: Arc::new(RwLock::new(rotation.as_ref().map(Rotation::hashes).unwrap_or_default())),
    };
    let runtime = Arc::new(quinn::TokioRuntime);
    let endpoint = Endpoint::new(quinn::EndpointConfig::default(), Some(quic), socket, runtime)?;
    Ok(Some(Listener { endpoint, door, rotation }))
}

impl Listener {
    /// How pages reach it.
    #[must_use]
    pub fn door(&self) -> Udp {
        self.door.clone()
    }

    /// The next certificate's turn, if they are ours.
    fn turn(&mut self, now: Wall) {
        let Some(rotation) = &mut self.rotation else { return };
        if let Err(error) = rotation.turn(now) {
            tracing::error!(%error, "no new certificate could be made");
            return;
        }
        self.endpoint.set_server_config(Some(rotation.config()));
        *self.door.hashes.write().unwrap_or_else(PoisonError::into_inner) = rotation.hashes();
    }
}

impl Udp {
    /// Where a page that came by this host connects to, as a content security policy names it; `None`: the host is no name that
    /// may stand there.
    #[must_use]
    pub fn source(&self, host: &str) -> Option<String> {
        if let Some(name) = &self.advertise {
            return Some(format!("https://{name}"));
        }
        let plain = host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte));
        (plain && !host.is_empty()).then(|| format!("https://{host}:{}", self.addr.port()))
    }

    /// SHA-256 of the certificates that a client may meet; empty when they are configured ones.
    #[must_use]
    pub fn hashes(&self) -> Vec<[u8; 32]> {
        self.hashes.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// `GET /live/{room}/udp`
pub fn routes() -> Router<App> {
    Router::new().route("/live/{room}/udp", get(tell))
}

/// Where a session for this room is to be had; 204: nowhere, which is no fault and shall not look like one in a page's console.
async fn tell(State(app): State<App>, Path(room): Path<String>) -> Response {
    let no_store = [(header::CACHE_CONTROL, "no-store")];
    if app.directory.room(&room).is_none() {
        return (StatusCode::NOT_FOUND, no_store, "There is nothing here.\n").into_response();
    }
    let Some(udp) = &app.udp else { return (StatusCode::NO_CONTENT, no_store).into_response() };
    let told = Told {
        address: udp.advertise.as_deref().map(str::to_owned),
        port: udp.addr.port(),
        hashes: udp.hashes().iter().map(|hash| STANDARD.encode(hash)).collect(),
    };
    (no_store, Json(told)).into_response()
}
