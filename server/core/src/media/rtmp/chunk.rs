//! Chunks to messages and back (5.3). Applies Set Chunk Size and Abort itself, since they change how the next chunk is read.

use std::collections::BTreeMap;

use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};

use super::limits;
use super::message::{Message, kind};

/// The stamp field that says: an extended timestamp follows (5.3.1.3).
const EXTENDED: u32 = 0x00ff_ffff;

/// Why bytes are no chunks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChunkError {
    /// A message longer than the limit.
    Length(usize),
    /// Too many chunk streams, or too much of too many messages at once.
    Streams,
    /// A header that refers to a chunk stream not seen before.
    NoPredecessor,
    /// Set Chunk Size with zero, or without a number.
    ChunkSize,
}

impl core::fmt::Display for ChunkError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Length(length) => write!(f, "a message of {length} bytes is over the limit"),
            Self::Streams => f.write_str("too many chunk streams at once"),
            Self::NoPredecessor => f.write_str("a chunk header refers to a chunk stream not seen before"),
            Self::ChunkSize => f.write_str("the chunk size is zero"),
        }
    }
}

impl core::error::Error for ChunkError {}

/// What the next header of a chunk stream may leave out.
#[derive(Debug, Default)]
struct Stream {
    stamp: u32,
    /// What a type 3 header adds to the stamp of a new message.
    delta: u32,
    length: usize,
    kind: u8,
    message_stream: u32,
    /// The extended timestamp of the last header that had a stamp field.
    extended: Option<u32>,
    body: BytesMut,
    /// A message has begun and is not whole.
    open: bool,
}

impl Stream {
    /// Begins a new message with the header of its first chunk. What was open and never finished is dropped.
    fn begin(&mut self, header: &Header) {
        self.body.clear();
        if let Some((length, kind)) = header.length_and_kind {
            self.length = length;
            self.kind = kind;
        }
        if let Some(message_stream) = header.message_stream {
            self.message_stream = message_stream;
        }
        if let Some(field) = header.stamp {
            self.extended = header.extended;
            self.delta = header.extended.unwrap_or(field);
        }
        // 5.3.1.2.4: after type 0 the delta of type 3 is the stamp itself, which ffmpeg relies on.
        self.stamp = if header.format == 0 { self.delta } else { self.stamp.wrapping_add(self.delta) };
    }

    /// Adds a payload, and gives the message when that makes it whole.
    fn add(&mut self, payload: BytesMut) -> Option<Message> {
        self.open = self.body.len() + payload.len() < self.length;
        if self.open {
            self.body.extend_from_slice(&payload);
            return None;
        }
        let body = if self.body.is_empty() {
            payload.freeze()
        } else {
            self.body.extend_from_slice(&payload);
            core::mem::take(&mut self.body).freeze()
        };
        Some(Message { kind: self.kind, stream: self.message_stream, stamp: self.stamp, body })
    }
}

/// Reads the chunks of one direction of a connection.
#[derive(Debug)]
pub struct Reader {
    chunk_size: usize,
    streams: BTreeMap<u32, Stream>,
    /// Bytes in `body` of all streams.
    assembling: usize,
    consumed: u64,
}

impl Default for Reader {
    fn default() -> Self {
        // 5.4.1: 128 bytes until told otherwise.
        Self { chunk_size: 128, streams: BTreeMap::new(), assembling: 0, consumed: 0 }
    }
}

/// A chunk header as read, not yet applied.
struct Header {
    format: u8,
    id: u32,
    /// Type 0: the stamp; types 1 and 2: the delta.
    stamp: Option<u32>,
    /// Types 0 and 1.
    length_and_kind: Option<(usize, u8)>,
    /// Type 0.
    message_stream: Option<u32>,
    /// Types 0 to 2, when the stamp field says so.
    extended: Option<u32>,
    /// Bytes of the header.
    size: usize,
}

impl Reader {
    /// Bytes taken so far, for acknowledgements.
    #[must_use]
    pub const fn consumed(&self) -> u64 {
        self.consumed
    }

    /// The next whole message, or `None` when `buffer` does not hold the chunk that would complete one. After an error the
    /// connection cannot be read any further.
    pub fn next(&mut self, buffer: &mut BytesMut) -> Result<Option<Message>, ChunkError> {
        loop {
            let Some(header) = self.header(buffer)? else { return Ok(None) };
            let known = self.streams.get(&header.id);
            let open = known.filter(|stream| stream.open && header.format == 3);
            let length = match (open, header.length_and_kind) {
                (None, Some((length, _))) => length,
                _ => known.map_or(0, |stream| stream.length),
            };
            if length > limits::MESSAGE {
                return Err(ChunkError::Length(length));
            }
            let wanted =
                length.saturating_sub(open.map_or(0, |stream| stream.body.len())).min(self.chunk_size);
            if buffer.len() < header.size + wanted {
                return Ok(None);
            }
            let begins = open.is_none();
            buffer.advance(header.size);
            let payload = buffer.split_to(wanted);
            self.consumed += (header.size + wanted) as u64;

            let stream = self.streams.entry(header.id).or_default();
            self.assembling -= stream.body.len();
            if begins {
                stream.begin(&header);
            }
            let message = stream.add(payload);
            self.assembling += stream.body.len();
            if self.assembling > limits::ASSEMBLING || self.streams.len() > limits::CHUNK_STREAMS {
                return Err(ChunkError::Streams);
            }
            match message {
                None => {}
                Some(message) if message.kind == kind::SET_CHUNK_SIZE => self.set_chunk_size(&message)?,
                Some(message) if message.kind == kind::ABORT => self.abort(&message),
                Some(message) => return Ok(Some(message)),
            }
        }
    }

