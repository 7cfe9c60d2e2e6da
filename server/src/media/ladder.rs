//! Lower renditions of an encoder's picture, made by an ffmpeg child for rooms that ask for it. The child reads FLV from a pipe
//! and publishes back over RTMP; without ffmpeg the room goes on with the encoder's picture alone.

use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::process::Stdio;
use std::time::Duration;

use hawker_server_core::media::flv::mux;
use hawker_server_core::media::frame::{Config, Event, Track};
use serde::Serialize;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::mpsc;
use utoipa::ToSchema;

use super::config::LadderConfig;
use super::limits;
use crate::app::App;

/// What the ladder of a room is doing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum State {
    /// Not asked for, or nobody publishes.
    #[default]
    Off,
    /// ffmpeg runs.
    Running,
    /// ffmpeg ended and is started again.
    Restarting {
        /// What ffmpeg said last.
        reason: String,
    },
    /// ffmpeg can't be started: the room goes on without its ladder.
    Unavailable {
        /// Why, and what to do.
        reason: String,
    },
}

/// The end of the ladder that a publisher feeds. Dropped: the ladder stops.
pub(super) struct Tap {
    feed: mpsc::Sender<Event>,
    known: Known,
    /// The ladder can't follow: nothing goes in until the next keyframe, and that behind its configurations.
    skipping: bool,
}

impl Tap {
    /// Starts the ladder of a room.
    pub(super) fn start(app: &App, room: &str) -> Self {
        let (feed, events) = mpsc::channel(limits::LADDER_QUEUE);
        app.life.tasks.spawn(run(app.clone(), room.to_owned(), events));
        Self { feed, known: Known::default(), skipping: true }
    }

    /// Passes on what the encoder sent.
    pub(super) fn push(&mut self, event: &Event) {
        self.known.note(event);
        if self.skipping && matches!(event, Event::Frame(frame) if frame.track == Track::Video && frame.key) {
            self.skipping = false;
            for config in self.known.events() {
                self.send(config);
            }
        }
        if !self.skipping {
            self.send(event.clone());
        }
    }

    fn send(&mut self, event: Event) {
        if self.feed.try_send(event).is_err() {
            self.skipping = true;
        }
    }
}

async fn run(app: App, room: String, mut events: mpsc::Receiver<Event>) {
    let ingest = app.media.ingest.clone();
    let mut pause = limits::LADDER_PAUSE;
    let mut known = Known::default();
    while !events.is_closed() {
        let arguments = arguments(&app.config.media.ladder, app.rtmp, &room, ingest.internal_key());
        let mut child = match spawn(&app.config.media.ladder, &arguments) {
            Ok(child) => child,
            Err(error) => {
                let program = app.config.media.ladder.ffmpeg.display().to_string();
                tracing::error!(%room, %program, %error, "no ladder: ffmpeg can't be started; the room goes on without it");
                let reason = format!(
                    "{program} can't be started: {error}. Install ffmpeg, or set [media.ladder] ffmpeg"
                );
                ingest.set_ladder(&room, State::Unavailable { reason });
                // Nothing changes that while the encoder publishes; its next publication tries again.
                while events.recv().await.is_some() {}
                break;
            }
        };
        tracing::info!(%room, rungs = app.config.media.ladder.renditions.len(), "ladder started");
        ingest.set_ladder(&room, State::Running);
        let started = app.clock.now();
        let mut said = child.stderr.take().map(|stderr| tokio::spawn(last_words(stderr)));
        let stdin = child.stdin.take();
        let fed_out = tokio::select! {
            fed_out = feed(stdin, &mut events, &mut known) => fed_out,
            _ = child.wait() => false,
            () = app.life.draining.cancelled() => true,
        };
        if fed_out {
            // Its input has ended: it flushes and ends by itself, or is killed when it is dropped.
            let _ = tokio::time::timeout(limits::LADDER_END, child.wait()).await;
            break;
        }
        let _ = child.kill().await;
        if known.foreign() {
            let reason =
                "The ladder is made from H.264 and AAC alone: the room goes on with the encoder's picture.";
            ingest.set_ladder(&room, State::Unavailable { reason: reason.to_owned() });
            while events.recv().await.is_some() {}
            break;
        }
        let reason = match said.take() {
            Some(said) => said.await.unwrap_or_default(),
            None => String::new(),
        };
        if app.clock.now().since(started).as_secs_f64() > limits::LADDER_STEADY.as_secs_f64() {
            pause = limits::LADDER_PAUSE;
        }
        tracing::warn!(%room, %reason, again_in_s = pause.as_secs(), "ladder: ffmpeg ended");
        ingest.set_ladder(&room, State::Restarting { reason });
        rest(pause, &mut events, &mut known).await;
        pause = (pause * 2).min(limits::LADDER_PAUSE_MAX);
    }
    ingest.set_ladder(&room, State::Off);
}

