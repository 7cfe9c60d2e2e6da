//! What can be configured: one struct a section of `hawker.toml`, each section's own in the folder of its feature. Reading
//! and checking is in [`read`]; the commented default configuration is `server/hawker.toml`.

mod keys;
pub mod read;

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

pub use crate::media::config::MediaConfig;
pub use crate::room::config::RoomConfig;
pub use crate::sale::config::{SaleConfig, ShopConfig};
pub use crate::udp::config::UdpConfig;

/// The whole configuration, checked.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// HTTP: pages, API, media, sockets.
    pub http: HttpConfig,
    /// The same as `http` over UDP, for pages that can.
    pub udp: UdpConfig,
    /// RTMP: encoders.
    pub rtmp: RtmpConfig,
    /// Where data lives.
    pub data: DataConfig,
    /// Administrators.
    pub admin: AdminConfig,
    /// The picture.
    pub media: MediaConfig,
    /// The words.
    pub room: RoomConfig,
    /// The orders.
    pub sale: SaleConfig,
    /// The shop's backend.
    pub shop: ShopConfig,
    /// Logs.
    pub log: LogConfig,
}

/// `[http]`
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct HttpConfig {
    /// Address and port.
    pub listen: SocketAddr,
    /// Origins whose pages may embed players; `"*"`: all.
    pub origins: Vec<String>,
    /// Networks of proxies whose `X-Forwarded-For` counts.
    pub trusted_proxies: Vec<IpNet>,
    /// PEM file with the certificate chain; with `tls_key`: TLS and HTTP/2.
    pub tls_cert: Option<PathBuf>,
    /// PEM file with its key.
    pub tls_key: Option<PathBuf>,
    /// Requests a second that one address may make to the REST API, on average.
    pub api_rate: u32,
}

/// `[rtmp]`
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct RtmpConfig {
    /// Address and port.
    pub listen: SocketAddr,
    /// The address that operators are told, when it isn't the one of the console.
    pub advertise: Option<String>,
}

/// `[data]`
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct DataConfig {
    /// The folder.
    pub dir: PathBuf,
}

/// `[admin]`
#[derive(Clone, Default, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct AdminConfig {
    /// The administrators' token, in place of the one made at the first start.
    pub token: Option<String>,
}

impl fmt::Debug for AdminConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AdminConfig").field("token", &self.token.as_ref().map(|_| "(secret)")).finish()
    }
}

/// `[log]`
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct LogConfig {
    /// Text or JSON.
    pub format: LogFormat,
    /// Least severe level that is written, or a filter such as `info,hawker_server::media=debug`.
    pub level: String,
}

/// How a log line looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// For collectors.
    Json,
}

impl HttpConfig {
    /// May any page embed us?
    #[must_use]
    pub fn any_origin(&self) -> bool {
        self.origins.iter().any(|origin| origin == "*")
    }

    /// May a page of `origin` open a socket to us that was reached as `host`? Our own pages always may.
    #[must_use]
    pub fn origin_allowed(&self, origin: &str, host: &str) -> bool {
        let own = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://")) == Some(host);
        own || self.any_origin() || self.origins.iter().any(|allowed| allowed == origin)
    }
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            origins: vec!["*".to_owned()],
            trusted_proxies: Vec::new(),
            tls_cert: None,
            tls_key: None,
            api_rate: 200,
        }
    }
}

impl Default for RtmpConfig {
    fn default() -> Self {
        Self { listen: SocketAddr::from(([127, 0, 0, 1], 1935)), advertise: None }
    }
}

impl Default for DataConfig {
    fn default() -> Self {
        Self { dir: PathBuf::from("data") }
    }
}

impl Default for LogConfig {
    fn default() -> Self {
        Self { format: LogFormat::Text, level: "info".to_owned() }
    }
}

/// What a section finds wrong with its own values, beyond their types.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The key within the section.
    pub key: &'static str,
    /// What is wrong and what to write instead.
    pub message: String,
}

impl Fault {
    /// A fault of `key`.
    #[must_use]
    pub fn new(key: &'static str, message: impl Into<String>) -> Self {
        Self { key, message: message.into() }
    }
}

/// A section that checks its own values.
pub trait Check {
    /// The first fault, if any.
    ///
    /// # Errors
    /// A value that can't work, with what to write instead.
    fn check(&self) -> Result<(), Fault>;
}

impl Check for HttpConfig {
    fn check(&self) -> Result<(), Fault> {
        for origin in &self.origins {
            let host = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
            let plain = host
                .is_some_and(|host| !host.is_empty() && !host.contains(['/', '*', ' ']) && origin.is_ascii());
            if origin != "*" && !plain {
                let message = format!("{origin:?} is not an origin: scheme, name and port, without a path");
                return Err(Fault::new("origins", message));
            }
        }
        match (&self.tls_cert, &self.tls_key) {
            (Some(_), None) => Err(Fault::new("tls_key", "is needed as well when tls_cert is set")),
            (None, Some(_)) => Err(Fault::new("tls_cert", "is needed as well when tls_key is set")),
            _ if self.api_rate == 0 => {
                Err(Fault::new("api_rate", "must be 1 or more: 0 would refuse every call"))
            }
            _ => Ok(()),
        }
    }
}

impl Check for RtmpConfig {
    fn check(&self) -> Result<(), Fault> {
        match &self.advertise {
            Some(address) if address.is_empty() || address.contains(['/', ' ', '?']) => {
                Err(Fault::new("advertise", "is a host name, with a port if it isn't 1935, and nothing else"))
            }
            _ => Ok(()),
        }
    }
}

impl Check for DataConfig {
    fn check(&self) -> Result<(), Fault> {
        if self.dir.as_os_str().is_empty() {
            return Err(Fault::new("dir", "must name a folder"));
        }
        Ok(())
    }
}

impl Check for AdminConfig {
    fn check(&self) -> Result<(), Fault> {
        if self
            .token
            .as_ref()
            .is_some_and(|token| token.len() < 16 || !token.bytes().all(|b| b.is_ascii_graphic()))
        {
            return Err(Fault::new("token", "must have 16 characters or more, without spaces"));
        }
        Ok(())
    }
}

impl Check for LogConfig {
    fn check(&self) -> Result<(), Fault> {
        match self.level.parse::<tracing_subscriber::filter::EnvFilter>() {
            Ok(_) if !self.level.is_empty() => Ok(()),
            _ => Err(Fault::new("level", "must be error, warn, info, debug, trace or a filter")),
        }
    }
}
