//! Bounds on what is read from media bytes that somebody else made.

/// Longest `moov` that is collected, in bytes. Ours are under 2 KiB; parameter sets can make them a little longer.
pub const MOOV_BYTES_MAX: u64 = 64 * 1024;
/// Longest `moof`. One frame needs about 100 bytes, two seconds of audio in one fragment about 2 KiB.
pub const MOOF_BYTES_MAX: u64 = 64 * 1024;
/// Longest `prft`: 32 bytes in its largest version.
pub const PRFT_BYTES_MAX: u64 = 64;
/// Tracks of one `moov`: ours have two.
pub const TRACKS_MAX: usize = 8;
/// Samples whose fields are read from one `trun`: a fragment of ours has a few, and 64 KiB hold no more than this.
pub const SAMPLES_MAX: u32 = 16 * 1024;
/// Samples of a chunk behind its first that are told apart by their times: ours holds a tenth of a second.
pub const SPREAD_MAX: f64 = 63.0;
/// Bits a second that a link of which nothing is known is trusted with: seven tenths of a poor 4G link. The page asks for such
/// a rendition before its player is there, so both ends must agree.
pub const JOIN_BPS: u32 = 1_050_000;
