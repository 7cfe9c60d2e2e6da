//! An operator's evening in the console: log in, key, pin, flash sale, orders, words of strangers. On a phone and a desktop, in a
//! real browser. Needs the bundled pages (`tests/run` makes them).

use std::time::Duration;

use hawker_tests::browser::{self, Browser, Options};
use hawker_tests::ffmpeg;
use hawker_tests::sale::backend;
use hawker_tests::sale::{Buyer, Identity};
use hawker_tests::server::{self, SHOP_SECRET, Server};
use hawker_tests::talk::Dial;
use hawker_wire::proto::PlaceHold;
use hawker_wire::proto::client_frame::Kind;
use hawker_wire::proto::say_reply::Outcome;
use serde_json::{Value, json};

const SOON: Duration = Duration::from_secs(30);

/// Finds what a person would: a control by its text.
const FIND: &str = "const find = (text, within = document) => [...within.querySelectorAll('button, summary, a')]\
    .find((one) => one.innerText.trim() === text && one.offsetParent !== null);";

async fn press(page: &Browser, text: &str) {
    let text = json!(text);
    let there = format!("(() => {{ {FIND} return find({text}) }})() ? 1 : 0");
    page.until(&there, SOON).await;
    page.eval(&format!("{FIND} find({text}).click()")).await;
}

async fn fill(page: &Browser, label: &str, value: &str) {
    let (label, value) = (json!(label), json!(value));
    let script = format!(
        "const field = [...document.querySelectorAll('label')].find((one) => one.innerText.trim().startsWith({label})); \
         const input = field.querySelector('input, select, textarea'); input.value = {value}; \
         input.dispatchEvent(new Event('input', {{ bubbles: true }})); \
         input.dispatchEvent(new Event('change', {{ bubbles: true }}));"
    );
    page.eval(&script).await;
}

async fn shows(page: &Browser, text: &str) {
    page.until(&format!("document.body.innerText.includes({})", json!(text)), SOON).await;
}

async fn shop() -> Server {
    let server = server::start().await;
    server.room("demo").await;
    server
        .put("/rooms/demo/products/tea", &json!({"title": "龙井 Tea", "price": 12_800, "stock": 200}))
        .await;
    server
}

async fn log_in(page: &Browser, server: &Server) {
    page.open(&format!("{}/console/", server.url)).await;
    shows(page, "Hawker console").await;
    fill(page, "Administrators' token", "wrong").await;
    press(page, "Log in").await;
    shows(page, "That is not the administrators' token.").await;
    fill(page, "Administrators' token", &server.admin).await;
    press(page, "Log in").await;
    shows(page, "Encoder").await;
}

async fn nothing_is_cut_off(page: &Browser) {
    let wide = page.eval("return document.documentElement.scrollWidth - innerWidth").await;
    assert!(wide.as_f64().unwrap() <= 0.0, "{wide} pixels stick out");
}

#[tokio::test]
async fn row_38_an_operator_runs_a_flash_sale_on_a_desktop() {
    let server = shop().await;
    let page = browser::chromium_with(Options::desktop()).await;
    log_in(&page, &server).await;
    let refused = page.console_errors().await;
    assert!(refused.iter().all(|error| error.contains("401")), "only the wrong token: {refused:?}");

    let address = server.get("/rooms/demo/key").await["server"].as_str().unwrap().to_owned();
    shows(&page, &address).await;

    press(&page, "Pin").await;
    shows(&page, "Pinned").await;
    assert_eq!(server.get("/rooms/demo/pin").await["product"], "tea");

    press(&page, "New flash sale").await;
    fill(&page, "Product", "tea").await;
    fill(&page, "Price", "99.00").await;
    fill(&page, "Pieces", "50").await;
    // An operator's computer whose clock is an hour fast: the sale runs ten minutes all the same, by the server's clock.
    page.eval("const real = Date.now; Date.now = () => real() + 3600000").await;
    press(&page, "Start now").await;
    shows(&page, "Running").await;
    shows(&page, "left 50/50").await;
    let sale = server.get("/rooms/demo/sales").await["sales"][0].clone();
    let left_ms = sale["ends_ms"].as_u64().unwrap().abs_diff(server.running.app.clock.wall().as_ms());
    assert!((540_000..=600_000).contains(&left_ms), "{sale}");
    shows(&page, "ends in 9:").await;
    assert_eq!((sale["state"].as_str(), sale["price"].as_i64()), (Some("running"), Some(9_900)));
    nothing_is_cut_off(&page).await;
    page.picture("console-desktop").await;

    // A slip of the finger stops nothing: the button asks back.
    press(&page, "Stop").await;
    assert_eq!(server.get("/rooms/demo/sales").await["sales"][0]["state"], "running");
    press(&page, "Really?").await;
    page.until("!document.body.innerText.includes('Running')", SOON).await;
    assert_eq!(server.get("/rooms/demo/sales").await["sales"][0]["state"], "ended");
    assert_eq!(page.console_errors().await, Vec::<String>::new());
}

