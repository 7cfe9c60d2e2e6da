//! A room's picture over the life of its encoders: going live, reconnecting, going away, ending. On simulated time.

use bytes::Bytes;
use hawker_wire::proto::stream::State;
use hawker_wire::{Instant, Machine as _, Span, Wall};

use super::{Answer, Input, Live, Output, PublisherId, Rules};
use crate::media::frame::{Config, Event, Frame, Meta, Track};
use crate::media::hls::directives::Directives;
use crate::media::sample::AVCC_320X180_30;
use crate::media::window::Limits;
use crate::media::window::request::{Reply, Request};

struct Rig {
    live: Live,
    ms: u64,
    outputs: Vec<Output>,
}

const START: u64 = 1_795_363_200_000;

fn rig() -> Rig {
    let rules =
        Rules { reconnect_grace: Span::from_secs(10), window: Limits { length_ms: 30_000, bytes: 64 << 20 } };
    Rig { live: Live::new(rules, false, Wall(START)), ms: 0, outputs: Vec::new() }
}

impl Rig {
    fn handle(&mut self, input: Input) {
        self.live.handle(Instant::from_ms(self.ms), input);
        self.outputs.extend(std::iter::from_fn(|| self.live.poll()));
    }

    fn event(&mut self, id: u64, event: Event) {
        self.handle(Input::Event(PublisherId(id), event, Wall(START + self.ms)));
    }

    fn attach(&mut self, id: u64, name: &str) {
        self.handle(Input::Attach(PublisherId(id), name.into()));
        self.event(id, Event::Meta(Meta { frame_rate_milli: 25_000, ..Meta::default() }));
        self.event(id, Event::Config(Config::Video(Bytes::from_static(AVCC_320X180_30))));
    }

    /// Frames at 25 fps, an IDR a second, stamps from `dts`.
    fn run(&mut self, id: u64, dts: i64, frames: i64) {
        for n in 0..frames {
            let frame = Frame {
                track: Track::Video,
                dts: dts + n * 40,
                cts: 0,
                key: n % 25 == 0,
                data: Bytes::from(vec![1; 2_500]),
            };
            self.event(id, Event::Frame(frame));
            self.ms += 40;
        }
    }

    fn wait(&mut self, ms: u64) {
        self.ms += ms;
        self.live.tick(Instant::from_ms(self.ms));
        self.outputs.extend(std::iter::from_fn(|| self.live.poll()));
    }

    fn stream(&self) -> hawker_wire::proto::Stream {
        self.live.stream(Wall(START + self.ms))
    }

    fn get(&self, path: &str) -> Answer {
        self.live.reply(&Request::parse(path, None).unwrap())
    }
}

#[test]
fn a_room_goes_live_with_the_first_frame_that_can_be_shown() {
    let mut rig = rig();
    assert_eq!(rig.stream().state(), State::Offline);
    assert_eq!(rig.live.reply(&Request::Index(Directives::default())), Answer::Offline);
    let before = rig.live.version();
    rig.attach(1, "source");
    assert_eq!(rig.stream().state(), State::Offline);
    rig.run(1, 0, 1);
    let stream = rig.stream();
    assert_eq!(stream.state(), State::Live);
    assert!(stream.version > before && rig.outputs.contains(&Output::State));
    assert_eq!(stream.newest, 1);
    assert_eq!(stream.renditions.len(), 1);
    assert_eq!((stream.renditions[0].name.as_str(), stream.renditions[0].width), ("source", 320));
    let path = format!("{}/source/1.mp4", stream.epoch);
    assert!(matches!(rig.get(&path), Answer::Live(Reply::Follow(_))));
}

/// Every viewer asks again when the version changes: bits a second may not do that with each segment.
#[test]
fn the_version_stays_while_nothing_changes() {
    let mut rig = rig();
    rig.attach(1, "source");
    rig.run(1, 0, 80);
    let version = rig.live.version();
    rig.run(1, 80 * 40, 1_000);
    assert_eq!(rig.live.version(), version);
    assert!(rig.stream().renditions[0].average_bps > 0);
}

