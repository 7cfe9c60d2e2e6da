//! The shop's pages and pictures, compiled in, with a strict policy on every page.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::Shop;
use crate::seed::{GOODS, Good};

const INDEX: &str = include_str!("../../shop/page/index.html");
const PRODUCT: &str = include_str!("../../shop/page/product.html");
const CHECKOUT: &str = include_str!("../../shop/page/checkout.html");

/// Scripts and styles by name.
const FILES: &[(&str, &str)] = &[
    ("shop.css", include_str!("../../shop/page/shop.css")),
    ("shop.js", include_str!("../../shop/page/shop.js")),
    ("checkout.js", include_str!("../../shop/page/checkout.js")),
];

/// Pictures by good.
const PICTURES: &[(&str, &str)] = &[
    ("teapot", include_str!("../../shop/goods/teapot.svg")),
    ("lamp", include_str!("../../shop/goods/lamp.svg")),
    ("scarf", include_str!("../../shop/goods/scarf.svg")),
    ("tea", include_str!("../../shop/goods/tea.svg")),
    ("fan", include_str!("../../shop/goods/fan.svg")),
    ("mug", include_str!("../../shop/goods/mug.svg")),
];

pub(super) fn routes() -> Router<Arc<Shop>> {
    Router::new()
        .route("/", get(index))
        .route("/goods/{good}", get(good))
        .route("/checkout", get(checkout))
        .route("/page/{file}", get(file))
}

async fn index(State(shop): State<Arc<Shop>>, headers: HeaderMap) -> Response {
    let cards: String = GOODS.iter().map(card).collect();
    page(&shop, &headers, &INDEX.replace("{{goods}}", &cards))
}

fn card(good: &Good) -> String {
    format!(
        "<li><a href=\"/goods/{id}\"><img src=\"/goods/{id}.svg\" alt=\"\" width=\"240\" height=\"240\"><span>{title}</span><b>{price}</b></a></li>\n",
        id = good.id,
        title = good.title,
        price = money(good.price),
    )
}

/// Fen as people read them.
fn money(fen: i64) -> String {
    format!("¥{}.{:02}", fen / 100, fen % 100)
}

/// `/goods/ID.svg` is the picture, `/goods/ID` the page, with the floating player in its corner.
async fn good(State(shop): State<Arc<Shop>>, Path(name): Path<String>, headers: HeaderMap) -> Response {
    if let Some(id) = name.strip_suffix(".svg") {
        return match PICTURES.iter().find(|(good, _)| *good == id) {
            Some((_, picture)) => {
                ([(header::CONTENT_TYPE, "image/svg+xml"), (header::CACHE_CONTROL, "max-age=3600")], *picture)
                    .into_response()
            }
            None => StatusCode::NOT_FOUND.into_response(),
        };
    }
    match GOODS.iter().find(|good| good.id == name) {
        Some(good) => {
            let html = PRODUCT
                .replace("{{id}}", good.id)
                .replace("{{title}}", good.title)
                .replace("{{price}}", &money(good.price));
            page(&shop, &headers, &html)
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn checkout(State(shop): State<Arc<Shop>>, headers: HeaderMap) -> Response {
    page(&shop, &headers, CHECKOUT)
}

async fn file(Path(file): Path<String>) -> Response {
    let Some((name, content)) = FILES.iter().find(|(name, _)| *name == file) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let kind = if name.ends_with(".css") { "text/css" } else { "text/javascript" };
    ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "no-cache")], *content).into_response()
}

/// Sets the server's address into a page, with the policy that allows exactly it.
fn page(shop: &Shop, headers: &HeaderMap, html: &str) -> Response {
    let server = format!("{}:{}", host(headers), shop.port);
    // Pictures of goods carry this shop's address as the server was told it, which may be another name of this machine.
    let policy = format!(
        "default-src 'none'; base-uri 'none'; form-action 'none'; script-src 'self' http://{server} 'wasm-unsafe-eval'; \
         style-src 'self'; img-src 'self' data: http:; media-src blob: http://{server}; \
         connect-src 'self' http://{server} https://{server} ws://{server}; require-trusted-types-for 'script'; trusted-types 'none'"
    );
    let html = html.replace("{{server}}", &format!("http://{server}"));
    let head = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8".to_owned()),
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::CACHE_CONTROL, "no-cache".to_owned()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
    ];
    (head, html).into_response()
}

/// The name by which this page was reached: the player's server has the same one, on another port.
fn host(headers: &HeaderMap) -> String {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = match host.rfind(':') {
        Some(colon) if !host.ends_with(']') => host.get(..colon).unwrap_or_default(),
        _ => host,
    };
    let plain =
        |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '-' | ':' | '[' | ']');
    if name.is_empty() || !name.chars().all(plain) { "127.0.0.1".to_owned() } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn pages_reach_the_server_by_their_own_name() {
        let check = |given: &str, expected: &str| {
            let headers =
                HeaderMap::from_iter([(header::HOST, HeaderValue::from_str(given).expect("a header"))]);
            assert_eq!(host(&headers), expected, "{given}");
        };
        check("127.0.0.1:8081", "127.0.0.1");
        check("shop.test", "shop.test");
        check("[::1]:8081", "[::1]");
        check("a\"><script>:8081", "127.0.0.1");
        assert_eq!(host(&HeaderMap::new()), "127.0.0.1");
    }

    #[test]
    fn every_good_has_a_picture() {
        for good in GOODS {
            assert!(PICTURES.iter().any(|(id, _)| *id == good.id), "{}", good.id);
        }
    }
}
