//! Which rendition: plans by what the link is seen to carry and by how much that varies (`plan`), goes up only on evidence, asks
//! for a probe when there is none, and leaves a segment in progress when finishing it would stall longer than beginning anew on
//! a lower rung. Says how large a buffer the link needs. Speaks of rungs, index 0 the best. Does not fetch (`loader`).
//!
//! ```text
//! estimate, spread, buffer -> plan -> Prefer(rung) at the next segment
//! nothing proves that more would fit, in time for long -> Probe;  chunks late while it runs -> StopProbe
//! would stall longer than a lower one -> Abandon(lower): leave the segment in progress
//! ```

use super::limits::{
    ABANDON_HOLD, CALM_GAP, CALM_LATE_MS, DEEP_LATE_MS, DEEP_SHARE, ESTIMATE_FRESH, PROBE_AGAIN,
    PROBE_BYTES_MAX, PROBE_BYTES_MIN, PROBE_CALM, PROBE_LATE_MS, PROBE_LATE_SHARE, PROBE_LATER, PROBE_PAUSE,
    PROBE_PAUSE_MAX, PROBE_S, PROBE_STALE, RISK_FREE, RISK_FULL, RISK_LIMITED, RISK_RISE, RISK_S,
    SAFETY_KEEP, SAFETY_UP, SEGMENT_GUESS_S, TARGET_PROBED_S, TARGET_START_S, UP_AGAIN, UP_HOLD, UP_HOLD_MAX,
    UP_TRIAL,
};
use super::plan::Outlook;
use super::throughput::Throughput;
use hawker_wire::{Instant, Machine, Span, Wall};
use std::collections::VecDeque;

/// Bits a second of one rendition, both tracks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rung {
    /// Over the busiest segment.
    pub peak_bps: u32,
    /// On average.
    pub average_bps: u32,
}

/// What can happen.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// What there is, best first. Estimates are kept.
    Ladder(Vec<Rung>),
    /// The viewer's choice; `None`: automatic.
    Fixed(Option<usize>),
    /// Nothing better than this rung is taken unasked: it would not be seen, or not be decoded in time.
    Cap(usize),
    /// The answer to a request began; with the server's own estimate for this connection, bits a second, and whether it keeps
    /// little on the way.
    Opened(Option<f64>, bool),
    /// Bytes of a chunk of this rung are there, and when it was made.
    Piece(usize, u64, Option<Wall>),
    /// A probe is done: bytes, and how long they took.
    Probed(u64, Span),
    /// A probe did not work out.
    ProbeFailed,
    /// There is no request left for a probe now.
    ProbeLater,
    /// The playhead stands for want of media.
    Stalled,
    /// The buffer: seconds ahead of the playhead, and seconds of the segment in progress that have come and have not.
    Level(f64, f64, f64),
}

/// What is wanted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Output {
    /// Take this rung from the next segment on.
    Prefer(usize),
    /// Leave the segment in progress, take this rung from its start.
    Abandon(usize),
    /// Fetch so many bytes of a finished segment of this rung and time them.
    Probe(usize, u32),
    /// Break the probe off: it takes from the stream what the stream needs.
    StopProbe,
}

/// See the module text.
#[derive(Debug)]
pub struct Abr {
    ladder: Vec<Rung>,
    fixed: Option<usize>,
    cap: usize,
    preferred: usize,
    /// Of the last piece.
    playing: Option<usize>,
    throughput: Throughput,
    hint_bps: Option<f64>,
    hint_trusted: bool,
    short: bool,
    calm_since: Option<Instant>,
    in_time: Option<Instant>,
    overloaded: bool,
    ahead_s: f64,
    had_s: f64,
    left_s: f64,
    risk_s: f64,
    levelled: Option<Instant>,
    /// When and for which rung a segment was left last.
    abandoned: Option<(Instant, usize)>,
    up_after: Instant,
    up_hold: Span,
    went_up: Option<Instant>,
    probing: bool,
    probed: Option<Instant>,
    /// Bytes of the stream since the probe began.
    probed_beside: u64,
    probe_after: Instant,
    probe_pause: Span,
    out: VecDeque<Output>,
}

