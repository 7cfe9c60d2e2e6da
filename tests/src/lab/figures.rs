//! From the frames of a run to its figures, and from the figures of several runs to medians with their spread. What a stall is and
//! what counts how much is said in `nqoe.rs`, for the simulated world and for the lab alike.

use super::clip::{FPS, LADDER};
use super::plan;
use super::record::{Frame, Record};
use crate::nqoe::{self, Shown, Weights};

/// Long tasks of the first seconds belong to loading.
const LOADING_MS: f64 = 10_000.0;
/// A player has found its latency so long after its first frame, s.
pub const SETTLED_S: f64 = 8.0;
/// Seconds of media in a frame.
const FRAME_S: f64 = 1.0 / FPS as f64;

/// What a viewer went through.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Figures {
    /// From opening the page to the first frame, ms; the whole run if there was none.
    pub startup_ms: f64,
    /// From the first frame to the end of the run.
    pub seen: nqoe::Figures,
    /// The same without its first seconds, in which players come down from where they joined; nothing in shorter runs.
    pub settled: nqoe::Figures,
    /// NQoE with the weights as the challenge printed them.
    pub nqoe_printed: f64,
    /// On a link whose rate falls and rises again: from the rise to the top rung, s; no number elsewhere.
    pub back_s: f64,
    /// Frames shown over frames made meanwhile, in percent.
    pub shown_percent: f64,
    /// Frames whose number could not be read, of those looked at, in percent.
    pub unread_percent: f64,
    /// Least and greatest playback rate without the first seconds; no numbers in shorter runs.
    pub rates: (f64, f64),
    /// Processor time of the page's process, in percent of one core.
    pub cpu_percent: f64,
    /// The same for all processes of the browser.
    pub browser_percent: f64,
    /// Tasks of the main thread above 50 ms after the first seconds, a minute.
    pub long_tasks: f64,
    /// The longest of those, ms; 0 if there was none.
    pub longest_task_ms: f64,
    /// From the saying of words in the room to their being in the page, ms: median and 99th percentile; no number where nobody talks.
    pub words_ms: (f64, f64),
}

/// The frames as they are judged. Those that came and went between two looks, because the page was busy, stand where they must have
/// been: evenly between their neighbours.
pub fn shown(record: &Record) -> Vec<Shown> {
    let mut shown: Vec<Shown> = Vec::with_capacity(record.frames.len());
    let mut before: Option<&Frame> = None;
    let origin = record.frames.iter().find_map(|frame| frame.read).map_or(0, |(number, _)| number);
    for frame in &record.frames {
        let kbps = LADDER.get(frame.rung).map_or(0.0, |rung| f64::from(rung.kbps));
        let at_s = frame.at_ms / 1e3;
        let (media_s, latency_s) = match (frame.read, shown.last()) {
            (Some((number, age_ms)), _) => ((number as f64 - origin as f64) * FRAME_S, age_ms / 1e3),
            // A frame that could not be read is the next one.
            (None, Some(last)) => (last.media_s + FRAME_S, last.latency_s),
            (None, None) => (0.0, 0.0),
        };
        if let (Some(before), Some(last)) = (before, shown.last().copied()) {
            let unseen = frame.presented.saturating_sub(before.presented).saturating_sub(1);
            for n in 1..=unseen {
                let share = n as f64 / (unseen + 1) as f64;
                let between = |from: f64, to: f64| from + (to - from) * share;
                shown.push(Shown {
                    at_s: between(last.at_s, at_s),
                    media_s: between(last.media_s, media_s),
                    ..last
                });
            }
        }
        shown.push(Shown { at_s, media_s, latency_s, kbps, rate: frame.rate });
        before = Some(frame);
    }
    shown
}

/// Where nothing moved, or media were left out, for plots: begin and end in s.
pub fn stalls(shown: &[Shown], end_s: f64) -> Vec<(f64, f64)> {
    let gap = |a: &Shown, b: &Shown| (b.at_s - a.at_s).max(b.media_s - a.media_s);
    let pairs = shown.windows(2).filter(|pair| gap(&pair[0], &pair[1]) > nqoe::STALL_S + 1e-6);
    let mut found: Vec<(f64, f64)> =
        pairs.map(|pair| (pair[1].at_s - gap(&pair[0], &pair[1]), pair[1].at_s)).collect();
    let last = shown.last().map_or(0.0, |last| last.at_s);
    if end_s - last > nqoe::STALL_S {
        found.push((last, end_s));
    }
    found
}

impl Figures {
    /// Of a run.
    pub fn of(record: &Record) -> Self {
        let end_s = record.number("seconds");
        let shown = shown(record);
        let first_s = shown.first().map_or(0.0, |first| first.at_s);
        let (best, lowest) = (LADDER.first(), LADDER.last());
        let kbps = |rung: Option<&super::clip::Rung>| rung.map_or(1.0, |rung| f64::from(rung.kbps));
        let weights = Weights::lol_plus(kbps(best), kbps(lowest));
        let printed = Weights::printed(kbps(best), kbps(lowest));
        let measure = |from_s: f64, weights| nqoe::measure(&shown, from_s, end_s, FRAME_S, weights);
        let settled_s = first_s + SETTLED_S;
        let settled = if settled_s < end_s { measure(settled_s, &weights) } else { Default::default() };
        let rates =
            record.frames.iter().filter(|frame| frame.at_ms / 1e3 > settled_s).map(|frame| frame.rate);
        let unread = record.frames.iter().filter(|frame| frame.read.is_none()).count();
        let long = record.tasks.iter().filter(|[began, _]| *began > LOADING_MS);
        Self {
            startup_ms: if shown.is_empty() { end_s * 1e3 } else { first_s * 1e3 },
            seen: measure(first_s, &weights),
            settled,
            back_s: back_s(record, &shown),
            nqoe_printed: measure(first_s, &printed).nqoe,
            shown_percent: 100.0 * shown.len() as f64 * FRAME_S / (end_s - first_s).max(FRAME_S),
            unread_percent: 100.0 * unread as f64 / record.frames.len().max(1) as f64,
            rates: (rates.clone().fold(f64::NAN, f64::min), rates.fold(f64::NAN, f64::max)),
            cpu_percent: 100.0 * record.number("cpu_page_s") / end_s.max(FRAME_S),
            browser_percent: 100.0 * record.number("cpu_browser_s") / end_s.max(FRAME_S),
            words_ms: words_ms(record),
            long_tasks: long.clone().count() as f64 * 60.0 / (end_s - LOADING_MS / 1e3).max(1.0),
            longest_task_ms: long.map(|[_, length]| *length).fold(0.0, f64::max),
        }
    }
}

