//! Encoders of H.265, AV1 and Opus: ffmpeg makes a short clip, our own client publishes it by Enhanced RTMP, over and over, as a
//! camera would. For ffmpeg before 6.1 cannot.
//!
//! Not `ffmpeg.rs`, which publishes H.264 and AAC itself.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use hawker_server_core::media::flv::mux;
use hawker_server_core::media::frame::{Config, Event, Frame, Track};
use hawker_wire::media::{Kind, Scanner, Unit};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::encoder;

/// A clip of 4 s at 30 fps with a keyframe each second and a tone.
#[derive(Clone, Debug)]
pub struct Clip {
    video: Config,
    audio: Config,
    frames: Vec<Frame>,
}

/// H.264 and AAC, H.265 and AAC, AV1 and Opus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Codecs {
    /// `avc1`, `mp4a`.
    H264,
    /// `hvc1`, `mp4a`.
    H265,
    /// `av01`, `Opus`.
    Av1,
}

pub(crate) const LENGTH_MS: i64 = 4_000;

/// Lets ffmpeg make a clip of 640x360; a second or two of a core.
#[must_use]
pub fn clip(codecs: Codecs) -> Clip {
    clip_of(codecs, "640x360")
}

/// The same in this size.
#[must_use]
pub fn clip_of(codecs: Codecs, size: &str) -> Clip {
    let encode = match codecs {
        Codecs::H264 => {
            "-c:v libx264 -preset ultrafast -tune zerolatency -g 30 -sc_threshold 0 -bf 0 -c:a aac"
        }
        Codecs::H265 => {
            "-c:v libx265 -preset ultrafast -tag:v hvc1 -x265-params \
             keyint=30:min-keyint=30:scenecut=0:bframes=0:open-gop=0:info=0:log-level=error -c:a aac"
        }
        Codecs::Av1 => "-c:v libsvtav1 -preset 12 -g 30 -svtav1-params pred-struct=1 -c:a libopus",
    };
    let arguments = format!(
        "-hide_banner -loglevel error -nostdin -f lavfi -i testsrc2=size={size}:rate=30 \
         -f lavfi -i sine=frequency=440:sample_rate=48000,aformat=channel_layouts=stereo \
         -t 4 -pix_fmt yuv420p -b:v 600k {encode} -movflags frag_every_frame+empty_moov+default_base_moof -f mp4 pipe:1"
    );
    let output = Command::new("ffmpeg")
        .args(arguments.split_whitespace())
        // The AV1 encoder is told by its own means that only errors matter.
        .env("SVT_LOG", "1")
        .stderr(Stdio::inherit())
        .output()
        .unwrap_or_else(|error| panic!("ffmpeg does not start ({error}): tests/run installs it"));
    assert!(output.status.success(), "ffmpeg makes no {codecs:?}");
    read(codecs, &output.stdout)
}

/// Reads what ffmpeg wrote: fragments of one frame each.
fn read(codecs: Codecs, file: &[u8]) -> Clip {
    let (mut at, mut moov, mut frames) = (0, 0, Vec::new());
    let unit = |unit: Unit| match unit {
        Unit::Init { len, .. } => (at, moov) = (len as usize, len as usize),
        Unit::Chunk { chunk, len } => {
            let whole = &file[at..at + len as usize];
            at += len as usize;
            let mdat = whole.windows(4).position(|name| name == b"mdat").expect("media") + 4;
            let track = if chunk.kind == Kind::Video { Track::Video } else { Track::Audio };
            let dts = (chunk.start_s() * 1e3).round() as i64;
            if dts < LENGTH_MS {
                let data = Bytes::copy_from_slice(&whole[mdat..]);
                frames.push(Frame { track, dts, cts: 0, key: chunk.key, data });
            }
        }
    };
    Scanner::new().feed(file, unit).expect("fragments");
    frames.sort_by_key(|frame| (frame.dts, frame.track));
    let moov = &file[..moov];
    let body = |name: &[u8; 4]| {
        let at = moov.windows(4).position(|window| window == name).expect("a configuration");
        let size = u32::from_be_bytes(moov[at - 4..at].try_into().expect("four bytes")) as usize;
        Bytes::copy_from_slice(&moov[at + 4..at - 4 + size])
    };
    let (video, audio) = match codecs {
        Codecs::H264 => (Config::Video(body(b"avcC")), Config::Audio(specific(&body(b"esds")))),
        Codecs::H265 => (Config::Hevc(body(b"hvcC")), Config::Audio(specific(&body(b"esds")))),
        Codecs::Av1 => {
            let head = Bytes::from(opus_head(&body(b"dOps")));
            (Config::Av1(body(b"av1C")), Config::Opus { head, frame_samples: 960 })
        }
    };
    Clip { video, audio, frames }
}

/// The AudioSpecificConfig of AAC-LC out of an `esds`: descriptor 5 with its length in four bytes.
fn specific(esds: &[u8]) -> Bytes {
    let at = esds.windows(4).position(|window| window == [5, 0x80, 0x80, 0x80]).expect("a descriptor");
    let size = usize::from(esds[at + 4]);
    Bytes::copy_from_slice(&esds[at + 5..at + 5 + size])
}

/// RFC 7845, 5.1, from a `dOps` of mapping family 0, which says the same with its numbers the other way round.
fn opus_head(dops: &[u8]) -> Vec<u8> {
    let &[_, channels, s1, s0, r3, r2, r1, r0, g1, g0, 0] = dops else { panic!("{dops:?}") };
    [&b"OpusHead"[..], &[1, channels, s0, s1, r0, r1, r2, r3, g0, g1, 0]].concat()
}

