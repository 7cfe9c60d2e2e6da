//! The shop over the room's socket: the shelf at the door, a hold that every tab of the buyer hears of, stock that all see.
//! What the ledger promises is proved in `tests/sale`.

use hawker_wire::proto::client_frame::Kind as Ask;
use hawker_wire::proto::hold::State;
use hawker_wire::proto::hold_reply::Refusal;
use hawker_wire::proto::server_frame::Kind as Told;
use hawker_wire::proto::{CancelHold, Hello, HoldReply, PlaceHold, event};
use serde_json::json;

use super::demo;

fn reply(kind: &Told) -> Option<HoldReply> {
    match kind {
        Told::HoldReply(reply) => Some(reply.clone()),
        _ => None,
    }
}

#[tokio::test]
async fn a_hold_is_answered_told_to_every_tab_and_seen_by_all() {
    let (server, dial) = demo(|_| {}).await;
    server.put("/rooms/demo/products/cup", &json!({ "title": "Cup", "price": 1_000, "stock": 5 })).await;
    server.put("/rooms/demo/pin", &json!({ "product": "cup" })).await;
    let mut ann = dial.guest("Ann").await;
    let hello = Hello { guest: ann.welcome.guest.clone(), ..Hello::default() };
    let mut tab = dial.enter(hello.clone()).await.unwrap();
    let mut other = dial.guest("Ben").await;
    assert_eq!((other.welcome.pinned.as_str(), other.welcome.currency.as_str()), ("cup", "CNY"));
    assert_eq!(other.welcome.shelf.iter().map(|product| product.stock).collect::<Vec<_>>(), [5]);
    assert!(other.welcome.may_buy);

    let key = "0123456789abcdef".to_owned();
    let place = PlaceHold {
        request: 9,
        key,
        product: "cup".into(),
        quantity: 2,
        price: 1_000,
        ..PlaceHold::default()
    };
    ann.send(Ask::PlaceHold(place)).await;
    let answer = ann.until(reply).await;
    assert_eq!((answer.request, answer.refusal()), (9, Refusal::None), "{answer:?}");
    let hold = answer.hold.unwrap();
    let same = |kind: &Told, state| {
        matches!(kind, Told::Hold(told) if told.id == hold.id && told.state() == state).then_some(())
    };
    tab.until(|kind| same(kind, State::Held)).await;
    other.until_event(|kind| matches!(kind, event::Kind::Product(product) if product.stock == 3)).await;
    let reloaded = dial.enter(hello).await.unwrap();
    assert_eq!(reloaded.welcome.holds.iter().map(|held| &held.id).collect::<Vec<_>>(), [&hold.id]);
    assert!(other.welcome.holds.is_empty());

    other.send(Ask::CancelHold(CancelHold { request: 1, hold: hold.id.clone() })).await;
    assert_ne!(
        other.until(reply).await.refusal(),
        Refusal::None,
        "another buyer's hold is not theirs to cancel"
    );
    ann.send(Ask::CancelHold(CancelHold { request: 10, hold: hold.id.clone() })).await;
    assert_eq!(ann.until(reply).await.refusal(), Refusal::None);
    tab.until(|kind| same(kind, State::Cancelled)).await;
    let back = |kind: &event::Kind| matches!(kind, event::Kind::Product(product) if product.stock == 5 && product.revision > 1);
    other.until_event(back).await;

    server.delete("/rooms/demo/products/cup").await;
    other.until_event(|kind| matches!(kind, event::Kind::Pin(pin) if pin.product.is_empty())).await;
}

#[tokio::test]
async fn a_thumb_that_hammers_the_button_is_told_to_wait() {
    let (_server, dial) = demo(|_| {}).await;
    let mut ann = dial.guest("Ann").await;
    let mut last = HoldReply::default();
    for request in 1..=40 {
        ann.send(Ask::PlaceHold(PlaceHold {
            request,
            key: format!("key-{request:016}"),
            ..PlaceHold::default()
        }))
        .await;
        last = ann.until(reply).await;
        assert_eq!(last.request, request);
        if last.refusal() == Refusal::TooFast {
            break;
        }
    }
    assert_eq!(last.refusal(), Refusal::TooFast);
    assert!((1..=500).contains(&last.retry_ms), "{last:?}");
}
