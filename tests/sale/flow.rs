//! The buyer's way through real sockets and REST: tap, hold, reload, second tab, payment, webhook, cancel, expiry, and every
//! refusal with its data.

use std::time::Duration;

use hawker_tests::sale::backend::{self, Backend};
use hawker_tests::sale::{Buyer, Identity};
use hawker_tests::server::{self, SHOP_SECRET, Server};
use hawker_wire::Wall;
use hawker_wire::proto::hold::State;
use hawker_wire::proto::hold_reply::Refusal;
use hawker_wire::proto::{Hold, event, sale};
use serde_json::{Value, json};

async fn enter(server: &Server, guest: &str) -> Buyer {
    let identity = Identity { guest: guest.to_owned(), ..Identity::default() };
    Buyer::enter(server.running.http, "demo", &identity).await.expect("the door is open")
}

async fn open(change: impl FnOnce(&mut hawker_server::ops::config::Config)) -> Server {
    let server = server::start_with(change).await;
    server.room("demo").await;
    let product =
        json!({ "title": "Tea <b>", "price": 1_000, "stock": 10, "picture": "/tea.png", "rank": 2 });
    server.put("/rooms/demo/products/tea", &product).await;
    server
}

async fn pay(server: &Server, hold: &Hold, payment: &str, secret: &str) -> (u16, Value) {
    let body = backend::payment(hold, payment);
    let now = server.running.app.clock.wall();
    let client = server::client();
    backend::call(&client, &server.url, "/payments", secret, &body, now).await.expect("the server answers")
}

fn key(n: u32) -> String {
    format!("key-of-the-tap-{n:03}")
}

