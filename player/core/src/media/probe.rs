//! What a probe shows: the rate of its second half. The first one is TCP opening its window, which says more about round trips than
//! about the link. Does not ask for probes (`abr`) and sees no bytes.

use super::limits::PROBE_SEEN_MIN;
use hawker_wire::{Instant, Span};

/// Times one probe.
#[derive(Clone, Debug)]
pub struct Probe {
    asked: u64,
    seen: u64,
    first: Option<(Instant, u64)>,
    half: Option<(Instant, u64)>,
    last: Instant,
}

impl Probe {
    /// One that asked for so many bytes.
    #[must_use]
    pub fn new(asked: u32) -> Self {
        Self { asked: u64::from(asked), seen: 0, first: None, half: None, last: Instant::ZERO }
    }

    /// The answer began: on a fast link all of it may come in one piece, and then this is where time counts from.
    pub fn begin(&mut self, now: Instant) {
        self.first.get_or_insert((now, 0));
    }

    /// So many more are there. `false`: enough was seen of a server that ignores ranges.
    pub fn piece(&mut self, now: Instant, bytes: u64) -> bool {
        self.seen = self.seen.saturating_add(bytes);
        self.last = now;
        self.first.get_or_insert((now, self.seen));
        if self.seen.saturating_mul(2) >= self.asked {
            self.half.get_or_insert((now, self.seen));
        }
        self.seen <= self.asked.saturating_mul(2)
    }

    /// All that was asked for is there.
    #[must_use]
    pub fn enough(&self) -> bool {
        self.seen >= self.asked
    }

    /// Bytes and how long they took; `None`: too little came for a figure.
    #[must_use]
    pub fn seen(&self) -> Option<(u64, Span)> {
        let since = |(at, had): (Instant, u64)| (self.seen.saturating_sub(had), self.last.since(at));
        let half = self.half.map(since).filter(|(bytes, _)| *bytes >= PROBE_SEEN_MIN);
        half.or(self.first.map(since)).filter(|(bytes, _)| *bytes > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slow_start_is_not_taken_for_the_link() {
        // 10, 20 and 17 packets, a round trip of 40 ms apart, each round at 6 Mb/s.
        let mut probe = Probe::new(65_536);
        let mut at = 0.0;
        for (round, packets) in [10, 20, 17].into_iter().enumerate() {
            at = f64::max(at, round as f64 * 40_000.0);
            for _ in 0..packets {
                at += 1_400.0 * 8.0 / 6.0;
                assert!(probe.piece(Instant(at as u64), 1_400));
            }
        }
        let (bytes, took) = probe.seen().expect("all came");
        let bps = bytes as f64 * 8.0 / took.as_secs_f64();
        assert!((4.0e6..6.1e6).contains(&bps), "{bps}");
    }

    #[test]
    fn all_in_one_piece_is_a_fast_link() {
        let mut probe = Probe::new(24_576);
        probe.begin(Instant::from_ms(5));
        probe.piece(Instant::from_ms(7), 24_576);
        assert_eq!(probe.seen(), Some((24_576, Span::from_ms(2))));
    }

    #[test]
    fn one_piece_says_nothing_and_two_say_something() {
        let mut probe = Probe::new(65_536);
        assert_eq!(probe.seen(), None);
        probe.piece(Instant::from_ms(5), 60_000);
        assert_eq!(probe.seen(), None);
        probe.piece(Instant::from_ms(15), 5_536);
        assert_eq!(probe.seen(), Some((5_536, Span::from_ms(10))));
    }

    #[test]
    fn a_server_that_ignores_ranges_is_noticed() {
        let mut probe = Probe::new(1_000);
        assert!(probe.piece(Instant::from_ms(1), 2_000));
        assert!(!probe.piece(Instant::from_ms(2), 1));
    }
}
