//! How much may be on the way to a viewer, so that little waits in the queues between: congestion control for live media, which
//! mostly has less to send than the link carries, and which loses the viewer's picture when what is sent first is no longer
//! what is wanted. All of it over QUIC; over TCP a bound besides the kernel's own ([`flight`]). Does not send, and paces nothing.
//!
//! Delay is the signal, as in TCP Vegas (Brakmo, Peterson 1995) and Copa (Arun, Balakrishnan, NSDI 2018): what the shortest
//! round trip of a round exceeds the shortest one known by stands in a queue. A loss alone says nothing on a radio link.
//!
//! ```text
//! a round ends when something is confirmed that was sent after it began
//! queue = shortest round trip of the round - shortest known
//! fits  = pace of confirmations of packets that waited * (shortest known + QUEUE)
//! queue <  QUEUE, and the window was the limit:  window += window * (1 - queue / QUEUE), a quarter of that beyond what fits
//! queue <  QUEUE, and it was not:                window  = what fits, at most
//! queue >= QUEUE:                                window  = rate of the round * (shortest known + QUEUE)
//! queue >= QUEUE although the window was cut before: somebody else's queue, or a longer way: it is the shortest known now
//! ```

pub mod flight;
pub mod limits;

use limits::{
    BEYOND, LOSS_MAX, PACE_BYTES_MIN, PACE_US_MAX, PACE_US_MIN, QUEUE_RTT_SHARE, QUEUE_TCP_US, QUEUE_US,
    ROUND_ACKS_MIN, RTT_WINDOW_US, STANDS_ROUNDS, WINDOW_FIRST, WINDOW_MAX, WINDOW_MIN_PACKETS, WINDOW_TCP,
};

/// See the module text. Bytes and microseconds.
#[derive(Clone, Debug)]
pub struct Congestion {
    window: u64,
    packet: u64,
    /// The queue that is sought, but for its share of the round trip.
    queue_us: f64,
    /// The shortest round trip.
    least: Recent<u64>,
    round: Round,
    /// Rounds in a row that found a queue.
    stood: u32,
    pace: Pace,
}

/// What was seen since the round began.
#[derive(Clone, Copy, Debug, Default)]
struct Round {
    began_us: u64,
    /// It ends when a packet after this one is confirmed.
    last: u64,
    acks: u32,
    acked: u64,
    lost: u64,
    /// When the first of what was confirmed left.
    first_us: Option<u64>,
    least_us: Option<u64>,
    /// The window, not a lack of things to send, was the limit at some time.
    limited: bool,
}

impl Congestion {
    /// For packets of so many bytes.
    #[must_use]
    pub fn new(now_us: u64, packet: u64) -> Self {
        Self {
            window: WINDOW_FIRST,
            packet,
            queue_us: QUEUE_US,
            least: Recent::new(u64::min),
            round: Round { began_us: now_us, ..Round::default() },
            stood: 0,
            pace: Pace {
                told_us: 0,
                message: Message::default(),
                bytes: 0,
                us: 0,
                most: Recent::new(f64::max),
            },
        }
    }

    /// Beside the control of a kernel, which begins slowly by itself.
    #[must_use]
    pub fn beside(now_us: u64, packet: u64) -> Self {
        Self { window: WINDOW_TCP, queue_us: QUEUE_TCP_US, ..Self::new(now_us, packet) }
    }

    /// Bytes that may be on the way.
    #[must_use]
    pub fn window(&self) -> u64 {
        self.window
    }

    /// Packets are as long as this.
    pub fn packet(&mut self, bytes: u64) {
        self.packet = bytes;
        self.window = self.window.max(self.floor());
    }

    /// Bytes were confirmed which were sent then. `limited`: there was more to send than the window let through.
    pub fn acked(&mut self, now_us: u64, sent_us: u64, bytes: u64, limited: bool) {
        let rtt_us = now_us.saturating_sub(sent_us);
        self.least.push(now_us, rtt_us);
        self.pace.acked(sent_us, bytes);
        self.round.acks = self.round.acks.saturating_add(1);
        self.round.acked = self.round.acked.saturating_add(bytes);
        self.round.first_us = Some(self.round.first_us.map_or(sent_us, |first| first.min(sent_us)));
        self.round.least_us = Some(self.round.least_us.map_or(rtt_us, |least| least.min(rtt_us)));
        self.round.limited |= limited;
    }

