//! What the link can carry, measured on a stream that arrives at the encoder's pace.
//!
//! Most of the time a live stream says nothing about the link: chunks come when they are made. But a chunk that was made
//! before the one ahead of it had arrived was waiting for the link, and from then on bytes come as fast as the link goes. So
//! time counts only while something waits: at the join (the server bursts what there is of the segment), behind every
//! keyframe, and when the link is too slow. Chunks say by `prft` when they were made; only differences of it are used, so
//! the clocks need not agree. Does not choose a rendition (`abr`).

use super::limits::{
    BUSY_BYTES_MIN, BUSY_CUT_US, BUSY_LONG_US, BUSY_MIN_US, CALM_LATE_MS, ESTIMATE_START_BPS,
    HALF_LIFE_FAST_S, HALF_LIFE_NOW_S, HALF_LIFE_SLOW_S, LATE_MIN_US, PROBE_BYTES_MIN, QUEUED_MS, SAME_BURST,
    SPREAD_EVERY, SPREAD_FALL, SPREAD_RISE, SPREAD_START, TRAIN_BYTES_MIN, TRAIN_FRESH, TRAIN_GAP,
    TRAIN_MIN_US, TRANSIT_WINDOW,
};
use hawker_wire::{Instant, Span, Wall};

/// See the module text.
#[derive(Debug, Default)]
pub struct Throughput {
    now: Rate,
    fast: Rate,
    slow: Rate,
    spread: Spread,
    measured: Option<Instant>,
    last: Option<Instant>,
    busy_us: u64,
    busy_bytes: u64,
    run: Run,
    proven: Option<(Instant, f64)>,
    transit: Least,
    late_ms: f64,
    queued: bool,
    /// Since when chunks have been late, and the bytes since then.
    late: Option<(Instant, u64)>,
    trains: Rate,
    train: Train,
}

/// Chunks that each waited behind the one before.
#[derive(Debug, Default)]
struct Run {
    us: u64,
    bytes: u64,
    /// Not the stream alone was on the link.
    shared: bool,
}

/// Pieces of one chunk that follow each other closely: how fast the link passes on what it has.
#[derive(Debug, Default)]
struct Train {
    /// Of the chunk.
    made: Option<Wall>,
    bytes: u64,
    us: u64,
}

impl Throughput {
    /// Media of another request follow: the time until now says nothing.
    pub fn opened(&mut self, now: Instant) {
        self.close(now);
        self.run = Run { shared: self.run.shared, ..Run::default() };
        self.last = Some(now);
    }

    /// Bytes of a chunk have arrived: the last ones, or some of a long one.
    pub fn piece(&mut self, now: Instant, bytes: u64, made: Option<Wall>) {
        let Some(made) = made else {
            // Sound may come without a stamp: its bytes count with those of the picture.
            if self.queued {
                self.busy_bytes += bytes;
                self.run.bytes += bytes;
            }
            if let Some((_, had)) = &mut self.late {
                *had += bytes;
            }
            return;
        };
        self.train(now, bytes, made);
        let now_ms = now.as_us() as f64 / 1e3;
        let transit = now_ms - made.as_ms() as f64;
        let least = self.transit.push(now, transit);
        self.late_ms = (transit - least).max(0.0);
        self.late = match self.late {
            _ if self.late_ms <= CALM_LATE_MS => None,
            Some((since, had)) => Some((since, had + bytes)),
            None => Some((now, 0)),
        };
        if let Some(last) = self.last {
            // When this chunk could have been here at the earliest, by the page's clock.
            let ready_ms = made.as_ms() as f64 + least;
            self.queued = ready_ms + QUEUED_MS < last.as_us() as f64 / 1e3;
            if self.queued {
                // What a lost packet held back comes at once: it belongs to the wait before it.
                let enough = self.busy_bytes >= BUSY_BYTES_MIN || self.busy_us >= BUSY_LONG_US;
                if self.busy_us >= BUSY_CUT_US && enough && now.since(last) >= SAME_BURST {
                    self.close(now);
                }
                self.busy_us += now.since(last).as_us();
                self.busy_bytes += bytes;
                self.run.us += now.since(last).as_us();
                self.run.bytes += bytes;
                if self.run.bytes >= u64::from(PROBE_BYTES_MIN) && !self.run.shared {
                    self.prove(now, self.run.bytes, self.run.us);
                }
            } else {
                self.close(now);
                self.run = Run::default();
            }
        }
        self.last = Some(now);
    }

