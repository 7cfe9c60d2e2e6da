//! What befalls an encoder in the middle of a show does not end it for an open page: no error, no reload, the new picture, its sound
//! with it. How soon is measured by the bench `breaks`.

use std::time::Duration;

use hawker_tests::breaks::{self, Break};
use hawker_tests::enhanced::{self, Codecs};
use hawker_tests::server::Server;
use hawker_tests::{browser, server};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::show;

async fn goes_on(what: Break, width: u64, codec: &str) {
    let page = browser::chromium().await;
    let seen = breaks::see(&page, what).await;
    assert_eq!((&seen.errors, seen.same_page), (&json!([]), true), "{seen:?}");
    assert_eq!((seen.width, seen.codecs.get(..4)), (width, Some(codec)), "{seen:?}");
    assert!(seen.apart_ms <= 40.0, "{seen:?}");
    // The next keyframe comes after a second. What was silent made nothing to miss.
    assert!(what == Break::Silence || seen.missed_ms < 900.0, "shown from its first keyframe on: {seen:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_encoder_that_starts_again_at_zero_is_seen_again() {
    goes_on(Break::Restart, 640, "avc1").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_encoder_that_comes_back_in_another_size_is_seen_in_it() {
    goes_on(Break::Size, 480, "avc1").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_encoder_that_comes_back_in_another_codec_is_seen_in_it() {
    goes_on(Break::Codec, 640, "av01").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_encoder_that_was_silent_is_seen_again() {
    goes_on(Break::Silence, 640, "avc1").await;
}

async fn warns(server: &Server, code: &str, wanted: bool) {
    let warned = |health: &Value| {
        let of = |rendition: &Value| rendition["warnings"].as_array().cloned().unwrap_or_default();
        let renditions = health["renditions"].as_array().cloned().unwrap_or_default();
        renditions.iter().flat_map(of).any(|warning| warning["code"] == code)
    };
    let asked = Instant::now();
    while warned(&server.get("/rooms/demo/health").await) != wanted {
        assert!(asked.elapsed() < show::START, "the operator is told of {code}: {wanted}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// A microphone that is unplugged, and plugged in again.
async fn goes_on_without_sound(codecs: Codecs) {
    let server = server::start().await;
    let stream = format!("demo?key={}", server.room("demo").await);
    let camera =
        enhanced::publish(server.running.rtmp, &stream, &enhanced::clip(codecs), Instant::now()).await;
    let page = browser::chromium().await;
    page.open(&format!("{}/room/demo", server.url)).await;
    show::moves(&page).await;
    page.eval(
        "window.errors = []; window.heard = () => \
         document.querySelector('hawker-live').shadowRoot.querySelector('video').webkitAudioDecodedByteCount; \
         document.querySelector('hawker-live').addEventListener('hawker:error', ({ detail }) => errors.push(detail));",
    )
    .await;
    for _ in 0..2 {
        camera.mute(true);
        warns(&server, "no-sound", true).await;
        show::moves(&page).await;
        show::moves(&page).await;
        camera.mute(false);
        warns(&server, "no-sound", false).await;
        show::moves(&page).await;
        // Of sound there is much more to decode than of silence: a second of that is some hundred bytes.
        page.eval("window.from = heard()").await;
        show::moves(&page).await;
        let heard = page.eval("return heard() - from").await.as_f64().expect("bytes");
        assert!(heard > 2_000.0, "{heard}");
    }
    assert_eq!(page.eval("return errors").await, json!([]));
    show::quiet(&page, "no sound").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sound_that_stops_does_not_stop_the_picture() {
    goes_on_without_sound(Codecs::H264).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn opus_that_stops_does_not_stop_the_picture() {
    goes_on_without_sound(Codecs::Av1).await;
}

/// Two encoders that were started half a second apart: whichever is taken first, the room is not dark.
#[tokio::test(flavor = "multi_thread")]
async fn keyframes_that_never_meet_leave_a_picture() {
    for sizes in [["640x360", "320x180"], ["320x180", "640x360"]] {
        let server = server::start_with(|config| config.media.window_s = 8).await;
        let key = server.room("demo").await;
        let began = Instant::now();
        let mut cameras = Vec::new();
        for (name, size, later) in [("demo", sizes[0], 0), ("demo/other", sizes[1], 500)] {
            let (stream, clip) =
                (format!("{name}?key={key}"), enhanced::clip_of(Codecs::H264, size).later(later));
            cameras.push(enhanced::publish(server.running.rtmp, &stream, &clip, began).await);
        }
        warns(&server, "unaligned-keyframes", true).await;
        // Nothing is kept of the time when the second one began, with a keyframe.
        tokio::time::sleep_until(began + Duration::from_secs(20)).await;
        let page = browser::chromium().await;
        page.open(&format!("{}/room/demo", server.url)).await;
        show::moves(&page).await;
        show::moves(&page).await;
        show::quiet(&page, "keyframes that never meet").await;
    }
}
