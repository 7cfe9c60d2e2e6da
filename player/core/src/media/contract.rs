//! What the whole of playback is told and what it wants: the words between [`super::Player`] and the shell that drives it.
//! Types only; nothing is decided here.

use super::{RequestId, Sample, clock};
use hawker_wire::media::Unit;
use hawker_wire::proto::Stream;
use hawker_wire::{Span, Wall};

/// What a viewer is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum State {
    /// Asking, or waiting for the first frame.
    #[default]
    Connecting,
    /// Playing.
    Live,
    /// Out of media for the moment.
    Stalled,
    /// No show; it starts by itself.
    Offline,
    /// The show is over.
    Ended,
    /// This browser cannot play the stream: given up.
    Error,
}

/// What can happen.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// Begin.
    Start,
    /// The element left the page.
    Stop,
    /// The viewer pauses: nothing is loaded meanwhile.
    Pause,
    /// The viewer plays again, at the live edge.
    Play,
    /// To the live edge at once.
    GoLive,
    /// The browser has a network again.
    Online,
    /// A rendition by name; `None`: automatic.
    Quality(Option<String>),
    /// Unasked, nothing better than the rendition of this name is played; `None`: no bound.
    Cap(Option<String>),
    /// The page is hidden or shown, and whether it makes no sound.
    Hidden {
        /// `document.hidden`.
        hidden: bool,
        /// Muted or without sound.
        silent: bool,
    },
    /// Answer to `AskStream`; `None`: it failed.
    Stream(Option<Box<Stream>>),
    /// Answer to `AskTime`.
    Time(clock::Input),
    /// The answer to a request began: first segment chunk is a keyframe; the server's estimate of the connection, bits a second;
    /// it keeps little on the way.
    Opened(RequestId, bool, Option<f64>, bool),
    /// More of a unit that is not whole yet: bytes, and when it was made if that is known.
    Piece(RequestId, u64, Option<Wall>),
    /// A whole unit is there. Answered at once by `Keep` or `Drop`.
    Unit(RequestId, Unit),
    /// The answer is complete.
    Finished(RequestId),
    /// It broke off or was refused: HTTP status (0: network or malformed), and the server's `Retry-After`.
    Failed(RequestId, u16, Option<Span>),
    /// A probe is complete: bytes after the first piece, and the time from it to the last.
    Probed(u64, Span),
    /// The SourceBuffer of the last `Open` is there, empty.
    Ready,
    /// The operation on the SourceBuffer is done; bytes appended.
    Done(u64),
    /// The SourceBuffer is full.
    Full,
    /// Append, decoding or building failed for good.
    Broken,
    /// Answer to `Look`.
    Sample(Sample),
}

/// What is wanted of the shell.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// `GET /live/ROOM/stream[?after=]`; breaks off the one before.
    AskStream(Option<u64>),
    /// `GET /api/v1/time`.
    AskTime,
    /// `GET /live/ROOM/EPOCH/RENDITION/N.mp4`, streamed.
    Fetch {
        /// Its number from now on.
        request: RequestId,
        /// Of the URL.
        epoch: String,
        /// Of the URL.
        rendition: String,
        /// Segment number.
        number: u64,
        /// A probe: only so many bytes, timed and thrown away.
        probe: Option<u32>,
    },
    /// Break off; an incomplete unit is dropped, complete ones stay queued.
    Cancel(RequestId),
    /// Build a new MediaSource with one SourceBuffer for these codecs (RFC 6381); drop everything queued.
    Open(String),
    /// This device does not show this codec in this profile, whatever the browser says: remember that, then stop and start.
    Unplayable(String),
    /// Queue the unit just told.
    Keep,
    /// Let the unit just told go.
    Drop,
    /// Drop everything queued.
    Clear,
    /// Append the next queued bytes of this request.
    Append(RequestId),
    /// Remove this interval from the SourceBuffer.
    Remove(f64, f64),
    /// Set `currentTime`.
    Seek(f64),
    /// Set `playbackRate` and `preservesPitch`.
    Rate(f64, bool),
    /// Play from where the playhead is.
    Start,
    /// Pause the element.
    Pause,
    /// Tell a sample.
    Look,
    /// The state changed.
    State(State),
    /// The list of renditions changed.
    Renditions,
    /// What is played changed to this rendition.
    Rendition(usize),
    /// A stall is over.
    Stall(Span),
}

/// Figures for `element.stats()`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Stats {
    /// Server to eye, ms; `None` before the clock is known.
    pub latency_ms: Option<f64>,
    /// Ahead of the playhead, ms.
    pub buffer_ms: f64,
    /// The level aimed at, ms.
    pub target_ms: f64,
    /// What the link carries, bits a second; `None` before it was measured.
    pub estimate_bps: Option<f64>,
    /// Stalls since the start.
    pub stalls: u32,
    /// Their length in all, ms.
    pub stalled_ms: f64,
    /// Frames decoded late and not shown.
    pub dropped: u64,
    /// Playback rate.
    pub rate: f64,
    /// Least round trip to the server, ms.
    pub round_trip_ms: Option<f64>,
}
