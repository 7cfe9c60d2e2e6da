//! How far behind the newest frame to play, and how to stay there: a target learnt from jitter and approached from above,
//! a smooth rate loop, and a skip when speed cannot help. Does not cross holes (`gap`) and does not fetch.
//!
//! ```text
//! joining --(enough buffered)--> Start --> playing --(rate loop 20 Hz)--> Rate | --(far behind)--> Seek
//! ```

use super::Sample;
use super::limits::{
    BUFFER_EMA, JITTER_FALL, JITTER_MAX_S, RATE_DEAD, RATE_GAIN, RATE_MAX, RATE_MIN, RATE_STEP,
    SKIP_BEHIND_S, SKIP_SHOWN_S, TARGET_BASE_S, TARGET_FALL, TARGET_MAX_S, TARGET_MIN_S, TARGET_PROBED_S,
    TARGET_START_S, UNDERRUN_FALL, UNDERRUN_RAISE_S,
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
    /// A chunk came so much later than the fastest ones lately, seconds.
    Late(f64),
    /// Whether probes may take from what the stream gets.
    Probed(bool),
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
    /// Go to this media time, seconds, and play.
    Start(f64),
    /// Play at this rate.
    Rate(f64),
    /// Skip to this media time, seconds.
    Seek(f64),
}

/// See the module text.
#[derive(Debug)]
pub struct Latency {
    joining: bool,
    joined_s: Option<f64>,
    target_s: f64,
    /// The target is no lower.
    least_s: f64,
    jitter_s: f64,
    penalty_s: f64,
    buffer_s: f64,
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
            target_s: TARGET_START_S,
            least_s: TARGET_MIN_S,
            jitter_s: TARGET_START_S - TARGET_BASE_S,
            penalty_s: 0.0,
            buffer_s: TARGET_START_S,
            rate: 1.0,
            skip_s: SKIP_BEHIND_S,
            sampled: None,
            out: VecDeque::new(),
        }
    }
}

impl Latency {
    /// How much should lie ahead of the playhead, seconds.
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

    fn learn(&mut self, elapsed_s: f64) {
        self.jitter_s = (self.jitter_s - JITTER_FALL * elapsed_s).max(0.0);
        self.penalty_s = (self.penalty_s - UNDERRUN_FALL * elapsed_s).max(0.0);
        let wanted = TARGET_BASE_S + self.jitter_s + self.penalty_s;
        // Not `clamp`: between bounds that are no constants it may panic with numbers in its words, and printing floats costs
        // every page 9 KB.
        let wanted = wanted.max(self.least_s).min(TARGET_MAX_S);
        self.target_s = wanted.max(self.target_s - TARGET_FALL * elapsed_s);
    }

    fn sample(&mut self, now: Instant, sample: &Sample) {
        let elapsed_s = self.sampled.map_or(0.0, |then| now.since(then).as_secs_f64());
        self.sampled = Some(now);
        self.learn(elapsed_s.min(2.0));
        if self.joining {
            if let Some(&(start, end)) = sample.ranges.last()
                && let Some(joined_s) = self.joined_s
                && end - start.max(joined_s) >= self.target_s
            {
                self.joining = false;
                self.buffer_s = self.target_s;
                self.set_rate(1.0);
                self.out.push_back(Output::Start((end - self.target_s).max(start)));
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
        // A throttled page samples once a second: then the level itself is all there is.
        let weight = if elapsed_s > 0.25 { 1.0 } else { BUFFER_EMA };
        self.buffer_s += weight * (ahead - self.buffer_s);
        let level = if self.skip_s < SKIP_BEHIND_S { ahead } else { ahead.min(self.buffer_s) };
        if level > self.target_s + self.skip_s || ahead > self.target_s + 2.0 * SKIP_BEHIND_S {
            self.buffer_s = self.target_s;
            self.set_rate(1.0);
            self.out.push_back(Output::Seek(end - self.target_s));
        } else {
            let rate = (1.0 + RATE_GAIN * (self.buffer_s - self.target_s)).clamp(RATE_MIN, RATE_MAX);
            self.set_rate(if (rate - 1.0).abs() < RATE_DEAD { 1.0 } else { rate });
        }
        self.skip_s = SKIP_BEHIND_S;
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
                self.set_rate(1.0);
            }
            Input::Joined(at) => {
                self.joined_s.get_or_insert(at);
            }
            Input::Late(late_s) => self.jitter_s = self.jitter_s.max(late_s.min(JITTER_MAX_S)),
            Input::Probed(probed) => {
                self.least_s = if probed { TARGET_PROBED_S } else { TARGET_MIN_S };
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

#[cfg(test)]
mod tests {
    use super::*;

    /// An element that plays what it is given: media end at `end(t)`, the playhead moves with the rate.
    struct Element {
        latency: Latency,
        now: Instant,
        playhead: f64,
        rate: f64,
        seeks: u32,
        rates_set: u32,
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
            Self { latency, now: Instant::ZERO, playhead: 100.0 - ahead, rate: 1.0, seeks: 0, rates_set: 0 }
        }

        fn run(&mut self, seconds: f64, late: impl Fn(f64) -> f64) -> f64 {
            let mut least = f64::MAX;
            for _ in 0..(seconds * 20.0) as u32 {
                self.now += super::super::limits::SAMPLE_EVERY;
                let t = self.now.as_us() as f64 / 1e6;
                let end = 100.0 + t - late(t);
                self.playhead += 0.05 * self.rate;
                self.latency.handle(self.now, Input::Late(late(t)));
                let sample =
                    Sample { playhead: self.playhead, ranges: vec![(0.0, end)], ..Sample::default() };
                self.latency.handle(self.now, Input::Sample(sample));
                while let Some(output) = self.latency.poll() {
                    match output {
                        Output::Rate(rate) => {
                            self.rate = rate;
                            self.rates_set += 1;
                        }
                        Output::Seek(to) | Output::Start(to) => {
                            self.playhead = to;
                            self.seeks += 1;
                        }
                    }
                }
                least = least.min(end - self.playhead);
            }
            least
        }

        fn ahead(&self) -> f64 {
            100.0 + self.now.as_us() as f64 / 1e6 - self.playhead
        }
    }

    #[test]
    fn on_a_calm_link_it_settles_at_the_lowest_target_without_oscillating() {
        let mut element = Element::playing(0.4);
        let least = element.run(60.0, |_| 0.0);
        assert!((element.ahead() - TARGET_MIN_S).abs() < 0.03, "{}", element.ahead());
        assert!(least > TARGET_MIN_S - 0.03, "never below the target by much: {least}");
        let set = element.rates_set;
        element.run(60.0, |_| 0.0);
        assert!(element.rates_set - set <= 4, "steady state is quiet");
        assert_eq!(element.seeks, 0);
    }

    #[test]
    fn jitter_raises_the_target_at_once_and_lowers_it_slowly() {
        let mut element = Element::playing(0.26);
        element.run(20.0, |t| if ((t * 10.0) as u64).is_multiple_of(7) { 0.2 } else { 0.0 });
        assert!(element.latency.target_s() > 0.28, "{}", element.latency.target_s());
        element.run(40.0, |_| 0.0);
        assert!(element.latency.target_s() < 0.17);
    }

    #[test]
    fn far_behind_it_skips_once() {
        let mut element = Element::playing(3.0);
        element.run(1.0, |_| 0.0);
        assert_eq!(element.seeks, 1);
        assert!(element.ahead() < 0.4);
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
        assert!(matches!(latency.poll(), Some(Output::Start(at)) if (at - 5.74).abs() < 0.01));
    }
}
