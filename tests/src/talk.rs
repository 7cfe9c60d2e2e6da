//! A viewer without a page: the room's socket as any client of `www/docs/protocol.md` would write it. Waits are bounded, so
//! that what never comes fails a test instead of hanging it.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use hawker_wire::proto::client_frame::Kind as Ask;
use hawker_wire::proto::server_frame::Kind as Told;
use hawker_wire::proto::{
    ClientFrame, Event, Goodbye, Hello, Position, Say, SayReply, ServerFrame, Welcome, event,
};
use prost::Message as _;
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message};

/// Longest wait for anything: far beyond what a loaded machine needs.
const PATIENCE: Duration = Duration::from_secs(20);

/// How to connect.
#[derive(Clone, Debug)]
pub struct Dial {
    /// The server.
    pub server: SocketAddr,
    /// The room.
    pub room: String,
    /// Source address; all of 127.0.0.0/8 is this machine.
    pub from: Option<IpAddr>,
    /// Receive buffer of the socket, for readers that are to be slow.
    pub receive_buffer: Option<u32>,
    /// Headers of the request.
    pub headers: Vec<(&'static str, String)>,
    /// The subprotocol asked for.
    pub protocol: &'static str,
}

/// An open socket, before Hello.
pub struct Line {
    socket: WebSocketStream<TcpStream>,
}

/// What came, or how it ended.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "one at a time, and gone at once")]
pub enum Heard {
    /// A frame.
    Frame(Told),
    /// The close frame's code; `None` when the connection just ended.
    Closed(Option<u16>),
}

/// A viewer in the room.
pub struct Talker {
    line: Line,
    /// What the server said at the door.
    pub welcome: Welcome,
    /// All events heard since, in order.
    pub events: Vec<Event>,
    /// Where to resume.
    pub position: Position,
    /// Messages left out by flood, as told.
    pub omitted: u64,
    /// Messages lost by slow reading, as told.
    pub skipped: u64,
    requests: u64,
}

impl Dial {
    /// The usual way in.
    pub fn new(server: SocketAddr, room: &str) -> Self {
        let headers = Vec::new();
        Self {
            server,
            room: room.to_owned(),
            from: None,
            receive_buffer: None,
            headers,
            protocol: "hawker.v1",
        }
    }

    /// Opens the socket.
    ///
    /// # Errors
    /// The HTTP status when the server refused, or 0 when it could not be reached.
    pub async fn open(&self) -> Result<Line, u16> {
        let tcp = TcpSocket::new_v4().map_err(|_| 0_u16)?;
        if let Some(bytes) = self.receive_buffer {
            tcp.set_recv_buffer_size(bytes).map_err(|_| 0_u16)?;
        }
        if let Some(from) = self.from {
            tcp.bind(SocketAddr::new(from, 0)).map_err(|_| 0_u16)?;
        }
        let stream = tcp.connect(self.server).await.map_err(|_| 0_u16)?;
        let url = format!("ws://{}/live/{}/socket", self.server, self.room);
        let mut request = url.into_client_request().map_err(|_| 0_u16)?;
        let header = |value: &str| HeaderValue::from_str(value).map_err(|_| 0_u16);
        if !self.protocol.is_empty() {
            request.headers_mut().insert("sec-websocket-protocol", header(self.protocol)?);
        }
        for (name, value) in &self.headers {
            request.headers_mut().insert(*name, header(value)?);
        }
        let config = WebSocketConfig::default().read_buffer_size(4_096).write_buffer_size(0);
        match tokio_tungstenite::client_async_with_config(request, stream, Some(config)).await {
            Ok((socket, _)) => Ok(Line { socket }),
            Err(Error::Http(answer)) => Err(answer.status().as_u16()),
            Err(_) => Err(0),
        }
    }

    /// Comes in with this Hello.
    ///
    /// # Errors
    /// The goodbye, when the server does not let us in.
    pub async fn enter(&self, hello: Hello) -> Result<Talker, Goodbye> {
        let mut line = self.open().await.unwrap_or_else(|status| panic!("no socket: HTTP {status}"));
        line.send(Ask::Hello(Hello { version: 1, ..hello })).await;
        match line.hear().await {
            Heard::Frame(Told::Welcome(welcome)) => Ok(Talker::new(line, welcome)),
            Heard::Frame(Told::Goodbye(goodbye)) => Err(goodbye),
            other => panic!("neither in nor out: {other:?}"),
        }
    }

