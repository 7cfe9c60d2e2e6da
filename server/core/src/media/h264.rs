//! What an H.264 stream says of itself: size, frame rate and codec string from its configuration, and whether a frame can be
//! joined at. Reads headers only; decodes no picture.

use h264_reader::nal::sps::SeqParameterSet;
use h264_reader::nal::{Nal, RefNal};

use super::frame::Config;
use super::nal::{self, AccessUnit, Kind};
use super::{av1, h265};

/// The facts of a configuration of a picture, whatever its codec.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// RFC 6381, 3.3: `avc1.64001f`, `hvc1.1.6.L93.90`, `av01.0.04M.08`.
    pub codec: String,
    /// Visible pixels, after cropping.
    pub width: u32,
    /// Visible pixels, after cropping.
    pub height: u32,
    /// Frames in 1,000 seconds by the VUI timing; 0 when the stream does not say, or says nonsense.
    pub frame_rate_milli: u32,
    /// Frames that may be shown later than they are decoded, by the VUI; `None` when it does not say.
    pub reorder: Option<u32>,
    /// Bytes of the length before each NAL unit: 1, 2 or 4; 0 for AV1, which has none.
    pub length_size: u8,
}

impl Picture {
    /// Reads a configuration; `None` for one of sound, too.
    #[must_use]
    pub fn of(config: &Config) -> Option<Self> {
        match config {
            Config::Video(record) => Self::parse(record),
            Config::Hevc(record) => h265::parse(record),
            Config::Av1(record) => av1::parse(record),
            Config::Audio(_) | Config::Opus { .. } => None,
        }
    }

    /// Reads the body of an `avcC` box (ISO/IEC 14496-15, 5.3.3.1). `None` when no decoder could be configured with it.
    #[must_use]
    pub fn parse(record: &[u8]) -> Option<Self> {
        let &[1, _, _, _, length, count, ref rest @ ..] = record else { return None };
        let length_size = match length & 3 {
            0 => 1,
            1 => 2,
            3 => 4,
            _ => return None,
        };
        let (nal, rest) = parameter_sets(rest, count & 0x1f, 7)?;
        let (&count, rest) = rest.split_first()?;
        parameter_sets(rest, count, 8)?;
        let &[_, profile, constraints, level, ..] = nal else { return None };
        let sps = read_sps(nal)?;
        let (width, height) = sps.pixel_dimensions().ok()?;
        if width == 0 || height == 0 {
            return None;
        }
        let vui = sps.vui_parameters.as_ref();
        let frame_rate_milli = vui.and_then(|vui| vui.timing_info.as_ref()).and_then(|timing| {
            // Two ticks a frame (H.264 E.2.1, num_units_in_tick).
            let ticks = u64::from(timing.num_units_in_tick).checked_mul(2).filter(|&ticks| ticks > 0)?;
            let milli = (u64::from(timing.time_scale) * 1_000 + ticks / 2) / ticks;
            u32::try_from(milli).ok().filter(|milli| FRAME_RATES_MILLI.contains(milli))
        });
        let reorder = vui
            .and_then(|vui| vui.bitstream_restrictions.as_ref())
            .map(|restrictions| restrictions.max_num_reorder_frames);
        let codec = format!("avc1.{profile:02x}{constraints:02x}{level:02x}");
        Some(Self {
            codec,
            width,
            height,
            frame_rate_milli: frame_rate_milli.unwrap_or(0),
            reorder,
            length_size,
        })
    }
}

/// Frame rates to believe, in frames per 1,000 s. Encoders of variable rate write their time base here (1 kHz and more).
const FRAME_RATES_MILLI: core::ops::RangeInclusive<u32> = 1_000..=300_000;

/// Walks `count` NAL units, each with its length in 2 bytes before it. The first of them, which has to be of type `kind`
/// (H.264 table 7-1), and what follows the last; `None` when there is none or one is cut short.
fn parameter_sets(data: &[u8], count: u8, kind: u8) -> Option<(&[u8], &[u8])> {
    let (mut first, mut rest) = (None, data);
    for _ in 0..count {
        let (length, tail) = rest.split_first_chunk()?;
        let (nal, tail) = tail.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        first = first.or(Some(nal));
        rest = tail;
    }
    // The forbidden bit and the type; how much it is referred to says nothing here.
    let first = first.filter(|nal: &&[u8]| nal.first().is_some_and(|header| header & 0x9f == kind))?;
    Some((first, rest))
}

