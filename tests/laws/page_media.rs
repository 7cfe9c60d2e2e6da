//! What may happen to the machines of playback in the page: the whole, and each part by itself.

use std::collections::VecDeque;

use hawker_player_core::media::abr::{self, Abr, Rung};
use hawker_player_core::media::buffer::{self, Buffer};
use hawker_player_core::media::clock::{self, Clock};
use hawker_player_core::media::gap::{self, Gap};
use hawker_player_core::media::latency::{self, Latency};
use hawker_player_core::media::loader::{self, Loader};
use hawker_player_core::media::player::{Input, Output, Player};
use hawker_player_core::media::{RequestId, Sample, limits};
use hawker_player_core::random::Random;
use hawker_server_core::media::packager::{self, Packager};
use hawker_tests::world::camera::{Camera, Show};
use hawker_wire::media::{Chunk, Init, Kind, Scanner, Unit, Want};
use hawker_wire::proto::{Rendition, Stream, stream};
use hawker_wire::{Instant, Span, Ticks, Timescale, Wall};

use super::law::{Subject, laws, one, rarely};

/// The server's clock at the start.
const WALL: u64 = 1_795_363_200_000;

#[test]
fn of_the_player() {
    laws::<Whole>();
}

#[test]
fn of_the_loader() {
    laws::<Loading>();
}

#[test]
fn of_the_abr() {
    laws::<Choosing>();
}

#[test]
fn of_latency() {
    laws::<Pacing>();
}

#[test]
fn of_the_gap() {
    laws::<Watching>();
}

#[test]
fn of_the_buffer() {
    laws::<Appending>();
}

#[test]
fn of_the_clock() {
    laws::<Timing>();
}

/// Seconds of media, mostly near `now`.
fn seconds(random: &mut Random, now: Instant) -> f64 {
    match random.below(40) {
        0 => f64::NAN,
        1 => f64::INFINITY,
        2 => -1e300,
        3 => 1e300,
        4 => 0.0,
        _ => now.as_us() as f64 / 1e6 + 3.0 * random.unit() - 1.0,
    }
}

fn sample(random: &mut Random, now: Instant) -> Sample {
    let range = |random: &mut Random| {
        let from = seconds(random, now) - 2.0 * random.unit();
        (from, from + 4.0 * random.unit())
    };
    Sample {
        playhead: seconds(random, now),
        ranges: (0..random.below(4)).map(|_| range(random)).collect(),
        paused: rarely(random, 6),
        seeking: rarely(random, 6),
        hidden: rarely(random, 6),
        decoded: random.below(200),
        dropped: random.below(9),
        shown: (!rarely(random, 3)).then(|| seconds(random, now)),
    }
}

fn wall(random: &mut Random, now: Instant) -> Wall {
    match random.below(30) {
        0 => Wall(random.next()),
        _ => Wall(WALL + now.as_ms() - random.below(400).min(now.as_ms())),
    }
}

fn made(random: &mut Random, now: Instant) -> Option<Wall> {
    (!rarely(random, 6)).then(|| wall(random, now))
}

fn told(random: &mut Random, now: Instant) -> Option<Box<Stream>> {
    if rarely(random, 5) {
        return None;
    }
    let rendition = |name: &str, bps: u32| Rendition {
        name: name.to_owned(),
        codecs: "avc1.64000d".to_owned(),
        peak_bps: bps + bps / 4,
        average_bps: bps,
        video: true,
        ..Rendition::default()
    };
    let ladder = [rendition("720p", 3_000_000), rendition("480p", 1_200_000), rendition("240p", 300_000)];
    let rungs = if rarely(random, 12) { 90 } else { random.below(4) };
    let mut stream = Stream {
        version: random.below(5),
        epoch: one(random, &["a", "a", "a", "a", "b"]).to_owned(),
        renditions: ladder.iter().cycle().take(rungs as usize).cloned().collect(),
        newest: if rarely(random, 20) { random.next() } else { now.as_ms() / 1_000 },
        wall_ms: WALL + now.as_ms(),
        ..Stream::default()
    };
    stream.set_state(one(
        random,
        &[
            stream::State::Live,
            stream::State::Live,
            stream::State::Live,
            stream::State::Live,
            stream::State::Offline,
            stream::State::Ended,
        ],
    ));
    Some(Box::new(stream))
}

