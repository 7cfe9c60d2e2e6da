//! A page without a browser, over WebTransport: opens a session as `www/docs/protocol.md` says and asks for objects and the room.
//! Waits are bounded, so that what never comes fails a test instead of hanging it.

use std::collections::BTreeMap;
use std::time::Duration;

use hawker_server_core::udp::frames;
use hawker_wire::proto::client_frame::Kind as Ask;
use hawker_wire::proto::server_frame::Kind as Told;
use hawker_wire::proto::{ClientFrame, Hello, ServerFrame};
use prost::Message as _;
use reqwest::Url;
use web_transport_quinn::proto::ConnectRequest;
use web_transport_quinn::{ClientBuilder, ClientError, ConnectError, RecvStream, SendStream, Session};

use crate::server::Server;

/// Longest wait for anything: far beyond what a loaded machine needs.
const PATIENCE: Duration = Duration::from_secs(20);

/// An open session.
pub struct Page {
    /// The session below.
    pub session: Session,
}

/// An answer on a stream of its own, read up to its head.
pub struct Answer {
    /// As over HTTP.
    pub status: u16,
    /// As over HTTP, of those that go along.
    pub headers: BTreeMap<String, String>,
    body: Vec<u8>,
    recv: RecvStream,
    // Dropping it would end our half, which says nothing; kept so that nothing is said.
    _send: SendStream,
}

/// The room's stream.
pub struct Room {
    send: SendStream,
    recv: RecvStream,
    gathered: Vec<u8>,
}

/// The room of a session that is asked for, and in whose name.
pub async fn open_from(server: &Server, room: &str, origin: Option<&str>) -> Result<Page, u16> {
    let door = server.running.app.udp.clone().expect("the server has a UDP port");
    let hashes = door.hashes().iter().map(|hash| hash.to_vec()).collect();
    let client = ClientBuilder::new().with_server_certificate_hashes(hashes).expect("a client can be made");
    let url = format!("https://127.0.0.1:{}/live/{room}/udp", door.addr.port());
    let mut request = ConnectRequest::new(Url::parse(&url).expect("a URL"));
    if let Some(origin) = origin {
        let value = origin.parse().expect("a header's value");
        request = request.with_header(web_transport_quinn::http::header::ORIGIN, value);
    }
    match within(client.connect(request)).await {
        Ok(session) => Ok(Page { session }),
        Err(ClientError::HttpError(ConnectError::ErrorStatus(status))) => Err(status.as_u16()),
        Err(ClientError::HttpError(ConnectError::ProtoError(error))) => {
            let text = error.to_string();
            let digits = text
                .rsplit(' ')
                .find_map(|word| word.trim_matches(|c: char| !c.is_ascii_digit()).parse().ok());
            Err(digits.unwrap_or(0))
        }
        Err(other) => panic!("no session and no refusal: {other}"),
    }
}

/// A session for a room.
pub async fn open(server: &Server, room: &str) -> Page {
    open_from(server, room, None).await.unwrap_or_else(|status| panic!("no session: {status}"))
}

async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.unwrap_or_else(|_| panic!("nothing for {PATIENCE:?}"))
}

impl Page {
    /// Opens a stream and writes these bytes to it.
    pub async fn stream(&self, first: &[u8]) -> (SendStream, RecvStream) {
        let (mut send, recv) = within(self.session.open_bi()).await.expect("a stream can be opened");
        send.write_all(first).await.expect("a stream can be written to");
        (send, recv)
    }

    /// Asks for `line` and reads the head of the answer.
    pub async fn ask(&self, line: &str) -> Answer {
        self.raw(format!("{line}\n").as_bytes()).await
    }

