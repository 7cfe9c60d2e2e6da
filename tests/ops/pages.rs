//! The pages and the SDK as they are served: packed, tagged, and with the headers that keep strangers' code out. Needs the
//! bundle (`tests/run` makes it).

use std::io::Read as _;

use hawker_tests::server::{self, Server};
use reqwest::{Client, Response};

const PAGES: [&str; 5] = ["/", "/room/demo", "/docs/", "/console/", "/api/"];
const SDK: [(&str, &str); 5] = [
    ("/sdk/hawker.js", "text/javascript; charset=utf-8"),
    ("/sdk/engine.js", "text/javascript; charset=utf-8"),
    ("/sdk/engine.wasm", "application/wasm"),
    ("/sdk/ui.js", "text/javascript; charset=utf-8"),
    ("/sdk/ui.wasm", "application/wasm"),
];

struct Rig {
    server: Server,
    client: Client,
}

async fn rig() -> Rig {
    Rig { server: server::start().await, client: server::client() }
}

impl Rig {
    async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Response {
        let mut request = self.client.get(format!("{}{path}", self.server.url));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.send().await.unwrap_or_else(|error| panic!("{path}: {error}"))
    }
}

fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    response.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or("")
}

#[tokio::test]
async fn everything_comes_packed_for_those_who_can_unpack_it() {
    let rig = rig().await;
    for path in PAGES.into_iter().chain(SDK.map(|(path, _)| path)) {
        let plain = rig.get(path, &[]).await;
        assert_eq!(plain.status(), 200, "{path}");
        assert_eq!(header(&plain, "content-encoding"), "", "{path}");
        let packed = rig.get(path, &[("accept-encoding", "gzip, br;q=0.8")]).await;
        assert_eq!(header(&packed, "content-encoding"), "br", "{path}");
        for answer in [&plain, &packed] {
            assert_eq!(header(answer, "vary"), "accept-encoding", "{path}");
            assert_eq!(header(answer, "cache-control"), "no-cache", "{path}");
        }
        assert_ne!(header(&plain, "etag"), header(&packed, "etag"), "{path}: two representations");
        let (plain, packed) = (plain.bytes().await.unwrap(), packed.bytes().await.unwrap());
        assert!(packed.len() < plain.len(), "{path}: {} bytes of {}", packed.len(), plain.len());
        let mut unpacked = Vec::new();
        brotli::Decompressor::new(packed.as_ref(), 4_096).read_to_end(&mut unpacked).unwrap();
        assert_eq!(unpacked, plain, "{path}");
    }
}

#[tokio::test]
async fn what_a_browser_has_is_not_sent_again() {
    let rig = rig().await;
    for path in PAGES.into_iter().chain(SDK.map(|(path, _)| path)) {
        let first = rig.get(path, &[("accept-encoding", "br")]).await;
        let tag = header(&first, "etag").to_owned();
        assert!(tag.len() > 10 && tag.starts_with('"') && tag.ends_with('"'), "{path}: {tag}");
        let again = rig.get(path, &[("accept-encoding", "br"), ("if-none-match", &tag)]).await;
        assert_eq!((again.status().as_u16(), header(&again, "etag")), (304, tag.as_str()), "{path}");
        assert_eq!(header(&again, "vary"), "accept-encoding", "{path}");
        assert_eq!(again.bytes().await.unwrap().len(), 0, "{path}");
        let plain = rig.get(path, &[("if-none-match", &tag)]).await;
        assert_eq!(plain.status(), 200, "{path}: the tag is that of the packed one");
        let stale = rig.get(path, &[("accept-encoding", "br"), ("if-none-match", "\"another\"")]).await;
        assert_eq!(stale.status(), 200, "{path}");
    }
}

#[tokio::test]
async fn pages_run_nothing_but_their_own_files() {
    let rig = rig().await;
    for path in PAGES {
        let page = rig.get(path, &[]).await;
        assert_eq!(header(&page, "content-type"), "text/html; charset=utf-8", "{path}");
        let policy = header(&page, "content-security-policy");
        for directive in [
            "default-src 'none'",
            "script-src 'self' 'wasm-unsafe-eval'",
            "style-src 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        ] {
            assert!(
                policy.split(';').any(|part| part.trim() == directive),
                "{path}: {directive} is not in {policy}"
            );
        }
        let udp = rig.server.running.app.udp.as_ref().map(|udp| udp.addr.port());
        let door = match udp.filter(|_| matches!(path, "/" | "/room/demo")) {
            Some(port) => format!(" https://127.0.0.1:{port}"),
            None => String::new(),
        };
        assert!(policy.ends_with(&format!("connect-src 'self'{door}")), "{path}: {policy}");
        assert!(!policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"), "{path}: {policy}");
        assert_eq!(header(&page, "x-frame-options"), "DENY", "{path}");
        assert_eq!(header(&page, "x-content-type-options"), "nosniff", "{path}");
        assert_eq!(header(&page, "cross-origin-opener-policy"), "same-origin", "{path}");
        let html = page.text().await.unwrap();
        for inline in ["<script>", "<style", " style=", " onclick=", " onload=", "javascript:"] {
            assert!(!html.contains(inline), "{path}: {inline} would be refused by its own policy");
        }
    }
}

#[tokio::test]
async fn the_sdk_may_be_used_by_every_page() {
    let rig = rig().await;
    for (path, kind) in SDK {
        let file = rig.get(path, &[("origin", "https://shop.example")]).await;
        assert_eq!((file.status().as_u16(), header(&file, "content-type")), (200, kind), "{path}");
        assert_eq!(header(&file, "access-control-allow-origin"), "*", "{path}");
        assert_eq!(header(&file, "cross-origin-resource-policy"), "cross-origin", "{path}");
        assert_eq!(header(&file, "x-content-type-options"), "nosniff", "{path}");
        assert_eq!(header(&file, "content-security-policy"), "", "{path}: a page's policy is the page's");
    }
}

#[tokio::test]
async fn nothing_else_of_the_machine_is_served() {
    let rig = rig().await;
    for path in [
        "/sdk/..%2fconsole%2findex.html",
        "/sdk/..%2f..%2f..%2fCargo.toml",
        "/www/%2e%2e%2f%2e%2e%2f%2e%2e%2fCargo.toml",
        "/console/%2fetc%2fpasswd",
        "/docs/..%2f..%2f..%2f..%2fREADME.md",
        "/docs/..%5c..%5cindex",
        "/sdk/nothing.js",
        "/sdk/",
    ] {
        let answer = rig.get(path, &[]).await;
        assert_eq!(answer.status(), 404, "{path}");
        assert_eq!(header(&answer, "cache-control"), "no-store", "{path}");
    }
}
