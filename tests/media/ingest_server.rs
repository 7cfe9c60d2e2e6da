//! Encoders against the real server: keys, take-over, the end of a room, and a reconnect that viewers live through.

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hawker_server::media::config::Rung;
use hawker_server::media::ladder;
use hawker_server::ops::config::Config;
use hawker_server_core::media::flv::file::Tag;
use hawker_server_core::media::limits::RENDITIONS_MAX;
use hawker_server_core::media::rtmp::client::Close;
use hawker_tests::encoder::{self, Encoder};
use hawker_tests::enhanced::{self, Codecs};
use hawker_tests::ffmpeg;
use hawker_tests::server::{self, Server};
use hawker_wire::proto::Stream;
use hawker_wire::proto::stream::State;
use prost::Message as _;
use serde_json::json;
use tokio::time::{Instant, timeout};
use tracing_subscriber::fmt::MakeWriter;

/// How long a test waits for what must come, on a busy machine too.
const LIMIT: Duration = Duration::from_secs(60);

/// What the server logs, in memory.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("a log line does not panic").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

async fn publish(server: &Server, stream: &str, key: &str) -> Result<Encoder, Close> {
    let stream = format!("{stream}?key={key}");
    timeout(LIMIT, encoder::publish(server.running.rtmp, &stream)).await.expect("an answer in time")
}

/// Sends the first second of the sample clip at once.
async fn send_a_second(encoder: &mut Encoder) {
    for tag in encoder::sample("240p").into_iter().filter(|tag: &Tag| tag.stamp < 1_000) {
        encoder.send(tag).await;
    }
}

fn code(refused: Result<Encoder, Close>) -> String {
    match refused {
        Ok(_) => panic!("it was let in"),
        Err(Close::Refused(code, _)) => code,
        Err(other) => panic!("{other}"),
    }
}

#[tokio::test]
async fn wrong_key_is_refused_and_stays_out_of_the_log() {
    let log = Log::default();
    // While it is the only one, a log line that another test comes by first is taken to have no listener at all: what is asked
    // then is that thread alone.
    let _second = tracing::Dispatch::new(tracing_subscriber::registry());
    let subscriber =
        tracing_subscriber::fmt().with_writer(log.clone()).with_max_level(tracing::Level::TRACE).finish();
    let _logging = tracing::subscriber::set_default(subscriber);
    let server = server::start().await;
    let key = server.room("shop").await;

    // A thread that was asked before there were two and answers only after this one has come undoes it: hence once more.
    tracing::callsite::rebuild_interest_cache();
    let unauthorized = "NetStream.Publish.Unauthorized";
    assert_eq!(code(publish(&server, "shop", "guessed-by-somebody").await), unauthorized);
    assert_eq!(code(publish(&server, "shop", "").await), unauthorized);
    assert_eq!(code(publish(&server, "nowhere", &key).await), unauthorized);
    assert!(server.running.app.media.ingest.health("shop").is_empty());
    let mut encoder = publish(&server, "shop", &key).await.expect("the right key");
    send_a_second(&mut encoder).await;

    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("encoder refused"), "{log}");
    assert!(!log.contains("guessed-by-somebody") && !log.contains(&key), "{log}");
}

#[tokio::test]
async fn ffmpeg_is_told_that_its_key_is_wrong() {
    let server = server::start().await;
    server.room("shop").await;
    let url = server.rtmp("shop", "wrong");
    let arguments =
        ["-loglevel", "error", "-f", "lavfi", "-i", "testsrc2=d=1", "-c:v", "libx264", "-f", "flv", &url];
    let output =
        tokio::process::Command::new("ffmpeg").args(arguments).output().await.expect("ffmpeg is installed");
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("no such room, or wrong key"), "{said}");
}

#[tokio::test]
async fn a_second_publisher_takes_over_after_two_silent_seconds() {
    let server = server::start().await;
    let key = server.room("shop").await;
    let mut first = publish(&server, "shop", &key).await.expect("let in");
    // A rendition of its own is another seat.
    let _other = publish(&server, "shop/240p", &key).await.expect("let in");
    // Before the last that is heard of it, so that what a busy machine takes only makes the wait longer.
    let heard = Instant::now();
    send_a_second(&mut first).await;
    assert_eq!(code(publish(&server, "shop", &key).await), "NetStream.Publish.BadName");

    // Who asks ten times a second is refused for two seconds, so twenty times; on a busy machine who asks less often, less.
    let mut refused = 1;
    let second = loop {
        tokio::time::sleep(Duration::from_millis(100)).await;
        match publish(&server, "shop", &key).await {
            Ok(second) => break second,
            Err(_) => refused += 1,
        }
        assert!(refused < 30, "never let in");
    };
    let waited = heard.elapsed();
    assert!(waited >= Duration::from_secs(2), "{waited:?}");
    let told = timeout(LIMIT, first.ended()).await.expect("the first one is sent away");
    assert!(matches!(told, Some(Close::Refused(..))), "{told:?}");
    drop(second);
}

