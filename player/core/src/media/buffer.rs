//! The append queue and the size of the buffer: one operation on the SourceBuffer at a time, requests in order, bounded
//! behind and ahead, and what to do when the browser says it is full. Knows sizes, holds no media.

use super::limits::{
    AHEAD_MAX_S, BEHIND_FULL_S, BEHIND_KEEP_S, BEHIND_MAX_S, FULL_MAX, FULL_WAIT, QUEUE_BYTES_MAX,
    REQUESTS_MAX,
};
use super::{RequestId, Sample};
use hawker_wire::{Instant, Machine};
use std::collections::VecDeque;

/// What can happen.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// A fetch begins; its media come after those of earlier ones.
    Begin(RequestId),
    /// A whole unit of it waits in the shell.
    Queued(RequestId, u64),
    /// Nothing more comes from it.
    End(RequestId),
    /// The SourceBuffer is there, empty and idle. What is queued for it stays.
    Ready,
    /// Forgets everything queued, keeps the SourceBuffer.
    Clear,
    /// Nothing is appended until `Hold(false)`.
    Hold(bool),
    /// The operation in progress is done; for an append with its bytes.
    Done(u64),
    /// The append in progress failed because the buffer is full. Its bytes are still at the head of the shell's queue.
    Full,
    /// The element as it is now.
    Sample(Sample),
}

/// What is wanted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Output {
    /// Append the next bytes of this request; answer with `Done` or `Full`.
    Append(RequestId),
    /// Remove this interval, seconds; answer with `Done(0)`.
    Remove(f64, f64),
    /// Too much waits or lies ahead: join anew at the live edge.
    Overflow,
    /// The browser's buffer stays full: build a new one.
    Broken,
}

/// See the module text.
#[derive(Debug, Default)]
pub struct Buffer {
    open: bool,
    busy: bool,
    /// Whose media the append in progress takes.
    appending: Option<RequestId>,
    held: bool,
    queue: VecDeque<Waiting>,
    full: u32,
    full_until: Option<Instant>,
    /// An interval to remove before the next append.
    remove: Option<(f64, f64)>,
    playhead: f64,
    start: f64,
    out: VecDeque<Output>,
}

#[derive(Debug)]
struct Waiting {
    request: RequestId,
    bytes: u64,
    ended: bool,
}

impl Buffer {
    /// Bytes waiting to be appended.
    #[must_use]
    pub fn queued(&self) -> u64 {
        self.queue.iter().map(|waiting| waiting.bytes).sum()
    }

    /// Nothing waits and nothing is in progress.
    #[must_use]
    pub fn idle(&self) -> bool {
        !self.busy && self.queued() == 0
    }

    fn advance(&mut self) {
        if !self.open || self.busy {
            return;
        }
        if let Some((from, to)) = self.remove.take() {
            self.busy = true;
            self.out.push_back(Output::Remove(from, to));
            return;
        }
        if self.held || self.full_until.is_some() {
            return;
        }
        while self.queue.front().is_some_and(|front| front.ended && front.bytes == 0) {
            self.queue.pop_front();
        }
        if let Some(front) = self.queue.front()
            && front.bytes > 0
        {
            self.busy = true;
            self.appending = Some(front.request);
            self.out.push_back(Output::Append(front.request));
        }
    }

    fn sample(&mut self, sample: &Sample) {
        let Some(&(start, _)) = sample.ranges.first() else { return };
        self.playhead = sample.playhead;
        self.start = start;
        if self.remove.is_none() && sample.playhead - start > BEHIND_MAX_S {
            self.remove = Some((0.0, sample.playhead - BEHIND_KEEP_S));
        }
        if sample.ahead_s() > AHEAD_MAX_S {
            self.out.push_back(Output::Overflow);
        }
    }
}

impl Machine for Buffer {
    type Input = Input;
    type Output = Output;