    /// Sends these bytes as a request and reads the head of the answer.
    pub async fn raw(&self, first: &[u8]) -> Answer {
        let (send, mut recv) = self.stream(first).await;
        let mut body = Vec::new();
        let end = loop {
            if let Some(end) = body.windows(2).position(|pair| pair == b"\n\n") {
                break end;
            }
            let chunk = within(recv.read_chunk(4_096, true)).await.expect("a head").expect("a whole head");
            body.extend_from_slice(&chunk.bytes);
        };
        let rest = body.split_off(end + 2);
        let head = String::from_utf8(body).expect("a head of text");
        let mut lines = head.lines();
        let status = lines.next().and_then(|status| status.parse().ok()).expect("a status");
        let pairs = lines.filter_map(|line| line.split_once(": "));
        let headers = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Answer { status, headers, body: rest, recv, _send: send }
    }

    /// Comes into the room.
    pub async fn enter(&self, name: &str) -> Room {
        let Answer { status, body, recv, _send: send, .. } = self.ask("socket").await;
        assert_eq!(status, 200, "the room's stream is refused");
        let mut room = Room { send, recv, gathered: body };
        room.send(Ask::Hello(Hello { version: 1, name: name.to_owned(), ..Hello::default() })).await;
        match room.hear().await {
            Ok(Told::Welcome(_)) => room,
            other => panic!("not let in: {other:?}"),
        }
    }
}

impl Answer {
    /// The next piece; `None`: the end. `Err`: broken off.
    pub async fn piece(&mut self) -> Result<Option<Vec<u8>>, ()> {
        if !self.body.is_empty() {
            return Ok(Some(std::mem::take(&mut self.body)));
        }
        match within(self.recv.read_chunk(usize::MAX, true)).await {
            Ok(chunk) => Ok(chunk.map(|chunk| chunk.bytes.to_vec())),
            Err(_) => Err(()),
        }
    }

    /// All of the body.
    pub async fn all(mut self) -> Vec<u8> {
        let mut all = Vec::new();
        while let Some(piece) = self.piece().await.expect("a whole body") {
            all.extend_from_slice(&piece);
        }
        all
    }

    /// Has no use for the rest.
    pub fn abandon(mut self) {
        let _ = self.recv.stop(0);
    }
}

impl Room {
    /// Sends a frame.
    pub async fn send(&mut self, kind: Ask) {
        let frame = ClientFrame { kind: Some(kind) }.encode_to_vec();
        self.raw(&frames::head(frame.len())).await;
        self.raw(&frame).await;
    }

    /// Sends anything.
    pub async fn raw(&mut self, bytes: &[u8]) {
        let _ = self.send.write_all(bytes).await;
    }

    /// The next frame; `Err`: the code that the server closed with, 0 without one.
    pub async fn hear(&mut self) -> Result<Told, u16> {
        loop {
            if let Some((head, rest)) = self.gathered.split_first_chunk::<4>() {
                let len = u32::from_be_bytes(*head) as usize;
                if let ([high, low, ..], 0) = (rest, len) {
                    return Err(u16::from_be_bytes([*high, *low]));
                }
                if len > 0 && rest.len() >= len {
                    let left = self.gathered.split_off(4 + len);
                    let frame = std::mem::replace(&mut self.gathered, left).split_off(4);
                    let frame = ServerFrame::decode(&*frame).expect("the server sends ServerFrames");
                    match frame.kind {
                        Some(kind) => return Ok(kind),
                        None => continue,
                    }
                }
            }
            match within(self.recv.read_chunk(4_096, true)).await {
                Ok(Some(chunk)) => self.gathered.extend_from_slice(&chunk.bytes),
                Ok(None) | Err(_) => return Err(0),
            }
        }
    }

    /// Hears until `done` finds what it wants in a frame.
    pub async fn until<T>(&mut self, mut done: impl FnMut(&Told) -> Option<T>) -> T {
        loop {
            match self.hear().await {
                Ok(kind) => {
                    if let Some(found) = done(&kind) {
                        return found;
                    }
                }
                Err(code) => panic!("closed with {code} while waiting"),
            }
        }
    }

    /// The code that the server closes with.
    pub async fn end(&mut self) -> u16 {
        loop {
            if let Err(code) = self.hear().await {
                return code;
            }
        }
    }
}
