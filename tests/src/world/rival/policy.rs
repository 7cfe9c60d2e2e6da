//! How the players that people otherwise use choose a rendition, written from their documentation and papers: hls.js's two
//! averages with its abandon rule, Shaka's, BOLA, and dash.js's Dynamic with its insufficient-buffer and abandon rules. Rungs
//! count from 0, the best. How they load and keep their latency is in [`super`].

/// What a policy may look at.
#[derive(Clone, Copy, Debug)]
pub(super) struct View<'a> {
    /// Of the rungs, kb/s, best first.
    pub(super) ladder: &'a [f64],
    /// The rung of the last request.
    pub(super) rung: usize,
    /// Media ahead of the playhead.
    pub(super) buffer_s: f64,
    /// Wanted latency.
    pub(super) target_s: f64,
    /// Now.
    pub(super) now_s: f64,
}

impl View<'_> {
    fn lowest(&self) -> usize {
        self.ladder.len().saturating_sub(1)
    }

    fn fitting(&self, kbps: f64) -> usize {
        self.ladder.iter().position(|rung| *rung <= kbps).unwrap_or(self.lowest())
    }
}

/// A request under way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Progress {
    /// Since it was sent.
    pub(super) elapsed_s: f64,
    /// Since its first byte.
    pub(super) streaming_s: f64,
    /// Had, and expected, kilobits.
    pub(super) had_kb: f64,
    /// In all.
    pub(super) all_kb: f64,
    /// Length of its media.
    pub(super) length_s: f64,
}

/// See the module text.
#[derive(Clone, Debug)]
pub(super) enum Policy {
    /// hls.js: half-lives of 3 and 9 s, 0.95 to stay, 0.7 to go up.
    Hls(Pair),
    /// Shaka: half-lives of 2 and 5 s, 0.95 and 0.85, at most a switch a second.
    Shaka(Pair, f64),
    /// dash.js: throughput alone while the buffer is low, BOLA once it is as full as it gets.
    Dynamic(Dash),
    /// dash.js: BOLA-E with the throughput only as a cap for the way up.
    Bola(Dash),
}

impl Policy {
    /// For the next segment.
    pub(super) fn choose(&mut self, view: &View<'_>) -> usize {
        match self {
            Self::Hls(pair) => {
                let kbps = pair.kbps();
                let fits = |(at, rung): (usize, &f64)| {
                    let share = if at < view.rung { 0.7 } else { 0.95 };
                    kbps * share > *rung
                };
                view.ladder.iter().enumerate().position(fits).unwrap_or(view.lowest())
            }
            Self::Shaka(pair, switched_s) => {
                if view.now_s - *switched_s < 1.0 {
                    return view.rung;
                }
                let kbps = pair.kbps();
                let fits =
                    |(at, rung): (usize, &f64)| kbps * if at < view.rung { 0.85 } else { 0.95 } >= *rung;
                let rung = view.ladder.iter().enumerate().position(fits).unwrap_or(view.lowest());
                if rung != view.rung {
                    *switched_s = view.now_s;
                }
                rung
            }
            Self::Dynamic(dash) => dash.dynamic(view),
            Self::Bola(dash) => dash.bola(view),
        }
    }

    /// A transfer: kilobits and how long they took.
    pub(super) fn sample(&mut self, kb: f64, seconds: f64) {
        match self {
            Self::Hls(pair) => pair.push(kb, seconds.max(0.05)),
            Self::Shaka(pair, _) => pair.push(kb, seconds.max(0.001)),
            Self::Dynamic(dash) | Self::Bola(dash) => dash.pair.push(kb, seconds.max(0.001)),
        }
    }

    /// The playhead stands for want of media.
    pub(super) fn stalled(&mut self) {
        if let Self::Dynamic(dash) | Self::Bola(dash) = self {
            dash.dry = true;
            dash.starting = true;
        }
    }

    /// It waited so long for a segment to begin.
    pub(super) fn waited(&mut self, seconds: f64) {
        if let Self::Dynamic(dash) | Self::Bola(dash) = self {
            dash.placeholder_s += seconds;
        }
    }

    /// Whether to leave the request under way, and for which rung.
    pub(super) fn abandon(&self, view: &View<'_>, progress: &Progress) -> Option<usize> {
        let (kbps, left_kb) =
            (progress.had_kb / progress.streaming_s.max(0.001), progress.all_kb - progress.had_kb);
        if view.rung >= view.lowest() {
            return None;
        }
        match self {
            Self::Hls(pair) => {
                if progress.elapsed_s < progress.length_s / 2.0 {
                    return None;
                }
                let rate = if progress.had_kb > 0.0 { kbps } else { pair.kbps() };
                let stay_s = left_kb / rate.max(1.0);
                if stay_s <= view.buffer_s || stay_s > progress.length_s * 10.0 {
                    return None;
                }
                let takes = |rung: usize| {
                    view.ladder.get(rung).map_or(0.0, |rung| rung * progress.length_s / pair.kbps())
                };
                let to = (view.rung + 1..view.lowest())
                    .find(|rung| takes(*rung) <= view.buffer_s)
                    .unwrap_or(view.lowest());
                (takes(to) < stay_s).then_some(to)
            }
            Self::Shaka(..) => None,
            Self::Dynamic(_) | Self::Bola(_) => {
                let takes_s = progress.all_kb / (progress.had_kb / progress.elapsed_s.max(0.001)).max(1.0);
                if progress.elapsed_s < 0.5 || takes_s < 1.8 * progress.length_s {
                    return None;
                }
                let to = view.fitting(kbps * 0.9).max(view.rung + 1);
                let less = view.ladder.get(to).is_some_and(|rung| rung * progress.length_s < left_kb);
                less.then_some(to)
            }
        }
    }
}

