//! What hardly any player can beat and what any could do: the best schedule that knows the link's future, by dynamic programming
//! over the same objective, and the share of the show that must stall on the lowest rung so far behind the camera. Fluid: no packets,
//! no round trips, no queue, no overhead, and no element that stands still before its buffer is empty. The grid of the program rounds
//! lateness up, so the schedule is a little under the best.

use super::link::Period;
use crate::nqoe::Weights;

/// Bits that have gone through, as a function of time.
#[derive(Debug)]
pub struct Fluid {
    /// Time, s, and kilobits until then, of each corner.
    corners: Vec<(f64, f64)>,
}

impl Fluid {
    /// Of these periods, over and over, for so long. Of what goes over the wire 40 of 1,440 bytes are headers.
    pub fn new(periods: &[Period], seconds: f64) -> Self {
        let mut corners = vec![(0.0, 0.0)];
        let (mut at, mut kb) = (0.0, 0.0);
        while at < seconds && periods.iter().any(|period| period.ms > 0) {
            for period in periods {
                at += period.ms as f64 / 1e3;
                kb += period.kbps as f64 * period.ms as f64 / 1e3 * 1_400.0 / 1_440.0;
                corners.push((at, kb));
            }
        }
        Self { corners }
    }

    fn kb_at(&self, at_s: f64) -> f64 {
        let after = self.corners.partition_point(|(at, _)| *at <= at_s);
        match (after.checked_sub(1).and_then(|before| self.corners.get(before)), self.corners.get(after)) {
            (Some(a), Some(b)) => a.1 + (b.1 - a.1) * (at_s - a.0) / (b.0 - a.0).max(1e-9),
            (Some(a), None) => a.1,
            (None, _) => 0.0,
        }
    }

    /// When `kb` more have gone through.
    fn time_of(&self, kb: f64) -> f64 {
        let after = self.corners.partition_point(|(_, had)| *had < kb);
        match (after.checked_sub(1).and_then(|before| self.corners.get(before)), self.corners.get(after)) {
            (Some(a), Some(b)) => a.0 + (b.0 - a.0) * (kb - a.1) / (b.1 - a.1).max(1e-9),
            (_, None) => f64::INFINITY,
            (None, Some(b)) => b.0,
        }
    }

    /// Share of the show that stalls on a rung of so many kb/s when nothing older than `latency_s` is shown: what comes into a
    /// queue of that length and overflows.
    pub fn must_stall(&self, kbps: f64, latency_s: f64, from_s: f64, to_s: f64) -> f64 {
        const STEP_S: f64 = 0.01;
        let (mut waiting_s, mut lost_s, mut at) = (0.0_f64, 0.0, from_s);
        while at < to_s {
            let carried_s = (self.kb_at(at + STEP_S) - self.kb_at(at)) / kbps;
            waiting_s = (waiting_s + STEP_S - carried_s).max(0.0);
            if waiting_s > latency_s {
                lost_s += waiting_s - latency_s;
                waiting_s = latency_s;
            }
            at += STEP_S;
        }
        lost_s / (to_s - from_s)
    }

