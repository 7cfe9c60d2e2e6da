//! The room under simulated time: what people in it would notice, whatever comes. No sockets.

use std::sync::Arc;

use hawker_wire::proto::goodbye::Code;
use hawker_wire::proto::say_reply::Outcome;
use hawker_wire::proto::viewer::Role;
use hawker_wire::proto::{Batch, Event, Product, SayReply, ServerFrame, Welcome, event, server_frame};
use hawker_wire::{Instant, Machine, Span, Wall};
use prost::Message as _;

use super::pace::{Address, Rate};
use super::words::{Action, WordList};
use super::{Conn, Input, Join, Output, Room, Rules, Start, limits};

/// A room, its time, and all that came out of it.
struct Stage {
    room: Room,
    now: Instant,
    welcomes: Vec<Welcome>,
    replies: Vec<(Conn, SayReply)>,
    batches: Vec<Batch>,
    refused: Vec<(Conn, Code)>,
}

fn start() -> Start {
    Start { epoch: "e1".into(), wall: Wall(1_000_000), ..Start::default() }
}

impl Stage {
    fn new() -> Self {
        Self::with(start())
    }

    fn with(start: Start) -> Self {
        let room = Room::new(Instant::ZERO, start);
        Self { room, now: Instant::ZERO, welcomes: vec![], replies: vec![], batches: vec![], refused: vec![] }
    }

    fn send(&mut self, input: Input) {
        self.room.handle(self.now, input);
        self.drain();
    }

    fn run(&mut self, ms: u64) {
        let end = self.now + Span::from_ms(ms);
        while let Some((due, _)) = self.room.wake().filter(|(due, _)| *due <= end) {
            assert!(due >= self.now, "a deadline in the past");
            self.now = due;
            self.room.tick(due);
            self.drain();
        }
        self.now = end;
    }

    fn drain(&mut self) {
        while let Some(output) = self.room.poll() {
            match output {
                Output::Joined(_, welcome) => self.welcomes.push(*welcome),
                Output::Refused(conn, code, _) => self.refused.push((conn, code)),
                Output::Reply(conn, server_frame::Kind::SayReply(reply)) => self.replies.push((conn, reply)),
                Output::Reply(_, other) => panic!("unexpected {other:?}"),
                Output::Batch(tick) => {
                    for frame in [tick.must, tick.may].into_iter().flatten() {
                        match ServerFrame::decode(frame).unwrap().kind {
                            Some(server_frame::Kind::Batch(batch)) => self.batches.push(batch),
                            other => panic!("not a batch: {other:?}"),
                        }
                    }
                }
            }
        }
    }

    fn join(&mut self, conn: u64) {
        self.join_as(conn, Role::Guest, None);
    }

    fn join_as(&mut self, conn: u64, role: Role, resume: Option<(&str, u64)>) {
        let address = Address::from(core::net::IpAddr::from([10, 0, 0, 1]));
        let resume = resume.map(|(epoch, offset)| (epoch.to_owned(), offset));
        let join = Join {
            conn: Conn(conn),
            viewer: format!("v{conn}"),
            name: format!("n{conn}"),
            role,
            address,
            resume,
        };
        self.send(Input::Join(join));
    }

    fn say(&mut self, conn: u64, text: &str) -> Outcome {
        self.send(Input::Say { conn: Conn(conn), request: 7, text: text.into() });
        let (to, reply) = self.replies.last().unwrap();
        assert_eq!((*to, reply.request), (Conn(conn), 7));
        reply.outcome()
    }

    fn events(&self) -> Vec<Event> {
        self.batches.iter().flat_map(|batch| batch.events.clone()).collect()
    }

    fn texts(&self) -> Vec<String> {
        texts(&self.events())
    }
}

fn texts(events: &[Event]) -> Vec<String> {
    let text = |event: &Event| match &event.kind {
        Some(event::Kind::Message(message)) => Some(message.text.clone()),
        _ => None,
    };
    events.iter().filter_map(text).collect()
}

