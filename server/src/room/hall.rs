//! One room as it runs: the core's machine behind a lock, the ring that readers take from, the task that wakes the machine.
//! A lock rather than a task with a queue: calls take microseconds, and what must arrive can't be refused by a full queue.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use bytes::Bytes;
use hawker_server_core::room::fanout::{Cursor, Fanout, Take};
use hawker_server_core::room::{Conn, Input, Join, Output, Room, Start, frames, limits};
use hawker_wire::proto::goodbye::Code;
use hawker_wire::proto::{Welcome, server_frame};
use hawker_wire::{Instant, Machine as _};
use tokio::sync::{Notify, mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::ops::metrics::{Counter, Gauge, Metrics};

/// A running room.
pub struct Hall {
    clock: Clock,
    state: Mutex<State>,
    ring: RwLock<Fanout>,
    head: watch::Sender<u64>,
    nudge: Notify,
    /// Cancelled when the room is taken out of the directory.
    removed: CancellationToken,
    meters: Meters,
}

struct State {
    room: Room,
    next_conn: u64,
    guests: BTreeMap<Conn, Guest>,
    buyers: BTreeMap<String, BTreeSet<Conn>>,
}

struct Guest {
    buyer: String,
    /// `None` once it has overflowed: the connection then ends.
    outbox: Option<mpsc::Sender<Bytes>>,
}

struct Meters {
    connections: Gauge,
    online: Gauge,
    ring: Gauge,
    messages: Counter,
    overflows: Counter,
}

/// A seat in the hall; leaving is dropping it.
pub struct Seat {
    hall: Arc<Hall>,
    /// The connection's number.
    pub conn: Conn,
    /// Frames for this connection alone. Ends when it has overflowed.
    pub outbox: mpsc::Receiver<Bytes>,
    /// Tells that there is a new tick.
    pub head: watch::Receiver<u64>,
    cursor: Cursor,
}

/// Who wants to come in, before the room has numbered the connection.
pub struct Visitor {
    /// `t:SUBJECT` or `g:GUEST`.
    pub buyer: String,
    /// The rest; its `conn` is filled in here.
    pub join: Join,
}

impl Hall {
    /// A room that starts from `start`.
    pub fn new(id: &str, clock: Clock, start: Start, metrics: &Metrics) -> Self {
        let labels = [("room", id)];
        let gauge = |name, help| metrics.gauge(name, help, &labels);
        let counter = |name, help| metrics.counter(name, help, &labels);
        Self {
            clock,
            state: Mutex::new(State {
                room: Room::new(clock.now(), start),
                next_conn: 1,
                guests: BTreeMap::new(),
                buyers: BTreeMap::new(),
            }),
            ring: RwLock::default(),
            head: watch::Sender::new(0),
            nudge: Notify::new(),
            removed: CancellationToken::new(),
            meters: Meters {
                connections: gauge("hawker_room_connections", "Open sockets in the room."),
                online: gauge("hawker_room_online", "Viewers in the room, by their id."),
                ring: gauge("hawker_room_ring_bytes", "Bytes kept for readers that are behind."),
                messages: counter("hawker_room_messages_total", "Messages shown to the room."),
                overflows: counter(
                    "hawker_room_slow_total",
                    "Connections ended because they read too slowly.",
                ),
            },
        }
    }

    /// The room is no more: everybody is sent off, and its task ends.
    pub fn remove(&self) {
        self.removed.cancel();
    }

    /// Wakes the machine at its deadlines until `closing`, or until the room is removed.
    pub async fn run(self: Arc<Self>, closing: CancellationToken) {
        loop {
            let wake = self.state().room.wake().map(|(at, _)| at);
            let due = async {
                match wake {
                    Some(at) => self.clock.sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = due => self.tick(),
                () = self.nudge.notified() => {}
                () = closing.cancelled() => return,
                () = self.removed.cancelled() => return,
            }
        }
    }

    /// Lets somebody in, or says why not.
    ///
    /// # Errors
    /// The code and the reason of the goodbye.
    pub fn join(self: &Arc<Self>, visitor: Visitor) -> Result<(Seat, Box<Welcome>), (Code, &'static str)> {
        let (sender, outbox) = mpsc::channel(limits::OUTBOX);
        let mut state = self.state();
        let conn = Conn(state.next_conn);
        state.next_conn += 1;
        let Visitor { buyer, join } = visitor;
        let answer = self.apply(&mut state, Input::Join(Join { conn, ..join }));
        let welcome = answer.ok_or((Code::Busy, "the room did not answer"))??;
        state.buyers.entry(buyer.clone()).or_default().insert(conn);
        state.guests.insert(conn, Guest { buyer, outbox: Some(sender) });
        // Still under the lock: the next tick is the first after the welcome's position.
        let cursor = self.ring.read().unwrap_or_else(PoisonError::into_inner).cursor();
        let head = self.head.subscribe();
        drop(state);
        Ok((Seat { hall: self.clone(), conn, outbox, head, cursor }, welcome))
    }

    /// Something happens in the room.
    pub fn handle(&self, input: Input) {
        self.apply(&mut self.state(), input);
    }

    /// Tells all connections of `buyer`.
    pub fn tell(&self, buyer: &str, frame: &Bytes) {
        let mut state = self.state();
        let conns: Vec<Conn> = state.buyers.get(buyer).into_iter().flatten().copied().collect();
        for conn in conns {
            self.post(&mut state, conn, frame.clone());
        }
    }

    /// Looks at the room.
    pub fn look<T>(&self, look: impl FnOnce(&Room) -> T) -> T {
        look(&self.state().room)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tick(&self) {
        let mut state = self.state();
        let now = self.clock.now();
        state.room.tick(now);
        self.drain(&mut state);
        // Anchors the calendar anew, in case the machine's clock was set.
        state.room.handle(now, Input::Clock(self.clock.wall()));
        self.drain(&mut state);
    }

    fn apply(&self, state: &mut State, input: Input) -> Option<JoinAnswer> {
        let before = state.room.wake();
        state.room.handle(self.clock.now(), input);
        let answer = self.drain(state);
        if earlier(before, state.room.wake()) {
            self.nudge.notify_one();
        }
        answer
    }

    fn drain(&self, state: &mut State) -> Option<JoinAnswer> {
        let mut answer = None;
        while let Some(output) = state.room.poll() {
            match output {
                Output::Joined(_, welcome) => answer = Some(Ok(welcome)),
                Output::Refused(_, code, reason) => answer = Some(Err((code, reason))),
                Output::Reply(conn, kind) => self.post(state, conn, frames::encode(kind)),
                Output::Batch(tick) => {
                    self.meters.messages.add(u64::from(tick.messages));
                    let mut ring = self.ring.write().unwrap_or_else(PoisonError::into_inner);
                    ring.push(tick);
                    self.head.send_replace(ring.head());
                    self.meters.ring.set(i64::try_from(ring.kept()).unwrap_or(i64::MAX));
                }
            }
        }
        self.meters.connections.set(i64::try_from(state.room.connections()).unwrap_or(i64::MAX));
        self.meters.online.set(i64::from(state.room.online()));
        answer
    }

    /// A frame for one connection. One that lets them pile up has stopped reading, and its frames may not be dropped: it is
    /// to come back and be told the state.
    fn post(&self, state: &mut State, conn: Conn, frame: Bytes) {
        let Some(guest) = state.guests.get_mut(&conn) else { return };
        let full = guest.outbox.as_ref().is_some_and(|outbox| outbox.try_send(frame).is_err());
        if full {
            guest.outbox = None;
            self.meters.overflows.inc();
        }
    }

    fn leave(&self, conn: Conn) {
        let mut state = self.state();
        if let Some(guest) = state.guests.remove(&conn)
            && let Some(conns) = state.buyers.get_mut(&guest.buyer)
        {
            conns.remove(&conn);
            if conns.is_empty() {
                state.buyers.remove(&guest.buyer);
            }
        }
        self.apply(&mut state, Input::Leave(conn));
    }
}

type JoinAnswer = Result<Box<Welcome>, (Code, &'static str)>;

fn earlier(before: Option<(Instant, &str)>, after: Option<(Instant, &str)>) -> bool {
    match (before, after) {
        (None, Some(_)) => true,
        (Some((before, _)), Some((after, _))) => after < before,
        (_, None) => false,
    }
}

impl Seat {
    /// The hall.
    pub fn hall(&self) -> &Hall {
        &self.hall
    }

    /// Ends when the room is removed.
    pub fn removed(&self) -> CancellationToken {
        self.hall.removed.clone()
    }

    /// What this reader is to be sent next.
    pub fn take(&mut self) -> Take {
        let take = self.hall.ring.read().unwrap_or_else(PoisonError::into_inner).take(&mut self.cursor);
        if take == Take::Lost {
            self.hall.meters.overflows.inc();
        }
        take
    }

    /// Answers this connection itself, through its outbox so that frames keep their order.
    pub fn reply(&self, kind: server_frame::Kind) {
        self.hall.post(&mut self.hall.state(), self.conn, frames::encode(kind));
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.hall.leave(self.conn);
    }
}
