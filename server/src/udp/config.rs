//! `[udp]`: whether and where pages find us over UDP. Certificates are those of `[http]`.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use crate::ops::config::{Check, Fault};

/// `[udp]`
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct UdpConfig {
    /// Off: HTTP and WebSocket only.
    pub enabled: bool,
    /// Address and port; `None`: those of HTTP.
    pub listen: Option<SocketAddr>,
    /// Name and port that pages connect to, where it is neither the page's server nor our port.
    pub advertise: Option<String>,
}

impl Default for UdpConfig {
    fn default() -> Self {
        Self { enabled: true, listen: None, advertise: None }
    }
}

impl Check for UdpConfig {
    fn check(&self) -> Result<(), Fault> {
        let plain = |name: &str| {
            name.rsplit_once(':').is_some_and(|(host, port)| {
                // A name or an address: it becomes part of a URL and of a policy.
                let fits = |c: char| c.is_ascii_alphanumeric() || "-._[]:".contains(c);
                !host.is_empty() && host.chars().all(fits) && port.parse::<u16>().is_ok_and(|port| port > 0)
            })
        };
        match &self.advertise {
            Some(name) if !plain(name) => {
                Err(Fault::new("advertise", "is a host name and a port, such as \"live.example.com:443\""))
            }
            _ => Ok(()),
        }
    }
}
