//! The danmaku stage: which comment moves in which lane, and where it is. A comment crosses the picture in a fixed time, so
//! a longer one is faster; `x` is a function of (spawned, width, now), never accumulated, and a frame is a pure read.
//!
//! The rule under flood: a comment that finds no lane waits [`limits::WAIT`] at most among [`limits::WAITING`] others;
//! the oldest is dropped first, and every drop is counted. Own comments wait apart, for [`limits::OWN_WAIT`] at most, then
//! take a lane from strangers. Nothing is taken while the page is hidden, so nothing is dumped when it comes back.
//! Measures no text and paints nothing: widths come from the shell.

use super::limits;
use hawker_wire::{Instant, Machine, Span};
use std::collections::VecDeque;

/// A comment to be thrown on the stage.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Comment {
    /// The message's id.
    pub id: u64,
    /// Width in px as it will be painted.
    pub width: f64,
    /// Said by this viewer.
    pub own: bool,
}

/// Size of the stage and how it moves.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shape {
    /// Width of the picture in px.
    pub width: f64,
    /// Lanes that fit the part of the picture given to danmaku; 0: none are shown.
    pub lanes: usize,
    /// Time to cross the picture.
    pub crossing: Span,
    /// Free px behind a comment.
    pub gap: f64,
    /// Nothing overlaps. Off, a comment waits only until the one before has cleared the right edge by half.
    pub apart: bool,
}

/// What can happen to the stage.
#[derive(Clone, Copy, Debug)]
pub enum Input {
    /// Somebody said something.
    Say(Comment),
    /// The picture or a setting changed.
    Shape(Shape),
    /// The page was hidden (`false`) or is shown again.
    Shown(bool),
    /// Moderation took this comment away.
    Remove(u64),
}

/// What the painter must do; positions are read by [`Stage::frame`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Output {
    /// This comment is on the stage from now on.
    Enter(Comment),
    /// It left, by its own way or by force.
    Leave(u64),
    /// It will never be shown.
    Drop(u64),
}

/// A comment's place in one frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Placed {
    /// The message's id.
    pub id: u64,
    /// Left edge in px.
    pub x: f64,
    /// Lane, 0 at the top.
    pub lane: usize,
}

#[derive(Clone, Copy, Debug)]
struct Moving {
    comment: Comment,
    lane: usize,
    spawned: Instant,
}

#[derive(Clone, Copy, Debug)]
struct Waiting {
    comment: Comment,
    since: Instant,
}

/// The stage. See [`Input`] and [`Output`].
#[derive(Debug)]
pub struct Stage {
    shape: Shape,
    shown: bool,
    moving: Vec<Moving>,
    own: Vec<Waiting>,
    others: Vec<Waiting>,
    dropped: u64,
    /// What [`Stage::deadline`] found after the last change: asked for at every painted frame.
    due: Option<(Instant, Due)>,
    out: VecDeque<Output>,
}

impl Stage {
    /// An empty stage.
    #[must_use]
    pub const fn new(shape: Shape) -> Self {
        Self {
            shape,
            shown: true,
            moving: Vec::new(),
            own: Vec::new(),
            others: Vec::new(),
            dropped: 0,
            due: None,
            out: VecDeque::new(),
        }
    }

    /// Comments that were never shown, or taken off before their time, by the rule of the module.
    #[must_use]
    pub const fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Where everything is at `now`. Changes nothing.
    pub fn frame(&self, now: Instant) -> impl Iterator<Item = Placed> {
        self.moving.iter().map(move |moving| Placed {
            id: moving.comment.id,
            x: self.x(moving, now),
            lane: moving.lane,
        })
    }

    fn x(&self, moving: &Moving, now: Instant) -> f64 {
        let progress = now.since(moving.spawned).as_secs_f64() / self.shape.crossing.as_secs_f64();
        self.shape.width - (self.shape.width + moving.comment.width) * progress
    }

    fn gone(&self, moving: &Moving) -> Instant {
        moving.spawned + self.shape.crossing
    }

