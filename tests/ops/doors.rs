//! Who gets in where: every call of the OpenAPI document, asked by strangers.

use hawker_tests::server::{self, Server};
use reqwest::{Method, StatusCode};
use serde_json::Value;

/// Calls without the administrators' token, each with its own way to say who calls.
const SIGNED: [(&str, &str); 3] =
    [("post", "/api/v1/payments"), ("post", "/api/v1/cancellations"), ("post", "/api/v1/refunds")];

async fn calls(server: &Server) -> Vec<(String, String, Value)> {
    let url = format!("{}/api/v1/openapi.json", server.url);
    let document: Value = server::client().get(url).send().await.unwrap().json().await.unwrap();
    let mut calls = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            calls.push((method.clone(), path.clone(), operation.clone()));
        }
    }
    calls
}

#[tokio::test]
async fn strangers_are_refused_everywhere() {
    let server = server::start().await;
    server.room("demo").await;
    let calls = calls(&server).await;
    assert!(calls.len() >= 15, "the document knows {} calls only", calls.len());
    for (method, path, operation) in &calls {
        let url = format!("{}{}", server.url, path.replace("{room}", "demo").replace(['{', '}'], ""));
        for token in [None, Some("wrong"), Some("")] {
            let mut request =
                server::client().request(method.to_uppercase().parse::<Method>().unwrap(), &url);
            if let Some(token) = token {
                request = request.bearer_auth(token);
            }
            // A body that would do, so that it is the door that refuses.
            let answer = request.header("content-type", "application/json").body("{}").send().await.unwrap();
            assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{method} {path} with {token:?}");
            let body: Value = answer.json().await.unwrap();
            assert_eq!(body["error"]["code"], "unauthorized", "{method} {path}");
            assert!(!body["error"]["message"].as_str().unwrap().is_empty());
        }
        let signed = SIGNED.contains(&(method.as_str(), path.as_str()));
        assert_eq!(operation["security"].is_array(), !signed, "{method} {path} says who may call it");
    }
}

#[tokio::test]
async fn strangers_learn_nothing_about_which_rooms_exist() {
    let server = server::start().await;
    server.room("demo").await;
    let ask = async |room: &str| {
        let answer =
            server::client().get(format!("{}/api/v1/rooms/{room}", server.url)).send().await.unwrap();
        (answer.status(), answer.text().await.unwrap())
    };
    assert_eq!(ask("demo").await, ask("nowhere").await);
}

#[tokio::test]
async fn every_call_describes_itself() {
    let server = server::start().await;
    for (method, path, operation) in calls(&server).await {
        assert!(operation["summary"].is_string(), "{method} {path} has no summary");
        assert!(operation["tags"][0].is_string(), "{method} {path} has no tag");
        assert!(operation["responses"].as_object().is_some_and(|all| !all.is_empty()), "{method} {path}");
    }
}

#[tokio::test]
async fn unknown_calls_and_bad_bodies_are_told_as_errors_of_the_api() {
    let server = server::start().await;
    let (status, body) = server.try_call(Method::GET, "/nothing", None).await;
    assert_eq!((status, body["error"]["code"].as_str()), (404, Some("no-such-call")));
    let (status, body) = server.try_call(Method::POST, "/rooms", Some(&serde_json::json!({"id": 7}))).await;
    assert_eq!((status, body["error"]["code"].as_str()), (422, Some("bad-body")));
    let typo = serde_json::json!({"id": "a", "titel": "b"});
    let (status, body) = server.try_call(Method::POST, "/rooms", Some(&typo)).await;
    assert_eq!(status, 422);
    assert!(body["error"]["message"].as_str().unwrap().contains("titel"), "{body}");
    let large = serde_json::json!({"id": "a", "title": "x".repeat(2 << 20)});
    assert_eq!(server.try_call(Method::POST, "/rooms", Some(&large)).await.0, 413);
}

#[tokio::test]
async fn too_many_calls_from_one_address_are_slowed_down() {
    let server = server::start_with(|config| config.http.api_rate = 1).await;
    let url = format!("{}/api/v1/rooms", server.url);
    let client = server::client();
    let mut refused = None;
    for _ in 0..12 {
        let answer = client.get(&url).send().await.unwrap();
        if answer.status() == StatusCode::TOO_MANY_REQUESTS {
            refused = Some(answer);
        }
    }
    let refused = refused.expect("ten at once, then one a second");
    assert!(refused.headers()["retry-after"].to_str().unwrap().parse::<u32>().unwrap() >= 1);
    // Pages, health and time are not calls of the API.
    for open in ["healthz", "api/v1/time"] {
        assert_eq!(
            client.get(format!("{}/{open}", server.url)).send().await.unwrap().status(),
            StatusCode::OK
        );
    }
}

#[tokio::test]
async fn other_origins_get_in_as_configured() {
    let server =
        server::start_with(|config| config.http.origins = vec!["https://shop.example".to_owned()]).await;
    let allowed = async |origin: &str| {
        let request = server::client().get(format!("{}/api/v1/time", server.url)).header("origin", origin);
        let answer = request.send().await.unwrap();
        answer.headers().get("access-control-allow-origin").map(|value| value.to_str().unwrap().to_owned())
    };
    assert_eq!(allowed("https://shop.example").await.as_deref(), Some("https://shop.example"));
    assert_eq!(allowed("https://evil.example").await, None);
}