fn read_sps(nal: &[u8]) -> Option<SeqParameterSet> {
    // Hardware encoders state levels that are too low for their picture, and the reader refuses those; nobody here decides by the
    // level, so the reader is shown one that it has no limits for. Zeros after the stop bit are padding.
    let mut copy = nal.to_vec();
    if let Some(level) = copy.get_mut(3) {
        *level = 0xff;
    }
    while copy.last() == Some(&0) {
        copy.pop();
    }
    SeqParameterSet::from_bits(RefNal::new(&copy, &[], true).rbsp_bits()).ok()
}

/// Walks the length-prefixed NAL units of one access unit. `None` when the lengths do not add up to `data`.
#[must_use]
pub fn access_unit(data: &[u8], length_size: u8) -> Option<AccessUnit> {
    // nal_unit_type (H.264 table 7-1): 1 to 4 are slices and partitions, 5 is an IDR slice.
    nal::access_unit(data, length_size, |header| match header & 0x1f {
        5 => Kind::Join,
        1..=4 => Kind::Slice,
        _ => Kind::Other,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::sample;

    #[test]
    fn x264_configuration_is_read() {
        let expect = Picture {
            codec: "avc1.64000d".into(),
            width: 320,
            height: 180,
            frame_rate_milli: 30_000,
            reorder: Some(2),
            length_size: 4,
        };
        assert_eq!(Picture::parse(sample::AVCC_320X180_30), Some(expect));
    }

    #[test]
    fn level_too_low_for_the_picture_is_tolerated() {
        let mut record = sample::AVCC_320X180_30.to_vec();
        let sps_level = 6 + 2 + 3;
        record[sps_level] = 9;
        let picture = Picture::parse(&record).unwrap();
        assert_eq!((picture.width, picture.codec.as_str()), (320, "avc1.640009"));
    }

    #[test]
    fn every_cut_of_a_configuration_is_refused_calmly() {
        let whole = sample::AVCC_320X180_30;
        let shortest = (0..=whole.len()).find(|&end| Picture::parse(&whole[..end]).is_some());
        // The record ends with 4 optional bytes of chroma and depth.
        assert!(shortest.is_some_and(|end| end + 4 >= whole.len()), "{shortest:?}");
    }

    #[test]
    fn parameter_sets_that_are_not_there_are_refused_calmly() {
        let whole = sample::AVCC_320X180_30;
        let sps = 6..8 + usize::from(u16::from_be_bytes([whole[6], whole[7]]));
        let (head, rest) = (&whole[..6], &whole[sps]);
        #[track_caller]
        fn check(record: &[u8]) {
            assert_eq!(Picture::parse(record), None, "{record:02x?}");
        }
        check(&[head, rest].concat());
        check(&[head, rest, &[0]].concat());
        check(&[head, rest, &[1, 0]].concat());
        check(&[head, rest, &[1, 0, 0]].concat());
        check(&[head, rest, &[1, 0, 9, 0x68]].concat());
        check(&[head, &[0, 0, 1, 0, 1, 0x68]].concat());
        assert!(Picture::parse(&[head, rest, &[1, 0, 1, 0x68]].concat()).is_some());
    }

    #[test]
    fn access_units() {
        #[track_caller]
        fn check(data: &[u8], expect: Option<(bool, bool)>) {
            assert_eq!(access_unit(data, 4).map(|unit| (unit.idr, unit.slice)), expect);
        }
        check(&[], Some((false, false)));
        check(&[0, 0, 0, 1, 0x65], Some((true, true)));
        check(&[0, 0, 0, 1, 0x41], Some((false, true)));
        check(&[0, 0, 0, 2, 0x06, 0, 0, 0, 0, 1, 0x65], Some((true, true)));
        check(&[0, 0, 0, 1, 0x06], Some((false, false)));
        check(&[0, 0, 0, 2, 0x65], None);
        check(&[0xff, 0xff, 0xff, 0xff, 0x65], None);
        check(&[0, 0], None);
    }
}
