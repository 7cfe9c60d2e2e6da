//! The only place of this module that asks a clock or the browser for randomness.

use super::browser;
use hawker_wire::{Instant, Wall};

/// The page's monotonic time.
pub(crate) fn now() -> Instant {
    Instant((browser::performance_now() * 1_000.0) as u64)
}

/// The page's own calendar, for use until the server has told its own.
pub(crate) fn wall() -> Wall {
    Wall(browser::date_now() as u64)
}

/// A seed from the browser's generator, which plain http pages have too.
pub(crate) fn seed() -> u64 {
    let mut bytes = [0_u8; 8];
    match browser::random_values(&mut bytes) {
        Ok(()) => u64::from_le_bytes(bytes),
        Err(_) => (browser::random() * 2_f64.powi(53)) as u64,
    }
}
