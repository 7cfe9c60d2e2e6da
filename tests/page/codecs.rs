//! Rooms that carry the same picture in several codecs: each page takes the best that its device truly shows. The encoder is our
//! own publisher of Enhanced RTMP around ffmpeg's clips.

use hawker_tests::browser::{self, Browser};
use hawker_tests::enhanced::{self, Camera, Codecs};
use hawker_tests::server::{self, Server};
use serde_json::json;
use std::time::Duration;
use tokio::time::Instant;

use crate::show;

/// A room `demo` with a rendition named after each codec.
async fn on_air(codecs: &[(&str, Codecs)]) -> (Server, Vec<Camera>) {
    let server = server::start().await;
    let key = server.room("demo").await;
    let clips: Vec<_> = codecs.iter().map(|(name, codecs)| (*name, enhanced::clip(*codecs))).collect();
    let (mut cameras, began) = (Vec::new(), Instant::now());
    for (name, clip) in &clips {
        let stream = format!("demo/{name}?key={key}");
        cameras.push(enhanced::publish(server.running.rtmp, &stream, clip, began).await);
    }
    all_there(&server, &codecs.iter().map(|(name, _)| *name).collect::<Vec<_>>()).await;
    (server, cameras)
}

/// A page takes what there is when it comes.
async fn all_there(server: &Server, names: &[&str]) {
    let list = format!("{}/live/demo/index.m3u8", server.url);
    let all = async {
        loop {
            let answer = server::client().get(&list).send().await.expect("the server answers");
            let text = answer.text().await.expect("text");
            if names.iter().all(|name| text.contains(&format!("/{name}/"))) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), all).await.expect("all renditions are on air");
}

/// Opens the room, waits for a moving picture, and says which rendition it is, what its picture is in by the statistics, and which
/// renditions the menu has.
async fn takes(page: &Browser, server: &Server) -> serde_json::Value {
    page.open(&format!("{}/room/demo", server.url)).await;
    show::moves(page).await;
    let asked = "const live = document.querySelector('hawker-live'); \
                 return [live.rendition, live.stats().codecs.slice(0, 4), live.renditions.map((one) => one.name)]";
    page.eval(asked).await
}

/// How often a browser may be opened anew until it takes what it plays.
const TRIES: usize = 4;

/// Opens the room in a new browser, again where it does not take what is wanted: a page waits half a second for the browser's word
/// on a codec and three for its first picture, and then rightly takes another, so that a busy machine can cost a try. A page
/// that cannot fails each time.
async fn comes_to_take(open: impl AsyncFn() -> Browser, server: &Server, wanted: serde_json::Value) {
    let mut seen = serde_json::Value::Null;
    for _ in 0..TRIES {
        seen = takes(&open().await, server).await;
        if seen == wanted {
            return;
        }
    }
    assert_eq!(seen, wanted);
}

/// Debian's Firefox decodes H.265, its Chromium does not.
#[tokio::test(flavor = "multi_thread")]
async fn h265_plays_in_firefox_and_the_same_room_falls_back_in_chromium() {
    let (server, _encoders) = on_air(&[("avc", Codecs::H264), ("hevc", Codecs::H265)]).await;
    let join =
        server::client().get(format!("{}/live/demo/join", server.url)).send().await.expect("an answer");
    assert_eq!(join.headers()["content-type"], "video/mp4", "which codec it is to be, the page decides");
    comes_to_take(browser::firefox, &server, json!(["hevc", "hvc1", ["hevc"]])).await;
    let page = browser::chromium().await;
    assert_eq!(takes(&page, &server).await, json!(["avc", "avc1", ["avc"]]));
}

#[tokio::test(flavor = "multi_thread")]
async fn av1_and_opus_play_in_chromium() {
    let (server, _encoders) = on_air(&[("avc", Codecs::H264), ("av1", Codecs::Av1)]).await;
    comes_to_take(browser::chromium, &server, json!(["av1", "av01", ["av1"]])).await;
}

/// One encoder, one connection, two pictures: Enhanced RTMP's multitrack.
#[tokio::test(flavor = "multi_thread")]
async fn an_encoder_may_send_both_pictures_at_once() {
    let server = server::start().await;
    let stream = format!("demo?key={}", server.room("demo").await);
    let clips = [enhanced::clip(Codecs::H264), enhanced::clip(Codecs::H265)];
    let at = server.running.rtmp;
    let _camera = enhanced::publish_pictures(at, &stream, &clips, Instant::now()).await;
    all_there(&server, &["source", "source-1"]).await;
    comes_to_take(browser::firefox, &server, json!(["source-1", "hvc1", ["source-1"]])).await;
    let page = browser::chromium().await;
    assert_eq!(takes(&page, &server).await, json!(["source", "avc1", ["source"]]));
}

/// A browser that says it plays H.265 and does not: the page goes on in H.264, and does not try again when it is opened anew.
#[tokio::test(flavor = "multi_thread")]
async fn a_browser_that_promised_too_much_is_remembered() {
    const LIES: &str = "
        window.opened = [];
        const really = MediaSource.isTypeSupported;
        MediaSource.isTypeSupported = (type) => type.includes('hvc1') || really.call(MediaSource, type);
        MediaCapabilities.prototype.decodingInfo = async () => ({ supported: true, smooth: true, powerEfficient: true });
        const add = MediaSource.prototype.addSourceBuffer;
        MediaSource.prototype.addSourceBuffer = function (type) { window.opened.push(type); return add.call(this, type); };
    ";
    let (server, _encoders) = on_air(&[("avc", Codecs::H264), ("hevc", Codecs::H265)]).await;
    let page = browser::chromium().await;
    page.before_pages(LIES).await;
    assert_eq!(takes(&page, &server).await, json!(["avc", "avc1", ["avc"]]));
    let tried = "return window.opened.map((type) => type.includes('hvc1'))";
    assert_eq!(page.eval(tried).await, json!([true, false]));
    assert_eq!(takes(&page, &server).await, json!(["avc", "avc1", ["avc"]]));
    assert_eq!(page.eval(tried).await, json!([false]), "this device is known by now");
}
