//! The room client on simulated time: what a viewer notices of joining, losing and coming back.

use super::*;
use hawker_wire::proto::{Event, Message, Pong, SayReply, event};
use prost::Message as _;

fn client() -> Client {
    Client::new(Identity { name: "Lin".into(), ..Identity::default() }, 42)
}

fn drain(client: &mut Client) -> Vec<Output> {
    std::iter::from_fn(|| client.poll()).collect()
}

fn sent(outputs: &[Output]) -> Vec<client_frame::Kind> {
    outputs
        .iter()
        .filter_map(|output| match output {
            Output::Send(bytes) => ClientFrame::decode(bytes.as_slice()).unwrap().kind,
            _ => None,
        })
        .collect()
}

fn frame(kind: server_frame::Kind) -> Input {
    Input::Frame(ServerFrame { kind: Some(kind) }.encode_to_vec())
}

fn welcome(offset: u64, resumed: bool, missed: Vec<Event>) -> Input {
    frame(server_frame::Kind::Welcome(Welcome {
        guest: "g.sig".into(),
        viewer: "me".into(),
        position: Some(Position { epoch: "e1".into(), offset }),
        wall_ms: 1_000_000,
        resumed,
        missed,
        ..Welcome::default()
    }))
}

fn said(offset: u64) -> Event {
    let message =
        Message { id: offset, sender: "x".into(), text: format!("m{offset}"), ..Message::default() };
    Event { offset, kind: Some(event::Kind::Message(message)) }
}

fn batch(offset: u64, events: Vec<Event>) -> Input {
    frame(server_frame::Kind::Batch(Batch { offset, events, ..Batch::default() }))
}

/// A client that is in the room since t = 100 ms, at offset 10.
fn joined() -> Client {
    let mut client = client();
    client.handle(Instant::ZERO, Input::Open);
    client.handle(Instant::from_ms(50), Input::Opened);
    client.handle(Instant::from_ms(100), welcome(10, false, vec![said(9), said(10)]));
    drain(&mut client);
    client
}

#[test]
fn joining_shows_history_but_throws_none_of_it_on_the_stage() {
    let mut client = client();
    client.handle(Instant::ZERO, Input::Open);
    assert_eq!(drain(&mut client), [Output::Connect, Output::Status(Status::Connecting)]);
    client.handle(Instant::from_ms(50), Input::Opened);
    let [client_frame::Kind::Hello(hello)] = &sent(&drain(&mut client))[..] else { panic!("one Hello") };
    assert_eq!((hello.version, hello.name.as_str(), &hello.resume), (1, "Lin", &None));
    client.handle(Instant::from_ms(100), welcome(10, false, vec![said(9), said(10)]));
    let outputs = drain(&mut client);
    assert!(outputs.contains(&Output::KeepGuest("g.sig".into())));
    assert!(outputs.contains(&Output::Status(Status::Live)));
    assert!(!outputs.iter().any(|o| matches!(o, Output::Room(Change::Said(_)))));
    assert_eq!(client.room().messages.len(), 2);
    assert_eq!(client.server_time(Instant::from_ms(1_100)), Some(Wall(1_001_025)));
}

#[test]
fn row_15_a_lost_link_resumes_where_it_was_and_repeats_nothing() {
    let mut client = joined();
    client.handle(Instant::from_ms(200), batch(12, vec![said(11), said(12)]));
    drain(&mut client);
    client.handle(Instant::from_ms(300), Input::Closed(1_006));
    assert_eq!(drain(&mut client), [Output::Status(Status::Reconnecting)]);
    let (due, why) = client.wake().unwrap();
    assert_eq!(why, "reconnect");
    assert!(due >= Instant::from_ms(800) && due <= Instant::from_ms(1_300), "{due}");
    client.tick(due);
    assert_eq!(drain(&mut client), [Output::Connect]);
    client.handle(due, Input::Opened);
    let [client_frame::Kind::Hello(hello)] = &sent(&drain(&mut client))[..] else { panic!("one Hello") };
    assert_eq!(hello.resume, Some(Position { epoch: "e1".into(), offset: 12 }));
    assert_eq!(hello.guest, "g.sig");
    client.handle(due, welcome(14, true, vec![said(13), said(14)]));
    client.handle(due, batch(15, vec![said(14), said(15)]));
    let news: Vec<_> = drain(&mut client)
        .into_iter()
        .filter_map(|o| if let Output::Room(Change::Said(m)) = o { Some(m.id) } else { None })
        .collect();
    assert_eq!(news, [13, 14, 15]);
    assert_eq!(client.room().messages.iter().map(|m| m.id).collect::<Vec<_>>(), (9..=15).collect::<Vec<_>>());
}

#[test]
fn a_gap_replaces_the_history() {
    let mut client = joined();
    client.handle(Instant::from_ms(300), Input::Closed(4_001));
    client.handle(Instant::from_ms(400), Input::Open);
    client.handle(Instant::from_ms(500), Input::Opened);
    client.handle(Instant::from_ms(600), welcome(90, false, vec![said(89), said(90)]));
    assert_eq!(client.room().messages.iter().map(|m| m.id).collect::<Vec<_>>(), [89, 90]);
}