/// Two exponential averages; the smaller one counts.
#[derive(Clone, Debug)]
pub(super) struct Pair {
    half_lives_s: (f64, f64),
    sums: (f64, f64),
    weights: (f64, f64),
    start_kbps: f64,
}

impl Pair {
    /// With half-lives in seconds of transfer, and what is believed before anything was measured.
    pub(super) fn new(fast_s: f64, slow_s: f64, start_kbps: f64) -> Self {
        Self { half_lives_s: (fast_s, slow_s), sums: (0.0, 0.0), weights: (0.0, 0.0), start_kbps }
    }

    fn push(&mut self, kb: f64, seconds: f64) {
        let one = |sum: &mut f64, weight: &mut f64, half_life_s: f64| {
            let keep = 0.5_f64.powf(seconds / half_life_s);
            *sum = *sum * keep + kb / seconds * (1.0 - keep);
            *weight = *weight * keep + 1.0 - keep;
        };
        one(&mut self.sums.0, &mut self.weights.0, self.half_lives_s.0);
        one(&mut self.sums.1, &mut self.weights.1, self.half_lives_s.1);
    }

    fn kbps(&self) -> f64 {
        if self.weights.0 <= 0.0 || self.weights.1 <= 0.0 {
            return self.start_kbps;
        }
        (self.sums.0 / self.weights.0).min(self.sums.1 / self.weights.1)
    }
}

/// What dash.js's rules share.
#[derive(Clone, Debug)]
pub(super) struct Dash {
    pair: Pair,
    dry: bool,
    /// BOLA-E's virtual buffer: what would be there had the live edge not been in the way.
    placeholder_s: f64,
    /// By throughput until the buffer holds a segment.
    starting: bool,
    full: bool,
}

impl Default for Dash {
    fn default() -> Self {
        Self {
            pair: Pair::new(3.0, 8.0, 1_000.0),
            dry: false,
            placeholder_s: 0.0,
            starting: true,
            full: false,
        }
    }
}

impl Dash {
    fn throughput(&self, view: &View<'_>) -> usize {
        view.fitting(self.pair.kbps() * 0.9)
    }

    fn insufficient(&mut self, view: &View<'_>) -> usize {
        if std::mem::take(&mut self.dry) {
            return view.lowest();
        }
        view.fitting(self.pair.kbps() * view.buffer_s * 0.7)
    }

    fn dynamic(&mut self, view: &View<'_>) -> usize {
        let (bola, throughput) = (self.bola(view), self.throughput(view));
        self.full = if self.full {
            view.buffer_s >= view.target_s / 2.0
        } else {
            view.buffer_s >= view.target_s * 0.9
        };
        let rung = if self.full { bola.min(throughput) } else { throughput };
        rung.max(self.insufficient(view))
    }

    /// BOLA (Spiteri 2016) with the parameters of dash.js: 10 s of buffer for the lowest and 2 s more a rung.
    fn bola(&mut self, view: &View<'_>) -> usize {
        let least = view.ladder.last().copied().unwrap_or(1.0);
        let utility = |kbps: f64| (kbps / least).ln() + 1.0;
        let most_s = 10.0 + 2.0 * view.ladder.len() as f64;
        let best = utility(view.ladder.first().copied().unwrap_or(1.0));
        let gp = (best - 1.0) / (most_s / 10.0 - 1.0);
        let vp = 10.0 / gp;
        let throughput = self.throughput(view);
        if self.starting {
            self.starting = view.buffer_s < 0.9 * view.target_s.min(1.0);
            // As if it had been found at the level at which BOLA takes this rung.
            let above = throughput.checked_sub(1).and_then(|above| view.ladder.get(above));
            let had = view.ladder.get(throughput + 1);
            self.placeholder_s = match (view.ladder.get(throughput), had) {
                (Some(at), Some(below)) => {
                    let share = |kbps: f64| vp * (utility(kbps) + gp);
                    let level = (share(*below) * at - share(*at) * below) / (at - below);
                    let room = above.map_or(0.5, |above| {
                        ((share(*at) * above - share(*above) * at) / (above - at) - level) / 2.0
                    });
                    (level + room - view.buffer_s).max(0.0)
                }
                _ => 0.0,
            };
            return throughput;
        }
        // The virtual buffer never argues for more than the throughput would.
        let at_most_s = view.ladder.get(throughput).map_or(0.0, |kbps| vp * (utility(*kbps) + gp));
        self.placeholder_s = self.placeholder_s.min((at_most_s - view.buffer_s).max(0.0));
        let level_s = view.buffer_s + self.placeholder_s;
        let score = |kbps: f64| (vp * (utility(kbps) + gp) - level_s) / kbps;
        let by_score = |a: &(usize, &f64), b: &(usize, &f64)| score(*a.1).total_cmp(&score(*b.1));
        let rung = view.ladder.iter().enumerate().max_by(by_score).map_or(0, |(at, _)| at);
        // BOLA-O: upwards no further than the throughput.
        if rung < view.rung { rung.max(throughput.min(view.rung)) } else { rung }
    }
}
