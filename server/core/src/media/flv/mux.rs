//! Events to FLV, for a program that reads it from a pipe. The reverse of the demuxer; opens no file.

use bytes::{BufMut as _, Bytes, BytesMut};

use super::Kind;
use super::file::Tag;
use crate::media::frame::{Config, Event, Frame, Track};

/// The header of an FLV file with picture and sound (E.2), and the size of the tag before the first.
pub const HEADER: &[u8] = b"FLV\x01\x05\0\0\0\x09\0\0\0\0";

/// The tag that carries an event of H.264 and AAC; `None` for those that this FLV has no tag for. Configurations get the stamp
/// zero. Other codecs: [`enhanced`].
#[must_use]
pub fn tag(event: &Event) -> Option<Tag> {
    let (kind, dts, head, data) = match event {
        Event::Config(Config::Video(record)) => (Kind::Video, 0, vec![0x17, 0, 0, 0, 0], record),
        Event::Config(Config::Audio(config)) => (Kind::Audio, 0, vec![0xaf, 0], config),
        Event::Frame(Frame { track: Track::Video, dts, cts, key, data }) => {
            let [_, cts @ ..] = cts.to_be_bytes();
            let first = if *key { 0x17 } else { 0x27 };
            (Kind::Video, *dts, [&[first, 1], &cts[..]].concat(), data)
        }
        Event::Frame(Frame { track: Track::Audio, dts, data, .. }) => {
            (Kind::Audio, *dts, vec![0xaf, 1], data)
        }
        Event::Config(Config::Hevc(_) | Config::Av1(_) | Config::Opus { .. }) => return None,
        Event::Meta(_) | Event::Discontinuity => return None,
    };
    let mut body = BytesMut::with_capacity(head.len() + data.len());
    body.put_slice(&head);
    body.put_slice(data);
    // FLV stamps wrap like those of RTMP.
    Some(Tag { kind, stamp: dts as u32, body: body.freeze() })
}

/// The tag that carries an event by Enhanced RTMP; `video` and `audio` are the configurations that hold for its frame.
#[must_use]
pub fn enhanced(event: &Event, video: Option<&Config>, audio: Option<&Config>) -> Option<Tag> {
    let name = |config: &Config| match config {
        Config::Video(_) => b"avc1",
        Config::Hevc(_) => b"hvc1",
        Config::Av1(_) => b"av01",
        Config::Audio(_) => b"mp4a",
        Config::Opus { .. } => b"Opus",
    };
    // Video: the high bit, the frame type, the packet type. Audio: sound format 9, the packet type.
    let (kind, dts, first, config, cts, data) = match event {
        Event::Config(config) => {
            let (Config::Video(data)
            | Config::Hevc(data)
            | Config::Av1(data)
            | Config::Audio(data)
            | Config::Opus { head: data, .. }) = config;
            match config.track() {
                Track::Video => (Kind::Video, 0, 0x90, config, None, data),
                Track::Audio => (Kind::Audio, 0, 0x90, config, None, data),
            }
        }
        Event::Frame(Frame { track: Track::Video, dts, cts, key, data }) => {
            let (first, config) = (if *key { 0x90 } else { 0xa0 }, video?);
            match config {
                Config::Av1(_) => (Kind::Video, *dts, first | 1, config, None, data),
                _ if *cts == 0 => (Kind::Video, *dts, first | 3, config, None, data),
                _ => (Kind::Video, *dts, first | 1, config, Some(*cts), data),
            }
        }
        Event::Frame(Frame { track: Track::Audio, dts, data, .. }) => {
            (Kind::Audio, *dts, 0x91, audio?, None, data)
        }
        Event::Meta(_) | Event::Discontinuity => return None,
    };
    let mut body = BytesMut::with_capacity(data.len() + 8);
    body.put_u8(first);
    body.put_slice(name(config));
    if let Some(cts) = cts {
        body.put_int(i64::from(cts), 3);
    }
    body.put_slice(data);
    Some(Tag { kind, stamp: dts as u32, body: body.freeze() })
}

/// The same of another track, in a message of its own (`AvMultitrackType.OneTrack`): what [`enhanced`] made, and the track's id.
#[must_use]
pub fn of_track(tag: Tag, track: u8) -> Tag {
    let packets = match tag.kind {
        Kind::Video => 6,
        Kind::Audio => 5,
        Kind::Script => return tag,
    };
    let Some((&first, rest)) = tag.body.split_first() else { return tag };
    let (fourcc, data) = rest.split_at(rest.len().min(4));
    let head = [first & 0xf0 | packets, first & 0x0f];
    Tag { body: [&head[..], fourcc, &[track], data].concat().into(), ..tag }
}

/// The bytes of a tag in a file (E.4.1), its size behind it.
#[must_use]
pub fn bytes(tag: &Tag) -> Bytes {
    let size = tag.body.len() as u32 & 0x00ff_ffff;
    let [high, low @ ..] = tag.stamp.to_be_bytes();
    let mut out = BytesMut::with_capacity(tag.body.len() + 15);
    out.put_u8(tag.kind.byte());
    out.put_uint(u64::from(size), 3);
    out.put_slice(&low);
    out.put_u8(high);
    out.put_uint(0, 3);
    out.put_slice(&tag.body);
    out.put_u32(size + 11);
    out.freeze()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::flv::{Demuxer, file};
    use crate::media::sample;

    #[test]
    fn what_is_written_is_read_back() {
        let frame = |track, dts, cts, key, data: &'static [u8]| {
            Event::Frame(Frame { track, dts, cts, key, data: Bytes::from_static(data) })
        };
        let events = [
            Event::Config(Config::Video(Bytes::from_static(sample::AVCC_320X180_30))),
            Event::Config(Config::Audio(Bytes::from_static(sample::AAC_48K_STEREO))),
            frame(Track::Video, 0x0123_4567, -40, true, &[0, 0, 0, 1, 0x65]),
            frame(Track::Audio, 0x0123_4570, 0, true, &[1, 2, 3]),
            frame(Track::Video, 0x0123_4588, 80, false, &[0, 0, 0, 1, 0x41]),
        ];
        let mut out = HEADER.to_vec();
        events.iter().filter_map(tag).for_each(|tag| out.extend_from_slice(&bytes(&tag)));
        let (mut demuxer, mut got) = (Demuxer::default(), Vec::new());
        for tag in file::tags(out.into()).unwrap() {
            let tag = tag.unwrap();
            demuxer.tag(tag.kind, tag.stamp, tag.body, |_, event| got.push(event)).unwrap();
        }
        assert_eq!(got, events);
    }
}
