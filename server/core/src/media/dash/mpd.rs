//! The manifest as text (ISO/IEC 23009-1, 5.3). A pure writer: which Periods and renditions there are, the snapshot says.

use core::fmt::{self, Write as _};

use hawker_wire::Wall;

use crate::media::date::iso8601;
use crate::media::frame::Track;
use crate::media::hls::media::name;

/// What a manifest shows.
#[derive(Clone, Debug)]
pub struct Presentation {
    /// `MPD@id`: the epoch.
    pub id: String,
    /// `MPD@availabilityStartTime`.
    pub start: Wall,
    /// `MPD@publishTime`.
    pub published: Wall,
    /// `MPD@timeShiftBufferDepth` in ms.
    pub depth_ms: u64,
    /// Oldest first; at least one.
    pub periods: Vec<Period>,
    /// The end of an epoch that is over, in ms after its start.
    pub ended_ms: Option<u64>,
}

/// One Period.
#[derive(Clone, Debug)]
pub struct Period {
    /// Its first segment's number, whether that is still told of or not.
    pub id: u64,
    /// In ms after `availabilityStartTime`.
    pub start_ms: u64,
    /// Media time there, in ms.
    pub at: i64,
    /// The same moment by the server's clock.
    pub wall: Wall,
    /// The first segment that is told of.
    pub first: u64,
    /// Its segments.
    pub segments: Segments,
    /// Every segment begins with an IDR.
    pub independent: bool,
    /// Pictures, then sounds, each best first.
    pub representations: Vec<Representation>,
}

/// How a player knows a segment's time.
#[derive(Clone, Debug)]
pub enum Segments {
    /// The first at the Period's beginning, each this many ms after the one before, to be had while it is made.
    Even(i64),
    /// Beginning and length of each complete one, in ms of media time.
    Listed(Vec<(i64, i64)>),
}

/// One track of a rendition.
#[derive(Clone, Debug)]
pub struct Representation {
    /// Picture or sound.
    pub track: Track,
    /// The rendition's name.
    pub rendition: String,
    /// The number of its initialisation segment.
    pub init: u32,
    /// RFC 6381.
    pub codec: String,
    /// Bits a second over the largest segment.
    pub bandwidth: u64,
    /// Pixels; zero for sound.
    pub size: (u32, u32),
    /// Frames in 1,000 seconds; 0 where unknown and for sound.
    pub frame_rate_milli: u32,
    /// Sample rate and channels; zero for a picture.
    pub sound: (u32, u32),
    /// The first chunk of a segment, in ms, rounded up: a frame.
    pub chunk_ms: i64,
}

/// What a player should keep behind the server, in ms: a frame is there at once, but a player of segments has to find each on
/// two tracks, and browsers give a small response away late.
const TARGET_MS: u64 = 1_200;
/// The same where only complete segments are told of: two of the longest.
const LISTED_TARGET_MS: u64 = 4_000;
/// How often a player reads the manifest: what changes it is rare, but is to be known before the buffer is played.
const UPDATE_S: u64 = 1;

/// The manifest, as `/live/ROOM/index.mpd` and `/live/ROOM/EPOCH.mpd` say it: its `Location` is the second, which a player reads
/// from then on, so that it is told of the end of its epoch and not of the beginning of another. Both are in one folder because
/// players differ in whether URLs are relative to `Location`. `query` goes to every URL inside.
#[must_use]
pub fn write(mpd: &Presentation, query: &str) -> String {
    let mut out = Out(String::with_capacity(4_096));
    let url = query.replace('&', "&amp;");
    let listed = mpd.periods.last().is_some_and(|period| matches!(period.segments, Segments::Listed(_)));
    let target = if listed { LISTED_TARGET_MS } else { TARGET_MS };
    out.line(format_args!("<?xml version=\"1.0\" encoding=\"utf-8\"?>"));
    out.put(format_args!(
        "<MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\" id=\"{}\" profiles=\"{PROFILES}\"",
        mpd.id
    ));
    match mpd.ended_ms {
        Some(ms) => {
            out.put(format_args!(" type=\"static\" mediaPresentationDuration=\"{}\"", Lasts(ms)));
        }
        None => out.put(format_args!(
            " type=\"dynamic\" minimumUpdatePeriod=\"PT{UPDATE_S}S\" timeShiftBufferDepth=\"{}\" \
             suggestedPresentationDelay=\"{}\"",
            Lasts(mpd.depth_ms),
            Lasts(target),
        )),
    }
    out.line(format_args!(
        " availabilityStartTime=\"{}\" publishTime=\"{}\" maxSegmentDuration=\"{}\" minBufferTime=\"PT1S\">",
        iso8601(mpd.start),
        iso8601(mpd.published),
        Lasts(longest_ms(mpd)),
    ));
    out.line(format_args!("<Location>{}.mpd{url}</Location>", mpd.id));
    out.line(format_args!("<ServiceDescription id=\"0\">"));
    out.line(format_args!("<Scope schemeIdUri=\"urn:dvb:dash:lowlatency:scope:2019\"/>"));
    out.line(format_args!(
        "<Latency referenceId=\"0\" target=\"{target}\" min=\"{}\" max=\"{}\"/>",
        target / 2,
        target * 3
    ));
    out.line(format_args!("<PlaybackRate min=\"0.96\" max=\"1.04\"/>"));
    out.line(format_args!("</ServiceDescription>"));
    for period in &mpd.periods {
        let context = Context { period, epoch: &mpd.id, query: &url.replace('$', "$$") };
        context.write(&mut out);
    }
    out.line(format_args!("{CLOCK}"));
    out.line(format_args!("</MPD>"));
    out.0
}

