//! What can be asked of a room's media over HTTP, and how it is answered. Parses paths from strangers; finds nothing.
//!
//! | path below `/live/ROOM` | request |
//! |---|---|
//! | `/index.m3u8` | [`Request::Index`] |
//! | `/index.mpd`, `/EPOCH.mpd` | [`Request::Manifest`] |
//! | `/EPOCH/RENDITION/N.mp4` | [`Request::Object`]: the player's segment, both tracks |
//! | `/EPOCH/RENDITION/video.m3u8` | [`Request::Playlist`] |
//! | `/EPOCH/RENDITION/video-I.mp4` | [`Request::Init`] |
//! | `/EPOCH/RENDITION/video-I/N.m4s` | [`Request::Chunked`] |
//! | `/EPOCH/RENDITION/video/N.m4s` | [`Request::Segment`] |
//! | `/EPOCH/RENDITION/video/N.P.m4s` | [`Request::Part`] |

use bytes::Bytes;

use crate::media::frame::Track;
use crate::media::hls::directives::Directives;

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// The multivariant playlist.
    Index(Directives),
    /// The DASH manifest of an epoch, or of whichever is on the air, and the query that its URLs carry.
    Manifest {
        /// The epoch in the URL.
        epoch: Option<String>,
        /// What follows a URL.
        query: String,
    },
    /// Something of a rendition.
    Of {
        /// The epoch in the URL.
        epoch: String,
        /// The rendition's name.
        rendition: String,
        /// What of it.
        what: What,
    },
}

/// What of a rendition is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// The player's segment of this number.
    Object(u64),
    /// A media playlist.
    Playlist(Track, Directives),
    /// The initialisation segment of this number.
    Init(Track, u32),
    /// A segment of one track.
    Segment(Track, u64),
    /// A segment of one track in the configuration of this number, sent while it is made.
    Chunked(Track, u32, u64),
    /// A part of a segment of one track.
    Part(Track, u64, u32),
}

/// The answer, which the shell turns into HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// Finished bytes, which never change.
    Whole(Whole),
    /// The beginning of a segment that is being made; the rest comes from `Window::follow`.
    Follow(Follow),
    /// A playlist.
    Playlist(String),
    /// A DASH manifest.
    Manifest(String),
    /// Not there yet, but it will be: ask again when the room has changed.
    Wait,
    /// Never was, or is too far ahead.
    NotFound,
    /// Was there, and is no longer.
    Gone,
    /// The request makes no sense; why.
    Bad(&'static str),
}

/// Finished bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Whole {
    /// In order; shared, not copied.
    pub bytes: Vec<Bytes>,
    /// It begins with an IDR.
    pub independent: bool,
    /// It does not go on where the segment before ends. Only of the player's segments.
    pub discontinuity: bool,
}

impl Whole {
    /// What is no segment of the player's.
    pub(super) fn of(bytes: Vec<Bytes>, independent: bool) -> Self {
        Self { bytes, independent, discontinuity: false }
    }
}

/// A segment that is being made, from a chunk on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Follow {
    /// The chunks since the cursor.
    pub bytes: Vec<Bytes>,
    /// Where to go on.
    pub cursor: usize,
    /// Nothing follows.
    pub finished: bool,
    /// The segment begins with an IDR.
    pub independent: bool,
    /// It does not go on where the one before ends. Only of the player's segments.
    pub discontinuity: bool,
}

impl Request {
    /// Reads the path below `/live/ROOM/` and the query. `Err(Reply::NotFound)` or `Err(Reply::Bad)`.
    pub fn parse(path: &str, query: Option<&str>) -> Result<Self, Reply> {
        let directives = || Directives::parse(query).map_err(Reply::Bad);
        let mut steps = path.split('/');
        let (Some(first), second, third, fourth, None) =
            (steps.next(), steps.next(), steps.next(), steps.next(), steps.next())
        else {
            return Err(Reply::NotFound);
        };
        let what = match (second, third, fourth) {
            (None, None, None) if first == "index.m3u8" => return Ok(Self::Index(directives()?)),
            (None, None, None) => {
                let epoch = first.strip_suffix(".mpd").ok_or(Reply::NotFound)?;
                let epoch = (epoch != "index").then(|| epoch.to_owned());
                return Ok(Self::Manifest { epoch, query: directives()?.query });
            }
            (Some(_), Some("video.m3u8"), None) => What::Playlist(Track::Video, directives()?),
            (Some(_), Some("audio.m3u8"), None) => What::Playlist(Track::Audio, directives()?),
            (Some(_), Some(file), None) => file_of_rendition(file).ok_or(Reply::NotFound)?,
            (Some(_), Some("video"), Some(file)) => {
                file_of_track(Track::Video, file).ok_or(Reply::NotFound)?
            }
            (Some(_), Some("audio"), Some(file)) => {
                file_of_track(Track::Audio, file).ok_or(Reply::NotFound)?
            }
            (Some(_), Some(folder), Some(file)) => file_of_init(folder, file).ok_or(Reply::NotFound)?,
            _ => return Err(Reply::NotFound),
        };
        let rendition = second.unwrap_or_default().to_owned();
        Ok(Self::Of { epoch: first.to_owned(), rendition, what })
    }
}

