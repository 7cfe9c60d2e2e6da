//! What a TCP connection has on the way and how much more may go, from what a kernel tells: how many bytes were confirmed so far. Does
//! not ask for that and does not write.

use std::collections::VecDeque;

use super::Congestion;
use super::limits::{UNSEEN_US, WRITES_MAX};

/// See the module text. Bytes and microseconds.
#[derive(Debug)]
pub struct Flight {
    congestion: Congestion,
    packet: u64,
    /// Writes that are not wholly confirmed: where each ends, and when it was.
    writes: VecDeque<(u64, u64)>,
    written: u64,
    confirmed: u64,
    /// The window was the limit since the last confirmation.
    limited: bool,
    seen_us: u64,
}

impl Flight {
    /// Nothing is on the way. For packets of so many bytes.
    #[must_use]
    pub fn new(now_us: u64, packet: u64) -> Self {
        Self {
            congestion: Congestion::beside(now_us, packet),
            packet,
            writes: VecDeque::new(),
            written: 0,
            confirmed: 0,
            limited: false,
            seen_us: now_us,
        }
    }

    /// So much may be written.
    #[must_use]
    pub fn room(&self) -> u64 {
        self.congestion.window().saturating_sub(self.flying())
    }

    /// So much is on the way.
    #[must_use]
    pub fn flying(&self) -> u64 {
        self.written - self.confirmed
    }

    /// There is more to write than there is room for.
    pub fn held(&mut self) {
        self.limited = true;
    }

    /// So much was written.
    pub fn wrote(&mut self, now_us: u64, bytes: u64) {
        self.written = self.written.saturating_add(bytes);
        let full = self.writes.len() >= WRITES_MAX;
        match self.writes.back_mut() {
            Some(last) if full || last.1 == now_us => last.0 = self.written,
            _ => self.writes.push_back((self.written, now_us)),
        }
    }

