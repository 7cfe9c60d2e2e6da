//! One viewer's line, from Hello to Goodbye: one task that reads, writes and never does both for long. Decides nothing
//! about the room; says goodbye with a code that tells whether to come back.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use hawker_server_core::room::fanout::Take;
use hawker_server_core::room::pace::{Address, Bucket};
use hawker_server_core::room::words::Verdict;
use hawker_server_core::room::{Conn, Input, Join, frames, limits as core_limits, text};
use hawker_wire::Instant;
use hawker_wire::proto::client_frame::Kind;
use hawker_wire::proto::goodbye::Code;
use hawker_wire::proto::hold_reply::Refusal;
use hawker_wire::proto::viewer::Role;
use hawker_wire::proto::{CancelHold, Hello, HoldReply, PlaceHold, Pong, server_frame};
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::hall::{Seat, Visitor};
use super::limits;
use super::line::{Broken, Heard, Line};
use crate::app::App;

/// Serves one line until it ends.
pub(crate) async fn run(app: App, room: String, address: Address, mut socket: impl Line) {
    let end = match enter(&app, &room, address, &mut socket).await {
        Ok(mut talk) => talk.run(&mut socket).await,
        Err(end) => end,
    };
    if let End::Goodbye(code, reason) = end {
        tracing::debug!(room, code = i32::from(code), reason, "goodbye");
        // A peer that doesn't take it is gone already.
        let _ = timeout(limits::FAREWELL, farewell(&mut socket, code, reason)).await;
    }
}

