//! The server's half against the client's: the way from the handshake to media, every refusal, deadlines, and bytes cut
//! anywhere.

use proptest::prelude::*;

use super::*;
use crate::media::flv::file::Tag;
use crate::media::frame::Config;
use crate::media::rtmp::address::SOURCE;
use crate::media::rtmp::client::{self, Client, Target};
use crate::media::sample;

fn target(stream: &str) -> Target {
    Target { host: "127.0.0.1:1935".into(), app: "live".into(), stream: stream.into() }
}

/// A connection in memory. `cut` says how many bytes each delivery carries.
struct Pair {
    now: Instant,
    server: Server,
    client: Client,
    /// What the parent of the server saw, sends left out.
    seen: Vec<Output>,
    /// The same of the client.
    client_seen: Vec<client::Output>,
    answer: Input,
    cut: usize,
}

impl Pair {
    fn new(stream: &str, answer: Input) -> Self {
        let now = Instant::from_ms(1_000);
        let (server, client) = (Server::new(now, 1), Client::new(now, 2, target(stream)));
        Self { now, server, client, seen: vec![], client_seen: vec![], answer, cut: usize::MAX }
    }

    /// Carries bytes both ways until nothing moves.
    fn run(&mut self) {
        self.client.tick(self.now);
        loop {
            let mut moved = false;
            while let Some(output) = self.client.poll() {
                moved = true;
                match output {
                    client::Output::Send(bytes) => {
                        for piece in bytes.chunks(self.cut) {
                            self.server.handle(self.now, Input::Bytes(Bytes::copy_from_slice(piece)));
                        }
                    }
                    other => self.client_seen.push(other),
                }
            }
            while let Some(output) = self.server.poll() {
                moved = true;
                match output {
                    Output::Send(bytes) => {
                        for piece in bytes.chunks(self.cut) {
                            self.client.handle(self.now, client::Input::Bytes(Bytes::copy_from_slice(piece)));
                        }
                    }
                    Output::Publish(address) => {
                        self.seen.push(Output::Publish(address));
                        self.server.handle(self.now, self.answer.clone());
                    }
                    other => self.seen.push(other),
                }
            }
            if !moved {
                return;
            }
        }
    }

    fn publish(&mut self, tags: &[Tag]) {
        for tag in tags {
            self.client.handle(self.now, client::Input::Tag(tag.clone()));
            self.run();
        }
    }
}

fn tags() -> Vec<Tag> {
    let tag = |kind, stamp, parts: &[&[u8]]| Tag { kind, stamp, body: parts.concat().into() };
    vec![
        tag(Kind::Video, 0, &[&[0x17, 0, 0, 0, 0], sample::AVCC_320X180_30]),
        tag(Kind::Audio, 0, &[&[0xaf, 0], sample::AAC_48K_STEREO]),
        tag(Kind::Video, 0, &[&[0x17, 1, 0, 0, 0, 0, 1, 0x11, 0x70, 0x65], &[7; 70_000 - 1]]),
        tag(Kind::Audio, 21, &[&[0xaf, 1], &[1; 300]]),
        tag(Kind::Video, 33, &[&[0x27, 1, 0, 0, 0, 0, 0, 0, 2, 0x41, 9]]),
    ]
}

#[test]
fn from_handshake_to_media_and_back() {
    let mut pair = Pair::new("demo/720p?key=abc", Input::Accept);
    pair.run();
    assert_eq!(pair.client_seen, [client::Output::Ready]);
    let address = Address { room: "demo".into(), rendition: "720p".into(), key: "abc".into() };
    assert_eq!(pair.seen, [Output::Publish(address)]);

    pair.seen.clear();
    pair.publish(&tags());
    let stamps: Vec<_> = pair
        .seen
        .iter()
        .map(|output| match output {
            Output::Media(0, Event::Config(Config::Video(_))) => "avcC".to_owned(),
            Output::Media(0, Event::Config(Config::Audio(_))) => "asc".to_owned(),
            Output::Media(0, Event::Frame(frame)) => {
                format!("{:?} {} {}", frame.track, frame.dts, frame.data.len())
            }
            other => panic!("{other:?}"),
        })
        .collect();
    // Lengths: 0x011170 is 70,000 and its prefix.
    assert_eq!(stamps, ["avcC", "asc", "Video 0 70004", "Audio 21 300", "Video 33 6"]);

    pair.seen.clear();
    pair.client.handle(pair.now, client::Input::End);
    pair.run();
    assert_eq!(pair.seen, [Output::Unpublish]);
}

#[test]
fn refusals_reach_the_encoder() {
    #[track_caller]
    fn check(stream: &str, answer: Input, code: &str, close: Close) {
        let mut pair = Pair::new(stream, answer);
        pair.run();
        assert_eq!(pair.seen.last(), Some(&Output::Close(close)));
        let Some(client::Output::Close(client::Close::Refused(got, _))) = pair.client_seen.last() else {
            panic!("{:?}", pair.client_seen)
        };
        assert_eq!(got, code);
    }
    check(
        "demo?key=x",
        Input::Reject(Refusal::Key),
        "NetStream.Publish.Unauthorized",
        Close::Refused(Refusal::Key),
    );
    check("demo", Input::Reject(Refusal::Busy), "NetStream.Publish.BadName", Close::Refused(Refusal::Busy));
    check("a/b/c", Input::Accept, "NetStream.Publish.BadName", Close::Address);
}

