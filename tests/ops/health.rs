//! What load balancers and collectors ask, and what every answer carries.

use hawker_tests::server;

#[tokio::test]
async fn health_time_and_metrics_answer_without_a_token() {
    let server = server::start().await;
    let ask = async |path: &str| {
        let answer = server::client().get(format!("{}{path}", server.url)).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        assert_eq!(answer.headers()["x-content-type-options"], "nosniff", "{path}");
        answer.text().await.unwrap()
    };
    assert_eq!(ask("/healthz").await, "ok\n");
    let before = server.running.app.clock.wall().as_ms() as f64;
    let time: f64 = ask("/api/v1/time").await.parse().unwrap();
    assert!((time - before).abs() < 60_000.0, "{time} is the server's calendar time in ms");
    let iso = ask("/api/v1/time?iso").await;
    assert!(
        iso.len() == 24 && iso.starts_with("20") && iso.ends_with('Z'),
        "{iso} is what DASH players read"
    );
    server.room("demo").await;
    let metrics = ask("/metrics").await;
    for expected in [
        "hawker_rooms 1\n",
        "hawker_http_answers_total{class=\"2xx\"} ",
        "# TYPE hawker_http_connections gauge",
        "hawker_info{version=",
    ] {
        assert!(metrics.contains(expected), "{expected} is not in\n{metrics}");
    }
    for line in metrics.lines().filter(|line| !line.starts_with('#')) {
        let (_, value) = line.rsplit_once(' ').unwrap();
        assert!(value.parse::<f64>().is_ok(), "not a sample: {line}");
    }
}

#[tokio::test]
async fn a_stop_ends_held_requests_and_idle_connections_at_once() {
    let server = server::start().await;
    server.room("demo").await;
    // Held for 20 s if nobody stopped it: the room is offline and stays so.
    let url = format!("{}/live/demo/stream", server.url);
    let idle = server::client();
    idle.get(format!("{}/healthz", server.url)).send().await.unwrap();
    let held = tokio::spawn(async move { server::client().get(format!("{url}?after=1")).send().await });
    tokio::time::timeout(std::time::Duration::from_secs(15), server.stop())
        .await
        .expect("the drain ends by itself");
    tokio::time::timeout(std::time::Duration::from_secs(15), held)
        .await
        .expect("the held request ends too")
        .unwrap()
        .ok();
}
