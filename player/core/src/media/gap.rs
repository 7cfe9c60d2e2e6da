//! Notices that the playhead or the picture stands, and gets it going: across a hole at once, even where sound alone carries the clock
//! into it, a stuck element or a frozen frame by a nudge, and when nothing helps by building everything anew. Reports stalls for
//! events and figures.

use super::Sample;
use super::limits::{
    FRAMES_KEPT, FROZEN_AFTER, FROZEN_AGAIN, FROZEN_DUE_S, FROZEN_FRAMES, HOLE_NEED_S, NUDGES_MAX,
    RESUME_AFTER, RESUME_AHEAD_S, STALL_AFTER, STANDS_S, STUCK_AFTER,
};
use hawker_wire::{Instant, Machine, Span};
use std::collections::VecDeque;

/// What can happen.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// Playback begins anew: what stood before does not count.
    Reset,
    /// A video frame of this media time was appended, seconds.
    Frame(f64),
    /// The element as it is now.
    Sample(Sample),
}

/// What is wanted, and what is to be told.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Output {
    /// Go to this media time, seconds.
    Seek(f64),
    /// Nothing helped: build a new buffer.
    Rebuild,
    /// The playhead stands since then.
    StallBegan(Instant),
    /// It moves again, after so long.
    StallEnded(Span),
}

/// See the module text.
#[derive(Debug, Default)]
pub struct Gap {
    playhead: f64,
    moved: Option<Instant>,
    stalled: bool,
    nudges: u32,
    nudged: Option<Instant>,
    decoded: u64,
    decoded_at: Option<Instant>,
    decoded_head: f64,
    frames: VecDeque<f64>,
    out: VecDeque<Output>,
}

impl Gap {
    /// Whether the playhead stands.
    #[must_use]
    pub fn stalled(&self) -> bool {
        self.stalled
    }

    fn reset(&mut self) {
        let out = core::mem::take(&mut self.out);
        *self = Self { out, ..Self::default() };
    }

    fn sample(&mut self, now: Instant, sample: &Sample) {
        let in_hole = !sample.paused && in_hole(sample);
        if in_hole && let Some(to) = behind_hole(sample) {
            // The clock may run on, and a seek to here never ends.
            self.nudge(now, FROZEN_AGAIN, to);
        }
        if sample.paused || sample.seeking {
            self.moved = None;
            self.decoded_at = None;
            self.playhead = sample.playhead;
            return;
        }
        let moved = self.moved.is_none() || (sample.playhead - self.playhead).abs() > 1e-4;
        if moved {
            if self.stalled
                && let Some(since) = self.moved
            {
                self.stalled = false;
                self.out.push_back(Output::StallEnded(now.since(since)));
            }
            self.playhead = sample.playhead;
            self.moved = Some(now);
            if self.nudged.is_none_or(|at| now.since(at) > STUCK_AFTER) {
                self.nudges = 0;
            }
        } else if let Some(since) = self.moved {
            self.standing(now, now.since(since), since, sample);
        }
        // A nudge that ends in a hole would stay there.
        if !in_hole {
            self.frozen(now, sample);
        }
    }

    /// Inside the first frame that has not been on the screen: by itself Chromium would pass over it.
    fn unseen(&self, sample: &Sample) -> f64 {
        let shown = sample.shown.unwrap_or(sample.playhead);
        let next = self.frames.iter().copied().filter(|at| *at > shown + 0.005).fold(f64::MAX, f64::min);
        let near = (sample.playhead - 0.1..sample.playhead + 0.1).contains(&next);
        if near { next + 0.008 } else { sample.playhead + 0.01 }
    }

    fn standing(&mut self, now: Instant, stood: Span, since: Instant, sample: &Sample) {
        if stood < STALL_AFTER {
            return;
        }
        if !self.stalled {
            self.stalled = true;
            self.out.push_back(Output::StallBegan(since));
        }
        let end = sample.range_end().unwrap_or(sample.playhead);
        if end - sample.playhead < STANDS_S {
            if let Some(to) = behind_hole(sample) {
                self.nudge(now, STALL_AFTER, to);
            }
        } else if stood >= RESUME_AFTER && sample.ahead_s() >= RESUME_AHEAD_S {
            self.nudge(now, STUCK_AFTER, self.unseen(sample));
        }
    }

    /// The clock runs but no frame is decoded although frames were due (hls.js issue 3596 is what happens otherwise).
    fn frozen(&mut self, now: Instant, sample: &Sample) {
        if sample.decoded != self.decoded || sample.hidden || self.decoded_at.is_none() {
            self.decoded = sample.decoded;
            self.decoded_at = Some(now);
            self.decoded_head = sample.playhead;
            return;
        }
        let Some(since) = self.decoded_at else { return };
        let due = |at: &&f64| **at > self.decoded_head && **at + FROZEN_DUE_S < sample.playhead;
        let due = self.frames.iter().filter(due).count();
        if now.since(since) > FROZEN_AFTER && due >= FROZEN_FRAMES {
            self.decoded_at = None;
            self.nudge(now, FROZEN_AGAIN, sample.playhead + 0.001);
        }
    }

    fn nudge(&mut self, now: Instant, pause: Span, to: f64) {
        if self.nudged.is_some_and(|at| now.since(at) < pause) {
            return;
        }
        self.nudged = Some(now);
        self.nudges += 1;
        if self.nudges > NUDGES_MAX {
            self.nudges = 0;
            self.out.push_back(Output::Rebuild);
        } else {
            self.out.push_back(Output::Seek(to));
        }
    }
}

