//! The bounds of the picture's shell, each with its reason. Those of the protocols are in the core.

use std::time::Duration;

/// Encoders connected at once. Each may hold a message of 8 MiB while it comes in.
pub const RTMP_CONNECTIONS: usize = 512;

/// Bytes read at once: a few frames of a usual stream, so that reading costs a system call a frame at most.
pub const RTMP_READ: usize = 64 * 1024;

/// How long an encoder may take to read a reply. Replies are small: one that doesn't is gone.
pub const RTMP_WRITE: Duration = Duration::from_secs(10);

/// Pause after a failure to accept, so that a lack of descriptors isn't made worse by a busy loop.
pub const RTMP_ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Events that wait for the ladder: about two seconds of picture and sound. What comes when it is full is left out up to the
/// next keyframe.
pub const LADDER_QUEUE: usize = 256;

/// First pause before ffmpeg is started again; doubles up to the last.
pub const LADDER_PAUSE: Duration = Duration::from_secs(1);

/// Longest pause before ffmpeg is started again.
pub const LADDER_PAUSE_MAX: Duration = Duration::from_secs(30);

/// An ffmpeg that ran for this long was fine: the pauses begin anew.
pub const LADDER_STEADY: Duration = Duration::from_secs(60);

/// Time that ffmpeg has to end after its input has.
pub const LADDER_END: Duration = Duration::from_secs(2);

/// Lines of ffmpeg that are kept for the operator.
pub const LADDER_WORDS: usize = 4;

/// How long a request for the next segment is held. Segments are 2 s at most, and an encoder that stays away longer is not
/// waited for on one connection: the player asks again.
pub const SEGMENT_HELD: Duration = Duration::from_secs(10);
/// How long a blocking playlist reload is held: three target durations (RFC 8216bis, 6.2.5.2).
pub const PLAYLIST_HELD: Duration = Duration::from_secs(6);
/// How long a question for the next state of a stream is held; less than the 30 s after which proxies give up.
pub const STREAM_HELD: Duration = Duration::from_secs(20);