#[test]
fn a_reconnect_within_the_grace_is_the_same_epoch() {
    let mut rig = rig();
    rig.attach(1, "source");
    rig.run(1, 700_000, 60);
    let before = rig.stream();
    rig.handle(Input::Detach(PublisherId(1)));
    rig.wait(9_000);
    assert_eq!(rig.stream().state(), State::Live);
    rig.attach(2, "source");
    rig.run(2, 0, 60);
    rig.wait(60_000);
    let after = rig.stream();
    assert_eq!((after.state(), &after.epoch), (State::Live, &before.epoch));
    assert_eq!(after.newest, 6, "segments are counted on");
}

#[test]
fn after_the_grace_the_room_is_offline_and_the_next_epoch_is_another() {
    let mut rig = rig();
    rig.attach(1, "source");
    rig.run(1, 0, 60);
    let first = rig.stream().epoch;
    rig.handle(Input::Detach(PublisherId(1)));
    assert_eq!(rig.live.wake().map(|(at, _)| at), Some(Instant::from_ms(60 * 40 + 10_000)));
    rig.wait(10_000);
    assert_eq!((rig.stream().state(), rig.live.wake()), (State::Offline, None));
    assert_eq!(rig.live.bytes(), 0, "nothing is kept");
    rig.attach(2, "source");
    rig.run(2, 0, 60);
    let second = rig.stream().epoch;
    assert!(second > first);
    assert_eq!(rig.get(&format!("{first}/source/1.mp4")), Answer::Live(Reply::Gone));
    assert_eq!(rig.get("zzzzzzzzz/source/1.mp4"), Answer::Live(Reply::NotFound));
}

#[test]
fn a_take_over_silences_the_old_encoder() {
    let mut rig = rig();
    rig.attach(1, "source");
    rig.run(1, 0, 30);
    rig.attach(2, "source");
    let chunks = |rig: &Rig| rig.outputs.iter().filter(|output| matches!(output, Output::Media(_))).count();
    let before = chunks(&rig);
    rig.run(1, 30 * 40, 30);
    rig.handle(Input::Detach(PublisherId(1)));
    assert_eq!(chunks(&rig), before, "nothing of the old one");
    rig.wait(60_000);
    rig.run(2, 0, 30);
    assert_eq!(rig.stream().state(), State::Live, "and its leaving means nothing");
}

#[test]
fn an_ended_show_says_so_and_comes_back_when_it_is_opened() {
    let mut rig = rig();
    rig.attach(1, "source");
    rig.run(1, 0, 30);
    rig.handle(Input::Ended(true));
    assert_eq!(rig.stream().state(), State::Ended);
    assert_eq!(rig.get("index.m3u8"), Answer::Ended);
    rig.run(1, 30 * 40, 30);
    assert_eq!(rig.live.bytes(), 0);
    rig.handle(Input::Ended(false));
    assert_eq!(rig.stream().state(), State::Offline);
    rig.run(1, 100 * 40, 30);
    assert_eq!(
        rig.stream().state(),
        State::Live,
        "the encoder that stayed need not say its configuration again"
    );
}

#[test]
fn a_rendition_that_stays_away_leaves_the_list() {
    let mut rig = rig();
    rig.attach(1, "source");
    rig.attach(2, "360p");
    for n in 0..30 {
        for id in [1, 2] {
            let data = Bytes::from_static(b"nal");
            rig.event(
                id,
                Event::Frame(Frame { track: Track::Video, dts: n * 40, cts: 0, key: n % 25 == 0, data }),
            );
        }
        rig.ms += 40;
    }
    assert_eq!(rig.stream().renditions.len(), 2);
    rig.handle(Input::Detach(PublisherId(2)));
    rig.run(1, 1_200, 260);
    assert_eq!(rig.stream().renditions.len(), 1);
    assert_eq!(rig.stream().state(), State::Live);
}
