//! Players side by side: ours, hls.js, Shaka and dash.js, each alone in a real browser behind the same links, against the same live
//! origin. `tests/bench players --help` says how; www/docs/benching.md says what is measured and what is unfair to whom.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use clap::Parser;
use futures_util::FutureExt as _;
use hawker_server::ops::directory::NewRoom;
use hawker_tests::figure::Figure;
use hawker_tests::lab::camera::{self, Camera};
use hawker_tests::lab::figures::{Figures, spread};
use hawker_tests::lab::plan::{self, Cell, LINKS, PLAYERS, SETS, Set, Wanted};
use hawker_tests::lab::record::Record;
use hawker_tests::lab::site::{self, Site};
use hawker_tests::lab::tunnel::{self, Tunnel};
use hawker_tests::lab::words::{self, Voice};
use hawker_tests::lab::{check, clip, net, page, show, table, viewer};
use hawker_tests::{root, server};
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinSet;

/// Runs players behind links and draws what came of it. Without a set: the short one.
#[derive(Parser)]
#[command(name = "tests/bench players")]
struct Arguments {
    /// What to run: a name of --list.
    #[arg(default_value = "short")]
    set: String,
    /// Links instead of those of the set, by name.
    #[arg(long, value_delimiter = ',')]
    links: Vec<String>,
    /// Players instead of those of the set, by name.
    #[arg(long, value_delimiter = ',')]
    players: Vec<String>,
    /// Runs of each player on each link instead of the set's.
    #[arg(long)]
    runs: Option<u32>,
    /// Seconds of each run instead of the link's own.
    #[arg(long)]
    seconds: Option<u64>,
    /// Of the order, the losses and the jitter.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Stop after so many minutes; the next start goes on.
    #[arg(long)]
    minutes: Option<u64>,
    /// Folder under target/bench/players; default: the set's name.
    #[arg(long)]
    out: Option<String>,
    /// Throw away what is there and start anew.
    #[arg(long)]
    fresh: bool,
    /// Go on although what is there was measured with another build.
    #[arg(long)]
    mix: bool,
    /// Only draw the page from the runs that are there.
    #[arg(long)]
    draw: bool,
    /// Show sets, links and players.
    #[arg(long)]
    list: bool,
    /// Congestion control of the server's connections, unless it chooses for itself.
    #[arg(long, default_value = "cubic")]
    congestion: String,
    /// HTTPS, and so HTTP/2, to the live server instead of plain HTTP.
    #[arg(long)]
    tls: bool,
    /// Measure links instead of players: are they what they say?
    #[arg(long)]
    check: bool,
    /// The other end of --check.
    #[arg(long, hide = true)]
    pull: Option<String>,
    /// Cargo's word for "run".
    #[arg(long, hide = true)]
    bench: bool,
}

const ROOM: &str = show::ROOM;
/// What a run may take longer than it is watched: a browser on a busy machine.
const SPARE: Duration = Duration::from_secs(90);
/// Media in the window before the first viewer.
const WARM: Duration = Duration::from_secs(6);

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    if arguments.list {
        list();
        return Ok(());
    }
    if let Some(from) = &arguments.pull {
        return check::pulled(from);
    }
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
        let mut ended = signal(SignalKind::terminate())?;
        // Whatever ends it, the namespace goes with what it holds.
        tokio::select! {
            done = run(arguments) => done,
            _ = tokio::signal::ctrl_c() => bail!("interrupted: the same command goes on"),
            _ = ended.recv() => bail!("ended: the same command goes on"),
        }
    })
}

fn list() {
    println!("sets:");
    SETS.iter().for_each(|set| println!("  {:20} {}", set.name, set.about));
    println!("links:");
    LINKS.iter().for_each(|link| println!("  {:20} {} ({} s)", link.name, link.about, link.seconds));
    println!("players:");
    PLAYERS.iter().for_each(|player| println!("  {:20} {}", player.name, player.about));
}

