//! An upright picture, as phones send it: it fills a phone with chat and sale over it, and stands in a column of its own where
//! there is room beside it. Never squeezed, never a strip between two bars.

use std::time::Duration;

use hawker_demo::seed::STUDIO;
use hawker_tests::browser::{self, Browser, Options};
use hawker_tests::ffmpeg::{self, Publisher, Source};
use serde_json::{Value, json};

use crate::axe;
use crate::show::{self, CONTROLS, Show};

const SOON: Duration = Duration::from_secs(20);
const LIVE: &str = "document.querySelector('hawker-live')";
const ROOT: &str = "document.querySelector('hawker-live').shadowRoot";

/// What can be used and seen, with its box, and whether a finger on its middle hits something else.
const USABLE: &str = "const root = document.querySelector('hawker-live').shadowRoot; \
    return [...root.querySelectorAll('button:not(:disabled), input')].filter(e => e.checkVisibility({ visibilityProperty: true })) \
    .map(e => [e, e.getBoundingClientRect()]).map(([e, b]) => { const [x, y] = [b.left + b.width / 2, b.top + b.height / 2]; \
    return { name: e.className + ' ' + (e.getAttribute('aria-label') ?? e.textContent), left: b.left, top: b.top, right: b.right, \
    bottom: b.bottom, hit: e.contains(root.elementFromPoint(x, y)) }; })";

/// A show with an upright picture in the room `studio`: something on sale, and people who talk.
async fn on_air() -> (Show, Publisher) {
    let show = show::on_air().await;
    let key = show.server.get(&format!("/rooms/{STUDIO}/key")).await;
    let address = show.server.rtmp(STUDIO, key["key"].as_str().expect("a key"));
    let source = Source { size: (360, 640), video_kbps: 500, ..Source::default() };
    let mut camera = ffmpeg::publish(&address, &source);
    camera.sent(30, show::START).await;
    show.flash_sale_in(STUDIO, "teapot", 13_800, 50).await;
    show.pin(STUDIO, "teapot").await;
    show.talk(STUDIO).await;
    (show, camera)
}

/// Opens a page and waits for the picture in its layout, with controls and words.
async fn open(page: &Browser, address: &str, portrait: &str) {
    page.open(address).await;
    page.until("customElements.get('hawker-live') && document.querySelector('hawker-live')", SOON).await;
    page.eval(&format!("{LIVE}.room = '{STUDIO}'")).await;
    show::moves(page).await;
    page.until(CONTROLS, show::START).await;
    page.until(&format!("{LIVE}.getAttribute('portrait') === '{portrait}'"), SOON).await;
    page.until(&format!("{ROOT}.querySelectorAll('.message').length >= 15"), SOON).await;
    page.until(&format!("{ROOT}.querySelector('.buy:not(:disabled)')"), SOON).await;
}

/// The video's box is as upright as its picture: there are no bars around it.
async fn no_bars(page: &Browser) {
    let [left, top, right, bottom] = show::rect(page, "video").await;
    let ratio = (right - left) / (bottom - top);
    assert!((ratio - 0.5625).abs() < 0.01, "{ratio}");
}

