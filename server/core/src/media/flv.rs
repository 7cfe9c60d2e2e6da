//! FLV tags to events: what RTMP messages of type 8, 9 and 18 and the tags of an FLV file carry. Takes tag bodies whole; knows
//! neither sockets nor chunks. The byte layouts are of the Adobe Flash Video File Format Specification 10.1, annex E, and of Enhanced
//! RTMP v2.

mod enhanced;
pub mod file;
pub mod mux;
#[cfg(test)]
mod tests;

use bytes::{Buf as _, Bytes};

use super::aac::Sound;
use super::frame::{Config, Event, Frame, Meta, Track};
use super::h264::{self, Picture};
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
    /// CodecID of the legacy header (E.4.3.1): 7 is AVC.
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
}

/// Turns the tags of one publisher into events.
#[derive(Debug, Default)]
pub struct Demuxer {
    /// The last configuration, and its length size.
    video: Option<(Config, u8)>,
    audio: Option<Config>,
    /// The header of Opus whose first packet has not come: that says how long packets really are.
    opus: Option<Bytes>,
    timeline: Timeline,
    unreadable: u64,
    foreign_audio: u64,
}

/// A tag after its header, whichever header it has.
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
        match video_header(body)? {
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

    fn audio_tag(&mut self, stamp: u32, body: Bytes, mut emit: impl FnMut(Event)) -> Result<(), FlvError> {
        match audio_header(body) {
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

/// Reads the header of a video tag (E.4.3.1, and the Enhanced RTMP one).
fn video_header(mut body: Bytes) -> Result<Tag, FlvError> {
    let Ok(first) = body.try_get_u8() else { return Ok(Tag::Unreadable) };
    if first & 0x80 != 0 {
        return match enhanced::video(first, body) {
            Some(packet) => enhanced_video(packet),
            None => Ok(Tag::Unreadable),
        };
    }
    let codec = first & 0x0f;
    // Frame type 5 is a command to the player.
    if first >> 4 == 5 {
        return Ok(Tag::Nothing);
    }
    if codec != 7 {
        return Err(FlvError::VideoCodec(VideoCodec::Legacy(codec)));
    }
    let (Ok(packet_type), Ok(cts)) = (body.try_get_u8(), body.try_get_int(3)) else {
        return Ok(Tag::Unreadable);
    };
    Ok(match packet_type {
        0 => Tag::Configuration(Config::Video(body)),
        1 => Tag::Frame { cts: cts as i32, data: body },
        _ => Tag::Nothing,
    })
}

fn enhanced_video(packet: enhanced::Packet) -> Result<Tag, FlvError> {
    use enhanced::Kind as Packets;
    let enhanced::Packet { fourcc, kind, mut body } = packet;
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

/// Reads the header of an audio tag (E.4.2.1, and the Enhanced RTMP one).
fn audio_header(mut body: Bytes) -> Tag {
    // An empty audio message is how some encoders keep the line open.
    let Ok(first) = body.try_get_u8() else { return Tag::Nothing };
    match first >> 4 {
        9 => {}
        // AAC; the other bits of the byte say nothing for it.
        10 => {
            return match body.try_get_u8() {
                Ok(0) => Tag::Configuration(Config::Audio(body)),
                Ok(1) => Tag::Frame { cts: 0, data: body },
                _ => Tag::Unreadable,
            };
        }
        _ => return Tag::Foreign,
    }
    let Some(enhanced::Packet { fourcc, kind, body }) = enhanced::audio(first, body) else {
        return Tag::Unreadable;
    };
    match (&fourcc, kind) {
        (_, enhanced::Kind::Other) => Tag::Nothing,
        (b"mp4a" | b"Opus", enhanced::Kind::CodedFrames) => Tag::Frame { cts: 0, data: body },
        (b"mp4a", _) => Tag::Configuration(Config::Audio(body)),
        (b"Opus", _) => Tag::OpusHead(body),
        _ => Tag::Foreign,
    }
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
