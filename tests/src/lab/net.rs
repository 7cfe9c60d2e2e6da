//! The viewer's network: a namespace of its own, in which the browser runs, and the two ways into it. One goes through the
//! tunnel (`tunnel.rs`) and is all that the browser has towards the server; the other, for driving the browser, is unshaped.
//!
//! ```text
//! server 198.18.n.1 ==tunnel== 198.18.n.2 browser, its driver 198.19.n.2 --veth-- 198.19.n.1 bench
//! ```
//!
//! Names carry the process id: who finds those of a process that is gone removes them. Needs root.

use std::net::Ipv4Addr;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail, ensure};
use tun_rs::{DeviceBuilder, Layer, SyncDevice};

use super::link::Link;

/// What all namespaces of benches begin with.
const PREFIX: &str = "hawker-lab-";
/// Bytes of a packet.
const MTU: u16 = 1_500;

/// A viewer's network; removed when dropped, with every process in it.
#[derive(Debug)]
pub struct Network {
    /// Of the namespace.
    pub name: String,
    /// Of the server, behind the tunnel.
    pub server: Ipv4Addr,
    /// Of the viewer's end of the tunnel.
    pub viewer: Ipv4Addr,
    /// Of the viewer's end of the unshaped way.
    pub control: Ipv4Addr,
    /// Of the bench's end of the unshaped way.
    pub bench: Ipv4Addr,
    /// The devices of this end: of the tunnel, of the unshaped way.
    devices: [String; 2],
}

/// Is everything there that the lab needs? Says what to do when not.
///
/// # Errors
/// Something is missing.
pub fn check() -> Result<()> {
    let root = std::fs::metadata("/proc/self")?.uid() == 0;
    ensure!(root, "links are made of network namespaces, which needs root: start it with sudo, or as root");
    ensure!(
        Path::new("/dev/net/tun").exists(),
        "/dev/net/tun is missing: load the module with `modprobe tun`"
    );
    for (program, argument, package) in [
        ("ip", "-V", "iproute2"),
        ("chromium", "--version", "chromium"),
        ("chromedriver", "--version", "chromium-driver"),
        ("ffmpeg", "-version", "ffmpeg"),
    ] {
        let found = Command::new(program).arg(argument).stdout(Stdio::null()).stderr(Stdio::null()).status();
        ensure!(
            found.is_ok_and(|status| status.success()),
            "{program} is missing: apt-get install {package}"
        );
    }
    Ok(())
}

/// Makes the namespace and both ways; gives the ends of the tunnel too: the server's and the viewer's.
///
/// # Errors
/// The kernel refuses.
pub fn open() -> Result<(Network, SyncDevice, SyncDevice)> {
    clean()?;
    let pid = std::process::id();
    let name = format!("{PREFIX}{pid}");
    let net = (pid % 256) as u8;
    let network = Network {
        server: Ipv4Addr::new(198, 18, net, 1),
        viewer: Ipv4Addr::new(198, 18, net, 2),
        control: Ipv4Addr::new(198, 19, net, 2),
        bench: Ipv4Addr::new(198, 19, net, 1),
        devices: [format!("hl{pid}s"), format!("hc{pid}s")],
        name: name.clone(),
    };
    ip(&["netns", "add", &name])?;
    ip(&["-n", &name, "link", "set", "lo", "up"])?;
    let (near, far) = (&network.devices[0], format!("hl{pid}v"));
    let device = |name: &str| {
        let builder = DeviceBuilder::new().name(name).layer(Layer::L3).mtu(MTU).enable(false);
        builder.build_sync().with_context(|| format!("can't make the tunnel's device {name}"))
    };
    let (server, viewer) = (device(near)?, device(&far)?);
    ip(&["link", "set", &far, "netns", &name])?;
    up(&[], near, network.server, network.viewer)?;
    up(&["-n", &name], &far, network.viewer, network.server)?;
    let (near, far) = (&network.devices[1], format!("hc{pid}v"));
    ip(&["link", "add", near, "type", "veth", "peer", "name", &far, "netns", &name])?;
    up(&[], near, network.bench, network.control)?;
    up(&["-n", &name], &far, network.control, network.bench)?;
    Ok((network, server, viewer))
}

