//! What the packager makes of encoders as they are: long GOPs, B-frames, late sound, reconnects, ladders.

use std::collections::BTreeMap;

use bytes::Bytes;
use hawker_wire::Wall;

use super::cuts::Cut;
use super::{Chunk, EPOCH_START_MS, Name, Output, Packager};
use crate::media::frame::{Config, Event, Frame, Meta, Track};
use crate::media::sample::{AAC_48K_STEREO, AVCC_320X180_30};

/// A packager with encoders whose frames are made by hand.
struct Rig {
    packager: Packager,
    cuts: Vec<Cut>,
    inits: Vec<(Name, u32)>,
    targets: BTreeMap<(Name, Track), u32>,
    chunks: Vec<Chunk>,
    wall: u64,
    /// Bytes of a picture.
    picture: usize,
}

fn rig() -> Rig {
    Rig {
        packager: Packager::default(),
        cuts: Vec::new(),
        inits: Vec::new(),
        targets: BTreeMap::new(),
        chunks: Vec::new(),
        wall: 1_000_000,
        picture: 2_500,
    }
}

impl Rig {
    fn attach(&mut self, name: &str, audio: bool) {
        assert!(self.packager.attach(&name.into()));
        self.push(name, Event::Meta(Meta { frame_rate_milli: 25_000, ..Meta::default() }));
        self.push(name, Event::Config(Config::Video(Bytes::from_static(AVCC_320X180_30))));
        if audio {
            self.push(name, Event::Config(Config::Audio(Bytes::from_static(AAC_48K_STEREO))));
        }
    }

    fn push(&mut self, name: &str, event: Event) {
        self.packager.push(&name.into(), &event, Wall(self.wall));
        while let Some(output) = self.packager.poll() {
            match output {
                Output::Cut(cut) => self.cuts.push(cut),
                Output::Init(name, init) => self.inits.push((name, init.number)),
                Output::PartTarget(name, track, ticks, _) => {
                    assert_eq!(self.targets.insert((name, track), ticks), None, "PART-TARGET is said once");
                }
                Output::Chunk(chunk) => self.chunks.push(chunk),
                Output::Flush(_) => {}
            }
        }
    }

    fn video(&mut self, name: &str, dts: i64, key: bool) {
        let data = Bytes::from(vec![0x65; self.picture]);
        self.push(name, Event::Frame(Frame { track: Track::Video, dts, cts: 0, key, data }));
    }

    fn audio(&mut self, name: &str, dts: i64) {
        let data = Bytes::from(format!("aac{dts:09}"));
        self.push(name, Event::Frame(Frame { track: Track::Audio, dts, cts: 0, key: true, data }));
    }

    /// Pictures at 25 fps with an IDR each `gop` ms, from dts `from` for `ms`.
    fn run(&mut self, name: &str, from: i64, ms: i64, gop: i64) {
        for n in 0..ms / 40 {
            self.video(name, from + n * 40, n * 40 % gop == 0);
            self.wall += 40;
        }
    }

    fn of(&self, name: &str, track: Track) -> Vec<&Chunk> {
        self.chunks.iter().filter(|chunk| *chunk.rendition == *name && chunk.track == track).collect()
    }
}

fn cut_times(rig: &Rig) -> Vec<i64> {
    rig.cuts.iter().map(|cut| cut.at - EPOCH_START_MS).collect()
}

#[test]
fn one_chunk_a_frame_and_decoding_times_to_the_millisecond() {
    let mut rig = rig();
    rig.attach("source", false);
    let stamps = [900_007, 900_040, 900_074, 900_107, 900_140, 900_174];
    for (n, dts) in stamps.into_iter().enumerate() {
        rig.video("source", dts, n == 0);
    }
    let starts: Vec<i64> = rig.chunks.iter().map(|chunk| chunk.start - EPOCH_START_MS).collect();
    assert_eq!(starts, [0, 33, 67, 100, 133, 167], "the encoder's own steps");
}

