//! An independent CMAF validator over every init segment and chunk of each track, at every usual rate. It demands that each
//! chunk begins exactly where the one before ends.

use bytes::Bytes;
use hawker_wire::Wall;
use transmux::validate::{validate_cmaf_track, validate_init_segment, validate_media_segment};

use super::{Chunk, Init, Name, Output, Packager};
use crate::media::cmaf::{self, AudioEntry, VideoEntry};
use crate::media::frame::{Config, Event, Frame, Meta, Track};
use crate::media::sample::{AAC_48K_STEREO, AV1C_320X180, AVCC_320X180_30, HVCC_320X180, OPUS_STEREO};

/// What a chunk is not: a CMAF segment has a `styp` and begins with a sync sample, chunks within it need neither (ISO/IEC
/// 23000-19, 7.3.2.3).
const SEGMENT_ONLY: [&str; 2] = ["media.styp.missing", "media.sample.non-sync-first"];

/// AAC-LC, 44.1 kHz, mono.
const AAC_44K_MONO: &[u8] = &[0x12, 0x08];

fn run(rate: (u64, u64), asc: &'static [u8], sample_rate: u64, b_frames: bool) -> (Init, Vec<Chunk>) {
    let name = Name::from("source");
    let mut packager = Packager::default();
    assert!(packager.attach(&name));
    let milli = u32::try_from(rate.0 * 1_000 / rate.1).unwrap();
    let mut events = vec![
        (0, Event::Meta(Meta { frame_rate_milli: milli, ..Meta::default() })),
        (0, Event::Config(Config::Video(Bytes::from_static(AVCC_320X180_30)))),
        (0, Event::Config(Config::Audio(Bytes::from_static(asc)))),
    ];
    let stamp = |n: u64, num: u64, den: u64| i64::try_from((n * num * 1_000 + den / 2) / den).unwrap();
    let mut frames = Vec::new();
    for n in 0..600 {
        let dts = stamp(n, rate.1, rate.0);
        let cts = if b_frames { i32::try_from((n * 7 % 3) * 40).unwrap() - 40 } else { 0 };
        frames.push((
            dts,
            Frame { track: Track::Video, dts, cts, key: n % 60 == 0, data: Bytes::from_static(b"nal") },
        ));
    }
    let end = frames.last().map_or(0, |(dts, _)| *dts);
    for n in 0.. {
        let dts = stamp(n, 1_024, sample_rate);
        if dts > end {
            break;
        }
        frames.push((
            dts,
            Frame { track: Track::Audio, dts, cts: 0, key: true, data: Bytes::from_static(b"aac") },
        ));
    }
    frames.sort_by_key(|(dts, frame)| (*dts, frame.track));
    events.extend(frames.into_iter().map(|(dts, frame)| (dts, Event::Frame(frame))));
    let (mut init, mut chunks) = (None, Vec::new());
    for (dts, event) in events {
        packager.push(&name, &event, Wall(1_000_000 + u64::try_from(dts).unwrap()));
        while let Some(output) = packager.poll() {
            match output {
                Output::Init(_, made) => init = Some((*made).clone()),
                Output::Chunk(chunk) => chunks.push(chunk),
                _ => {}
            }
        }
    }
    (init.expect("a configuration"), chunks)
}

#[test]
fn a_validator_that_is_not_ours_accepts_every_codec() {
    let opus = Bytes::from_static(OPUS_STEREO);
    let sound = Config::Opus { head: opus, frame_samples: 960 };
    for video in
        [Config::Hevc(Bytes::from_static(HVCC_320X180)), Config::Av1(Bytes::from_static(AV1C_320X180))]
    {
        let video = VideoEntry { config: video, width: 320, height: 180 };
        let audio = AudioEntry { config: sound.clone(), sample_rate: 48_000, channels: 2 };
        for (video, audio) in [(Some(&video), Some(&audio)), (Some(&video), None), (None, Some(&audio))] {
            assert_eq!(validate_init_segment(&cmaf::init(video, audio)), []);
        }
    }
}

#[test]
fn a_validator_that_is_not_ours_accepts_every_init_and_chunk() {
    let rates = [(24, 1), (25, 1), (30_000, 1_001), (30, 1), (50, 1), (60, 1)];
    for rate in rates {
        for (asc, sample_rate, b_frames) in [(AAC_48K_STEREO, 48_000, false), (AAC_44K_MONO, 44_100, true)] {
            let (init, chunks) = run(rate, asc, sample_rate, b_frames);
            assert_eq!(validate_init_segment(&init.both), []);
            for (track, init) in [(Track::Video, init.video), (Track::Audio, init.audio)] {
                let init = init.expect("the track has an init segment");
                let of: Vec<&[u8]> = chunks
                    .iter()
                    .filter(|chunk| chunk.track == track)
                    .map(|chunk| &chunk.bytes[..])
                    .collect();
                let data: &[u8] = if track == Track::Video { b"nal" } else { b"aac" };
                let frames = of.concat().windows(3).filter(|w| *w == data).count();
                assert!(frames > 400, "{rate:?} {track:?}: {frames}");
                let mut issues = validate_cmaf_track(&init, &of);
                for chunk in &of {
                    issues.extend(validate_media_segment(chunk));
                }
                issues.retain(|issue| !SEGMENT_ONLY.contains(&issue.code));
                assert_eq!(issues, [], "{rate:?} {track:?}");
            }
        }
    }
}
