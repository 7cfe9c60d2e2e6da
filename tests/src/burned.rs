//! A camera whose pictures carry the time at which they were taken, in blocks that survive an encoder, and the script that
//! reads them back from a page, frame by frame as they are presented. For figures (`benches/`), not for judgement.

use hawker_server::Running;
use serde_json::Value;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::AsyncWriteExt as _;
use tokio::process::{Child, Command};
use tokio::time::MissedTickBehavior;

/// Width and height of the picture, and its frames a second.
const SIZE: (usize, usize) = (640, 360);
const FPS: u64 = 30;
/// Blocks across the strip on top: 24 bits of time, 8 of checksum.
const BITS: usize = 32;
/// Media this close to a switch, in seconds, belongs to it: what the decoder holds and a few frames more.
const AT_SWITCH_S: f64 = 0.25;
/// Height of the strip.
const STRIP: usize = 40;

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
    _child: Child,
}

/// Takes pictures by the server's clock and publishes them, with sound, a keyframe each second. Noise below the strip makes
/// the encoder need its bits.
pub fn publish(running: &Running, outputs: &[Output<'_>]) -> Camera {
    let mut command = Command::new("ffmpeg");
    let (width, height) = SIZE;
    // Without probing: pictures that ffmpeg reads ahead of its sound would wait for that sound ever after.
    command.args(["-hide_banner", "-loglevel", "error", "-fflags", "nobuffer", "-probesize", "32"]);
    command.args(["-analyzeduration", "0", "-f", "rawvideo", "-pix_fmt", "yuv420p"]);
    command.args(["-s", &format!("{width}x{height}"), "-r", &FPS.to_string(), "-i", "pipe:0"]);
    command.args(["-re", "-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000"]);
    for output in outputs {
        let rate = format!("{}k", output.kbps);
        command.args([
            "-map",
            "0:v",
            "-map",
            "1:a",
            "-s",
            output.size,
            "-c:v",
            "libx264",
            "-preset",
            "ultrafast",
        ]);
        command.args(["-tune", "zerolatency", "-g", "30", "-keyint_min", "30", "-sc_threshold", "0"]);
        command.args(["-b:v", &rate, "-maxrate", &rate, "-bufsize", &format!("{}k", output.kbps / 4)]);
        command.args([
            "-c:a",
            "aac",
            "-b:a",
            "64k",
            "-ar",
            "48000",
            "-flush_packets",
            "1",
            "-f",
            "flv",
            &output.url,
        ]);
    }
    let mut child = command
        .stdin(Stdio::piped())
        .stderr(Stdio::inherit())
        .kill_on_drop(true)
        .spawn()
        .unwrap_or_else(|error| panic!("ffmpeg does not start ({error})"));
    let mut pipe = child.stdin.take().expect("stdin is piped");
    let clock = running.app.clock;
    tokio::spawn(async move {
        let mut ticks = tokio::time::interval(Duration::from_micros(1_000_000 / FPS));
        // While ffmpeg starts nothing is taken: a burst afterwards would put the picture ahead of the sound for good.
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let mut noise = 1;
        loop {
            ticks.tick().await;
            if pipe.write_all(&picture(clock.wall().as_ms(), &mut noise)).await.is_err() {
                break;
            }
        }
    });
    Camera { _child: child }
}

/// A grey picture with the time in its strip and noise in its lower part.
fn picture(wall_ms: u64, noise: &mut u32) -> Vec<u8> {
    let (width, height) = SIZE;
    let mut bytes = vec![128; width * height * 3 / 2];
    let time = (wall_ms & 0x00ff_ffff) as u32;
    let code = time << 8 | checksum(time);
    for (at, luma) in bytes.iter_mut().take(width * height).enumerate() {
        let (x, y) = (at % width, at / width);
        if y < STRIP {
            let bit = code >> (BITS - 1 - x * BITS / width) & 1;
            *luma = if bit == 1 { 235 } else { 16 };
        } else if y > height / 3 {
            *noise ^= *noise << 13;
            *noise ^= *noise >> 17;
            *noise ^= *noise << 5;
            *luma = 96 + (*noise & 63) as u8;
        }
    }
    bytes
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
                figures.ages_ms.push((at - taken).rem_euclid(f64::from(1 << 24)));
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
