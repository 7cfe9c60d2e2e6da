//! Finds the boundaries of CMAF chunks in bytes that are still arriving, without holding media: only headers are read.
//!
//! The caller asks [`Scanner::want`], hands over that many bytes (or fewer, cut anywhere) with [`Scanner::read`], or tells
//! that it stepped over some with [`Scanner::skip`], and collects [`Scanner::poll`]. Does not keep, copy or judge media.
//!
//! ```text
//! object = [ftyp] moov (any* [prft] moof mdat)*      Unit::Init = .. moov      Unit::Chunk = .. moof mdat
//! ```

use super::boxes::{self, Fragment, Init, Kind, Malformed};
use super::limits::{MOOF_BYTES_MAX, MOOV_BYTES_MAX, PRFT_BYTES_MAX, SPREAD_MAX};
use crate::time::{Ticks, Timescale, Wall};

/// What the scanner needs next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Want {
    /// Up to this many bytes, to [`Scanner::read`].
    Read(usize),
    /// Up to this many bytes may be stepped over with [`Scanner::skip`] unseen.
    Skip(u64),
}

/// A whole piece of the object that can be appended by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unit {
    /// The init segment, with everything before it.
    Init {
        /// What it says.
        init: Init,
        /// Its length in bytes.
        len: u64,
    },
    /// One chunk, with everything between it and the unit before.
    Chunk {
        /// What its headers say.
        chunk: Chunk,
        /// Its length in bytes.
        len: u64,
    },
}

/// One `moof` + `mdat`: in Hawker's objects one frame or a few.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// What it carries.
    pub kind: Kind,
    /// Decode time of its first sample (`tfdt`).
    pub start: Ticks,
    /// Sum of its sample durations.
    pub duration: Ticks,
    /// Decode time of its last sample.
    pub last: Ticks,
    /// Of those above.
    pub timescale: Timescale,
    /// Starts with a sync sample.
    pub key: bool,
    /// When it was made, by the server's clock (`prft`).
    pub made: Option<Wall>,
}

impl Chunk {
    /// Start in seconds.
    #[must_use]
    pub fn start_s(&self) -> f64 {
        self.start.as_secs_f64(self.timescale)
    }

    /// Start of the last sample in seconds.
    #[must_use]
    pub fn last_s(&self) -> f64 {
        self.last.as_secs_f64(self.timescale)
    }

    /// Where each of its samples starts, in seconds, as if they were of one length: so many at most.
    pub fn starts_s(&self) -> impl Iterator<Item = f64> + use<> {
        let (start, last) = (self.start_s(), self.last_s());
        let each = self.end_s() - last;
        let more = if each > 0.0 { ((last - start) / each).round().min(SPREAD_MAX) } else { 0.0 };
        (0..=more as u32).map(move |n| start + f64::from(n) * (last - start) / more.max(1.0))
    }

    /// End in seconds.
    #[must_use]
    pub fn end_s(&self) -> f64 {
        Ticks(self.start.0.saturating_add(self.duration.0)).as_secs_f64(self.timescale)
    }
}

/// See the module text.
#[derive(Debug, Default)]
pub struct Scanner {
    offset: u64,
    unit_start: u64,
    at: At,
    init: Option<Init>,
    made: Option<Wall>,
    fragment: Option<Fragment>,
    /// At most one: the caller polls after each `read` or `skip`, and neither finishes two boxes.
    done: Option<Unit>,
    broken: Option<Malformed>,
}

#[derive(Debug)]
enum At {
    Header { bytes: [u8; 16], have: usize, need: usize },
    Body { name: Name, left: u64, bytes: Vec<u8> },
    Skip { name: Name, left: u64 },
}

