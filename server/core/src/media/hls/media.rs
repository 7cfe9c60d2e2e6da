//! The media playlist of one track of one rendition as text (RFC 8216bis, 4.4.3 and 4.4.4). A pure writer: what is listed and
//! what is complete, the snapshot says.

use hawker_wire::Wall;

use super::{TARGET_DURATION_S, duration, seconds};
use crate::media::date::iso8601;
use crate::media::frame::Track;

/// What a playlist shows.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// Decides the names of the URLs.
    pub track: Track,
    /// PART-TARGET in microseconds.
    pub part_target_us: u64,
    /// EXT-X-DISCONTINUITY-SEQUENCE of the first segment.
    pub discontinuity_sequence: u64,
    /// Oldest first, without holes in the numbers.
    pub segments: Vec<Segment>,
    /// Where to begin, in microseconds before the end of the list: said where not every segment begins with an IDR, since a
    /// player that begins elsewhere has no picture until the next one.
    pub start_us: Option<u64>,
    /// The part being made: its segment and number.
    pub hint: Option<(u64, u32)>,
    /// The other playlists of the room.
    pub reports: Vec<Report>,
}

/// A segment, whole or as far as it is made.
#[derive(Clone, Debug)]
pub struct Segment {
    /// Media sequence number.
    pub number: u64,
    /// EXTINF in microseconds; `None` as long as the next segment has no part.
    pub duration_us: Option<u64>,
    /// EXT-X-PROGRAM-DATE-TIME.
    pub wall: Wall,
    /// A new timeline or configuration.
    pub discontinuity: bool,
    /// The number in EXT-X-MAP.
    pub init: u32,
    /// Its complete parts.
    pub parts: Vec<Part>,
    /// It begins with an IDR.
    pub independent: bool,
    /// EXT-X-GAP: the encoder was away.
    pub gap: bool,
}

/// A complete part.
#[derive(Clone, Copy, Debug)]
pub struct Part {
    /// In microseconds, at most PART-TARGET.
    pub duration_us: u64,
    /// It begins with an IDR.
    pub independent: bool,
}

/// EXT-X-RENDITION-REPORT.
#[derive(Clone, Debug)]
pub struct Report {
    /// Relative to the playlist.
    pub uri: String,
    /// LAST-MSN and LAST-PART.
    pub last: (u64, u32),
}

/// How far back a playlist delta update may skip to: six target durations, the least that is allowed (4.4.3.8).
const SKIP_UNTIL_US: u64 = 6 * TARGET_DURATION_S * 1_000_000;
/// Parts are listed this far back: three target durations (6.2.2 lets a server drop older ones).
const PARTS_US: u64 = 3 * TARGET_DURATION_S * 1_000_000;

/// PART-HOLD-BACK at every usual rate: three times the longest PART-TARGET of picture and sound, because it should be the same
/// in all playlists of a room (4.4.3.8). Rates with longer parts say more.
const PART_HOLD_BACK_US: u64 = 660_000;

