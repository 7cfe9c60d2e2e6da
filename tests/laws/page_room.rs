//! What may happen to the machines of the room and the sale in the page: the danmaku stage, the room's client, the cart.

use hawker_player_core::random::Random;
use hawker_player_core::room::client::{self, Client, Identity};
use hawker_player_core::room::stage::{self, Comment, Shape, Stage};
use hawker_player_core::sale::cart::{self, Cart, Want};
use hawker_wire::proto::{
    Batch, CancelHold, Deleted, Event, Goodbye, Hold, HoldReply, Message as Said, Muted, Pin, PlaceHold,
    Pong, Position, Product, Sale, SayReply, ServerFrame, Totals, Welcome, event, server_frame,
};
use hawker_wire::{Instant, Span};
use prost::Message as _;

use super::law::{Subject, laws, mangled, noise, one, rarely};

#[test]
fn of_the_stage() {
    laws::<Flying>();
}

#[test]
fn of_the_rooms_client() {
    laws::<Talking>();
}

#[test]
fn of_the_cart() {
    laws::<Buying>();
}

struct Flying;

impl Subject for Flying {
    type Machine = Stage;
    const FILE: &'static str = "player/core/src/room/stage.rs";
    const STATE_MAX: usize = 80_000;

    fn start(_seed: u64) -> (Stage, Self) {
        let crossing = Span::from_secs(8);
        (Stage::new(Shape { width: 390.0, lanes: 3, crossing, gap: 24.0, apart: true }), Self)
    }

    fn input(&mut self, random: &mut Random, _now: Instant) -> stage::Input {
        let id = random.below(60);
        match random.below(20) {
            0 => stage::Input::Shape(Shape {
                width: one(random, &[390.0, 1_440.0, 0.0, f64::NAN, 1e300]),
                lanes: random.below(80) as usize / 10,
                crossing: Span::from_ms(one(random, &[8_000, 6_000, 3_000, 0])),
                gap: one(random, &[24.0, 0.0, -1e9, f64::NAN]),
                apart: rarely(random, 2),
            }),
            1..=3 => stage::Input::Shown(!rarely(random, 3)),
            4 => stage::Input::Remove(id),
            _ => {
                let wild = one(random, &[f64::NAN, f64::INFINITY, -1.0, 1e300, 0.0]);
                let width = if rarely(random, 12) { wild } else { 40.0 + 300.0 * random.unit() };
                stage::Input::Say(Comment { id, width, own: rarely(random, 5) })
            }
        }
    }

    fn state(machine: &Stage) -> String {
        format!("{machine:?}")
    }
}

/// The room's words; a message of the socket is whole or not there, so nothing is cut.
#[derive(Default)]
struct Talking {
    offset: u64,
}

impl Talking {
    fn event(&mut self, random: &mut Random) -> Event {
        let id = random.below(9);
        let text = |random: &mut Random| one(random, &["", "cup", "tea", "v1"]).to_owned();
        let kind = match random.below(9) {
            0 => event::Kind::Totals(Totals { likes: random.next(), online: random.next() as u32 }),
            1 => event::Kind::Pin(Pin { product: text(random) }),
            2 => event::Kind::Deleted(Deleted { message: id }),
            3 => event::Kind::Muted(Muted { sender: text(random) }),
            4 => event::Kind::Product(Product {
                id: text(random),
                stock: id as u32,
                revision: id,
                removed: rarely(random, 3),
                ..Product::default()
            }),
            5 => event::Kind::Sale(Sale {
                id: text(random),
                product: text(random),
                revision: id,
                ..Sale::default()
            }),
            _ => event::Kind::Message(Said {
                id: random.below(500),
                sender: text(random),
                text: "hello".repeat(id as usize),
                ..Said::default()
            }),
        };
        self.offset += 1;
        let offset = if rarely(random, 9) { random.next() } else { self.offset };
        Event { offset, kind: (!rarely(random, 30)).then_some(kind) }
    }

