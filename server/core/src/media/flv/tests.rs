//! Tags of encoders, good and bad, and what becomes of them.

use super::*;
use crate::media::sample;

fn bytes(parts: &[&[u8]]) -> Bytes {
    parts.concat().into()
}

fn video_config(record: &[u8]) -> Bytes {
    bytes(&[&[0x17, 0, 0, 0, 0], record])
}

/// Feeds tags and returns the events.
fn demux(demuxer: &mut Demuxer, tags: &[(Kind, u32, Bytes)]) -> Result<Vec<Event>, FlvError> {
    let mut events = Vec::new();
    for (kind, stamp, body) in tags {
        demuxer.tag(*kind, *stamp, body.clone(), |_, event| events.push(event))?;
    }
    Ok(events)
}

#[test]
fn picture_and_sound() {
    let idr = [0, 0, 0, 2, 0x65, 0x88];
    let tags = [
        (Kind::Video, 0, video_config(sample::AVCC_320X180_30)),
        (Kind::Audio, 0, bytes(&[&[0xaf, 0], sample::AAC_48K_STEREO])),
        (Kind::Video, 40, bytes(&[&[0x17, 1, 0, 0, 80], &idr])),
        (Kind::Video, 80, bytes(&[&[0x27, 1, 0xff, 0xff, 0xd8], &[0, 0, 0, 1, 0x41]])),
        (Kind::Audio, 43, bytes(&[&[0xaf, 1, 0x21, 0x10]])),
    ];
    let events = demux(&mut Demuxer::default(), &tags).unwrap();
    let frame = |track, dts, cts, key, data: &[u8]| {
        Event::Frame(Frame { track, dts, cts, key, data: Bytes::copy_from_slice(data) })
    };
    assert_eq!(
        events,
        [
            Event::Config(Config::Video(Bytes::from_static(sample::AVCC_320X180_30))),
            Event::Config(Config::Audio(Bytes::from_static(sample::AAC_48K_STEREO))),
            frame(Track::Video, 40, 80, true, &idr),
            frame(Track::Video, 80, -40, false, &[0, 0, 0, 1, 0x41]),
            frame(Track::Audio, 43, 0, true, &[0x21, 0x10]),
        ]
    );
}

#[test]
fn h265_comes_by_its_old_number_too() {
    let idr = [0, 0, 0, 3, 19 << 1, 1, 0x88];
    let mut demuxer = Demuxer::default();
    let tags = [
        (Kind::Video, 0, bytes(&[&[0x1c, 0, 0, 0, 0], sample::HVCC_320X180])),
        (Kind::Video, 40, bytes(&[&[0x1c, 1, 0, 0, 80], &idr])),
    ];
    let key = Frame { track: Track::Video, dts: 40, cts: 80, key: true, data: Bytes::copy_from_slice(&idr) };
    assert_eq!(
        demux(&mut demuxer, &tags).unwrap(),
        [Event::Config(Config::Hevc(Bytes::from_static(sample::HVCC_320X180))), Event::Frame(key)]
    );
    // Of an open group of pictures, for the operator to be told.
    let leads = bytes(&[&[0x2c, 1, 0, 0, 0], &[0, 0, 0, 3, 8 << 1, 1, 0x88]]);
    assert_eq!(demux(&mut demuxer, &[(Kind::Video, 80, leads)]).unwrap().len(), 1);
    assert_eq!(demuxer.counts(0), Counts { leading: 1, ..Counts::default() });
}

#[test]
fn repeated_configurations_change_nothing() {
    let mut demuxer = Demuxer::default();
    let video = (Kind::Video, 0, video_config(sample::AVCC_320X180_30));
    let audio = (Kind::Audio, 0, bytes(&[&[0xaf, 0], sample::AAC_48K_STEREO]));
    assert_eq!(demux(&mut demuxer, &[video.clone(), audio.clone()]).unwrap().len(), 2);
    assert_eq!(demux(&mut demuxer, &[video, audio]).unwrap(), []);
    let mono = (Kind::Audio, 0, bytes(&[&[0xaf, 0, 0x12, 0x08]]));
    assert_eq!(demux(&mut demuxer, &[mono]).unwrap().len(), 1);
}

#[test]
fn frames_that_cannot_be_read_are_dropped_and_counted() {
    let mut demuxer = Demuxer::default();
    let tags = [
        // Before any configuration.
        (Kind::Video, 0, bytes(&[&[0x27, 1, 0, 0, 0, 0, 0, 0, 1, 0x41]])),
        (Kind::Audio, 0, bytes(&[&[0xaf, 1, 0x21]])),
        (Kind::Video, 0, video_config(sample::AVCC_320X180_30)),
        // Lengths that do not add up; a tag that is cut; an end of sequence, which is fine.
        (Kind::Video, 0, bytes(&[&[0x27, 1, 0, 0, 0, 0, 0, 0, 9, 0x41]])),
        (Kind::Video, 0, bytes(&[&[0x27, 1, 0]])),
        (Kind::Video, 0, bytes(&[&[0x17, 2, 0, 0, 0]])),
        (Kind::Audio, 0, Bytes::new()),
    ];
    assert_eq!(demux(&mut demuxer, &tags).unwrap().len(), 1);
    assert_eq!(demuxer.counts(0), Counts { dropped: 4, mended: 0, ..Counts::default() });
}

