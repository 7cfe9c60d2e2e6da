//! The whole of playback: routes between loader, abr, latency, gap, buffer, clock and ledger, and tells the room's state.
//! Decides as little as possible itself: states, rebuilds, hidden pages.
//!
//! The shell carries out [`Output`] and answers with [`Input`]; media stay with it, and units are judged one by one.

use super::abr::{self, Abr, Rung};
use super::arrivals::Arrivals;
use super::buffer::{self, Buffer};
use super::choice::Choice;
use super::clock::Clock;
use super::gap::{self, Gap};
use super::latency::{self, Latency};
use super::ledger::{self, InitVerdict, Ledger};
use super::limits::{FIRST_PICTURE, REBUILD_PAUSE, REBUILDS_MAX, RETRY_LAST, SAMPLE_EVERY};
use super::loader::{self, Loader};
use super::{RequestId, Sample, codecs};
use hawker_wire::machine::first;
use hawker_wire::media::{Kind, Unit};
use hawker_wire::proto::{Rendition, Stream, stream::State as Room};
use hawker_wire::{Instant, Machine, Span, Wall};
use std::collections::VecDeque;

pub use super::contract::{Input, Output, State, Stats};

mod rest;

/// See the module text.
#[derive(Debug)]
pub struct Player {
    clock: Clock,
    loader: Loader,
    abr: Abr,
    latency: Latency,
    gap: Gap,
    buffer: Buffer,
    ledger: Ledger,
    state: State,
    paused: bool,
    stopped: bool,
    hidden: bool,
    hidden_stop: Option<Instant>,
    asleep: bool,
    choice: Choice,
    open: bool,
    arrivals: Arrivals,
    /// Of the segment last asked for.
    number: Option<u64>,
    sample: Sample,
    sampled: Instant,
    looking: bool,
    look: Option<Instant>,
    rebuild: Option<Instant>,
    /// A codec that has yet to show that it plays here, and until when it may, once playback has begun.
    trial: Option<(String, Option<Instant>)>,
    /// Had its trial and showed nothing.
    gave_up: Vec<String>,
    rebuilds: u32,
    made: Option<(f64, f64)>,
    stalls: u32,
    stalled_ms: f64,
    probes: RequestId,
    out: VecDeque<Output>,
}

/// Probes are numbered from here, apart from the loader's requests.
const PROBES_FROM: RequestId = 1 << 31;
/// A MediaSource that has shown so many frames works.
const PLAYS_FRAMES: u64 = 60;

impl Player {
    /// Idle. The seed spreads back-off over viewers.
    #[must_use]
    pub fn new(now: Instant, seed: u64) -> Self {
        Self {
            clock: Clock::new(now),
            loader: Loader::new(seed),
            abr: Abr::default(),
            latency: Latency::default(),
            gap: Gap::default(),
            buffer: Buffer::default(),
            ledger: Ledger::default(),
            state: State::Connecting,
            paused: false,
            stopped: true,
            hidden: false,
            hidden_stop: None,
            asleep: false,
            choice: Choice::default(),
            open: false,
            arrivals: Arrivals::default(),
            number: None,
            sample: Sample::default(),
            sampled: now,
            looking: false,
            look: None,
            rebuild: None,
            trial: None,
            gave_up: Vec::new(),
            rebuilds: 0,
            made: None,
            stalls: 0,
            stalled_ms: 0.0,
            probes: PROBES_FROM,
            out: VecDeque::new(),
        }
    }

    /// What the viewer is told.
    #[must_use]
    pub fn state(&self) -> State {
        self.state
    }

    /// What there is to play, best first.
    #[must_use]
    pub fn renditions(&self) -> &[Rendition] {
        self.loader.stream().map_or(&[], |stream| &stream.renditions)
    }

    /// The room as last told.
    #[must_use]
    pub fn stream(&self) -> Option<&Stream> {
        self.loader.stream()
    }

    /// Index of the rendition whose media were appended last.
    #[must_use]
    pub fn rendition(&self) -> Option<usize> {
        self.ledger.rung()
    }

    /// The server's clock, ms since 1970.
    #[must_use]
    pub fn server_ms(&self, now: Instant) -> Option<f64> {
        self.clock.server_ms(now)
    }

