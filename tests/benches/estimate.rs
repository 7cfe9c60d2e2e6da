//! What our player takes a link for that carries more than the stream needs: a stream of 2 Mb/s in a real browser over links of
//! the lab, and the player's own estimate once a second. A number is how long each link is watched, in seconds; 40 without one. Needs
//! root, as the lab does.

use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use hawker_tests::figure::{self, Figure};
use hawker_tests::lab::clip::{self, Rung};
use hawker_tests::lab::figures::spread;
use hawker_tests::lab::link::Link;
use hawker_tests::lab::{camera, net, site, tunnel, viewer};
use hawker_tests::{root, server};
use serde::Deserialize;
use tokio::signal::unix::{SignalKind, signal};

/// Mb/s, all with a round trip of `RTT_MS`.
const LINKS: [u64; 5] = [3, 5, 8, 12, 20];
const RTT_MS: u64 = 40;
/// One to play, and one below it, so that there is something to choose; nothing above, so that nothing is probed.
const RUNGS: [Rung; 2] = [
    Rung { name: "252p", size: (448, 252), kbps: 2_000 },
    Rung { name: "216p", size: (384, 216), kbps: 600 },
];
/// Joining, and whatever the player learns by it, is over.
const SETTLES_MS: f64 = 10_000.0;
/// What may carry it: HTTP alone, or a WebTransport session too.
const WAYS: [&str; 2] = ["http", "udp"];
const ROOM: &str = "lab";
/// Media in the window before the first viewer.
const WARM: Duration = Duration::from_secs(6);

/// A look: when, bit/s if anything has been measured, and what was played.
#[derive(Debug, Deserialize)]
struct Look(f64, Option<f64>, Option<String>);

fn main() -> Result<()> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
        let mut ended = signal(SignalKind::terminate())?;
        // Whatever ends it, the namespace goes with what it holds.
        tokio::select! {
            done = run() => done,
            _ = tokio::signal::ctrl_c() => bail!("interrupted"),
            _ = ended.recv() => bail!("ended"),
        }
    })
}

async fn run() -> Result<()> {
    let length = Duration::from_secs(figure::asked(40));
    ensure!(length.as_secs_f64() * 1e3 > SETTLES_MS + 1e3, "10 s of each are left out: give more");
    net::check()?;
    let clips = clip::rungs(&root().join("target/bench/clip"), &RUNGS)?;
    for clip in &clips {
        println!("rung {}: {:.0} kb/s with sound", clip.rung.name, clip.measured_kbps);
    }
    let (network, near, far) = net::open()?;
    network.congestion("cubic")?;
    let tunnel = tunnel::start(near, far)?;
    let server = server::start_with(|config| config.http.listen = ([0, 0, 0, 0], 0).into()).await;
    let key = server.room(ROOM).await;
    let address = format!("http://{}:{}", network.server, server.running.http.port());
    let site = site::serve(network.server, &address, ROOM).await?;
    let _camera = camera::publish(&server, ROOM, &key, clips).await?;
    tokio::time::sleep(WARM).await;
    let profile = root().join(format!("target/bench/profile-{}", std::process::id()));
    let mut lines = Vec::new();
    for (mbps, over) in WAYS.iter().flat_map(|over| LINKS.map(|mbps| (mbps, *over))) {
        network.forget()?;
        let link = Link::steady(mbps * 1_000, RTT_MS);
        let begin = || tunnel.begin(&link, 1);
        let viewing =
            viewer::watch(&network, &profile, &site.estimates(over), site.origin(), length, begin).await?;
        let looks = viewing.says.get("estimates").cloned().context("the page noted nothing")?;
        let looks: Vec<Look> = serde_json::from_value(looks)?;
        let settled: Vec<&Look> = looks.iter().filter(|Look(at, ..)| *at > SETTLES_MS).collect();
        let top = settled.iter().filter(|Look(.., rung)| rung.as_deref() == Some(RUNGS[0].name)).count();
        let seen: Vec<f64> = settled.iter().filter_map(|Look(_, bps, _)| Some((*bps)? / 1e6)).collect();
        let estimate = spread(seen.iter().copied());
        println!(
            "link of {mbps} Mb/s, over {over}: taken for {:.2} [{:.2}, {:.2}] Mb/s; {} looks, {} without an estimate, \
             {top} on the top rung, over {} at the end; {:.1?}",
            estimate.median,
            estimate.min,
            estimate.max,
            settled.len(),
            settled.len() - seen.len(),
            viewing.says["transport"],
            seen
        );
        let errors = seen.iter().map(|seen| (seen / mbps as f64 - 1.0).abs() * 100.0);
        // Nothing measured is no estimate at all.
        lines.push((mbps, over, if seen.is_empty() { f64::INFINITY } else { spread(errors).median }));
    }
    let figure = Figure { number: 5, most: 20.0, unit: "%" };
    for (mbps, over, error) in lines {
        figure.print(
            &format!("median error of the estimate, stream 2 Mb/s, link {mbps} Mb/s, {over}"),
            [error],
        );
    }
    Ok(())
}