const PROFILES: &str = "urn:mpeg:dash:profile:isoff-live:2011,urn:mpeg:dash:profile:cmaf:2019,\
    http://www.dashif.org/guidelines/low-latency-live-v5";

/// Where a player sets its clock by.
const CLOCK: &str =
    "<UTCTiming schemeIdUri=\"urn:mpeg:dash:utc:http-iso:2014\" value=\"../../api/v1/time?iso\"/>";

struct Context<'a> {
    period: &'a Period,
    epoch: &'a str,
    query: &'a str,
}

impl Context<'_> {
    fn write(&self, out: &mut Out) {
        let Period { id, start_ms, representations, .. } = self.period;
        out.line(format_args!("<Period id=\"{id}\" start=\"{}\">", Lasts(*start_ms)));
        let mut sets: Vec<(Track, &str, Vec<&Representation>)> = Vec::new();
        for one in representations {
            let kind = one.codec.split('.').next().unwrap_or_default();
            match sets.iter_mut().find(|(track, of, _)| (*track, *of) == (one.track, kind)) {
                Some((_, _, members)) => members.push(one),
                None => sets.push((one.track, kind, vec![one])),
            }
        }
        let pictures = sets.iter().filter(|(track, ..)| *track == Track::Video).count();
        for (at, (track, _, members)) in sets.iter().enumerate() {
            self.set(out, at + 1, *track, members, pictures);
        }
        out.line(format_args!("</Period>"));
    }

    fn set(&self, out: &mut Out, id: usize, track: Track, members: &[&Representation], pictures: usize) {
        let kind = name(track);
        out.put(format_args!(
            "<AdaptationSet id=\"{id}\" contentType=\"{kind}\" mimeType=\"{kind}/mp4\" segmentAlignment=\"true\""
        ));
        if self.period.independent || track == Track::Audio {
            out.put(format_args!(" startWithSAP=\"1\""));
        }
        out.line(format_args!(">"));
        out.line(format_args!("<Role schemeIdUri=\"urn:mpeg:dash:role:2011\" value=\"main\"/>"));
        if track == Track::Video && pictures > 1 {
            // The same picture in another codec: a player may go from one set to the other (DASH-IF IOP, 3.8).
            let others: Vec<String> =
                (1..=pictures).filter(|other| *other != id).map(|id| id.to_string()).collect();
            out.line(format_args!(
                "<SupplementalProperty schemeIdUri=\"urn:mpeg:dash:adaptation-set-switching:2016\" value=\"{}\"/>",
                others.join(",")
            ));
        }
        // Sound beside a picture goes without `prft`.
        let inband = track == Track::Video || pictures == 0;
        out.line(format_args!(
            "<ProducerReferenceTime id=\"0\" inband=\"{inband}\" type=\"encoder\" wallClockTime=\"{}\" presentationTime=\"{}\">",
            iso8601(self.period.wall),
            self.period.at,
        ));
        out.line(format_args!("{CLOCK}"));
        out.line(format_args!("</ProducerReferenceTime>"));
        for one in members {
            self.representation(out, one);
        }
        out.line(format_args!("</AdaptationSet>"));
    }

    fn representation(&self, out: &mut Out, one: &Representation) {
        let kind = name(one.track);
        out.put(format_args!(
            "<Representation id=\"{kind}.{}\" codecs=\"{}\" bandwidth=\"{}\"",
            one.rendition, one.codec, one.bandwidth
        ));
        match one.track {
            Track::Video => {
                out.put(format_args!(" width=\"{}\" height=\"{}\"", one.size.0, one.size.1));
                if one.frame_rate_milli > 0 {
                    out.put(format_args!(" frameRate=\"{}\"", Rate(one.frame_rate_milli)));
                }
                out.line(format_args!(">"));
            }
            Track::Audio => {
                out.line(format_args!(" audioSamplingRate=\"{}\">", one.sound.0));
                out.line(format_args!(
                    "<AudioChannelConfiguration schemeIdUri=\"urn:mpeg:dash:23003:3:audio_channel_configuration:2011\" \
                     value=\"{}\"/>",
                    one.sound.1
                ));
            }
        }
        let Self { epoch, query, .. } = self;
        let at = format!("{epoch}/{}/{kind}-{}", one.rendition, one.init);
        out.put(format_args!(
            "<SegmentTemplate timescale=\"1000\" presentationTimeOffset=\"{}\" startNumber=\"{}\" \
             initialization=\"{at}.mp4{query}\" media=\"{at}/$Number$.m4s{query}\"",
            self.period.at, self.period.first,
        ));
        match &self.period.segments {
            Segments::Even(ms) => {
                let early = u64::try_from(ms - one.chunk_ms).unwrap_or(0);
                out.line(format_args!(
                    " duration=\"{ms}\" availabilityTimeOffset=\"{}.{:03}\" availabilityTimeComplete=\"false\"/>",
                    early / 1_000,
                    early % 1_000
                ));
            }
            Segments::Listed(list) => {
                out.line(format_args!(">"));
                out.line(format_args!("<SegmentTimeline>"));
                timeline(out, list);
                out.line(format_args!("</SegmentTimeline>"));
                out.line(format_args!("</SegmentTemplate>"));
            }
        }
        out.line(format_args!("</Representation>"));
    }
}

