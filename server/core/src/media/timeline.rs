//! The timeline of one publisher: undoes the 32-bit wraps of its stamps, mends stamps that step back, and tells a new timeline
//! from a few odd frames. Decides by stamps alone; reads no clock.

use super::frame::{Event, Frame, Track};

/// A stamp further ahead than this is off the timeline, in ms: a jump. Longer than any frame of a
/// variable-rate stream lasts while the other track goes on.
pub const JUMP_AHEAD_MS: i64 = 5_000;

/// A stamp further behind its own track than this is off the timeline, in ms. Below it stamps are mended, which freezes the track
/// for as long, so it is kept short; encoders that interleave badly step back by a frame or two.
pub const JUMP_BACK_MS: i64 = 500;

/// Frames that must agree before a new timeline is believed. One or two odd ones are known from real encoders; each that is
/// held back costs its frame time once, at the jump.
pub const AGREE: usize = 3;

/// See the module text. Feed it every frame in the order of arrival.
#[derive(Debug, Default)]
pub struct Timeline {
    /// The last stamp on the timeline, either track: wraps are undone relative to it.
    last: Option<i64>,
    video: Option<i64>,
    audio: Option<i64>,
    /// Frames off the timeline that agree with each other; fewer than [`AGREE`].
    held: Vec<Frame>,
    /// Odd frames thrown away.
    pub dropped: u64,
    /// Frames whose stamp was mended.
    pub mended: u64,
}

impl Timeline {
    /// Undoes the wrap of a 32-bit stamp: the moment nearest to the last one.
    #[must_use]
    pub fn undo_wrap(&self, stamp: u32) -> i64 {
        let near = self.held.last().map(|frame| frame.dts).or(self.last);
        match near {
            None => i64::from(stamp),
            // The wrapping difference, read as signed, is the shortest way there.
            Some(near) => near + i64::from(stamp.wrapping_sub(near as u32) as i32),
        }
    }

    /// Takes the next frame and gives what may go on: none, one, or a discontinuity and the frames held back for it.
    pub fn push(&mut self, frame: Frame, mut emit: impl FnMut(Event)) {
        if self.on_it(&frame) {
            self.dropped += self.held.len() as u64;
            self.held.clear();
            let frame = self.accept(frame);
            emit(Event::Frame(frame));
            return;
        }
        let agrees = |held: &Frame| (held.dts - frame.dts).abs() <= JUMP_AHEAD_MS;
        if !self.held.last().is_none_or(agrees) {
            self.dropped += self.held.len() as u64;
            self.held.clear();
        }
        self.held.push(frame);
        if self.held.len() < AGREE {
            return;
        }
        emit(Event::Discontinuity);
        (self.last, self.video, self.audio) = (None, None, None);
        for frame in core::mem::take(&mut self.held) {
            let frame = self.accept(frame);
            emit(Event::Frame(frame));
        }
    }

    fn on_it(&self, frame: &Frame) -> bool {
        let newest = match (self.video, self.audio) {
            (None, None) => return true,
            (Some(video), Some(audio)) => video.max(audio),
            (Some(one), None) | (None, Some(one)) => one,
        };
        let back = match self.own(frame.track) {
            Some(own) => frame.dts >= own - JUMP_BACK_MS,
            None => frame.dts >= newest - JUMP_AHEAD_MS,
        };
        back && frame.dts <= newest + JUMP_AHEAD_MS
    }

    fn own(&self, track: Track) -> Option<i64> {
        match track {
            Track::Video => self.video,
            Track::Audio => self.audio,
        }
    }

    /// Moves the timeline on. Decoding times of a track rise: one that does not is moved behind its predecessor, and keeps its
    /// presentation time.
    fn accept(&mut self, mut frame: Frame) -> Frame {
        if let Some(own) = self.own(frame.track)
            && frame.dts <= own
        {
            let moved = own + 1 - frame.dts;
            frame.dts += moved;
            frame.cts = frame.cts.saturating_sub(moved as i32);
            self.mended += 1;
        }
        match frame.track {
            Track::Video => self.video = Some(frame.dts),
            Track::Audio => self.audio = Some(frame.dts),
        }
        self.last = Some(frame.dts);
        frame
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    /// Feeds `v<stamp>` and `a<stamp>`; `|` in the result is a discontinuity.
    #[track_caller]
    fn check(input: &str, expect: &str) {
        let mut timeline = Timeline::default();
        let mut out = Vec::new();
        for word in input.split_whitespace() {
            let (track, stamp) = word.split_at(1);
            let track = if track == "v" { Track::Video } else { Track::Audio };
            let dts = timeline.undo_wrap(stamp.parse().unwrap());
            let frame = Frame { track, dts, cts: 0, key: true, data: Bytes::new() };
            timeline.push(frame, |event| {
                out.push(match event {
                    Event::Discontinuity => "|".to_owned(),
                    Event::Frame(Frame { track: Track::Video, dts, .. }) => format!("v{dts}"),
                    Event::Frame(Frame { track: Track::Audio, dts, .. }) => format!("a{dts}"),
                    other => panic!("{other:?}"),
                });
            });
        }
        assert_eq!(out.join(" "), expect, "{input}");
    }

    #[test]
    fn straight_on() {
        check("v0 a0 v33 a21 v66 a42", "v0 a0 v33 a21 v66 a42");
    }

    #[test]
    fn wraps_are_undone() {
        check("v4294967290 a4294967292 v27 a18", "v4294967290 a4294967292 v4294967323 a4294967314");
    }

    #[test]
    fn jumps_start_a_new_timeline_without_losing_a_frame() {
        check("v0 v33 v90000 a90000 v90033 v90066", "v0 v33 | v90000 a90000 v90033 v90066");
        check("v90000 a90000 v0 a0 v33 a21", "v90000 a90000 | v0 a0 v33 a21");
    }

    #[test]
    fn jump_back_over_the_wrap() {
        check("v4294960000 v10000 v10033 v10066", "v4294960000 | v4294977296 v4294977329 v4294977362");
    }

    #[test]
    fn a_few_odd_frames_are_dropped() {
        check("v0 v33 v3600000 v66 v99", "v0 v33 v66 v99");
        check("v0 v33 v3600000 a3600000 v66", "v0 v33 v66");
        check("v0 v9000000 v5000000 v33 v3000000 v66", "v0 v33 v66");
    }

    #[test]
    fn five_seconds_are_no_jump() {
        check("v0 v5000 v10000", "v0 v5000 v10000");
        check("v0 v5001 v5034 v5067", "v0 | v5001 v5034 v5067");
    }

    #[test]
    fn a_slide_show_with_sound_is_one_timeline() {
        check("v0 a4000 a8000 v10000 a12000 a16000 v20000", "v0 a4000 a8000 v10000 a12000 a16000 v20000");
    }

    #[test]
    fn late_sound_is_on_the_timeline() {
        check("v0 v4000 v8000 a8010 v8033", "v0 v4000 v8000 a8010 v8033");
    }

    #[test]
    fn small_steps_back_are_mended() {
        check("v100 v80 v133", "v100 v101 v133");
        check("v100 v100 v133", "v100 v101 v133");
    }
}
