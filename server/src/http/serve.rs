//! Accepts connections and gives them to hyper: HTTP/1.1 and HTTP/2, TLS when there is a certificate, small buffers, a
//! drain that ends. Not `axum::serve`, which can bound neither the write buffer nor tell handlers of the connection.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use super::conn::{Conn, Peer};
use super::limits;
use crate::app::App;

/// Serves `router` until the server drains.
pub async fn run(app: App, listener: TcpListener, tls: Option<TlsAcceptor>, router: Router) {
    let room = Arc::new(Semaphore::new(limits::CONNECTIONS));
    let draining = app.life.draining.clone();
    loop {
        let accepted = tokio::select! {
            accepted = accept(&listener, &room) => accepted,
            () = draining.cancelled() => return,
        };
        let Some((stream, addr, permit)) = accepted else { continue };
        let (tls, router, draining) = (tls.clone(), router.clone(), draining.clone());
        app.life.connections.spawn(async move {
            let _permit = permit;
            connection(stream, addr, tls, router, draining).await;
        });
    }
}

async fn accept(
    listener: &TcpListener,
    room: &Arc<Semaphore>,
) -> Option<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let permit = room.clone().acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, addr)) => Some((stream, addr, permit)),
        Err(error) => {
            // Out of descriptors, or the peer left before it was accepted. Either way the listener itself is well.
            tracing::warn!(%error, "accept failed");
            tokio::time::sleep(limits::ACCEPT_BACKOFF).await;
            None
        }
    }
}

async fn connection(
    stream: TcpStream,
    addr: SocketAddr,
    tls: Option<TlsAcceptor>,
    router: Router,
    draining: CancellationToken,
) {
    let Ok((conn, peer)) = Conn::new(stream, addr) else { return };
    let Some(tls) = tls else { return http(conn, peer, router, draining).await };
    // By itself it keeps four times as much.
    let accept = tls.accept_with(conn, |tls| tls.set_buffer_limit(Some(limits::WRITE_BUFFER_BYTES)));
    match tokio::time::timeout(limits::TLS_TIMEOUT, accept).await {
        Ok(Ok(conn)) => http(conn, peer, router, draining).await,
        Ok(Err(error)) => tracing::debug!(%addr, %error, "TLS handshake failed"),
        Err(_) => tracing::debug!(%addr, "TLS handshake took too long"),
    }
}

async fn http<C>(conn: C, peer: Peer, router: Router, draining: CancellationToken)
where
    C: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let addr = peer.addr;
    let service = router.map_request(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(peer.clone());
        request.map(Body::new)
    });
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits::HEAD_TIMEOUT)
        .max_buf_size(limits::WRITE_BUFFER_BYTES);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_send_buf_size(limits::WRITE_BUFFER_BYTES)
        .max_concurrent_streams(limits::H2_STREAMS);
    let serving =
        builder.serve_connection_with_upgrades(TokioIo::new(conn), TowerToHyperService::new(service));
    tokio::pin!(serving);
    let ended = tokio::select! {
        ended = serving.as_mut() => ended,
        () = draining.cancelled() => {
            serving.as_mut().graceful_shutdown();
            serving.await
        }
    };
    if let Err(error) = ended {
        // The other end went away in the middle, which viewers do all the time.
        tracing::debug!(%addr, %error, "connection ended");
    }
}