    /// The first moment at which a comment of `width` may enter behind `before` and never touch it: `before` has cleared
    /// the right edge, and has left on the left by the time the new one arrives there. Both move evenly, so the ends decide.
    fn behind(&self, before: &Moving, width: f64) -> Instant {
        let Shape { width: stage, crossing, gap, apart, .. } = self.shape;
        let crossing_us = crossing.0 as f64;
        let cleared = crossing_us * (before.comment.width + gap) / (stage + before.comment.width);
        let caught = crossing_us * (1.0 - (stage - gap) / (stage + width));
        let wait = if apart { cleared.max(caught) } else { cleared / 2.0 };
        before.spawned + Span(wait.max(0.0).ceil() as u64)
    }

    /// The lane that is free first, the upper one of two.
    fn best(&self, width: f64) -> Option<(Instant, usize)> {
        let mut free = [Instant::ZERO; limits::LANES];
        for moving in &self.moving {
            if let Some(lane) = free.get_mut(moving.lane) {
                *lane = (*lane).max(self.behind(moving, width));
            }
        }
        let mut best: Option<(Instant, usize)> = None;
        for (lane, free) in free.into_iter().take(self.lanes()).enumerate() {
            if best.is_none_or(|(earliest, _)| free < earliest) {
                best = Some((free, lane));
            }
        }
        best
    }

    fn lanes(&self) -> usize {
        if self.shape.width > 0.0 && self.shape.crossing > Span::ZERO {
            self.shape.lanes.min(limits::LANES)
        } else {
            0
        }
    }

    /// When the next waiting comment may enter, and which: own ones first.
    fn next_entry(&self) -> Option<(Instant, bool, usize)> {
        let full = self.moving.len() >= limits::ON_STAGE;
        let mut first: Option<(Instant, bool, usize)> = None;
        for (own, queue) in [(true, &self.own), (false, &self.others)] {
            for (at, waiting) in queue.iter().enumerate().filter(|_| own || !full) {
                let (free, _) = self.best(waiting.comment.width)?;
                let latest = if own { waiting.since + limits::OWN_WAIT } else { free };
                let due = free.min(latest).max(waiting.since);
                if first.is_none_or(|(earliest, ..)| due < earliest) {
                    first = Some((due, own, at));
                }
            }
        }
        first
    }

    fn deadline(&self) -> Option<(Instant, Due)> {
        let mut first: Option<(Instant, Due)> = None;
        let mut take = |due: Instant, what: Due| {
            if first.is_none_or(|(earliest, _)| due < earliest) {
                first = Some((due, what));
            }
        };
        for moving in &self.moving {
            take(self.gone(moving), Due::Leave);
        }
        if let Some((due, own, at)) = self.next_entry() {
            take(due, Due::Enter { own, at });
        }
        if let Some(waiting) = self.others.first() {
            take(waiting.since + limits::WAIT, Due::Expire);
        }
        first
    }

    fn fire(&mut self, due: Instant, what: Due) {
        match what {
            Due::Leave => {
                let crossing = self.shape.crossing;
                self.take_off(&|moving| moving.spawned + crossing <= due, false);
            }
            Due::Expire => {
                if !self.others.is_empty() {
                    let waiting = self.others.remove(0);
                    self.refuse(waiting.comment.id);
                }
            }
            Due::Enter { own, at } => {
                let queue = if own { &mut self.own } else { &mut self.others };
                if at < queue.len() {
                    let waiting = queue.remove(at);
                    self.enter(due, waiting.comment);
                }
            }
        }
    }

    fn enter(&mut self, now: Instant, comment: Comment) {
        let Some((free, mut lane)) = self.best(comment.width) else { return self.refuse(comment.id) };
        if free > now {
            // Only an own comment comes here: it takes the lane where the fewest strangers stand in its way.
            let (mut fewest, mut blocked) = ((usize::MAX, 0), Vec::new());
            for candidate in 0..self.lanes() {
                let (mut own, mut strangers) = (0, Vec::new());
                for moving in &self.moving {
                    if moving.lane == candidate && self.behind(moving, comment.width) > now {
                        if moving.comment.own {
                            own += 1;
                        } else {
                            strangers.push(moving.comment.id);
                        }
                    }
                }
                let victims = (own, own + strangers.len());
                if victims < fewest {
                    (fewest, lane, blocked) = (victims, candidate, strangers);
                }
            }
            self.take_off(&|moving| blocked.contains(&moving.comment.id), true);
        }
        self.moving.push(Moving { comment, lane, spawned: now });
        self.out.push_back(Output::Enter(comment));
    }

