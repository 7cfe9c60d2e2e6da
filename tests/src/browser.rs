//! Real browsers for the page ring: Chromium and Firefox over their drivers, headless, each on a port of its own.
//!
//! Not a framework: [`Browser`] derefs to the WebDriver client of `fantoccini` and adds what every run needs (evaluate, wait
//! for a condition in the page, console errors, pictures). A missing browser or driver panics: nothing is skipped in silence.

use std::io::{Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::ops::Deref;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fantoccini::actions::{
    InputSource as _, KeyAction, KeyActions, MOUSE_BUTTON_LEFT, MouseActions, PointerAction,
};
use fantoccini::{Client, ClientBuilder};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::process::{Child, Command};

/// How to open a browser.
#[derive(Clone, Debug)]
pub struct Options {
    /// Width of the page in CSS pixels.
    pub width: u32,
    /// Height of the page in CSS pixels.
    pub height: u32,
    /// Emulate a touch screen (Chromium only).
    pub touch: bool,
    /// More command line arguments for Chromium.
    pub arguments: Vec<String>,
    /// Where to run Chromium, if not beside the test.
    pub place: Option<Place>,
    /// A hidden page is slowed down as at people's; tests would rather wait for nothing (Chromium only).
    pub throttled: bool,
}

/// A network namespace to run a browser in.
#[derive(Clone, Debug)]
pub struct Place {
    /// Its name, as `ip netns` knows it.
    pub namespace: String,
    /// Where its driver is reached from outside.
    pub driver: IpAddr,
    /// Who may drive it.
    pub from: IpAddr,
}

impl Options {
    /// A desktop window of 1440x900.
    pub fn desktop() -> Self {
        Self { width: 1440, height: 900, touch: false, arguments: Vec::new(), place: None, throttled: false }
    }

    /// A phone of 390x844 with a touch screen.
    pub fn phone() -> Self {
        Self { width: 390, height: 844, touch: true, arguments: Vec::new(), place: None, throttled: false }
    }

    /// Adds a command line argument for Chromium.
    #[must_use]
    pub fn argument(mut self, argument: impl Into<String>) -> Self {
        self.arguments.push(argument.into());
        self
    }
}

/// A running browser with its driver. Both end when it is dropped, also on a panic, or when either of them or this process is
/// killed.
pub struct Browser {
    client: Client,
    session: String,
    at: SocketAddr,
    said: Said,
    driver: Child,
}

/// Runs a driver in a process group that ends as a whole, browser included, when the driver does or when standard input closes:
/// that is when whoever started it drops it, panics or is killed. A driver that is killed alone leaves its browser running.
const TOGETHER: &str = r#"{ "$@" </dev/null; kill -KILL 0; } & read -r end; kill -KILL 0"#;

/// Where drivers listen that run beside the test.
const LOCAL: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// What lets a hidden page of Chromium run on as if it were seen.
const UNTHROTTLED: [&str; 3] = [
    "--disable-background-timer-throttling",
    "--disable-renderer-backgrounding",
    "--disable-backgrounding-occluded-windows",
];

/// Errors of pages that a browser writes to its own output.
type Said = Arc<Mutex<Vec<String>>>;

/// Opens a desktop Chromium.
pub async fn chromium() -> Browser {
    chromium_with(Options::desktop()).await
}

/// Opens Chromium as told.
pub async fn chromium_with(options: Options) -> Browser {
    let mut arguments: Vec<String> = [
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--autoplay-policy=no-user-gesture-required",
    ]
    .map(String::from)
    .to_vec();
    arguments.push(format!("--window-size={},{}", options.width, options.height));
    if !options.throttled {
        arguments.extend(UNTHROTTLED.map(String::from));
    }
    arguments.extend(options.arguments);
    let metrics = json!({
        "width": options.width, "height": options.height, "pixelRatio": 1, "mobile": options.touch, "touch": options.touch,
    });
    let capabilities = json!({
        "browserName": "chrome",
        "goog:chromeOptions": { "args": arguments, "mobileEmulation": { "deviceMetrics": metrics } },
        "goog:loggingPrefs": { "browser": "ALL" },
    });
    let listens = "successfully on port ";
    let Some(Place { namespace, driver, from }) = options.place else {
        return open(LOCAL, start_driver("chromedriver", &["--port=0"], listens).await, capabilities).await;
    };
    let allowed = format!("--allowed-ips={from}");
    let words = ["netns", "exec", &namespace, "chromedriver", "--port=0", &allowed, "--allowed-origins=*"];
    open(driver, start_driver("ip", &words, listens).await, capabilities).await
}

/// Opens a desktop Firefox.
pub async fn firefox() -> Browser {
    let capabilities = json!({
        "browserName": "firefox",
        "moz:firefoxOptions": {
            "args": ["-headless", "--width", "1440", "--height", "900"],
            "prefs": {
                "media.autoplay.default": 0,
                // What pages write to the console comes out of the driver, which has no log to ask for.
                "devtools.console.stdout.content": true,
                "devtools.console.stdout.chrome": false,
                "app.update.enabled": false,
                "datareporting.policy.dataSubmissionEnabled": false,
                "network.captive-portal-service.enabled": false,
                "network.connectivity-service.enabled": false,
            },
        },
    });
    let words = ["--port", "0"];
    open(LOCAL, start_driver("geckodriver", &words, "Listening on 127.0.0.1:").await, capabilities).await
}

/// What chromedriver says when the port that it chose on IPv6 is taken on IPv4: it ends then, and only a new start helps.
const TAKEN: &str = "port not available";

/// Starts a driver on a port that it chooses and waits for the line that tells it.
async fn start_driver(program: &str, arguments: &[&str], before_port: &str) -> (Child, u16, Said) {
    let mut heard = Vec::new();
    for _ in 0..10 {
        match try_driver(program, arguments, before_port).await {
            Ok(started) => return started,
            Err(lines) => heard = lines,
        }
        if !heard.iter().any(|line| line.contains(TAKEN)) {
            break;
        }
    }
    panic!("{program} ended before it listened (tests/run installs it): {heard:#?}");
}

/// Starts a driver once. Fails with what it said instead of the line that tells its port.
async fn try_driver(
    program: &str,
    arguments: &[&str],
    before_port: &str,
) -> Result<(Child, u16, Said), Vec<String>> {
    let mut driver = Command::new("sh")
        .args(["-c", TOGETHER, "sh", program])
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .spawn()
        .unwrap_or_else(|error| panic!("sh does not start: {error}"));
    let mut lines = BufReader::new(driver.stdout.take().expect("stdout is piped")).lines();
    let mut heard = Vec::new();
    while let Some(line) = lines.next_line().await.expect("the driver speaks UTF-8") {
        let Some((_, rest)) = line.split_once(before_port) else {
            heard.push(line);
            continue;
        };
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        let port = digits.parse().unwrap_or_else(|_| panic!("no port in {line:?}"));
        let said = Said::default();
        // Whoever stops reading a pipe stops its writer in the end.
        tokio::spawn(listen(lines.into_inner(), said.clone()));
        tokio::spawn(listen(driver.stderr.take().expect("stderr is piped"), said.clone()));
        return Ok((driver, port, said));
    }
    Err(heard)
}

/// Reads an output to its end and keeps the errors in it.
async fn listen(output: impl AsyncRead + Unpin, said: Said) {
    let mut lines = BufReader::new(output).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        // Firefox reports troubles of its own there too: this is its loader of settings, which finds no network.
        let own = line.starts_with("console.error: RSLoader");
        if !own && (line.starts_with("console.error:") || line.starts_with("JavaScript error: http")) {
            said.lock().expect("nobody panics with it").push(line);
        }
    }
}

