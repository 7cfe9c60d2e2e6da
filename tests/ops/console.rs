//! An operator's evening in the console: log in, key, pin, flash sale, orders, words of strangers. On a phone and a desktop, in a
//! real browser. Needs the bundled pages (`tests/run` makes them).

use std::time::Duration;

use hawker_tests::browser::{self, Browser, Options};
use hawker_tests::server::{self, Server};
use hawker_tests::talk::Dial;
use hawker_wire::proto::PlaceHold;
use hawker_wire::proto::client_frame::Kind;
use serde_json::json;

const SOON: Duration = Duration::from_secs(10);

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
    press(&page, "Start now").await;
    shows(&page, "Running").await;
    shows(&page, "left 50/50").await;
    let sale = server.get("/rooms/demo/sales").await["sales"][0].clone();
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
