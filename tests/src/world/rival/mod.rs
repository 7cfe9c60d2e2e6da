//! The players that people otherwise use, in the same world: over the same [`Link`], with frames of the same sizes, in front of
//! a media element with the same habits. What is ours and theirs alike is generous to them: no playlists or manifests on the
//! wire, no work of the page, one muxed request instead of two, no clock error.
//!
//! They load parts of 0.2 s once they are listed (hls.js), or segments that are streamed while they are made (LL-DASH: dash.js,
//! Shaka). Rules for latency are theirs too (`players.md` of the reference, sections 1.3 and 6).

mod policy;

use super::camera::{FPS, Show};
use super::link::{Cargo, Link};
use crate::nqoe::Shown;
use bytes::Bytes;
use hawker_server_core::media::packager::parts::picture_ms_a_chunk;
use policy::{Dash, Pair, Policy, Progress, View};

/// Which one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rival {
    /// LL-HLS parts of 0.2 s, `lowLatencyMode`, catching up at 1.5 at most.
    Hls,
    /// LL-DASH, `liveSync` on.
    Shaka,
    /// LL-DASH, catching up on, the default rules.
    Dynamic,
    /// LL-DASH, catching up on, BOLA alone.
    Bola,
}

/// Frames of a segment.
const SEGMENT: u64 = FPS;
/// Frames of a part: 0.2 s.
const PART: u64 = 6;
/// Bytes around each frame in its chunk, and around the frames of sound that come with it; and where our server sends three
/// together.
const CHUNK_BYTES: [u64; 2] = [380, 130];
/// And around a part.
const PART_BYTES: u64 = 500;
/// The element: see [`super::mse`].
const RESUME_S: f64 = 0.45;
/// See above.
const HELD_S: f64 = 0.1;
const TICK_US: u64 = 4_000;
static ZEROS: [u8; 1 << 20] = [0; 1 << 20];

#[derive(Clone, Copy, Debug)]
struct Load {
    id: u32,
    rung: usize,
    /// First frame, and the one behind the last.
    from: u64,
    to: u64,
    asked_us: u64,
    /// When the server gets it.
    there_us: u64,
    /// Next frame that it sends.
    served: u64,
    first_us: Option<u64>,
    had: u64,
    /// Frames complete at the client, and bytes of the next.
    frames: u64,
    partial: u64,
    last_us: u64,
    chunk_us: u64,
    chunk_bytes: u64,
}

/// See the module text.
#[derive(Debug)]
pub struct Client {
    rival: Rival,
    policy: Policy,
    show: Show,
    ladder: Vec<f64>,
    link: Link,
    now_us: u64,
    target_s: f64,
    load: Option<Load>,
    next: u64,
    rung: usize,
    ids: u32,
    /// Rung of each frame in the buffer from `base` on.
    base: u64,
    frames: Vec<u8>,
    playhead_s: f64,
    shown: Option<u64>,
    rate: f64,
    holding: Option<f64>,
    stalls: u32,
    idle_since_us: u64,
    /// What was on the screen.
    pub seen: Vec<Shown>,
}

impl Client {
    /// A viewer who comes now, the encoder having begun at 0.
    pub fn new(rival: Rival, show: Show, link: Link, now_us: u64, target_s: f64) -> Self {
        let policy = match rival {
            Rival::Hls => Policy::Hls(Pair::new(3.0, 9.0, 500.0)),
            Rival::Shaka => Policy::Shaka(Pair::new(2.0, 5.0, 1_000.0), 0.0),
            Rival::Dynamic => Policy::Dynamic(Dash::default()),
            Rival::Bola => Policy::Bola(Dash::default()),
        };
        let at = now_us as f64 / 1e6 - target_s;
        let next = (at.max(0.0) as u64) * SEGMENT;
        let ladder: Vec<f64> = show.ladder.iter().map(|(_, bps)| f64::from(bps + show.sound) / 1e3).collect();
        Self {
            rival,
            policy,
            show,
            rung: ladder.len() - 1,
            ladder,
            link,
            now_us,
            target_s,
            load: None,
            next,
            ids: 0,
            base: next,
            frames: Vec::new(),
            playhead_s: at.max(0.0),
            shown: None,
            rate: 1.0,
            holding: Some(0.2),
            stalls: 0,
            idle_since_us: now_us,
            seen: Vec::new(),
        }
    }

    fn end_s(&self) -> f64 {
        (self.base + self.frames.len() as u64) as f64 / FPS as f64
    }

    fn buffer_s(&self) -> f64 {
        (self.end_s() - self.playhead_s).max(0.0)
    }

    fn latency_s(&self) -> f64 {
        self.now_us as f64 / 1e6 - self.playhead_s
    }

