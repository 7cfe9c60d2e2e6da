//! A television, by its remote control alone: four arrows, OK and Back. Lists scroll, everything there is can be reached, and it
//! is seen where one is.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use hawker_tests::browser::{self, Browser, Options};
use serde_json::{Value, json};

use crate::show::{self, Show};

const SOON: Duration = Duration::from_secs(20);
const LIVE: &str = "document.querySelector('hawker-live')";
const ROOT: &str = "document.querySelector('hawker-live').shadowRoot";
const AT: &str = "document.querySelector('hawker-live').shadowRoot.activeElement";

const OK: char = '\u{e007}';
const BACK: char = '\u{e00c}';
const LEFT: char = '\u{e012}';
const UP: char = '\u{e013}';
const RIGHT: char = '\u{e014}';
const DOWN: char = '\u{e015}';

/// A television in the room `demo`, with something on sale and people who talk.
async fn television(show: &Show) -> Browser {
    show.flash_sale("teapot", 13_800, 5).await;
    show.pin("demo", "teapot").await;
    show.talk("demo").await;
    let agent =
        "--user-agent=Mozilla/5.0 (SMART-TV; Linux; Tizen 7.0) AppleWebKit/537.36 Chrome/94 Safari/537.36";
    let options = Options { width: 1920, height: 1080, ..Options::desktop() }.argument(agent);
    let page = browser::chromium_with(options).await;
    page.open(&format!("{}/room/demo", show.server.url)).await;
    show::moves(&page).await;
    page.until(&format!("{ROOT}.querySelector('.buy:not(:disabled)')"), SOON).await;
    page.until(&format!("{ROOT}.querySelectorAll('.message').length >= 15"), SOON).await;
    page
}

/// Presses `key` until `there` is true of the page, at most `times`.
async fn until_there(page: &Browser, key: char, there: &str, times: u32) {
    for _ in 0..times {
        if page.eval(&format!("return Boolean({there})")).await == json!(true) {
            return;
        }
        page.press(key).await;
    }
    page.until(there, SOON).await;
}

/// The nearest list around the focus has the whole focused thing in it, and what has the focus can be seen from far away.
async fn seen(page: &Browser) {
    let script = format!(
        "const at = {AT}, b = at.getBoundingClientRect(), style = getComputedStyle(at); \
         const ring = (parseFloat(style.outlineWidth) + parseFloat(style.outlineOffset)) * (at.currentCSSZoom ?? 1); \
         const list = at.closest('.scroll')?.getBoundingClientRect() ?? {{ top: 0, bottom: innerHeight }}; \
         return {{ name: at.className, width: parseFloat(style.outlineWidth), style: style.outlineStyle, \
         whole: b.top >= list.top - 1 && b.bottom <= list.bottom + 1, \
         safe: b.left - ring >= 90 && b.right + ring <= 1830 && b.top - ring >= 48 && b.bottom + ring <= 1032 }}"
    );
    let found = page.eval(&script).await;
    assert_eq!(
        (&found["whole"], &found["safe"], &found["style"]),
        (&json!(true), &json!(true), &json!("solid")),
        "{found}"
    );
    assert!(found["width"].as_f64().is_some_and(|px| px >= 4.0), "seen from three metres: {found}");
}

