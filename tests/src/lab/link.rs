//! What a link does to packets: a rate that follows a schedule, a bounded queue that drops at its tail, a delay, jitter that
//! keeps the order, and loss. A function of time, seed and what was offered before: no clock, no sockets (`tunnel.rs` has them).

use std::collections::VecDeque;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use hawker_player_core::random::Random;
use serde_json::Value;

/// Jitter moves to a new value this often.
const JITTER_SLOT_US: u64 = 25_000;
/// A queue holds this much of the schedule's mean rate...
const QUEUE_MS: u64 = 200;
/// ... but at least some twenty packets, and at most what home routers have.
const QUEUE_BYTES: std::ops::RangeInclusive<u64> = 32_000..=256_000;

/// A while with one rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// Length.
    pub ms: u64,
    /// 1,000 bit/s, in each direction; 0 is an outage, in which packets wait.
    pub kbps: u64,
    /// One way.
    pub latency_ms: u64,
}

/// A link: what both directions have in common.
#[derive(Clone, Debug, PartialEq)]
pub struct Link {
    /// Played in order, then from the start again.
    pub periods: Vec<Period>,
    /// Packets towards the viewer are later by up to this, besides.
    pub jitter_ms: u64,
    /// Share of packets lost behind the queue, in each direction.
    pub loss: f64,
    /// UDP gets through for so long and then never again, without a word, as firewalls do it; nothing: as all else does.
    pub udp_ms: Option<u64>,
}

impl Link {
    /// One rate, one round trip.
    pub fn steady(kbps: u64, rtt_ms: u64) -> Self {
        Self {
            periods: vec![Period { ms: 1_000, kbps, latency_ms: rtt_ms / 2 }],
            jitter_ms: 0,
            loss: 0.0,
            udp_ms: None,
        }
    }

    /// From a file of `tests/media/traces`.
    ///
    /// # Errors
    /// It can't be read or is no trace.
    pub fn trace(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| format!("{}", path.display()))?;
        let trace: Value = serde_json::from_str(&text)?;
        let number = |period: &Value, name: &str| period.get(name).and_then(Value::as_f64).unwrap_or(0.0);
        let periods = trace.get("periods").and_then(Value::as_array).context("no periods")?;
        let periods: Vec<Period> = periods
            .iter()
            .map(|period| Period {
                ms: number(period, "duration_ms").round() as u64,
                kbps: number(period, "bandwidth_kbps").round() as u64,
                latency_ms: number(period, "latency_ms").round() as u64,
            })
            .collect();
        let link = Self { periods, jitter_ms: 0, loss: 0.0, udp_ms: None };
        ensure!(link.mean_kbps() > 0, "{}: never carries anything", path.display());
        Ok(link)
    }

    /// Length of the schedule.
    fn cycle_us(&self) -> u64 {
        self.periods.iter().map(|period| period.ms * 1_000).sum::<u64>().max(1)
    }

    /// Over the whole schedule.
    pub fn mean_kbps(&self) -> u64 {
        self.periods.iter().map(|period| period.ms * period.kbps).sum::<u64>() * 1_000 / self.cycle_us()
    }

    /// Bytes that the queue in front of the link holds.
    pub fn queue_bytes(&self) -> u64 {
        (self.mean_kbps() * QUEUE_MS / 8).clamp(*QUEUE_BYTES.start(), *QUEUE_BYTES.end())
    }

    /// The period at a time since the beginning, and when it ends.
    pub fn period(&self, at_us: u64) -> (Period, u64) {
        let mut rest = at_us % self.cycle_us();
        for period in &self.periods {
            let length = period.ms * 1_000;
            if rest < length {
                return (*period, at_us + length - rest);
            }
            rest -= length;
        }
        (Period { ms: 1, kbps: 0, latency_ms: 0 }, at_us + 1_000)
    }

    /// When the last of so many bytes has left, if the first may go at `at_us`.
    fn finish(&self, mut at_us: u64, bytes: u64) -> u64 {
        // kb/s times µs are thousandths of bits: integers stay exact.
        let mut left = bytes * 8 * 1_000;
        loop {
            let (period, ends) = self.period(at_us);
            let can = period.kbps * (ends - at_us);
            if can >= left && period.kbps > 0 {
                return at_us + left.div_ceil(period.kbps);
            }
            left -= can;
            at_us = ends;
        }
    }
}

/// One direction of a link. Times are µs since its beginning.
#[derive(Debug)]
pub struct Lane {
    link: Link,
    jitter_us: u64,
    seed: u64,
    queue: VecDeque<(u64, u64)>,
    queued: u64,
    free_us: u64,
    last_us: u64,
    random: u64,
    /// Packets that found the queue full.
    pub dropped: u64,
    /// Packets that were lost behind it.
    pub lost: u64,
    /// Packets offered.
    pub offered: u64,
}

impl Lane {
    /// Empty. Jitter belongs to the direction towards the viewer only.
    pub fn new(link: Link, to_viewer: bool, seed: u64) -> Self {
        let jitter_us = if to_viewer { link.jitter_ms * 1_000 } else { 0 };
        let seed = mix(seed ^ u64::from(to_viewer));
        Self {
            link,
            jitter_us,
            seed,
            queue: VecDeque::new(),
            queued: 0,
            free_us: 0,
            last_us: 0,
            random: seed,
            dropped: 0,
            lost: 0,
            offered: 0,
        }
    }

