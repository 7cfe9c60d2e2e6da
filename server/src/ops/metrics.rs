//! Counters and gauges of this server, and `GET /metrics` in the Prometheus text format. A registry of its own, not a
//! global one: two servers in one process (tests) don't mix.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::get;

use super::limits;
use crate::app::App;

/// The registry. A cheap clone.
#[derive(Clone, Debug, Default)]
pub struct Metrics(Arc<Mutex<BTreeMap<&'static str, Family>>>);

/// Counts up. A cheap clone; adding is one atomic instruction.
#[derive(Clone, Debug, Default)]
pub struct Counter(Arc<AtomicU64>);

/// Goes up and down. A cheap clone.
#[derive(Clone, Debug, Default)]
pub struct Gauge(Arc<AtomicI64>);

#[derive(Debug)]
struct Family {
    help: &'static str,
    kind: &'static str,
    series: BTreeMap<String, Series>,
}

#[derive(Debug)]
enum Series {
    Counter(Counter),
    Gauge(Gauge),
}

impl Counter {
    /// One more.
    pub fn inc(&self) {
        self.add(1);
    }

    /// `n` more.
    pub fn add(&self, n: u64) {
        self.0.fetch_add(n, Ordering::Relaxed);
    }

    /// The count so far.
    #[must_use]
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Gauge {
    /// Sets it.
    pub fn set(&self, value: i64) {
        self.0.store(value, Ordering::Relaxed);
    }

    /// Adds `n`, which may be negative.
    pub fn add(&self, n: i64) {
        self.0.fetch_add(n, Ordering::Relaxed);
    }

    /// The value now.
    #[must_use]
    pub fn get(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Metrics {
    /// The counter `name` (ending in `_total`) with these labels; the same one for the same name and labels.
    #[must_use]
    pub fn counter(&self, name: &'static str, help: &'static str, labels: &[(&str, &str)]) -> Counter {
        let new = || Series::Counter(Counter::default());
        let pick = |series: &Series| match series {
            Series::Counter(counter) => Some(counter.clone()),
            Series::Gauge(_) => None,
        };
        self.series(name, help, "counter", labels, new, pick).unwrap_or_default()
    }

    /// The gauge `name` with these labels.
    #[must_use]
    pub fn gauge(&self, name: &'static str, help: &'static str, labels: &[(&str, &str)]) -> Gauge {
        let new = || Series::Gauge(Gauge::default());
        let pick = |series: &Series| match series {
            Series::Gauge(gauge) => Some(gauge.clone()),
            Series::Counter(_) => None,
        };
        self.series(name, help, "gauge", labels, new, pick).unwrap_or_default()
    }

    /// Forgets the series with these labels, e.g. of a room that is gone.
    pub fn forget(&self, name: &'static str, labels: &[(&str, &str)]) {
        let mut families = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(family) = families.get_mut(name) {
            family.series.remove(&label_text(labels));
        }
    }

    /// A series over the bound, or asked for under another kind, counts for nobody: a metric may not bring the server down.
    fn series<T>(
        &self,
        name: &'static str,
        help: &'static str,
        kind: &'static str,
        labels: &[(&str, &str)],
        new: impl FnOnce() -> Series,
        pick: impl FnOnce(&Series) -> Option<T>,
    ) -> Option<T> {
        let mut families = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let family = families.entry(name).or_insert_with(|| Family { help, kind, series: BTreeMap::new() });
        let full = family.series.len() >= limits::SERIES;
        match family.series.entry(label_text(labels)) {
            std::collections::btree_map::Entry::Occupied(series) => pick(series.get()),
            std::collections::btree_map::Entry::Vacant(_) if full => None,
            std::collections::btree_map::Entry::Vacant(slot) => pick(slot.insert(new())),
        }
    }

    /// Everything in the Prometheus text format 0.0.4.
    #[must_use]
    pub fn render(&self) -> String {
        let families = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut text = String::new();
        for (name, family) in &*families {
            let _ = writeln!(text, "# HELP {name} {}\n# TYPE {name} {}", family.help, family.kind);
            for (labels, series) in &family.series {
                let _ = match series {
                    Series::Counter(counter) => writeln!(text, "{name}{labels} {}", counter.get()),
                    Series::Gauge(gauge) => writeln!(text, "{name}{labels} {}", gauge.get()),
                };
            }
        }
        text
    }
}

fn label_text(labels: &[(&str, &str)]) -> String {
    if labels.is_empty() {
        return String::new();
    }
    let pair = |(name, value): &(&str, &str)| {
        let value = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
        format!("{name}=\"{value}\"")
    };
    format!("{{{}}}", labels.iter().map(pair).collect::<Vec<_>>().join(","))
}

/// `GET /metrics`.
pub fn routes() -> Router<App> {
    Router::new().route("/metrics", get(show))
}

async fn show(State(app): State<App>) -> impl IntoResponse {
    let metrics = &app.metrics;
    let gauge = |name, help, value: usize| {
        metrics.gauge(name, help, &[]).set(i64::try_from(value).unwrap_or(i64::MAX))
    };
    metrics.gauge("hawker_info", "The version that runs.", &[("version", env!("CARGO_PKG_VERSION"))]).set(1);
    gauge("hawker_uptime_seconds", "Time since the start.", (app.clock.now().as_ms() / 1_000) as usize);
    gauge("hawker_http_connections", "Open HTTP connections.", app.life.connections.len());
    gauge("hawker_rooms", "Rooms there are.", app.directory.len());
    if let Some(bytes) = resident_bytes() {
        gauge("process_resident_memory_bytes", "Memory of the process that is in RAM.", bytes);
    }
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], app.metrics.render())
}

/// From `/proc`, where there is one.
fn resident_bytes() -> Option<usize> {
    const PAGE: usize = 4_096;
    let statm = std::fs::read_to_string("/proc/self/statm").ok()?;
    statm.split(' ').nth(1)?.parse::<usize>().ok().map(|pages| pages * PAGE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn renders_what_was_counted() {
        let metrics = Metrics::default();
        metrics.counter("a_total", "Things.", &[]).add(2);
        metrics.counter("a_total", "Things.", &[]).inc();
        metrics.gauge("b", "Level.", &[("room", "x\"y")]).set(-1);
        assert_eq!(
            metrics.render(),
            "# HELP a_total Things.\n# TYPE a_total counter\na_total 3\n\
             # HELP b Level.\n# TYPE b gauge\nb{room=\"x\\\"y\"} -1\n"
        );
        metrics.forget("b", &[("room", "x\"y")]);
        assert!(!metrics.render().contains("b{"));
    }
}
