//! What a TCP connection has on the way and how much more may go, from what a kernel tells: how many bytes were confirmed so far. Does
//! not ask for that and does not write.

use std::collections::VecDeque;

use super::Congestion;
use super::limits::{
    LOOK_FROM_BYTES, LOOK_FROM_WRITES, PACKET_TCP, UNTOLD_US, WINDOW_MIN_PACKETS, WRITES_MAX,
};

// Who has room for a packet with so little on the way need not look.
const _: () = assert!(LOOK_FROM_BYTES + PACKET_TCP <= WINDOW_MIN_PACKETS * PACKET_TCP);

/// See the module text. Bytes and microseconds.
#[derive(Debug)]
pub struct Flight {
    congestion: Congestion,
    /// Writes that are not wholly confirmed: where each ends, and when it left at the earliest.
    writes: VecDeque<(u64, u64)>,
    written: u64,
    confirmed: u64,
    /// What has arrived beyond a hole.
    beyond: u64,
    /// The window was the limit since the last confirmation.
    limited: bool,
    told_us: u64,
}

/// What a kernel tells of a connection.
#[derive(Clone, Copy, Debug, Default)]
pub struct Told {
    /// Bytes that were confirmed, of all.
    pub confirmed: u64,
    /// Bytes that were confirmed beyond those, behind a hole.
    pub beyond: u64,
    /// Bytes that have not left yet.
    pub unsent: u64,
    /// For how long no confirmation has come, and for how long nothing of the other end's own, microseconds.
    pub silent_us: u64,
    /// See there.
    pub mute_us: u64,
    /// The shortest round trip that it knows of, by a finer clock than those.
    pub least_rtt_us: u64,
}

impl Flight {
    /// Nothing is on the way.
    #[must_use]
    pub fn new(now_us: u64) -> Self {
        Self {
            congestion: Congestion::beside(now_us, PACKET_TCP),
            writes: VecDeque::new(),
            written: 0,
            confirmed: 0,
            beyond: 0,
            limited: false,
            told_us: now_us,
        }
    }

    /// So much may be written.
    #[must_use]
    pub fn room(&self) -> u64 {
        self.congestion.window().saturating_sub(self.flying())
    }

    /// So much is on the way, or was when the kernel told last.
    fn flying(&self) -> u64 {
        self.written.saturating_sub(self.confirmed).saturating_sub(self.beyond)
    }

    /// It is time to hear what was confirmed.
    #[must_use]
    pub fn wants_to_know(&self) -> bool {
        self.flying() >= LOOK_FROM_BYTES || self.writes.len() >= LOOK_FROM_WRITES
    }

    /// There is more to write than there is room for.
    pub fn held(&mut self) {
        self.limited = true;
    }

    /// So much was written.
    pub fn wrote(&mut self, now_us: u64, bytes: u64) {
        if bytes == 0 {
            return;
        }
        self.written = self.written.saturating_add(bytes);
        self.write_ends(now_us);
    }

    /// What the kernel tells now. False: nothing new has arrived.
    pub fn told(&mut self, now_us: u64, told: &Told) -> bool {
        let before_us = std::mem::replace(&mut self.told_us, now_us);
        let total = told.confirmed.min(self.written);
        let left = self.written.saturating_sub(told.unsent);
        let beyond = std::mem::replace(&mut self.beyond, told.beyond.min(left.saturating_sub(total)));
        let news = total > self.confirmed;
        if news {
            // A request that came with it, later maybe, hides when that was, and what filled a hole says it of all behind it.
            let recent = now_us.saturating_sub(before_us) < UNTOLD_US;
            let dated = beyond == 0 && (recent || told.silent_us != told.mute_us);
            let last = self.writes.iter().find(|(end, _)| *end >= total).map_or(0, |(_, at_us)| *at_us);
            // It was not there when the kernel told before, and no way is shorter than the shortest.
            let heard_us = now_us
                .saturating_sub(told.silent_us)
                .max(before_us)
                .max(last.saturating_add(told.least_rtt_us))
                .min(now_us);
            while self.confirmed < total
                && let Some((end, at_us)) = self.writes.front().copied()
            {
                let to = end.min(total);
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
            } else {
                self.congestion.anew(now_us, self.written);
            }
            self.limited = false;
        }
        self.date_anew(now_us, left);
        news || self.beyond > beyond
    }