fn product(id: &str, stock: u32) -> Input {
    Input::Announce(event::Kind::Product(Product { id: id.into(), stock, ..Product::default() }))
}

#[test]
fn words_reach_everybody_in_one_batch_a_tick() {
    let mut stage = Stage::new();
    stage.join(1);
    stage.join(2);
    stage.run(1_000);
    stage.batches.clear();
    assert_eq!(stage.say(1, " hi "), Outcome::Said);
    stage.run(30);
    assert_eq!(stage.say(2, "hello"), Outcome::Said);
    assert!(stage.batches.is_empty(), "the tick is not over");
    stage.run(20);
    assert_eq!(stage.batches.len(), 1);
    assert_eq!(stage.texts(), ["hi", "hello"]);
    assert_eq!(stage.batches[0].wall_ms, 1_001_050);
    let said = stage.replies[0].1.said.clone().unwrap();
    assert_eq!((said.text.as_str(), said.sender.as_str(), said.id), ("hi", "v1", stage.replies[0].1.message));
}

#[test]
fn likes_are_summed_and_told_at_a_readable_pace() {
    let mut stage = Stage::new();
    stage.join(1);
    stage.join(2);
    stage.run(600);
    stage.batches.clear();
    for _ in 0..10 {
        stage.send(Input::Like { conn: Conn(1), taps: 2 });
        stage.run(100);
    }
    stage.run(600);
    let totals: Vec<_> = stage
        .events()
        .into_iter()
        .filter_map(|event| match event.kind {
            Some(event::Kind::Totals(totals)) => Some((event.offset, totals.likes, totals.online)),
            _ => None,
        })
        .collect();
    assert_eq!(totals.last(), Some(&(0, 20, 2)));
    assert!(totals.len() <= 4, "{totals:?}");
    stage.send(Input::Like { conn: Conn(1), taps: 1_000_000 });
    stage.run(1_000);
    stage.join(3);
    assert!(stage.welcomes[2].likes <= 20 + 60, "taps are those of thumbs");
}

#[test]
fn online_counts_people_not_tabs() {
    let mut stage = Stage::new();
    let address = Address::from(core::net::IpAddr::from([10, 0, 0, 1]));
    for conn in [1, 2] {
        let (viewer, name) = ("same".to_owned(), "n".to_owned());
        stage.send(Input::Join(Join {
            conn: Conn(conn),
            viewer,
            name,
            role: Role::Guest,
            address,
            resume: None,
        }));
    }
    assert_eq!((stage.room.online(), stage.room.connections()), (1, 2));
    stage.send(Input::Leave(Conn(1)));
    assert_eq!(stage.room.online(), 1);
    stage.send(Input::Leave(Conn(2)));
    stage.send(Input::Leave(Conn(2)));
    assert_eq!((stage.room.online(), stage.room.connections()), (0, 0));
}

#[test]
fn newcomers_see_the_last_fifty_and_what_is_pinned() {
    let mut stage = Stage::new();
    stage.join(1);
    stage.send(Input::Pin("cup".into()));
    for n in 0..60 {
        assert_eq!(stage.say(1, &format!("m{n}")), Outcome::Said);
        stage.run(1_000);
    }
    stage.join(2);
    let welcome = stage.welcomes.last().unwrap();
    assert_eq!((welcome.resumed, welcome.pinned.as_str()), (false, "cup"));
    let seen = texts(&welcome.missed);
    assert_eq!((seen.len(), seen[0].as_str(), seen[49].as_str()), (50, "m10", "m59"));
}