#[tokio::test]
async fn what_strangers_say_is_text_and_can_be_deleted_on_a_phone() {
    let server = shop().await;
    let page = browser::chromium_with(Options::phone()).await;
    log_in(&page, &server).await;
    page.console_errors().await;
    let mut talker = Dial::new(server.running.http, "demo").guest("Mallory").await;
    talker.say("<img src=x onerror=alert(1)> 你好").await;
    let hold = PlaceHold {
        request: 1,
        key: "a-key-of-this-test".into(),
        product: "tea".into(),
        quantity: 2,
        price: 12_800,
        ..PlaceHold::default()
    };
    talker.send(Kind::PlaceHold(hold)).await;
    press(&page, "Orders").await;
    shows(&page, "龙井 Tea × 2").await;
    shows(&page, "¥256.00").await;
    shows(&page, "unpaid").await;
    nothing_is_cut_off(&page).await;
    page.picture("console-phone-orders").await;
    press(&page, "Chat").await;
    shows(&page, "<img src=x onerror=alert(1)> 你好").await;
    nothing_is_cut_off(&page).await;
    page.picture("console-phone").await;
    press(&page, "Delete").await;
    page.until("!document.body.innerText.includes('onerror')", SOON).await;

    // Muted for good, until an operator thinks better of it.
    talker.say("me again").await;
    shows(&page, "me again").await;
    press(&page, "Mute").await;
    press(&page, "Really?").await;
    shows(&page, "Muted viewers (1)").await;
    assert_eq!(talker.say("and again").await.outcome(), Outcome::Muted);
    press(&page, "Muted viewers (1)").await;
    press(&page, "Unmute").await;
    page.until("!document.body.innerText.includes('Muted viewers')", SOON).await;
    assert_eq!(talker.say("thanks").await.outcome(), Outcome::Said);

    // The word list of the server: written here, it counts at once, and is there again after a reload.
    press(&page, "Word list").await;
    page.until("[...document.querySelectorAll('.words textarea')].every((one) => !one.disabled)", SOON).await;
    fill(&page, "Messages with these are refused", "加微信\n二维码").await;
    fill(&page, "These are shown as ***", "damn").await;
    press(&page, "Save words").await;
    shows(&page, "Words saved").await;
    assert_eq!(talker.say("加 微信").await.outcome(), Outcome::Blocked);
    page.refresh().await.unwrap();
    press(&page, "Word list").await;
    let kept = "[...document.querySelectorAll('.words textarea')].map((one) => one.value).join('|') === '加微信\\n二维码|damn'";
    page.until(kept, SOON).await;
    press(&page, "Chat").await;

    press(&page, "中文").await;
    shows(&page, "弹幕").await;
    assert_eq!(page.eval("return document.documentElement.lang").await, "zh-CN");
    for tab in ["信号", "销售", "订单"] {
        press(&page, tab).await;
        nothing_is_cut_off(&page).await;
    }
    press(&page, "退出").await;
    shows(&page, "管理员令牌").await;
    assert_eq!(page.console_errors().await, Vec::<String>::new());
}

