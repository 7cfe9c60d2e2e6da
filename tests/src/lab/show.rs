//! A show around the lab's picture: a shelf of goods with flash sales, one after the other, and an audience that talks, all as in the
//! demo. For runs in which our player has its whole interface to carry.
//!
//! Not the voice of `words.rs`, whose words are timed.

use std::net::Ipv4Addr;

use anyhow::Result;
use hawker_demo::api::Api;
use hawker_demo::shop::Shop;
use hawker_demo::{audience, seed, shop};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::server::{SHOP_SECRET, Server};

/// The room that it is in.
pub const ROOM: &str = seed::DEMO;

/// Begins it for viewers who reach this machine as `host`; it ends when the tasks are dropped.
///
/// # Errors
/// The server refuses.
pub async fn begin(server: &Server, host: Ipv4Addr) -> Result<JoinSet<()>> {
    let port = server.running.http.port();
    let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0)).await?;
    let url = format!("http://{host}:{}", listener.local_addr()?.port());
    let backend = Shop::new(&server.url, port, SHOP_SECRET)?;
    let api = Api::new(&server.url, &server.admin)?;
    seed::rooms(&api, &url).await?;
    let clock = server.running.app.clock;
    let mut tasks = JoinSet::new();
    // What fails is missed in what is measured, not hidden: it says so.
    tasks.spawn(async move {
        if let Err(error) = shop::serve(backend, listener).await {
            println!("the shop ended: {error:#}");
        }
    });
    tasks.spawn(async move {
        if let Err(error) = seed::rounds(&api, &url, seed::PACE, || clock.wall().as_ms()).await {
            println!("the sales ended: {error:#}");
        }
    });
    tasks.spawn(async move { audience::run(&format!("127.0.0.1:{port}"), ROOM).await });
    Ok(tasks)
}