async fn open(host: IpAddr, (driver, port, said): (Child, u16, Said), capabilities: Value) -> Browser {
    let at = SocketAddr::new(host, port);
    let Value::Object(capabilities) = capabilities else { unreachable!("capabilities are an object") };
    let client = ClientBuilder::new(hyper_util::client::legacy::connect::HttpConnector::new())
        .capabilities(capabilities)
        .connect(&format!("http://{at}"))
        .await
        .unwrap_or_else(|error| panic!("the browser does not open: {error}"));
    let session = client.session_id().await.expect("a session").expect("a session id");
    let timeouts = fantoccini::wd::TimeoutConfiguration::new(
        Some(Duration::from_secs(180)),
        Some(Duration::from_secs(60)),
        Some(Duration::ZERO),
    );
    client.update_timeouts(timeouts).await.expect("timeouts are set");
    Browser { client, session, at, said, driver }
}

impl Browser {
    /// Runs a script (a function body) in the page and returns its value; a promise is awaited.
    pub async fn eval(&self, script: &str) -> Value {
        let wrapped = format!(
            "const done = arguments[arguments.length - 1]; \
             Promise.resolve((async function() {{ {script} }})()).then(v => done({{v: v === undefined ? null : v}}), \
             e => done({{e: String(e && e.stack || e)}}));"
        );
        let answer = self.client.execute_async(&wrapped, Vec::new()).await;
        let answer = answer.unwrap_or_else(|error| panic!("the script does not run: {error}\n{script}"));
        if let Some(error) = answer.get("e") {
            panic!("the script fails: {error}\n{script}");
        }
        answer.get("v").cloned().unwrap_or(Value::Null)
    }

