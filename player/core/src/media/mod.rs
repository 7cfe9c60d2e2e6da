//! The picture: loader, ABR, latency control, buffer and gaps. Decides what to fetch, append, seek and play; touches no element.
//!
//! [`player::Player`] is the whole of playback and routes between its parts; the shell (`player/src`) and the simulated world
//! (`tests/src/world`) drive it, with [`gate`] between it and the network. [`outside`] and [`trouble`] are the shell's alone.

pub mod abr;
mod arrivals;
pub mod buffer;
mod choice;
pub mod clock;
pub mod codecs;
pub mod contract;
pub mod gap;
pub mod gate;
pub mod latency;
pub mod ledger;
pub mod limits;
pub mod loader;
pub mod outside;
pub mod plan;
pub mod player;
pub mod probe;
pub mod throughput;
pub mod trouble;

pub use player::Player;

/// A request for media, numbered by the loader; never reused.
pub type RequestId = u32;

/// The media element as the shell sees it, 20 times a second while something plays.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sample {
    /// `currentTime`, seconds.
    pub playhead: f64,
    /// `buffered`, seconds; at most `limits::RANGES_MAX`.
    pub ranges: Vec<(f64, f64)>,
    /// Paused by whoever: no judgement on a standing playhead.
    pub paused: bool,
    /// A seek is in progress.
    pub seeking: bool,
    /// The page is hidden: frames need not be decoded.
    pub hidden: bool,
    /// Video frames decoded so far (`totalVideoFrames`).
    pub decoded: u64,
    /// Of them, dropped.
    pub dropped: u64,
    /// Media time of the frame on the screen, seconds, where the browser tells.
    pub shown: Option<f64>,
}

impl Sample {
    /// The end of the range that the playhead is in, seconds.
    #[must_use]
    pub fn range_end(&self) -> Option<f64> {
        // Chromium allows the playhead to lie a little before the first sample.
        self.ranges
            .iter()
            .find(|(from, to)| *from <= self.playhead + 0.1 && self.playhead <= *to + 0.01)
            .map(|(_, to)| *to)
    }

    /// What can be played from here without a break, seconds.
    #[must_use]
    pub fn ahead_s(&self) -> f64 {
        self.range_end().map_or(0.0, |end| (end - self.playhead).max(0.0))
    }
}
