//! Bounds of the packager, the window and the playlists, each with its reason. Bounds of the wire protocols are in their own
//! folders.

/// Bytes one segment of one rendition may hold. Segments end by media time, so an encoder whose clock stands still would grow
/// one for ever; 2 s at 64 Mb/s is 16 MB.
pub const SEGMENT_BYTES_MAX: usize = 16 << 20;

/// Chunks in one segment, both tracks: 2 s hold 240 frames at 120 fps and 190 AAC frames at 96 kHz; the rest is slack.
pub const SEGMENT_CHUNKS_MAX: usize = 1_024;

/// Renditions of a room: a ladder has three to six rungs.
pub const RENDITIONS_MAX: usize = 8;

/// Cuts kept: 30 s of window hold about 60 when every second one is forced.
pub const CUTS_MAX: usize = 128;

/// Initialisation segments kept of a rendition: the current one and those that segments in the window still name.
pub const INITS_MAX: usize = 8;

/// Characters of a query string that are copied to the URLs inside a playlist: a token, not a document.
pub const QUERY_MAX: usize = 1_024;
