//! A camera whose pictures carry the time at which they were taken, in blocks that survive an encoder, and the script that
//! reads them back from a page, frame by frame as they are presented. For figures (`benches/`), not for judgement.
//!
//! ffmpeg encodes the pictures, one process a rendition; stamps and sound are put to them here. One ffmpeg for both holds each
//! picture back until its sound has come, by two clocks that began apart: 75 to 110 ms that say nothing of what is measured.

use crate::browser::{self, Browser};
use crate::encoder::{self, Encoder};
use crate::server::{self, Server};
use hawker_server::Running;
use hawker_server_core::media::flv::Kind;
use hawker_server_core::media::flv::file::{self, Tag};
use serde_json::Value;
use std::net::SocketAddr;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior};

/// Width and height of the picture, and its frames a second.
const SIZE: (usize, usize) = (640, 360);
const FPS: u64 = 30;
/// Samples of an AAC frame, and in a second.
const SOUND: (u64, u64) = (1_024, 48_000);
/// Blocks across the strip on top: 24 bits of time, 8 of checksum.
const BITS: usize = 32;
/// Media this close to a switch, in seconds, belongs to it: what the decoder holds and a few frames more.
const AT_SWITCH_S: f64 = 0.25;
/// Height of the strip.
const STRIP: usize = 40;
/// Pictures that wait for an encoder: a second.
const WAITING: usize = FPS as usize;

/// One output of the encoder.
pub struct Output<'a> {
    /// Where to.
    pub url: String,
    /// Size such as `640x360`.
    pub size: &'a str,
    /// Of the picture, kb/s.
    pub kbps: u32,
}

/// Publishes while it lives.
pub struct Camera {
    _children: Vec<Child>,
}

/// A picture and when it was taken, ms since the camera began.
type Taken = (u32, Vec<u8>);