async fn run(arguments: Arguments) -> Result<()> {
    if arguments.check {
        net::check()?;
        let (network, near, far) = net::open()?;
        network.congestion(&arguments.congestion)?;
        return check::check(&network, &tunnel::start(near, far)?).await;
    }
    let set = SETS.iter().find(|set| set.name == arguments.set);
    let set = set.with_context(|| format!("no set {:?}: --list shows them", arguments.set))?;
    let wanted = Wanted {
        links: arguments.links.clone(),
        players: arguments.players.clone(),
        runs: arguments.runs,
        seconds: arguments.seconds,
        seed: arguments.seed,
    };
    let cells = plan::cells(set, &wanted)?;
    let out = arguments.out.as_deref().unwrap_or(set.name);
    ensure!(
        out.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c)),
        "--out is one folder's name"
    );
    let folder = root().join("target/bench/players").join(out);
    if arguments.fresh && folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    std::fs::create_dir_all(&folder)?;
    // Browsers' profiles of runs that were cut short.
    for entry in std::fs::read_dir(&folder)?.flatten() {
        if entry.file_name().to_string_lossy().starts_with("profile-") {
            std::fs::remove_dir_all(entry.path())?;
        }
    }
    let path = |cell: &Cell| folder.join(format!("{}.csv", cell.name()));
    let due: Vec<&Cell> = cells.iter().filter(|cell| !path(cell).exists()).collect();
    let mut failed = 0;
    if !arguments.draw && !due.is_empty() {
        let build = build()?;
        for cell in cells.iter().filter(|cell| path(cell).exists()) {
            let of = Record::load(&path(cell))?;
            ensure!(
                arguments.mix || of.word("build") == build,
                "{} is a run of another build: --fresh throws away what is there, --out NAME leaves it, --mix goes on",
                cell.name()
            );
        }
        let minutes = due.iter().map(|cell| cell.link.seconds + 4).sum::<u64>() as f64 / 60.0;
        println!("{} runs, {} of them to do, about {minutes:.0} minutes", cells.len(), due.len());
        let until = arguments.minutes.map(|m| tokio::time::Instant::now() + Duration::from_secs(60 * m));
        let lab = Lab::open(&folder, set, &arguments).await?;
        for cell in due {
            if until.is_some_and(|until| tokio::time::Instant::now() > until) {
                println!("time is up: the same command goes on");
                break;
            }
            match lab.try_run(cell, &build).await {
                Ok(record) => {
                    record.save(&path(cell))?;
                    println!("{}", line(cell, &record));
                }
                Err(error) => {
                    failed += 1;
                    println!("{} failed: {error:#}", cell.name());
                }
            }
        }
    }
    draw(set.name, &folder, &cells, path)?;
    ensure!(failed == 0, "{failed} runs failed: the same command tries them again");
    Ok(())
}

/// The origin, the link, and where pages come from.
struct Lab {
    // Dropped in this order.
    camera: Camera,
    _voice: Option<Voice>,
    _show: Option<JoinSet<()>>,
    site: Site,
    network: net::Network,
    tunnel: Tunnel,
    scheme: &'static str,
    congestion: String,
    profile: PathBuf,
    _server: server::Server,
}

impl Lab {
    async fn open(folder: &Path, set: &Set, arguments: &Arguments) -> Result<Self> {
        net::check()?;
        let ladder = clip::ladder(&root().join("target/bench/clip"))?;
        for clip in &ladder {
            println!("rung {}: {:.0} kb/s with sound", clip.rung.name, clip.measured_kbps);
        }
        let (network, near, far) = net::open()?;
        network.congestion(&arguments.congestion)?;
        let tunnel = tunnel::start(near, far)?;
        let identity = arguments.tls.then(|| server::Identity::of(&network.server.to_string()));
        let server = server::start_with(|config| {
            config.http.listen = ([0, 0, 0, 0], 0).into();
            if set.talks {
                words::allow(config);
            }
            if let Some(identity) = &identity {
                identity.configure(config);
            }
        })
        .await;
        // Not by the REST API, which may speak TLS by a certificate that nobody signed.
        let app = &server.running.app;
        let new = NewRoom { id: ROOM.into(), ..NewRoom::default() };
        app.directory.create(new, app.clock.wall()).await.context("no room")?;
        let key = app.directory.key(ROOM).context("a room has a key")?;
        let scheme = if arguments.tls { "https" } else { "http" };
        let address = format!("{scheme}://{}:{}", network.server, server.running.http.port());
        let site = site::serve(network.server, &address, ROOM).await?;
        let camera = camera::publish(&server, ROOM, &key, ladder).await?;
        let voice = if set.talks { Some(words::speak(&server, ROOM, words::time).await?) } else { None };
        let show = if set.name == plan::STEADY {
            // It speaks to the server's API, whose certificate nobody signed.
            ensure!(!arguments.tls, "the set {} is plain HTTP", set.name);
            Some(show::begin(&server, network.server).await?)
        } else {
            None
        };
        tokio::time::sleep(WARM).await;
        let profile = folder.join(format!("profile-{}", std::process::id()));
        let congestion = arguments.congestion.clone();
        Ok(Self {
            camera,
            _voice: voice,
            _show: show,
            site,
            network,
            tunnel,
            scheme,
            congestion,
            profile,
            _server: server,
        })
    }

    /// A run that neither hangs nor takes the others with it: what drives the browser panics when that is gone.
    async fn try_run(&self, cell: &Cell, build: &str) -> Result<Record> {
        let limit = Duration::from_secs(cell.link.seconds) + SPARE;
        let run = AssertUnwindSafe(self.run(cell, build)).catch_unwind();
        match tokio::time::timeout(limit, run).await {
            Ok(Ok(record)) => record,
            Ok(Err(_)) => bail!("the browser was lost"),
            Err(_) => bail!("it did not end"),
        }
    }