impl Default for Abr {
    fn default() -> Self {
        Self {
            ladder: Vec::new(),
            fixed: None,
            cap: 0,
            preferred: 0,
            playing: None,
            throughput: Throughput::default(),
            hint_bps: None,
            hint_trusted: true,
            short: false,
            calm_since: None,
            in_time: None,
            overloaded: false,
            ahead_s: TARGET_START_S,
            had_s: 0.0,
            left_s: SEGMENT_GUESS_S,
            risk_s: 0.0,
            levelled: None,
            abandoned: None,
            up_after: Instant::ZERO,
            up_hold: UP_HOLD,
            went_up: None,
            probing: false,
            probed: None,
            probed_beside: 0,
            probe_after: Instant::ZERO,
            probe_pause: PROBE_PAUSE,
            out: VecDeque::new(),
        }
    }
}

impl Abr {
    /// The rung for the next segment.
    #[must_use]
    pub fn preferred(&self) -> usize {
        self.preferred
    }

    /// Bits a second the link is thought to carry; `None` before anything was measured.
    #[must_use]
    pub fn estimate_bps(&self) -> Option<f64> {
        self.throughput.measured().map(|_| self.throughput.carries_bps())
    }

    /// How much later than the fastest ones lately the last chunk came.
    #[must_use]
    pub fn late_ms(&self) -> f64 {
        self.throughput.late_ms()
    }

    fn prefer(&mut self, rung: usize) {
        if rung != self.preferred {
            self.preferred = rung;
            self.out.push_back(Output::Prefer(rung));
        }
    }

    /// The best rung whose average fits into this share of the estimate; the lowest if none does.
    fn fitting(&self, bps: f64) -> usize {
        let lowest = self.ladder.len().saturating_sub(1);
        let fits = |rung: &Rung| f64::from(rung.average_bps) <= bps;
        let best = self.cap.min(lowest);
        self.ladder.iter().skip(best).position(fits).map_or(lowest, |rung| best + rung)
    }

    fn ladder(&mut self, ladder: Vec<Rung>) {
        let first = self.ladder.is_empty();
        self.ladder = ladder;
        self.fixed = self.fixed.filter(|rung| *rung < self.ladder.len());
        let lowest = self.ladder.len().saturating_sub(1);
        let rung = match self.fixed {
            Some(rung) => rung,
            None if first => self.fitting(self.throughput.estimate_bps() * SAFETY_UP),
            None => self.preferred.max(self.cap).min(lowest),
        };
        // Told even when equal: the list may have been reordered.
        self.preferred = rung;
        self.out.push_back(Output::Prefer(rung));
    }

    /// The least buffer that this link needs, seconds.
    #[must_use]
    pub fn risk_s(&self) -> f64 {
        self.risk_s
    }

    /// The link, not chance, makes chunks late: what comes late is no measure of jitter.
    #[must_use]
    pub fn overloaded(&self) -> bool {
        self.overloaded
    }

    fn piece(&mut self, now: Instant, rung: usize, bytes: u64, made: Option<Wall>) {
        if self.probing {
            self.throughput.shared();
        }
        self.throughput.piece(now, bytes, made);
        self.probed_beside = self.probed_beside.saturating_add(bytes);
        if self.probing && self.throughput.late_ms() > PROBE_LATE_MS.max(self.ahead_s * PROBE_LATE_SHARE) {
            self.probing = false;
            self.probed = Some(now);
            self.probe_after = now + self.probe_pause;
            self.out.push_back(Output::StopProbe);
        }
        if let Some(before) = self.playing.replace(rung)
            && before != rung
        {
            self.switched(now, before < rung);
        }
        if self.throughput.late_ms() <= CALM_LATE_MS {
            self.calm_since.get_or_insert(now);
            self.in_time = Some(now);
        } else if self.in_time.is_none_or(|at| now.since(at) > CALM_GAP) {
            // A keyframe takes its time; what counts is whether the frames behind it catch up.
            self.calm_since = None;
        }
        self.overloaded = self.ladder.get(rung).is_some_and(|playing| self.falling_behind(*playing));
        if self.fixed.is_none() && self.ladder.len() > 1 && self.throughput.measured().is_some() {
            self.decide(now, rung);
        } else if self.fixed.is_none() {
            self.probe(now, rung);
        }
    }

    fn falling_behind(&self, playing: Rung) -> bool {
        self.throughput.late_ms() > CALM_LATE_MS
            && self.throughput.queued()
            && self.throughput.measured().is_some()
            && self.throughput.worst_bps() * SAFETY_KEEP < f64::from(playing.average_bps)
    }

