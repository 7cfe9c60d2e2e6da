//! One rendition inside the packager: what an encoder's frame becomes. Says where it stands in media time, whether a segment
//! or part begins with it, and drops what cannot be placed. Asks `Shared` where the room's cuts are.

use std::collections::VecDeque;
use std::sync::Arc;

use hawker_wire::Wall;

use super::health::Health;
use super::parts::picture_ms_a_chunk;
use super::rate::{FrameRate, Pace};
use super::{Chunk, EPOCH_START_MS, Init, Name, Others, Output, Shared, Timeline};
use crate::media::aac::Sound;
use crate::media::cmaf::{self, AudioEntry, Fragment, Unit, VideoEntry};
use crate::media::frame::{Config, Event, Frame, Track};
use crate::media::h264::Picture;
use crate::media::limits::{SEGMENT_BYTES_MAX, SEGMENT_CHUNKS_MAX};

mod sound;

use sound::SoundTrack;

/// Stamps within this of the room's edge are of the same encoder clock; the ingest calls more a discontinuity.
const SAME_CLOCK_MS: i64 = 5_000;
/// A picture later than its predecessor by more than this left a hole, and time before it is not the segment's.
const HOLE_MS: i64 = 1_000;
/// A stamp further back than this is a new timeline; a lesser one is an encoder's slip and is moved up.
const SLIP_MS: i64 = 500;
/// A joining rendition waits this long for an IDR at one of the room's cuts, then begins at any.
const PATIENCE_MS: i64 = 4_000;
/// An IDR this near to a cut begins its segment.
const ALIGNED_MS: i64 = 100;
/// Frames to measure the frame rate by, where neither metadata nor the SPS states one.
const MEASURED_FRAMES: u32 = 5;

#[derive(Debug, Default)]
pub(super) struct Rendition {
    attached: bool,
    video: Option<(Config, Picture)>,
    audio: Option<(Config, Sound)>,
    /// The configurations that the newest init segment carries.
    described: Described,
    init: u32,
    timeline: Option<Timeline>,
    /// Media time before which nothing of this timeline is taken.
    from: i64,
    /// The end of what has been taken, in ms of media time.
    end: i64,
    first_dts: Option<i64>,
    sequence: u32,
    segment: Segment,
    picture: PictureTrack,
    sound: SoundTrack,
    health: Health,
}

#[derive(Debug, Default, PartialEq)]
struct Described {
    video: Option<Config>,
    audio: Option<Config>,
}

/// The segment being made.
#[derive(Debug, Default)]
struct Segment {
    number: u64,
    bytes: usize,
    chunks: usize,
}

#[derive(Debug, Default)]
struct PictureTrack {
    rate: Option<FrameRate>,
    target_ms: Option<u32>,
    pace: Option<Pace>,
    last: Option<i64>,
    measure: Option<(i64, u32)>,
    await_key: bool,
    part: u32,
    part_from: i64,
    held: Option<Held>,
}

/// Frames that go into one chunk with those after them, of one segment and part.
#[derive(Debug)]
struct Held {
    place: (u64, u32),
    tfdt: i64,
    /// When the newest came, unless another track says that.
    wall: Option<Wall>,
    units: Vec<Unit>,
}

impl Held {
    fn at(place: (u64, u32), tfdt: i64) -> Self {
        Self { place, tfdt, wall: None, units: Vec::new() }
    }

    fn end(&self) -> i64 {
        self.tfdt + self.units.iter().map(|unit| i64::from(unit.duration)).sum::<i64>()
    }

    /// The next one begins here: what was last lasts until then, whatever its nominal duration.
    fn last_until(&mut self, at: i64) {
        let end = self.end();
        if let Some(last) = self.units.last_mut() {
            last.duration = u32::try_from(i64::from(last.duration) + at - end).unwrap_or(0);
        }
    }
}

impl Rendition {
    pub(super) fn attach(&mut self, name: &Name, out: &mut VecDeque<Output>) {
        self.attached = true;
        // A new session says anew what it carries: sound that it does not have must not be waited for.
        (self.video, self.audio) = (None, None);
        self.sound.patience_ms = SoundTrack::default().patience_ms;
        self.break_off(name, out);
    }

    pub(super) fn detach(&mut self, name: &Name, out: &mut VecDeque<Output>) {
        self.attached = false;
        self.break_off(name, out);
    }

    pub(super) fn follows(&self, timeline: Option<Timeline>) -> bool {
        self.attached && timeline.is_some() && self.timeline == timeline
    }

