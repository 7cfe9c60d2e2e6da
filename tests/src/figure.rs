//! What the benches of single figures share: how long to measure, and a line that says what was wanted and what was reached. A missed
//! figure is printed, not failed: who reads it knows the machine.

use crate::lab::figures::{Spread, spread};

/// The first number that the program was given.
#[must_use]
pub fn asked(otherwise: u64) -> u64 {
    std::env::args().skip(1).find_map(|word| word.parse().ok()).unwrap_or(otherwise)
}

/// A figure that may be so much at most.
#[derive(Clone, Copy, Debug)]
pub struct Figure {
    /// Its number in the list of figures.
    pub number: u32,
    /// What may be so much at most.
    pub most: f64,
    /// Of the value.
    pub unit: &'static str,
}

impl Figure {
    /// Prints what was wanted and reached: the median with the least and the greatest. The greatest is what counts.
    pub fn print(&self, what: &str, values: impl IntoIterator<Item = f64>) {
        println!("{}", self.line(what, values));
    }

    fn line(&self, what: &str, values: impl IntoIterator<Item = f64>) -> String {
        let Self { number, most, unit } = self;
        let values: Vec<f64> = values.into_iter().collect();
        // One that never came is no number to sort, but it counts.
        let never = values.iter().filter(|value| !value.is_finite()).count();
        let Spread { median, min, max } = spread(values.iter().copied());
        let verdict = match (never, max <= *most, median <= *most) {
            (0, true, _) => "met",
            (0, false, true) => "met by the median, not by all",
            _ => "missed",
        };
        let never = if never > 0 { format!(", {never} of {} never", values.len()) } else { String::new() };
        format!(
            "figure {number}, {what}: wanted <= {most} {unit}, reached {median:.2} [{min:.2}, {max:.2}] {unit}{never}: {verdict}"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_decides_and_what_never_came_is_missed() {
        let figure = Figure { number: 9, most: 1.0, unit: "s" };
        let verdict = |values: &[f64]| {
            let line = figure.line("back", values.iter().copied());
            line.rsplit(": ").next().unwrap_or_default().to_owned()
        };
        assert_eq!(verdict(&[0.2, 1.0]), "met");
        assert_eq!(verdict(&[0.2, 0.3, 1.1]), "met by the median, not by all");
        assert_eq!(verdict(&[0.2, f64::INFINITY]), "missed");
        assert_eq!(verdict(&[]), "missed");
    }
}
