//! Browsers that are not like Chromium, emulated in Chromium: no Media Source Extensions, nothing at all, and the managed kind
//! of iPhones. Which decisions follow is tested without a browser (`player/core`, `tests/media/world.rs`).

use hawker_tests::browser;
use serde_json::json;

use crate::show;

const NO_MSE: &str =
    "for (const name of ['MediaSource', 'ManagedMediaSource', 'WebKitMediaSource']) delete window[name];";

/// Nor any player of the browser's own.
const NOTHING: &str = "HTMLMediaElement.prototype.canPlayType = () => '';";

/// ManagedMediaSource as the W3C's draft has it: `streaming` with its two events, and no MediaSource beside it.
const MANAGED: &str = "
    window.managed = [];
    window.fetched = [];
    const fetch = window.fetch;
    window.fetch = (...given) => { if (String(given[0]).endsWith('.mp4')) window.fetched.push(given[0]); return fetch(...given); };
    window.ManagedMediaSource = class ManagedMediaSource extends MediaSource {
        streaming = false;
        constructor() { super(); window.managed.push(this); this.addEventListener('sourceopen', () => this.want(true)); }
        want(media) {
            this.streaming = media;
            this.dispatchEvent(new Event(media ? 'startstreaming' : 'endstreaming'));
        }
    };
    delete window.MediaSource;
";

const LIVE: &str = "const live = document.querySelector('hawker-live'); const root = live.shadowRoot; \
                    const video = root.querySelector('video');";

#[tokio::test(flavor = "multi_thread")]
async fn without_media_source_the_browsers_own_player_plays_hls() {
    let show = show::on_air().await;
    let page = browser::chromium().await;
    page.before_pages(NO_MSE).await;
    page.open(&format!("{}/room/demo", show.server.url)).await;
    show::moves(&page).await;
    let source = page.eval(&format!("{LIVE} return video.src")).await;
    assert!(source.as_str().is_some_and(|source| source.ends_with("/live/demo/index.m3u8")), "{source}");
    page.until(
        "document.querySelector('hawker-live').shadowRoot.querySelector('.controls .words')",
        show::START,
    )
    .await;
    // A pause is a pause, whatever the room does meanwhile: it is asked every 3 s.
    let paused = format!(
        "{LIVE} live.pause(); await new Promise(done => setTimeout(done, 3500)); const still = video.paused; live.play(); \
         return [still, live.renditions.length]"
    );
    assert_eq!(page.eval(&paused).await, json!([true, 0]));
    show::moves(&page).await;
    show::quiet(&page, "native HLS").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nothing_plays_the_page_says_so_and_the_shop_is_there() {
    let show = show::on_air().await;
    let page = browser::chromium().await;
    page.before_pages(&[NO_MSE, NOTHING].concat()).await;
    page.open(&format!("{}/room/demo", show.server.url)).await;
    page.until("document.querySelector('hawker-live')?.state === 'unsupported'", show::START).await;
    page.until(
        "document.querySelector('hawker-live').shadowRoot.querySelector('.state-title')?.textContent.includes('cannot play')",
        show::START,
    )
    .await;
    page.until("document.querySelector('hawker-live').shadowRoot.querySelector('.goods')", show::START).await;
    page.picture("unsupported").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_managed_media_source_is_fed_only_while_it_wants_media() {
    // Requests are counted at `fetch`.
    let show = show::on_air_with(|config| config.udp.enabled = false).await;
    let page = browser::chromium().await;
    page.before_pages(MANAGED).await;
    page.open(&format!("{}/room/demo", show.server.url)).await;
    show::moves(&page).await;
    // Without it such a source never opens.
    assert_eq!(page.eval(&format!("{LIVE} return video.disableRemotePlayback")).await, json!(true));
    let fetched = page
        .eval(
            "managed.at(-1).want(false); const from = fetched.length; await new Promise(done => setTimeout(done, 4000)); \
             const more = fetched.length - from; managed.at(-1).want(true); return [managed.length, more]",
        )
        .await;
    assert_eq!(fetched, json!([1, 0]), "sources made, and requests made while none was wanted");
    show::moves(&page).await;
    page.until("document.querySelector('hawker-live').stats().latencyMs < 1000", show::START).await;
    show::quiet(&page, "managed media source").await;
}
