//! How far behind the newest frame to play, and how to stay there: a target learnt from how late media come, approached from
//! above, a smooth rate loop, and a skip when speed cannot help. Does not cross holes (`gap`) and does not fetch.
//!
//! ```text
//! joining --(enough buffered)--> Start --> playing --(rate loop 20 Hz)--> Rate | --(far behind)--> Seek
//! ```
//!
//! The **edge** is where media would reach if each chunk came as fast as the fastest ones lately: a line that rises with time.
//! What reaches less far, just before the next chunk comes, is the **lack** of that moment: a frame when all is calm. The
//! level is the distance from playhead to edge, so it has no saw's teeth, and `target = hold + margin + lack + again`, where the hold is
//! what the browser's decoders keep for themselves and the lack is the second largest of the peaks of the last minute, one
//! a second. One late chunk a minute is chance; two are the link. A round trip is kept for that chance, which is a lost packet or a
//! picture too large for what may be on the way; where packets are lost now and then, what it takes when one is lost twice.

use super::Sample;
use super::limits::{
    EDGE_WINDOW, HOLD_AGAIN_S, HOLD_FAST_S, HOLD_S, HOLD_SLOW_S, LACK_LATELY, LACK_MAX_S, LACK_PEAKS, LATE_S,
    LEVEL_EMA, RATE_DEAD_S, RATE_FAR_MAX, RATE_FAR_S, RATE_GAIN, RATE_LATE_MIN, RATE_MAX, RATE_MIN,
    RATE_STEP, RATE_TRIM, RESENT, RISK_FALL, SETTLES, SHOWN_EARLIER_S, SKIP_BEHIND_S, SKIP_SHOWN_S,
    TARGET_FALL, TARGET_MARGIN_S, TARGET_MAX_S, TARGET_START_S, UNDERRUN_FALL, UNDERRUN_RAISE_S,
};
use hawker_wire::{Instant, Machine};
use std::collections::VecDeque;

/// What can happen.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// Playback begins anew, at the live edge, as soon as enough is there.
    Join,
    /// The first chunk since then begins here, seconds.
    Joined(f64),
    /// A chunk came.
    Reach {
        /// How far all tracks reach now, seconds of media; `None`: one has not begun.
        to_s: Option<f64>,
        /// It came late because the link is too slow for the rendition: no measure of jitter.
        overloaded: bool,
    },
    /// The link needs a buffer of so many seconds at least (`abr`), and a round trip takes so many.
    Link(f64, f64),
    /// The buffer ran dry.
    Underrun,
    /// The page is shown again after having been hidden.
    Shown,
    /// Back to the live edge at once.
    GoLive,
    /// The element as it is now.
    Sample(Sample),
}

/// What is wanted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Output {
    /// Go to this media time, seconds, and play; `None`: from where the playhead is.
    Start(Option<f64>),
    /// Play at this rate.
    Rate(f64),
    /// Skip to this media time, seconds.
    Seek(f64),
}

/// Whether sound keeps its pitch at this rate. The browser needs 20 to 50 ms more ahead for that, and what is left of the pitch
/// within the trim cannot be heard.
#[must_use]
pub fn keeps_pitch(rate: f64) -> bool {
    (rate - 1.0).abs() > RATE_TRIM + RATE_STEP / 2.0
}

/// See the module text.
#[derive(Debug)]
pub struct Latency {
    joining: bool,
    joined_s: Option<f64>,
    /// First began to play.
    started: Option<Instant>,
    target_s: f64,
    /// What it would be by how late media come alone.
    learnt_s: f64,
    /// The target is no lower.
    least_s: f64,
    round_trip_s: f64,
    edge: Edge,
    reach_s: Option<f64>,
    lacks: Peaks,
    penalty_s: f64,
    level_s: f64,
    rate: f64,
    /// A skip is due at the next sample when this far behind.
    skip_s: f64,
    sampled: Option<Instant>,
    out: VecDeque<Output>,
}

impl Default for Latency {
    fn default() -> Self {
        Self {
            joining: true,
            joined_s: None,
            started: None,
            target_s: TARGET_START_S,
            learnt_s: TARGET_START_S,
            least_s: 0.0,
            round_trip_s: 0.0,
            edge: Edge::default(),
            reach_s: None,
            lacks: Peaks::default(),
            penalty_s: 0.0,
            level_s: TARGET_START_S,
            rate: 1.0,
            skip_s: SKIP_BEHIND_S,
            sampled: None,
            out: VecDeque::new(),
        }
    }
}