/// Takes pictures by the server's clock and publishes them, with sound, a keyframe each second. Noise below the strip makes
/// the encoder need its bits. A frame of sound is sent when its last sample has been taken.
pub fn publish(running: &Running, outputs: &[Output<'_>]) -> Camera {
    let began = Instant::now();
    let mut children = Vec::new();
    let mut encoders = Vec::new();
    for output in outputs {
        let mut child = pictures(output);
        let stdin = child.stdin.take().expect("stdin is piped");
        let stdout = child.stdout.take().expect("stdout is piped");
        let (give, take) = mpsc::channel(WAITING);
        let (stamp, stamps) = mpsc::channel(WAITING);
        tokio::spawn(feed(take, stdin, stamp));
        tokio::spawn(send(output.url.clone(), stdout, stamps, began));
        encoders.push(give);
        children.push(child);
    }
    let clock = running.app.clock;
    tokio::spawn(async move {
        let mut ticks = tokio::time::interval(Duration::from_micros(1_000_000 / FPS));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let mut noise = 1;
        loop {
            let mut picture = scene(&mut noise);
            ticks.tick().await;
            burn(&mut picture, clock.wall().as_ms());
            let stamp = began.elapsed().as_millis() as u32;
            for encoder in &encoders {
                // An encoder that does not keep up misses a picture.
                let _ = encoder.try_send((stamp, picture.clone()));
            }
            if encoders.iter().all(mpsc::Sender::is_closed) {
                break;
            }
        }
    });
    Camera { _children: children }
}

/// A server, and a camera of one rendition with sound in its room `glass`.
pub async fn on_air() -> (Server, Camera) {
    let server = server::start().await;
    let key = server.room("glass").await;
    let url = server.rtmp("glass", &key);
    let camera = publish(&server.running, &[Output { url, size: "640x360", kbps: 1_500 }]);
    (server, camera)
}

/// Opens that room and waits until it is live.
pub async fn watch(browser: &Browser, server: &Server) {
    browser.open(&format!("{}/room/glass", server.url)).await;
    let live = "document.querySelector('hawker-live')?.state === 'live'";
    browser.until(live, Duration::from_secs(30)).await;
}

/// All of it, with a browser in which the room is live.
pub async fn watched() -> (Server, Camera, Browser) {
    let (server, camera) = on_air().await;
    let browser = browser::chromium().await;
    watch(&browser, &server).await;
    (server, camera, browser)
}

/// ffmpeg from raw pictures to FLV.
fn pictures(output: &Output<'_>) -> Child {
    let (size, fps) = (format!("{}x{}", SIZE.0, SIZE.1), FPS.to_string());
    let (rate, buffer) = (format!("{}k", output.kbps), format!("{}k", output.kbps / 4));
    let mut command = Command::new("ffmpeg");
    command.args(["-hide_banner", "-loglevel", "error", "-probesize", "32", "-analyzeduration", "0"]);
    command.args(["-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", &size, "-r", &fps, "-i", "pipe:0"]);
    command.args(["-s", output.size, "-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency"]);
    command.args(["-g", "30", "-keyint_min", "30", "-sc_threshold", "0", "-fps_mode", "passthrough"]);
    command.args(["-b:v", &rate, "-maxrate", &rate, "-bufsize", &buffer]);
    command.args(["-flush_packets", "1", "-f", "flv", "pipe:1"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit()).kill_on_drop(true);
    command.spawn().unwrap_or_else(|error| panic!("ffmpeg does not start ({error})"))
}

/// Pictures into ffmpeg, and their stamps ahead of what it makes of them.
async fn feed(mut pictures: mpsc::Receiver<Taken>, mut ffmpeg: ChildStdin, stamps: mpsc::Sender<u32>) {
    while let Some((stamp, picture)) = pictures.recv().await {
        if stamps.send(stamp).await.is_err() || ffmpeg.write_all(&picture).await.is_err() {
            break;
        }
    }
}

/// What ffmpeg makes, with the stamps of the pictures and a tone beside it, over RTMP.
async fn send(url: String, ffmpeg: ChildStdout, mut stamps: mpsc::Receiver<u32>, began: Instant) {
    let (address, stream) =
        url.strip_prefix("rtmp://").and_then(|rest| rest.split_once("/live/")).expect("an address");
    let address: SocketAddr = address.parse().expect("host and port");
    let mut encoder = encoder::publish(address, stream).await.expect("the server lets it publish");
    let (give, mut tags) = mpsc::channel(WAITING);
    tokio::spawn(read(ffmpeg, give));
    let tone = tone().await;
    for head in tone.iter().filter(|tag| tag.kind == Kind::Audio && tag.is_head()) {
        encoder.send(head.clone()).await;
    }
    let frames: Vec<_> = tone.into_iter().filter(|tag| tag.kind == Kind::Audio && tag.is_frame()).collect();
    let stamp = |frame: u64| frame * SOUND.0 * 1_000 / SOUND.1;
    let mut frame = began.elapsed().as_millis() as u64 * SOUND.1 / 1_000 / SOUND.0;
    loop {
        tokio::select! {
            tag = tags.recv() => {
                let Some(mut tag) = tag else { return };
                if tag.is_frame() {
                    let Some(stamp) = stamps.recv().await else { return };
                    tag.stamp = stamp;
                }
                encoder.send(tag).await;
            }
            () = tokio::time::sleep_until(began + Duration::from_millis(stamp(frame + 1))) => {
                sound(&mut encoder, &frames, frame, stamp(frame)).await;
                frame += 1;
            }
        }
    }
}

async fn sound(encoder: &mut Encoder, frames: &[Tag], frame: u64, stamp: u64) {
    if let Some(tag) = frames.get(frame as usize % frames.len().max(1)) {
        encoder.send(Tag { stamp: stamp as u32, ..tag.clone() }).await;
    }
}

/// The tags of an FLV stream as they come.
async fn read(flv: ChildStdout, tags: mpsc::Sender<Tag>) -> std::io::Result<()> {
    let mut flv = BufReader::new(flv);
    flv.read_exact(&mut [0; 13]).await?;
    loop {
        let mut head = [0; 11];
        flv.read_exact(&mut head).await?;
        let [kind, a, b, c, ..] = head;
        let mut body = vec![0; u32::from_be_bytes([0, a, b, c]) as usize];
        flv.read_exact(&mut body).await?;
        flv.read_exact(&mut [0; 4]).await?;
        let Some(kind) = Kind::from_byte(kind).filter(|kind| *kind == Kind::Video) else { continue };
        if tags.send(Tag { kind, stamp: 0, body: body.into() }).await.is_err() {
            return Ok(());
        }
    }
}

/// Four seconds of a tone, as FLV.
async fn tone() -> Vec<Tag> {
    let mut command = Command::new("ffmpeg");
    command.args(["-hide_banner", "-loglevel", "error", "-f", "lavfi"]);
    command.args(["-i", &format!("sine=frequency=440:sample_rate={}:duration=4", SOUND.1)]);
    command.args(["-c:a", "aac", "-b:a", "64k", "-f", "flv", "pipe:1"]);
    let made = command.stdin(Stdio::null()).output().await.expect("ffmpeg makes a tone");
    file::tags(made.stdout.into()).expect("FLV").map_while(Result::ok).collect()
}

/// A grey picture with noise in its lower part.
fn scene(noise: &mut u32) -> Vec<u8> {
    let (width, height) = SIZE;
    let mut bytes = vec![128; width * height * 3 / 2];
    for luma in bytes.iter_mut().take(width * height).skip(width * height / 3) {
        *noise ^= *noise << 13;
        *noise ^= *noise >> 17;
        *noise ^= *noise << 5;
        *luma = 96 + (*noise & 63) as u8;
    }
    bytes
}

/// Writes the time into the strip on top.
fn burn(picture: &mut [u8], wall_ms: u64) {
    let time = (wall_ms & 0x00ff_ffff) as u32;
    let code = time << 8 | checksum(time);
    for row in picture.chunks_exact_mut(SIZE.0).take(STRIP) {
        for (bit, block) in row.chunks_exact_mut(SIZE.0 / BITS).enumerate() {
            block.fill(if code >> (BITS - 1 - bit) & 1 == 1 { 235 } else { 16 });
        }
    }
}

fn checksum(time: u32) -> u32 {
    (time ^ time >> 8 ^ time >> 16 ^ 0x5a) & 0xff
}

/// Installs the reader in a page with one `<hawker-live>` and its video: `window.seen` fills with
/// `[presented ms since 1970, taken ms & 0xffffff or -1, media time s, frames presented so far, width]`. The count has frames
/// too that came and went between two callbacks: a page that is busy for a moment sees one callback for two frames.
pub const READER: &str = r#"
    const video = document.querySelector("hawker-live").shadowRoot.querySelector("video");
    const canvas = document.createElement("canvas");
    canvas.width = 32; canvas.height = 1;
    const context = canvas.getContext("2d", { willReadFrequently: true });
    window.seen = [];
    const read = (now, meta) => {
      const strip = video.videoHeight * 40 / 360;
      context.drawImage(video, 0, strip * 0.3, video.videoWidth, strip * 0.4, 0, 0, 32, 1);
      const pixels = context.getImageData(0, 0, 32, 1).data;
      let time = 0, sum = 0;
      for (let bit = 0; bit < 32; bit++) {
        const one = pixels[bit * 4] > 128 ? 1 : 0;
        if (bit < 24) time = time * 2 + one; else sum = sum * 2 + one;
      }
      const good = ((time ^ (time >> 8) ^ (time >> 16) ^ 0x5a) & 0xff) === sum;
      window.seen.push([performance.timeOrigin + meta.expectedDisplayTime, good ? time : -1, meta.mediaTime,
        meta.presentedFrames, meta.width]);
      video.requestVideoFrameCallback(read);
    };
    video.requestVideoFrameCallback(read);
    return true;
"#;

/// What was read.
#[derive(Debug, Default)]
pub struct Figures {
    /// Frames presented.
    pub frames: usize,
    /// Frames whose time could not be read.
    pub unread: usize,
    /// Age when presented, ms, sorted.
    pub ages_ms: Vec<f64>,
    /// Gaps between presented frames above 100 ms, ms.
    pub stalls_ms: Vec<f64>,
    /// Frames taken but not seen by the reader, between the first and the last.
    pub lost: usize,
    /// Of them, those that the browser presented between two callbacks.
    pub unseen: usize,
    /// Of those lost, the ones at a switch: between two frames of different size or around a stall, or within `AT_SWITCH_S` of
    /// one. Elsewhere a display that refreshes at a multiple of the frame rate passes over a frame now and then while playback
    /// catches up at a rate above 1; that is no fault of a switch.
    pub lost_at_switch: usize,
    /// Frames presented again after another one.
    pub repeated: usize,
}

/// Of a picture taken at a time whose lower 24 bits are known, when it was presented.
fn age_ms(at: f64, taken: f64) -> f64 {
    (at - taken).rem_euclid(f64::from(1 << 24))
}

/// When frames were presented, ms since 1970, and their ages then, ms; from `window.seen`, without those that could not be read.
pub fn ages(seen: &Value) -> Vec<(f64, f64)> {
    let frames: Vec<[f64; 5]> = serde_json::from_value(seen.clone()).unwrap_or_default();
    let read = frames.into_iter().filter(|[_, taken, ..]| *taken >= 0.0);
    read.map(|[at, taken, ..]| (at, age_ms(at, taken))).collect()
}

impl Figures {
    /// From `window.seen`.
    pub fn read(seen: &Value) -> Self {
        let mut figures = Self::default();
        let mut before: Option<(f64, f64)> = None;
        let frames: Vec<[f64; 5]> = serde_json::from_value(seen.clone()).unwrap_or_default();
        let switches: Vec<f64> = frames
            .windows(2)
            .filter_map(|pair| match pair {
                [a, b] if a[4] != b[4] || b[0] - a[0] > 100.0 => Some(b[2]),
                _ => None,
            })
            .collect();
        let mut media: Option<(f64, f64)> = None;
        for [at, taken, media_s, presented, _] in frames {
            figures.frames += 1;
            if let Some((then, _)) = before
                && at - then > 100.0
            {
                figures.stalls_ms.push(at - then);
            }
            if let Some((media, before)) = media {
                let step = ((media_s - media) * FPS as f64).round() as i64;
                let lost = usize::try_from(step - 1).unwrap_or(0);
                figures.lost += lost;
                if switches.iter().any(|switch| (media_s - switch).abs() <= AT_SWITCH_S) {
                    figures.lost_at_switch += lost;
                }
                figures.unseen += lost.min((presented - before - 1.0).max(0.0) as usize);
                figures.repeated += usize::from(step < 1);
            }
            media = Some((media_s, presented));
            if taken < 0.0 {
                figures.unread += 1;
            } else {
                figures.ages_ms.push(age_ms(at, taken));
            }
            before = Some((at, taken));
        }
        figures.ages_ms.sort_by(f64::total_cmp);
        figures
    }

    /// A quantile of the ages, ms.
    pub fn age_ms(&self, share: f64) -> f64 {
        let at = (self.ages_ms.len() as f64 * share) as usize;
        self.ages_ms.get(at.min(self.ages_ms.len().saturating_sub(1))).copied().unwrap_or(f64::NAN)
    }

    /// One line for people.
    pub fn line(&self) -> String {
        format!(
            "{} frames, p50 {:.0} ms, p95 {:.0} ms, p99 {:.0} ms; {} stalls, {:.0} ms in all, longest {:.0} ms; \
             {} lost at a switch, {} in all ({} of them presented between two callbacks), {} repeated, {} unread",
            self.frames,
            self.age_ms(0.5),
            self.age_ms(0.95),
            self.age_ms(0.99),
            self.stalls_ms.len(),
            self.stalls_ms.iter().fold(0.0, |sum, ms| sum + ms),
            self.stalls_ms.iter().copied().fold(0.0, f64::max),
            self.lost_at_switch,
            self.lost,
            self.unseen,
            self.repeated,
            self.unread
        )
    }
}
