//! The door over UDP, from a client that is no browser: the same objects as over HTTP, streams that are given up, the room, taps
//! as datagrams, refusals. What browsers make of it is in `tests/page`.

use std::time::Duration;

use hawker_tests::server;
use hawker_tests::talk::Dial;
use hawker_tests::udp::{open, open_from};
use hawker_wire::proto::client_frame::Kind as Ask;
use hawker_wire::proto::event::Kind as Event;
use hawker_wire::proto::server_frame::Kind as Told;
use hawker_wire::proto::{Ping, Say};
use reqwest::Url;
use web_transport_quinn::{ClientBuilder, ClientError};

use crate::serving::rig;

#[tokio::test]
async fn row_9_an_object_is_the_same_over_udp_while_it_is_made_and_later() {
    let mut rig = rig().await;
    rig.send(2);
    let base = rig.base().await;
    let page = open(&rig.server, "shop").await;
    let mut live = page.ask(&format!("{base}/1.mp4")).await;
    assert_eq!(live.status, 200);
    assert_eq!(live.headers.get("hawker-independent").map(String::as_str), Some("1"));
    assert!(live.headers.get("cmsd-dynamic").is_some_and(|told| told.starts_with("rtt=")));
    let mut made = live.piece().await.unwrap().unwrap();
    assert_eq!(&made[4..8], b"ftyp", "it begins to arrive while it is made");
    let next = format!("{base}/2.mp4");
    let held = page.ask(&next);
    let sending = async {
        rig.send(28);
        while let Some(piece) = live.piece().await.unwrap() {
            made.extend_from_slice(&piece);
        }
    };
    let (mut held, ()) = tokio::join!(held, sending);
    assert_eq!(held.status, 200, "the next one is held until it begins");
    assert_eq!(&held.piece().await.unwrap().unwrap()[4..8], b"ftyp");

    let over_http = rig.get(&format!("{base}/1.mp4")).await.bytes().await.unwrap();
    assert_eq!(made, over_http);
    let later = page.ask(&format!("{base}/1.mp4")).await;
    assert_eq!(later.headers.get("content-length"), Some(&over_http.len().to_string()));
    assert_eq!(later.all().await, over_http);
    let part = page.ask(&format!("{base}/1.mp4 bytes=10-19")).await;
    assert_eq!((part.status, part.all().await), (206, over_http[10..20].to_vec()));
}

#[tokio::test]
async fn a_stream_that_is_given_up_ends_at_once_and_frees_its_place() {
    let mut rig = rig().await;
    rig.send(2);
    let base = rig.base().await;
    let page = open(&rig.server, "shop").await;
    // More than the streams that a session has at once, none of which ends by itself: each must free its place.
    for _ in 0..100 {
        let mut live = page.ask(&format!("{base}/1.mp4")).await;
        assert!(live.piece().await.unwrap().is_some());
        live.abandon();
    }
    // As must those whose answer has not begun.
    for _ in 0..100 {
        let (_send, mut recv) = page.stream(format!("{base}/2.mp4\n").as_bytes()).await;
        recv.stop(0).unwrap();
    }
    rig.send(28);
    assert_eq!(page.ask(&format!("{base}/1.mp4")).await.status, 200);
}

#[tokio::test]
async fn what_is_no_request_is_refused_with_a_code() {
    let rig = rig().await;
    let page = open(&rig.server, "shop").await;
    for (line, status) in [
        ("../../api/v1/rooms\n", 400),
        ("udp\n", 400),
        ("\n", 400),
        ("e/source/1.mp4 lines=1\n", 400),
        ("nothing\n", 404),
        ("none/source/1.mp4\n", 404),
    ] {
        assert_eq!(page.raw(line.as_bytes()).await.status, status, "{line:?}");
    }
    assert_eq!(page.raw(&[b'a'; 2_000]).await.status, 400);
    assert_eq!(page.raw(&[0xff, b'\n']).await.status, 400);
    let missing = page.ask("none/source/1.mp4").await;
    assert_eq!(missing.headers.get("hawker-state").map(String::as_str), Some("offline"));
    // The session is none the worse for it.
    assert_eq!(page.ask("stream").await.status, 200);
}

#[tokio::test]
async fn pages_of_others_and_rooms_that_are_none_get_no_session() {
    let server = server::start_with(|config| {
        config.udp.listen = Some(([127, 0, 0, 1], 0).into());
        config.http.origins = vec!["https://shop.example".to_owned()];
        config.room.address_connections = 2;
    })
    .await;
    server.room("shop").await;
    let asked = async |room, origin| open_from(&server, room, origin).await.map(drop);
    assert_eq!(asked("shop", Some("https://elsewhere.example")).await, Err(403));
    assert_eq!(asked("shop", Some("null")).await, Err(403));
    assert_eq!(asked("none", None).await, Err(404));
    assert_eq!(asked("shop", Some("https://shop.example")).await, Ok(()));
    let _first = open(&server, "shop").await;
    let mut others = Vec::new();
    // Those before may not have left yet, but more than two never get in.
    let refused = loop {
        match open_from(&server, "shop", None).await {
            Ok(page) => others.push(page),
            Err(status) => break status,
        }
        assert!(others.len() < 2, "an address has two sessions");
    };
    assert_eq!(refused, 429);
}

