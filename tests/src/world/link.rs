//! A link with a rate, a delay and nothing else: packets of all requests share it in turn, what is sent arrives in order. Rates
//! come from a trace or a script. No loss: TCP turns it into delay.

use bytes::Bytes;
use std::collections::VecDeque;

/// Bytes sent at a time.
const PACKET: usize = 1_400;

/// What arrives.
#[derive(Clone, Debug)]
pub enum Cargo {
    /// The answer to this request begins; it was accepted or refused with this status.
    Head(u32, u16, bool),
    /// Bytes of it.
    Bytes(u32, Bytes),
    /// It ends.
    End(u32),
    /// A short answer: a token of the world.
    Note(u64),
}

/// A period of a trace.
#[derive(Clone, Copy, Debug)]
pub struct Period {
    /// Length.
    pub ms: u64,
    /// Bits a second / 1,000.
    pub kbps: u64,
    /// One way.
    pub latency_ms: u64,
}

/// See the module text.
#[derive(Debug)]
pub struct Link {
    periods: Vec<Period>,
    began_us: u64,
    free_us: u64,
    lanes: VecDeque<(u32, VecDeque<Cargo>)>,
    flying: VecDeque<(u64, Cargo)>,
}

impl Link {
    /// With one period for ever.
    pub fn new(kbps: u64, latency_ms: u64) -> Self {
        Self {
            periods: vec![Period { ms: 1_000, kbps, latency_ms }],
            began_us: 0,
            free_us: 0,
            lanes: VecDeque::new(),
            flying: VecDeque::new(),
        }
    }

    /// From now on these periods, over and over.
    pub fn set(&mut self, now_us: u64, periods: Vec<Period>) {
        self.periods = periods;
        self.began_us = now_us;
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

    /// Hands cargo of a request to the link.
    pub fn send(&mut self, now_us: u64, request: u32, cargo: Cargo) {
        if self.lanes.is_empty() {
            self.free_us = self.free_us.max(now_us);
        }
        match self.lanes.iter_mut().find(|(id, _)| *id == request) {
            Some((_, lane)) => lane.push_back(cargo),
            None => self.lanes.push_back((request, VecDeque::from([cargo]))),
        }
    }

    /// Forgets what this request has not sent yet.
    pub fn cancel(&mut self, request: u32) {
        self.lanes.retain(|(id, _)| *id != request);
    }

    /// Bytes on the way or waiting.
    pub fn idle(&self) -> bool {
        self.lanes.is_empty() && self.flying.is_empty()
    }

    /// When something happens next.
    pub fn next_us(&self) -> Option<u64> {
        let sent = (!self.lanes.is_empty()).then_some(self.free_us);
        let arrives = self.flying.front().map(|(at, _)| *at);
        [sent, arrives].into_iter().flatten().min()
    }

    /// Sends what can be sent and gives what has arrived.
    pub fn step(&mut self, now_us: u64) -> Vec<Cargo> {
        while self.free_us <= now_us && !self.lanes.is_empty() {
            self.send_one();
        }
        let mut arrived = Vec::new();
        while self.flying.front().is_some_and(|(at, _)| *at <= now_us) {
            arrived.extend(self.flying.pop_front().map(|(_, cargo)| cargo));
        }
        arrived
    }

    fn send_one(&mut self) {
        let Some((request, mut lane)) = self.lanes.pop_front() else { return };
        let Some(cargo) = lane.pop_front() else { return };
        let (packet, rest) = match cargo {
            Cargo::Bytes(id, mut bytes) if bytes.len() > PACKET => {
                let head = bytes.split_to(PACKET);
                (Cargo::Bytes(id, head), Some(Cargo::Bytes(id, bytes)))
            }
            other => (other, None),
        };
        let bytes = match &packet {
            Cargo::Bytes(_, bytes) => bytes.len() as u64 + 40,
            Cargo::Head(..) | Cargo::Note(_) => 300,
            Cargo::End(_) => 10,
        };
        let mut left_bits = bytes as f64 * 8.0;
        let mut at_us = self.free_us;
        // The packet may take more than one period: an outage is a period without rate.
        for _ in 0..10_000 {
            let (period, ends_us) = self.period(at_us);
            let can = period.kbps as f64 * (ends_us - at_us) as f64 / 1e3;
            if can >= left_bits && period.kbps > 0 {
                at_us += (left_bits * 1e3 / period.kbps as f64).ceil() as u64;
                break;
            }
            left_bits -= can;
            at_us = ends_us;
        }
        self.free_us = at_us;
        // In order: a shorter delay does not overtake.
        let arrives = (at_us + self.latency_us(at_us)).max(self.flying.back().map_or(0, |(at, _)| *at));
        self.flying.push_back((arrives, packet));
        if let Some(rest) = rest {
            lane.push_front(rest);
        }
        if !lane.is_empty() {
            self.lanes.push_back((request, lane));
        }
    }
}