/// The playlist. `skip`: leave out what the client has, if that is possible. `query` goes to every URL inside.
#[must_use]
pub fn write(list: &Snapshot, skip: bool, query: &str) -> String {
    let mut out = String::with_capacity(4_096);
    header(&mut out, list);
    let total: u64 = list.segments.iter().map(length).sum();
    let mut from_end = total;
    let skipped = if skip { skippable(list, total) } else { 0 };
    if skipped > 0 {
        line(&mut out, &format!("#EXT-X-SKIP:SKIPPED-SEGMENTS={skipped}"));
    }
    let mut map = None;
    for (at, segment) in list.segments.iter().enumerate() {
        let start_from_end = from_end;
        from_end = from_end.saturating_sub(length(segment));
        if at < skipped {
            continue;
        }
        if segment.discontinuity {
            line(&mut out, "#EXT-X-DISCONTINUITY");
        }
        if map != Some(segment.init) {
            map = Some(segment.init);
            let name = name(list.track);
            line(&mut out, &format!("#EXT-X-MAP:URI=\"{name}-{}.mp4{query}\"", segment.init));
        }
        line(&mut out, &format!("#EXT-X-PROGRAM-DATE-TIME:{}", iso8601(segment.wall)));
        if segment.duration_us.is_none() || start_from_end <= PARTS_US {
            parts(&mut out, list.track, segment, query);
        }
        if let Some(us) = segment.duration_us {
            if segment.gap {
                line(&mut out, "#EXT-X-GAP");
            }
            line(&mut out, &format!("#EXTINF:{},", duration(us)));
            line(&mut out, &format!("{}/{}.m4s{query}", name(list.track), segment.number));
        }
    }
    if let Some((number, part)) = list.hint {
        let name = name(list.track);
        line(&mut out, &format!("#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"{name}/{number}.{part}.m4s{query}\""));
    }
    for Report { uri, last: (msn, part) } in &list.reports {
        line(
            &mut out,
            &format!("#EXT-X-RENDITION-REPORT:URI=\"{uri}{query}\",LAST-MSN={msn},LAST-PART={part}"),
        );
    }
    out
}

/// The name of a track in URLs.
#[must_use]
pub const fn name(track: Track) -> &'static str {
    match track {
        Track::Video => "video",
        Track::Audio => "audio",
    }
}

fn header(out: &mut String, list: &Snapshot) {
    let target = duration(list.part_target_us);
    let hold_back = seconds((list.part_target_us * 3 + 3).max(PART_HOLD_BACK_US));
    line(out, "#EXTM3U");
    line(out, "#EXT-X-VERSION:9");
    line(out, &format!("#EXT-X-TARGETDURATION:{TARGET_DURATION_S}"));
    line(
        out,
        &format!(
            "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL={}.0,HOLD-BACK={}.0,PART-HOLD-BACK={hold_back}",
            SKIP_UNTIL_US / 1_000_000,
            TARGET_DURATION_S * 3,
        ),
    );
    line(out, &format!("#EXT-X-PART-INF:PART-TARGET={target}"));
    line(
        out,
        &format!("#EXT-X-MEDIA-SEQUENCE:{}", list.segments.first().map_or(1, |segment| segment.number)),
    );
    line(out, &format!("#EXT-X-DISCONTINUITY-SEQUENCE:{}", list.discontinuity_sequence));
    if list.segments.iter().all(|segment| segment.independent) {
        line(out, "#EXT-X-INDEPENDENT-SEGMENTS");
    }
    if let Some(us) = list.start_us {
        line(out, &format!("#EXT-X-START:TIME-OFFSET=-{},PRECISE=YES", seconds(us)));
    }
}

fn parts(out: &mut String, track: Track, segment: &Segment, query: &str) {
    let (name, number) = (name(track), segment.number);
    for (at, part) in segment.parts.iter().enumerate() {
        let independent = if part.independent { ",INDEPENDENT=YES" } else { "" };
        let duration = duration(part.duration_us);
        line(
            out,
            &format!("#EXT-X-PART:DURATION={duration},URI=\"{name}/{number}.{at}.m4s{query}\"{independent}"),
        );
    }
}

/// Segments that a delta update may leave out: older than the skip boundary; none if a discontinuity or another
/// configuration is in the list, because what was skipped could then not be told.
fn skippable(list: &Snapshot, total: u64) -> usize {
    let init = list.segments.first().map(|segment| segment.init);
    if list.segments.iter().any(|segment| segment.discontinuity || Some(segment.init) != init) {
        return 0;
    }
    let mut end = 0;
    let old = |segment: &&Segment| {
        end += length(segment);
        total.saturating_sub(end) >= SKIP_UNTIL_US
    };
    list.segments.iter().take_while(old).count()
}

fn length(segment: &Segment) -> u64 {
    segment.duration_us.unwrap_or_else(|| segment.parts.iter().map(|part| part.duration_us).sum())
}

fn line(out: &mut String, text: &str) {
    out.push_str(text);
    out.push('\n');
}
