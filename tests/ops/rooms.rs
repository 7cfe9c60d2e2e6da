//! Rooms and stream keys as operators use them.

use hawker_tests::server;
use reqwest::Method;
use serde_json::json;

#[tokio::test]
async fn a_room_is_made_changed_ended_and_deleted() {
    let server = server::start().await;
    let made = server.post("/rooms", &json!({"id": "demo", "title": "Tea 茶", "starts_ms": 7})).await;
    assert_eq!((made["title"].as_str(), made["currency"].as_str()), (Some("Tea 茶"), Some("CNY")));
    assert_eq!((made["ended"].as_bool(), made["starts_ms"].as_u64()), (Some(false), Some(7)));
    let changed = server.call(Method::PATCH, "/rooms/demo", Some(&json!({"title": "Coffee"}))).await;
    assert_eq!((changed["title"].as_str(), changed["starts_ms"].as_u64()), (Some("Coffee"), Some(7)));
    assert_eq!(server.call(Method::POST, "/rooms/demo/end", None).await["ended"], true);
    assert_eq!(server.call(Method::POST, "/rooms/demo/open", None).await["ended"], false);
    assert_eq!(server.get("/rooms").await["rooms"].as_array().unwrap().len(), 1);
    server.delete("/rooms/demo").await;
    assert_eq!(server.try_call(Method::GET, "/rooms/demo", None).await.0, 404);
    assert_eq!(server.try_call(Method::DELETE, "/rooms/demo", None).await.0, 404);
}

#[tokio::test]
async fn what_is_no_room_is_refused_with_the_reason() {
    let server = server::start().await;
    let id_65 = "x".repeat(65);
    for (body, code) in [
        (json!({"id": ""}), "invalid-room"),
        (json!({"id": "a/b"}), "invalid-room"),
        (json!({"id": "直播"}), "invalid-room"),
        (json!({"id": id_65}), "invalid-room"),
        (json!({"id": "a", "currency": "yuan"}), "invalid-room"),
        (json!({"id": "a", "title": "x".repeat(121)}), "invalid-room"),
        (json!({"id": "a", "title": "two\nlines"}), "invalid-room"),
        (json!({"id": "a", "key": "short"}), "invalid-room"),
    ] {
        let (status, answer) = server.try_call(Method::POST, "/rooms", Some(&body)).await;
        assert_eq!((status, answer["error"]["code"].as_str()), (400, Some(code)), "{body}");
    }
    server.post("/rooms", &json!({"id": "a"})).await;
    let (status, answer) = server.try_call(Method::POST, "/rooms", Some(&json!({"id": "a"}))).await;
    assert_eq!((status, answer["error"]["code"].as_str()), (409, Some("room-exists")));
}

#[tokio::test]
async fn a_stream_key_comes_with_its_address_and_can_be_changed() {
    let server = server::start().await;
    let first = server.room("demo").await;
    let shown = server.get("/rooms/demo/key").await;
    let rtmp = format!("rtmp://127.0.0.1:{}/live", server.running.rtmp.port());
    assert_eq!(shown["server"], rtmp.as_str());
    assert_eq!(shown["stream"], format!("demo?key={first}"));
    assert_eq!(shown["url"], format!("{rtmp}/demo?key={first}"));
    let directory = &server.running.app.directory;
    assert_eq!(directory.check_key("demo", &first), Ok(()));
    let second = server.call(Method::POST, "/rooms/demo/key", None).await;
    assert!(directory.check_key("demo", &first).is_err(), "the old key is void");
    assert_eq!(directory.check_key("demo", second["key"].as_str().unwrap()), Ok(()));
    assert!(directory.check_key("nowhere", &first).is_err());
}

#[tokio::test]
async fn rooms_and_keys_outlive_the_process() {
    let server = server::start().await;
    let key = server.room("demo").await;
    server.call(Method::POST, "/rooms/demo/end", None).await;
    let data = server.stop().await;
    let folder = data.path().join("data");
    let again = server::start_with(move |config| config.data.dir = folder).await;
    assert_eq!(again.running.admin_token, None, "the token is shown once");
    let directory = &again.running.app.directory;
    assert!(directory.room("demo").unwrap().ended);
    assert_eq!(directory.key("demo"), Some(key));
}