/// Shaka takes the live edge to be this far behind the clock, so it must not be more than it is.
fn longest_ms(mpd: &Presentation) -> u64 {
    let longest = |period: &Period| match &period.segments {
        Segments::Even(ms) => Some(*ms),
        Segments::Listed(list) => list.iter().map(|(_, length)| *length).max(),
    };
    u64::try_from(mpd.periods.iter().filter_map(longest).max().unwrap_or(0)).unwrap_or(0)
}

/// `S` elements: neighbours of equal length are one.
fn timeline(out: &mut Out, list: &[(i64, i64)]) {
    let mut rest = list;
    while let Some(((at, length), _)) = rest.split_first() {
        let same = rest
            .iter()
            .enumerate()
            .take_while(|(n, (start, of))| {
                of == length && *start == at + length * i64::try_from(*n).unwrap_or(0)
            })
            .count();
        let repeat = if same > 1 { format!(" r=\"{}\"", same - 1) } else { String::new() };
        out.line(format_args!("<S t=\"{at}\" d=\"{length}\"{repeat}/>"));
        rest = rest.get(same.max(1)..).unwrap_or_default();
    }
}

/// Text that grows; writing to a string does not fail.
struct Out(String);

impl Out {
    fn put(&mut self, text: fmt::Arguments<'_>) {
        let _ = self.0.write_fmt(text);
    }

    fn line(&mut self, text: fmt::Arguments<'_>) {
        self.put(text);
        self.0.push('\n');
    }
}

/// `xs:duration` of milliseconds.
struct Lasts(u64);

impl fmt::Display for Lasts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(ms) = self;
        match ms % 1_000 {
            0 => write!(f, "PT{}S", ms / 1_000),
            rest => write!(f, "PT{}.{rest:03}S", ms / 1_000),
        }
    }
}

/// `@frameRate`: whole, or by 1,001.
struct Rate(u32);

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(milli) = *self;
        let near = milli.div_ceil(1_000);
        match milli {
            _ if milli % 1_000 == 0 => write!(f, "{near}"),
            _ if (near * 1_000_000 / 1_001).abs_diff(milli) <= 5 => write!(f, "{}/1001", near * 1_000),
            _ => write!(f, "{milli}/1000"),
        }
    }
}
