//! What may happen to the server's machines: a room's picture, its words, and the ledger.

use std::net::IpAddr;

use bytes::Bytes;
use hawker_player_core::random::Random;
use hawker_server_core::media::frame::{Config, Event, Frame, Meta, Track};
use hawker_server_core::media::live::{self, Live, PublisherId};
use hawker_server_core::media::window::Limits;
use hawker_server_core::room::pace::Address;
use hawker_server_core::room::{self, Conn, Join, Room, Start};
use hawker_server_core::sale::{self, Ledger, ProductRef, Request, Stock};
use hawker_tests::world::camera::{Camera, Show};
use hawker_wire::proto::{Product, event, viewer::Role};
use hawker_wire::{Instant, Machine as _, Span, Wall};

use super::law::{Subject, laws, one, rarely};

const WALL: Wall = Wall(1_795_363_200_000);

#[test]
fn of_a_rooms_picture() {
    laws::<Showing>();
}

#[test]
fn of_a_room() {
    laws::<Chatting>();
}

#[test]
fn of_the_ledger() {
    laws::<Selling>();
}

#[derive(Default)]
struct Showing {
    encoders: u64,
    dts: i64,
}

/// Bytes of media that a room of these tests may hold.
const WINDOW: usize = 64 << 10;

impl Subject for Showing {
    type Machine = Live;
    const FILE: &'static str = "server/core/src/media/live.rs";
    const STATE_MAX: usize = 8_000;

    fn start(_seed: u64) -> (Live, Self) {
        let window = Limits { length_ms: 5_000, bytes: WINDOW };
        let rules = live::Rules { reconnect_grace: Span::from_secs(10), window };
        (Live::new(rules, false, WALL), Self::default())
    }

    fn input(&mut self, random: &mut Random, now: Instant) -> live::Input {
        let id = PublisherId(self.encoders.saturating_sub(random.below(3)));
        let event = match random.below(40) {
            0..=2 => {
                self.encoders += 1;
                let name = one(random, &["source", "source", "720p", "360p", "other"]);
                let name = if name == "other" { format!("r{}", random.below(90)) } else { name.to_owned() };
                return live::Input::Attach(PublisherId(self.encoders), name.into());
            }
            3 | 4 => return live::Input::Detach(id),
            5 if rarely(random, 2) => return live::Input::Ended(rarely(random, 3)),
            5 => return live::Input::Renamed,
            6 if rarely(random, 4) => Event::Config(Config::Video(Bytes::from_static(b"\x01nonsense"))),
            6..=11 => {
                let show = Show { ladder: &[], gop_ms: 1_000, sound: 128_000, seed: 0 };
                one(random, &Camera::new(show, 0).configs())
            }
            12 => Event::Meta(Meta { frame_rate_milli: random.next() as u32, ..Meta::default() }),
            13 => Event::Discontinuity,
            _ => {
                // As far apart as `Frame::dts` allows.
                self.dts += if rarely(random, 15) { random.below(10_000) as i64 - 5_000 } else { 33 };
                Event::Frame(Frame {
                    track: one(random, &[Track::Video, Track::Video, Track::Audio]),
                    dts: self.dts,
                    cts: if rarely(random, 20) { random.next() as i32 } else { 0 },
                    key: rarely(random, 8),
                    data: vec![0; random.below(6_000) as usize].into(),
                })
            }
        };
        let wall = if rarely(random, 60) { Wall(random.next()) } else { WALL.plus_ms(now.as_ms()) };
        live::Input::Event(id, event, wall)
    }

    /// What everybody can ask of it: the media themselves are long.
    fn state(machine: &Live) -> String {
        assert!(machine.bytes() <= WINDOW, "{} bytes of media", machine.bytes());
        format!("{:?} {:?} {} {}", machine.stream(WALL), machine.health(), machine.bytes(), machine.idle())
    }
}

struct Chatting;

impl Subject for Chatting {
    type Machine = Room;
    const FILE: &'static str = "server/core/src/room/machine.rs";
    const STATE_MAX: usize = 80_000;

    fn start(_seed: u64) -> (Room, Self) {
        (Room::new(Instant::ZERO, Start { epoch: "e".into(), wall: WALL, ..Start::default() }), Self)
    }