#[tokio::test]
async fn a_room_that_is_full_says_so() {
    let server = server::start().await;
    let key = server.room("shop").await;
    let mut others = Vec::new();
    for n in 0..RENDITIONS_MAX {
        let mut encoder = publish(&server, &format!("shop/{n}"), &key).await.expect("let in");
        send_a_second(&mut encoder).await;
        others.push(encoder);
    }
    assert_eq!(code(publish(&server, "shop", &key).await), "NetStream.Publish.Rejected");
    assert_eq!(server.running.app.media.ingest.health("shop").len(), RENDITIONS_MAX, "it holds no seat");
    // Who left gives its place up.
    drop(others.pop());
    let taken = async {
        while publish(&server, "shop", &key).await.is_err() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(LIMIT, taken).await.expect("let in");
}

#[tokio::test]
async fn a_closed_connection_frees_its_seat_at_once() {
    let server = server::start().await;
    let key = server.room("shop").await;
    let first = publish(&server, "shop", &key).await.expect("let in");
    drop(first);
    // The server hears of the close by itself; until then the seat is refused. Half of the time after which a silent one is
    // taken over, if the machine gives as many turns.
    for refused in 0.. {
        match publish(&server, "shop", &key).await {
            Ok(_) => break,
            Err(why) => assert!(refused < 50, "{why}"),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn ending_the_room_or_changing_its_key_stops_its_encoder() {
    let server = server::start().await;
    let key = server.room("shop").await;
    let encoder = publish(&server, "shop", &key).await.expect("let in");
    server.post("/rooms/shop/key", &json!({})).await;
    assert!(timeout(LIMIT, encoder.ended()).await.expect("sent away").is_some());
    assert_eq!(code(publish(&server, "shop", &key).await), "NetStream.Publish.Unauthorized");

    let key = server.running.app.directory.key("shop").expect("a key");
    let encoder = publish(&server, "shop", &key).await.expect("let in");
    server.post("/rooms/shop/end", &json!({})).await;
    assert!(timeout(LIMIT, encoder.ended()).await.expect("sent away").is_some());
    assert_eq!(code(publish(&server, "shop", &key).await), "NetStream.Publish.Rejected");
}

/// What `GET /live/ROOM/stream` says.
async fn stream(server: &Server, room: &str) -> Stream {
    let answer =
        server::client().get(format!("{}/live/{room}/stream", server.url)).send().await.expect("an answer");
    Stream::decode(answer.bytes().await.expect("a body")).expect("a Stream")
}

/// Asks again until the stream is as wanted.
async fn stream_until(server: &Server, room: &str, wanted: impl Fn(&Stream) -> bool) -> Stream {
    let began = Instant::now();
    loop {
        let stream = stream(server, room).await;
        if wanted(&stream) {
            return stream;
        }
        assert!(began.elapsed() < LIMIT, "{stream:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn viewers_stay_through_a_reconnect_of_the_encoder() {
    let server = server::start().await;
    let key = server.room("shop").await;
    let mut first = publish(&server, "shop", &key).await.expect("let in");
    send_a_second(&mut first).await;
    let before = stream_until(&server, "shop", |stream| stream.newest > 0).await;
    assert_eq!(before.state(), State::Live);

    // A viewer waits for the next segment while the encoder is away.
    let next = format!("{}/live/shop/{}/source/{}.mp4", server.url, before.epoch, before.newest + 1);
    let viewer = tokio::spawn(async move {
        let answer = server::client().get(next).send().await.expect("an answer");
        (answer.status(), answer.bytes().await.expect("a whole body").len())
    });
    drop(first);
    let mut second = loop {
        if let Ok(second) = publish(&server, "shop", &key).await {
            break second;
        }
        tokio::task::yield_now().await;
    };
    for tag in encoder::sample("240p").into_iter().filter(|tag: &Tag| tag.stamp < 2_500) {
        second.send(tag).await;
    }
    let (status, length) = timeout(LIMIT, viewer).await.expect("an answer in time").expect("no panic");
    assert_eq!(status, 200);
    assert!(length > 10_000, "{length} bytes");
    let after = stream(&server, "shop").await;
    assert_eq!((after.state(), after.epoch), (State::Live, before.epoch), "the same URLs go on");
}

fn small_ladder(config: &mut Config) {
    let rung = |name: &str, height| Rung { name: name.into(), height, video_kbps: 100 };
    config.media.ladder.renditions = vec![rung("180p", 180), rung("90p", 90)];
    config.media.ladder.preset = "ultrafast".into();
}

#[tokio::test]
async fn a_room_that_asks_for_a_ladder_gets_one() {
    let server = server::start_with(small_ladder).await;
    server.post("/rooms", &json!({ "id": "shop", "ladder": true })).await;
    let key = server.running.app.directory.key("shop").expect("a key");
    let _encoder = ffmpeg::publish(&server.rtmp("shop", &key), &ffmpeg::Source::default());
    let stream = stream_until(&server, "shop", |stream| stream.renditions.len() == 3).await;
    let sizes: Vec<_> = stream.renditions.iter().map(|r| (r.name.as_str(), r.height, r.audio)).collect();
    assert_eq!(sizes, [("source", 360, true), ("180p", 180, true), ("90p", 90, true)]);
    assert_eq!(server.running.app.media.ingest.ladder("shop"), ladder::State::Running);

    begin_together(&server, &stream, 0).await;
}

/// Encoders put keyframes at changes of the scene, too, and go on counting from there.
#[tokio::test]
async fn a_ladder_has_its_keyframes_where_the_encoder_has_them() {
    let at: Vec<String> =
        (0..60).map(|n| format!("{}", if n < 4 { f64::from(n) } else { f64::from(n) + 0.5 })).collect();
    let arguments = ["-force_key_frames".to_owned(), at.join(",")].to_vec();
    let source = ffmpeg::Source { gop: 600, arguments, ..ffmpeg::Source::default() };
    ladder_begins_together(&source, 0).await;
}

/// B-frames are decoded at other times than they are shown, and the ladder has none.
#[tokio::test]
async fn a_ladder_of_b_frames_has_its_keyframes_too() {
    let source = ffmpeg::Source { b_frames: 3, ..ffmpeg::Source::default() };
    // Four frames lie between.
    ladder_begins_together(&source, 134).await;
}

async fn ladder_begins_together(source: &ffmpeg::Source, apart_ms: u64) {
    let server = server::start_with(small_ladder).await;
    server.post("/rooms", &json!({ "id": "shop", "ladder": true })).await;
    let key = server.running.app.directory.key("shop").expect("a key");
    let _encoder = ffmpeg::publish(&server.rtmp("shop", &key), source);
    let stream =
        stream_until(&server, "shop", |stream| stream.renditions.len() == 3 && stream.newest > 4).await;
    begin_together(&server, &stream, apart_ms).await;
}

/// Whole segments that all renditions have begin with a keyframe, decoded `apart_ms` from each other at most.
async fn begin_together(server: &Server, stream: &Stream, apart_ms: u64) {
    let number = stream.newest + 1;
    stream_until(server, "shop", |stream| stream.newest > number).await;
    let mut begins = Vec::new();
    for rendition in stream.renditions.iter().map(|rendition| &rendition.name) {
        let url = format!("{}/live/shop/{}/{rendition}/{number}.mp4", server.url, stream.epoch);
        let answer = server::client().get(url).send().await.expect("an answer");
        assert_eq!(answer.status(), 200, "{rendition}");
        assert_eq!(
            answer.headers().get("Hawker-Independent").map(|h| h.as_bytes()),
            Some(&b"1"[..]),
            "{rendition}"
        );
        begins.push(first_picture(&answer.bytes().await.expect("a body")));
    }
    let begins: Vec<u64> = begins.into_iter().map(|begin| begin.expect("a picture")).collect();
    assert!(begins.iter().all(|begin| begin.abs_diff(begins[0]) <= apart_ms), "{begins:?}");
}

/// Enhanced RTMP's multitrack: one connection is a ladder. It leaves as a whole, and comes back as one.
#[tokio::test]
async fn an_encoder_with_several_pictures_is_a_ladder() {
    let server = server::start().await;
    let key = server.room("shop").await;
    let clips = ["640x360", "320x180"].map(|size| enhanced::clip_of(Codecs::H264, size));
    for _ in 0..2 {
        let name = format!("shop?key={key}");
        let camera = enhanced::publish_pictures(server.running.rtmp, &name, &clips, Instant::now()).await;
        let stream = stream_until(&server, "shop", |stream| stream.renditions.len() == 2).await;
        let told: Vec<_> = stream.renditions.iter().map(|r| (r.name.as_str(), r.height, r.audio)).collect();
        assert_eq!(told, [("source", 360, true), ("source-1", 180, true)]);
        begin_together(&server, &stream, 0).await;
        let feeds = |server: &Server| {
            let health = server.running.app.media.ingest.health("shop").into_iter();
            health.map(|feed| (feed.rendition, feed.dropped, feed.mended)).collect::<Vec<_>>()
        };
        assert_eq!(feeds(&server), [("source".to_owned(), 0, 0), ("source-1".to_owned(), 0, 0)]);
        camera.end().await;
        while !feeds(&server).is_empty() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

/// Another encoder that feeds such a rendition already is not pushed aside, and the rest goes on.
#[tokio::test]
async fn a_picture_whose_place_is_taken_is_left_out() {
    let server = server::start().await;
    let key = server.room("shop").await;
    let clips = ["640x360", "320x180"].map(|size| enhanced::clip_of(Codecs::H264, size));
    let mut other = publish(&server, "shop/source-1", &key).await.expect("let in");
    send_a_second(&mut other).await;
    let name = format!("shop?key={key}");
    let _camera = enhanced::publish_pictures(server.running.rtmp, &name, &clips, Instant::now()).await;
    let stream = stream_until(&server, "shop", |stream| stream.renditions.len() == 2).await;
    let told: Vec<_> = stream.renditions.iter().map(|r| (r.name.as_str(), r.height)).collect();
    assert_eq!(told, [("source", 360), ("source-1", 240)]);
}

#[tokio::test]
async fn the_ladder_of_an_upright_picture_is_no_coarser() {
    let server = server::start_with(small_ladder).await;
    server.post("/rooms", &json!({ "id": "shop", "ladder": true })).await;
    let key = server.running.app.directory.key("shop").expect("a key");
    let source = ffmpeg::Source { size: (360, 640), ..ffmpeg::Source::default() };
    let _encoder = ffmpeg::publish(&server.rtmp("shop", &key), &source);
    let stream = stream_until(&server, "shop", |stream| stream.renditions.len() == 3).await;
    let sizes: Vec<_> = stream.renditions.iter().map(|r| (r.name.as_str(), r.width, r.height)).collect();
    assert_eq!(sizes, [("source", 360, 640), ("180p", 180, 320), ("90p", 90, 160)]);
}

/// The decoding time of the first picture of a segment: the `tfdt` behind the first `tfhd` of track 1.
fn first_picture(segment: &[u8]) -> Option<u64> {
    let after = |from: usize, name: &[u8]| {
        let at = segment.get(from..)?.windows(4).position(|window| window == name)?;
        Some(from + at + 4)
    };
    let mut at = 0;
    loop {
        at = after(at, b"tfhd")?;
        if segment.get(at + 4..at + 8)? == [0, 0, 0, 1] {
            let time = after(at, b"tfdt")?;
            let [version, ..] = *segment.get(time..)? else { return None };
            let bytes = segment.get(time + 4..time + if version == 1 { 12 } else { 8 })?;
            return Some(bytes.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)));
        }
    }
}

#[tokio::test]
async fn without_ffmpeg_the_room_goes_on_without_its_ladder() {
    let server = server::start_with(|config| config.media.ladder.ffmpeg = "/nowhere/ffmpeg".into()).await;
    server.post("/rooms", &json!({ "id": "shop", "ladder": true })).await;
    let key = server.running.app.directory.key("shop").expect("a key");
    let mut encoder = publish(&server, "shop", &key).await.expect("let in");
    send_a_second(&mut encoder).await;
    stream_until(&server, "shop", |stream| stream.newest > 0).await;
    let began = Instant::now();
    loop {
        match server.running.app.media.ingest.ladder("shop") {
            ladder::State::Unavailable { reason } => {
                break assert!(reason.contains("Install ffmpeg"), "{reason}");
            }
            state => assert!(began.elapsed() < LIMIT, "{state:?}"),
        }
        tokio::task::yield_now().await;
    }
}
