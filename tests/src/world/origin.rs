//! The server of the world: its core's room, and the part of its HTTP that a player uses. Holds requests as the shell does.

use super::WALL_MS;
use super::camera::Camera;
use super::link::{Cargo, Link, NOTES};
use super::parts::{LIST_BYTES, PART_BYTES, Parts, Send};
use bytes::Bytes;
use hawker_server_core::media::frame::Event;
use hawker_server_core::media::live::{Answer, Input, Live, PublisherId, Rules};
use hawker_server_core::media::window::Limits;
use hawker_server_core::media::window::request::{Reply, Request, What};
use hawker_wire::proto::Stream;
use hawker_wire::{Instant, Machine, Span, Wall};
use std::collections::BTreeMap;

/// What a page asks.
#[derive(Clone, Debug)]
pub(super) enum Call {
    /// A segment, or so many bytes of it.
    Fetch { request: u32, epoch: String, rendition: String, number: u64, probe: Option<u32> },
    /// Break off.
    Cancel(u32),
    /// The room's state.
    Stream { turn: u32, after: Option<u64> },
    /// The clock.
    Time { turn: u32 },
    /// A part of the segment that this request is for.
    Part { request: u32, part: u32 },
}

/// What short answers say; cargo carries their key.
#[derive(Clone, Debug)]
pub(super) enum Note {
    /// The room's state, for this turn.
    Stream(u32, Box<Stream>),
    /// The server's clock, for this turn.
    Time(u32, f64),
    /// A playlist came by which so many parts have an address.
    Lists(u32, u32),
    /// A part came.
    Came(u32),
    /// The page asks for a part of this request's segment.
    Ask(u32, u32),
}

#[derive(Debug)]
struct Open {
    request: u32,
    epoch: String,
    rendition: String,
    number: u64,
    cursor: usize,
    begun: bool,
    asked_us: u64,
    parts: Parts,
}

/// See the module text.
#[derive(Debug)]
pub(super) struct Origin {
    live: Live,
    began_us: u64,
    publishers: BTreeMap<&'static str, PublisherId>,
    ids: u64,
    coming: Vec<(u64, Call)>,
    open: Vec<Open>,
    polls: Vec<(u32, u64, u64)>,
    notes: BTreeMap<u64, Note>,
    /// Segments go part by part, as plain LL-HLS has them.
    pub(super) in_parts: bool,
    /// What stands before a segment's chunks, which a page has once.
    inits: BTreeMap<u32, Bytes>,
}

/// How long a request is held.
const HOLD_US: u64 = 10_000_000;

fn wall(now_us: u64) -> Wall {
    Wall(WALL_MS + now_us / 1_000)
}

impl Origin {
    pub(super) fn new(now_us: u64) -> Self {
        let rules = Rules {
            reconnect_grace: Span::from_secs(10),
            window: Limits { length_ms: 30_000, bytes: 256 << 20 },
        };
        Self {
            live: Live::new(rules, false, wall(now_us)),
            began_us: now_us,
            publishers: BTreeMap::new(),
            ids: 0,
            coming: Vec::new(),
            open: Vec::new(),
            polls: Vec::new(),
            notes: BTreeMap::new(),
            in_parts: false,
            inits: BTreeMap::new(),
        }
    }

    /// When the epoch's first frame came.
    pub(super) fn began_us(&self) -> u64 {
        self.began_us
    }

    pub(super) fn attach(&mut self, now_us: u64, camera: &Camera) {
        if self.publishers.is_empty() {
            self.began_us = now_us;
        }
        for rendition in camera.renditions() {
            self.ids += 1;
            let id = PublisherId(self.ids);
            self.publishers.insert(rendition, id);
            self.live.handle(Instant(now_us), Input::Attach(id, rendition.into()));
            for config in camera.configs() {
                self.event(now_us, rendition, config);
            }
        }
    }

    pub(super) fn event(&mut self, now_us: u64, rendition: &str, event: Event) {
        if let Some(id) = self.publishers.get(rendition) {
            self.live.handle(Instant(now_us), Input::Event(*id, event, wall(now_us)));
        }
    }

    pub(super) fn detach(&mut self, now_us: u64) {
        for (_, id) in std::mem::take(&mut self.publishers) {
            self.live.handle(Instant(now_us), Input::Detach(id));
        }
    }

    pub(super) fn ended(&mut self, now_us: u64, ended: bool) {
        self.live.handle(Instant(now_us), Input::Ended(ended));
    }