    /// So much of all was confirmed, as is seen now; `silent_us` ago the other end said something, and no round trip was shorter than
    /// `least_us`. False: nothing new.
    pub fn confirmed(&mut self, now_us: u64, silent_us: u64, total: u64, least_us: u64) -> bool {
        let unseen_us = now_us.saturating_sub(std::mem::replace(&mut self.seen_us, now_us));
        let total = total.min(self.written);
        if total <= self.confirmed {
            return false;
        }
        // After a rest what was said last may have been the next request.
        let dated = total < self.written || unseen_us < UNSEEN_US;
        let last = self.writes.iter().find(|(end, _)| *end >= total);
        // The kernel's shortest is by a finer clock than this.
        let heard_us =
            now_us.saturating_sub(silent_us).max(last.map_or(0, |(_, at_us)| at_us.saturating_add(least_us)));
        while self.confirmed < total
            && let Some((end, at_us)) = self.writes.front().copied()
        {
            let to = end.min(total).min(self.confirmed.saturating_add(self.packet));
            if dated {
                self.congestion.acked(heard_us, at_us, to - self.confirmed, self.limited);
            }
            self.confirmed = to;
            if to == end {
                self.writes.pop_front();
            }
        }
        if dated {
            self.congestion.told(heard_us, total, self.written);
        }
        self.limited = false;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACKET: u64 = 1_448;

    /// A kernel that sends at once, a link with a queue without a bound, and a server that looks at what was confirmed each few
    /// milliseconds; times in microseconds.
    struct Path {
        flight: Flight,
        now: u64,
        free: u64,
        bps: f64,
        /// What arrives when: how much of all.
        arrives: VecDeque<(u64, u64)>,
        sent: u64,
        confirmed: u64,
        queue: u64,
    }

    const RTT: u64 = 40_000;

    impl Path {
        fn new(bps: f64) -> Self {
            let (flight, arrives) = (Flight::new(0, PACKET), VecDeque::new());
            Self { flight, now: 0, free: 0, bps, arrives, sent: 0, confirmed: 0, queue: 0 }
        }

        /// A frame each 33 ms of `bps`, each thirtieth three times as large, or all that there is room for; what is confirmed is seen
        /// each 5 ms.
        fn run(&mut self, ms: u64, bps: Option<f64>) {
            let (until, mut owed, mut frame, mut frames) = (self.now + ms * 1_000, 0.0, self.now, 0);
            while self.now < until {
                self.now += 5_000;
                while let Some((_, total)) = self.arrives.pop_front_if(|(at, _)| *at <= self.now) {
                    self.confirmed = total;
                }
                self.flight.confirmed(self.now, 0, self.confirmed, RTT);
                if let Some(bps) = bps
                    && self.now >= frame
                {
                    frame += 33_000;
                    owed += bps * 31e-3 / 8.0 * if frames % 30 == 0 { 3.0 } else { 1.0 };
                    frames += 1;
                }
                let wanted = bps.map_or(u64::MAX, |_| owed as u64);
                let bytes = wanted.min(self.flight.room());
                if bytes < wanted {
                    self.flight.held();
                }
                if bytes > 0 {
                    owed -= bytes as f64;
                    self.flight.wrote(self.now, bytes);
                    self.free = self.free.max(self.now);
                    let to = self.sent + bytes;
                    while self.sent < to {
                        let packet = PACKET.min(to - self.sent);
                        self.sent += packet;
                        self.free += (packet as f64 * 8e6 / self.bps) as u64;
                        self.arrives.push_back((self.free + RTT, self.sent));
                    }
                    self.queue = self.queue.max(self.free - self.now);
                }
            }
        }
    }

    #[test]
    fn a_page_that_is_confirmed_at_once_is_never_held() {
        let mut path = Path::new(1e9);
        path.run(20_000, Some(4.5e6));
        assert!(!path.flight.limited && path.flight.room() > 64_000, "{}", path.flight.room());
    }

    #[test]
    fn a_link_that_falls_has_a_short_queue_again_within_a_second_and_is_filled() {
        let mut path = Path::new(6e6);
        path.run(5_000, Some(4.5e6));
        path.bps = 1e6;
        path.run(1_000, Some(4.5e6));
        path.queue = 0;
        let before = path.confirmed;
        path.run(3_000, None);
        assert!(path.queue < 200_000, "{}", path.queue);
        assert!((path.confirmed - before) as f64 * 8.0 / 3.0 > 0.85e6);
    }

    #[test]
    fn a_link_that_returns_is_filled_again() {
        let mut path = Path::new(1e6);
        path.run(5_000, None);
        path.bps = 6e6;
        path.run(3_000, None);
        let before = path.confirmed;
        path.run(3_000, None);
        assert!((path.confirmed - before) as f64 * 8.0 / 3.0 > 5.4e6);
    }

    #[test]
    fn what_a_kernel_says_wrong_holds_nothing_for_ever() {
        let mut flight = Flight::new(0, PACKET);
        flight.wrote(0, 10_000);
        assert!(flight.confirmed(0, 0, u64::MAX, 0));
        assert_eq!(flight.flying(), 0);
        assert!(!flight.confirmed(10, 0, 3, 0), "it cannot be taken back");
        for write in 0..1_000 {
            flight.wrote(write, 10);
        }
        assert!(flight.writes.len() <= WRITES_MAX && flight.flying() == 10_000);
        assert!(flight.confirmed(2_000, 0, 20_000, 0));
        assert_eq!((flight.flying(), flight.writes.len()), (0, 0));
    }

    #[test]
    fn who_rests_between_two_requests_is_not_behind_a_queue() {
        let mut flight = Flight::new(0, PACKET);
        let (mut now, mut total) = (0, 0);
        // Confirmed after a round trip, seen by the next write, before which the next request has just come.
        for rest in [50_000; 20].into_iter().chain([1_000_000; 20]) {
            flight.wrote(now, 20_000);
            (now, total) = (now + rest, total + 20_000);
            assert!(flight.confirmed(now, if rest > RTT * 2 { 1_000 } else { rest - RTT }, total, RTT));
        }
        assert!(flight.room() > 64_000, "{}", flight.room());
    }
}