    fn train(&mut self, now: Instant, bytes: u64, made: Wall) {
        let since = self.last.map_or(TRAIN_GAP, |last| now.since(last));
        let follows = self.train.made == Some(made) && since < TRAIN_GAP;
        if follows {
            self.train.bytes += bytes;
            self.train.us += since.as_us();
            return;
        }
        let Train { bytes, us, .. } = std::mem::take(&mut self.train);
        if bytes >= TRAIN_BYTES_MIN && us >= TRAIN_MIN_US {
            self.trains.push(now, bytes as f64 * 8.0, us as f64, HALF_LIFE_SLOW_S);
        }
        self.train.made = Some(made);
    }

    /// How fast the link passes on what it has, bits a second: the estimate, or what the pieces of a chunk come at if nothing waits.
    #[must_use]
    pub fn carries_bps(&self) -> f64 {
        self.estimate_bps().max(self.trains_bps())
    }

    /// What it will still carry in a moment if it goes on as it does.
    #[must_use]
    pub fn surely_bps(&self) -> f64 {
        let measured = self.estimate_bps() * (1.0 - self.spread());
        // That changes with how much waits, too; this does not.
        measured.max(self.trains_bps() * (1.0 - SPREAD_START))
    }

    /// What the pieces of a chunk come at. Nothing while media are late: then they come as a queue or a radio lets them.
    #[must_use]
    pub fn trains_bps(&self) -> f64 {
        let fresh = self.trains.at.zip(self.last).is_some_and(|(at, last)| last.since(at) < TRAIN_FRESH);
        self.trains.bps().filter(|_| fresh && self.late_ms <= CALM_LATE_MS).unwrap_or_default()
    }

    fn prove(&mut self, now: Instant, bytes: u64, us: u64) {
        self.proven = Some((now, bytes as f64 * 8e6 / us.max(1_000) as f64));
    }

    /// What a long enough transfer has shown the link to carry, bits a second, and when. A keyframe of a small rendition is
    /// over too soon to say much: what came at the pace of the sockets' buffers looks like a fast link.
    #[must_use]
    pub fn proven(&self) -> Option<(Instant, f64)> {
        self.proven
    }

    /// Something else is on the link as well: what comes until nothing waits any more proves no limit of it.
    pub fn shared(&mut self) {
        self.run.shared = true;
    }

    /// The link has fallen: what it carried before proves nothing any more.
    pub fn fell(&mut self) {
        self.proven = None;
        self.run = Run::default();
        self.trains = Rate::default();
    }

    /// A transfer that ran at the speed of the link: a probe.
    pub fn transfer(&mut self, now: Instant, bytes: u64, took: Span) {
        self.sample(now, bytes, took.as_us().max(1_000));
        self.prove(now, bytes, took.as_us());
    }

    /// Bits a second; the start value before anything is measured.
    #[must_use]
    pub fn estimate_bps(&self) -> f64 {
        match (self.fast.bps(), self.slow.bps()) {
            (Some(fast), Some(slow)) => fast.min(slow),
            _ => ESTIMATE_START_BPS,
        }
    }

    /// What it carried in the last second or so.
    #[must_use]
    pub fn recent_bps(&self) -> Option<f64> {
        self.fast.bps()
    }

    /// By which share that changes from second to second.
    #[must_use]
    pub fn spread(&self) -> f64 {
        self.spread.share.unwrap_or(SPREAD_START)
    }

    /// The same, but quick to believe in less: for a link that is failing right now.
    #[must_use]
    pub fn worst_bps(&self) -> f64 {
        self.now.bps().map_or(self.estimate_bps(), |bps| bps.min(self.estimate_bps()))
    }

