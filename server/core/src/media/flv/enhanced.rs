//! The headers of Enhanced RTMP (Veovera, "Enhanced RTMP v2", ExVideoTagHeader and ExAudioTagHeader): which codec, what kind of
//! packet, of which track. Knows no codec's inside.

use bytes::{Buf as _, Bytes};

/// What a message carries of a track, once modifiers are stepped over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Packet {
    /// The track's id; 0 where none is named.
    pub(super) track: u8,
    pub(super) fourcc: [u8; 4],
    pub(super) kind: Kind,
    pub(super) body: Bytes,
}

/// Packet types, in the order of the numbers of a picture's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    SequenceStart,
    /// With a composition time where the codec has one.
    CodedFrames,
    /// Without: it is zero.
    CodedFramesX,
    /// AV1 described as in MPEG-2 TS.
    Mpeg2TsSequenceStart,
    /// An end, metadata, a layout of channels, a command to the player: nothing to keep.
    Other,
}

/// Modifiers in front of one packet: the specification names one, so that more are an attempt to keep us busy.
const MODIFIERS_MAX: usize = 8;
/// Tracks in one message: a ladder has three to six.
const TRACKS_MAX: usize = 16;
/// Packet types of a picture: metadata, several tracks, a modifier.
const VIDEO: Numbers = Numbers { metadata: 4, multitrack: 6, modifier: 7 };
/// The same of sound, which has no metadata; 4 is a layout of channels.
const AUDIO: Numbers = Numbers { metadata: u8::MAX, multitrack: 5, modifier: 7 };

#[derive(Clone, Copy)]
struct Numbers {
    metadata: u8,
    multitrack: u8,
    modifier: u8,
}

/// Reads a video message after its first byte. `None`: it cannot be read.
pub(super) fn video(first: u8, body: Bytes) -> Option<Vec<Packet>> {
    packets(first & 0x0f, body, VIDEO, first >> 4 & 7 == 5, |kind| match kind {
        0 => Kind::SequenceStart,
        1 => Kind::CodedFrames,
        3 => Kind::CodedFramesX,
        5 => Kind::Mpeg2TsSequenceStart,
        _ => Kind::Other,
    })
}

/// Reads an audio message after its first byte. `None`: it cannot be read.
pub(super) fn audio(first: u8, body: Bytes) -> Option<Vec<Packet>> {
    packets(first & 0x0f, body, AUDIO, false, |kind| match kind {
        0 => Kind::SequenceStart,
        1 => Kind::CodedFrames,
        _ => Kind::Other,
    })
}

fn packets(
    mut kind: u8,
    mut body: Bytes,
    numbers: Numbers,
    command: bool,
    named: impl Fn(u8) -> Kind,
) -> Option<Vec<Packet>> {
    for _ in 0..MODIFIERS_MAX {
        if kind != numbers.modifier {
            break;
        }
        let mut size = usize::from(body.try_get_u8().ok()?) + 1;
        if size == 256 {
            size = usize::from(body.try_get_u16().ok()?) + 1;
        }
        if body.remaining() < size {
            return None;
        }
        body.advance(size);
        kind = body.try_get_u8().ok()? & 0x0f;
    }
    if kind == numbers.modifier {
        return None;
    }
    if command && kind != numbers.metadata {
        return Some(Vec::new());
    }
    if kind != numbers.multitrack {
        let fourcc = fourcc(&mut body)?;
        return Some(vec![Packet { track: 0, fourcc, kind: named(kind), body }]);
    }
    // One track, many of one codec, or each with its own.
    let byte = body.try_get_u8().ok()?;
    let (shape, kind) = (byte >> 4, byte & 0x0f);
    if kind == numbers.multitrack || shape > 2 {
        return None;
    }
    let shared = if shape == 2 { None } else { Some(fourcc(&mut body)?) };
    let mut packets = Vec::new();
    while packets.len() < TRACKS_MAX {
        let fourcc = match shared {
            Some(fourcc) => fourcc,
            None => fourcc(&mut body)?,
        };
        let track = body.try_get_u8().ok()?;
        let size = if shape == 0 { body.remaining() } else { body.try_get_uint(3).ok()? as usize };
        if body.remaining() < size {
            return None;
        }
        packets.push(Packet { track, fourcc, kind: named(kind), body: body.split_to(size) });
        if !body.has_remaining() {
            return Some(packets);
        }
    }
    None
}

fn fourcc(body: &mut Bytes) -> Option<[u8; 4]> {
    let mut fourcc = [0; 4];
    body.try_copy_to_slice(&mut fourcc).ok()?;
    Some(fourcc)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(message: &[u8]) -> Option<Vec<Packet>> {
        video(*message.first()?, Bytes::copy_from_slice(message.get(1..)?))
    }

    fn packet(track: u8, fourcc: &[u8; 4], kind: Kind, body: &[u8]) -> Packet {
        Packet { track, fourcc: *fourcc, kind, body: Bytes::copy_from_slice(body) }
    }

    #[track_caller]
    fn check(message: &[u8], kind: Kind, fourcc: &[u8; 4], body: &[u8]) {
        assert_eq!(read(message), Some(vec![packet(0, fourcc, kind, body)]));
    }

    #[test]
    fn packets() {
        check(b"\x90hvc1\x01", Kind::SequenceStart, b"hvc1", b"\x01");
        check(b"\xa1hvc1\0\0\x50x", Kind::CodedFrames, b"hvc1", b"\0\0\x50x");
        check(b"\xa3av01x", Kind::CodedFramesX, b"av01", b"x");
        check(b"\x95av01x", Kind::Mpeg2TsSequenceStart, b"av01", b"x");
        check(b"\x94hvc1x", Kind::Other, b"hvc1", b"x");
        assert_eq!(read(b"\xd1\0"), Some(Vec::new()), "a command to the player");
    }

    #[test]
    fn modifiers_are_stepped_over() {
        check(b"\x97\x02\x01\x02\x03\x03av01x", Kind::CodedFramesX, b"av01", b"x");
        check(&[&b"\x97\xff\x00\x01"[..], &[9; 2], b"\x03av01x"].concat(), Kind::CodedFramesX, b"av01", b"x");
        assert_eq!(read(b"\x97\x09\x01"), None);
        assert_eq!(read(&[0x97, 0, 7].repeat(40)), None, "modifiers without an end");
    }

    #[test]
    fn several_tracks() {
        let x = |track, fourcc, body| packet(track, fourcc, Kind::CodedFramesX, body);
        assert_eq!(read(b"\x96\x03av01\x01x"), Some(vec![x(1, b"av01", b"x")]));
        let two = [x(1, b"av01", b"ab"), x(0, b"av01", b"x")];
        assert_eq!(read(b"\x96\x13av01\x01\0\0\x02ab\0\0\0\x01x"), Some(two.to_vec()));
        let two = [x(1, b"hvc1", b"ab"), x(0, b"av01", b"x")];
        assert_eq!(read(b"\x96\x23hvc1\x01\0\0\x02abav01\0\0\0\x01x"), Some(two.to_vec()));
        for bad in [
            &b"\x96\x06"[..],
            b"\x96\x33av01",
            b"\x96\x13av01\0\0\0\x09x",
            b"\x96\x13av01\x01\0",
            b"\x96\x13av01\x01\0\0\x02ab\x02\0\0\x01",
            b"\x96",
            &[&b"\x96\x13av01"[..], &[0; 4].repeat(40)].concat(),
        ] {
            assert_eq!(read(bad), None, "{bad:?}");
        }
    }
}
