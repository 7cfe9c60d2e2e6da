//! Players on twelve public traces, on links of our own and on random ones, in the simulated world: a table on standard output and
//! one page with plots, `target/traces.html`. No browser and no socket; the same seeds give the same figures to the last bit.
//!
//! Arguments: the number of seeds (10), and part of a name to run only what is called so.

use std::fmt::Write as _;

use hawker_tests::nqoe::{Figures, Weights};
use hawker_tests::world::bounds::Best;
use hawker_tests::world::rival::Rival;
use hawker_tests::world::scenario::{self, Scenario};
use hawker_tests::world::trial::{self, Who};

/// Everybody at the latency that suits them best: found by trying 0.6 to 5 s.
const PLAYERS: [Who; 8] = [
    Who::Hawker,
    Who::Udp,
    Who::Plain,
    Who::Hls,
    Who::Other(Rival::Hls, 0.6),
    Who::Other(Rival::Shaka, 0.6),
    Who::Other(Rival::Dynamic, 1.0),
    Who::Other(Rival::Bola, 1.0),
];
/// How many of `PLAYERS` are ours.
const OURS: usize = 4;

/// What a link gave.
struct Row {
    scenario: Scenario,
    best: Best,
    must_stall: f64,
    players: Vec<Mean>,
    /// Of the first seed: seconds and kb/s, for the plot.
    seen: Vec<Vec<(f64, f64)>>,
}

/// Means over seeds.
#[derive(Clone, Copy, Default)]
struct Mean {
    nqoe: f64,
    printed: f64,
    stall: f64,
    latency_s: f64,
    kbps: f64,
    switches: f64,
}

impl Mean {
    fn add(&mut self, figures: &Figures, printed: f64, share: f64) {
        self.nqoe += figures.nqoe * share;
        self.printed += printed * share;
        self.stall += figures.stall_ratio() * share;
        self.latency_s += figures.latency_s * share;
        self.kbps += figures.kbps * share;
        self.switches += figures.switches_per_min() * share;
    }

    fn line(&self, name: &str, best: &Best) -> String {
        format!(
            "  {name:16} NQoE {:6.3} (printed {:6.3})  stall {:6.2} %  latency {:5.2} s  {:5.0} kb/s = {:3.0} %  switches {:4.1}/min",
            self.nqoe,
            self.printed,
            self.stall * 100.0,
            self.latency_s,
            self.kbps,
            self.kbps / best.kbps.max(1.0) * 100.0,
            self.switches
        )
    }
}

fn main() -> std::io::Result<()> {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let seeds = words.iter().find_map(|word| word.parse().ok()).unwrap_or(10).max(1);
    let named = words.iter().find(|word| word.parse::<u64>().is_err()).cloned().unwrap_or_default();
    let began = tokio::time::Instant::now();
    let sets = [
        ("public traces", scenario::traces()),
        ("our own", scenario::own(1)),
        ("random, held out", (100..112).map(scenario::random).collect()),
    ];
    let mut page = String::from(HEAD);
    for (title, scenarios) in sets {
        let chosen = scenarios.into_iter().filter(|scenario| scenario.name.contains(&named));
        let rows = all(chosen.collect(), seeds);
        if !rows.is_empty() {
            report(title, &rows, &mut page);
        }
    }
    println!("{seeds} seeds, {:.1} s", began.elapsed().as_secs_f64());
    let path = hawker_tests::root().join("target/traces.html");
    page.push_str("</body></html>\n");
    std::fs::write(&path, page)?;
    println!("plots: {}", path.display());
    Ok(())
}

/// On all cores, in order.
fn all(scenarios: Vec<Scenario>, seeds: u64) -> Vec<Row> {
    let next = std::sync::atomic::AtomicUsize::new(0);
    let done = std::sync::Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                    let Some(scenario) = scenarios.get(at) else { break };
                    let row = one(scenario, seeds);
                    done.lock().expect("nobody panics with it").push((at, row));
                }
            });
        }
    });
    let mut rows = done.into_inner().expect("nobody panics with it");
    rows.sort_by_key(|(at, _)| *at);
    rows.into_iter().map(|(_, row)| row).collect()
}

fn one(scenario: &Scenario, seeds: u64) -> Row {
    let (weights, printed) = (trial::weights(), Weights::printed(4_500.0, 250.0));
    let (best, must_stall) = trial::bounds(scenario, 0, &weights);
    let mut players = vec![Mean::default(); PLAYERS.len()];
    let mut seen = Vec::new();
    for (who, mean) in PLAYERS.iter().zip(&mut players) {
        for seed in 0..seeds {
            let (frames, from_s, to_s) = trial::watch(*who, scenario, seed);
            let figures = trial::measured(&frames, from_s, to_s, &weights);
            let other = trial::measured(&frames, from_s, to_s, &printed).nqoe;
            mean.add(&figures, other, 1.0 / seeds as f64);
            if seed == 0 {
                seen.push(frames.iter().map(|frame| (frame.at_s - from_s, frame.kbps)).collect());
            }
        }
    }
    Row { scenario: scenario.clone(), best, must_stall, players, seen }
}

