//! What is around the picture: the small window, media keys, the lock against a dark screen, what a device or a link carries, and
//! what the menu says of it. A headless browser has no small window and no lock: those two are played at the page's edge.

use std::time::Duration;

use hawker_tests::browser::{self, Browser, Options};
use reqwest::Method;
use serde_json::json;

use crate::show::{self, CONTROLS};

const SOON: Duration = Duration::from_secs(20);
const LIVE: &str = "document.querySelector('hawker-live')";
const ROOT: &str = "document.querySelector('hawker-live').shadowRoot";
/// What the menu says of the choice by itself.
const WHY: &str =
    "document.querySelector('hawker-live').shadowRoot.querySelector('.choice-more')?.textContent";

async fn menu(page: &Browser) {
    page.eval(&format!("{ROOT}.querySelector('.control.words').click()")).await;
    page.until(WHY, SOON).await;
}

async fn says(page: &Browser, why: &str) {
    page.until(&format!("{WHY} === {}", json!(why)), SOON).await;
}

/// A small window of 320x180, as a browser with a screen opens it.
const SMALL_WINDOW: &str = "
    var owner = null;
    Object.defineProperty(document, 'pictureInPictureEnabled', { get: () => true });
    Object.defineProperty(document, 'pictureInPictureElement', { get: () => owner });
    HTMLVideoElement.prototype.requestPictureInPicture = async function () {
        owner = this.getRootNode().host;
        this.dispatchEvent(Object.assign(new Event('enterpictureinpicture'), { pictureInPictureWindow: { width: 320, height: 180 } }));
    };
    document.exitPictureInPicture = async () => {
        const video = owner.shadowRoot.querySelector('video');
        owner = null;
        video.dispatchEvent(new Event('leavepictureinpicture'));
    };";