#[tokio::test]
async fn row_60_sums_follow_a_payment_live_and_to_the_cent() {
    let server = shop().await;
    let page = browser::chromium_with(Options::desktop()).await;
    page.open(&format!("{}/console/#token={}", server.url, server.admin)).await;
    let figure =
        |kind: &str| format!("document.querySelector('.figure[data-kind=\"{kind}\"] .now')?.textContent");
    let becomes = async |kind: &str, sum: &str| {
        page.until(&format!("{} === {}", figure(kind), json!(sum)), SOON).await;
    };
    becomes("paid", "¥0.00").await;
    let mut buyer = Buyer::enter(server.running.http, "demo", &Identity::default()).await.unwrap();
    let place = async |buyer: &mut Buyer, key: &str, pieces: u32| {
        buyer.place(key, "tea", "", pieces, 12_800).await.unwrap().hold.expect("a hold")
    };
    let first = place(&mut buyer, "the-first-tap-of-all", 2).await;
    let second = place(&mut buyer, "the-second-tap-of-all", 1).await;
    becomes("unpaid", "¥384.00").await;
    let now = server.running.app.clock.wall();
    let call = async |path: &str, body: Value| {
        let client = server::client();
        let answer = backend::call(&client, &server.url, path, SHOP_SECRET, &body, now).await.unwrap();
        assert_eq!(answer.0, 200, "{}", answer.1);
    };
    call("/payments", backend::payment(&first, "p1")).await;
    becomes("paid", "¥256.00").await;
    becomes("unpaid", "¥128.00").await;
    // Given up, sold to others, and paid all the same: that money has to go back.
    call("/cancellations", json!({ "hold": second.id, "proof": second.proof })).await;
    server.put("/rooms/demo/products/tea", &json!({"title": "龙井 Tea", "price": 12_800, "stock": 0})).await;
    call("/payments", backend::payment(&second, "p2")).await;
    becomes("refund-due", "¥128.00").await;
    becomes("unpaid", "¥0.00").await;
    nothing_is_cut_off(&page).await;
    page.picture("console-sums").await;
    call("/refunds", json!({ "hold": second.id, "payment": "p2" })).await;
    becomes("refunded", "¥128.00").await;
    becomes("refund-due", "¥0.00").await;
    becomes("paid", "¥256.00").await;
    assert_eq!(page.console_errors().await, Vec::<String>::new());
}

#[tokio::test]
async fn what_is_wrong_with_the_signal_is_told_in_both_languages() {
    let server = shop().await;
    let key = server.get("/rooms/demo/key").await["key"].as_str().unwrap().to_owned();
    let source = ffmpeg::Source { gop: 250, ..ffmpeg::Source::default() };
    let _encoder = ffmpeg::publish(&server.rtmp("demo", &key), &source);
    let page = browser::chromium_with(Options::phone()).await;
    page.open(&format!("{}/console/#token={}", server.url, server.admin)).await;
    page.until("document.body.innerText.includes('Set the keyframe interval')", Duration::from_secs(40))
        .await;
    press(&page, "中文").await;
    shows(&page, "请设为 1 或 2 秒").await;
    page.until("!document.body.innerText.includes('Set the keyframe interval')", SOON).await;
    nothing_is_cut_off(&page).await;
    page.picture("console-phone-warning").await;
}

#[tokio::test]
async fn the_api_page_shows_every_call_and_makes_one() {
    let server = shop().await;
    let page = browser::chromium_with(Options::phone()).await;
    page.open(&format!("{}/api/", server.url)).await;
    let calls = page.until("document.querySelectorAll('details').length", SOON).await;
    assert!(calls.as_u64().unwrap() >= 15, "{calls} calls");
    nothing_is_cut_off(&page).await;
    let token = json!(server.admin);
    page.eval(&format!("document.getElementById('token').value = {token}")).await;
    page.eval(
        "const call = [...document.querySelectorAll('details')].find((one) => one.querySelector('code').textContent === \
         '/api/v1/rooms'); call.open = true; call.querySelector('button').click()",
    )
    .await;
    shows(&page, "\"id\":\"demo\"").await;
    assert_eq!(page.console_errors().await, Vec::<String>::new());
}