    /// A request that arrives at this time.
    pub(super) fn call(&mut self, at_us: u64, call: Call, _link: &mut Link) {
        self.coming.push((at_us, call));
    }

    pub(super) fn note(&mut self, key: u64) -> Option<Note> {
        let note = self.notes.remove(&key)?;
        let (Note::Lists(request, _) | Note::Came(request)) = note else { return Some(note) };
        let parts = &mut self.open.iter_mut().find(|open| open.request == request)?.parts;
        let wanted = if let Note::Lists(_, known) = note { parts.told(known) } else { parts.came() };
        wanted.map(|part| Note::Ask(request, part))
    }

    /// The init segment that a page put before what this request brings.
    pub(super) fn init(&mut self, request: u32) -> Option<Bytes> {
        self.inits.remove(&request)
    }

    pub(super) fn next_us(&self) -> Option<u64> {
        let calls = self.coming.iter().map(|(at, _)| *at).min();
        let held = self.open.iter().filter(|open| !open.begun).map(|open| open.asked_us + HOLD_US).min();
        let polls = self.polls.iter().map(|(_, _, until)| *until).min();
        let live = self.live.wake().map(|(at, _)| at.as_us());
        [calls, held, polls, live].into_iter().flatten().min()
    }

    pub(super) fn step(&mut self, now_us: u64, link: &mut Link) {
        self.live.tick(Instant(now_us));
        while self.live.poll().is_some() {}
        let (due, later) = std::mem::take(&mut self.coming).into_iter().partition(|(at, _)| *at <= now_us);
        self.coming = later;
        let due: Vec<(u64, Call)> = due;
        for (_, call) in due {
            self.take(now_us, call, link);
        }
        let version = self.live.version();
        let (answered, held) = std::mem::take(&mut self.polls)
            .into_iter()
            .partition(|(_, after, until)| *after != version || *until <= now_us);
        self.polls = held;
        let answered: Vec<(u32, u64, u64)> = answered;
        for (turn, ..) in answered {
            self.tell_stream(now_us, turn, link);
        }
        let mut open = std::mem::take(&mut self.open);
        open.retain_mut(|open| self.serve(now_us, open, link));
        self.open = open;
    }

    fn take(&mut self, now_us: u64, call: Call, link: &mut Link) {
        match call {
            Call::Cancel(request) => {
                self.open.retain(|open| open.request != request);
                link.cancel(request);
            }
            Call::Part { request, part } => {
                if let Some(open) = self.open.iter_mut().find(|open| open.request == request) {
                    open.parts.ask(part);
                }
            }
            Call::Stream { turn, after } if after == Some(self.live.version()) => {
                self.polls.push((turn, self.live.version(), now_us + 20_000_000));
            }
            Call::Stream { turn, .. } => self.tell_stream(now_us, turn, link),
            Call::Time { turn } => {
                self.tell(now_us, NOTES, Note::Time(turn, WALL_MS as f64 + now_us as f64 / 1e3), link)
            }
            Call::Fetch { request, epoch, rendition, number, probe: None } => {
                self.open.push(Open {
                    request,
                    epoch,
                    rendition,
                    number,
                    cursor: 0,
                    begun: false,
                    asked_us: now_us,
                    parts: Parts::default(),
                });
            }
            Call::Fetch { request, epoch, rendition, number, probe: Some(bytes) } => {
                let what = What::Object(number);
                let status = match self.live.reply(&Request::Of { epoch, rendition, what }) {
                    Answer::Live(Reply::Whole(whole)) => {
                        link.send(now_us, request, Cargo::Head(request, 206, true, None));
                        let mut left = bytes as usize;
                        for mut piece in whole.bytes {
                            let piece = piece.split_to(piece.len().min(left));
                            left -= piece.len();
                            link.send(now_us, request, Cargo::Bytes(request, piece));
                        }
                        link.send(now_us, request, Cargo::End(request));
                        return;
                    }
                    _ => 404,
                };
                link.send(now_us, request, Cargo::Head(request, status, true, None));
            }
        }
    }

    fn tell_stream(&mut self, now_us: u64, turn: u32, link: &mut Link) {
        let stream = Box::new(self.live.stream(wall(now_us)));
        self.tell(now_us, NOTES, Note::Stream(turn, stream), link);
    }

