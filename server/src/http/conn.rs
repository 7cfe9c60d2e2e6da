//! One accepted connection: [`Conn`] is what hyper reads and writes, and bounds what it has on the way; [`Peer`] is what handlers may
//! know about it, over TCP or QUIC. No HTTP.

use std::fmt;
use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use hawker_server_core::congestion::flight::{Flight, Told};
use hawker_server_core::congestion::limits::PACKET_TCP;
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep};
use web_transport_quinn::quinn;

use super::limits;

/// A TCP connection that [`Peer`] can look at while hyper owns it.
pub struct Conn {
    stream: Arc<TcpStream>,
    bound: Bound,
}

/// What the connection has on the way, and when it may have more. A kernel's window fills the queues of the path, and what is in
/// there cannot be called back when the viewer's link has become slow.
struct Bound {
    began: Instant,
    flight: Flight,
    looked: Option<Instant>,
    /// Since when nothing may be written and nothing has arrived.
    held: Option<Instant>,
    rtt: Duration,
    wait: Option<Pin<Box<Sleep>>>,
}

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
        let bound = Bound {
            began: Instant::now(),
            flight: Flight::new(0),
            looked: None,
            held: None,
            rtt: Duration::ZERO,
            wait: None,
        };
        Ok((Self { stream, bound }, peer))
    }

    /// Writes what there is room for on the way, once there is some.
    fn poll_some(
        &mut self,
        cx: &mut Context<'_>,
        wanted: usize,
        mut write: impl FnMut(&TcpStream, usize) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        loop {
            let most = ready!(self.bound.poll_room(cx, &self.stream, wanted));
            ready!(self.stream.poll_write_ready(cx))?;
            match write(&self.stream, most) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                done => {
                    if let Ok(written) = done {
                        self.bound.wrote(written, written == most && most < wanted);
                    }
                    return Poll::Ready(done);
                }
            }
        }
    }
}

impl Bound {
    /// Microseconds since the connection began.
    fn us(&self, at: Instant) -> u64 {
        u64::try_from(at.saturating_duration_since(self.began).as_micros()).unwrap_or(u64::MAX)
    }

    /// `all`: as much as there was room for, and there is more to write.
    fn wrote(&mut self, bytes: usize, all: bool) {
        self.flight.wrote(self.us(Instant::now()), bytes as u64);
        if all {
            self.flight.held();
        }
    }

    /// How much of what is wanted may be written now.
    fn poll_room(&mut self, cx: &mut Context<'_>, stream: &TcpStream, wanted: usize) -> Poll<usize> {
        loop {
            if let Some(wait) = &mut self.wait {
                ready!(wait.as_mut().poll(cx));
                self.wait = None;
            }
            let now = Instant::now();
            let just = self.looked.is_some_and(|looked| now - looked < limits::LOOK_AGAIN);
            let enough = self.flight.room() >= wanted as u64;
            if !(enough && (just || !self.flight.wants_to_know())) {
                self.looked = Some(now);
                if !self.learn(now, tcp_info(stream).as_ref()) {
                    return Poll::Ready(wanted);
                }
            }
            let room = usize::try_from(self.flight.room()).unwrap_or(usize::MAX);
            // Less than a packet is not worth one.
            if room >= wanted.min(PACKET_TCP as usize) {
                self.held = None;
                return Poll::Ready(wanted.min(room));
            }
            self.flight.held();
            let since = *self.held.get_or_insert(now);
            let overdue = (now - since).saturating_sub(self.rtt * 2);
            let pause = (overdue / 4).clamp(limits::LOOK_AFTER, limits::LOOK_AFTER_MAX);
            self.wait = Some(Box::pin(sleep(pause)));
        }
    }

