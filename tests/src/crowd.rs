//! A crowd in one room: viewers who read and speak, some who stop reading, a host whose words may not be lost, a flood. Speaks
//! in an open model (what is due is sent, however slow the answers), and measures by stamps in the messages. Asserts nothing.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use hawker_wire::proto::client_frame::Kind as Ask;
use hawker_wire::proto::server_frame::Kind as Told;
use hawker_wire::proto::viewer::Role;
use hawker_wire::proto::{Event, Hello, Say, event};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::talk::{Dial, Heard, Talker};

/// What the crowd does.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The server.
    pub server: SocketAddr,
    /// The room.
    pub room: String,
    /// A host's token for the room.
    pub host_token: String,
    /// Viewers.
    pub viewers: usize,
    /// Of a hundred viewers, how many stop reading.
    pub stopped_percent: usize,
    /// The phases, in order.
    pub phases: Vec<Phase>,
}

/// A stretch of time with one behaviour.
#[derive(Clone, Debug)]
pub struct Phase {
    /// For the report.
    pub name: &'static str,
    /// How long.
    pub lasts: Duration,
    /// Messages a second of all viewers together.
    pub rate: u32,
    /// Do the stoppers not read?
    pub stopped: bool,
}

/// What was measured.
#[derive(Clone, Debug, Default)]
pub struct Figures {
    /// For each phase: its name and the delays of what readers got, sorted, microseconds.
    pub delays: Vec<(&'static str, Vec<u64>)>,
    /// Words of the host.
    pub host_said: u64,
    /// Viewers that did not get each of them in order, and were not told of a gap.
    pub untold_losses: usize,
    /// Readers (not stoppers) that lost anything or were thrown out.
    pub disturbed: usize,
    /// Viewers that were told of a gap or sent off to come back.
    pub told: usize,
    /// Messages said, and the most that any reader was told were left out by flood.
    pub said: u64,
    /// See `said`.
    pub omitted: u64,
}

impl Figures {
    /// A quantile of a phase's delays, in milliseconds; `None` without any.
    pub fn quantile_ms(&self, phase: &str, q: f64) -> Option<f64> {
        let (_, delays) = self.delays.iter().find(|(name, _)| *name == phase)?;
        let at = ((delays.len() as f64 * q) as usize).min(delays.len().checked_sub(1)?);
        delays.get(at).map(|us| *us as f64 / 1e3)
    }
}

/// The host speaks five times a second: half of what a host may.
const HOST_EVERY: Duration = Duration::from_millis(200);
/// How long a viewer reads on for the host's last word after the last phase.
const SETTLE: Duration = Duration::from_secs(30);

/// A crowd that has come in.
pub struct Crowd {
    plan: Plan,
    start: Instant,
    members: Vec<mpsc::Sender<String>>,
    tasks: JoinSet<Report>,
    mode: watch::Sender<Mode>,
    host: Talker,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Read,
    Stop,
    /// Read on until the host's word of this number has come.
    End(u64),
}

#[derive(Default)]
struct Report {
    stopper: bool,
    /// (sent at, delay), microseconds since the start.
    delays: Vec<(u64, u64)>,
    hosts: Vec<u64>,
    omitted: u64,
    skipped: u64,
    closed: bool,
    /// After being thrown out: the way back said whether there is a hole.
    told: bool,
}

impl Crowd {
    /// Everybody comes in, from addresses all over 127.0.0.0/8.
    pub async fn gather(plan: Plan) -> Self {
        let start = Instant::now();
        let (mode, _) = watch::channel(Mode::Read);
        let dial = Dial::new(plan.server, &plan.room);
        let host = Hello { token: plan.host_token.clone(), ..Hello::default() };
        let host = dial.enter(host).await.unwrap_or_else(|goodbye| panic!("no host: {goodbye:?}"));
        let mut members = Vec::new();
        let mut tasks = JoinSet::new();
        for n in 0..plan.viewers {
            let address = IpAddr::from([127, 1 + (n / 200) as u8, (n % 200) as u8, 1 + (n % 250) as u8]);
            let stopper = stops(n, &plan);
            // What a stopper's own machine takes for it: enough for nothing.
            let receive_buffer = stopper.then_some(4_096);
            let dial = Dial { from: Some(address), receive_buffer, ..dial.clone() };
            let talker = dial.guest(&format!("viewer {n}")).await;
            let (sender, says) = mpsc::channel(16);
            members.push(sender);
            let member = Member {
                talker,
                says,
                mode: mode.subscribe(),
                start,
                dial,
                report: Report { stopper, ..Report::default() },
            };
            tasks.spawn(member.run());
        }
        Self { plan, start, members, tasks, mode, host }
    }

