//! What the viewer and the screen want of a ladder: a rendition by name, and no more lines than are seen. Kept over ladders;
//! what the link carries is the business of `abr`.

use super::player::Input;
use hawker_wire::proto::Rendition;

/// See the module text.
#[derive(Debug, Default)]
pub(super) struct Choice {
    /// The rendition's name; `None`: automatic.
    name: Option<String>,
    /// Unasked, nothing with more lines than this; `None`: no bound.
    lines: Option<u32>,
}

impl Choice {
    /// Takes what is wanted now; other inputs are none of its business.
    pub(super) fn learn(&mut self, wish: Input) {
        match wish {
            Input::Quality(name) => self.name = name,
            Input::Cap(lines) => self.lines = lines,
            _ => {}
        }
    }

    /// The rung chosen by name, and the best one that may be taken unasked: the lowest where all have more lines.
    pub(super) fn among(&self, ladder: &[Rendition]) -> (Option<usize>, usize) {
        let fixed = self.name.as_ref().and_then(|name| ladder.iter().position(|r| r.name == *name));
        let fits = |lines| ladder.iter().position(|r| r.height <= lines).unwrap_or(usize::MAX);
        (fixed, self.lines.map_or(0, fits))
    }
}
