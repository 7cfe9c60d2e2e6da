//! The door: who gets in, how many from one address, and as whom.

use hawker_tests::server::SHOP_SECRET;
use hawker_tests::talk::Dial;
use hawker_tests::token::{self, FAR};
use hawker_wire::proto::Hello;
use hawker_wire::proto::event;
use hawker_wire::proto::goodbye::Code;
use hawker_wire::proto::viewer::Role;

use super::demo;

#[tokio::test]
async fn a_token_of_the_shop_names_its_bearer() {
    let (_server, dial) = demo(|_| {}).await;
    let claims =
        serde_json::json!({ "sub": "42", "name": "Li Wei", "room": "demo", "role": "host", "exp": FAR });
    let with = |token: String| Hello { token, name: "Mallory".into(), ..Hello::default() };
    let mut host = dial.enter(with(token::sign(&claims, SHOP_SECRET))).await.unwrap();
    assert_eq!((host.welcome.name.as_str(), host.welcome.role()), ("Li Wei", Role::Host));
    let mut viewer = dial.guest("Ann").await;
    host.say("welcome").await;
    let heard = viewer.until_event(|kind| matches!(kind, event::Kind::Message(_))).await;
    assert!(
        matches!(heard, event::Kind::Message(message) if message.role() == Role::Host && message.name == "Li Wei")
    );

    let mut bad = vec![token::sign(&claims, "another secret entirely"), "not.a.token".into()];
    for change in [serde_json::json!({ "exp": 1 }), serde_json::json!({ "room": "other" })] {
        let mut claims = claims.clone();
        for (key, value) in change.as_object().unwrap() {
            claims[key] = value.clone();
        }
        bad.push(token::sign(&claims, SHOP_SECRET));
    }
    for token in bad {
        let goodbye = dial.enter(with(token)).await.err().expect("not let in");
        assert_eq!(goodbye.code, Code::Token as u32);
    }
}

#[tokio::test]
async fn an_address_has_its_number_of_connections_and_its_pace() {
    let (_server, dial) = demo(|config| config.room.address_connections = 3).await;
    let mut open = Vec::new();
    for _ in 0..3 {
        open.push(dial.guest("x").await);
    }
    assert_eq!(dial.open().await.err(), Some(429));
    let elsewhere = Dial { from: Some([127, 9, 9, 9].into()), ..dial.clone() };
    elsewhere.guest("others are not concerned").await;
    let claimed = Dial { headers: vec![("x-forwarded-for", "203.0.113.9".into())], ..dial.clone() };
    assert_eq!(claimed.open().await.err(), Some(429), "a stranger's own word does not count");
}

#[tokio::test]
async fn behind_a_configured_proxy_the_forwarded_address_counts() {
    let (_server, dial) = demo(|config| {
        config.room.address_connections = 1;
        config.http.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    })
    .await;
    let via = |client: &str| Dial { headers: vec![("x-forwarded-for", client.to_owned())], ..dial.clone() };
    let _one = via("203.0.113.1").guest("one").await;
    let _two = via("203.0.113.2").guest("two").await;
    assert_eq!(via("203.0.113.1").open().await.err(), Some(429));
}

#[tokio::test]
async fn pages_of_other_origins_are_let_in_by_configuration() {
    let (server, dial) = demo(|config| config.http.origins = vec!["https://shop.example".into()]).await;
    let from = |origin: String| Dial { headers: vec![("origin", origin)], ..dial.clone() };
    assert!(from("https://shop.example".into()).open().await.is_ok());
    assert!(from(server.url.clone()).open().await.is_ok(), "our own pages always may");
    assert_eq!(from("https://evil.example".into()).open().await.err(), Some(403));
}

#[tokio::test]
async fn a_full_room_and_an_unknown_one_say_so() {
    let (server, dial) = demo(|config| config.room.connections = 1).await;
    let _one = dial.guest("one").await;
    let refused = dial.enter(Hello::default()).await.err();
    assert_eq!(refused.map(|goodbye| goodbye.code), Some(Code::Busy as u32));
    let unknown = Dial::new(server.running.http, "nowhere").enter(Hello::default()).await.err();
    assert_eq!(unknown.map(|goodbye| goodbye.code), Some(Code::UnknownRoom as u32));
}
