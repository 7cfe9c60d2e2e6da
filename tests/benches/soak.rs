//! Hours of media in a page, at eight times real rate: does its memory grow, and how much does it keep behind the playhead? The encoder
//! sends eight times as fast, the page's time runs eight times as fast (`tests/lab/fast.js`), and what the server says of the time is
//! taken out on the way (`plain.js`), so that the player sees a show like any other. With its interface, muted, in a room that
//! talks. A number is the length in minutes of media; 120 without one.

use std::time::Duration;

use anyhow::{Result, ensure};
use hawker_tests::browser::{self, Browser, Options};
use hawker_tests::figure::{self, Figure};
use hawker_tests::heap::{Heap, MEMORIES};
use hawker_tests::lab::clip::{self, LADDER};
use hawker_tests::lab::{camera, words};
use hawker_tests::{root, server};
use serde_json::Value;
use tokio::time::Instant;

/// Of `tests/lab/fast.js`.
const SPEED: u32 = 8;
/// Memory is looked at this often: 40 s of media.
const LOOK: Duration = Duration::from_secs(5);
/// The first minutes of media do not count: code is compiled, buffers and the list of what was said grow to their size.
const WARM_S: f64 = 600.0;
const PATIENCE: Duration = Duration::from_secs(40);

/// Notes what is kept behind the playhead, and how often all began anew.
const WATCH: &str = "
    const live = document.querySelector('hawker-live'), video = live.shadowRoot.querySelector('video');
    window.soak = { behind: 0, sources: 0, errors: [] };
    video.addEventListener('emptied', () => soak.sources++);
    live.addEventListener('hawker:error', ({ detail }) => soak.errors.push(detail.code));
    setInterval(() => {
        const { buffered, currentTime } = video;
        if (buffered.length) soak.behind = Math.max(soak.behind, currentTime - buffered.start(0));
    }, 500);";

/// A look: media played so far, s, and the page's memory then.
#[derive(Clone, Copy, Debug)]
struct Look {
    media_s: f64,
    heap: Heap,
}

fn main() -> Result<()> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(run())
}

async fn run() -> Result<()> {
    let media = Duration::from_secs(60 * figure::asked(120));
    // What stands between the stream and the page stands in the way of HTTP only.
    let server = server::start_with(|config| {
        config.udp.enabled = false;
        words::allow(config);
    })
    .await;
    let key = server.room("soak").await;
    // The smallest rung: two cores decode eight times its frames.
    let smallest = LADDER.last().copied();
    let clips = clip::rungs(&root().join("target/bench/clip"), smallest.as_slice())?;
    let camera = camera::publish_at(&server, "soak", &key, clips, SPEED).await?;
    // Not ever new words: the browser keeps what it found out about the shape of each, 1.7 KB, and that is not the page's.
    let _voice = words::speak(&server, "soak", words::chatter).await?;
    // No larger than a phone: what counts is the player, not the painting of a desktop.
    let page = browser::chromium_with(Options { width: 480, height: 800, ..Options::desktop() }).await;
    for script in [include_str!("../lab/fast.js"), include_str!("../lab/plain.js"), MEMORIES] {
        page.before_pages(script).await;
    }
    page.open(&format!("{}/room/soak", server.url)).await;
    page.until("document.querySelector('hawker-live')?.state === 'live'", PATIENCE).await;
    page.eval("document.querySelector('hawker-live').muted = true").await;
    page.eval(WATCH).await;
    let (began, mut looks) = (Instant::now(), Vec::<Look>::new());
    let mut next = began;
    while began.elapsed() * SPEED < media {
        next += LOOK;
        tokio::time::sleep_until(next).await;
        looks.push(look(&page).await);
        if looks.len().is_multiple_of(12)
            && let Some(Look { media_s, heap }) = looks.last()
        {
            println!("after {:.0} min of media: {:.2} MiB, {heap:?}", media_s / 60.0, heap.mib());
        }
    }
    report(&page, &looks, camera.late()).await
}

async fn look(page: &Browser) -> Look {
    let time = "return document.querySelector('hawker-live').shadowRoot.querySelector('video').currentTime";
    let media_s = page.eval(time).await.as_f64().unwrap_or_default();
    Look { media_s, heap: Heap::of(page).await }
}

async fn report(page: &Browser, looks: &[Look], late: u32) -> Result<()> {
    let saw = page.eval("return soak").await;
    let stats = page.eval("return document.querySelector('hawker-live').stats()").await;
    let ends = looks.first().zip(looks.last());
    let played_s = ends.map_or(0.0, |(first, last)| last.media_s - first.media_s);
    println!("played {:.1} min of media; {saw}; camera late {late} times; {stats}", played_s / 60.0);
    let settled: Vec<Look> = match looks.first() {
        // A try is too short to leave much out.
        Some(first) => {
            let from_s = first.media_s + WARM_S.min(played_s / 3.0);
            looks.iter().copied().filter(|look| look.media_s >= from_s).collect()
        }
        None => Vec::new(),
    };
    ensure!(settled.len() > 2, "too short to tell a slope");
    let slope = |of: fn(&Heap) -> f64| {
        slope(&settled.iter().map(|look| (look.media_s / 3_600.0, of(&look.heap))).collect::<Vec<_>>())
    };
    println!(
        "of it scripts {:.3} MiB/h, WebAssembly {:.3}, arrays {:.3}, document {:.3}; {} looks",
        slope(|heap| heap.script) / f64::from(1 << 20),
        slope(|heap| heap.wasm) / f64::from(1 << 20),
        slope(|heap| heap.arrays) / f64::from(1 << 20),
        slope(|heap| heap.document) / f64::from(1 << 20),
        settled.len()
    );
    let what = format!("{:.0} min at {SPEED} times real rate: memory", played_s / 60.0);
    Figure { number: 12, most: 0.2, unit: "MiB/h" }.print(&what, [slope(Heap::mib)]);
    let behind_s = saw.get("behind").and_then(Value::as_f64).unwrap_or(f64::INFINITY);
    Figure { number: 12, most: 15.0, unit: "s" }.print("back buffer, at most", [behind_s]);
    Ok(())
}

/// Of the line through the points that is nearest by least squares.
fn slope(points: &[(f64, f64)]) -> f64 {
    let n = points.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / n;
    let (x, y) = (mean(|point| point.0), mean(|point| point.1));
    let over: f64 = points.iter().map(|point| (point.0 - x) * (point.1 - y)).sum();
    over / points.iter().map(|point| (point.0 - x).powi(2)).sum::<f64>()
}
