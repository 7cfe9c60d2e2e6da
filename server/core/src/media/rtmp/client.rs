//! The publishing half of a connection: FLV tags in, bytes out. For the demo's camera and for tests; a pull or relay would
//! use it too.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};
use hawker_wire::{Instant, Machine};

use super::amf0::Value;
use super::chunk::{ChunkError, Reader, Writer};
use super::enhanced;
use super::handshake::{ClientHandshake, HandshakeError, Step};
use super::limits;
use super::message::{Command, Message, control, kind};
use crate::media::flv::Kind;
use crate::media::flv::file::Tag;

/// Where to publish: `rtmp://HOST/APP/STREAM`.
#[derive(Clone, PartialEq, Eq)]
pub struct Target {
    /// Host and port, for the `tcUrl` that the server is told.
    pub host: String,
    /// `live`.
    pub app: String,
    /// `ROOM/RENDITION?key=KEY`: a secret.
    pub stream: String,
}

impl core::fmt::Debug for Target {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let stream = self.stream.split('?').next().unwrap_or_default();
        write!(f, "rtmp://{}/{}/{stream}", self.host, self.app)
    }
}

/// What can happen to a publisher.
#[derive(Clone, Debug)]
pub enum Input {
    /// Bytes came, cut anywhere.
    Bytes(Bytes),
    /// To be published; dropped before [`Output::Ready`].
    Tag(Tag),
    /// To stop: says so, then closes.
    End,
}

/// What the publisher wants done.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// To be sent.
    Send(Bytes),
    /// The server takes tags from now on.
    Ready,
    /// To be closed once all is sent; the last output.
    Close(Close),
}

/// Why a publisher closes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Close {
    /// The server refused: code and description of its status.
    Refused(String, String),
    /// The server does not speak RTMP.
    NotRtmp,
    /// Chunks or commands that cannot be read.
    Unreadable,
    /// The server did not let it publish in time.
    Timeout,
    /// It was told to end.
    Ended,
}

impl core::fmt::Display for Close {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Refused(code, description) => write!(f, "refused: {description} ({code})"),
            Self::NotRtmp => f.write_str("the server does not speak RTMP"),
            Self::Unreadable => f.write_str("the server's answer cannot be read"),
            Self::Timeout => f.write_str("the server did not answer in time"),
            Self::Ended => f.write_str("ended"),
        }
    }
}

impl core::error::Error for Close {}

/// Transactions of our commands: answers are told apart by them.
mod transaction {
    pub(super) const CONNECT: f64 = 1.0;
    pub(super) const RELEASE: f64 = 2.0;
    pub(super) const FC_PUBLISH: f64 = 3.0;
    pub(super) const CREATE: f64 = 4.0;
    pub(super) const PUBLISH: f64 = 5.0;
}

#[derive(Debug)]
enum State {
    Handshake(ClientHandshake),
    Open,
    Publishing,
    Closed,
}

/// See the module text. Sends its first bytes when it is ticked or handled for the first time.
#[derive(Debug)]
pub struct Client {
    target: Target,
    state: State,
    buffer: BytesMut,
    reader: Reader,
    writer: Writer,
    out: VecDeque<Output>,
    /// The message stream that the server gave.
    stream: u32,
    acknowledged: u64,
    started: Instant,
}

impl Client {
    /// A connection that was made now. `seed` fills the random part of the handshake.
    #[must_use]
    pub fn new(now: Instant, seed: u64, target: Target) -> Self {
        Self {
            target,
            state: State::Handshake(ClientHandshake::new(seed)),
            buffer: BytesMut::new(),
            reader: Reader::default(),
            writer: Writer::default(),
            out: VecDeque::new(),
            stream: 0,
            acknowledged: 0,
            started: now,
        }
    }

    fn close(&mut self, why: Close) {
        if !matches!(self.state, State::Closed) {
            self.state = State::Closed;
            self.buffer.clear();
            self.out.push_back(Output::Close(why));
        }
    }

    fn run(&mut self) {
        loop {
            match &mut self.state {
                State::Closed => return,
                State::Handshake(handshake) => match handshake.step(&mut self.buffer) {
                    Ok(Step::Wait) => return,
                    Ok(Step::Send(bytes)) => self.out.push_back(Output::Send(bytes)),
                    Ok(Step::Done) => {
                        self.state = State::Open;
                        self.connect();
                    }
                    Err(HandshakeError::Version(_)) => self.close(Close::NotRtmp),
                },
                State::Open | State::Publishing => {
                    let message: Result<_, ChunkError> = self.reader.next(&mut self.buffer);
                    match message {
                        Ok(Some(message)) => self.message(&message),
                        Ok(None) => return,
                        Err(_) => self.close(Close::Unreadable),
                    }
                }
            }
        }
    }

    fn send(&mut self, chunk_stream: u8, messages: &[Message]) {
        let mut bytes = BytesMut::new();
        messages.iter().for_each(|message| self.writer.write(&mut bytes, chunk_stream, message));
        self.out.push_back(Output::Send(bytes.freeze()));
    }

