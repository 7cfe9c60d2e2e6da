//! A path through a bottleneck, and one TCP or QUIC connection over it. Requests share the connection in turn (HTTP/2); what is sent
//! arrives in order. Rates and delays come from a trace or a script, losses from a seed.
//!
//! In: a rate that changes, delay one way, a bounded drop-tail queue, loss in bursts; slow start with HyStart, CUBIC, the window
//! cut while the application is the limit or idle, loss noticed by later packets or by a timeout; QUIC's packets
//! confirmed ten at once, from the first on, TCP's each by itself, also behind a hole (SACK). Out: handshakes, delayed
//! acknowledgements of TCP, lost ones, other traffic, losses while the rate is 0 (packets wait), spurious timeouts (undone, as
//! by F-RTO), data in the socket's buffer (servers here keep it near nothing), several connections.

use super::tcp::{Packet, Sender};
use bytes::Bytes;
use std::collections::{BTreeMap, VecDeque};

/// Bytes sent at a time.
const PACKET: usize = 1_400;
/// The queue in front of the bottleneck unless set otherwise: of the order of a home router's.
const QUEUE_BYTES: u64 = 96 * 1024;

/// Requests for notes travel on this lane.
pub(super) const NOTES: u32 = u32::MAX;

/// What arrives.
#[derive(Clone, Debug)]
pub enum Cargo {
    /// The answer to this request begins: status, whether it starts with a keyframe, the server's estimate of the path.
    Head(u32, u16, bool, Option<f64>),
    /// Bytes of it.
    Bytes(u32, Bytes),
    /// It ends.
    End(u32),
    /// A short answer: a token of the world.
    Note(u64),
}

/// A period of a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// Length.
    pub ms: u64,
    /// Bits a second / 1,000.
    pub kbps: u64,
    /// One way.
    pub latency_ms: u64,
}

/// Losses that come in bursts (Gilbert): a share of the packets, so many in a row on average.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Loss {
    /// Of all packets.
    pub share: f64,
    /// Mean length of a burst, packets.
    pub burst: f64,
}

/// See the module text.
#[derive(Debug)]
pub struct Link {
    periods: Vec<Period>,
    began_us: u64,
    lanes: VecDeque<(u32, VecDeque<Cargo>)>,
    sender: Sender,
    queue: VecDeque<Packet>,
    queued_bytes: u64,
    queue_max: u64,
    /// Bits of the queue's head that have gone through by then.
    head_bits: f64,
    head_us: u64,
    /// When the head is through, if nothing changes.
    head_done_us: Option<u64>,
    flying: VecDeque<(u64, Packet)>,
    expected: BTreeMap<u32, u64>,
    held: BTreeMap<(u32, u64), Cargo>,
    loss: Option<Loss>,
    losing: bool,
    random: u64,
}

impl Link {
    /// With one period for ever.
    pub fn new(kbps: u64, latency_ms: u64) -> Self {
        Self {
            periods: vec![Period { ms: 1_000, kbps, latency_ms }],
            began_us: 0,
            lanes: VecDeque::new(),
            sender: Sender::default(),
            queue: VecDeque::new(),
            queued_bytes: 0,
            queue_max: QUEUE_BYTES,
            head_bits: 0.0,
            head_us: 0,
            head_done_us: None,
            flying: VecDeque::new(),
            expected: BTreeMap::new(),
            held: BTreeMap::new(),
            loss: None,
            losing: false,
            random: 1,
        }
    }

    /// From now on as our server's UDP: streams that wait for themselves only, the older request first, small answers before all, probes behind.
    pub fn quic(&mut self, now_us: u64) {
        self.sender.quic(now_us, PACKET as u64);
    }

    /// From now on these periods, over and over.
    pub fn set(&mut self, now_us: u64, periods: Vec<Period>) {
        self.head_moves(now_us);
        self.periods = periods;
        self.began_us = now_us;
        self.head_due(now_us);
    }

    /// Losses from now on, of this seed.
    pub fn lose(&mut self, loss: Option<Loss>, seed: u64) {
        self.loss = loss;
        self.random = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    }

    /// The bound of the queue in front of the bottleneck.
    pub fn queue(&mut self, bytes: u64) {
        self.queue_max = bytes;
    }

    /// The period at a time, and when it ends.
    fn period(&self, at_us: u64) -> (Period, u64) {
        let total: u64 = self.periods.iter().map(|period| period.ms * 1_000).sum();
        let since = at_us.saturating_sub(self.began_us);
        let mut at = since % total.max(1);
        for period in &self.periods {
            if at < period.ms * 1_000 {
                return (*period, at_us + period.ms * 1_000 - at);
            }
            at -= period.ms * 1_000;
        }
        (Period { ms: 1_000, kbps: 0, latency_ms: 0 }, at_us + 1_000_000)
    }

    /// One-way delay now.
    pub fn latency_us(&self, now_us: u64) -> u64 {
        self.period(now_us).0.latency_ms * 1_000
    }

    /// What a server's kernel knows of the connection: the delivery rate, bits a second, unless what there was to send limited
    /// it.
    pub fn delivery_bps(&self) -> Option<f64> {
        self.sender.delivery_bps()
    }

    /// Hands cargo of a request to the connection.
    pub fn send(&mut self, now_us: u64, request: u32, cargo: Cargo) {
        match self.lanes.iter_mut().find(|(id, _)| *id == request) {
            Some((_, lane)) => lane.push_back(cargo),
            None => self.lanes.push_back((request, VecDeque::from([cargo]))),
        }
        self.fill(now_us);
    }

    /// Forgets what this request has not sent yet.
    pub fn cancel(&mut self, request: u32) {
        self.lanes.retain(|(id, _)| *id != request);
        if self.sender.is_quic() {
            self.sender.forget(request);
        }
    }

