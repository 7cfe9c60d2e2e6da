//! A crowd in front of a flash sale: everybody is in the room, the sale starts, everybody taps at once. Every third asks
//! twice with the same key.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, Result, ensure};
use hawker_server::clock::Clock;
use hawker_wire::proto::hold_reply::Refusal;
use hawker_wire::proto::{event, sale};
use reqwest::Method;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use super::{Buyer, Counter, Entry, Identity, Log, backend};

/// Connections that are being made at once: a listen queue's worth.
const CONNECTING: usize = 256;

/// What came of it.
#[derive(Debug, Default)]
pub struct Figures {
    /// Pieces sold, by the buyers' own word.
    pub sold: u64,
    /// How many were told what.
    pub told: BTreeMap<String, usize>,
    /// From a buyer's tap to the answer, milliseconds: median, 99th percentile, longest.
    pub answer_ms: (u64, u64, u64),
    /// From the operator's start to the last buyer's answer, milliseconds.
    pub all_ms: u64,
    /// What they were told.
    pub log: Log,
}

/// One buyer's end.
struct Told {
    why: String,
    answer_us: u64,
}

/// Sends `buyers` into `room` where `sale` waits to be started by hand, and starts it.
///
/// # Errors
/// A buyer is left without an answer, or two of the same key differ.
pub async fn rush(
    counter: &Counter,
    room: &str,
    sale: &str,
    price: i64,
    secret: &str,
    buyers: usize,
) -> Result<Figures> {
    let clock = Clock::start();
    let connecting = Arc::new(Semaphore::new(CONNECTING));
    let inside = Arc::new(watch::Sender::new(0_usize));
    let log = Arc::new(Mutex::new(Log::new()));
    let mut crowd = JoinSet::new();
    for number in 0..buyers {
        let (connecting, inside, log) = (connecting.clone(), inside.clone(), log.clone());
        let (counter, room, sale, secret) =
            (counter.clone(), room.to_owned(), sale.to_owned(), secret.to_owned());
        crowd.spawn(async move {
            let [high, low] = u16::try_from(number % 60_000)?.to_be_bytes();
            let from = Some(IpAddr::V4(Ipv4Addr::new(127, 1, high, low)));
            let server = counter.url.trim_start_matches("http://").parse()?;
            let permit = connecting.acquire().await?;
            let mut buyer = Buyer::enter(server, &room, &Identity { from, ..Identity::default() }).await?;
            drop(permit);
            inside.send_modify(|count| *count += 1);
            buyer.until_running(&sale).await?;
            buyer.listens = false;

            let (key, tapped) = (format!("crowd-buyer-{number:08}"), clock.now());
            let reply = buyer.place(&key, "tea", &sale, 1, price).await?;
            let answer_us = clock.now().since(tapped).as_us();
            if number % 3 == 0 {
                let again = buyer.place(&key, "tea", &sale, 1, price).await?;
                let id =
                    |reply: &hawker_wire::proto::HoldReply| reply.hold.as_ref().map(|hold| hold.id.clone());
                let same = again.refusal == reply.refusal && id(&again) == id(&reply);
                ensure!(same, "{key}: {reply:?}, then {again:?}");
            }
            let who = buyer.welcome.guest.clone();
            let write = |entry| log.lock().unwrap_or_else(PoisonError::into_inner).push(entry);
            let Some(hold) = reply.hold.as_ref().filter(|_| reply.refusal() == Refusal::None) else {
                let why = format!("{:?}", reply.refusal());
                write(Entry::Refused { buyer: who, key, why: why.clone() });
                return Ok(Told { why, answer_us });
            };
            let (at_ms, expires_ms) = (clock.wall().as_ms(), hold.expires_ms);
            let id = hold.id.clone();
            write(Entry::Held { at_ms, buyer: who, key, hold: id.clone(), quantity: 1, expires_ms });
            let body = backend::payment(hold, &format!("pay-{id}"));
            let paid =
                backend::call(&counter.client, &counter.url, "/payments", &secret, &body, clock.wall())
                    .await?;
            ensure!(paid.0 == 200, "payment of {id}: {paid:?}");
            write(Entry::Paid {
                at_ms: clock.wall().as_ms(),
                hold: id.clone(),
                payment: format!("pay-{id}"),
            });
            anyhow::Ok(Told { why: "sold".to_owned(), answer_us })
        });
    }
    // Everybody is inside, or somebody has failed at the door.
    let mut count = inside.subscribe();
    tokio::select! {
        arrived = count.wait_for(|count| *count == buyers) => drop(arrived?),
        Some(failed) = crowd.join_next() => drop(failed?.context("a buyer did not get in")?),
    }
    let started = clock.now();
    counter.call(Method::POST, &format!("/rooms/{room}/sales/{sale}/start"), None).await?;
    let mut figures = Figures::default();
    let mut answers = Vec::with_capacity(buyers);
    while let Some(told) = crowd.join_next().await {
        let told = told??;
        answers.push(told.answer_us);
        figures.sold += u64::from(told.why == "sold");
        *figures.told.entry(told.why).or_default() += 1;
    }
    figures.all_ms = clock.now().since(started).as_ms();
    answers.sort_unstable();
    let at = |share: usize| {
        answers.get((answers.len() * share / 100).min(answers.len() - 1)).map_or(0, |us| us / 1_000)
    };
    figures.answer_ms = (at(50), at(99), at(100));
    figures.log = std::mem::take(&mut *log.lock().unwrap_or_else(PoisonError::into_inner));
    Ok(figures)
}

impl Buyer {
    /// Waits until a sale is open.
    async fn until_running(&mut self, id: &str) -> Result<()> {
        use sale::State::{Running, SoldOut};
        let open =
            |sale: &hawker_wire::proto::Sale| sale.id == id && matches!(sale.state(), Running | SoldOut);
        if !self.welcome.sales.iter().any(open) {
            self.until_event(|event| matches!(event, event::Kind::Sale(sale) if open(sale))).await?;
        }
        Ok(())
    }
}
