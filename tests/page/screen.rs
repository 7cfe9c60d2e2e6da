//! The player as a thing on the screen: full screen, the floating box, the keys, and pauses that come from outside.

use std::time::Duration;

use hawker_tests::browser::{self, Options};
use serde_json::json;

use crate::show;

const SOON: Duration = Duration::from_secs(30);
const OVERLAY: &str = "document.querySelector('hawker-live').shadowRoot.querySelector('.overlay')";

#[tokio::test(flavor = "multi_thread")]
async fn full_screen_has_the_comments_and_a_pause_from_outside_is_a_pause() {
    let show = show::on_air().await;
    let page = browser::chromium().await;
    show::room(&page, &show).await;
    page.click(OVERLAY).await;
    page.press('f').await;
    page.until("document.fullscreenElement?.localName === 'hawker-live'", SOON).await;
    let layers = "(() => { const root = document.querySelector('hawker-live').shadowRoot; \
                  const width = name => root.querySelector(name).getBoundingClientRect().width; \
                  return width('.danmaku') === innerWidth && width('video') === innerWidth && width('.side') === 0; })()";
    page.until(layers, SOON).await;
    page.press('f').await;
    page.until("!document.fullscreenElement", SOON).await;

    // As a media key does it: the element is paused, nobody asks the player.
    let video = "document.querySelector('hawker-live').shadowRoot.querySelector('video')";
    page.eval(&format!("{video}.pause()")).await;
    page.until("document.querySelector('hawker-live').paused", SOON).await;
    let loads = "const count = () => performance.getEntriesByType('resource').filter(e => e.name.endsWith('.mp4')).length; \
                 await new Promise(done => setTimeout(done, 500)); const before = count(); \
                 await new Promise(done => setTimeout(done, 2500)); return count() - before";
    assert_eq!(page.eval(loads).await, json!(0), "a pause loads nothing");
    page.eval(&format!("{video}.play()")).await;
    page.until("!document.querySelector('hawker-live').paused", SOON).await;
    show::moves(&page).await;
    page.until("document.querySelector('hawker-live').stats().latencyMs < 1000", SOON).await;
    show::quiet(&page, "full screen and pause").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn row_25_the_floating_player_is_dragged_opened_and_closed() {
    let show = show::on_air().await;
    let page = browser::chromium_with(Options { touch: false, ..Options::phone() }).await;
    page.open(&format!("{}/goods/teapot", show.shop)).await;
    show::moves(&page).await;
    page.until(show::CONTROLS, show::START).await;
    let share = "(() => { const b = document.querySelector('hawker-live').getBoundingClientRect(); \
                 return b.width * b.height / innerWidth / innerHeight; })()";
    let small = page.eval(&format!("return {share}")).await;
    assert!(small.as_f64().is_some_and(|share| share < 0.2), "it leaves the page to be read: {small}");

    let corner = "(() => { const b = document.querySelector('hawker-live').getBoundingClientRect(); \
                  return [Math.round(b.x), Math.round(b.y)]; })()";
    let before = page.eval(&format!("return {corner}")).await;
    page.drag(OVERLAY, (-60, -200)).await;
    let after = page.eval(&format!("return {corner}")).await;
    let by =
        |axis: usize| after[axis].as_i64().zip(before[axis].as_i64()).map(|(after, before)| after - before);
    assert_eq!((by(0), by(1)), (Some(-60), Some(-200)), "{before} -> {after}");
    page.drag(OVERLAY, (-900, -2_000)).await;
    assert_eq!(page.eval(&format!("return {corner}")).await, json!([8, 8]), "it stays in the window");

    page.eval("document.querySelector('hawker-live').shadowRoot.querySelector('.float .only-mini').click()")
        .await;
    page.until(&format!("{share} > 0.8"), SOON).await;
    page.eval("document.querySelector('hawker-live').shadowRoot.querySelector('.float .only-open').click()")
        .await;
    page.until(&format!("{share} < 0.2"), SOON).await;

    page.eval("[...document.querySelector('hawker-live').shadowRoot.querySelectorAll('.float .only-mini')].at(-1).click()")
        .await;
    page.until("!document.querySelector('hawker-live')", SOON).await;
    let loads = "const count = () => performance.getEntriesByType('resource').filter(e => e.name.includes('/live/')).length; \
                 await new Promise(done => setTimeout(done, 500)); const before = count(); \
                 await new Promise(done => setTimeout(done, 2500)); return count() - before";
    assert_eq!(page.eval(loads).await, json!(0), "who closed it loads nothing");

    // With the picture alone there is nothing to drag, and the page may keep it.
    page.eval(
        "window.bare = document.createElement('hawker-live'); for (const name of ['floating', 'bare', 'muted']) \
         bare.setAttribute(name, ''); bare.setAttribute('room', 'demo'); document.body.append(bare); let asked = 0; \
         bare.addEventListener('hawker:close', event => asked++ || event.preventDefault())",
    )
    .await;
    assert_eq!(page.eval("return getComputedStyle(bare).touchAction").await, json!("auto"));
    let close = "bare.shadowRoot.querySelector('.close').click(); return bare.isConnected";
    assert_eq!((page.eval(close).await, page.eval(close).await), (json!(true), json!(false)));
    show::quiet(&page, "floating player").await;
}