#[tokio::test(flavor = "multi_thread")]
async fn in_a_small_window_it_is_neither_in_the_corner_nor_sharper_than_that_shows() {
    let show = show::on_air().await;
    let page = browser::chromium_with(Options { height: 700, ..Options::desktop() }).await;
    page.before_pages(SMALL_WINDOW).await;
    page.open(&format!("{}/", show.shop)).await;
    show::moves(&page).await;
    page.until(CONTROLS, show::START).await;
    page.until(&format!("{LIVE}.rendition === '540p'"), SOON).await;
    // Its button, as a person finds it.
    page.click(&format!("{ROOT}.querySelector('.overlay')")).await;
    page.click(&format!("{ROOT}.querySelector('.control.wide')")).await;
    page.until(&format!("document.pictureInPictureElement === {LIVE}"), SOON).await;
    page.until(&format!("{LIVE}.rendition === '240p' && {LIVE}.screen.limit === 'size'"), SOON).await;
    page.eval("scrollTo(0, 5000)").await;
    show::frame(&page).await;
    page.until(&format!("{ROOT}.querySelector('video').getBoundingClientRect().bottom < 180"), SOON).await;
    assert_eq!(
        page.eval(&format!("return {LIVE}.hasAttribute('mini')")).await,
        json!(false),
        "it has a window"
    );
    // Back from it, to the corner, for the page is still elsewhere.
    page.eval("document.exitPictureInPicture()").await;
    page.until(&format!("{LIVE}.hasAttribute('mini')"), SOON).await;
    page.eval("scrollTo(0, 0)").await;
    page.until(&format!("!{LIVE}.hasAttribute('mini') && {LIVE}.rendition === '540p'"), SOON).await;
    show::quiet(&page, "small window").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_has_a_button_for_it_too_and_another_video_keeps_its_own() {
    let show = show::on_air().await;
    for width in [390, 360] {
        let page = browser::chromium_with(Options { width, ..Options::phone() }).await;
        page.before_pages(SMALL_WINDOW).await;
        show::room(&page, &show).await;
        page.eval("document.body.append(Object.assign(document.createElement('p'), { id: 'other' })); owner = document.getElementById('other')").await;
        page.tap(120, 90).await;
        page.until(&format!("getComputedStyle({CONTROLS}).visibility === 'visible'"), SOON).await;
        let [left, _, right, _] = show::rect(&page, ".controls button:last-child").await;
        assert!(left > 0.0 && right <= f64::from(width), "all of them fit: {left} to {right}");
        show::tap(&page, ".control.wide").await;
        page.until(&format!("document.pictureInPictureElement === {LIVE}"), SOON).await;
        page.picture(&format!("controls-{width}x844")).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn media_keys_play_and_pause_and_the_lock_screen_names_the_show() {
    let show = show::on_air().await;
    let page = browser::chromium().await;
    // The browser's own session, and the keys by which a system calls it.
    page.before_pages(
        "window.keys = {}; const real = MediaSession.prototype.setActionHandler; \
         MediaSession.prototype.setActionHandler = function (name, act) { real.call(this, name, act); keys[name] = act; };",
    )
    .await;
    show::room(&page, &show).await;
    page.until("navigator.mediaSession.playbackState === 'playing'", SOON).await;
    page.until("navigator.mediaSession.metadata?.title === 'Hawker 样板间'", SOON).await;
    page.eval("keys.pause()").await;
    page.until(&format!("{LIVE}.paused && navigator.mediaSession.playbackState === 'paused'"), SOON).await;
    page.eval("keys.play()").await;
    page.until(&format!("!{LIVE}.paused && navigator.mediaSession.playbackState === 'playing'"), SOON).await;
    show::moves(&page).await;
    show::quiet(&page, "media keys").await;
    // After the show there is nothing to play.
    show.server.call(Method::POST, "/rooms/demo/end", None).await;
    page.until("navigator.mediaSession.playbackState === 'none' && !navigator.mediaSession.metadata", SOON)
        .await;
    show.server.call(Method::POST, "/rooms/demo/open", None).await;
    show::moves(&page).await;
    // Of two players the one that began last has them, and the other has them when that is closed.
    page.eval(
        "window.other = document.createElement('hawker-live'); other.setAttribute('room', 'demo'); other.setAttribute('muted', ''); \
         document.body.append(other)",
    )
    .await;
    page.until("other.screen && other.state === 'live' && !other.paused", show::START).await;
    page.eval("keys.pause()").await;
    page.until("other.paused", SOON).await;
    page.eval("other.remove()").await;
    assert_eq!(page.eval(&format!("return {LIVE}.paused")).await, json!(false));
    page.eval("keys.pause()").await;
    page.until(&format!("{LIVE}.paused"), SOON).await;
    // Who leaves takes the keys along: they are the page's again.
    page.eval(&format!("{LIVE}.remove()")).await;
    page.until("keys.play === null && keys.pause === null && !navigator.mediaSession.metadata", SOON).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_screen_stays_bright_while_it_is_watched_and_no_longer() {
    let show = show::on_air().await;
    let page = browser::chromium().await;
    page.before_pages(
        "window.held = 0; let hidden = false; \
         Object.defineProperty(document, 'hidden', { get: () => hidden }); \
         window.hide = (now) => { hidden = now; document.dispatchEvent(new Event('visibilitychange')); }; \
         Object.defineProperty(navigator, 'wakeLock', { value: { async request(type) { \
             if (type !== 'screen') throw new TypeError(type); \
             held += 1; \
             return { released: false, async release() { if (!this.released) held -= 1; this.released = true; } }; } } });",
    )
    .await;
    show::room(&page, &show).await;
    page.until("held === 1", SOON).await;
    for (off, on) in [
        (format!("{LIVE}.pause()"), format!("{LIVE}.play()")),
        ("hide(true)".to_owned(), "hide(false)".to_owned()),
    ] {
        page.eval(&off).await;
        page.until("held === 0", SOON).await;
        page.eval(&on).await;
        page.until("held === 1", SOON).await;
    }
    page.eval(&format!("{LIVE}.remove()")).await;
    page.until("held === 0", SOON).await;
}

/// As a link is opened in a new tab, to be looked at later.
#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_was_opened_behind_another_stops_loading_and_is_live_when_it_is_seen() {
    let show = show::on_air().await;
    let page = browser::chromium().await;
    page.before_pages(
        "let hidden = true; delete window.WebTransport; localStorage.setItem('hawker:sound', '-100'); \
         Object.defineProperty(document, 'hidden', { get: () => hidden }); \
         window.show = () => { hidden = false; document.dispatchEvent(new Event('visibilitychange')); }; \
         const real = window.fetch; window.asked = 0; \
         window.fetch = (url, options) => { window.asked += String(url).endsWith('.mp4'); return real(url, options); };",
    )
    .await;
    page.open(&format!("{}/room/demo", show.server.url)).await;
    page.until("asked > 1", show::START).await;
    // A segment is asked for each second, until none is.
    let rests = "window.last === asked ? performance.now() - window.since > 2500 \
                 : (window.last = asked, window.since = performance.now(), false)";
    page.until(rests, SOON).await;
    page.eval("show()").await;
    show::moves(&page).await;
    page.until(&format!("{LIVE}.state === 'live' && {LIVE}.stats().latencyMs < 1500"), SOON).await;
    show::quiet(&page, "opened behind another").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_does_not_keep_up_gets_less_and_the_menu_says_so() {
    let show = show::on_air().await;
    let page = browser::chromium().await;
    // Every second frame of the best rendition comes too late to be shown.
    page.before_pages(
        "let shown = 0, late = 0, before = 0; \
         HTMLVideoElement.prototype.getVideoPlaybackQuality = function () { \
             const frames = Math.floor(performance.now() / 1000 * 30); shown += frames - before; \
             if (document.querySelector('hawker-live')?.rendition === '540p') late += (frames - before) / 2; \
             before = frames; return { totalVideoFrames: shown, droppedVideoFrames: late }; };",
    )
    .await;
    show::room(&page, &show).await;
    page.until(&format!("{LIVE}.rendition === '360p' && {LIVE}.screen.limit === 'device'"), SOON).await;
    menu(&page).await;
    says(&page, "360p: this device does not keep up with more").await;
    // What the viewer wants is asked for all the same, and then nothing is said of what would be played unasked.
    page.eval(&format!("[...{ROOT}.querySelectorAll('.choice')][1].click()")).await;
    page.until(&format!("{LIVE}.quality === '540p' && {LIVE}.rendition === '540p'"), SOON).await;
    page.eval(&format!("{ROOT}.querySelector('.control.words').click()")).await;
    page.until(
        &format!("{ROOT}.querySelector('.choice[aria-checked=true]')?.textContent.startsWith('540p')"),
        SOON,
    )
    .await;
    assert_eq!(page.eval(&format!("return {WHY}")).await, json!(""), "nothing decides but the viewer");
    show::quiet(&page, "late frames").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_that_saves_data_gets_little_until_the_viewer_says_otherwise() {
    let show = show::on_air().await;
    let page = browser::chromium().await;
    page.before_pages("Object.defineProperty(navigator.connection, 'saveData', { get: () => true });").await;
    show::room(&page, &show).await;
    page.until(&format!("{LIVE}.rendition === '360p' && {LIVE}.screen.limit === 'saver'"), SOON).await;
    menu(&page).await;
    says(&page, "360p: data saver").await;
    page.eval(&format!("{ROOT}.querySelector('.sheet [role=switch]').click()")).await;
    says(&page, "540p: the best there is").await;
    // Remembered, though the browser still asks for less.
    show::room(&page, &show).await;
    page.until(&format!("{LIVE}.rendition === '540p' && {LIVE}.screen.limit === ''"), SOON).await;
    show::quiet(&page, "data saver").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_link_is_named_as_the_reason_and_drawn() {
    let show = show::on_air().await;
    let page = browser::chromium().await;
    // The browser's own throttle does not reach UDP.
    page.before_pages("delete window.WebTransport;").await;
    show::room(&page, &show).await;
    page.until(&format!("{LIVE}.rendition === '540p'"), SOON).await;
    page.eval(&format!("{ROOT}.querySelector('.control[title=\"Playback details\"]').click()")).await;
    // Latency, buffer, estimate and rung, each with its line of the last minute.
    let line = |row: &str| {
        format!(
            "[...{ROOT}.querySelectorAll('.stats .row')].find(row => row.firstChild.textContent === '{row}')\
             ?.querySelector('.plot path')?.getAttribute('d').split(/[ML]/).slice(1).map(at => Number(at.split(' ')[1]))"
        )
    };
    for row in ["Latency", "Buffer", "Bandwidth", "Quality"] {
        page.until(&format!("{}?.length > 4", line(row)), SOON).await;
    }
    let slow =
        json!({ "offline": false, "latency": 20, "downloadThroughput": 65_000, "uploadThroughput": 65_000 });
    page.command("Network.enable", json!({})).await;
    page.command("Network.emulateNetworkConditions", slow).await;
    page.until(&format!("{LIVE}.rendition === '240p' && {LIVE}.screen.limit === ''"), SOON).await;
    // Down is down: the newest, drawn first, is lower than the best before it.
    for row in ["Quality", "Bandwidth"] {
        page.until(&format!("(line => line[0] > Math.min(...line))({})", line(row)), SOON).await;
    }
    page.picture("stats-slow-1440x900").await;
    page.press('\u{e00c}').await;
    page.eval(&format!("{ROOT}.querySelector('.sheet .plain')?.click()")).await;
    menu(&page).await;
    page.until(&format!("/^240p: the link carries \\d+\\.\\d Mb\\/s$/.test({WHY})"), SOON).await;
}
