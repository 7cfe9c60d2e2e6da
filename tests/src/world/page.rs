//! The page of the world: drives the player's core as the browser's shell does, and keeps what waits to be appended.

use super::link::Cargo;
use super::mse::Mse;
use super::origin::{Call, Note, Origin};
use bytes::Bytes;
use hawker_player_core::media::clock;
use hawker_player_core::media::gate::{self, Gate};
use hawker_player_core::media::player::{Input, Output, Player};
use hawker_player_core::media::probe::Probe;
use hawker_wire::media::{Scanner, Unit};
use hawker_wire::{Instant, Machine};
use std::collections::BTreeMap;

/// What an append takes: Chromium's order of magnitude.
const APPEND_US: u64 = 1_500;
/// What a new MediaSource takes to open.
const OPEN_US: u64 = 8_000;

#[derive(Debug)]
struct Fetch {
    scanner: Scanner,
    unit: Vec<u8>,
    probe: Option<Probe>,
    rung: usize,
}

/// See the module text.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) player: Player,
    /// Without what our server tells.
    pub(super) plain: bool,
    /// Our server's UDP carries it.
    pub(super) udp: bool,
    gate: Gate,
    fetches: BTreeMap<u32, Fetch>,
    /// Request, rung, units.
    queue: Vec<(u32, usize, Vec<u8>)>,
    offered: Option<(u32, usize, Vec<u8>)>,
    /// Renditions by the order in which they were fetched first.
    pub(super) names: Vec<String>,
    /// Operations of the element that end later.
    later: Vec<(u64, u32, Input)>,
    sources: u32,
    appending: Option<(u32, usize)>,
    calls: Vec<Call>,
    stream_turn: u32,
    time_sent: Option<(u32, u64)>,
    turns: u32,
    requests_max: usize,
}

impl Page {
    pub(super) fn new(now_us: u64, seed: u64) -> Self {
        Self {
            player: Player::new(Instant(now_us), seed),
            plain: false,
            udp: false,
            gate: Gate::default(),
            fetches: BTreeMap::new(),
            queue: Vec::new(),
            offered: None,
            names: Vec::new(),
            later: Vec::new(),
            sources: 0,
            appending: None,
            calls: Vec::new(),
            stream_turn: 0,
            time_sent: None,
            turns: 0,
            requests_max: 0,
        }
    }

    pub(super) fn take_requests_max(&mut self) -> usize {
        std::mem::take(&mut self.requests_max)
    }

    pub(super) fn calls(&mut self) -> Vec<Call> {
        std::mem::take(&mut self.calls)
    }

    pub(super) fn next_us(&self) -> Option<u64> {
        let wake = self.player.wake().map(|(at, _)| at.as_us());
        [wake, self.later.iter().map(|(at, ..)| *at).min()].into_iter().flatten().min()
    }

    pub(super) fn step(&mut self, now_us: u64, mse: &mut Mse) {
        while let Some(at) = self.later.iter().position(|(at, ..)| *at <= now_us) {
            let (_, source, input) = self.later.remove(at);
            if source == self.sources {
                if let (Input::Done(_), Some((request, views))) = (&input, self.appending.take()) {
                    let at = self.queue.iter().position(|(id, ..)| *id == request);
                    if let Some(at) = at.filter(|_| views > 0) {
                        self.queue.remove(at);
                    }
                }
                self.input(now_us, input, mse);
            }
        }
        self.player.tick(Instant(now_us));
        self.carry_out(now_us, mse);
    }

    pub(super) fn input(&mut self, now_us: u64, input: Input, mse: &mut Mse) {
        self.player.handle(Instant(now_us), input);
        self.carry_out(now_us, mse);
    }

