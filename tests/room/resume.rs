//! Connections that break: a resume has no hole or says so, a slow reader is told what it lost, a drain says goodbye.

use hawker_tests::server;
use hawker_tests::talk::{Dial, Heard, Talker, texts};
use hawker_wire::proto::goodbye::Code;
use hawker_wire::proto::say_reply::Outcome;
use hawker_wire::proto::server_frame::Kind as Told;
use hawker_wire::proto::{Hello, Product, event};

use super::demo;

fn product(stock: u32, title: &str) -> event::Kind {
    event::Kind::Product(Product {
        id: format!("p{stock}"),
        stock,
        title: title.into(),
        ..Product::default()
    })
}

async fn resumed(dial: &Dial, old: &Talker) -> Talker {
    let resume = Some(old.position.clone());
    let hello = Hello { guest: old.welcome.guest.clone(), resume, ..Hello::default() };
    dial.enter(hello).await.unwrap_or_else(|goodbye| panic!("not let in again: {goodbye:?}"))
}

#[tokio::test]
async fn row_15_a_resume_repeats_exactly_what_was_missed() {
    let (server, dial) = demo(|_| {}).await;
    let (mut ann, mut ben) = (dial.guest("Ann").await, dial.guest("Ben").await);
    ben.say("one").await;
    ann.until_event(|kind| matches!(kind, event::Kind::Message(_))).await;
    ann.line().send_raw(tokio_tungstenite::tungstenite::Message::Close(None)).await;
    assert_eq!(ben.say("two").await.outcome(), Outcome::Said);
    server.running.app.rooms.announce("demo", product(7, "cup"));
    assert_eq!(ben.say("three").await.outcome(), Outcome::Said);
    ben.until_event(|kind| matches!(kind, event::Kind::Message(message) if message.text == "three")).await;

    let back = resumed(&dial, &ann).await;
    assert!(back.welcome.resumed);
    assert_eq!(texts(&back.welcome.missed), ["two", "three"]);
    let products =
        back.welcome.missed.iter().filter(|event| matches!(event.kind, Some(event::Kind::Product(_))));
    assert_eq!(products.count(), 1);
    let offsets: Vec<u64> = back.welcome.missed.iter().map(|event| event.offset).collect();
    assert!(offsets.is_sorted() && offsets.iter().all(|offset| *offset > ann.position.offset));
    assert_eq!(back.welcome.viewer, ann.welcome.viewer);
}

#[tokio::test]
async fn a_restart_is_a_gap_that_is_told_and_everybody_is_sent_off_to_come_back() {
    let (server, dial) = demo(|_| {}).await;
    let mut ann = dial.guest("Ann").await;
    ann.say("hello").await;
    let (_, folder) = tokio::join!(
        async {
            let (goodbye, code) = ann.line().end().await;
            assert_eq!(goodbye.map(|goodbye| goodbye.code), Some(4_000));
            assert_eq!(code, Some(4_000));
        },
        server.stop()
    );
    let again = server::start_with(|config| config.data.dir = folder.path().join("data"));
    let again = again.await;
    let back = resumed(&Dial::new(again.running.http, "demo"), &ann).await;
    assert!(!back.welcome.resumed, "another epoch");
    assert_eq!(back.welcome.viewer, ann.welcome.viewer, "the guest is known again");
}

#[tokio::test]
async fn a_slow_reader_is_told_what_it_lost_and_disturbs_nobody() {
    let (server, dial) = demo(|config| {
        config.room.viewer_messages_per_s = 1_000;
        config.room.messages_per_s = 2_000;
    })
    .await;
    let slow = Dial { receive_buffer: Some(4_096), ..dial.clone() };
    let (mut ann, mut ben, mut stopped) =
        (dial.guest("Ann").await, dial.guest("Ben").await, slow.guest("slow").await);
    // Several times what its connection can hold. Ben's reading paces it, so that only one is slow.
    let mut said = 0;
    let long = "汉".repeat(200);
    for stock in 0..150_u32 {
        server.running.app.rooms.announce("demo", product(stock, &"title ".repeat(500)));
        said += u32::from(ann.say(&long).await.outcome() == Outcome::Said);
        ben.until_event(|kind| matches!(kind, event::Kind::Product(product) if product.stock == stock)).await;
    }
    ben.until_event(|kind| matches!(kind, event::Kind::Product(product) if product.stock == 149)).await;
    while ben.texts().len() < said as usize {
        ben.hear().await;
    }
    assert_eq!((ben.skipped, ben.omitted), (0, 0), "who reads gets all");

    let (mut lost, mut done) = (None, false);
    while !done {
        match stopped.hear().await {
            Heard::Frame(Told::Goodbye(goodbye)) => lost = Some(goodbye.code),
            Heard::Frame(_) => {
                let all = stopped.texts().len() as u64 + stopped.skipped;
                done = all == u64::from(said);
            }
            Heard::Closed(_) => done = true,
        }
    }
    let stocks: Vec<u32> = stopped
        .events
        .iter()
        .filter_map(|event| match &event.kind {
            Some(event::Kind::Product(product)) => Some(product.stock),
            _ => None,
        })
        .collect();
    let whole = stocks == (0..150).collect::<Vec<_>>();
    assert!(
        whole || lost == Some(Code::Slow as u32),
        "all of the shop, or told to come back: {lost:?} {stocks:?}"
    );
    assert!(stopped.skipped > 0 || lost.is_some(), "it did fall behind");
    assert!(stocks.is_sorted());
}