/// Gives a device its address and brings it up, without the packets that IPv6 sends by itself.
fn up(within: &[&str], device: &str, own: Ipv4Addr, peer: Ipv4Addr) -> Result<()> {
    let (own, peer) = (format!("{own}/32"), format!("{peer}/32"));
    for words in [
        ["link", "set", device, "addrgenmode", "none"].as_slice(),
        &["addr", "add", &own, "peer", &peer, "dev", device],
        &["link", "set", device, "up"],
    ] {
        ip(&[within, words].concat())?;
    }
    Ok(())
}

impl Network {
    /// Which congestion control the server's connections to the viewer begin with, whatever the machine's own habit is; a server
    /// that chooses for itself still does.
    ///
    /// # Errors
    /// The kernel doesn't have it.
    pub fn congestion(&self, control: &str) -> Result<()> {
        let (viewer, server) = (self.viewer.to_string(), self.server.to_string());
        let device = &self.devices[0];
        ip(&["route", "replace", &viewer, "dev", device, "src", &server, "congctl", control]).with_context(
            || format!("no congestion control {control:?}: load it with `modprobe tcp_{control}`"),
        )
    }

    /// Shapes the way beside the tunnel with the kernel's token bucket, or no more.
    ///
    /// # Errors
    /// The kernel refuses.
    pub fn shape(&self, kbps: Option<u64>) -> Result<()> {
        let device = &self.devices[1];
        let Some(kbps) = kbps else { return tool("tc", &["qdisc", "del", "dev", device, "root"]) };
        let (rate, limit) = (format!("{kbps}kbit"), Link::steady(kbps, 0).queue_bytes().to_string());
        let words = [
            "qdisc", "replace", "dev", device, "root", "tbf", "rate", &rate, "burst", "5000", "limit", &limit,
        ];
        tool("tc", &words)
    }

    /// Forgets what the kernel learnt about the way to the viewer: every run starts as the first did.
    ///
    /// # Errors
    /// The kernel refuses.
    pub fn forget(&self) -> Result<()> {
        // Both ends remember round trips and thresholds of earlier connections.
        let flush = |within: &[&str]| ip(&[within, &["tcp_metrics", "flush"]].concat());
        flush(&[])?;
        flush(&["-n", &self.name])
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        if let Err(error) = remove(&self.name) {
            println!("the namespace {} is left behind: {error:#}", self.name);
        }
    }
}

/// Removes the namespaces of benches that are gone.
fn clean() -> Result<()> {
    let list = Command::new("ip").args(["netns", "list"]).output()?;
    for line in String::from_utf8_lossy(&list.stdout).lines() {
        let Some(name) = line.split_whitespace().next() else { continue };
        let Some(pid) = name.strip_prefix(PREFIX) else { continue };
        if !Path::new("/proc").join(pid).exists() {
            println!("removing what an interrupted run left: {name}");
            remove(name)?;
        }
    }
    Ok(())
}

/// Ends what runs in a namespace of ours, then removes it.
fn remove(name: &str) -> Result<()> {
    let pids = Command::new("ip").args(["netns", "pids", name]).output()?;
    for pid in String::from_utf8_lossy(&pids.stdout).lines() {
        // Those that went meanwhile are no trouble.
        let _ = Command::new("kill").args(["-9", pid.trim()]).stderr(Stdio::null()).status();
    }
    ip(&["netns", "del", name])
}

fn ip(words: &[&str]) -> Result<()> {
    tool("ip", words)
}

fn tool(program: &str, words: &[&str]) -> Result<()> {
    let output = Command::new(program).args(words).output();
    let output = output.with_context(|| format!("{program} (iproute2) does not start"))?;
    if !output.status.success() {
        bail!("{program} {}: {}", words.join(" "), String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(())
}
