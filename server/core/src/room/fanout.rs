//! The ticks of a room as its readers see them: one bounded ring for all, and a cursor for each. A slow reader costs nothing but
//! the ring: when it is behind it loses messages and is told how many; when the ring has gone past it, it is told to come
//! back. Writes to no socket.

use std::collections::VecDeque;

use bytes::Bytes;
use hawker_wire::proto::{Batch, server_frame};

use super::{frames, limits};

/// The batches of one tick, encoded once for everybody.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tick {
    /// What must arrive.
    pub must: Option<Bytes>,
    /// What may be left out for a slow reader.
    pub may: Option<Bytes>,
    /// Messages in `may`.
    pub messages: u32,
    /// Offset after this tick.
    pub offset: u64,
    /// The server's clock.
    pub wall_ms: u64,
}

impl Tick {
    fn bytes(&self) -> usize {
        self.must.as_ref().map_or(0, Bytes::len) + self.may.as_ref().map_or(0, Bytes::len)
    }
}

/// The ring.
#[derive(Debug, Default)]
pub struct Fanout {
    ticks: VecDeque<(Tick, u64)>,
    /// Number of the oldest tick kept.
    first: u64,
    bytes: usize,
    /// Bytes of all ticks ever.
    written: u64,
}

/// A reader's place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cursor {
    next: u64,
    /// Until here messages are left out for this reader.
    thin_until: u64,
    skipped: u32,
    /// Where the last left-out message was.
    offset: u64,
    wall_ms: u64,
}

/// What a reader is to be sent next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Take {
    /// Nothing yet.
    Idle,
    /// One or two frames, in this order.
    Frames(Option<Bytes>, Option<Bytes>),
    /// The ring has gone past this reader.
    Lost,
}

impl Fanout {
    /// The place of a reader that starts now.
    #[must_use]
    pub fn cursor(&self) -> Cursor {
        Cursor { next: self.head(), ..Cursor::default() }
    }

    /// Number of the tick that comes next.
    #[must_use]
    pub fn head(&self) -> u64 {
        self.first + self.ticks.len() as u64
    }

    /// Bytes kept, for metrics.
    #[must_use]
    pub fn kept(&self) -> usize {
        self.bytes
    }

    /// Adds a tick.
    pub fn push(&mut self, tick: Tick) {
        let bytes = tick.bytes();
        self.bytes += bytes;
        self.ticks.push_back((tick, self.written));
        self.written += bytes as u64;
        while self.ticks.len() > limits::RING_TICKS
            || (self.bytes > limits::RING_BYTES && self.ticks.len() > 1)
        {
            let Some((oldest, _)) = self.ticks.pop_front() else { break };
            self.bytes -= oldest.bytes();
            self.first += 1;
        }
    }

    /// What the reader at `cursor` is to be sent next; moves it on.
    pub fn take(&self, cursor: &mut Cursor) -> Take {
        let head = self.head();
        loop {
            if cursor.next < self.first {
                return Take::Lost;
            }
            let behind = usize::try_from(cursor.next - self.first).ok().and_then(|at| self.ticks.get(at));
            let Some((tick, written_before)) = behind else {
                return confess(cursor).map_or(Take::Idle, |frame| Take::Frames(Some(frame), None));
            };
            if head - cursor.next > limits::BEHIND_TICKS
                || self.written - written_before > limits::BEHIND_BYTES
            {
                cursor.thin_until = head;
            }
            if cursor.next >= cursor.thin_until {
                if let Some(frame) = confess(cursor) {
                    return Take::Frames(Some(frame), None);
                }
                cursor.next += 1;
                return Take::Frames(tick.must.clone(), tick.may.clone());
            }
            cursor.next += 1;
            cursor.skipped = cursor.skipped.saturating_add(tick.messages);
            (cursor.offset, cursor.wall_ms) = (tick.offset, tick.wall_ms);
            if tick.must.is_some() {
                return Take::Frames(tick.must.clone(), None);
            }
        }
    }
}