    /// Plays the phases; `between` is called after each, with its name.
    pub async fn play(mut self, mut between: impl FnMut(&'static str)) -> Figures {
        let mut figures = Figures::default();
        let mut bounds = Vec::new();
        let (mut speaker, mut host_due) = (0_usize, Instant::now());
        for phase in self.plan.phases.clone() {
            let _ = self.mode.send(if phase.stopped { Mode::Stop } else { Mode::Read });
            let begin = Instant::now();
            let from = self.micros();
            let mut sent = 0_u32;
            while begin.elapsed() < phase.lasts {
                let due = begin.elapsed().as_secs_f64() * f64::from(phase.rate);
                while f64::from(sent) < due {
                    speaker = (speaker + 7) % self.members.len();
                    if phase.stopped && stops(speaker, &self.plan) {
                        continue;
                    }
                    sent += 1;
                    // A full queue is a slow machine here, not there.
                    let text = format!("@{} 主播 this one please", self.micros());
                    if self.members.get(speaker).is_some_and(|member| member.try_send(text).is_ok()) {
                        figures.said += 1;
                    }
                }
                if host_due <= Instant::now() {
                    host_due += HOST_EVERY;
                    figures.host_said += 1;
                    let text = format!("host {} @{}", figures.host_said, self.micros());
                    self.host.send(Ask::Say(Say { request: figures.host_said, text })).await;
                }
                tokio::select! {
                    () = tokio::time::sleep(Duration::from_millis(5)) => {}
                    _ = self.host.hear_whenever() => self.host.events.clear(),
                }
            }
            bounds.push((phase.name, from, self.micros()));
            between(phase.name);
        }
        let _ = self.mode.send(Mode::End(figures.host_said));
        let mut reports = Vec::new();
        while let Some(report) = self.tasks.join_next().await {
            reports.push(report.expect("a viewer's task does not panic"));
        }
        for (name, from, to) in bounds {
            let readers = reports.iter().filter(|report| !report.stopper);
            let within = |(sent, _): &&(u64, u64)| (from..to).contains(sent);
            let mut delays: Vec<u64> = readers
                .flat_map(|report| report.delays.iter().filter(within).map(|(_, delay)| *delay))
                .collect();
            delays.sort_unstable();
            figures.delays.push((name, delays));
        }
        for report in &reports {
            let whole = report.hosts.iter().copied().eq(1..=figures.host_said);
            figures.untold_losses += usize::from(!whole && !report.told);
            figures.told += usize::from(report.told || report.skipped > 0);
            figures.disturbed +=
                usize::from(!report.stopper && (!whole || report.skipped > 0 || report.closed));
            figures.omitted = figures.omitted.max(report.omitted);
        }
        figures
    }

    fn micros(&self) -> u64 {
        self.start.elapsed().as_micros() as u64
    }
}

fn stops(viewer: usize, plan: &Plan) -> bool {
    viewer % 100 < plan.stopped_percent
}

struct Member {
    talker: Talker,
    says: mpsc::Receiver<String>,
    mode: watch::Receiver<Mode>,
    start: Instant,
    dial: Dial,
    report: Report,
}

impl Member {
    async fn run(mut self) -> Report {
        let mut request = 0;
        loop {
            let mode = *self.mode.borrow_and_update();
            match mode {
                Mode::End(last) => {
                    let _ = tokio::time::timeout(SETTLE, self.read_until(last)).await;
                    break;
                }
                Mode::Stop if self.report.stopper => {
                    // Neither reads nor speaks until the mode changes.
                    if self.mode.changed().await.is_err() {
                        break;
                    }
                    continue;
                }
                Mode::Stop | Mode::Read => {}
            }
            tokio::select! {
                changed = self.mode.changed() => if changed.is_err() { break },
                text = self.says.recv() => {
                    let Some(text) = text else { break };
                    request += 1;
                    self.talker.send(Ask::Say(Say { request, text })).await;
                }
                heard = self.talker.hear_whenever() => {
                    if let Heard::Closed(_) = heard {
                        self.report.closed = true;
                        self.come_back().await;
                        break;
                    }
                    self.note(heard);
                }
            }
        }
        self.report.omitted = self.talker.omitted;
        self.report.skipped = self.talker.skipped;
        self.report
    }

    async fn read_until(&mut self, last: u64) {
        while self.report.hosts.last().is_none_or(|number| *number < last) {
            let heard = self.talker.hear_whenever().await;
            if let Heard::Closed(_) = heard {
                self.report.closed = true;
                return self.come_back().await;
            }
            self.note(heard);
        }
    }

    fn note(&mut self, heard: Heard) {
        if !matches!(heard, Heard::Frame(Told::Batch(_))) {
            return;
        }
        let now = self.start.elapsed().as_micros() as u64;
        for event in std::mem::take(&mut self.talker.events) {
            self.note_event(&event, Some(now));
        }
    }

    fn note_event(&mut self, event: &Event, now: Option<u64>) {
        let Some(event::Kind::Message(message)) = &event.kind else { return };
        let stamp = message.text.split('@').nth(1).and_then(|rest| rest.split(' ').next());
        if let (Some(now), Some(sent)) = (now, stamp.and_then(|stamp| stamp.parse::<u64>().ok())) {
            self.report.delays.push((sent, now.saturating_sub(sent)));
        }
        if message.role() == Role::Host {
            let number: Option<u64> = message.text.split(' ').nth(1).and_then(|number| number.parse().ok());
            self.report.hosts.extend(number);
        }
    }

    /// Thrown out: comes back as the page would, and hears whether there is a hole.
    async fn come_back(&mut self) {
        let resume = Some(self.talker.position.clone());
        let guest = self.talker.welcome.guest.clone();
        let Ok(back) = self.dial.enter(Hello { guest, resume, ..Hello::default() }).await else { return };
        if back.welcome.resumed {
            for event in &back.welcome.missed {
                self.note_event(event, None);
            }
        } else {
            self.report.told = true;
        }
    }
}

/// Shared by the load's two faces: what a phase list looks like for a given unit of time.
pub fn phases(unit: Duration, rate: u32) -> Vec<Phase> {
    let phase = |name, lasts, rate, stopped| Phase { name, lasts, rate, stopped };
    vec![
        phase("calm", unit, rate, false),
        phase("stopped", unit, rate, true),
        phase("flood", unit * 2, rate * 10, true),
        phase("after", unit, rate, true),
    ]
}

/// The resident memory in bytes and the CPU time in seconds of a process, from `/proc`.
pub fn process(pid: u32) -> Option<(u64, f64)> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let rss = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = rss.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks: u64 = fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?;
    // USER_HZ is 100 on every Linux that Rust runs on.
    Some((kib * 1_024, ticks as f64 / 100.0))
}
