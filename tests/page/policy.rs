//! A page that is not ours, at its worst: a strict policy with Trusted Types, and a stylesheet that hits everything.

use axum::Router;
use axum::http::header;
use axum::routing::get;
use hawker_tests::browser;
use serde_json::json;
use tokio::net::TcpListener;

use crate::show;

/// What shop themes do to elements they do not know.
const HOSTILE: &str = "* { all: unset; box-sizing: content-box !important; font: 40px serif !important; color: lime !important; \
     letter-spacing: 9px !important } div, video, button, span, ul, li, p { display: inline !important; width: 3px !important; \
     position: static !important; opacity: 0.2 !important } video { display: none !important } \
     html, body { display: block } style, script, head { display: none !important }";

#[tokio::test(flavor = "multi_thread")]
async fn it_lives_with_a_strict_policy_trusted_types_and_hostile_styles() {
    let show = show::on_air().await;
    let (server, shop) = (show.server.url.clone(), show.shop.clone());
    let address = server.trim_start_matches("http://").to_owned();
    let policy = format!(
        "default-src 'none'; script-src {server} 'wasm-unsafe-eval'; style-src 'self'; img-src {server} {shop}; media-src blob:; \
         connect-src {server} https://{address} ws://{address}; require-trusted-types-for 'script'; trusted-types 'none'; base-uri 'none'"
    );
    let html = format!(
        "<!doctype html><html lang=en><meta charset=utf-8><link rel=icon href=\"{server}/www/hawker.svg\"><link rel=stylesheet href=/hostile.css>\
         <script type=module src=\"{server}/sdk/hawker.js\"></script><body><hawker-live room=demo server=\"{server}\"></hawker-live>"
    );
    let page_routes = Router::new()
        .route("/hostile.css", get(|| async { ([(header::CONTENT_TYPE, "text/css")], HOSTILE) }))
        .route(
            "/",
            get(move || async move {
                (
                    [
                        (header::CONTENT_TYPE, "text/html".to_owned()),
                        (header::CONTENT_SECURITY_POLICY, policy),
                    ],
                    html,
                )
            }),
        );
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
    let origin = format!("http://{}", listener.local_addr().expect("an address"));
    let serving = tokio::spawn(async move { axum::serve(listener, page_routes).await });

    let page = browser::chromium().await;
    page.open(&format!("{origin}/")).await;
    show::moves(&page).await;
    page.until("document.querySelector('hawker-live').shadowRoot.querySelector('.controls')", show::START)
        .await;
    let seen = page
        .eval(
            "const root = document.querySelector('hawker-live').shadowRoot; const video = root.querySelector('video'); \
             const box = video.getBoundingClientRect(); const style = getComputedStyle(root.querySelector('.controls')); \
             return { width: box.width, height: box.height, display: getComputedStyle(video).display, spacing: style.letterSpacing, \
             markup: root.querySelectorAll('[style]').length };",
        )
        .await;
    assert!(seen["width"].as_f64().is_some_and(|width| width > 300.0), "{seen}");
    assert!(seen["height"].as_f64().is_some_and(|height| height > 150.0), "{seen}");
    assert_ne!(seen["display"], "none", "the page's styles stay outside: {seen}");
    assert_eq!(seen["spacing"], json!("normal"), "also those that inherit: {seen}");
    // The other way round: nothing of ours outside.
    let sheets = page.eval("return document.styleSheets.length + document.adoptedStyleSheets.length").await;
    assert_eq!(sheets, json!(1), "the page has its own stylesheet and no other");
    page.picture("hostile-page").await;
    show::quiet(&page, "hostile page").await;
    serving.abort();
}
