//! FLV tags to events: what RTMP messages of type 8, 9 and 18 and the tags of an FLV file carry. Takes tag bodies whole; knows
//! neither sockets nor chunks. The byte layouts are of the Adobe Flash Video File Format Specification 10.1, annex E.

pub mod file;
pub mod mux;

use bytes::{Buf as _, Bytes};

use super::aac::Sound;
use super::frame::{Config, Event, Frame, Meta, Track};
use super::h264::{self, Picture};
use super::rtmp::amf0::{self, Value};
use super::timeline::Timeline;

/// What a tag holds: its type byte (E.4.1), which is also the RTMP message type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// 8.
    Audio,
    /// 9.
    Video,
    /// 18: AMF0 data.
    Script,
}

impl Kind {
    /// The kind of a tag type byte; `None` for types that are not used.
    #[must_use]
    pub const fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            8 => Some(Self::Audio),
            9 => Some(Self::Video),
            18 => Some(Self::Script),
            _ => None,
        }
    }

    /// The tag type byte.
    #[must_use]
    pub const fn byte(self) -> u8 {
        match self {
            Self::Audio => 8,
            Self::Video => 9,
            Self::Script => 18,
        }
    }
}

/// Why a publisher cannot be taken. A frame that cannot be read is no reason: it is dropped and counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FlvError {
    /// A video codec other than H.264: the CodecID of the tag, or a FourCC of Enhanced RTMP.
    VideoCodec(VideoCodec),
    /// An H.264 configuration that cannot be used.
    VideoConfig,
    /// An AAC configuration that cannot be used.
    AudioConfig,
}

/// How a video tag names its codec.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VideoCodec {
    /// CodecID of the legacy header (E.4.3.1): 7 is AVC.
    Legacy(u8),
    /// FourCC of the Enhanced RTMP header: `hvc1`, `av01`.
    FourCc([u8; 4]),
}

impl core::fmt::Display for FlvError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::VideoCodec(VideoCodec::Legacy(id)) => {
                write!(f, "video codec {id} is not H.264: set the encoder to H.264")
            }
            Self::VideoCodec(VideoCodec::FourCc(name)) => {
                write!(f, "video codec {} is not H.264: set the encoder to H.264", name.escape_ascii())
            }
            Self::VideoConfig => f.write_str("the H.264 configuration cannot be read"),
            Self::AudioConfig => f.write_str("the AAC configuration is not of AAC-LC or HE-AAC"),
        }
    }
}

impl core::error::Error for FlvError {}

/// What was thrown away or mended, for the operator.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Frames that could not be read, came before their configuration, or were odd on the timeline.
    pub dropped: u64,
    /// Frames whose stamp was mended.
    pub mended: u64,
    /// Tags of sound that is not AAC.
    pub foreign_audio: u64,
}

/// Turns the tags of one publisher into events.
#[derive(Debug, Default)]
pub struct Demuxer {
    /// The last configuration, and its length size.
    video: Option<(Bytes, u8)>,
    audio: Option<Bytes>,
    timeline: Timeline,
    unreadable: u64,
    foreign_audio: u64,
}

/// A video tag after its header, whichever header it has.
struct VideoTag {
    codec: VideoCodec,
    packet: VideoPacket,
}

enum VideoPacket {
    Configuration(Bytes),
    Frame {
        cts: i32,
        data: Bytes,
    },
    /// End of sequence, command frames, metadata: nothing to show.
    Nothing,
}

impl Demuxer {
    /// Takes one tag. An error means that the publisher cannot be taken; what was emitted before it stands.
    pub fn tag(
        &mut self,
        kind: Kind,
        stamp: u32,
        body: Bytes,
        emit: impl FnMut(Event),
    ) -> Result<(), FlvError> {
        match kind {
            Kind::Video => self.video_tag(stamp, body, emit),
            Kind::Audio => self.audio_tag(stamp, body, emit),
            Kind::Script => {
                if let Some(meta) = meta(&body) {
                    let mut emit = emit;
                    emit(Event::Meta(meta));
                }
                Ok(())
            }
        }
    }

