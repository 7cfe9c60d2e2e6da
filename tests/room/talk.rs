//! Talking: what one says the others read, as text, at a pace, and a flood is thinned and counted.

use hawker_wire::proto::client_frame::Kind as Ask;
use hawker_wire::proto::say_reply::Outcome;
use hawker_wire::proto::server_frame::Kind as Told;
use hawker_wire::proto::{Hello, Like, Ping, Product, event};

use super::demo;

#[tokio::test]
async fn row_15_what_one_says_the_others_read() {
    let (_server, dial) = demo(|_| {}).await;
    let mut ann = dial.guest(" Ann\u{202e} ").await;
    let mut ben = dial.guest("").await;
    assert_eq!(ann.welcome.name, "Ann");
    assert!(ben.welcome.name.starts_with("Guest "), "{}", ben.welcome.name);
    assert_ne!(ann.welcome.viewer, ben.welcome.viewer);

    let reply = ann.say("  你好\n主播 ").await;
    assert_eq!(reply.outcome(), Outcome::Said);
    let heard = ben.until_event(|kind| matches!(kind, event::Kind::Message(_))).await;
    let event::Kind::Message(message) = heard else { unreachable!("asked for a message") };
    assert_eq!((message.text.as_str(), message.name.as_str()), ("你好 主播", "Ann"));
    assert_eq!((message.sender, message.id), (ann.welcome.viewer.clone(), reply.message));
    assert_eq!(reply.said.map(|said| said.id), Some(reply.message));

    let late = dial.guest("Cleo").await;
    assert_eq!(hawker_tests::talk::texts(&late.welcome.missed), ["你好 主播"]);
}

#[tokio::test]
async fn markup_arrives_as_the_text_it_is() {
    let (_server, dial) = demo(|_| {}).await;
    let (mut ann, mut ben) = (dial.guest("<img src=x onerror=alert(1)>").await, dial.guest("Ben").await);
    let text = "<script>alert('x')</script> \"&amp;' javascript:1 \u{200d}";
    assert_eq!(ann.say(text).await.outcome(), Outcome::Said);
    ben.until_event(|kind| matches!(kind, event::Kind::Message(_))).await;
    assert_eq!(ben.texts(), [text.trim()]);
    assert_eq!(ann.welcome.name, "<img src=x onerror=alert");
}

#[tokio::test]
async fn row_13_likes_are_summed_for_everybody() {
    let (_server, dial) = demo(|_| {}).await;
    let (mut ann, mut ben) = (dial.guest("Ann").await, dial.guest("Ben").await);
    for taps in [3, 4, 5] {
        ann.send(Ask::Like(Like { taps })).await;
    }
    ben.until_event(
        |kind| matches!(kind, event::Kind::Totals(totals) if totals.likes == 12 && totals.online == 2),
    )
    .await;
    ann.send(Ask::Like(Like { taps: u32::MAX })).await;
    let likes = ben
        .until(|kind| match kind {
            Told::Batch(batch) => batch.events.iter().find_map(|event| match &event.kind {
                Some(event::Kind::Totals(totals)) if totals.likes > 12 => Some(totals.likes),
                _ => None,
            }),
            _ => None,
        })
        .await;
    assert!(likes < 12 + 200, "a forged number of taps counts as those of thumbs: {likes}");
}

#[tokio::test]
async fn a_guest_stays_the_same_in_another_tab_and_the_clock_is_told() {
    let (server, dial) = demo(|_| {}).await;
    let mut ann = dial.guest("Ann").await;
    let hello = Hello { guest: ann.welcome.guest.clone(), name: "Ann".into(), ..Hello::default() };
    let second = dial.enter(hello).await.unwrap();
    assert_eq!(second.welcome.viewer, ann.welcome.viewer);
    assert_eq!(second.welcome.guest, ann.welcome.guest);
    assert_eq!(second.welcome.online, 1, "people, not tabs");
    let forged = Hello { guest: "0123456789abcdef.forged".into(), ..Hello::default() };
    let stranger = dial.enter(forged).await.unwrap();
    assert_ne!(stranger.welcome.viewer, ann.welcome.viewer);

    ann.send(Ask::Ping(Ping { sent: 42 })).await;
    let pong = ann
        .until(|kind| match kind {
            Told::Pong(pong) => Some(*pong),
            _ => None,
        })
        .await;
    assert_eq!(pong.sent, 42);
    assert!(pong.wall_ms.abs_diff(server.running.app.clock.wall().as_ms()) < 10_000);
}

#[tokio::test]
async fn refusals_say_why() {
    let (_server, dial) = demo(|_| {}).await;
    let mut ann = dial.guest("Ann").await;
    assert_eq!(ann.say(" \u{200b}\n ").await.outcome(), Outcome::Empty);
    assert_eq!(ann.say(&"汉".repeat(201)).await.outcome(), Outcome::TooLong);
    assert_eq!(ann.say(&"汉".repeat(200)).await.outcome(), Outcome::Said);
    let mut last = ann.say("again").await;
    for _ in 0..20 {
        if last.outcome() != Outcome::Said {
            break;
        }
        last = ann.say("again").await;
    }
    assert_eq!(last.outcome(), Outcome::TooFast);
    assert!((1..=1_000).contains(&last.retry_ms), "{last:?}");
}

#[tokio::test]
async fn a_flood_is_thinned_and_counted_and_the_shop_gets_through() {
    let (server, dial) = demo(|config| {
        config.room.messages_per_s = 5;
        config.room.viewer_messages_per_s = 100;
    })
    .await;
    let mut reader = dial.guest("reader").await;
    let mut crowd = Vec::new();
    for n in 0..10 {
        crowd.push(dial.guest(&format!("v{n}")).await);
    }
    let mut said = 0;
    for stock in 0..20_u32 {
        let product = Product { id: "cup".into(), stock, revision: stock.into(), ..Product::default() };
        server.running.app.rooms.announce("demo", event::Kind::Product(product));
        for talker in &mut crowd {
            said += u64::from(talker.say("flood").await.outcome() == Outcome::Said);
        }
    }
    assert_eq!(said, 200);
    let last = |kind: &event::Kind| matches!(kind, event::Kind::Product(product) if product.stock == 19);
    reader.until_event(last).await;
    // A totals batch closes the account: the crowd leaves, and what was said before is out by then.
    drop(crowd);
    reader.until_event(|kind| matches!(kind, event::Kind::Totals(totals) if totals.online == 1)).await;
    let shown = reader.texts().len() as u64;
    assert_eq!(shown + reader.omitted, said, "shown or counted");
    assert!(reader.omitted > 0 && shown < said);
    let stocks: Vec<u32> = reader
        .events
        .iter()
        .filter_map(|event| match &event.kind {
            Some(event::Kind::Product(product)) => Some(product.stock),
            _ => None,
        })
        .collect();
    assert!(stocks.is_sorted() && stocks.last() == Some(&19), "{stocks:?}");
}
