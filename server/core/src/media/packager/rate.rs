//! Frame rates: where one is known from, how long the frame at hand lasts, and how long a part of a playlist is. Numbers
//! only; holds no frame.

use crate::media::cmaf::VIDEO_TIMESCALE;

/// Frames a second as a fraction, because 29.97 is 30,000 in 1,001 seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameRate {
    frames: u32,
    seconds: u32,
}

/// Rates that encoders mean when they say something close.
const COMMON: [(u32, u32); 12] = [
    (24_000, 1_001),
    (24, 1),
    (25, 1),
    (30_000, 1_001),
    (30, 1),
    (50, 1),
    (60_000, 1_001),
    (60, 1),
    (10, 1),
    (12, 1),
    (15, 1),
    (20, 1),
];

impl FrameRate {
    /// From a stated rate in frames a 1,000 seconds (metadata, SPS); `None` for what no camera makes.
    #[must_use]
    pub fn from_milli(milli: u32) -> Option<Self> {
        if !(1_000..=240_000).contains(&milli) {
            return None;
        }
        let near = |&&(frames, seconds): &&(u32, u32)| (frames * 1_000 / seconds).abs_diff(milli) <= 5;
        let (frames, seconds) = COMMON.iter().find(near).copied().unwrap_or((milli, 1_000));
        Some(Self { frames, seconds })
    }

    /// From the time that `frames` frames took: the common rate within 3 %, or what it is.
    #[must_use]
    pub fn from_deltas(frames: u32, ms: i64) -> Option<Self> {
        let milli = u32::try_from(i64::from(frames) * 1_000_000 / ms.max(1)).ok()?;
        let whole = COMMON.iter().filter(|(_, seconds)| *seconds == 1);
        let near = |(frames, _): &&(u32, u32)| (frames * 1_000).abs_diff(milli) * 100 <= milli * 3;
        let best = whole.filter(near).min_by_key(|(frames, _)| (frames * 1_000).abs_diff(milli));
        match best {
            Some(&(frames, seconds)) => Some(Self { frames, seconds }),
            None => Self::from_milli(milli),
        }
    }

    /// Frames in 1,000 seconds, as the wire says it.
    #[must_use]
    pub fn milli(self) -> u32 {
        (u64::from(self.frames) * 1_000 / u64::from(self.seconds)) as u32
    }

    /// Time from frame to frame in nanoseconds.
    #[must_use]
    pub fn period_ns(self) -> i64 {
        i64::from(self.seconds) * 1_000_000_000 / i64::from(self.frames)
    }

    /// PART-TARGET in milliseconds: the whole number of frames nearest to 200 ms, and room for stamps that are rounded to
    /// milliseconds. Every part of that many frames is then at least 85 % of it (RFC 8216bis, 4.4.4.9).
    #[must_use]
    pub fn part_target_ms(self) -> u32 {
        let period = self.period_ns();
        let frames = ((PART_NS + period / 2) / period).max(1);
        ((frames * period).div_euclid(1_000_000) + 2) as u32
    }
}

/// Predicts the stamp of the next frame, so that a chunk can carry its exact duration before the next frame is there.
///
/// An encoder's frames are evenly spaced and its stamps rounded to milliseconds: 0, 33, 67, 100. `at` is where the last frame
/// truly was, as far as the stamps say: each stamp moves it only if it contradicts it. It counts in fractions of a millisecond
/// of which a frame lasts a whole number, so nothing is ever rounded twice.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Units in a millisecond: the frames of [`FrameRate`].
    unit: i64,
    period: i64,
    at: Option<i64>,
}

impl Pace {
    /// Even steps of this rate.
    #[must_use]
    pub fn new(rate: FrameRate) -> Self {
        Self { unit: i64::from(rate.frames), period: i64::from(rate.seconds) * 1_000, at: None }
    }

    /// The duration in milliseconds of the frame stamped `ms`, at least 1.
    pub fn duration_ms(&mut self, ms: i64) -> u32 {
        let stamped = ms * self.unit;
        let (low, high) = (stamped - self.unit / 2, stamped + (self.unit - 1) / 2);
        let at = match self.at {
            Some(last) if (last + self.period - stamped).abs() <= 2 * self.unit => {
                (last + self.period).clamp(low, high)
            }
            Some(_) | None => stamped,
        };
        self.at = Some(at);
        let next = (at + self.period + self.unit / 2).div_euclid(self.unit);
        (next - ms).clamp(1, i64::from(VIDEO_TIMESCALE)) as u32
    }
}

/// Parts are near this long: short enough for a hold-back of 0.6 s, long enough that a playlist is not asked for too often.
const PART_NS: i64 = 200_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    const RATES: [(u32, u32); 6] = [(24, 1), (25, 1), (30_000, 1_001), (30, 1), (50, 1), (60, 1)];

    fn stamps(rate: (u32, u32), floor: bool) -> Vec<i64> {
        let (frames, seconds) = (u64::from(rate.0), u64::from(rate.1));
        let half = if floor { 0 } else { frames / 2 };
        (0..2_000_u64).map(|n| ((n * seconds * 1_000 + half) / frames) as i64).collect()
    }

    #[test]
    fn durations_follow_the_rounding_of_every_usual_rate() {
        for rate in RATES {
            for floor in [false, true] {
                let stamps = stamps(rate, floor);
                let mut pace = Pace::new(FrameRate { frames: rate.0, seconds: rate.1 });
                let wrong =
                    stamps.windows(2).filter(|w| i64::from(pace.duration_ms(w[0])) != w[1] - w[0]).count();
                let learning = if floor { 6 } else { 0 };
                assert!(wrong <= learning, "{rate:?} floor {floor}: {wrong} of 2000 wrong");
            }
        }
    }

    /// RFC 8216bis, 4.4.4.9: at most PART-TARGET, and at least 85 % of it.
    #[test]
    fn the_85_percent_rule_holds_at_every_usual_rate_with_rounded_stamps() {
        for rate in RATES {
            let fps = FrameRate { frames: rate.0, seconds: rate.1 };
            let target = i64::from(fps.part_target_ms());
            let frames = (PART_NS + fps.period_ns() / 2) / fps.period_ns();
            for floor in [false, true] {
                let stamps = stamps(rate, floor);
                for w in stamps.windows(frames as usize + 1) {
                    let part = w[frames as usize] - w[0];
                    assert!(part <= target && part * 100 >= target * 85, "{rate:?}: {part} of {target}");
                }
            }
            assert!((190..=212).contains(&target), "{rate:?}: {target} is near 200");
        }
    }

    #[test]
    fn rates_are_recognised() {
        assert_eq!(FrameRate::from_milli(29_970).unwrap().period_ns(), 33_366_666);
        assert_eq!(FrameRate::from_milli(7_500).unwrap().milli(), 7_500);
        assert_eq!(FrameRate::from_milli(0), None);
        assert_eq!(FrameRate::from_deltas(5, 167).unwrap().milli(), 30_000);
        assert_eq!(FrameRate::from_deltas(5, 208).unwrap().milli(), 24_000);
        assert_eq!(FrameRate::from_deltas(5, 100).unwrap().milli(), 50_000);
        assert_eq!(FrameRate::from_deltas(5, 0), None);
    }
}
