//! The bounds of what a session's other end may send, each with its reason.

/// A request's line with its end, bytes. The longest path has an epoch of 16 characters, a rendition's name of 32 and two
/// numbers of 20 digits; playlists add a query of some 60.
pub const REQUEST_BYTES: usize = 512;
/// The most of a frame that is gathered at once, bytes: as the WebSocket's limit for a client's frame.
pub const FRAME_BYTES: usize = crate::room::limits::FRAME_BYTES;