    /// Bytes were lost. `all`: for so long that the way must have changed or broken.
    pub fn lost(&mut self, bytes: u64, all: bool) {
        self.round.lost = self.round.lost.saturating_add(bytes);
        if all {
            self.window = self.floor();
        }
    }

    /// All that one message confirmed was told: up to this packet; and the last one that was sent.
    pub fn told(&mut self, now_us: u64, confirmed: u64, sent: u64) {
        self.pace.told(now_us, self.least.value().unwrap_or_default());
        if confirmed > self.round.last && self.round.acks >= ROUND_ACKS_MIN {
            let round = std::mem::replace(
                &mut self.round,
                Round { began_us: now_us, last: sent, ..Round::default() },
            );
            self.learn(now_us, &round);
        }
    }

    /// Something was confirmed of which nobody knows when: what was seen so far of a round is of no use. `sent`: as in [`Self::told`].
    pub fn anew(&mut self, now_us: u64, sent: u64) {
        self.round = Round { began_us: now_us, last: sent, ..Round::default() };
        self.pace = Pace { told_us: now_us, message: Message::default(), bytes: 0, us: 0, ..self.pace };
    }

    fn learn(&mut self, now_us: u64, round: &Round) {
        let (Some(seen_us), Some(least_us)) = (round.least_us, self.least.value()) else { return };
        let queue_us = seen_us.saturating_sub(least_us) as f64;
        let most_us = self.queue_us + least_us as f64 * QUEUE_RTT_SHARE;
        let losses = round.lost as f64 > LOSS_MAX * (round.lost.saturating_add(round.acked)) as f64;
        if queue_us >= most_us || losses {
            self.stood += 1;
            if self.stood >= STANDS_ROUNDS && !losses {
                self.least.anew(now_us, seen_us);
                self.stood = 0;
                return;
            }
            // A rest before it says nothing of the path, but what was lost in it does.
            let first_us = round.first_us.filter(|_| !losses).unwrap_or(0);
            let since_us = round.began_us.max(first_us);
            let took_us = now_us.saturating_sub(since_us).max(1);
            let rate = round.acked as f64 * 1e6 / took_us as f64;
            let fits = rate * (least_us as f64 + most_us) / 1e6;
            self.window = self.window.min(fits as u64).max(self.floor());
            return;
        }
        self.stood = 0;
        let fits = self.pace.most.value().map(|pace| (pace * (least_us as f64 + most_us) / 1e6) as u64);
        if round.limited {
            let more = self.window as f64 * (1.0 - queue_us / most_us);
            // More than the link is known for is tried in small steps: it lies in a queue if there is no more.
            let more = if fits.is_some_and(|fits| self.window >= fits) { more * BEYOND } else { more };
            self.window = self.window.saturating_add(more as u64).min(WINDOW_MAX);
        } else if let Some(fits) = fits {
            self.window = self.window.min(fits).max(self.floor());
        }
    }

    fn floor(&self) -> u64 {
        self.packet.saturating_mul(WINDOW_MIN_PACKETS)
    }
}

/// The one of the last one to two windows of time that `pick` prefers: routes change, and what nobody sees again is no measure.
#[derive(Clone, Copy, Debug)]
struct Recent<T> {
    pick: fn(T, T) -> T,
    since_us: u64,
    now: Option<T>,
    before: Option<T>,
}

impl<T: Copy> Recent<T> {
    fn new(pick: fn(T, T) -> T) -> Self {
        Self { pick, since_us: 0, now: None, before: None }
    }

    fn push(&mut self, now_us: u64, value: T) {
        if now_us.saturating_sub(self.since_us) > RTT_WINDOW_US {
            self.since_us = now_us;
            self.before = self.now.take();
        }
        self.now = Some(self.now.map_or(value, |known| (self.pick)(known, value)));
    }

    fn anew(&mut self, now_us: u64, value: T) {
        *self = Self { since_us: now_us, now: Some(value), before: None, ..*self };
    }

    fn value(&self) -> Option<T> {
        match (self.now, self.before) {
            (Some(now), Some(before)) => Some((self.pick)(now, before)),
            (now, before) => now.or(before),
        }
    }
}