impl Latency {
    /// How much should lie ahead of the playhead, seconds, if all were in time.
    #[must_use]
    pub fn target_s(&self) -> f64 {
        self.target_s
    }

    /// The rate last asked for.
    #[must_use]
    pub fn rate(&self) -> f64 {
        self.rate
    }

    /// Still waiting for enough media to begin.
    #[must_use]
    pub fn joining(&self) -> bool {
        self.joining
    }

    fn reach(&mut self, now: Instant, to_s: f64, overloaded: bool) {
        let now_s = seconds(now);
        if let Some((edge, reach_s)) = self.edge.value().zip(self.reach_s)
            && !overloaded
            && self.settled(now)
        {
            self.lacks.push(now, (edge + now_s - reach_s).min(LACK_MAX_S));
        }
        let fell = self.edge.push(now, to_s - now_s);
        self.lacks.lower(fell);
        self.reach_s = Some(self.reach_s.map_or(to_s, |reach_s| reach_s.max(to_s)));
    }

    /// The page is done with what it does at the start: compiling, drawing its interface.
    fn settled(&self, now: Instant) -> bool {
        self.started.is_some_and(|started| now.since(started) >= SETTLES)
    }

    fn learn(&mut self, now: Instant, elapsed_s: f64) {
        self.penalty_s = (self.penalty_s - UNDERRUN_FALL * elapsed_s).max(0.0);
        let lack_s = self.lacks.second(now);
        // A lost packet, or a picture too large for what may be on the way, takes a round trip more; one that is lost twice as much
        // again as those that were seen.
        let again_s = lack_s.max(self.round_trip_s).min(RESENT * self.round_trip_s);
        let wanted = HOLD_S + TARGET_MARGIN_S + lack_s + again_s + self.penalty_s;
        let fall = if self.settled(now) { elapsed_s } else { 0.0 };
        self.learnt_s = wanted.min(TARGET_MAX_S).max(self.learnt_s - TARGET_FALL * fall);
        // Not `clamp`: between bounds that are no constants it may panic with numbers in its words, and printing floats costs
        // every page 9 KB.
        let wanted = self.learnt_s.max(self.least_s).min(TARGET_MAX_S);
        self.target_s = wanted.max(self.target_s - RISK_FALL * fall);
    }

    fn sample(&mut self, now: Instant, sample: &Sample) {
        let elapsed_s = self.sampled.map_or(0.0, |then| now.since(then).as_secs_f64());
        self.sampled = Some(now);
        self.learn(now, elapsed_s.min(2.0));
        if self.joining {
            if let Some(&(start, end)) = sample.ranges.last()
                && let Some(joined_s) = self.joined_s
                && end - start.max(joined_s) >= self.target_s
            {
                self.joining = false;
                self.started.get_or_insert(now);
                // What is shown already goes on: more has come since, and a leap is seen where speed is not.
                let begin = start.max(joined_s) - SHOWN_EARLIER_S;
                let shown = sample.playhead > 0.0 && (begin..end).contains(&sample.playhead);
                let at = (!shown).then_some((end - self.target_s).max(start));
                self.level_s = end - at.unwrap_or(sample.playhead);
                self.set_rate(1.0);
                self.out.push_back(Output::Start(at));
            }
            return;
        }
        if sample.paused {
            return;
        }
        let Some(end) = sample.range_end() else {
            self.set_rate(1.0);
            return;
        };
        let ahead = end - sample.playhead;
        let level =
            self.edge.value().map_or(ahead, |edge| (edge + seconds(now) - sample.playhead).max(ahead));
        // Later than ever of late: what the link holds back is not there to be played faster.
        let there = ahead + self.lacks.second(now);
        let late = there + LATE_S < level;
        let level = if late { there } else { level };
        // A throttled page samples once a second: then the level itself is all there is.
        let weight = if elapsed_s > 0.25 { 1.0 } else { LEVEL_EMA };
        self.level_s += weight * (level - self.level_s);
        let behind = if self.skip_s < SKIP_BEHIND_S { ahead } else { ahead.min(self.level_s) };
        if behind > self.target_s + self.skip_s || ahead > self.target_s + 2.0 * SKIP_BEHIND_S {
            self.level_s = self.target_s;
            self.set_rate(1.0);
            self.out.push_back(Output::Seek(end - self.target_s));
        } else {
            self.steer(now, level.min(self.level_s), late);
        }
        self.skip_s = SKIP_BEHIND_S;
    }