    /// Figures as of now.
    #[must_use]
    pub fn stats(&self, now: Instant) -> Stats {
        // As of the last look: what was on the screen then.
        let server_ms = self.clock.server_ms(self.sampled.min(now));
        let latency_ms = server_ms.zip(self.made).map(|(server_ms, (at_s, made_ms))| {
            let shown_s = self.sample.shown.unwrap_or(self.sample.playhead);
            server_ms - (made_ms + (shown_s - at_s) * 1e3)
        });
        Stats {
            latency_ms: latency_ms.filter(|_| matches!(self.state, State::Live | State::Stalled)),
            buffer_ms: self.sample.ahead_s() * 1e3,
            target_ms: self.latency.target_s() * 1e3,
            estimate_bps: self.abr.estimate_bps(),
            stalls: self.stalls,
            stalled_ms: self.stalled_ms,
            dropped: self.sample.dropped,
            rate: self.latency.rate(),
            round_trip_ms: self.clock.round_trip_ms(),
        }
    }

    fn set_state(&mut self, state: State) {
        if self.state != state {
            self.state = state;
            self.out.push_back(Output::State(state));
        }
    }

    /// Playback begins anew in the same buffer.
    fn anew(&mut self, now: Instant) {
        self.ledger.rejoin();
        self.latency.handle(now, latency::Input::Join);
        self.gap.handle(now, gap::Input::Reset);
        self.buffer.handle(now, buffer::Input::Clear);
        self.out.push_back(Output::Clear);
    }

    /// A new MediaSource, after a pause that grows while nothing plays.
    fn broken(&mut self, now: Instant) {
        if self.rebuild.is_some() || self.stopped {
            return;
        }
        self.loader.handle(now, loader::Input::Stop);
        self.open = false;
        self.trial = None;
        self.rebuilds += 1;
        if self.rebuilds > REBUILDS_MAX {
            self.set_state(State::Error);
            self.out.push_back(Output::Pause);
            return;
        }
        let pause = Span(REBUILD_PAUSE.as_us() << (self.rebuilds - 1).min(8)).min(RETRY_LAST);
        self.rebuild = Some(now + pause);
    }

    fn unit(&mut self, now: Instant, request: RequestId, unit: &Unit) {
        let Some(rung) = self.arrivals.rung(request) else {
            self.out.push_back(Output::Drop);
            return;
        };
        match unit {
            Unit::Init { init, len } => match self.ledger.init(init) {
                InitVerdict::Keep => self.keep(now, request, *len),
                InitVerdict::Drop => self.out.push_back(Output::Drop),
                InitVerdict::Rebuild => {
                    self.out.push_back(Output::Drop);
                    self.broken(now);
                }
            },
            Unit::Chunk { chunk, len } => {
                if let Some((plays, bytes)) = self.arrivals.chunk(request, *len) {
                    self.abr.handle(now, abr::Input::Piece(plays, bytes, ledger::made(chunk)));
                }
                let before = self.ledger.rung();
                if self.ledger.chunk(request, rung, chunk) {
                    self.latency.handle(now, latency::Input::Joined(chunk.start_s()));
                    let (to_s, overloaded) = (self.ledger.reach_s(), self.abr.overloaded());
                    self.latency.handle(now, latency::Input::Reach { to_s, overloaded });
                    if chunk.kind == Kind::Video {
                        for at in chunk.starts_s() {
                            self.gap.handle(now, gap::Input::Frame(at));
                        }
                        if before != Some(rung) {
                            self.out.push_back(Output::Rendition(rung));
                        }
                    }
                    if let Some(made) = chunk.made {
                        self.made = Some((chunk.last_s(), made.as_ms() as f64));
                    }
                    self.keep(now, request, *len);
                } else {
                    self.out.push_back(Output::Drop);
                }
                self.loader.handle(now, loader::Input::Chunk(request, chunk.start_s(), chunk.end_s()));
            }
        }
    }

    fn piece(&mut self, now: Instant, request: RequestId, bytes: u64, made: Option<Wall>) {
        // Without a stamp it cannot be told from a pause of the encoder.
        if made.is_some()
            && let Some(plays) = self.arrivals.piece(request, bytes)
        {
            self.abr.handle(now, abr::Input::Piece(plays, bytes, made));
        }
    }

    fn keep(&mut self, now: Instant, request: RequestId, len: u64) {
        self.out.push_back(Output::Keep);
        self.buffer.handle(now, buffer::Input::Queued(request, len));
    }

