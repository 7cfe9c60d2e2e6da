//! The stream of a room as a line to a viewer: frames with their length before them, and taps that come as datagrams. What
//! they mean is in `room`.

use bytes::Bytes;
use hawker_server_core::udp::frames::{self, Cutter};
use hawker_wire::proto::client_frame::Kind;
use hawker_wire::proto::{ClientFrame, Like};
use prost::Message as _;
use tokio::sync::{OwnedMutexGuard, mpsc};
use web_transport_quinn::{RecvStream, SendStream};

use crate::room::line::{Broken, Heard, Line};

/// Bytes read at once: many frames of a page.
const READ_BYTES: usize = 4 << 10;

/// See the module text.
pub(super) struct Words {
    send: SendStream,
    recv: RecvStream,
    taps: OwnedMutexGuard<mpsc::Receiver<u32>>,
    cutter: Cutter,
    /// The viewer has said something on this stream: taps before that would be taken for their first word.
    begun: bool,
}

impl Words {
    /// On this stream, of which `rest` was read already.
    pub(super) fn new(
        send: SendStream,
        recv: RecvStream,
        taps: OwnedMutexGuard<mpsc::Receiver<u32>>,
        rest: &[u8],
    ) -> Self {
        let mut cutter = Cutter::default();
        cutter.push(rest);
        Self { send, recv, taps, cutter, begun: false }
    }
}

impl Line for Words {
    async fn recv(&mut self) -> Heard {
        loop {
            match self.cutter.next() {
                Ok(Some(frame)) => {
                    self.begun = true;
                    return Heard::Frame(frame);
                }
                Ok(None) => {}
                Err(why) => return Heard::Wrong(why),
            }
            tokio::select! {
                chunk = self.recv.read_chunk(READ_BYTES, true) => match chunk {
                    Ok(Some(chunk)) => self.cutter.push(&chunk.bytes),
                    Ok(None) | Err(_) => return Heard::Gone,
                },
                Some(taps) = self.taps.recv(), if self.begun => {
                    let like = ClientFrame { kind: Some(Kind::Like(Like { taps })) };
                    return Heard::Frame(like.encode_to_vec().into());
                }
            }
        }
    }

    async fn feed(&mut self, frame: Bytes) -> Result<(), Broken> {
        let mut pieces = [frames::head(frame.len()), frame];
        self.send.write_all_chunks(&mut pieces).await.map_err(|_| Broken)
    }

    async fn flush(&mut self) -> Result<(), Broken> {
        // QUIC sends by itself.
        Ok(())
    }

    async fn ping(&mut self) -> Result<bool, Broken> {
        // The session's own packets prove it: without them it would have ended.
        Ok(true)
    }

    async fn close(&mut self, code: u16, _: &'static str) -> Result<(), Broken> {
        self.send.write_all(&frames::end(code)).await.map_err(|_| Broken)?;
        self.send.finish().map_err(|_| Broken)
    }
}