#[test]
fn a_resume_has_no_hole_or_says_so() {
    let mut stage = Stage::new();
    stage.join(1);
    stage.say(1, "before");
    stage.run(50);
    let place = stage.room.log_offset();
    stage.say(1, "while away");
    stage.send(product("cup", 3));
    stage.run(50);
    stage.join_as(2, Role::Guest, Some(("e1", place)));
    let welcome = stage.welcomes.last().unwrap();
    assert!(welcome.resumed);
    assert_eq!(welcome.missed.len(), 2);
    assert_eq!(texts(&welcome.missed), ["while away"]);
    stage.join_as(3, Role::Guest, Some(("another epoch", place)));
    assert!(!stage.welcomes.last().unwrap().resumed);
    stage.join_as(4, Role::Guest, Some(("e1", 999)));
    assert!(!stage.welcomes.last().unwrap().resumed);
    for n in 0..limits::LOG_EVENTS {
        stage.send(product(&n.to_string(), 1));
    }
    stage.run(50);
    stage.join_as(5, Role::Guest, Some(("e1", place)));
    assert!(!stage.welcomes.last().unwrap().resumed, "too long ago is told, not hidden");
}

#[test]
fn a_flood_is_thinned_by_the_rule_and_counted_while_the_sale_goes_through() {
    let mut stage = Stage::new();
    for conn in 0..400 {
        stage.join(conn);
    }
    stage.join_as(1_000, Role::Host, None);
    let (mut said, mut stock) = (0, 0);
    for tick in 0..40 {
        for n in 0..20 {
            said += u32::from(stage.say((tick * 20 + n) % 400, "flood") == Outcome::Said);
        }
        stock += 1;
        stage.send(product("cup", stock));
        assert_eq!(stage.say(1_000, "host"), Outcome::Said);
        stage.run(50);
        if tick % 5 == 0 {
            stage.run(150);
        }
    }
    let shown = stage.texts().iter().filter(|text| *text == "flood").count() as u32;
    let omitted: u32 = stage.batches.iter().map(|batch| batch.omitted).sum();
    assert_eq!(shown + omitted, said, "shown or counted");
    assert!(omitted > said / 2 && shown <= 50 + 50 * 4, "shown {shown} omitted {omitted}");
    assert_eq!(stage.texts().iter().filter(|text| *text == "host").count(), 40);
    let stocks: Vec<u32> = stage
        .events()
        .into_iter()
        .filter_map(|event| match event.kind {
            Some(event::Kind::Product(product)) => Some(product.stock),
            _ => None,
        })
        .collect();
    assert_eq!(stocks, (1..=40).collect::<Vec<_>>());
}

#[test]
fn only_the_last_state_of_a_tick_goes_out_and_a_crowd_of_states_is_bounded() {
    let mut stage = Stage::new();
    for stock in (0..1_000).rev() {
        stage.send(product("cup", stock));
    }
    stage.run(50);
    assert_eq!(stage.events().len(), 1);
    for n in 0..600 {
        stage.send(product(&n.to_string(), 1));
    }
    assert!(stage.batches.iter().all(|batch| batch.events.len() <= limits::MUST_PENDING));
    stage.run(50);
    assert_eq!(stage.events().len(), 601);
}

#[test]
fn refusals_say_why_and_for_how_long() {
    let words = WordList::build([("badword", Action::Block), ("darn", Action::Mask)]).unwrap();
    let mut stage = Stage::with(Start { words: Arc::new(words), ..start() });
    stage.join(1);
    assert_eq!(stage.say(1, " \u{200b} "), Outcome::Empty);
    assert_eq!(stage.say(1, &"汉".repeat(201)), Outcome::TooLong);
    assert_eq!(stage.say(1, &"汉".repeat(200)), Outcome::Said);
    assert_eq!(stage.say(1, "b.a.d word"), Outcome::Blocked);
    assert_eq!(stage.say(1, "darn it"), Outcome::Said);
    assert_eq!(stage.replies.last().unwrap().1.said.as_ref().unwrap().text, "**** it");
    assert_eq!(stage.say(1, "4"), Outcome::Said);
    assert_eq!(stage.say(1, "5"), Outcome::Said);
    assert_eq!(stage.say(1, "6"), Outcome::TooFast);
    let wait = stage.replies.last().unwrap().1.retry_ms;
    assert_eq!(wait, 1_000);
    stage.run(u64::from(wait));
    assert_eq!(stage.say(1, "7"), Outcome::Said);
}

