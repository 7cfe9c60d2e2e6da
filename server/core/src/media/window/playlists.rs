//! Playlists out of the window: what is listed, how long it is by now, and when a blocking reload may be answered. The text
//! itself is written in `hls`.

use super::Window;
use super::lane::{Lane, Object, Segment as Stored, TrackLane, micros};
use super::request::Reply;
use crate::media::frame::Track;
use crate::media::hls::directives::Directives;
use crate::media::hls::media::{self, Part, Report, Segment, Snapshot};
use crate::media::hls::multivariant::{self, Sound, Variant};
use crate::media::packager::cuts::LONGEST_MS;

/// Media time that is listed. The rest of the window is there for URLs that have just left a playlist: they stay three target
/// durations at least (RFC 8216bis, 6.2.2 asks for as long as a playlist lasts; servers.md rule 11).
pub(super) const LISTED_MS: i64 = 20_000;
/// What stays fetchable after it left the list.
pub(super) const GRACE_MS: i64 = 3 * LONGEST_MS;
/// Said of a rendition whose first segment is not complete yet.
pub(super) const UNKNOWN_BPS: u64 = 2_000_000;

impl Window {
    /// The multivariant playlist; `epoch` begins its URLs.
    #[must_use]
    pub fn index(&self, epoch: &str, directives: &Directives) -> Reply {
        let all = self.renditions();
        let playable = |name: &str, video: bool| {
            let track = if video { Track::Video } else { Track::Audio };
            self.lanes.get(name).is_some_and(|lane| lane.track(track).last_part().is_some())
        };
        if !all.iter().any(|(name, summary)| playable(name, summary.video)) {
            return Reply::Wait;
        }
        let with_picture = all.iter().any(|(_, summary)| summary.video);
        let sound =
            all.iter().find(|(_, summary)| summary.audio).filter(|_| with_picture).map(|(name, _)| Sound {
                uri: format!("{epoch}/{name}/audio.m3u8"),
                channels: self
                    .lanes
                    .get(name)
                    .and_then(Lane::init)
                    .and_then(|i| i.sound.as_ref())
                    .map_or(2, |s| s.channels),
            });
        let shared_codec = all
            .iter()
            .find(|(_, summary)| summary.audio)
            .and_then(|(name, _)| self.lanes.get(name).and_then(Lane::init))
            .and_then(|init| init.sound.as_ref().map(|sound| sound.codec.clone()));
        let variants: Vec<Variant> = all
            .iter()
            .filter(|(_, summary)| summary.video || !with_picture)
            .map(|(name, summary)| {
                let track = if summary.video { Track::Video } else { Track::Audio };
                let picture = || self.lanes.get(name).and_then(Lane::init)?.picture.as_ref();
                // The sound is that of the group, whatever the rendition's own is.
                let codecs = match (&shared_codec, picture()) {
                    (Some(sound), Some(picture)) => format!("{},{sound}", picture.codec),
                    _ => summary.codecs.clone(),
                };
                Variant {
                    uri: format!("{epoch}/{name}/{}.m3u8", media::name(track)),
                    codecs,
                    resolution: summary.video.then_some((summary.width, summary.height)),
                    frame_rate_milli: summary.frame_rate_milli,
                    peak_bps: if summary.peak_bps > 0 { summary.peak_bps } else { UNKNOWN_BPS },
                    average_bps: if summary.average_bps > 0 { summary.average_bps } else { UNKNOWN_BPS },
                }
            })
            .collect();
        let independent = self.lanes.values().flat_map(|lane| &lane.both).all(|object| object.independent);
        Reply::Playlist(multivariant::write(&variants, sound.as_ref(), independent, &directives.query))
    }

    pub(super) fn playlist(
        &self,
        rendition: &str,
        lane: &Lane,
        track: Track,
        directives: &Directives,
    ) -> Reply {
        let stored = lane.track(track);
        let (Some(target_us), Some(last)) = (stored.target_us, stored.last_part()) else {
            let has_track = lane.init().is_some_and(|init| match track {
                Track::Video => init.video.is_some(),
                Track::Audio => init.audio.is_some(),
            });
            return if has_track { Reply::Wait } else { Reply::NotFound };
        };
        if let Some((msn, part)) = directives.until {
            let closed = stored
                .segments
                .iter()
                .rev()
                .find(|segment| segment.complete)
                .map_or(0, |segment| segment.number);
            if msn > closed + 2 {
                return Reply::Bad("_HLS_msn is more than two segments ahead");
            }
            if !reached(stored, last, (msn, part)) {
                return Reply::Wait;
            }
        }
        let timescale = lane.timescale(track);
        let segments = self.listed(stored, timescale, target_us);
        let first = segments.first().map_or(0, |segment| segment.number);
        let before = self.cuts.iter().filter(|cut| cut.number < first && cut.discontinuity).count() as u64;
        // The first part of a segment is not announced in the list that does not close the one before: Shaka counts a hint to
        // the segment it stands in, and would then take the part in twice.
        let listed = segments.last().map(|segment| segment.number);
        let hint = stored.open_part().filter(|(number, _)| Some(*number) == listed);
        let snapshot = Snapshot {
            track,
            part_target_us: target_us,
            start_us: self.start(lane, stored, &segments, timescale, target_us),
            discontinuity_sequence: self.discontinuities_gone + before,
            segments,
            hint,
            reports: self.reports(rendition, track),
        };
        Reply::Playlist(media::write(&snapshot, directives.skip, &directives.query))
    }

