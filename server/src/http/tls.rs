//! TLS for the HTTP port: certificate and key from files, HTTP/2 by ALPN. Only rustls, with ring.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

use super::limits;
use crate::ops::config::HttpConfig;

/// The acceptor that the configuration asks for; `None`: plain HTTP.
///
/// # Errors
/// A file that can't be read or doesn't hold what it should, named with its key.
pub fn acceptor(config: &HttpConfig) -> Result<Option<TlsAcceptor>> {
    let Some((chain, key)) = identity(config)? else { return Ok(None) };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut tls = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .context("[http] tls_cert and tls_key don't belong together")?;
    tls.max_fragment_size = Some(limits::TLS_RECORD_BYTES);
    tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Some(TlsAcceptor::from(Arc::new(tls))))
}

/// The configured chain and its key, for whoever speaks TLS; `None`: not configured.
///
/// # Errors
/// A file that can't be read or doesn't hold what it should, named with its key.
pub fn identity(
    config: &HttpConfig,
) -> Result<Option<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)>> {
    let (Some(cert), Some(key)) = (&config.tls_cert, &config.tls_key) else { return Ok(None) };
    let chain = certificates(cert).with_context(|| format!("[http] tls_cert: {}", cert.display()))?;
    let key =
        PrivateKeyDer::from_pem_file(key).with_context(|| format!("[http] tls_key: {}", key.display()))?;
    Ok(Some((chain, key)))
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>> {
    let chain = CertificateDer::pem_file_iter(path)?.collect::<Result<Vec<_>, _>>()?;
    anyhow::ensure!(!chain.is_empty(), "no certificate in it: a PEM file with the whole chain is needed");
    Ok(chain)
}
