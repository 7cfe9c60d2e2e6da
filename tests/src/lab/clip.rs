//! The ladder that every run of the lab plays: five rungs of one picture with sound, encoded once with fixed settings and kept
//! under the target folder. Encoded before, so that the machine's cores are the browser's during a run.
//!
//! Not the demo's sample clips: these have a counter in each frame, a noise that fills their rates, and no beauty.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail, ensure};
use hawker_server_core::media::flv::Kind;
use hawker_server_core::media::flv::file::{self, Tag};
use std::io::Write as _;

use super::mark;

/// Frames a second.
pub const FPS: u64 = 30;
/// Length of the loop: whole in GOPs of a second and in sound frames of 1,024 samples at 48 kHz. Twice as long as anybody
/// may lag for its frames to be told apart.
pub const LOOP_S: u64 = 128;
/// Frames in the loop: the burned counter runs from 0 to this.
pub const FRAMES: u64 = LOOP_S * FPS;
/// Sound: kb/s.
const SOUND_KBPS: u32 = 64;
/// Changes whenever the encoder's settings do, so that an old clip is not taken for a new one.
const VERSION: u32 = 2;

/// One rung.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rung {
    /// Of its rendition.
    pub name: &'static str,
    /// Width and height.
    pub size: (usize, usize),
    /// Picture and sound, kb/s.
    pub kbps: u32,
}

/// Best first; a rung's place in it is burned into its pictures. Small pictures, so that two cores decode and read back every
/// frame: what counts for a link is the rate.
pub const LADDER: [Rung; 5] = [
    Rung { name: "360p", size: (640, 360), kbps: 4_500 },
    Rung { name: "288p", size: (512, 288), kbps: 2_500 },
    Rung { name: "252p", size: (448, 252), kbps: 1_200 },
    Rung { name: "216p", size: (384, 216), kbps: 600 },
    Rung { name: "144p", size: (256, 144), kbps: 250 },
];

/// An encoded rung in memory.
#[derive(Debug)]
pub struct Clip {
    /// Which.
    pub rung: Rung,
    /// Metadata and configurations: sent once.
    pub head: Vec<Tag>,
    /// Frames of one round of the loop by rising stamp, which begins at 0.
    pub frames: Vec<Tag>,
    /// What it came out at, kb/s: all bytes of frames over the loop's length.
    pub measured_kbps: f64,
}

/// Encodes what is not there yet and reads all of it.
///
/// # Errors
/// ffmpeg is missing or fails, or what it made is not what was asked for.
pub fn ladder(folder: &Path) -> Result<Vec<Clip>> {
    rungs(folder, &LADDER)
}

/// The same of other rungs.
///
/// # Errors
/// As of [`ladder`].
pub fn rungs(folder: &Path, rungs: &[Rung]) -> Result<Vec<Clip>> {
    std::fs::create_dir_all(folder)?;
    rungs.iter().enumerate().map(|(place, rung)| read(*rung, &encoded(folder, place, rung)?)).collect()
}

fn encoded(folder: &Path, place: usize, rung: &Rung) -> Result<PathBuf> {
    let name = format!("v{VERSION}-{}-{}k-{LOOP_S}s.flv", rung.name, rung.kbps);
    let (path, part) = (folder.join(&name), folder.join(format!("{name}.part")));
    if path.exists() {
        return Ok(path);
    }
    println!("encoding {} at {} kb/s, {LOOP_S} s, once", rung.name, rung.kbps);
    let (width, height) = rung.size;
    let (rate, length) = (rung.kbps - SOUND_KBPS, LOOP_S.to_string());
    let mut child = Command::new("ffmpeg")
        .args(["-hide_banner", "-loglevel", "error", "-y", "-f", "rawvideo", "-pix_fmt", "yuv420p"])
        .args(["-s", &format!("{width}x{height}"), "-r", &FPS.to_string(), "-i", "pipe:0"])
        .args(["-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000"])
        .args(["-map", "0:v", "-map", "1:a", "-t", &length])
        .args(["-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-threads", "1"])
        .args(["-g", "30", "-keyint_min", "30", "-sc_threshold", "0", "-b:v", &format!("{rate}k")])
        .args(["-maxrate", &format!("{rate}k"), "-bufsize", &format!("{}k", rate / 2)])
        .args(["-c:a", "aac", "-b:a", &format!("{SOUND_KBPS}k"), "-ac", "2"])
        .args(["-f", "flv", "-flvflags", "no_duration_filesize"])
        .arg(&part)
        .stdin(Stdio::piped())
        .spawn()
        .context("ffmpeg does not start: tests/bench installs it")?;
    let mut pipe = child.stdin.take().context("stdin is piped")?;
    let mut noise = 0x9e37_79b9_7f4a_7c15;
    for counter in 0..FRAMES {
        let code = mark::code(counter as u16, place as u8);
        pipe.write_all(&mark::picture(rung.size, code, &mut noise)).context("ffmpeg stopped reading")?;
    }
    drop(pipe);
    ensure!(child.wait()?.success(), "ffmpeg failed to encode {name}");
    std::fs::rename(&part, &path)?;
    Ok(path)
}

fn read(rung: Rung, path: &Path) -> Result<Clip> {
    let data = std::fs::read(path)?;
    let tags: Vec<Tag> = file::tags(data.into())?.collect::<Result<_, _>>()?;
    let head = tags.iter().filter(|tag| tag.is_head()).cloned().collect();
    let of = |kind: Kind| tags.iter().filter(move |tag| tag.kind == kind && tag.is_frame()).cloned();
    let pictures: Vec<Tag> = of(Kind::Video).take(FRAMES as usize).collect();
    // The encoder's priming makes a frame or so more than the loop holds.
    let sound_frames = (LOOP_S * 48_000 / 1_024) as usize;
    let sound: Vec<Tag> = of(Kind::Audio).take(sound_frames).collect();
    if pictures.len() as u64 != FRAMES || sound.len() != sound_frames {
        bail!("{}: {} pictures and {} sounds: remove it", path.display(), pictures.len(), sound.len());
    }
    // Stamped anew, on one grid for all rungs and without a seam.
    let stamp = |tags: Vec<Tag>, ms: &dyn Fn(u64) -> u64| -> Vec<Tag> {
        let stamped = tags.into_iter().enumerate();
        stamped.map(|(n, tag)| Tag { stamp: ms(n as u64) as u32, ..tag }).collect()
    };
    let mut frames = stamp(pictures, &|n| (n * 1_000 + FPS / 2) / FPS);
    ensure!(
        frames.iter().enumerate().all(|(n, tag)| tag.is_keyframe() == (n as u64).is_multiple_of(FPS)),
        "{}: not a keyframe each second: remove it",
        path.display()
    );
    frames.extend(stamp(sound, &|n| n * 1_024_000 / 48_000));
    frames.sort_by_key(|tag| (tag.stamp, tag.kind == Kind::Audio));
    let bytes: usize = frames.iter().map(|tag| tag.body.len()).sum();
    Ok(Clip { rung, head, frames, measured_kbps: bytes as f64 * 8.0 / (LOOP_S * 1_000) as f64 })
}
