//! RTMP messages and commands (5.4, 7.1, 7.2): what chunks carry. Knows no order in which they come.

use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};

use super::amf0::{self, AmfError, Value};
use super::limits;

/// A whole message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Message type id: one of [`kind`].
    pub kind: u8,
    /// Message stream id: 0 for the connection itself.
    pub stream: u32,
    /// Milliseconds, wrapping at 32 bits.
    pub stamp: u32,
    /// The payload.
    pub body: Bytes,
}

/// Message type ids.
pub mod kind {
    /// Set Chunk Size (5.4.1).
    pub const SET_CHUNK_SIZE: u8 = 1;
    /// Abort Message (5.4.2).
    pub const ABORT: u8 = 2;
    /// Acknowledgement (5.4.3).
    pub const ACKNOWLEDGEMENT: u8 = 3;
    /// User Control Message (6.2).
    pub const USER_CONTROL: u8 = 4;
    /// Window Acknowledgement Size (5.4.4).
    pub const WINDOW: u8 = 5;
    /// Set Peer Bandwidth (5.4.5).
    pub const PEER_BANDWIDTH: u8 = 6;
    /// Audio Message (7.1.4): an FLV audio tag body.
    pub const AUDIO: u8 = 8;
    /// Video Message (7.1.5): an FLV video tag body.
    pub const VIDEO: u8 = 9;
    /// Data Message in AMF3 (7.1.2).
    pub const DATA_AMF3: u8 = 15;
    /// Command Message in AMF3 (7.1.1).
    pub const COMMAND_AMF3: u8 = 17;
    /// Data Message in AMF0 (7.1.2).
    pub const DATA: u8 = 18;
    /// Command Message in AMF0 (7.1.1).
    pub const COMMAND: u8 = 20;
}

/// Event types of User Control Messages (7.1.7).
pub mod control {
    /// The stream is ready; data is its id.
    pub const STREAM_BEGIN: u16 = 0;
    /// Answer with `PING_RESPONSE` and the same data.
    pub const PING_REQUEST: u16 = 6;
    /// The answer.
    pub const PING_RESPONSE: u16 = 7;
}

impl Message {
    fn of_connection(kind: u8, body: impl Into<Bytes>) -> Self {
        Self { kind, stream: 0, stamp: 0, body: body.into() }
    }

    /// A message that holds one number: chunk size, window or acknowledgement.
    #[must_use]
    pub fn number(kind: u8, number: u32) -> Self {
        Self::of_connection(kind, number.to_be_bytes().to_vec())
    }

    /// Set Peer Bandwidth with the dynamic limit type (5.4.5).
    #[must_use]
    pub fn peer_bandwidth(window: u32) -> Self {
        let mut body = BytesMut::new();
        body.put_u32(window);
        body.put_u8(2);
        Self::of_connection(kind::PEER_BANDWIDTH, body)
    }

    /// A User Control Message.
    #[must_use]
    pub fn control(event: u16, data: u32) -> Self {
        let mut body = BytesMut::new();
        body.put_u16(event);
        body.put_u32(data);
        Self::of_connection(kind::USER_CONTROL, body)
    }

    /// The number that the message holds, if it is long enough.
    #[must_use]
    pub fn as_number(&self) -> Option<u32> {
        self.body.clone().try_get_u32().ok()
    }

    /// Event type and data of a User Control Message.
    #[must_use]
    pub fn as_control(&self) -> Option<(u16, u32)> {
        let mut body = self.body.clone();
        Some((body.try_get_u16().ok()?, body.try_get_u32().ok()?))
    }

    /// The AMF0 part of a command or data message. An AMF3 message of a publisher is AMF0 behind a zero byte.
    #[must_use]
    pub fn amf0(&self) -> Bytes {
        let mut body = self.body.clone();
        if matches!(self.kind, kind::COMMAND_AMF3 | kind::DATA_AMF3) && body.first() == Some(&0) {
            body.advance(1);
        }
        body
    }
}

/// A command: `connect`, `publish`, `_result`, `onStatus`.
#[derive(Clone, Debug, PartialEq)]
pub struct Command {
    /// What to do, or what kind of answer it is.
    pub name: String,
    /// Pairs an answer with its question; 0 asks for none.
    pub transaction: f64,
    /// The command object, then the arguments.
    pub arguments: Vec<Value>,
}

impl Command {
    /// A command of ours.
    #[must_use]
    pub fn new(name: &str, transaction: f64, arguments: Vec<Value>) -> Self {
        Self { name: name.to_owned(), transaction, arguments }
    }

    /// `onStatus` (7.2.2), as publishers expect it.
    #[must_use]
    pub fn status(level: &str, code: &str, description: &str) -> Self {
        Self::new("onStatus", 0.0, vec![Value::Null, information(level, code, description)])
    }

    /// Reads a command message. A missing transaction is read as 0.
    pub fn read(message: &Message) -> Result<Self, AmfError> {
        if message.body.len() > limits::COMMAND {
            return Err(AmfError::Limit);
        }
        let mut values = amf0::decode_all(&message.amf0())?.into_iter();
        let name = values.next().and_then(|name| name.as_str().map(str::to_owned)).ok_or(AmfError::Short)?;
        let transaction = values.next().and_then(|value| value.as_f64()).unwrap_or(0.0);
        Ok(Self { name, transaction, arguments: values.collect() })
    }

    /// The message that carries it on message stream `stream`.
    #[must_use]
    pub fn message(&self, stream: u32) -> Message {
        let mut body = Vec::new();
        amf0::encode(&mut body, &Value::from(self.name.as_str()));
        amf0::encode(&mut body, &Value::Number(self.transaction));
        self.arguments.iter().for_each(|value| amf0::encode(&mut body, value));
        Message { kind: kind::COMMAND, stream, stamp: 0, body: body.into() }
    }

    /// The text of argument `index`, 0 being the command object.
    #[must_use]
    pub fn text(&self, index: usize) -> Option<&str> {
        self.arguments.get(index).and_then(Value::as_str)
    }

    /// Level, code and description of the information object of `onStatus`, `_result` or `_error`; empty where missing.
    #[must_use]
    pub fn information(&self) -> (&str, &str, &str) {
        let object = self.arguments.get(1);
        let text =
            |key| object.and_then(|object| object.get(key)).and_then(Value::as_str).unwrap_or_default();
        (text("level"), text("code"), text("description"))
    }
}

/// The information object of a status.
#[must_use]
pub fn information(level: &str, code: &str, description: &str) -> Value {
    Value::Object(vec![
        ("level".to_owned(), level.into()),
        ("code".to_owned(), code.into()),
        ("description".to_owned(), description.into()),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_in_amf3_clothes() {
        let command = Command::new("connect", 1.0, vec![Value::Object(vec![("app".into(), "live".into())])]);
        let mut message = command.message(0);
        message.kind = kind::COMMAND_AMF3;
        message.body = [&[0], &message.body[..]].concat().into();
        assert_eq!(Command::read(&message), Ok(command));
    }

    #[test]
    fn status_is_read_back() {
        let command = Command::status("error", "NetStream.Publish.BadName", "taken");
        let read = Command::read(&command.message(1)).unwrap();
        assert_eq!(read.information(), ("error", "NetStream.Publish.BadName", "taken"));
    }
}
