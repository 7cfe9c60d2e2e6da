//! A fake media element with one SourceBuffer, as Chromium behaves: overlapping appends remove what depends on what they
//! overlap, the last tenth of a second is not played before more comes, an underrun holds until something has piled up, a
//! seek takes the time that sound takes to start, decoding goes on only from where it was or from a keyframe. It remembers
//! what was on the screen and when.

use hawker_player_core::media::Sample;
use hawker_wire::media::{Kind, Scanner, Unit};

/// After an underrun Chromium waits for so much, unless it is made to seek (measured: 0.45 s).
const RESUME_S: f64 = 0.45;
/// And after a seek for so much.
const START_S: f64 = 0.2;
/// With so much ahead it stands still already: its decoders keep the last frames until more come (measured: 67 ms at a rate of
/// 1, 79 ms at another one without keeping the pitch),
const HELD_S: f64 = 0.07;
const HELD_TRIM_S: f64 = 0.08;
/// and stretching sound looks further ahead (measured: 99 ms slower, 125 to 147 ms faster).
const HELD_SLOW_S: f64 = 0.1;
const HELD_FAST_S: f64 = 0.15;
/// After a seek the frame is there at once, but the clock stands until the sound is under way (measured: 70 to 90 ms).
const SOUND_S: f64 = 0.08;

/// A video frame in the buffer.
#[derive(Clone, Copy, Debug)]
struct Frame {
    start_s: f64,
    end_s: f64,
    key: bool,
    rung: usize,
    /// Position in the order of appending: decoding goes on from one to the next.
    serial: u64,
}

/// A frame on the screen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shown {
    /// Media time of its start.
    pub media_s: f64,
    /// World time.
    pub at_us: u64,
    /// What was given with its bytes.
    pub rung: usize,
    /// Playback rate.
    pub rate: f64,
}

/// See the module text.
#[derive(Debug, Default)]
pub struct Mse {
    scanner: Option<Scanner>,
    frames: Vec<Frame>,
    audio: Vec<(f64, f64)>,
    has_audio: bool,
    serial: u64,
    decoded: Option<u64>,
    frames_decoded: u64,
    playhead: f64,
    rate: f64,
    pitch: bool,
    playing: bool,
    /// Holding until this much is ahead.
    hold_s: Option<f64>,
    /// Standing for so much longer.
    stand_s: f64,
    now_us: u64,
    ranges: Vec<(f64, f64)>,
    /// Everything that was shown, in order.
    pub shown: Vec<Shown>,
}

impl Mse {
    /// An empty element.
    pub fn new(now_us: u64) -> Self {
        Self { rate: 1.0, now_us, ..Self::default() }
    }

    /// A new MediaSource.
    pub fn open(&mut self, codecs: &str) {
        *self = Self {
            rate: self.rate,
            now_us: self.now_us,
            has_audio: codecs.contains("mp4a"),
            frames_decoded: self.frames_decoded,
            shown: std::mem::take(&mut self.shown),
            ..Self::default()
        };
    }

    /// Appends whole units of this rung.
    pub fn append(&mut self, bytes: &[u8], rung: usize) {
        // The parser keeps the last init segment, as the browser's does.
        let mut scanner = self.scanner.take().unwrap_or_default();
        let mut units = Vec::new();
        let _ = scanner.feed(bytes, |unit| units.push(unit));
        self.scanner = Some(scanner);
        for unit in units {
            let Unit::Chunk { chunk, .. } = unit else { continue };
            match chunk.kind {
                Kind::Audio => self.audio.push((chunk.start_s(), chunk.end_s())),
                Kind::Video => {
                    let starts: Vec<f64> = chunk.starts_s().collect();
                    let ends = starts.iter().skip(1).copied().chain([chunk.end_s()]);
                    for (n, (start_s, end_s)) in starts.iter().zip(ends).enumerate() {
                        self.append_frame(*start_s, end_s, chunk.key && n == 0, rung);
                    }
                }
            }
        }
        self.merge();
    }

    fn append_frame(&mut self, start_s: f64, end_s: f64, key: bool, rung: usize) {
        let mut removing = false;
        self.frames.retain(|frame| {
            if frame.start_s + 1e-6 >= start_s && frame.start_s + 1e-6 < end_s {
                removing = true;
            } else if frame.key && frame.start_s > start_s {
                removing = false;
            }
            !(removing && frame.start_s + 1e-6 >= start_s)
        });
        self.serial += 1;
        self.frames.push(Frame { start_s, end_s, key, rung, serial: self.serial });
        self.frames.sort_by(|a, b| a.start_s.total_cmp(&b.start_s));
    }

    /// Removes what ends before.
    pub fn remove(&mut self, to_s: f64) {
        let key =
            self.frames.iter().rev().find(|frame| frame.key && frame.start_s <= to_s).map(|f| f.start_s);
        if let Some(key) = key {
            self.frames.retain(|frame| frame.start_s >= key);
            self.audio.retain(|(from, _)| *from >= key);
        }
        self.merge();
    }