    fn listed(&self, stored: &TrackLane, timescale: u32, target_us: u64) -> Vec<Segment> {
        let newest = self.cuts.back().map_or(0, |cut| cut.at);
        let oldest = self.cuts.front().map_or(0, |cut| cut.at);
        let from =
            if self.forgotten { (newest - LISTED_MS).max(oldest + GRACE_MS) } else { newest - LISTED_MS };
        let have = |segment: &&Stored| segment.complete || segment.complete_parts() > 0;
        let (Some(first), Some(last)) = (stored.segments.front(), stored.segments.iter().rev().find(have))
        else {
            return Vec::new();
        };
        let mut out = Vec::new();
        let mut init = first.init;
        for (cut, next) in self.cuts.iter().zip(self.cuts.iter().skip(1).map(Some).chain([None])) {
            let in_list = cut.number >= first.number && cut.number <= last.number;
            // The newest three stay, however little the byte budget leaves.
            if !in_list || (cut.at < from && cut.number + 3 <= last.number) {
                continue;
            }
            let discontinuity = cut.discontinuity;
            let number = cut.number;
            // Differences of rounded times, so that the parts' sum is the segment's and nothing adds up over hours.
            let lasts = |(start, end)| micros(end, timescale).saturating_sub(micros(start, timescale));
            out.push(match stored.segment(number) {
                Some(segment) => {
                    init = segment.init;
                    // Sound begins up to a frame after the cut, and so does its calendar.
                    let late = (micros(segment.span().0, timescale) / 1_000)
                        .saturating_sub(u64::try_from(cut.at).unwrap_or(0));
                    // Its last part is listed at once, the segment with the first part of the next. A player is otherwise told
                    // that the segment is whole while it takes in the last but one part, and hls.js then leaves the last out.
                    let closed = segment.complete && number < last.number;
                    Segment {
                        number,
                        duration_us: closed.then(|| lasts(segment.span())),
                        wall: cut.wall.plus_ms(late),
                        discontinuity,
                        init,
                        parts: segment
                            .parts
                            .iter()
                            .take_while(|part| part.complete)
                            .map(|part| Part {
                                // A late frame may stretch a part after the fact; what is said never exceeds PART-TARGET.
                                duration_us: lasts((part.start, part.end)).min(target_us),
                                independent: part.independent,
                            })
                            .collect(),
                        independent: segment.independent(),
                        gap: false,
                    }
                }
                None => Segment {
                    number,
                    duration_us: Some(next.map_or(0, |next| micros(next.at - cut.at, 1_000))),
                    wall: cut.wall,
                    discontinuity,
                    init,
                    parts: Vec::new(),
                    independent: true,
                    gap: true,
                },
            });
        }
        out
    }

    /// How far before the end of the list a player can begin with a picture: at the newest segment with an IDR that leaves the
    /// hold-back. `None` where any segment will do.
    fn start(
        &self,
        lane: &Lane,
        stored: &TrackLane,
        listed: &[Segment],
        timescale: u32,
        target_us: u64,
    ) -> Option<u64> {
        let shown = |object: &&Object| listed.iter().any(|segment| segment.number == object.number);
        if lane.both.iter().filter(shown).all(|object| object.independent) {
            return None;
        }
        let end = stored
            .segments
            .iter()
            .rev()
            .find_map(|segment| segment.parts.iter().rev().find(|part| part.complete))?
            .end;
        let before_end = |object: &Object| {
            let cut = self.cuts.iter().find(|cut| cut.number == object.number)?;
            micros(end, timescale).checked_sub(micros(cut.at, 1_000)).filter(|us| *us >= 3 * target_us)
        };
        let of = lane.both.iter().rev().filter(shown).filter(|object| object.independent);
        of.filter_map(before_end).next()
    }

    fn reports(&self, rendition: &str, track: Track) -> Vec<Report> {
        let mut out = Vec::new();
        for (name, lane) in &self.lanes {
            for other in [Track::Video, Track::Audio] {
                if **name == *rendition && other == track {
                    continue;
                }
                if let Some(last) = lane.track(other).last_part() {
                    let file = media::name(other);
                    let uri = if **name == *rendition {
                        format!("{file}.m3u8")
                    } else {
                        format!("../{name}/{file}.m3u8")
                    };
                    out.push(Report { uri, last });
                }
            }
        }
        out
    }
}

/// Does the list have part `(msn, part)`? A part beyond the end of a complete segment is part 0 of the next one.
fn reached(stored: &TrackLane, last: (u64, u32), (msn, part): (u64, u32)) -> bool {
    let beyond =
        stored.segment(msn).is_some_and(|segment| segment.complete && part as usize >= segment.parts.len());
    if beyond { last >= (msn + 1, 0) } else { last >= (msn, part) }
}
