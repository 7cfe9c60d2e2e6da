//! Golden manifests, because players read them to the letter, and which cuts begin a Period.

use std::sync::Arc;

use bytes::Bytes;
use hawker_wire::Wall;

use super::mpd::{Period, Presentation, Representation, Segments, write};
use super::periods::{Periods, Step};
use crate::media::frame::Track;
use crate::media::packager::cuts::Cut;
use crate::media::packager::{Init, Name};

const START: u64 = 1_795_363_200_000;

fn picture(rendition: &str, height: u32) -> Representation {
    Representation {
        track: Track::Video,
        rendition: rendition.into(),
        init: 2,
        codec: "avc1.64001f".into(),
        bandwidth: u64::from(height) * 2_500,
        size: (height * 16 / 9, height),
        frame_rate_milli: 29_970,
        sound: (0, 0),
        chunk_ms: 34,
    }
}

fn sound() -> Representation {
    Representation {
        track: Track::Audio,
        codec: "mp4a.40.2".into(),
        bandwidth: 100_000,
        size: (0, 0),
        frame_rate_milli: 0,
        sound: (48_000, 2),
        chunk_ms: 22,
        ..picture("720p", 0)
    }
}

fn presentation(segments: Segments, first: u64) -> Presentation {
    Presentation {
        id: "0mkz8a2c0".into(),
        start: Wall(START),
        published: Wall(START + 95_000),
        depth_ms: 20_000,
        periods: vec![Period {
            id: 7,
            start_ms: 6_500,
            at: 7_001,
            wall: Wall(START + 6_500),
            first,
            segments,
            independent: true,
            representations: vec![picture("720p", 720), picture("360p", 360), sound()],
        }],
        ended_ms: None,
    }
}

