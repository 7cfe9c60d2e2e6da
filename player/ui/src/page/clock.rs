//! The only place of this module that asks a clock or the browser for randomness.

use hawker_wire::{Instant, Wall};
use web_sys::window;

/// The page's monotonic time.
pub(crate) fn now() -> Instant {
    let ms = window().and_then(|window| window.performance()).map_or(0.0, |performance| performance.now());
    Instant((ms * 1_000.0) as u64)
}

/// The page's own calendar, for use until the server has told its own.
pub(crate) fn wall() -> Wall {
    Wall(js_sys::Date::now() as u64)
}

/// A seed from the browser's generator, which plain http pages have too.
pub(crate) fn seed() -> u64 {
    let mut bytes = [0_u8; 8];
    let filled = window()
        .and_then(|window| window.crypto().ok())
        .is_some_and(|crypto| crypto.get_random_values_with_u8_array(&mut bytes).is_ok());
    if filled { u64::from_le_bytes(bytes) } else { (js_sys::Math::random() * 2_f64.powi(53)) as u64 }
}
