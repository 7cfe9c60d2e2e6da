//! What is done to the element and its source: open, append, remove, look. Carries out, decides nothing.

use super::Shell;
use crate::clock;
use hawker_player_core::media::player::Input;
use hawker_player_core::media::{RequestId, Sample, limits};

impl Shell {
    pub(super) fn open(&self, codecs: &str) {
        self.appending.set(0);
        if !self.port.open(codecs) {
            self.unsupported();
        }
    }

    /// What was being appended or removed is.
    pub(crate) fn done(&self) {
        self.input(Input::Done(u64::from(self.appending.take())));
    }

    pub(super) fn append(&self, request: RequestId) {
        match self.port.append(request) {
            -1 => self.inputs.borrow_mut().push_back(Input::Full),
            length => match u32::try_from(length) {
                Ok(length) => self.appending.set(length),
                Err(_) => self.inputs.borrow_mut().push_back(Input::Broken),
            },
        }
    }

    pub(super) fn remove(&self, from: f64, to: f64) {
        if !self.port.remove(from, to) {
            self.inputs.borrow_mut().push_back(Input::Broken);
        }
    }

    pub(super) fn look(&self) {
        let look = self.port.look();
        if let [playhead, paused, seeking, hidden, decoded, dropped, shown, ranges @ ..] = look.as_slice() {
            let ranges = ranges.as_chunks().0.iter().take(limits::RANGES_MAX);
            self.inputs.borrow_mut().push_back(Input::Sample(Sample {
                playhead: *playhead,
                ranges: ranges.map(|[start, end]| (*start, *end)).collect(),
                paused: *paused != 0.0,
                seeking: *seeking != 0.0,
                hidden: *hidden != 0.0,
                decoded: *decoded as u64,
                dropped: *dropped as u64,
                shown: Some(*shown).filter(|shown| !shown.is_nan()),
            }));
        }
        let now = clock::now();
        if now.since(self.latency_told.get()).as_ms() >= 1_000 && self.state() == "live" {
            self.latency_told.set(now);
            self.port.latency();
        }
    }
}