#[test]
fn an_even_manifest_to_the_letter() {
    let text = write(&presentation(Segments::Even(1_001), 7), "?t=1&u=$");
    let want = "\
<?xml version=\"1.0\" encoding=\"utf-8\"?>
<MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\" id=\"0mkz8a2c0\" profiles=\"urn:mpeg:dash:profile:isoff-live:2011,\
urn:mpeg:dash:profile:cmaf:2019,http://www.dashif.org/guidelines/low-latency-live-v5\" type=\"dynamic\" \
minimumUpdatePeriod=\"PT1S\" timeShiftBufferDepth=\"PT20S\" suggestedPresentationDelay=\"PT1.200S\" \
availabilityStartTime=\"2026-11-22T16:00:00.000Z\" publishTime=\"2026-11-22T16:01:35.000Z\" \
maxSegmentDuration=\"PT1.001S\" minBufferTime=\"PT1S\">
<Location>0mkz8a2c0.mpd?t=1&amp;u=$</Location>
<ServiceDescription id=\"0\">
<Scope schemeIdUri=\"urn:dvb:dash:lowlatency:scope:2019\"/>
<Latency referenceId=\"0\" target=\"1200\" min=\"600\" max=\"3600\"/>
<PlaybackRate min=\"0.96\" max=\"1.04\"/>
</ServiceDescription>
<Period id=\"7\" start=\"PT6.500S\">
<AdaptationSet id=\"1\" contentType=\"video\" mimeType=\"video/mp4\" segmentAlignment=\"true\" startWithSAP=\"1\">
<Role schemeIdUri=\"urn:mpeg:dash:role:2011\" value=\"main\"/>
<ProducerReferenceTime id=\"0\" inband=\"true\" type=\"encoder\" wallClockTime=\"2026-11-22T16:00:06.500Z\" presentationTime=\"7001\">
<UTCTiming schemeIdUri=\"urn:mpeg:dash:utc:http-iso:2014\" value=\"../../api/v1/time?iso\"/>
</ProducerReferenceTime>
<Representation id=\"video.720p\" codecs=\"avc1.64001f\" bandwidth=\"1800000\" width=\"1280\" height=\"720\" frameRate=\"30000/1001\">
<SegmentTemplate timescale=\"1000\" presentationTimeOffset=\"7001\" startNumber=\"7\" \
initialization=\"0mkz8a2c0/720p/video-2.mp4?t=1&amp;u=$$\" media=\"0mkz8a2c0/720p/video-2/$Number$.m4s?t=1&amp;u=$$\" \
duration=\"1001\" availabilityTimeOffset=\"0.967\" availabilityTimeComplete=\"false\"/>
</Representation>
<Representation id=\"video.360p\" codecs=\"avc1.64001f\" bandwidth=\"900000\" width=\"640\" height=\"360\" frameRate=\"30000/1001\">
<SegmentTemplate timescale=\"1000\" presentationTimeOffset=\"7001\" startNumber=\"7\" \
initialization=\"0mkz8a2c0/360p/video-2.mp4?t=1&amp;u=$$\" media=\"0mkz8a2c0/360p/video-2/$Number$.m4s?t=1&amp;u=$$\" \
duration=\"1001\" availabilityTimeOffset=\"0.967\" availabilityTimeComplete=\"false\"/>
</Representation>
</AdaptationSet>
<AdaptationSet id=\"2\" contentType=\"audio\" mimeType=\"audio/mp4\" segmentAlignment=\"true\" startWithSAP=\"1\">
<Role schemeIdUri=\"urn:mpeg:dash:role:2011\" value=\"main\"/>
<ProducerReferenceTime id=\"0\" inband=\"false\" type=\"encoder\" wallClockTime=\"2026-11-22T16:00:06.500Z\" presentationTime=\"7001\">
<UTCTiming schemeIdUri=\"urn:mpeg:dash:utc:http-iso:2014\" value=\"../../api/v1/time?iso\"/>
</ProducerReferenceTime>
<Representation id=\"audio.720p\" codecs=\"mp4a.40.2\" bandwidth=\"100000\" audioSamplingRate=\"48000\">
<AudioChannelConfiguration schemeIdUri=\"urn:mpeg:dash:23003:3:audio_channel_configuration:2011\" value=\"2\"/>
<SegmentTemplate timescale=\"1000\" presentationTimeOffset=\"7001\" startNumber=\"7\" \
initialization=\"0mkz8a2c0/720p/audio-2.mp4?t=1&amp;u=$$\" media=\"0mkz8a2c0/720p/audio-2/$Number$.m4s?t=1&amp;u=$$\" \
duration=\"1001\" availabilityTimeOffset=\"0.979\" availabilityTimeComplete=\"false\"/>
</Representation>
</AdaptationSet>
</Period>
<UTCTiming schemeIdUri=\"urn:mpeg:dash:utc:http-iso:2014\" value=\"../../api/v1/time?iso\"/>
</MPD>
";
    for (at, (got, want)) in text.lines().zip(want.lines()).enumerate() {
        assert_eq!(got, want, "line {at}");
    }
    assert_eq!(text.len(), want.len());
}

#[test]
fn a_listed_manifest_tells_every_complete_segment() {
    let list = vec![(7_001, 1_000), (8_001, 1_000), (9_001, 1_400), (10_401, 1_400), (12_000, 1_400)];
    let text = write(&presentation(Segments::Listed(list), 9), "");
    let timeline =
        "startNumber=\"9\" initialization=\"0mkz8a2c0/720p/video-2.mp4\" media=\"0mkz8a2c0/720p/video-2/$Number$.m4s\">
<SegmentTimeline>
<S t=\"7001\" d=\"1000\" r=\"1\"/>
<S t=\"9001\" d=\"1400\" r=\"1\"/>
<S t=\"12000\" d=\"1400\"/>
</SegmentTimeline>
</SegmentTemplate>";
    assert!(text.contains(timeline), "{text}");
    assert!(!text.contains("availabilityTime"), "{text}");
    assert!(text.contains("Latency referenceId=\"0\" target=\"4000\""), "{text}");
}

#[test]
fn an_epoch_that_is_over_is_static() {
    let over = Presentation { ended_ms: Some(95_433), ..presentation(Segments::Even(1_000), 7) };
    let text = write(&over, "");
    assert!(text.contains(" type=\"static\" mediaPresentationDuration=\"PT95.433S\" availability"), "{text}");
    assert!(!text.contains("minimumUpdatePeriod"), "{text}");
}

