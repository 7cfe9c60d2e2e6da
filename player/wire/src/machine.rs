//! The contract of everything that decides: state in, values out, no clock and no IO inside.
//!
//! One mutation, then drain [`Machine::poll`] until `None`, then arm the deadline of [`Machine::wake`]. Outputs are values
//! that the parent routes; there are no callbacks. Three drivers run every machine: tokio, the browser, and the simulated
//! world of `tests/`. What has no state is a function, not a machine.

use crate::time::Instant;

/// The first of these deadlines. A loop, because every viewer downloads it: a chain of iterators is compiled anew for each machine.
#[must_use]
pub fn first(deadlines: &[Option<(Instant, &'static str)>]) -> Option<(Instant, &'static str)> {
    let mut first: Option<(Instant, &'static str)> = None;
    for deadline in deadlines {
        if let Some((at, _)) = deadline
            && first.is_none_or(|(first, _)| *at < first)
        {
            first = *deadline;
        }
    }
    first
}

/// Something that decides. See the module text for the order of calls; its laws are tested for all of them in `tests/laws`.
pub trait Machine {
    /// What can happen to it.
    type Input;
    /// What it wants done.
    type Output;

    /// Takes one input. Deadlines that are due at `now` fire first, as of the time they were due.
    fn handle(&mut self, now: Instant, input: Self::Input);

    /// Lets time pass: fires every deadline due at `now`, as of the time it was due. A machine without deadlines leaves this and
    /// [`Machine::wake`] as they are.
    fn tick(&mut self, _now: Instant) {}

    /// The next thing to do, until `None`.
    fn poll(&mut self) -> Option<Self::Output>;

    /// The next deadline and its reason (for logs); never in the past once `poll` has returned `None` after a tick.
    fn wake(&self) -> Option<(Instant, &'static str)> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_deadline_is_next() {
        let at = |ms| Some((Instant::from_ms(ms), "so"));
        assert_eq!(first(&[at(5), None, at(3), at(4)]), at(3));
        assert_eq!(first(&[None, None]), None);
    }
}
