//! The window of one room and epoch: the last seconds of media in memory, and the answers to every request for them. Stores
//! what the packager made, shares it by reference, forgets by age and by bytes. Cuts nothing and waits for nothing: `Wait`
//! tells the shell to ask again when the room has changed.
//!
//! The same chunks have four addresses: the player's segment (both tracks as they came), each track's segments whole (HLS) and
//! while they are made (DASH), and their parts. A published URL never changes its bytes.

mod lane;
mod manifest;
mod playlists;
pub mod request;

use std::collections::{BTreeMap, VecDeque};

use super::dash::periods::Periods;
use super::frame::Track;
use super::limits::CUTS_MAX;
use super::packager::cuts::Cut;
use super::packager::{Name, Output};
use lane::Lane;
use request::{Follow, Reply, What, Whole};

/// How many segments back one may join to be free in the choice of a rendition: what is older is seconds behind.
const JOIN_BACK: u64 = 3;

/// How much is kept.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Media time in milliseconds.
    pub length_ms: u32,
    /// Bytes a room, all renditions together.
    pub bytes: usize,
}

/// The window. See the module text.
#[derive(Debug)]
pub struct Window {
    limits: Limits,
    cuts: VecDeque<Cut>,
    lanes: BTreeMap<Name, Lane>,
    periods: Periods,
    bytes: usize,
    /// Discontinuities among the cuts that are forgotten.
    discontinuities_gone: u64,
    /// A cut was forgotten.
    forgotten: bool,
}

/// What a player has to know of a rendition before it asks for segments.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Summary {
    /// RFC 6381, picture first.
    pub codecs: String,
    /// Pixels; 0 without a picture.
    pub width: u32,
    /// Pixels; 0 without a picture.
    pub height: u32,
    /// Frames in 1,000 seconds.
    pub frame_rate_milli: u32,
    /// Bits a second over the largest segment; 0 before the first is complete.
    pub peak_bps: u64,
    /// Bits a second on average; 0 before the first segment is complete.
    pub average_bps: u64,
    /// It has a picture.
    pub video: bool,
    /// It has sound.
    pub audio: bool,
}

