//! What a viewer reads when there is no picture: no such room, no such server, not live yet, over; and that it ends by itself.

use std::time::Duration;

use hawker_tests::browser::{self, Browser, Options};
use hawker_tests::server;
use serde_json::json;
use tokio::net::TcpListener;

use crate::show;

const SOON: Duration = Duration::from_secs(30);

async fn says(page: &Browser, words: &str) {
    let reads = format!(
        "(() => {{ const root = document.querySelector('hawker-live')?.shadowRoot; const seen = e => e && e.checkVisibility() && \
         e.textContent.includes({}); return seen(root?.querySelector('.state')) || seen(root?.querySelector('.cover')); }})()",
        json!(words)
    );
    page.until(&reads, SOON).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_trouble_says_what_it_is_and_ends_by_itself() {
    let show = show::on_air().await;
    let server = &show.server;
    let page = browser::chromium_with(Options::phone()).await;

    page.open(&format!("{}/room/later", server.url)).await;
    says(&page, "no such room").await;
    assert_eq!(page.eval("return document.querySelector('hawker-live').error").await, json!("no-room"));
    server.room("later").await;
    says(&page, "Not live yet").await;
    page.picture("not-live-yet-390x844").await;
    server.call(reqwest::Method::POST, "/rooms/later/end", None).await;
    says(&page, "show is over").await;

    // The rest on one page: the attribute changes, the element follows.
    let nobody = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
    let nobody = format!("http://{}", { nobody.local_addr().expect("an address") });
    for (attribute, value, words) in [
        ("server", nobody.as_str(), "cannot be reached"),
        ("server", "shop.example", "no live server at this address"),
        ("room", "../etc", "Not a room name"),
    ] {
        page.eval(&format!("document.querySelector('hawker-live').setAttribute('{attribute}', '{value}')"))
            .await;
        says(&page, words).await;
    }
    page.eval(&format!(
        "const live = document.querySelector('hawker-live'); live.server = '{}'; live.room = 'demo'",
        server.url
    ))
    .await;
    show::moves(&page).await;

    // The stream goes, and comes back.
    server.call(reqwest::Method::POST, "/rooms/demo/end", None).await;
    says(&page, "show is over").await;
    server.call(reqwest::Method::POST, "/rooms/demo/open", None).await;
    show::moves(&page).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_comes_back_is_noticed() {
    let first = server::start().await;
    let port = first.running.http.port();
    first.room("studio").await;
    let page = browser::chromium().await;
    page.open(&format!("{}/room/studio", first.url)).await;
    says(&page, "Not live yet").await;
    let data = first.stop().await;
    page.until(
        "document.querySelector('hawker-live').shadowRoot.querySelector('.trouble')?.textContent.includes('Reconnecting')",
        SOON,
    )
    .await;
    let again = server::start_with(|config| {
        config.http.listen.set_port(port);
        config.data.dir = data.path().join("data");
    })
    .await;
    page.until("!document.querySelector('hawker-live').shadowRoot.querySelector('.trouble')", SOON).await;
    drop(again);
}