    /// Whether such a packet is let in at all.
    pub fn passes(&self, now_us: u64, packet: &[u8]) -> bool {
        // The protocol of an IPv4 packet; 17 is UDP.
        packet.get(9) != Some(&17) || self.link.udp_ms.is_none_or(|ms| now_us < ms * 1_000)
    }

    /// Offers a packet: when it arrives, or nothing if it never does.
    pub fn offer(&mut self, now_us: u64, bytes: u64) -> Option<u64> {
        self.offered += 1;
        while let Some((gone, bytes)) = self.queue.front().copied()
            && gone <= now_us
        {
            self.queue.pop_front();
            self.queued -= bytes;
        }
        if self.queued + bytes > self.link.queue_bytes() {
            self.dropped += 1;
            return None;
        }
        let finish = self.link.finish(self.free_us.max(now_us), bytes);
        self.free_us = finish;
        self.queue.push_back((finish, bytes));
        self.queued += bytes;
        self.random = mix(self.random);
        if (self.random >> 11) as f64 / (1u64 << 53) as f64 <= self.link.loss && self.link.loss > 0.0 {
            self.lost += 1;
            return None;
        }
        let delay = self.link.period(finish).0.latency_ms * 1_000 + self.jitter(finish);
        // In order: who is delayed less does not overtake.
        self.last_us = self.last_us.max(finish + delay);
        Some(self.last_us)
    }

    /// A line from one random value to the next: neighbouring packets share their fate, as in a radio's schedule.
    fn jitter(&self, at_us: u64) -> u64 {
        let slot = at_us / JITTER_SLOT_US;
        let value = |slot: u64| mix(self.seed ^ slot) % (self.jitter_us + 1);
        let into = at_us % JITTER_SLOT_US;
        (value(slot) * (JITTER_SLOT_US - into) + value(slot + 1) * into) / JITTER_SLOT_US
    }
}

/// A well-mixed number from another.
pub fn mix(seed: u64) -> u64 {
    Random::new(seed).next()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lane(link: &Link) -> Lane {
        Lane::new(link.clone(), true, 7)
    }

    #[test]
    fn a_rate_is_kept_and_a_round_trip_added() {
        let mut lane = lane(&Link::steady(1_200, 40));
        // 1,500 bytes at 1.2 Mb/s are 10 ms.
        assert_eq!(lane.offer(0, 1_500), Some(30_000));
        assert_eq!(lane.offer(0, 1_500), Some(40_000), "behind the first");
        assert_eq!(lane.offer(100_000, 1_500), Some(130_000), "an idle link saves nothing up");
    }

    #[test]
    fn packets_wait_through_an_outage_until_the_queue_is_full() {
        let period = |ms, kbps| Period { ms, kbps, latency_ms: 0 };
        let link = Link { periods: vec![period(10, 1_200), period(990, 0)], ..Link::steady(0, 0) };
        let mut lane = lane(&link);
        assert_eq!(lane.offer(0, 1_500), Some(10_000));
        assert_eq!(lane.offer(0, 1_500), Some(1_010_000), "in the next round");
        let taken = (0..100).filter(|_| lane.offer(20_000, 1_500).is_some()).count();
        assert_eq!(taken, 20, "32,000 bytes less what waits already");
        assert_eq!(lane.dropped, 80);
    }

    #[test]
    fn jitter_stays_within_its_bounds_and_keeps_the_order() {
        let link = Link { jitter_ms: 20, ..Link::steady(20_000, 80) };
        let mut lane = lane(&link);
        let delays: Vec<u64> =
            (0..3_000u64).map(|n| lane.offer(n * 5_000, 100).expect("no loss") - n * 5_000).collect();
        assert!(delays.iter().all(|delay| (40_000..=60_100).contains(delay)));
        assert!(delays.iter().max() > Some(&57_000) && delays.iter().min() < Some(&43_000));
        assert!(delays.windows(2).all(|pair| pair[1] + 5_000 >= pair[0]), "nobody overtakes");
    }

    #[test]
    fn a_firewall_takes_udp_and_nothing_else() {
        let lane = lane(&Link { udp_ms: Some(5), ..Link::steady(20_000, 0) });
        let packet = |protocol: u8| [&[0; 9][..], &[protocol]].concat();
        assert!(lane.passes(4_999, &packet(17)) && lane.passes(5_000, &packet(6)));
        assert!(!lane.passes(5_000, &packet(17)));
    }

    #[test]
    fn loss_is_the_share_asked_for_and_the_same_for_a_seed() {
        let link = Link { loss: 0.02, ..Link::steady(100_000, 0) };
        let run = || {
            let mut lane = lane(&link);
            let arrived: Vec<bool> = (0..50_000).map(|n| lane.offer(n * 1_000, 1_000).is_some()).collect();
            (lane.lost, arrived)
        };
        let (lost, arrived) = run();
        assert!((900..1_100).contains(&lost), "{lost} of 50,000");
        assert_eq!(run(), (lost, arrived));
    }
}