    /// Nothing is on the way or waits.
    pub fn idle(&self) -> bool {
        self.lanes.is_empty() && self.queue.is_empty() && self.flying.is_empty()
    }

    /// When something happens next.
    pub fn next_us(&self) -> Option<u64> {
        let arrives = self.flying.front().map(|(at, _)| *at);
        [self.head_done_us, arrives, self.sender.next_us()].into_iter().flatten().min()
    }

    /// Lets happen what is due and gives what has arrived.
    pub fn step(&mut self, now_us: u64) -> Vec<Cargo> {
        let mut arrived = Vec::new();
        while let Some(at) = self.next_us().filter(|at| *at <= now_us) {
            if self.head_done_us == Some(at) {
                self.head_through(at);
            } else if self.flying.front().is_some_and(|(due, _)| *due == at) {
                if let Some((_, mut packet)) = self.flying.pop_front() {
                    let back_us = self.latency_us(at);
                    let cargo = packet.cargo.take();
                    self.sender.arrived(at + back_us, &packet);
                    self.held.extend(cargo.map(|cargo| ((packet.stream, packet.seq), cargo)));
                    let expected = self.expected.entry(packet.stream).or_default();
                    while let Some(cargo) = self.held.remove(&(packet.stream, *expected)) {
                        *expected += 1;
                        arrived.push(cargo);
                    }
                }
            } else {
                self.sender.step(at, self.lanes.is_empty());
                self.fill(at);
            }
        }
        arrived
    }

    /// Sends what the window allows.
    fn fill(&mut self, now_us: u64) {
        while self.sender.may_send(now_us) {
            if let Some(packet) = self.sender.again(now_us) {
                self.enqueue(now_us, packet);
                continue;
            }
            let Some((request, mut lane)) = self.next_lane() else { break };
            let Some(cargo) = lane.pop_front() else { continue };
            let (cargo, rest) = match cargo {
                Cargo::Bytes(id, mut bytes) if bytes.len() > PACKET => {
                    let head = bytes.split_to(PACKET);
                    (Cargo::Bytes(id, head), Some(Cargo::Bytes(id, bytes)))
                }
                other => (other, None),
            };
            let bytes = match &cargo {
                Cargo::Bytes(_, bytes) => bytes.len() as u64 + 40,
                Cargo::Head(..) | Cargo::Note(_) => 300,
                Cargo::End(_) => 10,
            };
            if let Some(rest) = rest {
                lane.push_front(rest);
            }
            if !lane.is_empty() {
                self.lanes.push_back((request, lane));
            }
            let stream = if self.sender.is_quic() { request } else { 0 };
            let packet = self.sender.send(now_us, stream, cargo, bytes, self.lanes.is_empty());
            self.enqueue(now_us, packet);
        }
    }

    /// Whose turn it is: probes have the greatest numbers.
    fn next_lane(&mut self) -> Option<(u32, VecDeque<Cargo>)> {
        if !self.sender.is_quic() {
            return self.lanes.pop_front();
        }
        let turn = |request: u32| match request {
            NOTES => 0,
            request => request,
        };
        let (at, _) = self.lanes.iter().enumerate().min_by_key(|(_, (request, _))| turn(*request))?;
        self.lanes.remove(at)
    }

    fn enqueue(&mut self, now_us: u64, packet: Packet) {
        if self.lost() || self.queued_bytes + packet.bytes > self.queue_max {
            self.sender.dropped(packet);
            return;
        }
        self.queued_bytes += packet.bytes;
        self.queue.push_back(packet);
        if self.queue.len() == 1 {
            (self.head_bits, self.head_us) = (0.0, now_us);
            self.head_due(now_us);
        }
    }

    /// Counts what has gone through since it was last looked at.
    fn head_moves(&mut self, now_us: u64) {
        while self.head_us < now_us {
            let (period, ends_us) = self.period(self.head_us);
            let to_us = ends_us.min(now_us);
            self.head_bits += period.kbps as f64 * (to_us - self.head_us) as f64 / 1e3;
            self.head_us = to_us;
        }
    }

    fn head_due(&mut self, now_us: u64) {
        self.head_done_us = self.queue.front().map(|packet| {
            let mut left = (packet.bytes as f64 * 8.0 - self.head_bits).max(0.0);
            let mut at_us = self.head_us.max(now_us);
            // An outage is a period without rate; one without end is looked at again when the link is set.
            for _ in 0..1_000 {
                let (period, ends_us) = self.period(at_us);
                let can = period.kbps as f64 * (ends_us - at_us) as f64 / 1e3;
                if can >= left && period.kbps > 0 {
                    return at_us + (left * 1e3 / period.kbps as f64).ceil() as u64;
                }
                left -= can;
                at_us = ends_us;
            }
            at_us
        });
    }

    fn head_through(&mut self, now_us: u64) {
        if let Some(packet) = self.queue.pop_front() {
            self.queued_bytes -= packet.bytes;
            // In order: a shorter delay does not overtake.
            let arrives = (now_us + self.latency_us(now_us)).max(self.flying.back().map_or(0, |(at, _)| *at));
            self.flying.push_back((arrives, packet));
        }
        (self.head_bits, self.head_us) = (0.0, now_us);
        self.head_due(now_us);
    }

    fn lost(&mut self) -> bool {
        let Some(loss) = self.loss else { return false };
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        let dice = (self.random >> 11) as f64 / (1_u64 << 53) as f64;
        let ends = 1.0 / loss.burst.max(1.0);
        let begins = loss.share * ends / (1.0 - loss.share).max(1e-9);
        self.losing = if self.losing { dice >= ends } else { dice < begins };
        self.losing
    }
}
