//! Every page, as a picture at the size of a phone and of a desktop: no error on the console, nothing wider than the window.
//!
//! The pictures are in `target/pictures`, to be looked at; what a test can tell is told here.

use std::time::Duration;

use hawker_tests::browser::{self, Browser, Options};
use hawker_tests::server;
use serde_json::json;

use crate::show::{self, Show};

async fn look_at_all(show: &Show, page: &Browser, size: &str) {
    let server = &show.server.url;
    let shop = &show.shop;
    let admin = &show.server.admin;
    let live = "document.querySelector('hawker-live')?.shadowRoot?.querySelector('.controls') \
                && document.querySelector('hawker-live').shadowRoot.querySelector('video').currentTime > 0";
    let there = "document.readyState === 'complete' && document.body.innerText.trim().length > 40";
    let pages = [
        ("shop", format!("{shop}/"), live),
        ("product", format!("{shop}/goods/teapot"), live),
        ("room", format!("{server}/room/demo"), live),
        (
            "waiting-room",
            format!("{server}/room/studio"),
            "document.querySelector('hawker-live')?.state === 'offline'",
        ),
        ("landing", format!("{server}/"), there),
        ("documents", format!("{server}/docs/"), there),
        ("architecture", format!("{server}/docs/architecture"), there),
        ("player", format!("{server}/docs/player"), there),
        ("console", format!("{server}/console/#token={admin}"), there),
        ("api", format!("{server}/api/"), there),
        (
            "checkout-unknown",
            format!("{shop}/checkout?hold=none&proof=none"),
            "document.body.dataset.state === 'unknown'",
        ),
    ];
    for (name, address, ready) in pages {
        page.open(&address).await;
        page.until(ready, show::START).await;
        let wide = page.eval("return document.documentElement.scrollWidth - innerWidth").await;
        page.picture(&format!("{name}-{size}")).await;
        assert!(
            wide.as_i64().is_some_and(|wide| wide <= 0),
            "{name} at {size} is {wide} px wider than the window"
        );
        let mut errors = page.console_errors().await;
        // The checkout of a hold that does not exist is told so by its backend, which the browser reports.
        errors.retain(|error| !(name == "checkout-unknown" && error.contains("404")));
        assert!(errors.is_empty(), "{name} at {size}: {errors:#?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn row_3_every_page_fits_a_phone_without_an_error() {
    let show = show::on_air().await;
    show.flash_sale("teapot", 13_800, 5).await;
    show.server.put("/rooms/demo/pin", &json!({ "product": "teapot" })).await;
    let page = browser::chromium_with(Options::phone()).await;
    look_at_all(&show, &page, "390x844").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn row_3_every_page_fits_a_desktop_without_an_error() {
    let show = show::on_air().await;
    show.flash_sale("teapot", 13_800, 5).await;
    show.server.put("/rooms/demo/pin", &json!({ "product": "teapot" })).await;
    let page = browser::chromium_with(Options::desktop()).await;
    look_at_all(&show, &page, "1440x900").await;
}

/// A list that stays while the rest goes lies over it.
#[tokio::test(flavor = "multi_thread")]
async fn a_document_goes_up_as_a_whole() {
    let server = server::start().await;
    let page = browser::chromium().await;
    page.open(&format!("{}/docs/player", server.url)).await;
    page.until("document.querySelector('main li')", show::START).await;
    page.eval("document.querySelector('main h2:last-of-type').scrollIntoView()").await;
    let gone =
        "scrollY > innerHeight && document.querySelector('main ul').getBoundingClientRect().bottom < 0";
    page.until(gone, show::START).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sdk_is_within_its_budget_as_it_is_served() {
    let show = show::on_air().await;
    let page = browser::chromium().await;
    page.open(&format!("{}/room/demo", show.server.url)).await;
    show::moves(&page).await;
    page.until(
        "document.querySelector('hawker-live').shadowRoot.querySelector('.controls')",
        Duration::from_secs(30),
    )
    .await;
    let loaded = page
        .eval(
            "return performance.getEntriesByType('resource').filter(e => e.name.includes('/sdk/')) \
             .map(e => [new URL(e.name).pathname, e.encodedBodySize])",
        )
        .await;
    let loaded = loaded.as_array().expect("a list").clone();
    let sum = |names: &[&str]| -> u64 {
        let wanted = loaded
            .iter()
            .filter(|entry| names.is_empty() || names.contains(&entry[0].as_str().unwrap_or_default()));
        wanted.map(|entry| entry[1].as_u64().unwrap_or_default()).sum()
    };
    let first = sum(&["/sdk/hawker.js", "/sdk/engine.js", "/sdk/engine.wasm"]);
    println!("over the wire: {first} bytes before the first frame, {} in all", sum(&[]));
    assert!(first > 10_000 && first <= 80 * 1024, "{loaded:#?}");
    assert!(sum(&[]) <= 200 * 1024, "{loaded:#?}");
}
