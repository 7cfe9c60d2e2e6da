//! RTMP from both ends without a server around it: a listener that keeps what an encoder sends, and an encoder that a test
//! drives tag by tag.
//!
//! Not ffmpeg (that is `ffmpeg.rs`) and not the demo's camera.

use std::net::SocketAddr;
use std::time::Duration;

use hawker_server_core::media::flv::file::{self, Tag};
use hawker_server_core::media::frame::Event;
use hawker_server_core::media::rtmp::client::{self, Client, Target};
use hawker_server_core::media::rtmp::server::{self, Server};
use hawker_wire::{Instant, Machine as _};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A listener that takes one encoder, whatever its key.
pub struct Listener {
    /// Where it listens.
    pub address: SocketAddr,
    taken: JoinHandle<Vec<Event>>,
}

/// Listens on a free port.
pub async fn listen() -> Listener {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let taken = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.expect("an encoder");
        take(stream).await
    });
    Listener { address, taken }
}

impl Listener {
    /// Waits until the encoder has gone, and gives what it sent.
    pub async fn events(self, limit: Duration) -> Vec<Event> {
        tokio::time::timeout(limit, self.taken).await.expect("the encoder ends in time").expect("no panic")
    }
}

async fn take(mut stream: TcpStream) -> Vec<Event> {
    let began = tokio::time::Instant::now();
    let now = || Instant(began.elapsed().as_micros() as u64);
    let mut server = Server::new(now(), 1);
    let mut events = Vec::new();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        while let Some(output) = server.poll() {
            match output {
                server::Output::Send(bytes) => {
                    // An encoder that has all it wanted does not wait for the last answer.
                    let _ = stream.write_all(&bytes).await;
                }
                server::Output::Publish(_) => server.handle(now(), server::Input::Accept),
                server::Output::Media(_, event) => events.push(event),
                server::Output::Unpublish => {}
                server::Output::Close(why) => panic!("the encoder was sent away: {why}"),
            }
        }
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => return events,
            Ok(count) => {
                let bytes = buffer.get(..count).unwrap_or_default().to_vec();
                server.handle(now(), server::Input::Bytes(bytes.into()));
            }
        }
    }
}

/// An encoder that publishes what a test hands it.
pub struct Encoder {
    stream: TcpStream,
    client: Client,
    began: tokio::time::Instant,
}

/// Connects and publishes to `stream`, such as `demo?key=KEY`; the answer of the server if it refuses.
///
/// # Errors
/// Why the server does not let it publish.
pub async fn publish(address: SocketAddr, stream: &str) -> Result<Encoder, client::Close> {
    let began = tokio::time::Instant::now();
    let target = Target { host: address.to_string(), app: "live".into(), stream: stream.into() };
    let client = Client::new(Instant::ZERO, 7, target);
    let stream = TcpStream::connect(address).await.expect("the server listens");
    stream.set_nodelay(true).expect("a socket can be told");
    let mut encoder = Encoder { stream, client, began };
    encoder.client.tick(Instant::ZERO);
    loop {
        while let Some(output) = encoder.client.poll() {
            match output {
                client::Output::Send(bytes) => {
                    encoder.stream.write_all(&bytes).await.expect("the server reads")
                }
                client::Output::Ready => return Ok(encoder),
                client::Output::Close(why) => return Err(why),
            }
        }
        encoder.read().await.expect("an answer before the end");
    }
}

impl Encoder {
    fn now(&self) -> Instant {
        Instant(self.began.elapsed().as_micros() as u64)
    }

    /// Reads once. `None`: the server has closed the connection.
    async fn read(&mut self) -> Option<()> {
        let mut buffer = vec![0; 4_096];
        let count = self.stream.read(&mut buffer).await.ok().filter(|&count| count > 0)?;
        buffer.truncate(count);
        self.client.handle(self.now(), client::Input::Bytes(buffer.into()));
        Some(())
    }

    /// Sends a tag.
    pub async fn send(&mut self, tag: Tag) {
        self.client.handle(self.now(), client::Input::Tag(tag));
        while let Some(output) = self.client.poll() {
            if let client::Output::Send(bytes) = output {
                self.stream.write_all(&bytes).await.expect("the server reads");
            }
        }
    }

    /// Waits for the server to end the connection, and gives the reason if it said one.
    pub async fn ended(mut self) -> Option<client::Close> {
        loop {
            while let Some(output) = self.client.poll() {
                if let client::Output::Close(why) = output {
                    return Some(why);
                }
            }
            self.read().await?;
        }
    }
}

/// The tags of one of the demo's sample clips: `240p`, `360p` or `540p`, 8 s each.
pub fn sample(rendition: &str) -> Vec<Tag> {
    let path = crate::root().join(format!("demo/sample/{rendition}.flv"));
    let data = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    file::tags(data.into()).expect("an FLV file").collect::<Result<_, _>>().expect("a whole file")
}