#[test]
fn a_refusal_is_final_until_somebody_asks_again() {
    let mut client = joined();
    client.handle(Instant::from_ms(300), Input::Closed(4_500));
    assert_eq!(drain(&mut client), [Output::Status(Status::Refused(4_500))]);
    assert_eq!(client.wake(), None);
    client.handle(Instant::from_ms(900), Input::Open);
    assert!(drain(&mut client).contains(&Output::Connect));
}

#[test]
fn a_silent_link_is_pinged_and_given_up() {
    let mut client = joined();
    let (ping, _) = client.wake().unwrap();
    assert_eq!(ping, Instant::from_ms(100) + limits::PING_EVERY);
    client.tick(ping);
    assert_eq!(sent(&drain(&mut client)), [client_frame::Kind::Ping(Ping { sent: ping.as_ms() })]);
    let back = ping + Span::from_ms(40);
    client.handle(back, frame(server_frame::Kind::Pong(Pong { sent: ping.as_ms(), wall_ms: 1_020_020 })));
    assert_eq!(client.server_time(back), Some(Wall(1_020_040)), "the tighter answer is believed");
    let (again, _) = client.wake().unwrap();
    client.tick(again + limits::PING_TIMEOUT);
    let outputs = drain(&mut client);
    assert!(outputs.contains(&Output::Disconnect) && outputs.contains(&Output::Status(Status::Reconnecting)));
}

#[test]
fn row_13_taps_are_merged_and_wait_for_the_link() {
    let mut client = joined();
    for ms in 200..250 {
        client.handle(Instant::from_ms(ms), Input::Tap);
    }
    assert!(sent(&drain(&mut client)).is_empty());
    client.tick(Instant::from_ms(700));
    assert_eq!(sent(&drain(&mut client)), [client_frame::Kind::Like(Like { taps: 50 })]);
    client.handle(Instant::from_ms(800), Input::Closed(1_006));
    for _ in 0..1_000 {
        client.handle(Instant::from_ms(810), Input::Tap);
    }
    client.handle(Instant::from_ms(1_400), Input::Open);
    client.handle(Instant::from_ms(1_450), Input::Opened);
    client.handle(Instant::from_ms(1_500), welcome(10, true, vec![]));
    let likes: Vec<_> = sent(&drain(&mut client))
        .into_iter()
        .filter(|kind| matches!(kind, client_frame::Kind::Like(_)))
        .collect();
    assert_eq!(likes, [client_frame::Kind::Like(Like { taps: limits::TAPS })], "bounded while away");
}

#[test]
fn what_was_typed_is_never_lost() {
    let mut client = joined();
    client.handle(Instant::from_ms(200), Input::Say("你好".into()));
    let [client_frame::Kind::Say(say)] = &sent(&drain(&mut client))[..] else { panic!("one Say") };
    let message = Message { id: 11, sender: "me".into(), text: "你好".into(), ..Message::default() };
    let reply = SayReply { request: say.request, message: 11, ..SayReply::default() };
    let answer = SayReply { said: Some(message.clone()), ..reply.clone() };
    client.handle(Instant::from_ms(210), frame(server_frame::Kind::SayReply(answer)));
    let shown = Output::Room(Change::Said(message.clone()));
    assert_eq!(drain(&mut client), [shown, Output::Said("你好".into(), Some(reply))]);
    let echo = Event { offset: 11, kind: Some(event::Kind::Message(message)) };
    client.handle(Instant::from_ms(215), batch(11, vec![echo]));
    assert_eq!(drain(&mut client), [], "said once, shown once");
    client.handle(Instant::from_ms(220), Input::Say("again".into()));
    client.handle(Instant::from_ms(230), Input::Closed(1_006));
    assert!(drain(&mut client).contains(&Output::Said("again".into(), None)), "given back to the input");
    client.handle(Instant::from_ms(240), Input::Say("offline".into()));
    assert_eq!(drain(&mut client), [Output::Said("offline".into(), None)]);
}

#[test]
fn late_ticks_act_as_of_the_time_they_were_due() {
    let run = |steps: &[u64]| {
        let mut client = joined();
        client.handle(Instant::from_ms(300), Input::Closed(1_006));
        for ms in steps {
            client.tick(Instant::from_ms(*ms));
        }
        (drain(&mut client), client.wake())
    };
    let fine: Vec<u64> = (300..60_000).step_by(7).chain([60_000]).collect();
    assert_eq!(run(&fine), run(&[60_000]));
}

#[test]
fn garbage_never_panics_and_stays_bounded() {
    let mut random = Random::new(3);
    let mut client = joined();
    for ms in 200..5_200 {
        let bytes: Vec<u8> = (0..random.below(40)).map(|_| random.next() as u8).collect();
        client.handle(Instant::from_ms(ms * 20), Input::Frame(bytes));
        client.handle(Instant::from_ms(ms * 20), Input::Opened);
        client.handle(
            Instant::from_ms(ms * 20),
            welcome(random.below(99), random.below(2) == 0, vec![said(ms)]),
        );
        assert!(client.out.len() <= limits::OUTPUTS && client.room.messages.len() <= limits::MESSAGES);
        if let Some((due, _)) = client.wake() {
            assert!(due > Instant::from_ms(ms * 20), "a deadline in the past");
        }
    }
}
