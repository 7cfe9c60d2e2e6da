//! The one place that reads a clock: `performance.now()`, milliseconds since the page began.

use crate::browser::performance_now;
use hawker_wire::Instant;

/// Now.
pub(crate) fn now() -> Instant {
    Instant((performance_now() * 1e3).max(0.0) as u64)
}