    fn frame(&mut self, random: &mut Random, now: Instant) -> Vec<u8> {
        let events = |talking: &mut Self, random: &mut Random| {
            (0..random.below(5)).map(|_| talking.event(random)).collect()
        };
        let request = random.below(12);
        let kind = match random.below(16) {
            0..=5 => server_frame::Kind::Welcome(Welcome {
                viewer: "v1".into(),
                guest: one(random, &["", "g1", "g2"]).to_owned(),
                position: (!rarely(random, 9)).then(|| Position { epoch: "e".into(), offset: self.offset }),
                wall_ms: if rarely(random, 9) { random.next() } else { 1_795_363_200_000 + now.as_ms() },
                resumed: rarely(random, 2),
                missed: events(self, random),
                holds: (0..random.below(3)).map(|_| hold(random)).collect(),
                ..Welcome::default()
            }),
            6..=10 => server_frame::Kind::Batch(Batch {
                offset: self.offset,
                events: events(self, random),
                omitted: random.below(3) as u32,
                ..Batch::default()
            }),
            11 => server_frame::Kind::SayReply(SayReply {
                request,
                said: rarely(random, 2).then(Said::default),
                ..SayReply::default()
            }),
            12 => server_frame::Kind::HoldReply(HoldReply { request, ..HoldReply::default() }),
            13 => server_frame::Kind::Hold(hold(random)),
            14 => server_frame::Kind::Pong(Pong {
                sent: now.as_ms().wrapping_sub(random.below(900)),
                wall_ms: random.next() >> 20,
            }),
            _ => server_frame::Kind::Goodbye(Goodbye::default()),
        };
        let bytes = ServerFrame { kind: Some(kind) }.encode_to_vec();
        match random.below(40) {
            0 => mangled(random, bytes),
            1 => noise(random, 60),
            _ => bytes,
        }
    }
}

impl Subject for Talking {
    type Machine = Client;
    const FILE: &'static str = "player/core/src/room/client.rs";
    const STATE_MAX: usize = 120_000;

    fn start(seed: u64) -> (Client, Self) {
        (Client::new(Identity::default(), seed), Self::default())
    }

    fn input(&mut self, random: &mut Random, now: Instant) -> client::Input {
        match random.below(40) {
            0..=4 => client::Input::Open,
            5 if rarely(random, 3) => client::Input::Close,
            5 if rarely(random, 3) => {
                client::Input::Identify(Identity { name: "n".into(), ..Identity::default() })
            }
            5..=11 => client::Input::Opened,
            12 => client::Input::Closed(one(random, &[1_000, 1_006, 4_000, 4_002, 4_005, 4_499, 4_500, 0])),
            13..=32 => client::Input::Frame(self.frame(random, now)),
            33..=35 => client::Input::Say("hello".into()),
            36 | 37 => client::Input::Tap,
            38 => client::Input::Place(PlaceHold::default()),
            _ => client::Input::Cancel(CancelHold::default()),
        }
    }

    fn state(machine: &Client) -> String {
        format!("{machine:?}")
    }
}

fn hold(random: &mut Random) -> Hold {
    Hold {
        id: random.below(150).to_string(),
        state: random.below(7) as i32,
        placed_ms: random.below(9),
        ..Hold::default()
    }
}

struct Buying;

impl Subject for Buying {
    type Machine = Cart;
    const FILE: &'static str = "player/core/src/sale/cart.rs";
    const STATE_MAX: usize = 60_000;

    fn start(seed: u64) -> (Cart, Self) {
        (Cart::new(seed), Self)
    }

    fn input(&mut self, random: &mut Random, _now: Instant) -> cart::Input {
        match random.below(20) {
            0..=5 => cart::Input::Want(Want {
                product: random.below(60).to_string(),
                quantity: 1,
                ..Want::default()
            }),
            7 => cart::Input::Cancel(random.below(60).to_string()),
            8..=10 => cart::Input::Online(!rarely(random, 3)),
            6 => cart::Input::Again(vec![PlaceHold {
                product: random.below(60).to_string(),
                key: "a key of before".into(),
                ..PlaceHold::default()
            }]),
            11 => cart::Input::Holds((0..random.below(5)).map(|_| hold(random)).collect()),
            12 | 13 => cart::Input::Hold(hold(random)),
            _ => cart::Input::Reply(HoldReply {
                request: random.below(80),
                refusal: random.below(14) as i32,
                hold: rarely(random, 2).then(|| hold(random)),
                retry_ms: if rarely(random, 9) { u32::MAX } else { random.below(5_000) as u32 },
                ..HoldReply::default()
            }),
        }
    }

    fn state(machine: &Cart) -> String {
        format!("{machine:?}")
    }
}