#[test]
fn nothing_is_taken_before_an_idr() {
    let mut rig = rig();
    rig.attach("source", true);
    rig.video("source", 0, false);
    rig.audio("source", 10);
    rig.video("source", 40, true);
    rig.audio("source", 31);
    rig.audio("source", 42);
    let kinds: Vec<Track> = rig.chunks.iter().map(|chunk| chunk.track).collect();
    assert_eq!(kinds, [Track::Video, Track::Audio], "sound older than the first picture goes too");
    assert_eq!(rig.packager.health().next().map(|(_, health)| health.dropped), Some(1), "only what was late");
}

#[test]
fn parts_hold_what_the_target_allows_and_begin_with_segments() {
    let mut rig = rig();
    rig.attach("source", false);
    rig.run("source", 0, 2_400, 1_200);
    assert_eq!(cut_times(&rig), [0, 1_200]);
    let target = rig.targets[&("source".into(), Track::Video)];
    let mut parts: BTreeMap<(u64, u32), Vec<i64>> = BTreeMap::new();
    for chunk in &rig.chunks {
        parts.entry((chunk.segment, chunk.part)).or_default().push(chunk.start);
    }
    assert_eq!(parts.len(), 12, "1.2 s in parts of 200 ms, twice");
    assert!(parts.values().all(|frames| frames.len() == 5 && 5 * 40 <= target));
}

/// A source of so few bits that its pictures go together, after so many ms.
fn poor(audio: bool, ms: i64) -> Rig {
    let mut rig = Rig { picture: 500, ..rig() };
    rig.attach("source", audio);
    rig.run("source", 0, ms, 1_000);
    rig
}

#[test]
fn pictures_of_a_poor_rendition_go_together_and_nothing_of_them_is_lost() {
    let mut rig = poor(false, 3_960);
    rig.packager.detach(&"source".into());
    while let Some(output) = rig.packager.poll() {
        rig.chunks.extend(if let Output::Chunk(chunk) = output { Some(chunk) } else { None });
    }
    let ends = rig.chunks.iter().map(|chunk| chunk.start + i64::from(chunk.duration));
    assert!(ends.clone().zip(&rig.chunks[1..]).all(|(end, next)| end == next.start));
    assert_eq!(ends.last(), Some(EPOCH_START_MS + 3_960), "what waited when the encoder went is there, too");
    // Known is what they take after a whole second; a part of 200 ms ends what waits.
    let last = |chunk: &&Chunk| chunk.start >= EPOCH_START_MS + 3_000;
    let lengths: Vec<u32> = rig.chunks.iter().filter(last).map(|chunk| chunk.duration).collect();
    assert_eq!(
        lengths,
        [40, 80, 80, 80, 80, 40, 80, 80, 40, 80, 80, 40, 80, 80],
        "a keyframe waits for nothing"
    );
}

/// Whatever the encoder says its frame rate is: one of a shared screen sends a picture when there is something new.
#[test]
fn a_picture_that_no_other_follows_soon_does_not_wait() {
    let mut rig = poor(true, 3_000);
    rig.video("source", 3_000, true);
    let sent = |rig: &Rig| rig.of("source", Track::Video).last().unwrap().start - EPOCH_START_MS;
    rig.video("source", 3_040, false);
    assert_eq!(sent(&rig), 3_000);
    rig.audio("source", 3_110);
    rig.audio("source", 3_131);
    assert_eq!(sent(&rig), 3_040, "sound tells that time passes");
    rig.video("source", 3_500, false);
    assert_eq!(sent(&rig), 3_500, "the one before was long ago");
}

#[test]
fn pictures_that_go_together_last_until_the_next_one() {
    let mut rig = poor(false, 3_000);
    for (dts, key) in [(3_000, true), (3_040, false), (3_100, false), (3_120, false)] {
        rig.video("source", dts, key);
    }
    let last = rig.chunks.last().unwrap();
    assert_eq!((last.start - EPOCH_START_MS, last.duration), (3_040, 60 + 40));
}

