//! A small reader and writer of the messages, for the page: what prost generates for each message is several times the code, and
//! every viewer downloads it. The same types and the same bytes (`tests/slim.rs` holds the two together); servers use prost.
//!
//! Reads what proto3 writes: unknown fields are skipped; of a field that comes twice the last one counts, where prost merges
//! messages; groups, which proto3 has not, are refused. Each message here is a table of its fields in `hawker.proto`.

use crate::proto::{
    Batch, ClientFrame, Deleted, Event, Goodbye, Hello, Hold, HoldReply, Message, Muted, Pin, Pong, Position,
    Product, Rendition, Sale, SayReply, ServerFrame, Sold, Stream, Totals, Welcome, client_frame, event,
    server_frame,
};

/// One field's value as it stands on the wire.
#[derive(Clone, Copy)]
pub enum Value<'a> {
    /// A varint.
    Number(u64),
    /// What has a length: text, or a message.
    Bytes(&'a [u8]),
    /// Eight or four bytes that no field of ours is made of.
    Fixed,
}

/// A message that can be read from its fields.
pub trait Read {
    /// Takes one field; `None` when it cannot be that field.
    fn field(&mut self, tag: u32, value: Value<'_>) -> Option<()>;
}

/// The message that `bytes` hold; `None` when they hold none.
#[must_use]
pub fn read<T: Read + Default>(bytes: &[u8]) -> Option<T> {
    let mut message = T::default();
    fields(bytes, &mut message)?;
    Some(message)
}

fn fields(mut bytes: &[u8], message: &mut dyn Read) -> Option<()> {
    while !bytes.is_empty() {
        let key = u32::try_from(varint(&mut bytes)?).ok()?;
        let value = match key & 7 {
            0 => Value::Number(varint(&mut bytes)?),
            1 => cut(&mut bytes, 8).map(|_| Value::Fixed)?,
            2 => {
                let length = usize::try_from(varint(&mut bytes)?).ok()?;
                Value::Bytes(cut(&mut bytes, length)?)
            }
            5 => cut(&mut bytes, 4).map(|_| Value::Fixed)?,
            _ => return None,
        };
        if key < 8 {
            return None;
        }
        message.field(key >> 3, value)?;
    }
    Some(())
}

fn cut<'a>(bytes: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (cut, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    Some(cut)
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in 0..10 {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        // The tenth byte has one bit left.
        if shift == 9 && *byte > 1 {
            return None;
        }
        number |= u64::from(byte & 0x7f) << (7 * shift);
        if *byte < 0x80 {
            return Some(number);
        }
    }
    None
}

/// How each kind of field takes a value.
impl Value<'_> {
    fn number(self, field: &mut u64) -> Option<()> {
        let Self::Number(number) = self else { return None };
        *field = number;
        Some(())
    }

    fn small(self, field: &mut u32) -> Option<()> {
        let Self::Number(number) = self else { return None };
        *field = number as u32;
        Some(())
    }

    fn signed(self, field: &mut i64) -> Option<()> {
        let Self::Number(number) = self else { return None };
        *field = number as i64;
        Some(())
    }

    fn choice(self, field: &mut i32) -> Option<()> {
        let Self::Number(number) = self else { return None };
        *field = number as i32;
        Some(())
    }

    fn flag(self, field: &mut bool) -> Option<()> {
        let Self::Number(number) = self else { return None };
        *field = number != 0;
        Some(())
    }

    fn text(self, field: &mut String) -> Option<()> {
        let Self::Bytes(bytes) = self else { return None };
        *field = str::from_utf8(bytes).ok()?.to_owned();
        Some(())
    }

    /// Messages are filled where they stand: they are large, and moving them is code.
    fn fill(self, message: &mut dyn Read) -> Option<()> {
        let Self::Bytes(bytes) = self else { return None };
        fields(bytes, message)
    }

    fn one<T: Read + Default>(self, field: &mut Option<T>) -> Option<()> {
        self.fill(field.insert(T::default()))
    }

    fn many<T: Read + Default>(self, field: &mut Vec<T>) -> Option<()> {
        field.push(T::default());
        self.fill(field.last_mut()?)
    }
}

macro_rules! messages {
    ($($message:ident { $($tag:literal $field:ident $kind:ident,)* })+) => {
        $(
            impl Read for $message {
                fn field(&mut self, tag: u32, value: Value<'_>) -> Option<()> {
                    match tag {
                        $($tag => value.$kind(&mut self.$field),)*
                        _ => Some(()),
                    }
                }
            }
        )+
    };
}

macro_rules! one_of {
    ($message:ident $kind:path { $($tag:literal $variant:ident,)+ } $($field_tag:literal $field:ident $field_kind:ident)?) => {
        impl Read for $message {
            fn field(&mut self, tag: u32, value: Value<'_>) -> Option<()> {
                use $kind as Kind;
                match tag {
                    $($tag => match self.kind.insert(Kind::$variant(Default::default())) {
                        Kind::$variant(message) => value.fill(message),
                        _ => None,
                    },)+
                    $($field_tag => value.$field_kind(&mut self.$field),)?
                    _ => Some(()),
                }
            }
        }
    };
}

