//! The only place of the server that reads a clock. Everything else takes `now` as an argument or asks [`Clock`].

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use hawker_wire::{Instant, Wall};

/// Monotonic time since the server's start and the calendar time. A cheap copy.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    origin: tokio::time::Instant,
}

impl Clock {
    /// A clock whose `now()` is zero at this moment. Follows tokio's paused time in tests.
    #[must_use]
    pub fn start() -> Self {
        Self { origin: tokio::time::Instant::now() }
    }

    /// Microseconds since the start; never goes back.
    #[must_use]
    pub fn now(&self) -> Instant {
        Instant(self.origin.elapsed().as_micros() as u64)
    }

    /// The calendar time; may step when the machine's clock is set.
    #[must_use]
    pub fn wall(&self) -> Wall {
        Wall(since_1970().as_millis() as u64)
    }

    /// Calendar time in microseconds, for clock measurement (`GET /api/v1/time`).
    #[must_use]
    pub fn wall_us(&self) -> u64 {
        since_1970().as_micros() as u64
    }

    /// Sleeps until `now()` reaches `at`.
    pub async fn sleep_until(&self, at: Instant) {
        tokio::time::sleep_until(self.origin + Duration::from_micros(at.as_us())).await;
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the shell's clock")]
fn since_1970() -> Duration {
    // A machine clock before 1970 is set wrong; zero keeps every comparison total.
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}