#[test]
fn a_long_gop_is_cut_and_says_so() {
    let mut rig = rig();
    rig.attach("source", false);
    rig.run("source", 0, 10_000, 8_000);
    assert_eq!(cut_times(&rig), [0, 2_000, 4_000, 6_000, 8_000]);
    let (_, health) = rig.packager.health().next().unwrap();
    assert_eq!((health.forced_cuts, health.gop_ms, health.long_gop()), (3, 8_000, true));
    assert!(rig.cuts.iter().all(|cut| !cut.discontinuity));
}

#[test]
fn sound_is_counted_in_samples_and_cut_by_its_own_time() {
    let mut rig = rig();
    rig.attach("source", true);
    for n in 0..150_i64 {
        rig.video("source", n * 40, n % 25 == 0);
        for k in (0..300_i64).filter(|k| (k * 1_024 / 48) / 40 == n) {
            rig.audio("source", (k * 1_024 + 24) / 48);
        }
    }
    let sound = rig.of("source", Track::Audio);
    assert!(sound.windows(2).all(|w| w[1].start - w[0].start == 1_024), "no rounding left");
    for chunk in &sound {
        let cut = rig.cuts.iter().find(|cut| cut.number == chunk.segment).unwrap();
        assert!(chunk.start >= cut.at * 48, "a segment holds no sound from before its cut");
    }
    let target = rig.targets[&("source".into(), Track::Audio)];
    assert_eq!(target, 10 * 1_024);
    for segment in 1..=5 {
        let parts = sound.iter().filter(|chunk| chunk.segment == segment).map(|chunk| chunk.part);
        let mut frames = [0; 5];
        parts.for_each(|part| frames[part as usize] += 1);
        assert!(frames.iter().all(|n| (8..=10).contains(n)), "five parts, as the picture has: {frames:?}");
    }
}

#[test]
fn late_sound_and_a_changed_configuration_begin_a_new_init_at_one_cut_for_all() {
    let mut rig = rig();
    rig.attach("source", false);
    rig.attach("360p", false);
    for n in 0..60_i64 {
        for name in ["source", "360p"] {
            if n == 40 && name == "source" {
                rig.push(name, Event::Config(Config::Audio(Bytes::from_static(AAC_48K_STEREO))));
                rig.audio(name, n * 40 - 5);
            }
            rig.video(name, n * 40, n % 25 == 0);
        }
    }
    assert_eq!(cut_times(&rig), [0, 1_000, 1_600, 2_000]);
    assert_eq!(rig.cuts.iter().map(|cut| cut.discontinuity).collect::<Vec<_>>(), [false, false, true, false]);
    assert_eq!(rig.inits, [("source".into(), 1), ("360p".into(), 1), ("source".into(), 2)]);
    let begins =
        |name| rig.of(name, Track::Video).iter().find(|chunk| chunk.segment == 3).map(|chunk| chunk.start);
    assert_eq!(begins("source"), begins("360p"), "both cut at the same frame");
    rig.push("source", Event::Config(Config::Audio(Bytes::from_static(AAC_48K_STEREO))));
    rig.video("source", 2_400, false);
    assert_eq!(rig.inits.len(), 3, "a repeated configuration changes nothing");
}

#[test]
fn a_reconnect_goes_on_where_the_media_ended() {
    let mut rig = rig();
    rig.attach("source", false);
    rig.run("source", 500_000, 1_400, 1_000);
    rig.packager.detach(&"source".into());
    rig.wall += 3_000;
    rig.attach("source", false);
    rig.run("source", 0, 1_400, 1_000);
    let starts: Vec<i64> = rig.chunks.iter().map(|chunk| chunk.start).collect();
    assert!(starts.windows(2).all(|w| w[1] - w[0] == 40), "no hole in media time: {starts:?}");
    let broken: Vec<u64> = rig.cuts.iter().filter(|cut| cut.discontinuity).map(|cut| cut.number).collect();
    assert_eq!(broken, [3], "exactly one discontinuity");
    assert_eq!(rig.inits.len(), 1, "the same configuration needs no new init");
    assert_eq!(rig.cuts[2].wall.ms_since(rig.cuts[1].wall), 3_400, "the calendar counts the outage");
}

