//! What may happen to the two ends of an RTMP connection: each is fed by the other, so that scripts get past the handshake,
//! and by noise.

use std::collections::VecDeque;

use bytes::Bytes;
use hawker_player_core::random::Random;
use hawker_server_core::media::flv::Kind;
use hawker_server_core::media::flv::file::Tag;
use hawker_server_core::media::rtmp::client::{self, Client, Target};
use hawker_server_core::media::rtmp::server::{self, Refusal, Server};
use hawker_wire::{Instant, Machine};

use super::law::{Subject, laws, mangled, noise, one, rarely};

/// x264, High, 320x180 at 30 fps.
const AVCC: &[u8] = &[
    0x01, 0x64, 0x00, 0x0d, 0xff, 0xe1, 0x00, 0x1a, 0x67, 0x64, 0x00, 0x0d, 0xac, 0xd9, 0x41, 0x41, 0x9f,
    0x9f, 0x01, 0x10, 0x00, 0x00, 0x03, 0x00, 0x10, 0x00, 0x00, 0x03, 0x03, 0xc0, 0xf1, 0x42, 0x99, 0x60,
    0x01, 0x00, 0x06, 0x68, 0xeb, 0xe3, 0xcb, 0x22, 0xc0, 0xfd, 0xf8, 0xf8, 0x00,
];

#[test]
fn of_an_encoders_connection() {
    laws::<Ingest>();
}

#[test]
fn of_a_publisher() {
    laws::<Publisher>();
}

fn ends(seed: u64) -> (Server, Client) {
    let stream = one(&mut Random::new(seed), &["demo?key=k", "demo/720p?key=k", "", "a b"]);
    let target = Target { host: "127.0.0.1".into(), app: "live".into(), stream: stream.into() };
    (Server::new(Instant::ZERO, seed), Client::new(Instant::ZERO, seed, target))
}

fn tag(random: &mut Random, now: Instant) -> Tag {
    let stamp = if rarely(random, 15) { random.next() as u32 } else { now.as_ms() as u32 };
    let (kind, body) = match random.below(9) {
        0 => (Kind::Video, [&[0x17, 0, 0, 0, 0], AVCC].concat()),
        1 => (Kind::Audio, vec![0xaf, 0, 0x11, 0x90]),
        2..=4 => (Kind::Audio, [&[0xaf, 1], &[7; 40][..]].concat()),
        5 => (Kind::Script, noise(random, 40)),
        6 if rarely(random, 4) => (Kind::Video, noise(random, 40)),
        _ => {
            let length = random.below(3_000) as u32;
            let body = vec![9; length as usize];
            let first = one(random, &[0x17, 0x27]);
            (Kind::Video, [&[first, 1, 0, 0, 0][..], &length.to_be_bytes(), &body].concat())
        }
    };
    Tag { kind, stamp, body: body.into() }
}

/// Bytes on their way: now and then some are lost or changed.
fn piece(random: &mut Random, wire: &mut VecDeque<Bytes>) -> Option<Bytes> {
    match random.below(120) {
        0 => Some(noise(random, 3_200).into()),
        1 => wire.pop_front().map(|bytes| mangled(random, bytes.to_vec()).into()),
        _ => wire.pop_front(),
    }
}

fn halves(bytes: &Bytes, at: u64) -> [Bytes; 2] {
    let at = (at % (bytes.len() as u64 + 1)) as usize;
    [bytes.slice(..at), bytes.slice(at..)]
}

struct Ingest {
    peer: Client,
    wire: VecDeque<Bytes>,
    answer: Option<server::Input>,
}

impl Ingest {
    fn collect(&mut self) {
        while let Some(output) = self.peer.poll() {
            if let client::Output::Send(bytes) = output {
                self.wire.push_back(bytes);
            }
        }
    }
}

impl Subject for Ingest {
    type Machine = Server;
    const FILE: &'static str = "server/core/src/media/rtmp/server.rs";
    const STATE_MAX: usize = 60_000;

    fn start(seed: u64) -> (Server, Self) {
        let (machine, mut peer) = ends(seed);
        peer.tick(Instant::ZERO);
        let mut subject = Self { peer, wire: VecDeque::new(), answer: None };
        subject.collect();
        (machine, subject)
    }

    fn input(&mut self, random: &mut Random, now: Instant) -> server::Input {
        if rarely(random, 300) {
            return server::Input::End;
        }
        if let Some(answer) = self.answer.take_if(|_| !rarely(random, 4)) {
            return if rarely(random, 12) { server::Input::Reject(Refusal::Key) } else { answer };
        }
        if self.wire.is_empty() {
            let input =
                if rarely(random, 200) { client::Input::End } else { client::Input::Tag(tag(random, now)) };
            self.peer.handle(now, input);
            self.collect();
        }
        server::Input::Bytes(piece(random, &mut self.wire).unwrap_or_default())
    }

    fn wanted(&mut self, now: Instant, output: &server::Output) {
        match output {
            server::Output::Send(bytes) => self.peer.handle(now, client::Input::Bytes(bytes.clone())),
            server::Output::Publish(_) => self.answer = Some(server::Input::Accept),
            _ => {}
        }
        self.collect();
    }

    fn state(machine: &Server) -> String {
        format!("{machine:?}")
    }

    fn cut(input: &server::Input, at: u64) -> Option<[server::Input; 2]> {
        match input {
            server::Input::Bytes(bytes) => Some(halves(bytes, at).map(server::Input::Bytes)),
            _ => None,
        }
    }
}

struct Publisher {
    peer: Server,
    wire: VecDeque<Bytes>,
}

impl Subject for Publisher {
    type Machine = Client;
    const FILE: &'static str = "server/core/src/media/rtmp/client.rs";
    const STATE_MAX: usize = 60_000;

    fn start(seed: u64) -> (Client, Self) {
        let (peer, machine) = ends(seed);
        (machine, Self { peer, wire: VecDeque::new() })
    }

    fn input(&mut self, random: &mut Random, now: Instant) -> client::Input {
        match random.below(300) {
            0 => client::Input::End,
            1..=90 => client::Input::Tag(tag(random, now)),
            _ => client::Input::Bytes(piece(random, &mut self.wire).unwrap_or_default()),
        }
    }

    fn wanted(&mut self, now: Instant, output: &client::Output) {
        let client::Output::Send(bytes) = output else { return };
        self.peer.handle(now, server::Input::Bytes(bytes.clone()));
        while let Some(output) = self.peer.poll() {
            match output {
                server::Output::Send(bytes) => self.wire.push_back(bytes),
                server::Output::Publish(_) => self.peer.handle(now, server::Input::Accept),
                _ => {}
            }
        }
    }

    fn state(machine: &Client) -> String {
        format!("{machine:?}")
    }

    fn cut(input: &client::Input, at: u64) -> Option<[client::Input; 2]> {
        match input {
            client::Input::Bytes(bytes) => Some(halves(bytes, at).map(client::Input::Bytes)),
            _ => None,
        }
    }
}
