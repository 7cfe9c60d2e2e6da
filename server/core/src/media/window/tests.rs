//! The window as players see it: three addresses of the same bytes, blocking reloads, hints, eviction. One row a rule of LL-HLS
//! correctness; playlists as text are in `hls/tests.rs`.

use std::collections::BTreeMap;

use bytes::Bytes;
use hawker_wire::Wall;

use super::request::{Reply, Request, What, Whole};
use super::{Limits, Window};
use crate::media::frame::{Config, Event, Frame, Meta, Track};
use crate::media::hls::directives::Directives;
use crate::media::packager::{Name, Packager};
use crate::media::sample::{AAC_48K_STEREO, AVCC_320X180_30};

/// Encoders of 25 fps with sound, in front of a packager and a window.
struct Rig {
    packager: Packager,
    window: Window,
    frame: i64,
    gop: i64,
    sounds: i64,
}

const WINDOW: Limits = Limits { length_ms: 30_000, bytes: 64 << 20 };

fn rig(gop: i64, limits: Limits, names: &[&str]) -> Rig {
    let mut rig =
        Rig { packager: Packager::default(), window: Window::new(limits), frame: 0, gop, sounds: 0 };
    for name in names {
        assert!(rig.packager.attach(&Name::from(*name)));
        rig.push(name, Event::Meta(Meta { frame_rate_milli: 25_000, ..Meta::default() }));
        rig.push(name, Event::Config(Config::Video(Bytes::from_static(AVCC_320X180_30))));
        rig.push(name, Event::Config(Config::Audio(Bytes::from_static(AAC_48K_STEREO))));
    }
    rig
}

impl Rig {
    fn push(&mut self, name: &str, event: Event) {
        let wall = Wall(1_000_000 + u64::try_from(self.frame * 40).unwrap());
        self.packager.push(&name.into(), &event, wall);
        while let Some(output) = self.packager.poll() {
            self.window.apply(output);
        }
    }

    /// `frames` more pictures, and the sound that goes with them.
    fn run(&mut self, names: &[&str], frames: i64) {
        for _ in 0..frames {
            let at = self.frame * 40;
            for name in names {
                let data = Bytes::from(vec![7; 2_500]);
                let key = self.frame % self.gop == 0;
                self.push(name, Event::Frame(Frame { track: Track::Video, dts: at, cts: 0, key, data }));
            }
            while self.sounds * 1_024 / 48 < at + 40 {
                for name in names {
                    let (dts, data) = (self.sounds * 1_024 / 48, Bytes::from(vec![3; 200]));
                    self.push(
                        name,
                        Event::Frame(Frame { track: Track::Audio, dts, cts: 0, key: true, data }),
                    );
                }
                self.sounds += 1;
            }
            self.frame += 1;
        }
    }

    fn text(&self, track: Track, query: &str) -> Result<String, Reply> {
        let directives = Directives::parse(Some(query)).map_err(Reply::Bad)?;
        match self.window.reply("source", &What::Playlist(track, directives)) {
            Reply::Playlist(text) => Ok(text),
            other => Err(other),
        }
    }

    fn bytes(&self, what: &What) -> Vec<u8> {
        match self.window.reply("source", what) {
            Reply::Whole(Whole { bytes, .. }) => bytes.concat(),
            other => panic!("{what:?}: {other:?}"),
        }
    }
}

/// The value of an attribute in each line that begins with `tag`.
fn values(text: &str, tag: &str, name: &str) -> Vec<String> {
    let of = |line: &str| {
        line.split_once(name).map(|(_, rest)| rest.split([',', '"']).next().unwrap_or("").to_owned())
    };
    text.lines().filter(|line| line.starts_with(tag)).filter_map(of).collect()
}