#[test]
fn a_jump_of_the_stamps_is_a_new_timeline() {
    let mut rig = rig();
    rig.attach("source", false);
    rig.run("source", 0, 400, 1_000);
    rig.push("source", Event::Discontinuity);
    rig.video("source", 90_000_000, false);
    rig.run("source", 90_000_040, 400, 1_000);
    let starts: Vec<i64> = rig.chunks.iter().map(|chunk| chunk.start).collect();
    assert!(starts.windows(2).all(|w| w[1] - w[0] == 40));
    assert_eq!(rig.cuts.last().map(|cut| (cut.number, cut.discontinuity)), Some((2, true)));
}

#[test]
fn renditions_of_one_encoder_share_cuts_and_times() {
    let mut rig = rig();
    for name in ["540p", "360p"] {
        rig.attach(name, false);
    }
    for n in 0..100_i64 {
        for name in ["540p", "360p"] {
            rig.video(name, n * 40, n % 25 == 0);
        }
    }
    // A third joins late, in the middle of a segment.
    rig.attach("240p", false);
    for n in 110..200_i64 {
        for name in ["540p", "360p", "240p"] {
            rig.video(name, n * 40, n % 25 == 0);
        }
    }
    for cut in &rig.cuts {
        for chunk in rig.chunks.iter().filter(|chunk| chunk.start == cut.at) {
            assert_eq!(
                (chunk.segment, chunk.key),
                (cut.number, true),
                "segment n is the same interval in all"
            );
        }
    }
    let first = rig.of("240p", Track::Video)[0];
    assert_eq!(first.start, EPOCH_START_MS + 125 * 40, "it begins with a segment");
    assert!(rig.cuts.iter().all(|cut| !cut.discontinuity));
}

#[test]
fn a_rendition_that_lost_its_line_comes_back_on_the_same_times() {
    let mut rig = rig();
    for name in ["540p", "360p"] {
        rig.attach(name, false);
    }
    for n in 0..200_i64 {
        rig.video("540p", n * 40, n % 25 == 0);
        if n == 60 {
            rig.packager.detach(&"360p".into());
        }
        if n == 110 {
            rig.attach("360p", false);
        }
        if !(60..110).contains(&n) {
            rig.video("360p", n * 40, n % 25 == 0);
        }
    }
    let low = rig.of("360p", Track::Video);
    let again = low.iter().find(|chunk| chunk.start > EPOCH_START_MS + 110 * 40).unwrap();
    assert_eq!(again.start, EPOCH_START_MS + 125 * 40);
    assert!(rig.cuts.iter().all(|cut| !cut.discontinuity), "the other viewers see nothing of it");
}

#[test]
fn slips_and_floods_are_dropped_or_mended_never_passed_on() {
    let mut rig = rig();
    rig.attach("source", false);
    for dts in [0, 40, 40, 39, 80] {
        rig.video("source", dts, dts == 0);
    }
    let starts: Vec<i64> = rig.chunks.iter().map(|chunk| chunk.start - EPOCH_START_MS).collect();
    assert_eq!(starts, [0, 40, 41, 42, 80], "decoding times grow");
    for _ in 0..3_000 {
        rig.video("source", 80, false);
    }
    let in_segment = rig.chunks.iter().filter(|chunk| chunk.segment == 1).count();
    assert!(in_segment <= crate::media::limits::SEGMENT_CHUNKS_MAX);
}

#[test]
fn sound_alone_has_segments_too() {
    let mut rig = rig();
    assert!(rig.packager.attach(&"source".into()));
    rig.push("source", Event::Config(Config::Audio(Bytes::from_static(AAC_48K_STEREO))));
    for n in 0..200 {
        rig.audio("source", n * 1_024 / 48);
    }
    assert!(rig.cuts.len() >= 3);
    assert!(rig.chunks.iter().all(|chunk| chunk.segment > 0 && chunk.both == chunk.segment));
}