/// Everything that can be used can be touched, within the window and below `from`.
fn touchable(usable: &Value, from: f64, width: f64, height: f64) {
    let usable = usable.as_array().expect("a list");
    for what in usable {
        let at = |side: &str| what[side].as_f64().expect("a number");
        assert_eq!(what["hit"], json!(true), "something lies over it: {what}");
        assert!(
            at("left") >= 0.0 && at("right") <= width && at("bottom") <= height,
            "out of the window: {what}"
        );
        let badge = what["name"].as_str().is_some_and(|name| name.starts_with("live"));
        assert!(badge || at("top") >= from, "out of a thumb's reach: {what}");
    }
    let named = |class: &str| {
        usable.iter().any(|what| what["name"].as_str().is_some_and(|name| name.starts_with(class)))
    };
    for class in ["live", "control", "tab", "field", "like-button", "primary buy"] {
        assert!(named(class), "no {class} among {usable:#?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_phone_it_fills_the_screen_with_chat_and_sale_over_it() {
    let (show, _camera) = on_air().await;
    let address = format!("{}/room/{STUDIO}", show.server.url);
    for (width, height) in [(390, 844), (360, 640)] {
        let page = browser::chromium_with(Options { width, height, ..Options::phone() }).await;
        open(&page, &address, "over").await;
        let (wide, high) = (f64::from(width), f64::from(height));
        assert_eq!(show::rect(&page, "video").await, [0.0, 0.0, wide, high], "from edge to edge");
        let fit =
            page.eval(&format!("return getComputedStyle({ROOT}.querySelector('video')).objectFit")).await;
        assert_eq!(fit, json!("cover"), "the edges give way, not the middle");
        // A touch wakes the controls; while it is paused they stay.
        page.eval(&format!("{LIVE}.pause()")).await;
        page.until(&format!("getComputedStyle({CONTROLS}).visibility === 'visible'"), SOON).await;
        touchable(&page.eval(USABLE).await, high / 3.0, wide, high);
        // The host's face is above all that.
        for part in [".messages", ".pinned", ".bar"] {
            assert!(show::rect(&page, part).await[1] > high / 2.0, "{part}");
        }
        axe::finds_nothing(&page, "portrait, paused").await;
        page.eval(&format!("{LIVE}.play()")).await;
        show::moves(&page).await;
        page.picture(&format!("portrait-{width}x{height}")).await;
        // The goods come over the chat, and go.
        page.eval(&format!("{ROOT}.querySelector('.tab[aria-selected=false]').click()")).await;
        page.until(&format!("{ROOT}.querySelector('.shelf .buy')?.checkVisibility()"), SOON).await;
        page.picture(&format!("portrait-goods-{width}x{height}")).await;
        axe::finds_nothing(&page, "portrait, goods").await;
        page.eval(&format!("{ROOT}.querySelector('.tab[aria-selected=false]').click()")).await;
        page.until(&format!("{ROOT}.querySelector('.message')?.checkVisibility()"), SOON).await;
        show::quiet(&page, "portrait").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_phone_fingers_buy_like_and_clear_it() {
    let (show, _camera) = on_air().await;
    let page = browser::chromium_with(Options::phone()).await;
    // Nothing below the camera's notch, nothing under the bar that goes home.
    let insets = json!({ "insets": { "top": 47, "bottom": 34, "left": 0, "right": 0 } });
    page.command("Emulation.setSafeAreaInsetsOverride", insets).await;
    open(&page, &format!("{}/room/{STUDIO}", show.server.url), "over").await;
    page.until(&format!("{ROOT}.querySelector('.live').getBoundingClientRect().top >= 47"), SOON).await;
    let [.., bottom] = show::rect(&page, ".say .field").await;
    assert!(bottom <= 844.0 - 34.0, "{bottom}");
    page.picture("portrait-safe-areas-390x844").await;

    let likes = format!("Number({ROOT}.querySelector('.like-count').textContent)");
    page.until(&format!("{ROOT}.querySelector('.like-count').textContent !== ''"), SOON).await;
    let before = page.eval(&format!("return {likes}")).await.as_f64().unwrap_or_default();
    page.double_tap(200, 300).await;
    page.until(&format!("{likes} > {before}"), SOON).await;
    // Also from the words: they are part of the picture.
    let hidden = format!("!{ROOT}.querySelector('.side').checkVisibility()");
    let [_, top, _, end] = show::rect(&page, ".messages").await;
    let row = ((top + end) / 2.0) as u32;
    page.swipe((60, row), (260, row)).await;
    page.until(&hidden, SOON).await;
    page.picture("portrait-clear-390x844").await;
    page.swipe((300, 400), (100, 400)).await;
    page.until(&format!("!({hidden})"), SOON).await;
    // Up and down the words scroll.
    let scrolled = format!("{ROOT}.querySelector('.messages').scrollTop");
    let rests = format!("{ROOT}.querySelector('.messages').onscrollend = () => window.rests = true");
    let end = page.eval(&format!("{rests}; return {scrolled}")).await;
    page.swipe((60, row), (60, row + 80)).await;
    page.until(&format!("{scrolled} < {end}"), SOON).await;
    // A tap before that only ends the scrolling.
    page.until("window.rests", SOON).await;
    show::tap(&page, ".pinned .buy").await;
    page.until(&format!("{ROOT}.querySelector('.hold .pay')?.checkVisibility()"), SOON).await;
    page.picture("portrait-held-390x844").await;
    assert_eq!(page.eval(&format!("return {LIVE}.paused")).await, json!(false));
    show::quiet(&page, "fingers").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_shop_page_on_a_phone_it_keeps_its_shape_also_in_the_corner() {
    let (show, _camera) = on_air().await;
    let page = browser::chromium_with(Options::phone()).await;
    open(&page, &format!("{}/", show.shop), "over").await;
    no_bars(&page).await;
    page.picture("portrait-shop-390x844").await;
    let high = page.eval("return document.documentElement.scrollHeight").await;
    page.eval("scrollTo(0, 5000)").await;
    page.until(&format!("{LIVE}.hasAttribute('mini')"), SOON).await;
    no_bars(&page).await;
    let [left, top, right, bottom] = show::rect(&page, "video").await;
    let share = (right - left) * (bottom - top) / (390.0 * 844.0);
    assert!(share > 0.05 && share < 0.2 && top > 0.0 && right <= 390.0 && bottom <= 844.0, "{share}");
    assert_eq!(
        page.eval("return document.documentElement.scrollHeight").await,
        high,
        "the page does not jump"
    );
    page.picture("portrait-mini-390x844").await;
    axe::finds_nothing(&page, "portrait, mini").await;

    // The floating player of a product's page, closed and open.
    open(&page, &format!("{}/goods/teapot", show.shop), "").await;
    no_bars(&page).await;
    let [left, top, right, bottom] = show::rect(&page, ".float").await;
    assert!(left >= show::rect(&page, ".stage").await[0] && right <= 390.0 && top > 0.0 && bottom <= 844.0);
    page.picture("portrait-floating-390x844").await;
    page.eval(&format!("{ROOT}.querySelector('.float .only-mini').click()")).await;
    page.until(&format!("{LIVE}.getAttribute('portrait') === 'over'"), SOON).await;
    page.until(&format!("{ROOT}.querySelector('video').getBoundingClientRect().height === 844"), SOON).await;
    page.picture("portrait-floating-open-390x844").await;
    show::quiet(&page, "portrait in a shop").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_there_is_room_it_stands_in_its_column() {
    let (show, _camera) = on_air().await;
    let room = format!("{}/room/{STUDIO}", show.server.url);
    let shop = format!("{}/", show.shop);
    let wide = |width, height| Options { width, height, ..Options::desktop() };
    let cases = [
        ("desktop", wide(1440, 900), &room, 900.0),
        (
            "television",
            wide(1920, 1080).argument("--user-agent=Mozilla/5.0 (SMART-TV; Linux; Tizen 7.0) Chrome/94"),
            &room,
            972.0,
        ),
        ("shop", wide(1440, 900), &shop, 700.0),
        ("phone on its side", Options { width: 844, height: 390, ..Options::phone() }, &room, 390.0),
    ];
    for (name, options, address, least) in cases {
        let (width, height) = (f64::from(options.width), f64::from(options.height));
        let page = browser::chromium_with(options).await;
        open(&page, address, "beside").await;
        no_bars(&page).await;
        let picture = show::rect(&page, "video").await;
        let side = show::rect(&page, ".side").await;
        assert!(picture[3] - picture[1] > least - 1.0, "{name}: as high as there is room: {picture:?}");
        assert!(
            side[0] >= picture[2] - 0.5 && side[0] - picture[2] < 30.0,
            "{name}: beside it: {picture:?} {side:?}"
        );
        assert!(side[2] <= width && side[2] - side[0] >= 240.0, "{name}: {side:?}");
        assert!(
            side[1] >= picture[1] - 1.0 && side[3] <= picture[3] + 1.0,
            "{name}: no higher than the picture: {side:?}"
        );
        page.picture(&format!("portrait-{}-{width}x{height}", name.replace(' ', "-"))).await;
        page.eval(&format!("{ROOT}.querySelector('.control.words').click()")).await;
        page.until(&format!("{ROOT}.querySelector('.sheet')"), SOON).await;
        let sheet = show::rect(&page, ".sheet").await;
        assert!(sheet[0] >= picture[0] && sheet[2] <= picture[2], "{name}: over the picture: {sheet:?}");
        axe::finds_nothing(&page, name).await;
        show::quiet(&page, name).await;
    }

    // All of the screen: the whole picture in the middle of it, nothing cut off.
    let page = browser::chromium().await;
    open(&page, &room, "beside").await;
    page.click(&format!("{ROOT}.querySelector('.overlay')")).await;
    page.press('f').await;
    page.until("document.fullscreenElement?.localName === 'hawker-live'", SOON).await;
    page.until(&format!("{ROOT}.querySelector('video').clientWidth === innerWidth"), SOON).await;
    let fit = page.eval(&format!("return getComputedStyle({ROOT}.querySelector('video')).objectFit")).await;
    assert_eq!(fit, json!("contain"));
    page.press('f').await;
    page.until(&format!("{LIVE}.getAttribute('portrait') === 'beside'"), SOON).await;
}
