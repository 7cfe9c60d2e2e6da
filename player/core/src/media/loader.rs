//! What to ask the server for next: the room's state, the segment in progress and, just before it ends, the one after it.
//! One long request at a time, two around a boundary; back-off when something fails; a long poll while there is nothing to
//! play. Does not choose the rendition (`abr`), but for a join where that has no keyframe, and never sees media.
//!
//! ```text
//! Idle -Start-> Asking -live-> Live (segment n, n+1, ..) -404, epoch, silence-> Asking
//!                 ^  \-offline, ended-> Waiting (long poll) --/      Stop from anywhere -> Idle
//! ```

use super::RequestId;
use super::limits::{
    ASK_LOST, POLL_GAP, REFRESH_EVERY, RENDITIONS_MAX, REQUEST_AHEAD_S, RETRY_FIRST, RETRY_LAST,
    SEGMENT_FAILURES_MAX, SEGMENT_GUESS_S, SILENCE_ASK, SILENCE_DEAD,
};
use hawker_wire::machine::first;
use hawker_wire::proto::{Stream, stream::State as Room};
use hawker_wire::{Instant, Machine, Span};
use std::collections::VecDeque;

/// What can happen.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// Begin, or begin again at the live edge.
    Start,
    /// Let go of everything.
    Stop,
    /// The room as it is; `None`: the request failed.
    Stream(Option<Box<Stream>>),
    /// The answer began. Whether the segment starts with a keyframe.
    Opened(RequestId, bool),
    /// A chunk came: from and to, media seconds.
    Chunk(RequestId, f64, f64),
    /// The whole segment is there.
    Finished(RequestId),
    /// It broke off, or never began: HTTP status (0: the network), and when the server says to try again.
    Failed(RequestId, u16, Option<Span>),
    /// Take this rung from the next segment on.
    Prefer(usize),
    /// Take this rung at once, from the start of the segment in progress.
    Abandon(usize),
    /// Forget where we are and join the newest segment.
    Rejoin,
    /// The network is back, or the viewer asks: what waits after a failure is tried at once, but for what a busy server asked.
    Hurry,
}

/// What is wanted.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// Ask for the room's state; with a version: answered when it differs. Replaces a question still under way.
    AskStream(Option<u64>),
    /// The state changed to this.
    Room(Room),
    /// Another epoch: nothing of before is of use.
    Epoch,
    /// The list of renditions changed.
    Ladder,
    /// Fetch segment `number` of rendition `rung`.
    Fetch {
        /// Its number from now on.
        request: RequestId,
        /// Index into the renditions.
        rung: usize,
        /// Segment number.
        number: u64,
        /// Overlaps media that we have: a lower rendition of the segment in progress.
        overlap: bool,
        /// Playback begins anew with it.
        join: bool,
    },
    /// Break off a request.
    Cancel(RequestId),
}

/// See the module text.
#[derive(Debug)]
pub struct Loader {
    phase: Phase,
    stream: Option<Box<Stream>>,
    rung: usize,
    /// Joins that met a segment without a keyframe since one that did not: so many renditions further on the next one tries.
    detour: usize,
    current: Option<Load>,
    next: Option<Load>,
    segment_s: f64,
    failures: u32,
    /// When a request for the state is due, and with which version; `asking`: one is under way.
    ask: Option<(Instant, Option<u64>)>,
    asking: bool,
    asked: Instant,
    /// The server wants nothing before.
    busy: Instant,
    /// A segment is due for another try: number and rung come from `resume`.
    retry: Option<Instant>,
    resume: Option<(u64, bool)>,
    silent_from: Instant,
    silent_asked: bool,
    next_id: RequestId,
    random: u64,
    out: VecDeque<Output>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Idle,
    Asking,
    Waiting,
    Live,
}

#[derive(Clone, Debug)]
struct Load {
    id: RequestId,
    rung: usize,
    number: u64,
    join: bool,
    /// Asked for in place of another.
    again: bool,
    from_s: Option<f64>,
    to_s: f64,
    done: bool,
}

