//! A plot over time as an SVG element without a script; colours are the page's (`page.css`, classes `p0`.. and `b0`..). Knows lines,
//! steps, an area behind them and bars; nothing of players.

use std::fmt::Write as _;

/// Size in units of the picture.
const SIZE: (f64, f64) = (1_000.0, 170.0);
/// Left of and below what is drawn.
const MARGIN: (f64, f64) = (92.0, 18.0);
/// Above it: the title.
const TOP: f64 = 18.0;
/// Height of a lane of bars.
const LANE: f64 = 14.0;

/// How values become heights.
#[derive(Clone, Copy, Debug)]
pub enum Scale {
    /// From 0 to this.
    Linear(f64),
    /// From this to that.
    Logarithmic(f64, f64),
    /// Lanes, one below the other.
    Lanes(usize),
}

/// One plot.
#[derive(Debug)]
pub struct Plot {
    title: &'static str,
    end_s: f64,
    scale: Scale,
    height: f64,
    body: String,
}

impl Plot {
    /// Empty, from 0 to `end_s`.
    pub fn new(title: &'static str, end_s: f64, scale: Scale) -> Self {
        let mut plot = Self { title, end_s, scale, height: SIZE.1, body: String::new() };
        for (value, label) in plot.marks() {
            let y = plot.y(value);
            let _ = write!(
                plot.body,
                "<line class=\"grid\" x1=\"{}\" x2=\"{}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>\
                 <text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{label}</text>",
                MARGIN.0,
                SIZE.0,
                MARGIN.0 - 6.0,
                y + 4.0
            );
        }
        plot
    }

    /// Empty, with so many lanes for bars.
    pub fn lanes(title: &'static str, end_s: f64, lanes: usize) -> Self {
        let height = TOP + MARGIN.1 + LANE * lanes as f64;
        Self { title, end_s, scale: Scale::Lanes(lanes), height, body: String::new() }
    }

    fn marks(&self) -> Vec<(f64, String)> {
        match self.scale {
            Scale::Linear(most) => {
                let raw = most / 4.0;
                let power = 10f64.powf(raw.log10().floor());
                let step = [1.0, 2.0, 5.0, 10.0].map(|n| n * power).into_iter().find(|step| *step >= raw);
                let step = step.unwrap_or(raw);
                (0..=4)
                    .map(|n| n as f64 * step)
                    .filter(|v| *v <= most)
                    .map(|v| (v, format!("{v:.0}")))
                    .collect()
            }
            Scale::Logarithmic(least, most) => [100.0, 250.0, 600.0, 1_200.0, 2_500.0, 4_500.0, 10_000.0]
                .into_iter()
                .filter(|v| (least..=most).contains(v))
                .map(|v| (v, format!("{v:.0}")))
                .collect(),
            Scale::Lanes(_) => Vec::new(),
        }
    }

    fn x(&self, at_s: f64) -> f64 {
        MARGIN.0 + (at_s / self.end_s).clamp(0.0, 1.0) * (SIZE.0 - MARGIN.0)
    }

    fn y(&self, value: f64) -> f64 {
        let share = match self.scale {
            Scale::Linear(most) => value / most,
            Scale::Logarithmic(least, most) => (value.max(least) / least).ln() / (most / least).ln(),
            Scale::Lanes(_) => 0.0,
        };
        let inner = self.height - TOP - MARGIN.1;
        TOP + inner * (1.0 - share.clamp(0.0, 1.0))
    }

    /// A filled area of steps behind everything.
    pub fn area(&mut self, steps: &[(f64, f64)]) {
        let floor = self.height - MARGIN.1;
        let mut path = format!("M{:.1},{floor:.1}", MARGIN.0);
        for (at, (from_s, value)) in steps.iter().enumerate() {
            let to_s = steps.get(at + 1).map_or(self.end_s, |next| next.0);
            let y = self.y(*value);
            let _ = write!(path, "L{:.1},{y:.1}L{:.1},{y:.1}", self.x(*from_s), self.x(to_s));
        }
        let _ = write!(path, "L{:.1},{floor:.1}Z", SIZE.0);
        self.body.insert_str(0, &format!("<path class=\"area\" d=\"{path}\"/>"));
    }

    /// A line through points.
    pub fn line(&mut self, name: &str, color: usize, points: &[(f64, f64)]) {
        let mut path = String::new();
        for (at_s, value) in points {
            let _ = write!(path, "{:.1},{:.1} ", self.x(*at_s), self.y(*value));
        }
        let _ = write!(
            self.body,
            "<polyline class=\"p{color}\" points=\"{}\"><title>{name}</title></polyline>",
            path.trim_end()
        );
    }