    fn input(&mut self, random: &mut Random, now: Instant) -> room::Input {
        let number = random.below(8);
        let (conn, viewer) = (Conn(number), format!("v{}", number / 2));
        let product = one(random, &["cup", "tea", ""]);
        match random.below(40) {
            0..=5 => room::Input::Join(Join {
                conn,
                viewer,
                name: "n".into(),
                role: if number == 0 { Role::Host } else { Role::Guest },
                address: Address::from(IpAddr::from([10, 0, 0, number as u8 / 4])),
                resume: rarely(random, 2)
                    .then(|| (one(random, &["e", "e", "old"]).to_owned(), random.below(60))),
            }),
            6 | 7 => room::Input::Leave(conn),
            8..=23 => {
                let text = one(random, &["hello", "", " ", "\u{202e}\u{301}\u{301}", "你好"])
                    .repeat(random.below(90) as usize);
                room::Input::Say { conn, request: random.next(), text }
            }
            24..=27 => room::Input::Like { conn, taps: random.next() as u32 >> random.below(32) },
            28..=31 => room::Input::Announce(event::Kind::Product(Product {
                id: product.into(),
                stock: number as u32,
                removed: rarely(random, 4),
                ..Product::default()
            })),
            32 | 33 => room::Input::Pin(product.into()),
            34 => room::Input::Delete(WALL.as_ms() * 1_000 + random.below(50)),
            35 => room::Input::Mute(viewer),
            36 | 37 => room::Input::Unmute(viewer),
            38 => room::Input::Words(std::sync::Arc::default()),
            _ => room::Input::Clock(WALL.plus_ms(now.as_ms() + random.below(5_000))),
        }
    }

    fn state(machine: &Room) -> String {
        let muted: Vec<_> = machine.muted().collect();
        let counts = (machine.online(), machine.connections(), machine.log_offset());
        format!("{counts:?} {:?} {muted:?} {:?} {:?}", machine.pinned(), machine.messages(), machine.wake())
    }
}

/// The disk: says what is durable, now and then with a delay, rarely that it is broken.
#[derive(Default)]
struct Selling {
    written: Vec<u64>,
    holds: Vec<u64>,
    sales: Vec<String>,
    ticket: u64,
}

impl Subject for Selling {
    type Machine = Ledger;
    const FILE: &'static str = "server/core/src/sale/ledger.rs";
    const STATE_MAX: usize = 1_500_000;

    fn start(_seed: u64) -> (Ledger, Self) {
        let config = sale::Config { hold_ms: 3_000 };
        (Ledger::open(config, Instant::ZERO, WALL, sale::State::default()), Self::default())
    }

    fn input(&mut self, random: &mut Random, now: Instant) -> sale::Input {
        if let Some(seq) = self.written.first().copied().filter(|_| rarely(random, 2)) {
            self.written.remove(0);
            return sale::Input::Durable(seq);
        }
        let wall = WALL.plus_ms(now.as_ms());
        let product = ProductRef { room: "r".into(), product: one(random, &["tea", "cup"]).into() };
        let sale = match self.sales.len() as u64 {
            0 => "s0".to_owned(),
            length => self.sales[random.below(length) as usize].clone(),
        };
        let hold = match self.holds.len() as u64 {
            0 => random.below(9),
            length => self.holds[random.below(length) as usize],
        };
        let buyer = one(random, &["g:1", "g:2", "t:3", ""]).to_owned();
        let soon = |random: &mut Random| rarely(random, 2).then(|| wall.plus_ms(random.below(6_000)));
        let request = match random.below(60) {
            0 if rarely(random, 40) => return sale::Input::Failed,
            0 | 1 => return sale::Input::Wall(Wall(wall.as_ms() + random.below(2_000) - 1_000)),
            2..=7 => {
                let stock = one(
                    random,
                    &[Stock::Keep, Stock::Free(9), Stock::Add(5), Stock::Add(-2), Stock::Add(i32::MIN)],
                );
                Request::SetProduct { id: product, price: 500, currency: "EUR".into(), stock }
            }
            8 => Request::RemoveProduct(product),
            9..=13 => Request::SetSale {
                product,
                price: 400,
                stock: random.below(5) as u32,
                limit: random.below(3) as u32,
                starts: soon(random),
                ends: soon(random),
            },
            14..=16 => Request::StartSale(sale),
            17 => Request::StopSale(sale),
            18..=40 => {
                let sale = if rarely(random, 2) { sale } else { String::new() };
                let price = if sale.is_empty() { 500 } else { 400 };
                let key = format!("a-key-of-a-buyer-{}", random.below(40));
                Request::Place { product, sale, buyer, key, quantity: random.below(4) as u32, price }
            }
            41..=44 => Request::Cancel { buyer, hold },
            45..=53 => Request::Pay { hold, payment: format!("p{hold}") },
            54 | 55 => Request::Refund(hold),
            _ => Request::Look(hold),
        };
        self.ticket += 1;
        sale::Input::Request { ticket: self.ticket, request }
    }

    fn wanted(&mut self, _now: Instant, output: &sale::Output) {
        match output {
            sale::Output::Append { seq, .. } => self.written.push(*seq),
            sale::Output::Hold(hold) => self.holds.push(hold.id),
            sale::Output::Sale(sale) => self.sales.push(sale.id.clone()),
            sale::Output::Broken(defect) => panic!("{defect:?}"),
            sale::Output::Answer { .. } | sale::Output::Product(_) => {}
        }
    }

    /// The books. How records fall into batches is the disk's rhythm and no part of them.
    fn state(machine: &Ledger) -> String {
        machine.state().audit().expect("the books add up");
        format!("{:?}", machine.state())
    }

    fn lasts(output: &sale::Output) -> bool {
        !matches!(output, sale::Output::Append { .. })
    }
}
