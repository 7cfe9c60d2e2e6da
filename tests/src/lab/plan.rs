//! What is run: the players, the links by name, the sets that people ask for, and in which order. Only names and numbers; the
//! players' settings are in `tests/lab/players.js`.

use std::path::PathBuf;

use anyhow::{Context as _, Result};

use super::link::{Link, Period, mix};

/// A player in one setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Player {
    /// Name on the command line, in files and in plots.
    pub name: &'static str,
    /// Who it is.
    pub about: &'static str,
    /// Does it belong to the shorter sets: ours, and each of the others at its best?
    pub best: bool,
    /// Does it play the picture alone?
    pub bare: bool,
}

/// All there are.
pub const PLAYERS: [Player; 15] = [
    Player {
        name: "hawker",
        about: "ours, as it comes: UDP too, once it shows a picture",
        best: true,
        bare: true,
    },
    Player { name: "hawker-http", about: "ours, over HTTP alone", best: false, bare: true },
    Player {
        name: "hawker-plain",
        about: "ours, blind to what only our server tells",
        best: false,
        bare: true,
    },
    Player { name: "hawker-hls", about: "ours, on plain LL-HLS", best: false, bare: true },
    Player { name: "hls-default", about: "hls.js, as it comes", best: false, bare: true },
    Player { name: "hls-tuned", about: "hls.js, for low latency", best: true, bare: true },
    Player { name: "shaka-default", about: "Shaka, as it comes", best: false, bare: true },
    Player { name: "shaka-tuned", about: "Shaka, for low latency", best: true, bare: true },
    Player { name: "shaka-dash", about: "Shaka, for low latency, on DASH", best: false, bare: true },
    Player { name: "dash-default", about: "dash.js, as it comes", best: false, bare: true },
    Player { name: "dash-tuned", about: "dash.js, for low latency, Dynamic", best: true, bare: true },
    Player { name: "dash-lolp", about: "dash.js, for low latency, LoL+", best: false, bare: true },
    Player {
        name: "hawker-room-http",
        about: "ours with its room, over HTTP and WebSocket alone",
        best: false,
        bare: false,
    },
    Player {
        name: "hawker-room",
        about: "ours with its room, over WebTransport too",
        best: false,
        bare: false,
    },
    Player { name: "hawker-sound", about: "ours, and its sound is heard", best: false, bare: false },
];

/// A link that can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Named {
    /// Name on the command line, in files and in plots.
    pub name: &'static str,
    /// What it is.
    pub about: &'static str,
    /// How long it is watched, s.
    pub seconds: u64,
}

const fn named(name: &'static str, seconds: u64, about: &'static str) -> Named {
    Named { name, about, seconds }
}

/// The link that falls and rises again.
pub const STEP: &str = "step";
/// When it rises, as a share of the time watched.
pub const STEP_RISES: f64 = 2.0 / 3.0;

/// All links. Those that are no trace have their numbers in [`Named::link`].
pub const LINKS: [Named; 23] = [
    named("open", 600, "no limit, no delay"),
    named("clean", 60, "20 Mb/s, RTT 40 ms"),
    named("rough", 60, "20 Mb/s, RTT 80 ms, 20 ms of jitter, 0.5 % loss"),
    named(STEP, 60, "6 Mb/s, after 20 s 1 Mb/s, after 40 s 6 Mb/s again; RTT 40 ms"),
    named("cold", 8, "10 Mb/s, RTT 40 ms: opening the page with an empty cache"),
    named("loss2", 60, "20 Mb/s, RTT 40 ms, 2 % loss"),
    named("loss5", 60, "20 Mb/s, RTT 40 ms, 5 % loss"),
    named("udp-shut", 20, "20 Mb/s, RTT 40 ms, UDP does not get through"),
    named("udp-dies", 30, "20 Mb/s, RTT 40 ms, UDP does not get through any more after 15 s"),
    named("narrow", 60, "3 Mb/s, RTT 40 ms: less than the top rung"),
    named("outages", 60, "6 Mb/s, RTT 40 ms, every 15 s nothing at all for 1 s"),
    named("fcc_0906", 120, "trace: fixed line"),
    named("hsdpa_0930", 120, "trace: 3G"),
    named("hsdpa_ferry", 120, "trace: 3G, on a ferry"),
    named("lte4g_tram", 120, "trace: 4G, in a tram"),
    named("lte_bus", 120, "trace: 4G, in a bus"),
    named("lte_train", 120, "trace: 4G, in a train"),
    named("lte_tram", 120, "trace: 4G, in a tram"),
    named("twitch_cascade", 150, "trace: stairs down and up"),
    named("twitch_fast_jitters", 120, "trace: dips of a tenth of a second"),
    named("twitch_intra_cascade", 120, "trace: long stairs"),
    named("twitch_slow_jitters", 120, "trace: dips of seconds"),
    named("twitch_spike", 120, "trace: a deep dip of 10 s"),
];

