//! What the room client is told and what it wants: the words between [`super::Client`] and the page that drives it. Types
//! only; nothing is decided here.

use super::view::Change;
use hawker_wire::proto::{CancelHold, Hold, HoldReply, PlaceHold, SayReply};

/// Who this viewer is: what a Hello carries besides the position.
#[derive(Clone, Default)]
pub struct Identity {
    /// Signed guest id kept in the browser; empty: the server makes one.
    pub guest: String,
    /// Token signed by the shop's backend; empty: a guest.
    pub token: String,
    /// Name to show; ignored when the token carries one.
    pub name: String,
}

impl std::fmt::Debug for Identity {
    /// Without what only this browser may know.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let known = |secret: &str| if secret.is_empty() { "none" } else { "(secret)" };
        let (guest, token) = (known(&self.guest), known(&self.token));
        write!(f, "Identity {{ guest: {guest}, token: {token}, name: {:?} }}", self.name)
    }
}

/// What can happen to the connection.
#[derive(Clone, Debug)]
pub enum Input {
    /// The page wants to be in the room. Also: try again at once (network back, page shown again).
    Open,
    /// The page leaves the room.
    Close,
    /// The viewer chose a name, or the shop gave a token: greets anew with it.
    Identify(Identity),
    /// The socket opened.
    Opened,
    /// The socket closed, or could not be opened (1006).
    Closed(u16),
    /// A binary message came.
    Frame(Vec<u8>),
    /// The viewer said something.
    Say(String),
    /// The viewer tapped the like button once.
    Tap,
    /// The cart asks for a hold.
    Place(PlaceHold),
    /// The cart gives a hold back.
    Cancel(CancelHold),
}

/// What the connection wants done or known.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// Open a socket; the one before is gone or to be dropped.
    Connect,
    /// Close the socket.
    Disconnect,
    /// Send these bytes as one binary message.
    Send(Vec<u8>),
    /// Keep this signed guest id in the browser.
    KeepGuest(String),
    /// The connection's state changed.
    Status(Status),
    /// The room changed; [`Client::room`] shows it.
    Room(Change),
    /// All open holds and recent orders of this buyer.
    Holds(Vec<Hold>),
    /// One hold of this buyer changed, maybe by another tab.
    Hold(Hold),
    /// The answer to a hold request.
    HoldReply(HoldReply),
    /// What became of something said: `None` is "the connection broke before an answer".
    Said(String, Option<SayReply>),
}

/// The connection as the viewer sees it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Status {
    /// Not asked for.
    #[default]
    Closed,
    /// Connecting for the first time.
    Connecting,
    /// In the room.
    Live,
    /// Lost, coming back by itself.
    Reconnecting,
    /// The server refused for good, with this close code.
    Refused(u16),
}
