//! The clock of a sound track: decoding times counted in samples, so that they are exact where the encoder's stamps are
//! rounded to milliseconds. Decides where each AAC frame stands; sees no bytes.

/// Counts samples from an anchor.
#[derive(Clone, Copy, Debug)]
pub struct SampleClock {
    sample_rate: u32,
    frame_samples: u32,
    /// Where the next frame stands if the encoder is steady; `None` until the first.
    next: Option<i64>,
}

/// How far an encoder's stamps may leave the count: two AAC frames at 48 kHz, or half of a longer frame. Below it is jitter, above it
/// is a hole.
const LEEWAY_MS: i64 = 45;
/// A first frame this near to another rendition's raster is put on it.
const GRID_MS: i64 = 3;

impl SampleClock {
    /// A clock that is set by the first stamp.
    #[must_use]
    pub fn new(sample_rate: u32, frame_samples: u32) -> Self {
        Self { sample_rate: sample_rate.max(1), frame_samples: frame_samples.max(1), next: None }
    }

    /// The decoding time in samples of a frame stamped `ms`; `None` drops it: it lies in what has been sent already.
    ///
    /// `grid` is where some frame of another rendition stands, if it has the same sample rate: renditions of one encoder then
    /// share a raster, and a switch between them neither loses nor repeats a sample.
    pub fn place(&mut self, ms: i64, grid: Option<i64>) -> Option<i64> {
        let stamped = self.samples(ms);
        let leeway = self.leeway();
        let at = match self.next {
            None => grid.and_then(|grid| self.on_grid(stamped, grid)).unwrap_or(stamped),
            Some(next) if stamped < next - leeway => return None,
            Some(next) if stamped > next + leeway => stamped,
            Some(next) => next,
        };
        self.next = Some(at + i64::from(self.frame_samples));
        Some(at)
    }

    /// True when a frame stamped `ms` leaves a hole before it.
    #[must_use]
    pub fn misses(&self, ms: i64) -> bool {
        self.next.is_some_and(|next| self.samples(ms) > next + self.leeway())
    }

    /// True when the better half of a frame stamped `ms` lies in what has been filled: the next one is nearer to where one can stand.
    #[must_use]
    pub fn covers(&self, ms: i64) -> bool {
        self.next.is_some_and(|next| self.samples(ms) < next - i64::from(self.frame_samples / 2))
    }

    /// Where a frame stands that fills what is missing up to `to`, ms, though nothing before `from`, and on the raster of what was
    /// sent before or of `grid`; `None`: no more does. A frame stamped `to` is then moved by half of one at most.
    pub fn fill(&mut self, from: i64, to: i64, grid: Option<i64>) -> Option<i64> {
        let frame = i64::from(self.frame_samples);
        let from = self.samples(from);
        let raster = self.next.or(grid).unwrap_or(from);
        let on_raster = raster + (from - raster + frame - 1).div_euclid(frame) * frame;
        let at = self.next.map_or(on_raster, |next| next.max(on_raster));
        (self.samples(to) - at > frame / 2).then(|| {
            self.next = Some(at + frame);
            at
        })
    }

    /// What it has reached, ms; `None` until the first frame.
    #[must_use]
    pub fn reached(&self) -> Option<i64> {
        Some((self.next? * 1_000).div_euclid(i64::from(self.sample_rate)))
    }

    /// Milliseconds in samples, rounded down.
    #[must_use]
    pub fn samples(&self, ms: i64) -> i64 {
        (ms * i64::from(self.sample_rate)).div_euclid(1_000)
    }

    fn leeway(&self) -> i64 {
        self.samples(LEEWAY_MS).max(i64::from(self.frame_samples / 2))
    }

    fn on_grid(&self, stamped: i64, grid: i64) -> Option<i64> {
        let frame = i64::from(self.frame_samples);
        let at = grid + (stamped - grid + frame / 2).div_euclid(frame) * frame;
        ((at - stamped).abs() <= self.samples(GRID_MS)).then_some(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounded_stamps_become_an_exact_count() {
        for rate in [48_000, 44_100] {
            let mut clock = SampleClock::new(rate, 1_024);
            for n in 0..50_000_i64 {
                let ms = (n * 1_024 * 1_000 + i64::from(rate) / 2) / i64::from(rate);
                assert_eq!(clock.place(ms, None), Some(n * 1_024));
            }
        }
    }

    #[test]
    fn a_hole_sets_a_new_anchor_and_an_overlap_is_dropped() {
        let mut clock = SampleClock::new(48_000, 1_024);
        assert_eq!(clock.place(1_000, None), Some(48_000));
        assert_eq!(clock.place(1_060, None), Some(49_024), "jitter below the leeway");
        assert_eq!(clock.place(1_500, None), Some(72_000), "a hole");
        assert_eq!(clock.place(1_440, None), None, "81 ms back");
        assert_eq!(clock.place(1_521, None), Some(73_024));
    }

    /// An encoder whose sound card runs fast sends more samples than time: frames are left out, time never goes back.
    #[test]
    fn a_fast_sound_card_loses_frames_and_never_goes_back() {
        let mut clock = SampleClock::new(48_000, 1_024);
        let placed: Vec<i64> = (0..20_000).filter_map(|n| clock.place(n * 21, None)).collect();
        assert!(placed.windows(2).all(|w| w[1] > w[0]));
        assert!((20_000 - placed.len()) * 1_000 / 20_000 >= 14, "1.6 % too many, 1.6 % dropped");
    }

    /// At whatever rate and by however much a frame comes behind what was filled, one of the next few is taken.
    #[test]
    fn what_comes_behind_a_filled_hole_is_taken() {
        for rate in [8_000, 11_025, 44_100, 48_000, 96_000] {
            for hole in 50..400 {
                let mut clock = SampleClock::new(rate, 1_024);
                let end = 1_024_000 / i64::from(rate);
                assert_eq!(clock.place(0, None), Some(0));
                let mut frames = (0..4).map(|n| end + hole + n * end);
                let taken = frames.find_map(|ms| {
                    let missing = clock.misses(ms);
                    while missing && clock.fill(0, ms, None).is_some() {}
                    if clock.covers(ms) {
                        None
                    } else {
                        clock.place(ms, None).map(|at| (at, clock.samples(ms)))
                    }
                });
                let (at, stamped) = taken.expect("one of four");
                assert!(
                    (at - stamped).abs() <= 512 + i64::from(rate) / 1_000 && at % 1_024 == 0,
                    "{rate} {hole}: {at} for {stamped}"
                );
            }
        }
    }

    #[test]
    fn renditions_share_a_raster() {
        let mut clock = SampleClock::new(48_000, 1_024);
        assert_eq!(clock.place(2_000, Some(96_000 + 40 - 5 * 1_024)), Some(96_040));
        let mut clock = SampleClock::new(48_000, 1_024);
        assert_eq!(clock.place(2_000, Some(96_500)), Some(96_000), "ten milliseconds off is another raster");
    }
}
