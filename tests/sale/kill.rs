//! The real process, killed with `kill -9` at random points under load and started again on the same folder. The checker
//! reads the shoppers' own logs, and what anybody can see at the end.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use hawker_server::clock::Clock;
use hawker_tests::process::{ADMIN, Recipe};
use hawker_tests::sale::shoppers::{Dice, Town};
use hawker_tests::sale::{Counter, Entry, Log, Offer, check};
use hawker_tests::server::SHOP_SECRET;
use reqwest::Method;
use serde_json::Value;
use tokio::sync::watch;

const OFFER: Offer = Offer { stock: 400, limit: 2 };
const KILLS: usize = 20;
const SHOPPERS: u64 = 16;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_38_no_promise_is_lost_when_the_process_is_killed() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let more = format!("[sale]\nhold_s = 5\n[shop]\nsecret = {SHOP_SECRET:?}\n");
    let recipe = Recipe::new(folder.path(), false, &more).expect("hawker can be built");
    let mut process = recipe.start().await.expect("hawker starts");
    let counter = Counter::new(process.http, ADMIN);
    let sale = counter.open("town", OFFER.stock, OFFER.limit, 500).await.expect("a sale can be made");
    counter
        .call(Method::POST, &format!("/rooms/town/sales/{sale}/start"), None)
        .await
        .expect("the sale starts");

    let town = Arc::new(Town {
        server: process.http,
        room: "town".into(),
        sale: sale.clone(),
        price: 500,
        secret: SHOP_SECRET.into(),
        clock: Clock::start(),
        log: Mutex::new(Log::new()),
        written: watch::Sender::new(0),
        closed: watch::Sender::new(false),
        client: hawker_tests::server::client(),
    });
    let mut shoppers = tokio::task::JoinSet::new();
    for number in 1..=SHOPPERS {
        let town = town.clone();
        shoppers.spawn(async move { town.shop(number).await });
    }

    let mut dice = Dice(0x5_1EED);
    let mut written = town.written.subscribe();
    for kill in 1..=KILLS {
        // The moment is a number of entries, not of milliseconds: the same load on a slow machine and on a fast one.
        let goal = *written.borrow() + 5 + dice.roll(40) as usize;
        let reached =
            tokio::time::timeout(Duration::from_secs(60), written.wait_for(|len| *len >= goal)).await;
        reached
            .unwrap_or_else(|_| panic!("the shoppers are stuck before kill {kill}"))
            .expect("the town stands");
        process.kill().expect("hawker can be killed");
        process = recipe.start().await.unwrap_or_else(|error| panic!("after kill {kill}: {error:#}"));
    }
    town.closed.send_replace(true);
    while let Some(shopper) = shoppers.join_next().await {
        shopper.expect("a shopper comes home");
    }

    let outcome = counter.outcome("town").await.expect("the books are open");
    let log = std::mem::take(&mut *town.log.lock().expect("nobody writes any more"));
    let wrong = check(&OFFER, &log, &outcome);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let held = log.iter().filter(|entry| matches!(entry, Entry::Held { .. })).count();
    let paid = log.iter().filter(|entry| matches!(entry, Entry::Paid { .. })).count();
    println!("{KILLS} kills, {} entries, {held} holds, {paid} payments, {} left", log.len(), outcome.free);
    assert!(held > 100 && paid > 50, "the load is worth the name: {held} holds, {paid} payments");
    row_60(&counter, &log).await;
}

/// What was sold, by the shoppers' word, is what the dashboard says, to the cent.
async fn row_60(counter: &Counter, log: &[Entry]) {
    let mut quantities = std::collections::BTreeMap::new();
    let mut paid = std::collections::BTreeSet::new();
    for entry in log {
        match entry {
            Entry::Held { hold, quantity, .. } => drop(quantities.insert(hold, *quantity)),
            Entry::Paid { hold, .. } => drop(paid.insert(hold)),
            _ => {}
        }
    }
    let pieces: u64 = paid.iter().map(|hold| quantities.get(hold).copied().unwrap_or(0)).sum();
    let (_, totals) = counter.orders("town").await.expect("the books are open");
    let total = |path: &str| totals.pointer(path).and_then(Value::as_u64);
    assert_eq!(total("/paid_orders"), Some(paid.len() as u64));
    assert_eq!(total("/paid_pieces"), Some(pieces));
    assert_eq!(total("/gmv"), Some(pieces * 500));
    assert_eq!(total("/unpaid_orders"), Some(0));
}
