//! Where the parts of a sound segment begin: on a raster of 200 ms from the segment's cut, not after a fixed count of frames.
//! A count would leave a stub of one or two frames at the end of every second, and parts that end together with the picture's
//! are asked for together. Counts in samples; sees no bytes. The picture's parts are counted in frames (`rate`). And how many frames go into
//! one chunk, of both.

/// Parts a second.
const PARTS: i64 = 5;

/// PART-TARGET of sound in samples: a step of the raster, rounded up to whole frames.
#[must_use]
pub fn sound_part_target(frame_samples: u32, sample_rate: u32) -> u32 {
    let frame = i64::from(frame_samples.max(1));
    let frames = (i64::from(sample_rate) + PARTS * frame - 1).div_euclid(PARTS * frame).max(1);
    u32::try_from(frames * frame).unwrap_or(u32::MAX)
}

/// Frames of sound that go into one chunk beside a picture, by the bits a second of both: the boxes around a frame cost 100 bytes,
/// 37 kb/s at 47 frames a second. That is nothing to a good picture, for which sound must not wait; where every kilobit decides
/// whether it stalls, a frame or two of delay costs less.
#[must_use]
pub fn sound_frames_a_chunk(bps: u64) -> usize {
    match bps {
        1..350_000 => 3,
        350_000..700_000 => 2,
        _ => 1,
    }
}

/// For how long pictures go into one chunk, in milliseconds, by the same: their boxes cost 140 bytes, 34 kb/s at 30 pictures a second.
#[must_use]
pub fn picture_ms_a_chunk(bps: u64) -> i64 {
    if (1..450_000).contains(&bps) { 80 } else { 0 }
}

/// The parts of the sound segment being made.
#[derive(Clone, Copy, Debug, Default)]
pub struct SoundParts {
    segment: u64,
    /// Where the segment was cut, in samples: its first frame begins at or after that.
    cut: i64,
    part: u32,
    /// Where the part under way began.
    from: i64,
}

impl SoundParts {
    /// The segment being made; 0 before the first.
    #[must_use]
    pub fn segment(&self) -> u64 {
        self.segment
    }

    /// A segment begins with a frame at `at`, after a cut at `cut`.
    pub fn begin(&mut self, segment: u64, cut: i64, at: i64) {
        *self = Self { segment, cut, part: 0, from: at };
    }

    /// The part of a frame at `at`. It ends where the raster steps on, and before it would exceed PART-TARGET; the numbers grow,
    /// with a hole where sound is missing.
    pub fn place(&mut self, at: i64, frame_samples: u32, sample_rate: u32) -> u32 {
        let frame = i64::from(frame_samples);
        // Half a frame later than the step itself: the next cut, whose stamp is rounded, then never comes right after one.
        let step = (at - self.cut - frame / 2) * PARTS / i64::from(sample_rate.max(1));
        let full = at + frame - self.from > i64::from(sound_part_target(frame_samples, sample_rate));
        let next = u32::try_from(step).unwrap_or(0).max(self.part.saturating_add(u32::from(full)));
        if next > self.part && at > self.from {
            (self.part, self.from) = (next, at);
        }
        self.part
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Frames in each part of each segment. The first frame is at `first`; cuts follow each other after `gops` ms in turn.
    fn run(rate: u32, frame: u32, first: i64, gops: &[i64]) -> Vec<Vec<u32>> {
        let (mut parts, mut out) = (SoundParts::default(), Vec::<Vec<u32>>::new());
        let (mut cuts, mut cut) = (gops.iter().cycle(), 0);
        let (mut at, mut part) = (first, 0);
        while out.len() < 200 {
            if at >= cut * i64::from(rate) / 1_000 {
                parts.begin(parts.segment() + 1, cut * i64::from(rate) / 1_000, at);
                cut += cuts.next().unwrap();
                out.push(Vec::new());
                part = u32::MAX;
            }
            let place = parts.place(at, frame, rate);
            let of = out.last_mut().unwrap();
            if place != part {
                of.push(0);
                part = place;
            }
            *of.last_mut().unwrap() += 1;
            at += i64::from(frame);
        }
        out.pop();
        out
    }

    /// RFC 8216bis, 4.4.4.9, and servers.md rule 16: no stub at the end of a segment of whole steps.
    #[test]
    fn rule_2_and_16_parts_of_sound_are_even_and_leave_no_stub() {
        for rate in [96_000, 48_000, 44_100, 32_000] {
            for gops in [&[1_000][..], &[2_000], &[1_001], &[1_000, 1_001, 1_001], &[1_200, 1_400], &[2_002]]
            {
                for first in (0..1_024).step_by(31) {
                    let target = sound_part_target(1_024, rate) / 1_024;
                    for parts in run(rate, 1_024, first, gops) {
                        let (last, others) = parts.split_last().unwrap();
                        assert!(others.iter().all(|n| *n <= target && n * 100 >= target * 85), "{parts:?}");
                        assert!(last * 100 >= target * 70, "{rate} {gops:?}: {parts:?} leave a stub");
                    }
                }
            }
        }
    }

    /// Frames so long that whole ones do not fit the rule: every part of sound is independent, which exempts it.
    #[test]
    fn long_frames_never_exceed_the_target() {
        for (rate, frame) in
            [(48_000, 2_048), (24_000, 1_024), (22_050, 1_024), (16_000, 1_024), (8_000, 1_024)]
        {
            let target = sound_part_target(frame, rate) / frame;
            for gop in [1_000, 1_200, 2_000, 333] {
                let segments = run(rate, frame, 0, &[gop]);
                assert!(segments.iter().flatten().all(|n| *n <= target), "{rate}: {segments:?}");
            }
        }
    }

    #[test]
    fn a_hole_begins_a_part_of_its_own() {
        let mut parts = SoundParts::default();
        parts.begin(3, 48_000, 48_100);
        assert_eq!(parts.place(48_100, 1_024, 48_000), 0);
        assert_eq!(parts.place(80_000, 1_024, 48_000), 3, "666 ms later");
        assert_eq!(parts.place(81_024, 1_024, 48_000), 3);
    }
}
