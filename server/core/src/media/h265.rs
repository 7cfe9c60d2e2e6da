//! What an H.265 stream says of itself: size and codec string from its configuration, and whether a frame can be joined at.
//! Reads headers only; decodes no picture. Sections are of ITU-T H.265 unless others are named.
//!
//! The reader of the SPS is our own: it needs no more than its beginning, and the library that fits has not been kept for a year.

use super::bits::Bits;
use super::h264::Picture;
use super::nal::{self, AccessUnit, Kind};

/// The most of an SPS that is read: its beginning, with seven sub-layers, is 120 bytes.
const SPS_BYTES: usize = 256;
/// NAL unit types of the parameter sets (table 7-1).
const VPS: u8 = 32;
const SPS: u8 = 33;
const PPS: u8 = 34;

/// Reads the body of an `hvcC` box (ISO/IEC 14496-15, 8.3.3.1.2). `None` when no decoder could be configured with it.
#[must_use]
pub fn parse(record: &[u8]) -> Option<Picture> {
    let (head, mut rest) = record.split_first_chunk::<23>()?;
    let &[version, profile, c0, c1, c2, c3, ref constraints @ .., _, _, _, _, _, _, _, _, layers, arrays] =
        head;
    let (constraints, level) = (constraints.get(..6)?, *constraints.get(6)?);
    let length_size = match layers & 3 {
        0 => 1,
        1 => 2,
        3 => 4,
        _ => return None,
    };
    if version != 1 {
        return None;
    }
    let (mut sps, mut have) = (None, [false; 2]);
    for _ in 0..arrays {
        let (&[kind, high, low], tail) = rest.split_first_chunk()?;
        rest = tail;
        for _ in 0..u16::from_be_bytes([high, low]) {
            let (length, tail) = rest.split_first_chunk()?;
            let (nal, tail) = tail.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
            rest = tail;
            match kind & 0x3f {
                VPS => have = [true, have[1]],
                PPS => have = [have[0], true],
                SPS => sps = sps.or(Some(nal)),
                _ => {}
            }
        }
    }
    let (width, height) = size(sps.filter(|_| have == [true; 2])?)?;
    // ISO/IEC 14496-15, annex E: profile, compatibility backwards, tier and level, constraints without the zeros at their end.
    let space = ["", "A", "B", "C"].get(usize::from(profile >> 6))?;
    let tier = if profile & 0x20 == 0 { 'L' } else { 'H' };
    let compatibility = u32::from_be_bytes([c0, c1, c2, c3]).reverse_bits();
    let said = constraints.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    let constraints: String = constraints.iter().take(said).map(|byte| format!(".{byte:X}")).collect();
    Some(Picture {
        codec: format!("hvc1.{space}{}.{compatibility:X}.{tier}{level}{constraints}", profile & 0x1f),
        width,
        height,
        // The VUI is too far into the SPS to be read for a number that the metadata or the stamps say too.
        frame_rate_milli: 0,
        reorder: None,
        length_size,
    })
}

/// Visible pixels by an SPS (7.3.2.2.1).
fn size(nal: &[u8]) -> Option<(u32, u32)> {
    let (&[header, _], body) = nal.split_first_chunk()?;
    if header >> 1 & 0x3f != SPS {
        return None;
    }
    let body = unescape(body);
    let mut bits = Bits::new(&body);
    bits.skip(4)?;
    let sub_layers = bits.take(3)? as usize;
    // The nesting flag; the general profile, tier and level (7.3.3).
    bits.skip(1 + 88 + 8)?;
    let mut extra = 0;
    for _ in 0..sub_layers {
        extra += if bits.flag()? { 88 } else { 0 } + if bits.flag()? { 8 } else { 0 };
    }
    let reserved = if sub_layers > 0 { (8 - sub_layers) * 2 } else { 0 };
    bits.skip(reserved + extra)?;
    bits.exp_golomb()?;
    let chroma = bits.exp_golomb()?;
    let separate = chroma == 3 && bits.flag()?;
    let (width, height) = (bits.exp_golomb()?, bits.exp_golomb()?);
    let mut crop = [0; 4];
    if bits.flag()? {
        for side in &mut crop {
            *side = bits.exp_golomb()?;
        }
    }
    // Table 6-1: units of the window by chroma format.
    let (across, down) = match chroma {
        1 if !separate => (2, 2),
        2 if !separate => (2, 1),
        _ => (1, 1),
    };
    let [left, right, top, bottom] = crop;
    let width = width.checked_sub(left.checked_add(right)?.checked_mul(across)?)?;
    let height = height.checked_sub(top.checked_add(bottom)?.checked_mul(down)?)?;
    (1..=16_384).contains(&width).then_some(())?;
    (1..=16_384).contains(&height).then_some((width, height))
}

/// The beginning without its emulation prevention bytes (7.4.2).
fn unescape(nal: &[u8]) -> Vec<u8> {
    let mut zeros = 0;
    let mut keep = |byte: &&u8| {
        let escape = zeros >= 2 && **byte == 3;
        zeros = if **byte == 0 { zeros + 1 } else { 0 };
        !escape
    };
    nal.iter().take(SPS_BYTES).filter(|byte| keep(byte)).copied().collect()
}

/// Walks the length-prefixed NAL units of one access unit. `None` when the lengths do not add up to `data`.
#[must_use]
pub fn access_unit(data: &[u8], length_size: u8) -> Option<AccessUnit> {
    // Table 7-1: BLA, IDR and CRA; RASL, the pictures that lead a CRA and are skipped by a decoder that starts there.
    nal::access_unit(data, length_size, |header| match header >> 1 & 0x3f {
        16..=21 => Kind::Join,
        8 | 9 => Kind::Leading,
        0..=9 => Kind::Slice,
        _ => Kind::Other,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::sample::HVCC_320X180;

    #[test]
    fn x265_configuration_is_read() {
        let picture = parse(HVCC_320X180).unwrap();
        assert_eq!((picture.width, picture.height, picture.length_size), (320, 180, 4));
        assert_eq!(picture.codec, "hvc1.1.6.L60.90");
    }

    #[test]
    fn every_cut_of_a_configuration_is_refused_calmly() {
        for end in 0..HVCC_320X180.len() {
            let cut = parse(HVCC_320X180.get(..end).unwrap());
            assert!(cut.is_none() || end + 60 > HVCC_320X180.len(), "{end}");
        }
    }

    #[test]
    fn access_units() {
        #[track_caller]
        fn check(data: &[u8], expect: Option<(bool, bool)>) {
            assert_eq!(access_unit(data, 4).map(|unit| (unit.idr, unit.slice)), expect);
        }
        check(&[], Some((false, false)));
        check(&[0, 0, 0, 2, 19 << 1, 1], Some((true, true)));
        check(&[0, 0, 0, 2, 21 << 1, 1], Some((true, true)));
        check(&[0, 0, 0, 2, 1 << 1, 1], Some((false, true)));
        check(&[0, 0, 0, 2, 39 << 1, 1], Some((false, false)));
        check(&[0, 0, 0, 3, 2, 1], None);
        let leading =
            |header: u8| access_unit(&[0, 0, 0, 2, header << 1, 1], 4).map(|unit| (unit.slice, unit.leading));
        assert_eq!(
            (leading(8), leading(9), leading(7)),
            (Some((true, true)), Some((true, true)), Some((true, false)))
        );
    }
}
