//! The harness holds what it promises: a browser opens, runs scripts, tells its errors, and ends with its owner.

use std::time::Duration;

use hawker_tests::browser;

#[tokio::test]
async fn chromium_opens_evaluates_and_tells_errors() {
    let page = browser::chromium_with(browser::Options::phone()).await;
    let html = "<meta name=viewport content='width=device-width'><title>a page</title><script>console.error('seen')</script>";
    page.open(&format!("data:text/html,{html}")).await;
    assert_eq!(page.title().await.expect("a title"), "a page");
    assert_eq!(page.eval("return [innerWidth, innerHeight]").await, serde_json::json!([390, 844]));
    page.until("document.readyState === 'complete'", Duration::from_secs(30)).await;
    let errors = page.console_errors().await;
    assert!(errors.iter().any(|error| error.contains("seen")), "{errors:?}");
}

#[tokio::test]
async fn firefox_opens_and_evaluates() {
    let page = browser::firefox().await;
    page.open("data:text/html,<title>a page</title><script>console.error('seen')</script>").await;
    assert_eq!(page.eval("return 6 * 7").await, serde_json::json!(42));
    // Its output comes when it comes.
    let told = async {
        let mut errors = Vec::new();
        while errors.is_empty() {
            page.eval("return new Promise(done => setTimeout(done, 50))").await;
            errors = page.console_errors().await;
        }
        errors
    };
    let errors = tokio::time::timeout(Duration::from_secs(30), told).await.expect("an error is told");
    assert!(errors.iter().any(|error| error.contains("seen")), "{errors:?}");
}

#[tokio::test]
async fn a_server_starts_makes_a_room_and_stops() {
    let server = hawker_tests::server::start().await;
    let key = server.room("harness").await;
    assert!(key.len() >= 16, "a key that nobody guesses");
    assert_eq!(server.get("/rooms/harness").await["id"], "harness");
    server.stop().await;
}
