//! The three kinds of time, and no arithmetic across them.
//!
//! [`Instant`] is monotonic and means nothing outside its process; [`Wall`] is the calendar and may step; [`Ticks`] is
//! media time and belongs to a [`Timescale`]. This file reads no clock: a shell's `clock.rs` does.

use core::fmt;
use core::ops::{Add, AddAssign, Sub};

/// A monotonic moment in microseconds since an arbitrary origin (process start, page load, world start).
///
/// Our own type, because `std::time::Instant` cannot be built by hand and does not exist in WASM.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(pub u64);

impl Instant {
    /// The origin.
    pub const ZERO: Self = Self(0);

    /// The moment `ms` milliseconds after the origin.
    #[must_use]
    pub const fn from_ms(ms: u64) -> Self {
        Self(ms.saturating_mul(1_000))
    }

    /// Microseconds since the origin.
    #[must_use]
    pub const fn as_us(self) -> u64 {
        self.0
    }

    /// Whole milliseconds since the origin.
    #[must_use]
    pub const fn as_ms(self) -> u64 {
        self.0 / 1_000
    }

    /// The time from `earlier` to here; zero if `earlier` is later.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }
}

/// A length of [`Instant`] time in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span(pub u64);

impl Span {
    /// No time.
    pub const ZERO: Self = Self(0);

    /// A length of `us` microseconds.
    #[must_use]
    pub const fn from_us(us: u64) -> Self {
        Self(us)
    }

    /// A length of `ms` milliseconds.
    #[must_use]
    pub const fn from_ms(ms: u64) -> Self {
        Self(ms.saturating_mul(1_000))
    }

    /// A length of `s` seconds.
    #[must_use]
    pub const fn from_secs(s: u64) -> Self {
        Self(s.saturating_mul(1_000_000))
    }

    /// Microseconds.
    #[must_use]
    pub const fn as_us(self) -> u64 {
        self.0
    }

    /// Whole milliseconds.
    #[must_use]
    pub const fn as_ms(self) -> u64 {
        self.0 / 1_000
    }

    /// Seconds, for formulas.
    #[must_use]
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / 1e6
    }
}

impl Add<Span> for Instant {
    type Output = Self;
    fn add(self, span: Span) -> Self {
        Self(self.0.saturating_add(span.0))
    }
}

impl AddAssign<Span> for Instant {
    fn add_assign(&mut self, span: Span) {
        *self = *self + span;
    }
}

impl Sub<Span> for Instant {
    type Output = Self;
    fn sub(self, span: Span) -> Self {
        Self(self.0.saturating_sub(span.0))
    }
}

impl Add for Span {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sub for Span {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:06}s", self.0 / 1_000_000, self.0 % 1_000_000)
    }
}

/// A calendar moment: milliseconds since 1970-01-01T00:00:00Z. What must outlive the process is a `Wall`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Wall(pub u64);

impl Wall {
    /// Milliseconds since 1970.
    #[must_use]
    pub const fn as_ms(self) -> u64 {
        self.0
    }

    /// The moment `ms` milliseconds later.
    #[must_use]
    pub const fn plus_ms(self, ms: u64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// Milliseconds from `earlier` to here; zero if `earlier` is later.
    #[must_use]
    pub const fn ms_since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// Ticks in a second of a media track, e.g. 1,000 for RTMP video or the sample rate for audio.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timescale(core::num::NonZeroU32);

impl Timescale {
    /// Milliseconds, the unit of RTMP.
    pub const MS: Self = match core::num::NonZeroU32::new(1_000) {
        Some(n) => Self(n),
        None => unreachable!(),
    };

    /// A timescale, or `None` for zero.
    #[must_use]
    pub const fn new(ticks_per_second: u32) -> Option<Self> {
        match core::num::NonZeroU32::new(ticks_per_second) {
            Some(n) => Some(Self(n)),
            None => None,
        }
    }

    /// Ticks in a second.
    #[must_use]
    pub const fn per_second(self) -> u32 {
        self.0.get()
    }
}

/// A moment or length of media time; what it counts is its track's [`Timescale`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticks(pub i64);

impl Ticks {
    /// The same time in another timescale, rounded down; exact integers, no floats.
    #[must_use]
    pub fn rescale(self, from: Timescale, to: Timescale) -> Self {
        let scaled = i128::from(self.0) * i128::from(to.per_second());
        Self(scaled.div_euclid(i128::from(from.per_second())) as i64)
    }

    /// Seconds, for formulas and for MSE, which counts in seconds.
    #[must_use]
    pub fn as_secs_f64(self, timescale: Timescale) -> f64 {
        self.0 as f64 / f64::from(timescale.per_second())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rescale_is_exact_and_floors() {
        let hz48k = Timescale::new(48_000).unwrap();
        assert_eq!(Ticks(1_024).rescale(hz48k, Timescale::MS), Ticks(21));
        assert_eq!(Ticks(-1).rescale(hz48k, Timescale::MS), Ticks(-1));
        assert_eq!(Ticks(i64::MAX / 48).rescale(Timescale::MS, hz48k), Ticks(i64::MAX / 48 * 48));
    }

    #[test]
    fn instants_saturate() {
        assert_eq!(Instant::from_ms(1).since(Instant::from_ms(2)), Span::ZERO);
        assert_eq!(Instant(u64::MAX) + Span(1), Instant(u64::MAX));
    }
}
