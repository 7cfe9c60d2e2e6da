//! The page's own reader and writer say the same as prost: every field of every message, and every way to cut one short.

use hawker_wire::proto::{
    Batch, CancelHold, ClientFrame, Deleted, Event, Goodbye, Hello, Hold, HoldReply, Like, Message, Muted,
    Pin, Ping, PlaceHold, Pong, Position, Product, Rendition, Sale, Say, SayReply, ServerFrame, Sold, Stream,
    Totals, Welcome, client_frame, event, server_frame,
};
use hawker_wire::slim;
use prost::Message as _;

/// Values of every size: of each run of the generator, fields get the next ones in turn.
struct Values(u64);

impl Values {
    fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let bits = (self.0 >> 58) as u32;
        if bits == 0 { 0 } else { self.0.rotate_left(17) >> (64 - bits) }
    }

    fn small(&mut self) -> u32 {
        self.number() as u32
    }

    fn text(&mut self) -> String {
        ["", "a", "茶", "x\u{0}y", "a longer one, so that its length takes two bytes: ".repeat(4).as_str()]
            [self.number() as usize % 5]
            .to_owned()
    }

    fn many<T>(&mut self, make: impl Fn(&mut Self) -> T) -> Vec<T> {
        (0..self.number() % 4).map(|_| make(self)).collect()
    }

    fn maybe<T>(&mut self, make: impl Fn(&mut Self) -> T) -> Option<T> {
        self.flag().then(|| make(self))
    }

    fn flag(&mut self) -> bool {
        self.number().is_multiple_of(2)
    }

    fn position(&mut self) -> Position {
        Position { epoch: self.text(), offset: self.number() }
    }

    fn message(&mut self) -> Message {
        Message {
            id: self.number(),
            sender: self.text(),
            name: self.text(),
            text: self.text(),
            wall_ms: self.number(),
            role: self.small() as i32,
        }
    }

    fn product(&mut self) -> Product {
        Product {
            id: self.text(),
            title: self.text(),
            picture: self.text(),
            price: self.number() as i64,
            stock: self.small(),
            currency: self.text(),
            revision: self.number(),
            removed: self.flag(),
            rank: self.small(),
            url: self.text(),
        }
    }

    fn sale(&mut self) -> Sale {
        Sale {
            id: self.text(),
            product: self.text(),
            price: -(self.number() as i64 >> 1),
            stock: self.small(),
            free: self.small(),
            limit: self.small(),
            starts_ms: self.number(),
            ends_ms: self.number(),
            state: self.small() as i32,
            revision: self.number(),
            sold: self.small(),
        }
    }

    fn hold(&mut self) -> Hold {
        Hold {
            id: self.text(),
            product: self.text(),
            sale: self.text(),
            quantity: self.small(),
            price: self.number() as i64,
            currency: self.text(),
            expires_ms: self.number(),
            state: self.small() as i32,
            placed_ms: self.number(),
            proof: self.text(),
            refunded: self.flag(),
        }
    }

    fn event(&mut self) -> Event {
        use event::Kind;
        let kind = match self.number() % 9 {
            0 => Kind::Message(self.message()),
            1 => Kind::Totals(Totals { likes: self.number(), online: self.small() }),
            2 => Kind::Pin(Pin { product: self.text() }),
            3 => Kind::Product(self.product()),
            4 => Kind::Sale(self.sale()),
            5 => Kind::Deleted(Deleted { message: self.number() }),
            6 => Kind::Muted(Muted { sender: self.text() }),
            7 => Kind::Sold(Sold { name: self.text(), product: self.text(), quantity: self.small() }),
            _ => return Event { offset: self.number(), kind: None },
        };
        Event { offset: self.number(), kind: Some(kind) }
    }

    fn server_frame(&mut self) -> ServerFrame {
        use server_frame::Kind;
        let kind = match self.number() % 8 {
            0 => Kind::Welcome(Welcome {
                guest: self.text(),
                viewer: self.text(),
                name: self.text(),
                position: self.maybe(Self::position),
                wall_ms: self.number(),
                resumed: self.flag(),
                missed: self.many(Self::event),
                likes: self.number(),
                online: self.small(),
                pinned: self.text(),
                shelf: self.many(Self::product),
                sales: self.many(Self::sale),
                holds: self.many(Self::hold),
                role: self.small() as i32,
                currency: self.text(),
                may_buy: self.flag(),
            }),
            1 => Kind::Batch(Batch {
                offset: self.number(),
                events: self.many(Self::event),
                omitted: self.small(),
                skipped: self.small(),
                wall_ms: self.number(),
            }),
            2 => Kind::SayReply(SayReply {
                request: self.number(),
                outcome: self.small() as i32,
                message: self.number(),
                retry_ms: self.small(),
                said: self.maybe(Self::message),
            }),
            3 => Kind::HoldReply(HoldReply {
                request: self.number(),
                refusal: self.small() as i32,
                hold: self.maybe(Self::hold),
                starts_ms: self.number(),
                price: self.number() as i64,
                left: self.small(),
                retry_ms: self.small(),
            }),
            4 => Kind::Hold(self.hold()),
            5 => Kind::Pong(Pong { sent: self.number(), wall_ms: self.number() }),
            6 => Kind::Goodbye(Goodbye { code: self.small(), reason: self.text() }),
            _ => return ServerFrame { kind: None },
        };
        ServerFrame { kind: Some(kind) }
    }

    fn client_frame(&mut self) -> ClientFrame {
        use client_frame::Kind;
        let kind = match self.number() % 7 {
            0 => Kind::Hello(Hello {
                version: self.small(),
                guest: self.text(),
                token: self.text(),
                name: self.text(),
                resume: self.maybe(Self::position),
            }),
            1 => Kind::Say(Say { request: self.number(), text: self.text() }),
            2 => Kind::Like(Like { taps: self.small() }),
            3 => Kind::PlaceHold(PlaceHold {
                request: self.number(),
                key: self.text(),
                product: self.text(),
                sale: self.text(),
                quantity: self.small(),
                price: -(self.number() as i64 >> 1),
            }),
            4 => Kind::CancelHold(CancelHold { request: self.number(), hold: self.text() }),
            5 => Kind::Ping(Ping { sent: self.number() }),
            _ => return ClientFrame { kind: None },
        };
        ClientFrame { kind: Some(kind) }
    }

    fn stream(&mut self) -> Stream {
        let rendition = |values: &mut Self| Rendition {
            name: values.text(),
            codecs: values.text(),
            width: values.small(),
            height: values.small(),
            frame_rate_milli: values.small(),
            peak_bps: values.small(),
            average_bps: values.small(),
            video: values.flag(),
            audio: values.flag(),
        };
        Stream {
            state: self.small() as i32,
            version: self.number(),
            epoch: self.text(),
            renditions: self.many(rendition),
            newest: self.number(),
            wall_ms: self.number(),
            title: self.text(),
            starts_ms: self.number(),
        }
    }
}

