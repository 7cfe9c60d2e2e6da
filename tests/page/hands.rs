//! What people do with hands, keys and remote controls: double tap, swipe, the keys of video sites, four arrows and a Back key,
//! a page that scrolls on.

use std::time::Duration;

use hawker_tests::browser::{self, Options};
use serde_json::json;

use crate::axe;
use crate::show;

const SOON: Duration = Duration::from_secs(30);
const LIVE: &str = "document.querySelector('hawker-live')";
const ROOT: &str = "document.querySelector('hawker-live').shadowRoot";

#[tokio::test(flavor = "multi_thread")]
async fn row_21_a_finger_likes_where_it_taps_and_wipes_the_picture_clear() {
    let show = show::on_air().await;
    let page = browser::chromium_with(Options::phone()).await;
    show::room(&page, &show).await;
    page.until(&format!("{ROOT}.querySelector('.like-count').textContent.trim() !== ''"), SOON).await;
    let likes = format!("Number({ROOT}.querySelector('.like-count').textContent)");
    let before = page.eval(&format!("return {likes}")).await.as_f64().unwrap_or_default();
    page.eval(&format!(
        "window.hearts = []; new MutationObserver(changes => changes.forEach(c => c.addedNodes.forEach(n => \
         n.className === 'burst' && hearts.push([n.style.left, n.style.top])))).observe({ROOT}.querySelector('.overlay'), {{ childList: true }})"
    ))
    .await;
    page.double_tap(120, 90).await;
    page.until("hearts.length === 1", SOON).await;
    assert_eq!(page.eval("return hearts[0]").await, json!(["120px", "90px"]), "where the finger was");
    page.until(&format!("{likes} > {before}"), SOON).await;

    let seen = |name: &str| format!("getComputedStyle({ROOT}.querySelector('{name}')).display !== 'none'");
    page.swipe((100, 110), (300, 112)).await;
    page.until(&format!("!({}) && !({})", seen(".danmaku"), seen(".online")), SOON).await;
    page.picture("swiped-clear-390x844").await;
    page.swipe((300, 110), (100, 112)).await;
    page.until(&format!("({}) && ({})", seen(".danmaku"), seen(".online")), SOON).await;
    assert_eq!(page.eval(&format!("return {LIVE}.paused")).await, json!(false));
    show::quiet(&page, "fingers").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tap_that_wakes_the_controls_presses_none_of_them() {
    let show = show::on_air().await;
    let page = browser::chromium_with(Options::phone()).await;
    show::room(&page, &show).await;
    page.until(&format!("{ROOT}.querySelector('.like-count').textContent.trim() !== ''"), SOON).await;
    page.eval(&format!(
        "window.pressed = []; window.hearts = 0; {ROOT}.addEventListener('click', event => event.composedPath()[0].closest('button') && \
         pressed.push(event.composedPath()[0].closest('button').className)); \
         new MutationObserver(changes => changes.forEach(c => c.addedNodes.forEach(n => hearts += n.className === 'burst'))) \
         .observe({ROOT}.querySelector('.overlay'), {{ childList: true }})"
    ))
    .await;
    let rests = format!("{ROOT}.querySelector('.overlay:not(.awake)')");
    let shown = format!("getComputedStyle({ROOT}.querySelector('.controls')).visibility === 'visible'");
    // Where the menu of qualities comes.
    page.until(&rests, SOON).await;
    page.until(&format!("!({shown})"), SOON).await;
    show::tap(&page, ".control.words").await;
    page.until(&shown, SOON).await;
    // Twice at one place is a like, also there: the first wakes the controls, the second is on one of them.
    page.until(&rests, SOON).await;
    page.until(&format!("!({shown})"), SOON).await;
    let (x, y) = show::middle(&page, ".control.words").await;
    page.double_tap(x, y).await;
    page.until("hearts === 1", SOON).await;
    assert_eq!(page.eval("return pressed").await, json!(["like-button"]), "liking is all that was done");
    assert_eq!(page.eval(&format!("return {ROOT}.querySelector('.sheet')")).await, json!(null));
    // What is there to be pressed is, later than the second tap of two.
    page.until(&shown, SOON).await;
    page.eval("return new Promise(done => setTimeout(done, 400))").await;
    show::tap(&page, ".control.words").await;
    page.until(&format!("{ROOT}.querySelector('.sheet')"), SOON).await;
    show::quiet(&page, "waking taps").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sheet_takes_the_keys_and_gives_them_back() {
    let show = show::on_air().await;
    let page = browser::chromium().await;
    show::room(&page, &show).await;
    let at = format!("{ROOT}.activeElement");
    let opener = format!("{ROOT}.querySelector('.control.words')");
    page.click(&format!("{ROOT}.querySelector('.overlay')")).await;
    page.until(&format!("getComputedStyle({opener}).visibility === 'visible'"), SOON).await;
    page.eval(&format!("{opener}.focus()")).await;
    page.press('\u{e007}').await; // Enter
    page.until(&format!("{at}?.matches('.sheet')"), SOON).await;
    // A choice is gone to by arrows, which leave the volume alone there.
    page.press('\u{e004}').await; // Tab
    page.press('\u{e004}').await;
    page.until(&format!("{at}.matches('.choice[aria-checked=true]')"), SOON).await;
    page.press('\u{e015}').await; // Arrow down
    page.until(&format!("{at} === {ROOT}.querySelectorAll('.choice')[1]"), SOON).await;
    let chosen = page.eval(&format!("return {at}.firstElementChild.textContent")).await;
    page.press('\u{e007}').await;
    page.until(&format!("!{ROOT}.querySelector('.sheet') && {at} === {opener}"), SOON).await;
    assert_eq!(page.eval(&format!("return [{LIVE}.volume, {LIVE}.quality]")).await, json!([1, chosen]));
    // So the next key is heard. Held down it counts once, and Caps Lock changes nothing.
    page.eval(&format!(
        "for (const repeat of [false, true, true]) \
         {opener}.dispatchEvent(new KeyboardEvent('keydown', {{ key: 'K', repeat, bubbles: true, composed: true }}))"
    ))
    .await;
    page.until(&format!("{LIVE}.paused"), SOON).await;
    // Nor does it matter that a sheet is looked at for longer than the controls stay.
    page.press('k').await;
    page.until(&format!("!{LIVE}.paused"), SOON).await;
    page.press('?').await;
    page.until(&format!("{at}?.matches('.sheet')"), SOON).await;
    page.eval("return new Promise(done => setTimeout(done, 4000))").await;
    page.press('\u{e00c}').await; // Escape
    page.until(&format!("!{ROOT}.querySelector('.sheet') && {at} === {opener}"), SOON).await;
    show::quiet(&page, "sheets").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn row_21_the_keys_of_video_sites_work_and_what_was_chosen_is_remembered() {
    let show = show::on_air().await;
    let page = browser::chromium().await;
    show::room(&page, &show).await;
    // Nothing was clicked: the keys of a room's own page are the player's.
    page.press('?').await;
    page.until(&format!("{ROOT}.querySelectorAll('.sheet kbd').length >= 8"), SOON).await;
    page.picture("keys-1440x900").await;
    axe::finds_nothing(&page, "keys").await;
    page.press('\u{e00c}').await; // Escape
    page.until(&format!("!{ROOT}.querySelector('.sheet')"), SOON).await;
    page.press('k').await;
    page.until(&format!("{LIVE}.paused"), SOON).await;
    page.press('k').await;
    page.until(&format!("!{LIVE}.paused"), SOON).await;
    page.press('\u{e015}').await; // Arrow down
    page.until(&format!("{LIVE}.volume < 0.95"), SOON).await;
    page.press('m').await;
    page.until(&format!("{LIVE}.muted"), SOON).await;
    page.press('c').await;
    page.until("localStorage.getItem('hawker:danmaku')?.startsWith('0')", SOON).await;
    page.press('i').await;
    page.until(&format!("{LIVE}.hasAttribute('mini')"), SOON).await;
    page.press('i').await;
    page.until(&format!("!{LIVE}.hasAttribute('mini')"), SOON).await;

    // The menu says what plays and why, and takes a choice that outlives the page.
    let open = format!("{ROOT}.querySelector('.control.words').click()");
    page.eval(&open).await;
    page.until(&format!("/^\\d+p: ./.test({ROOT}.querySelector('.choice-more')?.textContent)"), SOON).await;
    let last = format!("[...{ROOT}.querySelectorAll('.choice')].at(-1)");
    let name = page.eval(&format!("return {last}.firstElementChild.textContent")).await;
    page.eval(&format!("{last}.click()")).await;
    page.until(&format!("{LIVE}.rendition === {name}"), SOON).await;
    show::room(&page, &show).await;
    let left = page
        .eval(&format!(
            "return [{LIVE}.quality, {LIVE}.rendition, Math.round({LIVE}.volume * 10), {LIVE}.muted]"
        ))
        .await;
    assert_eq!(left, json!([name, name, 9, true]), "as the viewer left it");
    // Nothing over the picture asks for sound that the viewer does not want.
    page.until(&format!("{ROOT}.querySelector('.sound')"), SOON).await;
    assert_eq!(
        page.eval(&format!("return {ROOT}.querySelector('.sound').checkVisibility()")).await,
        json!(false)
    );
    // Silence is something to be remembered, too.
    page.click(&format!("{ROOT}.querySelector('.overlay')")).await;
    for _ in 0..20 {
        page.press('\u{e015}').await;
    }
    page.until(&format!("{LIVE}.volume === 0"), SOON).await;
    page.open(&format!("{}/room/demo", show.server.url)).await;
    page.until(&format!("{LIVE}?.shadowRoot?.querySelector('video')"), SOON).await;
    assert_eq!(page.eval(&format!("return {LIVE}.volume")).await, json!(0));
    // And who then wants to hear something does.
    show::moves(&page).await;
    page.until(&format!("{ROOT}.querySelector('.sound')"), SOON).await;
    page.eval(&format!("{ROOT}.querySelector('.sound').click()")).await;
    page.until(&format!("{LIVE}.volume === 1 && !{LIVE}.muted"), SOON).await;
    show::quiet(&page, "keys").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn row_21_a_remote_control_is_enough_on_a_television() {
    let show = show::on_air().await;
    show.flash_sale("teapot", 13_800, 5).await;
    show.server.put("/rooms/demo/pin", &json!({ "product": "teapot" })).await;
    let agent =
        "--user-agent=Mozilla/5.0 (SMART-TV; Linux; Tizen 7.0) AppleWebKit/537.36 Chrome/94 Safari/537.36";
    let options = Options { width: 1920, height: 1080, ..Options::desktop() }.argument(agent);
    let page = browser::chromium_with(options).await;
    page.open(&format!("{}/room/demo", show.server.url)).await;
    show::moves(&page).await;
    page.until(&format!("{ROOT}.querySelector('.buy:not(:disabled)')"), SOON).await;
    // Everything that can be used is within the part that every set shows, and large.
    let outside = format!(
        "return [...{ROOT}.querySelectorAll('button, input')].filter(e => e.checkVisibility()) \
         .map(e => [e.className, e.getBoundingClientRect()]) \
         .filter(([, b]) => b.width && (b.left < 95 || b.right > 1825 || b.top < 53 || b.bottom > 1027)) \
         .map(([name, b]) => [name, b.left, b.top, b.right, b.bottom])"
    );
    assert_eq!(page.eval(&outside).await, json!([]), "inside the 1080p safe area");
    let at = format!("{ROOT}.activeElement");
    let key = async |code: char| page.press(code).await;
    let (up, down, left) = ('\u{e013}', '\u{e015}', '\u{e012}');
    key(down).await;
    page.until(&format!("{at}?.matches('.buy')"), SOON).await;
    page.picture("television-1920x1080").await;
    let ring = page
        .eval(&format!(
            "const s = getComputedStyle({at}); return [parseFloat(s.outlineWidth), s.outlineStyle]"
        ))
        .await;
    assert!(ring[0].as_f64().is_some_and(|px| px >= 4.0) && ring[1] == json!("solid"), "{ring}");
    key('\u{e007}').await; // Enter
    page.until(&format!("{ROOT}.querySelector('.hold .pay')"), SOON).await;
    // Down to what is said, left into the picture, to the menu, and back.
    for _ in 0..8 {
        key(down).await;
    }
    page.until(&format!("{at}?.matches('.bar *')"), SOON).await;
    for _ in 0..3 {
        key(left).await;
    }
    key(up).await;
    page.until(&format!("{at}?.matches('.overlay *')"), SOON).await;
    for _ in 0..4 {
        key(down).await;
    }
    page.until(&format!("{at}?.matches('.controls *')"), SOON).await;
    for _ in 0..6 {
        if page.eval(&format!("return {at}.matches('.words')")).await == json!(true) {
            break;
        }
        key('\u{e014}').await;
    }
    page.until(&format!("{at}.matches('.words')"), SOON).await;
    key('\u{e007}').await;
    page.until(&format!("{ROOT}.querySelector('.sheet')"), SOON).await;
    key(down).await;
    page.until(&format!("{at}?.matches('.sheet *')"), SOON).await;
    page.picture("television-menu-1920x1080").await;
    assert_eq!(page.eval(&outside).await, json!([]), "the menu too");
    key('\u{e00c}').await; // Back
    page.until(&format!("!{ROOT}.querySelector('.sheet')"), SOON).await;
    show::quiet(&page, "television").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn row_21_the_picture_goes_along_when_the_page_scrolls_on() {
    let show = show::on_air().await;
    for options in
        [Options { touch: false, ..Options::phone() }, Options { height: 700, ..Options::desktop() }]
    {
        let size = format!("{}x{}", options.width, options.height);
        let page = browser::chromium_with(options).await;
        page.open(&format!("{}/", show.shop)).await;
        show::moves(&page).await;
        page.until(show::CONTROLS, show::START).await;
        let height = page.eval("return document.documentElement.scrollHeight").await;
        page.eval("scrollTo(0, 5000)").await;
        page.until(&format!("{LIVE}.hasAttribute('mini')"), SOON).await;
        let video = format!("{ROOT}.querySelector('video').getBoundingClientRect()");
        let inside = format!(
            "(() => {{ const b = {video}; return b.top > 0 && b.bottom <= innerHeight && b.right <= innerWidth && \
             b.width * b.height < innerWidth * innerHeight * 0.2 && b.width > 100; }})()"
        );
        page.until(&inside, SOON).await;
        assert_eq!(
            page.eval("return document.documentElement.scrollHeight").await,
            height,
            "the page does not jump"
        );
        page.picture(&format!("mini-{size}")).await;
        axe::finds_nothing(&page, "mini").await;
        show::moves(&page).await;
        // Back by its button, which is there after a swipe too; away again; closed it pauses and stays away.
        page.eval(&format!("{LIVE}.toggleAttribute('clear', true)")).await;
        page.click(&format!("{ROOT}.querySelector('.float .only-mini')")).await;
        page.eval(&format!("{LIVE}.toggleAttribute('clear', false)")).await;
        page.until(&format!("!{LIVE}.hasAttribute('mini') && {video}.top > -1"), SOON).await;
        // Or it does not know that it was back.
        show::frame(&page).await;
        page.eval("scrollTo(0, 5000)").await;
        page.until(&format!("{LIVE}.hasAttribute('mini')"), SOON).await;
        page.eval(&format!("[...{ROOT}.querySelectorAll('.float .only-mini')].at(-1).click()")).await;
        page.until(&format!("!{LIVE}.hasAttribute('mini') && {LIVE}.paused"), SOON).await;
        show::quiet(&page, &size).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_is_loaded_than_the_screen_shows_or_the_viewer_saves() {
    let show = show::on_air().await;
    let page = browser::chromium_with(Options::phone()).await;
    show::room(&page, &show).await;
    // 390 px wide are 219 lines: 240p is enough, whatever the link carries.
    page.until(&format!("{LIVE}.rendition === '240p' && {LIVE}.screen.limit === 'size'"), SOON).await;
    let open = format!("{ROOT}.querySelector('.control.words').click()");
    page.eval(&open).await;
    page.until(
        &format!(
            "{ROOT}.querySelector('.choice-more').textContent === '240p: as sharp as this size can show'"
        ),
        SOON,
    )
    .await;
    page.picture("quality-390x844").await;

    let page = browser::chromium().await;
    page.open(&format!("{}/room/demo", show.server.url)).await;
    show::moves(&page).await;
    page.until(&format!("{LIVE}.rendition === '540p' && {LIVE}.screen?.limit === ''"), show::START).await;
    page.eval(&open).await;
    page.until(
        &format!("{ROOT}.querySelector('.choice-more').textContent === '540p: the best there is'"),
        SOON,
    )
    .await;
    page.eval(&format!("{ROOT}.querySelector('.sheet [role=switch]').click()")).await;
    page.until(&format!("{LIVE}.rendition === '360p'"), SOON).await;
    page.until(&format!("{ROOT}.querySelector('.choice-more').textContent === '360p: data saver'"), SOON)
        .await;
    axe::finds_nothing(&page, "quality").await;
    // The plot of the figures moves.
    page.press('\u{e00c}').await;
    page.eval(&format!("{ROOT}.querySelector('.control[title=\"Playback details\"]').click()")).await;
    let points = format!("{ROOT}.querySelector('.plot path')?.getAttribute('d').split('L').length");
    page.until(&format!("{points} > 20"), SOON).await;
    let line = page.eval(&format!("return {ROOT}.querySelector('.plot path').getAttribute('d')")).await;
    page.until(&format!("{ROOT}.querySelector('.plot path').getAttribute('d') !== {line}"), SOON).await;
    page.picture("stats-1440x900").await;
    show::quiet(&page, "quality").await;
}
