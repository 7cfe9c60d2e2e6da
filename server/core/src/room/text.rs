//! What people typed, made fit to show: one line, no control characters, no tricks with direction or stacked marks. It stays
//! text; that it never becomes markup is the page's duty (text nodes). What it means is for [`super::words`].

use unicode_normalization::char::is_combining_mark;

use super::limits;

/// Why a text is not a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// Nothing visible is left after cleaning.
    Empty,
    /// More than the characters allowed, after cleaning.
    TooLong,
}

/// A message as it is shown.
///
/// # Errors
/// When nothing is left, or more than [`limits::MESSAGE_CHARS`] characters.
pub fn message(raw: &str) -> Result<String, Unfit> {
    fit(raw, limits::MESSAGE_CHARS)
}

/// A name as it is shown; too long ones are cut, and `None` means that none was given.
#[must_use]
pub fn name(raw: &str) -> Option<String> {
    let cut: String = raw.chars().take(limits::NAME_CHARS * 8).collect();
    let text = clean(&cut);
    let name: String = text.chars().take(limits::NAME_CHARS).collect();
    let name = name.trim_end().to_owned();
    visible(&name).then_some(name)
}

fn fit(raw: &str, most: usize) -> Result<String, Unfit> {
    if raw.len() > limits::RAW_TEXT_BYTES {
        return Err(Unfit::TooLong);
    }
    let text = clean(raw);
    if !visible(&text) {
        return Err(Unfit::Empty);
    }
    if text.chars().count() > most { Err(Unfit::TooLong) } else { Ok(text) }
}

fn clean(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len().min(limits::RAW_TEXT_BYTES));
    let mut marks = 0;
    let mut space = false;
    for c in raw.chars() {
        if c.is_whitespace() {
            space = !out.is_empty();
            continue;
        }
        if c.is_control() || hidden(c) {
            continue;
        }
        marks = if is_combining_mark(c) { marks + 1 } else { 0 };
        if marks > limits::MARKS_IN_A_ROW {
            continue;
        }
        if space {
            out.push(' ');
            space = false;
        }
        out.push(c);
    }
    out
}

/// Characters that show nothing and serve only to deceive. The joiners U+200C and U+200D stay: emoji and Persian need them.
fn hidden(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
        | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{e0000}' | '\u{e0001}')
}

fn visible(text: &str) -> bool {
    text.chars().any(|c| {
        !matches!(c, ' ' | '\u{200c}' | '\u{200d}' | '\u{2800}' | '\u{fe00}'..='\u{fe0f}')
            && !is_combining_mark(c)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(raw: &str, shown: Result<&str, Unfit>) {
        assert_eq!(message(raw).as_deref(), shown.as_ref().copied(), "{raw:?}");
    }

    #[test]
    fn messages_become_one_visible_line() {
        check("  hello \t\r\n world  ", Ok("hello world"));
        check("你好，主播！", Ok("你好，主播！"));
        check("<b>bold</b> & <script>", Ok("<b>bold</b> & <script>"));
        check("a\u{0}b\u{7f}c\u{9b}", Ok("abc"));
        check("\u{202e}evil\u{2066}", Ok("evil"));
        check("👨\u{200d}👩\u{200d}👧", Ok("👨\u{200d}👩\u{200d}👧"));
        check(&format!("z{}", "\u{301}".repeat(40)), Ok("z\u{301}\u{301}\u{301}\u{301}"));
        check(" \u{200b}\u{feff} \u{3164}", Err(Unfit::Empty));
        check("\u{200d}\u{fe0f}", Err(Unfit::Empty));
        check("", Err(Unfit::Empty));
    }

    #[test]
    fn two_hundred_characters_are_counted_after_cleaning() {
        let most = "汉".repeat(200);
        check(&format!("  {most}\u{200b} "), Ok(&most));
        check(&"汉".repeat(201), Err(Unfit::TooLong));
        check(&"a".repeat(limits::RAW_TEXT_BYTES + 1), Err(Unfit::TooLong));
    }

    #[test]
    fn names_are_cut_not_refused() {
        assert_eq!(name(" Ann \n Lee ").as_deref(), Some("Ann Lee"));
        assert_eq!(name(&"名".repeat(99)).unwrap().chars().count(), limits::NAME_CHARS);
        assert_eq!(name("\u{200b} \t"), None);
    }

    proptest! {
        #[test]
        fn cleaning_twice_changes_nothing(raw in "\\PC{0,300}|.{0,300}") {
            if let Ok(text) = message(&raw) {
                prop_assert_eq!(message(&text), Ok(text.clone()));
                prop_assert!(text.chars().count() <= limits::MESSAGE_CHARS);
                prop_assert!(!text.chars().any(|c| c.is_control()));
            }
        }
    }
}
