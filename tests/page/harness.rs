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

/// Names of the living processes of a group, with their ids.
fn living(group: u32) -> Vec<(u32, String)> {
    let ids = std::fs::read_dir("/proc").expect("this is Linux").flatten();
    let ids = ids.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let member = |pid: u32| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let (name, rest) = stat.split_once('(')?.1.rsplit_once(')')?;
        let fields: Vec<&str> = rest.split_whitespace().collect();
        let lives = fields.first()? != &"Z" && fields.get(2)?.parse() == Ok(group);
        lives.then(|| (pid, name.to_owned()))
    };
    ids.filter_map(member).collect()
}

async fn gone(group: u32) {
    let empty = async {
        while !living(group).is_empty() {
            tokio::task::yield_now().await;
        }
    };
    let gone = tokio::time::timeout(Duration::from_secs(10), empty).await;
    assert!(gone.is_ok(), "left behind: {:?}", living(group));
}

#[tokio::test]
async fn a_browser_ends_with_its_driver_and_with_a_panic() {
    for name in ["chromedriver", "geckodriver"] {
        let open =
            async || if name == "geckodriver" { browser::firefox().await } else { browser::chromium().await };
        let page = open().await;
        let group = page.group();
        assert!(living(group).len() > 3, "the driver and its browser: {:?}", living(group));
        let driver = living(group).into_iter().find(|(_, comm)| comm == name).expect("the driver runs");
        let killed = std::process::Command::new("kill").args(["-KILL", &driver.0.to_string()]).status();
        assert!(killed.expect("kill runs").success());
        gone(group).await;
        drop(page);

        let (tell, told) = tokio::sync::oneshot::channel();
        let page = open().await;
        let panics = tokio::spawn(async move {
            tell.send(page.group()).expect("the test listens");
            panic!("as a failed assertion does");
        });
        assert!(panics.await.is_err_and(|error| error.is_panic()));
        gone(told.await.expect("a group")).await;
    }
}

#[tokio::test]
async fn a_server_starts_makes_a_room_and_stops() {
    let server = hawker_tests::server::start().await;
    let key = server.room("harness").await;
    assert!(key.len() >= 16, "a key that nobody guesses");
    assert_eq!(server.get("/rooms/harness").await["id"], "harness");
    server.stop().await;
}
