//! Encoders against the real server: keys, take-over, the end of a room, and a reconnect that viewers live through.

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hawker_server_core::media::flv::file::Tag;
use hawker_server_core::media::rtmp::client::Close;
use hawker_tests::encoder::{self, Encoder};
use hawker_tests::server::{self, Server};
use serde_json::json;
use tokio::time::{Instant, timeout};
use tracing_subscriber::fmt::MakeWriter;

const LIMIT: Duration = Duration::from_secs(20);

/// What the server logs, in memory.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
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
    let subscriber =
        tracing_subscriber::fmt().with_writer(log.clone()).with_max_level(tracing::Level::TRACE).finish();
    let _logging = tracing::subscriber::set_default(subscriber);
    let server = server::start().await;
    let key = server.room("shop").await;

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
    send_a_second(&mut first).await;
    let silent_since = Instant::now();
    assert_eq!(code(publish(&server, "shop", &key).await), "NetStream.Publish.BadName");

    let second = loop {
        match publish(&server, "shop", &key).await {
            Ok(second) => break second,
            Err(_) => assert!(silent_since.elapsed() < Duration::from_secs(6), "never let in"),
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    let waited = silent_since.elapsed();
    assert!((1_900..3_500).contains(&waited.as_millis()), "{waited:?}");
    let told = timeout(LIMIT, first.ended()).await.expect("the first one is sent away");
    assert!(matches!(told, Some(Close::Refused(..))), "{told:?}");
    drop(second);
}

#[tokio::test]
async fn a_closed_connection_frees_its_seat_at_once() {
    let server = server::start().await;
    let key = server.room("shop").await;
    let first = publish(&server, "shop", &key).await.expect("let in");
    drop(first);
    let began = Instant::now();
    // The server hears of the close by itself; until then the seat is refused.
    while let Err(refused) = publish(&server, "shop", &key).await {
        assert!(began.elapsed() < Duration::from_millis(1_500), "{refused}");
        tokio::task::yield_now().await;
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