/// Where the sound of a rendition stands, as far as it was sent, ms: its beginning and end, and whether each frame follows the one before.
fn sound_of(rig: &Rig, name: &str) -> (i64, i64, bool) {
    let chunks = rig.of(name, Track::Audio);
    let mut ends = chunks.iter().map(|chunk| chunk.start + i64::from(chunk.duration));
    let whole = chunks.iter().skip(1).zip(ends.clone()).all(|(chunk, end)| chunk.start == end);
    let in_ms = |samples: i64| samples / 48 - EPOCH_START_MS;
    (chunks.first().map_or(0, |first| in_ms(first.start)), ends.next_back().map_or(0, in_ms), whole)
}

/// The encoder's frames, no silence, that end a chunk: their stamps, ms, and where they stand, samples.
fn heard(rig: &Rig, name: &str) -> BTreeMap<i64, i64> {
    let stamp = |chunk: &Chunk| {
        let at = chunk.bytes.len().checked_sub(12)?;
        let digits = chunk.bytes.get(at..)?.strip_prefix(b"aac")?;
        core::str::from_utf8(digits).ok()?.parse().ok()
    };
    let stands = |chunk: &Chunk| chunk.start + i64::from(chunk.duration) - 1_024 - EPOCH_START_MS * 48;
    let chunks = rig.of(name, Track::Audio).into_iter();
    chunks.filter_map(|chunk| Some((stamp(chunk)?, stands(chunk)))).collect()
}

fn silent(rig: &Rig) -> bool {
    rig.packager.health().any(|(_, health)| health.silent)
}

fn dropped(rig: &Rig) -> u64 {
    rig.packager.health().map(|(_, health)| health.dropped).sum()
}

/// Pictures at 25 fps with an IDR a second, and frames of sound of 21 ms that come when the picture is `late` ms further; of those
/// that `lost` names nothing comes.
fn talk(rig: &mut Rig, from: i64, ms: i64, late: i64, lost: impl Fn(i64) -> bool) {
    talk_all(rig, from, ms, &[("source", late)], lost);
}

/// The same for several renditions.
fn talk_all(rig: &mut Rig, from: i64, ms: i64, renditions: &[(&str, i64)], lost: impl Fn(i64) -> bool) {
    for now in from..from + ms {
        for (name, late) in renditions {
            if now % 40 == 0 {
                rig.video(name, now, now % 1_000 == 0);
            }
            let at = now - late;
            if at >= 0 && (at * 48) / 1_024 != ((at - 1) * 48) / 1_024 && !lost(at) {
                rig.audio(name, at);
            }
        }
        rig.wall += 1;
    }
}

#[test]
fn sound_that_stops_is_silence_and_comes_back() {
    let mut rig = rig();
    rig.attach("source", true);
    let lost = |at| (3_000..9_000).contains(&at);
    talk(&mut rig, 0, 3_400, 30, lost);
    assert!(!silent(&rig), "it may be late");
    talk(&mut rig, 3_400, 5_000, 30, lost);
    let (from, to, whole) = sound_of(&rig, "source");
    assert!(from.abs() < 25 && (8_320..8_400).contains(&to) && whole, "{from} {to} {whole}");
    assert!(silent(&rig));
    talk(&mut rig, 8_400, 4_000, 30, lost);
    let (_, to, whole) = sound_of(&rig, "source");
    assert!((12_320..12_400).contains(&to) && whole, "{to} {whole}");
    assert!(!silent(&rig));
    assert_eq!(dropped(&rig), 0, "what silence was in the place of is not the encoder's fault");
    let apart = |(stamp, stands): (i64, i64)| (stands - stamp * 48).abs();
    assert!(
        heard(&rig, "source").into_iter().map(apart).all(|apart| apart <= 512),
        "the lips are where they were"
    );
}

