//! A handful of viewers who talk and tap, so that a visitor who is alone sees words fly. Over the real socket, as guests.
//!
//! Not a load test: that is `tests/bench`.

use std::time::Duration;

use anyhow::{Context as _, Result};
use futures_util::{SinkExt as _, StreamExt as _};
use hawker_wire::proto::{ClientFrame, Hello, Like, Say, client_frame};
use prost::Message as _;
use tokio_tungstenite::tungstenite::{Message, client::IntoClientRequest as _};

/// Who is there, and what they say, one after the other.
const VIEWERS: &[(&str, &[&str])] = &[
    (
        "小满",
        &[
            "主播好！",
            "这个壶是手工的吗？",
            "声音很清楚",
            "刚刚那个价格真不错",
            "画面好流畅，几乎没有延迟",
            "666",
        ],
    ),
    (
        "Ada",
        &[
            "Hello from Lisbon",
            "How big is the teapot?",
            "That lamp is lovely",
            "Just got the scarf!",
            "The glaze is beautiful",
        ],
    ),
    ("阿远", &["来了来了", "下一个是什么？", "茶叶是今年的吗", "抢到了！", "还有货吗？", "青瓷杯好看"]),
    ("Mika", &["はじめまして", "The countdown is on!", "two left, quick", "再来一轮吧", "👍👍👍"]),
];

/// From one line of a viewer to the next.
const PAUSE: Duration = Duration::from_millis(6_400);
/// Before a lost connection is tried again.
const RETRY: Duration = Duration::from_secs(5);

/// Talks in a room of the server at `host:port` until dropped.
pub async fn run(authority: &str, room: &str) {
    let talks = VIEWERS.iter().enumerate().map(|(place, (name, lines))| async move {
        // One after the other, not in chorus.
        tokio::time::sleep(PAUSE * place as u32 / VIEWERS.len() as u32).await;
        loop {
            // A server that is away comes back or the demo ends: nothing to report either way.
            let _ = talk(authority, room, name, lines).await;
            tokio::time::sleep(RETRY).await;
        }
    });
    futures_util::future::join_all(talks).await;
}

async fn talk(authority: &str, room: &str, name: &str, lines: &[&str]) -> Result<()> {
    let mut request = format!("ws://{authority}/live/{room}/socket").into_client_request()?;
    request.headers_mut().insert("sec-websocket-protocol", "hawker.v1".parse()?);
    let (mut socket, _) = tokio_tungstenite::connect_async(request).await?;
    let hello = Hello { version: 1, name: name.to_owned(), ..Hello::default() };
    socket.send(frame(client_frame::Kind::Hello(hello))).await?;
    let mut pause = tokio::time::interval(PAUSE);
    pause.tick().await;
    for (request, line) in (1..).zip(lines.iter().cycle()) {
        // What others say is read and forgotten: a reader that stops is dropped by the server.
        loop {
            tokio::select! {
                _ = pause.tick() => break,
                message = socket.next() => { message.context("the server closed")??; }
            }
        }
        socket.send(frame(client_frame::Kind::Say(Say { request, text: (*line).to_owned() }))).await?;
        socket.send(frame(client_frame::Kind::Like(Like { taps: 1 + request as u32 % 4 }))).await?;
    }
    Ok(())
}

fn frame(kind: client_frame::Kind) -> Message {
    Message::binary(ClientFrame { kind: Some(kind) }.encode_to_vec())
}
