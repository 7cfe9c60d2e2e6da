//! The sound of a rendition: where its frames stand beside the picture, and silence where they do not come. Declares cuts only where
//! there is no picture.

use std::collections::VecDeque;

use bytes::Bytes;

use super::{HOLE_MS, Held, Rendition, Step};
use crate::media::aac::Sound;
use crate::media::cmaf::Unit;
use crate::media::frame::{Frame, Track};
use crate::media::packager::parts::{
    SoundParts, picture_ms_a_chunk, sound_frames_a_chunk, sound_part_target,
};
use crate::media::packager::samples::SampleClock;
use crate::media::packager::{Name, Output};

/// Sound without a picture begins after this long: the picture's configuration may still be on its way.
const ALONE_MS: i64 = 1_000;
/// Sound that is so far behind its picture is taken not to come: encoders interleave the two within a tenth of this.
const PATIENCE_MS: i64 = 500;
/// Where sound came after its place was given to silence, it is waited for so much longer than it would have needed, and never longer
/// than that: viewers wait as long.
const LATE_MS: i64 = 250;
const PATIENCE_MAX_MS: i64 = 3_000;

#[derive(Debug)]
pub(super) struct SoundTrack {
    pub(super) clock: Option<SampleClock>,
    pub(super) target: Option<u32>,
    pub(super) parts: SoundParts,
    pub(super) held: Option<Held>,
    /// Media time before which its absence is nothing to mend: what is described or the picture itself begins there.
    pub(super) from: i64,
    /// A frame came since silence was put in the place of one.
    pub(super) heard: bool,
    pub(super) patience_ms: i64,
}

impl SoundTrack {
    fn clock(&mut self, sound: &Sound) -> &mut SampleClock {
        self.clock.get_or_insert_with(|| SampleClock::new(sound.sample_rate, sound.frame_samples))
    }
}

impl Default for SoundTrack {
    fn default() -> Self {
        Self {
            clock: None,
            target: None,
            parts: SoundParts::default(),
            held: None,
            from: 0,
            heard: true,
            patience_ms: PATIENCE_MS,
        }
    }
}

impl Rendition {
    /// Puts silence where sound was said to be and does not come although the picture is at `at`: what shows both waits for it.
    pub(super) fn miss_sound(&mut self, at: i64, end: i64, step: &mut Step<'_>) {
        if self.audio.is_none() || self.stale_sound() {
            return;
        }
        let reached = self.sound.clock.and_then(|clock| clock.reached()).unwrap_or(0);
        let late = at - reached.max(self.from).max(self.sound.from) > self.sound.patience_ms;
        if late || (self.health.silent && !self.sound.heard) {
            (self.health.silent, self.sound.heard) = (true, false);
            self.fill_sound(end, step);
        }
    }

    /// Silence up to `to`, ms of media time.
    fn fill_sound(&mut self, to: i64, step: &mut Step<'_>) {
        let Some(sound) = self.audio.as_ref().map(|(_, sound)| sound.clone()) else { return };
        let Some(silence) = sound.silence() else { return };
        let from = self.from.max(self.sound.from);
        while let Some(tfdt) = self.sound.clock(&sound).fill(from, to, step.room.grid_of(&sound)) {
            step.room.grid = Some((tfdt, sound.sample_rate));
            let _ = self.sound_at(tfdt, silence.clone(), &sound, step);
        }
    }

    pub(super) fn audio_frame(&mut self, frame: &Frame, step: &mut Step<'_>) -> Option<()> {
        let sound = self.audio.as_ref().map(|(_, sound)| sound.clone())?;
        let alone = self.video.is_none();
        let at = match self.timeline {
            Some(timeline) => frame.dts + timeline.offset,
            None if alone => {
                let since = *self.first_dts.get_or_insert(frame.dts);
                if frame.dts - since < ALONE_MS {
                    return None;
                }
                self.begin(frame, step)?
            }
            None => return None,
        };
        if at < self.from {
            return None;
        }
        // The next picture may be long in coming.
        let enough = picture_ms_a_chunk(self.health.bps);
        if self.picture.held.as_ref().is_some_and(|held| at - held.tfdt > enough) {
            let _ = self.flush_picture(step.name, step.out);
        }
        if alone {
            let may_declare = !step.others.with_picture || self.stale_sound();
            if may_declare || step.room.cuts.due(self.segment.number, u64::MAX, at).is_some() {
                self.cut(at, at, true, false, step);
            }
        }
        if self.segment.number == 0 || self.stale_sound() {
            // A new configuration takes effect where the picture's next frame begins a segment.
            return None;
        }
        // What the picture lacks too stays a hole.
        let beside = self.picture.last.is_some_and(|last| at - last <= HOLE_MS);
        if beside && self.sound.clock(&sound).misses(at) {
            self.fill_sound(at, step);
        }
        self.sound.heard = true;
        let clock = self.sound.clock(&sound);
        if self.health.silent && clock.covers(at) {
            let late = self.picture.last.map_or(0, |last| last - at);
            self.sound.patience_ms = self.sound.patience_ms.max(late + LATE_MS).min(PATIENCE_MAX_MS);
            return Some(());
        }
        let tfdt = clock.place(at, step.room.grid_of(&sound))?;
        step.room.grid = Some((tfdt, sound.sample_rate));
        self.health.silent = false;
        self.sound_at(tfdt, frame.data.clone(), &sound, step)
    }

    /// Takes a frame of sound that stands at `tfdt`, in samples.
    fn sound_at(&mut self, tfdt: i64, data: Bytes, sound: &Sound, step: &mut Step<'_>) -> Option<()> {
        let alone = self.video.is_none();
        let rate = sound.sample_rate;
        let clock = self.sound.clock?;
        let in_ms = |samples: i64| (samples * 1_000 + i64::from(rate) - 1).div_euclid(i64::from(rate));
        let at_ms = in_ms(tfdt).max(self.from);
        if let Some(cut) = step.room.cuts.due(self.sound.parts.segment(), self.segment.number, at_ms) {
            self.sound.parts.begin(cut.number, clock.samples(cut.at), tfdt);
        }
        if self.sound.parts.segment() == 0 {
            return None;
        }
        self.sound.target.get_or_insert_with(|| {
            let target = sound_part_target(sound.frame_samples, rate);
            step.out.push_back(Output::PartTarget(step.name.clone(), Track::Audio, target, 0));
            target
        });
        let part = self.sound.parts.place(tfdt, sound.frame_samples, rate);
        let place = (self.sound.parts.segment(), part);
        let end = in_ms(tfdt + i64::from(sound.frame_samples));
        step.room.edge = step.room.edge.max(end);
        if alone {
            self.end = self.end.max(end);
        }
        let goes_on = |held: &Held| held.place == place && held.end() == tfdt;
        if !self.sound.held.as_ref().is_some_and(goes_on) {
            self.flush_sound(step.name, step.out);
        }
        let held = self.sound.held.get_or_insert_with(|| Held::at(place, tfdt));
        held.units.push(Unit { data, duration: sound.frame_samples, cts: 0, key: true });
        // The picture beside it says when it was made.
        held.wall = alone.then_some(step.wall);
        let enough = if alone { 1 } else { sound_frames_a_chunk(self.health.bps) };
        if held.units.len() >= enough { self.flush_sound(step.name, step.out) } else { Some(()) }
    }

    /// Sends the sound that waits; `None`: it is dropped.
    pub(super) fn flush_sound(&mut self, name: &Name, out: &mut VecDeque<Output>) -> Option<()> {
        let Some(held) = self.sound.held.take() else { return Some(()) };
        self.emit(Track::Audio, &held, name, out)
    }
}