messages! {
    Stream {
        1 state choice, 2 version number, 3 epoch text, 4 renditions many, 5 newest number, 6 wall_ms number,
        7 title text, 8 starts_ms number,
    }
    Rendition {
        1 name text, 2 codecs text, 3 width small, 4 height small, 5 frame_rate_milli small, 6 peak_bps small,
        7 average_bps small, 8 video flag, 9 audio flag,
    }
    Position { 1 epoch text, 2 offset number, }
    Welcome {
        1 guest text, 2 viewer text, 3 name text, 4 position one, 5 wall_ms number, 6 resumed flag, 7 missed many,
        8 likes number, 9 online small, 10 pinned text, 11 shelf many, 12 sales many, 13 holds many, 14 role choice,
        15 currency text, 16 may_buy flag,
    }
    Batch { 1 offset number, 2 events many, 3 omitted small, 4 skipped small, 5 wall_ms number, }
    Message { 1 id number, 2 sender text, 3 name text, 4 text text, 5 wall_ms number, 6 role choice, }
    Totals { 1 likes number, 2 online small, }
    Pin { 1 product text, }
    Product {
        1 id text, 2 title text, 3 picture text, 4 price signed, 5 stock small, 6 currency text, 7 revision number,
        8 removed flag, 9 rank small, 10 url text,
    }
    Sale {
        1 id text, 2 product text, 3 price signed, 4 stock small, 5 free small, 6 limit small, 7 starts_ms number,
        8 ends_ms number, 9 state choice, 10 revision number, 11 sold small,
    }
    Deleted { 1 message number, }
    Muted { 1 sender text, }
    Sold { 1 name text, 2 product text, 3 quantity small, }
    SayReply { 1 request number, 2 outcome choice, 3 message number, 4 retry_ms small, 5 said one, }
    HoldReply {
        1 request number, 2 refusal choice, 3 hold one, 4 starts_ms number, 5 price signed, 6 left small,
        7 retry_ms small,
    }
    Hold {
        1 id text, 2 product text, 3 sale text, 4 quantity small, 5 price signed, 6 currency text, 7 expires_ms number,
        8 state choice, 9 placed_ms number, 10 proof text, 11 refunded flag,
    }
    Pong { 1 sent number, 2 wall_ms number, }
    Goodbye { 1 code small, 2 reason text, }
}

one_of!(ServerFrame server_frame::Kind {
    1 Welcome, 2 Batch, 3 SayReply, 4 HoldReply, 5 Hold, 6 Pong, 7 Goodbye,
});
one_of!(Event event::Kind {
    2 Message, 3 Totals, 4 Pin, 5 Product, 6 Sale, 7 Deleted, 8 Muted, 9 Sold,
} 1 offset number);

/// A message being written. What is empty or zero is left out, as proto3 has it.
#[derive(Default)]
struct Writer(Vec<u8>);

impl Writer {
    fn varint(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.0.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.0.push(number as u8);
    }

    fn number(mut self, tag: u32, number: u64) -> Self {
        if number != 0 {
            self.varint(u64::from(tag << 3));
            self.varint(number);
        }
        self
    }

    fn bytes(mut self, tag: u32, bytes: &[u8]) -> Self {
        self.varint(u64::from(tag << 3 | 2));
        self.varint(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
        self
    }

    fn text(self, tag: u32, text: &str) -> Self {
        if text.is_empty() { self } else { self.bytes(tag, text.as_bytes()) }
    }
}

/// The bytes of a frame that a page sends.
#[must_use]
pub fn write(frame: &ClientFrame) -> Vec<u8> {
    use client_frame::Kind;
    let Some(kind) = &frame.kind else { return Vec::new() };
    let new = Writer::default();
    let (tag, message) = match kind {
        Kind::Hello(Hello { version, guest, token, name, resume }) => {
            let hello = new.number(1, u64::from(*version)).text(2, guest).text(3, token).text(4, name);
            let position = |at: &Position| Writer::default().text(1, &at.epoch).number(2, at.offset);
            (
                1,
                match resume {
                    Some(at) => hello.bytes(5, &position(at).0),
                    None => hello,
                },
            )
        }
        Kind::Say(say) => (2, new.number(1, say.request).text(2, &say.text)),
        Kind::Like(like) => (3, new.number(1, u64::from(like.taps))),
        Kind::PlaceHold(place) => {
            let what = new.number(1, place.request).text(2, &place.key).text(3, &place.product);
            let price = place.price as u64;
            (4, what.text(4, &place.sale).number(5, u64::from(place.quantity)).number(6, price))
        }
        Kind::CancelHold(cancel) => (5, new.number(1, cancel.request).text(2, &cancel.hold)),
        Kind::Ping(ping) => (6, new.number(1, ping.sent)),
    };
    Writer::default().bytes(tag, &message.0).0
}
