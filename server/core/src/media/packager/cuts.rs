//! Where a room's segments begin: one list of cuts for all its renditions, so that segment n is the same interval of media
//! time in each. Decides by media time only; sees no frame.

use std::collections::VecDeque;

use hawker_wire::Wall;

use crate::media::limits::CUTS_MAX;

/// The beginning of a segment, for every rendition of the room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    /// The segment's number; the first is 1, because some players take 0 for "none".
    pub number: u64,
    /// Media time in milliseconds: the decoding time of the frame that it begins with.
    pub at: i64,
    /// When that frame is shown. Renditions with and without B-frames decode one picture at two times, and show it at one.
    pub shown: i64,
    /// The same moment by the server's clock: `EXT-X-PROGRAM-DATE-TIME`.
    pub wall: Wall,
    /// Does a new timeline or configuration begin here?
    pub discontinuity: bool,
}

/// A segment ends at the first IDR after this. One second, less the rounding of two stamps and a frame of jitter, at 25 a second.
const SHORTEST_MS: i64 = 950;
/// An encoder that sends no IDR is cut here all the same; also EXT-X-TARGETDURATION.
pub const LONGEST_MS: i64 = 2_000;
/// A frame this much later is not one too late but a hole: EXTINF may round to 2 only (RFC 8216bis, 4.4.3.1).
const HOLE_MS: i64 = 2_499;

/// The cuts so far.
#[derive(Debug, Default)]
pub struct Cuts {
    recent: VecDeque<Cut>,
    anchor: Option<(i64, Wall)>,
    independent: bool,
}

impl Cuts {
    /// The newest cut.
    #[must_use]
    pub fn newest(&self) -> Option<Cut> {
        self.recent.back().copied()
    }

    /// The newest cut after segment `after`, of number `last` at most, that begins at or before `at`: where a rendition that is
    /// in `after` has to go on.
    #[must_use]
    pub fn due(&self, after: u64, last: u64, at: i64) -> Option<Cut> {
        let due = |cut: &&Cut| cut.number <= last && cut.at <= at;
        self.recent.iter().rev().find(due).filter(|cut| cut.number > after).copied()
    }

    /// Should a segment begin with a frame that is shown at `shown`? Yes at the first IDR after a second, at any IDR when the segment under way
    /// did not begin with one (so that long GOPs still give places to join), and after two seconds whatever comes.
    #[must_use]
    pub fn wants(&self, shown: i64, key: bool) -> bool {
        let Some(newest) = self.newest() else { return key };
        let since = shown - newest.shown;
        since >= LONGEST_MS || (key && (since >= SHORTEST_MS || (since > 0 && !self.independent)))
    }

    /// Would the segment under way be longer than a playlist may say, if it lasted until `at`?
    #[must_use]
    pub fn overlong(&self, at: i64) -> bool {
        self.newest().is_some_and(|newest| at - newest.at > HOLE_MS)
    }

    /// Declares the next cut, with a frame that is decoded `at` and `shown` then. `now` is the server's clock, which a discontinuity is
    /// set by; between two of them the calendar runs with media time.
    pub fn declare(&mut self, at: i64, shown: i64, now: Wall, key: bool, discontinuity: bool) -> Cut {
        let by_media = self.anchor.map(|(from, wall)| wall.plus_ms(u64::try_from(at - from).unwrap_or(0)));
        let wall = match by_media {
            Some(wall) if !discontinuity => wall,
            Some(wall) => wall.max(now),
            None => now,
        };
        if self.anchor.is_none() || discontinuity {
            self.anchor = Some((at, wall));
        }
        let number = self.newest().map_or(1, |newest| newest.number + 1);
        let cut = Cut { number, at, shown, wall, discontinuity };
        self.independent = key;
        if self.recent.len() >= CUTS_MAX {
            self.recent.pop_front();
        }
        self.recent.push_back(cut);
        cut
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Declares cuts for one rendition of 25 fps with an IDR each `gop` ms; returns when they fall.
    fn run(gop: i64, until: i64) -> Vec<i64> {
        let mut cuts = Cuts::default();
        (0..until / 40)
            .map(|n| n * 40)
            .filter(|at| {
                cuts.wants(*at, at % gop == 0)
                    && cuts.declare(*at, *at, Wall(0), at % gop == 0, false).number > 0
            })
            .collect()
    }

    #[test]
    fn cuts_fall_on_the_first_idr_after_a_second() {
        assert_eq!(run(1_000, 4_100), [0, 1_000, 2_000, 3_000, 4_000]);
        assert_eq!(run(400, 4_100), [0, 1_200, 2_400, 3_600]);
        assert_eq!(run(2_000, 6_100), [0, 2_000, 4_000, 6_000]);
    }

    #[test]
    fn a_long_gop_is_cut_each_two_seconds_and_again_at_its_idr() {
        assert_eq!(run(5_000, 10_100), [0, 2_000, 4_000, 5_000, 7_000, 9_000, 10_000]);
        assert_eq!(
            run(8_200, 17_000),
            [0, 2_000, 4_000, 6_000, 8_000, 8_200, 10_200, 12_200, 14_200, 16_200, 16_400]
        );
    }

    #[test]
    fn the_calendar_runs_with_media_time_and_never_back() {
        let mut cuts = Cuts::default();
        assert_eq!(cuts.declare(0, 0, Wall(50_000), true, false).wall, Wall(50_000));
        assert_eq!(
            cuts.declare(1_000, 1_000, Wall(51_400), true, false).wall,
            Wall(51_000),
            "arrival jitter is not in it"
        );
        assert_eq!(cuts.declare(2_000, 2_000, Wall(58_000), true, true).wall, Wall(58_000), "a reconnect is");
        assert_eq!(cuts.declare(3_000, 3_000, Wall(58_100), true, true).wall, Wall(59_000), "but never back");
    }

    #[test]
    fn a_rendition_goes_on_at_the_newest_cut_that_has_begun() {
        let mut cuts = Cuts::default();
        for at in [0, 1_000, 2_000] {
            cuts.declare(at, at, Wall(0), true, false);
        }
        assert_eq!(cuts.due(1, u64::MAX, 999), None);
        assert_eq!(cuts.due(1, u64::MAX, 1_000).map(|c| c.number), Some(2));
        assert_eq!(cuts.due(1, u64::MAX, 2_040).map(|c| c.number), Some(3));
        assert_eq!(cuts.due(1, 2, 2_040).map(|c| c.number), Some(2), "sound never overtakes the picture");
    }
}
