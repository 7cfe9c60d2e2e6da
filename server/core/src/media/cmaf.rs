//! CMAF boxes: initialisation segments and chunks (`prft moof mdat`) of one frame or a few. Writes bytes from values; knows neither
//! segments nor playlists, and reads no box back.
//!
//! | spec | what of it |
//! |---|---|
//! | ISO/IEC 14496-12 | the boxes; section numbers below are its |
//! | ISO/IEC 14496-15, 5.3 and 8.3 | `avc1` and `avcC`, `hvc1` and `hvcC` |
//! | AV1 Codec ISO Media File Format Binding, 2 | `av01` and `av1C` |
//! | Encapsulation of Opus in ISO Base Media File Format, 4.3 | `Opus` and `dOps` |
//! | ISO/IEC 14496-14, 5.6 | `mp4a` and `esds` |
//! | ISO/IEC 23000-19 | brand `cmf2`: no edit list, composition offsets may be negative (`trun` version 1) |
//!
//! Movies are written live-style: no `mehd` and every duration zero. Chromium's MP4 parser takes that as "live" and then
//! renders with one buffered frame instead of several.

use bytes::Bytes;
use hawker_wire::Wall;

use super::frame::{Config, Track};
use super::opus;

/// What the video track's sample entry says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VideoEntry {
    /// A configuration of a picture: the body of `avcC`, `hvcC` or `av1C`, verbatim.
    pub config: Config,
    /// Width in pixels as shown.
    pub width: u32,
    /// Height in pixels as shown.
    pub height: u32,
}

/// What the audio track's sample entry says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AudioEntry {
    /// A configuration of sound: the AudioSpecificConfig verbatim, or what `dOps` is written from.
    pub config: Config,
    /// Samples a second, which is also the track's timescale.
    pub sample_rate: u32,
    /// Channels.
    pub channels: u32,
}

/// One access unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    /// Its bytes.
    pub data: Bytes,
    /// Until the next one, in the track's timescale; the same for all sound of a chunk.
    pub duration: u32,
    /// Presentation less decoding time, in the track's timescale.
    pub cts: i32,
    /// Is it a sync sample? Sound always is.
    pub key: bool,
}

/// What goes into a chunk, and where it stands.
#[derive(Clone, Copy, Debug)]
pub struct Fragment<'a> {
    /// The track, which decides the track id and the shape of `trun`.
    pub track: Track,
    /// `mfhd.sequence_number`: grows with each chunk of a rendition.
    pub sequence: u32,
    /// Decoding time of the first in the track's timescale.
    pub tfdt: u64,
    /// The server's clock, for a `prft`; `None` writes none.
    pub wall: Option<Wall>,
    /// One or more that follow each other without a hole.
    pub units: &'a [Unit],
}

/// Video ticks a second: the milliseconds of RTMP stamps.
pub const VIDEO_TIMESCALE: u32 = 1_000;

/// The track id that `tkhd`, `tfhd` and `prft` carry.
#[must_use]
pub const fn track_id(track: Track) -> u32 {
    match track {
        Track::Video => 1,
        Track::Audio => 2,
    }
}

/// `ftyp moov` with the tracks given: both for the player's object, one for a track of its own.
#[must_use]
pub fn init(video: Option<&VideoEntry>, audio: Option<&AudioEntry>) -> Bytes {
    let mut out = Vec::with_capacity(1_536);
    boxed(&mut out, b"ftyp", |out| {
        out.extend_from_slice(b"iso6\0\0\0\0iso6cmf2cmfcmp41");
    });
    boxed(&mut out, b"moov", |out| {
        full(out, b"mvhd", 0, 0, |out| {
            words(out, &[0, 0, VIDEO_TIMESCALE, 0, 0x0001_0000, 0x0100_0000, 0, 0]);
            words(out, &MATRIX);
            words(out, &[0, 0, 0, 0, 0, 0, 3]);
        });
        if let Some(entry) = video {
            let size = (entry.width, entry.height);
            trak(out, Track::Video, VIDEO_TIMESCALE, size, |out| picture(out, entry));
        }
        if let Some(entry) = audio {
            trak(out, Track::Audio, entry.sample_rate, (0, 0), |out| sound(out, entry));
        }
        boxed(out, b"mvex", |out| {
            let tracks = [video.map(|_| Track::Video), audio.map(|_| Track::Audio)];
            for track in tracks.into_iter().flatten() {
                full(out, b"trex", 0, 0, |out| words(out, &[track_id(track), 1, 0, 0, 0]));
            }
        });
    });
    Bytes::from(out)
}