/// DASH-IF IOP, 3.8: the same picture in two codecs is two sets, and a player may go from one to the other.
#[test]
fn codecs_are_sets_of_their_own() {
    let mut mpd = presentation(Segments::Even(1_000), 7);
    mpd.periods[0].representations[1].codec = "hvc1.1.6.L93.B0".into();
    let text = write(&mpd, "");
    let switching = |to: u32| {
        format!(
            "<SupplementalProperty schemeIdUri=\"urn:mpeg:dash:adaptation-set-switching:2016\" value=\"{to}\"/>"
        )
    };
    assert!(text.contains(&switching(1)) && text.contains(&switching(2)), "{text}");
    assert_eq!(text.matches("<AdaptationSet").count(), 3);
}

/// Feeds cuts of `NAME:LENGTH` segments; `|` breaks the timeline. Gives `first@step` of each Period.
#[track_caller]
fn check(segments: &str, want: &str) {
    let (mut periods, mut at, mut number, mut broken) = (Periods::default(), 1_000, 0, false);
    let init = |number| {
        let of = Init { number, both: Bytes::new(), video: None, audio: None, picture: None, sound: None };
        Arc::new(of)
    };
    for word in segments.split_whitespace() {
        if word == "|" {
            broken = true;
            continue;
        }
        let (names, rest) = word.split_once(':').unwrap();
        let (length, times) = rest.split_once('x').unwrap_or((rest, "1"));
        for _ in 0..times.parse().unwrap() {
            number += 1;
            let wall = Wall(START + u64::try_from(at).unwrap());
            periods.cut(&Cut { number, at, shown: at, wall, discontinuity: std::mem::take(&mut broken) });
            for name in names.chars() {
                let config = if name.is_uppercase() { 2 } else { 1 };
                periods.chunk(&Name::from(name.to_lowercase().to_string()), number, &init(config));
            }
            at += length.parse::<i64>().unwrap();
        }
    }
    let show = |period: &super::periods::Period| match period.step {
        Step::Even(ms) => format!("{}@{ms}", period.first),
        Step::Guess(ms) => format!("{}@{ms}?", period.first),
        Step::Listed => format!("{}@list", period.first),
        Step::Unknown => format!("{}@-", period.first),
    };
    assert_eq!(periods.told().map(show).collect::<Vec<_>>().join(" "), want, "{segments}");
}

#[test]
fn the_step_is_known_after_one_segment() {
    check("a:1000", "");
    check("a:1000 a:1000", "1@1000");
    check("a:2000x9", "1@2000");
}

/// 29.97 fps, 32 frames a GOP: 1067.73 ms, told as 1068 at first.
#[test]
fn drift_is_bounded() {
    check("a:1067 a:1068x300", "1@1067 269@1068");
}

#[test]
fn irregular_segments_are_listed_until_they_are_even() {
    check("a:1000 a:1300 a:1900 a:1100 a:1700", "1@1000 3@list");
    check("a:1000x40 a:1400 a:1000x9", "1@1000 42@1400 43@list");
    check("a:1000 a:1300 a:1900 a:1000x40", "1@1000 3@list 34@1000");
}

#[test]
fn a_new_timeline_is_guessed_by_the_old_one() {
    check("a:1000x9 | a:1000", "1@1000 10@1000?");
    check("a:1000x9 | a:1000x9", "1@1000 10@1000");
    check("a:1000x9 | a:2000x9", "1@1000 10@1000 11@2000");
    check("| a:1000x2", "1@1000");
}

#[test]
fn renditions_that_come_go_or_change_begin_a_period() {
    check("a:1000x3 ab:1000x3", "1@1000 5@1000");
    check("a:1000x3 A:1000x3", "1@1000 5@1000");
    check("a:1000x3 | A:1000x3", "1@1000 4@1000");
}

/// A Period is told of once every rendition of the one before has reached it.
#[test]
fn a_period_waits_for_the_slowest() {
    check("ab:1000x3 | a:1000", "1@1000");
    check("ab:1000x3 | ab:1000", "1@1000 4@1000?");
    check("ab:1000x3 | a:1000x2", "1@1000 4@1000");
}