    /// Lets the world go on until then.
    pub fn run(&mut self, until_us: u64) {
        while self.now_us < until_us {
            let tick = (self.now_us / TICK_US + 1) * TICK_US;
            let serve = self.serve_us().unwrap_or(u64::MAX);
            let next = tick.min(serve).min(self.link.next_us().unwrap_or(u64::MAX)).max(self.now_us);
            let seconds = (next.min(until_us) - self.now_us) as f64 / 1e6;
            self.now_us = next.min(until_us);
            self.play(seconds);
            self.serve();
            for cargo in self.link.step(self.now_us) {
                self.arrived(cargo);
            }
            if self.now_us.is_multiple_of(TICK_US) {
                self.think();
            }
            self.ask();
        }
    }

    /// When the server sends something of the request under way.
    fn serve_us(&self) -> Option<u64> {
        let load = self.load.filter(|load| load.served < load.to)?;
        // A frame is there when it was made; a part when its last frame was.
        let made = if self.rival == Rival::Hls { load.to - 1 } else { load.served };
        Some((made * 1_000_000 / FPS).max(load.there_us))
    }

    fn bytes(&self, load: &Load, frame: u64) -> u64 {
        let bps = self.show.ladder.get(load.rung).map_or(0, |(_, bps)| *bps);
        let around = match self.rival {
            Rival::Hls => PART_BYTES / PART,
            _ => CHUNK_BYTES[usize::from(picture_ms_a_chunk(u64::from(bps)) > 0)],
        };
        self.show.size(bps, frame) + u64::from(self.show.sound) / 8 / FPS + around
    }

    fn serve(&mut self) {
        while self.serve_us().is_some_and(|at| at <= self.now_us) {
            let Some(mut load) = self.load else { return };
            let bytes = usize::try_from(self.bytes(&load, load.served)).unwrap_or(0).min(ZEROS.len());
            let cargo = Bytes::from_static(ZEROS.get(..bytes).unwrap_or_default());
            self.link.send(self.now_us, load.id, Cargo::Bytes(load.id, cargo));
            load.served += 1;
            self.load = Some(load);
        }
    }

    fn arrived(&mut self, cargo: Cargo) {
        let Cargo::Bytes(id, bytes) = cargo else { return };
        let Some(mut load) = self.load.filter(|load| load.id == id) else { return };
        let bytes = bytes.len() as u64;
        load.first_us.get_or_insert(self.now_us);
        load.had += bytes;
        if load.partial > 0 || self.rival == Rival::Hls {
            // Within a chunk bytes come as fast as the link goes; between chunks the encoder sets the pace.
            load.chunk_us += self.now_us - load.last_us.max(load.first_us.unwrap_or(0));
            load.chunk_bytes += if load.last_us == 0 { 0 } else { bytes };
        }
        load.last_us = self.now_us;
        load.partial += bytes;
        while load.from + load.frames < load.to {
            let frame = load.from + load.frames;
            let whole = self.bytes(&load, frame);
            if load.partial < whole {
                break;
            }
            load.partial -= whole;
            load.frames += 1;
            if self.rival != Rival::Hls {
                self.append(frame, load.rung);
            }
        }
        if load.from + load.frames == load.to {
            if self.rival == Rival::Hls {
                (load.from..load.to).for_each(|frame| self.append(frame, load.rung));
            }
            if load.chunk_bytes > 0 {
                self.policy.sample(load.chunk_bytes as f64 * 8.0 / 1e3, load.chunk_us as f64 / 1e6);
            }
            self.next = load.to;
            self.idle_since_us = self.now_us;
            self.load = None;
        } else {
            self.load = Some(load);
        }
    }

    fn append(&mut self, frame: u64, rung: usize) {
        let at = usize::try_from(frame.saturating_sub(self.base)).unwrap_or(usize::MAX);
        if at == self.frames.len() {
            self.frames.push(rung as u8);
        }
    }

