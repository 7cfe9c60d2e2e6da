//! The simulated world of the picture: a camera, the server's core, a link, the player's core and a fake media element, under
//! one virtual clock. Deterministic: the same script gives the same frames on the screen.
//!
//! ```text
//! camera -events-> server core (packager, window) -bytes-> link -bytes-> scanner -> player core -> fake MSE -> what was shown
//! ```
//!
//! Scripts are data ([`Step`]). What is asserted stands in `tests/media/world.rs`.

pub mod bounds;
pub mod camera;
pub mod link;
pub mod mse;
mod origin;
mod page;
mod parts;
pub mod rival;
pub mod scenario;
mod tcp;
pub mod trial;

use crate::nqoe;
use camera::{Camera, Show};
use hawker_player_core::media::player::{Input, Player, State};
use hawker_wire::Instant;
use link::{Link, Loss, Period};
use mse::Mse;
use origin::Origin;
use page::Page;

/// One step of a script.
#[derive(Clone, Debug)]
pub enum Step {
    /// An encoder begins.
    Publish(Show),
    /// It is gone.
    Unpublish,
    /// An operator ends the show, or opens it again.
    Ended(bool),
    /// The link from now on: kb/s and one-way ms.
    Link(u64, u64),
    /// The link follows this trace from now on.
    Trace(Vec<Period>),
    /// Losses on the link from now on, and the bound of its queue, bytes.
    Path(Option<Loss>, u64),
    /// The viewer opens the page.
    Open,
    /// Something the page tells the player.
    Page(Input),
    /// A browser that manages the buffer wants media, or none for now.
    Streaming(bool),
    /// Time passes, ms.
    Run(u64),
}

/// What a viewer went through in a while.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Report {
    /// Gaps between frames on the screen above 100 ms, less one frame: in all, ms.
    pub stalled_ms: f64,
    /// And their number.
    pub stalls: u32,
    /// Frames shown.
    pub frames: u32,
    /// Frames between the first and the last shown that were not.
    pub lost: u32,
    /// Frames shown again.
    pub repeated: u32,
    /// Age of a frame when shown, ms: the median,
    pub latency_p50_ms: f64,
    /// and the 95th percentile.
    pub latency_p95_ms: f64,
    /// Most long requests at once.
    pub requests_max: usize,
}

/// See the module text.
#[derive(Debug)]
pub struct World {
    now_us: u64,
    camera: Option<Camera>,
    origin: Origin,
    link: Link,
    page: Page,
    /// The viewer's element.
    pub mse: Mse,
    mark: usize,
    seed: u64,
}

/// World time at the start, so that nothing relies on zero.
const START_US: u64 = 5_000_000;
/// Server wall clock at world time zero, ms since 1970.
pub const WALL_MS: u64 = 1_790_000_000_000;
/// Media time at which an epoch begins: the packager's.
const EPOCH_START_S: f64 = 1.0;

impl Default for World {
    fn default() -> Self {
        Self::new(1)
    }
}

impl World {
    /// A fast link, nobody there. The seed is the player's.
    pub fn new(seed: u64) -> Self {
        Self {
            now_us: START_US,
            camera: None,
            origin: Origin::new(START_US),
            link: Link::new(20_000, 10),
            page: Page::new(START_US, seed),
            mse: Mse::new(START_US),
            mark: 0,
            seed,
        }
    }

    /// Whether the player is kept from what our server tells it: when chunks were made, and its estimate of the path.
    pub fn plain(&mut self, plain: bool) {
        self.page.plain = plain;
    }

    /// All goes over UDP from now on, as our server sends there.
    pub fn udp(&mut self) {
        self.link.quic(self.now_us);
        self.page.udp = true;
    }

    /// Whether media reach it part by part, as plain LL-HLS has them.
    pub fn in_parts(&mut self, in_parts: bool) {
        self.origin.in_parts = in_parts;
    }

    /// The player's core.
    pub fn player(&self) -> &Player {
        &self.page.player
    }

    /// The player's clock.
    pub fn now(&self) -> Instant {
        Instant(self.now_us)
    }

    /// What the viewer is told.
    pub fn state(&self) -> State {
        self.page.player.state()
    }

    /// Name of the rendition that plays.
    pub fn rendition(&self) -> String {
        let player = &self.page.player;
        player
            .rendition()
            .and_then(|at| player.renditions().get(at))
            .map(|r| r.name.clone())
            .unwrap_or_default()
    }

