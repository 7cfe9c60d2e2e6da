//! One spelling for what reads the same: compatibility forms, case, width, accents, and what is put between letters to hide
//! a word. Keeps the way back to the original, so that a found word can be masked there. Finds nothing itself.

use unicode_normalization::UnicodeNormalization;

/// A text in its one spelling.
#[derive(Clone, Debug, Default)]
pub struct Normal {
    /// The normalised text.
    pub text: String,
    /// For each byte of `text`, where it came from.
    pub origins: Vec<Origin>,
}

/// Where a normalised character came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Index of the character (not byte) in the original.
    pub char: usize,
    /// True when a visible separator stood before it, or the text began: a word may start here.
    pub gap: bool,
}

/// Normalises `raw`.
#[must_use]
pub fn normalise(raw: &str) -> Normal {
    let mut out = Normal::default();
    let mut gap = true;
    for (char, original) in raw.chars().enumerate() {
        // Taken apart to lose its accents, then put together again, so that syllables and voiced kana stay whole.
        let parts = core::iter::once(original).nfkd().filter(|&c| !unseen(c));
        for c in parts.nfc().flat_map(char::to_lowercase) {
            if !c.is_alphanumeric() {
                gap = true;
                continue;
            }
            out.origins.extend(core::iter::repeat_n(Origin { char, gap }, c.len_utf8()));
            out.text.push(c);
            gap = false;
        }
    }
    out
}

/// True for letters and digits of scripts that put spaces between words, where a listed word must stand alone: else "class"
/// would contain what is listed. Scripts without spaces have no such edge.
#[must_use]
pub fn spaced(c: char) -> bool {
    c.is_alphanumeric() && (c < '\u{590}' || ('\u{1e00}'..'\u{2000}').contains(&c))
}

/// Accents, variation selectors, joiners and the like: no letters and no gaps. The vowel signs of Indic and South-East Asian scripts
/// are letters of their words and stay.
fn unseen(c: char) -> bool {
    matches!(c,
        '\u{300}'..='\u{36f}' | '\u{483}'..='\u{489}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{20d0}'..='\u{20ff}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{fe20}'..='\u{fe2f}' | '\u{feff}' | '\u{ad}' | '\u{180b}'..='\u{180f}'
        | '\u{e0000}'..='\u{e01ef}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(raw: &str, normal: &str) {
        let made = normalise(raw);
        assert_eq!(made.text, normal, "{raw:?}");
        assert_eq!(made.origins.len(), made.text.len());
    }

    #[test]
    fn what_reads_the_same_becomes_the_same() {
        check("ＢａＤ", "bad");
        check("b.a d", "bad");
        check("b\u{200b}a\u{fe0f}d", "bad");
        check("bád", "bad");
        check("ⓑⓐⓓ", "bad");
        check("𝕓𝕒𝕕", "bad");
        check("微 信-号", "微信号");
        check("㎏", "kg");
        check("😀 ！", "");
        check("각 ば", "각ば");
    }

    #[test]
    fn separators_are_gaps_and_the_unseen_is_not() {
        let gaps = |raw: &str| normalise(raw).origins.iter().map(|o| o.gap).collect::<Vec<_>>();
        assert_eq!(gaps("ab"), [true, false]);
        assert_eq!(gaps("a b"), [true, true]);
        assert_eq!(gaps("a\u{200b}b"), [true, false]);
    }
}
