//! Operators: what they take away is gone at once and stays gone, words are blocked or masked, strangers can do nothing.

use hawker_tests::server;
use hawker_tests::talk::{Dial, texts};
use hawker_wire::proto::event;
use hawker_wire::proto::say_reply::Outcome;
use reqwest::Method;
use serde_json::json;

use super::demo;

#[tokio::test]
async fn deleted_and_muted_words_are_gone_for_everybody_and_after_a_restart() {
    let (server, dial) = demo(|_| {}).await;
    let (mut ann, mut rude) = (dial.guest("Ann").await, dial.guest("Rude").await);
    let deleted = ann.say("a slip").await.message;
    rude.say("rude words").await;
    ann.until_event(|kind| matches!(kind, event::Kind::Message(message) if message.name == "Rude")).await;

    let listed = server.get("/rooms/demo/messages").await;
    assert_eq!(listed["messages"][0]["text"], "a slip");
    assert_eq!(listed["messages"][0]["id"], deleted.to_string());
    let sender = listed["messages"][1]["sender"].as_str().unwrap().to_owned();
    assert_eq!(sender, rude.welcome.viewer);

    server.delete(&format!("/rooms/demo/messages/{deleted}")).await;
    server.put(&format!("/rooms/demo/mutes/{sender}"), &json!({})).await;
    ann.until_event(|kind| matches!(kind, event::Kind::Deleted(gone) if gone.message == deleted)).await;
    ann.until_event(|kind| matches!(kind, event::Kind::Muted(muted) if muted.sender == sender)).await;
    assert_eq!(rude.say("me again").await.outcome(), Outcome::Muted);
    assert!(texts(&dial.guest("late").await.welcome.missed).is_empty());
    assert_eq!(server.get("/rooms/demo/mutes").await["senders"], json!([sender]));

    let guest = rude.welcome.guest.clone();
    drop((ann, rude));
    let folder = server.stop().await;
    let again = server::start_with(|config| config.data.dir = folder.path().join("data")).await;
    let dial = Dial::new(again.running.http, "demo");
    let hello = hawker_wire::proto::Hello { guest, ..Default::default() };
    assert_eq!(dial.enter(hello).await.unwrap().say("now?").await.outcome(), Outcome::Muted);
}

#[tokio::test]
async fn row_19_listed_words_are_blocked_or_masked_at_once() {
    let (server, dial) = demo(|_| {}).await;
    let mut ann = dial.guest("Ann").await;
    assert_eq!(ann.say("加 微信").await.outcome(), Outcome::Said);
    let words =
        json!({ "words": [{ "word": "加微信", "action": "block" }, { "word": "damn", "action": "mask" }] });
    server.put("/words", &words).await;
    assert_eq!(server.get("/words").await["words"].as_array().unwrap().len(), 2);
    for disguised in ["加微信", "加\u{200b}微.信", "快 加 微 信 吧"] {
        assert_eq!(ann.say(disguised).await.outcome(), Outcome::Blocked, "{disguised:?}");
    }
    server.put("/words", &json!({ "words": [{ "word": "damn", "action": "mask" }] })).await;
    let mut ben = dial.guest("DAMN Ben").await;
    assert_eq!(ben.welcome.name, "**** Ben");
    let reply = ben.say("ＤＡＭＮ it").await;
    assert_eq!((reply.outcome(), reply.said.unwrap().text.as_str()), (Outcome::Said, "**** it"));
    let (status, error) =
        server.try_call(Method::PUT, "/words", Some(&json!({ "words": [{ "word": "!!" }] }))).await;
    assert_eq!((status, &error["error"]["code"]), (400, &json!("word")));
    assert!(error["error"]["message"].as_str().unwrap().contains("!!"), "{error}");
    assert_eq!(server.get("/words").await["words"][0]["word"], "damn", "the old list stays");
}

#[tokio::test]
async fn a_removed_room_sends_everybody_off_for_good() {
    let (server, dial) = demo(|_| {}).await;
    let mut ann = dial.guest("Ann").await;
    server.delete("/rooms/demo").await;
    let (_, code) = ann.line().end().await;
    assert_eq!(code, Some(4_503));
}

#[tokio::test]
async fn strangers_moderate_nothing() {
    let server = server::start().await;
    server.room("demo").await;
    let client = server::client();
    let calls = [
        (Method::GET, "/rooms/demo/messages"),
        (Method::DELETE, "/rooms/demo/messages/1"),
        (Method::PUT, "/rooms/demo/mutes/x"),
        (Method::DELETE, "/rooms/demo/mutes/x"),
        (Method::PUT, "/rooms/demo/pin"),
        (Method::GET, "/words"),
        (Method::PUT, "/words"),
    ];
    for (method, path) in calls {
        for token in [None, Some("wrong")] {
            let mut request =
                client.request(method.clone(), format!("{}/api/v1{path}", server.url)).json(&json!({}));
            if let Some(token) = token {
                request = request.bearer_auth(token);
            }
            assert_eq!(request.send().await.unwrap().status(), 401, "{method} {path}");
        }
    }
    let (status, error) =
        server.try_call(Method::PUT, "/rooms/demo/pin", Some(&json!({ "product": "nothing" }))).await;
    assert_eq!((status, &error["error"]["code"]), (404, &json!("not-found")));
}