    /// What was thrown away or mended so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        Counts {
            dropped: self.unreadable + self.timeline.dropped,
            mended: self.timeline.mended,
            foreign_audio: self.foreign_audio,
        }
    }

    fn video_tag(&mut self, stamp: u32, body: Bytes, mut emit: impl FnMut(Event)) -> Result<(), FlvError> {
        let Some(VideoTag { codec, packet }) = video_header(body) else {
            self.unreadable += 1;
            return Ok(());
        };
        match packet {
            VideoPacket::Nothing => {}
            _ if !matches!(codec, VideoCodec::Legacy(7)) => return Err(FlvError::VideoCodec(codec)),
            VideoPacket::Configuration(record) => {
                if self.video.as_ref().is_none_or(|(known, _)| *known != record) {
                    let picture = Picture::parse(&record).ok_or(FlvError::VideoConfig)?;
                    self.video = Some((record.clone(), picture.length_size));
                    emit(Event::Config(Config::Video(record)));
                }
            }
            VideoPacket::Frame { cts, data } => {
                let length_size = self.video.as_ref().map(|(_, size)| *size);
                // The FLV keyframe bit is not asked: encoders set it for recovery points too, where a decoder cannot start.
                match length_size.and_then(|size| h264::access_unit(&data, size)) {
                    Some(unit) if unit.slice => {
                        let dts = self.timeline.undo_wrap(stamp);
                        let frame = Frame { track: Track::Video, dts, cts, key: unit.idr, data };
                        self.timeline.push(frame, emit);
                    }
                    Some(_) => {}
                    None => self.unreadable += 1,
                }
            }
        }
        Ok(())
    }

    fn audio_tag(
        &mut self,
        stamp: u32,
        mut body: Bytes,
        mut emit: impl FnMut(Event),
    ) -> Result<(), FlvError> {
        // An empty audio message is how some encoders keep the line open.
        let Ok(header) = body.try_get_u8() else { return Ok(()) };
        // SoundFormat 10 is AAC (E.4.2.1); the other bits of the byte say nothing for AAC.
        if header >> 4 != 10 {
            self.foreign_audio += 1;
            return Ok(());
        }
        match (body.try_get_u8(), &self.audio) {
            (Ok(0), known) if known.as_ref() != Some(&body) => {
                Sound::parse(&body).ok_or(FlvError::AudioConfig)?;
                self.audio = Some(body.clone());
                emit(Event::Config(Config::Audio(body)));
            }
            (Ok(0), _) => {}
            (Ok(1), Some(_)) if !body.is_empty() => {
                let dts = self.timeline.undo_wrap(stamp);
                self.timeline.push(Frame { track: Track::Audio, dts, cts: 0, key: true, data: body }, emit);
            }
            _ => self.unreadable += 1,
        }
        Ok(())
    }
}

/// Reads the header of a video tag (E.4.3.1, and the Enhanced RTMP one). `None`: too short.
fn video_header(mut body: Bytes) -> Option<VideoTag> {
    let first = body.try_get_u8().ok()?;
    if first & 0x80 != 0 {
        // IsExHeader of Enhanced RTMP: the low bits are the packet type, a FourCC follows.
        let mut fourcc = [0; 4];
        body.try_copy_to_slice(&mut fourcc).ok()?;
        return Some(VideoTag {
            codec: VideoCodec::FourCc(fourcc),
            packet: VideoPacket::Configuration(body),
        });
    }
    let codec = VideoCodec::Legacy(first & 0x0f);
    // Frame type 5 is a command to the player.
    if first >> 4 == 5 {
        return Some(VideoTag { codec, packet: VideoPacket::Nothing });
    }
    if codec != VideoCodec::Legacy(7) {
        return Some(VideoTag { codec, packet: VideoPacket::Configuration(body) });
    }
    let packet_type = body.try_get_u8().ok()?;
    let cts = body.try_get_int(3).ok()? as i32;
    let packet = match packet_type {
        0 => VideoPacket::Configuration(body),
        1 => VideoPacket::Frame { cts, data: body },
        _ => VideoPacket::Nothing,
    };
    Some(VideoTag { codec, packet })
}