/// Whether a track is missing at the playhead, between what was played and what follows. `buffered` is what all tracks have.
fn in_hole(sample: &Sample) -> bool {
    let at = sample.playhead;
    sample.ranges.iter().any(|(_, to)| *to <= at)
        && !sample.ranges.iter().any(|(from, to)| (*from..*to).contains(&at))
}

/// Just inside the next range, if there is enough of it.
fn behind_hole(sample: &Sample) -> Option<f64> {
    let enough = |(from, to): &&(f64, f64)| *from > sample.playhead && to - from >= HOLE_NEED_S;
    sample.ranges.iter().find(enough).map(|(from, _)| from + 0.001)
}

impl Machine for Gap {
    type Input = Input;
    type Output = Output;

    fn handle(&mut self, now: Instant, input: Input) {
        match input {
            Input::Reset => self.reset(),
            Input::Frame(at) => {
                if self.frames.len() >= FRAMES_KEPT {
                    self.frames.pop_front();
                }
                self.frames.push_back(at);
            }
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

    fn run(gap: &mut Gap, ms: std::ops::Range<u64>, sample: impl Fn(u64) -> Sample) -> Vec<(u64, Output)> {
        let mut out = Vec::new();
        for at in ms.step_by(50) {
            gap.handle(Instant::from_ms(at), Input::Sample(sample(at)));
            while let Some(output) = gap.poll() {
                out.push((at, output));
            }
        }
        out
    }

    #[test]
    fn a_hole_is_crossed_within_a_quarter_of_a_second() {
        let mut gap = Gap::default();
        let ranges = vec![(0.0, 1.0), (1.4, 2.0)];
        run(&mut gap, 0..1_000, |at| Sample {
            playhead: at as f64 / 1e3,
            ranges: ranges.clone(),
            decoded: at,
            ..Sample::default()
        });
        let out = run(&mut gap, 1_000..1_400, |at| Sample {
            playhead: 0.99,
            ranges: ranges.clone(),
            decoded: at,
            ..Sample::default()
        });
        let seek = out.iter().find(|(_, output)| matches!(output, Output::Seek(_)));
        assert!(matches!(seek, Some((at, Output::Seek(to))) if *at <= 1_250 && (to - 1.401).abs() < 1e-9));
    }

    #[test]
    fn a_frozen_picture_is_nudged_although_the_clock_runs() {
        let mut gap = Gap::default();
        for frame in 0..60 {
            gap.handle(Instant::ZERO, Input::Frame(f64::from(frame) / 30.0));
        }
        let out = run(&mut gap, 0..1_000, |at| Sample {
            playhead: at as f64 / 1e3,
            ranges: vec![(0.0, 2.0)],
            decoded: 3,
            ..Sample::default()
        });
        assert!(matches!(out.first(), Some((at, Output::Seek(_))) if *at <= 250), "{out:?}");
    }

    #[test]
    fn sound_that_goes_on_through_a_hole_of_the_picture_is_taken_across_it() {
        let mut gap = Gap::default();
        for frame in 0..90 {
            gap.handle(Instant::ZERO, Input::Frame(f64::from(frame) / 30.0));
        }
        let at = |at: u64, ranges: &[(f64, f64)]| Sample {
            playhead: at as f64 / 1e3,
            ranges: ranges.to_vec(),
            decoded: at.min(1_000),
            ..Sample::default()
        };
        let out = run(&mut gap, 0..1_500, |ms| at(ms, &[(0.0, 1.0)]));
        assert_eq!(out, [], "there is nothing to go to, and a seek into the hole would never end");
        let out = run(&mut gap, 1_500..1_550, |ms| at(ms, &[(0.0, 1.0), (1.7, 2.0)]));
        assert_eq!(out, [(1_500, Output::Seek(1.7 + 0.001))]);
    }

    #[test]
    fn a_seek_into_a_hole_is_taken_out_of_it() {
        let mut gap = Gap::default();
        let out = run(&mut gap, 0..200, |_| Sample {
            playhead: 1.2,
            seeking: true,
            ranges: vec![(0.0, 1.0), (1.4, 2.0)],
            ..Sample::default()
        });
        assert_eq!(out, [(0, Output::Seek(1.4 + 0.001))]);
    }

    #[test]
    fn a_picture_that_is_meant_to_stand_is_left_alone() {
        let out = run(&mut Gap::default(), 0..3_000, |at| Sample {
            playhead: at as f64 / 1e3,
            ranges: vec![(0.0, 4.0)],
            decoded: 1,
            ..Sample::default()
        });
        assert_eq!(out, []);
    }

    #[test]
    fn an_element_that_stays_stuck_is_rebuilt_after_bounded_nudges() {
        let mut gap = Gap::default();
        let out = run(&mut gap, 0..10_000, |_| Sample {
            playhead: 1.0,
            ranges: vec![(0.0, 4.0)],
            ..Sample::default()
        });
        let attempts: Vec<_> = out.split(|(_, output)| *output == Output::Rebuild).collect();
        assert!(attempts.len() > 2, "it is rebuilt again and again: {out:?}");
        for attempt in attempts {
            let nudges = attempt.iter().filter(|(_, output)| matches!(output, Output::Seek(_))).count();
            assert!(nudges <= NUDGES_MAX as usize, "{out:?}");
        }
    }

    #[test]
    fn stalls_are_told_with_their_length() {
        let mut gap = Gap::default();
        let out = run(&mut gap, 0..1_000, |at| Sample {
            playhead: if at < 500 { 0.0 } else { at as f64 / 1e3 },
            ranges: vec![(0.0, 0.01)],
            ..Sample::default()
        });
        assert_eq!(
            out,
            [(150, Output::StallBegan(Instant::ZERO)), (500, Output::StallEnded(Span::from_ms(500)))]
        );
    }
}
