//! One viewing: a fresh browser in the viewer's namespace opens a player's page over the link, watches for a while, and hands over
//! what the page read from the frames and what the kernel says of the browser's work.

use std::net::IpAddr;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;
use serde_json::Value;

use super::net::Network;
use crate::browser::{self, Options, Place};

/// Clock ticks a second of `/proc/PID/stat` (`USER_HZ`, the same on every Linux that Chromium runs on).
const TICKS: f64 = 100.0;

/// A frame as the page saw it, times in ms since the page was opened.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Seen {
    /// When it was to be displayed.
    pub at_ms: f64,
    /// Burned counter, or -1.
    pub counter: i32,
    /// Burned rung, or -1.
    pub rung: i32,
    /// The element's time, s.
    pub media_s: f64,
    /// Frames presented so far, those between two callbacks too.
    pub presented: f64,
    /// Of the picture.
    pub width: f64,
    /// Buffered ahead, ms.
    pub ahead_ms: f64,
    /// Playback rate.
    pub rate: f64,
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Viewing {
    /// When the page was opened: wall clock, ms since 1970.
    pub opened_ms: f64,
    /// How far the wall clock went away from the page's meanwhile.
    pub drift_ms: f64,
    /// Every presented frame.
    pub frames: Vec<Seen>,
    /// Tasks of the main thread above 50 ms: begin and length, ms.
    pub tasks: Vec<[f64; 2]>,
    /// What was said in the room: when by the wall clock, ms since 1970, and how much later the page had it, ms.
    pub words: Vec<[f64; 2]>,
    /// What the player and the page complained of.
    pub errors: Vec<String>,
    /// What the player says of itself at the end: for finding out why, not for figures.
    pub says: Value,
    /// Processor time of the page's process and of all of the browser's, s.
    pub cpu_s: [f64; 2],
}

/// Opens `page` and watches it for `length`. `begin` is called right before: a link begins there.
///
/// # Errors
/// The page doesn't open or its reader doesn't run.
pub async fn watch(
    network: &Network,
    profile: &Path,
    page: &str,
    origin: &str,
    length: Duration,
    begin: impl FnOnce(),
) -> Result<Viewing> {
    // A profile of an interrupted run would make a start less than cold.
    let _ = std::fs::remove_dir_all(profile);
    let place = Place {
        namespace: network.name.clone(),
        driver: IpAddr::V4(network.control),
        from: IpAddr::V4(network.bench),
    };
    let window = Options { width: 680, height: 400, place: Some(place), ..Options::desktop() };
    let window = window
        .argument(format!("--user-data-dir={}", profile.display()))
        // Nobody signed the lab's.
        .argument("--ignore-certificate-errors")
        // As a page over HTTPS is, so that the browser lets it have WebTransport.
        .argument(format!("--unsafely-treat-insecure-origin-as-secure={origin}"));
    let browser = browser::chromium_with(window).await;
    begin();
    browser.open(page).await;
    let since_open = browser.eval("return performance.now()").await.as_f64().unwrap_or_default();
    tokio::time::sleep(length.saturating_sub(Duration::from_micros((since_open * 1e3) as u64))).await;
    let cpu_s = cpu(browser.group());
    let account = browser
        .eval(
            // A link may be too bad for the page itself.
            "const { frames = [], tasks = [], words = [], errors = ['the page did not load'] } = window.lab ?? {}; let says = null; \
             try { says = window.lab?.says?.() ?? null } catch (error) { errors.push(String(error)) } \
             const drift = window.lab?.drift() ?? 0; \
             return { frames, tasks, words, errors, says, opened: performance.timeOrigin, drift }",
        )
        .await;
    let part = |name: &str| account.get(name).cloned().unwrap_or_default();
    let viewing = Viewing {
        opened_ms: part("opened").as_f64().context("no time of opening")?,
        drift_ms: part("drift").as_f64().unwrap_or_default(),
        frames: serde_json::from_value(part("frames"))?,
        tasks: serde_json::from_value(part("tasks"))?,
        words: serde_json::from_value(part("words"))?,
        errors: serde_json::from_value(part("errors"))?,
        says: part("says"),
        cpu_s,
    };
    drop(browser);
    let _ = std::fs::remove_dir_all(profile);
    ensure!(viewing.opened_ms > 0.0, "the page has no clock");
    Ok(viewing)
}

/// Processor time so far of the busiest page and of all processes of the browser, without its driver, s.
fn cpu(group: u32) -> [f64; 2] {
    let mut family = vec![group];
    let (mut page, mut all) = (0.0f64, 0.0);
    let processes = processes();
    // Parents have lower ids than their children but for wraps, which a second look catches.
    for _ in 0..2 {
        for (pid, parent, _) in &processes {
            if family.contains(parent) && !family.contains(pid) {
                family.push(*pid);
            }
        }
    }
    for (pid, _, seconds) in processes {
        let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line);
        if pid == group || !family.contains(&pid) || line.contains("chromedriver") {
            continue;
        }
        all += seconds;
        if line.contains("--type=renderer") {
            page = page.max(seconds);
        }
    }
    [page, all]
}

/// Id, parent and processor time of every process, by id.
fn processes() -> Vec<(u32, u32, f64)> {
    let ids = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let ids = ids.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let mut found: Vec<_> = ids
        .filter_map(|pid| {
            let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
            // The name in parentheses may hold anything.
            let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
            let number = |at: usize| fields.get(at).and_then(|field| field.parse::<f64>().ok());
            Some((pid, number(1)? as u32, (number(11)? + number(12)?) / TICKS))
        })
        .collect();
    found.sort_unstable_by_key(|(pid, ..)| *pid);
    found
}
