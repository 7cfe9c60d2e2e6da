//! What has been given to the buffer: which unit is new and which is had already, and how a lower rendition of the segment
//! in progress takes over without losing or repeating a frame. Plain bookkeeping: no time, no deadlines.
//!
//! An overlapping rendition is held back until the old media are nearly played out, because the browser drops what an
//! append overlaps; then it is appended at once and the playhead put on the first frame not yet shown.

use super::limits::{OVERLAP_EPSILON_S, RESUME_AHEAD_S, SPLICE_AHEAD_S, SPLICE_BACK_S};
use super::{RequestId, Sample};
use hawker_wire::Wall;
use hawker_wire::media::{Chunk, Init, Kind};

/// See the module text.
#[derive(Debug, Default)]
pub struct Ledger {
    init: Option<u64>,
    shape: Option<(bool, bool)>,
    rung: Option<usize>,
    video_end_s: Option<f64>,
    audio_end_s: Option<f64>,
    frame_s: f64,
    newest: RequestId,
    again: Option<Again>,
    splice: Option<Splice>,
}

/// What was there when a segment was fetched again.
#[derive(Clone, Copy, Debug)]
struct Again {
    request: RequestId,
    rung: Option<usize>,
    video_end_s: Option<f64>,
    audio_end_s: Option<f64>,
}

#[derive(Debug)]
struct Splice {
    request: RequestId,
    /// Where the old media end.
    at_s: f64,
    /// Where the new ones end so far.
    covered_s: f64,
    released: bool,
}

/// What to do with an init segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InitVerdict {
    /// Append it.
    Keep,
    /// The buffer has it.
    Drop,
    /// The tracks are others: a SourceBuffer cannot change them.
    Rebuild,
}

/// When a chunk was made, by the server or by itself: a picture that does not say was made at its time. Only differences count.
pub(super) fn made(chunk: &Chunk) -> Option<Wall> {
    let by_time = (chunk.kind == Kind::Video).then(|| Wall((chunk.last_s() * 1e3) as u64));
    chunk.made.or(by_time)
}

impl Ledger {
    /// Judges an init segment.
    pub fn init(&mut self, init: &Init) -> InitVerdict {
        let shape = (init.has(Kind::Video), init.has(Kind::Audio));
        if self.shape.is_some_and(|had| had != shape) {
            return InitVerdict::Rebuild;
        }
        self.shape = Some(shape);
        if self.init == Some(init.fingerprint) {
            return InitVerdict::Drop;
        }
        self.init = Some(init.fingerprint);
        InitVerdict::Keep
    }

    /// Judges a chunk of this rung: whether it is new and to be appended.
    pub fn chunk(&mut self, request: RequestId, rung: usize, chunk: &Chunk) -> bool {
        let (start, end) = (chunk.start_s(), chunk.end_s());
        let again = self.again.filter(|again| again.request == request);
        let before = |had: Option<f64>| had.is_some_and(|had| start + OVERLAP_EPSILON_S < had);
        match chunk.kind {
            Kind::Audio => {
                // A splice replaces both tracks: Chromium begins a new group of frames for both where the video goes back, and
                // sound that begins later in it leaves a hole that `buffered` does not show.
                let splicing = self.splice.as_ref().is_some_and(|splice| splice.request <= request);
                if !splicing && again.is_some_and(|again| before(again.audio_end_s)) {
                    return false;
                }
                self.audio_end_s = Some(self.audio_end_s.unwrap_or(end).max(end));
            }
            Kind::Video => {
                if let Some(splice) = self.splice.as_mut().filter(|splice| splice.request <= request) {
                    // What follows without a gap waits in the same queue: a segment's last tenths alone may never be enough.
                    if splice.request == request || start <= splice.covered_s + OVERLAP_EPSILON_S {
                        splice.covered_s = splice.covered_s.max(end);
                    }
                } else if again.is_some_and(|again| again.rung == Some(rung) && before(again.video_end_s)) {
                    return false;
                }
                // The end of one segment may come after the beginning of the next: they are two requests.
                if request >= self.newest {
                    self.newest = request;
                    self.rung = Some(rung);
                }
                self.frame_s = end - chunk.last_s();
                self.video_end_s = Some(self.video_end_s.unwrap_or(end).max(end));
            }
        }
        true
    }

