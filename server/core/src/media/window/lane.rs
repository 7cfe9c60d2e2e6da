//! What the window holds of one rendition: the player's segments, and each track's segments in parts. Stores shared bytes and
//! closes what the next frame ends; knows nothing of the other renditions.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;

use super::request::Follow;
use crate::media::cmaf::VIDEO_TIMESCALE;
use crate::media::frame::Track;
use crate::media::limits::INITS_MAX;
use crate::media::packager::{Chunk, Init};

/// One rendition.
#[derive(Debug, Default)]
pub(super) struct Lane {
    pub(super) inits: VecDeque<Arc<Init>>,
    pub(super) both: VecDeque<Object>,
    pub(super) video: TrackLane,
    pub(super) audio: TrackLane,
    pub(super) frame_rate_milli: u32,
}

/// One track.
#[derive(Debug, Default)]
pub(super) struct TrackLane {
    /// PART-TARGET in microseconds: it stays when a later configuration counts in other ticks.
    pub(super) target_us: Option<u64>,
    pub(super) segments: VecDeque<Segment>,
}

/// The player's segment: both tracks as they came.
#[derive(Debug)]
pub(super) struct Object {
    pub(super) number: u64,
    /// `ftyp moov`, then the chunks.
    pub(super) bytes: Vec<Bytes>,
    pub(super) size: usize,
    pub(super) complete: bool,
    pub(super) independent: bool,
    pub(super) discontinuity: bool,
}

/// A segment of one track.
#[derive(Debug)]
pub(super) struct Segment {
    pub(super) number: u64,
    pub(super) init: u32,
    pub(super) parts: Vec<Part>,
    pub(super) complete: bool,
    /// The packager's number of the newest part, to see where the next begins.
    marker: u32,
}

/// A part: whole once the chunk after it has come.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) chunks: Vec<Bytes>,
    pub(super) start: i64,
    pub(super) end: i64,
    pub(super) independent: bool,
    pub(super) complete: bool,
}

impl Lane {
    pub(super) fn track(&self, track: Track) -> &TrackLane {
        match track {
            Track::Video => &self.video,
            Track::Audio => &self.audio,
        }
    }

    fn track_mut(&mut self, track: Track) -> &mut TrackLane {
        match track {
            Track::Video => &mut self.video,
            Track::Audio => &mut self.audio,
        }
    }

    pub(super) fn init(&self) -> Option<&Arc<Init>> {
        self.inits.back()
    }

    /// Whether a segment begins with an IDR; `None`: it is not here.
    pub(super) fn independent(&self, number: u64) -> Option<bool> {
        self.both.iter().rev().find(|object| object.number == number).map(|object| object.independent)
    }

    /// Ticks a second of a track.
    pub(super) fn timescale(&self, track: Track) -> u32 {
        match track {
            Track::Video => VIDEO_TIMESCALE,
            Track::Audio => self
                .init()
                .and_then(|init| init.sound.as_ref())
                .map_or(VIDEO_TIMESCALE, |s| s.sample_rate.max(1)),
        }
    }

    pub(super) fn configure(&mut self, init: Arc<Init>) {
        if self.inits.len() >= INITS_MAX {
            self.inits.pop_front();
        }
        self.inits.push_back(init);
    }

    pub(super) fn set_target(&mut self, track: Track, ticks: u32, frame_rate_milli: u32) {
        let target_us = micros(i64::from(ticks), self.timescale(track));
        self.track_mut(track).target_us = Some(target_us);
        if track == Track::Video {
            self.frame_rate_milli = frame_rate_milli;
        }
    }

    /// Takes a chunk; `joined(n)` says whether segment n continues the timeline of the one before. Returns bytes added.
    pub(super) fn push(&mut self, chunk: &Chunk, joined: impl Fn(u64) -> bool) -> usize {
        let Some(init) = self.inits.back().cloned() else { return 0 };
        let mut added = chunk.bytes.len();
        if self.both.back().is_none_or(|object| object.number < chunk.both) {
            if let Some(last) = self.both.back_mut() {
                last.complete = true;
            }
            added += init.both.len();
            let independent = chunk.key && (chunk.track == Track::Video || init.video.is_none());
            self.both.push_back(Object {
                number: chunk.both,
                size: init.both.len(),
                bytes: vec![init.both.clone()],
                complete: false,
                independent,
                // Another encoder's break is none of a rendition that goes on in the middle of its GOP.
                discontinuity: independent && !joined(chunk.both),
            });
        }
        if let Some(object) = self.both.back_mut() {
            object.size += chunk.bytes.len();
            object.bytes.push(chunk.bytes.clone());
        }
        self.track_mut(chunk.track).push(chunk, init.number, joined);
        added
    }

