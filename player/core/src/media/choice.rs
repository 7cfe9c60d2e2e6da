//! What the viewer and the screen want of a ladder: one rendition, or none better than one. By name, so both are kept over ladders
//! that have it; what the link carries is the business of `abr`.

use super::player::Input;
use hawker_wire::proto::Rendition;

/// See the module text.
#[derive(Debug, Default)]
pub(super) struct Choice {
    /// The rendition's name; `None`: automatic.
    name: Option<String>,
    /// Unasked, nothing better than this; `None`: no bound.
    best: Option<String>,
}

impl Choice {
    /// Takes what is wanted now; other inputs are none of its business.
    pub(super) fn learn(&mut self, wish: Input) {
        match wish {
            Input::Quality(name) => self.name = name,
            Input::Cap(name) => self.best = name,
            _ => {}
        }
    }

    /// The rung chosen by name, and the best one that may be taken unasked.
    pub(super) fn among(&self, ladder: &[Rendition]) -> (Option<usize>, usize) {
        let rung = |name: &Option<String>| ladder.iter().position(|one| Some(&one.name) == name.as_ref());
        (rung(&self.name), rung(&self.best).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_tells_renditions_of_one_size_apart_and_ends_with_its_ladder() {
        let ladder = |names: &str| -> Vec<_> {
            let one = |name: &str| Rendition { name: name.into(), height: 1080, ..Rendition::default() };
            names.split_whitespace().map(one).collect()
        };
        let mut choice = Choice::default();
        assert_eq!(choice.among(&ladder("1080p60 1080p30 720p")), (None, 0));
        choice.learn(Input::Cap(Some("1080p30".into())));
        choice.learn(Input::Quality(Some("720p".into())));
        assert_eq!(choice.among(&ladder("1080p60 1080p30 720p")), (Some(2), 1));
        assert_eq!(choice.among(&ladder("other")), (None, 0));
    }
}
