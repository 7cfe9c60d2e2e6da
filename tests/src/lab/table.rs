//! The figures of several runs as rows: one for each player on each link, medians with their spread. As text, as CSV and for the
//! page (`page.rs`); computes nothing that `figures.rs` doesn't.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::figures::{Figures, Spread, spread};
use super::plan::{LINKS, PLAYERS};
use super::record::Record;
use crate::nqoe;

/// A column.
pub struct Column {
    /// Its head.
    pub head: &'static str,
    /// What it is, for the page.
    pub about: &'static str,
    /// Digits behind the point.
    pub digits: usize,
    value: fn(&Figures) -> f64,
}

/// All columns, the one that counts most first.
pub const COLUMNS: [Column; 26] = [
    column("NQoE", 3, |f| f.seen.nqoe, "1 is the best rung without stall, switch or delay"),
    column("NQoE printed", 3, |f| f.nqoe_printed, "with the weights as the challenge printed them"),
    column("stall %", 2, |f| f.seen.stall_ratio() * 100.0, "of the time since the first frame"),
    column("stalls", 0, |f| f64::from(f.seen.stalls), "gaps above 100 ms"),
    column("skipped s", 2, |f| f.seen.skipped_s, "of the stalled: media passed over"),
    column("latency ms", 0, |f| age(&f.seen, f.seen.latency_s), "mean over the frames shown"),
    column("p50", 0, |f| age(&f.seen, f.seen.latency_p50_s), "median latency, ms"),
    column("p95", 0, |f| age(&f.seen, f.seen.latency_p95_s), "95th percentile of latency, ms"),
    column("settled p50", 0, |f| age(&f.settled, f.settled.latency_p50_s), "the same without the first 8 s"),
    column("settled p95", 0, |f| age(&f.settled, f.settled.latency_p95_s), "the same without the first 8 s"),
    column("settled stall %", 2, |f| f.settled.stall_ratio() * 100.0, "stalled, without the first 8 s"),
    column("kb/s", 0, |f| f.seen.kbps, "mean rate shown; a stalled second counts as 0"),
    column("switches/min", 1, |f| f.seen.switches_per_min(), "changes of the rung"),
    column("off rate %", 0, |f| f.seen.off_rate * 100.0, "frames at another playback rate than 1"),
    column("start ms", 0, |f| f.startup_ms, "from opening the page to the first frame"),
    column("back s", 2, |f| f.back_s, "after a fall, from the link's rise to the top rung"),
    column("shown %", 1, |f| f.shown_percent, "frames shown of those made meanwhile"),
    column("page CPU %", 0, |f| f.cpu_percent, "of a core, the page's process"),
    column("browser CPU %", 0, |f| f.browser_percent, "of a core, all processes of the browser"),
    column("long tasks/min", 1, |f| f.long_tasks, "of the main thread above 50 ms, after 10 s"),
    column("longest ms", 0, |f| f.longest_task_ms, "of those, the longest; 0: there was none"),
    column(
        "words p50",
        0,
        |f| f.words_ms.0,
        "from saying to hearing in the room, ms; a tick of 50 ms is in it",
    ),
    column("words p99", 0, |f| f.words_ms.1, "99th percentile of the same"),
    column("slowest", 3, |f| f.rates.0, "least playback rate without the first 8 s"),
    column("fastest", 3, |f| f.rates.1, "greatest playback rate without the first 8 s"),
    column(
        "unread %",
        2,
        |f| f.unread_percent,
        "frames whose number could not be read: each counts as the one after the one before",
    ),
];

const fn column(
    head: &'static str,
    digits: usize,
    value: fn(&Figures) -> f64,
    about: &'static str,
) -> Column {
    Column { head, about, digits, value }
}

/// An age in ms; who showed nothing has no latency, rather than none at all.
fn age(figures: &nqoe::Figures, seconds: f64) -> f64 {
    if figures.frames == 0 { f64::NAN } else { seconds * 1e3 }
}

/// A player on a link.
#[derive(Clone, Debug)]
pub struct Row {
    /// Name of the player.
    pub player: String,
    /// Runs that are in it.
    pub runs: usize,
    /// One for each of [`COLUMNS`].
    pub values: Vec<Spread>,
    /// The run that is nearest to the median NQoE: the one to draw.
    pub typical: usize,
}

