//! What a clock on a flash sale shows, by the server's time. Functions only; decides no sale: the ledger does.

use hawker_wire::Wall;
use hawker_wire::proto::{Sale, sale};

/// Time left, ready to be painted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Left {
    /// Whole hours.
    pub hours: u64,
    /// 0 to 59.
    pub minutes: u64,
    /// 0 to 59.
    pub seconds: u64,
}

/// Where a flash sale stands for somebody who looks at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Starts after this time.
    Before(Left),
    /// Goes on for this time.
    Running(Left),
    /// Nothing is free now; held pieces may come back.
    SoldOut,
    /// Over.
    Ended,
}

/// The time from `now` to `deadline`. A second that has begun counts whole, so that zero shows when time is up.
#[must_use]
pub const fn left(now: Wall, deadline: Wall) -> Left {
    let seconds = deadline.ms_since(now).div_ceil(1_000);
    Left { hours: seconds / 3_600, minutes: seconds / 60 % 60, seconds: seconds % 60 }
}

/// Where `sale` stands at `now`. The server's state is the truth; the clock only bridges the moment until it is told.
#[must_use]
pub fn phase(sale: &Sale, now: Wall) -> Phase {
    let (starts, ends) = (Wall(sale.starts_ms), Wall(sale.ends_ms));
    match sale.state() {
        sale::State::Ended => Phase::Ended,
        _ if now >= ends && sale.ends_ms > 0 => Phase::Ended,
        sale::State::SoldOut => Phase::SoldOut,
        sale::State::Scheduled if now < starts => Phase::Before(left(now, starts)),
        sale::State::Scheduled | sale::State::Running => Phase::Running(left(now, ends)),
    }
}

/// The flash sale to show for a product: one that runs, else the next to start, else one sold out. Ended ones are history.
#[must_use]
pub fn current<'a>(sales: &'a [Sale], product: &str, now: Wall) -> Option<&'a Sale> {
    let rank = |sale: &&Sale| match phase(sale, now) {
        Phase::Running(_) => Some((0, sale.ends_ms)),
        Phase::SoldOut => Some((1, sale.ends_ms)),
        Phase::Before(_) => Some((2, sale.starts_ms)),
        Phase::Ended => None,
    };
    sales
        .iter()
        .filter(|sale| sale.product == product)
        .filter_map(|sale| rank(&sale).map(|rank| (rank, sale)))
        .min_by_key(|(rank, _)| *rank)
        .map(|(_, sale)| sale)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_left() {
        let check = |now, deadline, hours, minutes, seconds| {
            assert_eq!(left(Wall(now), Wall(deadline)), Left { hours, minutes, seconds }, "{now} {deadline}");
        };
        check(0, 0, 0, 0, 0);
        check(0, 1, 0, 0, 1);
        check(0, 60_000, 0, 1, 0);
        check(1, 60_000, 0, 1, 0);
        check(5_000, 3_600_000 * 30 + 5_000, 30, 0, 0);
        check(9, 1, 0, 0, 0);
    }

    #[test]
    fn the_phase_follows_the_server_and_its_clock() {
        let sale = |state: sale::State, starts_ms, ends_ms| Sale {
            product: "p".into(),
            state: state.into(),
            starts_ms,
            ends_ms,
            ..Sale::default()
        };
        let check =
            |sale: &Sale, now, expected| assert_eq!(phase(sale, Wall(now)), expected, "{sale:?} at {now}");
        let second = Left { hours: 0, minutes: 0, seconds: 1 };
        check(&sale(sale::State::Scheduled, 2_000, 9_000), 1_000, Phase::Before(second));
        check(&sale(sale::State::Scheduled, 2_000, 3_000), 2_000, Phase::Running(second));
        check(&sale(sale::State::Running, 2_000, 3_000), 2_001, Phase::Running(second));
        check(&sale(sale::State::Running, 2_000, 3_000), 3_000, Phase::Ended);
        check(&sale(sale::State::SoldOut, 2_000, 9_000), 3_000, Phase::SoldOut);
        check(&sale(sale::State::Ended, 2_000, 9_000), 3_000, Phase::Ended);
        let rounds = [
            sale(sale::State::Ended, 0, 1_000),
            sale(sale::State::Scheduled, 5_000, 6_000),
            sale(sale::State::SoldOut, 1_000, 4_000),
        ];
        assert_eq!(current(&rounds, "p", Wall(2_000)).map(|s| s.starts_ms), Some(1_000));
        assert_eq!(current(&rounds, "p", Wall(4_500)).map(|s| s.starts_ms), Some(5_000));
        assert_eq!(current(&rounds, "q", Wall(2_000)), None);
    }
}
