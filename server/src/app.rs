//! What every handler and task sees: [`App`], the parts of a running server. It holds no logic of its own.

use std::net::SocketAddr;
use std::ops::Deref;
use std::path::PathBuf;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::clock::Clock;
use crate::media::Media;
use crate::ops::config::Config;
use crate::ops::directory::Directory;
use crate::ops::metrics::Metrics;
use crate::ops::store::Store;
use crate::ops::tokens::Tokens;
use crate::room::Rooms;
use crate::sale::Shop;
use crate::udp::Udp;

/// The state of every handler.
pub type App = Arc<Parts>;

/// A running server. What features build on is in [`Base`] and reads as a field of this.
pub struct Parts {
    /// What features are built on.
    pub base: Base,
    /// The picture.
    pub media: Media,
    /// The words.
    pub rooms: Rooms,
    /// The orders.
    pub shop: Shop,
}

/// What features are built on, before there are features. A cheap clone.
#[derive(Clone)]
pub struct Base {
    /// As it was at the start; never changes.
    pub config: Arc<Config>,
    /// The only clock.
    pub clock: Clock,
    /// The rooms there are.
    pub directory: Directory,
    /// Who may do what.
    pub tokens: Tokens,
    /// SQLite.
    pub store: Store,
    /// What `GET /metrics` shows.
    pub metrics: Metrics,
    /// Start and end of everything that runs.
    pub life: Life,
    /// The data folder, for files of a feature's own.
    pub data: PathBuf,
    /// Where HTTP is listening; the real port.
    pub http: SocketAddr,
    /// Where RTMP is listening; the real port.
    pub rtmp: SocketAddr,
    /// How pages reach us over UDP; `None`: not at all.
    pub udp: Option<Udp>,
}

/// How the server ends: `draining` is cancelled first, `closing` when the last connection has left (or time is up).
#[derive(Clone, Default)]
pub struct Life {
    /// Cancelled: end held requests, say goodbye on sockets, take nothing new.
    pub draining: CancellationToken,
    /// Cancelled: nobody asks any more; write what is left and end.
    pub closing: CancellationToken,
    /// Tasks of features. They end at `closing` at the latest.
    pub tasks: TaskTracker,
    /// One task a connection. They end at `draining`.
    pub connections: TaskTracker,
}

impl Deref for Parts {
    type Target = Base;
    fn deref(&self) -> &Base {
        &self.base
    }
}
