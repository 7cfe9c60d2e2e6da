//! The page's end of the room's socket: connect, greet, follow, resume, say, like, hold. Decides when and what to send;
//! owns no socket (`ui/src/room/link.rs` does) and paints nothing.

use super::backoff::{self, After};
use super::limits;
use super::server_time::ServerTime;
use super::view::{Change, Room};
use crate::random::Random;
use hawker_wire::machine::first;
use hawker_wire::proto::{
    Batch, ClientFrame, Hello, Like, Ping, Position, Say, ServerFrame, Welcome, client_frame, goodbye::Code,
    server_frame,
};
use hawker_wire::{Instant, Machine, Span, Wall, slim};
use std::collections::VecDeque;

pub use super::contract::{Identity, Input, Output, Status};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Closed,
    Connecting { since: Instant },
    Greeting { since: Instant },
    Live { since: Instant, heard: Instant, pinged: Option<Instant> },
    Waiting { until: Instant },
    Refused { code: u16 },
}

/// The room client. See [`Input`] and [`Output`].
#[derive(Debug)]
pub struct Client {
    identity: Identity,
    random: Random,
    phase: Phase,
    status: Status,
    attempt: u32,
    position: Option<Position>,
    room: Room,
    time: ServerTime,
    taps: u32,
    taps_since: Option<Instant>,
    next_request: u64,
    says: Vec<(u64, String)>,
    out: VecDeque<Output>,
}

impl Client {
    /// A client outside the room. `seed` spreads reconnects of many pages.
    #[must_use]
    pub fn new(identity: Identity, seed: u64) -> Self {
        Self {
            identity,
            random: Random::new(seed),
            phase: Phase::Closed,
            status: Status::Closed,
            attempt: 0,
            position: None,
            room: Room::default(),
            time: ServerTime::default(),
            taps: 0,
            taps_since: None,
            next_request: 1,
            says: Vec::new(),
            out: VecDeque::new(),
        }
    }

    /// What is known of the room.
    #[must_use]
    pub const fn room(&self) -> &Room {
        &self.room
    }

    /// Where the connection stands.
    #[must_use]
    pub const fn status(&self) -> Status {
        self.status
    }

    /// The server's wall clock; `None` before the first Welcome.
    #[must_use]
    pub fn server_time(&self, now: Instant) -> Option<Wall> {
        self.time.at(now)
    }

    fn emit(&mut self, output: Output) {
        if self.out.len() >= limits::OUTPUTS {
            self.out.pop_front();
        }
        self.out.push_back(output);
    }

    fn send(&mut self, kind: client_frame::Kind) {
        self.emit(Output::Send(slim::write(&ClientFrame { kind: Some(kind) })));
    }

    fn live(&self) -> bool {
        matches!(self.phase, Phase::Live { .. })
    }

    fn show(&mut self) {
        let status = match self.phase {
            Phase::Closed => Status::Closed,
            Phase::Live { .. } => Status::Live,
            Phase::Refused { code } => Status::Refused(code),
            Phase::Connecting { .. } | Phase::Greeting { .. } | Phase::Waiting { .. } => {
                if self.position.is_some() || self.attempt > 0 {
                    Status::Reconnecting
                } else {
                    Status::Connecting
                }
            }
        };
        if status != self.status {
            self.status = status;
            self.emit(Output::Status(status));
        }
    }

    fn connect(&mut self, now: Instant) {
        self.phase = Phase::Connecting { since: now };
        self.emit(Output::Connect);
    }

    fn greet(&mut self, now: Instant) {
        self.phase = Phase::Greeting { since: now };
        let Identity { guest, token, name } = self.identity.clone();
        self.send(client_frame::Kind::Hello(Hello {
            version: 1,
            guest,
            token,
            name,
            resume: self.position.clone(),
        }));
    }

    fn lost(&mut self, now: Instant, code: u16) {
        if matches!(self.phase, Phase::Closed | Phase::Refused { .. } | Phase::Waiting { .. }) {
            return;
        }
        if let Phase::Live { since, .. } = self.phase
            && now.since(since) >= limits::BACKOFF_RESET
        {
            self.attempt = 0;
        }
        for (_, text) in std::mem::take(&mut self.says) {
            self.emit(Output::Said(text, None));
        }
        self.phase = match backoff::after(code) {
            After::Stay => Phase::Refused { code },
            After::Reconnect => {
                // A full room is asked less often than one that restarts.
                let steps = if code == Code::Busy as u16 { 3 } else { 1 };
                self.attempt = self.attempt.saturating_add(steps);
                let wait = backoff::wait(self.attempt - 1, &mut self.random);
                Phase::Waiting { until: now + wait }
            }
        };
    }