#[test]
fn a_foreign_codec_is_said() {
    let mut pair = Pair::new("demo", Input::Accept);
    pair.run();
    pair.publish(&[Tag { kind: Kind::Video, stamp: 0, body: Bytes::from_static(b"\x90vp09\x01") }]);
    let Some(client::Output::Close(client::Close::Refused(_, text))) = pair.client_seen.last() else {
        panic!("{:?}", pair.client_seen)
    };
    assert!(text.contains("vp09"), "{text}");
}

#[test]
fn media_before_the_answer_waits_for_it() {
    let mut pair = Pair::new("demo", Input::Accept);
    pair.run();
    let mut held = Server::new(pair.now, 1);
    // The same bytes as the client would send, all at once and without reading an answer.
    let mut bytes = BytesMut::new();
    let mut writer = Writer::default();
    bytes.extend_from_slice(&[3]);
    bytes.extend_from_slice(&[0; 2 * super::super::handshake::PACKET]);
    let app = Value::Object(vec![("app".into(), "live".into())]);
    writer.write(&mut bytes, 3, &Command::new("connect", 1.0, vec![app]).message(0));
    writer.write(&mut bytes, 3, &Command::new("createStream", 2.0, vec![Value::Null]).message(0));
    let arguments = vec![Value::Null, "demo".into(), "live".into()];
    writer.write(&mut bytes, 3, &Command::new("publish", 3.0, arguments).message(1));
    for tag in tags() {
        writer.write(
            &mut bytes,
            6,
            &Message { kind: tag.kind.byte(), stream: 1, stamp: tag.stamp, body: tag.body },
        );
    }
    held.handle(pair.now, Input::Bytes(bytes.freeze()));
    let before: Vec<_> = core::iter::from_fn(|| held.poll()).collect();
    assert!(matches!(before.last(), Some(Output::Publish(address)) if address.rendition == SOURCE));
    held.handle(pair.now, Input::Accept);
    let media =
        core::iter::from_fn(|| held.poll()).filter(|output| matches!(output, Output::Media(..))).count();
    assert_eq!(media, 5);
}

#[test]
fn deadlines() {
    // Nothing at all.
    let mut server = Server::new(Instant::ZERO, 1);
    server.tick(Instant::from_ms(9_999));
    assert_eq!(server.poll(), None);
    server.tick(Instant::from_ms(10_000));
    assert_eq!(server.poll(), Some(Output::Close(Close::Idle)));
    assert_eq!(server.wake(), None);

    // A publisher that falls silent is pinged, then closed.
    let mut pair = Pair::new("demo", Input::Accept);
    pair.run();
    pair.publish(&tags());
    pair.seen.clear();
    let (due, why) = pair.server.wake().unwrap();
    assert_eq!((due.since(pair.now), why), (limits::PING, "rtmp ping"));
    pair.server.tick(due);
    assert!(matches!(pair.server.poll(), Some(Output::Send(_))));
    pair.server.tick(pair.now + limits::SILENCE);
    assert_eq!(pair.server.poll(), Some(Output::Close(Close::Silent)));
}

#[test]
fn an_answered_ping_keeps_the_line_open() {
    let mut pair = Pair::new("demo", Input::Accept);
    pair.run();
    for _ in 0..10 {
        let (due, why) = pair.server.wake().unwrap();
        assert_eq!(why, "rtmp ping");
        pair.now = due;
        pair.server.tick(due);
        pair.run();
    }
    assert!(!pair.seen.iter().any(|output| matches!(output, Output::Close(_))));
}

#[test]
fn other_protocols_and_noise_are_closed() {
    let close = |bytes: &'static [u8]| {
        let mut server = Server::new(Instant::ZERO, 1);
        server.handle(Instant::ZERO, Input::Bytes(Bytes::from_static(bytes)));
        core::iter::from_fn(|| server.poll()).last()
    };
    assert_eq!(close(b"GET / HTTP/1.1\r\n"), Some(Output::Close(Close::NotRtmp)));
    assert_eq!(close(b"\x06"), Some(Output::Close(Close::NotRtmp)));
}

proptest! {
    #[test]
    fn bytes_cut_anywhere_give_the_same_connection(cut in 1..5_000_usize) {
        let run = |cut| {
            let mut pair = Pair::new("demo?key=abc", Input::Accept);
            pair.cut = cut;
            pair.run();
            pair.publish(&tags());
            (pair.seen, pair.client_seen)
        };
        prop_assert_eq!(run(cut), run(usize::MAX));
    }

    #[test]
    fn noise_after_the_handshake_never_panics(noise: Vec<u8>) {
        let mut server = Server::new(Instant::ZERO, 1);
        let hello = [&[3][..], &[0; 2 * super::super::handshake::PACKET], &noise].concat();
        server.handle(Instant::ZERO, Input::Bytes(hello.into()));
        while server.poll().is_some() {}
    }
}
