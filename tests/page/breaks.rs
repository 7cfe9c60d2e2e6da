//! What befalls an encoder in the middle of a show does not end it for an open page: no error, no reload, the new picture, its sound
//! with it. How soon is measured by the bench `breaks`.

use hawker_tests::breaks::{self, Break};
use hawker_tests::browser;
use serde_json::json;

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
