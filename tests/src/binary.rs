//! The real binaries, as processes: what only a process can show (signals, exit codes, what it prints).

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::OnceLock;

use anyhow::{Context as _, Result, ensure};

/// Builds the server, once a test run, and says where it is.
///
/// # Panics
/// When it doesn't build.
pub fn hawker() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| built("hawker-server", "hawker", false).expect("the server builds"))
}

/// Builds the demo, and the server that it starts, once a test run, and says where it is.
///
/// # Panics
/// When one of them doesn't build.
pub fn demo() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| built("hawker-demo", "hawker-demo", false).expect("the demo builds"))
}

/// Builds a package as it is now and says where its binary is. What the run of the tests has built already is taken as it is.
///
/// # Errors
/// It doesn't build.
pub(crate) fn built(package: &str, binary: &str, release: bool) -> Result<PathBuf> {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["build", "--quiet"]).current_dir(crate::root());
    if release {
        cargo.args(["--release", "-p", package, "--bin", binary]);
    } else {
        // What tests/run builds: a package by itself has other features in what it shares with the tests, which is built anew then.
        cargo.args(["--lib", "--bins", "--tests"]);
    }
    // What cargo tells a test about its package. Build scripts that watch it would run again, and half of the server with them.
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            cargo.env_remove(name);
        }
    }
    let status = cargo.status().context("cargo does not start")?;
    // TARGET/PROFILE/deps/this
    let this = std::env::current_exe()?;
    let target = this.ancestors().nth(3).context("a test binary is in TARGET/PROFILE/deps")?;
    let path = target.join(if release { "release" } else { "debug" }).join(binary);
    ensure!(status.success() && path.exists(), "{package} can't be built");
    Ok(path)
}

/// A `hawker serve` that runs. It is killed when dropped.
pub struct Process {
    child: Child,
    /// `http://ADDRESS`, as its log says.
    pub url: String,
}

/// A command of the binary in a clean environment, with free ports and this data folder.
pub fn command(data: &Path) -> Command {
    let mut command = Command::new(hawker());
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("HAWKER_") {
            command.env_remove(name);
        }
    }
    command.env("HAWKER_HTTP_LISTEN", "127.0.0.1:0").env("HAWKER_RTMP_LISTEN", "127.0.0.1:0");
    command.env("HAWKER_DATA_DIR", data).env("HAWKER_LOG_FORMAT", "json");
    command
}

/// Starts `hawker serve` and waits until it listens.
///
/// # Panics
/// When it ends instead; with what it said.
pub fn serve(command: &mut Command) -> Process {
    let mut child = command
        .arg("serve")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary that was just built starts");
    let mut log = BufReader::new(child.stderr.take().expect("piped"));
    let mut said = String::new();
    let url = loop {
        let mut line = String::new();
        if log.read_line(&mut line).unwrap_or(0) == 0 {
            panic!("hawker ended: {said}");
        }
        let entry: serde_json::Value = serde_json::from_str(&line).unwrap_or_default();
        if entry.get("message").is_some_and(|message| message == "listening") {
            let http = entry.get("http").and_then(|http| http.as_str()).expect("the log names the address");
            break format!("http://{http}");
        }
        said.push_str(&line);
    };
    // The rest of the log must be read, or a full pipe stops the server.
    std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
    Process { child, url }
}

impl Process {
    /// Sends a signal by name, such as `TERM`.
    pub fn signal(&self, name: &str) {
        let status = Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status();
        assert!(status.is_ok_and(|status| status.success()), "the process is there to be signalled");
    }

    /// Waits until it has ended; its exit status and everything it printed on standard output.
    pub fn ended(mut self) -> (ExitStatus, String) {
        let mut printed = String::new();
        if let Some(mut stdout) = self.child.stdout.take() {
            let _ = stdout.read_to_string(&mut printed);
        }
        (self.child.wait().expect("a child can be waited for"), printed)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
