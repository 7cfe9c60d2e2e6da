//! What a run leaves behind: one CSV file, with what it was in lines that begin with `#`, then a line for each presented frame. All
//! figures and plots are made from these files alone.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result, bail};

use super::camera::Camera;
use super::viewer::Viewing;

/// A frame on the screen. Times in ms since the page was opened.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Frame {
    /// When it was to be displayed.
    pub at_ms: f64,
    /// Its number since the camera began, and its age when displayed, ms; nothing if the burned code could not be read.
    pub read: Option<(u64, f64)>,
    /// Its rung's place in the ladder, 0 is the best.
    pub rung: usize,
    /// Buffered ahead of the playhead, ms.
    pub ahead_ms: f64,
    /// Playback rate.
    pub rate: f64,
    /// The element's time, s.
    pub media_s: f64,
    /// Frames presented so far, with those that came and went between two looks.
    pub presented: u64,
}

/// A run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Record {
    /// What it was: `player`, `link`, `seconds` and so on.
    pub about: BTreeMap<String, String>,
    /// Every frame that was presented.
    pub frames: Vec<Frame>,
    /// Tasks of the main thread above 50 ms: begin and length, ms.
    pub tasks: Vec<[f64; 2]>,
    /// What was said in the room: when by the wall clock, and how much later the page had it, ms.
    pub words: Vec<[f64; 2]>,
}

const COLUMNS: &str = "at_ms,number,latency_ms,rung,ahead_ms,rate,media_s,presented";

impl Record {
    /// Matches what a page saw with what the camera sent.
    pub fn new(about: BTreeMap<String, String>, viewing: &Viewing, camera: &Camera) -> Self {
        let mut rung = 0;
        let frames = viewing.frames.iter().map(|seen| {
            let wall_ms = viewing.opened_ms + viewing.drift_ms + seen.at_ms;
            let counter = u16::try_from(seen.counter).ok();
            let sent = counter.and_then(|counter| camera.sent(counter, (wall_ms * 1e3) as u64));
            // An unread frame is most likely on the rung of the one before.
            rung = usize::try_from(seen.rung).unwrap_or(rung);
            Frame {
                at_ms: seen.at_ms,
                read: sent.map(|(number, sent_us)| (number, wall_ms - sent_us as f64 / 1e3)),
                rung,
                ahead_ms: seen.ahead_ms,
                rate: seen.rate,
                media_s: seen.media_s,
                presented: seen.presented as u64,
            }
        });
        Self { about, frames: frames.collect(), tasks: viewing.tasks.clone(), words: viewing.words.clone() }
    }

    /// A number of what it was; zero if there is none.
    pub fn number(&self, name: &str) -> f64 {
        self.about.get(name).and_then(|text| text.parse().ok()).unwrap_or_default()
    }

    /// A word of what it was.
    pub fn word(&self, name: &str) -> &str {
        self.about.get(name).map_or("", String::as_str)
    }

    /// Writes it whole or not at all.
    ///
    /// # Errors
    /// The disk is full, and the like.
    pub fn save(&self, path: &Path) -> Result<()> {
        let mut text = String::new();
        for (name, value) in &self.about {
            let _ = writeln!(text, "# {name}: {}", value.replace('\n', " "));
        }
        for [began, length] in &self.tasks {
            let _ = writeln!(text, "#task {began:.1} {length:.1}");
        }
        for [said, late] in &self.words {
            let _ = writeln!(text, "#word {said:.1} {late:.1}");
        }
        let _ = writeln!(text, "{COLUMNS}");
        for frame in &self.frames {
            let (number, latency) = match frame.read {
                Some((number, latency)) => (number.to_string(), format!("{latency:.1}")),
                None => Default::default(),
            };
            let Frame { at_ms, rung, ahead_ms, rate, media_s, presented, .. } = frame;
            let _ = writeln!(
                text,
                "{at_ms:.1},{number},{latency},{rung},{ahead_ms:.0},{rate:.3},{media_s:.3},{presented}"
            );
        }
        let part = path.with_extension("part");
        std::fs::write(&part, text)?;
        Ok(std::fs::rename(&part, path)?)
    }

    /// Reads one.
    ///
    /// # Errors
    /// It isn't there or isn't one.
    pub fn load(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| format!("{}", path.display()))?;
        Self::parse(&text).with_context(|| format!("{}", path.display()))
    }

    fn parse(text: &str) -> Result<Self> {
        let mut record = Self::default();
        for line in text.lines() {
            if let Some(task) = line.strip_prefix("#task ") {
                let (began, length) = task.split_once(' ').context("half a task")?;
                record.tasks.push([began.parse()?, length.parse()?]);
            } else if let Some(word) = line.strip_prefix("#word ") {
                let (said, late) = word.split_once(' ').context("half a word")?;
                record.words.push([said.parse()?, late.parse()?]);
            } else if let Some(about) = line.strip_prefix("# ") {
                let (name, value) = about.split_once(": ").unwrap_or((about.trim_end_matches(':'), ""));
                record.about.insert(name.into(), value.into());
            } else if line != COLUMNS {
                let fields: Vec<&str> = line.split(',').collect();
                let [at_ms, number, latency, rung, ahead_ms, rate, media_s, presented] = fields[..] else {
                    bail!("not a frame: {line:?}");
                };
                let read = if number.is_empty() { None } else { Some((number.parse()?, latency.parse()?)) };
                record.frames.push(Frame {
                    at_ms: at_ms.parse()?,
                    read,
                    rung: rung.parse()?,
                    ahead_ms: ahead_ms.parse()?,
                    rate: rate.parse()?,
                    media_s: media_s.parse()?,
                    presented: presented.parse()?,
                });
            }
        }
        Ok(record)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_reads_back_as_it_was_written() {
        let about = [("player", "hawker"), ("errors", ""), ("seconds", "20")];
        let frame = Frame {
            at_ms: 812.5,
            read: Some((4_711, 151.2)),
            rung: 3,
            ahead_ms: 120.0,
            rate: 1.015,
            media_s: 77.233,
            presented: 12,
        };
        let record = Record {
            about: about.map(|(name, value)| (name.into(), value.into())).into(),
            frames: vec![frame, Frame { read: None, ..frame }],
            tasks: vec![[12.5, 61.0]],
            words: vec![[1_763_862_000_123.5, 48.0]],
        };
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("one.csv");
        record.save(&path).expect("it can be written");
        let read = Record::load(&path).expect("it can be read");
        assert_eq!(read, record);
        assert_eq!(read.number("seconds"), 20.0);
    }
}