#[tokio::test]
async fn row_38_from_the_tap_to_the_webhook() {
    let mut shop = Backend::start(SHOP_SECRET, 3).await.expect("a port is free");
    let url = shop.url.clone();
    let server = open(move |config| config.shop.webhook_url = Some(url)).await;
    let mut ann = enter(&server, "").await;
    let mut bob = enter(&server, "").await;
    let now = server.running.app.clock.wall();
    let starts_ms = now.as_ms() + 2_500;
    let new = json!({ "product": "tea", "price": 500, "stock": 3, "limit": 2, "starts_ms": starts_ms });
    let made = server.post("/rooms/demo/sales", &new).await;
    let sale = made["id"].as_str().expect("a sale has an id").to_owned();

    // Before the start: told when.
    let early = ann.place(&key(1), "tea", &sale, 1, 500).await.unwrap();
    assert_eq!((early.refusal(), early.starts_ms), (Refusal::NotStarted, starts_ms));

    // What is in the sale is not on the shelf.
    let eve = enter(&server, "").await;
    let shelf = &eve.welcome.shelf[0];
    assert_eq!((shelf.title.as_str(), shelf.stock, shelf.price), ("Tea <b>", 7, 1_000));
    assert!(eve.welcome.may_buy);

    // Everybody is told of the start; the tap is answered with a hold of 120 s and its proof.
    for buyer in [&mut ann, &mut bob] {
        let open = |now: &hawker_wire::proto::Sale| now.id == sale && now.state() == sale::State::Running;
        let running = |event: &event::Kind| matches!(event, event::Kind::Sale(now) if open(now));
        buyer.until_event(running).await.expect("the sale starts");
    }
    let reply = ann.place(&key(2), "tea", &sale, 1, 500).await.unwrap();
    assert_eq!(reply.refusal(), Refusal::None);
    let hold = reply.hold.expect("a hold");
    assert_eq!((hold.state(), hold.quantity, hold.price), (State::Held, 1, 500));
    assert_eq!(hold.expires_ms - hold.placed_ms, 120_000);

    // The others see the stock.
    let fewer = |event: &event::Kind| matches!(event, event::Kind::Sale(now) if now.free == 2);
    let seen = tokio::time::timeout(Duration::from_secs(30), bob.until_event(fewer)).await;
    seen.expect("in time").expect("bob is told");

    // The same key again, a reload, a second tab: the same hold.
    let again = ann.place(&key(2), "tea", &sale, 1, 500).await.unwrap();
    assert_eq!(again.hold.as_ref(), Some(&hold));
    let guest = ann.welcome.guest.clone();
    let mut tab = enter(&server, &guest).await;
    assert_eq!(tab.welcome.holds, std::slice::from_ref(&hold));
    assert!(bob.welcome.holds.is_empty());

    // Every refusal says why, with what is needed to do better.
    let no = tab.place(&key(3), "tea", &sale, 1, 499).await.unwrap();
    assert_eq!((no.refusal(), no.price), (Refusal::PriceChanged, 500));
    let no = tab.place(&key(4), "tea", &sale, 2, 500).await.unwrap();
    assert_eq!((no.refusal(), no.left), (Refusal::LimitReached, 1));
    let no = tab.place(&key(5), "pot", "", 1, 500).await.unwrap();
    assert_eq!(no.refusal(), Refusal::UnknownProduct);
    let no = tab.place("short", "tea", &sale, 1, 500).await.unwrap();
    assert_eq!(no.refusal(), Refusal::BadRequest);
    let no = bob.cancel(&hold.id).await.unwrap();
    assert_eq!(no.refusal(), Refusal::UnknownHold);
    let bobs = bob.place(&key(1), "tea", &sale, 2, 500).await.unwrap().hold.expect("a hold");
    let no = tab.place(&key(6), "tea", &sale, 1, 500).await.unwrap();
    assert_eq!(no.refusal(), Refusal::SoldOut);

    // Paid by the shop's backend, and by nobody else; repeated: the same answer.
    assert_eq!(pay(&server, &hold, "p1", "another secret, 20 long").await.0, 401);
    let stolen = Hold { proof: bobs.proof.clone(), ..hold.clone() };
    assert_eq!(pay(&server, &stolen, "p1", SHOP_SECRET).await.0, 403);
    let first = pay(&server, &hold, "p1", SHOP_SECRET).await;
    assert_eq!((first.0, &first.1["state"]), (200, &json!("paid")));
    assert_eq!(pay(&server, &hold, "p1", SHOP_SECRET).await, first);
    assert_eq!(pay(&server, &hold, "p2", SHOP_SECRET).await.0, 409);
    for buyer in [&mut ann, &mut tab] {
        buyer.until_hold(|told| told.id == hold.id && told.state() == State::Paid).await.expect("told of it");
    }
    let sold = |event: &event::Kind| matches!(event, event::Kind::Sold(sold) if sold.product == "tea" && sold.quantity == 1);
    bob.until_event(sold).await.expect("the ticker runs");

    // Given up: free again, for all to see.
    let gone = bob.cancel(&bobs.id).await.unwrap().hold.expect("a hold");
    assert_eq!(gone.state(), State::Cancelled);
    let twice = bob.cancel(&bobs.id).await.unwrap();
    assert_eq!(
        (twice.refusal(), twice.hold.map(|hold| hold.state())),
        (Refusal::Settled, Some(State::Cancelled))
    );
    let free =
        |event: &event::Kind| matches!(event, event::Kind::Sale(now) if now.free == 2 && now.sold == 1);
    ann.until_event(free).await.expect("the stock is back");

    // Stopped: its stock is the product's again.
    let stopped = server.post(&format!("/rooms/demo/sales/{sale}/stop"), &Value::Null).await;
    assert_eq!((stopped["state"].as_str(), stopped["returned"].as_u64()), (Some("ended"), Some(2)));
    let no = ann.place(&key(7), "tea", &sale, 1, 500).await.unwrap();
    assert_eq!(no.refusal(), Refusal::SaleEnded);
    let back = |event: &event::Kind| matches!(event, event::Kind::Product(now) if now.stock == 9);
    ann.until_event(back).await.expect("the product has it");

    // Without a sale: ordinary goods at the ordinary price.
    let plain = ann.place(&key(8), "tea", "", 1, 1_000).await.unwrap();
    assert_eq!(plain.refusal(), Refusal::None);

    // The shop has heard it all, signed, in order for each hold, although its backend was down at first.
    let events = shop.until(|taken| taken.len() >= 5).await;
    let heard = |hold: &Hold| -> Vec<&str> {
        let own = events.iter().filter(|event| event["hold"]["id"] == json!(hold.id));
        own.filter_map(|event| event["type"].as_str()).collect()
    };
    assert_eq!(heard(&hold), ["held", "paid"]);
    assert_eq!(heard(&bobs), ["held", "cancelled"]);
    assert_eq!(heard(&plain.hold.expect("a hold")), ["held"]);
}

#[tokio::test]
async fn row_38_an_expired_hold_is_free_again_and_a_late_payment_finds_goods_or_money_back() {
    let server = open(|config| config.sale.hold_s = 1).await;
    server.put("/rooms/demo/products/tea", &json!({ "title": "Tea", "price": 1_000, "stock": 2 })).await;
    let mut ann = enter(&server, "").await;
    let mut bob = enter(&server, "").await;
    let anns = ann.place(&key(1), "tea", "", 1, 1_000).await.unwrap().hold.expect("a hold");
    let bobs = bob.place(&key(1), "tea", "", 1, 1_000).await.unwrap().hold.expect("a hold");
    for (buyer, hold) in [(&mut ann, &anns), (&mut bob, &bobs)] {
        buyer.until_hold(|told| told.id == hold.id && told.state() == State::Expired).await.expect("it ends");
    }
    let back = |event: &event::Kind| matches!(event, event::Kind::Product(now) if now.stock == 2);
    bob.until_event(back).await.expect("the stock is back");

    let late = pay(&server, &anns, "p1", SHOP_SECRET).await;
    assert_eq!((late.0, &late.1["state"]), (200, &json!("paid")));
    server.put("/rooms/demo/products/tea", &json!({ "title": "Tea", "price": 1_000, "stock": 0 })).await;
    let later = pay(&server, &bobs, "p2", SHOP_SECRET).await;
    assert_eq!((later.0, &later.1["state"]), (200, &json!("refund-due")));
    // The goods are there again: the answer stays what it was.
    server.put("/rooms/demo/products/tea", &json!({ "title": "Tea", "price": 1_000, "add": 5 })).await;
    assert_eq!(pay(&server, &bobs, "p2", SHOP_SECRET).await, later);
    bob.until_hold(|told| told.id == bobs.id && told.state() == State::RefundDue).await.expect("bob is told");

    let body = json!({ "hold": bobs.id, "payment": "p2" });
    let (client, now) = (server::client(), server.running.app.clock.wall());
    let stale = Wall(now.as_ms() - 400_000);
    let refund = |now| backend::call(&client, &server.url, "/refunds", SHOP_SECRET, &body, now);
    assert_eq!(refund(stale).await.expect("an answer").0, 401);
    let done = refund(now).await.expect("an answer");
    assert_eq!((done.0, &done.1["state"]), (200, &json!("refunded")));
    let told =
        bob.until_hold(|told| told.id == bobs.id && told.refunded).await.expect("bob is told of the money");
    assert_eq!(told.state(), State::RefundDue, "what a page that does not know of refunds understands");
}