    async fn run(&self, cell: &Cell, build: &str) -> Result<Record> {
        let link = cell.link.link()?;
        self.network.forget()?;
        let late = self.camera.late();
        let begin = || self.tunnel.begin(&link, cell.seed);
        let page = self.site.page(cell.player);
        let length = Duration::from_secs(cell.link.seconds);
        let viewing =
            viewer::watch(&self.network, &self.profile, &page, self.site.origin(), length, begin).await;
        let account = self.tunnel.account();
        let viewing = viewing.with_context(|| format!("{} does not run", cell.name()))?;
        let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
        let about: BTreeMap<String, String> = [
            ("build", build.to_owned()),
            ("player", cell.player.name.to_owned()),
            ("link", cell.link.name.to_owned()),
            ("seconds", cell.link.seconds.to_string()),
            ("run", cell.run.to_string()),
            ("seed", cell.seed.to_string()),
            ("scheme", self.scheme.to_owned()),
            ("congestion", self.congestion.clone()),
            ("packets", account.offered.to_string()),
            ("packets_dropped", account.dropped.to_string()),
            ("packets_lost", account.lost.to_string()),
            ("cpu_page_s", viewing.cpu_s[0].to_string()),
            ("cpu_browser_s", viewing.cpu_s[1].to_string()),
            ("camera_late", (self.camera.late() - late).to_string()),
            ("load", load.split_whitespace().next().unwrap_or_default().to_owned()),
            ("says", viewing.says.to_string()),
            ("errors", viewing.errors.join("; ")),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
        Ok(Record::new(about, &viewing, &self.camera))
    }
}

/// What is measured, in short: this program (the server is in it, the SDK in that), the pages, the rivals' versions.
fn build() -> Result<String> {
    let mut sum = crc32fast::Hasher::new();
    sum.update(&std::fs::read(std::env::current_exe()?)?);
    for file in [
        "lab/reader.js",
        "lab/hawker.js",
        "lab/plain.js",
        "lab/parts.js",
        "lab/words.js",
        "lab/players.js",
        "lab/players.html",
        "package-lock.json",
    ] {
        sum.update(&std::fs::read(root().join("tests").join(file))?);
    }
    Ok(format!("{:08x}", sum.finalize()))
}

fn line(cell: &Cell, record: &Record) -> String {
    let figures = Figures::of(record);
    let seen = figures.seen;
    format!(
        "{}: NQoE {:.3}, start {:.0} ms, latency {:.0} / {:.0} ms, stalled {:.2} %, {:.0} kb/s, page {:.0} % of a core{}",
        cell.name(),
        seen.nqoe,
        figures.startup_ms,
        seen.latency_p50_s * 1e3,
        seen.latency_p95_s * 1e3,
        seen.stall_ratio() * 100.0,
        seen.kbps,
        figures.cpu_percent,
        if figures.words_ms.1.is_nan() {
            String::new()
        } else {
            format!(", words {:.0} / {:.0} ms", figures.words_ms.0, figures.words_ms.1)
        }
    )
}

/// Long tasks of ours, and its processor time beside that of hls.js.
fn steady(records: &[Record]) {
    let of = |player: &str, value: fn(&Figures) -> f64| -> Vec<f64> {
        let records = records.iter().filter(|record| record.word("player") == player);
        records.map(|record| value(&Figures::of(record))).collect()
    };
    let tasks = Figure { number: 13, most: 50.0, unit: "ms" };
    for (ours, about) in [("hawker-room", "whole SDK"), ("hawker", "bare")] {
        let longest = of(ours, |figures| figures.longest_task_ms);
        if !longest.is_empty() {
            tasks.print(&format!("{about}: longest task (0: none above 50 ms)"), longest);
        }
        for theirs in ["hls-tuned", "hls-default"] {
            let (own, beside) =
                (of(ours, |figures| figures.cpu_percent), of(theirs, |figures| figures.cpu_percent));
            if !own.is_empty() && !beside.is_empty() {
                let most = (spread(beside.into_iter()).median * 10.0).round() / 10.0;
                Figure { number: 13, most, unit: "% of a core" }
                    .print(&format!("{about} beside {theirs}: CPU of the page"), own);
            }
        }
    }
}

fn draw(set: &str, folder: &Path, cells: &[Cell], path: impl Fn(&Cell) -> PathBuf) -> Result<()> {
    let found = cells.iter().map(path).filter(|path| path.exists());
    let records = found.map(|path| Record::load(&path)).collect::<Result<Vec<_>>>()?;
    ensure!(!records.is_empty(), "no run is there to draw");
    let links = table::rows(&records);
    println!("{}", table::text(&links));
    std::fs::write(folder.join("summary.csv"), table::csv(&links))?;
    let said = |name: &str| {
        let mut words: Vec<&str> = records.iter().map(|record| record.word(name)).collect();
        words.sort_unstable();
        words.dedup();
        words.join(", ")
    };
    let about = format!(
        "{} of {} runs; {}, congestion control {}; build {}.",
        records.len(),
        cells.len(),
        said("scheme"),
        said("congestion"),
        said("build")
    );
    std::fs::write(folder.join("index.html"), page::page(&format!("Players: {set}"), &records, &about))?;
    for (link, picture) in page::pictures(&records) {
        std::fs::write(folder.join(format!("{link}.svg")), picture)?;
    }
    if set == plan::STEADY {
        steady(&records);
    }
    println!("{} of {} runs, drawn in {}", records.len(), cells.len(), folder.join("index.html").display());
    Ok(())
}