    /// Waits until an expression is truthy in the page and returns its value; panics with what the page shows after `limit`.
    pub async fn until(&self, expression: &str, limit: Duration) -> Value {
        let script = format!(
            "const end = performance.now() + {}; for (;;) {{ const v = await ({expression}); if (v) return v; \
             if (performance.now() > end) return null; await new Promise(r => setTimeout(r, 50)); }}",
            limit.as_millis()
        );
        let value = self.eval(&script).await;
        if value.is_null() {
            let text = self.eval("return document.body ? document.body.innerText.slice(0, 2000) : ''").await;
            let errors = self.console_errors().await;
            panic!("not within {limit:?}: {expression}\nerrors: {errors:#?}\nthe page says: {text}");
        }
        value
    }

    /// Clicks with the mouse into the middle of the element that an expression gives: unlike `click()` of a script this is a
    /// user's act, which may open windows, start sound and go full screen.
    pub async fn click(&self, expression: &str) {
        let script = format!(
            "const e = {expression}; e.scrollIntoView({{block: 'center'}}); const b = e.getBoundingClientRect(); \
             return [Math.round(b.x + b.width / 2), Math.round(b.y + b.height / 2)]"
        );
        let place = self.eval(&script).await;
        let at = |axis: usize| place.get(axis).and_then(Value::as_f64).unwrap_or_default();
        let click = MouseActions::new("mouse".into())
            .then(PointerAction::MoveTo { duration: None, x: at(0), y: at(1) })
            .then(PointerAction::Down { button: MOUSE_BUTTON_LEFT })
            .then(PointerAction::Up { button: MOUSE_BUTTON_LEFT });
        let clicked = self.client.perform_actions(click).await;
        clicked.unwrap_or_else(|error| panic!("no click on {expression}: {error}"));
    }

    /// Presses the mouse on the middle of the element that an expression gives, moves it so far, in CSS pixels, though
    /// not out of the window to the left or above, and lets go.
    pub async fn drag(&self, expression: &str, by: (i64, i64)) {
        let script = format!(
            "const b = ({expression}).getBoundingClientRect(); \
             return [Math.round(b.x + b.width / 2), Math.round(b.y + b.height / 2)]"
        );
        let place = self.eval(&script).await;
        let at = |axis: usize| place.get(axis).and_then(Value::as_i64).unwrap_or_default();
        let to = |share: i64| PointerAction::MoveTo {
            duration: Some(Duration::from_millis(50)),
            x: (at(0) + by.0 * share / 4).max(1) as f64,
            y: (at(1) + by.1 * share / 4).max(1) as f64,
        };
        let drag = MouseActions::new("mouse".into())
            .then(to(0))
            .then(PointerAction::Down { button: MOUSE_BUTTON_LEFT })
            .then(to(1))
            .then(to(4))
            .then(PointerAction::Up { button: MOUSE_BUTTON_LEFT });
        let dragged = self.client.perform_actions(drag).await;
        dragged.unwrap_or_else(|error| panic!("no drag of {expression}: {error}"));
    }

    /// A finger goes down, moves a little or far, and up; Chromium with [`Options::touch`] only.
    async fn finger(&self, path: &[(u32, u32)]) {
        for (at, &(x, y)) in path.iter().enumerate() {
            let kind = if at == 0 { "touchStart" } else { "touchMove" };
            let points = json!([{ "x": x, "y": y }]);
            self.command("Input.dispatchTouchEvent", json!({ "type": kind, "touchPoints": points })).await;
        }
        self.command("Input.dispatchTouchEvent", json!({ "type": "touchEnd", "touchPoints": [] })).await;
    }

    /// A finger taps there, in CSS pixels. Chromium with [`Options::touch`] only.
    pub async fn tap(&self, x: u32, y: u32) {
        self.finger(&[(x, y)]).await;
    }