#[test]
fn rules_1_and_2_parts_fit_the_target() {
    let mut rig = rig(25, WINDOW, &["source"]);
    rig.run(&["source"], 120);
    for (track, target) in [(Track::Video, "0.202001"), (Track::Audio, "0.213334")] {
        let text = rig.text(track, "").unwrap();
        assert!(text.contains(&format!("#EXT-X-PART-INF:PART-TARGET={target}\n")), "{text}");
        let target: f64 = target.parse().unwrap();
        let mut last_of_segment = false;
        for line in text.lines().rev() {
            if let Some(rest) = line.strip_prefix("#EXT-X-PART:DURATION=") {
                let length: f64 = rest.split(',').next().unwrap().parse().unwrap();
                assert!(length <= target && (last_of_segment || length >= 0.85 * target), "{line}");
                last_of_segment = false;
            } else if line.starts_with("#EXTINF") {
                last_of_segment = true;
            }
        }
    }
}

#[test]
fn rules_3_and_4_constants_never_change() {
    let mut rig = rig(25, WINDOW, &["source"]);
    rig.run(&["source"], 30);
    let constants = |rig: &Rig| {
        let text = rig.text(Track::Video, "").unwrap();
        let of = ["#EXT-X-TARGETDURATION", "#EXT-X-SERVER-CONTROL", "#EXT-X-PART-INF"];
        of.map(|tag| text.lines().find(|line| line.starts_with(tag)).unwrap().to_owned())
    };
    let first = constants(&rig);
    rig.gop = 200;
    rig.run(&["source"], 400);
    assert_eq!(constants(&rig), first);
    let text = rig.text(Track::Video, "").unwrap();
    let longest =
        values(&text, "#EXTINF:", ":").iter().map(|text| text.parse::<f64>().unwrap()).fold(0.0, f64::max);
    assert!(longest < 2.5, "rounds to the target duration of 2");
}

#[test]
fn rule_5_blocking_reload() {
    let mut rig = rig(25, WINDOW, &["source"]);
    rig.run(&["source"], 25 + 6);
    // Segment 1 is complete with parts 0 to 4; segment 2 has part 0, and a frame of part 1.
    let check = |query: &str| rig.text(Track::Video, query);
    assert!(check("_HLS_msn=1&_HLS_part=4").is_ok());
    assert!(check("_HLS_msn=2").is_ok(), "no part means part 0");
    assert!(check("_HLS_msn=1&_HLS_part=5").is_ok(), "beyond the last part is part 0 of the next");
    assert_eq!(check("_HLS_msn=2&_HLS_part=1"), Err(Reply::Wait));
    assert_eq!(check("_HLS_msn=3"), Err(Reply::Wait));
    assert!(
        matches!(check("_HLS_msn=4"), Err(Reply::Bad(_))),
        "more than two ahead of the last complete one"
    );
    assert!(matches!(check("_HLS_part=1"), Err(Reply::Bad(_))));
    rig.run(&["source"], 5);
    assert!(rig.text(Track::Video, "_HLS_msn=2&_HLS_part=1").unwrap().contains("video/2.1.m4s\"\n"));
}

#[test]
fn rule_6_the_hint_waits_and_then_comes_whole() {
    let mut rig = rig(25, WINDOW, &["source"]);
    rig.run(&["source"], 8);
    let mut hinted = 0;
    for _ in 0..100 {
        let text = rig.text(Track::Video, "").unwrap();
        let Some(hint) = values(&text, "#EXT-X-PRELOAD-HINT", "URI=\"").pop() else {
            assert!(text.lines().any(|line| line.contains(".4.m4s")), "only after the last part: {text}");
            rig.run(&["source"], 5);
            continue;
        };
        let (segment, part) = hint["video/".len()..].trim_end_matches(".m4s").split_once('.').unwrap();
        let what = What::Part(Track::Video, segment.parse().unwrap(), part.parse().unwrap());
        assert_eq!(rig.window.reply("source", &what), Reply::Wait, "{hint} is announced");
        rig.run(&["source"], 5);
        assert_eq!(
            rig.bytes(&what).windows(4).filter(|w| *w == b"moof").count(),
            5,
            "{hint} never comes to nothing"
        );
        hinted += 1;
    }
    assert_eq!(hinted, 80, "all but the first part of a segment, whose segment is not listed yet");
}

