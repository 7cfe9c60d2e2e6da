//! The picture: RTMP, FLV tags, the packager, the window of segments and the playlists. Opens no socket.

pub mod frame;