    pub(super) fn shows_picture(&self) -> bool {
        self.attached && self.timeline.is_some() && self.video.is_some()
    }

    pub(super) fn health(&self) -> &Health {
        &self.health
    }

    pub(super) fn push(
        &mut self,
        name: &Name,
        event: &Event,
        wall: Wall,
        room: &mut Shared,
        others: Others,
        out: &mut VecDeque<Output>,
    ) {
        match event {
            Event::Config(config) => self.configure(config),
            Event::Meta(meta) => self.health.meta = meta.clone(),
            Event::Discontinuity => self.break_off(name, out),
            Event::Frame(frame) => {
                self.health.frame(frame, wall);
                let mut step = Step { name, wall, room, others, out };
                let taken = match frame.track {
                    Track::Video => self.video_frame(frame, &mut step),
                    Track::Audio => self.audio_frame(frame, &mut step),
                };
                // What comes before the first picture is not a fault.
                if taken.is_none() && self.timeline.is_some() {
                    self.health.dropped += 1;
                }
            }
        }
    }

    fn break_off(&mut self, name: &Name, out: &mut VecDeque<Output>) {
        // A full segment is over anyway.
        let _ = self.flush_picture(name, out);
        let _ = self.flush_sound(name, out);
        self.timeline = None;
        self.first_dts = None;
        self.picture = PictureTrack { target_ms: self.picture.target_ms, ..PictureTrack::default() };
        self.sound.clock = None;
        self.health.break_off();
        out.push_back(Output::Flush(name.clone()));
    }

    fn configure(&mut self, config: &Config) {
        let known = match config.track() {
            Track::Video => self.video.as_ref().map(|(known, _)| known),
            Track::Audio => self.audio.as_ref().map(|(known, _)| known),
        };
        if known == Some(config) {
            return;
        }
        if let Some(picture) = Picture::of(config) {
            self.video = Some((config.clone(), picture));
        } else if let Some(sound) = Sound::of(config) {
            self.audio = Some((config.clone(), sound));
            self.sound.clock = None;
        }
    }

    fn stale_picture(&self) -> bool {
        self.described.video.as_ref() != self.video.as_ref().map(|(config, _)| config)
    }

    fn stale_sound(&self) -> bool {
        self.described.audio.as_ref() != self.audio.as_ref().map(|(config, _)| config)
    }

    /// Places the first frame of a timeline; `None` waits for a better one.
    fn begin(&mut self, frame: &Frame, step: &mut Step<'_>) -> Option<i64> {
        let since = *self.first_dts.get_or_insert(frame.dts);
        if !frame.key {
            return None;
        }
        let fits = |timeline: &Timeline| {
            let at = frame.dts + timeline.offset;
            step.others.on_timeline && (at - step.room.edge).abs() <= SAME_CLOCK_MS && at >= self.end - 1
        };
        let shared = step.room.timeline.filter(fits);
        let at = match shared {
            Some(timeline) => {
                // The room goes on: take part from the beginning of a segment, unless the keyframes never meet one.
                let at = frame.dts + timeline.offset;
                let shown = at + i64::from(frame.cts);
                let near = step.room.cuts.due(self.segment.number, u64::MAX, at);
                let aligned = near.is_some_and(|cut| shown - cut.shown <= ALIGNED_MS)
                    || step.room.cuts.wants(shown, true);
                if !aligned && frame.dts - since < PATIENCE_MS {
                    return None;
                }
                self.timeline = Some(timeline);
                at
            }
            None => {
                let newest = step.room.cuts.newest();
                let at = newest.map_or(EPOCH_START_MS, |cut| step.room.edge.max(cut.at + 1));
                let id = step.room.timeline.map_or(1, |timeline| timeline.id + 1);
                let timeline = Timeline { id, offset: at - frame.dts };
                step.room.timeline = Some(timeline);
                self.timeline = Some(timeline);
                self.health.discontinuities += u64::from(newest.is_some());
                step.declare(at, at + i64::from(frame.cts), true, newest.is_some());
                at
            }
        };
        self.from = at;
        self.picture.await_key = false;
        Some(at)
    }

