//! Certificates for QUIC: the configured one, or short-lived ones of our own whose hashes pages are told
//! (`serverCertificateHashes` of the W3C's WebTransport: ECDSA with P-256, valid for 14 days at most). No listener.

use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use anyhow::{Context as _, Result};
use hawker_wire::Wall;
use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use sha2::{Digest as _, Sha256};
use time::OffsetDateTime;

use web_transport_quinn::quinn::crypto::rustls::QuicServerConfig;
use web_transport_quinn::quinn::{IdleTimeout, ServerConfig, TransportConfig, VarInt};

use super::congestion::Live;
use super::limits;

/// A certificate of our own.
struct Made {
    config: ServerConfig,
    hash: [u8; 32],
}

/// The certificate in use and the one after it.
pub(super) struct Rotation {
    current: Made,
    next: Made,
}

impl Rotation {
    /// Two new ones.
    pub(super) fn new(now: Wall) -> Result<Self> {
        Ok(Self { current: make(now)?, next: make(now)? })
    }

    /// What new connections use.
    pub(super) fn config(&self) -> ServerConfig {
        self.current.config.clone()
    }

    /// SHA-256 of the certificates that a page may meet.
    pub(super) fn hashes(&self) -> Vec<[u8; 32]> {
        vec![self.current.hash, self.next.hash]
    }

    /// The next one's turn.
    pub(super) fn turn(&mut self, now: Wall) -> Result<()> {
        self.current = std::mem::replace(&mut self.next, make(now)?);
        Ok(())
    }
}

fn make(now: Wall) -> Result<Made> {
    let pair = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
    let mut params = CertificateParams::new(vec!["hawker.invalid".to_owned()])?;
    let begin =
        OffsetDateTime::from(UNIX_EPOCH + Duration::from_millis(now.as_ms())) - limits::CERTIFICATE_BEFORE;
    params.not_before = begin;
    params.not_after = begin + limits::CERTIFICATE;
    let certificate = params.self_signed(&pair)?;
    let hash = Sha256::digest(certificate.der()).into();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(pair.serialize_der()));
    Ok(Made { config: config(vec![certificate.der().clone()], key)?, hash })
}

/// What a listener needs to speak with this certificate.
///
/// # Errors
/// The key is not the certificate's.
pub(super) fn config(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Result<ServerConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut tls = rustls::ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .context("[http] tls_cert and tls_key don't belong together")?;
    tls.alpn_protocols = vec![web_transport_quinn::ALPN.as_bytes().to_vec()];
    let mut config = ServerConfig::with_crypto(Arc::new(QuicServerConfig::try_from(tls)?));
    config.transport_config(Arc::new(transport()?)).max_incoming(limits::INCOMING);
    Ok(config)
}

fn transport() -> Result<TransportConfig> {
    let mut transport = TransportConfig::default();
    transport
        .max_concurrent_bidi_streams(limits::STREAMS.into())
        .max_concurrent_uni_streams(limits::ONE_WAY_STREAMS.into())
        .send_window(limits::SEND_WINDOW)
        .stream_receive_window(limits::STREAM_WINDOW.into())
        .receive_window(limits::SESSION_WINDOW.into())
        .datagram_receive_buffer_size(Some(limits::DATAGRAMS))
        .max_idle_timeout(Some(IdleTimeout::from(VarInt::try_from(
            u64::try_from(limits::IDLE.as_millis()).unwrap_or(u64::MAX),
        )?)))
        .keep_alive_interval(Some(limits::KEEP_ALIVE))
        // Random loss is what this door is for: a sender that takes each lost packet for congestion is of no use on it, nor is one
        // that fills the queues of a link which has become slow.
        .congestion_controller_factory(Arc::new(Live));
    Ok(transport)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_that_was_told_before_a_change_gets_in_after_it() {
        let mut rotation = Rotation::new(Wall(0)).unwrap();
        for turn in 1..4 {
            let told = rotation.hashes();
            rotation.turn(Wall(turn * 6 * 86_400_000)).unwrap();
            assert_eq!(told.get(1), rotation.hashes().first());
            assert!(!rotation.hashes().contains(&told[0]));
        }
    }

    #[test]
    fn a_certificate_outlives_its_use_and_browsers_take_it() {
        let used_until = limits::ROTATE_EVERY * 2;
        assert!(used_until + limits::CERTIFICATE_BEFORE < limits::CERTIFICATE);
        assert!(limits::CERTIFICATE.as_secs() <= 14 * 86_400);
    }
}