/// An encoder on air; it drops its connection when it is dropped.
#[derive(Debug)]
pub struct Camera {
    task: JoinHandle<()>,
    silent: Arc<AtomicBool>,
    mute: Arc<AtomicBool>,
    ending: Arc<AtomicBool>,
    ahead_ms: Arc<AtomicI64>,
    began: watch::Receiver<Instant>,
}

impl Camera {
    /// Ends where its picture reaches a frame of sound further than its sound, so that there is a hole in the sound alone before
    /// whatever comes next.
    ///
    /// # Panics
    /// When it has failed before.
    pub async fn end(mut self) {
        self.ending.store(true, Ordering::Relaxed);
        (&mut self.task).await.expect("a camera that ran");
    }

    /// Whether it says nothing, its clock running on; it goes on with a keyframe.
    pub fn silent(&mut self, silent: bool) {
        self.began.mark_unchanged();
        self.silent.store(silent, Ordering::Relaxed);
    }

    /// Whether it sends no sound.
    pub fn mute(&self, mute: bool) {
        self.mute.store(mute, Ordering::Relaxed);
    }

    /// Its clock leaps ahead by so much at the next keyframe: media go on at once, behind a hole.
    pub fn leap(&self, ms: i64) {
        self.ahead_ms.fetch_add(ms, Ordering::Relaxed);
    }

    /// Waits until frames are sent, for the first time or again after a silence, and says since when.
    pub async fn sends_since(&mut self) -> Instant {
        let _ = self.began.changed().await;
        *self.began.borrow()
    }
}

impl Drop for Camera {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Clip {
    /// The same with each frame so much later, ms.
    #[must_use]
    pub fn later(mut self, ms: i64) -> Self {
        self.frames.iter_mut().for_each(|frame| frame.dts += ms);
        self
    }

    /// Track and time, ms, of each frame whose bytes no other frame has, by these bytes.
    #[must_use]
    pub fn known(&self) -> BTreeMap<&[u8], (Track, i64)> {
        let mut known = BTreeMap::new();
        let mut twice = Vec::new();
        for frame in &self.frames {
            if known.insert(&*frame.data, (frame.track, frame.dts)).is_some() {
                twice.push(&*frame.data);
            }
        }
        known.retain(|data, _| !twice.contains(data));
        known
    }
}

/// Publishes a clip in a loop to `stream`, such as `demo/720p?key=KEY`. Clips with the same beginning are one encoder's: their
/// stamps agree.
///
/// # Panics
/// When the server refuses.
pub async fn publish(address: SocketAddr, stream: &str, clip: &Clip, began: Instant) -> Camera {
    publish_pictures(address, stream, core::slice::from_ref(clip), began).await
}

/// The same with a picture of each clip, one a track; the sound is that of the first.
///
/// # Panics
/// When the server refuses, or there is no clip.
pub async fn publish_pictures(address: SocketAddr, stream: &str, clips: &[Clip], began: Instant) -> Camera {
    let mut encoder = encoder::publish(address, stream).await.expect("the server takes it");
    let audio = clips.first().expect("a clip").audio.clone();
    let videos: Vec<Config> = clips.iter().map(|clip| clip.video.clone()).collect();
    let mut frames: Vec<(usize, Frame)> = Vec::new();
    for (track, clip) in clips.iter().enumerate() {
        let sent = clip.frames.iter().filter(|frame| track == 0 || frame.track == Track::Video);
        frames.extend(sent.map(|frame| (track, frame.clone())));
    }
    frames.sort_by_key(|(track, frame)| (frame.dts, frame.track, *track));
    let [silent, mute, ending] = [(); 3].map(|()| Arc::new(AtomicBool::new(false)));
    let ahead_ms = Arc::new(AtomicI64::new(0));
    let (hears, mutes, ends, leaps) = (silent.clone(), mute.clone(), ending.clone(), ahead_ms.clone());
    let (tell, began_at) = watch::channel(began);
    let task = tokio::spawn(async move {
        let of = |track: usize, event: &Event| {
            let tag = mux::enhanced(event, videos.get(track), Some(&audio)).expect("it has a tag");
            if track == 0 { tag } else { mux::of_track(tag, track as u8) }
        };
        for (track, video) in videos.iter().enumerate() {
            encoder.send(of(track, &Event::Config(video.clone()))).await;
        }
        encoder.send(of(0, &Event::Config(audio.clone()))).await;
        let (mut quiet, mut ahead, mut sound) = (true, 0, 0);
        for turn in 0.. {
            for (track, frame) in &frames {
                let dts = turn * LENGTH_MS + frame.dts;
                tokio::time::sleep_until(began + Duration::from_millis(dts as u64)).await;
                let begins = *track == 0 && frame.track == Track::Video && frame.key;
                if quiet && begins && !hears.load(Ordering::Relaxed) {
                    let _ = tell.send(Instant::now());
                }
                quiet = hears.load(Ordering::Relaxed) || quiet && !begins;
                if begins {
                    ahead = leaps.load(Ordering::Relaxed);
                }
                let muted = frame.track == Track::Audio && mutes.load(Ordering::Relaxed);
                if !quiet && !muted {
                    let event = Event::Frame(Frame { dts: dts + ahead, ..frame.clone() });
                    encoder.send(of(*track, &event)).await;
                }
                // Both last a frame longer: 33 and 21 ms.
                match frame.track {
                    Track::Audio => sound = dts,
                    Track::Video if ends.load(Ordering::Relaxed) && dts + 33 - (sound + 21) > 21 => return,
                    Track::Video => {}
                }
            }
        }
    });
    Camera { task, silent, mute, ending, ahead_ms, began: began_at }
}