    fn view(&self) -> View<'_> {
        View {
            ladder: &self.ladder,
            rung: self.rung,
            buffer_s: self.buffer_s(),
            target_s: self.target_s,
            now_s: self.now_us as f64 / 1e6,
        }
    }

    fn ask(&mut self) {
        if self.load.is_some() {
            return;
        }
        let up_us = self.link.latency_us(self.now_us);
        let length = if self.rival == Rival::Hls { PART } else { SEGMENT };
        // A part must be listed; a segment may be asked for when it begins.
        let known_us = match self.rival {
            Rival::Hls => (self.next + length - 1) * 1_000_000 / FPS + up_us,
            Rival::Shaka | Rival::Dynamic | Rival::Bola => self.next * 1_000_000 / FPS,
        };
        if self.now_us < known_us {
            return;
        }
        if self.next.is_multiple_of(SEGMENT) {
            self.policy.waited((self.now_us - self.idle_since_us) as f64 / 1e6);
            let mut policy = self.policy.clone();
            self.rung = policy.choose(&self.view());
            self.policy = policy;
        }
        self.fetch(self.next, self.next + length);
    }

    fn fetch(&mut self, from: u64, to: u64) {
        self.ids += 1;
        self.load = Some(Load {
            id: self.ids,
            rung: self.rung,
            from,
            to,
            asked_us: self.now_us,
            there_us: self.now_us + self.link.latency_us(self.now_us),
            served: from,
            first_us: None,
            had: 0,
            frames: 0,
            partial: 0,
            last_us: 0,
            chunk_us: 0,
            chunk_bytes: 0,
        });
    }

    /// What is looked at between requests: leaving one, the rate, a skip.
    fn think(&mut self) {
        if self.now_us.is_multiple_of(100_000)
            && let Some(load) = self.load
        {
            let since = |us: u64| (self.now_us - us) as f64 / 1e6;
            let progress = Progress {
                elapsed_s: since(load.asked_us),
                streaming_s: load.first_us.map_or(0.0, since),
                had_kb: load.had as f64 * 8.0 / 1e3,
                all_kb: (load.from..load.to).map(|frame| self.bytes(&load, frame)).sum::<u64>() as f64 * 8.0
                    / 1e3,
                length_s: (load.to - load.from) as f64 / FPS as f64,
            };
            if let Some(rung) = self.policy.abandon(&self.view(), &progress) {
                self.link.cancel(load.id);
                self.rung = rung;
                self.fetch(load.from, load.to);
            }
        }
        if self.now_us.is_multiple_of(248_000) {
            self.pace();
        }
    }

    fn pace(&mut self) {
        let off_s = self.latency_s() - self.target_s;
        match self.rival {
            Rival::Hls => {
                // Each stall makes the target a second later, up to a segment.
                let off_s = self.latency_s() - (self.target_s + f64::from(self.stalls.min(1)));
                let rate = 2.0 / (1.0 + (-0.75 * off_s).exp());
                let fast = off_s > 0.05 && self.buffer_s() > 1.0;
                self.rate = if fast { ((rate * 20.0).round() / 20.0).clamp(1.0, 1.5) } else { 1.0 };
            }
            Rival::Shaka => {
                self.rate = if off_s > 0.5 {
                    1.1
                } else if off_s < -0.5 {
                    0.95
                } else {
                    1.0
                };
            }
            Rival::Dynamic | Rival::Bola => {
                let rate = 0.5 + 1.0 / (1.0 + (-5.0 * off_s).exp());
                let low = self.buffer_s() < self.target_s / 2.0;
                self.rate = if off_s.abs() < 0.02 || (low && rate > 1.0) { 1.0 } else { rate };
            }
        }
        // dash.js seeks when 12 s behind; hls.js and Shaka when the window has gone.
        let most_s = if matches!(self.rival, Rival::Dynamic | Rival::Bola) { 12.0 } else { 30.0 };
        if off_s > most_s {
            if let Some(load) = self.load.take() {
                self.link.cancel(load.id);
            }
            let at_s = self.now_us as f64 / 1e6 - self.target_s;
            self.next = at_s.max(0.0) as u64 * SEGMENT;
            (self.base, self.playhead_s) = (self.next, at_s);
            self.frames.clear();
            self.holding = Some(0.2);
            self.idle_since_us = self.now_us;
        }
    }

    fn play(&mut self, seconds: f64) {
        if self.frames.is_empty() {
            return;
        }
        if let Some(hold_s) = self.holding {
            if self.buffer_s() < hold_s {
                return;
            }
            self.holding = None;
        }
        if self.buffer_s() <= HELD_S + seconds * self.rate {
            self.holding = Some(RESUME_S);
            self.stalls += 1;
            self.policy.stalled();
            return;
        }
        self.playhead_s += seconds * self.rate;
        let frame = (self.playhead_s * FPS as f64 + 1e-6) as u64;
        if self.shown.is_none_or(|shown| frame > shown) {
            self.shown = Some(frame);
            let at = usize::try_from(frame.saturating_sub(self.base)).unwrap_or(usize::MAX);
            let rung = self.frames.get(at).copied().unwrap_or_default();
            let (at_s, media_s) = (self.now_us as f64 / 1e6, frame as f64 / FPS as f64);
            let kbps = self.ladder.get(usize::from(rung)).copied().unwrap_or_default();
            self.seen.push(Shown { at_s, media_s, latency_s: at_s - media_s, kbps, rate: self.rate });
        }
    }
}