    fn connect(&mut self) {
        let Target { host, app, .. } = &self.target;
        let mut object = vec![
            ("app".to_owned(), app.as_str().into()),
            ("type".to_owned(), "nonprivate".into()),
            ("flashVer".to_owned(), "FMLE/3.0 (compatible; Hawker)".into()),
            ("tcUrl".to_owned(), Value::String(format!("rtmp://{host}/{app}"))),
        ];
        object.extend(enhanced::capabilities());
        let connect = Command::new("connect", transaction::CONNECT, vec![Value::Object(object)]);
        let mut bytes = BytesMut::new();
        self.writer.set_chunk_size(&mut bytes, limits::CHUNK_SIZE);
        self.writer.write(&mut bytes, 3, &connect.message(0));
        self.out.push_back(Output::Send(bytes.freeze()));
    }

    fn message(&mut self, message: &Message) {
        let consumed = self.reader.consumed();
        if consumed - self.acknowledged >= u64::from(limits::WINDOW) {
            self.acknowledged = consumed;
            self.send(2, &[Message::number(kind::ACKNOWLEDGEMENT, consumed as u32)]);
        }
        match message.kind {
            kind::USER_CONTROL => {
                if let Some((control::PING_REQUEST, data)) = message.as_control() {
                    self.send(2, &[Message::control(control::PING_RESPONSE, data)]);
                }
            }
            kind::COMMAND | kind::COMMAND_AMF3 => match Command::read(message) {
                Ok(command) => self.command(&command),
                Err(_) => self.close(Close::Unreadable),
            },
            _ => {}
        }
    }

    fn command(&mut self, command: &Command) {
        let (level, code, description) = command.information();
        match command.name.as_str() {
            "_result" if command.transaction == transaction::CONNECT => {
                let stream = Value::from(self.target.stream.as_str());
                let call = |name, transaction| {
                    Command::new(name, transaction, vec![Value::Null, stream.clone()]).message(0)
                };
                let messages = [
                    call("releaseStream", transaction::RELEASE),
                    call("FCPublish", transaction::FC_PUBLISH),
                    Command::new("createStream", transaction::CREATE, vec![Value::Null]).message(0),
                ];
                self.send(3, &messages);
            }
            "_result" if command.transaction == transaction::CREATE => {
                self.stream = command.arguments.get(1).and_then(Value::as_f64).unwrap_or(1.0) as u32;
                let arguments = vec![Value::Null, self.target.stream.as_str().into(), "live".into()];
                let publish = Command::new("publish", transaction::PUBLISH, arguments);
                self.send(4, &[publish.message(self.stream)]);
            }
            "_error" if matches!(command.transaction, transaction::CONNECT | transaction::CREATE) => {
                self.close(Close::Refused(code.to_owned(), description.to_owned()));
            }
            "onStatus" if level == "error" => {
                self.close(Close::Refused(code.to_owned(), description.to_owned()))
            }
            "onStatus" if code == "NetStream.Publish.Start" && matches!(self.state, State::Open) => {
                self.state = State::Publishing;
                self.out.push_back(Output::Ready);
            }
            _ => {}
        }
    }

    fn tag(&mut self, tag: Tag) {
        if !matches!(self.state, State::Publishing) {
            return;
        }
        // A chunk stream each for sound, picture and data, as encoders do.
        let chunk_stream = match tag.kind {
            Kind::Audio => 4,
            Kind::Video => 6,
            Kind::Script => 5,
        };
        let message =
            Message { kind: tag.kind.byte(), stream: self.stream, stamp: tag.stamp, body: tag.body };
        self.send(chunk_stream, &[message]);
    }

    fn end(&mut self) {
        if matches!(self.state, State::Publishing) {
            let stream = Value::from(self.target.stream.as_str());
            let messages = [
                Command::new("FCUnpublish", 6.0, vec![Value::Null, stream]).message(0),
                Command::new("deleteStream", 7.0, vec![Value::Null, Value::Number(f64::from(self.stream))])
                    .message(0),
            ];
            self.send(3, &messages);
        }
        self.close(Close::Ended);
    }
}

impl Machine for Client {
    type Input = Input;
    type Output = Output;

    fn handle(&mut self, now: Instant, input: Input) {
        self.tick(now);
        match input {
            _ if matches!(self.state, State::Closed) => {}
            Input::Bytes(bytes) => {
                self.buffer.extend_from_slice(&bytes);
                self.run();
            }
            Input::Tag(tag) => self.tag(tag),
            Input::End => self.end(),
        }
    }

    fn tick(&mut self, now: Instant) {
        self.run();
        if let Some((due, _)) = self.wake()
            && due <= now
        {
            self.close(Close::Timeout);
        }
    }

    fn poll(&mut self) -> Option<Output> {
        self.out.pop_front()
    }

    fn wake(&self) -> Option<(Instant, &'static str)> {
        match self.state {
            State::Handshake(_) | State::Open => Some((self.started + limits::CLIENT_START, "rtmp publish")),
            State::Publishing | State::Closed => None,
        }
    }
}