    fn give_up(&mut self, now: Instant) {
        self.emit(Output::Disconnect);
        self.lost(now, 1_006);
    }

    fn frame(&mut self, now: Instant, bytes: &[u8]) {
        if matches!(self.phase, Phase::Closed | Phase::Waiting { .. } | Phase::Refused { .. }) {
            return;
        }
        if bytes.len() > limits::FRAME_BYTES {
            self.give_up(now);
            return;
        }
        let Some(frame) = slim::read::<ServerFrame>(bytes) else {
            self.give_up(now);
            return;
        };
        if let Phase::Live { since, .. } = self.phase {
            self.phase = Phase::Live { since, heard: now, pinged: None };
        }
        match frame.kind {
            Some(server_frame::Kind::Welcome(welcome)) => self.welcomed(now, welcome),
            Some(server_frame::Kind::Batch(batch)) if self.live() => self.batch(batch),
            Some(server_frame::Kind::SayReply(mut reply)) => {
                // Under flood the batch may leave the own message out: it is shown from here, once.
                if let Some(message) = reply.said.take()
                    && let Some(change) = self.room.said(message)
                {
                    self.emit(Output::Room(change));
                }
                if let Some(at) = self.says.iter().position(|(request, _)| *request == reply.request) {
                    let (_, text) = self.says.remove(at);
                    self.emit(Output::Said(text, Some(reply)));
                }
            }
            Some(server_frame::Kind::HoldReply(reply)) => self.emit(Output::HoldReply(reply)),
            Some(server_frame::Kind::Hold(hold)) => self.emit(Output::Hold(hold)),
            Some(server_frame::Kind::Pong(pong)) => {
                self.time.learn(
                    now,
                    Span::from_ms(now.as_ms().saturating_sub(pong.sent)),
                    Wall(pong.wall_ms),
                );
            }
            // The close code that follows says the same.
            Some(server_frame::Kind::Goodbye(_) | server_frame::Kind::Batch(_)) | None => {}
        }
    }

    fn welcomed(&mut self, now: Instant, mut welcome: Welcome) {
        let Phase::Greeting { since } = self.phase else { return };
        self.time.learn(now, now.since(since), Wall(welcome.wall_ms));
        self.phase = Phase::Live { since: now, heard: now, pinged: None };
        if !welcome.guest.is_empty() && welcome.guest != self.identity.guest {
            self.identity.guest = std::mem::take(&mut welcome.guest);
            self.emit(Output::KeepGuest(self.identity.guest.clone()));
        }
        self.position = welcome.position.take();
        self.room.welcome(&mut welcome);
        let resumed = welcome.resumed;
        self.emit(Output::Room(Change::Everything));
        self.emit(Output::Holds(std::mem::take(&mut welcome.holds)));
        for event in std::mem::take(&mut welcome.missed) {
            let change = self.room.fold(event);
            // What was said before this page came is history for the list, not news for the stage.
            if resumed && let Some(change) = change {
                self.emit(Output::Room(change));
            }
        }
        if !resumed {
            self.emit(Output::Room(Change::Everything));
        }
        if self.taps > 0 {
            self.flush_taps();
        }
    }

    fn batch(&mut self, batch: Batch) {
        let seen = self.position.as_ref().map_or(0, |position| position.offset);
        for event in batch.events {
            if (event.offset == 0 || event.offset > seen)
                && let Some(change) = self.room.fold(event)
            {
                self.emit(Output::Room(change));
            }
        }
        if let Some(position) = &mut self.position {
            position.offset = position.offset.max(batch.offset);
        }
        let omitted = u64::from(batch.omitted) + u64::from(batch.skipped);
        if omitted > 0 {
            self.room.omitted = self.room.omitted.saturating_add(omitted);
            self.emit(Output::Room(Change::Omitted));
        }
    }

