//! The server as a child process: started, waited for, asked to stop.

use std::fs::File;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};

/// How long a server may take to answer; a journal of many orders is read first.
const START: Duration = Duration::from_secs(60);
/// How long it may take to drain. It limits itself to less.
const STOP: Duration = Duration::from_secs(12);

/// A running server.
pub struct Server {
    child: Child,
    log: PathBuf,
}

/// Starts the `hawker` binary that was built beside this program. Its log goes to a file.
///
/// # Errors
/// The binary is missing, or the log cannot be written.
pub fn start(config: &Path, log: PathBuf) -> Result<Server> {
    let own = std::env::current_exe().context("this program does not know where it is")?;
    let program = own.with_file_name("hawker");
    if !program.is_file() {
        bail!(
            "{} is missing: build it with cargo build --release -p hawker-server, or use demo/run",
            program.display()
        );
    }
    let file = File::create(&log).with_context(|| format!("can't write {}", log.display()))?;
    // By way of this program, which becomes the server: see `become_server`.
    let child = Command::new(&own)
        .arg("server")
        .arg(config)
        .stdin(Stdio::null())
        .stdout(file.try_clone()?)
        .stderr(file)
        // Out of the terminal's group: Ctrl-C reaches the demo only, which then stops the server in order.
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
        .with_context(|| format!("{} does not start", own.display()))?;
    Ok(Server { child, log })
}

/// Becomes the server: replaces this process by the `hawker` binary beside it, which then lives no longer than the process
/// that started it. Without that, a demo that is killed (`kill -9`, a closed terminal) would leave a server behind that keeps the
/// ports and the data folder. Returns only when that fails.
pub fn become_server(config: &Path) -> anyhow::Error {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::set_parent_process_death_signal(Some(Signal::KILL)) {
        return error.into();
    }
    let own = std::env::current_exe().unwrap_or_default();
    let mut server = std::process::Command::new(own.with_file_name("hawker"));
    server.arg("serve").arg("--config").arg(config).exec().into()
}

impl Server {
    /// Waits until the server answers `GET /healthz`.
    ///
    /// # Errors
    /// It ends before, with the last lines of its log, or takes too long.
    pub async fn ready(&mut self, url: &str) -> Result<()> {
        let client = crate::api::client()?;
        let answers = async {
            let mut pause = tokio::time::interval(Duration::from_millis(50));
            loop {
                pause.tick().await;
                let answer = client.get(format!("{url}/healthz")).send().await;
                if answer.is_ok_and(|answer| answer.status().is_success()) {
                    return;
                }
            }
        };
        tokio::select! {
            () = answers => Ok(()),
            status = self.child.wait() => bail!("the server ended ({}):\n{}", status?, self.tail()),
            () = tokio::time::sleep(START) => bail!("the server does not answer at {url}/healthz:\n{}", self.tail()),
        }
    }

    /// Waits for the server to end by itself, which it should not.
    pub async fn ended(&mut self) -> anyhow::Error {
        match self.child.wait().await {
            Ok(status) => anyhow::anyhow!("the server ended ({status}):\n{}", self.tail()),
            Err(error) => anyhow::anyhow!("the server can't be waited for: {error}"),
        }
    }

    /// Asks the server to drain and waits for its end; one that does not end is killed.
    ///
    /// # Errors
    /// The system refuses to wait for the child.
    pub async fn stop(mut self) -> Result<ExitStatus> {
        let pid = self.child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
        if let Some(pid) = pid {
            // It may have ended on its own just now, which is as good.
            let _ = kill_process(pid, Signal::TERM);
        }
        match tokio::time::timeout(STOP, self.child.wait()).await {
            Ok(status) => Ok(status?),
            Err(_) => {
                self.child.kill().await?;
                bail!(
                    "the server did not stop in {} s and was killed; see {}",
                    STOP.as_secs(),
                    self.log.display()
                )
            }
        }
    }

    /// The last lines of its log.
    fn tail(&self) -> String {
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines.get(lines.len().saturating_sub(12)..).unwrap_or_default().join("\n")
    }
}
