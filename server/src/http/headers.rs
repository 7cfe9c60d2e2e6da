//! Whose address a request counts for, behind proxies or not.

use std::net::IpAddr;

use axum::http::HeaderMap;

use super::conn::Peer;
use crate::ops::config::HttpConfig;

/// The address that rate limits count: the socket's, or what `X-Forwarded-For` says when the socket is a proxy that the
/// configuration trusts. Read from the right, so that what a client puts there itself is never reached.
#[must_use]
pub fn client_ip(config: &HttpConfig, peer: &Peer, headers: &HeaderMap) -> IpAddr {
    let trusted = |ip: IpAddr| config.trusted_proxies.iter().any(|net| net.contains(&ip));
    let mut ip = peer.addr.ip().to_canonical();
    if !trusted(ip) {
        return ip;
    }
    let forwarded = headers.get_all("x-forwarded-for");
    let hops = forwarded.iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
    for hop in hops.collect::<Vec<_>>().into_iter().rev() {
        let Ok(parsed) = hop.trim().parse::<IpAddr>() else { return ip };
        ip = parsed.to_canonical();
        if !trusted(ip) {
            return ip;
        }
    }
    ip
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn forwarded_addresses_count_only_from_trusted_proxies() {
        let config =
            HttpConfig { trusted_proxies: vec!["10.0.0.0/8".parse().unwrap()], ..HttpConfig::default() };
        let check = |peer: &str, forwarded: &[&str], expected: &str| {
            let mut headers = HeaderMap::new();
            for value in forwarded {
                headers.append("x-forwarded-for", HeaderValue::from_str(value).unwrap());
            }
            let peer = Peer::detached((peer.parse::<IpAddr>().unwrap(), 1).into());
            assert_eq!(client_ip(&config, &peer, &headers).to_string(), expected, "{forwarded:?}");
        };
        check("198.51.100.7", &[], "198.51.100.7");
        // A stranger's own header changes nothing.
        check("198.51.100.7", &["203.0.113.1"], "198.51.100.7");
        check("10.0.0.1", &["203.0.113.1"], "203.0.113.1");
        // Two proxies; the client forged the first entry.
        check("10.0.0.1", &["1.1.1.1, 203.0.113.1, 10.0.0.2"], "203.0.113.1");
        check("10.0.0.1", &["1.1.1.1", "203.0.113.1, 10.0.0.2"], "203.0.113.1");
        check("10.0.0.1", &["nonsense"], "10.0.0.1");
        check("::ffff:10.0.0.1", &["203.0.113.1"], "203.0.113.1");
    }
}