    /// Sets the playhead.
    pub fn seek(&mut self, to_s: f64) {
        self.playhead = to_s;
        self.hold_s = Some(START_S);
        self.stand_s = if self.has_audio { SOUND_S } else { 0.0 };
        // Decode from the keyframe before.
        let Some(at) = self.frames.iter().rposition(|frame| frame.start_s <= to_s + 1e-6) else {
            self.decoded = None;
            return;
        };
        let Some(key) = self.frames.iter().take(at + 1).rposition(|frame| frame.key) else {
            self.decoded = None;
            return;
        };
        // Ready to show the frame at the playhead: as if the one before it had just been decoded.
        let run: Vec<Frame> = self.frames.iter().skip(key).take(at + 1 - key).copied().collect();
        let whole = run.windows(2).all(|pair| matches!(pair, [a, b] if b.serial == a.serial + 1 || b.key));
        self.decoded = (whole && run.len() > 1).then(|| run.get(run.len() - 2).map(|f| f.serial)).flatten();
        self.frames_decoded += run.len() as u64;
        self.show_due();
    }

    /// Begins to play.
    pub fn play(&mut self) {
        self.playing = true;
    }

    /// Pauses.
    pub fn pause(&mut self) {
        self.playing = false;
    }

    /// Sets the playback rate, and whether sound keeps its pitch.
    pub fn set_rate(&mut self, rate: f64, pitch: bool) {
        (self.rate, self.pitch) = (rate, pitch);
    }

    /// What it keeps for itself.
    fn held_s(&self) -> f64 {
        match self.rate - 1.0 {
            off if off.abs() < 0.001 => HELD_S,
            _ if !self.pitch => HELD_TRIM_S,
            off if off < 0.0 => HELD_SLOW_S,
            _ => HELD_FAST_S,
        }
    }

    fn merge(&mut self) {
        self.ranges = self.merged();
    }

    fn merged(&self) -> Vec<(f64, f64)> {
        let video = merged(self.frames.iter().map(|frame| (frame.start_s, frame.end_s)));
        if !self.has_audio {
            return video;
        }
        let mut sound = self.audio.clone();
        sound.sort_by(|a, b| a.0.total_cmp(&b.0));
        let sound = merged(sound.into_iter());
        let mut both = Vec::new();
        for (from, to) in video {
            for (sound_from, sound_to) in &sound {
                let (from, to) = (from.max(*sound_from), to.min(*sound_to));
                if to > from {
                    both.push((from, to));
                }
            }
        }
        both
    }

    /// What the player sees.
    pub fn sample(&self) -> Sample {
        Sample {
            playhead: self.playhead,
            ranges: self.ranges.clone(),
            paused: !self.playing,
            seeking: false,
            hidden: false,
            decoded: self.frames_decoded,
            dropped: 0,
            shown: self.shown.last().map(|shown| shown.media_s),
        }
    }

    /// Lets time pass in steps of at most 4 ms.
    pub fn advance(&mut self, now_us: u64) {
        while self.now_us < now_us {
            let step = (now_us - self.now_us).min(4_000);
            self.now_us += step;
            if self.playing {
                self.step(step as f64 / 1e6);
            }
        }
    }

    fn step(&mut self, seconds: f64) {
        if self.stand_s > 0.0 {
            self.stand_s -= seconds;
            return;
        }
        // As `Sample::ahead_s`, without a copy: this runs 250 times a second.
        let at = self.playhead;
        let range = self.ranges.iter().find(|(from, to)| *from <= at + 0.1 && at <= *to + 0.01);
        let ahead = range.map_or(0.0, |(_, to)| (to - at).max(0.0));
        if let Some(hold) = self.hold_s {
            if ahead < hold {
                return;
            }
            self.hold_s = None;
        }
        if ahead <= self.held_s() + seconds * self.rate {
            self.hold_s = Some(RESUME_S);
            return;
        }
        self.playhead += seconds * self.rate;
        self.show_due();
    }

    fn show_due(&mut self) {
        let due = self.frames.iter().rposition(|frame| frame.start_s <= self.playhead + 1e-6);
        let Some(frame) = due.and_then(|at| self.frames.get(at)).copied() else { return };
        if self.decoded == Some(frame.serial) || self.playhead > frame.end_s + 0.01 {
            return;
        }
        let follows = self.decoded.is_some_and(|decoded| {
            frame.serial > decoded
                && self
                    .frames
                    .iter()
                    .filter(|other| other.serial > decoded && other.serial <= frame.serial)
                    .count() as u64
                    == frame.serial - decoded
        });
        if frame.key || follows {
            self.decoded = Some(frame.serial);
            self.frames_decoded += 1;
            let (media_s, at_us) = (frame.start_s, self.now_us);
            self.shown.push(Shown { media_s, at_us, rung: frame.rung, rate: self.rate });
        }
    }
}

fn merged(intervals: impl Iterator<Item = (f64, f64)>) -> Vec<(f64, f64)> {
    let mut ranges: Vec<(f64, f64)> = Vec::new();
    for (from, to) in intervals {
        match ranges.last_mut() {
            Some((_, end)) if from <= *end + 0.012 => *end = end.max(to),
            _ => ranges.push((from, to)),
        }
    }
    ranges
}