#[test]
fn rules_7_and_8_independence_and_reports() {
    let mut rig = rig(100, WINDOW, &["360p", "source"]);
    rig.run(&["360p", "source"], 140);
    let text = rig.text(Track::Video, "").unwrap();
    let independent: Vec<_> = text.lines().filter(|line| line.ends_with("INDEPENDENT=YES")).collect();
    assert_eq!(independent.len(), 2, "IDRs at 0 and 4 s: {text}");
    assert!(!text.contains("#EXT-X-INDEPENDENT-SEGMENTS"));
    assert!(
        text.contains("#EXT-X-START:TIME-OFFSET=-1.400000,PRECISE=YES\n"),
        "begin at the IDR at 4 s: {text}"
    );
    for report in ["audio.m3u8", "../360p/video.m3u8", "../360p/audio.m3u8"] {
        assert!(
            text.contains(&format!("#EXT-X-RENDITION-REPORT:URI=\"{report}\",LAST-MSN=3,LAST-PART=")),
            "{text}"
        );
    }
    assert_eq!(rig.text(Track::Audio, "").unwrap().matches("INDEPENDENT=YES").count(), {
        rig.text(Track::Audio, "").unwrap().matches("#EXT-X-PART:").count()
    });
}

#[test]
fn rule_10_numbers_begin_with_one_and_discontinuities_are_counted_alike() {
    let names = ["360p", "source"];
    let mut rig = rig(25, WINDOW, &names);
    rig.run(&names, 60);
    assert!(rig.text(Track::Video, "").unwrap().contains("#EXT-X-MEDIA-SEQUENCE:1\n"));
    for name in names {
        rig.push(name, Event::Discontinuity);
    }
    rig.frame = 1_000_000;
    rig.sounds = rig.frame * 40 * 48 / 1_024;
    rig.run(&names, 1_000);
    let sequences: Vec<String> = [Track::Video, Track::Audio]
        .iter()
        .map(|track| rig.text(*track, "").unwrap())
        .map(|text| values(&text, "#EXT-X-DISCONTINUITY-SEQUENCE", ":").concat())
        .collect();
    assert_eq!(sequences, ["1", "1"], "the one discontinuity has left the list");
}

#[test]
fn rule_11_a_segment_is_its_parts_and_the_same_chunks_three_times() {
    let mut rig = rig(25, WINDOW, &["source"]);
    rig.run(&["source"], 80);
    for track in [Track::Video, Track::Audio] {
        let whole = rig.bytes(&What::Segment(track, 2));
        let parts: Vec<u8> = (0..)
            .map_while(|part| match rig.window.reply("source", &What::Part(track, 2, part)) {
                Reply::Whole(whole) => Some(whole.bytes.concat()),
                _ => None,
            })
            .flatten()
            .collect();
        assert_eq!(whole, parts);
    }
    let both = rig.bytes(&What::Object(3));
    assert!(both.len() > 25 * 2_500 + 46 * 200, "25 pictures, 46 sounds");
    let chunks = both.windows(4).filter(|w| *w == b"moof").count();
    assert!(
        (25 + 46 / 2..25 + 46).contains(&chunks),
        "{chunks}: at 575 kb/s sound comes two frames at a time"
    );
    assert_eq!(&both[4..8], b"ftyp", "every segment of the player begins with its configuration");
}

#[test]
fn rule_11_what_left_the_list_stays_for_a_while_and_then_is_gone() {
    let mut rig = rig(25, WINDOW, &["source"]);
    rig.run(&["source"], 25 * 27);
    let text = rig.text(Track::Video, "").unwrap();
    assert!(text.contains("#EXT-X-MEDIA-SEQUENCE:7\n"), "{text}");
    assert!(matches!(rig.window.reply("source", &What::Segment(Track::Video, 1)), Reply::Whole(_)));
    rig.run(&["source"], 25 * 20);
    for what in [What::Object(1), What::Segment(Track::Video, 1), What::Part(Track::Video, 1, 0)] {
        assert_eq!(rig.window.reply("source", &what), Reply::Gone);
    }
    assert_eq!(rig.window.reply("source", &What::Object(48)), Reply::Wait, "the next one");
    assert_eq!(rig.window.reply("source", &What::Object(49)), Reply::NotFound, "further ahead");
    assert_eq!(rig.window.reply("source", &What::Object(0)), Reply::NotFound);
    assert_eq!(rig.window.reply("other", &What::Object(47)), Reply::NotFound);
}