    fn steer(&mut self, now: Instant, level: f64, late: bool) {
        let error = self.level_s - self.target_s;
        if self.rate == 1.0 && error.abs() < RATE_DEAD_S {
            return;
        }
        // What will be left just before the next chunk comes.
        let left = level - self.lacks.second(now).max(self.lacks.lately(now));
        let again = if keeps_pitch(self.rate) { 0.0 } else { HOLD_AGAIN_S };
        let most = if error > RATE_FAR_S { RATE_FAR_MAX } else { RATE_MAX };
        let fast = if left < HOLD_FAST_S + again { RATE_TRIM } else { most - 1.0 };
        let least = if late { RATE_LATE_MIN } else { RATE_MIN };
        let slow = if left < HOLD_SLOW_S + again { RATE_TRIM } else { 1.0 - least };
        self.set_rate(1.0 + (RATE_GAIN * error).min(fast).max(-slow));
    }

    fn set_rate(&mut self, rate: f64) {
        let rate = (rate / RATE_STEP).round() * RATE_STEP;
        if (rate - self.rate).abs() > RATE_STEP / 2.0 {
            self.rate = rate;
            self.out.push_back(Output::Rate(rate));
        }
    }
}

impl Machine for Latency {
    type Input = Input;
    type Output = Output;

    fn handle(&mut self, now: Instant, input: Input) {
        match input {
            Input::Join => {
                self.joining = true;
                self.joined_s = None;
                self.edge = Edge::default();
                self.reach_s = None;
                self.set_rate(1.0);
            }
            Input::Joined(at) => {
                self.joined_s.get_or_insert(at);
            }
            Input::Reach { to_s: Some(to_s), overloaded } => self.reach(now, to_s, overloaded),
            Input::Reach { to_s: None, .. } => {}
            Input::Link(least_s, round_trip_s) => {
                self.least_s = least_s.max(0.0);
                self.round_trip_s = round_trip_s.max(0.0);
            }
            Input::Underrun => self.penalty_s = (self.penalty_s + UNDERRUN_RAISE_S).min(TARGET_MAX_S),
            Input::Shown => self.skip_s = SKIP_SHOWN_S,
            Input::GoLive => self.skip_s = 0.0,
            Input::Sample(sample) => self.sample(now, &sample),
        }
    }

    fn poll(&mut self) -> Option<Output> {
        self.out.pop_front()
    }
}

fn seconds(at: Instant) -> f64 {
    at.as_us() as f64 / 1e6
}

/// The greatest lead of media over the clock, of the last one to two windows: links grow longer, clocks drift apart.
#[derive(Debug, Default)]
struct Edge {
    since: Option<Instant>,
    now: Option<f64>,
    before: Option<f64>,
}

impl Edge {
    fn value(&self) -> Option<f64> {
        match (self.now, self.before) {
            (Some(now), Some(before)) => Some(now.max(before)),
            (now, before) => now.or(before),
        }
    }

    /// Takes one; by how much the edge fell back for it.
    fn push(&mut self, now: Instant, lead: f64) -> f64 {
        let had = self.value();
        if self.since.is_none_or(|since| now.since(since) > EDGE_WINDOW) {
            self.since = Some(now);
            self.before = self.now.take();
        }
        self.now = Some(self.now.map_or(lead, |most| most.max(lead)));
        had.zip(self.value()).map_or(0.0, |(had, has)| (had - has).max(0.0))
    }
}

/// The greatest value of each of the last seconds.
#[derive(Debug)]
struct Peaks {
    second: u64,
    values: [f64; LACK_PEAKS],
}

impl Default for Peaks {
    fn default() -> Self {
        Self { second: 0, values: [0.0; LACK_PEAKS] }
    }
}

impl Peaks {
    fn pass(&mut self, now: Instant) -> Option<&mut f64> {
        let second = now.as_us() / 1_000_000;
        let passed = second.saturating_sub(self.second).min(LACK_PEAKS as u64);
        for past in 0..passed {
            let at = (second - past) % LACK_PEAKS as u64;
            if let Some(value) = self.values.get_mut(at as usize) {
                *value = 0.0;
            }
        }
        self.second = self.second.max(second);
        self.values.get_mut((self.second % LACK_PEAKS as u64) as usize)
    }

    fn push(&mut self, now: Instant, value: f64) {
        if let Some(peak) = self.pass(now) {
            *peak = peak.max(value);
        }
    }

    /// What they were measured from moved.
    fn lower(&mut self, by: f64) {
        if by > 0.0 {
            self.values.iter_mut().for_each(|value| *value = (*value - by).max(0.0));
        }
    }