    fn outlook(&self, bps: f64) -> Outlook {
        Outlook {
            bps,
            low_bps: None,
            deep: false,
            short: self.short,
            spread: self.throughput.spread(),
            late_s: self.throughput.late_ms() / 1e3,
            ahead_s: self.ahead_s,
            left_s: self.left_s,
            had_s: self.had_s,
        }
    }

    fn decide(&mut self, now: Instant, playing: usize) {
        let Some(had) = self.ladder.get(playing).copied() else { return };
        let behind = self.throughput.late_ms() > CALM_LATE_MS;
        let proven = self.throughput.proven().filter(|(at, _)| now.since(*at) < ESTIMATE_FRESH);
        let proof = proven.map_or(0.0, |(_, bps)| bps.min(self.throughput.recent_bps().unwrap_or(bps)));
        // What was taken on proof is judged by it, not by what the link was before: that would undo each switch up with its first
        // piece. Late media prove more than that.
        let trusted = if self.on_trial(now) && !behind { proof } else { 0.0 };
        let bps = self.throughput.estimate_bps().max(trusted);
        let late_bps = self.throughput.late_bps().filter(|_| self.throughput.late_ms() > DEEP_LATE_MS);
        let fell = late_bps.filter(|bps| *bps < DEEP_SHARE * f64::from(had.average_bps));
        let (deep, now_bps) = (fell.is_some(), fell.unwrap_or(f64::MAX).min(self.throughput.worst_bps()));
        let low_bps = behind.then_some(now_bps);
        let outlook = Outlook { low_bps, deep, ..self.outlook(bps) };
        if behind && self.hint_bps.is_some_and(|hint| hint > self.throughput.worst_bps() * 2.0) {
            // The connection that the server sees is not the one that is slow: something stands in between.
            self.hint_trusted = false;
        }
        // Going up takes proof, and that the last try was not a moment ago.
        let rung = outlook.best(&self.ladder, playing, playing.max(self.cap));
        let up = now >= self.up_after && !self.overloaded && rung == playing && playing > self.cap;
        let rung = if up && proof > 0.0 {
            self.outlook(proof).best(&self.ladder, playing, self.cap).min(playing)
        } else {
            rung
        };
        if rung != self.preferred {
            self.prefer(rung);
        }
        if behind && playing + 1 < self.ladder.len() {
            self.abandon(now, playing, had, &outlook);
        }
        if rung == playing && self.preferred == playing {
            self.probe(now, playing);
        }
    }

    /// A switch up was a moment ago: whether the link carries that rung is being found out.
    fn on_trial(&self, now: Instant) -> bool {
        self.went_up.is_some_and(|at| now.since(at) < UP_TRIAL)
    }

    /// Media of another rung come: whether the link carries it is not known yet.
    fn switched(&mut self, now: Instant, down: bool) {
        self.calm_since = None;
        if down {
            if self.on_trial(now) {
                self.up_hold = Span(self.up_hold.max(UP_AGAIN).0.saturating_mul(2)).min(UP_HOLD_MAX);
            } else {
                self.up_hold = UP_HOLD;
            }
            self.went_up = None;
            self.throughput.fell();
            self.up_after = now + self.up_hold;
            self.probe_after = self.up_after;
        } else {
            self.went_up = Some(now);
            self.probe_pause = PROBE_PAUSE;
            self.probe_after = now;
        }
    }

    fn abandon(&mut self, now: Instant, playing: usize, had: Rung, outlook: &Outlook) {
        let stays = outlook.stays(&self.ladder, had);
        let mut best = (stays, None);
        for (rung, to) in self.ladder.iter().enumerate().skip(playing + 1) {
            let next = self.ladder.get(self.preferred).copied().unwrap_or(had);
            let goes = outlook.goes(&self.ladder, had, *to, next);
            if goes < best.0 {
                best = (goes, Some(rung));
            }
        }
        let Some(rung) = best.1 else { return };
        if self.abandoned.is_some_and(|(at, to)| rung <= to && now.since(at) < ABANDON_HOLD) {
            return;
        }
        self.abandoned = Some((now, rung));
        self.preferred = rung;
        self.out.push_back(Output::Abandon(rung));
    }

