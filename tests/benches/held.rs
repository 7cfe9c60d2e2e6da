//! How much of its buffer Chromium does not play: the element is given a few seconds and plays until it stands, at several
//! rates, with and without keeping the pitch of sound. `HOLD_S` of the player comes from here.

use std::time::Duration;

use anyhow::Result;
use hawker_tests::burned::{self, Output};
use hawker_tests::{browser, server};

/// Gives a line for each way of playing.
const HELD: &str = r#"
    const text = async (path) => (await fetch(path)).text();
    const [, epoch, rendition] = (await text("/live/held/index.m3u8")).match(/([^\s"\/]+)\/([^\s"\/]+)\/video\.m3u8/);
    const base = `/live/held/${epoch}/${rendition}`;
    const list = await text(`${base}/video.m3u8`);
    const numbers = [...list.matchAll(/video\/(\d+)\.m4s/g)].map((x) => +x[1]);
    const last = Math.max(...numbers);
    const parts = [];
    for (let n = last - 3; n <= last - 1; n++) parts.push(new Uint8Array(await (await fetch(`${base}/${n}.mp4`)).arrayBuffer()));
    const out = [];
    const cases = [[1, true, false], [1, true, true], [0.97, true, false], [1.03, true, false], [0.97, false, false],
      [1.03, false, false], [1, false, false]];
    for (const [rate, pitch, muted] of cases) {
      const video = document.createElement("video");
      document.documentElement.append(video);
      video.muted = muted; video.preservesPitch = pitch;
      const source = new MediaSource();
      video.src = URL.createObjectURL(source);
      await new Promise((r) => source.addEventListener("sourceopen", r, { once: true }));
      const buffer = source.addSourceBuffer('video/mp4; codecs="avc1.42c01e,mp4a.40.2"');
      for (const part of parts) {
        buffer.appendBuffer(part);
        await new Promise((r) => buffer.addEventListener("updateend", r, { once: true }));
      }
      let shown = 0;
      const frame = (_, meta) => { shown = meta.mediaTime; video.requestVideoFrameCallback(frame); };
      video.requestVideoFrameCallback(frame);
      video.currentTime = video.buffered.start(0) + 0.5;
      video.playbackRate = rate;
      await video.play();
      let before = -1, same = 0;
      while (same < 10) {
        await new Promise((r) => setTimeout(r, 50));
        same = video.currentTime === before ? same + 1 : 0;
        before = video.currentTime;
      }
      const end = video.buffered.end(0);
      out.push(`rate ${rate}, ${pitch ? "pitch kept" : "pitch follows"}${muted ? ", muted" : ""}: stands with `
        + `${((end - video.currentTime) * 1e3).toFixed(0)} ms ahead, last frame ${((end - shown) * 1e3).toFixed(0)} ms before the end`);
      video.remove(); URL.revokeObjectURL(video.src);
    }
    return out.join("\n");
"#;
fn main() -> Result<()> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(run())
}

async fn run() -> Result<()> {
    let server = server::start().await;
    let key = server.room("held").await;
    let url = server.rtmp("held", &key);
    let _camera = burned::publish(&server.running, &[Output { url, size: "640x360", kbps: 1_500 }]);
    let browser = browser::chromium().await;
    browser.open(&format!("{}/api/v1/time", server.url)).await;
    let segments = "fetch('/live/held/index.m3u8').then(r => r.ok)";
    browser.until(segments, Duration::from_secs(30)).await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    println!("{}", browser.eval(HELD).await.as_str().unwrap_or_default());
    Ok(())
}
