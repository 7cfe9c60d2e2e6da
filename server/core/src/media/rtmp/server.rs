//! One encoder's connection at the server: bytes in; replies, a request to publish, and media out. Whether the encoder may
//! publish is the parent's to say.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};
use hawker_wire::{Instant, Machine};

use super::address::Address;
use super::amf0::Value;
use super::chunk::{Reader, Writer};
pub use super::close::{Close, Refusal};
use super::enhanced;
use super::handshake::{HandshakeError, ServerHandshake, Step};
use super::limits;
use super::message::{Command, Message, control, information, kind};
use crate::media::flv::{Counts, Demuxer, Kind};
use crate::media::frame::Event;

/// What can happen to a connection.
#[derive(Clone, Debug)]
pub enum Input {
    /// Bytes came, cut anywhere.
    Bytes(Bytes),
    /// The answer to [`Output::Publish`]: yes.
    Accept,
    /// The answer to [`Output::Publish`]: no. The encoder is told, and the connection closes.
    Reject(Refusal),
    /// The server wants the publication to end: another publisher took over, the show is over, the server stops.
    End,
}

/// What the connection wants done.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// To be sent.
    Send(Bytes),
    /// An encoder wants to publish: answer with `Accept` or `Reject`. Bytes that come before the answer wait.
    Publish(Address),
    /// What the encoder sends, after `Accept`, and of which of its pictures: see [`Demuxer`].
    Media(u8, Event),
    /// The encoder has stopped, and may publish again on this connection.
    Unpublish,
    /// To be closed once all is sent; the last output.
    Close(Close),
}

/// Where the connection is. Each later step implies the earlier ones.
#[derive(Debug)]
enum State {
    Handshake(ServerHandshake),
    /// Commands are read.
    Open,
    /// The parent is asked; the message stream that wants to publish.
    Asking(u32),
    /// Media flows on this message stream.
    Publishing(u32),
    Closed,
}

/// See the module text.
#[derive(Debug)]
pub struct Server {
    state: State,
    buffer: BytesMut,
    reader: Reader,
    writer: Writer,
    demuxer: Demuxer,
    out: VecDeque<Output>,
    app: String,
    streams: u32,
    /// The window that the peer wants acknowledged, and how much is.
    window: u32,
    acknowledged: u64,
    /// When it was last heard; before it publishes: when it began to have to.
    since: Instant,
    pinged: bool,
}

impl Server {
    /// A connection that was accepted now. `seed` fills the random part of the handshake.
    #[must_use]
    pub fn new(now: Instant, seed: u64) -> Self {
        Self {
            state: State::Handshake(ServerHandshake::new(seed)),
            buffer: BytesMut::new(),
            reader: Reader::default(),
            writer: Writer::default(),
            demuxer: Demuxer::default(),
            out: VecDeque::new(),
            app: String::new(),
            streams: 0,
            window: limits::WINDOW,
            acknowledged: 0,
            since: now,
            pinged: false,
        }
    }

    /// What was thrown away or mended of a picture of the publication so far.
    #[must_use]
    pub fn counts(&self, picture: u8) -> Counts {
        self.demuxer.counts(picture)
    }

    fn close(&mut self, why: Close) {
        if !matches!(self.state, State::Closed) {
            self.state = State::Closed;
            self.buffer.clear();
            self.out.push_back(Output::Close(why));
        }
    }

    /// Reads what the buffer holds, as far as the state lets it.
    fn run(&mut self, now: Instant) {
        loop {
            match &mut self.state {
                State::Closed | State::Asking(_) => return,
                State::Handshake(handshake) => match handshake.step(&mut self.buffer) {
                    Ok(Step::Wait) => return,
                    Ok(Step::Send(bytes)) => self.out.push_back(Output::Send(bytes)),
                    Ok(Step::Done) => self.state = State::Open,
                    Err(HandshakeError::Version(_)) => self.close(Close::NotRtmp),
                },
                State::Open | State::Publishing(_) => {
                    let message = match self.reader.next(&mut self.buffer) {
                        Ok(Some(message)) => message,
                        Ok(None) => return,
                        Err(error) => return self.close(Close::Chunk(error)),
                    };
                    self.acknowledge();
                    self.message(now, &message);
                }
            }
        }
    }