    fn probe(&mut self, now: Instant, playing: usize) {
        if self.preferred != playing || playing <= self.cap || now < self.up_after {
            return;
        }
        let calm = self.calm_since.is_some_and(|since| now.since(since) >= PROBE_CALM);
        let Some(next) = playing.checked_sub(1).and_then(|rung| self.ladder.get(rung)).copied() else {
            return;
        };
        let known = self
            .throughput
            .proven()
            .filter(|(at, _)| now.since(*at) < PROBE_STALE && self.went_up.is_none_or(|up| *at > up));
        // The pieces say that it is worth asking at once.
        let likely = self.throughput.carries_bps() * SAFETY_UP > f64::from(next.peak_bps)
            && self.probed.is_none_or(|at| now.since(at) > PROBE_AGAIN);
        let due = match known {
            // It may be TCP's window, which each keyframe finds cut, and not the link: then the pieces say more than the whole.
            Some((_, bps)) => now >= self.probe_after && bps <= self.throughput.trains_bps() * SAFETY_UP,
            None => now >= self.probe_after || likely,
        };
        if !self.probing && due && calm {
            self.probed = Some(now);
            self.probed_beside = 0;
            self.probe_after = now + self.probe_pause;
            self.probe_pause = Span(self.probe_pause.0 * 3 / 2).min(PROBE_PAUSE_MAX);
            // A trusted hint of the server that leaves no room saves the bytes.
            let hopeless = self.hint_trusted
                && self.hint_bps.is_some_and(|hint| hint * 4.0 < f64::from(next.average_bps));
            if !hopeless {
                // As much as the best rung needs that may be there for the taking.
                let rung =
                    self.fitting(self.throughput.estimate_bps() * SAFETY_UP).min(playing.saturating_sub(1));
                let wanted = self.ladder.get(rung).map_or(next.peak_bps, |rung| rung.peak_bps);
                let bytes = f64::from(wanted) / 8.0 * PROBE_S;
                let bytes = (bytes as u32).clamp(PROBE_BYTES_MIN, PROBE_BYTES_MAX);
                self.probing = true;
                self.out.push_back(Output::Probe(playing - 1, bytes));
            }
        }
    }

    fn level(&mut self, now: Instant, ahead_s: f64, had_s: f64, left_s: f64) {
        let elapsed_s = self.levelled.map_or(0.0, |then| now.since(then).as_secs_f64()).min(1.0);
        self.levelled = Some(now);
        (self.ahead_s, self.had_s, self.left_s) = (ahead_s, had_s, left_s);
        let playing = self.playing.unwrap_or(self.preferred);
        let rate = self.ladder.get(playing).map_or(1.0, |rung| f64::from(rung.average_bps).max(1.0));
        let times = match self.throughput.measured() {
            Some(_) => self.throughput.surely_bps() / rate,
            None => RISK_FREE,
        };
        let limited = self.fixed.is_none() && playing > self.cap;
        // What is played is soon to be more where that fits.
        let times = if limited { times * RISK_LIMITED } else { times };
        let share = ((RISK_FREE - times) / (RISK_FREE - RISK_FULL)).clamp(0.0, 1.0);
        let least_s = if limited { TARGET_PROBED_S } else { 0.0 };
        let wanted_s = least_s.max(RISK_S * share);
        self.risk_s = wanted_s.min(self.risk_s + RISK_RISE * elapsed_s).max(least_s);
    }
}

impl Machine for Abr {
    type Input = Input;
    type Output = Output;

    fn handle(&mut self, now: Instant, input: Input) {
        match input {
            Input::Ladder(ladder) => self.ladder(ladder),
            Input::Fixed(rung) => {
                self.fixed = rung.filter(|rung| *rung < self.ladder.len());
                if let Some(rung) = self.fixed {
                    self.prefer(rung);
                }
            }
            Input::Cap(cap) => {
                self.cap = cap.min(self.ladder.len().saturating_sub(1));
                if self.fixed.is_none() {
                    self.prefer(self.preferred.max(self.cap));
                }
            }
            Input::Opened(hint, short) => {
                self.short = short;
                self.throughput.opened(now);
                self.hint_bps = hint;
            }
            Input::Piece(rung, bytes, made) => self.piece(now, rung, bytes, made),
            Input::Probed(bytes, took) => {
                self.probing = false;
                // The stream went on beside it: its share of the time that was measured.
                let whole = self.probed.map_or(took, |began| now.since(began)).max(took).as_us().max(1);
                let beside = self.probed_beside as f64 * took.as_us() as f64 / whole as f64;
                self.throughput.transfer(now, bytes.saturating_add(beside as u64), took);
            }
            Input::ProbeFailed => self.probing = false,
            Input::ProbeLater => {
                self.probing = false;
                self.probe_after = now + PROBE_LATER;
                self.probe_pause = Span(self.probe_pause.0 / 2).max(PROBE_PAUSE);
            }
            Input::Level(ahead_s, had_s, left_s) => self.level(now, ahead_s, had_s, left_s),
            Input::Stalled => {
                self.calm_since = None;
                if self.fixed.is_none() && self.throughput.measured().is_some() {
                    let rung = self.fitting(self.throughput.worst_bps() * SAFETY_UP);
                    if rung > self.preferred {
                        self.up_after = now + self.up_hold;
                        self.prefer(rung);
                    }
                }
            }
        }
    }