#[test]
fn one_address_may_shout_for_many_but_not_without_end() {
    let mut stage = Stage::with(Start {
        rules: Rules { address_messages: Rate { per_s: 1, burst: 30 }, ..Rules::default() },
        ..start()
    });
    for conn in 0..40 {
        stage.join(conn);
    }
    let outcomes: Vec<_> = (0..40).map(|conn| stage.say(conn, "x")).collect();
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == Outcome::Said).count(), 30);
    assert_eq!(outcomes[39], Outcome::TooFast);
}

#[test]
fn what_operators_take_away_is_gone_for_newcomers_too() {
    let mut stage = Stage::new();
    stage.join(1);
    stage.join(2);
    for (conn, text) in [(1, "one"), (2, "rude"), (2, "ruder")] {
        stage.say(conn, text);
    }
    stage.run(50);
    let id = stage.replies[0].1.message;
    stage.send(Input::Delete(id));
    stage.say(2, "not yet out");
    stage.send(Input::Mute("v2".into()));
    stage.run(50);
    let kinds: Vec<_> = stage.events().into_iter().filter_map(|event| event.kind).collect();
    assert!(kinds.iter().any(|kind| matches!(kind, event::Kind::Deleted(deleted) if deleted.message == id)));
    assert!(kinds.iter().any(|kind| matches!(kind, event::Kind::Muted(muted) if muted.sender == "v2")));
    assert!(!stage.texts().contains(&"not yet out".to_owned()));
    assert_eq!(stage.say(2, "again"), Outcome::Muted);
    stage.join(3);
    assert!(texts(&stage.welcomes.last().unwrap().missed).is_empty());
    stage.join_as(4, Role::Guest, Some(("e1", 0)));
    assert!(texts(&stage.welcomes.last().unwrap().missed).is_empty(), "nor by a resume");
    stage.send(Input::Unmute("v2".into()));
    assert_eq!(stage.say(2, "sorry"), Outcome::Said);
}

#[test]
fn a_product_taken_off_the_shelf_is_unpinned() {
    let mut stage = Stage::new();
    stage.send(Input::Pin("cup".into()));
    let removed = Product { id: "cup".into(), removed: true, ..Product::default() };
    stage.send(Input::Announce(event::Kind::Product(removed)));
    assert_eq!(stage.room.pinned(), "");
}

#[test]
fn a_full_room_says_so() {
    let mut stage = Stage::with(Start { rules: Rules { connections: 2, ..Rules::default() }, ..start() });
    for conn in 1..=3 {
        stage.join(conn);
    }
    assert_eq!(stage.refused, [(Conn(3), Code::Busy)]);
}

#[test]
fn an_idle_room_asks_for_no_wake() {
    let mut stage = Stage::new();
    stage.join(1);
    stage.say(1, "hi");
    stage.run(2_000);
    assert_eq!(stage.room.wake(), None);
}

mod arbitrary {
    use super::*;
    use hawker_wire::proto::client_frame::Kind as Ask;
    use hawker_wire::proto::{ClientFrame, Hello, Like, Position, Say};
    use proptest::prelude::*;

    use super::super::frames;

    fn input() -> impl Strategy<Value = Input> {
        let conn = (0u64..6).prop_map(Conn);
        prop_oneof![
            (0u64..6, prop::option::of(0u64..50)).prop_map(|(conn, resume)| Input::Join(Join {
                conn: Conn(conn),
                viewer: format!("v{}", conn / 2),
                name: "n".into(),
                role: if conn == 0 { Role::Host } else { Role::Guest },
                address: Address::from(core::net::IpAddr::from([10, 0, 0, 1])),
                resume: resume.map(|offset| ("e1".to_owned(), offset)),
            })),
            conn.clone().prop_map(Input::Leave),
            (conn.clone(), ".{0,8}").prop_map(|(conn, text)| Input::Say { conn, request: 1, text }),
            (conn, any::<u32>()).prop_map(|(conn, taps)| Input::Like { conn, taps }),
            ("[abc]", 0u32..9).prop_map(|(id, stock)| product(&id, stock)),
            "[abc]?".prop_map(Input::Pin),
            any::<u64>().prop_map(Input::Delete),
            "v[0-2]".prop_map(Input::Mute),
            "v[0-2]".prop_map(Input::Unmute),
        ]
    }

