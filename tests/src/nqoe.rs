//! What a viewer got out of a while of watching, in figures: stalls, latency, bitrate, switches, and the one number of the MMSys
//! 2020 low-latency live challenge that weighs them (NQoE). One definition for the simulated world and for real browsers. Knows
//! frames on a screen and nothing of players.
//!
//! `NQoE = sum(R dt - beta E - gamma(L) L dt - sigma |1 - P| dt) - mu sum |dR|`, over all frames on the screen, with R the rung in
//! kb/s, E seconds stalled, L seconds behind the camera, P the playback rate, dt the frame's seconds of media. It is given per
//! second and as a share of the best rung, so that 1 is the best rung all the time without stall, switch or delay.

/// What a second, or a kb/s, of something counts for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Weights {
    /// The best rung, kb/s: also what a stalled second costs (beta).
    pub best_kbps: f64,
    /// The lowest rung, kb/s: also what a rate of 0 or 2 costs in a second (sigma).
    pub lowest_kbps: f64,
    /// A second of latency, in each second: near the edge,
    pub near: f64,
    /// and beyond `NEAR_S` of it.
    pub far: f64,
    /// Seconds: what a switch by 1 kb/s costs (mu).
    pub switch_s: f64,
}

/// Latency up to here counts little.
pub const NEAR_S: f64 = 1.1;
/// A gap between frames above this is a stall.
pub const STALL_S: f64 = 0.1;

impl Weights {
    /// As in the code of the challenge's LoL+: latency in proportion to the ladder, every switch counted in full.
    pub fn lol_plus(best_kbps: f64, lowest_kbps: f64) -> Self {
        Self { best_kbps, lowest_kbps, near: 0.05 * lowest_kbps, far: 0.1 * best_kbps, switch_s: 1.0 }
    }

    /// As the challenge printed it: latency next to nothing, a switch 20 ms of its height.
    pub fn printed(best_kbps: f64, lowest_kbps: f64) -> Self {
        Self { best_kbps, lowest_kbps, near: 0.005, far: 0.01, switch_s: 0.02 }
    }

    /// What a second behind by so much costs.
    pub fn latency(&self, latency_s: f64) -> f64 {
        latency_s * if latency_s <= NEAR_S { self.near } else { self.far }
    }
}

/// A frame on the screen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shown {
    /// When, seconds.
    pub at_s: f64,
    /// Media time of its start, seconds.
    pub media_s: f64,
    /// How old it was then: since the camera made it, seconds.
    pub latency_s: f64,
    /// Its rung, kb/s as the ladder declares it.
    pub kbps: f64,
    /// Playback rate at that moment.
    pub rate: f64,
}

/// What they come to.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Figures {
    /// Length of the while, seconds.
    pub seconds: f64,
    /// Frames on the screen.
    pub frames: usize,
    /// Times that nothing moved, or media were left out, for more than `STALL_S`.
    pub stalls: u32,
    /// Seconds without a picture that moved, and of media left out beyond those.
    pub stalled_s: f64,
    /// Of them: only left out, while the picture moved.
    pub skipped_s: f64,
    /// Mean latency, seconds,
    pub latency_s: f64,
    /// its median,
    pub latency_p50_s: f64,
    /// and its 95th percentile.
    pub latency_p95_s: f64,
    /// Mean rung; a stalled second counts as 0 kb/s.
    pub kbps: f64,
    /// Switches of the rung on the screen.
    pub switches: u32,
    /// Sum of |dR| over them, kb/s.
    pub switched_kbps: f64,
    /// Share of the frames at another rate than 1.
    pub off_rate: f64,
    /// See the module text.
    pub nqoe: f64,
}

impl Figures {
    /// Share of the time that was stalled.
    pub fn stall_ratio(&self) -> f64 {
        self.stalled_s / self.seconds.max(1e-9)
    }

    /// Switches in a minute.
    pub fn switches_per_min(&self) -> f64 {
        f64::from(self.switches) * 60.0 / self.seconds.max(1e-9)
    }
}