    fn flush_taps(&mut self) {
        self.taps_since = None;
        if self.live() && self.taps > 0 {
            let taps = std::mem::take(&mut self.taps);
            self.send(client_frame::Kind::Like(Like { taps }));
        }
    }

    fn say(&mut self, text: String) {
        if !self.live() || self.says.len() >= limits::SAYS {
            self.emit(Output::Said(text, None));
            return;
        }
        let request = self.next_request;
        self.next_request += 1;
        self.send(client_frame::Kind::Say(Say { request, text: text.clone() }));
        self.says.push((request, text));
    }

    fn fire(&mut self, due: Instant) {
        match self.phase {
            Phase::Connecting { since } | Phase::Greeting { since } if due >= since + limits::CONNECT => {
                self.give_up(due);
            }
            Phase::Waiting { until } if due >= until => self.connect(due),
            Phase::Live { pinged: Some(at), .. } if due >= at + limits::PING_TIMEOUT => self.give_up(due),
            Phase::Live { since, heard, pinged: None } if due >= heard + limits::PING_EVERY => {
                self.phase = Phase::Live { since, heard, pinged: Some(due) };
                self.send(client_frame::Kind::Ping(Ping { sent: due.as_ms() }));
            }
            _ => {}
        }
        if self.taps_since.is_some_and(|since| due >= since + limits::TAP_MERGE) {
            self.flush_taps();
        }
        self.show();
    }
}

impl Machine for Client {
    type Input = Input;
    type Output = Output;

    fn handle(&mut self, now: Instant, input: Input) {
        self.tick(now);
        match input {
            Input::Open => match self.phase {
                Phase::Closed | Phase::Refused { .. } | Phase::Waiting { .. } => self.connect(now),
                Phase::Connecting { .. } | Phase::Greeting { .. } | Phase::Live { .. } => {}
            },
            Input::Close => {
                if !matches!(self.phase, Phase::Closed) {
                    self.lost(now, 1_000);
                    self.emit(Output::Disconnect);
                    self.phase = Phase::Closed;
                    self.attempt = 0;
                }
            }
            Input::Identify(identity) => {
                let guest = std::mem::take(&mut self.identity.guest);
                self.identity = identity;
                if self.identity.guest.is_empty() {
                    self.identity.guest = guest;
                }
                if !matches!(self.phase, Phase::Closed) {
                    self.emit(Output::Disconnect);
                    self.lost(now, 1_000);
                    self.connect(now);
                }
            }
            Input::Opened => {
                if matches!(self.phase, Phase::Connecting { .. }) {
                    self.greet(now);
                }
            }
            Input::Closed(code) => self.lost(now, code),
            Input::Frame(bytes) => self.frame(now, &bytes),
            Input::Say(text) => self.say(text),
            Input::Tap => {
                self.taps = self.taps.saturating_add(1).min(limits::TAPS);
                if self.taps_since.is_none() {
                    self.taps_since = Some(now);
                }
            }
            Input::Place(place) if self.live() => self.send(client_frame::Kind::PlaceHold(place)),
            Input::Cancel(cancel) if self.live() => self.send(client_frame::Kind::CancelHold(cancel)),
            // The cart repeats what was not answered once the room is back.
            Input::Place(_) | Input::Cancel(_) => {}
        }
        self.show();
    }

    fn tick(&mut self, now: Instant) {
        while let Some((due, _)) = self.wake()
            && due <= now
        {
            self.fire(due);
        }
    }

    fn poll(&mut self) -> Option<Output> {
        self.out.pop_front()
    }

    fn wake(&self) -> Option<(Instant, &'static str)> {
        let phase = match self.phase {
            Phase::Connecting { since } => Some((since + limits::CONNECT, "connect timeout")),
            Phase::Greeting { since } => Some((since + limits::CONNECT, "welcome timeout")),
            Phase::Waiting { until } => Some((until, "reconnect")),
            Phase::Live { pinged: Some(at), .. } => Some((at + limits::PING_TIMEOUT, "pong timeout")),
            Phase::Live { heard, .. } => Some((heard + limits::PING_EVERY, "ping")),
            Phase::Closed | Phase::Refused { .. } => None,
        };
        let taps = self.taps_since.map(|since| (since + limits::TAP_MERGE, "likes"));
        first(&[phase, taps])
    }
}

#[cfg(test)]
#[path = "client_tests.rs"]
mod tests;
