//! The word list: what may not be said, and what is masked. Tells; does not punish, and does not know who said it.

use std::collections::BTreeMap;

use daachorse::CharwiseDoubleArrayAhoCorasick;
use thiserror::Error;

use super::limits;
use super::normal::{Normal, Origin, normalise, spaced};

/// What a listed word does to a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// Its characters are replaced by `*`.
    Mask,
    /// The whole message is refused.
    Block,
}

/// What the list says of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing listed in it.
    Clean,
    /// The text with the listed words masked.
    Masked(String),
    /// Not to be said.
    Blocked,
}

/// Why a list is refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum WordError {
    /// Nothing of the word is left after normalising.
    #[error("word {0:?} has no letters or digits")]
    Empty(String),
    /// Longer than [`limits::WORD_CHARS`].
    #[error("word {0:?} is longer than {max} characters", max = limits::WORD_CHARS)]
    TooLong(String),
    /// More than [`limits::WORDS`].
    #[error("more than {max} words", max = limits::WORDS)]
    TooMany,
    /// The matcher could not be built.
    #[error("cannot build the matcher: {0}")]
    Build(String),
}

/// A list ready for matching.
#[derive(Default)]
pub struct WordList {
    matcher: Option<CharwiseDoubleArrayAhoCorasick<u32>>,
    actions: Vec<Action>,
}

impl core::fmt::Debug for WordList {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("WordList").field("words", &self.actions.len()).finish_non_exhaustive()
    }
}

impl WordList {
    /// Builds a list. Words that read the same count once; the stricter action wins.
    ///
    /// # Errors
    /// When a word is empty or too long, or there are too many.
    pub fn build<'a>(words: impl IntoIterator<Item = (&'a str, Action)>) -> Result<Self, WordError> {
        let mut unique = BTreeMap::new();
        for (word, action) in words {
            if word.chars().count() > limits::WORD_CHARS {
                return Err(WordError::TooLong(word.chars().take(limits::WORD_CHARS).collect()));
            }
            let normal = normalise(word).text;
            if normal.is_empty() {
                return Err(WordError::Empty(word.to_owned()));
            }
            let kept = unique.entry(normal).or_insert(action);
            *kept = action.max(*kept);
            if unique.len() > limits::WORDS {
                return Err(WordError::TooMany);
            }
        }
        if unique.is_empty() {
            return Ok(Self::default());
        }
        let actions = unique.values().copied().collect();
        let matcher = CharwiseDoubleArrayAhoCorasick::new(unique.keys())
            .map_err(|error| WordError::Build(error.to_string()))?;
        Ok(Self { matcher: Some(matcher), actions })
    }

    /// Number of different words.
    #[must_use]
    pub fn len(&self) -> usize {
        self.actions.len()
    }

    /// True when nothing is listed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.actions.is_empty()
    }

    /// What the list says of `text`.
    #[must_use]
    pub fn check(&self, text: &str) -> Verdict {
        let Some(matcher) = &self.matcher else { return Verdict::Clean };
        let normal = normalise(text);
        let mut masked: Option<Vec<char>> = None;
        for found in matcher.find_overlapping_iter(&normal.text) {
            let Some((first, last)) = word_at(&normal, found.start(), found.end()) else { continue };
            let action = usize::try_from(found.value()).ok().and_then(|at| self.actions.get(at));
            if action == Some(&Action::Block) {
                return Verdict::Blocked;
            }
            let chars = masked.get_or_insert_with(|| text.chars().collect());
            for c in chars.iter_mut().take(last.char + 1).skip(first.char) {
                *c = '*';
            }
        }
        masked.map_or(Verdict::Clean, |chars| Verdict::Masked(chars.into_iter().collect()))
    }
}

/// The first and last origin of the match, unless it is a mere part of a longer word of a script with spaces.
fn word_at(normal: &Normal, start: usize, end: usize) -> Option<(Origin, Origin)> {
    let before = normal.text.get(..start)?.chars().next_back();
    let inside = normal.text.get(start..end)?;
    let after = normal.text.get(end..)?.chars().next();
    let first = *normal.origins.get(start)?;
    let last = *normal.origins.get(end.checked_sub(1)?)?;
    let joined_before = !first.gap && before.is_some_and(spaced) && inside.chars().next().is_some_and(spaced);
    let gap_after = normal.origins.get(end).is_none_or(|next| next.gap);
    let joined_after =
        !gap_after && after.is_some_and(spaced) && inside.chars().next_back().is_some_and(spaced);
    (!joined_before && !joined_after).then_some((first, last))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list() -> WordList {
        WordList::build([
            ("加微信", Action::Block),
            ("BAD", Action::Mask),
            ("傻瓜", Action::Mask),
            ("ass", Action::Block),
        ])
        .unwrap()
    }

    #[track_caller]
    fn check(text: &str, verdict: Verdict) {
        assert_eq!(list().check(text), verdict, "{text:?}");
    }

    fn masked(text: &str) -> Verdict {
        Verdict::Masked(text.to_owned())
    }

    /// Each evasion with its benign twin.
    #[test]
    fn disguises_are_seen_through_and_neighbours_left_alone() {
        check("快加微信", Verdict::Blocked);
        check("加\u{200b}微 。信", Verdict::Blocked);
        check("加😀微😀信", Verdict::Blocked);
        check("加了信", Verdict::Clean);
        check("so bad!", masked("so ***!"));
        check("ＢＡＤ", masked("***"));
        check("b-a.d", masked("*****"));
        check("bád", masked("***"));
        check("b\u{200d}ad", masked("****"));
        check("badge, forbad", Verdict::Clean);
        check("你是傻瓜吗", masked("你是**吗"));
        check("傻 瓜", masked("***"));
        check("class, pass, as soon, assist", Verdict::Clean);
        check("you ass", Verdict::Blocked);
        check("中ass文", Verdict::Blocked);
        check("a\u{200b}ssist", Verdict::Clean);
        check("", Verdict::Clean);
    }

    #[test]
    fn the_stricter_action_wins() {
        let list = WordList::build([("bad", Action::Block), ("ＢＡＤ", Action::Mask)]).unwrap();
        assert_eq!((list.len(), list.check("bad")), (1, Verdict::Blocked));
    }

    #[test]
    fn lists_that_cannot_work_are_refused_with_the_word() {
        let build = |word: &str| WordList::build([(word, Action::Mask)]).err();
        assert_eq!(build("！？"), Some(WordError::Empty("！？".to_owned())));
        assert!(matches!(build(&"长".repeat(65)), Some(WordError::TooLong(_))));
        assert_eq!(WordList::build([]).unwrap().check("anything"), Verdict::Clean);
    }

    #[test]
    fn any_text_is_judged_and_masking_keeps_its_length() {
        let list = list();
        let cases = proptest::test_runner::Config::with_cases(64);
        proptest::proptest!(cases, |(text in ".{0,60}")| {
            if let Verdict::Masked(masked) = list.check(&text) {
                proptest::prop_assert_eq!(masked.chars().count(), text.chars().count());
            }
        });
    }
}