    /// A line that keeps a value until the next.
    pub fn steps(&mut self, name: &str, color: usize, points: &[(f64, f64)]) {
        let mut corners: Vec<(f64, f64)> = Vec::new();
        for (at_s, value) in points {
            match corners.last() {
                Some((_, last)) if (last - value).abs() < f64::EPSILON => {}
                Some((_, last)) => corners.extend([(*at_s, *last), (*at_s, *value)]),
                None => corners.push((*at_s, *value)),
            }
        }
        if let (Some((_, value)), Some((at_s, _))) = (corners.last().copied(), points.last()) {
            corners.push((*at_s, value));
        }
        self.line(name, color, &corners);
    }

    /// Bars in a lane, and a tick where it begins.
    pub fn bars(&mut self, name: &str, color: usize, lane: usize, begins_s: f64, bars: &[(f64, f64)]) {
        let y = TOP + LANE * lane as f64;
        let (left, right) = (self.x(begins_s), self.x(self.end_s));
        let middle = y + LANE / 2.0;
        let _ = write!(
            self.body,
            "<line class=\"grid\" x1=\"{left:.1}\" x2=\"{right:.1}\" y1=\"{middle:.1}\" y2=\"{middle:.1}\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
            MARGIN.0 - 6.0,
            y + LANE - 3.0,
            name.split('-')
                .map(|word| word.chars().take(6).collect::<String>())
                .collect::<Vec<_>>()
                .join("-")
        );
        for (from_s, to_s) in bars {
            // The shortest stall shows too.
            let (x, width) = (self.x(*from_s), (self.x(*to_s) - self.x(*from_s)).max(1.5));
            let _ = write!(
                self.body,
                "<rect class=\"b{color}\" x=\"{x:.1}\" y=\"{:.1}\" width=\"{width:.1}\" height=\"{}\">\
                 <title>{name}: {:.2} s</title></rect>",
                y + 2.0,
                LANE - 4.0,
                to_s - from_s
            );
        }
    }

    /// The element.
    pub fn svg(&self) -> String {
        let Self { title, height, .. } = self;
        format!(
            "<svg viewBox=\"0 0 {} {height}\" role=\"img\" aria-label=\"{title} over time\">{}</svg>\n",
            SIZE.0,
            self.drawn()
        )
    }

    /// Plots below a line of names with their colours, as one file that is a picture by itself.
    pub fn picture(plots: &[Self], names: &[(&str, usize)], style: &str) -> String {
        let mut body = String::new();
        let step = (SIZE.0 - MARGIN.0) / names.len().max(1) as f64;
        for (at, (name, color)) in names.iter().enumerate() {
            let x = MARGIN.0 + step * at as f64;
            let _ = write!(
                body,
                "<rect class=\"b{color}\" x=\"{x:.1}\" y=\"6\" width=\"20\" height=\"4\"/>\
                 <text x=\"{:.1}\" y=\"12\">{name}</text>",
                x + 26.0
            );
        }
        let mut y = 24.0;
        for plot in plots {
            let _ = writeln!(body, "<g transform=\"translate(0 {y})\">{}</g>", plot.drawn());
            y += plot.height + 8.0;
        }
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {y}\" width=\"{0}\" height=\"{y}\">\
             <style>{style}</style>\n{body}</svg>\n",
            SIZE.0
        )
    }

    fn drawn(&self) -> String {
        let Self { title, height, body, end_s, .. } = self;
        let mut axis = String::new();
        let step = [1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0].into_iter().find(|step| end_s / step <= 12.0);
        let step = step.unwrap_or(120.0);
        for n in 0..=(end_s / step) as u32 {
            let at_s = f64::from(n) * step;
            let _ = write!(
                axis,
                "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{at_s:.0} s</text>",
                self.x(at_s).min(SIZE.0 - 14.0),
                height - 4.0
            );
        }
        format!("<text x=\"{}\" y=\"12\">{title}</text>{body}{axis}", MARGIN.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_drawn_where_it_belongs() {
        let mut plot = Plot::new("latency", 100.0, Scale::Linear(1_000.0));
        plot.line("one", 0, &[(0.0, 0.0), (50.0, 500.0), (100.0, 5_000.0)]);
        assert!(plot.svg().contains("points=\"92.0,152.0 546.0,85.0 1000.0,18.0\""), "{}", plot.svg());
    }

    #[test]
    fn steps_stand_until_the_next() {
        let mut plot = Plot::new("rung", 10.0, Scale::Linear(10.0));
        plot.steps("one", 0, &[(0.0, 5.0), (1.0, 5.0), (5.0, 10.0), (10.0, 10.0)]);
        assert!(
            plot.svg().contains("points=\"92.0,85.0 546.0,85.0 546.0,18.0 1000.0,18.0\""),
            "{}",
            plot.svg()
        );
    }
}
