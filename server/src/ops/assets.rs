//! The pages and the SDK: embedded from `target/dist`, in debug builds read from there. Precompressed, with ETags and the
//! headers that keep strangers' code out of our pages. What is in them is the work of the demo's bundler.

use std::borrow::Cow;
use std::net::IpAddr;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use rust_embed::{EmbeddedFile, RustEmbed};

use crate::app::App;

#[derive(RustEmbed)]
#[folder = "../target/dist"]
#[allow_missing = true]
struct Dist;

/// What a page of ours may load: only from here, except product pictures, which are where the shop keeps them. No inline
/// script or style, no `eval`, and no markup made of text (Trusted Types without a single policy).
const PAGE_POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; \
    img-src 'self' data: blob: http: https:; media-src 'self' blob:; font-src 'self'; \
    manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; \
    require-trusted-types-for 'script'; trusted-types 'none'; connect-src 'self'";

/// Pages with a player in them.
const WATCHED: [&str; 2] = ["www/index.html", "www/room.html"];

/// What a page says when the bundler hasn't run.
const NOT_BUNDLED: &str = "This page is not bundled into this build of hawker.\n\
    Run `cargo run -p hawker-demo -- bundle` and build again.\n";

/// `/`, `/room/ROOM`, `/docs/…`, `/api/`, `/console/`, `/sdk/…`.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/", page("www/index.html"))
        .route("/room/{room}", page("www/room.html"))
        .route("/docs", get(|| async { Redirect::permanent("/docs/") }))
        .route("/docs/", page("www/docs/index.html"))
        .route("/docs/{name}", get(document))
        .route("/api", get(|| async { Redirect::permanent("/api/") }))
        .route("/api/", page("console/api.html"))
        .route("/console", get(|| async { Redirect::permanent("/console/") }))
        .route("/console/", page("console/index.html"))
        .route("/console/{*path}", folder("console"))
        .route("/www/{*path}", folder("www"))
        .route("/sdk/{*path}", folder("sdk"))
        .route("/favicon.ico", get(|| async { StatusCode::NO_CONTENT }))
}

fn page(path: &'static str) -> axum::routing::MethodRouter<App> {
    get(move |uri: Uri, headers: HeaderMap, State(app): State<App>| async move {
        file(path, &uri, &headers, &app)
    })
}

fn folder(name: &'static str) -> axum::routing::MethodRouter<App> {
    get(move |Path(path): Path<String>, uri: Uri, headers: HeaderMap, State(app): State<App>| async move {
        file(&format!("{name}/{path}"), &uri, &headers, &app)
    })
}

/// `/docs/NAME` is the page NAME.html; pictures and styles have their names.
async fn document(
    Path(name): Path<String>,
    uri: Uri,
    headers: HeaderMap,
    State(app): State<App>,
) -> Response {
    let extension = if name.contains('.') { "" } else { ".html" };
    file(&format!("www/docs/{name}{extension}"), &uri, &headers, &app)
}

fn file(path: &str, uri: &Uri, asked: &HeaderMap, app: &App) -> Response {
    // A debug build reads a folder: one file has one address, and with it the headers of its kind.
    if path.split(['/', '\\']).any(|part| part == "..") {
        return missing(path);
    }
    let Some(plain) = Dist::get(path) else { return missing(path) };
    let packed = accepts_brotli(asked).then(|| Dist::get(&format!("{path}.br"))).flatten();
    let brotli = packed.is_some();
    // Two encodings of one thing are two representations: each has a tag of its own (RFC 9110, 8.8.3).
    let tag = etag(&plain, if brotli { "-br" } else { "" });
    let mut headers = HeaderMap::new();
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(header::ETAG, tag);
    }
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    // Names stay the same from version to version, so every use asks whether it is still the same.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    if asked.get(header::IF_NONE_MATCH).is_some_and(|tags| matches(tags, &tag)) {
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type(path)));
    if brotli {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("br"));
    }
    if path.starts_with("sdk/") {
        headers.insert("cross-origin-resource-policy", HeaderValue::from_static("cross-origin"));
    } else {
        let host = host(uri, asked);
        // The door over UDP has a port of its own, or even a name. Only who watches needs it.
        let door = app.udp.as_ref().filter(|_| WATCHED.contains(&path));
        let door = door.and_then(|udp| udp.source(host.as_ref()?.host()));
        let door = door.map(|door| format!(" {door}")).unwrap_or_default();
        let policy = HeaderValue::try_from(format!("{PAGE_POLICY}{door}"));
        headers
            .insert(header::CONTENT_SECURITY_POLICY, policy.unwrap_or(HeaderValue::from_static(PAGE_POLICY)));
        if host.as_ref().is_none_or(is_trustworthy) {
            headers.insert("cross-origin-opener-policy", HeaderValue::from_static("same-origin"));
        }
        headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    }
    match packed.unwrap_or(plain).data {
        Cow::Borrowed(bytes) => (headers, bytes).into_response(),
        Cow::Owned(bytes) => (headers, bytes).into_response(),
    }
}

