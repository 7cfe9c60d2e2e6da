//! One HTML page of all runs of a set, which needs nothing but itself: tables, and for each link four plots over time of every player's
//! most typical run; these also as a picture for documents. Draws with `plot.rs`; computes nothing.

use std::fmt::Write as _;

use super::figures::{self, Figures};
use super::plan::{self, PLAYERS};
use super::plot::{Plot, Scale};
use super::record::{Frame, Record};
use super::table::{self, COLUMNS, Row};

/// Points a second in plots: a line of pixels holds no more.
const POINTS_A_SECOND: f64 = 4.0;
/// Latencies and buffers above this, ms, are drawn at the upper edge.
const CEILING_MS: f64 = 8_000.0;

/// The page.
pub fn page(title: &str, records: &[Record], about: &str) -> String {
    let links = table::rows(records);
    let mut html = format!(
        "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\n\
         <title>{0}</title>\n<style>\n{1}</style>\n<h1>{0}</h1>\n<p>{2}</p>\n",
        escape(title),
        include_str!("page.css"),
        escape(about)
    );
    html.push_str("<p>Each value is the median of the runs with the least and the greatest beside it. ");
    html.push_str("Latency is from the sending of a frame by the encoder to its display, read from the picture itself.</p>\n<ul>\n");
    for column in &COLUMNS {
        let _ = writeln!(html, "<li><b>{}</b>: {}</li>", escape(column.head), escape(column.about));
    }
    html.push_str("</ul>\n");
    if links.len() > 1 {
        html.push_str("<h2>All links</h2>\n<p>Means over the links of the medians below.</p>\n");
        grid(&mut html, &table::means(&links));
    }
    for (name, rows) in &links {
        let about = plan::link(name).map_or("", |link| link.about);
        let _ = writeln!(html, "<h2 id=\"{0}\">{0}</h2>\n<p>{1}</p>", escape(name), escape(about));
        grid(&mut html, rows);
        for plot in plots(rows, records) {
            html.push_str(&plot.svg());
        }
    }
    html.push_str("</html>\n");
    html
}

fn grid(html: &mut String, rows: &[Row]) {
    html.push_str("<div class=\"wide\"><table>\n<tr><th>player</th><th>runs</th>");
    for column in &COLUMNS {
        let _ = write!(html, "<th title=\"{}\">{}</th>", escape(column.about), escape(column.head));
    }
    html.push_str("</tr>\n");
    for row in rows {
        let _ = write!(html, "<tr><td><i class=\"b{}\"></i>{}</td>", color(&row.player), escape(&row.player));
        let _ = write!(html, "<td>{}</td>", row.runs);
        for (column, spread) in COLUMNS.iter().zip(&row.values) {
            let text = table::cell(column, spread);
            let (value, ends) = text.split_once(' ').unwrap_or((&text, ""));
            let _ = write!(html, "<td>{value} <small>{ends}</small></td>");
        }
        html.push_str("</tr>\n");
    }
    html.push_str("</table></div>\n");
}

/// The plots of each link as an SVG file, by the link's name.
pub fn pictures(records: &[Record]) -> Vec<(String, String)> {
    let links = table::rows(records);
    let picture = |(link, rows): (String, Vec<Row>)| {
        let names: Vec<(&str, usize)> =
            rows.iter().map(|row| (row.player.as_str(), color(&row.player))).collect();
        let drawn = Plot::picture(&plots(&rows, records), &names, include_str!("page.css"));
        (link, drawn)
    };
    links.into_iter().map(picture).collect()
}

fn plots(rows: &[Row], records: &[Record]) -> [Plot; 4] {
    let runs: Vec<&Record> = rows.iter().filter_map(|row| records.get(row.typical)).collect();
    let end_s = runs.iter().map(|record| record.number("seconds")).fold(1.0, f64::max);
    let most = |value: &dyn Fn(&Frame) -> f64| {
        let all = runs.iter().flat_map(|record| record.frames.iter().map(value));
        all.fold(100.0, f64::max).min(CEILING_MS)
    };
    let age = |frame: &Frame| frame.read.map_or(0.0, |(_, age_ms)| age_ms);
    let mut latency = Plot::new("latency, ms", end_s, Scale::Linear(most(&age)));
    let mut ahead = Plot::new("buffer, ms", end_s, Scale::Linear(most(&|frame| frame.ahead_ms)));
    let mut rung = Plot::new("rung, kb/s (grey: the link)", end_s, Scale::Logarithmic(100.0, 10_000.0));
    if let Some(record) = runs.first() {
        rung.area(&link_rate(record, end_s));
    }
    let mut stalled = Plot::lanes("stalls", end_s, runs.len());
    for (lane, record) in runs.iter().enumerate() {
        let (name, color) = (record.word("player"), color(record.word("player")));
        latency.line(name, color, &thinned(record, &|frame| frame.read.map(|(_, age_ms)| age_ms)));
        ahead.line(name, color, &thinned(record, &|frame| Some(frame.ahead_ms)));
        let shown = figures::shown(record);
        let steps: Vec<(f64, f64)> = shown.iter().map(|frame| (frame.at_s, frame.kbps)).collect();
        rung.steps(name, color, &steps);
        let start_s = Figures::of(record).startup_ms / 1e3;
        stalled.bars(name, color, lane, start_s, &figures::stalls(&shown, record.number("seconds")));
    }
    [latency, rung, ahead, stalled]
}

/// Means of so many points a second, so that a page of hours stays small.
fn thinned(record: &Record, value: &dyn Fn(&Frame) -> Option<f64>) -> Vec<(f64, f64)> {
    let mut points: Vec<(f64, f64)> = Vec::new();
    let mut bin: (i64, f64, f64) = (-1, 0.0, 0.0);
    for frame in &record.frames {
        let Some(value) = value(frame) else { continue };
        let now = (frame.at_ms / 1e3 * POINTS_A_SECOND) as i64;
        if now != bin.0 {
            if bin.2 > 0.0 {
                points.push(((bin.0 as f64 + 0.5) / POINTS_A_SECOND, bin.1 / bin.2));
            }
            bin = (now, 0.0, 0.0);
        }
        bin.1 += value;
        bin.2 += 1.0;
    }
    if bin.2 > 0.0 {
        points.push(((bin.0 as f64 + 0.5) / POINTS_A_SECOND, bin.1 / bin.2));
    }
    points
}

/// What the link carried, as steps in kb/s.
fn link_rate(record: &Record, end_s: f64) -> Vec<(f64, f64)> {
    let named = plan::link(record.word("link"));
    let named = named.map(|link| plan::Named { seconds: record.number("seconds") as u64, ..link });
    let Some(Ok(link)) = named.map(|named| named.link()) else { return Vec::new() };
    let mut steps = Vec::new();
    let mut at_us = 0;
    while (at_us as f64) < end_s * 1e6 {
        let (period, ends_us) = link.period(at_us);
        steps.push((at_us as f64 / 1e6, period.kbps as f64));
        at_us = ends_us;
    }
    steps
}

/// A player keeps its colour on every page.
fn color(player: &str) -> usize {
    PLAYERS.iter().position(|known| known.name == player).unwrap_or(PLAYERS.len())
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
