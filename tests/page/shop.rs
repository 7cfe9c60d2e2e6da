//! The way of a customer, on the shop's own pages: the picture plays, words fly, a flash sale's piece is held and paid.

use std::time::Duration;

use hawker_tests::browser::{self, Browser, Options};
use serde_json::json;

use crate::show;

/// Finds in the player's shadow root.
const FIND: &str =
    "const root = document.querySelector('hawker-live').shadowRoot; const find = s => root.querySelector(s);";
const SOON: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread")]
async fn row_25_a_shop_page_of_another_origin_plays_under_a_strict_policy() {
    let show = show::on_air().await;
    let page = browser::chromium().await;
    page.open(&format!("{}/", show.shop)).await;
    show::moves(&page).await;
    let origins = page
        .eval("return [location.origin, new URL(document.querySelector('hawker-live').server).origin]")
        .await;
    assert_ne!(origins[0], origins[1], "the player comes from another origin");
    show::quiet(&page, "shop page").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn row_25_a_script_tag_puts_a_floating_player_into_any_page() {
    let show = show::on_air().await;
    let page = browser::chromium().await;
    page.open(&format!("{}/goods/teapot", show.shop)).await;
    show::moves(&page).await;
    let box_ = page
        .eval("const b = document.querySelector('hawker-live').getBoundingClientRect(); return [b.width, b.height, b.right, b.bottom]")
        .await;
    let edge = |at: usize| box_[at].as_f64().expect("a number");
    assert!(edge(0) > 100.0 && edge(1) > 50.0, "it can be seen: {box_}");
    assert!(edge(2) <= 1440.0 && edge(3) <= 900.0, "it is inside the window: {box_}");
    show::quiet(&page, "product page").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn row_12_words_fly_over_the_picture_as_text() {
    let show = show::on_air().await;
    let (speaker, listener) = tokio::join!(browser::chromium(), browser::chromium());
    let address = format!("{}/", show.shop);
    tokio::join!(speaker.open(&address), listener.open(&address));
    // A customer of the shop: the name comes with the token that the shop's backend signs.
    speaker.eval("document.getElementById('customer').value = '小明'; document.getElementById('login').requestSubmit()").await;
    speaker.until("!document.getElementById('greeting').hidden", SOON).await;
    speaker.open(&address).await;
    for page in [&speaker, &listener] {
        page.until(
            "document.querySelector('hawker-live')?.shadowRoot?.querySelector('.say .field')",
            show::START,
        )
        .await;
    }
    // What people type is text: markup arrives as letters.
    let words = "来了 <b>hello</b>";
    let say = format!(
        "{FIND} const field = find('.say .field'); field.value = {}; field.dispatchEvent(new Event('input', {{bubbles: true}})); \
         return true",
        json!(words)
    );
    speaker.eval(&say).await;
    speaker
        .until(
            "document.querySelector('hawker-live').shadowRoot.querySelector('.say .send:not([disabled])')",
            SOON,
        )
        .await;
    speaker.eval(&format!("{FIND} find('.say .send').click()")).await;
    let seen = format!(
        "(() => {{ {FIND} const layer = find('.danmaku'); return layer && layer.textContent.includes({}); }})()",
        json!(words)
    );
    listener.until(&seen, SOON).await;
    let tags = listener.eval(&format!("{FIND} return find('.danmaku').querySelectorAll('b').length")).await;
    assert_eq!(tags, json!(0));
    let listed = format!(
        "(() => {{ {FIND} return [...root.querySelectorAll('.message .text')].some(m => m.textContent === {}); }})()",
        json!(words)
    );
    listener.until(&listed, SOON).await;
    let name = listener.eval(&format!("{FIND} return find('.message .name').textContent")).await;
    assert_eq!(name, json!("小明"), "as the token says");
    show::quiet(&listener, "listener").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn row_38_a_piece_of_a_flash_sale_is_held_and_paid_at_the_shops_checkout() {
    let show = show::on_air().await;
    show.flash_sale("teapot", 13_800, 5).await;
    show.server.put("/rooms/demo/pin", &json!({ "product": "teapot" })).await;
    let page = browser::chromium().await;
    page.open(&format!("{}/", show.shop)).await;
    page.until(
        "document.querySelector('hawker-live')?.shadowRoot?.querySelector('.buy:not([disabled])')",
        show::START,
    )
    .await;
    let shop_window = page.window().await.expect("a window");
    hold_one(&page).await;
    check_out(&page).await;
    page.until("document.getElementById('pay') && !document.getElementById('pay').disabled", SOON).await;
    let sum = page.eval("return document.getElementById('sum').textContent").await;
    assert!(sum.as_str().expect("text").contains("138.00"), "the flash price is charged: {sum}");
    let title = page.eval("return document.getElementById('title').textContent").await;
    assert_eq!(title, json!("紫砂壶 Clay teapot"));
    page.until("document.getElementById('picture').naturalWidth > 0", SOON).await;
    page.picture("checkout-held").await;
    page.eval("document.getElementById('pay').click()").await;
    page.until("document.body.dataset.state === 'paid'", SOON).await;
    // Back and forward, or a reload: paid stays paid, and there is no second time.
    page.refresh().await.expect("it reloads");
    page.until("document.body.dataset.state === 'paid' && document.getElementById('pay').hidden", SOON).await;
    show::quiet(&page, "checkout").await;

    page.switch_to_window(shop_window).await.expect("the shop page is still there");
    page.until("document.querySelector('hawker-live').shadowRoot.querySelector('.order-state.paid')", SOON)
        .await;
    let orders = show.server.get("/rooms/demo/orders").await;
    assert_eq!(orders["orders"][0]["state"], "paid", "{orders}");
    assert_eq!(orders["orders"][0]["price"], 13_800);
    let sales = show.server.get("/rooms/demo/sales").await;
    assert_eq!(sales["sales"][0]["sold"], 1, "{sales}");
    // The shop's backend heard of it by a signed webhook.
    let hold = orders["orders"][0]["id"].as_str().expect("an id").to_owned();
    let told = tokio::time::timeout(SOON, async {
        while show.backend.orders.hold(&hold).is_none_or(|hold| hold["state"] != "paid") {
            tokio::task::yield_now().await;
        }
    });
    told.await.expect("the shop was told");
}

/// Taps the pinned goods and waits until they are held.
async fn hold_one(page: &Browser) {
    page.eval(&format!("{FIND} find('.pinned .buy').click()")).await;
    page.until("document.querySelector('hawker-live').shadowRoot.querySelector('.pay')", SOON).await;
}

/// Goes from the player to the shop's checkout, which opens in a window of its own.
async fn check_out(page: &Browser) {
    let before = page.windows().await.expect("windows");
    // A real click: only those may open a window.
    page.click("document.querySelector('hawker-live').shadowRoot.querySelector('.pay')").await;
    let opened = tokio::time::timeout(SOON, async {
        loop {
            let windows = page.windows().await.expect("windows");
            if let Some(other) = windows.into_iter().find(|window| !before.contains(window)) {
                return other;
            }
            tokio::task::yield_now().await;
        }
    });
    page.switch_to_window(opened.await.expect("a checkout window")).await.expect("it is there");
}

#[tokio::test(flavor = "multi_thread")]
async fn row_38_what_is_left_at_the_checkout_is_free_at_once_and_what_is_late_is_told() {
    let show = show::on_air_with(|config| config.sale.hold_s = 8).await;
    show.flash_sale("teapot", 13_800, 1).await;
    show.server.put("/rooms/demo/pin", &json!({ "product": "teapot" })).await;
    let page = browser::chromium_with(Options::phone()).await;
    page.open(&format!("{}/", show.shop)).await;
    page.until(
        "document.querySelector('hawker-live')?.shadowRoot?.querySelector('.pinned .buy:not([disabled])')",
        show::START,
    )
    .await;
    let shop_window = page.window().await.expect("a window");
    hold_one(&page).await;
    check_out(&page).await;
    page.until("document.body.dataset.state === 'held'", SOON).await;
    page.picture("checkout-phone").await;
    page.eval("document.getElementById('cancel').click()").await;
    page.until("document.body.dataset.state === 'cancelled'", SOON).await;
    let sale = show.server.get("/rooms/demo/sales").await["sales"][0].clone();
    assert_eq!((&sale["free"], &sale["held"]), (&json!(1), &json!(0)), "{sale}");
    page.eval("document.getElementById('leave').click()").await;
    page.switch_to_window(shop_window).await.expect("the show went on");
    page.until("!document.querySelector('hawker-live').shadowRoot.querySelector('.pay')", SOON).await;

    // The same piece again, and this time nobody pays.
    page.until(
        "document.querySelector('hawker-live').shadowRoot.querySelector('.pinned .buy:not([disabled])')",
        SOON,
    )
    .await;
    hold_one(&page).await;
    check_out(&page).await;
    page.until("document.body.dataset.state === 'expired'", SOON).await;
    let words = page.eval("return document.getElementById('state').textContent").await;
    assert!(words.as_str().expect("text").contains("time is up"), "{words}");
    assert_eq!(page.eval("return document.getElementById('pay').hidden").await, json!(true));
    show::quiet(&page, "checkout").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn three_tabs_play_over_http_1() {
    let show = show::on_air().await;
    let page = browser::chromium().await;
    let address = format!("{}/room/demo", show.server.url);
    page.open(&address).await;
    for _ in 0..2 {
        let tab = page.new_window(true).await.expect("a tab");
        page.switch_to_window(tab.handle).await.expect("the tab is there");
        page.open(&address).await;
    }
    for tab in page.windows().await.expect("windows") {
        page.switch_to_window(tab).await.expect("the tab is there");
        show::moves(&page).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn row_3_firefox_plays_the_shop_page_and_takes_part() {
    let show = show::on_air().await;
    let page = browser::firefox().await;
    page.open(&format!("{}/", show.shop)).await;
    show::moves(&page).await;
    show::says(&page, "Fox", "hello from a fox").await;
    let listed = format!(
        "(() => {{ {FIND} return [...root.querySelectorAll('.message.own')].some(m => m.textContent.includes('hello from a fox')); }})()"
    );
    page.until(&listed, SOON).await;
    page.eval(&format!("{FIND} find('.controls .words').click()")).await;
    let choices = "document.querySelector('hawker-live').shadowRoot.querySelectorAll('.choice').length > 3";
    page.until(choices, SOON).await;
    page.eval(&format!("{FIND} find('.sheet .plain').click()")).await;
    // Twenty seconds of playing, as a person sees it: the picture goes on.
    let video = "document.querySelector('hawker-live').shadowRoot.querySelector('video')";
    page.eval(&format!("window.__from = {video}.currentTime")).await;
    page.until(&format!("{video}.currentTime > window.__from + 18"), show::START).await;
    assert_eq!(page.eval("return document.querySelector('hawker-live').state").await, json!("live"));
    show::quiet(&page, "shop page in Firefox").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_plays_on_plain_http_at_an_address_of_the_network() {
    let show = show::on_air().await;
    let page =
        browser::chromium_with(Options::phone().argument("--host-resolver-rules=MAP shop.lan 127.0.0.1"))
            .await;
    let port = show.shop.rsplit(':').next().expect("a port");
    page.open(&format!("http://shop.lan:{port}/")).await;
    assert_eq!(
        page.eval("return isSecureContext").await,
        json!(false),
        "no secure context, as at 192.168.0.2"
    );
    show::moves(&page).await;
    show::quiet(&page, "shop page at a network address").await;
}