    /// Behind what was sent before on this lane.
    fn tell(&mut self, now_us: u64, lane: u32, note: Note, link: &mut Link) {
        self.ids += 1;
        self.notes.insert(self.ids, note);
        link.send(now_us, lane, Cargo::Note(self.ids));
    }

    /// Sends what there is; `false`: the request is answered.
    fn serve(&mut self, now_us: u64, open: &mut Open, link: &mut Link) -> bool {
        let request = open.request;
        if self.in_parts
            && let Some(goes_on) = self.serve_parts(now_us, open, link)
        {
            return goes_on;
        }
        if !open.begun {
            let what = What::Object(open.number);
            let of = Request::Of { epoch: open.epoch.clone(), rendition: open.rendition.clone(), what };
            let refuse = |link: &mut Link, status| {
                link.send(now_us, request, Cargo::Head(request, status, true, None));
                false
            };
            match self.live.reply(&of) {
                Answer::Live(Reply::Whole(whole)) => {
                    let hint = link.delivery_bps();
                    link.send(now_us, request, Cargo::Head(request, 200, whole.independent, hint));
                    for bytes in whole.bytes {
                        link.send(now_us, request, Cargo::Bytes(request, bytes));
                    }
                    link.send(now_us, request, Cargo::End(request));
                    return false;
                }
                Answer::Live(Reply::Follow(follow)) => {
                    open.begun = true;
                    open.cursor = follow.cursor;
                    let hint = link.delivery_bps();
                    link.send(now_us, request, Cargo::Head(request, 200, follow.independent, hint));
                    for bytes in follow.bytes {
                        link.send(now_us, request, Cargo::Bytes(request, bytes));
                    }
                    if follow.finished {
                        link.send(now_us, request, Cargo::End(request));
                        return false;
                    }
                    return true;
                }
                Answer::Live(Reply::Wait) if now_us - open.asked_us < HOLD_US => return true,
                Answer::Live(Reply::Wait) => return refuse(link, 503),
                Answer::Live(Reply::Gone) => return refuse(link, 410),
                Answer::Live(_) | Answer::Offline | Answer::Ended => return refuse(link, 404),
            }
        }
        match self.live.follow(&open.epoch, &open.rendition, &What::Object(open.number), open.cursor) {
            Some(follow) => {
                open.cursor = follow.cursor;
                for bytes in follow.bytes {
                    link.send(now_us, request, Cargo::Bytes(request, bytes));
                }
                if follow.finished {
                    link.send(now_us, request, Cargo::End(request));
                }
                !follow.finished
            }
            None => {
                link.send(now_us, request, Cargo::End(request));
                false
            }
        }
    }

    /// The same part by part; `None`: there is nothing of this segment.
    fn serve_parts(&mut self, now_us: u64, open: &mut Open, link: &mut Link) -> Option<bool> {
        let request = open.request;
        let of = (&*open.epoch, &*open.rendition, open.number);
        let init = self.before_chunks(of)?;
        open.begun = true;
        while let Some(send) = open.parts.next(&self.live, of) {
            match send {
                Send::Lists(known) => {
                    link.send(now_us, NOTES, Cargo::Bytes(NOTES, Bytes::from_static(&[0; LIST_BYTES])));
                    self.tell(now_us, NOTES, Note::Lists(request, known), link);
                }
                Send::Part { chunks, first, independent } => {
                    if first {
                        self.inits.insert(request, init.clone());
                        link.send(now_us, request, Cargo::Head(request, 200, independent, None));
                    }
                    link.send(now_us, request, Cargo::Bytes(NOTES, Bytes::from_static(&[0; PART_BYTES])));
                    for bytes in chunks {
                        link.send(now_us, request, Cargo::Bytes(request, bytes));
                    }
                    self.tell(now_us, request, Note::Came(request), link);
                }
                Send::End => {
                    link.send(now_us, request, Cargo::End(request));
                    return Some(false);
                }
            }
        }
        Some(true)
    }

    /// `ftyp moov` of a segment.
    fn before_chunks(&self, (epoch, rendition, number): (&str, &str, u64)) -> Option<Bytes> {
        let what = What::Object(number);
        match self.live.reply(&Request::Of { epoch: epoch.into(), rendition: rendition.into(), what }) {
            Answer::Live(Reply::Whole(whole)) => whole.bytes.into_iter().next(),
            Answer::Live(Reply::Follow(follow)) => follow.bytes.into_iter().next(),
            Answer::Live(_) | Answer::Offline | Answer::Ended => None,
        }
    }
}
