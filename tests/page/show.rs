//! A show on air for the tests of pages: server, camera, shelf, a flash sale and the demo's shop, each on a free port.

use std::sync::Arc;
use std::time::Duration;

use hawker_demo::api::Api;
use hawker_demo::shop::Shop;
use hawker_demo::{camera, seed, shop};
use hawker_server::ops::config::Config;
use hawker_tests::browser::Browser;
use hawker_tests::server::{self, SHOP_SECRET, Server};
use hawker_tests::talk::Dial;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// How long a page may take to a moving picture on a busy machine. What it takes on a quiet one is measured by `tests/bench`.
pub(crate) const START: Duration = Duration::from_secs(30);

/// A running show; everything ends when it is dropped.
pub(crate) struct Show {
    /// The server.
    pub server: Server,
    /// The shop's origin, without a slash at its end.
    pub shop: String,
    /// What the shop's backend was told.
    pub backend: Arc<Shop>,
    _tasks: JoinSet<()>,
}

/// Puts a show on air in the room `demo`.
pub(crate) async fn on_air() -> Show {
    on_air_with(|_| {}).await
}

/// The same with a changed configuration.
pub(crate) async fn on_air_with(change: impl FnOnce(&mut Config)) -> Show {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    let shop_url = format!("http://127.0.0.1:{port}");
    let webhook = format!("{shop_url}/hawker/webhook");
    let server = server::start_with(|config| {
        config.shop.webhook_url = Some(webhook);
        change(config);
    })
    .await;
    let bundled = server::client()
        .get(format!("{}/sdk/hawker.js", server.url))
        .send()
        .await
        .expect("an answer")
        .status();
    assert!(bundled.is_success(), "there is no SDK to test: cargo run -p hawker-demo -- bundle");
    let api = Api::new(&server.url, &server.admin).expect("a client");
    let (key, _) = seed::rooms(&api, &shop_url).await.expect("rooms and shelves");
    let backend = Shop::new(&server.url, server.running.http.port(), SHOP_SECRET).expect("a shop");
    let mut tasks = JoinSet::new();
    let serving = backend.clone();
    tasks.spawn(async move { shop::serve(serving, listener).await.expect("the shop is served") });
    let rtmp = server.running.rtmp;
    let clips = hawker_tests::root().join("demo/sample");
    tasks.spawn(async move { camera::run(rtmp, seed::DEMO, &key, &clips).await.expect("the camera runs") });
    Show { server, shop: shop_url, backend, _tasks: tasks }
}

impl Show {
    /// Starts a flash sale in the room `demo`, now and for ten minutes.
    pub(crate) async fn flash_sale(&self, product: &str, price: i64, stock: u32) {
        self.flash_sale_in(seed::DEMO, product, price, stock).await;
    }

    /// The same in any room.
    pub(crate) async fn flash_sale_in(&self, room: &str, product: &str, price: i64, stock: u32) {
        let now_ms = self.server.running.app.clock.wall().as_ms();
        let sale = json!({
            "product": product, "price": price, "stock": stock, "limit": 2, "starts_ms": now_ms, "ends_ms": now_ms + 600_000,
        });
        self.server.post(&format!("/rooms/{room}/sales"), &sale).await;
    }

    /// Shows a product in a room.
    pub(crate) async fn pin(&self, room: &str, product: &str) {
        self.server.put(&format!("/rooms/{room}/pin"), &json!({ "product": product })).await;
    }

    /// Three guests say five things each, as fast as they may: more than a list shows at once.
    pub(crate) async fn talk(&self, room: &str) {
        let lines =
            ["主播好！", "这个壶是手工的吗？", "How big is it?", "The glaze is beautiful, I want one", "666"];
        for name in ["小满", "Ada", "Mika"] {
            let mut guest = Dial::new(self.server.running.http, room).guest(name).await;
            for line in lines {
                guest.say(line).await;
            }
        }
    }
}

/// The interface over the picture is there.
pub(crate) const CONTROLS: &str =
    "document.querySelector('hawker-live')?.shadowRoot?.querySelector('.controls')";

/// The room `demo`: its picture moves, and there is everything around it.
pub(crate) async fn room(page: &Browser, show: &Show) {
    page.open(&format!("{}/room/demo", show.server.url)).await;
    moves(page).await;
    page.until(CONTROLS, START).await;
}

/// The picture moves: it is live, and its time goes on by a second.
pub(crate) async fn moves(page: &Browser) {
    page.until(
        "(() => { const live = document.querySelector('hawker-live'); const video = live?.shadowRoot?.querySelector('video'); \
         return live?.state === 'live' && video.currentTime > 0 && video.videoWidth > 0; })()",
        START,
    )
    .await;
    page.eval(
        "window.__from = document.querySelector('hawker-live').shadowRoot.querySelector('video').currentTime",
    )
    .await;
    page.until(
        "document.querySelector('hawker-live').shadowRoot.querySelector('video').currentTime > window.__from + 1",
        START,
    )
    .await;
}

/// Nothing went wrong on the page's console.
pub(crate) async fn quiet(page: &Browser, what: &str) {
    let errors = page.console_errors().await;
    assert!(errors.is_empty(), "{what}: {errors:#?}");
}

/// Says something as a guest, who is asked for a name first; then the words leave by themselves.
pub(crate) async fn says(page: &Browser, name: &str, text: &str) {
    let root = "const root = document.querySelector('hawker-live').shadowRoot; const field = root.querySelector('.say .field');";
    let say = format!(
        "{root} field.value = {}; field.dispatchEvent(new Event('input', {{ bubbles: true }})); return true",
        json!(text)
    );
    let ready = "document.querySelector('hawker-live')?.shadowRoot.querySelector('.say .field')";
    page.until(ready, START).await;
    page.eval(&say).await;
    let send = "document.querySelector('hawker-live').shadowRoot.querySelector('.say .send:not([disabled])')";
    page.until(send, START).await;
    page.eval(&format!("{root} root.querySelector('.say').requestSubmit()")).await;
    page.until("document.querySelector('hawker-live').shadowRoot.querySelector('.sheet form .field')", START)
        .await;
    page.eval(&format!(
        "{root} const name = root.querySelector('.sheet .field'); name.value = {}; \
         name.dispatchEvent(new Event('input', {{ bubbles: true }})); root.querySelector('.sheet form').requestSubmit()",
        json!(name)
    ))
    .await;
}

/// The page has drawn, and was told of what is in its window.
pub(crate) async fn frame(page: &Browser) {
    page.eval("await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))").await;
}

/// Left, top, right and bottom of what a selector finds in the player.
pub(crate) async fn rect(page: &Browser, selector: &str) -> [f64; 4] {
    let script = format!(
        "const b = document.querySelector('hawker-live').shadowRoot.querySelector('{selector}').getBoundingClientRect(); \
         return [b.left, b.top, b.right, b.bottom]"
    );
    let found = page.eval(&script).await;
    std::array::from_fn(|at| found[at].as_f64().expect("a number"))
}

/// The middle of what a selector finds in the player.
pub(crate) async fn middle(page: &Browser, selector: &str) -> (u32, u32) {
    let [left, top, right, bottom] = rect(page, selector).await;
    (((left + right) / 2.0) as u32, ((top + bottom) / 2.0) as u32)
}

/// A finger on it.
pub(crate) async fn tap(page: &Browser, selector: &str) {
    let (x, y) = middle(page, selector).await;
    page.tap(x, y).await;
}