/// The batch that tells a reader what it lost, if it lost anything.
fn confess(cursor: &mut Cursor) -> Option<Bytes> {
    let skipped = core::mem::take(&mut cursor.skipped);
    let Cursor { offset, wall_ms, .. } = *cursor;
    (skipped > 0).then(|| {
        frames::encode(server_frame::Kind::Batch(Batch { offset, skipped, wall_ms, ..Batch::default() }))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use hawker_wire::proto::ServerFrame;
    use prost::Message as _;

    fn tick(n: u64, must: bool) -> Tick {
        let frame = |tag: u8| Bytes::from(vec![tag; 100]);
        Tick { must: must.then(|| frame(1)), may: Some(frame(2)), messages: 1, offset: n, wall_ms: n }
    }

    fn skipped(frame: &Bytes) -> u32 {
        match ServerFrame::decode(frame.clone()).unwrap().kind {
            Some(server_frame::Kind::Batch(batch)) => batch.skipped,
            other => panic!("not a batch: {other:?}"),
        }
    }

    #[test]
    fn a_reader_that_keeps_up_gets_all_and_shares_the_bytes() {
        let mut fanout = Fanout::default();
        let mut reader = fanout.cursor();
        assert_eq!(fanout.take(&mut reader), Take::Idle);
        let made = tick(1, true);
        fanout.push(made.clone());
        let Take::Frames(Some(must), Some(may)) = fanout.take(&mut reader) else { panic!("two frames") };
        assert_eq!((must.as_ptr(), may.as_ptr()), (made.must.unwrap().as_ptr(), made.may.unwrap().as_ptr()));
        assert_eq!(fanout.take(&mut reader), Take::Idle);
    }

    #[test]
    fn a_reader_that_is_behind_loses_messages_and_nothing_else_and_is_told() {
        let mut fanout = Fanout::default();
        let mut reader = fanout.cursor();
        let ticks = limits::BEHIND_TICKS + 10;
        for n in 1..=ticks {
            fanout.push(tick(n, n % 10 == 0));
        }
        let mut musts = 0;
        let mut told = 0;
        loop {
            match fanout.take(&mut reader) {
                Take::Frames(Some(frame), None) if frame[0] == 1 => musts += 1,
                Take::Frames(Some(frame), None) => told += skipped(&frame),
                Take::Idle => break,
                other => panic!("{other:?}"),
            }
        }
        assert_eq!((musts, u64::from(told)), (ticks / 10, ticks));
        fanout.push(tick(99, false));
        assert!(matches!(fanout.take(&mut reader), Take::Frames(None, Some(_))), "all is well again");
    }

    #[test]
    fn a_reader_the_ring_has_passed_is_lost_and_memory_is_bounded() {
        let mut fanout = Fanout::default();
        let mut reader = fanout.cursor();
        for n in 0..limits::RING_TICKS as u64 + 1 {
            fanout.push(tick(n, true));
        }
        assert_eq!(fanout.take(&mut reader), Take::Lost);
        for n in 0..100 {
            fanout.push(Tick { must: Some(Bytes::from(vec![0; 100_000])), offset: n, ..Tick::default() });
        }
        assert!(fanout.kept() <= limits::RING_BYTES);
    }

    proptest::proptest! {
        /// However a reader reads, each tick's must-lane arrives in order or the reader is told that it is lost, and every
        /// message is shown or counted.
        #[test]
        fn nothing_goes_missing_untold(steps in proptest::collection::vec((0u64..60, 0u64..60), 1..40)) {
            let mut fanout = Fanout::default();
            let mut reader = fanout.cursor();
            let (mut pushed, mut musts, mut messages) = (0u64, 0u64, 0u64);
            for (write, read) in steps {
                for _ in 0..write {
                    pushed += 1;
                    fanout.push(Tick {
                        must: Some(Bytes::from([&[0xff][..], &pushed.to_be_bytes()[..]].concat())),
                        may: Some(Bytes::from_static(b"messages.")), messages: 3, offset: pushed, wall_ms: 0,
                    });
                }
                for _ in 0..read {
                    match fanout.take(&mut reader) {
                        Take::Frames(Some(frame), may) => {
                            // No protobuf frame starts with 0xff.
                            if let Some((0xff, number)) = frame.split_first() {
                                musts += 1;
                                proptest::prop_assert_eq!(number, musts.to_be_bytes());
                            } else {
                                messages += u64::from(skipped(&frame));
                            }
                            messages += if may.is_some() { 3 } else { 0 };
                        }
                        Take::Idle => {
                            proptest::prop_assert_eq!((musts, messages), (pushed, pushed * 3));
                        }
                        Take::Lost => {
                            proptest::prop_assert!(pushed - musts > limits::RING_TICKS as u64);
                            return Ok(());
                        }
                        Take::Frames(None, _) => panic!("every tick has a must-lane"),
                    }
                }
            }
        }
    }
}
