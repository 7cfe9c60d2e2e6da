//! Every bound of the room in the page, with its reason. Nothing else.

use hawker_wire::Span;

/// Messages the page keeps: four screens of a chat list; the server keeps the last 50 for newcomers.
pub const MESSAGES: usize = 200;

/// Products on a shelf: what a person scrolls through; a longer list is cut after the best ranked.
pub const PRODUCTS: usize = 200;

/// Flash sales the page follows at once: a show has a handful, rounds that ended included.
pub const SALES: usize = 200;

/// Bytes of one server frame: a Welcome with a full shelf, 50 messages and a resume stays below; more is a fault.
pub const FRAME_BYTES: usize = 1 << 20;

/// Characters of a message, as the server counts them.
pub const MESSAGE_CHARS: usize = 200;

/// Characters of a name, as the server counts them.
pub const NAME_CHARS: usize = 24;

/// Messages that wait for their reply: a person types one; the server's rate limit is near one a second.
pub const SAYS: usize = 8;

/// Outputs not polled yet: one frame makes at most one output an event; a parent that never polls loses the oldest.
pub const OUTPUTS: usize = 4_096;

/// How long taps are merged: long enough to save frames, short enough that the total still feels live.
pub const TAP_MERGE: Span = Span::from_ms(500);

/// Taps of one Like, and kept while there is no connection: ten a second is the fastest thumb, for the merge time of a
/// few lost seconds.
pub const TAPS: u32 = 100;

/// A socket that has not opened, or a server that has not welcomed, by then is given up: mobile links need up to 3 s.
pub const CONNECT: Span = Span::from_secs(10);

/// Time between pings: below the 30 s after which common proxies cut an idle connection.
pub const PING_EVERY: Span = Span::from_secs(20);

/// A ping without any frame from the server for this long means that the link is dead.
pub const PING_TIMEOUT: Span = Span::from_secs(10);

/// The first back-off is drawn from half of this to all of it.
pub const BACKOFF_FIRST: Span = Span::from_ms(1_000);

/// The longest back-off: a viewer waits this long at most once the server is back.
pub const BACKOFF_MAX: Span = Span::from_secs(15);

/// A connection that lived this long makes the next back-off start anew.
pub const BACKOFF_RESET: Span = Span::from_secs(30);

/// Comments moving on the danmaku stage: about 100 fit a 720p picture without overlap; a wall display has room for more.
pub const ON_STAGE: usize = 300;

/// Comments of others that wait for a lane. Under flood the oldest is dropped first and counted.
pub const WAITING: usize = 24;

/// Own comments that wait for a lane: they wait for [`OWN_WAIT`] at most, so this is only reached by a fault.
pub const OWN_WAITING: usize = 8;

/// How long a comment of others may wait before it is dropped and counted: later it would no longer fit the picture.
pub const WAIT: Span = Span::from_secs(2);

/// How long an own comment waits for a free lane before it takes one from a stranger's.
pub const OWN_WAIT: Span = Span::from_ms(300);

/// Lanes of a stage: 60 lanes of 24 px fill a 1440 px picture.
pub const LANES: usize = 60;