#[tokio::test(flavor = "multi_thread")]
async fn arrows_scroll_what_is_said_and_what_is_sold() {
    let show = show::on_air().await;
    // What cannot be bought has no button to go to, and is to be seen all the same.
    for product in ["fan", "mug"] {
        let sold_out = json!({ "title": product, "price": 5_800, "stock": 0, "rank": 9 });
        show.server.put(&format!("/rooms/demo/products/{product}"), &sold_out).await;
    }
    let page = television(&show).await;
    let list = format!("{ROOT}.querySelector('.messages')");
    let in_list = format!("{AT} === {list}");
    until_there(&page, DOWN, &in_list, 10).await;
    seen(&page).await;
    page.picture("television-chat-1920x1080").await;
    let end = page.eval(&format!("return {list}.scrollTop")).await;
    assert!(
        end.as_f64().is_some_and(|end| end > 0.0),
        "there is more than is seen, and the newest first: {end}"
    );
    page.press(UP).await;
    page.until(&format!("{list}.scrollTop < {end} && {in_list}"), SOON).await;
    until_there(&page, UP, &format!("{list}.scrollTop === 0"), 40).await;
    page.until(&in_list, SOON).await;
    // The button that leads back to the newest goes, and what it had of the focus does not go with it.
    page.eval(&format!("{ROOT}.querySelector('.newer').focus()")).await;
    page.press(OK).await;
    page.until(&format!("{in_list} && !{ROOT}.querySelector('.newer')"), SOON).await;
    until_there(&page, UP, &format!("{list}.scrollTop === 0"), 40).await;
    // At its beginning the same key leaves it.
    page.press(UP).await;
    page.until(&format!("{AT}.matches('.tabs *')"), SOON).await;
    page.press(DOWN).await;
    page.until(&in_list, SOON).await;
    until_there(&page, DOWN, &format!("{AT}.matches('.bar *')"), 40).await;
    page.until(&format!("{list}.scrollTop + {list}.clientHeight > {list}.scrollHeight - 2"), SOON).await;

    // The shelf, piece by piece, to those that are sold out.
    until_there(&page, UP, &format!("{AT}.matches('.tab')"), 40).await;
    until_there(&page, RIGHT, &format!("{AT}.matches('.tab:last-child')"), 3).await;
    page.press(OK).await;
    page.until(&format!("{ROOT}.querySelectorAll('.shelf .goods').length === 6"), SOON).await;
    let mut bought = BTreeSet::new();
    for _ in 0..30 {
        page.press(DOWN).await;
        seen(&page).await;
        let row = format!("[...{ROOT}.querySelectorAll('.shelf .goods')].indexOf({AT}.closest('.goods'))");
        let row = page.eval(&format!("return {row}")).await.as_i64().expect("a number");
        let bar = page.eval(&format!("return {AT}.matches('.bar *')")).await == json!(true);
        if bar {
            break;
        }
        if page.eval(&format!("return {AT}.matches('.buy')")).await == json!(true) {
            bought.insert(row);
        }
    }
    page.until(&format!("{AT}.matches('.bar *')"), SOON).await;
    assert_eq!(bought, BTreeSet::from([0, 1, 2, 3]), "each that can be bought was passed");
    let last = format!(
        "{ROOT}.querySelector('.shelf .goods:last-child').getBoundingClientRect().bottom <= \
         {ROOT}.querySelector('.scroll').getBoundingClientRect().bottom + 1"
    );
    page.until(&last, SOON).await;
    page.picture("television-shelf-1920x1080").await;
    show::quiet(&page, "lists").await;
}

/// What can be used now, by name, and where the focus is among them. What the remote control itself does is no place to go.
async fn usable(page: &Browser) -> (Vec<String>, i64) {
    let found = page
        .eval(&format!(
            "window.places = [...({ROOT}.querySelector('.sheet') ?? {ROOT}).querySelectorAll('button:not(:disabled), input:not(.volume), a[href]')] \
             .filter(e => e.checkVisibility({{ visibilityProperty: true }})); \
             return [places.map(e => e.className + ' ' + (e.getAttribute('aria-label') ?? e.textContent)), places.indexOf({AT})]"
        ))
        .await;
    let names =
        found[0].as_array().expect("a list").iter().map(|name| name.as_str().unwrap_or_default().to_owned());
    (names.collect(), found[1].as_i64().expect("a number"))
}

