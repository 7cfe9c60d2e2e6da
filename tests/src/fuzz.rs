//! What the fuzzers of `tests/fuzz` run, and what the replay of their corpus runs in every test run. Each takes any bytes and
//! panics when a promise of the parser is broken.

use bytes::{Bytes, BytesMut};
use hawker_server_core::media::flv::{Demuxer, Kind};
use hawker_server_core::media::frame::{Event, Track};
use hawker_server_core::media::rtmp::amf0;
use hawker_server_core::media::rtmp::chunk::Reader;
use hawker_server_core::media::rtmp::handshake::PACKET;
use hawker_server_core::media::rtmp::server::{Input, Output, Server};
use hawker_wire::{Instant, Machine as _};

/// Chunks: the same messages and the same error, however the bytes are cut.
pub fn chunk(data: &[u8]) {
    let read = |cut: usize| {
        let (mut reader, mut buffer, mut messages) = (Reader::default(), BytesMut::new(), Vec::new());
        for piece in data.chunks(cut.max(1)) {
            buffer.extend_from_slice(piece);
            loop {
                match reader.next(&mut buffer) {
                    Ok(Some(message)) => messages.push(message),
                    Ok(None) => break,
                    Err(error) => return (messages, Some(error)),
                }
            }
        }
        (messages, None)
    };
    let whole = read(data.len());
    assert_eq!(read(1), whole);
    assert_eq!(read(usize::from(data.first().copied().unwrap_or(7)) + 1), whole);
}

/// AMF0: what is read and written again is read as the same.
pub fn amf0(data: &[u8]) {
    let Ok(values) = amf0::decode_all(data) else { return };
    let write = |values: &[amf0::Value]| {
        let mut out = Vec::new();
        values.iter().for_each(|value| amf0::encode(&mut out, value));
        out
    };
    let once = write(&values);
    // By bytes, since a number that is no number differs from itself.
    if let Ok(again) = amf0::decode_all(&once) {
        assert_eq!(write(&again), once);
    }
}

/// FLV tags, each as kind, stamp and length in 7 bytes before it: decoding times rise on each timeline.
pub fn flv(data: &[u8]) {
    let mut demuxer = Demuxer::default();
    let mut last = [None, None];
    let mut rest = data;
    while let Some((&[kind, a, b, c, d, high, low], tail)) = rest.split_first_chunk() {
        let length = (usize::from(high) << 8 | usize::from(low)).min(tail.len());
        let (body, tail) = tail.split_at(length);
        rest = tail;
        let kind = [Kind::Audio, Kind::Video, Kind::Script][usize::from(kind) % 3];
        let stamp = u32::from_be_bytes([a, b, c, d]);
        let refused = demuxer.tag(kind, stamp, Bytes::copy_from_slice(body), |event| match event {
            Event::Discontinuity => last = [None, None],
            Event::Frame(frame) => {
                let last = &mut last[usize::from(frame.track == Track::Audio)];
                assert!(last.is_none_or(|last| last < frame.dts), "{last:?} {}", frame.dts);
                *last = Some(frame.dts);
            }
            Event::Config(_) | Event::Meta(_) => {}
        });
        if refused.is_err() {
            return;
        }
    }
}

/// A connection after its handshake: nothing comes after its close.
pub fn session(data: &[u8]) {
    let mut server = Server::new(Instant::ZERO, 1);
    let hello = [&[3][..], &[0; 2 * PACKET], data].concat();
    server.handle(Instant::ZERO, Input::Bytes(hello.into()));
    let mut closed = false;
    while let Some(output) = server.poll() {
        assert!(!closed, "{output:?} after the close");
        match output {
            Output::Publish(_) => server.handle(Instant::ZERO, Input::Accept),
            Output::Close(_) => closed = true,
            _ => {}
        }
    }
}

/// The targets by name.
pub const TARGETS: [(&str, fn(&[u8])); 4] =
    [("chunk", chunk), ("amf0", amf0), ("flv", flv), ("session", session)];
