//! Every reason for no picture has one of its own, in words and drawn, also for who only hears it; and axe finds nothing in any.

use std::time::Duration;

use hawker_tests::browser::{self, Browser, Options};
use serde_json::{Value, json};

use crate::axe;
use crate::show::{self, Show};

const SOON: Duration = Duration::from_secs(30);
const LIVE: &str = "document.querySelector('hawker-live')";

/// The pages of the server speak Chinese.
const CHINESE: &str = "localStorage.setItem('hawker-language', 'zh');";

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

/// A browser that lets an element play on this condition.
fn plays_if(allowed: &str) -> String {
    format!(
        "{{ const play = HTMLMediaElement.prototype.play; HTMLMediaElement.prototype.play = function () {{ return {allowed} \
         ? play.call(this) : Promise.reject(new DOMException('no', 'NotAllowedError')); }}; }}"
    )
}

/// What of a state, and of the buttons over it, comes nearer than so many px to an edge of the picture.
async fn cut_off(page: &Browser, px: u32) -> Value {
    page.eval(&format!(
        "const root = {LIVE}.shadowRoot, box = root.querySelector('.stage').getBoundingClientRect(); \
         return [...root.querySelectorAll('.state > *, .countdown > *, .float button')].filter(e => e.checkVisibility()) \
         .map(e => [e.className, e.getBoundingClientRect()]) \
         .filter(([, b]) => b.width && (b.left < box.left + {px} || b.right > box.right - {px} || \
             b.top < box.top + {px} || b.bottom > box.bottom - {px})).map(([name]) => name)"
    ))
    .await
}