    fn sampled(&mut self, now: Instant, sample: Sample) {
        self.sample = sample;
        self.sampled = now;
        let sample = || self.sample.clone();
        self.buffer.handle(now, buffer::Input::Sample(sample()));
        let (had_s, left_s) = self.loader.progress_s();
        self.abr.handle(now, abr::Input::Level(self.sample.ahead_s(), had_s, left_s));
        let round_trip_s = self.clock.round_trip_ms().unwrap_or_default() / 1e3;
        self.latency.handle(now, latency::Input::Link(self.abr.risk_s(), round_trip_s));
        self.latency.handle(now, latency::Input::Sample(sample()));
        self.looking = false;
        if self.buffer.idle()
            && let Some(to) = self.ledger.resume(&self.sample)
        {
            self.out.push_back(Output::Seek(to));
            // What stood in this sample has just been sent on.
            return;
        }
        if !self.latency.joining() && !self.paused && !self.asleep {
            self.gap.handle(now, gap::Input::Sample(sample()));
        }
    }

    fn splice(&mut self, now: Instant) {
        if self.ledger.release(&self.sample, self.gap.stalled()) {
            self.buffer.handle(now, buffer::Input::Hold(false));
        } else if self.ledger.released() && self.buffer.idle() && !self.looking {
            // What is on the screen must be known to the frame.
            self.looking = true;
            self.out.push_back(Output::Look);
        }
    }

    /// Carries outputs of the parts to each other until none is left.
    fn route(&mut self, now: Instant) {
        loop {
            self.splice(now);
            if let Some(output) = self.loader.poll() {
                self.loader_wants(now, output);
            } else if let Some(output) = self.abr.poll() {
                self.abr_wants(now, output);
            } else if let Some(output) = self.latency.poll() {
                self.latency_wants(now, output);
            } else if let Some(output) = self.gap.poll() {
                self.gap_wants(now, output);
            } else if let Some(output) = self.buffer.poll() {
                self.buffer_wants(now, output);
            } else if self.clock.poll().is_some() {
                self.out.push_back(Output::AskTime);
            } else {
                break;
            }
        }
    }

    fn loader_wants(&mut self, now: Instant, output: loader::Output) {
        match output {
            loader::Output::AskStream(after) => self.out.push_back(Output::AskStream(after)),
            loader::Output::Room(room) => match room {
                Room::Live if self.latency.joining() => self.set_state(State::Connecting),
                Room::Live => self.set_state(State::Live),
                Room::Offline => self.set_state(State::Offline),
                Room::Ended => self.set_state(State::Ended),
            },
            loader::Output::Epoch => {
                self.open = false;
                self.rebuilds = 0;
                self.anew(now);
            }
            loader::Output::Ladder => {
                let rung = |r: &Rendition| Rung { peak_bps: r.peak_bps, average_bps: r.average_bps };
                let ladder = self.renditions().iter().map(rung).collect();
                self.abr.handle(now, abr::Input::Ladder(ladder));
                self.choose(now);
                self.out.push_back(Output::Renditions);
            }
            loader::Output::Fetch { request, rung, number, overlap, join } => {
                self.fetch(now, request, rung, number, overlap, join);
            }
            loader::Output::Cancel(request) => {
                self.buffer.handle(now, buffer::Input::End(request));
                self.out.push_back(Output::Cancel(request));
            }
        }
    }

    fn fetch(
        &mut self,
        now: Instant,
        request: RequestId,
        rung: usize,
        number: u64,
        overlap: bool,
        join: bool,
    ) {
        let Some(stream) = self.loader.stream() else { return };
        let Some(rendition) = stream.renditions.get(rung).or(stream.renditions.last()) else { return };
        let (epoch, name, types) = (stream.epoch.clone(), rendition.name.clone(), rendition.codecs.clone());
        if join {
            self.anew(now);
        }
        if !self.open {
            self.open = true;
            self.ledger.reset();
            self.buffer = Buffer::default();
            // Where there is nothing else, one that failed is tried on like any other.
            let profile = codecs::profile(&types);
            let tried = codecs::asked(&types).is_none() || self.gave_up.iter().any(|gone| gone == profile);
            self.trial = (!tried).then(|| (profile.to_owned(), None));
            self.out.push_back(Output::Open(types));
        }
        if !join && self.number == Some(number) {
            self.ledger.again(request);
        }
        self.number = Some(number);
        if overlap && self.ledger.splice(request) {
            self.buffer.handle(now, buffer::Input::Hold(true));
        }
        self.arrivals.ask(request, rung);
        self.buffer.handle(now, buffer::Input::Begin(request));
        self.out.push_back(Output::Fetch { request, epoch, rendition: name, number, probe: None });
        self.look.get_or_insert(now);
    }