#[tokio::test]
async fn row_17_the_room_is_the_same_over_udp() {
    let server = server::start_with(|config| config.udp.listen = Some(([127, 0, 0, 1], 0).into())).await;
    server.room("shop").await;
    let page = open(&server, "shop").await;
    let mut ann = page.enter("Ann").await;
    let mut ben = Dial::new(server.running.http, "shop").guest("Ben").await;
    ann.send(Ask::Say(Say { request: 1, text: "over QUIC".to_owned() })).await;
    ben.until_event(|kind| matches!(kind, Event::Message(message) if message.text == "over QUIC")).await;
    ben.say("over TCP").await;
    ann.until(|kind| match kind {
        Told::Batch(batch) => batch
            .events
            .iter()
            .any(|event| matches!(&event.kind, Some(Event::Message(message)) if message.text == "over TCP"))
            .then_some(()),
        _ => None,
    })
    .await;
    // Of two streams for one room the second is refused; broken frames end the first with their code.
    assert_eq!(page.ask("socket").await.status, 409);
    ann.raw(&[0xff; 8]).await;
    assert_eq!(ann.end().await, 4_500);
    // And its place is free.
    let mut again = page.enter("Ann").await;
    again.send(Ask::Ping(Ping { sent: 7 })).await;
    again.until(|kind| matches!(kind, Told::Pong(pong) if pong.sent == 7).then_some(())).await;
    // A server that stops says so.
    let stopping = tokio::spawn(server.stop());
    assert_eq!(again.end().await, 4_000);
    tokio::time::timeout(Duration::from_secs(30), stopping).await.expect("it stops").unwrap();
}

fn likes(told: &Told) -> Option<u64> {
    let Told::Batch(batch) = told else { return None };
    batch.events.iter().find_map(|event| match &event.kind {
        Some(Event::Totals(totals)) => Some(totals.likes),
        _ => None,
    })
}

#[tokio::test]
async fn a_tap_in_a_datagram_counts_once() {
    let server = server::start_with(|config| config.udp.listen = Some(([127, 0, 0, 1], 0).into())).await;
    server.room("shop").await;
    let page = open(&server, "shop").await;
    let mut ann = page.enter("Ann").await;
    // All taps so far: the first is lost on the way, the third comes twice, the second late.
    for taps in [5_u32, 9, 9, 5, 10] {
        page.session.send_datagram(taps.to_be_bytes().to_vec().into()).unwrap();
    }
    ann.until(|kind| likes(kind).filter(|likes| *likes == 10)).await;
    page.session.send_datagram(11_u32.to_be_bytes().to_vec().into()).unwrap();
    assert_eq!(ann.until(|kind| likes(kind).filter(|likes| *likes > 10)).await, 11);
}

#[tokio::test]
async fn a_tap_before_the_first_word_costs_nobody_their_place() {
    let server = server::start_with(|config| config.udp.listen = Some(([127, 0, 0, 1], 0).into())).await;
    server.room("shop").await;
    let page = open(&server, "shop").await;
    page.session.send_datagram(5_u32.to_be_bytes().to_vec().into()).unwrap();
    // Once this is answered the datagram is there, too.
    assert_eq!(page.ask("stream").await.status, 200);
    let mut ann = page.enter("Ann").await;
    assert_eq!(ann.until(likes).await, 5);
}

/// As a shop runs it: the configured certificate is the one that is met, and no hash is told.
#[tokio::test]
async fn a_configured_certificate_opens_sessions_as_well() {
    let identity = server::Identity::of("127.0.0.1");
    let server = server::start_with(|config| {
        identity.configure(config);
        config.udp.listen = Some(([127, 0, 0, 1], 0).into());
    })
    .await;
    let door = server.running.app.udp.clone().unwrap();
    assert!(door.hashes().is_empty());
    let client =
        ClientBuilder::new().with_server_certificates(vec![identity.certificate.der().clone()]).unwrap();
    let url = format!("https://127.0.0.1:{}/live/none/udp", door.addr.port());
    // The handshake is over when it says that there is no such room.
    let connecting = client.connect(Url::parse(&url).unwrap());
    match tokio::time::timeout(Duration::from_secs(20), connecting).await.expect("an answer") {
        Err(ClientError::HttpError(error)) => assert!(error.to_string().contains("404"), "{error}"),
        other => panic!("{:?}", other.map(drop)),
    }
}

#[tokio::test]
async fn a_page_is_told_where_the_door_is_and_that_there_is_none() {
    let server = server::start_with(|config| config.udp.listen = Some(([127, 0, 0, 1], 0).into())).await;
    server.room("shop").await;
    let told = async |server: &server::Server, room: &str| {
        let answer = server::client().get(format!("{}/live/{room}/udp", server.url)).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    let (status, text) = told(&server, "shop").await;
    assert_eq!(status, 200);
    let text: serde_json::Value = serde_json::from_str(&text).unwrap();
    let port = server.running.app.udp.as_ref().unwrap().addr.port();
    assert_eq!(
        (text["port"].as_u64(), text["hashes"].as_array().map(Vec::len)),
        (Some(port.into()), Some(2))
    );
    assert_eq!(told(&server, "none").await.0, 404);
    let off = server::start_with(|config| config.udp.enabled = false).await;
    off.room("shop").await;
    assert_eq!(told(&off, "shop").await.0, 204);
}
