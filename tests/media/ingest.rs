//! Real encoders against the core's RTMP half: what ffmpeg and GStreamer send is understood, frame by frame. No server around
//! it: that is `ingest_server.rs`.

use std::collections::BTreeSet;
use std::process::Stdio;
use std::time::Duration;

use hawker_server_core::media::aac::Sound;
use hawker_server_core::media::frame::{Event, Frame, Track};
use hawker_server_core::media::h264::Picture;
use hawker_tests::encoder;
use tokio::process::Command;

const LIMIT: Duration = Duration::from_secs(60);

/// Everything that a publication brought, taken apart.
struct Taken {
    picture: Option<Picture>,
    sound: Option<Sound>,
    video: Vec<Frame>,
    audio: Vec<Frame>,
    configs: usize,
    discontinuities: usize,
}

impl Taken {
    fn new(events: Vec<Event>) -> Self {
        let mut taken =
            Self { picture: None, sound: None, video: vec![], audio: vec![], configs: 0, discontinuities: 0 };
        for event in events {
            match event {
                Event::Config(config) => {
                    taken.configs += 1;
                    match config {
                        config if config.track() == Track::Video => taken.picture = Picture::of(&config),
                        config => taken.sound = Sound::of(&config),
                    }
                }
                Event::Frame(frame) if frame.track == Track::Video => taken.video.push(frame),
                Event::Frame(frame) => taken.audio.push(frame),
                Event::Discontinuity => taken.discontinuities += 1,
                Event::Meta(_) => {}
            }
        }
        for frames in [&taken.video, &taken.audio] {
            assert!(frames.windows(2).all(|pair| pair[0].dts < pair[1].dts), "decoding times rise");
        }
        taken
    }

    /// Milliseconds between keyframes.
    fn gops(&self) -> Vec<i64> {
        let keys: Vec<i64> = self.video.iter().filter(|frame| frame.key).map(|frame| frame.dts).collect();
        keys.windows(2).map(|pair| pair[1] - pair[0]).collect()
    }

    /// Milliseconds between pictures in the order in which they are shown.
    fn shown(&self) -> BTreeSet<i64> {
        let times: BTreeSet<i64> = self.video.iter().map(|frame| frame.dts + i64::from(frame.cts)).collect();
        let times: Vec<i64> = times.into_iter().collect();
        times.windows(2).map(|pair| pair[1] - pair[0]).collect()
    }
}

async fn run(program: &str, arguments: &[&str]) {
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).kill_on_drop(true).output();
    let output = tokio::time::timeout(LIMIT, output).await.expect("it ends in time");
    let output =
        output.unwrap_or_else(|error| panic!("{program} does not start ({error}): tests/run installs it"));
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Publishes with ffmpeg as fast as it can; `arguments` are words, `|` stands for a space in one.
async fn ffmpeg(arguments: &str) -> Taken {
    let listener = encoder::listen().await;
    let url = format!("rtmp://{}/live/demo?key=k", listener.address);
    let words: Vec<String> = arguments.split_whitespace().map(|word| word.replace('|', " ")).collect();
    let mut all = vec!["-hide_banner", "-loglevel", "error", "-nostdin"];
    all.extend(words.iter().map(String::as_str));
    all.extend(["-f", "flv", &url]);
    run("ffmpeg", &all).await;
    Taken::new(listener.events(LIMIT).await)
}

#[tokio::test]
async fn row_69_ffmpeg_with_x264_defaults() {
    let taken = ffmpeg(
        "-f lavfi -i testsrc2=s=320x180:r=30:d=12 -f lavfi -i sine=f=440:r=48000:d=12 -ac 2 \
         -c:v libx264 -pix_fmt yuv420p -c:a aac",
    )
    .await;
    let picture = taken.picture.as_ref().unwrap();
    assert_eq!((picture.width, picture.height, picture.frame_rate_milli), (320, 180, 30_000));
    assert_eq!(taken.sound.as_ref().map(|s| (s.sample_rate, s.channels)), Some((48_000, 2)));
    assert_eq!((taken.configs, taken.discontinuities), (2, 0));
    assert_eq!(taken.video.len(), 360, "no frame is lost");
    assert!(taken.video[0].key);
    assert!(matches!(taken.gops()[..], [8_333 | 8_334]), "a keyframe each 250 frames: {:?}", taken.gops());
    assert!(taken.video.iter().any(|frame| frame.cts > 34), "B-frames are shown later than they are decoded");
    assert_eq!(taken.shown(), BTreeSet::from([33, 34]), "in order they are evenly spaced");
    assert!((562..=565).contains(&taken.audio.len()), "{}", taken.audio.len());
}

