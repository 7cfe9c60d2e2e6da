//! The room itself: takes what people and operators do, keeps the state that newcomers see, and makes the batches. Routes to
//! the modules beside it, which judge.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use hawker_wire::proto::goodbye::Code;
use hawker_wire::proto::say_reply::Outcome;
use hawker_wire::proto::{Batch, Deleted, Event, Message, Muted, Pin, Position, SayReply, Totals, Welcome};
use hawker_wire::proto::{event, server_frame};
use hawker_wire::{Instant, Machine, Span, Wall};

use super::fanout::Tick;
use super::log::Log;
use super::pace::{Address, Bucket, Crowd, Rate};
use super::seats::{Conn, Join, Seat, Seats};
use super::words::{Verdict, WordList};
use super::{flood, frames, limits, text};

/// What an operator may configure.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// Messages a room shows.
    pub room_messages: Rate,
    /// Messages of one viewer.
    pub viewer_messages: Rate,
    /// Messages from one address.
    pub address_messages: Rate,
    /// Connections a room takes.
    pub connections: usize,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            room_messages: limits::ROOM_MESSAGES,
            viewer_messages: limits::VIEWER_MESSAGES,
            address_messages: limits::ADDRESS_MESSAGES,
            connections: limits::ROOM_CONNECTIONS,
        }
    }
}

/// What a room starts from.
#[derive(Clone, Debug, Default)]
pub struct Start {
    /// Differs after every start, so that an old offset is never taken for a new one.
    pub epoch: String,
    /// The calendar now; also the origin of message ids, so that a restart does not repeat one.
    pub wall: Wall,
    /// What an operator configured.
    pub rules: Rules,
    /// The pinned product; empty: none.
    pub pinned: String,
    /// Muted senders.
    pub muted: BTreeSet<String>,
    /// What may not be said.
    pub words: Arc<WordList>,
}

/// What can happen to a room.
#[derive(Clone, Debug)]
pub enum Input {
    /// Somebody comes in. Answered by [`Output::Joined`] or [`Output::Refused`].
    Join(Join),
    /// A connection is gone.
    Leave(Conn),
    /// A viewer says something. Answered by a `SayReply`.
    Say {
        /// Who.
        conn: Conn,
        /// The client's number of it.
        request: u64,
        /// As typed.
        text: String,
    },
    /// Taps on the heart.
    Like {
        /// Who.
        conn: Conn,
        /// How many, merged in the page.
        taps: u32,
    },
    /// Something that everybody must know: a product, a sale, a purchase.
    Announce(event::Kind),
    /// Pins a product; empty: unpins.
    Pin(String),
    /// Takes a message away.
    Delete(u64),
    /// Silences a sender and hides what they said.
    Mute(String),
    /// Lets a sender speak again.
    Unmute(String),
    /// A new word list.
    Words(Arc<WordList>),
    /// What the calendar says now.
    Clock(Wall),
}

/// What a room wants done.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// The connection is in. The shell adds what the shop knows and sends it; batches follow from `position`.
    Joined(Conn, Box<Welcome>),
    /// The connection is to be closed.
    Refused(Conn, Code, &'static str),
    /// A frame for one connection.
    Reply(Conn, server_frame::Kind),
    /// A tick for everybody.
    Batch(Tick),
}

/// One room. See [`Machine`].
pub struct Room {
    rules: Rules,
    epoch: String,
    clock: (Instant, Wall),
    words: Arc<WordList>,
    muted: BTreeSet<String>,
    pinned: String,
    likes: u64,
    next_message: u64,
    seats: Seats,
    log: Log,
    pace: Pace,
    must: Vec<event::Kind>,
    said: flood::Tick,
    flush_at: Option<Instant>,
    totals_at: Option<Instant>,
    totals_sent: Option<Instant>,
    told: Totals,
    outputs: VecDeque<Output>,
}

struct Pace {
    room: Bucket,
    viewers: Crowd<String>,
    staff: Crowd<String>,
    addresses: Crowd<Address>,
    taps: Crowd<String>,
}

