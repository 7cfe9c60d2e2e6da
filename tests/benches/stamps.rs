//! Where the milliseconds between the camera and the eye go: the way of each frame through encoder, server, link, page and
//! element, from stamps taken at each of them for 20 s. Prints, never fails: it explains `glass`, which judges.

use std::time::Duration;

use anyhow::Result;
use hawker_tests::burned::{self, READER};

/// Wraps what the engine calls: pieces as `fetch` gives them, appends, and the element's buffer. Stamps are ms since 1970.
const STAMPS: &str = r#"
    const wall = () => performance.timeOrigin + performance.now();
    const units = window.units = new Map();
    window.levels = [];
    const each = (bytes, told) => {
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      for (let at = 4; at + 28 <= bytes.length; at++) {
        if (bytes[at] !== 0x70 || view.getUint32(at) !== 0x70726674) continue;
        const track = view.getUint32(at + 8), tfdt = Number(view.getBigUint64(at + 20));
        const made = (view.getUint32(at + 12) - 2208988800) * 1e3 + view.getUint32(at + 16) / 4294967.296;
        told(`${track}:${tfdt}`, made, track, tfdt);
      }
    };
    const read = ReadableStreamDefaultReader.prototype.read;
    ReadableStreamDefaultReader.prototype.read = async function (...a) {
      const piece = await read.apply(this, a);
      const now = wall();
      if (piece.value) each(piece.value, (key, made, track, tfdt) => units.set(key, { made, track, tfdt, arrived: now }));
      return piece;
    };
    const append = SourceBuffer.prototype.appendBuffer;
    const video = document.querySelector("hawker-live").shadowRoot.querySelector("video");
    SourceBuffer.prototype.appendBuffer = function (bytes) {
      const now = wall();
      const keys = [];
      each(bytes, (key) => keys.push(key));
      const before = video.buffered.length ? video.buffered.end(video.buffered.length - 1) - video.currentTime : 0;
      this.addEventListener("updateend", () => {
        const done = wall();
        const after = video.buffered.length ? video.buffered.end(video.buffered.length - 1) - video.currentTime : 0;
        window.levels.push([before * 1e3, after * 1e3]);
        for (const key of keys) { const unit = units.get(key); if (unit) { unit.appended = now; unit.done = done; } }
      }, { once: true });
      return append.call(this, bytes);
    };
    return true;
"#;

const REPORT: &str = r#"
    const at = (list, share) => {
      const sorted = [...list].sort((a, b) => a - b);
      return sorted.length ? sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] : NaN;
    };
    const shares = { p5: 0.05, p50: 0.5, p95: 0.95, p99: 0.99, max: 1 };
    const line = (list) => Object.entries(shares).map(([name, share]) => `${name} ${at(list, share).toFixed(1)}`).join("  ");
    const rows = { "camera -> server": [], "server -> page": [], "page -> append": [], "append -> done": [], "done -> eye": [], "camera -> eye": [] };
    for (const [shown, taken, media] of window.seen) {
      const unit = window.units.get(`1:${Math.round(media * 1e3)}`);
      if (taken < 0 || !unit || !unit.done) continue;
      const camera = Math.floor(unit.made / 16777216) * 16777216 + taken;
      const took = unit.made - camera;
      rows["camera -> server"].push(took < 0 ? took + 16777216 : took);
      rows["server -> page"].push(unit.arrived - unit.made);
      rows["page -> append"].push(unit.appended - unit.arrived);
      rows["append -> done"].push(unit.done - unit.appended);
      rows["done -> eye"].push(shown - unit.done);
      rows["camera -> eye"].push(((shown % 16777216) - taken + 16777216) % 16777216);
    }
    const skew = [], steps = { 1: [], 2: [] }, last = {};
    const video = [...window.units.values()].filter((u) => u.track === 1).sort((a, b) => a.tfdt - b.tfdt);
    const lag = (u) => u.arrived - (u.track === 1 ? u.tfdt : u.tfdt / 48);
    const base = at(video.map(lag), .5);
    for (const unit of window.units.values()) {
      if (unit.track === 2) skew.push(lag(unit) + 1024 / 48 - base - 33);
      if (last[unit.track]) steps[unit.track].push(unit.arrived - last[unit.track]);
      last[unit.track] = unit.arrived;
    }
    rows["sound behind picture (ends)"] = skew;
    rows["between video arrivals"] = steps[1];
    rows["between audio arrivals"] = steps[2];
    rows["level before an append"] = window.levels.map((l) => l[0]);
    rows["level after an append"] = window.levels.map((l) => l[1]);
    return Object.entries(rows).map(([name, list]) => `${name.padEnd(28)} ${line(list)}`).join("\n");
"#;

fn main() -> Result<()> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(run())
}

async fn run() -> Result<()> {
    let (_server, _camera, browser) = burned::watched().await;
    tokio::time::sleep(Duration::from_secs(10)).await;
    browser.eval(READER).await;
    browser.eval(STAMPS).await;
    tokio::time::sleep(Duration::from_secs(20)).await;
    println!("{}", browser.eval(REPORT).await.as_str().unwrap_or_default());
    println!("{}", browser.eval("return document.querySelector('hawker-live').stats()").await);
    Ok(())
}