#[test]
fn what_prost_writes_is_read_the_same() {
    let mut values = Values(1);
    for turn in 0..3_000 {
        let frame = values.server_frame();
        assert_eq!(slim::read(&frame.encode_to_vec()), Some(frame), "frame {turn}");
        let stream = values.stream();
        assert_eq!(slim::read(&stream.encode_to_vec()), Some(stream), "stream {turn}");
    }
}

#[test]
fn what_is_written_prost_reads_and_would_write_the_same() {
    let mut values = Values(2);
    for turn in 0..3_000 {
        let frame = values.client_frame();
        assert_eq!(slim::write(&frame), frame.encode_to_vec(), "{turn}: {frame:?}");
    }
}

#[test]
fn what_is_cut_short_or_damaged_is_refused_where_prost_refuses_it() {
    let mut values = Values(3);
    for _ in 0..60 {
        let bytes = values.server_frame().encode_to_vec();
        for end in 0..bytes.len() {
            let cut = &bytes[..end];
            assert_eq!(slim::read(cut), ServerFrame::decode(cut).ok(), "{cut:?}");
        }
    }
    let check = |bytes: &[u8]| assert_eq!(slim::read(bytes), Totals::decode(bytes).ok(), "{bytes:?}");
    check(&[0x08, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01]);
    check(&[0x08, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x02]);
    check(&[0x08, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01]);
    check(&[0x0a, 0x01, 0x61]);
    check(&[0x00, 0x01]);
    check(&[0xff, 0xff, 0xff, 0xff, 0xff, 0x01, 0x00]);
    let check = |bytes: &[u8]| assert_eq!(slim::read(bytes), Pin::decode(bytes).ok(), "{bytes:?}");
    check(&[0x0a, 0x02, 0xff, 0xfe]);
    check(&[0x0a, 0x01, 0x61, 0x0a, 0x01, 0x62]);
    check(&[0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]);
}

#[test]
fn fields_of_later_versions_are_skipped() {
    let later = [
        0xa0, 0x06, 0x05, 0xa9, 0x06, 1, 2, 3, 4, 5, 6, 7, 8, 0xb2, 0x06, 0x01, 0x00, 0xbd, 0x06, 1, 2, 3, 4,
    ];
    let pin = [&later[..], &[0x0a, 0x01, 0x61], &later[..]].concat();
    assert_eq!(slim::read(&pin), Some(Pin { product: "a".into() }));
    assert_eq!(Pin::decode(pin.as_slice()), Ok(Pin { product: "a".into() }));
    assert_eq!(slim::read(&[0x92, 0x03, 0x00]), Some(ServerFrame { kind: None }));
}