    /// The largest of the last few seconds: what a keyframe does again with the next segment, also where it has been seen once.
    fn lately(&mut self, now: Instant) -> f64 {
        self.pass(now);
        let at = |past: u64| ((self.second + LACK_PEAKS as u64 - past) % LACK_PEAKS as u64) as usize;
        (0..LACK_LATELY).filter_map(|past| self.values.get(at(past))).copied().fold(0.0, f64::max)
    }

    /// The second largest.
    fn second(&mut self, now: Instant) -> f64 {
        self.pass(now);
        let (mut first, mut second) = (0.0_f64, 0.0_f64);
        for value in self.values {
            second = second.max(value.min(first));
            first = first.max(value);
        }
        second
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hawker_wire::Span;

    /// An element that plays what it is given: frames of a thirtieth that come when they end, or later; the playhead moves
    /// with the rate.
    struct Element {
        latency: Latency,
        now: Instant,
        playhead: f64,
        rate: f64,
        end: f64,
        seeks: u32,
        rates: Vec<f64>,
    }

    impl Element {
        fn playing(ahead: f64) -> Self {
            let mut latency = Latency::default();
            latency.handle(Instant::ZERO, Input::Joined(0.0));
            latency.handle(
                Instant::ZERO,
                Input::Sample(Sample { ranges: vec![(0.0, 100.0)], ..Sample::default() }),
            );
            while latency.poll().is_some() {}
            let (now, playhead) = (Instant::ZERO, 100.0 - ahead);
            Self { latency, now, playhead, rate: 1.0, end: 100.0, seeks: 0, rates: Vec::new() }
        }

        /// Gives the least that was ahead of the playhead.
        fn run(&mut self, seconds: f64, late: impl Fn(f64) -> f64) -> f64 {
            let mut least = f64::MAX;
            for step in 0..(seconds * 100.0) as u32 {
                self.now += Span::from_ms(10);
                self.playhead += 0.01 * self.rate;
                least = least.min(self.end - self.playhead);
                let t = self.now.as_us() as f64 / 1e6;
                let end = ((100.0 + t - late(t)) * 30.0).floor() / 30.0;
                if end > self.end {
                    self.end = end;
                    self.latency.handle(self.now, Input::Reach { to_s: Some(end), overloaded: false });
                }
                if step % 5 == 0 {
                    self.look();
                }
            }
            least
        }

        fn look(&mut self) {
            let ranges = vec![(0.0, self.end)];
            let sample = Sample { playhead: self.playhead, ranges, ..Sample::default() };
            self.latency.handle(self.now, Input::Sample(sample));
            while let Some(output) = self.latency.poll() {
                match output {
                    Output::Rate(rate) => {
                        self.rate = rate;
                        self.rates.push(rate);
                    }
                    Output::Seek(to) | Output::Start(Some(to)) => {
                        self.playhead = to;
                        self.seeks += 1;
                    }
                    Output::Start(None) => {}
                }
            }
        }
    }

    #[test]
    fn on_a_calm_link_it_settles_just_above_the_hold_without_oscillating() {
        let mut element = Element::playing(0.4);
        element.run(15.0, |_| 0.0);
        element.rates.clear();
        let least = element.run(60.0, |_| 0.0);
        assert!((HOLD_S..HOLD_S + 0.03).contains(&least), "{least}");
        assert!(element.rates.len() <= 4, "steady state is quiet: {:?}", element.rates);
        assert!(
            element.rates.iter().all(|rate| (rate - 1.0).abs() <= RATE_TRIM + 1e-9),
            "{:?}",
            element.rates
        );
        assert_eq!(element.seeks, 0);
    }

    #[test]
    fn jitter_that_recurs_raises_the_target_and_is_forgotten_in_a_minute() {
        let mut element = Element::playing(0.26);
        let jitter = |t: f64| if ((t * 10.0) as u64).is_multiple_of(7) { 0.2 } else { 0.0 };
        element.run(20.0, jitter);
        assert!(element.latency.target_s() > 0.2, "{}", element.latency.target_s());
        let least = element.run(20.0, jitter);
        assert!(least > HOLD_S - 0.01, "it is enough: {least}");
        element.run(75.0, |_| 0.0);
        assert!(element.latency.target_s() < 0.14, "{}", element.latency.target_s());
    }

    #[test]
    fn what_is_lost_now_and_then_leaves_room_for_what_is_lost_twice() {
        // Lost once in a second or two, for a round trip of 0.08 s and a little; half a minute later one of them twice.
        let lost = |t: f64| if ((t * 10.0) as u64).is_multiple_of(13) { 0.1 } else { 0.0 };
        let twice = |t: f64| if (41.0..41.05).contains(&t) { 0.2 } else { lost(t) };
        let least = |round_trip_s: f64| {
            let mut element = Element::playing(0.3);
            element.latency.handle(element.now, Input::Link(0.0, round_trip_s));
            element.run(40.0, lost);
            element.run(3.0, twice)
        };
        let (with, without) = (least(0.08), least(0.0));
        assert!(with > HOLD_S && with > without + 0.05, "{with} {without}");
    }

    #[test]
    fn a_round_trip_is_kept_for_what_takes_one_more() {
        // Nothing was ever late; then one chunk is lost, and comes again.
        let least = |round_trip_s: f64| {
            let mut element = Element::playing(0.3);
            element.latency.handle(element.now, Input::Link(0.0, round_trip_s));
            element.run(40.0, |_| 0.0);
            element.run(3.0, |t| if (41.0..41.05).contains(&t) { 0.1 } else { 0.0 })
        };
        let (with, without) = (least(0.1), least(0.0));
        assert!(with > HOLD_S - 0.02 && with > without + 0.08, "{with} {without}");
    }

    #[test]
    fn what_the_link_was_thought_to_need_is_soon_played_off() {
        let mut element = Element::playing(0.3);
        element.latency.handle(element.now, Input::Link(0.7, 0.0));
        element.run(10.0, |_| 0.0);
        assert!(element.latency.target_s() > 0.69, "{}", element.latency.target_s());
        element.latency.handle(element.now, Input::Link(0.0, 0.0));
        element.run(7.0, |_| 0.0);
        assert!(element.latency.target_s() < 0.22, "{}", element.latency.target_s());
    }

    #[test]
    fn one_late_chunk_in_a_minute_is_chance() {
        let mut element = Element::playing(0.2);
        element.run(20.0, |_| 0.0);
        let target = element.latency.target_s();
        element.run(5.0, |t| if (22.0..22.1).contains(&t) { 0.06 } else { 0.0 });
        assert!((element.latency.target_s() - target).abs() < 1e-6);
    }

    #[test]
    fn a_link_that_becomes_longer_is_no_jitter() {
        let mut element = Element::playing(0.2);
        element.run(20.0, |_| 0.0);
        let target = element.latency.target_s();
        element.run(40.0, |_| 0.1);
        assert!((element.latency.target_s() - target).abs() < 0.04, "{}", element.latency.target_s());
    }

    #[test]
    fn far_behind_it_skips_once() {
        let mut element = Element::playing(4.0);
        element.run(1.0, |_| 0.0);
        assert_eq!(element.seeks, 1);
        assert!(element.end - element.playhead < 0.4);
    }

    #[test]
    fn a_page_shown_again_is_live_at_the_next_sample() {
        let mut element = Element::playing(0.7);
        element.latency.handle(element.now, Input::Shown);
        element.run(0.3, |_| 0.0);
        assert_eq!(element.seeks, 1);
    }

    #[test]
    fn it_starts_only_when_the_target_is_buffered() {
        let mut latency = Latency::default();
        let sample = |end| Input::Sample(Sample { ranges: vec![(5.0, end)], ..Sample::default() });
        latency.handle(Instant::ZERO, sample(7.0));
        assert_eq!(latency.poll(), None, "media of before the join do not count");
        latency.handle(Instant::ZERO, Input::Joined(5.0));
        latency.handle(Instant::ZERO, sample(5.1));
        assert_eq!(latency.poll(), None);
        latency.handle(Instant::from_ms(50), sample(6.0));
        assert!(matches!(latency.poll(), Some(Output::Start(Some(at))) if (at - 5.78).abs() < 0.01));
    }

    #[test]
    fn what_is_shown_already_goes_on_faster_without_a_leap() {
        let mut latency = Latency::default();
        latency.handle(Instant::ZERO, Input::Joined(5.0));
        let sample =
            |playhead| Input::Sample(Sample { playhead, ranges: vec![(5.0, 6.0)], ..Sample::default() });
        latency.handle(Instant::ZERO, sample(5.3));
        assert_eq!(latency.poll(), Some(Output::Start(None)));
        latency.handle(Instant::from_ms(50), sample(5.3));
        assert!(matches!(latency.poll(), Some(Output::Rate(rate)) if rate > RATE_MAX));
        latency.handle(Instant::from_ms(50), Input::Join);
        latency.handle(Instant::from_ms(50), Input::Joined(5.5));
        latency.handle(Instant::from_ms(50), sample(5.3));
        assert!(std::iter::from_fn(|| latency.poll()).any(|output| matches!(output, Output::Start(Some(_)))));
    }
}
