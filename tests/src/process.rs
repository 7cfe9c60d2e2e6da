//! The real `hawker` binary as a child process, on a data folder that outlives it: for what a process in a process can't
//! show, such as `kill -9`.

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

/// The administrators' token of every process started here.
pub const ADMIN: &str = "the-token-of-the-tests";

/// A running process; killed when dropped.
pub struct Process {
    /// Where it serves HTTP.
    pub http: SocketAddr,
    child: Child,
}

/// What a process is started with, again and again.
pub struct Recipe {
    binary: PathBuf,
    config: PathBuf,
    http: SocketAddr,
}

impl Recipe {
    /// A configuration in `folder`: free ports, data in `folder/data`, and whatever `more` says (TOML).
    ///
    /// # Errors
    /// The binary can't be built, or the folder not written.
    pub fn new(folder: &Path, release: bool, more: &str) -> Result<Self> {
        let free = || -> Result<SocketAddr> { Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?) };
        let (http, rtmp) = (free()?, free()?);
        let config = folder.join("hawker.toml");
        let text = format!(
            "[rtmp]\nlisten = \"{rtmp}\"\n[data]\ndir = {:?}\n[admin]\ntoken = \"{ADMIN}\"\n[log]\nlevel = \"warn\"\n\
             [http]\nlisten = \"{http}\"\napi_rate = 100000\n{more}",
            folder.join("data")
        );
        std::fs::write(&config, text)?;
        Ok(Self { binary: binary(release)?, config, http })
    }

    /// Starts it and waits until it answers.
    ///
    /// # Errors
    /// It ends before that, or takes too long.
    pub async fn start(&self) -> Result<Process> {
        let mut command = Command::new(&self.binary);
        command.arg("serve").arg("--config").arg(&self.config).stdout(Stdio::null());
        let child = command.spawn().with_context(|| format!("can't start {}", self.binary.display()))?;
        let mut process = Process { http: self.http, child };
        let client = crate::server::client();
        for _ in 0..1_200 {
            if client.get(format!("http://{}/healthz", self.http)).send().await.is_ok() {
                return Ok(process);
            }
            if let Some(status) = process.child.try_wait()? {
                bail!("hawker ended with {status}");
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        bail!("hawker does not answer on {}", self.http)
    }
}

impl Process {
    /// `kill -9`, and waits until it is gone.
    ///
    /// # Errors
    /// There is nothing to kill.
    pub fn kill(mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Its process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Killed already, or going with the test.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Builds the binary as it is now, once a run.
fn binary(release: bool) -> Result<PathBuf> {
    static BUILT: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let build =
        || crate::binary::built("hawker-server", "hawker", release).map_err(|error| format!("{error:#}"));
    BUILT.get_or_init(build).clone().map_err(anyhow::Error::msg)
}