    /// What it has carried since chunks began to be late, once that is long enough to tell.
    #[must_use]
    pub fn late_bps(&self) -> Option<f64> {
        let (since, bytes) = self.late?;
        let us = self.last?.since(since).as_us();
        (us >= LATE_MIN_US).then(|| bytes as f64 * 8e6 / us as f64)
    }

    /// When the estimate last got a sample.
    #[must_use]
    pub fn measured(&self) -> Option<Instant> {
        self.measured
    }

    /// How much later than the fastest ones lately the last chunk came.
    #[must_use]
    pub fn late_ms(&self) -> f64 {
        self.late_ms
    }

    /// The link, not the encoder, set the pace of the last chunk.
    #[must_use]
    pub fn queued(&self) -> bool {
        self.queued
    }

    fn close(&mut self, now: Instant) {
        let enough = self.busy_bytes >= BUSY_BYTES_MIN || self.busy_us >= BUSY_LONG_US;
        if self.busy_us >= BUSY_MIN_US && enough {
            self.sample(now, self.busy_bytes, self.busy_us);
        }
        self.busy_us = 0;
        self.busy_bytes = 0;
    }

    fn sample(&mut self, now: Instant, bytes: u64, us: u64) {
        let bps = bytes as f64 * 8e6 / us as f64;
        // By time alone the fast samples would weigh nothing, and a recovered link would go unnoticed.
        let us = us.max(BUSY_CUT_US) as f64;
        self.now.push(now, bps * us / 1e6, us, HALF_LIFE_NOW_S);
        self.fast.push(now, bps * us / 1e6, us, HALF_LIFE_FAST_S);
        self.slow.push(now, bps * us / 1e6, us, HALF_LIFE_SLOW_S);
        if let Some(bps) = self.fast.bps() {
            self.spread.push(now, bps);
        }
        self.measured = Some(now);
    }
}

/// Bits over busy time, both forgotten by the clock: what was sent counts half after so many seconds. Long samples weigh more,
/// as in a harmonic mean.
#[derive(Debug, Default)]
struct Rate {
    bits: f64,
    us: f64,
    at: Option<Instant>,
}

impl Rate {
    fn push(&mut self, now: Instant, bits: f64, us: f64, half_life_s: f64) {
        let since_s = self.at.map_or(0.0, |at| now.since(at).as_secs_f64());
        // A hyperbola: near enough to the exponential, and no `powf` to download.
        let keep = half_life_s / (half_life_s + since_s);
        self.bits = self.bits * keep + bits;
        self.us = self.us * keep + us;
        self.at = Some(now);
    }

    fn bps(&self) -> Option<f64> {
        (self.us > 0.0).then(|| self.bits * 1e6 / self.us)
    }
}

/// How much a rate changes from second to second: an average of the shares that rises quickly after a fall of the rate, and slowly otherwise.
#[derive(Debug, Default)]
struct Spread {
    last: Option<(Instant, f64)>,
    share: Option<f64>,
}

impl Spread {
    fn push(&mut self, now: Instant, bps: f64) {
        let Some((at, before)) = self.last else {
            self.last = Some((now, bps));
            return;
        };
        if now.since(at) < SPREAD_EVERY {
            return;
        }
        self.last = Some((now, bps));
        // Only falls are dangerous. A rise may be followed by one, but a link that came back is not to be doubted for long.
        let share = (bps - before).abs() / bps.max(before).max(1.0);
        let had = self.share.unwrap_or(SPREAD_START);
        let weight = if share > had && bps < before { SPREAD_RISE } else { SPREAD_FALL };
        self.share = Some(had + weight * (share - had));
    }
}

/// The least value of the last one to two windows.
#[derive(Debug, Default)]
struct Least {
    since: Option<Instant>,
    now: Option<f64>,
    before: Option<f64>,
}

