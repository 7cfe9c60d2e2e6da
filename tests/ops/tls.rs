//! TLS with HTTP/2, spoken by another implementation's client half.

use std::sync::Arc;

use hawker_tests::server;
use http_body_util::{BodyExt as _, Empty};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

fn connector(certificate: &rcgen::Certificate, protocols: &[&[u8]]) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots.add(certificate.der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let mut config = builder.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
    TlsConnector::from(Arc::new(config))
}

#[tokio::test]
async fn a_certificate_brings_tls_and_http_2() {
    let identity = server::Identity::of("localhost");
    let server = server::start_with(|config| identity.configure(config)).await;
    let connect = async |protocols: &[&[u8]]| {
        let stream = TcpStream::connect(server.running.http).await.unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        connector(&identity.certificate, protocols).connect(name, stream).await.unwrap()
    };

    let tls = connect(&[b"h2", b"http/1.1"]).await;
    assert_eq!(tls.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(tls)).await.unwrap();
    tokio::spawn(connection);
    let request =
        hyper::Request::get("https://localhost/healthz").body(Empty::<hyper::body::Bytes>::new()).unwrap();
    let answer = sender.send_request(request).await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.version()), (200, hyper::Version::HTTP_2));
    assert_eq!(answer.into_body().collect().await.unwrap().to_bytes(), "ok\n");

    let tls = connect(&[b"http/1.1"]).await;
    assert_eq!(tls.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
    // Plain HTTP on the TLS port is no way in.
    assert!(server::client().get(format!("{}/healthz", server.url)).send().await.is_err());
}

#[tokio::test]
async fn a_certificate_that_is_none_is_named_with_its_key() {
    let files = tempfile::tempdir().unwrap();
    let wrong = files.path().join("wrong.pem");
    std::fs::write(&wrong, "not a certificate").unwrap();
    let mut config = hawker_server::ops::config::Config::default();
    config.http.listen.set_port(0);
    config.rtmp.listen.set_port(0);
    config.data.dir = files.path().join("data");
    config.http.tls_cert = Some(wrong.clone());
    config.http.tls_key = Some(wrong);
    let Err(error) = hawker_server::start(config).await else { panic!("it must be refused") };
    let error = format!("{error:#}");
    assert!(error.contains("[http] tls_cert") && error.contains("wrong.pem"), "{error}");
    assert!(!files.path().join("data").exists(), "nothing was begun");
}
