//! Bodies of media answers: finished bytes as they lie in the window, and a segment that is sent while it is made. Shares the
//! window's bytes; copies none.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hawker_server_core::media::window::request::What;
use http_body::{Body, Frame, SizeHint};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::station::Shared;

/// Finished bytes: known length, one frame a chunk.
pub(super) struct Shelf {
    bytes: VecDeque<Bytes>,
    left: u64,
}

impl Shelf {
    /// All of `bytes`.
    pub(super) fn whole(bytes: Vec<Bytes>) -> Self {
        let left = bytes.iter().map(|piece| piece.len() as u64).sum();
        Self { bytes: bytes.into(), left }
    }

    /// `len` bytes from `start`, which must lie inside.
    pub(super) fn range(bytes: Vec<Bytes>, start: u64, len: u64) -> Self {
        let (mut skip, mut take) = (start, len);
        let mut cut = VecDeque::new();
        for piece in bytes {
            let from = skip.min(piece.len() as u64);
            let until = (from + take).min(piece.len() as u64);
            skip -= from;
            take -= until - from;
            if until > from {
                cut.push_back(piece.slice(from as usize..until as usize));
            }
        }
        Self { bytes: cut, left: len - take }
    }

    /// What lies here.
    pub(super) fn into_pieces(self) -> Vec<Bytes> {
        self.bytes.into()
    }
}

impl Body for Shelf {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let next = self.bytes.pop_front();
        if let Some(piece) = &next {
            self.left -= piece.len() as u64;
        }
        Poll::Ready(next.map(|piece| Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

/// Which segment is followed, and from where.
#[derive(Clone)]
pub(super) struct Subject {
    pub(super) station: Shared,
    pub(super) epoch: String,
    pub(super) rendition: String,
    pub(super) what: What,
    pub(super) cursor: usize,
}

/// A segment that is being made: each chunk is a frame, which hyper flushes as soon as nothing more is at hand.
///
/// It ends well when the segment does. When the segment is gone before its end (a reader slower than the window, a stream
/// that went off the air) the body fails, so that no cache takes a part for the whole.
pub(super) struct Followed {
    subject: Subject,
    ready: VecDeque<Bytes>,
    finished: bool,
    changed: Pin<Box<dyn Future<Output = Option<watch::Receiver<()>>> + Send>>,
    draining: CancellationToken,
}

/// Why a followed segment broke off.
#[derive(Debug, thiserror::Error)]
#[error("the segment is gone before its end")]
pub(super) struct Gone;

impl Followed {
    /// `first` is what there is up to the subject's cursor; `changes` was taken before that was read.
    pub(super) fn new(
        subject: Subject,
        first: Vec<Bytes>,
        changes: watch::Receiver<()>,
        draining: CancellationToken,
    ) -> Self {
        let changed = next_change(changes, draining.clone());
        Self { subject, ready: first.into(), finished: false, changed, draining }
    }
}

impl Body for Followed {
    type Data = Bytes;
    type Error = Gone;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Gone>>> {
        loop {
            if let Some(piece) = self.ready.pop_front() {
                return Poll::Ready(Some(Ok(Frame::data(piece))));
            }
            if self.finished {
                return Poll::Ready(None);
            }
            let changes = match self.changed.as_mut().poll(cx) {
                Poll::Ready(Some(changes)) => changes,
                Poll::Ready(None) => {
                    self.finished = true;
                    return Poll::Ready(Some(Err(Gone)));
                }
                Poll::Pending => return Poll::Pending,
            };
            // One lock a wake-up: everything since the cursor at once.
            let Subject { station, epoch, rendition, what, cursor } = &self.subject;
            let followed = station.live().follow(epoch, rendition, what, *cursor);
            let Some(followed) = followed else {
                self.finished = true;
                return Poll::Ready(Some(Err(Gone)));
            };
            self.ready = followed.bytes.into();
            self.subject.cursor = followed.cursor;
            self.finished = followed.finished;
            let draining = self.draining.clone();
            self.changed = next_change(changes, draining);
        }
    }
}

/// Resolves at the next change; `None` when the server drains.
fn next_change(
    mut changes: watch::Receiver<()>,
    draining: CancellationToken,
) -> Pin<Box<dyn Future<Output = Option<watch::Receiver<()>>> + Send>> {
    Box::pin(async move {
        tokio::select! {
            changed = changes.changed() => changed.ok().map(|()| changes),
            () = draining.cancelled() => None,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_cut_across_pieces_without_copying() {
        let pieces =
            || vec![Bytes::from_static(b"abc"), Bytes::from_static(b"de"), Bytes::from_static(b"fgh")];
        let check = |start, len, want: &[&[u8]]| {
            let shelf = Shelf::range(pieces(), start, len);
            assert_eq!(shelf.left, len);
            assert_eq!(
                shelf.bytes,
                want.iter().map(|piece| Bytes::copy_from_slice(piece)).collect::<Vec<_>>()
            );
        };
        check(0, 8, &[b"abc", b"de", b"fgh"]);
        check(2, 2, &[b"c", b"d"]);
        check(3, 2, &[b"de"]);
        check(7, 1, &[b"h"]);
        assert_eq!(Shelf::whole(pieces()).left, 8);
    }
}
