//! A tab that is hidden behind another one and shown again: how soon its picture is as near to the live edge as before, and what its
//! memory grew by meanwhile. With sound, when it plays on, and muted, when it stops loading. A number is how long it is
//! hidden, in seconds; 60 without one.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use hawker_tests::browser::{self, Options};
use hawker_tests::burned::{self, READER};
use hawker_tests::figure::{self, Figure};
use hawker_tests::heap::{Heap, MEMORIES};
use hawker_tests::server::Server;
use serde_json::{Value, json};

const TURNS: usize = 3;
/// From opening the page to hiding it: the latency has found its target and memories have grown to their size.
const SETTLES: Duration = Duration::from_secs(20);
/// Frames of so long before it is hidden are what it has to come back to.
const BEFORE: Duration = Duration::from_secs(5);
/// Watched for so long afterwards.
const AFTER: Duration = Duration::from_secs(8);
/// As near to the live edge as before, ms.
const NEAR_MS: f64 = 100.0;

/// Notes when the page is hidden and shown, ms since 1970, and how often a timer of 100 ms ran meanwhile.
const TURNED: &str = "
    window.turned = [];
    document.addEventListener('visibilitychange', () =>
        window.turned.push([document.hidden, performance.timeOrigin + performance.now()]));
    window.ticks = 0;
    setInterval(() => document.hidden && window.ticks++, 100);";

/// What a turn came to.
struct Turn {
    /// From being shown to the first frame.
    moves_s: f64,
    /// From being shown to the first frame as near to the edge as before.
    edge_s: f64,
    /// What the memory grew by while it was hidden.
    grew_mib: f64,
}

fn main() -> Result<()> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(run())
}

async fn run() -> Result<()> {
    let hidden = Duration::from_secs(figure::asked(60));
    let (server, _camera) = burned::on_air().await;
    let edge = Figure { number: 9, most: 1.0, unit: "s" };
    let grew = Figure { number: 9, most: 2.0, unit: "MiB" };
    let mut lines = Vec::new();
    for (name, muted) in [("with sound", false), ("muted", true)] {
        let mut turns = Vec::new();
        for _ in 0..TURNS {
            turns.push(turn(&server, hidden, muted).await?);
        }
        lines.push((name, turns));
    }
    for (name, turns) in lines {
        let what = format!("{name}, hidden for {} s: shown to live edge", hidden.as_secs());
        edge.print(&what, turns.iter().map(|turn| turn.edge_s));
        edge.print(&format!("{name}: shown to first frame"), turns.iter().map(|turn| turn.moves_s));
        grew.print(&format!("{name}: memory grew meanwhile"), turns.iter().map(|turn| turn.grew_mib));
    }
    Ok(())
}

async fn turn(server: &Server, hidden: Duration, muted: bool) -> Result<Turn> {
    // No larger than a phone: on two cores that also encode, painting a desktop would be measured instead.
    let window = Options { width: 480, height: 800, throttled: true, ..Options::desktop() };
    let page = browser::chromium_with(window).await;
    page.before_pages(MEMORIES).await;
    burned::watch(&page, server).await;
    page.eval(&format!("document.querySelector('hawker-live').muted = {muted}")).await;
    page.eval(READER).await;
    page.eval(TURNED).await;
    tokio::time::sleep(SETTLES).await;
    page.eval("window.seen.length = 0").await;
    tokio::time::sleep(BEFORE).await;
    let mut before: Vec<f64> =
        burned::ages(&page.eval("return window.seen").await).into_iter().map(|(_, age)| age).collect();
    before.sort_by(f64::total_cmp);
    let usual_ms = *before.get(before.len() / 2).context("no frame before it is hidden")?;
    page.eval("window.seen.length = 0").await;
    let had = Heap::of(&page).await;

    // Not by the driver's own way to another window, which would bring this one to the front for each script.
    let other = page.command("Target.createTarget", json!({ "url": "about:blank" })).await;
    page.command("Target.activateTarget", other.clone()).await;
    page.until("document.visibilityState === 'hidden'", Duration::from_secs(10)).await;
    tokio::time::sleep(hidden).await;
    let ticks = page.eval("const ticks = window.ticks; window.ticks = 0; return ticks").await;
    let has = Heap::of(&page).await;
    let says = page.eval("return document.querySelector('hawker-live').stats()").await;
    page.command("Page.bringToFront", json!({})).await;
    tokio::time::sleep(AFTER).await;

    let turned: Vec<(bool, f64)> = serde_json::from_value(page.eval("return window.turned").await)?;
    ensure!(turned.len() == 2 && turned[0].0 && !turned[1].0, "hidden once, then shown: {turned:?}");
    let (shown, seen) = (turned[1].1, page.eval("return window.seen").await);
    // What the decoder held when the tab was hidden may be painted once more.
    let ages: Vec<(f64, f64)> = burned::ages(&seen).into_iter().filter(|(at, _)| *at >= shown).collect();
    let since = |found: Option<&(f64, f64)>| found.map_or(f64::INFINITY, |(at, _)| (at - shown) / 1e3);
    let turn = Turn {
        moves_s: since(ages.first()),
        edge_s: since(ages.iter().find(|(_, age)| *age <= usual_ms + NEAR_MS)),
        grew_mib: has.mib() - had.mib(),
    };
    println!(
        "{}: {usual_ms:.0} ms old before, first frame after {:.2} s and {:.0} ms old, at the edge after {:.2} s, {:.0} ms old at the \
         end; memory {:.2} MiB, then {:.2} ({had:?}, {has:?}); while hidden: {}, {ticks} ticks of 100 ms",
        if muted { "muted" } else { "with sound" },
        turn.moves_s,
        ages.first().map_or(f64::NAN, |(_, age)| *age),
        turn.edge_s,
        ages.last().map_or(f64::NAN, |(_, age)| *age),
        had.mib(),
        has.mib(),
        brief(&says),
    );
    Ok(turn)
}

fn brief(says: &Value) -> String {
    let of = |name: &str| says.get(name).cloned().unwrap_or_default();
    format!("state {}, buffer {} ms, stalls {}", of("state"), of("bufferMs"), of("stalls"))
}