#[test]
fn sound_that_comes_back_stands_at_one_place_in_all_renditions() {
    let mut rig = rig();
    let renditions = [("source", 75), ("360p", 5)];
    for (name, _) in renditions {
        rig.attach(name, true);
    }
    talk_all(&mut rig, 0, 8_000, &renditions, |at| (2_000..5_013).contains(&at));
    let [source, rung] = renditions.map(|(name, _)| heard(&rig, name));
    let both: Vec<_> =
        source.iter().filter_map(|(stamp, at)| Some((*stamp, *at, *rung.get(stamp)?))).collect();
    assert!(both.iter().any(|(stamp, ..)| *stamp > 5_100), "{both:?}");
    assert!(both.iter().all(|(_, one, other)| one == other), "{both:?}");
}

#[test]
fn sound_that_was_announced_and_never_comes_is_silence() {
    let mut rig = rig();
    rig.attach("source", true);
    talk(&mut rig, 0, 3_000, 0, |_| true);
    let (from, to, whole) = sound_of(&rig, "source");
    assert!(from == 0 && to > 2_900 && whole, "{from} {to} {whole}");
}

#[test]
fn a_hole_in_the_sound_alone_is_filled() {
    let mut rig = rig();
    rig.attach("source", true);
    talk(&mut rig, 0, 4_000, 30, |at| (2_000..2_300).contains(&at));
    let (_, to, whole) = sound_of(&rig, "source");
    assert!(to > 3_900 && whole, "{to} {whole}");
    let sent: i64 = rig.of("source", Track::Audio).iter().map(|chunk| i64::from(chunk.duration)).sum();
    assert!((sent / 48 - to).abs() < 25, "and no more than was missing: {sent}");
}

#[test]
fn sound_that_is_always_late_is_waited_for() {
    let mut rig = rig();
    rig.attach("source", true);
    talk(&mut rig, 0, 3_000, 800, |_| false);
    assert!(!silent(&rig), "what was too late has been learnt from");
    let before = sound_of(&rig, "source").1;
    talk(&mut rig, 3_000, 2_000, 800, |_| false);
    let (_, to, whole) = sound_of(&rig, "source");
    assert!(
        (1_950..2_050).contains(&(to - before)) && whole && !silent(&rig),
        "a frame for a frame: {before} {to} {whole}"
    );
}

#[test]
fn a_hole_in_both_stays_one() {
    // Whichever comes first behind it.
    for late in [30, -30] {
        let mut rig = rig();
        rig.attach("source", true);
        talk(&mut rig, 0, 2_000, late, |_| false);
        talk(&mut rig, 4_990, 2_000, late, |_| false);
        let starts =
            rig.of("source", Track::Audio).into_iter().map(|chunk| chunk.start / 48 - EPOCH_START_MS);
        assert_eq!(starts.filter(|at| (2_080..4_910).contains(at)).count(), 0, "{late}");
        assert!(!silent(&rig), "{late}");
    }
}

/// What is decoded at other times is shown at the same.
#[test]
fn a_rung_without_b_frames_begins_its_segments_with_keyframes() {
    let mut rig = rig();
    rig.attach("source", false);
    rig.attach("360p", false);
    for n in 0..200 {
        let (dts, cts, key) = (n * 40, 160, n % 25 == 0);
        let data = Bytes::from(vec![0x65; 2_500]);
        rig.push("source", Event::Frame(Frame { track: Track::Video, dts, cts, key, data }));
        // Ten frames behind.
        if n >= 10 {
            rig.video("360p", dts - 400 + i64::from(cts), (n - 10) % 25 == 0);
        }
        rig.wall += 40;
    }
    let mut begins: BTreeMap<u64, bool> = BTreeMap::new();
    for chunk in rig.of("360p", Track::Video) {
        begins.entry(chunk.segment).or_insert(chunk.key);
    }
    assert!(begins.len() >= 7 && begins.values().all(|key| *key), "{begins:?}");
    assert_eq!(cut_times(&rig), [0, 1_000, 2_000, 3_000, 4_000, 5_000, 6_000, 7_000]);
}