    pub(super) fn arrived(&mut self, now_us: u64, cargo: Cargo, mse: &mut Mse, origin: &mut Origin) {
        match cargo {
            Cargo::Note(key) => match origin.note(key) {
                Some(Note::Stream(turn, stream)) if turn == self.stream_turn => {
                    self.input(now_us, Input::Stream(Some(stream)), mse);
                }
                Some(Note::Time(turn, server_ms)) => {
                    if let Some((_, sent)) = self.time_sent.filter(|(sent_turn, _)| *sent_turn == turn) {
                        let reply = clock::Input::Reply { sent: Instant(sent), server_ms };
                        self.input(now_us, Input::Time(reply), mse);
                    }
                }
                Some(Note::Ask(request, part)) if self.fetches.contains_key(&request) => {
                    self.calls.push(Call::Part { request, part });
                }
                Some(Note::Stream(..) | Note::Lists(..) | Note::Came(_) | Note::Ask(..)) | None => {}
            },
            Cargo::Head(request, status, independent, hint) => {
                let Some(fetch) = self.fetches.get_mut(&request) else { return };
                if let Some(probe) = &mut fetch.probe {
                    probe.begin(Instant(now_us));
                }
                if status >= 400 {
                    self.fetches.remove(&request);
                    self.input(now_us, Input::Failed(request, status, None), mse);
                } else if fetch.probe.is_none() {
                    self.input(
                        now_us,
                        Input::Opened(request, independent, hint.filter(|_| !self.plain), self.udp),
                        mse,
                    );
                    if let Some(init) = origin.init(request) {
                        self.bytes(now_us, request, &init, mse);
                    }
                }
            }
            Cargo::Bytes(request, bytes) => self.bytes(now_us, request, &bytes, mse),
            Cargo::End(request) => {
                let Some(fetch) = self.fetches.remove(&request) else { return };
                let input = match fetch.probe.as_ref().map(Probe::seen) {
                    Some(Some((bytes, took))) => Input::Probed(bytes, took),
                    Some(None) => Input::Failed(request, 0, None),
                    None => Input::Finished(request),
                };
                self.input(now_us, input, mse);
            }
        }
    }

    fn bytes(&mut self, now_us: u64, request: u32, bytes: &Bytes, mse: &mut Mse) {
        let Some(fetch) = self.fetches.get_mut(&request) else { return };
        if let Some(probe) = &mut fetch.probe {
            let _ = probe.piece(Instant(now_us), bytes.len() as u64);
            return;
        }
        fetch.unit.extend_from_slice(bytes);
        let mut units: Vec<(Unit, Vec<u8>)> = Vec::new();
        let mut scanned = Vec::new();
        let fed = fetch.scanner.feed(bytes, |unit| scanned.push(unit));
        for mut unit in scanned {
            if self.plain
                && let Unit::Chunk { chunk, .. } = &mut unit
            {
                chunk.made = None;
            }
            let len = match &unit {
                Unit::Init { len, .. } | Unit::Chunk { len, .. } => {
                    usize::try_from(*len).unwrap_or(usize::MAX)
                }
            };
            let rest = fetch.unit.split_off(len.min(fetch.unit.len()));
            units.push((unit, std::mem::replace(&mut fetch.unit, rest)));
        }
        if fed.is_err() {
            self.fetches.remove(&request);
            self.input(now_us, Input::Failed(request, 0, None), mse);
            return;
        }
        let (rest, made) =
            (fetch.unit.len().min(bytes.len()) as u64, fetch.scanner.made().filter(|_| !self.plain));
        let rung = fetch.rung;
        for (unit, bytes) in units {
            if !self.fetches.contains_key(&request) {
                return;
            }
            self.offered = Some((request, rung, bytes));
            self.input(now_us, Input::Unit(request, unit), mse);
            self.offered = None;
        }
        if rest > 0 && self.fetches.contains_key(&request) {
            self.input(now_us, Input::Piece(request, rest, made), mse);
        }
    }

