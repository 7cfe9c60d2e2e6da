//! LL-HLS playlists as text, by RFC 8216bis: pure writers from snapshots, and the `_HLS_*` directives. Looks up nothing; the
//! window makes the snapshots.

mod date;
pub mod directives;
pub mod media;
pub mod multivariant;

/// EXT-X-TARGETDURATION: segments are cut at 2 s at the latest, for ever (4.4.3.1 forbids a change).
pub const TARGET_DURATION_S: u64 = 2;

/// Seconds with five decimals from microseconds, the precision of a sample at 96 kHz.
fn seconds(us: u64) -> String {
    let tens = us.div_ceil(10);
    format!("{}.{:05}", tens / 100_000, tens % 100_000)
}

#[cfg(test)]
mod tests;
