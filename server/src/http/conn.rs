//! One accepted connection: [`Conn`] is what hyper reads and writes, [`Peer`] what handlers may know about it, over TCP or QUIC.
//! No HTTP.

use std::fmt;
use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, ready};

use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use web_transport_quinn::quinn;

use super::limits;

/// A TCP connection that [`Peer`] can look at while hyper owns it.
pub struct Conn(Arc<TcpStream>);

/// The other end of a request's connection, in the request's extensions.
#[derive(Clone, Debug)]
pub struct Peer {
    /// The address of the socket; behind a proxy that is the proxy: see [`crate::http::headers::client_ip`].
    pub addr: SocketAddr,
    via: Via,
}

/// What carries the request.
#[derive(Clone, Debug)]
enum Via {
    Tcp(Weak<TcpStream>),
    Quic(quinn::Connection),
    Nothing,
}

/// What is known of a connection's path: by the kernel (`TCP_INFO`), or by QUIC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Path {
    /// Smoothed round trip, microseconds.
    pub rtt_us: u32,
    /// Delivery rate of the last measured flight, bytes a second; 0 when nothing was measured yet.
    pub delivery_rate: u64,
    /// The last rate sample was limited by what there was to send, not by the path.
    pub app_limited: bool,
}

impl fmt::Display for Path {
    /// As `CMSD-Dynamic` (CTA-5006) tells it: throughput in kb/s, round trip in ms. A rate that was limited by what there was
    /// to send says nothing about the path: left out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kbps = self.delivery_rate / 125;
        if !self.app_limited && kbps > 0 {
            write!(f, "etp={kbps},")?;
        }
        write!(f, "rtt={}", self.rtt_us / 1_000)
    }
}

impl Conn {
    /// Takes over an accepted socket and sets it up for media: no Nagle, little unsent data.
    ///
    /// # Errors
    /// The socket died in the meantime.
    pub fn new(stream: TcpStream, addr: SocketAddr) -> io::Result<(Self, Peer)> {
        stream.set_nodelay(true)?;
        #[cfg(target_os = "linux")]
        SockRef::from(&stream).set_tcp_notsent_lowat(limits::NOTSENT_BYTES)?;
        let stream = Arc::new(stream);
        let peer = Peer { addr, via: Via::Tcp(Arc::downgrade(&stream)) };
        Ok((Self(stream), peer))
    }
}

impl Peer {
    /// The other end of a QUIC connection.
    #[must_use]
    pub fn quic(connection: quinn::Connection) -> Self {
        Self { addr: connection.remote_address(), via: Via::Quic(connection) }
    }

    /// Round trip and delivery rate by the kernel; `None` where it can't tell or the connection is gone.
    #[must_use]
    pub fn path(&self) -> Option<Path> {
        match &self.via {
            Via::Tcp(socket) => tcp_info(&*socket.upgrade()?),
            // It measures no delivery rate.
            Via::Quic(connection) => {
                let rtt_us = u32::try_from(connection.rtt().as_micros()).unwrap_or(u32::MAX);
                Some(Path { rtt_us, delivery_rate: 0, app_limited: true })
            }
            Via::Nothing => None,
        }
    }

    /// A peer without a connection, for requests that didn't come over one (tests).
    #[must_use]
    pub fn detached(addr: SocketAddr) -> Self {
        Self { addr, via: Via::Nothing }
    }
}

#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "getsockopt(TCP_INFO) has no safe wrapper in the crates we use")]
fn tcp_info(stream: &TcpStream) -> Option<Path> {
    use std::os::fd::AsRawFd as _;
    // `libc::tcp_info` ends before the delivery rate, so the fields are read by their offset in <linux/tcp.h>, which is ABI.
    const FLAGS: usize = 7;
    const RTT: usize = 68;
    const DELIVERY_RATE: usize = 160;
    let mut raw = [0_u8; 256];
    let mut len = raw.len() as libc::socklen_t;
    // SAFETY: the descriptor is open for as long as `stream` is borrowed, and the kernel writes at most `len` bytes to `raw`.
    let result = unsafe {
        libc::getsockopt(
            stream.as_raw_fd(),
            libc::IPPROTO_TCP,
            libc::TCP_INFO,
            raw.as_mut_ptr().cast(),
            &raw mut len,
        )
    };
    let known = raw.get(..len as usize).filter(|_| result == 0)?;
    let rtt_us = u32::from_ne_bytes(known.get(RTT..RTT + 4)?.try_into().ok()?);
    let rate =
        known.get(DELIVERY_RATE..DELIVERY_RATE + 8).and_then(|b| b.try_into().ok()).map(u64::from_ne_bytes);
    let app_limited = known.get(FLAGS).is_some_and(|flags| flags & 1 == 1);
    Some(Path { rtt_us, delivery_rate: rate.unwrap_or(0), app_limited })
}

#[cfg(not(target_os = "linux"))]
fn tcp_info(_: &TcpStream) -> Option<Path> {
    None
}

impl AsyncRead for Conn {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        loop {
            ready!(self.0.poll_read_ready(cx))?;
            match self.0.try_read(buf.initialize_unfilled()) {
                Ok(n) => {
                    buf.advance(n);
                    return Poll::Ready(Ok(()));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }
}

impl Conn {
    fn poll_try(
        &self,
        cx: &mut Context<'_>,
        mut write: impl FnMut(&TcpStream) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        loop {
            ready!(self.0.poll_write_ready(cx))?;
            match write(&self.0) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                done => return Poll::Ready(done),
            }
        }
    }
}

impl AsyncWrite for Conn {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_try(cx, |stream| stream.try_write(buf))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.poll_try(cx, |stream| stream.try_write_vectored(bufs))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        match SockRef::from(&*self.0).shutdown(std::net::Shutdown::Write) {
            // The peer was faster: that is what was wanted.
            Err(error) if error.kind() == io::ErrorKind::NotConnected => Poll::Ready(Ok(())),
            done => Poll::Ready(done),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_told_in_the_units_of_cta_5006() {
        let told =
            |rtt_us, delivery_rate, app_limited| Path { rtt_us, delivery_rate, app_limited }.to_string();
        assert_eq!(told(1_999, 1_250_000, false), "etp=10000,rtt=1");
        assert_eq!(
            told(48_000, 1_250_000, true),
            "rtt=48",
            "what there was to send, not what the path carries"
        );
        assert_eq!(told(48_000, 0, false), "rtt=48");
        assert_eq!(told(48_000, 124, false), "rtt=48", "no whole kilobit");
    }
}
