//! An encoder on simulated time: frames of a ladder with aligned keyframes, and sound. Sizes follow the bit rate; the bytes mean
//! nothing.

use bytes::Bytes;
use hawker_server_core::media::frame::{Config, Event, Frame, Track};

/// x264, High, 320x180 at 30 fps: what the packager reads of it is enough for every rung.
const AVCC: &[u8] = &[
    0x01, 0x64, 0x00, 0x0d, 0xff, 0xe1, 0x00, 0x1a, 0x67, 0x64, 0x00, 0x0d, 0xac, 0xd9, 0x41, 0x41, 0x9f,
    0x9f, 0x01, 0x10, 0x00, 0x00, 0x03, 0x00, 0x10, 0x00, 0x00, 0x03, 0x03, 0xc0, 0xf1, 0x42, 0x99, 0x60,
    0x01, 0x00, 0x06, 0x68, 0xeb, 0xe3, 0xcb, 0x22, 0xc0, 0xfd, 0xf8, 0xf8, 0x00,
];
/// AAC-LC, 48 kHz, stereo.
const AAC: &[u8] = &[0x11, 0x90];

/// What the camera sends.
#[derive(Clone, Copy, Debug)]
pub struct Show {
    /// Renditions, best first: name and bits a second of the picture.
    pub ladder: &'static [(&'static str, u32)],
    /// Between keyframes.
    pub gop_ms: u64,
    /// Bits a second of the sound; 0: none.
    pub sound: u32,
    /// Frames differ in size as those of a real encoder do, by this seed; 0: all are alike.
    pub seed: u64,
}

impl Show {
    /// Bytes of a frame of a rendition with so many bits a second. A keyframe is as large as six other frames; a seeded scene
    /// needs up to a quarter more or less than the mean for seconds, a frame up to a third more or less.
    pub fn size(&self, bps: u32, frame: u64) -> u64 {
        let gop = (self.gop_ms * FPS / 1_000).max(1);
        let unit = u64::from(bps) / 8 * gop / FPS / (gop + 5);
        let size = if frame.is_multiple_of(gop) { unit * 6 } else { unit };
        if self.seed == 0 {
            return size;
        }
        let dice = |of: u64| crate::world::dice(self.seed, of);
        let (at, scene) = ((frame % SCENE) as f64 / SCENE as f64, frame / SCENE);
        let scene = dice(scene << 32) * (1.0 - at) + dice((scene + 1) << 32) * at;
        (size as f64 * (0.75 + 0.5 * scene) * (0.67 + 0.66 * dice(frame))) as u64
    }

    /// Bytes of a frame of sound.
    pub fn sound_size(&self) -> u64 {
        u64::from(self.sound) / 8 * 1_024 / 48_000
    }
}

/// Frames from the middle of a scene to that of the next.
const SCENE: u64 = 75;

/// See the module text.
#[derive(Debug)]
pub struct Camera {
    show: Show,
    began_us: u64,
    frame: u64,
    audio: u64,
}

/// Frames a second.
pub const FPS: u64 = 30;

impl Camera {
    /// Begins now.
    pub fn new(show: Show, now_us: u64) -> Self {
        Self { show, began_us: now_us, frame: 0, audio: 0 }
    }

    /// The renditions by name.
    pub fn renditions(&self) -> impl Iterator<Item = &'static str> {
        self.show.ladder.iter().map(|(name, _)| *name)
    }

    /// What comes before the first frame of each rendition.
    pub fn configs(&self) -> Vec<Event> {
        let mut configs = vec![Event::Config(Config::Video(Bytes::from_static(AVCC)))];
        if self.show.sound > 0 {
            configs.push(Event::Config(Config::Audio(Bytes::from_static(AAC))));
        }
        configs
    }

    /// When the next frame is there.
    pub fn next_us(&self) -> u64 {
        let video = self.frame * 1_000_000 / FPS;
        let audio = if self.show.sound > 0 { self.audio * 1_024 * 1_000_000 / 48_000 } else { u64::MAX };
        self.began_us + video.min(audio)
    }

    /// The frames that are due, one for each rendition.
    pub fn take(&mut self, now_us: u64) -> Vec<(&'static str, Event)> {
        let mut due = Vec::new();
        while self.next_us() <= now_us {
            let video_us = self.frame * 1_000_000 / FPS;
            if self.began_us + video_us <= now_us {
                let key = self.frame.is_multiple_of((self.show.gop_ms * FPS / 1_000).max(1));
                for (name, bps) in self.show.ladder {
                    let size = self.show.size(*bps, self.frame);
                    due.push((*name, frame(Track::Video, video_us / 1_000, key, size)));
                }
                self.frame += 1;
            }
            let audio_us = self.audio * 1_024 * 1_000_000 / 48_000;
            if self.show.sound > 0 && self.began_us + audio_us <= now_us {
                for (name, _) in self.show.ladder {
                    due.push((*name, frame(Track::Audio, audio_us / 1_000, true, self.show.sound_size())));
                }
                self.audio += 1;
            }
        }
        due
    }
}

fn frame(track: Track, dts_ms: u64, key: bool, size: u64) -> Event {
    let data = Bytes::from(vec![0; usize::try_from(size).unwrap_or(0)]);
    Event::Frame(Frame { track, dts: i64::try_from(dts_ms).unwrap_or(0), cts: 0, key, data })
}
