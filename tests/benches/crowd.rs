//! The room's load, measured: a server in a process of its own, a thousand viewers from all over 127.0.0.0/8, a tenth of
//! them not reading, a flood of ten times the rate for ten seconds, all limits on. Prints figures and fails when a promise is
//! broken. Run it as a release build; `tests/bench` does.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use hawker_server::ops::config::Config;
use hawker_tests::crowd::{Crowd, Plan, phases, process};
use hawker_tests::{server, token};

fn main() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    // Cargo adds `--bench`; a number is that of viewers.
    let mut arguments = std::env::args().skip(1).filter(|argument| !argument.starts_with('-'));
    match arguments.next().as_deref() {
        Some("serve") => runtime.block_on(serve()),
        Some(number) => runtime.block_on(load(number.parse().context("not a number of viewers")?)),
        None => runtime.block_on(load(1_000)),
    }
}

/// The server's side: prints its address and serves until its standard input ends.
async fn serve() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let mut config = Config::default();
    config.http.listen = SocketAddr::from(([127, 0, 0, 1], 0));
    config.rtmp.listen = SocketAddr::from(([127, 0, 0, 1], 0));
    config.data.dir = folder.path().join("data");
    config.shop.secret = Some(server::SHOP_SECRET.into());
    let running = hawker_server::start(config).await?;
    let room = hawker_server::ops::directory::NewRoom { id: ROOM.into(), ..Default::default() };
    running.app.directory.create(room, running.app.clock.wall()).await?;
    println!("{}", running.http);
    tokio::task::spawn_blocking(|| std::io::stdin().read_line(&mut String::new())).await??;
    running.stop().await;
    Ok(())
}

const ROOM: &str = "load";

struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        // Closing its input asks it to stop; nothing of it is needed any more.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

async fn load(viewers: usize) -> Result<()> {
    let mut child = Command::new(std::env::current_exe()?)
        .arg("serve")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("can't start the server")?;
    let output = child.stdout.take().context("the server has an output")?;
    let pid = child.id();
    let server = Server(child);
    let mut line = String::new();
    BufReader::new(output).read_line(&mut line)?;
    let address: SocketAddr = line.trim().parse().with_context(|| format!("no address in {line:?}"))?;

    let (empty, _) = process(pid).context("no /proc")?;
    let crowd = Crowd::gather(Plan {
        server: address,
        room: ROOM.into(),
        host_token: token::host(ROOM, server::SHOP_SECRET),
        viewers,
        stopped_percent: 10,
        phases: phases(Duration::from_secs(5), 20),
    })
    .await;
    let (joined, mut cpu) = process(pid).context("the server is gone")?;
    let per_viewer = |bytes: u64| bytes.saturating_sub(empty) as f64 / 1_024.0 / viewers as f64;
    println!("viewers {viewers}, source addresses {viewers}, limits on");
    println!(
        "memory a viewer, joined      {:8.1} KiB (server {:.1} MiB)",
        per_viewer(joined),
        joined as f64 / 1_048_576.0
    );
    let mut most = joined;
    let mut since = std::time::Duration::ZERO;
    let began = tokio::time::Instant::now();
    let figures = crowd
        .play(|phase| {
            let Some((rss, now)) = process(pid) else { return };
            let elapsed = began.elapsed();
            let share = (now - cpu) / (elapsed - since).as_secs_f64();
            println!(
                "{phase:8} CPU {:5.1} % of a core, {:6.1} us a viewer and second, memory a viewer {:5.1} KiB",
                share * 100.0,
                share * 1e6 / viewers as f64,
                per_viewer(rss)
            );
            (cpu, since) = (now, elapsed);
            most = most.max(rss);
        })
        .await;
    for (phase, delays) in &figures.delays {
        let ms = |q| figures.quantile_ms(phase, q).unwrap_or(f64::NAN);
        println!(
            "{phase:8} delivered {:8}, delay p50 {:6.1} ms, p99 {:6.1} ms, p99.9 {:6.1} ms",
            delays.len(),
            ms(0.5),
            ms(0.99),
            ms(0.999)
        );
    }
    println!(
        "said {}, left out by the flood rule and told {}, host's words {}",
        figures.said, figures.omitted, figures.host_said
    );
    println!(
        "viewers told of a loss {}, untold losses {}, readers disturbed {}",
        figures.told, figures.untold_losses, figures.disturbed
    );

    ensure!(figures.untold_losses == 0, "a privileged message was lost without a told gap");
    ensure!(figures.disturbed == 0, "readers were disturbed by others");
    let p99 = |phase| figures.quantile_ms(phase, 0.99).unwrap_or(f64::INFINITY);
    ensure!(
        p99("flood") <= p99("calm") + 50.0,
        "p99 {} ms in the flood, {} ms in the calm",
        p99("flood"),
        p99("calm")
    );
    let grown = most.saturating_sub(joined);
    ensure!(grown <= 16 * 1_024 * 1_024, "memory grew by {} MiB under load", grown / 1_048_576);
    drop(server);
    Ok(())
}