    /// A finger taps there twice, as quickly as a finger does however busy this process is. Chromium with [`Options::touch`] only.
    pub async fn double_tap(&self, x: u32, y: u32) {
        let taps = json!({ "x": x, "y": y, "tapCount": 2, "gestureSourceType": "touch" });
        self.command("Input.synthesizeTapGesture", taps).await;
    }

    /// A finger goes from there to there, in CSS pixels. Chromium with [`Options::touch`] only.
    pub async fn swipe(&self, from: (u32, u32), to: (u32, u32)) {
        let between = (u32::midpoint(from.0, to.0), u32::midpoint(from.1, to.1));
        self.finger(&[from, between, to]).await;
    }

    /// Presses a key, as a person does.
    pub async fn press(&self, key: char) {
        let press = KeyActions::new("keyboard".into())
            .then(KeyAction::Down { value: key })
            .then(KeyAction::Up { value: key });
        let pressed = self.client.perform_actions(press).await;
        pressed.unwrap_or_else(|error| panic!("no key {key:?}: {error}"));
    }

    /// Runs a script in every page opened from now on, before the page's own. Chromium only.
    pub async fn before_pages(&self, script: &str) {
        let params = json!({ "source": script });
        self.command("Page.addScriptToEvaluateOnNewDocument", params).await;
    }

    /// A command of the DevTools protocol, to the page at hand, and its answer. Chromium only.
    pub async fn command(&self, name: &str, params: Value) -> Value {
        let url = format!("http://{}/session/{}/goog/cdp/execute", self.at, self.session);
        let body = json!({ "cmd": name, "params": params }).to_string();
        let request = crate::server::client().post(url).header("content-type", "application/json").body(body);
        let answer = request.send().await.unwrap_or_else(|error| panic!("{name}: {error}"));
        let status = answer.status();
        let answer: Value = answer.json().await.unwrap_or_default();
        assert!(status.is_success(), "{name}: {answer}");
        answer.get("value").cloned().unwrap_or_default()
    }

    /// The process group of the driver and its browser, which is also the process id that both descend from.
    pub fn group(&self) -> u32 {
        self.driver.id().unwrap_or_default()
    }

    /// Opens a page.
    pub async fn open(&self, url: &str) {
        self.client.goto(url).await.unwrap_or_else(|error| panic!("{url} does not open: {error}"));
    }

    /// Errors on the console since the last call: exceptions and `console.error`; in Chromium also refused loads and
    /// violations of the page's policy.
    pub async fn console_errors(&self) -> Vec<String> {
        let said = std::mem::take(&mut *self.said.lock().expect("nobody panics with it"));
        let url = format!("http://{}/session/{}/se/log", self.at, self.session);
        let body = json!({ "type": "browser" }).to_string();
        let request = crate::server::client().post(url).header("content-type", "application/json").body(body);
        let Ok(answer) = request.send().await else { return said };
        let entries: Value = answer.json().await.unwrap_or_default();
        let entries = entries.get("value").and_then(Value::as_array).cloned().unwrap_or_default();
        let severe =
            entries.iter().filter(|entry| entry.get("level").and_then(Value::as_str) == Some("SEVERE"));
        let told = severe.filter_map(|entry| entry.get("message").and_then(Value::as_str)).map(String::from);
        told.chain(said).collect()
    }

    /// Writes a picture of the page to `target/pictures/NAME.png` and returns its path.
    pub async fn picture(&self, name: &str) -> PathBuf {
        let png = self.client.screenshot().await.unwrap_or_else(|error| panic!("no picture: {error}"));
        let folder = crate::root().join("target/pictures");
        std::fs::create_dir_all(&folder).expect("the pictures' folder can be made");
        let path = folder.join(format!("{name}.png"));
        std::fs::write(&path, png).expect("the picture can be written");
        path
    }
}

impl Deref for Browser {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl Drop for Browser {
    /// Ends the session over a plain socket: a killed driver would leave its browser running, and there is no `async` here.
    fn drop(&mut self) {
        let Ok(mut driver) = TcpStream::connect(self.at) else { return };
        let _ = driver.set_read_timeout(Some(Duration::from_secs(10)));
        let request = format!(
            "DELETE /session/{} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
            self.session, self.at
        );
        let _ = driver.write_all(request.as_bytes());
        let _ = driver.read(&mut [0; 512]);
    }
}
