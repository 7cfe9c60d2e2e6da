//! Which rung the next segments are best on, and whether the one in progress is worth its time: model predictive control over
//! the terms of NQoE (Yin et al. 2015; the weights of the MMSys 2020 challenge), on a few guesses of what the link will carry.
//! Pure functions. When to ask and what was measured is in `abr` and `throughput`.

use super::abr::Rung;
use super::limits::{
    ABANDON_SWITCH_S, DEEP_GUESSES, DEEP_STALL, KEYFRAME_SHARE, ON_THE_WAY, ON_THE_WAY_S, ON_THE_WAY_SHORT_S,
    PLAN_GUESSES, PLAN_S, RESERVE_S, SPLICE_COST_S,
};

/// What is known when a plan is made.
#[derive(Clone, Copy, Debug)]
pub struct Outlook {
    /// Bits a second that the link carries,
    pub bps: f64,
    /// what it carried in the last moments, if media come late,
    pub low_bps: Option<f64>,
    /// It fell to a small part of what it should carry.
    pub deep: bool,
    /// Whoever sends keeps little on the way.
    pub short: bool,
    /// and by which share it has been changing from second to second.
    pub spread: f64,
    /// How late the newest chunk came, seconds.
    pub late_s: f64,
    /// Media ahead of the playhead, seconds.
    pub ahead_s: f64,
    /// Of the segment in progress what has not come, seconds.
    pub left_s: f64,
    /// And what has.
    pub had_s: f64,
}

impl Outlook {
    /// What the link may carry, by guess: bits a second and weight.
    fn guesses(&self) -> [(f64, f64); 3] {
        let guesses = if self.deep { DEEP_GUESSES } else { PLAN_GUESSES };
        guesses.map(|(way, spreads, weight)| {
            let bps = match self.low_bps {
                // It is failing: it stays as low as now, or comes back part of the way.
                Some(low) => low + (self.bps - low).max(0.0) * way,
                None => self.bps * (1.0 - spreads * self.spread).max(0.2),
            };
            (bps.max(1.0), weight)
        })
    }

    /// How many times its length a stall counts.
    fn charge(&self) -> f64 {
        if self.deep { DEEP_STALL } else { 1.0 }
    }

    /// What finishing the segment in progress costs in stalls, bits.
    #[must_use]
    pub fn stays(&self, ladder: &[Rung], had: Rung) -> f64 {
        let best = ladder.first().map_or(1.0, |rung| f64::from(rung.average_bps)) * self.charge();
        let one = |bps: f64| {
            (self.left_s * (f64::from(had.average_bps) / bps - 1.0) + RESERVE_S - self.ahead_s).max(0.0)
        };
        self.guesses().iter().map(|(bps, weight)| weight * best * one(*bps)).sum()
    }

    /// What fetching it anew on another rung costs in stalls and in switches there and back, bits.
    #[must_use]
    pub fn goes(&self, ladder: &[Rung], had: Rung, to: Rung, next: Rung) -> f64 {
        let best = ladder.first().map_or(1.0, |rung| f64::from(rung.average_bps)) * self.charge();
        let (from, rate) = (f64::from(had.average_bps), f64::from(to.average_bps));
        let most = if self.short { self.bps * ON_THE_WAY_SHORT_S } else { ON_THE_WAY };
        let one = |bps: f64| {
            // What is on its way comes first, then all that was had once more, then the rest.
            let waits = (from * (self.late_s + ON_THE_WAY_S)).min(most) / bps + rate / bps * KEYFRAME_SHARE;
            let behind = SPLICE_COST_S + waits + rate / bps * self.had_s;
            (behind + (self.left_s * (rate / bps - 1.0)).max(0.0) + RESERVE_S - self.ahead_s).max(0.0)
        };
        let stalled: f64 = self.guesses().iter().map(|(bps, weight)| weight * one(*bps)).sum();
        // A switch down that comes anyway with the next segment costs nothing more.
        let further = (f64::from(next.average_bps) - rate).max(0.0);
        best * stalled + (from - rate).max(0.0) * self.left_s + ABANDON_SWITCH_S * further
    }

    /// The best rung for what follows the segment in progress, which is on `from`.
    #[must_use]
    pub fn best(&self, ladder: &[Rung], from: usize, highest: usize) -> usize {
        let mut best = (f64::MIN, ladder.len().saturating_sub(1));
        for (rung, next) in ladder.iter().enumerate().skip(highest) {
            let guesses = self.guesses();
            let worth = guesses.iter().map(|(bps, weight)| weight * self.worth(ladder, from, *next, *bps));
            let worth: f64 = worth.sum();
            if worth > best.0 {
                best = (worth, rung);
            }
        }
        best.1
    }

