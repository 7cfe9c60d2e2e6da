//! Bad clients get a clear end, unknown things are skipped, and the protocol's document says what the protocol is.

use std::time::Duration;

use hawker_server::room::limits::Patience;
use hawker_tests::talk::{Dial, Line};
use hawker_wire::proto::client_frame::Kind as Ask;
use hawker_wire::proto::goodbye::Code;
use hawker_wire::proto::say_reply::Outcome;
use hawker_wire::proto::{Hello, Like, Say, event};
use tokio_tungstenite::tungstenite::Message;

use super::demo;

async fn ends(mut line: Line, code: Code, what: &str) {
    let (goodbye, close) = line.end().await;
    let goodbye = goodbye.unwrap_or_else(|| panic!("{what}: no goodbye"));
    assert_eq!(goodbye.code, code as u32, "{what}");
    assert!(!goodbye.reason.is_empty(), "{what}");
    assert_eq!(close, Some(code as u16), "{what}");
}

#[tokio::test]
async fn row_16_bad_frames_end_with_a_code_that_says_so() {
    let (_server, dial) = demo(|_| {}).await;
    let cases: [(&str, Message); 4] = [
        ("garbage", Message::Binary(vec![0xff; 16].into())),
        ("text", Message::Text("hello".into())),
        ("too big", Message::Binary(vec![0; 64 * 1_024].into())),
        ("nothing to greet with", Message::Binary(Vec::new().into())),
    ];
    for (what, message) in cases {
        let mut line = dial.open().await.unwrap();
        line.send_raw(message.clone()).await;
        ends(line, Code::Protocol, &format!("{what}, before Hello")).await;
        if what != "nothing to greet with" {
            let mut talker = dial.guest("x").await;
            talker.line().send_raw(message).await;
            let (goodbye, _) = talker.line().end().await;
            assert_eq!(
                goodbye.map(|goodbye| goodbye.code),
                Some(Code::Protocol as u32),
                "{what}, after Hello"
            );
        }
    }
    let mut early = dial.open().await.unwrap();
    early.send(Ask::Say(Say { request: 1, text: "hi".into() })).await;
    ends(early, Code::Protocol, "Say before Hello").await;
    let mut newer = dial.open().await.unwrap();
    newer.send(Ask::Hello(Hello { version: 2, ..Hello::default() })).await;
    ends(newer, Code::Version, "a later version").await;
    assert_eq!(Dial { protocol: "", ..dial.clone() }.open().await.err(), Some(400));
    assert_eq!(Dial { protocol: "chat.v9", ..dial.clone() }.open().await.err(), Some(400));
}

#[tokio::test]
async fn who_does_not_greet_is_sent_away_and_may_come_back() {
    let patience = Patience { hello: Duration::from_millis(300), ..Patience::default() };
    let (_server, dial) = demo(|config| config.room.patience = patience).await;
    let silent = dial.open().await.unwrap();
    ends(silent, Code::HelloTimeout, "no Hello").await;
    // Pings are no greeting.
    let mut pinging = dial.open().await.unwrap();
    pinging.send_raw(Message::Ping(Vec::new().into())).await;
    ends(pinging, Code::HelloTimeout, "pings only").await;
    assert_eq!(Code::HelloTimeout as u32, 4_005);
}

#[tokio::test]
async fn who_gives_no_sign_of_life_is_sent_away_and_leaves_the_room() {
    let (ping_every, idle) = (Duration::from_millis(200), Duration::from_secs(2));
    let patience = Patience { ping_every, idle, ..Patience::default() };
    let (_server, dial) = demo(|config| config.room.patience = patience).await;
    // Nobody reads this socket, so nobody answers its pings; Ann, who says nothing either, reads hers.
    let mut asleep = dial.guest("Rip").await;
    let mut ann = dial.guest("Ann").await;
    let online = |expected: u32| move |kind: &event::Kind| matches!(kind, event::Kind::Totals(told) if told.online == expected);
    ann.until_event(online(2)).await;
    ann.until_event(online(1)).await;
    let (goodbye, close) = asleep.line().end().await;
    assert_eq!((goodbye.map(|goodbye| goodbye.code), close), (Some(Code::Idle as u32), Some(4_002)));
}

#[tokio::test]
async fn more_frames_than_a_page_sends_end_the_connection() {
    let (_server, dial) = demo(|_| {}).await;
    let mut talker = dial.guest("x").await;
    for _ in 0..400 {
        talker.send(Ask::Like(Like { taps: 1 })).await;
    }
    let (goodbye, _) = talker.line().end().await;
    assert_eq!(goodbye.map(|goodbye| goodbye.code), Some(Code::Flooding as u32));
}

#[tokio::test]
async fn row_16_what_a_later_version_says_is_skipped() {
    let (_server, dial) = demo(|_| {}).await;
    let mut talker = dial.guest("x").await;
    // Field 99 of ClientFrame, and a Like with a field 15 that this version does not have.
    talker.line().send_raw(Message::Binary(vec![0x9a, 0x06, 0x01, 0x00].into())).await;
    talker.line().send_raw(Message::Binary(vec![0x1a, 0x04, 0x08, 0x01, 0x78, 0x01].into())).await;
    assert_eq!(talker.say("still here").await.outcome(), Outcome::Said);
}

/// Every message, field, number and enum value of the protocol is in its document, and nothing else is claimed.
#[test]
fn the_document_is_the_protocol() {
    let read = |path: &str| std::fs::read_to_string(hawker_tests::root().join(path)).unwrap();
    let proto = read("player/wire/hawker.proto");
    let document = read("www/docs/protocol.md");
    let mut wanted = Vec::new();
    for line in proto.lines().map(str::trim).filter(|line| !line.starts_with("//")) {
        let words: Vec<&str> = line.split([' ', ';']).filter(|word| !word.is_empty()).collect();
        match words.as_slice() {
            ["message" | "enum", name, "{"] => wanted.push(format!("`{name}`")),
            [.., name, "=", number] if !line.starts_with("syntax") => {
                wanted.push(format!("| {number} | `{name}` |"))
            }
            _ => {}
        }
    }
    assert!(wanted.len() > 150, "the proto was read: {}", wanted.len());
    let missing: Vec<_> = wanted.iter().filter(|entry| !document.contains(*entry)).collect();
    assert!(missing.is_empty(), "www/docs/protocol.md lacks {missing:?}");
    let rows = document.lines().filter(|line| {
        let number = line.strip_prefix("| ").and_then(|rest| rest.split(' ').next());
        number.is_some_and(|number| number.parse::<u32>().is_ok())
    });
    let claimed = rows.count();
    let fields = wanted.iter().filter(|entry| entry.starts_with('|')).count();
    assert_eq!(claimed, fields, "the document has rows that the proto does not have");
}