impl Least {
    fn push(&mut self, now: Instant, value: f64) -> f64 {
        if self.since.is_none_or(|since| now.since(since) > TRANSIT_WINDOW) {
            self.since = Some(now);
            self.before = self.now.take();
        }
        let least = self.now.map_or(value, |least| least.min(value));
        self.now = Some(least);
        self.before.map_or(least, |before| before.min(least))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sends frames made every 33 ms over a link of so many bits a second; gives the estimate and the last lateness.
    fn over(link_bps: f64, stream_bps: f64, seconds: u64, key_every: u64) -> (f64, f64) {
        let mut throughput = Throughput::default();
        throughput.opened(Instant::ZERO);
        let (mut free_us, mean) = (0.0_f64, stream_bps / 8.0 / 30.0);
        for frame in 0..seconds * 30 {
            let made_us = frame as f64 * 1e6 / 30.0;
            let bytes = if frame % key_every == 0 { mean * 8.0 } else { mean * 0.75 };
            // A keyframe is a second's burst: cut in two chunks' worth as the stack delivers it.
            free_us = free_us.max(made_us) + bytes * 8e6 / link_bps;
            let at = Instant((free_us + 20_000.0) as u64);
            throughput.piece(at, bytes as u64, Some(Wall((made_us / 1e3) as u64)));
        }
        (throughput.estimate_bps(), throughput.late_ms())
    }

    #[test]
    fn a_link_slower_than_the_stream_is_measured_within_a_tenth() {
        let (bps, late_ms) = over(1e6, 3e6, 2, 30);
        assert!((bps / 1e6 - 1.0).abs() < 0.1, "{bps}");
        assert!(late_ms > 500.0, "{late_ms}");
    }

    #[test]
    fn an_app_limited_stream_is_measured_behind_its_keyframes() {
        for link in [3e6, 4e6, 6e6] {
            let (bps, late_ms) = over(link, 2e6, 10, 30);
            assert!((bps / link - 1.0).abs() < 0.3, "{bps} on {link}");
            assert!(late_ms < 60.0);
        }
    }

    /// A stream of 2 Mb/s whose chunks come in pieces of a packet; keyframes, as TCP lets them, with a pause of a round trip in
    /// between.
    fn in_pieces(link_bps: f64, seconds: u64) -> Throughput {
        let mut throughput = Throughput::default();
        throughput.opened(Instant::ZERO);
        for frame in 0..seconds * 30 {
            let made_us = frame * 1_000_000 / 30;
            let made = Some(Wall(made_us / 1_000));
            let packets = if frame % 30 == 0 { 20 } else { 5 };
            let mut at = made_us as f64 + 20_000.0;
            for packet in 0..packets {
                at += if packet == 10 { 40_000.0 } else { 1_448.0 * 8e6 / link_bps };
                throughput.piece(Instant(at as u64), 1_448, made);
            }
        }
        throughput
    }

    #[test]
    fn what_the_sender_holds_back_is_not_taken_for_the_link() {
        for link in [5e6, 8e6, 12e6, 20e6] {
            let seen = in_pieces(link, 5).carries_bps();
            assert!((seen / link - 1.0).abs() < 0.2, "{seen} on {link}");
        }
    }

    #[test]
    fn what_pieces_said_is_over_when_chunks_are_late_or_come_in_none() {
        let mut throughput = in_pieces(20e6, 5);
        let mut late = in_pieces(20e6, 5);
        late.piece(Instant::from_ms(5_500), 1_448, Some(Wall(5_000)));
        assert!(late.carries_bps() < 10e6, "{}", late.carries_bps());
        for ms in (5_000..8_000).step_by(33) {
            throughput.piece(Instant::from_ms(ms + 20), 1_448, Some(Wall(ms)));
        }
        assert!(throughput.carries_bps() < 10e6, "{}", throughput.carries_bps());
    }

    #[test]
    fn without_anything_waiting_there_is_no_estimate() {
        let mut throughput = Throughput::default();
        for frame in 0..300u64 {
            throughput.piece(Instant::from_ms(frame * 33 + 20), 8_000, Some(Wall(frame * 33)));
        }
        assert_eq!(throughput.measured(), None);
    }
}
