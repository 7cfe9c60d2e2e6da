//! LL-HLS playlists as text, by RFC 8216bis: pure writers from snapshots, and the `_HLS_*` directives. Looks up nothing; the
//! window makes the snapshots.

pub mod directives;
pub mod media;
pub mod multivariant;

/// EXT-X-TARGETDURATION: segments are cut at 2 s at the latest, for ever (4.4.3.1 forbids a change).
pub const TARGET_DURATION_S: u64 = 2;

/// Seconds from microseconds.
fn seconds(us: u64) -> String {
    format!("{}.{:06}", us / 1_000_000, us % 1_000_000)
}

/// A duration in seconds, from microseconds that were rounded down: the next one, so always a little more than it is. Players
/// add durations up and compare the sum with media time in floating point; with the exact 0.2 s of a part, rounding decides.
/// hls.js (to 1.7) takes a segment that lacks its last 0.2 s for whole; Shaka (to 5.2) takes the same offset for a new one and
/// drops the pictures up to the next IDR.
fn duration(us: u64) -> String {
    seconds(us + 1)
}

#[cfg(test)]
mod tests;