/// `[prft] moof mdat`. At 30 a second each field costs a slow link 1 kb/s, so none is written that says nothing; but each fragment
/// says its samples' duration and flags itself, as `cmf2` wants (ISO/IEC 23000-19, 7.7.3).
#[must_use]
pub fn chunk(fragment: &Fragment<'_>) -> Bytes {
    let size: usize = fragment.units.iter().map(|unit| unit.data.len()).sum();
    let mut out = Vec::with_capacity(size.saturating_add(192));
    if let Some(wall) = fragment.wall {
        // 8.16.5; flags 2: the time at which this fragment was written.
        full(&mut out, b"prft", 1, 2, |out| {
            words(out, &[track_id(fragment.track)]);
            out.extend_from_slice(&ntp(wall).to_be_bytes());
            // It is the last unit that was there then.
            let before = fragment.units.iter().rev().skip(1).map(|unit| u64::from(unit.duration));
            out.extend_from_slice(&(fragment.tfdt + before.sum::<u64>()).to_be_bytes());
        });
    }
    let moof = out.len();
    let mut offset_at = 0;
    boxed(&mut out, b"moof", |out| {
        full(out, b"mfhd", 0, 0, |out| words(out, &[fragment.sequence]));
        boxed(out, b"traf", |out| {
            let video = fragment.track == Track::Video;
            let sound = if video { 0 } else { TFHD_DURATION | TFHD_FLAGS };
            full(out, b"tfhd", 0, DEFAULT_BASE_IS_MOOF | sound, |out| {
                words(out, &[track_id(fragment.track)]);
                if !video {
                    words(out, &[fragment.units.first().map_or(0, |unit| unit.duration), SYNC]);
                }
            });
            full(out, b"tfdt", 1, 0, |out| out.extend_from_slice(&fragment.tfdt.to_be_bytes()));
            let with_cts = video && fragment.units.iter().any(|unit| unit.cts != 0);
            let fields =
                if video { TRUN_DURATION | TRUN_FLAGS } else { 0 } | if with_cts { TRUN_CTS } else { 0 };
            let flags = TRUN_OFFSET | TRUN_SIZE | fields;
            full(out, b"trun", 1, flags, |out| {
                words(out, &[fragment.units.len() as u32]);
                offset_at = out.len();
                words(out, &[0]);
                for unit in fragment.units {
                    if video {
                        words(out, &[unit.duration]);
                    }
                    words(out, &[unit.data.len() as u32]);
                    if video {
                        words(out, &[if unit.key { SYNC } else { NOT_SYNC }]);
                    }
                    if with_cts {
                        out.extend_from_slice(&unit.cts.to_be_bytes());
                    }
                }
            });
        });
    });
    let data_offset = (out.len() - moof + 8) as u32;
    patch(&mut out, offset_at, data_offset);
    boxed(&mut out, b"mdat", |out| {
        fragment.units.iter().for_each(|unit| out.extend_from_slice(&unit.data));
    });
    Bytes::from(out)
}

fn trak(out: &mut Vec<u8>, track: Track, timescale: u32, size: (u32, u32), entry: impl FnOnce(&mut Vec<u8>)) {
    let video = track == Track::Video;
    boxed(out, b"trak", |out| {
        // 8.3.2; flags: enabled, in the movie.
        full(out, b"tkhd", 0, 3, |out| {
            words(out, &[0, 0, track_id(track), 0, 0, 0, 0, 0, if video { 0 } else { 0x0100_0000 }]);
            words(out, &MATRIX);
            words(out, &[size.0 << 16, size.1 << 16]);
        });
        boxed(out, b"mdia", |out| {
            // 8.4.2; language "und".
            full(out, b"mdhd", 0, 0, |out| words(out, &[0, 0, timescale, 0, 0x55c4_0000]));
            full(out, b"hdlr", 0, 0, |out| {
                words(out, &[0]);
                out.extend_from_slice(if video { b"vide" } else { b"soun" });
                words(out, &[0, 0, 0]);
                out.extend_from_slice(if video { b"video\0" } else { b"audio\0" });
            });
            boxed(out, b"minf", |out| {
                if video {
                    full(out, b"vmhd", 0, 1, |out| words(out, &[0, 0]));
                } else {
                    full(out, b"smhd", 0, 0, |out| words(out, &[0]));
                }
                boxed(out, b"dinf", |out| {
                    full(out, b"dref", 0, 0, |out| {
                        words(out, &[1]);
                        full(out, b"url ", 0, 1, |_| {});
                    });
                });
                boxed(out, b"stbl", |out| {
                    full(out, b"stsd", 0, 0, |out| {
                        words(out, &[1]);
                        entry(out);
                    });
                    full(out, b"stts", 0, 0, |out| words(out, &[0]));
                    full(out, b"stsc", 0, 0, |out| words(out, &[0]));
                    full(out, b"stsz", 0, 0, |out| words(out, &[0, 0]));
                    full(out, b"stco", 0, 0, |out| words(out, &[0]));
                });
            });
        });
    });
}