    fn video_frame(&mut self, frame: &Frame, step: &mut Step<'_>) -> Option<()> {
        self.video.as_ref()?;
        let begun = self.timeline;
        let stamped = match begun {
            Some(timeline) => frame.dts + timeline.offset,
            None => self.begin(frame, step)?,
        };
        // Two frames in one millisecond, or a slip back: decoding times must grow, the time of showing stays.
        let at = match self.picture.last {
            Some(last) if stamped < last - SLIP_MS => {
                self.break_off(step.name, step.out);
                self.begin(frame, step)?
            }
            Some(last) => stamped.max(last + 1),
            None => stamped,
        };
        let slipped = i32::try_from(at - stamped).unwrap_or(0).max(0);
        if !frame.key && (self.picture.await_key || self.stale_picture()) {
            return None;
        }
        let hole = self.picture.last.is_some_and(|last| at - last > HOLE_MS) || step.room.cuts.overlong(at);
        self.cut(at, at + i64::from(frame.cts), frame.key, hole, step);
        if self.segment.number == 0 || self.stale_picture() {
            self.picture.await_key = true;
            return None;
        }
        // What waited did not fit into the segment before.
        if self.picture.await_key && !frame.key {
            return None;
        }
        let gap = self.picture.last.map_or(0, |last| at - last);
        let duration = self.frame_duration(at, step);
        self.picture.await_key = false;
        self.picture.last = Some(at);
        self.picture_part(at);
        let place = (self.segment.number, self.picture.part);
        let goes_on = |held: &Held| held.place == place && !frame.key;
        if !self.picture.held.as_ref().is_some_and(goes_on) {
            self.flush_picture(step.name, step.out)?;
        }
        let held = self.picture.held.get_or_insert_with(|| Held::at(place, at));
        held.last_until(at);
        let cts = frame.cts.saturating_sub(slipped);
        held.units.push(Unit { data: frame.data.clone(), duration, cts, key: frame.key });
        held.wall = Some(step.wall);
        let enough = picture_ms_a_chunk(self.health.bps);
        // Who joins waits for an IDR; and where pictures are rare, whatever the encoder said, the next one is far.
        if frame.key || gap > enough || held.end() - held.tfdt >= enough {
            self.flush_picture(step.name, step.out)?;
        }
        self.end = self.end.max(at + i64::from(duration));
        step.room.edge = step.room.edge.max(self.end);
        self.miss_sound(at, at + i64::from(duration), step);
        Some(())
    }

    /// Sends the pictures that wait; `None`: they are dropped.
    fn flush_picture(&mut self, name: &Name, out: &mut VecDeque<Output>) -> Option<()> {
        let Some(held) = self.picture.held.take() else { return Some(()) };
        let sent = self.emit(Track::Video, &held, name, out);
        self.picture.await_key |= sent.is_none();
        sent
    }

    /// Goes on to the room's newest segment if one is due, or declares one, with a frame that is decoded `at` and `shown` then.
    fn cut(&mut self, at: i64, shown: i64, key: bool, hole: bool, step: &mut Step<'_>) {
        let stale = self.init == 0 || (self.stale_picture() && key) || self.stale_sound();
        let anew = stale && self.init > 0;
        let due = step.room.cuts.due(self.segment.number, u64::MAX, at);
        // What is shown before the picture that the room's segment begins with belongs to the one before.
        let due = due.filter(|cut| key || shown >= cut.shown);
        let newest = step.room.cuts.newest().map_or(0, |cut| cut.number);
        let wants = step.room.cuts.wants(shown, key);
        let joins_late = due.is_some_and(|cut| cut.number == newest && shown - cut.shown > ALIGNED_MS);
        if due.is_none() && newest > self.segment.number {
            // The room is ahead: this frame still belongs to a segment before its next cut.
            return;
        }
        if due.is_none() && !(anew || hole || wants) {
            return;
        }
        // What waits belongs to the segment before.
        let _ = self.flush_picture(step.name, step.out);
        let _ = self.flush_sound(step.name, step.out);
        if due.is_none() || (joins_late && wants) {
            self.health.forced_cuts += u64::from(!key);
            self.health.discontinuities += u64::from(anew || hole);
            step.declare(at, shown, key, anew || hole);
        }
        if stale {
            self.init = self.init.saturating_add(1);
            self.described = Described {
                video: self.video.as_ref().map(|(config, _)| config.clone()),
                audio: self.audio.as_ref().map(|(config, _)| config.clone()),
            };
            step.out.push_back(Output::Init(step.name.clone(), Arc::new(self.describe())));
        }
        if stale || hole {
            self.sound.from = at;
        }
        if let Some(cut) = step.room.cuts.due(self.segment.number, u64::MAX, at) {
            self.segment = Segment { number: cut.number, bytes: 0, chunks: 0 };
            let unmet = !key && step.others.with_picture;
            self.health.unmet = if unmet { self.health.unmet.saturating_add(1) } else { 0 };
            (self.picture.part, self.picture.part_from) = (0, at);
        }
    }

