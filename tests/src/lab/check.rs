//! Is a link what it says? Measured with plain TCP through the tunnel, and against the kernel's own shaper (`tbf`) at the same rate
//! on the way beside it: two means that share no code should agree. `tests/bench players --check` prints it.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context as _, Result};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;
use tokio::process::Command;
use tokio::time::Instant;

use super::link::Link;
use super::net::Network;
use super::tunnel::Tunnel;

/// How long a rate is measured, and how much of its beginning is left out.
const PULL: (Duration, Duration) = (Duration::from_secs(6), Duration::from_secs(2));
/// Connections whose least duration is taken for the round trip.
const CONNECTS: usize = 10;

/// Prints what links come to.
///
/// # Errors
/// The other end does not start.
pub async fn check(network: &Network, tunnel: &Tunnel) -> Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0)).await?;
    let port = listener.local_addr()?.port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let zeros = vec![0; 64 * 1024];
                while stream.write_all(&zeros).await.is_ok() {}
            });
        }
    });
    println!(
        "{:>9} {:>7} {:>9}  {:>16} {:>12} {:>16}",
        "kb/s", "RTT ms", "loss %", "tunnel kb/s", "RTT ms", "tbf kb/s"
    );
    for (kbps, rtt_ms, loss) in
        [(1_000, 40, 0.0), (6_000, 40, 0.0), (20_000, 40, 0.0), (20_000, 80, 0.005), (60_000, 20, 0.0)]
    {
        let link = Link { loss, ..Link::steady(kbps, rtt_ms) };
        network.forget()?;
        tunnel.begin(&link, 1);
        let through = pull(network, network.server, port).await?;
        let lost = tunnel.account();
        // A shaper knows neither delay nor loss: it is compared where there is none to speak of.
        let beside = if loss == 0.0 {
            network.shape(Some(kbps))?;
            let beside = pull(network, network.bench, port).await;
            network.shape(None)?;
            format!("{:.0}", beside?.0)
        } else {
            format!("({:.2} % lost)", 100.0 * lost.lost as f64 / lost.offered.max(1) as f64)
        };
        println!(
            "{kbps:>9} {rtt_ms:>7} {:>9.1}  {:>16.0} {:>12.1} {beside:>16}",
            loss * 100.0,
            through.0,
            through.1
        );
    }
    println!("rates are of TCP's payload: 1,448 of 1,500 bytes at most");
    Ok(())
}

/// kb/s and least round trip in ms from an address of this side, seen from the viewer's.
async fn pull(network: &Network, from: Ipv4Addr, port: u16) -> Result<(f64, f64)> {
    let own = std::env::current_exe()?;
    let mut command = Command::new("ip");
    command.args(["netns", "exec", &network.name]).arg(own).args(["--pull", &format!("{from}:{port}")]);
    let output = command.kill_on_drop(true).output().await?;
    let text = String::from_utf8_lossy(&output.stdout);
    let mut numbers = text.split_whitespace().map(str::parse::<f64>);
    let mut next =
        || numbers.next().context("the other end says nothing")?.context("the other end says no number");
    Ok((next()?, next()?))
}

/// The other end: what [`pull`] starts in the viewer's namespace.
///
/// # Errors
/// Nobody listens.
pub fn pulled(from: &str) -> Result<()> {
    let address: SocketAddr = from.parse()?;
    let mut least = Duration::MAX;
    for _ in 0..CONNECTS {
        let began = Instant::now();
        drop(TcpStream::connect(address)?);
        least = least.min(began.elapsed());
    }
    let mut stream = TcpStream::connect(address)?;
    let (began, mut bytes, mut buffer) = (Instant::now(), 0, vec![0; 256 * 1024]);
    while began.elapsed() < PULL.0 {
        let read = stream.read(&mut buffer)?;
        if began.elapsed() > PULL.1 {
            bytes += read;
        }
    }
    let kbps = bytes as f64 * 8.0 / (began.elapsed() - PULL.1).as_secs_f64() / 1e3;
    writeln!(std::io::stdout(), "{kbps} {}", least.as_secs_f64() * 1e3)?;
    Ok(())
}
