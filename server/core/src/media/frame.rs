//! What an encoder sends, after its protocol is taken off: frames, decoder configurations and breaks in the timeline. Every
//! ingest makes these, the packager takes them. Knows neither RTMP nor MP4.

use bytes::Bytes;

/// Which of the two tracks of a rendition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Track {
    /// The picture: track 1 of every file.
    Video,
    /// The sound: track 2.
    Audio,
}

/// One access unit, ready to be decoded after its track's [`Config`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The track it belongs to.
    pub track: Track,
    /// Decoding time in milliseconds, from the encoder, its 32-bit wraps undone. Counts from wherever the encoder began and may
    /// be negative; never more than 5 s away from its predecessor without an [`Event::Discontinuity`] between them.
    pub dts: i64,
    /// Presentation time less `dts`, in milliseconds: verbatim from the encoder, so negative where an encoder says so.
    pub cts: i32,
    /// Video: an IDR, CRA or BLA, or an AV1 key frame, where decoding can start. Audio: always true.
    pub key: bool,
    /// Video: NAL units with the length prefixes that the configuration states, or the OBUs of a temporal unit without its
    /// delimiter. Audio: one raw AAC frame, no ADTS, or one Opus packet.
    pub data: Bytes,
}

/// What a decoder needs before the first frame of a track.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Config {
    /// An AVCDecoderConfigurationRecord (ISO/IEC 14496-15, 5.3.3.1): the body of an `avcC` box.
    Video(Bytes),
    /// An HEVCDecoderConfigurationRecord (ISO/IEC 14496-15, 8.3.3.1): the body of an `hvcC` box.
    Hevc(Bytes),
    /// An AV1CodecConfigurationRecord (AV1 ISOBMFF binding, 2.3.3): the body of an `av1C` box, with the sequence header.
    Av1(Bytes),
    /// An AudioSpecificConfig (ISO/IEC 14496-3, 1.6.2.1).
    Audio(Bytes),
    /// Opus.
    Opus {
        /// The identification header (RFC 7845, 5.1).
        head: Bytes,
        /// Samples in a packet at 48 kHz, by the first one.
        frame_samples: u32,
    },
}

impl Config {
    /// The track that it describes.
    #[must_use]
    pub const fn track(&self) -> Track {
        match self {
            Self::Video(_) | Self::Hevc(_) | Self::Av1(_) => Track::Video,
            Self::Audio(_) | Self::Opus { .. } => Track::Audio,
        }
    }
}

/// What the encoder says of itself (`onMetaData`). Hints: shown to the operator, and used where the stream itself is silent.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Meta {
    /// Frames in 1,000 seconds, 0 where unknown: 29970 is 29.97 fps.
    pub frame_rate_milli: u32,
    /// Pixels, 0 where unknown.
    pub width: u32,
    /// Pixels, 0 where unknown.
    pub height: u32,
    /// Bits a second, 0 where unknown.
    pub video_bps: u32,
    /// Bits a second, 0 where unknown.
    pub audio_bps: u32,
    /// The encoder's name and version, 64 characters at most; empty where unknown.
    pub encoder: String,
}

/// One step of what an encoder sends. A publisher's life is: configurations, then frames; a changed configuration at any time.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// A configuration that differs from the track's last one (repeats are swallowed). Comes before the frames it describes.
    Config(Config),
    /// An access unit.
    Frame(Frame),
    /// What the encoder says of itself; may repeat.
    Meta(Meta),
    /// The next frame starts a new timeline: its `dts` has nothing to do with what came before, on both tracks.
    Discontinuity,
}
