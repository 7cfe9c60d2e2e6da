//! Golden playlists: whole texts, because players read them to the letter.

use hawker_wire::Wall;

use super::media::{Part, Report, Segment, Snapshot, write};
use super::multivariant::{self, Sound, Variant};
use crate::media::frame::Track;

const START: u64 = 1_795_363_200_000;

fn segment(number: u64, complete: bool, parts: usize) -> Segment {
    let part = |at| Part { duration_us: 200_000, independent: at == 0 };
    Segment {
        number,
        duration_us: complete.then_some(parts as u64 * 200_000),
        wall: Wall(START + number * 1_000),
        discontinuity: false,
        init: 1,
        parts: (0..parts).map(part).collect(),
        independent: true,
        gap: false,
    }
}

fn list(segments: Vec<Segment>) -> Snapshot {
    Snapshot {
        track: Track::Video,
        part_target_us: 201_000,
        discontinuity_sequence: 0,
        segments,
        start_us: None,
        hint: None,
        reports: Vec::new(),
    }
}

#[test]
fn a_media_playlist_to_the_letter() {
    let mut second = segment(8, true, 2);
    second.discontinuity = true;
    second.init = 2;
    let mut snapshot = list(vec![segment(7, true, 2), second, segment(9, false, 1)]);
    snapshot.segments[2].init = 2;
    snapshot.discontinuity_sequence = 3;
    snapshot.hint = Some((9, 1));
    snapshot.reports = vec![
        Report { uri: "audio.m3u8".into(), last: (9, 0) },
        Report { uri: "../360p/video.m3u8".into(), last: (8, 4) },
    ];
    let want = "\
#EXTM3U
#EXT-X-VERSION:9
#EXT-X-TARGETDURATION:2
#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL=12.0,HOLD-BACK=6.0,PART-HOLD-BACK=0.660000
#EXT-X-PART-INF:PART-TARGET=0.201001
#EXT-X-MEDIA-SEQUENCE:7
#EXT-X-DISCONTINUITY-SEQUENCE:3
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MAP:URI=\"video-1.mp4?t=1\"
#EXT-X-PROGRAM-DATE-TIME:2026-11-22T16:00:07.000Z
#EXT-X-PART:DURATION=0.200001,URI=\"video/7.0.m4s?t=1\",INDEPENDENT=YES
#EXT-X-PART:DURATION=0.200001,URI=\"video/7.1.m4s?t=1\"
#EXTINF:0.400001,
video/7.m4s?t=1
#EXT-X-DISCONTINUITY
#EXT-X-MAP:URI=\"video-2.mp4?t=1\"
#EXT-X-PROGRAM-DATE-TIME:2026-11-22T16:00:08.000Z
#EXT-X-PART:DURATION=0.200001,URI=\"video/8.0.m4s?t=1\",INDEPENDENT=YES
#EXT-X-PART:DURATION=0.200001,URI=\"video/8.1.m4s?t=1\"
#EXTINF:0.400001,
video/8.m4s?t=1
#EXT-X-PROGRAM-DATE-TIME:2026-11-22T16:00:09.000Z
#EXT-X-PART:DURATION=0.200001,URI=\"video/9.0.m4s?t=1\",INDEPENDENT=YES
#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"video/9.1.m4s?t=1\"
#EXT-X-RENDITION-REPORT:URI=\"audio.m3u8?t=1\",LAST-MSN=9,LAST-PART=0
#EXT-X-RENDITION-REPORT:URI=\"../360p/video.m3u8?t=1\",LAST-MSN=8,LAST-PART=4
";
    assert_eq!(write(&snapshot, false, "?t=1"), want);
}

#[test]
fn the_multivariant_playlist_to_the_letter() {
    let variant = |name: &str, resolution, peak_bps| Variant {
        uri: format!("e1/{name}/video.m3u8"),
        codecs: "avc1.64001f,mp4a.40.2".into(),
        resolution: Some(resolution),
        frame_rate_milli: 29_970,
        peak_bps,
        average_bps: peak_bps / 2,
    };
    let variants = [variant("720p", (1_280, 720), 3_000_000), variant("360p", (640, 360), 800_000)];
    let sound = Sound { uri: "e1/720p/audio.m3u8".into(), channels: 2 };
    let want = "\
#EXTM3U
#EXT-X-VERSION:9
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"sound\",NAME=\"Sound\",DEFAULT=YES,AUTOSELECT=YES,CHANNELS=\"2\",URI=\"e1/720p/audio.m3u8\"
#EXT-X-STREAM-INF:BANDWIDTH=3000000,AVERAGE-BANDWIDTH=1500000,CODECS=\"avc1.64001f,mp4a.40.2\",RESOLUTION=1280x720,FRAME-RATE=29.970,AUDIO=\"sound\"
e1/720p/video.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=800000,AVERAGE-BANDWIDTH=400000,CODECS=\"avc1.64001f,mp4a.40.2\",RESOLUTION=640x360,FRAME-RATE=29.970,AUDIO=\"sound\"
e1/360p/video.m3u8
";
    assert_eq!(multivariant::write(&variants, Some(&sound), true, ""), want);
}

/// servers.md, rule 9: the skipped are outside the boundary, and none across a discontinuity.
#[test]
fn rule_9_delta_updates() {
    let segments = || (1..=20).map(|number| segment(number, number < 20, 5)).collect::<Vec<_>>();
    let text = write(&list(segments()), true, "");
    assert!(text.contains("#EXT-X-SKIP:SKIPPED-SEGMENTS=8\n"), "12 s stay of 20: {text}");
    assert!(!text.contains("video/8.m4s") && text.contains("video/9.m4s"));
    assert!(text.contains("#EXT-X-MEDIA-SEQUENCE:1\n"), "the sequence still names the first, skipped one");
    assert!(text.contains("video-1.mp4"), "the map comes again");
    let mut broken = segments();
    broken[3].discontinuity = true;
    assert!(!write(&list(broken), true, "").contains("EXT-X-SKIP"));
    let short = segments().into_iter().take(12).collect();
    assert!(!write(&list(short), true, "").contains("EXT-X-SKIP"));
}

/// RFC 8216bis, 4.3.2: INDEPENDENT-SEGMENTS is a promise about every one.
#[test]
fn long_gops_are_not_called_independent() {
    let mut segments = vec![segment(1, true, 5), segment(2, true, 5)];
    segments[1].independent = false;
    let mut snapshot = list(segments);
    snapshot.start_us = Some(1_400_000);
    let text = write(&snapshot, false, "");
    assert!(!text.contains("INDEPENDENT-SEGMENTS"));
    assert!(text.contains("#EXT-X-START:TIME-OFFSET=-1.400000,PRECISE=YES\n"), "{text}");
}

#[test]
fn parts_of_old_segments_and_gaps() {
    let mut segments: Vec<Segment> = (1..=10).map(|number| segment(number, true, 5)).collect();
    segments[2].gap = true;
    segments[2].parts.clear();
    let text = write(&list(segments), false, "");
    assert!(
        !text.contains("video/4.0.m4s") && text.contains("video/5.0.m4s"),
        "parts for the last 6 s: {text}"
    );
    assert!(text.contains("#EXT-X-GAP\n#EXTINF:1.000001,\nvideo/3.m4s\n"));
}