    fn poll(&mut self) -> Option<Output> {
        self.out.pop_front()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LADDER: [u32; 3] = [3_000_000, 1_200_000, 400_000];

    /// On the lowest rung of a ladder, on a link of which nothing is known.
    fn low() -> Abr {
        let mut abr = Abr::default();
        let rungs = LADDER.map(|bps| Rung { peak_bps: bps, average_bps: bps }).to_vec();
        abr.handle(Instant::ZERO, Input::Ladder(rungs));
        assert_eq!(abr.poll(), Some(Output::Prefer(2)));
        abr
    }

    /// A chunk of the lowest rung that took so long; what is wanted then.
    fn piece(abr: &mut Abr, at_ms: u64, bytes: u64, took_ms: u64) -> Vec<Output> {
        abr.handle(Instant::from_ms(at_ms), Input::Piece(2, bytes, Some(Wall(100_000 + at_ms - took_ms))));
        std::iter::from_fn(|| abr.poll()).collect()
    }

    #[test]
    fn the_first_choice_is_what_the_page_has_asked_for_already() {
        let trusted = hawker_wire::media::limits::JOIN_BPS;
        assert!((Abr::default().throughput.estimate_bps() * SAFETY_UP - f64::from(trusted)).abs() < 1.0);
    }

    #[test]
    fn a_keyframe_that_a_closed_window_slowed_down_does_not_stand_for_the_link() {
        let mut abr = low();
        // A keyframe of 48 kB each second in four rounds, 100 ms apart: 1.2 Mb/s in all, and 16 Mb/s within a round.
        let probed = (0..5_000).step_by(50).any(|at| {
            let (round, key) = (at % 1_000, at % 1_000 < 400);
            if key && round % 100 > 0 {
                return false;
            }
            let (bytes, late) = if key { (6_000, round) } else { (1_500, 0) };
            [0, 3].into_iter().take(if key { 2 } else { 1 }).any(|then| {
                let wanted = piece(&mut abr, 1_000 + at + then, bytes, 20 + late + then);
                wanted.iter().any(|output| matches!(output, Output::Probe(1, _)))
            })
        });
        assert!(probed);
    }

    #[test]
    fn a_probe_that_makes_chunks_late_is_broken_off() {
        let mut abr = low();
        let mut probed = None;
        for at in (0..5_000).step_by(33) {
            match piece(&mut abr, 1_000 + at, 1_500, 20).as_slice() {
                [] => {}
                [Output::Probe(1, _)] if probed.is_none() => probed = Some(at),
                [Output::StopProbe] if probed.is_some() => panic!("stopped although all is in time"),
                [Output::Probe(..)] => panic!("the first one is still under way"),
                other => panic!("{other:?}"),
            }
        }
        assert!(probed.is_some());
        assert_eq!(piece(&mut abr, 6_000, 1_500, 100), [Output::StopProbe]);
        assert_eq!(piece(&mut abr, 6_033, 1_500, 100), [], "once");
    }

    #[test]
    fn what_would_not_be_seen_is_left_and_not_taken_again_until_it_would() {
        let mut abr = Abr::default();
        let rungs = LADDER.map(|bps| Rung { peak_bps: bps, average_bps: bps }).to_vec();
        abr.handle(Instant::ZERO, Input::Ladder(rungs));
        abr.poll();
        abr.handle(Instant::ZERO, Input::Fixed(Some(0)));
        assert_eq!(abr.poll(), Some(Output::Prefer(0)));
        abr.handle(Instant::ZERO, Input::Cap(1));
        assert_eq!(abr.poll(), None, "the viewer's own choice stands");
        abr.handle(Instant::ZERO, Input::Fixed(None));
        abr.handle(Instant::ZERO, Input::Cap(1));
        assert_eq!(abr.poll(), Some(Output::Prefer(1)));
        assert_eq!(abr.fitting(1e9), 1);
        abr.handle(Instant::ZERO, Input::Cap(9));
        assert_eq!(abr.poll(), Some(Output::Prefer(2)), "the lowest there is");
        abr.handle(Instant::ZERO, Input::Cap(0));
        assert_eq!(abr.fitting(1e9), 0);
    }

    #[test]
    fn what_was_taken_on_proof_is_kept_although_the_link_was_slow_before() {
        let mut abr = low();
        for at in (0..10_000).step_by(1_000) {
            piece(&mut abr, 1_000 + at, 1_500, 20);
            abr.handle(Instant::from_ms(1_010 + at), Input::Probed(30_000, Span::from_ms(1_000)));
        }
        abr.handle(Instant::from_ms(15_000), Input::Probed(30_000, Span::from_ms(40)));
        abr.handle(Instant::from_ms(15_010), Input::Level(0.5, 0.9, 0.1));
        assert_eq!(piece(&mut abr, 15_033, 1_500, 20), [Output::Prefer(0)]);
        assert!(abr.estimate_bps().is_some_and(|bps| bps < 1e6), "{:?}", abr.estimate_bps());
        abr.handle(Instant::from_ms(16_000), Input::Level(0.5, 0.0, 1.0));
        abr.handle(Instant::from_ms(16_000), Input::Piece(0, 12_500, Some(Wall(115_980))));
        assert_eq!(abr.poll(), None);
        // A link that has fallen again is believed at once.
        let mut left = None;
        for late in (0..1_000).step_by(100) {
            let made = Some(Wall(116_000 + late / 10));
            abr.handle(Instant::from_ms(16_100 + late), Input::Piece(0, 3_000, made));
            left = left.or(abr.poll());
        }
        assert!(matches!(left, Some(Output::Prefer(1 | 2) | Output::Abandon(1 | 2))), "{left:?}");
    }

    #[test]
    fn what_a_probe_held_back_does_not_refute_it() {
        let mut abr = low();
        let mut at = 1_000;
        while !piece(&mut abr, at, 1_500, 20).iter().any(|wanted| matches!(wanted, Output::Probe(..))) {
            at += 33;
            assert!(at < 10_000, "nothing is probed");
        }
        abr.handle(Instant::from_ms(at), Input::Level(0.7, 0.5, 0.5));
        // The stream waits beside the probe, 1.2 Mb/s of it come meanwhile, and then catches up.
        for _ in 0..15 {
            at += 20;
            assert_eq!(piece(&mut abr, at, 3_000, 60), []);
        }
        abr.handle(Instant::from_ms(at), Input::Probed(60_000, Span::from_ms(80)));
        assert_eq!(piece(&mut abr, at + 1, 3_000, 60), [Output::Prefer(0)]);
        for _ in 0..10 {
            at += 5;
            assert_eq!(piece(&mut abr, at, 3_000, 60), []);
        }
    }

    #[test]
    fn small_keyframes_that_come_fast_are_no_reason_to_go_up() {
        let mut abr = low();
        for at in (0..10_000).step_by(100) {
            for wanted in piece(&mut abr, 1_000 + at, 1_500, 30) {
                assert!(!matches!(wanted, Output::Prefer(_)), "{wanted:?} after {at} ms");
            }
            // A socket's buffer gave it at once.
            for wanted in piece(&mut abr, 1_006 + at, 5_000, 36) {
                assert!(!matches!(wanted, Output::Prefer(_)), "{wanted:?} after {at} ms");
            }
            piece(&mut abr, 1_050 + at, 1_500, 20);
        }
        assert!(abr.estimate_bps().is_some_and(|bps| bps > 5e6), "they look like a fast link");
        abr.handle(Instant::from_ms(11_000), Input::Probed(30_000, Span::from_ms(40)));
        assert_eq!(piece(&mut abr, 11_033, 1_500, 20), [Output::Prefer(0)], "a probe is");
    }
}
