//! The figures of several runs as rows: one for each player on each link, medians with their spread. As text, as CSV and for the
//! page (`page.rs`); computes nothing that `figures.rs` doesn't.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::figures::{Figures, Spread, spread};
use super::plan::{LINKS, PLAYERS};
use super::record::Record;

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
pub const COLUMNS: [Column; 16] = [
    Column {
        head: "NQoE",
        about: "1 is the best rung without stall, switch or delay",
        digits: 3,
        value: |f| f.seen.nqoe,
    },
    Column {
        head: "NQoE printed",
        about: "with the weights as the challenge printed them",
        digits: 3,
        value: |f| f.nqoe_printed,
    },
    Column {
        head: "stall %",
        about: "of the time since the first frame",
        digits: 2,
        value: |f| f.seen.stall_ratio() * 100.0,
    },
    Column { head: "stalls", about: "gaps above 100 ms", digits: 0, value: |f| f64::from(f.seen.stalls) },
    Column {
        head: "skipped s",
        about: "of the stalled: media passed over",
        digits: 2,
        value: |f| f.seen.skipped_s,
    },
    Column {
        head: "latency ms",
        about: "mean over the frames shown",
        digits: 0,
        value: |f| f.seen.latency_s * 1e3,
    },
    Column { head: "p50", about: "median latency, ms", digits: 0, value: |f| f.seen.latency_p50_s * 1e3 },
    Column {
        head: "p95",
        about: "95th percentile of latency, ms",
        digits: 0,
        value: |f| f.seen.latency_p95_s * 1e3,
    },
    Column {
        head: "kb/s",
        about: "mean rate shown; a stalled second counts as 0",
        digits: 0,
        value: |f| f.seen.kbps,
    },
    Column {
        head: "switches/min",
        about: "changes of the rung",
        digits: 1,
        value: |f| f.seen.switches_per_min(),
    },
    Column {
        head: "off rate %",
        about: "frames at another playback rate than 1",
        digits: 0,
        value: |f| f.seen.off_rate * 100.0,
    },
    Column {
        head: "start ms",
        about: "from opening the page to the first frame",
        digits: 0,
        value: |f| f.startup_ms,
    },
    Column {
        head: "shown %",
        about: "frames shown of those made meanwhile",
        digits: 1,
        value: |f| f.shown_percent,
    },
    Column {
        head: "page CPU %",
        about: "of a core, the page's process",
        digits: 0,
        value: |f| f.cpu_percent,
    },
    Column {
        head: "browser CPU %",
        about: "of a core, all processes of the browser",
        digits: 0,
        value: |f| f.browser_percent,
    },
    Column {
        head: "long tasks/min",
        about: "of the main thread above 50 ms, after 5 s",
        digits: 1,
        value: |f| f.long_tasks,
    },
];

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
    let mut groups: BTreeMap<(usize, usize), Vec<usize>> = BTreeMap::new();
    for (at, record) in records.iter().enumerate() {
        let link = LINKS.iter().position(|link| link.name == record.word("link"));
        let player = PLAYERS.iter().position(|player| player.name == record.word("player"));
        if let (Some(link), Some(player)) = (link, player) {
            groups.entry((link, player)).or_default().push(at);
        }
    }
    let mut links: Vec<(String, Vec<Row>)> = Vec::new();
    for ((link, player), members) in groups {
        let name = LINKS[link].name;
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

/// For the terminal: what counts most.
pub fn text(links: &[(String, Vec<Row>)]) -> String {
    let mut text = String::new();
    for (link, rows) in links {
        let _ = writeln!(text, "\n{link}: median [least, greatest] of the runs");
        for row in rows {
            let _ = write!(text, "  {:14} {}x", row.player, row.runs);
            for at in [0, 2, 5, 7, 8, 11, 13] {
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