impl Default for At {
    fn default() -> Self {
        Self::Header { bytes: [0; 16], have: 0, need: 8 }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Name {
    Moov,
    Moof,
    Prft,
    Mdat,
    Other,
}

impl Scanner {
    /// At the start of an object.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// What is needed next. After an error: nothing useful, everything may be skipped.
    #[must_use]
    pub fn want(&self) -> Want {
        match &self.at {
            _ if self.broken.is_some() => Want::Skip(u64::MAX),
            At::Header { have, need, .. } => Want::Read(need.saturating_sub(*have)),
            At::Body { left, .. } => Want::Read(usize::try_from(*left).unwrap_or(usize::MAX)),
            At::Skip { left, .. } => Want::Skip(*left),
        }
    }

    /// Takes the next bytes, at most as many as [`Want::Read`] says; what is more is ignored. Fails once and for all
    /// when the object is malformed.
    pub fn read(&mut self, bytes: &[u8]) -> Result<(), Malformed> {
        if let Some(error) = self.broken {
            return Err(error);
        }
        let Want::Read(want) = self.want() else { return Ok(()) };
        let bytes = bytes.get(..want.min(bytes.len())).unwrap_or_default();
        self.offset = self.offset.saturating_add(bytes.len() as u64);
        match &mut self.at {
            At::Header { bytes: header, have, need } => {
                for (slot, byte) in header.iter_mut().skip(*have).zip(bytes) {
                    *slot = *byte;
                }
                *have += bytes.len();
                if have == need {
                    let (header, need) = (*header, *need);
                    self.header(header, need)?;
                }
            }
            At::Body { left, bytes: body, .. } => {
                body.extend_from_slice(bytes);
                *left = left.saturating_sub(bytes.len() as u64);
                if *left == 0 {
                    self.body()?;
                }
            }
            At::Skip { .. } => {}
        }
        Ok(())
    }

    /// Steps over bytes that the caller did not look at, at most as many as [`Want::Skip`] says.
    pub fn skip(&mut self, bytes: u64) {
        let At::Skip { name, left } = &mut self.at else { return };
        let bytes = bytes.min(*left);
        self.offset = self.offset.saturating_add(bytes);
        *left -= bytes;
        if *left == 0 {
            let name = *name;
            self.at = At::default();
            if name == Name::Mdat {
                self.chunk();
            }
        }
    }

    /// The unit that the last `read` or `skip` completed.
    pub fn poll(&mut self) -> Option<Unit> {
        self.done.take()
    }

    /// When the chunk that is arriving was made, once its `prft` has arrived.
    #[must_use]
    pub fn made(&self) -> Option<Wall> {
        self.made
    }

    /// Scans bytes that are at hand as a whole, for callers who hold them anyway.
    pub fn feed(&mut self, mut bytes: &[u8], mut unit: impl FnMut(Unit)) -> Result<(), Malformed> {
        while !bytes.is_empty() {
            let step = match self.want() {
                Want::Read(n) => n.min(bytes.len()),
                Want::Skip(n) => usize::try_from(n).unwrap_or(usize::MAX).min(bytes.len()),
            };
            let (head, tail) = bytes.split_at_checked(step).unwrap_or((bytes, &[]));
            match self.want() {
                Want::Read(_) => self.read(head)?,
                Want::Skip(_) => self.skip(step as u64),
            }
            if let Some(done) = self.poll() {
                unit(done);
            }
            if let Some(error) = self.broken {
                return Err(error);
            }
            bytes = tail;
        }
        Ok(())
    }

    fn header(&mut self, header: [u8; 16], have: usize) -> Result<(), Malformed> {
        let [a, b, c, d, n0, n1, n2, n3, wide @ ..] = header;
        let size = match (u32::from_be_bytes([a, b, c, d]), have) {
            (0, _) => return self.fail("a box without an end"),
            (1, 8) => {
                self.at = At::Header { bytes: header, have: 8, need: 16 };
                return Ok(());
            }
            (1, _) => u64::from_be_bytes(wide),
            (size, _) => u64::from(size),
        };
        let Some(left) = size.checked_sub(have as u64) else {
            return self.fail("a box shorter than its header");
        };
        let (name, max) = match &[n0, n1, n2, n3] {
            b"moov" => (Name::Moov, MOOV_BYTES_MAX),
            b"moof" => (Name::Moof, MOOF_BYTES_MAX),
            b"prft" => (Name::Prft, PRFT_BYTES_MAX),
            b"mdat" => (Name::Mdat, u64::MAX),
            _ => (Name::Other, u64::MAX),
        };
        if left > max {
            return self.fail("a header box longer than its limit");
        }
        match name {
            Name::Mdat if self.fragment.is_none() => return self.fail("media without a header"),
            Name::Moof if self.init.is_none() => return self.fail("a fragment before the init segment"),
            Name::Mdat | Name::Other => self.at = At::Skip { name, left },
            Name::Moov | Name::Moof | Name::Prft => self.at = At::Body { name, left, bytes: Vec::new() },
        }
        if left == 0 {
            match &self.at {
                At::Skip { .. } => self.skip(0),
                At::Body { .. } => self.body()?,
                At::Header { .. } => {}
            }
        }
        Ok(())
    }

    fn body(&mut self) -> Result<(), Malformed> {
        let At::Body { name, bytes, .. } = core::mem::take(&mut self.at) else { return Ok(()) };
        match name {
            Name::Moov => {
                let Some(init) = boxes::init(&bytes) else {
                    return self.fail("an init segment without tracks");
                };
                self.init = Some(init.clone());
                let len = self.unit();
                self.done = Some(Unit::Init { init, len });
            }
            Name::Moof => {
                let fragment = self.init.as_ref().and_then(|init| boxes::fragment(&bytes, init));
                if fragment.is_none() {
                    return self.fail("a fragment that cannot be read");
                }
                self.fragment = fragment;
            }
            Name::Prft => self.made = boxes::producer_time(&bytes),
            Name::Mdat | Name::Other => {}
        }
        Ok(())
    }

    fn chunk(&mut self) {
        let Some(Fragment { track, start, duration, last, key }) = self.fragment.take() else { return };
        let chunk = Chunk {
            kind: track.kind,
            start,
            duration,
            last,
            timescale: track.timescale,
            key,
            made: self.made.take(),
        };
        let len = self.unit();
        self.done = Some(Unit::Chunk { chunk, len });
    }

    fn unit(&mut self) -> u64 {
        let len = self.offset.saturating_sub(self.unit_start);
        self.unit_start = self.offset;
        len
    }

    fn fail(&mut self, what: &'static str) -> Result<(), Malformed> {
        let error = Malformed { offset: self.offset, what };
        self.broken = Some(error);
        Err(error)
    }
}
