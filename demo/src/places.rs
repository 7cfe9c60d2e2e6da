//! Where things are: the ports that are free, the addresses that a person can type.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};

use anyhow::{Result, bail};
use tokio::net::TcpListener;

/// Binds an address, or says what is wrong and which option changes it.
///
/// # Errors
/// The address is in use or not one of this machine.
pub async fn bind(address: SocketAddr, what: &str, option: &str) -> Result<TcpListener> {
    match TcpListener::bind(address).await {
        Ok(listener) => Ok(listener),
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => {
            bail!(
                "{address} ({what}) is in use by another program: stop it, or choose another address with {option}"
            )
        }
        Err(error) => {
            bail!("can't listen on {address} ({what}): {error}; choose another address with {option}")
        }
    }
}

/// The shop's address: the port after the server's. The same machine, another origin.
///
/// # Errors
/// There is no port after the last.
pub fn shop_address(http: SocketAddr) -> Result<SocketAddr> {
    match http.port() {
        0 => Ok(http),
        port => match port.checked_add(1) {
            Some(next) => Ok(SocketAddr::new(http.ip(), next)),
            None => bail!("--http needs a port below 65535: the shop listens on the next one"),
        },
    }
}

/// The address under which this machine reaches a server that listens on `ip`.
pub fn local(ip: IpAddr) -> IpAddr {
    if ip.is_unspecified() { IpAddr::V4(Ipv4Addr::LOCALHOST) } else { ip }
}

/// The machine's address in its network, as others see it; none without a network.
pub fn lan() -> Option<IpAddr> {
    // Connecting a UDP socket sends nothing: the system only chooses the interface it would leave by.
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    socket.connect((Ipv4Addr::new(192, 0, 2, 1), 9)).ok()?;
    let ip = socket.local_addr().ok()?.ip();
    (!ip.is_loopback() && !ip.is_unspecified()).then_some(ip)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shop_is_another_origin_of_the_same_machine() {
        let next = shop_address(SocketAddr::from(([0, 0, 0, 0], 8080))).expect("there is a next port");
        assert_eq!(next.to_string(), "0.0.0.0:8081");
        assert!(shop_address(SocketAddr::from(([0, 0, 0, 0], 65535))).is_err());
    }

    #[tokio::test]
    async fn a_port_in_use_is_told_with_the_option_that_changes_it() {
        let first =
            bind(SocketAddr::from(([127, 0, 0, 1], 0)), "pages", "--http").await.expect("a free port");
        let error =
            bind(first.local_addr().expect("an address"), "pages", "--http").await.expect_err("it is taken");
        assert!(error.to_string().contains("in use") && error.to_string().contains("--http"), "{error}");
    }
}