/// The same in the floating player of a shop's page, which is 179 px wide on a phone: drawn and named, and nothing is cut off.
async fn in_a_corner(page: &Browser, name: &str) {
    page.eval(&format!(
        "document.body.className = ''; {LIVE}.removeAttribute('fill'); {LIVE}.setAttribute('floating', '')"
    ))
    .await;
    show::frame(page).await;
    page.picture(name).await;
    assert_eq!(cut_off(page, 0).await, json!([]), "{name}");
    let drawn = page
        .eval(&format!(
            "const root = {LIVE}.shadowRoot, box = e => e.getBoundingClientRect(); \
             const buttons = [...root.querySelectorAll('.float .only-mini')].map(box); \
             const parts = [...root.querySelectorAll('.art, .state-title, .state-hint, .countdown-left')].filter(e => e.checkVisibility()); \
             const under = parts.filter(e => buttons.some(o => \
                 box(e).left < o.right && box(e).right > o.left && box(e).top < o.bottom && box(e).bottom > o.top)); \
             return [box(root.querySelector('.stage')).width < 200, buttons.length, parts[0]?.className, under.map(e => e.className)]"
        ))
        .await;
    assert_eq!(drawn, json!([true, 2, "art", []]), "{name}");
    page.eval(&format!("document.body.className = 'room'; {LIVE}.removeAttribute('floating'); {LIVE}.setAttribute('fill', '')")).await;
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

    let decodes_nothing =
        "MediaSource.isTypeSupported = () => false; HTMLMediaElement.prototype.canPlayType = () => '';";
    let fails = "const real = window.fetch; window.fetch = (url, options) => \
        String(url).includes('/live/') ? Promise.reject(new TypeError('Failed to fetch')) : real(url, options);";
    let offline = format!("Object.defineProperty(navigator, 'onLine', {{ get: () => false }}); {fails}");
    let cases = [
        ("starts", "soon", String::new(), "Not live yet", "直播还没开始"),
        ("offline", "later", String::new(), "Not live yet", "直播还没开始"),
        ("ended", "over", String::new(), "show is over", "直播已结束"),
        ("blocked", "demo", plays_if("false"), "Tap to watch", "点击观看"),
        ("codec", "demo", decodes_nothing.to_owned(), "cannot play", "此浏览器无法播放"),
        ("refused", "demo", gate(403), "cannot watch this show", "你暂时不能观看这场直播"),
        ("region", "demo", gate(451), "Not available where you are", "你所在的地区不能观看"),
        ("unreachable", "demo", fails.to_owned(), "cannot be reached", "连不上直播服务器"),
        ("cut-off", "demo", offline, "You are offline", "你已断网"),
        ("unknown", "nobody", String::new(), "no such room", "没有这个直播间"),
    ];
    let mut drawings = Vec::new();
    for (name, room, before, title, chinese) in cases {
        for (options, title) in
            [(Options::phone(), title), (Options::phone(), chinese), (Options::desktop(), title)]
        {
            let size = format!("{}x{}", options.width, options.height);
            let page = browser::chromium_with(options).await;
            page.before_pages(&before).await;
            if title == chinese {
                page.before_pages(CHINESE).await;
            }
            page.open(&format!("{}/room/{room}", server.url)).await;
            let drawing = drawn(&page, title).await;
            let language = if title == chinese { "-zh" } else { "" };
            assert_eq!(cut_off(&page, 6).await, json!([]), "{name}, {size}");
            page.picture(&format!("state-{name}{language}-{size}")).await;
            if size.starts_with("390") {
                axe::finds_nothing_by_day_and_night(&page, &format!("{name}{language}")).await;
                in_a_corner(&page, &format!("state-{name}{language}-corner")).await;
            }
            if title == chinese {
                continue;
            }
            if size.starts_with("390") {
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
async fn axe_finds_nothing_in_any_sheet_by_day_and_night_in_both_languages() {
    let show = show::on_air().await;
    show.flash_sale("teapot", 13_800, 5).await;
    show.pin("demo", "teapot").await;
    show.talk("demo").await;
    for language in ["en", "zh"] {
        let page = browser::chromium_with(Options::phone()).await;
        page.before_pages(&CHINESE.replace("'zh'", &format!("'{language}'"))).await;
        page.open(&format!("{}/room/demo", show.server.url)).await;
        show::moves(&page).await;
        let root = format!("{LIVE}.shadowRoot");
        page.until(&format!("{root}.querySelectorAll('.message').length >= 15"), SOON).await;
        axe::finds_nothing_by_day_and_night(&page, &format!("room, {language}")).await;
        page.eval(&format!("{root}.querySelectorAll('.tab')[1].click()")).await;
        page.until(&format!("{root}.querySelector('.shelf .buy')?.checkVisibility()"), SOON).await;
        axe::finds_nothing_by_day_and_night(&page, &format!("goods, {language}")).await;
        // Quality, flying comments, figures; then the keys, and the name that is asked for before the first words.
        let sheets = ["quality", "comments", "figures"];
        for (name, at) in sheets.iter().zip(1..) {
            page.eval(&format!("[...{root}.querySelectorAll('.controls button')].slice(1)[{at}].click()"))
                .await;
            page.until(&format!("{root}.querySelector('.sheet')"), SOON).await;
            axe::finds_nothing_by_day_and_night(&page, &format!("{name}, {language}")).await;
            page.picture(&format!("sheet-{name}-{language}-390x844")).await;
            page.eval(&format!("{root}.querySelector('.sheet .plain').click()")).await;
            page.until(&format!("!{root}.querySelector('.sheet')"), SOON).await;
        }
        page.eval(&format!(
            "const field = {root}.querySelector('.say .field'); field.value = 'hi'; \
             field.dispatchEvent(new Event('input', {{ bubbles: true }}))"
        ))
        .await;
        page.until(&format!("{root}.querySelector('.send:not([disabled])')"), SOON).await;
        page.eval(&format!("{root}.querySelector('.say').requestSubmit()")).await;
        page.until(&format!("{root}.querySelector('.sheet form')"), SOON).await;
        axe::finds_nothing_by_day_and_night(&page, &format!("name, {language}")).await;
        show::quiet(&page, language).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_player_inside_of_another_element_speaks_the_language_of_its_page() {
    let show = show::on_air().await;
    let page = browser::chromium_with(Options::phone()).await;
    page.open(&format!("{}/room/demo", show.server.url)).await;
    page.until(&format!("{LIVE}?.shadowRoot"), show::START).await;
    page.eval(&format!(
        "const outer = document.createElement('div'); outer.lang = 'zh-CN'; const inner = document.createElement('hawker-live'); \
         inner.setAttribute('room', 'demo'); outer.attachShadow({{ mode: 'open' }}).append(inner); {LIVE}.replaceWith(outer); window.inner = inner"
    ))
    .await;
    page.until("inner.shadowRoot.querySelector('.say .field')?.placeholder === '说点什么…'", SOON).await;
    assert_eq!(
        page.eval("return [inner.language, inner.shadowRoot.querySelector('video').ariaLabel]").await,
        json!(["zh-CN", "直播画面"])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_screen_reader_hears_one_sentence_at_a_time() {
    let show = show::on_air().await;
    let page = browser::chromium_with(Options::phone()).await;
    page.open(&format!("{}/room/demo", show.server.url)).await;
    show::moves(&page).await;
    let root = format!("{LIVE}.shadowRoot");
    page.until(&format!("{root}.querySelector('.like-count')?.textContent"), show::START).await;
    // Whatever a reader would speak of by itself, and when.
    page.eval(&format!(
        "window.heard = []; const speaks = '[aria-live]:not([aria-live=off]), [role=status], [role=alert], [role=log]'; \
         const all = [...{root}.querySelectorAll(speaks), ...document.querySelectorAll(speaks)]; \
         window.voices = all.filter(e => e.checkVisibility()).length; \
         new MutationObserver(() => {{ const text = {root}.querySelector('.said').textContent; \
         if (text && text !== heard.at(-1)?.text) heard.push({{ text, at: performance.now() }}); }}) \
         .observe({root}.querySelector('.said'), {{ childList: true, characterData: true, subtree: true }})"
    ))
    .await;
    assert_eq!(page.eval("return voices").await, json!(1), "one voice");
    assert_eq!(
        page.eval(&format!("return {root}.querySelector('.said').getAttribute('aria-live') ?? 'polite'"))
            .await,
        json!("polite")
    );
    // Fifteen lines at once, then the network is lost and with it the room.
    show.talk("demo").await;
    page.until(&format!("{root}.querySelectorAll('.message').length >= 15"), SOON).await;
    show.server.call(reqwest::Method::POST, "/rooms/demo/end", None).await;
    page.until("heard.some(({ text }) => text.includes('show is over'))", SOON).await;
    let heard = page.eval("return heard").await;
    let heard = heard.as_array().expect("a list");
    let chat = ["小满:", "Ada:", "Mika:", "new messages"];
    let about_chat = heard
        .iter()
        .filter(|one| one["text"].as_str().is_some_and(|text| chat.iter().any(|word| text.contains(word))));
    assert!(about_chat.count() <= 2, "the chat is summed up, not read out: {heard:#?}");
    for pair in heard.windows(2) {
        let pause = pair[1]["at"].as_f64().zip(pair[0]["at"].as_f64()).map(|(next, last)| next - last);
        assert!(pause.is_some_and(|ms| ms > 2_900.0), "it talks over itself: {heard:#?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_wants_less_motion_gets_none() {
    let show = show::on_air().await;
    show.flash_sale("teapot", 13_800, 5).await;
    show.pin("demo", "teapot").await;
    let page = browser::chromium_with(Options::phone()).await;
    let features = json!({ "features": [{ "name": "prefers-reduced-motion", "value": "reduce" }] });
    page.command("Emulation.setEmulatedMedia", features).await;
    // Looks at each frame, from the first on.
    page.before_pages(
        "window.moved = new Set(); const look = () => { const root = document.querySelector('hawker-live')?.shadowRoot; \
         for (const one of root?.getAnimations() ?? []) moved.add(one.effect.target.className + ' ' + (one.animationName ?? one.transitionProperty)); \
         for (const one of root?.querySelectorAll('.fly') ?? []) moved.add('flies: ' + one.textContent); \
         requestAnimationFrame(look); }; requestAnimationFrame(look);",
    )
    .await;
    page.open(&format!("{}/room/demo", show.server.url)).await;
    show::moves(&page).await;
    let root = format!("{LIVE}.shadowRoot");
    page.until(&format!("{root}.querySelector('.like-count')?.textContent"), show::START).await;
    show.talk("demo").await;
    page.until(&format!("{root}.querySelectorAll('.message').length >= 15"), SOON).await;
    page.double_tap(120, 90).await;
    page.until(&format!("{root}.querySelector('.like-count').textContent !== '0'"), SOON).await;
    page.eval(&format!("{root}.querySelectorAll('.controls button')[3].click()")).await;
    page.until(&format!("{root}.querySelector('.sheet .hint')?.textContent.includes('less motion')"), SOON)
        .await;
    page.eval(&format!("{root}.querySelector('.sheet .plain').click()")).await;
    // Nor does the heart stay that did not rise.
    page.until(&format!("!{root}.querySelector('.burst, .heart')"), SOON).await;
    assert_eq!(page.eval("return [...moved]").await, json!([]));
    show::quiet(&page, "less motion").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_start_needs_one_tap_and_a_refused_viewer_is_let_in_later() {
    let show = show::on_air().await;
    let page = browser::chromium_with(Options::phone()).await;
    page.before_pages(&plays_if("navigator.userActivation.hasBeenActive")).await;
    page.open(&format!("{}/room/demo", show.server.url)).await;
    drawn(&page, "Tap to watch").await;
    // Anywhere.
    page.tap(60, 60).await;
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

#[tokio::test(flavor = "multi_thread")]
async fn who_was_cut_off_while_the_player_came_tries_again_with_the_network() {
    let show = show::on_air().await;
    let page = browser::chromium().await;
    page.command("Network.enable", json!({})).await;
    page.command("Network.setBlockedURLs", json!({ "urls": ["*engine*"] })).await;
    page.open(&format!("{}/room/demo", show.server.url)).await;
    page.until(&format!("{LIVE}?.error === 'engine'"), SOON).await;
    page.command("Network.setBlockedURLs", json!({ "urls": [] })).await;
    page.eval("dispatchEvent(new Event('online'))").await;
    show::moves(&page).await;
    assert_eq!(page.eval(&format!("return {LIVE}.error")).await, json!(null));
}

/// Keeps the engine out until there is a picture, notes what is seen then, and does something before it lets the engine in.
fn late_engine(first: &str) -> String {
    format!(
        "const real = window.fetch; window.asked = []; let open; const gate = new Promise(done => {{ open = done }}); \
         window.fetch = async (url, options) => {{ window.asked.push(String(url)); \
         if (String(url).endsWith('/join')) window.since = performance.now(); \
         if (String(url).endsWith('engine.wasm')) await gate; \
         const answer = await real(url, options); \
         if (String(url).endsWith('/join')) window.joined = answer.headers.get('content-location'); \
         return answer; }}; \
         const looks = setInterval(async () => {{ const live = {LIVE}; const video = live?.shadowRoot?.querySelector('video'); \
         if (!(video?.readyState >= 2) || video.seeking) return; \
         const canvas = document.createElement('canvas'); canvas.width = canvas.height = 8; \
         const pen = canvas.getContext('2d'); pen.drawImage(video, 0, 0, 8, 8); \
         const lit = pen.getImageData(0, 0, 8, 8).data.some((value, at) => at % 4 < 3 && value > 32); \
         const age = performance.now() - window.since; \
         if (!lit && age < 5000) return; clearInterval(looks); \
         window.before = {{ lit, age, state: live.state, plays: !video.paused, source: video.src, leaps: 0 }}; \
         video.addEventListener('seeking', () => window.before.leaps++); {first}; open(); }}, 5);"
    )
}

/// The room's page with such an engine, once there is something to show.
async fn opened_late(show: &Show, first: &str) -> Browser {
    let page = browser::chromium().await;
    let room = format!("{}/room/demo", show.server.url);
    page.open(&room).await;
    show::moves(&page).await;
    page.before_pages(&late_engine(first)).await;
    page.open(&room).await;
    page
}

/// It is what takes longest on a cold page.
#[tokio::test(flavor = "multi_thread")]
async fn the_first_picture_does_not_wait_for_the_engine() {
    let show = show::on_air().await;
    let page = opened_late(&show, "").await;
    show::moves(&page).await;
    let before = page.eval("return window.before").await;
    assert_eq!((&before["lit"], &before["state"]), (&json!(true), &json!("connecting")), "{before}");
    assert_eq!(
        (&before["plays"], &before["leaps"]),
        (&json!(true), &json!(0)),
        "it goes on where it is: {before}"
    );
    assert_eq!(page.eval(&went_on()).await, json!(true));
    // What is too old by then is asked for anew.
    let taken = page.eval("return !window.asked.some(url => url.endsWith(window.joined))").await;
    let asked = page.eval("return [window.joined, window.before.age, ...window.asked]").await;
    assert!(taken == json!(true) || before["age"].as_f64() > Some(1_500.0), "{asked:#}");
    show::quiet(&page, "a late engine").await;
}

/// As browsers do on a page that nobody has touched yet.
#[tokio::test(flavor = "multi_thread")]
async fn where_sound_needs_a_tap_the_first_picture_moves_without() {
    let show = show::on_air().await;
    let page = opened_late(
        &show,
        "const at = video.currentTime; while (video.currentTime === at) await new Promise(done => setTimeout(done, 5)); \
         window.before.muted = video.muted",
    )
    .await;
    show::moves(&page).await;
    assert_eq!(page.eval("return window.before.muted").await, json!(false), "here it is allowed");

    page.before_pages(&plays_if("this.muted || navigator.userActivation.hasBeenActive")).await;
    page.open(&format!("{}/room/demo", show.server.url)).await;
    show::moves(&page).await;
    assert_eq!(page.eval("return window.before.muted").await, json!(true), "before the engine was there");
    let pill = format!("{LIVE}.shadowRoot.querySelector('button.sound')");
    page.until(&format!("{LIVE}.muted && {pill}"), SOON).await;
    show::tap(&page, "button.sound").await;
    page.until(&format!("!{LIVE}.muted && !{pill}"), SOON).await;
    show::moves(&page).await;
    show::quiet(&page, "sound after a tap").await;
}

/// The element has the media source of before the engine, and with it the picture.
fn went_on() -> String {
    format!("return {LIVE}.shadowRoot.querySelector('video').src === window.before.source")
}

/// On a slow link: the picture stays and the show goes on where it is by then.
#[tokio::test(flavor = "multi_thread")]
async fn a_picture_that_waits_long_for_the_engine_stays_until_there_is_another() {
    let show = show::on_air().await;
    let page = opened_late(&show, "await new Promise(done => setTimeout(done, 3000))").await;
    show::moves(&page).await;
    assert_eq!(page.eval("return window.before.lit").await, json!(true));
    assert_eq!(page.eval(&went_on()).await, json!(true));
    page.until(&format!("{LIVE}.stats().latencyMs < 1500"), SOON).await;
    show::quiet(&page, "a very late engine").await;
}

/// Nothing is asked for early then, for the server does not know what is wanted.
#[tokio::test(flavor = "multi_thread")]
async fn who_has_chosen_a_quality_may_go_from_room_to_room_and_away() {
    let show = show::on_air().await;
    show.server.room("later").await;
    show.server.room("last").await;
    let page = browser::chromium().await;
    page.before_pages("localStorage.setItem('hawker:quality', '360p')").await;
    page.open(&format!("{}/room/later", show.server.url)).await;
    drawn(&page, "Not live yet").await;
    page.eval(&format!("{LIVE}.room = 'last'")).await;
    drawn(&page, "Not live yet").await;
    page.eval(&format!("{LIVE}.room = 'demo'")).await;
    show::moves(&page).await;
    page.eval(&format!("window.gone = {LIVE}; window.gone.remove()")).await;
    assert_eq!(page.eval("return window.gone.shadowRoot.querySelector('video').readyState").await, json!(0));
    show::quiet(&page, "a chosen quality").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_of_before_the_engine_goes_when_the_room_changes() {
    let show = show::on_air().await;
    show.server.room("later").await;
    let page = opened_late(&show, "live.room = 'later'").await;
    drawn(&page, "Not live yet").await;
    assert_eq!(page.eval("return window.before.lit").await, json!(true));
    let left = page.eval(&format!("return {LIVE}.shadowRoot.querySelector('video').readyState")).await;
    assert_eq!(left, json!(0));
    show::quiet(&page, "another room").await;
}

/// Whoever comes after it uses the same engine, so that by then it would have begun.
#[tokio::test(flavor = "multi_thread")]
async fn who_leaves_before_the_engine_is_there_takes_the_picture_along() {
    let show = show::on_air().await;
    let page = opened_late(
        &show,
        "window.gone = live; live.addEventListener('hawker:ready', () => { window.ready = true }); \
         const next = document.createElement('hawker-live'); next.setAttribute('room', 'demo'); live.replaceWith(next)",
    )
    .await;
    show::moves(&page).await;
    let left = "const video = window.gone.shadowRoot.querySelector('video'); \
        return [window.before.lit, window.ready ?? false, video.src, video.readyState]";
    assert_eq!(page.eval(left).await, json!([true, false, "", 0]));
    show::quiet(&page, "gone before the engine").await;
}
