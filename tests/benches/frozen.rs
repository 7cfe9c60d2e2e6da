//! A hole in the buffer, and a picture that stands while the clock runs: how soon the player does something about it, and how soon the
//! picture moves again. Faults are made where media enter the element, behind the player's back, or by the encoder's clock; what came
//! of them is read from the frames that the browser presents. A number is how often each is made; 3 without one.

use std::time::Duration;

use anyhow::{Context as _, Result};
use hawker_tests::browser::{self, Browser, Options};
use hawker_tests::enhanced::{self, Clip, Codecs};
use hawker_tests::figure::{self, Figure};
use hawker_tests::server;
use serde::Deserialize;
use tokio::time::Instant;

/// What is made to happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// The encoder's clock leaps: what is behind the hole comes at once.
    Leap,
    /// Picture and sound before a keyframe do not get into a buffer that holds what is behind them.
    Hole,
    /// The same of the picture alone: sound, and so the clock, goes on.
    Frozen,
    /// The same with a short buffer: what is behind the hole comes when it is made.
    FrozenAtEdge,
}

const ALL: [Fault; 4] = [Fault::Leap, Fault::Hole, Fault::Frozen, Fault::FrozenAtEdge];
/// What is missing, ms: less than a deep buffer holds, and ten frames.
const MISSING_MS: i64 = 300;
/// A buffer that holds what is behind such a hole, ms.
const DEEP_MS: f64 = 450.0;
/// Of the clip, ms.
const FRAME_MS: f64 = 1_000.0 / 30.0;
const PATIENCE: Duration = Duration::from_secs(40);
const SETTLES: Duration = Duration::from_secs(8);
/// Enough for the fault to come and go.
const WATCHED: Duration = Duration::from_secs(8);

/// Notes frames and seeks, holds back what comes when told to, and loses media when told to: all that a chunk of `prft moof mdat`
/// says of itself is its track, its time and whether it is a keyframe.
const FAULTS: &str = r#"
    const live = document.querySelector("hawker-live"), video = live.shadowRoot.querySelector("video");
    const now = () => performance.now();
    Object.assign(window, { shown: [], seeks: [], states: [], until: 0, fault: null });
    const frame = (_, meta) => {
      shown.push([meta.expectedDisplayTime, meta.mediaTime * 1e3]);
      video.requestVideoFrameCallback(frame);
    };
    video.requestVideoFrameCallback(frame);
    // A new source counts as doing something, too.
    for (const name of ["seeking", "emptied"]) video.addEventListener(name, () => seeks.push([now(), video.currentTime * 1e3]));
    live.addEventListener("hawker:state", ({ detail }) => states.push([now(), detail.state]));

    const read = ReadableStreamDefaultReader.prototype.read;
    ReadableStreamDefaultReader.prototype.read = async function () {
      const piece = await read.call(this);
      if (until > now()) await new Promise((done) => setTimeout(done, until - now()));
      return piece;
    };

    const named = (bytes, name, from, to) => {
      for (let at = from; at + 4 <= to; at++) if ([0, 1, 2, 3].every((n) => bytes[at + n] === name.charCodeAt(n))) return at;
      return -1;
    };
    const chunks = (bytes) => {
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), found = [];
      let from = 0, chunk = {};
      for (let at = 0; at + 8 <= bytes.length; ) {
        const end = at + view.getUint32(at), kind = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
        if (kind === "moof") {
          const track = view.getUint32(named(bytes, "tfhd", at, end) + 8);
          const time = Number(view.getBigUint64(named(bytes, "tfdt", at, end) + 8));
          const trun = named(bytes, "trun", at, end);
          const picture = track === 1;
          chunk = { picture, ms: picture ? time : time / 48, key: picture && !(view.getUint32(trun + 24) & 0x10000) };
        }
        at = end;
        if (kind !== "mdat") continue;
        found.push({ ...chunk, bytes: bytes.subarray(from, at) });
        from = at;
        chunk = {};
      }
      if (from < bytes.length) found.push({ bytes: bytes.subarray(from) });
      return found;
    };
    let last = NaN;
    const keeps = ({ picture, ms, key }) => {
      if (ms === undefined || !fault) return true;
      if (picture) {
        // What the encoder leaves out is seen here, too.
        if (fault.leap && fault.from === undefined && ms - last > 200) Object.assign(fault, { from: last + 34, to: ms });
        if (!fault.leap && fault.from === undefined && key) Object.assign(fault, { from: ms + 1000 - fault.missing, to: ms + 1000 });
        last = ms;
        if (ms >= fault.to) fault.again ??= now();
      }
      return fault.leap || !(picture || fault.both) || !(ms >= fault.from - 1 && ms < fault.to - 1);
    };
    const append = SourceBuffer.prototype.appendBuffer;
    SourceBuffer.prototype.appendBuffer = function (bytes) {
      const all = chunks(bytes), kept = all.filter(keeps).map((chunk) => chunk.bytes);
      if (kept.length === all.length) return append.call(this, bytes);
      const rest = new Uint8Array(kept.reduce((sum, { length }) => sum + length, 0));
      kept.reduce((at, bytes) => (rest.set(bytes, at), at + bytes.length), 0);
      return append.call(this, rest);
    };
    return true;
"#;

/// What the page saw: times in ms, of the page and of the media.
#[derive(Debug, Deserialize)]
struct Seen {
    /// Where the hole begins in the media.
    from: f64,
    /// When what is behind it was appended.
    again: f64,
    /// Frames: when, and what.
    shown: Vec<(f64, f64)>,
    /// Jumps: when, and where to.
    seeks: Vec<(f64, f64)>,
    /// States that the player told.
    states: Vec<(f64, String)>,
}