#[test]
fn rule_12_the_calendar_is_in_every_segment() {
    let mut rig = rig(25, WINDOW, &["source"]);
    rig.run(&["source"], 90);
    let dates = |track| values(&rig.text(track, "").unwrap(), "#EXT-X-PROGRAM-DATE-TIME", "TIME:");
    let video = dates(Track::Video);
    assert_eq!(video.len(), 4);
    for track in [Track::Video, Track::Audio] {
        let text = rig.text(track, "").unwrap();
        let at: Vec<f64> = dates(track).iter().map(|date| date[17..23].parse().unwrap()).collect();
        let lasts: Vec<f64> =
            values(&text, "#EXTINF:", ":").iter().map(|text| text.parse().unwrap()).collect();
        for (n, lasts) in lasts.iter().enumerate() {
            let until_next = at[n + 1] - at[n];
            assert!(
                (until_next - lasts).abs() < 0.001_01,
                "sound begins up to a frame after its cut: {text}"
            );
        }
        let after_video = at[0] - video[0][17..23].parse::<f64>().unwrap();
        assert!((0.0..0.022).contains(&after_video), "{text}");
    }
}

/// What a cache may keep: every URL that was ever listed gives the same bytes until it is gone. Playlists are not kept (the
/// headers are tried over HTTP in `tests/media`).
#[test]
fn rule_14_what_was_listed_never_changes() {
    let mut rig = rig(25, WINDOW, &["source"]);
    let mut known = std::collections::BTreeMap::new();
    rig.run(&["source"], 20);
    for _ in 0..300 {
        rig.run(&["source"], 3);
        for track in [Track::Video, Track::Audio] {
            let text = rig.text(track, "").unwrap();
            let quoted = text.lines().filter_map(|line| line.split_once("URI=\"")).map(|(_, rest)| rest);
            let listed = quoted.filter_map(|rest| rest.split_once('"').map(|(uri, _)| uri));
            for uri in listed.chain(text.lines().filter(|line| !line.starts_with('#'))) {
                let request = Request::parse(&format!("e/source/{uri}"), None);
                let Ok(Request::Of { what, .. }) = request else { panic!("{uri}: {request:?}") };
                if matches!(what, What::Playlist(..)) || text.contains(&format!("HINT:TYPE=PART,URI=\"{uri}"))
                {
                    continue;
                }
                let bytes = rig.bytes(&what);
                assert_eq!(*known.entry(uri.to_owned()).or_insert_with(|| bytes.clone()), bytes, "{uri}");
            }
        }
    }
    assert!(known.len() > 400, "parts, segments and inits of both tracks");
}

/// hls.js (1.7) looks for the next part within a tolerance of 0.25 s, and takes a segment that lacks less than 0.2 s of its end
/// for whole: parts are below the one, and the last of a segment is no stub below the other.
#[test]
fn rule_16_hls_js_finds_every_part() {
    for gop in [25, 50] {
        let mut rig = rig(gop, WINDOW, &["source"]);
        rig.run(&["source"], 25 * 12);
        for track in [Track::Video, Track::Audio] {
            let text = rig.text(track, "").unwrap();
            for length in values(&text, "#EXT-X-PART:", "DURATION=") {
                let length: f64 = length.parse().unwrap();
                assert!((0.17..0.22).contains(&length), "no stubs: {text}");
            }
            if track == Track::Video {
                let exact = gop as f64 / 25.0;
                let said = values(&text, "#EXTINF:", ":");
                assert!(
                    said.iter().all(|said| said.parse::<f64>().unwrap() > exact),
                    "more than 0.2 s: {text}"
                );
            }
        }
    }
}

