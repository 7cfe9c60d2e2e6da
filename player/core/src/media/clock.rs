//! The server's clock as the page knows it: an offset from pings of `GET /api/v1/time`, taken from the one with the least
//! round trip. Reads no clock and sends nothing itself.

use super::limits::{PING_LATER, PING_SOON, PING_TIMEOUT, PINGS_FIRST, PINGS_KEPT};
use hawker_wire::{Instant, Machine};

/// What can happen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Input {
    /// The answer to a ping: sent then, arrived now, with the server's milliseconds since 1970.
    Reply {
        /// When the ping left.
        sent: Instant,
        /// What the server's clock showed.
        server_ms: f64,
    },
    /// The ping failed.
    Failed,
}

/// What is wanted: one ping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ping;

/// See the module text.
#[derive(Debug)]
pub struct Clock {
    samples: Vec<Sample>,
    sent: u32,
    ping_at: Instant,
    in_flight: bool,
    out: Option<Ping>,
}

#[derive(Clone, Copy, Debug)]
struct Sample {
    round_trip_us: u64,
    /// Server milliseconds at the page's origin.
    offset_ms: f64,
}

impl Clock {
    /// Starts pinging at `now`.
    #[must_use]
    pub fn new(now: Instant) -> Self {
        Self { samples: Vec::new(), sent: 0, ping_at: now, in_flight: false, out: None }
    }

    /// The server's clock at `now`, in milliseconds since 1970; `None` before the first answer.
    #[must_use]
    pub fn server_ms(&self, now: Instant) -> Option<f64> {
        self.best().map(|sample| now.as_us() as f64 / 1e3 + sample.offset_ms)
    }

    /// The least round trip of the pings kept, in milliseconds.
    #[must_use]
    pub fn round_trip_ms(&self) -> Option<f64> {
        self.best().map(|sample| sample.round_trip_us as f64 / 1e3)
    }

    fn best(&self) -> Option<Sample> {
        self.samples.iter().copied().min_by_key(|sample| sample.round_trip_us)
    }

    fn pause(&mut self, from: Instant) {
        self.in_flight = false;
        self.ping_at = from + if self.sent < PINGS_FIRST { PING_SOON } else { PING_LATER };
    }
}

impl Machine for Clock {
    type Input = Input;
    type Output = Ping;

    fn handle(&mut self, now: Instant, input: Input) {
        self.tick(now);
        if let Input::Reply { sent, server_ms } = input
            && server_ms.is_finite()
            && sent <= now
        {
            let round_trip_us = now.since(sent).as_us();
            let middle_ms = (sent.as_us() as f64 + round_trip_us as f64 / 2.0) / 1e3;
            if self.samples.len() >= PINGS_KEPT {
                self.samples.remove(0);
            }
            self.samples.push(Sample { round_trip_us, offset_ms: server_ms - middle_ms });
        }
        self.pause(now);
    }

    fn tick(&mut self, now: Instant) {
        while self.ping_at <= now {
            let due = self.ping_at;
            if self.in_flight {
                // Lost: as if it had failed when the time was up.
                self.pause(due);
            } else {
                self.in_flight = true;
                self.sent = self.sent.saturating_add(1);
                self.ping_at = due + PING_TIMEOUT;
                self.out = Some(Ping);
            }
        }
    }

    fn poll(&mut self) -> Option<Ping> {
        self.out.take()
    }

    fn wake(&self) -> Option<(Instant, &'static str)> {
        Some((self.ping_at, if self.in_flight { "ping lost" } else { "ping" }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_round_trip_gives_the_offset() {
        let mut clock = Clock::new(Instant::ZERO);
        // The server is 1,000,000 ms ahead. (sent, out, back) in ms: the path is lopsided when it is slow.
        for (sent, out, back) in [(10, 80, 5), (300, 4, 4), (600, 5, 90)] {
            clock.tick(Instant::from_ms(sent));
            let server_ms = 1_000_000.0 + (sent + out) as f64;
            clock.handle(
                Instant::from_ms(sent + out + back),
                Input::Reply { sent: Instant::from_ms(sent), server_ms },
            );
        }
        assert_eq!(clock.server_ms(Instant::from_ms(1_000)), Some(1_001_000.0));
        assert_eq!(clock.round_trip_ms(), Some(8.0));
    }

    #[test]
    fn pings_are_few_and_a_lost_one_is_repeated() {
        let mut clock = Clock::new(Instant::ZERO);
        let mut pings = 0;
        for ms in 0..60_000 {
            clock.tick(Instant::from_ms(ms));
            pings += u32::from(clock.poll().is_some());
        }
        assert!((4..=8).contains(&pings), "{pings} in a minute without an answer");
    }
}
