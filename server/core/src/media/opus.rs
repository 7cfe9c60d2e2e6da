//! What an Opus stream says of itself: channels from its header, and how long a packet lasts. Decodes no sound.

use bytes::Bytes;

use super::aac::Sound;

/// Opus is always counted at this rate (RFC 7845, 4).
const RATE: u32 = 48_000;
/// What a packet lasts unless an encoder is told otherwise: 20 ms (RFC 6716, 2.1.4).
pub const USUAL_SAMPLES: u32 = 960;
/// The longest packet: 120 ms (RFC 6716, 3.2.5).
const SAMPLES_MAX: u32 = 5_760;

/// Reads an identification header (`OpusHead`, RFC 7845, 5.1) for packets of `frame_samples`. `None` when it is not one.
#[must_use]
pub fn parse(head: &[u8], frame_samples: u32) -> Option<Sound> {
    let (&[version, channels, ..], _) = head.strip_prefix(b"OpusHead")?.split_first_chunk::<11>()?;
    dops(head)?;
    // The upper half of the version is what is incompatible.
    if version & 0xf0 != 0 || channels == 0 || !(1..=SAMPLES_MAX).contains(&frame_samples) {
        return None;
    }
    Some(Sound { codec: "opus".into(), sample_rate: RATE, channels: u32::from(channels), frame_samples })
}

/// The body of the `dOps` box (Encapsulation of Opus in ISOBMFF, 4.3.2): the same fields, the other way round.
#[must_use]
pub fn dops(head: &[u8]) -> Option<Vec<u8>> {
    let (&[_, channels, skip @ .., family], mapping) =
        head.strip_prefix(b"OpusHead")?.split_first_chunk::<11>()?;
    let &[s0, s1, r0, r1, r2, r3, g0, g1] = &skip;
    let mut out = vec![0, channels, s1, s0, r3, r2, r1, r0, g1, g0, family];
    if family != 0 {
        // Streams, coupled streams, and the mapping of each channel.
        out.extend_from_slice(mapping.get(..2 + usize::from(channels))?);
    }
    Some(out)
}

/// Samples in a packet, by its first bytes (RFC 6716, 3.1 and 3.2.5).
#[must_use]
pub fn samples(packet: &[u8]) -> Option<u32> {
    let toc = *packet.first()?;
    let config = usize::from(toc >> 3);
    let table: &[u32] = match config {
        0..=11 => &[480, 960, 1_920, 2_880],
        12..=15 => &[480, 960],
        _ => &[120, 240, 480, 960],
    };
    let frame = table.get(config % table.len())?;
    let frames = match toc & 3 {
        0 => 1,
        3 => u32::from(*packet.get(1)? & 0x3f),
        _ => 2,
    };
    Some(frame * frames).filter(|samples| (1..=SAMPLES_MAX).contains(samples))
}

/// A packet of CELT frames of the whole band that say they are silent (RFC 6716, 3.1, 3.2.5 and 4.3: their first symbol, decoded from
/// ones, is the flag); `None`: such frames do not add up to so many samples, or the header maps channels to several streams.
pub(super) fn silence(channels: u32, samples: u32) -> Option<Bytes> {
    let stereo = match channels {
        1 => 0,
        2 => 1,
        _ => return None,
    };
    let size = [120, 240, 480, USUAL_SAMPLES].iter().rposition(|size| samples.is_multiple_of(*size))?;
    let frames = u8::try_from(samples / (120 << size)).ok().filter(|frames| *frames > 0)?;
    let toc = (28 + size as u8) << 3 | stereo << 2;
    let head = if frames == 1 { vec![toc] } else { vec![toc | 3, frames] };
    Some([head, [0xff, 0xfe].repeat(frames.into())].concat().into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::sample::OPUS_STEREO as HEAD;

    #[test]
    fn headers() {
        let sound = parse(HEAD, 960).unwrap();
        assert_eq!((sound.codec.as_str(), sound.sample_rate, sound.channels), ("opus", 48_000, 2));
        assert_eq!(dops(HEAD).unwrap(), [0, 2, 1, 0x38, 0, 0, 0xbb, 0x80, 0, 0, 0]);
        for end in 0..HEAD.len() {
            assert_eq!(parse(HEAD.get(..end).unwrap(), 960), None, "{end}");
        }
        let mut surround = HEAD.to_vec();
        *surround.last_mut().unwrap() = 1;
        assert_eq!(parse(&surround, 960), None, "the mapping is missing");
        surround.extend([1, 1, 0, 1]);
        assert_eq!(dops(&surround).unwrap().len(), 15);
    }

    #[test]
    fn silence_lasts_as_long_as_it_is_asked_to() {
        for samples in [120, 240, 480, 960, 1_440, 1_920, 2_880, 5_760] {
            for channels in [1, 2] {
                let packet = silence(channels, samples).unwrap();
                assert_eq!(super::samples(&packet), Some(samples));
                assert_eq!(packet[0] >> 2 & 1 == 1, channels == 2);
            }
        }
        assert_eq!((silence(3, 960), silence(2, 100)), (None, None));
    }

    #[test]
    fn packets() {
        let check = |packet: &[u8], want: Option<u32>| assert_eq!(samples(packet), want, "{packet:?}");
        check(&[0xfc], Some(960));
        check(&[0xfd], Some(1_920));
        check(&[0x08], Some(960));
        check(&[0x80], Some(120));
        check(&[0x0b, 3], Some(2_880));
        check(&[0x1b, 63], None);
        check(&[0x0b], None);
        check(&[], None);
    }
}
