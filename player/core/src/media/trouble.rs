//! Why there is nothing to see although the page keeps asking: no such room, nothing of ours at that address, nobody there.
//! The loader goes on asking meanwhile (`loader`); this only knows when to say so, and when it is over.

use super::limits::UNREACHED_MAX;
use super::player::State;

/// How a question for the room's state ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// As it should.
    Told,
    /// The server knows no such room.
    NoRoom,
    /// The viewer is not let in (401, 403).
    Refused,
    /// The show is not for where the viewer is (451).
    Region,
    /// Something answered that is no Hawker server.
    Foreign,
    /// Nothing came, or the browser does not let this page see it, or the server is in trouble itself.
    Nothing,
}

/// See the module text.
#[derive(Debug, Default)]
pub struct Trouble {
    last: Option<Answer>,
    failures: u32,
}

impl Trouble {
    /// Learns of an answer.
    pub fn answered(&mut self, answer: Answer) {
        self.failures = if answer == Answer::Told { 0 } else { self.failures.saturating_add(1) };
        self.last = Some(answer);
    }

    /// What to tell instead of this state of the player, as a word for `element.error`.
    #[must_use]
    pub fn instead_of(&self, state: State) -> Option<&'static str> {
        match self.last? {
            // What is left of the picture may be seen to its end.
            Answer::NoRoom if state != State::Live => Some("no-room"),
            Answer::Refused if state != State::Live => Some("refused"),
            Answer::Region if state != State::Live => Some("region"),
            Answer::Foreign if state == State::Connecting => Some("bad-server"),
            Answer::Nothing if state == State::Connecting && self.failures > UNREACHED_MAX => {
                Some("unreachable")
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trouble_is_told_when_it_is_sure_and_until_it_is_over() {
        let mut trouble = Trouble::default();
        assert_eq!(trouble.instead_of(State::Connecting), None);
        for _ in 0..UNREACHED_MAX {
            trouble.answered(Answer::Nothing);
            assert_eq!(trouble.instead_of(State::Connecting), None, "a moment's silence is no news");
        }
        trouble.answered(Answer::Nothing);
        assert_eq!(trouble.instead_of(State::Connecting), Some("unreachable"));
        assert_eq!(trouble.instead_of(State::Stalled), None, "a picture that waits says so itself");
        trouble.answered(Answer::NoRoom);
        assert_eq!(trouble.instead_of(State::Connecting), Some("no-room"));
        assert_eq!(trouble.instead_of(State::Live), None);
        trouble.answered(Answer::Region);
        assert_eq!(trouble.instead_of(State::Connecting), Some("region"));
        trouble.answered(Answer::Refused);
        assert_eq!(trouble.instead_of(State::Offline), Some("refused"));
        assert_eq!(trouble.instead_of(State::Live), None, "what has begun is seen to its end");
        trouble.answered(Answer::Foreign);
        assert_eq!(trouble.instead_of(State::Connecting), Some("bad-server"));
        trouble.answered(Answer::Told);
        assert_eq!(trouble.instead_of(State::Connecting), None);
        trouble.answered(Answer::Nothing);
        assert_eq!(trouble.instead_of(State::Connecting), None, "counted anew");
    }
}