/// hls.js is told of a segment's end when it has had the time to ask for its last part.
#[test]
fn rule_16_a_segment_is_closed_by_the_first_part_of_the_next() {
    let mut rig = rig(20, WINDOW, &["source"]);
    rig.run(&["source"], 20);
    for track in [Track::Video, Track::Audio] {
        let mut before = String::new();
        for _ in 0..100 {
            rig.run(&["source"], 1);
            let text = rig.text(track, "").unwrap();
            let segments = |text: &str| text.lines().filter(|line| line.starts_with("#EXTINF")).count();
            if segments(&text) > segments(&before) && !before.is_empty() {
                let parts = |text: &str| text.lines().filter(|line| line.starts_with("#EXT-X-PART:")).count();
                assert_eq!(parts(&text), parts(&before) + 1, "{text}");
                let last = text.lines().rfind(|line| line.starts_with("#EXT-X-PART:")).unwrap();
                assert!(last.contains(".0.m4s"), "{last} belongs to the next");
            }
            before = text;
        }
    }
}

#[test]
fn memory_stays_within_its_budget() {
    let limits = Limits { length_ms: 30_000, bytes: 300_000 };
    let mut rig = rig(25, limits, &["source"]);
    for _ in 0..1_000 {
        rig.run(&["source"], 1);
        assert!(rig.window.bytes() < 300_000 + 40_000, "a segment is 40 kB");
    }
    assert!(rig.text(Track::Video, "").unwrap().contains("#EXTINF"), "and it still plays");
    rig.window.remove("source");
    assert_eq!(rig.window.bytes(), 0);
}

#[test]
fn a_follower_gets_every_chunk_once() {
    let mut rig = rig(25, WINDOW, &["source"]);
    rig.run(&["source"], 30);
    let Reply::Follow(first) = rig.window.reply("source", &What::Object(2)) else {
        panic!("it is being made")
    };
    let (mut got, mut cursor) = (first.bytes.concat(), first.cursor);
    loop {
        rig.run(&["source"], 1);
        let more = rig.window.follow("source", &What::Object(2), cursor).unwrap();
        got.extend(more.bytes.concat());
        cursor = more.cursor;
        if more.finished {
            break;
        }
    }
    assert_eq!(got, rig.bytes(&What::Object(2)));
}

/// A page with both tracks in one buffer has to know: see `append` in player/js/port.js.
#[test]
fn a_segment_says_that_it_continues_nothing() {
    let mut rig = rig(25, WINDOW, &["source"]);
    rig.run(&["source"], 30);
    rig.push("source", Event::Discontinuity);
    rig.frame = 50;
    rig.run(&["source"], 30);
    let told = |number| match rig.window.reply("source", &What::Object(number)) {
        Reply::Whole(whole) => whole.discontinuity,
        Reply::Follow(follow) => follow.discontinuity,
        other => panic!("{number}: {other:?}"),
    };
    assert_eq!([1, 2, 3, 4].map(told), [false, false, true, false]);
}

/// It goes on where it was, and a page that let go of what it knows would wait for the next keyframe.
#[test]
fn the_break_of_another_encoder_is_none_of_a_rendition_that_goes_on() {
    let mut rig = rig(25, WINDOW, &["other", "source"]);
    rig.run(&["other", "source"], 30);
    rig.push("other", Event::Discontinuity);
    let data = Bytes::from(vec![7; 2_500]);
    let restart = Frame { track: Track::Video, dts: 0, cts: 0, key: true, data };
    rig.push("other", Event::Frame(restart));
    rig.run(&["source"], 5);
    let Reply::Follow(follow) = rig.window.reply("source", &What::Object(3)) else {
        panic!("it has begun one with the other")
    };
    assert_eq!((follow.independent, follow.discontinuity), (false, false));
}

#[test]
fn the_multivariant_playlist_lists_what_plays() {
    let mut rig = rig(25, WINDOW, &["360p", "source"]);
    assert_eq!(rig.window.index("e", &Directives::default()), Reply::Wait);
    rig.run(&["360p", "source"], 60);
    let Reply::Playlist(text) = rig.window.index("e", &Directives::default()) else { panic!("it plays") };
    assert_eq!(text.matches("#EXT-X-STREAM-INF").count(), 2);
    assert_eq!(text.matches("#EXT-X-MEDIA:TYPE=AUDIO").count(), 1);
    assert!(
        text.contains(
            "CODECS=\"avc1.64000d,mp4a.40.2\",RESOLUTION=320x180,FRAME-RATE=25.000,AUDIO=\"sound\""
        ),
        "{text}"
    );
    assert_eq!(rig.window.newest_independent(), 3);
}

