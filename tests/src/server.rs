//! A real server in this process: port 0, a data folder that goes with it, and its REST API as an operator uses it.
//!
//! Not a child process: what must survive `kill -9` is tried with the real binary (`tests/sale`).

use std::net::SocketAddr;

use hawker_server::Running;
use hawker_server::ops::config::Config;
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;

/// Secret shared with the shop in tests.
pub const SHOP_SECRET: &str = "a secret of the tests only";

/// A running server. Call [`Server::stop`] where draining matters; otherwise it ends with the test.
pub struct Server {
    /// What the library gives.
    pub running: Running,
    /// `http://127.0.0.1:PORT`, without a slash at its end.
    pub url: String,
    /// The administrators' token; empty at a later start on the same folder, which does not know it any more.
    pub admin: String,
    client: reqwest::Client,
    data: TempDir,
}

/// Starts a server with the defaults of the configuration, on free ports and an empty data folder.
pub async fn start() -> Server {
    start_with(|_| {}).await
}

/// Starts a server with a changed configuration.
pub async fn start_with(change: impl FnOnce(&mut Config)) -> Server {
    let data = tempfile::tempdir().expect("a temporary folder can be made");
    let mut config = Config::default();
    config.http.listen = SocketAddr::from(([127, 0, 0, 1], 0));
    config.rtmp.listen = SocketAddr::from(([127, 0, 0, 1], 0));
    config.data.dir = data.path().join("data");
    config.shop.secret = Some(SHOP_SECRET.into());
    change(&mut config);
    let running = hawker_server::start(config).await.unwrap_or_else(|error| panic!("no server: {error:#}"));
    let admin = running.admin_token.clone().unwrap_or_default();
    let url = format!("http://127.0.0.1:{}", running.http.port());
    Server { running, url, admin, client: client(), data }
}

/// A certificate that nobody signed, and its key, as files for a server's configuration.
pub struct Identity {
    /// The certificate.
    pub certificate: rcgen::Certificate,
    files: TempDir,
}

impl Identity {
    /// For a server that is reached by this name or address.
    pub fn of(name: &str) -> Self {
        let pair =
            rcgen::generate_simple_self_signed(vec![name.to_owned()]).expect("a certificate can be made");
        let files = tempfile::tempdir().expect("a temporary folder can be made");
        let write =
            |file: &str, pem| std::fs::write(files.path().join(file), pem).expect("a file can be written");
        write("cert.pem", pair.cert.pem());
        write("key.pem", pair.signing_key.serialize_pem());
        Self { certificate: pair.cert, files }
    }

    /// Has a server speak TLS with it.
    pub fn configure(&self, config: &mut Config) {
        config.http.tls_cert = Some(self.files.path().join("cert.pem"));
        config.http.tls_key = Some(self.files.path().join("key.pem"));
    }
}

impl Server {
    /// Makes a room and returns its stream key.
    pub async fn room(&self, room: &str) -> String {
        self.post("/rooms", &json!({ "id": room })).await;
        let key = self.get(&format!("/rooms/{room}/key")).await;
        key.get("key").and_then(Value::as_str).unwrap_or_else(|| panic!("no key in {key}")).to_string()
    }

    /// The address that an encoder publishes to, with its key; `stream` is a room, or `ROOM/RENDITION`.
    pub fn rtmp(&self, stream: &str, key: &str) -> String {
        format!("rtmp://127.0.0.1:{}/live/{stream}?key={key}", self.running.rtmp.port())
    }

    /// `GET /api/v1` + `path` as administrator.
    pub async fn get(&self, path: &str) -> Value {
        self.call(Method::GET, path, None).await
    }

    /// `POST /api/v1` + `path` as administrator.
    pub async fn post(&self, path: &str, body: &Value) -> Value {
        self.call(Method::POST, path, Some(body)).await
    }

    /// `PUT /api/v1` + `path` as administrator.
    pub async fn put(&self, path: &str, body: &Value) -> Value {
        self.call(Method::PUT, path, Some(body)).await
    }

    /// `DELETE /api/v1` + `path` as administrator.
    pub async fn delete(&self, path: &str) -> Value {
        self.call(Method::DELETE, path, None).await
    }

    /// A call of the REST API that must succeed; its answer, `null` when there is no body.
    pub async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Value {
        let (status, answer) = self.try_call(method.clone(), path, body).await;
        assert!((200..300).contains(&status), "{method} {path}: {status} {answer}");
        answer
    }

    /// A call of the REST API: its status and its answer, `null` when there is no JSON.
    pub async fn try_call(&self, method: Method, path: &str, body: Option<&Value>) -> (u16, Value) {
        let mut request = self.client.request(method.clone(), format!("{}/api/v1{path}", self.url));
        request = request.bearer_auth(&self.admin);
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send().await.unwrap_or_else(|error| panic!("{method} {path}: {error}"));
        let status = answer.status().as_u16();
        (status, answer.json().await.unwrap_or(Value::Null))
    }

    /// Stops the server as SIGTERM does; the data folder lives until what is returned is dropped.
    pub async fn stop(self) -> TempDir {
        self.running.stop().await;
        self.data
    }
}

/// A client that goes straight to this machine, whatever proxy the environment names.
pub fn client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().expect("a client can be made")
}
