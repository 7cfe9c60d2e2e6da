//! A buyer: a socket of the room as a page has it, speaking the protocol and knowing nothing of the server's code.

use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail};
use futures_util::{SinkExt as _, StreamExt as _};
use hawker_wire::proto::{
    CancelHold, ClientFrame, Hello, Hold, HoldReply, PlaceHold, ServerFrame, Welcome, client_frame, event,
    server_frame,
};
use prost::Message as _;
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::protocol::{Message, WebSocketConfig};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

/// Longest a buyer waits for anything: far above what a healthy server takes, also on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// Who enters.
#[derive(Clone, Debug, Default)]
pub struct Identity {
    /// A signed guest id of an earlier visit; empty: a new guest.
    pub guest: String,
    /// A token of the shop; empty: a guest.
    pub token: String,
    /// The address to come from; `None`: whatever the machine takes.
    pub from: Option<IpAddr>,
}

/// One connection of a buyer.
pub struct Buyer {
    socket: WebSocketStream<TcpStream>,
    requests: u64,
    /// What it was told at the door.
    pub welcome: Welcome,
    /// Holds it was told of on the side, in order.
    pub holds: Vec<Hold>,
    /// Events of the room, in order.
    pub events: VecDeque<event::Kind>,
    /// Whether events are kept: a crowd of buyers has no memory for them.
    pub listens: bool,
}

impl Buyer {
    /// Enters a room.
    ///
    /// # Errors
    /// Nobody answers, or the server says goodbye.
    pub async fn enter(server: SocketAddr, room: &str, identity: &Identity) -> Result<Self> {
        let connecting = async {
            let socket = TcpSocket::new_v4()?;
            if let Some(from) = identity.from {
                socket.bind(SocketAddr::new(from, 0))?;
            }
            let stream = socket.connect(server).await?;
            stream.set_nodelay(true)?;
            let mut request = format!("ws://{server}/live/{room}/socket").into_client_request()?;
            request.headers_mut().insert("sec-websocket-protocol", "hawker.v1".parse()?);
            // Ten thousand of these live in one process.
            let config = WebSocketConfig::default().read_buffer_size(4_096).write_buffer_size(1_024);
            let (socket, _) = client_async_with_config(request, stream, Some(config)).await?;
            anyhow::Ok(socket)
        };
        let socket = tokio::time::timeout(PATIENCE, connecting).await.context("no connection")??;
        let mut buyer = Self {
            socket,
            requests: 0,
            welcome: Welcome::default(),
            holds: Vec::new(),
            events: VecDeque::new(),
            listens: true,
        };
        let (guest, token) = (identity.guest.clone(), identity.token.clone());
        let hello = Hello { version: 1, guest, token, name: "buyer".into(), resume: None };
        buyer.send(client_frame::Kind::Hello(hello)).await?;
        match buyer.next().await? {
            server_frame::Kind::Welcome(welcome) => buyer.welcome = welcome,
            other => bail!("the first frame is {other:?}"),
        }
        Ok(buyer)
    }

    /// Asks for goods to be held, and waits for the answer.
    ///
    /// # Errors
    /// The connection ends before it.
    pub async fn place(
        &mut self,
        key: &str,
        product: &str,
        sale: &str,
        quantity: u32,
        price: i64,
    ) -> Result<HoldReply> {
        self.requests += 1;
        let request = self.requests;
        let (key, product, sale) = (key.to_owned(), product.to_owned(), sale.to_owned());
        let place = PlaceHold { request, key, product, sale, quantity, price };
        self.send(client_frame::Kind::PlaceHold(place)).await?;
        self.reply(request).await
    }

    /// Gives a hold up, and waits for the answer.
    ///
    /// # Errors
    /// The connection ends before it.
    pub async fn cancel(&mut self, hold: &str) -> Result<HoldReply> {
        self.requests += 1;
        let request = self.requests;
        self.send(client_frame::Kind::CancelHold(CancelHold { request, hold: hold.to_owned() })).await?;
        self.reply(request).await
    }

    async fn reply(&mut self, request: u64) -> Result<HoldReply> {
        loop {
            if let server_frame::Kind::HoldReply(reply) = self.next().await?
                && reply.request == request
            {
                return Ok(reply);
            }
        }
    }

    /// Waits until it is told of a hold that fits.
    ///
    /// # Errors
    /// The connection ends before it, or nothing comes.
    pub async fn until_hold(&mut self, fits: impl Fn(&Hold) -> bool) -> Result<Hold> {
        loop {
            if let Some(hold) = self.holds.iter().find(|hold| fits(hold)) {
                return Ok(hold.clone());
            }
            self.next().await?;
        }
    }

    /// Waits for an event that fits, dropping those before it.
    ///
    /// # Errors
    /// The connection ends before it, or nothing comes.
    pub async fn until_event(&mut self, fits: impl Fn(&event::Kind) -> bool) -> Result<event::Kind> {
        loop {
            while let Some(event) = self.events.pop_front() {
                if fits(&event) {
                    return Ok(event);
                }
            }
            self.next().await?;
        }
    }

    /// The next frame; holds and events in it are kept as well.
    ///
    /// # Errors
    /// The connection ends, or nothing comes.
    pub async fn next(&mut self) -> Result<server_frame::Kind> {
        loop {
            let message =
                tokio::time::timeout(PATIENCE, self.socket.next()).await.context("nothing comes")?;
            let bytes = match message.ok_or_else(|| anyhow!("the connection has ended"))?? {
                Message::Binary(bytes) => bytes,
                Message::Close(frame) => bail!("closed: {frame:?}"),
                _ => continue,
            };
            let Some(kind) = ServerFrame::decode(bytes.as_ref())?.kind else { continue };
            match &kind {
                server_frame::Kind::Hold(hold) if self.listens => self.holds.push(hold.clone()),
                server_frame::Kind::Batch(batch) if self.listens => {
                    self.events.extend(batch.events.iter().filter_map(|event| event.kind.clone()));
                }
                server_frame::Kind::Goodbye(goodbye) => bail!("goodbye: {goodbye:?}"),
                _ => {}
            }
            return Ok(kind);
        }
    }

    async fn send(&mut self, kind: client_frame::Kind) -> Result<()> {
        let bytes = ClientFrame { kind: Some(kind) }.encode_to_vec();
        Ok(self.socket.send(Message::Binary(bytes.into())).await?)
    }
}
