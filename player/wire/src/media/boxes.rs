//! Reads the few fields of `moov`, `moof` and `prft` that a player or an edge needs. Not a general MP4 parser: what is not
//! needed is stepped over, and nothing is trusted.

use super::limits::{SAMPLES_MAX, TRACKS_MAX};
use crate::time::{Ticks, Timescale, Wall};
use core::fmt;

/// What a track carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Handler `vide`.
    Video,
    /// Handler `soun`.
    Audio,
}

/// One track of an init segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Track {
    /// `track_ID`.
    pub id: u32,
    /// What it carries.
    pub kind: Kind,
    /// Of its media times.
    pub timescale: Timescale,
    duration: u32,
    flags: u32,
}

/// What an init segment (`moov`) says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Init {
    /// Video and audio tracks; other handlers are left out.
    pub tracks: Vec<Track>,
    /// A hash of the `moov`: equal for equal bytes, so that a repeated one need not be appended again.
    pub fingerprint: u64,
}

impl Init {
    /// Whether there is a track of this kind.
    #[must_use]
    pub fn has(&self, kind: Kind) -> bool {
        self.tracks.iter().any(|track| track.kind == kind)
    }

    pub(crate) fn track(&self, id: u32) -> Option<&Track> {
        self.tracks.iter().find(|track| track.id == id)
    }
}

/// What one fragment (`moof`) says of its first track.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fragment {
    /// The track.
    pub track: Track,
    /// Decode time of the first sample.
    pub start: Ticks,
    /// Sum of the sample durations.
    pub duration: Ticks,
    /// Decode time of the last sample.
    pub last: Ticks,
    /// The first sample is a sync sample.
    pub key: bool,
}

/// The bytes are not what they claim to be. Whoever sent them is at fault; the stream they came in is of no more use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// Where, in bytes from the start of the object.
    pub offset: u64,
    /// What is wrong, for logs.
    pub what: &'static str,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.what)
    }
}

/// Reads the body of a `moov`. `None`: no usable track in it.
#[must_use]
pub fn init(moov: &[u8]) -> Option<Init> {
    let mut tracks: Vec<Track> = Vec::new();
    for (name, body) in children(moov) {
        if &name == b"trak"
            && tracks.len() < TRACKS_MAX
            && let Some(track) = track(body)
        {
            tracks.push(track);
        }
    }
    for (_, mvex) in children(moov).filter(|(name, _)| name == b"mvex") {
        for (_, trex) in children(mvex).filter(|(name, _)| name == b"trex") {
            let mut at = Cursor(trex);
            let (Some(_), Some(id), Some(_)) = (at.u32(), at.u32(), at.u32()) else { continue };
            let (Some(duration), Some(_), Some(flags)) = (at.u32(), at.u32(), at.u32()) else { continue };
            if let Some(track) = tracks.iter_mut().find(|track| track.id == id) {
                track.duration = duration;
                track.flags = flags;
            }
        }
    }
    (!tracks.is_empty()).then(|| Init { tracks, fingerprint: fnv1a(moov) })
}

/// Reads the body of a `moof` by the init segment it belongs to. `None`: no known track or no decode time.
#[must_use]
pub fn fragment(moof: &[u8], init: &Init) -> Option<Fragment> {
    let (_, traf) = children(moof).find(|(name, _)| name == b"traf")?;
    let (_, tfhd) = children(traf).find(|(name, _)| name == b"tfhd")?;
    let (_, tfdt) = children(traf).find(|(name, _)| name == b"tfdt")?;

    let mut at = Cursor(tfhd);
    let flags = at.u32()? & 0x00ff_ffff;
    let track = *init.track(at.u32()?)?;
    // 14496-12, 8.8.7: optional fields in this order.
    if flags & 0x01 != 0 {
        at.u64()?;
    }
    if flags & 0x02 != 0 {
        at.u32()?;
    }
    let duration = if flags & 0x08 != 0 { at.u32()? } else { track.duration };
    if flags & 0x10 != 0 {
        at.u32()?;
    }
    let sample_flags = if flags & 0x20 != 0 { at.u32()? } else { track.flags };

    let mut at = Cursor(tfdt);
    let start = if at.u32()? >> 24 == 0 { u64::from(at.u32()?) } else { at.u64()? };
    let start = Ticks(i64::try_from(start).ok()?);

    let mut total: i64 = 0;
    let mut last = 0;
    let mut key = None;
    for (_, trun) in children(traf).filter(|(name, _)| name == b"trun") {
        let (run, first, of_last) = run(trun, duration, sample_flags)?;
        total = total.saturating_add(run);
        last = of_last;
        key.get_or_insert(first & NOT_SYNC == 0);
    }
    let last = Ticks(start.0.saturating_add(total).saturating_sub(i64::from(last)));
    Some(Fragment { track, start, duration: Ticks(total), last, key: key.unwrap_or(false) })
}

