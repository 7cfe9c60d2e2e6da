//! What the packager can tell an operator about an encoder: rates, keyframes, and what was dropped. Counts only; judges
//! nothing but where its keyframes are.

use hawker_wire::Wall;

use crate::media::frame::{Frame, Meta, Track};

/// So many in a row are no chance: a segment lasts one keyframe or two.
const UNMET: u32 = 5;

/// One encoder's figures.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Health {
    /// What the encoder says of itself.
    pub meta: Meta,
    /// Bits in the last whole second, both tracks.
    pub bps: u64,
    /// Frames of the picture in the last whole second.
    pub frames_per_second: u32,
    /// Time between the last two IDRs in ms of the encoder's stamps; 0 until there are two.
    pub gop_ms: u32,
    /// Segments that had to begin without an IDR: a shorter keyframe interval would avoid each.
    pub forced_cuts: u64,
    /// Frames dropped because they could not be placed or decoded.
    pub dropped: u64,
    /// The encoder said that it has sound, and sends none: the packager puts silence in its place.
    pub silent: bool,
    /// New timelines and configurations.
    pub discontinuities: u64,
    /// Segments in a row that had to begin without one of its IDRs.
    pub(super) unmet: u32,
    last_key: Option<i64>,
    second: u64,
    /// The encoder was there when this second began.
    whole: bool,
    bits: u64,
    frames: u32,
}

impl Health {
    /// True when keyframes are too rare for a segment to begin with one: players then join late and switch rarely.
    #[must_use]
    pub fn long_gop(&self) -> bool {
        self.gop_ms > 2_100
    }

    /// True when keyframes come often enough and yet not where the room's segments begin: its other encoders have theirs elsewhere.
    #[must_use]
    pub fn unaligned(&self) -> bool {
        self.gop_ms > 0 && !self.long_gop() && self.unmet >= UNMET
    }

    pub(super) fn frame(&mut self, frame: &Frame, wall: Wall) {
        let second = wall.as_ms() / 1_000;
        if second != self.second {
            let next = second == self.second + 1;
            (self.bps, self.frames_per_second) =
                if next && self.whole { (self.bits, self.frames) } else { (0, 0) };
            (self.second, self.whole, self.bits, self.frames) = (second, next, 0, 0);
        }
        self.bits = self.bits.saturating_add(frame.data.len() as u64 * 8);
        if frame.track == Track::Video {
            self.frames = self.frames.saturating_add(1);
            if frame.key {
                if let Some(last) = self.last_key {
                    self.gop_ms = u32::try_from(frame.dts - last).unwrap_or(0);
                }
                self.last_key = Some(frame.dts);
            }
        }
    }

    pub(super) fn break_off(&mut self) {
        self.last_key = None;
        self.silent = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    #[test]
    fn rates_are_those_of_whole_seconds() {
        let mut health = Health::default();
        let mut seen = Vec::new();
        // Comes in the middle of a second, is away for two, comes again.
        for ms in (10_500..13_000).chain(15_200..18_000).step_by(100) {
            let data = Bytes::from_static(&[0; 100]);
            let frame = Frame { track: Track::Video, dts: ms, cts: 0, key: false, data };
            health.frame(&frame, Wall(u64::try_from(ms).unwrap()));
            if seen.last() != Some(&health.bps) {
                seen.push(health.bps);
            }
        }
        assert_eq!(seen, [0, 8_000, 0, 8_000]);
    }
}
