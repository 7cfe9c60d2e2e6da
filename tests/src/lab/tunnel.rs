//! Carries packets between the server's and the viewer's end of a link, late or not at all, as `link.rs` says. Packets only: TCP
//! runs from end to end, so what a link does to a player it does through the kernels' own loss recovery and congestion control.
//!
//! Two threads a direction, before other programs in the processor's queue: one reads and decides, one waits and writes.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::Result;
use tokio::time::Instant;
use tun_rs::SyncDevice;

use super::link::{Lane, Link, mix};

/// Packets on the way: the largest queue and the bytes in flight of 100 Mb/s at 200 ms are less.
const FLYING: usize = 4_096;
/// Larger than any packet.
const PACKET: usize = 2_048;
/// Of the threads: a viewer's browser and the build next door must not be the link's jitter.
const NICE: &str = "-15";

/// What happened to packets in one direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// Offered.
    pub offered: u64,
    /// That found the queue full.
    pub dropped: u64,
    /// Lost behind it.
    pub lost: u64,
}

struct Shared {
    began: Instant,
    lane: Lane,
}

type Direction = Arc<Mutex<Shared>>;

/// A running tunnel. Its threads end with the process.
#[derive(Clone)]
pub struct Tunnel {
    down: Direction,
    up: Direction,
}

/// Starts one between two devices: an open link until [`Tunnel::begin`].
///
/// # Errors
/// There are no threads left.
pub fn start(server: SyncDevice, viewer: SyncDevice) -> Result<Tunnel> {
    let (server, viewer) = (Arc::new(server), Arc::new(viewer));
    let open = Link::steady(1_000_000, 0);
    let lane = |to_viewer| {
        let lane = Lane::new(open.clone(), to_viewer, 0);
        Arc::new(Mutex::new(Shared { began: Instant::now(), lane }))
    };
    let tunnel = Tunnel { down: lane(true), up: lane(false) };
    carry("down", server.clone(), viewer.clone(), tunnel.down.clone())?;
    carry("up", viewer, server, tunnel.up.clone())?;
    Ok(tunnel)
}

impl Tunnel {
    /// From now on this link, at the beginning of its schedule. What is on its way arrives as it would have.
    pub fn begin(&self, link: &Link, seed: u64) {
        for (direction, to_viewer) in [(&self.down, true), (&self.up, false)] {
            let lane = Lane::new(link.clone(), to_viewer, mix(seed));
            *direction.lock().expect("nobody panics with it") = Shared { began: Instant::now(), lane };
        }
    }

    /// What happened since, towards the viewer.
    pub fn account(&self) -> Account {
        let shared = self.down.lock().expect("nobody panics with it");
        Account { offered: shared.lane.offered, dropped: shared.lane.dropped, lost: shared.lane.lost }
    }
}

fn carry(name: &str, from: Arc<SyncDevice>, to: Arc<SyncDevice>, direction: Direction) -> Result<()> {
    let (sender, receiver) = sync_channel(FLYING);
    let thread = |part: &str| std::thread::Builder::new().name(format!("{name}-{part}"));
    thread("in").spawn(move || read(&from, &direction, &sender))?;
    thread("out").spawn(move || write(&to, &receiver))?;
    Ok(())
}

fn read(from: &SyncDevice, direction: &Direction, sender: &SyncSender<(Instant, Vec<u8>)>) {
    be_first();
    let mut buffer = [0; PACKET];
    // Ends when the device does.
    while let Ok(length) = from.recv(&mut buffer) {
        let due = {
            let mut shared = direction.lock().expect("nobody panics with it");
            let now = shared.began.elapsed().as_micros() as u64;
            let began = shared.began;
            let passes = buffer.get(..length).is_some_and(|packet| shared.lane.passes(now, packet));
            let due = if passes { shared.lane.offer(now, length as u64) } else { None };
            due.map(|at| began + Duration::from_micros(at))
        };
        if let (Some(due), Some(packet)) = (due, buffer.get(..length)) {
            // A full channel is a packet lost, as a full queue is.
            let _ = sender.try_send((due, packet.to_vec()));
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "letting time pass is what a link does")]
fn write(to: &SyncDevice, receiver: &Receiver<(Instant, Vec<u8>)>) {
    be_first();
    while let Ok((due, packet)) = receiver.recv() {
        let early = due.saturating_duration_since(Instant::now());
        if !early.is_zero() {
            std::thread::sleep(early);
        }
        // A device that is down loses packets.
        let _ = to.send(&packet);
    }
}

/// Puts this thread before others.
fn be_first() {
    let task = std::fs::read_link("/proc/thread-self").ok();
    let id = task.as_deref().and_then(|path| path.file_name()?.to_str()).unwrap_or_default().to_owned();
    // Without it the link is less exact, not wrong.
    let _ = std::process::Command::new("renice")
        .args(["-n", NICE, "-p", &id])
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .status();
}
