//! Links to try players on: the twelve public traces, our own for what those lack (round trips that step, outages, loss in
//! bursts, deep queues), and random ones that no rule was fitted to. Data only.

use super::dice;
use super::link::{Loss, Period};

/// A link for a while.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// Its name.
    pub name: String,
    /// Rate and delay over time, over and over.
    pub periods: Vec<Period>,
    /// Losses.
    pub loss: Option<Loss>,
    /// Bound of the queue in front of the bottleneck, bytes.
    pub queue_bytes: u64,
}

/// A home router's queue.
const QUEUE_BYTES: u64 = 96 * 1024;

impl Scenario {
    fn new(name: String, periods: Vec<Period>) -> Self {
        Self { name, periods, loss: None, queue_bytes: QUEUE_BYTES }
    }

    /// How long it takes until it repeats, ms.
    pub fn length_ms(&self) -> u64 {
        self.periods.iter().map(|period| period.ms).sum()
    }

    /// Mean rate, kb/s.
    pub fn mean_kbps(&self) -> f64 {
        let sum: f64 = self.periods.iter().map(|p| p.kbps as f64 * p.ms as f64).sum();
        sum / self.length_ms().max(1) as f64
    }

    /// The same, begun so much later.
    pub fn rotated(&self, by_ms: u64) -> Self {
        let mut left = by_ms;
        let mut periods = self.periods.clone();
        while let Some(first) = periods.first_mut().filter(|_| left > 0) {
            let cut = first.ms.min(left);
            let moved = Period { ms: cut, ..*first };
            first.ms -= cut;
            left -= cut;
            if first.ms == 0 {
                periods.remove(0);
            }
            periods.push(moved);
        }
        Self { periods, ..self.clone() }
    }
}

/// The traces of `tests/media/traces`, twelve and what was put beside them, in the order of their names.
///
/// # Panics
/// The tree is not whole.
pub fn traces() -> Vec<Scenario> {
    let folder = crate::root().join("tests/media/traces");
    let entries = std::fs::read_dir(folder).expect("the traces are in the tree");
    let mut paths: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.retain(|path| path.extension().is_some_and(|ending| ending == "json"));
    paths.sort();
    let whole = |path: std::path::PathBuf| {
        let text = std::fs::read_to_string(&path).expect("readable");
        let trace: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        let number = |period: &serde_json::Value, name: &str| period[name].as_f64().expect("a number") as u64;
        let periods = trace["periods"].as_array().expect("periods").iter().map(|period| Period {
            ms: number(period, "duration_ms"),
            kbps: number(period, "bandwidth_kbps"),
            latency_ms: number(period, "latency_ms"),
        });
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        Scenario::new(name, periods.collect())
    };
    paths.into_iter().map(whole).collect()
}

/// What public sets lack. Two minutes each.
pub fn own(seed: u64) -> Vec<Scenario> {
    let period = |ms, kbps, latency_ms| Period { ms, kbps, latency_ms };
    let steps = [10, 40, 100, 20, 60, 10, 100, 30].map(|latency_ms| period(15_000, 5_000, latency_ms));
    let mut outages = Vec::new();
    for at in 0..12 {
        let out_ms = 500 + (2_500.0 * dice(seed, at)) as u64;
        outages.extend([period(10_000 - out_ms, 4_000, 30), period(out_ms, 0, 30)]);
    }
    let loss = Loss { share: 0.01, burst: 3.0 };
    let deep = [4_000, 2_000, 1_000, 3_000, 1_500, 5_000].map(|kbps| period(20_000, kbps, 25));
    vec![
        Scenario::new("rtt_steps".into(), steps.to_vec()),
        Scenario::new("outages".into(), outages),
        Scenario { loss: Some(loss), ..Scenario::new("burst_loss".into(), vec![period(120_000, 5_000, 20)]) },
        // Half a second of queue at the mean rate.
        Scenario { queue_bytes: 2_750 * 125 / 2, ..Scenario::new("bufferbloat".into(), deep.to_vec()) },
    ]
}

/// A random link: states of a Markov chain, 0.3 to 8 Mb/s and now and then nearly nothing, each for 1 to 20 s, with ripple.
pub fn random(seed: u64) -> Scenario {
    const STATES: [f64; 7] = [300.0, 700.0, 1_300.0, 2_200.0, 3_500.0, 5_500.0, 8_000.0];
    let mut draws = 0;
    let mut draw = || {
        draws += 1;
        dice(seed ^ 0x5eed, draws)
    };
    let latency_ms = 10 + (60.0 * draw()) as u64;
    let hold_s = 1.0 + 19.0 * draw() * draw();
    let mut state = (draw() * STATES.len() as f64) as usize;
    let (mut periods, mut total_ms) = (Vec::new(), 0);
    while total_ms < 120_000 {
        let hold_ms = (1_000.0 * hold_s * (0.3 + 1.4 * draw())) as u64;
        let fade = draw() < 0.06;
        let hold_ms = if fade { 300 + hold_ms % 1_500 } else { hold_ms };
        let mean = if fade { 60.0 } else { STATES.get(state).copied().unwrap_or(1_000.0) };
        for _ in 0..hold_ms / 250 {
            let kbps = (mean * (0.7 + 0.6 * draw())) as u64;
            periods.push(Period { ms: 250, kbps, latency_ms: latency_ms + (20.0 * draw() * draw()) as u64 });
        }
        total_ms += hold_ms / 250 * 250;
        // Mostly to a neighbour, sometimes anywhere.
        state = match draw() {
            dice if dice < 0.4 => state.saturating_sub(1),
            dice if dice < 0.8 => (state + 1).min(STATES.len() - 1),
            _ => (draw() * STATES.len() as f64) as usize,
        };
    }
    Scenario::new(format!("random_{seed}"), periods)
}
