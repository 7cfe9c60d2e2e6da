//! Every reason for no picture has one of its own, in words and drawn, also for who only hears it; and axe finds nothing in any.

use std::time::Duration;

use hawker_tests::browser::{self, Browser, Options};
use serde_json::json;

use crate::axe;
use crate::show;

const SOON: Duration = Duration::from_secs(30);
const LIVE: &str = "document.querySelector('hawker-live')";

/// Answers to questions for the room's state with this status, as a gate before the server does.
fn gate(status: u16) -> String {
    format!(
        "const real = window.fetch; window.fetch = (url, options) => \
         String(url).includes('/stream') ? Promise.resolve(new Response('', {{ status: {status} }})) : real(url, options);"
    )
}

/// Waits for the state's title; its drawing, so that they can be told apart.
async fn drawn(page: &Browser, title: &str) -> String {
    let state = format!("{LIVE}?.shadowRoot.querySelector('.state:not(.busy)')");
    let there =
        format!("(() => {{ const s = {state}; return s?.textContent.includes({}); }})()", json!(title));
    page.until(&there, SOON).await;
    let path = page.eval(&format!("return {state}.querySelector('.art path').getAttribute('d')")).await;
    let said = format!(
        "{LIVE}.shadowRoot.querySelector('.said[role=status]').textContent.includes({})",
        json!(title)
    );
    page.until(&said, SOON).await;
    path.as_str().unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_state_has_a_picture_of_its_own() {
    let show = show::on_air().await;
    let server = &show.server;
    let now_ms = server.running.app.clock.wall().as_ms();
    server.post("/rooms", &json!({ "id": "soon", "title": "Soon", "starts_ms": now_ms + 3_700_000 })).await;
    server.room("later").await;
    server.room("over").await;
    server.call(reqwest::Method::POST, "/rooms/over/end", None).await;

    let refuses =
        "HTMLMediaElement.prototype.play = () => Promise.reject(new DOMException('no', 'NotAllowedError'));";
    let decodes_nothing =
        "MediaSource.isTypeSupported = () => false; HTMLMediaElement.prototype.canPlayType = () => '';";
    let fails = "const real = window.fetch; window.fetch = (url, options) => \
        String(url).includes('/live/') ? Promise.reject(new TypeError('Failed to fetch')) : real(url, options);";
    let offline = format!("Object.defineProperty(navigator, 'onLine', {{ get: () => false }}); {fails}");
    let cases = [
        ("starts", "soon", String::new(), "Not live yet"),
        ("offline", "later", String::new(), "Not live yet"),
        ("ended", "over", String::new(), "show is over"),
        ("blocked", "demo", refuses.to_owned(), "Tap to watch"),
        ("codec", "demo", decodes_nothing.to_owned(), "cannot play"),
        ("refused", "demo", gate(403), "cannot watch this show"),
        ("region", "demo", gate(451), "Not available where you are"),
        ("unreachable", "demo", fails.to_owned(), "cannot be reached"),
        ("cut-off", "demo", offline, "You are offline"),
        ("unknown", "nobody", String::new(), "no such room"),
    ];
    let mut drawings = Vec::new();
    for (name, room, before, title) in cases {
        for options in [Options::phone(), Options::desktop()] {
            let size = format!("{}x{}", options.width, options.height);
            let page = browser::chromium_with(options).await;
            if !before.is_empty() {
                page.before_pages(&before).await;
            }
            page.open(&format!("{}/room/{room}", server.url)).await;
            let drawing = drawn(&page, title).await;
            page.picture(&format!("state-{name}-{size}")).await;
            if size.starts_with("390") {
                axe::finds_nothing(&page, name).await;
                assert!(!drawings.contains(&drawing), "{name} looks like another");
                drawings.push(drawing);
            }
            if name == "starts" {
                let clock = format!("{LIVE}.shadowRoot.querySelector('.countdown-left').textContent");
                let first = page.eval(&format!("return {clock}")).await;
                assert!(
                    first.as_str().is_some_and(|left| left.starts_with("1:01:")),
                    "an hour and a bit: {first}"
                );
                page.until(&format!("{clock} !== {first}"), SOON).await;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_start_needs_one_tap_and_a_refused_viewer_is_let_in_later() {
    let show = show::on_air().await;
    let page = browser::chromium_with(Options::phone()).await;
    page.before_pages(
        "const real = HTMLMediaElement.prototype.play; HTMLMediaElement.prototype.play = function () { \
         return navigator.userActivation.hasBeenActive ? real.call(this) : Promise.reject(new DOMException('no', 'NotAllowedError')); };",
    )
    .await;
    page.open(&format!("{}/room/demo", show.server.url)).await;
    drawn(&page, "Tap to watch").await;
    page.click(&format!("{LIVE}.shadowRoot.querySelector('.state button.art')")).await;
    show::moves(&page).await;
    page.until(&format!("!{LIVE}.shadowRoot.querySelector('.state')"), SOON).await;

    let page = browser::chromium().await;
    page.before_pages(&gate(403).replace("String(url)", "!window.paid && String(url)")).await;
    page.open(&format!("{}/room/demo", show.server.url)).await;
    drawn(&page, "cannot watch this show").await;
    assert_eq!(page.eval(&format!("return {LIVE}.error")).await, json!("refused"));
    page.eval("window.paid = true").await;
    show::moves(&page).await;
}