fn status(random: &mut Random) -> (u16, Option<Span>) {
    let status = one(random, &[0, 404, 410, 429, 500, 503, 503, 777]);
    (
        status,
        rarely(random, 3).then(|| {
            if rarely(random, 9) { Span(random.next()) } else { Span::from_ms(random.below(3_000)) }
        }),
    )
}

/// The requests that the machine has made lately.
#[derive(Default)]
struct Requests(VecDeque<RequestId>);

impl Requests {
    fn made(&mut self, request: RequestId) {
        self.0.push_back(request);
        if self.0.len() > 4 {
            self.0.pop_front();
        }
    }

    fn some(&self, random: &mut Random) -> RequestId {
        match self.0.len() as u64 {
            0 => random.below(9) as RequestId,
            _ if rarely(random, 20) => random.next() as RequestId,
            // The newest is the one most is heard of.
            length => self.0[(random.below(length).max(random.below(length))) as usize],
        }
    }
}

#[derive(Default)]
struct Loading(Requests);

impl Subject for Loading {
    type Machine = Loader;
    const FILE: &'static str = "player/core/src/media/loader.rs";
    const STATE_MAX: usize = 16_000;

    fn start(seed: u64) -> (Loader, Self) {
        (Loader::new(seed), Self::default())
    }

    fn input(&mut self, random: &mut Random, now: Instant) -> loader::Input {
        let request = self.0.some(random);
        match random.below(24) {
            0 | 1 => loader::Input::Start,
            2 if rarely(random, 3) => loader::Input::Stop,
            2..=6 => loader::Input::Stream(told(random, now)),
            7..=9 => loader::Input::Opened(request, !rarely(random, 5)),
            10..=14 => loader::Input::Chunk(request, seconds(random, now), seconds(random, now)),
            15..=17 => loader::Input::Finished(request),
            18 | 19 => {
                let (status, after) = status(random);
                loader::Input::Failed(request, status, after)
            }
            20 if rarely(random, 2) => loader::Input::Hurry,
            20 => loader::Input::Rejoin,
            21 | 22 => loader::Input::Prefer(random.below(4) as usize),
            _ => loader::Input::Abandon(random.below(4) as usize),
        }
    }

    fn wanted(&mut self, _now: Instant, output: &loader::Output) {
        if let loader::Output::Fetch { request, .. } = output {
            self.0.made(*request);
        }
    }

    fn state(machine: &Loader) -> String {
        format!("{machine:?}")
    }
}

struct Choosing;

impl Subject for Choosing {
    type Machine = Abr;
    const FILE: &'static str = "player/core/src/media/abr.rs";
    const STATE_MAX: usize = 3_000;

    fn start(_seed: u64) -> (Abr, Self) {
        (Abr::default(), Self)
    }

    fn input(&mut self, random: &mut Random, now: Instant) -> abr::Input {
        let bytes = random.below(200_000);
        match random.below(20) {
            0 => {
                let rung = |random: &mut Random| Rung {
                    peak_bps: random.next() as u32 >> 8,
                    average_bps: random.next() as u32 >> 9,
                };
                abr::Input::Ladder((0..random.below(5)).map(|_| rung(random)).collect())
            }
            1 => abr::Input::Fixed((!rarely(random, 3)).then(|| random.below(5) as usize)),
            2 | 3 => {
                abr::Input::Opened(rarely(random, 3).then(|| seconds(random, now) * 1e6), rarely(random, 2))
            }
            4 | 5 => abr::Input::Probed(bytes, Span::from_us(random.below(400_000))),
            6 => abr::Input::ProbeFailed,
            7 => abr::Input::ProbeLater,
            8 => abr::Input::Stalled,
            9 => abr::Input::Level(2.0 * random.unit(), random.unit(), seconds(random, now)),
            _ => abr::Input::Piece(random.below(4) as usize, bytes, made(random, now)),
        }
    }

    fn state(machine: &Abr) -> String {
        format!("{machine:?}")
    }
}

struct Pacing;

impl Subject for Pacing {
    type Machine = Latency;
    const FILE: &'static str = "player/core/src/media/latency.rs";
    const STATE_MAX: usize = 1_000;