fn picture(out: &mut Vec<u8>, entry: &VideoEntry) {
    let (kind, name, record) = match &entry.config {
        Config::Hevc(record) => (b"hvc1", b"hvcC", record),
        Config::Av1(record) => (b"av01", b"av1C", record),
        Config::Video(record) | Config::Audio(record) | Config::Opus { head: record, .. } => {
            (b"avc1", b"avcC", record)
        }
    };
    boxed(out, kind, |out| {
        words(out, &[0, 1, 0, 0, 0, 0]);
        out.extend_from_slice(&(entry.width as u16).to_be_bytes());
        out.extend_from_slice(&(entry.height as u16).to_be_bytes());
        // 72 dpi twice, reserved, one frame a sample, an empty compressor name, depth 24.
        words(out, &[0x0048_0000, 0x0048_0000, 0]);
        out.extend_from_slice(&[0, 1]);
        out.extend_from_slice(&[0; 32]);
        out.extend_from_slice(&[0, 0x18, 0xff, 0xff]);
        boxed(out, name, |out| out.extend_from_slice(record));
    });
}

fn sound(out: &mut Vec<u8>, entry: &AudioEntry) {
    // The field is 16.16: a rate that does not fit is left to the configuration.
    let rate = if entry.sample_rate <= 0xffff { entry.sample_rate << 16 } else { 0 };
    let fields = [0, 1, 0, 0, (entry.channels << 16) | 16, 0, rate];
    match &entry.config {
        Config::Opus { head, .. } => boxed(out, b"Opus", |out| {
            words(out, &fields);
            boxed(out, b"dOps", |out| out.extend_from_slice(&opus::dops(head).unwrap_or_default()));
        }),
        Config::Audio(asc) | Config::Video(asc) | Config::Hevc(asc) | Config::Av1(asc) => {
            boxed(out, b"mp4a", |out| {
                words(out, &fields);
                full(out, b"esds", 0, 0, |out| elementary(out, asc));
            });
        }
    }
}

/// ISO/IEC 14496-1, 7.2.6: ES, then DecoderConfig (AAC, audio stream) with the DecoderSpecificInfo, then SL.
fn elementary(out: &mut Vec<u8>, asc: &[u8]) {
    let config = 13 + 5 + asc.len();
    descriptor(out, 3, 3 + 5 + config + 5 + 1);
    out.extend_from_slice(&[0, track_id(Track::Audio) as u8, 0]);
    descriptor(out, 4, config);
    out.extend_from_slice(&[0x40, 0x15, 0, 0, 0]);
    words(out, &[0, 0]);
    descriptor(out, 5, asc.len());
    out.extend_from_slice(asc);
    descriptor(out, 6, 1);
    out.push(2);
}

/// A descriptor's tag and its length in the four-byte form.
fn descriptor(out: &mut Vec<u8>, tag: u8, len: usize) {
    let part = |shift: u32| ((len >> shift) & 0x7f) as u8;
    out.extend_from_slice(&[tag, part(21) | 0x80, part(14) | 0x80, part(7) | 0x80, part(0)]);
}

/// NTP time, 32.32 seconds since 1900 (RFC 5905, 6).
fn ntp(wall: Wall) -> u64 {
    let seconds = wall.as_ms() / 1_000 + 2_208_988_800;
    let fraction = ((wall.as_ms() % 1_000) << 32) / 1_000;
    (seconds << 32) | fraction
}

fn boxed(out: &mut Vec<u8>, kind: &[u8; 4], body: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    words(out, &[0]);
    out.extend_from_slice(kind);
    body(out);
    let size = (out.len() - start) as u32;
    patch(out, start, size);
}

fn full(out: &mut Vec<u8>, kind: &[u8; 4], version: u32, flags: u32, body: impl FnOnce(&mut Vec<u8>)) {
    boxed(out, kind, |out| {
        words(out, &[(version << 24) | flags]);
        body(out);
    });
}

fn words(out: &mut Vec<u8>, values: &[u32]) {
    for value in values {
        out.extend_from_slice(&value.to_be_bytes());
    }
}

fn patch(out: &mut [u8], at: usize, value: u32) {
    if let Some(slot) = out.get_mut(at..at + 4) {
        slot.copy_from_slice(&value.to_be_bytes());
    }
}