    /// The best schedule: a rung for each second of media, or none; how far behind to play; when to speed up, slow down or skip.
    /// `kb` gives the size of a second of media on a rung. What is left out counts as stalled, once.
    pub fn best(
        &self,
        ladder: &[f64],
        kb: &dyn Fn(usize, usize) -> f64,
        seconds: usize,
        weights: &Weights,
    ) -> Best {
        let rungs = ladder.len();
        let at = |lag: usize, latency_s: f64, rung: usize| {
            (lag * LATENCIES + ((latency_s / LATENCY_S).round() as usize).min(LATENCIES - 1)) * rungs + rung
        };
        let mut states: Vec<Option<State>> = vec![None; LAGS * LATENCIES * rungs];
        for latency in 0..LATENCIES {
            let latency_s = latency as f64 * LATENCY_S;
            for rung in 0..rungs {
                // How far behind to begin and on which rung is free.
                states[at(0, latency_s, rung)] = Some(State { latency_s, ..State::default() });
            }
        }
        for second in 0..seconds {
            let mut next: Vec<Option<State>> = vec![None; states.len()];
            let mut offer = |lag: usize, rung: usize, state: State| {
                if let Some(place) = next.get_mut(at(lag, state.latency_s, rung))
                    && place.is_none_or(|had| had.value < state.value)
                {
                    *place = Some(state);
                }
            };
            for lag in 0..LAGS {
                let row = lag * LATENCIES * rungs;
                let of_lag = states.get(row..row + LATENCIES * rungs).unwrap_or_default();
                if of_lag.iter().all(Option::is_none) {
                    continue;
                }
                let ways: Vec<_> = (0..rungs)
                    .map(|rung| self.carry(second as f64, lag as f64 * LAG_S, kb(rung, second)))
                    .collect();
                for (place, state) in of_lag.iter().enumerate() {
                    let Some(state) = state else { continue };
                    let before = place % rungs;
                    // Left out: stalls for its length, and what comes after is no later for it.
                    let missed = State {
                        value: state.value - weights.best_kbps,
                        stalled_s: state.stalled_s + 1.0,
                        ..*state
                    };
                    offer(lag.saturating_sub((1.0 / LAG_S) as usize), before, missed);
                    for (rung, way) in ways.iter().enumerate() {
                        let Some((done, need_s)) = *way else { continue };
                        let switched = (ladder[before] - ladder[rung]).abs();
                        state.play(ladder[rung], switched, need_s, weights, &mut |state| {
                            offer(done, rung, state)
                        });
                    }
                }
            }
            states = next;
        }
        let best =
            states.into_iter().flatten().max_by(|a, b| a.value.total_cmp(&b.value)).unwrap_or_default();
        let length = seconds as f64;
        Best {
            nqoe: best.value / length / weights.best_kbps,
            kbps: best.kbps / length,
            stall_ratio: best.stalled_s / length,
            latency_s: best.behind / (length - best.stalled_s).max(1e-9),
        }
    }

    /// A second of media of this size, behind others that end so much after it begins: how much after its own end it has gone
    /// through, in steps rounded up, and how far behind the camera it must play not to stall.
    fn carry(&self, begins_s: f64, lag_s: f64, size_kb: f64) -> Option<(usize, f64)> {
        const POINTS: u32 = 10;
        let mut from = self.kb_at(begins_s + lag_s);
        let (mut done, mut need_s) = (begins_s + lag_s, 0.0_f64);
        for point in 1..=POINTS {
            // Bytes go when they exist and those before them have gone; what the link could do while it waited is lost.
            let made = begins_s + f64::from(point) / f64::from(POINTS);
            let kb = from + size_kb / f64::from(POINTS);
            done = self.time_of(kb).max(made);
            from = self.kb_at(done);
            need_s = need_s.max(done - made);
        }
        let lag = ((done - begins_s - 1.0) / LAG_S).ceil().max(0.0);
        (done.is_finite() && lag < LAGS as f64).then_some((lag as usize, need_s))
    }
}

/// Grid of how late the last byte is,
const LAG_S: f64 = 0.0125;
/// its length,
const LAGS: usize = 160;
/// and that of the latency.
const LATENCY_S: f64 = 0.05;
/// Further behind than this nothing is worth while.
const LATENCIES: usize = 50;

#[derive(Clone, Copy, Debug, Default)]
struct State {
    value: f64,
    latency_s: f64,
    kbps: f64,
    stalled_s: f64,
    behind: f64,
}

impl State {
    /// A second of media that must be played so far behind: at each rate, waiting for it or leaving out what comes too late.
    fn play(&self, kbps: f64, switched: f64, need_s: f64, weights: &Weights, offer: &mut impl FnMut(Self)) {
        for rate in [0.85, 0.95, 1.0, 1.1, 1.25, 1.5] {
            // Over a second of media the latency changes by what the rate gains.
            let moved = (self.latency_s - (rate - 1.0) / rate).max(0.0);
            let stalled_s = (need_s - moved).max(0.0);
            if stalled_s > 1.0 {
                continue;
            }
            let cost = weights.lowest_kbps * f64::abs(rate - 1.0)
                + weights.best_kbps * stalled_s
                + weights.switch_s * switched;
            let mut on = |latency_s: f64, kbps: f64| {
                offer(Self {
                    value: self.value + kbps - cost - weights.latency(latency_s),
                    latency_s,
                    kbps: self.kbps + kbps,
                    stalled_s: self.stalled_s + stalled_s,
                    behind: self.behind + latency_s,
                });
            };
            on(moved + stalled_s, kbps);
            if stalled_s > 0.0 {
                on(moved, kbps * (1.0 - stalled_s));
            }
        }
    }
}

/// The best schedule.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Best {
    /// As `Figures::nqoe`.
    pub nqoe: f64,
    /// As `Figures::kbps`.
    pub kbps: f64,
    /// Share of the time.
    pub stall_ratio: f64,
    /// Mean.
    pub latency_s: f64,
}