#[tokio::test]
async fn a_shop_gives_back_what_a_buyer_leaves_at_its_checkout() {
    let server = open(|_| {}).await;
    server.put("/rooms/demo/products/tea", &json!({ "title": "Tea", "price": 1_000, "stock": 2 })).await;
    let mut ann = enter(&server, "").await;
    let mut bob = enter(&server, "").await;
    let left = ann.place(&key(1), "tea", "", 2, 1_000).await.unwrap().hold.expect("a hold");
    assert_eq!(bob.place(&key(1), "tea", "", 1, 1_000).await.unwrap().refusal(), Refusal::SoldOut);

    let (client, now) = (server::client(), server.running.app.clock.wall());
    let ask = async |hold: &str, proof: &str, secret: &str| {
        let body = json!({ "hold": hold, "proof": proof });
        backend::call(&client, &server.url, "/cancellations", secret, &body, now).await.expect("an answer")
    };
    assert_eq!(ask(&left.id, &left.proof, "another secret").await.0, 401);
    assert_eq!(ask(&left.id, "not its proof", SHOP_SECRET).await.0, 403);
    assert_eq!(ask("h999999", &left.proof, SHOP_SECRET).await.0, 404);
    let given = ask(&left.id, &left.proof, SHOP_SECRET).await;
    assert_eq!((given.0, &given.1["state"]), (200, &json!("cancelled")));
    assert_eq!(ask(&left.id, &left.proof, SHOP_SECRET).await, given, "a second click is the same");
    ann.until_hold(|told| told.id == left.id && told.state() == State::Cancelled).await.expect("ann is told");

    let bought = bob.place(&key(2), "tea", "", 2, 1_000).await.unwrap().hold.expect("it is free at once");
    assert_eq!(pay(&server, &bought, "p1", SHOP_SECRET).await.0, 200);
    let no = ask(&bought.id, &bought.proof, SHOP_SECRET).await;
    assert_eq!((no.0, &no.1["error"]["code"]), (409, &json!("settled")));
}

#[tokio::test]
async fn row_60_what_is_paid_unpaid_and_refunded_is_told_apart_to_the_cent() {
    let server = open(|_| {}).await;
    let mut holds = Vec::new();
    for n in 0..5_u32 {
        let mut buyer = enter(&server, "").await;
        let reply = buyer.place(&key(n), "tea", "", n % 2 + 1, 1_000).await.unwrap();
        holds.push(reply.hold.expect("a hold"));
    }
    for hold in &holds[..3] {
        assert_eq!(pay(&server, hold, &format!("p-{}", hold.id), SHOP_SECRET).await.0, 200);
    }
    let body = json!({ "hold": holds[1].id, "payment": format!("p-{}", holds[1].id) });
    let now = server.running.app.clock.wall();
    let refund = backend::call(&server::client(), &server.url, "/refunds", SHOP_SECRET, &body, now).await;
    assert_eq!(refund.expect("an answer").0, 200);

    let mut list = Value::Null;
    for _ in 0..200 {
        list = server.get("/rooms/demo/orders").await;
        if list["totals"]["refunded_orders"] == json!(1) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    let sum = |name: &str| {
        ["_orders", "_pieces", ""]
            .map(|what| list["totals"][format!("{name}{what}")].as_i64().expect("a sum"))
    };
    assert_eq!(sum("paid"), [2, 2, 2_000]);
    assert_eq!(sum("unpaid"), [2, 3, 3_000]);
    assert_eq!(sum("refunded"), [1, 2, 2_000]);
    assert_eq!(sum("refund_due"), [0, 0, 0]);
    assert_eq!(sum("gmv"), [3, 4, 4_000]);
    assert_eq!(list["orders"].as_array().map(Vec::len), Some(5));
}

#[tokio::test]
async fn a_shop_may_ask_for_its_own_token_to_buy() {
    let server = open(|config| config.sale.require_token = true).await;
    let mut guest = enter(&server, "").await;
    assert!(!guest.welcome.may_buy);
    let no = guest.place(&key(1), "tea", "", 1, 1_000).await.unwrap();
    assert_eq!(no.refusal(), Refusal::TokenRequired);
}
