//! The packager of one room and epoch: encoders' frames in, chunks that know their segment and part out. One server timeline
//! and one list of cuts for all renditions. Holds no media: the window does.
//!
//! | file | decides |
//! |---|---|
//! | `cuts` | where segments begin, for the whole room |
//! | `rate` | how long a frame and a part of the picture are |
//! | `parts` | where a part of the sound begins |
//! | `samples` | where a frame of sound stands |
//! | `rendition` | what one encoder's frame becomes |
//! | `health` | what the operator is told |
//!
//! Media time: `tfdt = dts + offset`, one constant `offset` a timeline, in milliseconds. A timeline is an encoder's session, or
//! what follows a jump in its stamps; a new one goes on where the room's media ends. A rendition whose stamps fit another's
//! timeline joins it: the rungs of one encoder share its clock.

pub mod cuts;
pub mod health;
pub mod parts;
pub mod rate;
mod rendition;
pub mod samples;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use bytes::Bytes;
use hawker_wire::Wall;

use super::aac::Sound;
use super::frame::{Event, Track};
use super::h264::Picture;
use super::limits::RENDITIONS_MAX;
use cuts::{Cut, Cuts};
use health::Health;
use rendition::Rendition;

/// Media time, in milliseconds, at which an epoch begins: above zero, so that a frame shown before it is decoded, or sound a
/// little ahead of the first picture, has a time too.
pub const EPOCH_START_MS: i64 = 1_000;

/// A rendition's name.
pub type Name = Arc<str>;

/// Everything a player must know before the first chunk, and what the playlists say of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Init {
    /// Counts a rendition's configurations from 1; part of the URL.
    pub number: u32,
    /// `ftyp moov` of both tracks, which begins every segment of the player.
    pub both: Bytes,
    /// The video track alone.
    pub video: Option<Bytes>,
    /// The audio track alone.
    pub audio: Option<Bytes>,
    /// What the video configuration says.
    pub picture: Option<Picture>,
    /// What the audio configuration says.
    pub sound: Option<Sound>,
}

/// A frame or a few as `prft moof mdat`, and where they belong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// The rendition.
    pub rendition: Name,
    /// The track.
    pub track: Track,
    /// The player's segment: the one being made when the chunk came.
    pub both: u64,
    /// The segment of its own track, by media time.
    pub segment: u64,
    /// The part of that segment: 0 at first, another number with each part that begins.
    pub part: u32,
    /// Decoding time in ticks of the track.
    pub start: i64,
    /// Nominal duration in ticks of the track.
    pub duration: u32,
    /// Begins with a sync sample.
    pub key: bool,
    /// The chunk.
    pub bytes: Bytes,
}

/// What the packager hands to the window.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// A segment begins, in every rendition, at its first frame at or after this.
    Cut(Cut),
    /// The configuration of this rendition's segments that begin from now on.
    Init(Name, Arc<Init>),
    /// PART-TARGET of a track in its ticks, and the frame rate it was chosen by (0 for sound). Once a track and epoch.
    PartTarget(Name, Track, u32, u32),
    /// A frame or a few.
    Chunk(Chunk),
    /// The encoder is gone or begins anew: the part under way is complete.
    Flush(Name),
}

/// The packager of one room. See the module text.
#[derive(Debug, Default)]
pub struct Packager {
    shared: Shared,
    renditions: BTreeMap<Name, Rendition>,
    out: VecDeque<Output>,
}

/// What the renditions of a room have in common.
#[derive(Debug, Default)]
struct Shared {
    cuts: Cuts,
    /// The end of all media so far, in milliseconds.
    edge: i64,
    /// The newest timeline.
    timeline: Option<Timeline>,
    /// A frame of sound on the raster: its place and sample rate.
    grid: Option<(i64, u32)>,
}

impl Shared {
    /// The raster for sound of that rate.
    fn grid_of(&self, sound: &Sound) -> Option<i64> {
        self.grid.filter(|(_, rate)| *rate == sound.sample_rate).map(|(at, _)| at)
    }
}

/// A mapping of an encoder's stamps to media time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Timeline {
    id: u64,
    offset: i64,
}

impl Packager {
    /// An encoder begins to send a rendition, the first time or again. False: the room has too many.
    pub fn attach(&mut self, name: &Name) -> bool {
        if self.renditions.len() >= RENDITIONS_MAX && !self.renditions.contains_key(name) {
            return false;
        }
        self.renditions.entry(name.clone()).or_default().attach(name, &mut self.out);
        true
    }

    /// The encoder is gone; what it sent stays.
    pub fn detach(&mut self, name: &Name) {
        if let Some(rendition) = self.renditions.get_mut(name) {
            rendition.detach(name, &mut self.out);
        }
    }

    /// Forgets a rendition whose encoder stays away.
    pub fn remove(&mut self, name: &str) {
        self.renditions.remove(name);
    }

    /// Takes one step of a rendition's encoder. `wall` is the server's clock.
    pub fn push(&mut self, name: &Name, event: &Event, wall: Wall) {
        let others = Others {
            on_timeline: self.others(name, |other, shared| other.follows(shared.timeline)),
            with_picture: self.others(name, |other, _| other.shows_picture()),
        };
        if let Some(rendition) = self.renditions.get_mut(name) {
            rendition.push(name, event, wall, &mut self.shared, others, &mut self.out);
        }
    }

    /// The next output, until `None`.
    pub fn poll(&mut self) -> Option<Output> {
        self.out.pop_front()
    }

    /// What each rendition's operator should know.
    pub fn health(&self) -> impl Iterator<Item = (&Name, &Health)> {
        self.renditions.iter().map(|(name, rendition)| (name, rendition.health()))
    }

    fn others(&self, name: &Name, holds: impl Fn(&Rendition, &Shared) -> bool) -> bool {
        self.renditions.iter().any(|(other, rendition)| other != name && holds(rendition, &self.shared))
    }
}

/// What a rendition has to know of the others.
#[derive(Clone, Copy, Debug)]
struct Others {
    /// Another encoder is sending on the room's newest timeline.
    on_timeline: bool,
    /// Another rendition shows a picture: sound alone then declares no cuts.
    with_picture: bool,
}

#[cfg(test)]
mod oracle;
#[cfg(test)]
mod tests;
