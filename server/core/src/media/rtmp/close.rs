//! Why a connection at the server is refused or closed: what the encoder is told, and what the log says.

use super::address::AddressError;
use super::chunk::ChunkError;
use crate::media::flv::FlvError;

/// Why an encoder may not publish, in the words that it shows to its operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// No such room, or not its key: the two are not told apart.
    Key,
    /// The room has ended.
    Ended,
    /// Another encoder is publishing there.
    Busy,
    /// The room has as many renditions as it may have.
    Full,
}

impl Refusal {
    /// Code and description of the status that says it (7.2.2.6).
    #[must_use]
    pub const fn status(self) -> (&'static str, &'static str) {
        match self {
            Self::Key => ("NetStream.Publish.Unauthorized", "no such room, or wrong key"),
            Self::Ended => {
                ("NetStream.Publish.Rejected", "the show has ended: open the room again to publish")
            }
            Self::Busy => ("NetStream.Publish.BadName", "another encoder is publishing to this room"),
            Self::Full => (
                "NetStream.Publish.Rejected",
                "the room has as many renditions as it may have: stop one of them",
            ),
        }
    }
}

/// Why a connection closes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Close {
    /// The first byte is not of plain RTMP.
    NotRtmp,
    /// Chunks that cannot be read.
    Chunk(ChunkError),
    /// A command that cannot be read, or too large.
    Command,
    /// A codec or configuration that is not taken.
    Media(FlvError),
    /// An address that is not `live/ROOM`.
    Address,
    /// It asked to play: this server gives pictures over HTTP only.
    Play,
    /// The parent refused it.
    Refused(Refusal),
    /// The parent ended it.
    Ended,
    /// It did not publish in time.
    Idle,
    /// It published and fell silent.
    Silent,
    /// It sent too much before it was let in.
    Impatient,
}

impl core::fmt::Display for Close {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::NotRtmp => f.write_str("not plain RTMP"),
            Self::Chunk(error) => error.fmt(f),
            Self::Command => f.write_str("a command that cannot be read"),
            Self::Media(error) => error.fmt(f),
            Self::Address => AddressError.fmt(f),
            Self::Play => f.write_str("playing over RTMP is not offered"),
            Self::Refused(refusal) => f.write_str(refusal.status().1),
            Self::Ended => f.write_str("ended by the server"),
            Self::Idle => f.write_str("did not publish in time"),
            Self::Silent => f.write_str("the encoder fell silent"),
            Self::Impatient => f.write_str("sent too much before it was let in"),
        }
    }
}