/// `sample_is_non_sync_sample`, 14496-12, 8.8.3.1.
const NOT_SYNC: u32 = 0x0001_0000;

/// Total duration of a `trun`, the flags of its first sample and the duration of its last (14496-12, 8.8.8).
fn run(trun: &[u8], duration: u32, sample_flags: u32) -> Option<(i64, u32, u32)> {
    let mut at = Cursor(trun);
    let flags = at.u32()? & 0x00ff_ffff;
    let samples = at.u32()?;
    if flags & 0x001 != 0 {
        at.u32()?;
    }
    let first = if flags & 0x004 != 0 { Some(at.u32()?) } else { None };
    if flags & 0x500 == 0 {
        let total = i64::from(duration).saturating_mul(i64::from(samples));
        return Some((total, first.unwrap_or(sample_flags), duration));
    }
    if samples > SAMPLES_MAX {
        return None;
    }
    let mut total: i64 = 0;
    let mut last = 0;
    let mut first_flags = first;
    for _ in 0..samples {
        last = if flags & 0x100 != 0 { at.u32()? } else { duration };
        total = total.saturating_add(i64::from(last));
        if flags & 0x200 != 0 {
            at.u32()?;
        }
        let own = if flags & 0x400 != 0 { at.u32()? } else { sample_flags };
        first_flags.get_or_insert(own);
        if flags & 0x800 != 0 {
            at.u32()?;
        }
    }
    Some((total, first_flags.unwrap_or(sample_flags), last))
}

/// Reads the body of a `prft`: when the fragment was made, by the server's clock. `None`: not readable or before 1970.
#[must_use]
pub fn producer_time(prft: &[u8]) -> Option<Wall> {
    let mut at = Cursor(prft);
    at.u32()?;
    at.u32()?;
    // NTP: seconds since 1900 and a binary fraction (RFC 5905, 6).
    let ntp = at.u64()?;
    let seconds = (ntp >> 32).checked_sub(2_208_988_800)?;
    let ms = ((ntp & 0xffff_ffff) * 1_000 + (1 << 31)) >> 32;
    Some(Wall(seconds * 1_000 + ms))
}

fn track(trak: &[u8]) -> Option<Track> {
    let (_, tkhd) = children(trak).find(|(name, _)| name == b"tkhd")?;
    let mut at = Cursor(tkhd);
    let wide = at.u32()? >> 24 == 1;
    at.skip(if wide { 16 } else { 8 })?;
    let id = at.u32()?;
    let (_, mdia) = children(trak).find(|(name, _)| name == b"mdia")?;
    let (_, mdhd) = children(mdia).find(|(name, _)| name == b"mdhd")?;
    let mut at = Cursor(mdhd);
    let wide = at.u32()? >> 24 == 1;
    at.skip(if wide { 16 } else { 8 })?;
    let timescale = Timescale::new(at.u32()?)?;
    let (_, hdlr) = children(mdia).find(|(name, _)| name == b"hdlr")?;
    let mut at = Cursor(hdlr);
    at.skip(8)?;
    let kind = match &at.four()? {
        b"vide" => Kind::Video,
        b"soun" => Kind::Audio,
        _ => return None,
    };
    Some(Track { id, kind, timescale, duration: 0, flags: 0 })
}

/// The boxes directly inside `body`; ends at the first that does not fit.
fn children(body: &[u8]) -> impl Iterator<Item = ([u8; 4], &[u8])> {
    let mut rest = Cursor(body);
    core::iter::from_fn(move || {
        let size = rest.u32()?;
        let name = rest.four()?;
        let length = match size {
            0 => rest.0.len() as u64,
            1 => rest.u64()?.checked_sub(16)?,
            _ => u64::from(size).checked_sub(8)?,
        };
        Some((name, rest.skip(usize::try_from(length).ok()?)?))
    })
}

/// Reads big-endian fields, or `None` at the end.
struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    fn skip(&mut self, bytes: usize) -> Option<&'a [u8]> {
        let (head, tail) = self.0.split_at_checked(bytes)?;
        self.0 = tail;
        Some(head)
    }

    fn four(&mut self) -> Option<[u8; 4]> {
        self.skip(4)?.try_into().ok()
    }

    fn u32(&mut self) -> Option<u32> {
        self.four().map(u32::from_be_bytes)
    }

    fn u64(&mut self) -> Option<u64> {
        self.skip(8)?.try_into().ok().map(u64::from_be_bytes)
    }
}

fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}