    fn script() -> impl Strategy<Value = Vec<(u64, Input)>> {
        prop::collection::vec((0u64..400, input()), 0..80)
    }

    /// A valid frame with some bytes changed and its end cut off.
    fn mangled() -> impl Strategy<Value = Vec<u8>> {
        let say = (any::<u64>(), ".{0,220}").prop_map(|(request, text)| Ask::Say(Say { request, text }));
        let like = any::<u32>().prop_map(|taps| Ask::Like(Like { taps }));
        let hello = (any::<u64>(), "e1|.{0,9}").prop_map(|(offset, epoch)| {
            Ask::Hello(Hello { version: 1, resume: Some(Position { epoch, offset }), ..Hello::default() })
        });
        let changes = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..3);
        (prop_oneof![say, like, hello], changes, 0usize..4).prop_map(|(kind, changes, cut)| {
            let mut bytes = ClientFrame { kind: Some(kind) }.encode_to_vec();
            for (at, byte) in changes {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            bytes.truncate(bytes.len().saturating_sub(cut));
            bytes
        })
    }

    fn play(script: &[(u64, Input)]) -> Vec<Output> {
        let mut room = Room::new(Instant::ZERO, start());
        let mut now = Instant::ZERO;
        let mut outputs = Vec::new();
        let mut drain = |room: &mut Room| outputs.extend(core::iter::from_fn(|| room.poll()));
        for (ms, input) in script {
            let next = now + Span::from_ms(*ms);
            while let Some((due, _)) = room.wake().filter(|(due, _)| *due <= next) {
                room.tick(due);
                drain(&mut room);
            }
            now = next;
            room.handle(now, input.clone());
            drain(&mut room);
        }
        room.tick(now + Span::from_secs(10));
        drain(&mut room);
        outputs
    }

    proptest! {
        // Each case plays a whole script; a ring of tests has two seconds.
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// Frames that were cut or changed on the way are refused or understood; the room goes on, and asks for nothing without end.
        #[test]
        fn mangled_frames_do_no_harm(frames in prop::collection::vec(mangled(), 1..60)) {
            let mut stage = Stage::new();
            stage.join(1);
            for bytes in frames {
                match frames::decode(&bytes) {
                    Ok(Some(Ask::Say(say))) => {
                        stage.send(Input::Say { conn: Conn(1), request: say.request, text: say.text });
                    }
                    Ok(Some(Ask::Like(like))) => stage.send(Input::Like { conn: Conn(1), taps: like.taps }),
                    Ok(Some(Ask::Hello(hello))) => {
                        let resume = hello.resume.map(|position| (position.epoch, position.offset));
                        stage.join_as(2, Role::Guest, resume.as_ref().map(|(epoch, offset)| (epoch.as_str(), *offset)));
                    }
                    Ok(_) | Err(_) => {}
                }
                stage.run(20);
            }
            stage.run(2_000);
            prop_assert_eq!(stage.room.wake(), None);
            prop_assert!(stage.texts().iter().all(|text| text.chars().count() <= limits::MESSAGE_CHARS));
        }

        /// Offsets grow, and every batch says where a resume goes on.
        #[test]
        fn offsets_grow_and_end_where_the_batch_says(script in script()) {
            let mut last = 0;
            for output in play(&script) {
                let Output::Batch(tick) = output else { continue };
                for frame in [tick.must, tick.may].into_iter().flatten() {
                    let Some(server_frame::Kind::Batch(batch)) = ServerFrame::decode(frame).unwrap().kind else {
                        panic!("not a batch");
                    };
                    for event in batch.events.iter().filter(|event| event.offset != 0) {
                        prop_assert!(event.offset > last);
                        last = event.offset;
                    }
                    prop_assert_eq!(batch.offset, last);
                }
            }
        }
    }
}
