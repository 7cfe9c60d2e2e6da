//! What an AAC stream says of itself: rate, channels and codec string from its AudioSpecificConfig. Decodes no sound.

use bytes::Bytes;

use super::bits::Bits;
use super::frame::Config;
use super::opus;

/// The facts of a configuration of sound, Opus included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sound {
    /// RFC 6381, 3.3: `mp4a.40.2`; `.5` and `.29` where HE-AAC is stated explicitly; `opus`.
    pub codec: String,
    /// Samples a second of the core decoder: what frames are counted in.
    pub sample_rate: u32,
    /// Channels; 0 when a program config element defines them.
    pub channels: u32,
    /// Samples in a frame, at `sample_rate`: 1024 or 960; what Opus packets of this stream hold.
    pub frame_samples: u32,
}

/// The highest of them; browsers decode no more.
const RATE_MAX: u32 = 96_000;
/// Sampling frequencies by index (ISO/IEC 14496-3, table 1.18).
const RATES: [u32; 13] =
    [96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350];

impl Sound {
    /// Reads a configuration; `None` for one of a picture, too.
    #[must_use]
    pub fn of(config: &Config) -> Option<Self> {
        match config {
            Config::Audio(config) => Self::parse(config),
            Config::Opus { head, frame_samples } => opus::parse(head, *frame_samples),
            Config::Video(_) | Config::Hevc(_) | Config::Av1(_) => None,
        }
    }

    /// Reads an AudioSpecificConfig. `None` when it ends too early, is not AAC-LC or HE-AAC, or has no usable rate.
    #[must_use]
    pub fn parse(config: &[u8]) -> Option<Self> {
        let mut bits = Bits::new(config);
        let kind = object_type(&mut bits)?;
        let sample_rate = rate(&mut bits)?;
        let channel_configuration = bits.take(4)?;
        let core = if matches!(kind, 5 | 29) {
            let _output_rate = rate(&mut bits)?;
            object_type(&mut bits)?
        } else {
            kind
        };
        // Object type 2 is AAC-LC, which alone browsers decode, and SBR (5) and PS (29) over it.
        if core != 2 {
            return None;
        }
        let short_frames = bits.take(1)? == 1;
        // Table 1.19: 7 means 7.1, those below are what they say, those above are reserved or for object types not used here.
        let channels = match channel_configuration {
            7 => 8,
            n @ 0..=6 => n,
            _ => return None,
        };
        let frame_samples = if short_frames { 960 } else { 1_024 };
        Some(Self { codec: format!("mp4a.40.{kind}"), sample_rate, channels, frame_samples })
    }

    /// A frame in which nothing is to be heard; `None` where a program config element would be needed to make one.
    ///
    /// An AAC frame is the elements of its channel configuration (ISO/IEC 14496-3, tables 1.19 and 4.3 to 4.6) with `max_sfb` 0, so that
    /// nothing follows of the spectrum, and the terminator.
    #[must_use]
    pub fn silence(&self) -> Option<Bytes> {
        if self.codec == "opus" {
            return opus::silence(self.channels, self.frame_samples);
        }
        let elements: &[Element] = match self.channels {
            1 => &[Element::Single],
            2 => &[Element::Pair],
            3 => &[Element::Single, Element::Pair],
            4 => &[Element::Single, Element::Pair, Element::Single],
            5 => &[Element::Single, Element::Pair, Element::Pair],
            6 => &[Element::Single, Element::Pair, Element::Pair, Element::Lfe],
            8 => &[Element::Single, Element::Pair, Element::Pair, Element::Pair, Element::Lfe],
            _ => return None,
        };
        let mut bits = Vec::new();
        let mut put = |value: u32, count: u32| bits.extend((0..count).rev().map(|bit| value >> bit & 1 == 1));
        for (n, element) in elements.iter().enumerate() {
            let tag = elements.iter().take(n).filter(|before| *before == element).count();
            put(*element as u32, 3);
            put(tag as u32, 4);
            if *element == Element::Pair {
                // One window for both, that window, no middle and side.
                put(1, 1);
                put(0, 11 + 2);
                put(0, 2 * 11);
            } else {
                // A gain, a window, no pulses, noise shaping or gain control.
                put(0, 8 + 11 + 3);
            }
        }
        put(END, 3);
        let byte = |bits: &[bool]| {
            bits.iter().enumerate().fold(0, |byte, (at, bit)| byte | u8::from(*bit) << (7 - at))
        };
        Some(bits.chunks(8).map(byte).collect())
    }
}

/// The elements of a frame that carry channels, by their `id_syn_ele` (table 4.85).
#[derive(Clone, Copy, PartialEq, Eq)]
enum Element {
    Single = 0,
    Pair = 1,
    Lfe = 3,
}

/// `id_syn_ele` of the terminator.
const END: u32 = 7;

fn object_type(bits: &mut Bits<'_>) -> Option<u8> {
    let kind = match bits.take(5)? {
        31 => 32 + bits.take(6)?,
        kind => kind,
    };
    Some(kind as u8)
}

fn rate(bits: &mut Bits<'_>) -> Option<u32> {
    let rate = match bits.take(4)? {
        15 => bits.take(24)?,
        index => RATES.get(index as usize).copied().unwrap_or(0),
    };
    (1..=RATE_MAX).contains(&rate).then_some(rate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn configurations() {
        #[track_caller]
        fn check(config: &[u8], expect: Option<(&str, u32, u32, u32)>) {
            let got = Sound::parse(config);
            let got = got.as_ref().map(|s| (s.codec.as_str(), s.sample_rate, s.channels, s.frame_samples));
            assert_eq!(got, expect, "{config:02x?}");
        }
        check(&[0x11, 0x90], Some(("mp4a.40.2", 48_000, 2, 1_024)));
        check(&[0x12, 0x08], Some(("mp4a.40.2", 44_100, 1, 1_024)));
        check(&[0x11, 0x94], Some(("mp4a.40.2", 48_000, 2, 960)));
        // The backward compatible SBR signal that ffmpeg appends is left to the decoder.
        check(&[0x11, 0x90, 0x56, 0xe5, 0x00], Some(("mp4a.40.2", 48_000, 2, 1_024)));
        // HE-AAC, stated: SBR over 24 kHz LC, stereo.
        check(&[0x2b, 0x11, 0x88, 0x00], Some(("mp4a.40.5", 24_000, 2, 1_024)));
        // An explicit rate of 24 bits.
        check(&[0x17, 0x80, 0x5d, 0xc0, 0x10], Some(("mp4a.40.2", 48_000, 2, 1_024)));
        // One of 16.7 MHz.
        check(&[0x17, 0xff, 0xff, 0xff, 0x90], None);
        check(&[], None);
        check(&[0x11], None);
        check(&[0x16, 0x90], None);
        check(&[0x09, 0x90], None);
    }
}