impl Loader {
    /// Idle. The seed spreads back-off over viewers.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self {
            phase: Phase::Idle,
            stream: None,
            rung: 0,
            detour: 0,
            current: None,
            next: None,
            segment_s: SEGMENT_GUESS_S,
            failures: 0,
            ask: None,
            asking: false,
            asked: Instant::ZERO,
            busy: Instant::ZERO,
            retry: None,
            resume: None,
            silent_from: Instant::ZERO,
            silent_asked: false,
            next_id: 1,
            random: seed | 1,
            out: VecDeque::new(),
        }
    }

    /// The room as last told.
    #[must_use]
    pub fn stream(&self) -> Option<&Stream> {
        self.stream.as_deref()
    }

    /// Newest finished segment number that is surely whole: the one before the segment in progress.
    #[must_use]
    pub fn finished(&self) -> Option<u64> {
        self.current.as_ref().and_then(|load| load.number.checked_sub(1)).filter(|number| *number > 0)
    }

    /// Seconds of the segment in progress that have come, and that have not.
    #[must_use]
    pub fn progress_s(&self) -> (f64, f64) {
        let Some(load) = &self.current else { return (0.0, self.segment_s) };
        let had_s = load.from_s.map_or(0.0, |from| load.to_s - from);
        (had_s, if load.done { 0.0 } else { (self.segment_s - had_s).max(0.0) })
    }

    /// Long requests under way.
    #[must_use]
    pub fn long_requests(&self) -> usize {
        [&self.current, &self.next].into_iter().flatten().filter(|load| !load.done).count()
    }

    fn ask_at(&mut self, at: Instant, after: Option<u64>) {
        if self.asking && after.is_some() {
            return;
        }
        self.ask = Some((self.ask.map_or(at, |(then, _)| then.min(at)), after));
    }

    fn fetch(&mut self, now: Instant, rung: usize, number: u64, overlap: bool, join: bool) -> Load {
        let id = self.next_id;
        self.next_id = self.next_id.wrapping_add(1);
        self.silent_from = now;
        self.out.push_back(Output::Fetch { request: id, rung, number, overlap, join });
        Load { id, rung, number, join, again: false, from_s: None, to_s: 0.0, done: false }
    }

    fn cancel_all(&mut self) {
        for load in [self.current.take(), self.next.take()].into_iter().flatten() {
            if !load.done {
                self.out.push_back(Output::Cancel(load.id));
            }
        }
        self.retry = None;
        self.resume = None;
    }

    fn join(&mut self, now: Instant) {
        self.cancel_all();
        let Some(stream) = &self.stream else { return };
        let (newest, rung) = (stream.newest, (self.rung + self.detour) % stream.renditions.len().max(1));
        self.current = Some(self.fetch(now, rung, newest, false, true));
    }

    fn stream_told(&mut self, now: Instant, told: Option<Box<Stream>>) {
        self.asking = false;
        // A question that fell due while this one was under way is answered with it.
        self.ask = self.ask.filter(|(at, _)| *at > now);
        if self.phase == Phase::Idle {
            return;
        }
        let Some(mut told) = told else {
            let pause = self.back_off();
            let after = self.waiting_after();
            self.ask_at(now + pause, after);
            return;
        };
        told.renditions.truncate(RENDITIONS_MAX);
        let state = if told.renditions.is_empty() && told.state() == Room::Live {
            Room::Offline // Live, but nothing to play yet.
        } else {
            told.state()
        };
        let (before, same_epoch, same_list) = match &self.stream {
            Some(stream) => {
                (Some(stream.state()), stream.epoch == told.epoch, stream.renditions == told.renditions)
            }
            None => (None, false, false),
        };
        let (newest, version) = (told.newest, told.version);
        told.set_state(state);
        self.stream = Some(told);
        if before != Some(state) || self.phase == Phase::Asking {
            self.out.push_back(Output::Room(state));
        }
        if state != Room::Live {
            self.cancel_all();
            // At once, but never in a loop with a server that answers at once.
            let quick = now.since(self.asked) < POLL_GAP;
            self.phase = Phase::Waiting;
            self.ask_at(if quick { now + POLL_GAP } else { now }, Some(version));
            return;
        }
        let fresh = self.phase != Phase::Live;
        self.phase = Phase::Live;
        self.ask_at(now + REFRESH_EVERY, None);
        if !same_epoch {
            self.out.push_back(Output::Epoch);
            self.segment_s = SEGMENT_GUESS_S;
            self.cancel_all();
        }
        if !same_list {
            self.out.push_back(Output::Ladder);
            self.rung =
                self.rung.min(self.stream.as_ref().map_or(0, |s| s.renditions.len().saturating_sub(1)));
        }
        let lost = self.current.as_ref().is_some_and(|load| newest > load.number.saturating_add(2));
        if fresh || lost || (self.current.is_none() && self.retry.is_none()) {
            // The rung is chosen by what `Ladder` makes abr say; the parent routes that before it lets us join.
            self.cancel_all();
            self.retry = Some(now);
            self.resume = None;
        }
    }

    fn waiting_after(&self) -> Option<u64> {
        match self.phase {
            Phase::Waiting => self.stream.as_ref().map(|stream| stream.version),
            Phase::Idle | Phase::Asking | Phase::Live => None,
        }
    }

    fn chunk(&mut self, now: Instant, request: RequestId, from_s: f64, to_s: f64) {
        self.silent_from = now;
        self.silent_asked = false;
        self.failures = 0;
        for load in [&mut self.current, &mut self.next].into_iter().flatten() {
            if load.id == request {
                load.from_s.get_or_insert(from_s);
                load.to_s = load.to_s.max(to_s);
            }
        }
        let due = self.current.as_ref().is_some_and(|load| {
            load.id == request
                && load.from_s.is_some_and(|from| load.to_s - from >= self.segment_s - REQUEST_AHEAD_S)
        });
        if due && self.next.is_none() && self.retry.is_none() {
            self.fetch_next(now);
        }
    }

    fn fetch_next(&mut self, now: Instant) {
        if let Some(number) = self.current.as_ref().map(|load| load.number.saturating_add(1)) {
            self.next = Some(self.fetch(now, self.rung, number, false, false));
        }
    }

    /// The next segment was asked for on a rung that turned out too high; while the server still holds that request another
    /// costs next to nothing. Once a segment.
    fn choose_again(&mut self, now: Instant) {
        let too_high = |next: &&Load| next.rung < self.rung && next.from_s.is_none() && !next.again;
        if let Some(next) = self.next.as_ref().filter(too_high).cloned() {
            self.out.push_back(Output::Cancel(next.id));
            let again = self.fetch(now, self.rung, next.number, false, false);
            self.next = Some(Load { again: true, ..again });
        }
    }

    fn finished_one(&mut self, now: Instant, request: RequestId) {
        if let Some(next) = self.next.as_mut()
            && next.id == request
        {
            next.done = true;
        }
        let Some(load) = self.current.as_mut().filter(|load| load.id == request) else { return };
        load.done = true;
        let Some(from) = load.from_s else {
            // An empty segment: as if it had failed.
            self.failed(now, request, 0, None);
            return;
        };
        let length = load.to_s - from;
        if length > 0.2 {
            self.segment_s = length.min(4.0);
        }
        if self.next.is_none() && self.retry.is_none() {
            self.fetch_next(now);
        }
        if let Some(next) = self.next.take() {
            let (id, done) = (next.id, next.done);
            self.current = Some(next);
            if done {
                self.finished_one(now, id);
            }
        }
    }

    fn failed(&mut self, now: Instant, request: RequestId, status: u16, after: Option<Span>) {
        let after = after.unwrap_or_default();
        self.busy = self.busy.max(now + after);
        if self.next.as_ref().is_some_and(|load| load.id == request) {
            self.next = None;
            let pause = self.back_off().max(after);
            // Asked for again when the segment in progress ends, or after a pause if that is sooner.
            if self.current.as_ref().is_some_and(|load| !load.done) {
                self.retry = Some(now + pause);
                self.resume = None;
            }
            return;
        }
        let Some(load) = self.current.as_ref().filter(|load| load.id == request).cloned() else { return };
        let pause = self.back_off().max(after);
        let transient = matches!(status, 0 | 429 | 500..=599);
        if let Some(next) = self.next.take() {
            self.out.push_back(Output::Cancel(next.id));
        }
        self.current = None;
        if transient && self.failures <= SEGMENT_FAILURES_MAX {
            self.resume = Some((load.number, load.join));
            self.retry = Some(now + pause);
        } else {
            // 404, 410: not where we thought the stream is. Ask.
            self.retry = None;
            self.resume = None;
            self.phase = Phase::Asking;
            self.ask_at(now + pause, None);
        }
    }

    fn opened(&mut self, now: Instant, request: RequestId, independent: bool) {
        self.silent_from = now;
        if independent {
            self.detour = 0;
            return;
        }
        // Without a keyframe nobody joins or switches.
        if let Some(load) = self.current.as_ref().filter(|load| load.id == request && load.join).cloned() {
            self.out.push_back(Output::Cancel(load.id));
            self.current = None;
            // Where keyframes do not meet, segments begin with those of some renditions.
            self.detour += 1;
            self.phase = Phase::Asking;
            let pause = self.back_off();
            self.ask_at(now + pause, None);
        } else if let (Some(current), Some(next)) = (&self.current, &self.next)
            && next.id == request
            && next.rung != current.rung
        {
            let (rung, number, id) = (current.rung, next.number, next.id);
            self.out.push_back(Output::Cancel(id));
            self.next = Some(self.fetch(now, rung, number, false, false));
        }
    }

    fn abandon(&mut self, now: Instant, rung: usize) {
        self.rung = rung;
        let Some(load) = self.current.clone().filter(|load| load.rung != rung) else { return };
        if let Some(next) = self.next.clone().filter(|next| next.rung != rung) {
            self.out.push_back(Output::Cancel(next.id));
            self.next = None;
        }
        if !load.done {
            if let Some(next) = self.next.take() {
                self.out.push_back(Output::Cancel(next.id));
            }
            self.out.push_back(Output::Cancel(load.id));
            let begun = !load.join || load.from_s.is_some();
            self.current = Some(self.fetch(now, rung, load.number, begun, !begun));
        } else if self.next.is_none() && self.retry.is_none() {
            self.fetch_next(now);
        }
    }

    /// Half to one and a half of the doubled pause: thousands of viewers must not come back at the same moment.
    fn back_off(&mut self) -> Span {
        let pause = RETRY_FIRST.as_us() << self.failures.min(8);
        self.failures = self.failures.saturating_add(1);
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        let pause = pause.min(RETRY_LAST.as_us());
        Span(pause / 2 + self.random % pause.max(1))
    }

    fn retry_due(&mut self, now: Instant) {
        self.retry = None;
        if self.phase != Phase::Live {
            return;
        }
        match (self.resume.take(), self.current.is_some()) {
            (_, true) => {
                if self.next.is_none() {
                    self.fetch_next(now);
                }
            }
            (Some((number, join)), false) => {
                self.current = Some(self.fetch(now, self.rung, number, false, join));
            }
            (None, false) => self.join(now),
        }
    }

    fn silence(&self) -> Option<Instant> {
        if self.phase != Phase::Live || self.current.is_none() {
            return None;
        }
        Some(self.silent_from + if self.silent_asked { SILENCE_DEAD } else { SILENCE_ASK })
    }

    fn silent(&mut self, due: Instant) {
        if !self.silent_asked {
            self.silent_asked = true;
            self.ask_at(due, None);
            return;
        }
        self.silent_asked = false;
        self.silent_from = due;
        self.cancel_all();
        self.phase = Phase::Asking;
        self.ask_at(due, None);
    }
}