    /// Runs a script.
    pub fn run(&mut self, steps: &[Step]) {
        for step in steps {
            match step {
                Step::Publish(show) => {
                    let camera = Camera::new(*show, self.now_us);
                    self.origin.attach(self.now_us, &camera);
                    self.camera = Some(camera);
                }
                Step::Unpublish => {
                    self.camera = None;
                    self.origin.detach(self.now_us);
                }
                Step::Ended(ended) => self.origin.ended(self.now_us, *ended),
                Step::Link(kbps, latency_ms) => {
                    let period = Period { ms: 1_000, kbps: *kbps, latency_ms: *latency_ms };
                    self.link.set(self.now_us, vec![period]);
                }
                Step::Trace(periods) => self.link.set(self.now_us, periods.clone()),
                Step::Path(loss, queue) => {
                    self.link.lose(*loss, self.seed);
                    self.link.queue(*queue);
                }
                Step::Open => self.page.input(self.now_us, Input::Start, &mut self.mse),
                Step::Page(input) => self.page.input(self.now_us, input.clone(), &mut self.mse),
                Step::Streaming(streaming) => self.page.streaming(self.now_us, *streaming, &mut self.mse),
                Step::Run(ms) => self.pass(self.now_us + ms * 1_000),
            }
            self.settle();
        }
    }

    fn pass(&mut self, until_us: u64) {
        while self.now_us < until_us {
            let wakes = [
                self.camera.as_ref().map(Camera::next_us),
                self.origin.next_us(),
                self.link.next_us(),
                self.page.next_us(),
            ];
            let next = wakes.into_iter().flatten().min().unwrap_or(until_us);
            self.now_us = next.clamp(self.now_us, until_us);
            self.mse.advance(self.now_us);
            if let Some(camera) = &mut self.camera {
                for (rendition, event) in camera.take(self.now_us) {
                    self.origin.event(self.now_us, rendition, event);
                }
            }
            self.settle();
        }
    }

    /// Everything that happens at this moment.
    fn settle(&mut self) {
        self.origin.step(self.now_us, &mut self.link);
        for cargo in self.link.step(self.now_us) {
            self.page.arrived(self.now_us, cargo, &mut self.mse, &mut self.origin);
        }
        self.page.step(self.now_us, &mut self.mse);
        for call in self.page.calls() {
            let travels = self.link.latency_us(self.now_us);
            self.origin.call(self.now_us + travels, call, &mut self.link);
        }
    }

    /// What was on the screen, in full. Rungs are told by the names of the renditions.
    pub fn watched(&self, kbps: impl Fn(&str) -> f64) -> Vec<nqoe::Shown> {
        let rungs: Vec<f64> = self.page.names.iter().map(|name| kbps(name)).collect();
        let began_s = self.origin.began_us() as f64 / 1e6;
        let one = |shown: &mse::Shown| {
            let at_s = shown.at_us as f64 / 1e6;
            nqoe::Shown {
                at_s,
                media_s: shown.media_s,
                latency_s: at_s - began_s - (shown.media_s - EPOCH_START_S),
                kbps: rungs.get(shown.rung).copied().unwrap_or_default(),
                rate: shown.rate,
            }
        };
        self.mse.shown.iter().map(one).collect()
    }

    /// What the viewer went through since the last report.
    pub fn report(&mut self) -> Report {
        let shown = self.mse.shown.get(self.mark..).unwrap_or_default();
        self.mark = self.mse.shown.len();
        let mut report = Report { frames: shown.len() as u32, ..Report::default() };
        report.requests_max = self.page.take_requests_max();
        for pair in shown.windows(2) {
            let [a, b] = pair else { continue };
            let gap_ms = (b.at_us - a.at_us) as f64 / 1e3;
            if gap_ms > 100.0 {
                report.stalls += 1;
                report.stalled_ms += gap_ms - 33.0;
            }
            let frames = ((b.media_s - a.media_s) * 30.0).round() as i64;
            if frames < 1 {
                report.repeated += 1;
            } else {
                report.lost += (frames - 1) as u32;
            }
        }
        let began_s = self.origin.began_us() as f64 / 1e6;
        let mut ages: Vec<f64> = shown
            .iter()
            .map(|shown| (shown.at_us as f64 / 1e6 - began_s - (shown.media_s - EPOCH_START_S)) * 1e3)
            .collect();
        ages.sort_by(f64::total_cmp);
        let at = |share: f64| ages.get((ages.len() as f64 * share) as usize).copied().unwrap_or(0.0);
        (report.latency_p50_ms, report.latency_p95_ms) = (at(0.5), at(0.95));
        report
    }
}

/// A number of 0 to 1 that depends on nothing but these two.
pub fn dice(seed: u64, of: u64) -> f64 {
    // SplitMix64.
    let mut z = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(of.wrapping_mul(0xd1b5_4a32_d192_ed03));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
}