/// How a connection ends.
enum End {
    /// The other side left, or can't be reached.
    Gone,
    /// We end it, and say why.
    Goodbye(Code, &'static str),
}

async fn farewell(socket: &mut impl Line, code: Code, reason: &'static str) -> Result<(), Broken> {
    socket.feed(frames::goodbye(code, reason)).await?;
    socket.close(frames::close_code(code), reason).await?;
    // Reads what is under way: a socket closed with unread bytes is reset, and a reset swallows the goodbye.
    while !matches!(socket.recv().await, Heard::Gone | Heard::Wrong(_)) {}
    Ok(())
}

/// Who somebody is, by what their Hello proves.
struct Person {
    buyer: String,
    /// Signed guest id for the browser; empty for those with a token.
    guest: String,
    name: String,
    role: Role,
}

async fn enter(app: &App, room: &str, address: Address, socket: &mut impl Line) -> Result<Talk, End> {
    let hello = tokio::select! {
        hello = timeout(app.config.room.patience.hello, hello(socket)) => {
            hello.unwrap_or(Err(End::Goodbye(Code::HelloTimeout, "no Hello within 10 s")))?
        }
        () = app.life.draining.cancelled() => return Err(RESTART),
    };
    if hello.version != 1 {
        return Err(End::Goodbye(Code::Version, "this server speaks version 1"));
    }
    let info = app.directory.room(room).ok_or(UNKNOWN)?;
    let person = identify(app, room, &hello)?;
    let viewer = public_id(app, room, &person.buyer);
    let name = shown_name(app, &person.name, &viewer);
    let resume = hello.resume.map(|position| (position.epoch, position.offset));
    let join = Join { conn: Conn(0), viewer, name, role: person.role, address, resume };
    let visitor = Visitor { buyer: person.buyer.clone(), join };
    let (seat, mut welcome) =
        app.rooms.hall(room).join(visitor).map_err(|(code, reason)| End::Goodbye(code, reason))?;
    // Read after the position was taken: what changes from now on comes as an event, so nothing falls between.
    let shop = app.shop.view(room, &person.buyer);
    welcome.guest = person.guest;
    welcome.currency = info.currency;
    (welcome.shelf, welcome.sales, welcome.holds) = (shop.shelf, shop.sales, shop.holds);
    welcome.may_buy = shop.may_buy;
    send(socket, Some(frames::encode(server_frame::Kind::Welcome(*welcome))), None).await?;
    let now = app.clock.now();
    Ok(Talk {
        app: app.clone(),
        room: room.to_owned(),
        buyer: person.buyer,
        seat,
        heard: now,
        frames: Bucket::full(now, core_limits::FRAMES),
        holds: Bucket::full(now, core_limits::HOLDS),
        pending: None,
    })
}

const UNKNOWN: End = End::Goodbye(Code::UnknownRoom, "there is no such room");
const RESTART: End = End::Goodbye(Code::Restart, "the server restarts");

async fn hello(socket: &mut impl Line) -> Result<Hello, End> {
    loop {
        match read(socket.recv().await)? {
            Some(bytes) => match frames::decode(&bytes) {
                Ok(Some(Kind::Hello(hello))) => return Ok(hello),
                Ok(_) => return Err(End::Goodbye(Code::Protocol, "the first frame must be Hello")),
                Err(reason) => return Err(End::Goodbye(Code::Protocol, reason)),
            },
            None => continue,
        }
    }
}

/// A frame; `None`: only a sign of life.
fn read(heard: Heard) -> Result<Option<Bytes>, End> {
    match heard {
        Heard::Frame(bytes) => Ok(Some(bytes)),
        Heard::Alive => Ok(None),
        Heard::Wrong(reason) => Err(End::Goodbye(Code::Protocol, reason)),
        Heard::Gone => Err(End::Gone),
    }
}

fn identify(app: &App, room: &str, hello: &Hello) -> Result<Person, End> {
    if hello.token.is_empty() {
        let known = app.tokens.guest(&hello.guest).map(|guest| (guest, hello.guest.clone()));
        let (id, guest) = known.unwrap_or_else(|| app.tokens.issue_guest());
        return Ok(Person {
            buyer: format!("g:{}", id.0),
            guest,
            name: hello.name.clone(),
            role: Role::Guest,
        });
    }
    match app.tokens.viewer(&hello.token, room, app.clock.wall()) {
        Ok(viewer) => {
            let name = if viewer.name.is_empty() { hello.name.clone() } else { viewer.name };
            Ok(Person {
                buyer: format!("t:{}", viewer.subject),
                guest: String::new(),
                name,
                role: viewer.role,
            })
        }
        Err(error) => {
            tracing::debug!(room, %error, "token refused");
            Err(End::Goodbye(Code::Token, "the token is not valid here: ask the shop for a new one"))
        }
    }
}

/// The same for every connection of a buyer in a room, and no way back to the shop's id of them.
fn public_id(app: &App, room: &str, buyer: &str) -> String {
    app.tokens.sign("viewer", &format!("{room}/{buyer}")).chars().take(12).collect()
}

fn shown_name(app: &App, given: &str, viewer: &str) -> String {
    let name = text::name(given).and_then(|name| match app.rooms.word_list().check(&name) {
        Verdict::Clean => Some(name),
        Verdict::Masked(masked) => Some(masked),
        Verdict::Blocked => None,
    });
    name.unwrap_or_else(|| format!("Guest {}", viewer.chars().take(4).collect::<String>()))
}

/// One or two frames in one write.
async fn send(socket: &mut impl Line, first: Option<Bytes>, second: Option<Bytes>) -> Result<(), End> {
    let write = async {
        for frame in [first, second].into_iter().flatten() {
            socket.feed(frame).await?;
        }
        socket.flush().await
    };
    match timeout(limits::STALL, write).await {
        Ok(Ok(())) => Ok(()),
        // Gone, or not reading for so long that no goodbye would get through.
        Ok(Err(_)) | Err(_) => Err(End::Gone),
    }
}

/// A connection that is in the room.
struct Talk {
    app: App,
    room: String,
    buyer: String,
    seat: Seat,
    heard: Instant,
    frames: Bucket,
    holds: Bucket,
    /// The hold being placed or cancelled: one at a time, and nothing more is read until it is answered.
    pending: Option<Pin<Box<dyn Future<Output = HoldReply> + Send>>>,
}

impl Talk {
    async fn run(&mut self, socket: &mut impl Line) -> End {
        match self.talk(socket).await {
            Ok(never) => match never {},
            Err(end) => end,
        }
    }

