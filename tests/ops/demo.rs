//! `hawker-demo run` as a process: the addresses it prints, ports in use, what `kill -9` leaves, a second start on the same
//! folder, and flash sales in rounds.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::time::Duration;

use hawker_demo::api::Api;
use hawker_demo::{clock, seed};
use hawker_tests::binary;
use hawker_tests::server::{self, client};
use serde_json::Value;

const SOON: Duration = Duration::from_secs(30);

/// A running demo. Killed when dropped, and its server with it.
struct Demo {
    child: Child,
    /// What it printed, up to how to stop it.
    said: String,
    /// Kept, as a closed pipe would end whoever prints into it.
    _stdout: BufReader<ChildStdout>,
}

fn command(data: &Path, http: &str, rtmp: &str) -> Command {
    let mut command = Command::new(binary::demo());
    command.args(["run", "--http", http, "--rtmp", rtmp, "--data"]).arg(data);
    command.stderr(Stdio::piped()).stdout(Stdio::piped());
    command
}

impl Demo {
    fn start(data: &Path, http: &str, rtmp: &str) -> Self {
        let mut child = command(data, http, rtmp).spawn().expect("the demo starts");
        let mut said = String::new();
        let mut lines = BufReader::new(child.stdout.take().expect("piped"));
        while !said.contains("Ctrl-C") {
            if lines.read_line(&mut said).unwrap_or(0) == 0 {
                let output = child.wait_with_output().expect("it has ended");
                panic!("the demo ended: {}", String::from_utf8_lossy(&output.stderr));
            }
        }
        Self { child, said, _stdout: lines }
    }

    /// The address behind the words of a line, the `nth` of such lines.
    fn address(&self, words: &str, nth: usize) -> &str {
        let lines = self.said.lines().filter_map(|line| line.trim().strip_prefix(words));
        lines.map(str::trim).nth(nth).unwrap_or_else(|| panic!("no {words:?} in {}", self.said))
    }

    fn kill(mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("a child can be waited for");
    }