    /// What waits in the kernel has not left: all from there on is dated anew.
    fn date_anew(&mut self, now_us: u64, from: u64) {
        let from = from.max(self.confirmed);
        let mut waits = false;
        while let Some(last) = self.writes.back_mut().filter(|(end, _)| *end > from) {
            waits = true;
            last.0 = from;
            let begins = self.writes.iter().rev().nth(1).map_or(self.confirmed, |(end, _)| *end);
            if begins >= from {
                self.writes.pop_back();
            } else {
                break;
            }
        }
        if waits {
            self.write_ends(now_us);
        }
    }

    /// Another write ends where all that is written does.
    fn write_ends(&mut self, at_us: u64) {
        let full = self.writes.len() >= WRITES_MAX;
        match self.writes.back_mut() {
            Some(last) if full || last.1 == at_us => last.0 = self.written,
            _ => self.writes.push_back((self.written, at_us)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RTT: u64 = 40_000;
    const LONG_AGO: u64 = 3_600_000_000;

    /// A kernel that begins slowly, a link with a queue without a bound, and a server that looks each few milliseconds; times in
    /// microseconds.
    struct Path {
        flight: Flight,
        bound: bool,
        now: u64,
        bps: f64,
        rtt: u64,
        /// When the last packet is through the link.
        free: u64,
        /// What the kernel may have on the way: it doubles each round trip.
        window: u64,
        /// When so much of all is confirmed.
        arrives: VecDeque<(u64, u64)>,
        written: u64,
        sent: u64,
        confirmed: u64,
        heard: u64,
        /// Longest wait in the queue, and writes that the flight had no room for.
        queue: u64,
        holds: u64,
    }

    impl Path {
        fn new(bps: f64, rtt: u64) -> Self {
            Self {
                flight: Flight::new(0),
                bound: true,
                now: 0,
                bps,
                rtt,
                free: 0,
                window: 10 * PACKET_TCP,
                arrives: VecDeque::new(),
                written: 0,
                sent: 0,
                confirmed: 0,
                heard: 0,
                queue: 0,
                holds: 0,
            }
        }

        /// A frame each 33 ms of `bps`, each thirtieth three times as large, or all that there is room for.
        fn run(&mut self, ms: u64, bps: Option<f64>) {
            let (until, mut owed, mut frame, mut frames) = (self.now + ms * 1_000, 0.0, self.now, 0);
            while self.now < until {
                self.now += 5_000;
                self.hear();
                if let Some(bps) = bps
                    && self.now >= frame
                {
                    frame += 33_000;
                    owed += bps * 31e-3 / 8.0 * if frames % 30 == 0 { 3.0 } else { 1.0 };
                    frames += 1;
                }
                // A socket takes no more than this before it has sent some.
                let socket = (16 << 10) - (self.written - self.sent).min(16 << 10);
                let wanted = bps.map_or(socket, |_| (owed as u64).min(socket));
                let bytes = wanted.min(if self.bound { self.flight.room() } else { wanted });
                if bytes < wanted {
                    self.flight.held();
                    self.holds += 1;
                }
                self.flight.wrote(self.now, bytes);
                self.written += bytes;
                owed -= bytes as f64;
                self.send();
            }
        }

        fn hear(&mut self) {
            while let Some((at, total)) = self.arrives.pop_front_if(|(at, _)| *at <= self.now) {
                self.window += total - self.confirmed;
                (self.confirmed, self.heard) = (total, at);
                self.send();
            }
            let told = Told {
                confirmed: self.confirmed,
                unsent: self.written - self.sent,
                silent_us: self.now - self.heard,
                mute_us: LONG_AGO,
                least_rtt_us: self.rtt,
                beyond: 0,
            };
            self.flight.told(self.now, &told);
        }

        fn send(&mut self) {
            while self.sent < self.written && self.sent - self.confirmed < self.window {
                let packet = PACKET_TCP.min(self.written - self.sent);
                self.sent += packet;
                self.free = self.free.max(self.now) + (packet as f64 * 8e6 / self.bps) as u64;
                self.queue = self.queue.max(self.free - self.now);
                self.arrives.push_back((self.free + self.rtt, self.sent));
            }
        }
    }

    #[test]
    fn a_page_that_is_confirmed_at_once_is_never_held() {
        let mut path = Path::new(1e9, 1_000);
        path.run(20_000, Some(4.5e6));
        assert_eq!(path.holds, 0);
    }

    #[test]
    fn a_kernel_that_begins_slowly_is_slowed_down_little() {
        for (bps, rtt) in [(100e6, 150_000), (20e6, 40_000), (5e6, 40_000)] {
            let [bound, free] = [true, false].map(|bound| {
                let mut path = Path { bound, ..Path::new(bps, rtt) };
                path.run(1_000, None);
                path.confirmed as f64
            });
            assert!(bound > free * 0.8, "{bound} of {free} bytes at {bps}, {rtt}");
        }
    }

    #[test]
    fn a_link_that_falls_has_a_short_queue_again_within_a_second_and_is_filled() {
        let mut path = Path::new(6e6, RTT);
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
        let mut path = Path::new(1e6, RTT);
        path.run(5_000, None);
        path.bps = 6e6;
        path.run(3_000, None);
        let before = path.confirmed;
        path.run(3_000, None);
        assert!((path.confirmed - before) as f64 * 8.0 / 3.0 > 5.4e6);
    }

    #[test]
    fn who_rests_between_two_requests_is_not_behind_a_queue() {
        for rest in [100_000, 150_000, 1_000_000, 60_000_000] {
            let mut flight = Flight::new(0);
            let (mut now, mut total) = (0, 0);
            let mut answer = |pause: u64, told: Told| {
                for piece in 0..8 {
                    flight.wrote(now + piece, 2_500);
                }
                (now, total) = (now + pause, total + 20_000);
                assert!(flight.told(now, &Told { confirmed: total, least_rtt_us: RTT, ..told }));
                flight.room()
            };
            for _ in 0..20 {
                answer(RTT + 10_000, Told { silent_us: 10_000, mute_us: LONG_AGO, ..Told::default() });
            }
            for _ in 0..20 {
                // The next request has just come.
                let room = answer(rest, Told { silent_us: 1_000, mute_us: 1_000, ..Told::default() });
                assert!(room > 64_000, "{room} after rests of {rest}");
            }
        }
    }

    #[test]
    fn what_waits_in_the_kernel_has_not_left() {
        for (unsent, left) in
            [(0, vec![(10, 0), (20, 1), (30, 2)]), (4, vec![(10, 0), (20, 1), (26, 2), (30, 9)])]
                .into_iter()
                .chain([
                    (10, vec![(10, 0), (20, 1), (30, 9)]),
                    (15, vec![(10, 0), (15, 1), (30, 9)]),
                    (99, vec![(30, 9)]),
                ])
        {
            let mut flight = Flight::new(0);
            (0..3).for_each(|at_us| flight.wrote(at_us, 10));
            flight.told(9, &Told { unsent, ..Told::default() });
            assert_eq!(flight.writes, left, "{unsent}");
        }
    }

    #[test]
    fn what_has_arrived_behind_a_hole_makes_room() {
        let mut flight = Flight::new(0);
        let room = flight.room();
        flight.wrote(0, 100_000);
        assert!(flight.told(50_000, &Told { beyond: 90_000, ..Told::default() }), "it is news");
        assert_eq!(flight.room(), room - 10_000);
        // It counts whole packets, however small.
        flight.told(60_000, &Told { beyond: 900_000, unsent: 20_000, ..Told::default() });
        assert_eq!(flight.room(), room - 20_000);
    }

    #[test]
    fn more_confirmed_than_written_and_less_than_before_are_taken_for_what_they_can_be() {
        let told = |confirmed| Told { confirmed, ..Told::default() };
        let mut flight = Flight::new(0);
        let room = flight.room();
        flight.wrote(0, 10_000);
        assert!(flight.told(0, &told(u64::MAX)));
        assert_eq!(flight.room(), room);
        assert!(!flight.told(10, &told(3)), "it cannot be taken back");
        for write in 0..1_000 {
            flight.wrote(write, 10);
            flight.told(write, &Told { unsent: write % 35, ..told(10_000) });
        }
        assert!(flight.writes.len() <= WRITES_MAX && flight.wants_to_know());
        assert!(flight.told(2_000, &Told { unsent: u64::MAX, ..told(20_000) }));
        assert!(flight.writes.is_empty() && !flight.wants_to_know());
    }
}
