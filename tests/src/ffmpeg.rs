//! ffmpeg as somebody's encoder: a child that publishes over RTMP until it is dropped.
//!
//! Not the ladder of the server (`server/src/media/ladder.rs`) and not the demo's camera, which needs no ffmpeg.

use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::watch;

/// What to publish: a test picture and a tone by default, in real time.
#[derive(Clone, Debug)]
pub struct Source {
    /// Width and height in pixels.
    pub size: (u32, u32),
    /// Frames a second, as ffmpeg writes it: `30`, `30000/1001`.
    pub rate: String,
    /// Frames between keyframes.
    pub gop: u32,
    /// Video bit rate in kb/s.
    pub video_kbps: u32,
    /// Sample rate in Hz and channels; `None`: no sound.
    pub sound: Option<(u32, u32)>,
    /// Consecutive B-frames; 0 also asks x264 for zero latency.
    pub b_frames: u32,
    /// More output arguments, before the address.
    pub arguments: Vec<String>,
}

impl Default for Source {
    fn default() -> Self {
        Self {
            size: (640, 360),
            rate: "30".into(),
            gop: 30,
            video_kbps: 800,
            sound: Some((48_000, 2)),
            b_frames: 0,
            arguments: Vec::new(),
        }
    }
}

/// A publishing ffmpeg; killed when dropped.
pub struct Publisher {
    child: Child,
    frames: watch::Receiver<u64>,
}

/// Publishes a test picture to an address with its key, such as `rtmp://127.0.0.1:1935/live/demo?key=KEY`.
pub fn publish(url: &str, source: &Source) -> Publisher {
    let (width, height) = source.size;
    let picture = format!("testsrc2=size={width}x{height}:rate={}", source.rate);
    let mut arguments: Vec<String> = ["-re", "-f", "lavfi", "-i"].map(String::from).to_vec();
    arguments.push(picture);
    if let Some((rate, channels)) = source.sound {
        let layout = if channels == 1 { "mono" } else { "stereo" };
        let tone = format!("sine=frequency=440:sample_rate={rate},aformat=channel_layouts={layout}");
        arguments.extend(["-re", "-f", "lavfi", "-i"].map(String::from));
        arguments.push(tone);
        arguments.extend(["-c:a", "aac", "-b:a", "96k"].map(String::from));
    }
    let (gop, rate) = (source.gop.to_string(), format!("{}k", source.video_kbps));
    arguments.extend(
        ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", &gop].map(String::from),
    );
    arguments.extend(
        ["-b:v", &rate, "-maxrate", &rate, "-bufsize", &rate, "-sc_threshold", "0"].map(String::from),
    );
    if source.b_frames == 0 {
        arguments.extend(["-tune", "zerolatency"].map(String::from));
    }
    arguments.extend(["-bf".to_string(), source.b_frames.to_string()]);
    arguments.extend(source.arguments.iter().cloned());
    arguments.extend(["-f", "flv", url].map(String::from));
    run(&arguments)
}

/// Runs ffmpeg with these arguments, reporting its progress.
pub fn run(arguments: &[String]) -> Publisher {
    let mut child = Command::new("ffmpeg")
        .args(["-hide_banner", "-loglevel", "error", "-progress", "pipe:1", "-stats_period", "0.2"])
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .kill_on_drop(true)
        .spawn()
        .unwrap_or_else(|error| panic!("ffmpeg does not start ({error}): tests/run installs it"));
    let mut lines = BufReader::new(child.stdout.take().expect("stdout is piped")).lines();
    let (count, frames) = watch::channel(0);
    tokio::spawn(async move {
        while let Ok(Some(line)) = lines.next_line().await {
            if let Some(sent) = line.strip_prefix("frame=").and_then(|text| text.trim().parse().ok()) {
                count.send_replace(sent);
            }
        }
    });
    Publisher { child, frames }
}

impl Publisher {
    /// Waits until ffmpeg has sent that many frames; panics when it ends before or takes longer than `limit`.
    pub async fn sent(&mut self, frames: u64, limit: Duration) {
        match tokio::time::timeout(limit, self.frames.wait_for(|sent| *sent >= frames)).await {
            Ok(Ok(_)) => {}
            Ok(Err(_)) => panic!("ffmpeg ended before frame {frames}"),
            Err(_) => panic!("ffmpeg has not sent {frames} frames within {limit:?}"),
        }
    }

    /// Waits for ffmpeg to end by itself, true when it ended well.
    pub async fn ended(mut self) -> bool {
        self.child.wait().await.is_ok_and(|status| status.success())
    }

    /// Ends the publication as a pulled cable does: no goodbye.
    pub async fn cut(mut self) {
        self.child.kill().await.expect("ffmpeg can be killed");
    }
}