    fn abr_wants(&mut self, now: Instant, output: abr::Output) {
        match output {
            abr::Output::Prefer(rung) => self.loader.handle(now, loader::Input::Prefer(rung)),
            abr::Output::Abandon(rung) => self.loader.handle(now, loader::Input::Abandon(rung)),
            abr::Output::Probe(rung, bytes) => {
                let stream = self.loader.stream();
                let target = stream.and_then(|stream| {
                    let name = stream.renditions.get(rung)?.name.clone();
                    Some((stream.epoch.clone(), name, self.loader.finished()?))
                });
                match target.filter(|_| self.loader.long_requests() < 2) {
                    Some((epoch, rendition, number)) => {
                        self.probes = self.probes.wrapping_add(1).max(PROBES_FROM);
                        let (request, probe) = (self.probes, Some(bytes));
                        self.out.push_back(Output::Fetch { request, epoch, rendition, number, probe });
                    }
                    None => self.abr.handle(now, abr::Input::ProbeLater),
                }
            }
            abr::Output::StopProbe => self.out.push_back(Output::Cancel(self.probes)),
        }
    }

    fn latency_wants(&mut self, now: Instant, output: latency::Output) {
        match output {
            latency::Output::Start(at) => {
                self.gap.handle(now, gap::Input::Reset);
                self.out.extend(at.map(Output::Seek));
                self.out.push_back(Output::Start);
                if let Some((_, until)) = &mut self.trial {
                    until.get_or_insert(now + FIRST_PICTURE);
                }
                self.set_state(State::Live);
            }
            latency::Output::Rate(rate) => self.out.push_back(Output::Rate(rate, latency::keeps_pitch(rate))),
            latency::Output::Seek(at) => self.out.push_back(Output::Seek(at)),
        }
    }

    fn gap_wants(&mut self, now: Instant, output: gap::Output) {
        match output {
            gap::Output::Seek(at) if !self.ledger.splicing() => self.out.push_back(Output::Seek(at)),
            gap::Output::Seek(_) => {}
            gap::Output::Rebuild => self.broken(now),
            gap::Output::StallBegan(_) => {
                self.latency.handle(now, latency::Input::Underrun);
                self.abr.handle(now, abr::Input::Stalled);
                if self.state == State::Live {
                    self.set_state(State::Stalled);
                }
            }
            gap::Output::StallEnded(length) => {
                self.stalls += 1;
                self.stalled_ms += length.as_us() as f64 / 1e3;
                self.out.push_back(Output::Stall(length));
                if self.state == State::Stalled {
                    self.set_state(State::Live);
                }
            }
        }
    }

    fn buffer_wants(&mut self, now: Instant, output: buffer::Output) {
        match output {
            buffer::Output::Append(request) => self.out.push_back(Output::Append(request)),
            buffer::Output::Remove(from, to) => self.out.push_back(Output::Remove(from, to)),
            buffer::Output::Overflow => {
                self.anew(now);
                self.loader.handle(now, loader::Input::Rejoin);
            }
            buffer::Output::Broken => self.broken(now),
        }
    }

    fn choose(&mut self, now: Instant) {
        let (fixed, best) = self.choice.among(self.renditions());
        self.abr.handle(now, abr::Input::Fixed(fixed));
        self.abr.handle(now, abr::Input::Cap(best));
    }

    /// Fires what is due at `due`. Several looks that are late are one, `now`, and the next is where it would have been.
    fn fire(&mut self, due: Instant, now: Instant) {
        self.clock.tick(due);
        self.loader.tick(due);
        self.buffer.tick(due);
        if self.hidden_stop.is_some_and(|at| at <= due) {
            self.hidden_stop = None;
            self.asleep = true;
            self.sleep(due);
        }
        if self.rebuild.is_some_and(|at| at <= due) {
            self.rebuild = None;
            self.resume(due);
        }
        self.try_codec(due);
        if let Some(at) = self.look.filter(|at| *at <= due) {
            let missed = now.since(at).as_us() / SAMPLE_EVERY.as_us();
            self.look = Some(at + Span(SAMPLE_EVERY.as_us() * (missed + 1)));
            self.out.push_back(Output::Look);
        }
        self.route(due);
    }
}