/// Two encoders that were started half a second apart.
#[test]
fn where_keyframes_never_meet_one_joins_with_those_that_begin_segments() {
    let mut rig = rig(25, WINDOW, &["360p", "source"]);
    for frame in 0..250 {
        for (name, from) in [("source", 0), ("360p", 12)] {
            let data = Bytes::from(vec![7; 2_500]);
            let key = frame % 25 == from;
            rig.push(name, Event::Frame(Frame { track: Track::Video, dts: frame * 40, cts: 0, key, data }));
        }
        rig.frame += 1;
    }
    assert_eq!(rig.window.renditions().len(), 2);
    assert_eq!(rig.window.newest_independent(), 10);
    let warned: Vec<_> =
        rig.packager.health().filter(|(_, health)| health.unaligned()).map(|(name, _)| &**name).collect();
    assert_eq!(warned, ["360p"]);
}

#[test]
fn the_dash_manifest_follows_the_room() {
    let mut rig = rig(25, WINDOW, &["360p", "source"]);
    let text = |rig: &Rig| match rig.window.manifest("e", "") {
        Reply::Manifest(text) => text,
        other => panic!("{other:?}"),
    };
    rig.run(&["360p", "source"], 20);
    assert_eq!(rig.window.manifest("e", ""), Reply::Wait, "no length is known yet");
    rig.run(&["360p", "source"], 40 * 25);
    let before = text(&rig);
    assert_eq!(before.matches("<Representation").count(), 3, "two pictures and one sound: {before}");
    assert_eq!(
        before.matches("<Period id=\"1\" start=\"PT0S\"").count(),
        1,
        "also after its first segments are gone"
    );
    assert!(before.contains("startNumber=\"1\"") && before.contains(" duration=\"1000\""), "{before}");
    // The encoder begins anew: its clock is another, media time goes on.
    rig.push("360p", Event::Discontinuity);
    rig.push("source", Event::Discontinuity);
    rig.run(&["360p", "source"], 50);
    let after = text(&rig);
    assert_eq!(after.matches("<Period").count(), 2, "{after}");
    let farewell = rig.window.farewell("e").unwrap();
    assert!(farewell.contains("type=\"static\"") && farewell.matches("<Period").count() == 2, "{farewell}");
}

#[test]
fn a_segment_of_one_track_is_sent_while_it_is_made() {
    let mut rig = rig(25, WINDOW, &["source"]);
    rig.run(&["source"], 30);
    for track in [Track::Video, Track::Audio] {
        let what = What::Chunked(track, 1, 3);
        assert_eq!(rig.window.reply("source", &what), Reply::Wait, "the next is held");
        assert_eq!(rig.window.reply("source", &What::Chunked(track, 1, 4)), Reply::NotFound);
        assert_eq!(
            rig.window.reply("source", &What::Chunked(track, 2, 2)),
            Reply::NotFound,
            "no such configuration"
        );
    }
    let of = |track| What::Chunked(track, 1, 2);
    let mut got = BTreeMap::new();
    for track in [Track::Video, Track::Audio] {
        let Reply::Follow(first) = rig.window.reply("source", &of(track)) else { panic!("it is being made") };
        got.insert(track, (first.bytes.concat(), first.cursor));
    }
    rig.run(&["source"], 5);
    rig.run(&["source"], 21);
    for (track, (mut bytes, cursor)) in got {
        let rest = rig.window.follow("source", &of(track), cursor).unwrap();
        assert!(rest.finished);
        bytes.extend(rest.bytes.concat());
        assert_eq!(bytes, rig.bytes(&What::Segment(track, 2)), "the same bytes as for HLS");
        assert_eq!(bytes, rig.bytes(&of(track)));
    }
}
