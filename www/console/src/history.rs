//! The last samples of a figure and the line they make. A plot without axes: level and shape, the number beside it.

use std::collections::VecDeque;

use crate::limits;

/// The last [`limits::SAMPLES`] values, oldest first; `None`: nothing came in.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct History(VecDeque<Option<f64>>);

impl History {
    /// Adds a sample and forgets the oldest.
    pub(crate) fn push(&mut self, sample: Option<f64>) {
        if self.0.len() >= limits::SAMPLES {
            self.0.pop_front();
        }
        self.0.push_back(sample);
    }

    /// An SVG path through the samples in a box of `width` by `height`, newest at the right edge, zero at the bottom. A gap
    /// where nothing came in.
    pub(crate) fn path(&self, width: f64, height: f64) -> String {
        let top = self.0.iter().flatten().fold(0.0_f64, |top, sample| top.max(*sample)) * 1.15;
        let step = width / (limits::SAMPLES - 1) as f64;
        let first = limits::SAMPLES - self.0.len();
        let mut path = String::new();
        let mut drawing = false;
        for (i, sample) in self.0.iter().enumerate() {
            let Some(sample) = sample else {
                drawing = false;
                continue;
            };
            let x = (first + i) as f64 * step;
            let y = if top > 0.0 { height - sample / top * height } else { height };
            path.push_str(&format!("{}{:.1} {:.1}", if drawing { "L" } else { "M" }, x, y));
            drawing = true;
        }
        path
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_is_at_the_right_and_gaps_stay_gaps() {
        let mut history = History::default();
        for sample in [Some(0.0), Some(100.0), None, Some(100.0)] {
            history.push(sample);
        }
        let path = history.path(59.0, 115.0);
        assert_eq!(path, "M56.0 115.0L57.0 15.0M59.0 15.0");
        for _ in 0..100 {
            history.push(None);
        }
        assert_eq!(history.path(59.0, 115.0), "");
    }
}