#[tokio::test]
async fn long_gops() {
    for seconds in [2, 4, 10] {
        let taken = ffmpeg(&format!(
            "-f lavfi -i testsrc2=s=320x180:r=25:d=21 -c:v libx264 -preset ultrafast -pix_fmt yuv420p -g {} \
             -sc_threshold 0",
            seconds * 25
        ))
        .await;
        assert!(!taken.gops().is_empty());
        assert!(taken.gops().iter().all(|gop| *gop == seconds * 1_000), "{:?}", taken.gops());
    }
}

#[tokio::test]
async fn variable_frame_rate() {
    let taken = ffmpeg(
        "-f lavfi -i testsrc2=s=320x180:r=30:d=6 -vf select='lt(mod(n,60),30)+not(mod(n,6))' -fps_mode vfr \
         -c:v libx264 -preset ultrafast -tune zerolatency -pix_fmt yuv420p",
    )
    .await;
    assert_eq!(taken.video.len(), 3 * (30 + 5));
    assert!(taken.shown().contains(&200) && taken.shown().contains(&33), "{:?}", taken.shown());
    assert_eq!(taken.discontinuities, 0);
}

#[tokio::test]
async fn video_only() {
    let taken =
        ffmpeg("-f lavfi -i testsrc2=s=320x180:r=30:d=2 -c:v libx264 -preset ultrafast -pix_fmt yuv420p")
            .await;
    assert_eq!((taken.video.len(), taken.audio.len()), (60, 0));
    assert_eq!(taken.sound, None);
}

#[tokio::test]
async fn sound_that_comes_late() {
    let taken = ffmpeg(
        "-f lavfi -i testsrc2=s=320x180:r=30:d=8 -itsoffset 6 -f lavfi -i sine=r=48000:d=2 \
         -c:v libx264 -preset ultrafast -tune zerolatency -pix_fmt yuv420p -c:a aac",
    )
    .await;
    let first = taken.audio.first().map(|frame| frame.dts);
    assert!(first.is_some_and(|dts| (5_900..=6_100).contains(&dts)), "{first:?}");
    assert_eq!((taken.video.len(), taken.discontinuities), (240, 0));
}

#[tokio::test]
async fn mono_at_44100() {
    let taken = ffmpeg(
        "-f lavfi -i testsrc2=s=320x180:r=30:d=4 -f lavfi -i sine=r=44100:d=4 -ac 1 \
         -c:v libx264 -preset ultrafast -tune zerolatency -pix_fmt yuv420p -c:a aac",
    )
    .await;
    let sound = taken.sound.as_ref().unwrap();
    assert_eq!((sound.sample_rate, sound.channels, sound.frame_samples), (44_100, 1, 1_024));
    let (first, last) = (taken.audio.first().unwrap(), taken.audio.last().unwrap());
    let milliseconds = (taken.audio.len() as i64 - 1) * 1_024 * 1_000 / 44_100;
    assert!((last.dts - first.dts - milliseconds).abs() <= 1, "stamps keep the pace of the samples");
}

#[tokio::test]
async fn row_69_gstreamer() {
    let listener = encoder::listen().await;
    let location = format!("location=rtmp://{}/live/demo/720p?key=k", listener.address);
    let pipeline = "videotestsrc num-buffers=120 ! video/x-raw,width=320,height=180,framerate=30/1 ! \
        x264enc key-int-max=30 bframes=2 ! h264parse ! queue ! mux. \
        audiotestsrc num-buffers=180 samplesperbuffer=1024 ! audio/x-raw,rate=48000,channels=2 ! audioconvert ! \
        avenc_aac ! aacparse ! queue ! mux. flvmux name=mux streamable=true ! rtmp2sink";
    let mut words: Vec<&str> = vec!["-q"];
    words.extend(pipeline.split_whitespace());
    words.push(&location);
    run("gst-launch-1.0", &words).await;
    let taken = Taken::new(listener.events(LIMIT).await);
    assert_eq!(taken.picture.as_ref().map(|p| (p.width, p.height)), Some((320, 180)));
    assert_eq!(taken.sound.as_ref().map(|s| (s.sample_rate, s.channels)), Some((48_000, 2)));
    assert_eq!(taken.video.len(), 120);
    assert_eq!(taken.shown(), BTreeSet::from([33, 34]));
    assert!(taken.gops().iter().all(|gop| *gop <= 1_000) && taken.gops().len() >= 3, "{:?}", taken.gops());
    assert!(taken.audio.len() >= 175, "{}", taken.audio.len());
}