    fn api(&self) -> Api {
        let (url, token) =
            self.address("operators' console", 0).split_once("/console/#token=").expect("a token");
        Api::new(url, token).expect("a client")
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        // Killed already, or going with the test.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn get(api: &Api, path: &str) -> Value {
    api.call(reqwest::Method::GET, path, None).await.expect("the server answers")
}

async fn is_live(api: &Api) {
    let live = async {
        while get(api, "/rooms/demo/health").await["state"] != "live" {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(SOON, live).await.expect("the camera is on air");
}

/// Waits until a port can be bound again: the process that had it is gone.
async fn is_free(address: SocketAddr) {
    let free = async {
        while TcpListener::bind(address).is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(SOON, free).await.unwrap_or_else(|_| panic!("{address} is still taken"));
}

fn http_of(demo: &Demo) -> SocketAddr {
    let page = demo.address("its page", 0).strip_prefix("http://").expect("an address");
    page.split('/').next().and_then(|host| host.parse().ok()).expect("a port")
}

#[tokio::test]
async fn killed_and_started_again_on_its_folder_the_demo_goes_on() {
    let data = tempfile::tempdir().unwrap();
    let (mut keys, mut ids) = (BTreeSet::new(), BTreeSet::new());
    for _ in 0..2 {
        let demo = Demo::start(data.path(), "127.0.0.1:0", "127.0.0.1:0");
        let api = demo.api();
        keys.insert(demo.address("your own encoder", 0).rsplit("key=").next().unwrap().to_owned());
        is_live(&api).await;
        assert_eq!(get(&api, "/rooms").await["rooms"].as_array().map(Vec::len), Some(2));
        for (room, goods) in [("demo", seed::GOODS.len()), ("studio", 2)] {
            let shelf = get(&api, &format!("/rooms/{room}/products")).await;
            assert_eq!(shelf["products"].as_array().map(Vec::len), Some(goods), "{shelf}");
        }
        let sales = get(&api, "/rooms/demo/sales").await["sales"].clone();
        let open: Vec<_> = sales.as_array().unwrap().iter().filter(|sale| sale["state"] != "ended").collect();
        assert_eq!(open.len(), 1, "one flash sale at a time: {sales}");
        assert!(ids.insert(open[0]["id"].to_string()), "a new round: {sales}");
        assert_eq!(get(&api, "/rooms/demo/pin").await["product"], open[0]["product"]);
        let http = http_of(&demo);
        demo.kill();
        is_free(http).await;
    }
    assert_eq!(keys.len(), 1, "the encoder's address stays what it was");
}

#[tokio::test]
async fn in_a_network_every_printed_address_works() {
    let data = tempfile::tempdir().unwrap();
    let demo = Demo::start(data.path(), "0.0.0.0:0", "0.0.0.0:0");
    // Without a network there is one block of addresses, with one there are two.
    let blocks = demo.said.matches("operators' console").count();
    for nth in 0..blocks {
        let shop = demo.address("shop page", nth);
        let page = client().get(shop).send().await.expect("the shop answers").text().await.unwrap();
        let sdk = page.split('"').find(|text| text.ends_with("/sdk/hawker.js")).expect("a script tag");
        let host = shop.trim_start_matches("http://").split(':').next().unwrap();
        assert!(sdk.starts_with(&format!("http://{host}:")), "{sdk} is for whoever came by {shop}");
        let origin = shop.trim_end_matches('/');
        let server = sdk.trim_end_matches("/sdk/hawker.js");
        let stream =
            client().get(format!("{server}/live/demo/stream")).header("origin", origin).send().await.unwrap();
        let allowed =
            stream.headers().get("access-control-allow-origin").expect("the shop's origin is allowed");
        assert!(["*", origin].contains(&allowed.to_str().unwrap()), "{allowed:?}");
        for words in ["its page", "operators' console"] {
            let address = demo.address(words, nth);
            assert_eq!(client().get(address).send().await.expect(address).status(), 200, "{address}");
        }
        let rtmp = demo.address("your own encoder", nth).strip_prefix("rtmp://").unwrap();
        let rtmp = rtmp.split('/').next().unwrap();
        tokio::net::TcpStream::connect(rtmp).await.unwrap_or_else(|error| panic!("{rtmp}: {error}"));
    }
}

#[tokio::test]
async fn a_port_in_use_is_named_and_nothing_is_left_running() {
    // Three ports, the first two beside each other: pages, shop, encoders.
    let (http, shop) = loop {
        let one = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let next = SocketAddr::new(one.ip(), one.port().saturating_add(1));
        if TcpListener::bind(next).is_ok() {
            break (one, next);
        }
    };
    let rtmp = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let data = tempfile::tempdir().unwrap();
    for (taken, option) in [(http, "--http"), (shop, "--http"), (rtmp, "--rtmp")] {
        let _listener = TcpListener::bind(taken).unwrap();
        let output: Output = command(data.path(), &http.to_string(), &rtmp.to_string()).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{said}");
        for expected in [taken.to_string().as_str(), "in use", option] {
            assert!(said.contains(expected), "{expected} is not in: {said}");
        }
        for other in [http, shop, rtmp].into_iter().filter(|other| *other != taken) {
            drop(TcpListener::bind(other).unwrap_or_else(|error| panic!("{other} is taken: {error}")));
        }
    }
}

#[tokio::test]
async fn flash_sales_repeat_in_rounds_and_after_a_restart() {
    let first = server::start().await;
    let pace = seed::Pace { announce: Duration::from_millis(100), run: Duration::from_millis(300) };
    let rounds = async |server: &server::Server, expected: usize| {
        let api = Api::new(&server.url, &server.admin).expect("a client");
        let (demo_key, _) = seed::rooms(&api, "http://shop.test").await.expect("rooms and shelves");
        let watched = async {
            loop {
                let sales = server.get("/rooms/demo/sales").await["sales"].clone();
                let sales = sales.as_array().cloned().unwrap_or_default();
                let ended = sales.iter().filter(|sale| sale["state"] == "ended").count();
                assert!(sales.len() - ended <= 1, "one at a time: {sales:?}");
                if ended >= expected {
                    return sales;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let sales = tokio::select! {
            result = seed::rounds(&api, "http://shop.test", pace, clock::wall_ms) => panic!("they end: {result:?}"),
            sales = tokio::time::timeout(SOON, watched) => sales.expect("rounds go on"),
        };
        let goods: BTreeSet<_> = sales.iter().map(|sale| sale["product"].to_string()).collect();
        assert!(goods.len() >= 3, "another good each round: {sales:?}");
        let shelf = server.get("/rooms/demo/products").await;
        assert_eq!(shelf["products"].as_array().map(Vec::len), Some(seed::GOODS.len()), "{shelf}");
        demo_key
    };
    let key = rounds(&first, 3).await;
    let token = first.admin.clone();
    let data = first.stop().await;
    let mut second = server::start_with(|config| config.data.dir = data.path().join("data")).await;
    second.admin = token;
    assert_eq!(rounds(&second, 6).await, key, "the room's key stays");
}