impl Machine for Player {
    type Input = Input;
    type Output = Output;

    fn handle(&mut self, now: Instant, input: Input) {
        self.tick(now);
        match input {
            Input::Start => {
                if self.stopped {
                    self.stopped = false;
                    // What fell due meanwhile had nobody to wake for.
                    self.fire(now, now);
                }
                self.resume(now);
            }
            Input::Stop => {
                self.stopped = true;
                self.sleep(now);
                self.look = None;
                self.rebuild = None;
                self.trial = None;
                self.hidden_stop = None;
                self.open = false;
            }
            Input::Pause => {
                self.paused = true;
                self.sleep(now);
            }
            Input::Play => {
                let again = self.paused || self.state == State::Error;
                self.paused = false;
                if again {
                    self.rebuilds = 0;
                    self.resume(now);
                }
            }
            Input::GoLive => {
                self.latency.handle(now, latency::Input::GoLive);
                self.look = self.look.map(|_| now);
                self.loader.handle(now, loader::Input::Hurry);
            }
            Input::Online => self.loader.handle(now, loader::Input::Hurry),
            wish @ (Input::Quality(_) | Input::Cap(_)) => {
                self.choice.learn(wish);
                self.choose(now);
            }
            Input::Hidden { hidden, silent } => self.hide(now, hidden, silent),
            Input::Stream(told) => self.loader.handle(now, loader::Input::Stream(told)),
            Input::Time(input) => self.clock.handle(now, input),
            Input::Opened(request, independent, hint, short) => {
                self.abr.handle(now, abr::Input::Opened(hint, short));
                self.loader.handle(now, loader::Input::Opened(request, independent));
            }
            Input::Piece(request, bytes, made) => self.piece(now, request, bytes, made),
            Input::Unit(request, unit) => self.unit(now, request, &unit),
            Input::Finished(request) => {
                self.buffer.handle(now, buffer::Input::End(request));
                self.loader.handle(now, loader::Input::Finished(request));
            }
            Input::Failed(request, ..) if request >= PROBES_FROM => {
                self.abr.handle(now, abr::Input::ProbeFailed);
            }
            Input::Failed(request, status, after) => {
                self.buffer.handle(now, buffer::Input::End(request));
                self.loader.handle(now, loader::Input::Failed(request, status, after));
            }
            Input::Probed(bytes, took) => self.abr.handle(now, abr::Input::Probed(bytes, took)),
            Input::Ready => self.buffer.handle(now, buffer::Input::Ready),
            Input::Done(bytes) => {
                self.buffer.handle(now, buffer::Input::Done(bytes));
                // What playback begins with does not wait for the next look.
                if self.latency.joining() && self.look.is_some() && self.buffer.idle() {
                    self.out.push_back(Output::Look);
                }
            }
            Input::Full => self.buffer.handle(now, buffer::Input::Full),
            Input::Broken if self.give_up_codec() => {}
            Input::Broken => self.broken(now),
            Input::Sample(sample) => {
                if sample.decoded > 0 {
                    self.trial = None;
                }
                if sample.decoded > PLAYS_FRAMES {
                    self.rebuilds = 0;
                }
                self.sampled(now, sample);
            }
        }
        self.route(now);
    }

    fn tick(&mut self, now: Instant) {
        while let Some((due, _)) = self.wake().filter(|(due, _)| *due <= now) {
            self.fire(due, now);
        }
    }

    fn poll(&mut self) -> Option<Output> {
        self.out.pop_front()
    }

    fn wake(&self) -> Option<(Instant, &'static str)> {
        if self.stopped {
            return None;
        }
        let own = |at: Option<Instant>, why| at.map(|at| (at, why));
        first(&[
            own(self.look, "look at the element"),
            own(self.rebuild, "build a new buffer"),
            own(self.trial.as_ref().and_then(|(_, until)| *until), "the first picture of a codec"),
            own(self.hidden_stop, "stop loading for a hidden page"),
            self.clock.wake(),
            self.loader.wake(),
            self.buffer.wake(),
        ])
    }
}
