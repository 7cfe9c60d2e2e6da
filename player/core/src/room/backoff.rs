//! When to connect again. Doubling with jitter, so that a room full of pages does not come back in one instant.

use super::limits::{BACKOFF_FIRST, BACKOFF_MAX};
use crate::random::Random;
use hawker_wire::Span;

/// What a close code asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum After {
    /// Connect again after the back-off.
    Reconnect,
    /// The server will refuse again: stay away until something changes.
    Stay,
}

/// Reads a WebSocket close code: 4500-4999 asks to stay away, everything else (network loss, restarts, 4000-4499) to
/// connect again.
#[must_use]
pub const fn after(code: u16) -> After {
    if code >= 4_500 && code <= 4_999 { After::Stay } else { After::Reconnect }
}

/// The wait before attempt number `attempt` (0 is the first): uniform between half and all of a time that doubles.
#[must_use]
pub fn wait(attempt: u32, random: &mut Random) -> Span {
    let doubled = BACKOFF_FIRST.0.saturating_mul(1_u64 << attempt.min(16));
    let full = doubled.min(BACKOFF_MAX.0);
    Span(full / 2 + random.below(full / 2 + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn close_codes() {
        let check = |code, expected| assert_eq!(after(code), expected, "{code}");
        check(1_000, After::Reconnect);
        check(1_006, After::Reconnect);
        check(4_000, After::Reconnect);
        check(4_499, After::Reconnect);
        check(4_500, After::Stay);
        check(4_999, After::Stay);
    }

    #[test]
    fn waits_double_to_a_bound_and_are_spread() {
        let mut random = Random::new(1);
        for attempt in 0..100 {
            let span = wait(attempt, &mut random);
            assert!(span <= BACKOFF_MAX && span.0 >= BACKOFF_FIRST.0 / 2, "{attempt}: {span:?}");
        }
        let firsts: Vec<_> = (0..100).map(|seed| wait(0, &mut Random::new(seed)).as_ms() / 50).collect();
        let distinct = firsts.iter().collect::<std::collections::BTreeSet<_>>().len();
        assert!(distinct >= 8, "a hundred pages come back in {distinct} groups of 50 ms");
    }
}