/// What a fault came to, ms.
#[derive(Debug)]
struct Figures {
    /// From the moment the next frame was due, or from when there was something to go to if that was later, to what the player did;
    /// nothing if it did nothing.
    noticed: Option<f64>,
    /// From that moment to the next frame.
    over: f64,
    /// Between the two frames.
    gap: f64,
}

fn main() -> Result<()> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(run())
}

async fn run() -> Result<()> {
    let turns = figure::asked(3);
    let clip = enhanced::clip(Codecs::H264);
    let noticed = Figure { number: 11, most: 250.0, unit: "ms" };
    let over = Figure { number: 11, most: 500.0, unit: "ms" };
    let mut all = Vec::new();
    for fault in ALL {
        let mut seen = Vec::new();
        for _ in 0..turns {
            seen.push(see(&clip, fault).await?);
        }
        all.push((fault, seen));
    }
    for (fault, seen) in all {
        let told: Vec<f64> = seen.iter().filter_map(|figures| figures.noticed).collect();
        if told.len() < seen.len() {
            println!(
                "{fault:?}: {} of {} went on without the player's doing",
                seen.len() - told.len(),
                seen.len()
            );
        }
        if !told.is_empty() {
            noticed.print(&format!("{fault:?}, {MISSING_MS} ms missing: noticed"), told);
        }
        over.print(&format!("{fault:?}: over"), seen.iter().map(|figures| figures.over));
    }
    Ok(())
}

async fn see(clip: &Clip, fault: Fault) -> Result<Figures> {
    // What stands between the stream and the element in the page stands in the way of HTTP only.
    let server = server::start_with(|config| config.udp.enabled = false).await;
    let stream = format!("demo?key={}", server.room("demo").await);
    let camera = enhanced::publish(server.running.rtmp, &stream, clip, Instant::now()).await;
    // No larger than a phone: what counts is the player, not the painting of a desktop.
    let page = browser::chromium_with(Options { width: 480, height: 800, ..Options::desktop() }).await;
    page.open(&format!("{}/room/demo", server.url)).await;
    page.until("document.querySelector('hawker-live')?.state === 'live'", PATIENCE).await;
    page.eval(FAULTS).await;
    tokio::time::sleep(SETTLES).await;
    if matches!(fault, Fault::Hole | Fault::Frozen) {
        deepen(&page).await;
    }
    let before = page.eval("return document.querySelector('hawker-live').stats()").await;
    let (leap, both) = (fault == Fault::Leap, fault == Fault::Hole);
    page.eval(&format!(
        "seeks.length = states.length = 0; fault = {{ leap: {leap}, both: {both}, missing: {MISSING_MS} }}"
    ))
    .await;
    if leap {
        camera.leap(MISSING_MS);
    }
    page.until("fault.again", PATIENCE).await;
    tokio::time::sleep(WATCHED).await;
    let seen = page.eval("return { ...fault, shown, seeks, states }").await;
    let seen: Seen = serde_json::from_value(seen).context("the fault did not come")?;
    let figures = judge(&seen).with_context(|| format!("{fault:?}: no frame before it"))?;
    println!(
        "{fault:?}: buffer {:.0} ms of {:.0} before; stood for {:.0} ms, noticed after {:.0?} ms, over after {:.0} ms; media behind \
         it were there {:.0} ms after the last frame; seeks {:.0?}, states {:.0?}",
        before["bufferMs"].as_f64().unwrap_or_default(),
        before["targetMs"].as_f64().unwrap_or_default(),
        figures.gap,
        figures.noticed,
        figures.over,
        seen.again - last(&seen).map_or(f64::NAN, |(_, (at, _))| at),
        since(&seen, &seen.seeks),
        since(&seen, &seen.states),
    );
    Ok(figures)
}

/// Makes the player keep more: media come late, several times.
async fn deepen(page: &Browser) {
    for _ in 0..4 {
        page.eval("until = performance.now() + 450").await;
        tokio::time::sleep(Duration::from_secs(3)).await;
    }
    page.until(
        &format!(
            "(() => {{ const {{ bufferMs, targetMs }} = document.querySelector('hawker-live').stats(); \
             return bufferMs > {DEEP_MS} && targetMs > {DEEP_MS} }})()"
        ),
        PATIENCE,
    )
    .await;
}

/// The last frame before the hole that was shown before what is behind it.
fn last(seen: &Seen) -> Option<(usize, (f64, f64))> {
    let behind = seen.shown.iter().position(|(_, media)| *media > seen.from + FRAME_MS / 2.0)?;
    let at = behind.checked_sub(1)?;
    Some((at, *seen.shown.get(at)?))
}

fn judge(seen: &Seen) -> Option<Figures> {
    let (place, (at, _)) = last(seen)?;
    let due = at + FRAME_MS;
    let next = seen.shown.get(place + 1).map_or(f64::INFINITY, |(at, _)| *at);
    let did = seen.seeks.iter().map(|(at, _)| *at).find(|did| (at..next + FRAME_MS).contains(did));
    Some(Figures {
        noticed: did.map(|did| (did - due.max(seen.again)).max(0.0)),
        over: (next - due.max(seen.again)).max(0.0),
        gap: next - at,
    })
}

/// Since the last frame.
fn since<T: Clone>(seen: &Seen, told: &[(f64, T)]) -> Vec<(f64, T)> {
    let from = last(seen).map_or(0.0, |(_, (at, _))| at);
    told.iter().map(|(at, what)| (at - from, what.clone())).collect()
}
