//! Players that are not ours: hls.js, Shaka and dash.js, from npm, play a room in low-latency mode in a real browser, with their
//! own defaults for everything that concerns finding and placing parts. What they show is counted by `players/play.js`.

use std::path::Path;
use std::time::Duration;

use axum::Router;
use axum::http::header;
use axum::routing::get;
use hawker_tests::{browser, ffmpeg, server};
use serde_json::Value;

/// How long each player has to play: what goes wrong with parts goes wrong once a segment.
const PLAYED_S: f64 = 15.0;
/// How long a picture may stand that has media ahead in both tracks, because other programs took the processor from the
/// browser. A player that is stuck with media ahead stands for seconds.
const STARVED_MS: f64 = 1_000.0;

const HLS: &str = "index.m3u8";
const DASH: &str = "index.mpd";

/// Serves the page and the players; its address.
async fn page() -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let file = |path: &str, kind: &'static str| {
        let path = folder.join(path);
        let bytes = std::fs::read(&path)
            .unwrap_or_else(|error| panic!("{}: {error}: tests/run fetches it", path.display()));
        get(move || async move { ([(header::CONTENT_TYPE, kind)], bytes) })
    };
    let script = "text/javascript";
    let router = Router::new()
        .route("/", file("media/players/index.html", "text/html"))
        .route("/play.js", file("media/players/play.js", script))
        .route("/hls.js", file("node_modules/hls.js/dist/hls.min.js", script))
        .route("/dash.js", file("node_modules/dashjs/dist/modern/umd/dash.all.min.js", script))
        .route("/shaka.js", file("node_modules/shaka-player/dist/shaka-player.compiled.js", script));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

/// Publishes `source`, lets `player` play it, and returns its account.
async fn play(player: &str, list: &str, source: ffmpeg::Source) -> Value {
    let server = server::start().await;
    let key = server.room("shop").await;
    let mut encoder = ffmpeg::publish(&server.rtmp("shop", &key), &source);
    // A whole long GOP, so that there is an IDR to begin at.
    encoder.sent(u64::from(source.gop).max(90) + 60, Duration::from_secs(60)).await;
    let browser = browser::chromium().await;
    browser.open(&format!("{}/?player={player}&src={}/live/shop/{list}", page().await, server.url)).await;
    let enough = format!(
        "window.account && (window.account.played >= {PLAYED_S} || window.account.errors.some((e) => e.fatal))"
    );
    browser.until(&enough, Duration::from_secs(120)).await;
    browser.eval("return window.account").await
}

/// `latency_s`: how far behind a player may be that nothing was taken from.
fn check(account: &Value, latency_s: f64) {
    println!("{account}");
    assert!(account["played"].as_f64().is_some_and(|played| played >= PLAYED_S), "{account}");
    assert_eq!(account["stalls"].as_array().map(Vec::len), Some(0), "{account}");
    let starved = account["starved"].as_array().expect("a list");
    assert!(starved.iter().all(|one| one["ms"].as_f64().is_some_and(|ms| ms <= STARVED_MS)), "{account}");
    // A player that does not catch up keeps what a busy machine took from it, at its start or later.
    let taken = account["taken"].as_f64().expect("a number");
    assert!(account["latency"].as_f64().is_some_and(|latency| latency <= latency_s + taken), "{account}");
    assert!(
        account["frames"].as_f64().is_some_and(|frames| frames > 29.0 * PLAYED_S),
        "no picture is missing: {account}"
    );
}

#[tokio::test]
async fn hls_js_plays_in_low_latency_mode() {
    check(&play("hls", HLS, ffmpeg::Source::default()).await, 2.0);
}

#[tokio::test]
async fn shaka_plays_in_low_latency_mode() {
    check(&play("shaka", HLS, ffmpeg::Source::default()).await, 2.0);
}

#[tokio::test]
async fn dash_js_plays_in_low_latency_mode() {
    check(&play("dash", DASH, ffmpeg::Source::default()).await, 2.0);
}

/// By its defaults it keeps behind the last whole segment, and does not catch up what its start took.
#[tokio::test]
async fn shaka_plays_the_dash_manifest() {
    check(&play("shaka", DASH, ffmpeg::Source::default()).await, 3.5);
}

/// x264's defaults: a keyframe each 250 frames, B-frames. Who joins begins at an IDR, so it is later by up to a GOP.
#[tokio::test]
async fn a_room_with_long_gops_plays_too() {
    let source = ffmpeg::Source { gop: 250, b_frames: 3, ..ffmpeg::Source::default() };
    check(&play("hls", HLS, source).await, 12.0);
}

/// B-frames: pictures are shown up to 0.1 s after they are decoded, and parts are counted by decoding.
#[tokio::test]
async fn a_room_with_b_frames_plays_too() {
    let source = ffmpeg::Source { b_frames: 3, ..ffmpeg::Source::default() };
    check(&play("hls", HLS, source).await, 2.0);
}