impl Room {
    /// A room in which nothing has happened in this epoch.
    #[must_use]
    pub fn new(now: Instant, start: Start) -> Self {
        let Start { epoch, wall, rules, pinned, muted, words } = start;
        Self {
            rules,
            epoch,
            clock: (now, wall),
            words,
            muted,
            pinned,
            likes: 0,
            next_message: wall.as_ms().saturating_mul(1_000),
            seats: Seats::default(),
            log: Log::default(),
            pace: Pace {
                room: Bucket::full(now, rules.room_messages),
                viewers: Crowd::new(rules.viewer_messages),
                staff: Crowd::new(limits::STAFF_MESSAGES),
                addresses: Crowd::new(rules.address_messages),
                taps: Crowd::new(limits::VIEWER_TAPS),
            },
            must: Vec::new(),
            said: flood::Tick::default(),
            flush_at: None,
            totals_at: None,
            totals_sent: None,
            told: Totals::default(),
            outputs: VecDeque::new(),
        }
    }

    /// Viewers in the room.
    #[must_use]
    pub fn online(&self) -> u32 {
        self.seats.online()
    }

    /// Connections in the room.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.seats.connections()
    }

    /// Offset of the newest event.
    #[must_use]
    pub fn log_offset(&self) -> u64 {
        self.log.offset()
    }

    /// The pinned product; empty: none.
    #[must_use]
    pub fn pinned(&self) -> &str {
        &self.pinned
    }

    /// Muted senders, in order.
    pub fn muted(&self) -> impl Iterator<Item = &str> {
        self.muted.iter().map(String::as_str)
    }

    /// The last messages, oldest first.
    #[must_use]
    pub fn messages(&self) -> Vec<Message> {
        let message = |event: Event| match event.kind {
            Some(event::Kind::Message(message)) => Some(message),
            _ => None,
        };
        self.log.history().into_iter().filter_map(message).collect()
    }

    fn wall_ms(&self, now: Instant) -> u64 {
        let (at, wall) = self.clock;
        wall.plus_ms(now.since(at).as_ms()).as_ms()
    }

    fn apply(&mut self, now: Instant, input: Input) {
        match input {
            Input::Join(join) => self.join(now, join),
            Input::Leave(conn) => {
                if self.seats.leave(conn) {
                    self.totals_changed(now);
                }
            }
            Input::Say { conn, request, text } => self.hear(now, conn, request, &text),
            Input::Like { conn, taps } => self.like(now, conn, taps),
            Input::Announce(kind) => self.announce(now, kind),
            Input::Pin(product) => self.pin(now, product),
            Input::Delete(id) => self.delete(now, id),
            Input::Mute(sender) => self.mute(now, sender),
            Input::Unmute(sender) => {
                self.muted.remove(&sender);
            }
            Input::Words(words) => self.words = words,
            Input::Clock(wall) => self.clock = (now, wall),
        }
    }

    fn join(&mut self, now: Instant, join: Join) {
        let conn = join.conn;
        if self.seats.connections() >= self.rules.connections {
            self.outputs.push_back(Output::Refused(conn, Code::Busy, "the room is full"));
            return;
        }
        let missed = join.resume.as_ref().filter(|(epoch, _)| *epoch == self.epoch);
        let missed = missed.and_then(|(_, offset)| self.log.since(*offset));
        let (viewer, name, role) = (join.viewer.clone(), join.name.clone(), join.role);
        self.seats.join(join);
        self.totals_changed(now);
        let welcome = Welcome {
            viewer,
            name,
            role: role.into(),
            position: Some(Position { epoch: self.epoch.clone(), offset: self.log.offset() }),
            wall_ms: self.wall_ms(now),
            resumed: missed.is_some(),
            missed: missed.unwrap_or_else(|| self.log.history()),
            likes: self.likes,
            online: self.seats.online(),
            pinned: self.pinned.clone(),
            ..Welcome::default()
        };
        self.outputs.push_back(Output::Joined(conn, Box::new(welcome)));
    }

    fn hear(&mut self, now: Instant, conn: Conn, request: u64, raw: &str) {
        let Some(seat) = self.seats.get(conn).cloned() else { return };
        let mut reply = SayReply { request, ..SayReply::default() };
        match self.judge(now, &seat, raw) {
            Ok(text) => {
                let message = self.publish(now, seat, text);
                reply.message = message.id;
                reply.said = Some(message);
            }
            Err((outcome, wait)) => {
                reply.outcome = outcome.into();
                reply.retry_ms = u32::try_from(wait.as_us().div_ceil(1_000)).unwrap_or(u32::MAX);
            }
        }
        self.outputs.push_back(Output::Reply(conn, server_frame::Kind::SayReply(reply)));
    }

    /// The text as it may be shown, or why not and for how long.
    fn judge(&mut self, now: Instant, seat: &Seat, raw: &str) -> Result<String, (Outcome, Span)> {
        let text = text::message(raw).map_err(|unfit| match unfit {
            text::Unfit::Empty => (Outcome::Empty, Span::ZERO),
            text::Unfit::TooLong => (Outcome::TooLong, Span::ZERO),
        })?;
        if seat.staff() {
            self.pace.staff.take(now, &seat.viewer, 1).map_err(|wait| (Outcome::TooFast, wait))?;
            return Ok(text);
        }
        if self.muted.contains(&seat.viewer) {
            return Err((Outcome::Muted, Span::ZERO));
        }
        self.pace.viewers.take(now, &seat.viewer, 1).map_err(|wait| (Outcome::TooFast, wait))?;
        self.pace.addresses.take(now, &seat.address, 1).map_err(|wait| (Outcome::TooFast, wait))?;
        match self.words.check(&text) {
            Verdict::Clean => Ok(text),
            Verdict::Masked(masked) => Ok(masked),
            Verdict::Blocked => Err((Outcome::Blocked, Span::ZERO)),
        }
    }

    fn publish(&mut self, now: Instant, seat: Seat, text: String) -> Message {
        let id = self.next_message;
        self.next_message += 1;
        let staff = seat.staff();
        let Seat { viewer: sender, name, role, .. } = seat;
        let message = Message { id, sender, name, text, wall_ms: self.wall_ms(now), role: role.into() };
        if staff {
            self.push_must(now, event::Kind::Message(message.clone()));
        } else {
            self.said.push(message.clone());
            self.flush_soon(now);
        }
        message
    }

    fn like(&mut self, now: Instant, conn: Conn, taps: u32) {
        let Some(seat) = self.seats.get(conn) else { return };
        let counted = self.pace.taps.take_up_to(now, &seat.viewer, taps);
        if counted > 0 {
            self.likes = self.likes.saturating_add(u64::from(counted));
            self.totals_changed(now);
        }
    }

    fn announce(&mut self, now: Instant, kind: event::Kind) {
        let unpins =
            matches!(&kind, event::Kind::Product(product) if product.removed && product.id == self.pinned);
        self.push_must(now, kind);
        if unpins {
            self.pin(now, String::new());
        }
    }

    fn pin(&mut self, now: Instant, product: String) {
        if self.pinned != product {
            self.pinned.clone_from(&product);
            self.push_must(now, event::Kind::Pin(Pin { product }));
        }
    }

    fn delete(&mut self, now: Instant, id: u64) {
        self.forget(|message| message.id == id);
        self.push_must(now, event::Kind::Deleted(Deleted { message: id }));
    }

    fn mute(&mut self, now: Instant, sender: String) {
        if self.muted.len() >= limits::MUTED && !self.muted.contains(&sender) {
            self.muted.pop_first();
        }
        self.muted.insert(sender.clone());
        self.forget(|message| message.sender == sender);
        self.push_must(now, event::Kind::Muted(Muted { sender }));
    }

    fn forget(&mut self, gone: impl Fn(&Message) -> bool) {
        self.log.forget(&gone);
        self.said.forget(&gone);
        self.must.retain(|kind| !matches!(kind, event::Kind::Message(message) if gone(message)));
    }

    /// Adds to what must arrive. Of a product's or a sale's states within one tick only the last goes out: each is whole.
    fn push_must(&mut self, now: Instant, kind: event::Kind) {
        self.must.retain(|older| !replaces(&kind, older));
        self.must.push(kind);
        if self.must.len() >= limits::MUST_PENDING {
            self.flush(now);
        } else {
            self.flush_soon(now);
        }
    }

    fn flush_soon(&mut self, now: Instant) {
        self.flush_at.get_or_insert(now + limits::TICK);
    }

    fn totals_changed(&mut self, now: Instant) {
        let rested = self.totals_sent.map_or(now, |at| at + limits::TOTALS_EVERY);
        self.totals_at.get_or_insert(rested.max(now + limits::TICK));
    }

    fn flush(&mut self, now: Instant) {
        self.flush_at = None;
        let wall_ms = self.wall_ms(now);
        let must: Vec<Event> =
            core::mem::take(&mut self.must).into_iter().map(|kind| self.log.push(kind)).collect();
        let must_batch = Batch { offset: self.log.offset(), events: must, wall_ms, ..Batch::default() };

        let most = self.pace.room.tokens(now, self.rules.room_messages) as usize;
        let (shown, omitted) = self.said.take(most);
        let messages = u32::try_from(shown.len()).unwrap_or(u32::MAX);
        // Never refused: no more were taken than there are tokens.
        let _ = self.pace.room.take(now, self.rules.room_messages, messages);
        let mut may: Vec<Event> =
            shown.into_iter().map(|message| self.log.push(event::Kind::Message(message))).collect();
        may.extend(self.totals_due(now));
        let may_batch =
            Batch { offset: self.log.offset(), events: may, omitted, wall_ms, ..Batch::default() };

        let encode = |batch: Batch| {
            let empty = batch.events.is_empty() && batch.omitted == 0;
            (!empty).then(|| frames::encode(server_frame::Kind::Batch(batch)))
        };
        let (must, may) = (encode(must_batch), encode(may_batch));
        if must.is_some() || may.is_some() {
            self.outputs.push_back(Output::Batch(Tick {
                must,
                may,
                messages,
                offset: self.log.offset(),
                wall_ms,
            }));
        }
    }

    fn totals_due(&mut self, now: Instant) -> Option<Event> {
        if self.totals_at.is_none_or(|at| at > now) {
            return None;
        }
        self.totals_at = None;
        let totals = Totals { likes: self.likes, online: self.seats.online() };
        if totals == self.told {
            return None;
        }
        self.told = totals;
        self.totals_sent = Some(now);
        Some(Event { offset: 0, kind: Some(event::Kind::Totals(totals)) })
    }

    fn due(&self) -> Option<Instant> {
        [self.flush_at, self.totals_at].into_iter().flatten().min()
    }
}

fn replaces(newer: &event::Kind, older: &event::Kind) -> bool {
    match (newer, older) {
        (event::Kind::Product(newer), event::Kind::Product(older)) => newer.id == older.id,
        (event::Kind::Sale(newer), event::Kind::Sale(older)) => newer.id == older.id,
        (event::Kind::Pin(_), event::Kind::Pin(_)) => true,
        _ => false,
    }
}

impl Machine for Room {
    type Input = Input;
    type Output = Output;

    fn handle(&mut self, now: Instant, input: Input) {
        self.tick(now);
        self.apply(now, input);
    }

    fn tick(&mut self, now: Instant) {
        while let Some(due) = self.due().filter(|due| *due <= now) {
            self.flush(due);
        }
    }

    fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    fn wake(&self) -> Option<(Instant, &'static str)> {
        self.due().map(|due| (due, if self.flush_at == Some(due) { "batch" } else { "totals" }))
    }
}
