//! Plain LL-HLS in the world: a segment that reaches the page part by part, as `tests/lab/parts.js` fetches it. Both ends of it
//! stand here; the parts are the window's own. Not counted: playlists at the join, and connections, of which there is one.
//!
//! ```text
//! server  part k is whole -> lists (picture, sound), with a hint at k+1 if that is begun -> page
//! page    k listed or hinted at, and k-1 there -> request -> held until k is whole -> part -> page
//! ```
//!
//! A segment's first part is not hinted at, so that it costs a round trip; the others cost one only where the way is longer than a
//! part. That a segment is over is told by the list that has the next one's first part.

use bytes::Bytes;
use hawker_server_core::media::frame::Track;
use hawker_server_core::media::live::{Answer, Live};
use hawker_server_core::media::window::request::{Reply, Request, What};

/// Two media playlists as delta updates, 570 bytes each as gzip, and the head of one answer: the other head is the note behind.
pub(super) const LIST_BYTES: usize = 2 * 570 + 300;
/// The head of one of two answers that bring a part, each of a track: the other head is the note behind.
pub(super) const PART_BYTES: usize = 300;

/// A segment on its way to a page.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Parts {
    /// Parts that the server has listed.
    listed: u32,
    /// Asked for, and held by the server.
    held: Option<u32>,
    /// Parts that were sent.
    sent: u32,
    /// The page: parts that it knows an address of, has asked for, and has.
    known: u32,
    asked: u32,
    had: u32,
}

/// What the server sends.
#[derive(Debug)]
pub(super) enum Send {
    /// Lists, by which so many parts have an address.
    Lists(u32),
    /// A part.
    Part {
        /// In the order of their decoding.
        chunks: Vec<Bytes>,
        /// The segment begins with it.
        first: bool,
        /// It begins with a keyframe.
        independent: bool,
    },
    /// Nothing more.
    End,
}

/// How far a part is.
enum Made {
    /// All of it, of both tracks.
    Whole(Vec<Bytes>, bool),
    /// It is being made, or will be.
    Begun,
    /// The segment ends before it.
    Never,
}

impl Parts {
    /// A request for a part has come to the server.
    pub(super) fn ask(&mut self, part: u32) {
        self.held = Some(part);
    }

    /// What the server sends next, if anything.
    pub(super) fn next(&mut self, live: &Live, of: (&str, &str, u64)) -> Option<Send> {
        let before = self.listed;
        while matches!(made(live, of, self.listed), Made::Whole(..)) {
            self.listed += 1;
        }
        if self.listed > before {
            let hinted = matches!(made(live, of, self.listed), Made::Begun);
            return Some(Send::Lists(self.listed + u32::from(hinted)));
        }
        if let Some(part) = self.held
            && let Made::Whole(chunks, independent) = made(live, of, part)
        {
            self.held = None;
            self.sent = part + 1;
            return Some(Send::Part { chunks, first: part == 0, independent });
        }
        let (epoch, rendition, number) = of;
        let over =
            self.listed > 0 && self.sent == self.listed && matches!(made(live, of, self.listed), Made::Never);
        let next = (epoch, rendition, number + 1);
        (over && matches!(made(live, next, 0), Made::Whole(..))).then_some(Send::End)
    }

    /// A list has come to the page.
    pub(super) fn told(&mut self, known: u32) -> Option<u32> {
        self.known = self.known.max(known);
        self.want()
    }

    /// A part has come to the page.
    pub(super) fn came(&mut self) -> Option<u32> {
        self.had += 1;
        self.want()
    }

    /// The part that the page asks for now.
    fn want(&mut self) -> Option<u32> {
        (self.asked == self.had && self.asked < self.known).then(|| {
            self.asked += 1;
            self.asked - 1
        })
    }
}

/// A part of both tracks.
fn made(live: &Live, (epoch, rendition, number): (&str, &str, u64), part: u32) -> Made {
    let of = |track| {
        let what = What::Part(track, number, part);
        match live.reply(&Request::Of { epoch: epoch.to_owned(), rendition: rendition.to_owned(), what }) {
            Answer::Live(Reply::Whole(whole)) => Made::Whole(whole.bytes, whole.independent),
            Answer::Live(Reply::Wait) => Made::Begun,
            Answer::Live(_) | Answer::Offline | Answer::Ended => Made::Never,
        }
    };
    match (of(Track::Video), of(Track::Audio)) {
        (Made::Begun, _) | (_, Made::Begun) => Made::Begun,
        (Made::Whole(picture, independent), Made::Whole(sound, _)) => {
            Made::Whole(merged(picture, sound), independent)
        }
        (whole @ Made::Whole(..), Made::Never) | (Made::Never, whole @ Made::Whole(..)) => whole,
        (Made::Never, Made::Never) => Made::Never,
    }
}

/// Chunks of the same stretch of time, each list evenly spread over it.
fn merged(picture: Vec<Bytes>, sound: Vec<Bytes>) -> Vec<Bytes> {
    let place = |all: Vec<Bytes>| {
        let count = all.len() as f64;
        all.into_iter().enumerate().map(move |(at, chunk)| (at as f64 / count, chunk))
    };
    let mut all: Vec<_> = place(picture).chain(place(sound)).collect();
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    all.into_iter().map(|(_, chunk)| chunk).collect()
}
