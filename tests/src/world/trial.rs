//! One player on one link for a while, from a seed, and what the viewer got: the same camera, link and measure for ours and for
//! the others. Prints nothing; `tests/benches/traces.rs` and `tests/media/rivals.rs` do.

use super::bounds::{Best, Fluid};
use super::camera::{FPS, Show};
use super::link::Link;
use super::rival::{Client, Rival};
use super::scenario::Scenario;
use super::{Step, World, dice};
use crate::nqoe::{self, Figures, Shown, Weights};

/// About 4.5, 2.5, 1.2, 0.6 and 0.25 Mb/s with sound.
pub const SHOW: Show = Show {
    ladder: &[
        ("4500", 4_436_000),
        ("2500", 2_436_000),
        ("1200", 1_136_000),
        ("600", 536_000),
        ("250", 186_000),
    ],
    gop_ms: 1_000,
    sound: 64_000,
    seed: 0,
};

/// Who plays.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Who {
    /// Ours.
    Hawker,
    /// Ours, over UDP.
    Udp,
    /// Ours, without what our server tells it.
    Plain,
    /// The same on plain LL-HLS, by parts.
    Hls,
    /// Another, so many seconds behind.
    Other(Rival, f64),
}

impl Who {
    /// Its name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Hawker => "Hawker",
            Self::Udp => "Hawker, UDP",
            Self::Plain => "Hawker, plain",
            Self::Hls => "Hawker, LL-HLS",
            Self::Other(Rival::Hls, _) => "hls.js",
            Self::Other(Rival::Shaka, _) => "Shaka",
            Self::Other(Rival::Dynamic, _) => "dash.js Dynamic",
            Self::Other(Rival::Bola, _) => "dash.js BOLA",
        }
    }
}

/// What is measured begins so long after the viewer comes: joining is another figure.
const WARM_S: f64 = 5.0;
/// The encoder has run so long when the viewer comes.
const AHEAD_S: f64 = 6.0;

/// The ladder's rungs, kb/s.
pub fn ladder() -> Vec<f64> {
    SHOW.ladder.iter().map(|(_, bps)| f64::from(bps + SHOW.sound) / 1e3).collect()
}

/// Of the objective.
pub fn weights() -> Weights {
    Weights::lol_plus(4_500.0, 250.0)
}

/// What is seen of a link by a viewer who comes at its beginning and stays for its length.
pub fn watch(who: Who, scenario: &Scenario, seed: u64) -> (Vec<Shown>, f64, f64) {
    // Where in a segment the link changes is chance.
    let begins_ms = (dice(seed, 77) * 2_000.0) as u64;
    let show = Show { seed: seed + 1, ..SHOW };
    let length_s = scenario.length_ms().min(240_000) as f64 / 1e3;
    let before_s = AHEAD_S + begins_ms as f64 / 1e3;
    match who {
        Who::Hawker | Who::Udp | Who::Plain | Who::Hls => {
            let mut world = World::new(seed + 1);
            world.plain(matches!(who, Who::Plain | Who::Hls));
            world.in_parts(who == Who::Hls);
            if who == Who::Udp {
                world.udp();
            }
            world.run(&[
                Step::Publish(show),
                Step::Run((before_s * 1e3) as u64),
                Step::Trace(scenario.periods.clone()),
                Step::Path(scenario.loss, scenario.queue_bytes),
                Step::Open,
                Step::Run((length_s * 1e3) as u64),
            ]);
            let opened_s = super::START_US as f64 / 1e6 + before_s;
            let seen = world.watched(|name| name.parse().unwrap_or_default());
            (seen, opened_s + WARM_S, opened_s + length_s)
        }
        Who::Other(rival, target_s) => {
            let mut link = Link::new(1_000, 10);
            let opened_us = (before_s * 1e6) as u64;
            link.set(opened_us, scenario.periods.clone());
            link.lose(scenario.loss, seed + 1);
            link.queue(scenario.queue_bytes);
            let mut client = Client::new(rival, show, link, opened_us, target_s);
            client.run(opened_us + (length_s * 1e6) as u64);
            (client.seen, before_s + WARM_S, before_s + length_s)
        }
    }
}

/// That in figures.
pub fn measured(seen: &[Shown], from_s: f64, to_s: f64, weights: &Weights) -> Figures {
    nqoe::measure(seen, from_s, to_s, 1.0 / FPS as f64, weights)
}

/// Both at once.
pub fn trial(who: Who, scenario: &Scenario, seed: u64, weights: &Weights) -> Figures {
    let (seen, from_s, to_s) = watch(who, scenario, seed);
    measured(&seen, from_s, to_s, weights)
}

/// The best that a player who knows the future could do with the same media, and what must stall on the lowest rung within the
/// latency that counts little.
pub fn bounds(scenario: &Scenario, seed: u64, weights: &Weights) -> (Best, f64) {
    let show = Show { seed: seed + 1, ..SHOW };
    let length_s = scenario.length_ms().min(240_000) as f64 / 1e3;
    let fluid = Fluid::new(&scenario.periods, length_s + 10.0);
    let began = (AHEAD_S * FPS as f64) as u64;
    let kb = |rung: usize, second: usize| {
        let bps = show.ladder.get(rung).map_or(0, |(_, bps)| *bps);
        let from = began + second as u64 * FPS;
        let video: u64 = (from..from + FPS).map(|frame| show.size(bps, frame)).sum();
        (video * 8 + u64::from(show.sound)) as f64 / 1e3
    };
    let best = fluid.best(&ladder(), &kb, length_s as usize, weights);
    let lowest = ladder().last().copied().unwrap_or_default();
    (best, fluid.must_stall(lowest, 1.0, WARM_S, length_s))
}