impl Window {
    /// An empty window.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            cuts: VecDeque::new(),
            lanes: BTreeMap::new(),
            periods: Periods::default(),
            bytes: 0,
            discontinuities_gone: 0,
            forgotten: false,
        }
    }

    /// Takes what the packager made.
    pub fn apply(&mut self, output: Output) {
        match output {
            Output::Cut(cut) => {
                self.periods.cut(&cut);
                self.cuts.push_back(cut);
                self.forget();
            }
            Output::Init(name, init) => self.lanes.entry(name).or_default().configure(init),
            Output::PartTarget(name, track, ticks, rate) => {
                self.lanes.entry(name).or_default().set_target(track, ticks, rate);
            }
            Output::Chunk(chunk) => {
                let cuts = &self.cuts;
                let joined = |number| cuts.iter().rev().any(|cut| cut.number == number && !cut.discontinuity);
                if let Some(lane) = self.lanes.get_mut(&chunk.rendition) {
                    self.bytes += lane.push(&chunk, joined);
                    if let Some(init) = lane.init() {
                        self.periods.chunk(&chunk.rendition, chunk.both, init);
                    }
                }
                if self.bytes > self.limits.bytes {
                    self.forget();
                }
            }
            Output::Flush(name) => {
                if let Some(lane) = self.lanes.get_mut(&name) {
                    lane.flush();
                }
            }
        }
    }

    /// Takes a rendition out whose encoder stays away.
    pub fn remove(&mut self, name: &str) {
        self.periods.remove(name);
        if let Some(mut lane) = self.lanes.remove(name) {
            self.bytes = self.bytes.saturating_sub(lane.evict(u64::MAX));
        }
    }

    /// Media held, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Where to join: the newest segment that begins with an IDR in every rendition that has it. Of renditions whose IDRs do not meet
    /// none may; then it is the newest that begins with one in some, and who wanted another takes one of those. 0 before there is one.
    #[must_use]
    pub fn newest_independent(&self) -> u64 {
        let pictured = |lane: &&Lane| lane.init().is_some_and(|init| init.video.is_some());
        let picture = self.lanes.values().any(|lane| pictured(&lane));
        let begins = |number: u64| -> Vec<bool> {
            let lanes = self.lanes.values().filter(|lane| !picture || pictured(lane));
            lanes.filter_map(|lane| lane.independent(number)).collect()
        };
        let newest = |joins: fn(&[bool]) -> bool| {
            self.cuts.iter().rev().map(|cut| cut.number).find(|number| joins(&begins(*number))).unwrap_or(0)
        };
        let all = newest(|begins| !begins.is_empty() && begins.iter().all(|independent| *independent));
        let some = newest(|begins| begins.contains(&true));
        if some.saturating_sub(all) > JOIN_BACK { some } else { all }
    }

    /// Whether a segment begins with an IDR in a rendition; `None`: it has no such segment, yet or any more.
    #[must_use]
    pub fn independent(&self, rendition: &str, number: u64) -> Option<bool> {
        self.lanes.get(rendition)?.independent(number)
    }

    /// Renditions that have media, best first: by height, then by bits.
    #[must_use]
    pub fn renditions(&self) -> Vec<(Name, Summary)> {
        let has_media = |(_, lane): &(&Name, &Lane)| !lane.both.is_empty();
        let summary = |(name, lane): (&Name, &Lane)| (name.clone(), self.summary(lane));
        let mut all: Vec<_> = self.lanes.iter().filter(has_media).map(summary).collect();
        all.sort_by_key(|(_, rendition)| std::cmp::Reverse((rendition.height, rendition.average_bps)));
        all
    }

    /// Answers a request for something of a rendition in this epoch.
    #[must_use]
    pub fn reply(&self, rendition: &str, what: &What) -> Reply {
        let Some(lane) = self.lanes.get(rendition) else { return Reply::NotFound };
        match what {
            What::Object(number) => self.object(lane, *number),
            What::Playlist(track, directives) => self.playlist(rendition, lane, *track, directives),
            What::Init(track, number) => {
                let init = lane.inits.iter().find(|init| init.number == *number);
                let bytes = init.and_then(|init| match track {
                    Track::Video => init.video.clone(),
                    Track::Audio => init.audio.clone(),
                });
                bytes.map_or(Reply::NotFound, |bytes| Reply::Whole(Whole::of(vec![bytes], true)))
            }
            What::Segment(track, number) => match lane.track(*track).segment(*number) {
                Some(segment) if segment.complete => {
                    Reply::Whole(Whole::of(segment.bytes(), segment.independent()))
                }
                Some(_) => Reply::Wait,
                None => self
                    .missing(*number, lane.track(*track).segments.back().map_or(0, |newest| newest.number)),
            },
            What::Chunked(track, init, number) => self.chunked(lane, *track, *init, *number),
            What::Part(track, number, part) => {
                let newest = lane.track(*track).segments.back().map_or(0, |newest| newest.number);
                let Some(segment) = lane.track(*track).segment(*number) else {
                    return match (self.missing(*number, newest), part) {
                        (Reply::Wait, 1..) => Reply::NotFound,
                        (reply, _) => reply,
                    };
                };
                match segment.parts.get(*part as usize) {
                    Some(part) if part.complete => {
                        Reply::Whole(Whole::of(part.chunks.clone(), part.independent))
                    }
                    Some(_) => Reply::Wait,
                    None if !segment.complete && *part as usize == segment.parts.len() => Reply::Wait,
                    None => Reply::NotFound,
                }
            }
        }
    }

    /// What has been added to a segment that is sent while it is made since `cursor`; `None`: it is no longer held.
    #[must_use]
    pub fn follow(&self, rendition: &str, what: &What, cursor: usize) -> Option<Follow> {
        let lane = self.lanes.get(rendition)?;
        let number = match what {
            What::Object(number) => *number,
            What::Chunked(track, _, number) => {
                return lane.track(*track).segment(*number).map(|segment| segment.follow(cursor));
            }
            What::Playlist(..) | What::Init(..) | What::Segment(..) | What::Part(..) => return None,
        };
        let object = lane.both.iter().rev().find(|object| object.number == number)?;
        Some(Follow {
            bytes: object.bytes.get(cursor..).unwrap_or_default().to_vec(),
            cursor: object.bytes.len(),
            finished: object.complete,
            independent: object.independent,
            discontinuity: object.discontinuity,
        })
    }

    fn object(&self, lane: &Lane, number: u64) -> Reply {
        match lane.both.iter().rev().find(|object| object.number == number) {
            Some(object) if object.complete => Reply::Whole(Whole {
                bytes: object.bytes.clone(),
                independent: object.independent,
                discontinuity: object.discontinuity,
            }),
            Some(object) => Reply::Follow(Follow {
                bytes: object.bytes.clone(),
                cursor: object.bytes.len(),
                finished: false,
                independent: object.independent,
                discontinuity: object.discontinuity,
            }),
            None => self.missing(number, lane.both.back().map_or(0, |newest| newest.number)),
        }
    }

    /// The segment of a track in this configuration, as far as it is made.
    fn chunked(&self, lane: &Lane, track: Track, init: u32, number: u64) -> Reply {
        let of = lane.track(track);
        match of.segment(number) {
            Some(segment) if segment.init != init => Reply::NotFound,
            Some(segment) if segment.complete => {
                Reply::Whole(Whole::of(segment.bytes(), segment.independent()))
            }
            Some(segment) => Reply::Follow(segment.follow(0)),
            // Nothing more comes in a configuration that another has followed.
            None if lane.init().is_some_and(|newest| newest.number != init) => Reply::NotFound,
            None => self.missing(number, of.segments.back().map_or(0, |newest| newest.number)),
        }
    }

    /// The answer for a segment that a rendition does not have; `newest` is its own newest, the room may be ahead of it.
    fn missing(&self, number: u64, newest: u64) -> Reply {
        let room = self.cuts.back().map_or(0, |cut| cut.number);
        let oldest = self.cuts.front().map_or(1, |cut| cut.number);
        if number > newest && number <= newest.max(room) + 1 {
            Reply::Wait
        } else if number > 0 && number < oldest {
            Reply::Gone
        } else {
            Reply::NotFound
        }
    }

    fn forget(&mut self) {
        let newest = self.cuts.back().map_or(0, |cut| cut.at);
        while self.cuts.len() > 2 {
            // The front segment lasts until the second cut.
            let old =
                self.cuts.get(1).is_some_and(|second| newest - second.at >= i64::from(self.limits.length_ms));
            let heavy = self.bytes > self.limits.bytes;
            if !(old || heavy || self.cuts.len() > CUTS_MAX) {
                break;
            }
            self.forgotten = true;
            if let Some(cut) = self.cuts.pop_front() {
                self.discontinuities_gone += u64::from(cut.discontinuity);
                self.periods.forget(cut.number + 1);
                for lane in self.lanes.values_mut() {
                    self.bytes = self.bytes.saturating_sub(lane.evict(cut.number + 1));
                }
            }
        }
    }

    fn summary(&self, lane: &Lane) -> Summary {
        let Some(init) = lane.init() else { return Summary::default() };
        let (picture, sound) = (init.picture.as_ref(), init.sound.as_ref());
        let codecs: Vec<&str> =
            picture.map(|p| p.codec.as_str()).into_iter().chain(sound.map(|s| s.codec.as_str())).collect();
        let (peak_bps, average_bps) = self.rates(lane);
        Summary {
            codecs: codecs.join(","),
            width: picture.map_or(0, |p| p.width),
            height: picture.map_or(0, |p| p.height),
            frame_rate_milli: lane.frame_rate_milli,
            peak_bps,
            average_bps,
            video: picture.is_some(),
            audio: sound.is_some(),
        }
    }

    /// Peak and average bits a second over the complete segments.
    fn rates(&self, lane: &Lane) -> (u64, u64) {
        let (mut peak, mut bits, mut ms) = (0, 0_u64, 0_u64);
        for (cut, next) in self.cuts.iter().zip(self.cuts.iter().skip(1)) {
            let length = u64::try_from(next.at - cut.at).unwrap_or(0);
            let object = lane.both.iter().find(|object| object.number == cut.number && object.complete);
            // A segment that a forced cut left short says nothing about the rate.
            if let Some(object) = object.filter(|_| length >= 500 && !next.discontinuity) {
                let of = object.size as u64 * 8;
                peak = peak.max(of * 1_000 / length);
                (bits, ms) = (bits + of, ms + length);
            }
        }
        (peak, bits * 1_000 / ms.max(1))
    }
}

#[cfg(test)]
mod tests;