    fn start(_seed: u64) -> (Latency, Self) {
        (Latency::default(), Self)
    }

    fn input(&mut self, random: &mut Random, now: Instant) -> latency::Input {
        match random.below(16) {
            0 => latency::Input::Join,
            1 | 2 => latency::Input::Joined(seconds(random, now)),
            3 | 4 => {
                latency::Input::Reach { to_s: Some(seconds(random, now)), overloaded: rarely(random, 4) }
            }
            5 => latency::Input::Underrun,
            6 => latency::Input::Shown,
            7 => latency::Input::GoLive,
            8 => latency::Input::Link(seconds(random, now), seconds(random, now)),
            _ => latency::Input::Sample(sample(random, now)),
        }
    }

    fn state(machine: &Latency) -> String {
        format!("{machine:?}")
    }
}

struct Watching;

impl Subject for Watching {
    type Machine = Gap;
    const FILE: &'static str = "player/core/src/media/gap.rs";
    const STATE_MAX: usize = limits::FRAMES_KEPT * 330;

    fn start(_seed: u64) -> (Gap, Self) {
        (Gap::default(), Self)
    }

    fn input(&mut self, random: &mut Random, now: Instant) -> gap::Input {
        match random.below(20) {
            0 => gap::Input::Reset,
            1..=8 => gap::Input::Frame(seconds(random, now)),
            _ => gap::Input::Sample(sample(random, now)),
        }
    }

    fn state(machine: &Gap) -> String {
        format!("{machine:?}")
    }
}

#[derive(Default)]
struct Appending(Requests, RequestId);

impl Subject for Appending {
    type Machine = Buffer;
    const FILE: &'static str = "player/core/src/media/buffer.rs";
    const STATE_MAX: usize = 3_000;

    fn start(_seed: u64) -> (Buffer, Self) {
        (Buffer::default(), Self::default())
    }

    fn input(&mut self, random: &mut Random, now: Instant) -> buffer::Input {
        let most = if rarely(random, 9) { 20_000_000 } else { 50_000 };
        let (request, bytes) = (self.0.some(random), random.below(most));
        match random.below(20) {
            0..=2 => {
                self.1 += 1;
                self.0.made(self.1);
                buffer::Input::Begin(self.1)
            }
            3..=6 => buffer::Input::Queued(request, bytes),
            7..=9 => buffer::Input::End(request),
            10 => buffer::Input::Ready,
            11 if rarely(random, 3) => buffer::Input::Clear,
            11 | 12 => buffer::Input::Hold(rarely(random, 4)),
            13..=15 => buffer::Input::Done(if rarely(random, 3) { 0 } else { bytes }),
            16 => buffer::Input::Full,
            _ => buffer::Input::Sample(sample(random, now)),
        }
    }

    fn state(machine: &Buffer) -> String {
        format!("{machine:?}")
    }
}

struct Timing;

impl Subject for Timing {
    type Machine = Clock;
    const FILE: &'static str = "player/core/src/media/clock.rs";
    const STATE_MAX: usize = 2_000;

    fn start(_seed: u64) -> (Clock, Self) {
        (Clock::new(Instant::ZERO), Self)
    }

    fn input(&mut self, random: &mut Random, now: Instant) -> clock::Input {
        time(random, now)
    }

    fn state(machine: &Clock) -> String {
        format!("{machine:?}")
    }

    /// Pings measure the moment: those that nobody sent in time are one.
    fn lasts(_output: &clock::Ping) -> bool {
        false
    }
}

fn time(random: &mut Random, now: Instant) -> clock::Input {
    let sent = Instant((now.as_us() + 1_000).saturating_sub(random.below(300_000)));
    let server_ms = if rarely(random, 9) { seconds(random, now) } else { (WALL + now.as_ms()) as f64 };
    if rarely(random, 3) { clock::Input::Failed } else { clock::Input::Reply { sent, server_ms } }
}

struct Whole {
    requests: Requests,
    init: Init,
}

impl Subject for Whole {
    type Machine = Player;
    const FILE: &'static str = "player/core/src/media/player.rs";
    const STATE_MAX: usize = 120_000;

    fn start(seed: u64) -> (Player, Self) {
        (Player::new(Instant::ZERO, seed), Self { requests: Requests::default(), init: init() })
    }

