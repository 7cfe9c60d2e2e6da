//! The Periods of an epoch: where each begins, whether its segments keep an even step, and which renditions are in it. Follows
//! the cuts and the chunks; knows neither text nor bytes.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use hawker_wire::Wall;

use crate::media::packager::cuts::Cut;
use crate::media::packager::{Init, Name};

/// Segments that must keep their step before it is believed again, and before a Period that lost it counts as a steady one:
/// half a minute to a minute.
const STEADY: u64 = 30;
/// Lengths within this are equal, in ms: stamps are rounded, and 29.97 fps has no whole milliseconds.
const EQUAL_MS: i64 = 2;

/// A stretch of segments with the same renditions, on one line of time.
#[derive(Clone, Debug, PartialEq)]
pub struct Period {
    /// Number of its first segment.
    pub first: u64,
    /// Media time of its beginning, in ms.
    pub at: i64,
    /// The same by the server's clock.
    pub wall: Wall,
    /// How its segments follow each other.
    pub step: Step,
    /// The renditions that have its first segment, and their configuration.
    pub members: BTreeMap<Name, Arc<Init>>,
    /// Cuts since its beginning.
    cuts: u64,
}

/// How segments follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Only one segment so far, and it is not complete.
    Unknown,
    /// The step in ms, which no segment misses by more than a quarter.
    Even(i64),
    /// A guess by the Period before.
    Guess(i64),
    /// Every length is told.
    Listed,
}

/// The Periods that still have segments. See the module text.
#[derive(Debug, Default)]
pub struct Periods {
    list: VecDeque<Period>,
    /// When the epoch's first segment began: `availabilityStartTime`.
    start: Option<Wall>,
    last: Option<Cut>,
    /// The last length, and how many in a row were equal to it.
    run: (i64, u64),
    /// A rendition came or went, or changed: the next cut begins a Period.
    stale: bool,
}

impl Periods {
    /// `availabilityStartTime`; `None` before the first cut.
    #[must_use]
    pub fn start(&self) -> Option<Wall> {
        self.start
    }

    /// The Periods that can be told, oldest first. The newest is held back until its step is known and the renditions of the one
    /// before have reached it, which goes on meanwhile.
    pub fn told(&self) -> impl Iterator<Item = &Period> {
        let held = self.list.back().filter(|newest| {
            let before = self.list.iter().rev().nth(1);
            let arrived = before.is_none_or(|before| {
                before.members.keys().all(|name| newest.members.contains_key(name)) || newest.cuts > 0
            });
            newest.step == Step::Unknown || newest.members.is_empty() || !arrived
        });
        self.list.iter().take(self.list.len() - usize::from(held.is_some()))
    }

    /// A segment begins.
    pub fn cut(&mut self, cut: &Cut) {
        let before = self.last.replace(*cut);
        let (Some(before), Some(period)) = (before, self.list.back_mut()) else {
            self.start.get_or_insert(cut.wall);
            self.begin(cut, Step::Unknown);
            return;
        };
        let length = (cut.at - before.at).max(1);
        let equal = (length - self.run.0).abs() <= EQUAL_MS;
        self.run = (length, if equal { self.run.1 + 1 } else { 1 });
        period.cuts = cut.number.saturating_sub(period.first);
        if period.step == Step::Unknown {
            period.step = Step::Even(length);
        }
        let astray = |step: i64| {
            let nominal = period.at + step.saturating_mul(i64::try_from(period.cuts).unwrap_or(i64::MAX));
            nominal.saturating_sub(cut.at).abs() * 4 > step
        };
        let next = match period.step {
            Step::Even(step) | Step::Guess(step) if cut.discontinuity => Some(Step::Guess(step)),
            Step::Guess(step) if astray(step) => Some(Step::Even(length)),
            Step::Even(step) if astray(step) && period.cuts < STEADY => Some(Step::Listed),
            Step::Even(step) if astray(step) => Some(Step::Even(length.max(step / 2))),
            Step::Listed if self.run.1 >= STEADY => Some(Step::Even(length)),
            Step::Listed if cut.discontinuity => Some(Step::Listed),
            same => self.stale.then_some(same),
        };
        // A guess that held is as good as known.
        if let Step::Guess(step) = period.step {
            period.step = Step::Even(step);
        }
        if let Some(step) = next {
            self.begin(cut, step);
        }
    }

    /// A rendition goes on, in segment `number` and with this configuration.
    pub fn chunk(&mut self, name: &Name, number: u64, init: &Arc<Init>) {
        let Some(period) = self.list.back_mut() else { return };
        match period.members.get(name) {
            Some(known) if known.number == init.number => {}
            None if number == period.first => {
                period.members.insert(name.clone(), init.clone());
            }
            _ => self.stale |= number >= period.first,
        }
    }

    /// A rendition is gone.
    pub fn remove(&mut self, name: &str) {
        self.stale |= self.list.back().is_some_and(|period| period.members.contains_key(name));
    }

    /// Segments before `oldest` are forgotten.
    pub fn forget(&mut self, oldest: u64) {
        while self.list.get(1).is_some_and(|second| second.first <= oldest) {
            self.list.pop_front();
        }
    }

    fn begin(&mut self, cut: &Cut, step: Step) {
        self.stale = false;
        self.list.push_back(Period {
            first: cut.number,
            at: cut.at,
            wall: cut.wall,
            step,
            members: BTreeMap::new(),
            cuts: 0,
        });
    }
}

impl Period {
    /// The step that a template can state.
    #[must_use]
    pub fn even(&self) -> Option<i64> {
        match self.step {
            Step::Even(step) | Step::Guess(step) => Some(step),
            Step::Unknown | Step::Listed => None,
        }
    }
}
