//! What an AV1 stream says of itself: size, frame rate and codec string from its configuration, and whether a frame can be joined
//! at. Reads headers only; decodes no picture. Sections are of the AV1 Bitstream & Decoding Process Specification unless the
//! AV1 Codec ISO Media File Format Binding is named.

use super::bits::Bits;
use super::h264::Picture;
use super::nal::AccessUnit;

/// OBU types (6.2.2).
const SEQUENCE_HEADER: u8 = 1;
const TEMPORAL_DELIMITER: u8 = 2;
const FRAME_HEADER: u8 = 3;
const FRAME: u8 = 6;

/// Reads the body of an `av1C` box (binding, 2.3.3). `None` when no decoder could be configured with it, or when the sequence
/// header, which says the size, is not in it.
#[must_use]
pub fn parse(record: &[u8]) -> Option<Picture> {
    let (&[marker, profile, depth, _], rest) = record.split_first_chunk()?;
    if marker != 0x81 {
        return None;
    }
    let header = obus(rest)?.find(|(kind, _)| *kind == SEQUENCE_HEADER)?.1;
    let (width, height, frame_rate_milli) = sequence(header)?;
    let tier = if depth & 0x80 == 0 { 'M' } else { 'H' };
    let bits = match (depth & 0x40 != 0, depth & 0x20 != 0) {
        (false, _) => 8,
        (true, false) => 10,
        (true, true) => 12,
    };
    Some(Picture {
        // Binding, 5: profile, level and tier, bit depth.
        codec: format!("av01.{}.{:02}{tier}.{bits:02}", profile >> 5, profile & 0x1f),
        width,
        height,
        frame_rate_milli,
        reorder: None,
        length_size: 0,
    })
}

/// Size and frames in 1,000 seconds by a sequence header (5.5.1).
fn sequence(data: &[u8]) -> Option<(u32, u32, u32)> {
    let mut bits = Bits::new(data);
    bits.skip(3 + 1)?;
    let mut frame_rate_milli = 0;
    if bits.flag()? {
        // A still picture's short form.
        bits.skip(5)?;
    } else {
        let mut delay_bits = None;
        if bits.flag()? {
            let (tick, scale) = (u64::from(bits.take(32)?), u64::from(bits.take(32)?));
            if bits.flag()? {
                let ticks = tick.checked_mul(u64::from(bits.exp_golomb()?) + 1).filter(|ticks| *ticks > 0)?;
                frame_rate_milli = u32::try_from(scale * 1_000 / ticks).unwrap_or(0);
            }
            if bits.flag()? {
                delay_bits = Some(bits.take(5)? as usize + 1);
                bits.skip(32 + 5 + 5)?;
            }
        }
        let initial_delay = bits.flag()?;
        for _ in 0..=bits.take(5)? {
            bits.skip(12)?;
            if bits.take(5)? > 7 {
                bits.skip(1)?;
            }
            if let Some(length) = delay_bits
                && bits.flag()?
            {
                bits.skip(2 * length + 1)?;
            }
            if initial_delay && bits.flag()? {
                bits.skip(4)?;
            }
        }
    }
    let (across, down) = (bits.take(4)? + 1, bits.take(4)? + 1);
    Some((bits.take(across)? + 1, bits.take(down)? + 1, frame_rate_milli))
}

/// The OBUs of a low-overhead stream (5.2): type and payload. Ends at the first that does not fit.
fn obus(data: &[u8]) -> Option<impl Iterator<Item = (u8, &[u8])>> {
    let mut rest = data;
    Some(core::iter::from_fn(move || {
        let (kind, payload, tail) = obu(rest)?;
        rest = tail;
        Some((kind, payload))
    }))
}

/// The first OBU: its type, its payload, and what follows it.
fn obu(data: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&header, mut rest) = data.split_first()?;
    if header & 0x80 != 0 {
        return None;
    }
    if header & 4 != 0 {
        rest = rest.get(1..)?;
    }
    let mut size = rest.len();
    if header & 2 != 0 {
        // leb128 (4.10.5).
        let mut value = 0_u64;
        for at in 0..8 {
            let (&byte, tail) = rest.split_first()?;
            rest = tail;
            value |= u64::from(byte & 0x7f) << (at * 7);
            if byte & 0x80 == 0 {
                break;
            }
        }
        size = usize::try_from(value).ok()?;
    }
    let (payload, tail) = rest.split_at_checked(size)?;
    Some((header >> 3 & 15, payload, tail))
}

/// What the OBUs of one temporal unit say. `None` when they do not fit.
#[must_use]
pub fn temporal_unit(data: &[u8]) -> Option<AccessUnit> {
    let mut unit = AccessUnit::default();
    let mut rest = data;
    while !rest.is_empty() {
        let (kind, payload, tail) = obu(rest)?;
        if matches!(kind, FRAME | FRAME_HEADER) && !unit.slice {
            // 5.9.2: an existing frame is shown, the type (0 is a key frame), whether it is shown.
            let first = *payload.first()?;
            unit = AccessUnit { idr: first >> 4 == 0b0001, slice: true, leading: false };
        }
        rest = tail;
    }
    Some(unit)
}

/// How many bytes of temporal delimiters a unit begins with: MP4 goes without them (binding, 2.4).
#[must_use]
pub fn delimiters(data: &[u8]) -> usize {
    let mut rest = data;
    while let Some((TEMPORAL_DELIMITER, _, tail)) = obu(rest) {
        rest = tail;
    }
    data.len() - rest.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::sample::AV1C_320X180;

    #[test]
    fn svt_configuration_is_read() {
        let picture = parse(AV1C_320X180).unwrap();
        assert_eq!((picture.width, picture.height), (320, 180));
        assert_eq!(picture.codec, "av01.0.00M.08");
    }

    #[test]
    fn every_cut_of_a_configuration_is_refused_calmly() {
        for end in 0..AV1C_320X180.len() {
            assert_eq!(parse(AV1C_320X180.get(..end).unwrap()), None, "{end}");
        }
    }

    #[test]
    fn temporal_units() {
        let check = |data: &[u8], expect: Option<(bool, bool)>, skip: usize| {
            assert_eq!(temporal_unit(data).map(|unit| (unit.idr, unit.slice)), expect, "{data:?}");
            assert_eq!(delimiters(data), skip, "{data:?}");
        };
        check(&[0x12, 0, 0x32, 1, 0x10], Some((true, true)), 2);
        check(&[0x32, 1, 0x30], Some((false, true)), 0);
        check(&[0x12, 0], Some((false, false)), 2);
        check(&[0x32, 2, 0x10], None, 0);
        check(&[0x32, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1], None, 0);
        check(&[0x32, 0], None, 0);
    }
}
