//! The server of Hawker as a library: [`start`] brings everything up, [`Running::stop`] drains it. No decisions (those are
//! in `server/core`) and no command line (that is `main.rs`).

pub mod app;
pub mod clock;
pub mod http;
pub mod media;
pub mod ops;
pub mod room;
pub mod sale;
pub mod udp;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use tokio::net::TcpListener;

use crate::app::{App, Base, Life, Parts};
use crate::clock::Clock;
use crate::ops::config::Config;
use crate::ops::data::DataDir;
use crate::ops::directory::Directory;
use crate::ops::metrics::Metrics;
use crate::ops::store::Store;
use crate::ops::tokens::Tokens;

/// A server that is up.
pub struct Running {
    /// Where HTTP is listening; the real port when the configuration said 0.
    pub http: SocketAddr,
    /// Where RTMP is listening.
    pub rtmp: SocketAddr,
    /// The administrators' token, at the first start on a data folder only: it is stored as a hash.
    pub admin_token: Option<String>,
    /// Everything handlers see.
    pub app: App,
    // Held for its lock: two servers on one folder would sell one piece twice.
    data: DataDir,
}

/// Brings up everything that `config` describes: data folder, store, features, listeners.
///
/// # Errors
/// A port in use, a data folder of a newer version or in use, an unreadable certificate. Nothing is left running then.
pub async fn start(config: Config) -> Result<Running> {
    // The ports first: an address in use is the commonest mistake, and nothing has to be undone for it.
    let http = listen(config.http.listen, "http", "HAWKER_HTTP_LISTEN").await?;
    let rtmp = listen(config.rtmp.listen, "rtmp", "HAWKER_RTMP_LISTEN").await?;
    let (http_addr, rtmp_addr) = (http.local_addr()?, rtmp.local_addr()?);
    let tls = http::tls::acceptor(&config.http)?;
    let clock = Clock::start();
    let udp = udp::listen(&config, &clock, http_addr)?;

    let data = DataDir::open(&config.data.dir)?;
    let store = Store::open(data.path()).await?;
    let (tokens, admin_token) = Tokens::open(&config, data.path())?;
    let directory = Directory::load(&config, store.clone()).await?;
    let base = Base {
        config: Arc::new(config),
        clock,
        directory,
        tokens,
        store,
        metrics: Metrics::default(),
        life: Life::default(),
        data: data.path().to_owned(),
        http: http_addr,
        rtmp: rtmp_addr,
        udp: udp.as_ref().map(udp::Listener::door),
    };
    let parts = Parts {
        media: media::Media::new(&base)?,
        rooms: room::Rooms::new(&base)?,
        shop: sale::Shop::new(&base).await?,
        base,
    };
    let app: App = Arc::new(parts);
    media::start(&app, rtmp).await?;
    room::start(&app).await?;
    sale::start(&app).await?;
    let router = http::router(&app);
    if let Some(udp) = udp {
        app.life.tasks.spawn(udp::serve::run(app.clone(), udp, router.clone()));
    }
    app.life.tasks.spawn(http::serve::run(app.clone(), http, tls, router));
    tracing::info!(http = %http_addr, rtmp = %rtmp_addr, "listening");
    Ok(Running { http: http_addr, rtmp: rtmp_addr, admin_token, app, data })
}

impl Running {
    /// Drains: no new connections, held requests and sockets end with a goodbye, what is promised is on disk. Ends within
    /// [`DRAIN`] also when a peer doesn't.
    pub async fn stop(self) {
        let life = &self.app.life;
        life.draining.cancel();
        life.tasks.close();
        let drained = async {
            life.connections.close();
            life.connections.wait().await;
            life.closing.cancel();
            life.tasks.wait().await;
        };
        if tokio::time::timeout(DRAIN, drained).await.is_err() {
            tracing::warn!(
                left = life.tasks.len() + life.connections.len(),
                "stopped before everybody had left"
            );
            life.closing.cancel();
            // What must reach the disk gets its own time: a stubborn viewer may not cost an order.
            let _ = tokio::time::timeout(CLOSE, life.tasks.wait()).await;
        }
        self.app.store.close().await;
        drop(self.data);
        tracing::info!("stopped");
    }
}

/// How long a drain waits for peers: less than the 10 s after which service managers kill.
const DRAIN: Duration = Duration::from_secs(7);
/// What is left after that for the features to write what they hold.
const CLOSE: Duration = Duration::from_secs(2);

async fn listen(addr: SocketAddr, section: &str, variable: &str) -> Result<TcpListener> {
    match TcpListener::bind(addr).await {
        Ok(listener) => Ok(listener),
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => bail!(
            "{addr} is in use by another program: stop it, or choose another address with [{section}] listen or {variable}"
        ),
        Err(error) => Err(error)
            .with_context(|| format!("can't listen on {addr}: check [{section}] listen or {variable}")),
    }
}