fn report(title: &str, rows: &[Row], page: &mut String) {
    let _ = writeln!(page, "<h2>{title}</h2>");
    println!("== {title}");
    let share = 1.0 / rows.len() as f64;
    let (mut means, mut best, mut must) = (vec![Mean::default(); PLAYERS.len()], Best::default(), 0.0);
    for row in rows {
        println!(
            "{}: mean {:.0} kb/s, {} s; optimum {:.3} with {:.0} kb/s, {:.2} s; must stall {:.2} %",
            row.scenario.name,
            row.scenario.mean_kbps(),
            row.scenario.length_ms() / 1_000,
            row.best.nqoe,
            row.best.kbps,
            row.best.latency_s,
            row.must_stall * 100.0
        );
        let _ = writeln!(page, "<h3>{}</h3>\n{}<pre>", row.scenario.name, plot(row));
        for ((who, mean), sum) in PLAYERS.iter().zip(&row.players).zip(&mut means) {
            let line = mean.line(who.name(), &row.best);
            println!("{line}");
            let _ = writeln!(page, "{line}");
            sum.nqoe += mean.nqoe * share;
            sum.printed += mean.printed * share;
            sum.stall += mean.stall * share;
            sum.latency_s += mean.latency_s * share;
            sum.kbps += mean.kbps * share;
            sum.switches += mean.switches * share;
        }
        let _ = writeln!(page, "  optimum          NQoE {:6.3}</pre>", row.best.nqoe);
        best.nqoe += row.best.nqoe * share;
        best.kbps += row.best.kbps * share;
        must += row.must_stall * share;
    }
    let mut summary = format!(
        "mean of {}: optimum {:.3} with {:.0} kb/s; must stall {:.2} %\n",
        rows.len(),
        best.nqoe,
        best.kbps,
        must * 100.0
    );
    for (who, mean) in PLAYERS.iter().zip(&means) {
        let _ = writeln!(summary, "{}", mean.line(who.name(), &best));
    }
    let rival = |players: &[Mean]| players.iter().skip(OURS).map(|mean| mean.nqoe).fold(f64::MIN, f64::max);
    for (at, who) in PLAYERS.iter().enumerate().take(OURS) {
        let of = |best: f64, players: &[Mean]| {
            let rival = rival(players);
            (players.get(at).map_or(0.0, |ours| ours.nqoe) - rival) / (best - rival).max(1e-3)
        };
        let worst = rows.iter().map(|row| (of(row.best.nqoe, &row.players), row.scenario.name.as_str()));
        let worst = worst.min_by(|a, b| a.0.total_cmp(&b.0)).unwrap_or_default();
        let _ = writeln!(
            summary,
            "{}: {:.0} % of the way from the best rival's mean to the optimum; at worst {:.0} % of it, on {}",
            who.name(),
            of(best.nqoe, &means) * 100.0,
            worst.0 * 100.0,
            worst.1
        );
    }
    println!("{summary}");
    let _ = writeln!(page, "<pre>{summary}</pre>");
}

const HEAD: &str = "<!doctype html><html lang=en><meta charset=utf-8><title>Players on traces</title><style>\
    body{font:14px/1.4 system-ui,sans-serif;margin:2em;color-scheme:light dark}pre{overflow:auto}svg{width:100%;height:180px}\
    .link{fill:#8884}path{fill:none;stroke-width:1.5}</style><body><h1>Players on traces</h1>\
    <p>Grey: what the link carries. Lines: the rung on the screen, of the first seed; a gap is a stall. \
    <b style=color:#d22>Hawker</b> <b style=color:#08c>the best rival</b></p>\n";

/// The link and the rungs over time.
fn plot(row: &Row) -> String {
    const TOP_KBPS: f64 = 8_000.0;
    let seconds = row.scenario.length_ms() as f64 / 1e3;
    let x = |s: f64| s / seconds * 1_000.0;
    let y = |kbps: f64| 100.0 - kbps.min(TOP_KBPS) / TOP_KBPS * 100.0;
    let mut svg =
        String::from("<svg viewBox='0 0 1000 100' preserveAspectRatio=none><path class=link d='M0 100");
    let mut at = -5.0;
    for period in &row.scenario.periods {
        let to = at + period.ms as f64 / 1e3;
        let _ = write!(
            svg,
            "L{:.1} {:.1}L{:.1} {:.1}",
            x(at),
            y(period.kbps as f64),
            x(to),
            y(period.kbps as f64)
        );
        at = to;
    }
    svg.push_str("L1000 100Z'/>");
    let rivals = row.players.iter().enumerate().skip(OURS);
    let rival = rivals.max_by(|a, b| a.1.nqoe.total_cmp(&b.1.nqoe)).map_or(OURS, |(at, _)| at);
    for (player, colour) in [(rival, "#08c"), (0, "#d22")] {
        let Some(frames) = row.seen.get(player) else { continue };
        let _ = write!(svg, "<path vector-effect=non-scaling-stroke stroke='{colour}' d='");
        let mut before: Option<(f64, f64)> = None;
        for (s, kbps) in frames.iter().filter(|(s, _)| *s >= 0.0) {
            match before {
                Some((then, had)) if s - then <= 0.1 && had == *kbps => {}
                Some((then, had)) if s - then <= 0.1 => {
                    let _ = write!(svg, "L{:.1} {:.1}V{:.1}", x(*s), y(had), y(*kbps));
                }
                _ => {
                    if let Some((then, had)) = before {
                        let _ = write!(svg, "L{:.1} {:.1}", x(then), y(had));
                    }
                    let _ = write!(svg, "M{:.1} {:.1}", x(*s), y(*kbps));
                }
            }
            before = Some((*s, *kbps));
        }
        if let Some((then, had)) = before {
            let _ = write!(svg, "L{:.1} {:.1}", x(then), y(had));
        }
        svg.push_str("'/>");
    }
    svg.push_str("</svg>\n");
    svg
}