    fn set_chunk_size(&mut self, message: &Message) -> Result<(), ChunkError> {
        // The first bit must be zero (5.4.1). Any size is fine: a chunk is never longer than its message.
        let size = message.as_number().map_or(0, |size| size & 0x7fff_ffff);
        if size == 0 {
            return Err(ChunkError::ChunkSize);
        }
        self.chunk_size = size as usize;
        Ok(())
    }

    fn abort(&mut self, message: &Message) {
        if let Some(stream) = message.as_number().and_then(|id| self.streams.get_mut(&id)) {
            self.assembling -= stream.body.len();
            stream.body.clear();
            stream.open = false;
        }
    }

    /// Reads a header without taking it. `None`: not all of it is there.
    fn header(&self, buffer: &[u8]) -> Result<Option<Header>, ChunkError> {
        let mut rest = buffer;
        let Some((format, id)) = basic_header(&mut rest) else { return Ok(None) };
        let known = self.streams.get(&id);
        // Type 1 on a new chunk stream is what librtmp sends for its first ping; nothing can be made of types 2 and 3.
        if known.is_none() && format > 1 {
            return Err(ChunkError::NoPredecessor);
        }
        Ok(read_header(rest, format, id, known.and_then(|stream| stream.extended))
            .map(|(header, left)| Header { size: buffer.len() - left, ..header }))
    }
}

/// Reads a message header (5.3.1.2) and the extended timestamp, and tells how many bytes are left. `extended` is what the last
/// header of the chunk stream had.
fn read_header(mut rest: &[u8], format: u8, id: u32, extended: Option<u32>) -> Option<(Header, usize)> {
    let mut header = Header {
        format,
        id,
        stamp: None,
        length_and_kind: None,
        message_stream: None,
        extended: None,
        size: 0,
    };
    if format < 3 {
        header.stamp = Some(rest.try_get_uint(3).ok()? as u32);
    }
    if format < 2 {
        header.length_and_kind = Some((rest.try_get_uint(3).ok()? as usize, rest.try_get_u8().ok()?));
    }
    if format == 0 {
        header.message_stream = Some(rest.try_get_u32_le().ok()?);
    }
    if header.stamp == Some(EXTENDED) {
        header.extended = Some(rest.try_get_u32().ok()?);
    }
    // A type 3 header repeats the extended timestamp (5.3.1.3); some encoders leave it out. Another value is payload.
    if let (3, Some(extended)) = (format, extended) {
        let mut ahead = rest;
        if ahead.try_get_u32().ok()? == extended {
            rest = ahead;
        }
    }
    Some((header, rest.len()))
}

/// 5.3.1.1: two bits of type, and the chunk stream id in one, two or three bytes.
fn basic_header(rest: &mut &[u8]) -> Option<(u8, u32)> {
    let first = rest.try_get_u8().ok()?;
    let id = match first & 0x3f {
        0 => 64 + u32::from(rest.try_get_u8().ok()?),
        1 => 64 + u32::from(rest.try_get_u16_le().ok()?),
        id => u32::from(id),
    };
    Some((first >> 6, id))
}

/// Writes the chunks of one direction of a connection.
#[derive(Debug)]
pub struct Writer {
    chunk_size: usize,
    /// Stamp and message stream of the last message on each chunk stream.
    last: BTreeMap<u8, (u32, u32)>,
}

impl Default for Writer {
    fn default() -> Self {
        Self { chunk_size: 128, last: BTreeMap::new() }
    }
}

impl Writer {
    /// Announces a chunk size to the peer, and uses it from here on.
    pub fn set_chunk_size(&mut self, out: &mut BytesMut, size: u32) {
        let size = size.clamp(1, EXTENDED);
        self.write(out, 2, &Message::number(kind::SET_CHUNK_SIZE, size));
        self.chunk_size = size as usize;
    }

    /// Appends the chunks of a message on chunk stream `id`, 2 to 63. The body must be shorter than 16 MiB.
    pub fn write(&mut self, out: &mut BytesMut, id: u8, message: &Message) {
        let id = id & 0x3f;
        let last = self.last.insert(id, (message.stamp, message.stream));
        let (format, stamp) = match last {
            // A stamp that went on, on the same message stream.
            Some((stamp, stream))
                if stream == message.stream && message.stamp.wrapping_sub(stamp) < 1 << 31 =>
            {
                (1, message.stamp.wrapping_sub(stamp))
            }
            _ => (0, message.stamp),
        };
        out.reserve(message.body.len() + message.body.len() / self.chunk_size * 5 + 16);
        out.put_u8(format << 6 | id);
        out.put_uint(u64::from(stamp.min(EXTENDED)), 3);
        out.put_uint(message.body.len() as u64 & 0x00ff_ffff, 3);
        out.put_u8(message.kind);
        if format == 0 {
            out.put_u32_le(message.stream);
        }
        let mut body: Bytes = message.body.clone();
        loop {
            if stamp >= EXTENDED {
                out.put_u32(stamp);
            }
            out.put(body.split_to(body.len().min(self.chunk_size)));
            if body.is_empty() {
                return;
            }
            out.put_u8(3 << 6 | id);
        }
    }
}

#[cfg(test)]
mod tests;