    /// Comes in as a guest of this name.
    pub async fn guest(&self, name: &str) -> Talker {
        let hello = Hello { name: name.to_owned(), ..Hello::default() };
        self.enter(hello).await.unwrap_or_else(|goodbye| panic!("not let in: {goodbye:?}"))
    }
}

impl Line {
    /// Sends a frame. A server that has hung up is found out by hearing.
    pub async fn send(&mut self, kind: Ask) {
        self.send_raw(Message::Binary(ClientFrame { kind: Some(kind) }.encode_to_vec().into())).await;
    }

    /// Sends anything.
    pub async fn send_raw(&mut self, message: Message) {
        let _ = self.socket.send(message).await;
    }

    /// The next frame, or the end.
    pub async fn hear(&mut self) -> Heard {
        let heard = tokio::time::timeout(PATIENCE, self.hear_whenever()).await;
        heard.unwrap_or_else(|_| panic!("nothing heard for {PATIENCE:?}"))
    }

    /// The next frame, or the end, however long it takes.
    pub async fn hear_whenever(&mut self) -> Heard {
        loop {
            match self.socket.next().await {
                Some(Ok(Message::Binary(bytes))) => {
                    let frame = ServerFrame::decode(bytes).expect("the server sends ServerFrames");
                    if let Some(kind) = frame.kind {
                        return Heard::Frame(kind);
                    }
                }
                Some(Ok(Message::Close(frame))) => {
                    return Heard::Closed(frame.map(|frame| frame.code.into()));
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Heard::Closed(None),
            }
        }
    }

    /// The close code, and the goodbye before it.
    pub async fn end(&mut self) -> (Option<Goodbye>, Option<u16>) {
        let mut goodbye = None;
        loop {
            match self.hear().await {
                Heard::Frame(Told::Goodbye(told)) => goodbye = Some(told),
                Heard::Frame(_) => {}
                Heard::Closed(code) => return (goodbye, code),
            }
        }
    }
}

impl Talker {
    fn new(line: Line, welcome: Welcome) -> Self {
        let position = welcome.position.clone().expect("a welcome has a position");
        Self { line, welcome, events: Vec::new(), position, omitted: 0, skipped: 0, requests: 0 }
    }

    /// Sends a frame.
    pub async fn send(&mut self, kind: Ask) {
        self.line.send(kind).await;
    }

    /// The socket below.
    pub fn line(&mut self) -> &mut Line {
        &mut self.line
    }

    /// The next frame; what batches bring is noted as well.
    pub async fn hear(&mut self) -> Heard {
        let heard = self.line.hear().await;
        self.note(&heard);
        heard
    }

    /// As [`Self::hear`], however long it takes.
    pub async fn hear_whenever(&mut self) -> Heard {
        let heard = self.line.hear_whenever().await;
        self.note(&heard);
        heard
    }

    fn note(&mut self, heard: &Heard) {
        let Heard::Frame(Told::Batch(batch)) = heard else { return };
        self.events.extend(batch.events.iter().cloned());
        self.position.offset = self.position.offset.max(batch.offset);
        self.omitted += u64::from(batch.omitted);
        self.skipped += u64::from(batch.skipped);
    }

    /// Hears until `done` finds what it wants in a frame.
    pub async fn until<T>(&mut self, mut done: impl FnMut(&Told) -> Option<T>) -> T {
        loop {
            match self.hear().await {
                Heard::Frame(kind) => {
                    if let Some(found) = done(&kind) {
                        return found;
                    }
                }
                Heard::Closed(code) => panic!("closed with {code:?} while waiting"),
            }
        }
    }

    /// Hears until an event for which `wanted` is true has come, perhaps earlier.
    pub async fn until_event(&mut self, wanted: impl Fn(&event::Kind) -> bool) -> event::Kind {
        loop {
            let kinds = self.events.iter().filter_map(|event| event.kind.as_ref());
            if let Some(found) = kinds.into_iter().find(|kind| wanted(kind)) {
                return found.clone();
            }
            if let Heard::Closed(code) = self.hear().await {
                panic!("closed with {code:?} while waiting");
            }
        }
    }

    /// Says something and waits for the answer.
    pub async fn say(&mut self, text: &str) -> SayReply {
        self.requests += 1;
        let request = self.requests;
        self.send(Ask::Say(Say { request, text: text.to_owned() })).await;
        self.until(|kind| match kind {
            Told::SayReply(reply) if reply.request == request => Some(reply.clone()),
            _ => None,
        })
        .await
    }

    /// Texts of the messages heard since the welcome.
    pub fn texts(&self) -> Vec<String> {
        texts(&self.events)
    }
}

/// Texts of the messages among events.
pub fn texts(events: &[Event]) -> Vec<String> {
    let text = |event: &Event| match &event.kind {
        Some(event::Kind::Message(message)) => Some(message.text.clone()),
        _ => None,
    };
    events.iter().filter_map(text).collect()
}