/// How fast packets that wait for each other are confirmed: as fast as the narrowest link lets them through. What was sent so
/// early that it could have been confirmed with the message before was waiting all the time between the two.
#[derive(Clone, Copy, Debug)]
struct Pace {
    /// When the message before came.
    told_us: u64,
    message: Message,
    bytes: u64,
    us: u64,
    /// The greatest, bytes a second.
    most: Recent<f64>,
}

/// What one message confirms. Browsers confirm ten packets at once, or a quarter of a round trip.
#[derive(Clone, Copy, Debug, Default)]
struct Message {
    bytes: u64,
    /// The earliest packet was sent then.
    sent_us: Option<u64>,
}

impl Pace {
    fn acked(&mut self, sent_us: u64, bytes: u64) {
        self.message.bytes = self.message.bytes.saturating_add(bytes);
        self.message.sent_us = Some(self.message.sent_us.map_or(sent_us, |first| first.min(sent_us)));
    }

    fn told(&mut self, now_us: u64, least_us: u64) {
        let Message { bytes, sent_us: Some(sent_us) } = std::mem::take(&mut self.message) else { return };
        let before_us = std::mem::replace(&mut self.told_us, now_us);
        let waited = sent_us.saturating_add(least_us) <= before_us;
        if waited {
            self.bytes = self.bytes.saturating_add(bytes);
            self.us = self.us.saturating_add(now_us.saturating_sub(before_us));
        }
        // A stretch without an end is looked at in pieces.
        if !waited || self.us >= PACE_US_MAX {
            let (bytes, us) = (std::mem::take(&mut self.bytes), std::mem::take(&mut self.us));
            if bytes >= PACE_BYTES_MIN && us >= PACE_US_MIN {
                self.most.push(now_us, bytes as f64 * 1e6 / us as f64);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::VecDeque;

    const PACKET: u64 = 1_200;

    /// A sender with packets to send behind a bottleneck with a deep queue; times in microseconds.
    struct Path {
        core: Congestion,
        now: u64,
        /// When the last packet is through the bottleneck.
        free: u64,
        flying: VecDeque<(u64, u64, u64, bool)>,
        sent: u64,
        bytes: u64,
        /// One way and back.
        rtt: u64,
        bps: f64,
        /// Each so many-th is lost.
        loses: u64,
        /// What comes within this time is confirmed together; and when that was done last.
        together: u64,
        told: u64,
        /// Longest wait in the queue since it was last looked at.
        queue: u64,
        delivered: u64,
    }

    impl Path {
        fn new(bps: f64, rtt: u64) -> Self {
            Self {
                core: Congestion::new(0, PACKET),
                now: 0,
                free: 0,
                flying: VecDeque::new(),
                sent: 0,
                bytes: 0,
                rtt,
                bps,
                loses: u64::MAX,
                together: 0,
                told: 0,
                queue: 0,
                delivered: 0,
            }
        }

        /// Sends for a while: all that the window lets through, or `bps` of it.
        fn run(&mut self, ms: u64, bps: Option<f64>) {
            let (until, began, before) = (self.now + ms * 1_000, self.now, self.sent);
            while self.now < until {
                self.now += 500;
                let limited = self.feed(bps.map_or(u64::MAX, |bps| {
                    before + ((self.now - began) as f64 * bps / 8e6) as u64 / PACKET
                }));
                self.hear(limited);
            }
        }

        /// True: the window was the limit.
        fn feed(&mut self, most: u64) -> bool {
            while self.sent < most {
                if self.bytes + PACKET > self.core.window() {
                    return true;
                }
                self.sent += 1;
                self.bytes += PACKET;
                self.free = self.free.max(self.now) + (PACKET as f64 * 8e6 / self.bps) as u64;
                self.queue = self.queue.max(self.free - self.now);
                let lost = self.sent.is_multiple_of(self.loses);
                self.flying.push_back((self.free + self.rtt, self.now, self.sent, lost));
            }
            false
        }

        fn hear(&mut self, limited: bool) {
            if self.now < self.told + self.together {
                return;
            }
            let mut last = None;
            while let Some((at, sent, order, lost)) =
                self.flying.front().copied().filter(|it| it.0 <= self.now)
            {
                self.flying.pop_front();
                self.bytes -= PACKET;
                if lost {
                    self.core.lost(PACKET, false);
                    continue;
                }
                self.delivered += PACKET;
                self.core.acked(self.now.max(at), sent, PACKET, limited);
                last = Some(order);
            }
            if let Some(order) = last {
                self.told = self.now;
                self.core.told(self.now, order, self.sent);
            }
        }

        /// Bits a second delivered in the next while with everything to send; the longest queue meanwhile, ms.
        fn flood(&mut self, ms: u64) -> (f64, f64) {
            (self.delivered, self.queue) = (0, 0);
            self.run(ms, None);
            (self.delivered as f64 * 8e3 / ms as f64, self.queue as f64 / 1e3)
        }
    }

    #[test]
    fn it_fills_links_of_all_kinds_and_little_of_their_queues() {
        for (bps, rtt) in [(1e6, 40_000), (6e6, 40_000), (20e6, 40_000), (20e6, 80_000), (50e6, 10_000)] {
            let mut path = Path { together: rtt / 8, ..Path::new(bps, rtt) };
            path.run(3_000, None);
            let (carried, queue_ms) = path.flood(3_000);
            assert!(carried > bps * 0.9, "{carried} of {bps}, {rtt}");
            // And a packet or two of a slow link, each of which is as long as a hundredth of a second.
            assert!(queue_ms < 50.0 + 5.0 * PACKET as f64 * 8e3 / bps, "{queue_ms} at {bps}, {rtt}");
        }
    }

    #[test]
    fn random_losses_are_no_reason_to_send_less() {
        for loses in [50, 20] {
            let mut path = Path::new(20e6, 40_000);
            path.loses = loses;
            path.run(3_000, None);
            assert!(path.flood(3_000).0 > 16e6);
        }
    }

    #[test]
    fn a_link_that_falls_has_a_short_queue_again_within_a_second() {
        let mut path = Path::new(6e6, 40_000);
        path.run(5_000, Some(4.5e6));
        path.bps = 1e6;
        path.run(1_000, Some(4.5e6));
        let (carried, queue_ms) = path.flood(2_000);
        assert!(queue_ms < 120.0, "{queue_ms}");
        assert!(carried > 0.85e6, "{carried}");
    }

    #[test]
    fn keyframes_do_not_open_it_for_more_than_the_link_needs() {
        // However a browser confirms: each packet, or a handful of them.
        for together in [0, 12_000] {
            let mut path = Path { together, ..Path::new(6e6, 40_000) };
            for _ in 0..10 {
                path.run(110, None);
                path.run(890, Some(4e6));
            }
            path.bps = 1e6;
            path.queue = 0;
            path.run(500, Some(4.5e6));
            // What 6 Mb/s carry in a round trip and the queue that is sought takes 1 Mb/s 450 ms, and a step beyond it is tried.
            assert!(path.queue < 560_000, "{}, {together}", path.queue);
        }
    }

    #[test]
    fn a_link_that_returns_is_found_by_a_probe_of_a_stream_that_needs_little() {
        let mut path = Path::new(1e6, 40_000);
        path.run(3_000, None);
        path.run(2_000, Some(0.25e6));
        path.bps = 6e6;
        path.run(2_000, Some(0.25e6));
        // 64 KiB at once: within four round trips and what the link takes for them.
        let (carried, _) = path.flood(250);
        assert!(carried * 0.25 / 8.0 > 65_536.0, "{carried}");
    }

    #[test]
    fn a_queue_after_a_rest_is_judged_by_itself() {
        let (mut core, mut now, mut sent) = (Congestion::beside(0, PACKET), 0, 0);
        // A radio that was asleep for a minute lets the last ones wait.
        for (rest, took) in [(0, 40_000); 20].into_iter().chain([(60_000_000, 240_000)]) {
            let left = now + rest;
            now = left + took;
            (0..40).for_each(|_| core.acked(now, left, PACKET, false));
            sent += 40;
            core.told(now, sent, sent);
        }
        // 40 packets in 240 ms, for 40 ms and the queue that is sought; with the minute it is the least there is.
        assert!((15_000..20_000).contains(&core.window()), "{}", core.window());
    }

    #[test]
    fn a_way_that_becomes_longer_is_no_queue_for_long() {
        let mut path = Path::new(6e6, 20_000);
        path.run(3_000, None);
        path.rtt = 120_000;
        path.run(2_000, None);
        assert!(path.flood(2_000).0 > 5e6);
    }
}
