//! What the fuzzers of `tests/fuzz` run, and what the replay of their corpus runs in every test run. Each takes any bytes and
//! panics when a promise of the parser is broken.

use std::collections::BTreeMap;

use bytes::{Bytes, BytesMut};
use hawker_server_core::media::flv::{Demuxer, Kind};
use hawker_server_core::media::frame::Event;
use hawker_server_core::media::rtmp::amf0;
use hawker_server_core::media::rtmp::chunk::Reader;
use hawker_server_core::media::rtmp::handshake::PACKET;
use hawker_server_core::media::rtmp::server::{Input, Output, Server};
use hawker_server_core::room::pace::Address;
use hawker_server_core::room::{Conn, Input as RoomInput, Join, Room, Start, frames, limits};
use hawker_server_core::udp::frames::Cutter;
use hawker_server_core::udp::{limits as udp_limits, request};
use hawker_wire::proto::client_frame::Kind as Ask;
use hawker_wire::proto::viewer::Role;
use hawker_wire::proto::{ServerFrame, Stream};
use hawker_wire::{Instant, Machine as _, Span, slim};
use prost::Message;

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

/// The page's own reader of messages: what it reads, prost reads too; what it has read comes back from what prost makes of it;
/// and what prost might have written it reads as prost does.
pub fn slim(data: &[u8]) {
    fn check<T: slim::Read + Message + Default + PartialEq + core::fmt::Debug>(data: &[u8]) {
        let (own, prosts) = (slim::read::<T>(data), T::decode(data));
        if let Some(own) = own.as_ref() {
            assert!(prosts.is_ok(), "{own:?}");
            assert_eq!(slim::read::<T>(&own.encode_to_vec()).as_ref(), Some(own));
        }
        if let Ok(prosts) = prosts
            && prosts.encode_to_vec() == data
        {
            assert_eq!(own, Some(prosts));
        }
    }
    check::<Stream>(data);
    check::<ServerFrame>(data);
}

/// A stream of a WebTransport session: the same request, the same frames and the same error, however the bytes are cut.
pub fn udp(data: &[u8]) {
    let read = |cut: usize| {
        let (mut gathered, mut ask, mut cutter, mut heard) =
            (Vec::new(), None, Cutter::default(), Vec::new());
        for piece in data.chunks(cut.max(1)) {
            if ask.is_none() {
                gathered.extend_from_slice(piece);
                match request::parse(&gathered) {
                    Ok(Some((asked, taken))) => {
                        assert!(gathered.len() >= taken);
                        cutter.push(&gathered.split_off(taken));
                        ask = Some(asked);
                    }
                    Ok(None) => continue,
                    Err(error) => return (ask, heard, Some(error)),
                }
            } else {
                cutter.push(piece);
            }
            loop {
                match cutter.next() {
                    Ok(Some(frame)) => heard.push(frame),
                    Ok(None) => break,
                    Err(error) => return (ask, heard, Some(error)),
                }
            }
        }
        (ask, heard, None)
    };
    let whole = read(data.len());
    assert!(whole.1.iter().all(|frame| !frame.is_empty() && frame.len() <= udp_limits::FRAME_BYTES));
    // Of a line that is too long or no text the reason may differ with what has come; that it is refused may not.
    for cut in [1, usize::from(data.first().copied().unwrap_or(7)) + 1] {
        let again = read(cut);
        assert_eq!((&again.0, &again.1, again.2.is_some()), (&whole.0, &whole.1, whole.2.is_some()));
    }
}

/// Frames of a client, each with its length in 2 bytes before it: whatever is sent, the room shows lines of bounded length and
/// comes to rest.
pub fn room(data: &[u8]) {
    let address = Address::from(core::net::IpAddr::from([127, 0, 0, 1]));
    let join = |resume| Join {
        conn: Conn(1),
        viewer: "v".into(),
        name: "n".into(),
        role: Role::Guest,
        address,
        resume,
    };
    let start = Start { epoch: "e".into(), ..Start::default() };
    let (mut room, mut now) = (Room::new(Instant::ZERO, start), Instant::ZERO);
    room.handle(now, RoomInput::Join(join(None)));
    let mut rest = data;
    while let Some((&[high, low], tail)) = rest.split_first_chunk() {
        let length = (usize::from(high) << 8 | usize::from(low)).min(tail.len());
        let (frame, tail) = tail.split_at(length);
        rest = tail;
        let input = match frames::decode(frame) {
            Ok(Some(Ask::Say(say))) => RoomInput::Say { conn: Conn(1), request: say.request, text: say.text },
            Ok(Some(Ask::Like(like))) => RoomInput::Like { conn: Conn(1), taps: like.taps },
            Ok(Some(Ask::Hello(hello))) => {
                RoomInput::Join(join(hello.resume.map(|position| (position.epoch, position.offset))))
            }
            Ok(_) => continue,
            Err(_) => break,
        };
        room.handle(now, input);
        now += Span::from_ms(30);
        room.tick(now);
        while room.poll().is_some() {}
    }
    room.tick(now + Span::from_secs(60));
    while room.poll().is_some() {}
    assert_eq!(room.wake(), None);
    assert!(room.messages().iter().all(|message| message.text.chars().count() <= limits::MESSAGE_CHARS));
}

/// FLV tags, each as kind, stamp and length in 7 bytes before it: decoding times rise on each timeline.
pub fn flv(data: &[u8]) {
    let mut demuxer = Demuxer::default();
    let mut last = BTreeMap::new();
    let mut rest = data;
    while let Some((&[kind, a, b, c, d, high, low], tail)) = rest.split_first_chunk() {
        let length = (usize::from(high) << 8 | usize::from(low)).min(tail.len());
        let (body, tail) = tail.split_at(length);
        rest = tail;
        let kind = [Kind::Audio, Kind::Video, Kind::Script][usize::from(kind) % 3];
        let stamp = u32::from_be_bytes([a, b, c, d]);
        let refused = demuxer.tag(kind, stamp, Bytes::copy_from_slice(body), |picture, event| match event {
            Event::Discontinuity => last.retain(|(of, _), _| *of != picture),
            Event::Frame(frame) => {
                let last = last.insert((picture, frame.track), frame.dts);
                assert!(last.is_none_or(|last| last < frame.dts), "{last:?} {}", frame.dts);
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

/// A fuzz target: takes any bytes and must not panic.
pub type Target = fn(&[u8]);

/// The targets by name.
pub const TARGETS: [(&str, Target); 7] = [
    ("chunk", chunk),
    ("amf0", amf0),
    ("flv", flv),
    ("session", session),
    ("room", room),
    ("udp", udp),
    ("slim", slim),
];