    /// The encoder is gone: what was being made is as whole as it will be.
    pub(super) fn flush(&mut self) {
        for track in [&mut self.video, &mut self.audio] {
            if let Some(part) = track.segments.back_mut().and_then(|segment| segment.parts.last_mut()) {
                part.complete = true;
            }
        }
    }

    /// Forgets segments before `number`, returns the bytes freed.
    pub(super) fn evict(&mut self, number: u64) -> usize {
        let mut freed = 0;
        while let Some(object) = self.both.front().filter(|object| object.number < number) {
            freed += object.size;
            self.both.pop_front();
        }
        for track in [&mut self.video, &mut self.audio] {
            while track.segments.front().is_some_and(|segment| segment.number < number) {
                track.segments.pop_front();
            }
        }
        freed
    }
}

impl TrackLane {
    fn push(&mut self, chunk: &Chunk, init: u32, joined: impl Fn(u64) -> bool) {
        let end = chunk.start + i64::from(chunk.duration);
        let part = Part {
            chunks: vec![chunk.bytes.clone()],
            start: chunk.start,
            end,
            independent: chunk.key,
            complete: false,
        };
        let new_segment = self.segments.back().is_none_or(|segment| segment.number < chunk.segment);
        if new_segment {
            if let Some(last) = self.segments.back_mut() {
                let next = last.number + 1 == chunk.segment && joined(chunk.segment);
                last.close_part(next.then_some(chunk.start));
                last.complete = true;
            }
            let segment = Segment {
                number: chunk.segment,
                init,
                parts: vec![part],
                complete: false,
                marker: chunk.part,
            };
            self.segments.push_back(segment);
            return;
        }
        let Some(segment) = self.segments.back_mut() else { return };
        let open = segment.parts.last_mut().filter(|last| !last.complete && segment.marker == chunk.part);
        match open {
            Some(last) => {
                last.chunks.push(chunk.bytes.clone());
                last.end = last.end.max(end);
            }
            None => {
                segment.close_part(Some(chunk.start));
                segment.marker = chunk.part;
                segment.parts.push(part);
            }
        }
    }

    /// The newest complete part: its segment and number.
    pub(super) fn last_part(&self) -> Option<(u64, u32)> {
        let of = |segment: &Segment| {
            segment.complete_parts().checked_sub(1).map(|part| (segment.number, part as u32))
        };
        self.segments.iter().rev().find_map(of)
    }

    /// The part being made.
    pub(super) fn open_part(&self) -> Option<(u64, u32)> {
        let segment = self.segments.back().filter(|segment| !segment.complete)?;
        let open = segment.parts.last().is_some_and(|part| !part.complete);
        open.then_some((segment.number, segment.parts.len() as u32 - 1))
    }

    pub(super) fn segment(&self, number: u64) -> Option<&Segment> {
        self.segments.iter().rev().find(|segment| segment.number == number)
    }
}

impl Segment {
    /// Completes the newest part; the next frame's time is its exact end.
    fn close_part(&mut self, next: Option<i64>) {
        let Some(part) = self.parts.last_mut().filter(|part| !part.complete) else { return };
        part.complete = true;
        if let Some(next) = next.filter(|next| *next > part.start) {
            part.end = next;
        }
    }

    pub(super) fn complete_parts(&self) -> usize {
        self.parts.iter().take_while(|part| part.complete).count()
    }

    /// From when to when it lasts, in ticks.
    pub(super) fn span(&self) -> (i64, i64) {
        match (self.parts.first(), self.parts.last()) {
            (Some(first), Some(last)) => (first.start, last.end),
            _ => (0, 0),
        }
    }

    pub(super) fn independent(&self) -> bool {
        self.parts.first().is_some_and(|part| part.independent)
    }

    pub(super) fn bytes(&self) -> Vec<Bytes> {
        self.parts.iter().flat_map(|part| part.chunks.iter().cloned()).collect()
    }

    /// In bytes.
    pub(super) fn size(&self) -> u64 {
        self.parts.iter().flat_map(|part| &part.chunks).map(|chunk| chunk.len() as u64).sum()
    }

    /// What there is after the first `cursor` chunks.
    pub(super) fn follow(&self, cursor: usize) -> Follow {
        let chunks = self.parts.iter().flat_map(|part| &part.chunks);
        let bytes: Vec<Bytes> = chunks.skip(cursor).cloned().collect();
        Follow {
            cursor: cursor + bytes.len(),
            bytes,
            finished: self.complete,
            independent: self.independent(),
            discontinuity: false,
        }
    }
}

/// Ticks in whole microseconds, rounded down.
pub(super) fn micros(ticks: i64, timescale: u32) -> u64 {
    let us = i128::from(ticks) * 1_000_000 / i128::from(timescale.max(1));
    u64::try_from(us).unwrap_or(0)
}