#[test]
fn foreign_codecs() {
    let refuse = |body: &[u8]| {
        demux(&mut Demuxer::default(), &[(Kind::Video, 0, Bytes::copy_from_slice(body))]).unwrap_err()
    };
    assert_eq!(refuse(&[0x12, 0, 0]), FlvError::VideoCodec(VideoCodec::Legacy(2)));
    let vp9 = refuse(b"\x90vp09\x01");
    assert_eq!(vp9, FlvError::VideoCodec(VideoCodec::FourCc(*b"vp09")));
    assert!(vp9.to_string().contains("vp09"), "{vp9}");
    assert_eq!(refuse(b"\x95av01\x01"), FlvError::Mpeg2Ts);
    assert_eq!(refuse(b"\x90hvc1\x01"), FlvError::VideoConfig);
    // MP3 sound: the picture goes on without it.
    let mut demuxer = Demuxer::default();
    assert_eq!(demux(&mut demuxer, &[(Kind::Audio, 0, bytes(&[&[0x2f, 1, 2]]))]).unwrap(), []);
    assert_eq!(demuxer.counts(0).foreign_audio, 1);
}

#[test]
fn metadata() {
    let mut body = Vec::new();
    amf0::encode(&mut body, &Value::from("@setDataFrame"));
    amf0::encode(&mut body, &Value::from("onMetaData"));
    let object = vec![
        ("framerate".into(), Value::Number(29.97)),
        ("width".into(), Value::Number(1920.0)),
        ("videodatarate".into(), Value::Number(2_500.0)),
        ("height".into(), Value::Number(f64::NAN)),
        ("encoder".into(), Value::from("obs-output module\n(libobs 30)")),
    ];
    amf0::encode(&mut body, &Value::EcmaArray(object));
    let events = demux(&mut Demuxer::default(), &[(Kind::Script, 0, body.into())]).unwrap();
    let expect = Meta {
        frame_rate_milli: 29_970,
        width: 1_920,
        height: 0,
        video_bps: 2_500_000,
        audio_bps: 0,
        encoder: "obs-output module(libobs 30)".into(),
    };
    assert_eq!(events, [Event::Meta(expect)]);
}

/// What the project's own publisher sends by Enhanced RTMP comes back as it was.
#[test]
fn enhanced_codecs_are_read_back() {
    let frame = |track, dts, cts, key, data: &[u8]| {
        Event::Frame(Frame { track, dts, cts, key, data: Bytes::copy_from_slice(data) })
    };
    let opus = Bytes::from_static(sample::OPUS_STEREO);
    let configs = [
        (
            Config::Video(Bytes::from_static(sample::AVCC_320X180_30)),
            &[0, 0, 0, 1, 0x65][..],
            &[0, 0, 0, 1, 0x41][..],
        ),
        (Config::Hevc(Bytes::from_static(sample::HVCC_320X180)), &[0, 0, 0, 2, 0x26, 1], &[0, 0, 0, 2, 2, 1]),
        (Config::Av1(Bytes::from_static(sample::AV1C_320X180)), &[0x32, 1, 0x10], &[0x32, 1, 0x30]),
    ];
    let sounds = [
        Config::Audio(Bytes::from_static(sample::AAC_48K_STEREO)),
        Config::Opus { head: opus, frame_samples: 960 },
    ];
    for (video, key, other) in configs {
        for audio in &sounds {
            let cts = if matches!(video, Config::Av1(_)) { 0 } else { -40 };
            let events = [
                Event::Config(video.clone()),
                Event::Config(audio.clone()),
                frame(Track::Video, 0, 0, true, key),
                frame(Track::Audio, 0, 0, true, &[0xfc, 1]),
                frame(Track::Video, 40, cts, false, other),
            ];
            let (mut demuxer, mut got) = (Demuxer::default(), Vec::new());
            for tag in events.iter().filter_map(|event| mux::enhanced(event, Some(&video), Some(audio))) {
                demuxer.tag(tag.kind, tag.stamp, tag.body, |_, event| got.push(event)).unwrap();
            }
            assert_eq!(got, events);
            assert_eq!(demuxer.counts(0), Counts::default());
        }
    }
}

