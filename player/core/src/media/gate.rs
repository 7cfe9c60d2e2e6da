//! The gate for media requests, for browsers that manage the buffer themselves (ManagedMediaSource): between `endstreaming` and
//! `startstreaming` no request for media leaves. One that is under way ends by itself, within a segment. To the player it is
//! as a slow server, and after a longer wait as one that has the segment no more: then it joins anew, at the live edge.

use super::limits::{HELD_MAX, REQUESTS_MAX};
use super::{RequestId, player};
use hawker_wire::{Instant, Machine};
use std::collections::VecDeque;

/// What can happen.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// The browser wants media (`startstreaming`), or none for now (`endstreaming`).
    Streaming(bool),
    /// The player wants this.
    Wants(player::Output),
}

/// What is wanted.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// Carry this out.
    Do(player::Output),
    /// Tell the player.
    Tell(player::Input),
}

/// See the module text. Open at first, and with each new MediaSource: whoever closes it has said so.
#[derive(Debug, Default)]
pub struct Gate {
    closed: bool,
    held: VecDeque<(Instant, RequestId, player::Output)>,
    out: VecDeque<Output>,
}

impl Gate {
    fn wants(&mut self, now: Instant, wants: player::Output) {
        match wants {
            // A probe that waits measures nothing.
            player::Output::Fetch { request, probe: Some(_), .. } if self.closed => {
                self.out.push_back(Output::Tell(player::Input::Failed(request, 0, None)));
            }
            player::Output::Fetch { request, .. } if self.closed => {
                // The loader has two requests at most; what is more has been forgotten by it.
                if self.held.len() >= REQUESTS_MAX {
                    self.held.pop_front();
                }
                self.held.push_back((now, request, wants));
            }
            player::Output::Cancel(id) => match self.held.iter().position(|(_, request, _)| *request == id) {
                Some(at) => drop(self.held.remove(at)),
                None => self.out.push_back(Output::Do(wants)),
            },
            player::Output::Open(_) => {
                self.out.push_back(Output::Do(wants));
                self.open(now);
            }
            wants => self.out.push_back(Output::Do(wants)),
        }
    }

    fn open(&mut self, now: Instant) {
        self.closed = false;
        self.out.extend(self.held.drain(..).map(|(since, request, wants)| {
            if now.since(since) > HELD_MAX {
                Output::Tell(player::Input::Failed(request, 404, None))
            } else {
                Output::Do(wants)
            }
        }));
    }
}

impl Machine for Gate {
    type Input = Input;
    type Output = Output;

    fn handle(&mut self, now: Instant, input: Input) {
        match input {
            Input::Streaming(true) => self.open(now),
            Input::Streaming(false) => self.closed = true,
            Input::Wants(wants) => self.wants(now, wants),
        }
    }

    fn poll(&mut self) -> Option<Output> {
        self.out.pop_front()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hawker_wire::Span;

    fn fetch(request: u32, probe: Option<u32>) -> player::Output {
        player::Output::Fetch { request, epoch: "e".into(), rendition: "r".into(), number: 1, probe }
    }

    fn given(gate: &mut Gate, input: Input) -> Vec<Output> {
        gate.handle(Instant::ZERO, input);
        std::iter::from_fn(|| gate.poll()).collect()
    }

    #[test]
    fn requests_wait_while_no_media_are_wanted() {
        let mut gate = Gate::default();
        let wants = |gate: &mut Gate, wants: player::Output| given(gate, Input::Wants(wants));
        assert_eq!(wants(&mut gate, fetch(1, None)), [Output::Do(fetch(1, None))]);
        assert_eq!(given(&mut gate, Input::Streaming(false)), []);
        for waiting in [2, 3] {
            assert_eq!(wants(&mut gate, fetch(waiting, None)), []);
        }
        let failed = player::Input::Failed(9, 0, None);
        assert_eq!(wants(&mut gate, fetch(9, Some(100))), [Output::Tell(failed)], "a probe is answered");
        assert_eq!(wants(&mut gate, player::Output::Cancel(2)), [], "it never began");
        let cancel = player::Output::Cancel(1);
        assert_eq!(wants(&mut gate, cancel.clone()), [Output::Do(cancel)]);
        let look = player::Output::Look;
        assert_eq!(wants(&mut gate, look.clone()), [Output::Do(look)], "everything else goes on");
        assert_eq!(given(&mut gate, Input::Streaming(true)), [Output::Do(fetch(3, None))]);
        assert_eq!(wants(&mut gate, fetch(4, None)), [Output::Do(fetch(4, None))]);
    }

    #[test]
    fn what_waited_for_long_has_gone() {
        let mut gate = Gate::default();
        given(&mut gate, Input::Streaming(false));
        given(&mut gate, Input::Wants(fetch(1, None)));
        gate.handle(Instant::ZERO + HELD_MAX + Span(1), Input::Streaming(true));
        assert_eq!(gate.poll(), Some(Output::Tell(player::Input::Failed(1, 404, None))));
        assert_eq!(gate.poll(), None);
    }

    #[test]
    fn a_new_source_opens_the_gate_and_what_waits_is_bounded() {
        let mut gate = Gate::default();
        given(&mut gate, Input::Streaming(false));
        for request in 0..100 {
            given(&mut gate, Input::Wants(fetch(request, None)));
        }
        let out = given(&mut gate, Input::Wants(player::Output::Open("avc1".into())));
        assert_eq!(out.len(), 1 + REQUESTS_MAX);
        assert_eq!(out.last(), Some(&Output::Do(fetch(99, None))));
    }
}