    fn input(&mut self, random: &mut Random, now: Instant) -> Input {
        let request = self.requests.some(random);
        let bytes = random.below(50_000);
        match random.below(60) {
            0..=2 => Input::Start,
            3 if rarely(random, 4) => Input::Stop,
            3 if rarely(random, 2) => Input::Pause,
            3 | 4 => Input::Play,
            5 => Input::GoLive,
            6 if rarely(random, 4) => Input::Online,
            6 => Input::Quality(rarely(random, 2).then(|| one(random, &["480p", "none"]).to_owned())),
            7 | 8 => Input::Hidden { hidden: rarely(random, 2), silent: rarely(random, 2) },
            9..=15 => Input::Stream(told(random, now)),
            16 | 17 => Input::Time(time(random, now)),
            18..=20 => Input::Opened(
                request,
                !rarely(random, 6),
                rarely(random, 4).then(|| seconds(random, now) * 1e6),
                rarely(random, 2),
            ),
            21..=23 => Input::Piece(request, bytes, made(random, now)),
            24..=27 => {
                let mut init = self.init.clone();
                match random.below(9) {
                    0 => init.fingerprint = random.below(3),
                    1 => init.tracks.truncate(1),
                    _ => {}
                }
                Input::Unit(request, Unit::Init { init, len: bytes })
            }
            28..=37 => {
                let scale = Timescale::new(one(random, &[1_000, 48_000, 1])).unwrap_or(Timescale::MS);
                let tick = |at: f64| Ticks((at * f64::from(scale.per_second())) as i64);
                let start = tick(seconds(random, now));
                let chunk = Chunk {
                    kind: one(random, &[Kind::Video, Kind::Audio]),
                    start,
                    last: if rarely(random, 20) { tick(seconds(random, now)) } else { start },
                    duration: tick(if rarely(random, 20) { seconds(random, now) } else { 0.033 }),
                    timescale: scale,
                    key: rarely(random, 5),
                    made: made(random, now),
                };
                Input::Unit(request, Unit::Chunk { chunk, len: bytes })
            }
            38..=40 => Input::Finished(request),
            41 => {
                let (status, after) = status(random);
                Input::Failed(request, status, after)
            }
            42 => Input::Probed(bytes, Span::from_us(random.below(400_000))),
            43..=45 => Input::Ready,
            46..=48 => Input::Done(bytes),
            49 => Input::Full,
            50 if rarely(random, 3) => Input::Broken,
            _ => Input::Sample(sample(random, now)),
        }
    }

    fn wanted(&mut self, _now: Instant, output: &Output) {
        if let Output::Fetch { request, .. } = output {
            self.requests.made(*request);
        }
    }

    fn state(machine: &Player) -> String {
        format!("{machine:?}")
    }

    /// Looks and pings measure the moment: those that nobody took in time are one.
    fn lasts(output: &Output) -> bool {
        !matches!(output, Output::Look | Output::AskTime)
    }
}

/// An init segment as the server writes it.
fn init() -> Init {
    let show = Show { ladder: &[("source", 1_000_000)], gop_ms: 1_000, sound: 128_000, seed: 0 };
    let (mut camera, mut packager) = (Camera::new(show, 0), Packager::default());
    let name = "source".into();
    packager.attach(&name);
    for event in camera.configs().into_iter().chain(camera.take(200_000).into_iter().map(|(_, event)| event))
    {
        packager.push(&name, &event, Wall(WALL));
    }
    let both = std::iter::from_fn(|| packager.poll()).find_map(|output| match output {
        packager::Output::Init(_, init) => Some(init.both.clone()),
        _ => None,
    });
    let both = both.expect("an init segment");
    let (mut scanner, mut rest) = (Scanner::new(), both.as_ref());
    loop {
        if let Some(Unit::Init { init, .. }) = scanner.poll() {
            return init;
        }
        let taken = match scanner.want() {
            Want::Read(want) => {
                let piece = rest.get(..want).expect("a whole init segment");
                scanner.read(piece).expect("one that can be read");
                piece.len()
            }
            Want::Skip(want) => {
                scanner.skip(want);
                want as usize
            }
        };
        rest = rest.get(taken..).expect("a whole init segment");
    }
}
