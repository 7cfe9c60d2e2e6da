//! `[media]`: what can be configured of the picture.

use std::path::PathBuf;

use hawker_server_core::media::limits::RENDITIONS_MAX;
use hawker_server_core::media::rtmp::address::SOURCE;
use serde::{Deserialize, Serialize};

use crate::ops::config::{Check, Fault};

/// `[media]`
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct MediaConfig {
    /// Seconds of media that a room keeps.
    pub window_s: u32,
    /// Bytes of media that a room keeps.
    pub window_bytes: u64,
    /// Seconds after its encoder left that a room is still live.
    pub reconnect_grace_s: u32,
    /// Lower renditions, for rooms that ask for them.
    pub ladder: LadderConfig,
}

/// `[media.ladder]`
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct LadderConfig {
    /// The program: a name on the path, or a path.
    pub ffmpeg: PathBuf,
    /// x264's preset: faster costs bits, slower costs processor.
    pub preset: String,
    /// What is made of the encoder's picture.
    pub renditions: Vec<Rung>,
}

/// One entry of `[media.ladder] renditions`.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Rung {
    /// As it shows in URLs and in the quality menu.
    pub name: String,
    /// Pixels of the shorter side; the other follows from the encoder's picture.
    pub height: u32,
    /// Kilobits a second of the picture.
    pub video_kbps: u32,
}

impl Default for LadderConfig {
    fn default() -> Self {
        let rung = |name: &str, height, video_kbps| Rung { name: name.into(), height, video_kbps };
        let renditions = vec![rung("480p", 480, 1_000), rung("240p", 240, 300)];
        Self { ffmpeg: "ffmpeg".into(), preset: "veryfast".into(), renditions }
    }
}

impl Default for MediaConfig {
    fn default() -> Self {
        Self { window_s: 30, window_bytes: 128 << 20, reconnect_grace_s: 10, ladder: LadderConfig::default() }
    }
}

impl Check for MediaConfig {
    fn check(&self) -> Result<(), Fault> {
        if self.window_s < 8 {
            return Err(Fault::new(
                "window_s",
                "must be 8 or more: players need that much to join and to recover",
            ));
        }
        self.ladder.check()
    }
}

impl Check for LadderConfig {
    fn check(&self) -> Result<(), Fault> {
        let name_fits = |name: &str| {
            (1..=32).contains(&name.len())
                && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b))
        };
        let most = RENDITIONS_MAX - 1;
        if self.renditions.len() > most {
            return Err(Fault::new("ladder", format!("at most {most} renditions beside the encoder's own")));
        }
        for rung in &self.renditions {
            if !name_fits(&rung.name) || rung.name == SOURCE {
                let text =
                    format!("{:?} must be 1 to 32 of A-Z a-z 0-9 _ -, and not \"{SOURCE}\"", rung.name);
                return Err(Fault::new("ladder", text));
            }
            if !(64..=4_320).contains(&rung.height) || rung.height % 2 != 0 {
                return Err(Fault::new(
                    "ladder",
                    format!("the height of {:?} must be even, 64 to 4320", rung.name),
                ));
            }
            if rung.video_kbps < 50 {
                return Err(Fault::new(
                    "ladder",
                    format!("the bit rate of {:?} is too low: 50 or more", rung.name),
                ));
            }
        }
        Ok(())
    }
}