/// `onMetaData`, bare or wrapped in `@setDataFrame` as publishers send it.
fn meta(body: &Bytes) -> Option<Meta> {
    let mut values = amf0::decode_all(body).ok()?.into_iter();
    let mut name = values.next()?;
    if name.as_str() == Some("@setDataFrame") {
        name = values.next()?;
    }
    if name.as_str() != Some("onMetaData") {
        return None;
    }
    let value: Value = values.next()?;
    let number = |key: &str, factor: f64| {
        let number = value.get(key).and_then(Value::as_f64).unwrap_or(0.0) * factor;
        // The cast saturates, and makes 0 of what is no number.
        number.round() as u32
    };
    let encoder = value.get("encoder").and_then(Value::as_str).unwrap_or_default();
    Some(Meta {
        frame_rate_milli: number("framerate", 1_000.0),
        width: number("width", 1.0),
        height: number("height", 1.0),
        video_bps: number("videodatarate", 1_000.0),
        audio_bps: number("audiodatarate", 1_000.0),
        encoder: encoder.chars().filter(|c| !c.is_control()).take(64).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::sample;

    fn bytes(parts: &[&[u8]]) -> Bytes {
        parts.concat().into()
    }

    fn video_config(record: &[u8]) -> Bytes {
        bytes(&[&[0x17, 0, 0, 0, 0], record])
    }

    /// Feeds tags and returns the events.
    fn demux(demuxer: &mut Demuxer, tags: &[(Kind, u32, Bytes)]) -> Result<Vec<Event>, FlvError> {
        let mut events = Vec::new();
        for (kind, stamp, body) in tags {
            demuxer.tag(*kind, *stamp, body.clone(), |event| events.push(event))?;
        }
        Ok(events)
    }

    #[test]
    fn picture_and_sound() {
        let idr = [0, 0, 0, 2, 0x65, 0x88];
        let tags = [
            (Kind::Video, 0, video_config(sample::AVCC_320X180_30)),
            (Kind::Audio, 0, bytes(&[&[0xaf, 0], sample::AAC_48K_STEREO])),
            (Kind::Video, 40, bytes(&[&[0x17, 1, 0, 0, 80], &idr])),
            (Kind::Video, 80, bytes(&[&[0x27, 1, 0xff, 0xff, 0xd8], &[0, 0, 0, 1, 0x41]])),
            (Kind::Audio, 43, bytes(&[&[0xaf, 1, 0x21, 0x10]])),
        ];
        let events = demux(&mut Demuxer::default(), &tags).unwrap();
        let frame = |track, dts, cts, key, data: &[u8]| {
            Event::Frame(Frame { track, dts, cts, key, data: Bytes::copy_from_slice(data) })
        };
        assert_eq!(
            events,
            [
                Event::Config(Config::Video(Bytes::from_static(sample::AVCC_320X180_30))),
                Event::Config(Config::Audio(Bytes::from_static(sample::AAC_48K_STEREO))),
                frame(Track::Video, 40, 80, true, &idr),
                frame(Track::Video, 80, -40, false, &[0, 0, 0, 1, 0x41]),
                frame(Track::Audio, 43, 0, true, &[0x21, 0x10]),
            ]
        );
    }

    #[test]
    fn repeated_configurations_change_nothing() {
        let mut demuxer = Demuxer::default();
        let video = (Kind::Video, 0, video_config(sample::AVCC_320X180_30));
        let audio = (Kind::Audio, 0, bytes(&[&[0xaf, 0], sample::AAC_48K_STEREO]));
        assert_eq!(demux(&mut demuxer, &[video.clone(), audio.clone()]).unwrap().len(), 2);
        assert_eq!(demux(&mut demuxer, &[video, audio]).unwrap(), []);
        let mono = (Kind::Audio, 0, bytes(&[&[0xaf, 0, 0x12, 0x08]]));
        assert_eq!(demux(&mut demuxer, &[mono]).unwrap().len(), 1);
    }

    #[test]
    fn frames_that_cannot_be_read_are_dropped_and_counted() {
        let mut demuxer = Demuxer::default();
        let tags = [
            // Before any configuration.
            (Kind::Video, 0, bytes(&[&[0x27, 1, 0, 0, 0, 0, 0, 0, 1, 0x41]])),
            (Kind::Audio, 0, bytes(&[&[0xaf, 1, 0x21]])),
            (Kind::Video, 0, video_config(sample::AVCC_320X180_30)),
            // Lengths that do not add up; a tag that is cut; an end of sequence, which is fine.
            (Kind::Video, 0, bytes(&[&[0x27, 1, 0, 0, 0, 0, 0, 0, 9, 0x41]])),
            (Kind::Video, 0, bytes(&[&[0x27, 1, 0]])),
            (Kind::Video, 0, bytes(&[&[0x17, 2, 0, 0, 0]])),
            (Kind::Audio, 0, Bytes::new()),
        ];
        assert_eq!(demux(&mut demuxer, &tags).unwrap().len(), 1);
        assert_eq!(demuxer.counts(), Counts { dropped: 4, mended: 0, foreign_audio: 0 });
    }

    #[test]
    fn foreign_codecs() {
        let refuse = |body: &[u8]| {
            demux(&mut Demuxer::default(), &[(Kind::Video, 0, Bytes::copy_from_slice(body))]).unwrap_err()
        };
        assert_eq!(refuse(&[0x12, 0, 0]), FlvError::VideoCodec(VideoCodec::Legacy(2)));
        let hevc = refuse(b"\x90hvc1\x01");
        assert_eq!(hevc, FlvError::VideoCodec(VideoCodec::FourCc(*b"hvc1")));
        assert!(hevc.to_string().contains("hvc1"), "{hevc}");
        // MP3 sound: the picture goes on without it.
        let mut demuxer = Demuxer::default();
        assert_eq!(demux(&mut demuxer, &[(Kind::Audio, 0, bytes(&[&[0x2f, 1, 2]]))]).unwrap(), []);
        assert_eq!(demuxer.counts().foreign_audio, 1);
    }

    #[test]
    fn metadata() {
        let mut body = Vec::new();
        amf0::encode(&mut body, &Value::from("@setDataFrame"));
        amf0::encode(&mut body, &Value::from("onMetaData"));
        let object = vec![
            ("framerate".into(), Value::Number(29.97)),
            ("width".into(), Value::Number(1920.0)),
            ("videodatarate".into(), Value::Number(2_500.0)),
            ("height".into(), Value::Number(f64::NAN)),
            ("encoder".into(), Value::from("obs-output module\n(libobs 30)")),
        ];
        amf0::encode(&mut body, &Value::EcmaArray(object));
        let events = demux(&mut Demuxer::default(), &[(Kind::Script, 0, body.into())]).unwrap();
        let expect = Meta {
            frame_rate_milli: 29_970,
            width: 1_920,
            height: 0,
            video_bps: 2_500_000,
            audio_bps: 0,
            encoder: "obs-output module(libobs 30)".into(),
        };
        assert_eq!(events, [Event::Meta(expect)]);
    }
}
