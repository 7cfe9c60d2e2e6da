//! Pace: token buckets in integers, and a crowd of them by key with a bounded memory. Knows nothing of what is paced.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::collections::BTreeMap;

use hawker_wire::{Instant, Span};

use super::limits;

/// How often something may happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Times a second, in the long run.
    pub per_s: u32,
    /// Times at once, after a rest.
    pub burst: u32,
}

/// A token bucket. A token is a million units, so that microseconds add whole units.
#[derive(Clone, Copy, Debug)]
pub struct Bucket {
    units: u64,
    at: Instant,
}

const TOKEN: u64 = 1_000_000;

impl Bucket {
    /// A rested bucket.
    #[must_use]
    pub fn full(now: Instant, rate: Rate) -> Self {
        Self { units: u64::from(rate.burst) * TOKEN, at: now }
    }

    /// Whole tokens there are at `now`.
    #[must_use]
    pub fn tokens(&self, now: Instant, rate: Rate) -> u32 {
        u32::try_from(self.level(now, rate) / TOKEN).unwrap_or(u32::MAX)
    }

    /// Takes `n` tokens, or says how long to wait for them. A wait for more than the burst is a wait for the burst.
    pub fn take(&mut self, now: Instant, rate: Rate, n: u32) -> Result<(), Span> {
        let level = self.level(now, rate);
        let want = u64::from(n) * TOKEN;
        if want <= level {
            *self = Self { units: level - want, at: self.at.max(now) };
            return Ok(());
        }
        let missing = want.min(u64::from(rate.burst) * TOKEN).saturating_sub(level);
        Err(Span::from_us(missing.div_ceil(u64::from(rate.per_s.max(1))).max(1)))
    }

    /// Takes as many of `n` tokens as there are, and says how many.
    pub fn take_up_to(&mut self, now: Instant, rate: Rate, n: u32) -> u32 {
        let taken = n.min(self.tokens(now, rate));
        if self.take(now, rate, taken).is_ok() { taken } else { 0 }
    }

    /// True when a new bucket would be no different.
    #[must_use]
    pub fn rested(&self, now: Instant, rate: Rate) -> bool {
        self.level(now, rate) >= u64::from(rate.burst) * TOKEN
    }

    fn level(&self, now: Instant, rate: Rate) -> u64 {
        let gained = now.since(self.at).as_us().saturating_mul(u64::from(rate.per_s));
        self.units.saturating_add(gained).min(u64::from(rate.burst) * TOKEN)
    }
}

/// Buckets by key. Remembers [`limits::PACED`] keys that are not at rest; any more share one bucket.
#[derive(Debug)]
pub struct Crowd<K> {
    rate: Rate,
    buckets: BTreeMap<K, Bucket>,
    others: Option<Bucket>,
    swept: Option<Instant>,
}

impl<K: Ord + Clone> Crowd<K> {
    /// A crowd in which each key has `rate`.
    #[must_use]
    pub fn new(rate: Rate) -> Self {
        Self { rate, buckets: BTreeMap::new(), others: None, swept: None }
    }

    /// As [`Bucket::take`] for `key`.
    pub fn take(&mut self, now: Instant, key: &K, n: u32) -> Result<(), Span> {
        let rate = self.rate;
        self.bucket(now, key).take(now, rate, n)
    }

    /// As [`Bucket::take_up_to`] for `key`.
    pub fn take_up_to(&mut self, now: Instant, key: &K, n: u32) -> u32 {
        let rate = self.rate;
        self.bucket(now, key).take_up_to(now, rate, n)
    }

    /// Keys remembered.
    #[must_use]
    pub fn len(&self) -> usize {
        self.buckets.len()
    }

    /// True when no key is remembered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.buckets.is_empty()
    }

    fn bucket(&mut self, now: Instant, key: &K) -> &mut Bucket {
        let rate = self.rate;
        if !self.buckets.contains_key(key) && self.buckets.len() >= limits::PACED {
            if self.swept.is_none_or(|at| now.since(at) >= limits::SWEEP_EVERY) {
                self.buckets.retain(|_, bucket| !bucket.rested(now, rate));
                self.swept = Some(now);
            }
            if self.buckets.len() >= limits::PACED {
                return self.others.get_or_insert_with(|| Bucket::full(now, rate));
            }
        }
        self.buckets.entry(key.clone()).or_insert_with(|| Bucket::full(now, rate))
    }
}

/// What counts as one address: an IPv4 address, or an IPv6 /64 (what one subscriber gets).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address(u64, u32);

impl From<IpAddr> for Address {
    fn from(ip: IpAddr) -> Self {
        match ip.to_canonical() {
            IpAddr::V4(ip) => Self(0, Ipv4Addr::to_bits(ip)),
            IpAddr::V6(ip) => Self(u64::try_from(Ipv6Addr::to_bits(ip) >> 64).unwrap_or(u64::MAX), 0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const RATE: Rate = Rate { per_s: 2, burst: 3 };

    #[test]
    fn a_burst_then_the_rate_and_an_exact_wait() {
        let mut bucket = Bucket::full(Instant::ZERO, RATE);
        for _ in 0..3 {
            assert_eq!(bucket.take(Instant::ZERO, RATE, 1), Ok(()));
        }
        let wait = bucket.take(Instant::ZERO, RATE, 1).unwrap_err();
        assert_eq!(wait, Span::from_ms(500));
        assert!(bucket.take(Instant::ZERO + wait, RATE, 1).is_ok());
    }

    #[test]
    fn a_full_crowd_forgets_the_rested_and_pools_the_rest() {
        let mut crowd = Crowd::new(RATE);
        for key in 0..limits::PACED {
            crowd.take(Instant::ZERO, &key, 3).unwrap();
        }
        let newcomer = limits::PACED + 1;
        assert!(crowd.take(Instant::ZERO, &newcomer, 3).is_ok(), "the pool has a burst");
        assert!(crowd.take(Instant::ZERO, &(newcomer + 1), 1).is_err(), "which all newcomers share");
        assert_eq!(crowd.len(), limits::PACED);
        let later = Instant::from_ms(10_000);
        assert!(crowd.take(later, &newcomer, 3).is_ok());
        assert_eq!(crowd.len(), 1, "all others were at rest");
    }

    #[test]
    fn a_subscriber_is_one_address() {
        let of = |text: &str| Address::from(text.parse::<IpAddr>().unwrap());
        assert_eq!(of("2001:db8::1"), of("2001:db8::ffff:1"));
        assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
        assert_eq!(of("::ffff:10.0.0.1"), of("10.0.0.1"));
        assert_ne!(of("10.0.0.2"), of("10.0.0.1"));
    }

    proptest! {
        #[test]
        fn nobody_gets_more_than_burst_and_rate(steps in prop::collection::vec((0u64..2_000_000, 1u32..5), 1..200)) {
            let mut now = Instant::ZERO;
            let mut bucket = Bucket::full(now, RATE);
            let mut taken = 0u64;
            for (us, n) in steps {
                now += Span::from_us(us);
                taken += u64::from(bucket.take_up_to(now, RATE, n));
                let most = u64::from(RATE.burst) + now.as_us() * u64::from(RATE.per_s) / TOKEN;
                prop_assert!(taken <= most);
            }
        }
    }
}