/// Everything that is there can be reached from where the focus is, in steps of one key each.
async fn all_is_reached(page: &Browser, what: &str) {
    let (mut names, mut start) = (Vec::new(), -1);
    // A list that scrolls is a place, too, and has nothing to use.
    for _ in 0..40 {
        page.press(DOWN).await;
        (names, start) = usable(page).await;
        if start >= 0 {
            break;
        }
    }
    assert!(start >= 0 && names.len() > 1, "{what}: {start} of {names:?}");
    let mut ways: BTreeMap<i64, char> = BTreeMap::from([(start, DOWN)]);
    let mut next = VecDeque::from([start]);
    while let Some(from) = next.pop_front() {
        for key in [UP, DOWN, LEFT, RIGHT] {
            // Stands where an earlier key led to.
            page.eval(&format!("places[{from}].focus()")).await;
            page.press(key).await;
            let to = page.eval(&format!("return places.indexOf({AT})")).await.as_i64().expect("a number");
            if to >= 0 && ways.insert(to, key).is_none() {
                seen(page).await;
                next.push_back(to);
            }
        }
    }
    let missed: Vec<_> =
        (0..).zip(&names).filter(|(at, _)| !ways.contains_key(at)).map(|(_, name)| name).collect();
    assert!(missed.is_empty(), "{what}: no way to {missed:?} among {names:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_is_reached_by_keys() {
    let show = show::on_air().await;
    let page = television(&show).await;
    // While it is paused the controls stay. Keys are heard where the focus is.
    page.press(DOWN).await;
    page.press('k').await;
    page.until(&format!("{LIVE}.paused"), SOON).await;
    let shown = "e => e.checkVisibility({ visibilityProperty: true })";
    page.until(&format!("[...{ROOT}.querySelectorAll('.control')].some({shown})"), SOON).await;
    all_is_reached(&page, "the room").await;
    for title in ["Quality", "Flying comments", "Playback details"] {
        let control =
            format!("[...{ROOT}.querySelectorAll('.control')].find(e => e.ariaLabel.startsWith('{title}'))");
        page.eval(&format!("{control}.focus()")).await;
        page.press(OK).await;
        page.until(&format!("{ROOT}.querySelector('.sheet')?.ariaLabel === '{title}'"), SOON).await;
        let inside = format!(
            "(b => b.left >= 96 && b.right <= 1824 && b.top >= 54 && b.bottom <= 1026)({ROOT}.querySelector('.sheet').getBoundingClientRect())"
        );
        page.until(&inside, SOON).await;
        page.picture(&format!("television-{}-1920x1080", title.to_lowercase().replace(' ', "-"))).await;
        if title != "Playback details" {
            all_is_reached(&page, title).await;
            // OK switches a switch.
            let switch = format!("{ROOT}.querySelector('.sheet [role=switch]')");
            let before = page.eval(&format!("{switch}.focus(); return {switch}.checked")).await;
            page.press(OK).await;
            page.until(&format!("{switch}.checked !== {before}"), SOON).await;
        }
        page.press(BACK).await;
        page.until(&format!("!{ROOT}.querySelector('.sheet')"), SOON).await;
    }
    show::quiet(&page, "remote control").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_at_the_edge_that_some_sets_cut_off() {
    let show = show::on_air().await;
    let page = television(&show).await;
    page.press(DOWN).await;
    page.press('m').await;
    page.press('k').await;
    page.until(&format!("{LIVE}.paused && {LIVE}.muted"), SOON).await;
    let outside = format!(
        "return [...{ROOT}.querySelectorAll('.top > *, .controls > *, .side, .side > *, .sound, .sheet, .state > *')] \
         .filter(e => e.checkVisibility({{ visibilityProperty: true }})).map(e => [e.className, e.getBoundingClientRect()]) \
         .filter(([, b]) => b.width && (b.left < 96 || b.right > 1824 || b.top < 54 || b.bottom > 1026)) \
         .map(([name, b]) => [name, b.left, b.top, b.right, b.bottom])"
    );
    assert_eq!(page.eval(&outside).await, Value::Array(Vec::new()));
}

/// What a browser before container queries (webOS 23 and Tizen 7 are Chromium 94) makes of the styles.
const OLD_STYLES: &str =
    "for (const sheet of ROOT.adoptedStyleSheets) for (let at = sheet.cssRules.length - 1; at >= 0; at--) {
    const rule = sheet.cssRules[at];
    const old = rule instanceof CSSSupportsRule && rule.conditionText.includes('container-type');
    if (old || rule instanceof CSSContainerRule) sheet.deleteRule(at);
    if (old) for (const inner of [...rule.cssRules].reverse()) sheet.insertRule(inner.cssText, at);
}";

#[tokio::test(flavor = "multi_thread")]
async fn a_set_of_some_years_ago_has_the_same_columns() {
    let show = show::on_air().await;
    let page = television(&show).await;
    page.eval(&OLD_STYLES.replace("ROOT", ROOT)).await;
    let [_, top, right, bottom] = show::rect(&page, ".stage").await;
    let side = show::rect(&page, ".side").await;
    assert!(side[0] >= right && side[2] - side[0] > 400.0, "beside the picture: {side:?}");
    assert_eq!((side[1], side[3]), (top, bottom), "as high as it, however much is said");
    for shown in [".buy", ".messages", ".bar"] {
        let at = show::rect(&page, shown).await;
        assert!(at[1] >= top && at[3] <= bottom && at[3] - at[1] > 40.0, "{shown}: {at:?} in {side:?}");
    }
    page.press(DOWN).await;
    page.until(&format!("{AT}.matches('.buy')"), SOON).await;
    seen(&page).await;
    page.picture("television-old-1920x1080").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_media_keys_of_a_remote_play_and_pause_before_anything_has_the_focus() {
    let show = show::on_air().await;
    let page = television(&show).await;
    for (key, paused) in [
        ("MediaPlayPause", true),
        ("MediaPlay", false),
        ("MediaPause", true),
        ("MediaPlayPause", false),
        ("MediaStop", true),
    ] {
        page.eval(&format!(
            "document.body.dispatchEvent(new KeyboardEvent('keydown', {{ key: '{key}', bubbles: true }}))"
        ))
        .await;
        page.until(&format!("{LIVE}.paused === {paused}"), SOON).await;
    }
}