/// Rows by link, in the order of the plan.
pub fn rows(records: &[Record]) -> Vec<(String, Vec<Row>)> {
    let mut groups: BTreeMap<(usize, &str, usize), Vec<usize>> = BTreeMap::new();
    for (at, record) in records.iter().enumerate() {
        let name = record.word("link");
        // Traces of one's own come last.
        let link = LINKS.iter().position(|link| link.name == name).unwrap_or(LINKS.len());
        if let Some(player) = PLAYERS.iter().position(|player| player.name == record.word("player")) {
            groups.entry((link, name, player)).or_default().push(at);
        }
    }
    let mut links: Vec<(String, Vec<Row>)> = Vec::new();
    for ((_, name, player), members) in groups {
        if links.last().is_none_or(|(last, _)| last != name) {
            links.push((name.into(), Vec::new()));
        }
        let figures: Vec<Figures> = members.iter().map(|&at| Figures::of(&records[at])).collect();
        let values: Vec<Spread> =
            COLUMNS.iter().map(|column| spread(figures.iter().map(column.value))).collect();
        let distance = |at: &usize| (figures[*at].seen.nqoe - values[0].median).abs();
        let nearest = (0..members.len()).min_by(|a, b| distance(a).total_cmp(&distance(b)));
        let row = Row {
            player: PLAYERS[player].name.into(),
            runs: members.len(),
            values,
            typical: members[nearest.unwrap_or_default()],
        };
        if let Some((_, rows)) = links.last_mut() {
            rows.push(row);
        }
    }
    links
}

/// Means over the links' medians, for those players that ran on all of them.
pub fn means(links: &[(String, Vec<Row>)]) -> Vec<Row> {
    let mut means = Vec::new();
    for player in PLAYERS {
        let of: Vec<&Row> =
            links.iter().flat_map(|(_, rows)| rows).filter(|row| row.player == player.name).collect();
        if of.is_empty() || of.len() != links.len() {
            continue;
        }
        let mean = |column: usize| {
            let medians = of.iter().map(|row| row.values[column].median);
            let mean = medians.clone().sum::<f64>() / of.len() as f64;
            let ends = spread(medians);
            Spread { median: mean, ..ends }
        };
        let values = (0..COLUMNS.len()).map(mean).collect();
        let runs = of.iter().map(|row| row.runs).sum();
        means.push(Row { player: player.name.into(), runs, values, typical: 0 });
    }
    means
}

/// A value with its spread, as people read it.
pub fn cell(column: &Column, spread: &Spread) -> String {
    let digits = column.digits;
    if spread.median.is_nan() {
        return "-".into();
    }
    format!("{:.digits$} [{:.digits$}, {:.digits$}]", spread.median, spread.min, spread.max)
}

/// Columns that count most, by place.
const BRIEF: [usize; 14] = [0, 2, 5, 8, 9, 11, 14, 15, 17, 19, 20, 21, 22, 25];

/// For the terminal.
pub fn text(links: &[(String, Vec<Row>)]) -> String {
    let mut text = String::new();
    for (link, rows) in links {
        let _ = writeln!(text, "\n{link}: median [least, greatest] of the runs");
        for row in rows {
            let _ = write!(text, "  {:14} {}x", row.player, row.runs);
            for at in BRIEF {
                let _ = write!(text, "  {} {}", COLUMNS[at].head, cell(&COLUMNS[at], &row.values[at]));
            }
            text.push('\n');
        }
    }
    text
}

/// For other programs.
pub fn csv(links: &[(String, Vec<Row>)]) -> String {
    let mut text = String::from("link,player,runs");
    for column in &COLUMNS {
        let _ = write!(text, ",{0},{0} min,{0} max", column.head);
    }
    text.push('\n');
    for (link, rows) in links {
        for row in rows {
            let _ = write!(text, "{link},{},{}", row.player, row.runs);
            for Spread { median, min, max } in &row.values {
                let _ = write!(text, ",{median:.4},{min:.4},{max:.4}");
            }
            text.push('\n');
        }
    }
    text
}