/// The configurations that came last: a child that starts in the middle needs them.
#[derive(Default)]
struct Known {
    video: Option<Config>,
    audio: Option<Config>,
}

impl Known {
    fn note(&mut self, event: &Event) {
        let Event::Config(config) = event else { return };
        match config.track() {
            Track::Video => self.video = Some(config.clone()),
            Track::Audio => self.audio = Some(config.clone()),
        }
    }

    /// Is there a codec that ffmpeg can't be handed in FLV? (It reads Enhanced RTMP from 6.1 on.)
    fn foreign(&self) -> bool {
        let plain = |config: &Config| matches!(config, Config::Video(_) | Config::Audio(_));
        ![&self.video, &self.audio].into_iter().flatten().all(plain)
    }

    fn events(&self) -> impl Iterator<Item = Event> + use<> {
        [self.video.clone(), self.audio.clone()].into_iter().flatten().map(Event::Config)
    }
}

/// Waits, and throws away what comes meanwhile.
async fn rest(pause: Duration, events: &mut mpsc::Receiver<Event>, known: &mut Known) {
    let drop_all = async {
        while let Some(event) = events.recv().await {
            known.note(&event);
        }
        std::future::pending().await
    };
    let () = tokio::time::timeout(pause, drop_all).await.unwrap_or_default();
}

/// Writes events to the child, from a keyframe on. True: there are no more; false: the child reads no more.
async fn feed(stdin: Option<ChildStdin>, events: &mut mpsc::Receiver<Event>, known: &mut Known) -> bool {
    let Some(mut stdin) = stdin else { return false };
    if stdin.write_all(mux::HEADER).await.is_err() {
        return false;
    }
    let mut begun = false;
    while let Some(event) = events.recv().await {
        known.note(&event);
        if known.foreign() {
            return false;
        }
        let mut batch = Vec::new();
        if !begun {
            begun = matches!(&event, Event::Frame(frame) if frame.track == Track::Video && frame.key);
            if !begun {
                continue;
            }
            batch.extend(known.events());
        }
        batch.push(event);
        for tag in batch.iter().filter_map(mux::tag) {
            if stdin.write_all(&mux::bytes(&tag)).await.is_err() {
                return false;
            }
        }
    }
    true
}

fn spawn(config: &LadderConfig, arguments: &[String]) -> std::io::Result<Child> {
    Command::new(&config.ffmpeg)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
}

/// The last lines that the child wrote, without addresses: they hold the internal key.
async fn last_words(stderr: tokio::process::ChildStderr) -> String {
    let mut lines = BufReader::new(stderr).lines();
    let mut last = VecDeque::new();
    while let Ok(Some(line)) = lines.next_line().await {
        if last.len() == limits::LADDER_WORDS {
            last.pop_front();
        }
        if !line.contains("key=") {
            last.push_back(line.chars().take(200).collect::<String>());
        }
    }
    Vec::from(last).join("; ")
}

fn arguments(config: &LadderConfig, rtmp: SocketAddr, room: &str, key: &str) -> Vec<String> {
    let host = match rtmp.ip() {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    let at = SocketAddr::new(host, rtmp.port());
    let mut list = words(
        "-hide_banner -loglevel error -nostdin -copyts -fflags nobuffer -analyzeduration 500000 -f flv -i pipe:0",
    );
    for rung in &config.renditions {
        let bits = rung.video_kbps;
        list.extend(words("-map 0:v:0 -map 0:a:0? -c:v libx264 -tune zerolatency -pix_fmt yuv420p -bf 0"));
        list.extend(["-preset".to_owned(), config.preset.clone()]);
        // The shorter side: an upright picture has as many pixels as one that lies.
        let lines = rung.height;
        let scale = format!("scale='if(gt(iw,ih),-2,{lines})':'if(gt(iw,ih),{lines},-2)'");
        list.extend(["-vf".to_owned(), scale]);
        list.extend(words(&format!("-b:v {bits}k -maxrate {bits}k -bufsize {bits}k")));
        // The encoder's own milliseconds instead of a raster of frames, which would move every picture by a part of one. Keyframes
        // where it has them, so that all renditions begin a segment with one; where it has none for long, after 60 frames, so that
        // viewers can change to these at least.
        list.extend(words(
            "-fps_mode passthrough -enc_time_base 1:1000 -sc_threshold 0 -g 60 -force_key_frames source",
        ));
        // The sound as it came: its stamps stay what they are, so that a player changes rungs without a click. Where it stops,
        // the picture is held back for it for half a second, not for the ten of ffmpeg's default.
        list.extend(words("-c:a copy -max_interleave_delta 500000 -flvflags no_duration_filesize -f flv"));
        list.push(format!("rtmp://{at}/live/{room}/{}?key={key}", rung.name));
    }
    list
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}
