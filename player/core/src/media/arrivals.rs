//! What comes of which request: its rung, which rung plays once streams come side by side, and how much of a chunk was told
//! before it was whole. Counts; what follows from it is the business of `abr` and `player`.

use super::RequestId;
use super::limits::REQUESTS_MAX;
use std::collections::VecDeque;

/// See the module text.
#[derive(Debug, Default)]
pub(super) struct Arrivals {
    asked: VecDeque<Asked>,
    /// The newest request of which something came, and its rung.
    newest: Option<(RequestId, usize)>,
}

#[derive(Debug)]
struct Asked {
    request: RequestId,
    rung: usize,
    /// Bytes of the chunk in progress that were told.
    told: u64,
}

impl Arrivals {
    /// A segment of this rung is asked for. Requests are numbered in the order in which they are made.
    pub(super) fn ask(&mut self, request: RequestId, rung: usize) {
        if self.asked.len() >= REQUESTS_MAX {
            self.asked.pop_front();
        }
        self.asked.push_back(Asked { request, rung, told: 0 });
    }

    fn of(&mut self, request: RequestId) -> Option<&mut Asked> {
        self.asked.iter_mut().find(|asked| asked.request == request)
    }

    /// The rung of a request; `None`: it is not ours, or too old.
    pub(super) fn rung(&mut self, request: RequestId) -> Option<usize> {
        self.of(request).map(|asked| asked.rung)
    }

    /// Some bytes of a chunk came: the rung that plays now.
    pub(super) fn piece(&mut self, request: RequestId, bytes: u64) -> Option<usize> {
        let asked = self.of(request)?;
        asked.told = asked.told.saturating_add(bytes);
        Some(self.plays(request))
    }

    /// A chunk is whole: the rung that plays now, and how many bytes of it were not told yet.
    pub(super) fn chunk(&mut self, request: RequestId, bytes: u64) -> Option<(usize, u64)> {
        let asked = self.of(request)?;
        let untold = bytes.saturating_sub(std::mem::take(&mut asked.told));
        Some((self.plays(request), untold))
    }

    /// The end of a segment may come after the beginning of the next, on another stream or connection: that is no way back.
    fn plays(&mut self, request: RequestId) -> usize {
        let rung = self.rung(request).unwrap_or_default();
        match self.newest {
            Some((newest, plays)) if newest > request => plays,
            _ => {
                self.newest = Some((request, rung));
                rung
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_segment_that_comes_after_the_next_has_begun_is_no_switch_back() {
        let mut arrivals = Arrivals::default();
        arrivals.ask(1, 3);
        arrivals.ask(2, 0);
        assert_eq!(arrivals.chunk(1, 1_000), Some((3, 1_000)));
        assert_eq!(arrivals.piece(2, 1_400), Some(0));
        assert_eq!(arrivals.chunk(1, 1_000), Some((0, 1_000)));
        arrivals.ask(3, 4);
        assert_eq!(arrivals.chunk(3, 500), Some((4, 500)), "what is asked for later is");
    }

    #[test]
    fn no_byte_is_told_twice_although_two_chunks_come_at_once() {
        let mut arrivals = Arrivals::default();
        arrivals.ask(1, 3);
        arrivals.ask(2, 0);
        arrivals.piece(2, 60_000);
        arrivals.piece(1, 300);
        arrivals.piece(2, 30_000);
        assert_eq!(arrivals.chunk(1, 1_000), Some((0, 700)));
        assert_eq!(arrivals.chunk(2, 96_000), Some((0, 6_000)));
        assert_eq!(arrivals.chunk(2, 1_500), Some((0, 1_500)));
    }

    #[test]
    fn what_nobody_asked_for_is_nothing() {
        let mut arrivals = Arrivals::default();
        assert_eq!(arrivals.piece(7, 10), None);
        assert_eq!(arrivals.chunk(7, 10), None);
        for request in 0..100 {
            arrivals.ask(request, 0);
        }
        assert_eq!(arrivals.rung(0), None, "few are remembered");
        assert_eq!(arrivals.rung(99), Some(0));
    }
}