/// The unity matrix (8.2.2).
const MATRIX: [u32; 9] = [0x0001_0000, 0, 0, 0, 0x0001_0000, 0, 0, 0, 0x4000_0000];
/// `tfhd` flags (8.8.7): where offsets count from, and what all samples have in common.
const DEFAULT_BASE_IS_MOOF: u32 = 0x02_0000;
const TFHD_DURATION: u32 = 0x08;
const TFHD_FLAGS: u32 = 0x20;
/// `trun` flags (8.8.8): data offset, and each sample's duration, size, flags and composition offset.
const TRUN_OFFSET: u32 = 0x0001;
const TRUN_DURATION: u32 = 0x0100;
const TRUN_SIZE: u32 = 0x0200;
const TRUN_FLAGS: u32 = 0x0400;
const TRUN_CTS: u32 = 0x0800;
/// Sample flags (8.8.3.1): depends on no other sample.
const SYNC: u32 = 0x0200_0000;
/// Sample flags: depends on others, is no sync sample.
const NOT_SYNC: u32 = 0x0101_0000;

#[cfg(test)]
mod tests {
    use super::*;

    fn fragment(track: Track, units: &[Unit]) -> Fragment<'_> {
        let wall = (track == Track::Video).then_some(Wall(500));
        Fragment { track, sequence: 7, tfdt: 1_033, wall, units }
    }

    fn picture(data: &'static [u8], cts: i32) -> Unit {
        Unit { data: Bytes::from_static(data), duration: 33, cts, key: false }
    }

    #[test]
    fn a_chunk_points_at_its_data_and_keeps_the_stamps() {
        let bytes = chunk(&fragment(Track::Video, &[picture(b"frame", -33)]));
        let moof = 32;
        let word = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
        assert_eq!(&bytes[4..8], b"prft");
        assert_eq!(&bytes[moof + 4..moof + 8], b"moof");
        let trun = bytes.windows(4).position(|w| w == b"trun").unwrap();
        assert_eq!(&bytes[moof + word(trun + 12) as usize..], b"frame", "data_offset counts from the moof");
        assert_eq!((word(trun + 16), word(trun + 20)), (33, 5), "duration and size");
        assert_eq!(word(trun + 28) as i32, -33, "a negative composition offset survives");
        assert_eq!(bytes[trun + 4], 1, "trun version 1");
        let without = chunk(&fragment(Track::Video, &[picture(b"frame", 0)]));
        assert_eq!(without.len(), bytes.len() - 4);
        // What a slow link pays for.
        let more = chunk(&fragment(Track::Video, &[picture(b"frame", 0), picture(b"next", 0)]));
        assert_eq!(more.len(), without.len() + 12 + 4);
        assert!(more.ends_with(b"framenext"));
        assert_eq!(
            (&without[24..32], &more[24..32]),
            (&1_033_u64.to_be_bytes()[..], &1_066_u64.to_be_bytes()[..])
        );
    }

    #[test]
    fn sound_says_no_more_than_sizes() {
        let sound = |data| Unit { data: Bytes::from_static(data), duration: 1_024, cts: 0, key: true };
        let bytes = chunk(&fragment(Track::Audio, &[sound(b"one"), sound(b"three")]));
        let tfhd = bytes.windows(4).position(|w| w == b"tfhd").unwrap();
        assert_eq!(bytes[tfhd + 11], 2);
        assert_eq!(bytes.len(), 8 + 16 + 8 + 24 + 20 + 20 + 2 * 4 + 8 + 8);
        assert!(bytes.ends_with(b"onethree"));
    }

    #[test]
    fn ntp_counts_from_1900() {
        assert_eq!(ntp(Wall(500)), (2_208_988_800 << 32) | 0x8000_0000);
    }

    /// Chromium's low-delay path hangs on this.
    #[test]
    fn an_init_segment_is_written_live_style() {
        let video =
            VideoEntry { config: Config::Video(Bytes::from_static(b"\x01avcc")), width: 640, height: 360 };
        let audio = AudioEntry {
            config: Config::Audio(Bytes::from_static(&[0x11, 0x90])),
            sample_rate: 48_000,
            channels: 2,
        };
        let bytes = init(Some(&video), Some(&audio));
        let has = |kind: &[u8]| bytes.windows(4).any(|w| w == kind);
        assert!(!has(b"mehd") && !has(b"edts"));
        assert_eq!(bytes.windows(4).filter(|w| *w == b"trak").count(), 2);
        for header in [&b"mvhd"[..], b"mdhd"] {
            let at = bytes.windows(4).position(|w| w == header).unwrap();
            assert_eq!(bytes[at + 20..at + 24], [0; 4], "zero duration in {header:?}");
        }
    }
}
