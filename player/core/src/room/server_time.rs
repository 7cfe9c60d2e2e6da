//! What the server's clock shows now, learnt from answers of the room's socket. Reads no clock; corrects no media time.

use hawker_wire::{Instant, Span, Wall};

/// An estimate of the server's wall clock on top of the page's monotonic clock.
///
/// An answer whose request went out `rtt` ago was stamped somewhere in that time: the middle is off by half of it at
/// most. The tightest sample wins until it has aged, since clocks drift.
#[derive(Clone, Copy, Debug, Default)]
pub struct ServerTime {
    best: Option<Sample>,
}

#[derive(Clone, Copy, Debug)]
struct Sample {
    at: Instant,
    wall_ms: u64,
    error: Span,
}

/// Drift allowed for: 1 part in 10,000 is a bad quartz, so a sample loosens by 100 us a second.
const DRIFT: u64 = 10_000;

impl ServerTime {
    /// Learns from an answer stamped `wall`, received `now`, to a request sent `rtt` earlier.
    pub fn learn(&mut self, now: Instant, rtt: Span, wall: Wall) {
        if wall == Wall(0) {
            return;
        }
        let error = Span(rtt.0 / 2);
        let aged = self.best.map(|best| Span(best.error.0.saturating_add(now.since(best.at).0 / DRIFT)));
        if aged.is_none_or(|aged| error <= aged) {
            self.best = Some(Sample { at: now, wall_ms: wall.plus_ms(error.as_ms()).0, error });
        }
    }

    /// The server's wall clock at `now`; `None` before the first answer.
    #[must_use]
    pub fn at(&self, now: Instant) -> Option<Wall> {
        let best = self.best?;
        Some(Wall(best.wall_ms).plus_ms(now.since(best.at).as_ms()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tightest_answer_wins_until_it_ages() {
        let mut time = ServerTime::default();
        assert_eq!(time.at(Instant::ZERO), None);
        time.learn(Instant::from_ms(1_000), Span::from_ms(400), Wall(50_000));
        assert_eq!(time.at(Instant::from_ms(1_000)), Some(Wall(50_200)));
        time.learn(Instant::from_ms(2_000), Span::from_ms(20), Wall(51_050));
        assert_eq!(time.at(Instant::from_ms(2_000)), Some(Wall(51_060)));
        time.learn(Instant::from_ms(3_000), Span::from_ms(900), Wall(99_000));
        assert_eq!(time.at(Instant::from_ms(3_000)), Some(Wall(52_060)), "a loose answer changes nothing");
        time.learn(Instant::from_ms(3_000_000), Span::from_ms(60), Wall(7_000_000));
        assert_eq!(
            time.at(Instant::from_ms(3_000_000)),
            Some(Wall(7_000_030)),
            "fifty minutes of drift are learnt"
        );
    }
}