    /// 5.4.3. Counted by what was read, so that it does not depend on how the bytes were cut.
    fn acknowledge(&mut self) {
        let consumed = self.reader.consumed();
        if consumed - self.acknowledged >= u64::from(self.window) {
            self.acknowledged = consumed;
            self.send(2, &[Message::number(kind::ACKNOWLEDGEMENT, consumed as u32)]);
        }
    }

    fn send(&mut self, chunk_stream: u8, messages: &[Message]) {
        let mut bytes = BytesMut::new();
        messages.iter().for_each(|message| self.writer.write(&mut bytes, chunk_stream, message));
        self.out.push_back(Output::Send(bytes.freeze()));
    }

    fn message(&mut self, now: Instant, message: &Message) {
        match message.kind {
            kind::WINDOW => {
                // A window of zero would ask for an acknowledgement of every message.
                self.window = message
                    .as_number()
                    .unwrap_or(limits::WINDOW)
                    .clamp(limits::WINDOW / 100, i32::MAX as u32);
            }
            kind::USER_CONTROL => {
                if let Some((control::PING_REQUEST, data)) = message.as_control() {
                    self.send(2, &[Message::control(control::PING_RESPONSE, data)]);
                }
            }
            kind::COMMAND | kind::COMMAND_AMF3 => match Command::read(message) {
                Ok(command) => self.command(now, message.stream, &command),
                Err(_) => self.close(Close::Command),
            },
            kind::AUDIO => self.media(Kind::Audio, message.stamp, message.body.clone()),
            kind::VIDEO => self.media(Kind::Video, message.stamp, message.body.clone()),
            kind::DATA | kind::DATA_AMF3 if message.body.len() <= limits::COMMAND => {
                self.media(Kind::Script, message.stamp, message.amf0());
            }
            _ => {}
        }
    }

    fn media(&mut self, kind: Kind, stamp: u32, body: Bytes) {
        let State::Publishing(stream) = self.state else { return };
        let out = &mut self.out;
        let emit = |picture, event| out.push_back(Output::Media(picture, event));
        if let Err(error) = self.demuxer.tag(kind, stamp, body, emit) {
            let status = Command::status("error", "NetStream.Publish.Rejected", &error.to_string());
            self.send(5, &[status.message(stream)]);
            self.close(Close::Media(error));
        }
    }

    fn command(&mut self, now: Instant, stream: u32, command: &Command) {
        let answer =
            |value| Command::new("_result", command.transaction, vec![Value::Null, value]).message(0);
        match command.name.as_str() {
            "connect" => self.connect(command),
            "releaseStream" => self.send(3, &[answer(Value::Undefined)]),
            "FCPublish" => {
                let name = command.text(1).unwrap_or_default();
                let status = information("status", "NetStream.Publish.Start", name);
                let notice = Command::new("onFCPublish", 0.0, vec![Value::Null, status]);
                self.send(3, &[answer(Value::Undefined), notice.message(0)]);
            }
            "createStream" if self.streams < limits::MESSAGE_STREAMS => {
                self.streams += 1;
                self.send(3, &[answer(Value::Number(f64::from(self.streams)))]);
            }
            "publish" => self.publish(stream, command),
            "FCUnpublish" | "deleteStream" | "closeStream" => self.unpublish(now),
            "play" | "play2" => {
                let status =
                    Command::status("error", "NetStream.Play.Failed", "playing over RTMP is not offered");
                self.send(5, &[status.message(stream)]);
                self.close(Close::Play);
            }
            _ if command.transaction > 0.0 && !matches!(command.name.as_str(), "_result" | "_error") => {
                let status = information("error", "NetConnection.Call.Failed", "unknown command");
                let error = Command::new("_error", command.transaction, vec![Value::Null, status]);
                self.send(3, &[error.message(0)]);
            }
            _ => {}
        }
    }

