//! A TCP proxy with a rate: all connections share it, and its buffers are small, so that what queues does so where it would on
//! a real link. For figures and browser tests.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::{Mutex, watch};
use tokio::time::Instant;

/// Bytes moved at a time: small, so that connections take turns.
const PIECE: usize = 4 * 1024;
/// Socket buffers towards the server and the page.
const BUFFER: u32 = 16 * 1024;

/// How far the schedule may lag behind the clock: an idle link saves up no more than this.
const SLACK: Duration = Duration::from_millis(4);

/// A running proxy.
pub struct Narrow {
    /// Where it listens.
    pub address: SocketAddr,
    rate: watch::Sender<u64>,
}

/// Starts one before a server, at so many bits a second towards the page.
pub async fn start(server: SocketAddr, bps: u64) -> Narrow {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_send_buffer_size(BUFFER).expect("a small buffer");
    socket.bind(SocketAddr::from(([127, 0, 0, 1], 0))).expect("a free port");
    let listener = socket.listen(64).expect("a listener");
    let address = listener.local_addr().expect("an address");
    let (rate, rates) = watch::channel(bps);
    let link = Arc::new(Mutex::new(Instant::now()));
    tokio::spawn(async move {
        while let Ok((page, _)) = listener.accept().await {
            let (rates, link) = (rates.clone(), link.clone());
            tokio::spawn(async move {
                let socket = TcpSocket::new_v4().expect("a socket");
                socket.set_recv_buffer_size(BUFFER).expect("a small buffer");
                let Ok(server) = socket.connect(server).await else { return };
                relay(page, server, &rates, &link).await;
            });
        }
    });
    Narrow { address, rate }
}

impl Narrow {
    /// From now on so many bits a second.
    pub fn set(&self, bps: u64) {
        self.rate.send_replace(bps);
    }
}

async fn relay(page: TcpStream, server: TcpStream, rates: &watch::Receiver<u64>, link: &Mutex<Instant>) {
    let (_, _) = (page.set_nodelay(true), server.set_nodelay(true));
    let (mut page_in, mut page_out) = page.into_split();
    let (mut server_in, mut server_out) = server.into_split();
    let up = async {
        let _ = tokio::io::copy(&mut page_in, &mut server_out).await;
    };
    let down = async {
        let mut piece = [0; PIECE];
        while let Ok(read @ 1..) = server_in.read(&mut piece).await {
            {
                // Whoever holds the link sends; the others wait in order.
                let mut free = link.lock().await;
                let us = read as u64 * 8_000_000 / (*rates.borrow()).max(1);
                // By a schedule, not by pauses: timers are coarse, and what they oversleep is not lost.
                *free = (*free).max(Instant::now() - SLACK) + Duration::from_micros(us);
                tokio::time::sleep_until(*free).await;
            }
            if page_out.write_all(piece.get(..read).unwrap_or_default()).await.is_err() {
                break;
            }
        }
    };
    // Either side closing ends both: a cancelled request must not go on filling the link.
    tokio::select! { () = up => {}, () = down => {} }
}