    /// Takes what the kernel tells. False: it does not count, nothing was confirmed yet, or the connection is over, and nothing is to
    /// be held back.
    fn learn(&mut self, now: Instant, info: Option<&Info>) -> bool {
        let Some(info) = info.filter(|info| info.open && info.told.confirmed > 0) else { return false };
        if self.flight.told(self.us(now), &info.told) {
            self.held = None;
        }
        self.rtt = Duration::from_micros(info.path.rtt_us.into());
        true
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
            Via::Tcp(socket) => tcp_info(&*socket.upgrade()?).map(|info| info.path),
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

/// What a kernel tells of a connection.
struct Info {
    path: Path,
    /// It is not over.
    open: bool,
    told: Told,
}

#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "getsockopt(TCP_INFO) has no safe wrapper in the crates we use")]
fn tcp_info(stream: &TcpStream) -> Option<Info> {
    use std::os::fd::AsRawFd as _;
    // `libc::tcp_info` ends before the delivery rate, so the fields are read by their offset in <linux/tcp.h>, which is ABI.
    const STATE: usize = 0;
    const FLAGS: usize = 7;
    const SND_MSS: usize = 16;
    const SACKED: usize = 28;
    const LAST_DATA_RECEIVED_MS: usize = 52;
    const LAST_ACK_RECEIVED_MS: usize = 56;
    const RTT: usize = 68;
    const BYTES_ACKED: usize = 120;
    const NOTSENT_BYTES: usize = 144;
    const MIN_RTT: usize = 148;
    const DELIVERY_RATE: usize = 160;
    const ESTABLISHED: u8 = 1;
    const CLOSE_WAIT: u8 = 8;
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
    let short = |at: usize| Some(u32::from_ne_bytes(known.get(at..at + 4)?.try_into().ok()?));
    let long = |at: usize| Some(u64::from_ne_bytes(known.get(at..at + 8)?.try_into().ok()?));
    Some(Info {
        path: Path {
            rtt_us: short(RTT)?,
            delivery_rate: long(DELIVERY_RATE).unwrap_or(0),
            app_limited: known.get(FLAGS).is_some_and(|flags| flags & 1 == 1),
        },
        open: known.get(STATE).is_some_and(|state| [ESTABLISHED, CLOSE_WAIT].contains(state)),
        told: Told {
            confirmed: long(BYTES_ACKED)?,
            beyond: u64::from(short(SACKED)?) * u64::from(short(SND_MSS)?),
            unsent: short(NOTSENT_BYTES)?.into(),
            silent_us: u64::from(short(LAST_ACK_RECEIVED_MS)?) * 1_000,
            mute_us: u64::from(short(LAST_DATA_RECEIVED_MS)?) * 1_000,
            least_rtt_us: short(MIN_RTT).filter(|us| *us < u32::MAX).unwrap_or(0).into(),
        },
    })
}

#[cfg(not(target_os = "linux"))]
fn tcp_info(_: &TcpStream) -> Option<Info> {
    None
}

impl AsyncRead for Conn {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        loop {
            ready!(self.stream.poll_read_ready(cx))?;
            match self.stream.try_read(buf.initialize_unfilled()) {
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

impl AsyncWrite for Conn {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_some(cx, buf.len(), |stream, most| stream.try_write(buf.get(..most).unwrap_or(buf)))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let wanted = bufs.iter().map(|buf| buf.len()).sum();
        self.poll_some(cx, wanted, |stream, most| {
            if most >= wanted {
                return stream.try_write_vectored(bufs);
            }
            let (mut some, mut left) = ([IoSlice::new(&[]); limits::PIECES], most);
            for (piece, buf) in some.iter_mut().zip(bufs.iter().filter(|buf| !buf.is_empty())) {
                *piece = IoSlice::new(buf.get(..left).unwrap_or(buf));
                left -= piece.len();
            }
            stream.try_write_vectored(&some)
        })
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        match SockRef::from(&*self.stream).shutdown(std::net::Shutdown::Write) {
            // The peer was faster: that is what was wanted.
            Err(error) if error.kind() == io::ErrorKind::NotConnected => Poll::Ready(Ok(())),
            done => Poll::Ready(done),
        }
    }
}

#[cfg(test)]
mod tests {
    use hawker_server_core::congestion::limits::WINDOW_TCP;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

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

    async fn pair() -> (Conn, TcpStream) {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (accepted, theirs) = tokio::join!(listener.accept(), TcpStream::connect(address));
        let (ours, peer) = accepted.expect("a connection");
        (Conn::new(ours, peer).expect("a socket that lives").0, theirs.expect("a connection"))
    }

    #[tokio::test]
    async fn all_arrives_in_order_however_it_is_written_and_read() {
        let (mut conn, mut theirs) = pair().await;
        let sent: Vec<u8> = (0..6_000_000_u32).map(|at| (at % 251) as u8).collect();
        let wrote = sent.clone();
        let writer = tokio::spawn(async move {
            let mut at = 0;
            while let Some(rest) = wrote.get(at..).filter(|rest| !rest.is_empty()) {
                // A head, nothing and a body, as hyper writes them, and now and then one piece alone.
                let (head, body) = rest.split_at(rest.len().min(300));
                let bufs = [IoSlice::new(head), IoSlice::new(&[]), IoSlice::new(body)];
                at += if at % 3 == 0 { conn.write_vectored(&bufs).await } else { conn.write(rest).await }
                    .expect("it goes on");
            }
        });
        // A viewer that reads in fits.
        let mut got = Vec::new();
        let mut piece = vec![0; 400_000];
        loop {
            match theirs.read(&mut piece).await.expect("it goes on") {
                0 => break,
                bytes => got.extend_from_slice(&piece[..bytes]),
            }
            tokio::task::yield_now().await;
        }
        writer.await.expect("it wrote all");
        assert!(got == sent, "{} of {} bytes", got.len(), sent.len());
    }

    /// One on whose way a kilobyte was confirmed, and so much more seems to be.
    async fn pair_with(flying: u64) -> (Conn, TcpStream) {
        let (mut conn, mut theirs) = pair().await;
        conn.write_all(&[1; 1_000]).await.expect("a reader");
        theirs.read_exact(&mut [0; 1_000]).await.expect("what was written");
        // A receiver may wait before it confirms.
        while tcp_info(&conn.stream).expect("a kernel that counts").told.confirmed < 1_000 {
            sleep(Duration::from_millis(1)).await;
        }
        conn.bound.flight.wrote(0, flying);
        (conn, theirs)
    }

    #[tokio::test]
    async fn what_there_is_room_for_goes_and_the_rest_waits() {
        let (mut conn, mut theirs) = pair_with(WINDOW_TCP - 3_000).await;
        let (head, body) = ([2; 300], [3; 9_000]);
        let bufs = [IoSlice::new(&[]), IoSlice::new(&head), IoSlice::new(&body)];
        assert_eq!(conn.write_vectored(&bufs).await.expect("room for some"), 3_000);
        let mut got = vec![0; 3_000];
        theirs.read_exact(&mut got).await.expect("what was written");
        assert!(got.iter().eq([2; 300].iter().chain(&[3; 2_700])));

        conn.bound.flight.wrote(0, 3_000);
        assert!(futures_util::poll!(Box::pin(conn.write(&body))).is_pending());
        conn.bound.flight.told(0, &Told { confirmed: u64::MAX, ..Told::default() });
        conn.write_all(&body).await.expect("room again");
        theirs.read_exact(&mut [0; 9_000]).await.expect("the rest");
    }

    #[tokio::test]
    async fn who_waits_to_write_to_nobody_is_told() {
        let (mut conn, theirs) = pair_with(WINDOW_TCP).await;
        let mut held = Box::pin(conn.write_all(&[2; 100_000]));
        assert!(futures_util::poll!(held.as_mut()).is_pending());
        SockRef::from(&theirs).set_linger(Some(Duration::ZERO)).expect("a socket");
        drop(theirs);
        let lost = tokio::time::timeout(Duration::from_secs(20), held).await.expect("an answer, not a wait");
        assert!(lost.is_err());
    }
}