    fn connect(&mut self, command: &Command) {
        let object = command.arguments.first();
        let app = object.and_then(|object| object.get("app")).and_then(Value::as_str).unwrap_or_default();
        self.app = app.chars().take(limits::NAME + 1).collect();
        // What the client can do is not asked: whatever it sends is read, or refused by name.
        let properties = Value::Object(vec![
            ("fmsVer".to_owned(), "FMS/3,0,1,123".into()),
            ("capabilities".to_owned(), Value::Number(31.0)),
        ]);
        let Value::Object(mut status) =
            information("status", "NetConnection.Connect.Success", "Connection succeeded.")
        else {
            return;
        };
        status.push(("objectEncoding".to_owned(), Value::Number(0.0)));
        status.extend(enhanced::capabilities());
        let result = Command::new("_result", command.transaction, vec![properties, Value::Object(status)]);

        let mut bytes = BytesMut::new();
        self.writer.write(&mut bytes, 2, &Message::number(kind::WINDOW, limits::WINDOW));
        self.writer.write(&mut bytes, 2, &Message::peer_bandwidth(limits::WINDOW));
        self.writer.set_chunk_size(&mut bytes, limits::CHUNK_SIZE);
        self.writer.write(&mut bytes, 3, &result.message(0));
        self.out.push_back(Output::Send(bytes.freeze()));
    }

    fn publish(&mut self, stream: u32, command: &Command) {
        if !matches!(self.state, State::Open) {
            let status = Command::status("error", "NetStream.Publish.BadName", "already publishing");
            return self.send(5, &[status.message(stream)]);
        }
        match Address::parse(&self.app, command.text(1).unwrap_or_default()) {
            Ok(address) => {
                self.state = State::Asking(stream);
                self.out.push_back(Output::Publish(address));
            }
            Err(error) => {
                let status = Command::status("error", "NetStream.Publish.BadName", &error.to_string());
                self.send(5, &[status.message(stream)]);
                self.close(Close::Address);
            }
        }
    }

    fn accept(&mut self) {
        let State::Asking(stream) = self.state else { return };
        self.state = State::Publishing(stream);
        self.demuxer = Demuxer::default();
        self.send(2, &[Message::control(control::STREAM_BEGIN, stream)]);
        self.send(5, &[Command::status("status", "NetStream.Publish.Start", "publishing").message(stream)]);
    }

    fn reject(&mut self, refusal: Refusal) {
        let State::Asking(stream) = self.state else { return };
        let (code, description) = refusal.status();
        self.send(5, &[Command::status("error", code, description).message(stream)]);
        self.close(Close::Refused(refusal));
    }

    fn unpublish(&mut self, now: Instant) {
        let State::Publishing(stream) = self.state else { return };
        self.state = State::Open;
        self.since = now;
        self.out.push_back(Output::Unpublish);
        self.send(5, &[Command::status("status", "NetStream.Unpublish.Success", "stopped").message(stream)]);
    }

    fn end(&mut self) {
        if let State::Publishing(stream) | State::Asking(stream) = self.state {
            let status = Command::status("error", "NetStream.Publish.Rejected", "ended by the server");
            self.send(5, &[status.message(stream)]);
        }
        self.close(Close::Ended);
    }
}

impl Machine for Server {
    type Input = Input;
    type Output = Output;

    fn handle(&mut self, now: Instant, input: Input) {
        self.tick(now);
        match input {
            _ if matches!(self.state, State::Closed) => return,
            Input::Bytes(bytes) => {
                self.buffer.extend_from_slice(&bytes);
                if matches!(self.state, State::Publishing(_)) {
                    self.since = now;
                    self.pinged = false;
                }
            }
            Input::Accept => {
                self.since = now;
                self.accept();
            }
            Input::Reject(refusal) => self.reject(refusal),
            Input::End => self.end(),
        }
        self.run(now);
        if matches!(self.state, State::Asking(_)) && self.buffer.len() > limits::WAITING {
            self.close(Close::Impatient);
        }
    }

    fn tick(&mut self, now: Instant) {
        while let Some((due, _)) = self.wake()
            && due <= now
        {
            match self.state {
                State::Publishing(stream) if !self.pinged => {
                    self.pinged = true;
                    self.send(2, &[Message::control(control::PING_REQUEST, stream)]);
                }
                State::Publishing(_) => self.close(Close::Silent),
                _ => self.close(Close::Idle),
            }
        }
    }

    fn poll(&mut self) -> Option<Output> {
        self.out.pop_front()
    }

    fn wake(&self) -> Option<(Instant, &'static str)> {
        match self.state {
            State::Closed => None,
            State::Publishing(_) if !self.pinged => Some((self.since + limits::PING, "rtmp ping")),
            State::Publishing(_) => Some((self.since + limits::SILENCE, "rtmp silence")),
            _ => Some((self.since + limits::START, "rtmp start")),
        }
    }
}

#[cfg(test)]
mod tests;
