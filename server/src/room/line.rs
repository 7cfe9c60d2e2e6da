//! What a conversation with the room needs of whatever carries it: frames both ways, in order, and an end with a code. The
//! WebSocket (`socket`) and the stream of a WebTransport session (`udp`) are such lines. Knows no kind of frame.

use std::future::Future;

use bytes::Bytes;

/// A line to one viewer.
pub(crate) trait Line: Send {
    /// What comes next. Dropping the future loses nothing.
    fn recv(&mut self) -> impl Future<Output = Heard> + Send;
    /// Queues a frame.
    fn feed(&mut self, frame: Bytes) -> impl Future<Output = Result<(), Broken>> + Send;
    /// Waits until what is queued has left.
    fn flush(&mut self) -> impl Future<Output = Result<(), Broken>> + Send;
    /// Gives a sign of life. `true`: the carrier itself has had one of the other end lately.
    fn ping(&mut self) -> impl Future<Output = Result<bool, Broken>> + Send;
    /// Ends it after what is queued, with a code that the other end sees.
    fn close(&mut self, code: u16, reason: &'static str) -> impl Future<Output = Result<(), Broken>> + Send;
}

/// What came.
pub(crate) enum Heard {
    /// A client's frame.
    Frame(Bytes),
    /// A sign of life, and nothing else.
    Alive,
    /// Something that no page sends.
    Wrong(&'static str),
    /// The end.
    Gone,
}

/// Nothing gets through any more.
#[derive(Debug)]
pub(crate) struct Broken;