    async fn talk(&mut self, socket: &mut impl Line) -> Result<std::convert::Infallible, End> {
        let (draining, removed) = (self.app.life.draining.clone(), self.seat.removed());
        let mut ping = interval(self.app.config.room.patience.ping_every);
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        ping.tick().await;
        loop {
            // In this order: what waits for this reader goes out before more is taken in.
            tokio::select! {
                biased;
                () = draining.cancelled() => return Err(RESTART),
                () = removed.cancelled() => return Err(UNKNOWN),
                frame = self.seat.outbox.recv() => match frame {
                    Some(frame) => send(socket, Some(frame), None).await?,
                    None => return Err(End::Goodbye(Code::Slow, "replies piled up unread")),
                },
                reply = settled(&mut self.pending) => {
                    self.pending = None;
                    send(socket, Some(frames::encode(server_frame::Kind::HoldReply(reply))), None).await?;
                }
                _ = self.seat.head.changed() => self.pump(socket).await?,
                message = socket.recv(), if self.pending.is_none() => {
                    self.heard = self.app.clock.now();
                    if let Some(bytes) = read(message)? {
                        self.take(&bytes)?;
                    }
                }
                _ = ping.tick() => self.ping(socket).await?,
            }
        }
    }

    /// Sends every tick there is.
    async fn pump(&mut self, socket: &mut impl Line) -> Result<(), End> {
        loop {
            match self.seat.take() {
                Take::Idle => return Ok(()),
                Take::Frames(first, second) => send(socket, first, second).await?,
                Take::Lost => return Err(End::Goodbye(Code::Slow, "too far behind: come back and resume")),
            }
        }
    }

    async fn ping(&mut self, socket: &mut impl Line) -> Result<(), End> {
        // A hold under way keeps us from reading, which is not the viewer's silence.
        let silence = Duration::from_micros(self.app.clock.now().since(self.heard).as_us());
        if self.pending.is_none() && silence > self.app.config.room.patience.idle {
            return Err(End::Goodbye(Code::Idle, "no sign of life for 60 s"));
        }
        match timeout(limits::STALL, socket.ping()).await {
            Ok(Ok(alive)) => {
                if alive {
                    self.heard = self.app.clock.now();
                }
                Ok(())
            }
            Ok(Err(_)) | Err(_) => Err(End::Gone),
        }
    }

    fn take(&mut self, bytes: &[u8]) -> Result<(), End> {
        let now = self.heard;
        if self.frames.take(now, core_limits::FRAMES, 1).is_err() {
            return Err(End::Goodbye(Code::Flooding, "more frames than any page sends"));
        }
        let kind = frames::decode(bytes).map_err(|reason| End::Goodbye(Code::Protocol, reason))?;
        let conn = self.seat.conn;
        match kind {
            // A kind of a later version.
            None => {}
            Some(Kind::Hello(_)) => return Err(End::Goodbye(Code::Protocol, "a second Hello")),
            Some(Kind::Say(say)) => {
                self.seat.hall().handle(Input::Say { conn, request: say.request, text: say.text });
            }
            Some(Kind::Like(like)) => self.seat.hall().handle(Input::Like { conn, taps: like.taps }),
            Some(Kind::Ping(ping)) => {
                let wall_ms = self.app.clock.wall().as_ms();
                self.seat.reply(server_frame::Kind::Pong(Pong { sent: ping.sent, wall_ms }));
            }
            Some(Kind::PlaceHold(hold)) => self.place(hold),
            Some(Kind::CancelHold(hold)) => self.cancel(hold),
        }
        Ok(())
    }

    fn place(&mut self, hold: PlaceHold) {
        if self.may_hold(hold.request) {
            let (app, room, buyer) = (self.app.clone(), self.room.clone(), self.buyer.clone());
            self.pending = Some(Box::pin(async move { app.shop.place_hold(&room, &buyer, hold).await }));
        }
    }

    fn cancel(&mut self, hold: CancelHold) {
        if self.may_hold(hold.request) {
            let (app, room, buyer) = (self.app.clone(), self.room.clone(), self.buyer.clone());
            self.pending = Some(Box::pin(async move { app.shop.cancel_hold(&room, &buyer, hold).await }));
        }
    }

    fn may_hold(&mut self, request: u64) -> bool {
        let Err(wait) = self.holds.take(self.heard, core_limits::HOLDS, 1) else { return true };
        let retry_ms = u32::try_from(wait.as_us().div_ceil(1_000)).unwrap_or(u32::MAX);
        let refusal = Refusal::TooFast.into();
        self.seat.reply(server_frame::Kind::HoldReply(HoldReply {
            request,
            refusal,
            retry_ms,
            ..HoldReply::default()
        }));
        false
    }
}

async fn settled(pending: &mut Option<Pin<Box<dyn Future<Output = HoldReply> + Send>>>) -> HoldReply {
    match pending {
        Some(reply) => reply.await,
        None => std::future::pending().await,
    }
}