impl Named {
    /// The link itself.
    ///
    /// # Errors
    /// Its trace can't be read.
    pub fn link(&self) -> Result<Link> {
        Ok(match self.name {
            "open" => Link::steady(1_000_000, 0),
            "clean" => Link::steady(20_000, 40),
            "rough" => Link { jitter_ms: 20, loss: 0.005, ..Link::steady(20_000, 80) },
            STEP => steps(self.seconds),
            "cold" => Link::steady(10_000, 40),
            "loss2" => Link { loss: 0.02, ..Link::steady(20_000, 40) },
            "loss5" => Link { loss: 0.05, ..Link::steady(20_000, 40) },
            "udp-shut" => Link { udp_ms: Some(0), ..Link::steady(20_000, 40) },
            "udp-dies" => Link { udp_ms: Some(15_000), ..Link::steady(20_000, 40) },
            "narrow" => Link::steady(3_000, 40),
            "outages" => outages(),
            name => Link::trace(&trace(name))?,
        })
    }
}

/// The link of that name: one of [`LINKS`], or a trace that somebody has put beside the twelve.
pub fn link(name: &str) -> Option<Named> {
    let own = || trace(name).is_file().then(|| named(name.to_owned().leak(), 120, "a trace of your own"));
    LINKS.iter().find(|link| link.name == name).copied().or_else(own)
}

fn trace(name: &str) -> PathBuf {
    crate::root().join(format!("tests/media/traces/{name}.json"))
}

fn outages() -> Link {
    let period = |ms, kbps| Period { ms, kbps, latency_ms: 20 };
    Link { periods: vec![period(14_000, 6_000), period(1_000, 0)], ..Link::steady(0, 0) }
}

/// Thirds of the time watched, which shorter runs shorten too.
fn steps(seconds: u64) -> Link {
    let third = seconds * 1_000 / 3;
    let period = |kbps| Period { ms: third, kbps, latency_ms: 20 };
    Link { periods: vec![period(6_000), period(1_000), period(6_000)], ..Link::steady(0, 0) }
}

/// Which players a set has.
#[derive(Clone, Copy, Debug)]
enum Among {
    /// Ours, and each of the others at its best.
    Best,
    /// All that play the picture alone.
    Bare,
    /// These.
    Named(&'static [&'static str]),
}

/// A name for a choice of links, players, runs.
#[derive(Clone, Copy, Debug)]
pub struct Set {
    /// Name on the command line.
    pub name: &'static str,
    /// What it is for and how long it takes.
    pub about: &'static str,
    links: &'static [(&'static str, Option<u64>)],
    among: Among,
    /// Somebody talks in the room.
    pub talks: bool,
    /// How often each is run.
    pub runs: u32,
}

/// The set in which our player also has its whole interface, in a show with all there is to it.
pub const STEADY: &str = "steady";

/// All sets.
pub const SETS: [Set; 7] = [
    Set {
        name: "try",
        about: "one run of each player at its best on a clean link: does it all work? 2 minutes",
        links: &[("clean", Some(20))],
        among: Among::Best,
        talks: false,
        runs: 1,
    },
    Set {
        name: "short",
        about: "each player at its best on three links, three times; under 15 minutes",
        links: &[("clean", Some(16)), ("rough", Some(16)), ("step", Some(24))],
        among: Among::Best,
        talks: false,
        runs: 3,
    },
    Set {
        name: "figures",
        about: "all players on the links that figures are asked for; over 2 hours",
        links: &[("clean", None), ("rough", None), ("step", None), ("cold", None), ("narrow", None)],
        among: Among::Bare,
        talks: false,
        runs: 3,
    },
    Set {
        name: "traces",
        about: "all players on the twelve traces; 15 hours, in slices",
        links: TRACES,
        among: Among::Bare,
        talks: false,
        runs: 3,
    },
    Set {
        name: "loss",
        about: "ours over HTTP and over UDP, where packets are lost or UDP does not get through, picture and words; 15 minutes",
        links: &[("loss2", Some(45)), ("loss5", Some(45)), ("udp-dies", None), ("udp-shut", None)],
        among: Among::Named(&["hawker-room-http", "hawker-room"]),
        talks: true,
        runs: 3,
    },
    Set {
        name: "long",
        about: "each player at its best for ten minutes without a limit: steady state; 45 minutes (--players hawker-sound: ours heard)",
        links: &[("open", None)],
        among: Among::Best,
        talks: false,
        runs: 1,
    },
    Set {
        name: STEADY,
        about: "ours, bare and as a whole in a show that talks and sells, and hls.js: long tasks and processor time; 42 minutes",
        links: &[("open", Some(610))],
        among: Among::Named(&["hawker", "hawker-room", "hls-default", "hls-tuned"]),
        talks: true,
        runs: 1,
    },
];