    fn describe(&self) -> Init {
        let video = self.video.as_ref().map(|(config, picture)| VideoEntry {
            config: config.clone(),
            width: picture.width,
            height: picture.height,
        });
        let audio = self.audio.as_ref().map(|(config, sound)| AudioEntry {
            config: config.clone(),
            sample_rate: sound.sample_rate,
            channels: sound.channels,
        });
        Init {
            number: self.init,
            both: cmaf::init(video.as_ref(), audio.as_ref()),
            video: video.as_ref().map(|entry| cmaf::init(Some(entry), None)),
            audio: audio.as_ref().map(|entry| cmaf::init(None, Some(entry))),
            picture: self.video.as_ref().map(|(_, picture)| picture.clone()),
            sound: self.audio.as_ref().map(|(_, sound)| sound.clone()),
        }
    }

    /// The nominal duration of the frame at `at`; finds out the frame rate first.
    fn frame_duration(&mut self, at: i64, step: &mut Step<'_>) -> u32 {
        let track = &mut self.picture;
        if track.rate.is_none() {
            let stated = self.video.as_ref().map_or(0, |(_, picture)| picture.frame_rate_milli);
            let stated =
                FrameRate::from_milli(self.health.meta.frame_rate_milli).or(FrameRate::from_milli(stated));
            let (first, frames) = *track.measure.get_or_insert((at, 0));
            track.measure = Some((first, frames + 1));
            track.rate = match stated {
                Some(rate) => Some(rate),
                None if frames >= MEASURED_FRAMES => FrameRate::from_deltas(frames, at - first),
                None => None,
            };
        }
        let Some(rate) = track.rate else {
            // Until it is known: the last gap, or a usual one.
            return track.last.map_or(33, |last| (at - last).clamp(1, HOLE_MS) as u32);
        };
        track.target_ms.get_or_insert_with(|| {
            let target = rate.part_target_ms();
            step.out.push_back(Output::PartTarget(step.name.clone(), Track::Video, target, rate.milli()));
            target
        });
        track.pace.get_or_insert_with(|| Pace::new(rate)).duration_ms(at)
    }

    /// A part ends before the frame that would make it longer than PART-TARGET.
    fn picture_part(&mut self, at: i64) {
        let track = &mut self.picture;
        let (Some(target), Some(rate)) = (track.target_ms, track.rate) else { return };
        let with_it = (at - track.part_from) * 1_000_000 + rate.period_ns();
        if with_it > i64::from(target) * 1_000_000 && at > track.part_from {
            track.part = track.part.saturating_add(1);
            track.part_from = at;
        }
    }

    /// `None`: the segment is full, they are dropped.
    fn emit(&mut self, track: Track, held: &Held, name: &Name, out: &mut VecDeque<Output>) -> Option<()> {
        let Held { place: (segment, part), tfdt, wall, units } = held;
        let bytes = units.iter().map(|unit| unit.data.len()).sum();
        self.segment.bytes = self.segment.bytes.saturating_add(bytes);
        self.segment.chunks += 1;
        if self.segment.bytes > SEGMENT_BYTES_MAX || self.segment.chunks > SEGMENT_CHUNKS_MAX {
            return None;
        }
        self.sequence = self.sequence.wrapping_add(1).max(1);
        let tfdt = u64::try_from(*tfdt).ok()?;
        let fragment = Fragment { track, sequence: self.sequence, tfdt, wall: *wall, units };
        out.push_back(Output::Chunk(Chunk {
            rendition: name.clone(),
            track,
            both: self.segment.number,
            segment: *segment,
            part: *part,
            start: held.tfdt,
            duration: units.iter().map(|unit| unit.duration).sum(),
            key: units.first().is_some_and(|unit| unit.key),
            bytes: cmaf::chunk(&fragment),
        }));
        Some(())
    }
}

/// What a frame meets on its way.
struct Step<'a> {
    name: &'a Name,
    wall: Wall,
    room: &'a mut Shared,
    others: Others,
    out: &'a mut VecDeque<Output>,
}

impl Step<'_> {
    fn declare(&mut self, at: i64, shown: i64, key: bool, discontinuity: bool) {
        let cut = self.room.cuts.declare(at, shown, self.wall, key, discontinuity);
        self.out.push_back(Output::Cut(cut));
    }
}