/// The segment to begin with: the newest one, unless the page shows the one before or behind it already. What it shows was asked for
/// at another moment than the room's state, and a segment may have begun between the two answers.
#[must_use]
pub fn join(newest: u64, shown: Option<u64>) -> u64 {
    shown.filter(|shown| shown.abs_diff(newest) <= 1).unwrap_or(newest)
}

impl Machine for Loader {
    type Input = Input;
    type Output = Output;

    fn handle(&mut self, now: Instant, input: Input) {
        if let Input::Prefer(rung) = input {
            // What is due now waited for this choice; what was due before did not.
            self.tick(now - Span(1));
            self.rung = rung;
            self.choose_again(now);
        }
        self.tick(now);
        match input {
            Input::Start => {
                self.cancel_all();
                self.phase = Phase::Asking;
                self.failures = 0;
                self.asking = false;
                self.ask = Some((now, None));
            }
            Input::Stop => {
                self.cancel_all();
                self.phase = Phase::Idle;
                self.asking = false;
                self.ask = None;
            }
            Input::Stream(told) => self.stream_told(now, told),
            Input::Opened(request, independent) => self.opened(now, request, independent),
            Input::Chunk(request, from_s, to_s) => self.chunk(now, request, from_s, to_s),
            Input::Finished(request) => self.finished_one(now, request),
            Input::Failed(request, status, after) => self.failed(now, request, status, after),
            Input::Prefer(_) => {}
            Input::Abandon(rung) => self.abandon(now, rung),
            Input::Rejoin => {
                if self.phase == Phase::Live {
                    self.cancel_all();
                    self.phase = Phase::Asking;
                    self.asking = false;
                    self.ask = Some((now, None));
                }
            }
            Input::Hurry => {
                if self.failures > 0 {
                    self.failures = 0;
                    let at = self.busy.max(now);
                    self.retry = self.retry.map(|due| due.min(at));
                    self.ask = self.ask.map(|(due, after)| (due.min(at), after));
                }
            }
        }
    }