fn file_of_rendition(file: &str) -> Option<What> {
    let stem = file.strip_suffix(".mp4")?;
    match track_and_number(stem) {
        Some((track, number)) => Some(What::Init(track, number)),
        None => Some(What::Object(parse(stem)?)),
    }
}

fn file_of_init(folder: &str, file: &str) -> Option<What> {
    let (track, init) = track_and_number(folder)?;
    Some(What::Chunked(track, init, parse(file.strip_suffix(".m4s")?)?))
}

/// `video-3`.
fn track_and_number(text: &str) -> Option<(Track, u32)> {
    match text.split_once('-')? {
        ("video", number) => Some((Track::Video, parse(number)?)),
        ("audio", number) => Some((Track::Audio, parse(number)?)),
        _ => None,
    }
}

fn file_of_track(track: Track, file: &str) -> Option<What> {
    let stem = file.strip_suffix(".m4s")?;
    match stem.split_once('.') {
        Some((number, part)) => Some(What::Part(track, parse(number)?, parse(part)?)),
        None => Some(What::Segment(track, parse(stem)?)),
    }
}

/// A number as this server writes it: one object has one URL, which is what a cache counts on.
fn parse<T: std::str::FromStr + ToString>(text: &str) -> Option<T> {
    text.parse().ok().filter(|number: &T| number.to_string() == text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        let check = |path: &str, what: What| {
            let want = Request::Of { epoch: "e".into(), rendition: "720p".into(), what };
            assert_eq!(Request::parse(&format!("e/720p/{path}"), None), Ok(want), "{path}");
        };
        check("7.mp4", What::Object(7));
        check("video.m3u8", What::Playlist(Track::Video, Directives::default()));
        check("audio-2.mp4", What::Init(Track::Audio, 2));
        check("video/7.m4s", What::Segment(Track::Video, 7));
        check("audio/7.3.m4s", What::Part(Track::Audio, 7, 3));
        check("audio-2/7.m4s", What::Chunked(Track::Audio, 2, 7));
        assert_eq!(Request::parse("index.m3u8", None), Ok(Request::Index(Directives::default())));
        let manifest =
            |epoch: Option<&str>| Request::Manifest { epoch: epoch.map(Into::into), query: "?t=1".into() };
        assert_eq!(Request::parse("index.mpd", Some("t=1")), Ok(manifest(None)));
        assert_eq!(Request::parse("e.mpd", Some("t=1")), Ok(manifest(Some("e"))));
    }

    #[test]
    fn other_paths_are_not_found() {
        for path in [
            "",
            "/",
            "index.m3u8/",
            "e/720p",
            "e/720p/",
            "e/720p/07.mp4",
            "e/720p/+7.mp4",
            "e/720p/-7.mp4",
            "e/720p/x.mp4",
            "e/720p/7",
            "e/720p/text-1.mp4",
            "e/720p/video/7.3.1.m4s",
            "e/720p/video/.m4s",
            "e/720p/video-1/7.3.m4s",
            "e/720p/video-/7.m4s",
            "e/720p/index.mpd",
            "e/index.mpd",
            "e.mpd/",
            "e/720p/subs/7.m4s",
            "e/720p/99999999999999999999999.mp4",
            "e/720p/video/7.m4s/x",
            "e/../x.mp4/7.m4s",
        ] {
            assert_eq!(Request::parse(path, None), Err(Reply::NotFound), "{path}");
        }
        assert!(matches!(Request::parse("e/720p/video.m3u8", Some("_HLS_part=1")), Err(Reply::Bad(_))));
    }
}