/// 10 ms: what the first packet says counts.
#[test]
fn opus_of_unusual_packets_is_told_again() {
    let head = Bytes::from_static(sample::OPUS_STEREO);
    let config = |frame_samples| Config::Opus { head: head.clone(), frame_samples };
    let data = Bytes::from_static(&[0xf0, 1]);
    let packet = Event::Frame(Frame { track: Track::Audio, dts: 0, cts: 0, key: true, data });
    let (mut demuxer, mut got) = (Demuxer::default(), Vec::new());
    for event in [Event::Config(config(480)), packet.clone()] {
        let tag = mux::enhanced(&event, None, Some(&config(480))).unwrap();
        demuxer.tag(tag.kind, tag.stamp, tag.body, |_, event| got.push(event)).unwrap();
    }
    assert_eq!(got, [Event::Config(config(960)), Event::Config(config(480)), packet]);
}

#[test]
fn a_temporal_delimiter_goes() {
    let config = Config::Av1(Bytes::from_static(sample::AV1C_320X180));
    let (mut demuxer, mut got) = (Demuxer::default(), Vec::new());
    let data = Bytes::from_static(&[0x12, 0, 0x32, 1, 0x10]);
    let event = Event::Frame(Frame { track: Track::Video, dts: 0, cts: 0, key: true, data });
    for event in [Event::Config(config.clone()), event] {
        let tag = mux::enhanced(&event, Some(&config), None).unwrap();
        demuxer.tag(tag.kind, tag.stamp, tag.body, |_, event| got.push(event)).unwrap();
    }
    let Some(Event::Frame(frame)) = got.last() else { panic!("{got:?}") };
    assert_eq!((frame.key, &frame.data[..]), (true, &[0x32, 1, 0x10][..]));
}

/// One encoder with several pictures, as OBS sends them: each has the sound with it, whenever it begins.
#[test]
fn several_pictures_share_the_sound() {
    let (avc, hevc) = (
        Config::Video(Bytes::from_static(sample::AVCC_320X180_30)),
        Config::Hevc(Bytes::from_static(sample::HVCC_320X180)),
    );
    let aac = Config::Audio(Bytes::from_static(sample::AAC_48K_STEREO));
    let frame = |track, dts, data: &[u8]| {
        Event::Frame(Frame { track, dts, cts: 0, key: true, data: Bytes::copy_from_slice(data) })
    };
    let (first, second) = ([0, 0, 0, 1, 0x65], [0, 0, 0, 2, 0x26, 1]);
    let sent = [
        (0, Event::Config(avc.clone())),
        (0, Event::Config(aac.clone())),
        (0, frame(Track::Video, 0, &first)),
        (0, frame(Track::Audio, 0, &[0x21])),
        (3, Event::Config(hevc.clone())),
        (3, frame(Track::Video, 1_000, &second)),
        (0, frame(Track::Audio, 1_000, &[0x22])),
    ];
    let (mut demuxer, mut got) = (Demuxer::default(), Vec::new());
    for (track, event) in &sent {
        let tag = mux::enhanced(event, Some(if *track == 0 { &avc } else { &hevc }), Some(&aac)).unwrap();
        let tag = if *track == 0 { tag } else { mux::of_track(tag, *track) };
        demuxer.tag(tag.kind, tag.stamp, tag.body, |picture, event| got.push((picture, event))).unwrap();
    }
    let mut wanted = sent.to_vec();
    wanted.insert(4, (3, Event::Config(aac)));
    wanted.push((3, frame(Track::Audio, 1_000, &[0x22])));
    assert_eq!(got, wanted);
    assert_eq!([0, 3].map(|picture| demuxer.counts(picture)), [Counts::default(); 2]);
}

/// What cannot be taken beside the first picture is left out: nothing is wrong with the show.
#[test]
fn other_tracks_that_cannot_be_taken_are_left_out() {
    let mut demuxer = Demuxer::default();
    let aac = Config::Audio(Bytes::from_static(sample::AAC_48K_STEREO));
    let others = [
        (Kind::Audio, 0, bytes(&[&[0xaf, 0], sample::AAC_48K_STEREO])),
        (Kind::Video, 0, bytes(&[b"\x96\x00vp09\x01", &[1]])),
        (Kind::Video, 0, bytes(&[b"\x96\x00hvc1\x01", &[1]])),
        (Kind::Video, 40, bytes(&[b"\x96\x03hvc1\x02", &[0, 0, 0, 2, 0x26, 1]])),
        (Kind::Audio, 40, bytes(&[b"\x95\x01mp4a\x01", &[0x21, 0x10]])),
    ];
    assert_eq!(demux(&mut demuxer, &others).unwrap(), [Event::Config(aac)]);
    assert_eq!(demuxer.counts(0), Counts::default());
}

#[test]
fn pictures_are_bounded() {
    let mut demuxer = Demuxer::default();
    let mut pictures = std::collections::BTreeSet::new();
    for track in 0..=u8::MAX {
        let config = Event::Config(Config::Video(Bytes::from_static(sample::AVCC_320X180_30)));
        let tag = mux::of_track(mux::enhanced(&config, None, None).unwrap(), track);
        demuxer.tag(tag.kind, tag.stamp, tag.body, |picture, _| _ = pictures.insert(picture)).unwrap();
    }
    assert_eq!(pictures.len(), RENDITIONS_MAX);
}