fn words_ms(record: &Record) -> (f64, f64) {
    let mut late: Vec<f64> = record.words.iter().map(|[_, late]| *late).collect();
    late.sort_by(f64::total_cmp);
    let at = |share: f64| late.get((late.len() as f64 * share) as usize).copied().unwrap_or(f64::NAN);
    (at(0.5), at(0.99))
}

/// See [`Figures::back_s`]. Who does not come back takes until the end.
fn back_s(record: &Record, shown: &[Shown]) -> f64 {
    let end_s = record.number("seconds");
    if record.word("link") != plan::STEP {
        return f64::NAN;
    }
    let risen_s = end_s * plan::STEP_RISES;
    let top = LADDER.first().map_or(0.0, |rung| f64::from(rung.kbps));
    let back = shown.iter().find(|frame| frame.at_s >= risen_s && frame.kbps >= top);
    back.map_or(end_s, |frame| frame.at_s) - risen_s
}

/// Median and spread.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// The middle one, or the mean of the two.
    pub median: f64,
    /// Least.
    pub min: f64,
    /// Greatest.
    pub max: f64,
}

/// Of several runs.
pub fn spread(values: impl Iterator<Item = f64>) -> Spread {
    let mut values: Vec<f64> = values.filter(|value| value.is_finite()).collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    let median = match values.len() {
        0 => f64::NAN,
        odd if odd % 2 == 1 => values[middle],
        _ => f64::midpoint(values[middle - 1], values[middle]),
    };
    let end = |end: Option<&f64>| end.copied().unwrap_or(f64::NAN);
    Spread { median, min: end(values.first()), max: end(values.last()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A frame a thirtieth of a second from 1 s on, of the numbers given.
    fn record(numbers: &[u64], at: impl Fn(usize) -> f64) -> Record {
        let frames = numbers.iter().enumerate().map(|(place, number)| Frame {
            at_ms: at(place),
            read: Some((*number, 150.0)),
            rung: 0,
            ahead_ms: 100.0,
            rate: 1.0,
            media_s: *number as f64 / 30.0,
            presented: place as u64 + 1,
        });
        let mut record = Record { frames: frames.collect(), ..Record::default() };
        let end = record.frames.last().map_or(0.0, |frame| frame.at_ms + 33.0);
        record.about.insert("seconds".into(), (end / 1e3).to_string());
        record
    }

    fn steady(place: usize) -> f64 {
        1_000.0 + place as f64 * 1_000.0 / 30.0
    }

    #[test]
    fn a_smooth_run_has_no_stall() {
        let numbers: Vec<u64> = (500..800).collect();
        let figures = Figures::of(&record(&numbers, steady));
        assert_eq!((figures.seen.stalls, figures.startup_ms), (0, 1_000.0));
        assert!((figures.seen.latency_p95_s - 0.15).abs() < 1e-9);
        assert!((figures.shown_percent - 100.0).abs() < 1.0);
        let two_missing: Vec<u64> = (500..800).map(|n| if n < 600 { n } else { n + 2 }).collect();
        assert_eq!(Figures::of(&record(&two_missing, steady)).seen.stalls, 0);
        let three_missing: Vec<u64> = (500..800).map(|n| if n < 600 { n } else { n + 3 }).collect();
        assert_eq!(Figures::of(&record(&three_missing, steady)).seen.stalls, 1);
    }

    #[test]
    fn frames_presented_while_the_page_was_busy_are_no_stall() {
        let numbers: Vec<u64> = (0..100).map(|n| if n < 50 { n } else { n + 9 }).collect();
        let mut record = record(&numbers, |place| steady(place) + if place >= 50 { 300.0 } else { 0.0 });
        assert_eq!(Figures::of(&record).seen.stalls, 1, "nothing was presented in between");
        for frame in record.frames.iter_mut().skip(50) {
            frame.presented += 9;
        }
        assert_eq!(Figures::of(&record).seen.stalls, 0);
    }

    #[test]
    fn who_stands_to_the_end_stalls_to_the_end() {
        let numbers: Vec<u64> = (0..30).collect();
        let mut record = record(&numbers, steady);
        record.about.insert("seconds".into(), "10".into());
        let stalled_s = Figures::of(&record).seen.stalled_s;
        assert!((stalled_s - 8.0).abs() < 0.01, "{stalled_s}");
        assert_eq!(stalls(&shown(&record), 10.0).len(), 1);
        record.frames.clear();
        assert!(Figures::of(&record).seen.stall_ratio() > 0.99);
    }

    #[test]
    fn a_median_of_runs() {
        let spread = spread([3.0, 1.0, 2.0, 10.0].into_iter());
        assert_eq!(spread, Spread { median: 2.5, min: 1.0, max: 10.0 });
    }
}
