//! FLV tags to events: what RTMP messages of type 8, 9 and 18 and the tags of an FLV file carry. Takes tag bodies whole; knows
//! neither sockets nor chunks. The byte layouts are of the Adobe Flash Video File Format Specification 10.1, annex E, and of Enhanced
//! RTMP v2.

mod enhanced;
pub mod file;
pub mod mux;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use bytes::{Buf as _, Bytes};

use super::aac::Sound;
use super::frame::{Config, Event, Frame, Meta, Track};
use super::h264::{self, Picture};
use super::limits::RENDITIONS_MAX;
use super::rtmp::amf0::{self, Value};
use super::timeline::Timeline;
use super::{av1, h265, opus};

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
    /// A video codec that is not taken: the CodecID of the tag, or a FourCC of Enhanced RTMP.
    VideoCodec(VideoCodec),
    /// A configuration of the picture that cannot be used.
    VideoConfig,
    /// AV1 that is described as in MPEG-2 TS.
    Mpeg2Ts,
    /// A configuration of sound that cannot be used.
    AudioConfig,
}

/// How a video tag names its codec.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VideoCodec {
    /// CodecID of the legacy header (E.4.3.1): 7 is AVC, and 12, by custom, HEVC.
    Legacy(u8),
    /// FourCC of the Enhanced RTMP header: `vp09`.
    FourCc([u8; 4]),
}

impl core::fmt::Display for FlvError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::VideoCodec(VideoCodec::Legacy(id)) => {
                write!(f, "video codec {id} is not H.264, H.265 or AV1: set the encoder to H.264")
            }
            Self::VideoCodec(VideoCodec::FourCc(name)) => {
                let name = name.escape_ascii();
                write!(f, "video codec {name} is not H.264, H.265 or AV1: set the encoder to H.264")
            }
            Self::VideoConfig => f.write_str("the configuration of the picture cannot be read"),
            Self::Mpeg2Ts => f.write_str("AV1 as in MPEG-2 TS is not taken: set the encoder to plain AV1"),
            Self::AudioConfig => {
                f.write_str("the configuration of the sound is not of AAC-LC, HE-AAC or Opus")
            }
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
    /// Tags of sound that is neither AAC nor Opus.
    pub foreign_audio: u64,
    /// Frames that whoever joins with the keyframe before them misses.
    pub leading: u64,
}

/// Turns the tags of one publisher into events of its pictures. A picture is known by the id of its track: 0, and others where an encoder
/// sends several (Enhanced RTMP v2, multitrack). The sound of track 0 goes with each: another language belongs into a room of its own.
#[derive(Debug)]
pub struct Demuxer {
    /// 0 is always there; no more than a room takes renditions.
    pictures: BTreeMap<u8, Streams>,
}

/// A picture and its sound.
#[derive(Debug, Default)]
struct Streams {
    /// The last configuration, and its length size.
    video: Option<(Config, u8)>,
    audio: Option<Config>,
    /// The header of Opus whose first packet has not come: that says how long packets really are.
    opus: Option<Bytes>,
    timeline: Timeline,
    unreadable: u64,
    foreign_audio: u64,
    leading: u64,
}

/// A tag after its header, whichever header it has.
#[derive(Clone)]
enum Tag {
    Configuration(Config),
    OpusHead(Bytes),
    Frame {
        cts: i32,
        data: Bytes,
    },
    /// End of sequence, command frames, metadata, an empty message that keeps the line open: nothing to show.
    Nothing,
    /// A codec of sound that is not taken: the picture goes on without it.
    Foreign,
    Unreadable,
}

impl Default for Demuxer {
    fn default() -> Self {
        Self { pictures: BTreeMap::from([(0, Streams::default())]) }
    }
}

impl Demuxer {
    /// Takes one tag; emits events, each with its picture. An error means that the publisher cannot be taken; what was emitted before
    /// it stands. A picture beside the first one that cannot be taken is left out.
    pub fn tag(
        &mut self,
        kind: Kind,
        stamp: u32,
        body: Bytes,
        mut emit: impl FnMut(u8, Event),
    ) -> Result<(), FlvError> {
        match kind {
            Kind::Video => video_header(body)?
                .into_iter()
                .try_for_each(|(picture, tag)| self.video_tag(picture, stamp, tag, &mut emit)),
            Kind::Audio => {
                let Some(tag) = audio_header(body) else { return Ok(()) };
                self.pictures.iter_mut().try_for_each(|(picture, streams)| {
                    streams.audio_tag(stamp, tag.clone(), |event| emit(*picture, event))
                })
            }
            Kind::Script => {
                if let Some(meta) = meta(&body) {
                    emit(0, Event::Meta(meta));
                }
                Ok(())
            }
        }
    }