/// Measures what was shown between two moments, `frame_s` being the length of a frame. A gap counts by the longer of what the
/// clock and the media went on by, less a frame: who stands for a second and then leaves out that second has missed one second,
/// who leaves it out without standing as well. Before the first and after the last frame the clock alone counts.
pub fn measure(shown: &[Shown], from_s: f64, to_s: f64, frame_s: f64, weights: &Weights) -> Figures {
    let mut figures = Figures { seconds: to_s - from_s, ..Figures::default() };
    let within: Vec<&Shown> = shown.iter().filter(|f| f.at_s >= from_s && f.at_s < to_s).collect();
    let mut missed = |clock_s: f64, media_s: f64| {
        let gap_s = clock_s.max(media_s);
        // Three frames of 30 a second are not more than a tenth of a second, whatever their quotients say.
        if gap_s > STALL_S + 1e-6 {
            figures.stalls += 1;
            figures.stalled_s += gap_s - frame_s;
            figures.skipped_s += (media_s - clock_s).clamp(0.0, gap_s - frame_s);
        }
    };
    let (Some(first), Some(last)) = (within.first(), within.last()) else {
        missed(to_s - from_s + frame_s, 0.0);
        figures.nqoe = -1.0;
        return figures;
    };
    missed(first.at_s - from_s, 0.0);
    for pair in within.windows(2) {
        let [a, b] = pair else { continue };
        missed(b.at_s - a.at_s, b.media_s - a.media_s);
    }
    missed(to_s - last.at_s, 0.0);
    let (mut total, mut kb) = (0.0, 0.0);
    let mut before = first.kbps;
    for frame in &within {
        total += frame_s
            * (frame.kbps
                - weights.latency(frame.latency_s)
                - weights.lowest_kbps * (1.0 - frame.rate).abs());
        kb += frame_s * frame.kbps;
        if (frame.kbps - before).abs() > 0.5 {
            figures.switches += 1;
            figures.switched_kbps += (frame.kbps - before).abs();
            before = frame.kbps;
        }
    }
    total -= weights.best_kbps * figures.stalled_s + weights.switch_s * figures.switched_kbps;
    let frames = within.len();
    let mut ages: Vec<f64> = within.iter().map(|frame| frame.latency_s).collect();
    ages.sort_by(f64::total_cmp);
    let at = |share: f64| ages.get((frames as f64 * share) as usize).copied().unwrap_or_default();
    figures.frames = frames;
    figures.latency_s = ages.iter().sum::<f64>() / frames as f64;
    (figures.latency_p50_s, figures.latency_p95_s) = (at(0.5), at(0.95));
    figures.kbps = kb / figures.seconds;
    figures.off_rate = within.iter().filter(|f| (f.rate - 1.0).abs() > 0.001).count() as f64 / frames as f64;
    figures.nqoe = total / figures.seconds / weights.best_kbps;
    figures
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME_S: f64 = 1.0 / 30.0;

    fn weights() -> Weights {
        Weights::lol_plus(4_500.0, 250.0)
    }

    /// Ten seconds of frames, changed by `change`.
    fn ten(change: impl Fn(usize, Shown) -> Option<Shown>) -> Figures {
        let frame = |n: usize| {
            let at_s = n as f64 * FRAME_S;
            change(n, Shown { at_s, media_s: at_s, latency_s: 0.2, kbps: 4_500.0, rate: 1.0 })
        };
        let shown: Vec<Shown> = (0..300).filter_map(frame).collect();
        measure(&shown, 0.0, 10.0, FRAME_S, &weights())
    }

    #[test]
    fn the_best_rung_at_the_edge_is_worth_nearly_one() {
        let figures = ten(|_, frame| Some(frame));
        assert_eq!((figures.stalls, figures.switches), (0, 0));
        assert!((figures.nqoe - (1.0 - 0.2 * 12.5 / 4_500.0)).abs() < 1e-9, "{figures:?}");
        assert!((figures.kbps - 4_500.0).abs() < 1.0);
    }

    #[test]
    fn a_stalled_second_costs_what_it_shows_and_once_more() {
        // Stood for a second, then went on a second later in the media; or left it out at once; or nothing at the end.
        let stood = ten(|n, frame| (!(100..130).contains(&n)).then_some(frame));
        let left_out = ten(|n, frame| {
            let later = if n >= 100 { 1.0 } else { 0.0 };
            Some(Shown { media_s: frame.media_s + later, ..frame })
        });
        let ended = ten(|n, frame| (n < 270).then_some(frame));
        for (figures, skipped_s) in [(stood, 0.0), (left_out, 1.0), (ended, 0.0)] {
            assert_eq!(figures.stalls, 1);
            assert!((figures.stalled_s - 1.0).abs() < 0.001, "{figures:?}");
            assert!((figures.skipped_s - skipped_s).abs() < 0.001, "{figures:?}");
        }
        assert!((stood.nqoe - 0.8).abs() < 0.001, "{stood:?}");
    }

    #[test]
    fn switches_latency_and_rate_cost_what_is_written() {
        let switched = ten(|n, frame| Some(Shown { kbps: if n < 150 { 4_500.0 } else { 2_500.0 }, ..frame }));
        assert!((switched.nqoe - (3_500.0 - 2.5 - 200.0) / 4_500.0).abs() < 0.001, "{switched:?}");
        assert_eq!(switched.switches, 1);
        let far = ten(|_, frame| Some(Shown { latency_s: 2.0, ..frame }));
        assert!((far.nqoe - 0.8).abs() < 0.001, "{far:?}");
        let fast = ten(|_, frame| Some(Shown { rate: 1.1, ..frame }));
        assert!((fast.nqoe - (1.0 - 27.5 / 4_500.0)).abs() < 0.001, "{fast:?}");
    }

    #[test]
    fn nothing_on_the_screen_is_all_stall() {
        let figures = measure(&[], 0.0, 10.0, FRAME_S, &weights());
        assert!((figures.stall_ratio() - 1.0).abs() < 0.01, "{figures:?}");
        assert!((figures.nqoe + 1.0).abs() < 1e-9);
    }
}
