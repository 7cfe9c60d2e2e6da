//! The low-latency DASH manifest (ISO/IEC 23009-1, DASH-IF IOP "Low-Latency Modes for DASH"): which Periods there are, and their
//! text. Looks up no media; the window makes the snapshots.
//!
//! | what can happen | what the manifest says |
//! |---|---|
//! | segments of even length | `SegmentTemplate@duration`: a player works out each URL and asks for a segment while it is made |
//! | they stray from even steps by more than a quarter | a new Period, anchored where they are now |
//! | that happens again and again | `SegmentTimeline` of what is complete: seconds later, but true |
//! | the encoder began anew, other parameters, a rendition came or went | a new Period |
//! | the epoch is over | `type="static"`, once, at the epoch's own URL |

pub mod mpd;
pub mod periods;

#[cfg(test)]
mod tests;
