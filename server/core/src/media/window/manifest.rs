//! The DASH manifest out of the window: which Periods still have segments, what each track of each rendition costs, how far
//! back a player may go. The text itself is written in `dash`.

use super::Window;
use super::lane::{Lane, TrackLane};
use super::playlists::{GRACE_MS, LISTED_MS, UNKNOWN_BPS};
use super::request::Reply;
use crate::media::dash::mpd::{self, Period, Presentation, Representation, Segments};
use crate::media::dash::periods;
use crate::media::frame::Track;
use crate::media::packager::cuts::{Cut, LONGEST_MS};
use crate::media::packager::{Init, Name};

/// What a chunk lasts where the frame rate is not known yet, in ms.
const CHUNK_MS: i64 = 50;
/// Rates are rounded up to this many bits a second, so that not every segment changes the manifest.
const RATE_STEP: u64 = 10_000;

impl Window {
    /// The DASH manifest of this epoch; `query` goes to every URL inside.
    #[must_use]
    pub fn manifest(&self, epoch: &str, query: &str) -> Reply {
        match self.presentation(epoch, false) {
            Some(mpd) => Reply::Manifest(mpd::write(&mpd, query)),
            None => Reply::Wait,
        }
    }

    /// The last word of an epoch that is over, for players that still ask; `None` if there was nothing to play.
    #[must_use]
    pub fn farewell(&self, epoch: &str) -> Option<String> {
        self.presentation(epoch, true).map(|mpd| mpd::write(&mpd, ""))
    }

    fn presentation(&self, epoch: &str, over: bool) -> Option<Presentation> {
        let start = self.periods.start()?;
        let newest = self.cuts.back()?;
        let oldest = self.cuts.front()?;
        let room = if self.forgotten { newest.at - oldest.at - GRACE_MS } else { LISTED_MS };
        let depth_ms = room.clamp(LONGEST_MS, LISTED_MS);
        let mut told = self.periods.told().peekable();
        let mut list = Vec::new();
        while let Some(period) = told.next() {
            let end = told.peek().map_or(u64::MAX, |next| next.first);
            let in_it = |cut: &&Cut| cut.number >= period.first && cut.number < end;
            list.extend(self.period(
                period,
                start.as_ms(),
                self.cuts.iter().filter(in_it),
                newest.at - depth_ms,
            ));
        }
        let ended_ms = over.then(|| {
            let end = self.lanes.values().filter_map(end_ms).max().unwrap_or(newest.at);
            (newest.wall.as_ms() - start.as_ms()).saturating_add(u64::try_from(end - newest.at).unwrap_or(0))
        });
        (!list.is_empty()).then(|| Presentation {
            id: epoch.to_owned(),
            start,
            published: newest.wall,
            depth_ms: u64::try_from(depth_ms).unwrap_or(0),
            periods: list,
            ended_ms,
        })
    }

    fn period<'a>(
        &'a self,
        period: &periods::Period,
        epoch_ms: u64,
        cuts: impl Iterator<Item = &'a Cut> + Clone,
        from: i64,
    ) -> Option<Period> {
        let (first, segments) = if let Some(step) = period.even() {
            (period.first, Segments::Even(step))
        } else {
            let ends =
                |cut: &Cut| self.cuts.iter().find(|next| next.number == cut.number + 1).map(|next| next.at);
            let listed: Vec<(u64, i64, i64)> = cuts
                .clone()
                .filter_map(|cut| Some((cut.number, cut.at, ends(cut)? - cut.at)))
                .filter(|(_, at, length)| at + length > from)
                .collect();
            let first = listed.first()?.0;
            (first, Segments::Listed(listed.into_iter().map(|(_, at, length)| (at, length)).collect()))
        };
        let shown = |number: u64| cuts.clone().any(|cut| cut.number == number);
        let mut objects =
            self.lanes.values().flat_map(|lane| &lane.both).filter(|object| shown(object.number));
        let independent = objects.all(|object| object.independent);
        Some(Period {
            id: period.first,
            start_ms: period.wall.as_ms().saturating_sub(epoch_ms),
            at: period.at,
            wall: period.wall,
            first,
            segments,
            independent,
            representations: self.representations(period),
        })
    }

    /// Pictures of all renditions, best first, and the first sound.
    fn representations(&self, period: &periods::Period) -> Vec<Representation> {
        let mut members: Vec<(&Name, &Init)> =
            period.members.iter().map(|(name, init)| (name, &**init)).collect();
        let height = |init: &Init| init.picture.as_ref().map_or(0, |picture| picture.height);
        let pictures = |name: &Name| self.lanes.get(name).map_or(0, |lane| self.peak(&lane.video));
        members.sort_by_key(|(name, init)| std::cmp::Reverse((height(init), pictures(name))));
        let picture = |(name, init): &(&Name, &Init)| {
            let picture = init.picture.as_ref()?;
            let frame_rate_milli = self.lanes.get(*name).map_or(0, |lane| lane.frame_rate_milli);
            Some(Representation {
                track: Track::Video,
                rendition: name.to_string(),
                init: init.number,
                codec: picture.codec.clone(),
                bandwidth: bandwidth(pictures(name)),
                size: (picture.width, picture.height),
                frame_rate_milli,
                sound: (0, 0),
                chunk_ms: match i64::from(frame_rate_milli) {
                    0 => CHUNK_MS,
                    milli => (1_000_000 + milli - 1) / milli,
                },
            })
        };
        let sound = |(name, init): &(&Name, &Init)| {
            let sound = init.sound.as_ref()?;
            let rate = i64::from(sound.sample_rate.max(1));
            Some(Representation {
                track: Track::Audio,
                rendition: name.to_string(),
                init: init.number,
                codec: sound.codec.clone(),
                bandwidth: bandwidth(self.lanes.get(*name).map_or(0, |lane| self.peak(&lane.audio))),
                size: (0, 0),
                frame_rate_milli: 0,
                sound: (sound.sample_rate, sound.channels),
                chunk_ms: (i64::from(sound.frame_samples) * 1_000 + rate - 1) / rate,
            })
        };
        members.iter().filter_map(picture).chain(members.iter().find_map(sound)).collect()
    }

    /// Bits a second over the largest complete segment of a track.
    fn peak(&self, track: &TrackLane) -> u64 {
        let lengths = self.cuts.iter().zip(self.cuts.iter().skip(1));
        lengths
            .filter_map(|(cut, next)| {
                let ms =
                    u64::try_from(next.at - cut.at).ok().filter(|ms| *ms >= 500 && !next.discontinuity)?;
                let segment = track.segment(cut.number).filter(|segment| segment.complete)?;
                Some(segment.size() * 8_000 / ms)
            })
            .max()
            .unwrap_or(0)
    }
}

fn bandwidth(peak: u64) -> u64 {
    (if peak == 0 { UNKNOWN_BPS } else { peak }).next_multiple_of(RATE_STEP)
}

/// Where a rendition's media ends, in ms of media time.
fn end_ms(lane: &Lane) -> Option<i64> {
    let end = |track| {
        let (_, end) = lane.track(track).segments.back()?.span();
        Some(end * 1_000 / i64::from(lane.timescale(track).max(1)))
    };
    end(Track::Video).max(end(Track::Audio))
}
