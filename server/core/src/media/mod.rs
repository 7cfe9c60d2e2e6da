//! The picture: RTMP, FLV tags, the packager, the window of segments, the playlists and manifests. Opens no socket.

pub mod aac;
pub mod av1;
mod bits;
pub mod cmaf;
pub mod dash;
pub mod date;
pub mod flv;
pub mod frame;
pub mod h264;
pub mod h265;
pub mod hls;
pub mod limits;
pub mod live;
pub mod nal;
pub mod opus;
pub mod packager;
pub mod rtmp;
#[cfg(test)]
pub(crate) mod sample;
pub mod timeline;
pub mod window;