    /// A managed MediaSource wants media, or none for now.
    pub(super) fn streaming(&mut self, now_us: u64, streaming: bool, mse: &mut Mse) {
        self.gate.handle(Instant(now_us), gate::Input::Streaming(streaming));
        self.carry_out(now_us, mse);
    }

    /// The next thing to do; the gate stands between the player and the network, as in the browser's shell.
    fn next(&mut self, now_us: u64) -> Option<Output> {
        loop {
            match self.gate.poll() {
                Some(gate::Output::Do(output)) => return Some(output),
                Some(gate::Output::Tell(input)) => self.player.handle(Instant(now_us), input),
                None => self.gate.handle(Instant(now_us), gate::Input::Wants(self.player.poll()?)),
            }
        }
    }

    fn carry_out(&mut self, now_us: u64, mse: &mut Mse) {
        while let Some(output) = self.next(now_us) {
            match output {
                Output::AskStream(after) => {
                    self.turns += 1;
                    self.stream_turn = self.turns;
                    self.calls.push(Call::Stream { turn: self.turns, after });
                }
                Output::AskTime => {
                    self.turns += 1;
                    self.time_sent = Some((self.turns, now_us));
                    self.calls.push(Call::Time { turn: self.turns });
                }
                Output::Fetch { request, epoch, rendition, number, probe } => {
                    let known = self.names.iter().position(|name| *name == rendition);
                    let rung = known.unwrap_or(self.names.len());
                    if known.is_none() {
                        self.names.push(rendition.clone());
                    }
                    let fetch = Fetch {
                        rung,
                        scanner: Scanner::new(),
                        unit: Vec::new(),
                        probe: probe.map(Probe::new),
                    };
                    self.fetches.insert(request, fetch);
                    let long = self.fetches.values().filter(|fetch| fetch.probe.is_none()).count();
                    self.requests_max = self.requests_max.max(long);
                    self.calls.push(Call::Fetch { request, epoch, rendition, number, probe });
                }
                Output::Cancel(request) => {
                    self.fetches.remove(&request);
                    self.calls.push(Call::Cancel(request));
                }
                Output::Open(codecs) => {
                    self.queue.clear();
                    self.appending = None;
                    self.sources += 1;
                    mse.open(&codecs);
                    self.later.push((now_us + OPEN_US, self.sources, Input::Ready));
                }
                Output::Unplayable(_) => {
                    self.player.handle(Instant(now_us), Input::Stop);
                    self.player.handle(Instant(now_us), Input::Start);
                }
                Output::Keep => self.queue.extend(self.offered.take()),
                Output::Drop => self.offered = None,
                Output::Clear => self.queue.clear(),
                Output::Append(request) => self.append(now_us, request, mse),
                Output::Remove(_, to) => {
                    mse.remove(to);
                    self.later.push((now_us + APPEND_US, self.sources, Input::Done(0)));
                }
                Output::Seek(at) => mse.seek(at),
                Output::Rate(rate, pitch) => mse.set_rate(rate, pitch),
                Output::Start => mse.play(),
                Output::Pause => mse.pause(),
                Output::Look => {
                    let sample = mse.sample();
                    self.player.handle(Instant(now_us), Input::Sample(sample));
                }
                Output::State(_) | Output::Renditions | Output::Rendition(_) | Output::Stall(_) => {}
            }
        }
    }

    fn append(&mut self, now_us: u64, request: u32, mse: &mut Mse) {
        // As the shell: everything of this request that waits goes in one append.
        let mut bytes = Vec::new();
        let mut rest = Vec::new();
        let mut of = 0;
        for (id, rung, unit) in std::mem::take(&mut self.queue) {
            if id == request {
                bytes.extend(unit);
                of = rung;
            } else {
                rest.push((id, rung, unit));
            }
        }
        mse.append(&bytes, of);
        let length = bytes.len() as u64;
        self.queue = rest;
        self.appending = Some((request, 0));
        self.later.push((now_us + APPEND_US, self.sources, Input::Done(length)));
    }
}