    /// What was thrown away or mended of a picture and its sound so far.
    #[must_use]
    pub fn counts(&self, picture: u8) -> Counts {
        self.pictures.get(&picture).map(Streams::counts).unwrap_or_default()
    }

    fn video_tag(
        &mut self,
        picture: u8,
        stamp: u32,
        tag: Tag,
        emit: &mut impl FnMut(u8, Event),
    ) -> Result<(), FlvError> {
        let another = !self.pictures.contains_key(&picture) && self.pictures.len() < RENDITIONS_MAX;
        if another && matches!(&tag, Tag::Configuration(config) if Picture::of(config).is_some()) {
            let first = self.pictures.get(&0);
            let audio = first.and_then(|first| first.audio.clone());
            let opus = first.and_then(|first| first.opus.clone());
            if let Some(config) = &audio {
                emit(picture, Event::Config(config.clone()));
            }
            self.pictures.insert(picture, Streams { audio, opus, ..Streams::default() });
        }
        let Some(streams) = self.pictures.get_mut(&picture) else { return Ok(()) };
        let taken = streams.video_tag(stamp, tag, |event| emit(picture, event));
        if picture > 0 && taken.is_err() {
            // Nor is it gone on with as what it was before.
            streams.video = None;
            return Ok(());
        }
        taken
    }
}

impl Streams {
    fn counts(&self) -> Counts {
        Counts {
            dropped: self.unreadable + self.timeline.dropped,
            mended: self.timeline.mended,
            foreign_audio: self.foreign_audio,
            leading: self.leading,
        }
    }

    fn video_tag(&mut self, stamp: u32, tag: Tag, mut emit: impl FnMut(Event)) -> Result<(), FlvError> {
        match tag {
            Tag::Nothing => {}
            Tag::Configuration(config) => {
                if self.video.as_ref().is_none_or(|(known, _)| *known != config) {
                    let picture = Picture::of(&config).ok_or(FlvError::VideoConfig)?;
                    self.video = Some((config.clone(), picture.length_size));
                    emit(Event::Config(config));
                }
            }
            Tag::Frame { cts, mut data } => {
                // The keyframe bit of the tag is not asked: encoders set it for recovery points too, where a decoder cannot start.
                let unit = match &self.video {
                    Some((Config::Hevc(_), size)) => h265::access_unit(&data, *size),
                    Some((Config::Av1(_), _)) => {
                        data.advance(av1::delimiters(&data));
                        av1::temporal_unit(&data)
                    }
                    Some((_, size)) => h264::access_unit(&data, *size),
                    None => None,
                };
                match unit {
                    Some(unit) if unit.slice => {
                        self.leading += u64::from(unit.leading);
                        let dts = self.timeline.undo_wrap(stamp);
                        let frame = Frame { track: Track::Video, dts, cts, key: unit.idr, data };
                        self.timeline.push(frame, emit);
                    }
                    Some(_) => {}
                    None => self.unreadable += 1,
                }
            }
            Tag::OpusHead(_) | Tag::Foreign | Tag::Unreadable => self.unreadable += 1,
        }
        Ok(())
    }

    fn audio_tag(&mut self, stamp: u32, tag: Tag, mut emit: impl FnMut(Event)) -> Result<(), FlvError> {
        match tag {
            Tag::Nothing => {}
            Tag::Foreign => self.foreign_audio += 1,
            Tag::OpusHead(head) => {
                let known = matches!(&self.audio, Some(Config::Opus { head: known, .. }) if *known == head);
                if !known {
                    // Told at once, or the picture's first frame, which comes before the first packet, would begin without sound.
                    let config = Config::Opus { head: head.clone(), frame_samples: opus::USUAL_SAMPLES };
                    self.sound(config, emit)?;
                    self.opus = Some(head);
                }
            }
            Tag::Configuration(config) => self.sound(config, emit)?,
            Tag::Frame { data, .. } if !data.is_empty() => {
                if let Some(head) = self.opus.take() {
                    match opus::samples(&data) {
                        Some(frame_samples) => self.sound(Config::Opus { head, frame_samples }, &mut emit)?,
                        None => self.opus = Some(head),
                    }
                }
                if self.audio.is_none() || self.opus.is_some() {
                    self.unreadable += 1;
                    return Ok(());
                }
                let dts = self.timeline.undo_wrap(stamp);
                self.timeline.push(Frame { track: Track::Audio, dts, cts: 0, key: true, data }, emit);
            }
            Tag::Frame { .. } | Tag::Unreadable => self.unreadable += 1,
        }
        Ok(())
    }

