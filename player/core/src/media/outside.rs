//! What others do to the element: media keys, the operating system, the browser's own menu, a shop's script. A pause or a
//! start that the player did not ask for is taken as the viewer's wish; one that the browser makes because the page is hidden
//! ends when the page is seen again.

use hawker_wire::{Instant, Machine};
use std::collections::VecDeque;

/// What can happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// The player itself makes the element play (`true`) or pause.
    Asked(bool),
    /// The element paused, and still is.
    Paused {
        /// `document.hidden`.
        hidden: bool,
    },
    /// The element began to play, and still does.
    Played,
    /// The page is seen again.
    Shown,
}

/// What the viewer wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// As the pause button.
    Pause,
    /// As the play button.
    Play,
}

/// See the module text.
#[derive(Debug, Default)]
pub struct Outside {
    /// The element was last made to play.
    plays: bool,
    /// Paused by the browser for being hidden.
    dozes: bool,
    out: VecDeque<Output>,
}

impl Machine for Outside {
    type Input = Input;
    type Output = Output;

    fn handle(&mut self, _now: Instant, input: Input) {
        match input {
            Input::Asked(plays) => self.plays = plays,
            Input::Paused { hidden } if self.plays => {
                self.plays = false;
                self.dozes = hidden;
                self.out.push_back(Output::Pause);
            }
            Input::Played if !self.plays => {
                self.plays = true;
                self.dozes = false;
                self.out.push_back(Output::Play);
            }
            Input::Shown if self.dozes => {
                self.dozes = false;
                self.out.push_back(Output::Play);
            }
            Input::Paused { .. } | Input::Played | Input::Shown => {}
        }
    }

    fn poll(&mut self) -> Option<Output> {
        self.out.pop_front()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(inputs: &[Input]) -> Vec<Output> {
        let mut outside = Outside::default();
        inputs.iter().for_each(|input| outside.handle(Instant::ZERO, *input));
        std::iter::from_fn(|| outside.poll()).collect()
    }

    #[test]
    fn what_nobody_asked_for_is_the_viewers_wish() {
        use Input::{Asked, Paused, Played, Shown};
        let (seen, hidden) = (Paused { hidden: false }, Paused { hidden: true });
        for (inputs, wishes) in [
            (&[Asked(true), Played][..], &[][..]),
            (&[Asked(true), Played, Asked(false), seen], &[]),
            (&[Asked(true), Played, seen], &[Output::Pause]),
            (&[Asked(true), seen, Asked(false), Played], &[Output::Pause, Output::Play]),
            (&[Asked(true), seen, Shown], &[Output::Pause]),
            (&[Asked(true), hidden, Asked(false), Shown], &[Output::Pause, Output::Play]),
            (&[Asked(true), hidden, Asked(false), Played, Shown], &[Output::Pause, Output::Play]),
            (&[seen, Shown], &[]),
        ] {
            assert_eq!(given(inputs), wishes, "{inputs:?}");
        }
    }
}