    /// A segment on `next` and then the best for a while, on a link of so many bits a second; in bits.
    fn worth(&self, ladder: &[Rung], from: usize, next: Rung, bps: f64) -> f64 {
        let rate = |rung: Rung| f64::from(rung.average_bps);
        let best = ladder.first().map_or(1.0, |rung| rate(*rung));
        let now = ladder.get(from).map_or(0.0, |rung| rate(*rung));
        // The playhead stays so far behind what comes in time.
        let slack_s = self.ahead_s + self.late_s;
        let late_s = (self.late_s + self.left_s * (now / bps - 1.0)).max(0.0);
        let (late_s, stalled_s) = segment(late_s, slack_s, rate(next) / bps, 1.0);
        let slack_s = slack_s + stalled_s;
        let after = ladder.iter().map(|then| {
            let (left_s, stalled_s) = segment(late_s, slack_s, rate(*then) / bps, PLAN_S);
            // What is late at the end has used up the buffer: it is owed.
            PLAN_S * rate(*then) - (rate(*then) - rate(next)).abs() - best * stalled_s.max(left_s)
        });
        let after = after.fold(f64::MIN, f64::max);
        rate(next) - (rate(next) - now).abs() - best * stalled_s + after
    }
}

/// After so many seconds of media that take `takes` seconds each: how late the last chunk is, and for how long it stalls.
fn segment(late_s: f64, slack_s: f64, takes: f64, seconds: f64) -> (f64, f64) {
    let after_s = (late_s + seconds * (takes - 1.0)).max(0.0);
    // A keyframe comes first and takes its time.
    let worst_s = after_s.max(late_s + takes * KEYFRAME_SHARE);
    (after_s, (worst_s + RESERVE_S - slack_s).max(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ladder() -> Vec<Rung> {
        [4_500_000, 2_500_000, 1_200_000, 600_000, 250_000]
            .map(|bps| Rung { peak_bps: bps, average_bps: bps })
            .to_vec()
    }

    fn outlook(bps: f64, ahead_s: f64) -> Outlook {
        Outlook {
            bps,
            low_bps: None,
            deep: false,
            short: false,
            spread: 0.1,
            late_s: 0.0,
            ahead_s,
            left_s: 0.1,
            had_s: 0.9,
        }
    }

    #[test]
    fn it_takes_what_the_link_carries() {
        for (bps, rung) in [(9e6, 0), (3.5e6, 1), (1.6e6, 2), (0.8e6, 3), (0.1e6, 4)] {
            assert_eq!(outlook(bps, 0.8).best(&ladder(), 2, 0), rung, "{bps}");
        }
    }

    #[test]
    fn a_link_that_varies_more_or_a_buffer_that_is_low_asks_for_more_room() {
        let steady = outlook(3e6, 0.9);
        assert_eq!(steady.best(&ladder(), 2, 0), 1);
        assert_eq!(Outlook { spread: 0.6, ahead_s: 0.25, ..steady }.best(&ladder(), 2, 0), 2);
    }

    #[test]
    fn leaving_a_segment_pays_when_much_of_it_is_left_on_a_slow_link() {
        let rungs = ladder();
        let (top, lowest) = (rungs[0], rungs[4]);
        let early = Outlook { left_s: 0.9, had_s: 0.1, ..outlook(1e6, 0.5) };
        assert!(early.stays(&rungs, top) > early.goes(&rungs, top, lowest, lowest));
        // What cannot be called back delays whatever replaces it: with little of that it pays for longer.
        let fell = Outlook {
            left_s: 0.5,
            had_s: 0.5,
            late_s: 0.3,
            bps: 5e6,
            low_bps: Some(1e6),
            deep: true,
            ..early
        };
        assert!(fell.stays(&rungs, top) <= fell.goes(&rungs, top, lowest, lowest));
        let short = Outlook { short: true, ..fell };
        assert!(short.stays(&rungs, top) > short.goes(&rungs, top, lowest, lowest));
        let late = Outlook { left_s: 0.05, had_s: 0.95, ..early };
        assert!(late.stays(&rungs, top) <= late.goes(&rungs, top, lowest, lowest));
    }
}