    fn sound(&mut self, config: Config, mut emit: impl FnMut(Event)) -> Result<(), FlvError> {
        if self.audio.as_ref() != Some(&config) {
            Sound::of(&config).ok_or(FlvError::AudioConfig)?;
            self.audio = Some(config.clone());
            self.opus = None;
            emit(Event::Config(config));
        }
        Ok(())
    }
}

/// Reads the header of a video tag (E.4.3.1, and the Enhanced RTMP one): what it holds, of which picture.
fn video_header(mut body: Bytes) -> Result<Vec<(u8, Tag)>, FlvError> {
    let Ok(first) = body.try_get_u8() else { return Ok(vec![(0, Tag::Unreadable)]) };
    if first & 0x80 == 0 {
        return Ok(vec![(0, legacy_video(first, body)?)]);
    }
    let Some(packets) = enhanced::video(first, body) else { return Ok(vec![(0, Tag::Unreadable)]) };
    let read = |packet: enhanced::Packet| match (packet.track, enhanced_video(packet)) {
        (0, Err(error)) => Err(error),
        (track, tag) => Ok((track, tag.unwrap_or(Tag::Unreadable))),
    };
    packets.into_iter().map(read).collect()
}

fn legacy_video(first: u8, mut body: Bytes) -> Result<Tag, FlvError> {
    let codec = first & 0x0f;
    // Frame type 5 is a command to the player.
    if first >> 4 == 5 {
        return Ok(Tag::Nothing);
    }
    let config: fn(Bytes) -> Config = match codec {
        7 => Config::Video,
        // Of no specification, and what many encoders sent H.265 as before Enhanced RTMP: laid out as H.264 is.
        12 => Config::Hevc,
        _ => return Err(FlvError::VideoCodec(VideoCodec::Legacy(codec))),
    };
    let (Ok(packet_type), Ok(cts)) = (body.try_get_u8(), body.try_get_int(3)) else {
        return Ok(Tag::Unreadable);
    };
    Ok(match packet_type {
        0 => Tag::Configuration(config(body)),
        1 => Tag::Frame { cts: cts as i32, data: body },
        _ => Tag::Nothing,
    })
}

fn enhanced_video(packet: enhanced::Packet) -> Result<Tag, FlvError> {
    use enhanced::Kind as Packets;
    let enhanced::Packet { fourcc, kind, mut body, .. } = packet;
    let config: fn(Bytes) -> Config = match &fourcc {
        _ if kind == Packets::Other => return Ok(Tag::Nothing),
        b"avc1" => Config::Video,
        b"hvc1" => Config::Hevc,
        b"av01" => Config::Av1,
        _ => return Err(FlvError::VideoCodec(VideoCodec::FourCc(fourcc))),
    };
    Ok(match kind {
        Packets::SequenceStart => Tag::Configuration(config(body)),
        Packets::Mpeg2TsSequenceStart => return Err(FlvError::Mpeg2Ts),
        // AV1 is shown in the order in which it is decoded.
        Packets::CodedFrames if fourcc != *b"av01" => match body.try_get_int(3) {
            Ok(cts) => Tag::Frame { cts: cts as i32, data: body },
            Err(_) => Tag::Unreadable,
        },
        Packets::CodedFrames | Packets::CodedFramesX => Tag::Frame { cts: 0, data: body },
        Packets::Other => Tag::Nothing,
    })
}

/// Reads the header of an audio tag (E.4.2.1, and the Enhanced RTMP one); other tracks than the first are left out.
fn audio_header(mut body: Bytes) -> Option<Tag> {
    // An empty audio message is how some encoders keep the line open.
    let first = body.try_get_u8().ok()?;
    match first >> 4 {
        9 => {}
        // AAC; the other bits of the byte say nothing for it.
        10 => {
            return Some(match body.try_get_u8() {
                Ok(0) => Tag::Configuration(Config::Audio(body)),
                Ok(1) => Tag::Frame { cts: 0, data: body },
                _ => Tag::Unreadable,
            });
        }
        _ => return Some(Tag::Foreign),
    }
    let Some(packets) = enhanced::audio(first, body) else { return Some(Tag::Unreadable) };
    let enhanced::Packet { fourcc, kind, body, .. } = packets.into_iter().find(|packet| packet.track == 0)?;
    Some(match (&fourcc, kind) {
        (_, enhanced::Kind::Other) => Tag::Nothing,
        (b"mp4a" | b"Opus", enhanced::Kind::CodedFrames) => Tag::Frame { cts: 0, data: body },
        (b"mp4a", _) => Tag::Configuration(Config::Audio(body)),
        (b"Opus", _) => Tag::OpusHead(body),
        _ => Tag::Foreign,
    })
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