    fn take_off(&mut self, which: &dyn Fn(&Moving) -> bool, count: bool) {
        let out = &mut self.out;
        let dropped = &mut self.dropped;
        self.moving.retain(|moving| {
            let off = which(moving);
            if off {
                *dropped += u64::from(count);
                out.push_back(Output::Leave(moving.comment.id));
            }
            !off
        });
    }

    fn refuse(&mut self, id: u64) {
        self.dropped += 1;
        self.out.push_back(Output::Drop(id));
    }

    fn say(&mut self, now: Instant, comment: Comment) {
        if !self.shown || self.lanes() == 0 || !comment.width.is_finite() || comment.width < 0.0 {
            return self.refuse(comment.id);
        }
        let (queue, bound) = if comment.own {
            (&mut self.own, limits::OWN_WAITING)
        } else {
            (&mut self.others, limits::WAITING)
        };
        queue.push(Waiting { comment, since: now });
        let over = (queue.len() > bound).then(|| queue.remove(0));
        self.due = self.deadline();
        // A free lane is taken at once, so that only those who really wait count against the bound.
        self.run(now);
        if let Some(over) = over {
            self.refuse(over.comment.id);
        }
    }

    fn reshape(&mut self, shape: Shape) {
        self.shape = shape;
        let lanes = self.lanes();
        self.take_off(&|moving| moving.lane >= lanes, true);
        if lanes == 0 {
            self.clear_waiting();
        }
        // Those that stay keep their progress; where that makes two touch, the later stranger goes.
        let mut kept: Vec<Moving> = Vec::new();
        let mut hit: Vec<u64> = Vec::new();
        for moving in &self.moving {
            let touches = |before: &&Moving| {
                before.lane == moving.lane && self.behind(before, moving.comment.width) > moving.spawned
            };
            if !moving.comment.own && kept.iter().any(|before| touches(&before)) {
                hit.push(moving.comment.id);
            } else {
                kept.push(*moving);
            }
        }
        self.take_off(&|moving| hit.contains(&moving.comment.id), true);
    }

    fn clear_waiting(&mut self) {
        for queue in [std::mem::take(&mut self.own), std::mem::take(&mut self.others)] {
            for waiting in queue {
                self.refuse(waiting.comment.id);
            }
        }
    }

    fn run(&mut self, now: Instant) {
        while let Some((due, what)) = self.due
            && due <= now
        {
            self.fire(due, what);
            self.due = self.deadline();
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Due {
    Leave,
    Enter { own: bool, at: usize },
    Expire,
}

impl Machine for Stage {
    type Input = Input;
    type Output = Output;

    fn handle(&mut self, now: Instant, input: Input) {
        self.run(now);
        match input {
            Input::Say(comment) => self.say(now, comment),
            Input::Shape(shape) => self.reshape(shape),
            Input::Shown(shown) => {
                self.shown = shown;
                if !shown {
                    self.clear_waiting();
                }
            }
            Input::Remove(id) => {
                self.take_off(&|moving| moving.comment.id == id, false);
                self.own.retain(|w| w.comment.id != id);
                self.others.retain(|w| w.comment.id != id);
            }
        }
        self.due = self.deadline();
        self.run(now);
    }

    fn tick(&mut self, now: Instant) {
        self.run(now);
    }

    fn poll(&mut self) -> Option<Output> {
        self.out.pop_front()
    }

    fn wake(&self) -> Option<(Instant, &'static str)> {
        self.due.map(|(due, what)| {
            (
                due,
                match what {
                    Due::Leave => "a comment leaves",
                    Due::Enter { .. } => "a lane is free",
                    Due::Expire => "a comment waited too long",
                },
            )
        })
    }
}

#[cfg(test)]
#[path = "stage_tests.rs"]
mod tests;