    fn tick(&mut self, now: Instant) {
        while let Some((due, _)) = self.wake().filter(|(due, _)| *due <= now) {
            if self.ask.is_some_and(|(at, _)| at <= due) && !self.asking {
                let after = self.ask.take().and_then(|(_, after)| after);
                self.asking = true;
                self.asked = due;
                self.out.push_back(Output::AskStream(after));
            } else if self.retry.is_some_and(|at| at <= due) {
                self.retry_due(due);
            } else if self.asking && self.asked + ASK_LOST <= due {
                self.asking = false;
                let after = self.waiting_after();
                self.ask = Some((due, after));
            } else {
                self.silent(due);
            }
        }
    }

    fn poll(&mut self) -> Option<Output> {
        self.out.pop_front()
    }

    fn wake(&self) -> Option<(Instant, &'static str)> {
        let ask = self.ask.filter(|_| !self.asking).map(|(at, _)| (at, "ask for the room's state"));
        let retry = self.retry.map(|at| (at, "ask for the segment again"));
        let silence = self.silence().map(|at| (at, "no media for long"));
        let lost = self.asking.then(|| (self.asked + ASK_LOST, "the room's state did not come"));
        first(&[ask, retry, silence, lost])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_goes_on_unless_it_is_of_another_moment() {
        for (newest, shown, joined) in [
            (7, None, 7),
            (7, Some(7), 7),
            (7, Some(6), 6),
            (7, Some(8), 8),
            (7, Some(5), 7),
            (0, Some(u64::MAX), 0),
        ] {
            assert_eq!(join(newest, shown), joined, "{newest} {shown:?}");
        }
    }

    #[test]
    fn who_joins_does_not_wait_for_a_rendition_without_keyframes_where_segments_begin() {
        let renditions = vec![hawker_wire::proto::Rendition::default(); 3];
        let mut told = Stream { epoch: "e".into(), newest: 5, renditions, ..Stream::default() };
        told.set_state(Room::Live);
        let (mut loader, mut now, mut opened) = (Loader::new(7), Instant::ZERO, Vec::new());
        loader.handle(now, Input::Start);
        for _ in 0..50 {
            now += Span::from_ms(100);
            loader.tick(now);
            while let Some(output) = loader.poll() {
                match output {
                    Output::AskStream(_) => loader.handle(now, Input::Stream(Some(Box::new(told.clone())))),
                    Output::Fetch { request, rung, .. } => {
                        opened.push(rung);
                        loader.handle(now, Input::Opened(request, rung == 2));
                    }
                    _ => {}
                }
            }
        }
        assert_eq!(opened, [0, 1, 2], "and stays with the one that has");
    }
}