const TRACES: &[(&str, Option<u64>)] = &[
    ("fcc_0906", None),
    ("hsdpa_0930", None),
    ("hsdpa_ferry", None),
    ("lte4g_tram", None),
    ("lte_bus", None),
    ("lte_train", None),
    ("lte_tram", None),
    ("twitch_cascade", None),
    ("twitch_fast_jitters", None),
    ("twitch_intra_cascade", None),
    ("twitch_slow_jitters", None),
    ("twitch_spike", None),
];

/// One run to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    /// On which link, watched for how long.
    pub link: Named,
    /// Who plays.
    pub player: Player,
    /// The how-manieth time, from 1.
    pub run: u32,
    /// Of everything random in it: the same for all players, so that they meet the same losses and jitter.
    pub seed: u64,
}

impl Cell {
    /// Of its file.
    pub fn name(&self) -> String {
        format!("{}-{}s-{}-{}", self.link.name, self.link.seconds, self.player.name, self.run)
    }
}

/// What is asked for on the command line, besides the set.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Links by name, instead of those of the set.
    pub links: Vec<String>,
    /// Players by name, instead of those of the set.
    pub players: Vec<String>,
    /// Runs of each, instead of the set's.
    pub runs: Option<u32>,
    /// Length of each, s, instead of the link's own.
    pub seconds: Option<u64>,
    /// Of the order and of everything random.
    pub seed: u64,
}

/// All runs of a set in the order in which they are done: round by round, each in random order, so that a set that is cut short is
/// balanced and nobody always has the quiet hour.
///
/// # Errors
/// Something wanted is not there.
pub fn cells(set: &Set, wanted: &Wanted) -> Result<Vec<Cell>> {
    let mut links = Vec::new();
    if wanted.links.is_empty() {
        for (name, seconds) in set.links {
            let link = link(name).context("a set's link is missing")?;
            links.push(Named { seconds: seconds.unwrap_or(link.seconds), ..link });
        }
    }
    for name in &wanted.links {
        links.push(link(name).with_context(|| {
            format!(
                "no link {name:?}: --list shows them, and a trace of your own is a file in tests/media/traces"
            )
        })?);
    }
    let mut players: Vec<Player> = Vec::new();
    if wanted.players.is_empty() {
        // Those with their interface are there to be compared with each other, and have sets of their own.
        let fits = |player: &&Player| match set.among {
            Among::Best => player.best,
            Among::Bare => player.bare,
            Among::Named(names) => names.contains(&player.name),
        };
        players.extend(PLAYERS.iter().filter(fits));
    }
    for name in &wanted.players {
        let player = PLAYERS.iter().find(|player| player.name == name);
        players.push(*player.with_context(|| format!("no player {name:?}: --list shows them"))?);
    }
    let mut cells = Vec::new();
    for run in 1..=wanted.runs.unwrap_or(set.runs) {
        let mut round = Vec::new();
        for link in &links {
            let seconds = wanted.seconds.unwrap_or(link.seconds);
            let link = Named { seconds, ..*link };
            let seed = mix(wanted.seed ^ u64::from(run));
            round.extend(players.iter().map(|&player| Cell { link, player, run, seed }));
        }
        let mut random = mix(wanted.seed.wrapping_add(u64::from(run)) ^ 0xc0ffee);
        for at in (1..round.len()).rev() {
            random = mix(random);
            round.swap(at, (random % (at as u64 + 1)) as usize);
        }
        cells.extend(round);
    }
    Ok(cells)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_set_can_be_laid_out_and_every_link_carries_something() {
        for set in &SETS {
            let cells = cells(set, &Wanted::default()).expect("its names are known");
            assert!(!cells.is_empty(), "{}", set.name);
            for cell in cells {
                assert!(LINKS.iter().any(|link| link.name == cell.link.name));
            }
        }
        for known in LINKS {
            assert!(known.link().expect("a link").mean_kbps() > 0, "{}", known.name);
        }
    }

    #[test]
    fn the_short_set_takes_less_than_a_quarter_of_an_hour() {
        let short = SETS.iter().find(|set| set.name == "short").expect("it is there");
        // A browser takes two seconds or so to come and go.
        let seconds: u64 =
            cells(short, &Wanted::default()).expect("a set").iter().map(|cell| cell.link.seconds + 3).sum();
        assert!(seconds < 14 * 60, "{seconds} s");
    }

    #[test]
    fn an_order_is_a_seeds() {
        let order = |seed| {
            let wanted = Wanted { seed, ..Wanted::default() };
            cells(&SETS[1], &wanted).expect("a set").iter().map(Cell::name).collect::<Vec<_>>()
        };
        assert_eq!(order(1), order(1));
        assert_ne!(order(1), order(2));
    }
}