    fn handle(&mut self, now: Instant, input: Input) {
        self.tick(now);
        match input {
            Input::Begin(request) => {
                if self.queue.len() >= REQUESTS_MAX {
                    self.out.push_back(Output::Overflow);
                } else {
                    self.queue.push_back(Waiting { request, bytes: 0, ended: false });
                }
            }
            Input::Queued(request, bytes) => {
                if let Some(waiting) = self.queue.iter_mut().find(|waiting| waiting.request == request) {
                    waiting.bytes = waiting.bytes.saturating_add(bytes);
                }
                if self.queued() > QUEUE_BYTES_MAX {
                    self.out.push_back(Output::Overflow);
                }
            }
            Input::End(request) => {
                if let Some(waiting) = self.queue.iter_mut().find(|waiting| waiting.request == request) {
                    waiting.ended = true;
                }
            }
            Input::Ready => self.open = true,
            Input::Clear => {
                self.queue.clear();
                self.held = false;
            }
            Input::Hold(held) => self.held = held,
            Input::Done(bytes) => {
                self.busy = false;
                let appended = self.appending.take();
                if bytes > 0 {
                    self.full = 0;
                    // After a `Clear` the front may be another request.
                    if let Some(front) = self.queue.front_mut().filter(|w| Some(w.request) == appended) {
                        front.bytes = front.bytes.saturating_sub(bytes);
                    }
                }
            }
            Input::Full => {
                self.busy = false;
                self.full += 1;
                if self.full > FULL_MAX {
                    self.out.push_back(Output::Broken);
                } else {
                    let keep_from = self.playhead - BEHIND_FULL_S;
                    if keep_from > self.start {
                        self.remove = Some((0.0, keep_from));
                    }
                    self.full_until = Some(now + FULL_WAIT);
                }
            }
            Input::Sample(sample) => self.sample(&sample),
        }
        self.advance();
    }

    fn tick(&mut self, now: Instant) {
        if self.full_until.is_some_and(|until| until <= now) {
            self.full_until = None;
            self.advance();
        }
    }

    fn poll(&mut self) -> Option<Output> {
        self.out.pop_front()
    }

    fn wake(&self) -> Option<(Instant, &'static str)> {
        self.full_until.map(|until| (until, "append again after a full buffer"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drain(buffer: &mut Buffer) -> Vec<Output> {
        std::iter::from_fn(|| buffer.poll()).collect()
    }

    #[test]
    fn one_operation_at_a_time_and_requests_in_order() {
        let (mut buffer, now) = (Buffer::default(), Instant::ZERO);
        for input in
            [Input::Ready, Input::Begin(1), Input::Begin(2), Input::Queued(2, 10), Input::Queued(1, 5)]
        {
            buffer.handle(now, input);
        }
        assert_eq!(drain(&mut buffer), [Output::Append(1)]);
        buffer.handle(now, Input::Queued(1, 7));
        assert_eq!(drain(&mut buffer), [], "busy");
        buffer.handle(now, Input::Done(5));
        assert_eq!(drain(&mut buffer), [Output::Append(1)]);
        buffer.handle(now, Input::Done(7));
        assert_eq!(drain(&mut buffer), [], "request 1 may have more to come");
        buffer.handle(now, Input::End(1));
        assert_eq!(drain(&mut buffer), [Output::Append(2)]);
    }

    #[test]
    fn a_full_buffer_is_evicted_then_tried_again_and_never_in_a_loop() {
        let (mut buffer, mut now) = (Buffer::default(), Instant::ZERO);
        for input in [Input::Ready, Input::Begin(1), Input::Queued(1, 10)] {
            buffer.handle(now, input);
        }
        buffer.handle(
            now,
            Input::Sample(Sample { playhead: 9.0, ranges: vec![(0.0, 9.5)], ..Sample::default() }),
        );
        assert_eq!(drain(&mut buffer), [Output::Append(1)]);
        buffer.handle(now, Input::Full);
        assert_eq!(drain(&mut buffer), [Output::Remove(0.0, 8.0)]);
        buffer.handle(now, Input::Done(0));
        assert_eq!(drain(&mut buffer), [], "it waits first");
        let mut broken = false;
        for _ in 0..10 {
            let Some((wake, _)) = buffer.wake() else { break };
            assert!(wake > now);
            now = wake;
            buffer.tick(now);
            for output in drain(&mut buffer) {
                match output {
                    Output::Append(_) => buffer.handle(now, Input::Full),
                    Output::Remove(..) => buffer.handle(now, Input::Done(0)),
                    Output::Broken => broken = true,
                    Output::Overflow => panic!("nothing overflows here"),
                }
            }
            for output in drain(&mut buffer) {
                match output {
                    Output::Remove(..) => buffer.handle(now, Input::Done(0)),
                    Output::Broken => broken = true,
                    Output::Append(_) | Output::Overflow => {}
                }
            }
        }
        assert!(broken);
    }

    #[test]
    fn what_lies_far_behind_is_removed() {
        let mut buffer = Buffer::default();
        buffer.handle(Instant::ZERO, Input::Ready);
        let sample = Sample { playhead: 20.0, ranges: vec![(1.0, 20.2)], ..Sample::default() };
        buffer.handle(Instant::ZERO, Input::Sample(sample));
        assert_eq!(drain(&mut buffer), [Output::Remove(0.0, 14.0)]);
    }
}