    /// How far all tracks reach, seconds.
    #[must_use]
    pub fn reach_s(&self) -> Option<f64> {
        match self.shape {
            Some((true, true)) => {
                self.video_end_s.zip(self.audio_end_s).map(|(video, audio)| video.min(audio))
            }
            _ => self.video_end_s.or(self.audio_end_s),
        }
    }

    /// This request fetches a segment of which something is there already.
    pub fn again(&mut self, request: RequestId) {
        let (video_end_s, audio_end_s) = (self.video_end_s, self.audio_end_s);
        self.again = Some(Again { request, rung: self.rung, video_end_s, audio_end_s });
    }

    /// The rung of the last video chunk kept.
    #[must_use]
    pub fn rung(&self) -> Option<usize> {
        self.rung
    }

    /// This request overlaps what there is. `false`: there is nothing to overlap.
    pub fn splice(&mut self, request: RequestId) -> bool {
        let at = match self.splice.take() {
            // A second step down before the first took effect: what plays still ends where it did.
            Some(splice) if !splice.released => Some(splice.at_s),
            _ => self.video_end_s,
        };
        self.splice = at.map(|at_s| Splice { request, at_s, covered_s: 0.0, released: false });
        self.splice.is_some()
    }

    /// Whether held media may now be appended. Once per splice. A browser may stall with a little left in its buffer.
    pub fn release(&mut self, sample: &Sample, stalled: bool) -> bool {
        let frame_s = self.frame_s;
        let Some(splice) = self.splice.as_mut().filter(|splice| !splice.released) else { return false };
        // A seek into less would only begin to wait.
        let enough_s = (splice.at_s + frame_s).max(sample.playhead + RESUME_AHEAD_S);
        splice.released = splice.covered_s >= enough_s && (stalled || sample.ahead_s() <= SPLICE_AHEAD_S);
        splice.released
    }

    /// Everything released is appended: where the playhead goes, seconds. Ends the splice.
    pub fn resume(&mut self, sample: &Sample) -> Option<f64> {
        let splice = self.splice.take_if(|splice| splice.released)?;
        // The first frame that has not been on the screen.
        let unseen = sample.shown.map_or(splice.at_s, |shown| shown + self.frame_s);
        // Inside that frame, not on its edge: stamps are rounded. A hidden page does not tell what it shows.
        Some(unseen.min(splice.at_s).max(sample.playhead - SPLICE_BACK_S) + self.frame_s / 4.0)
    }

    /// Held media were released: the element must be looked at anew once they are appended.
    #[must_use]
    pub fn released(&self) -> bool {
        self.splice.as_ref().is_some_and(|splice| splice.released)
    }

    /// A splice is waiting or under way.
    #[must_use]
    pub fn splicing(&self) -> bool {
        self.splice.is_some()
    }

    /// Playback begins anew in the same buffer: media may repeat or lie apart.
    pub fn rejoin(&mut self) {
        *self = Self { init: self.init, shape: self.shape, ..Self::default() };
    }

    /// A new, empty buffer.
    pub fn reset(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hawker_wire::{Ticks, Timescale};

    /// Frames of a thirtieth of a second.
    fn frames(ledger: &mut Ledger, request: RequestId, rung: usize, numbers: std::ops::Range<i64>) {
        for number in numbers {
            let chunk = Chunk {
                kind: Kind::Video,
                start: Ticks(number),
                duration: Ticks(1),
                last: Ticks(number),
                timescale: Timescale::new(30).expect("thirty"),
                key: number % 30 == 0,
                made: None,
            };
            assert!(ledger.chunk(request, rung, &chunk));
        }
    }

    /// Nearly at the end of what came up to this frame.
    fn at_the_end_of(number: f64) -> Sample {
        let playhead = number / 30.0 - 0.1;
        Sample { playhead, ranges: vec![(0.0, number / 30.0)], ..Sample::default() }
    }

    #[test]
    fn a_segment_left_in_its_last_tenths_goes_on_with_the_next() {
        let mut ledger = Ledger::default();
        frames(&mut ledger, 1, 0, 0..26);
        ledger.again(2);
        assert!(ledger.splice(2));
        frames(&mut ledger, 2, 4, 0..30);
        let stands = at_the_end_of(26.0);
        assert!(!ledger.release(&stands, false), "a seek into so little would only begin to wait");
        frames(&mut ledger, 3, 4, 32..36);
        assert!(!ledger.release(&stands, false), "some of it is still to come");
        frames(&mut ledger, 2, 4, 30..32);
        frames(&mut ledger, 3, 4, 32..36);
        assert!(ledger.release(&stands, false));
    }
}