/// Whether browsers may trust the page's origin (Secure Contexts, 3.1). On plain http at an address of the network they
/// ignore an opener policy and complain of it in the console, so it is left out there; names are taken for trusted ones.
fn is_trustworthy(host: &Authority) -> bool {
    host.host().trim_matches(['[', ']']).parse::<IpAddr>().map_or(true, |ip| ip.is_loopback())
}

/// By which name the page was asked for: HTTP/2 has it in the address.
fn host(uri: &Uri, asked: &HeaderMap) -> Option<Authority> {
    let told = || asked.get(header::HOST)?.to_str().ok()?.parse().ok();
    uri.authority().cloned().or_else(told)
}

fn missing(path: &str) -> Response {
    let text = [(header::CONTENT_TYPE, "text/plain; charset=utf-8"), (header::CACHE_CONTROL, "no-store")];
    if path.ends_with(".html") && Dist::iter().next().is_none() {
        return (StatusCode::SERVICE_UNAVAILABLE, text, NOT_BUNDLED).into_response();
    }
    (StatusCode::NOT_FOUND, text, "There is nothing here.\n").into_response()
}

fn etag(file: &EmbeddedFile, suffix: &str) -> String {
    let hash = file.metadata.sha256_hash();
    format!("\"{}{suffix}\"", hex::encode(hash.get(..12).unwrap_or_default()))
}

fn matches(tags: &HeaderValue, tag: &str) -> bool {
    let Ok(tags) = tags.to_str() else { return false };
    tags.split(',').map(|one| one.trim().trim_start_matches("W/")).any(|one| one == tag || one == "*")
}

fn accepts_brotli(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    accepted.flat_map(|value| value.split(',')).any(|coding| {
        let (name, quality) = coding.trim().split_once(';').unwrap_or((coding.trim(), "q=1"));
        name.trim() == "br" && !matches!(quality.trim(), "q=0" | "q=0.0" | "q=0.00" | "q=0.000")
    })
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "wasm" => "application/wasm",
        "json" | "map" => "application/json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "webp" => "image/webp",
        "ico" => "image/x-icon",
        "webmanifest" => "application/manifest+json",
        "ts" | "txt" | "md" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brotli_only_for_those_who_take_it() {
        for (accepted, expected) in [
            ("gzip, deflate, br, zstd", true),
            ("br;q=0.5", true),
            ("br;q=0", false),
            ("gzip", false),
            ("brotli", false),
            ("", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_str(accepted).unwrap());
            assert_eq!(accepts_brotli(&headers), expected, "{accepted}");
        }
    }

    #[test]
    fn an_opener_policy_only_where_browsers_take_it() {
        for (host, expected) in [
            ("live.example.com", true),
            ("localhost:8080", true),
            ("127.0.0.1:8080", true),
            ("[::1]:8080", true),
            ("192.0.2.7:8080", false),
            ("[2001:db8::7]:8080", false),
            ("192.0.2.7", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, HeaderValue::from_str(host).unwrap());
            let told = super::host(&Uri::from_static("/room/demo"), &headers).unwrap();
            assert_eq!(is_trustworthy(&told), expected, "{host}");
            // HTTP/2 says it in the address.
            let uri = format!("https://{host}/room/demo").parse().unwrap();
            assert_eq!(super::host(&uri, &HeaderMap::new()), Some(told), "{host}");
        }
    }

    #[test]
    fn tags_match_as_lists_and_weakly() {
        for (tags, expected) in [
            ("\"a\"", true),
            ("W/\"a\"", true),
            ("\"b\", \"a\"", true),
            ("*", true),
            ("\"b\"", false),
            ("a", false),
        ] {
            assert_eq!(matches(&HeaderValue::from_str(tags).unwrap(), "\"a\""), expected, "{tags}");
        }
    }
}
