//! Text into so many columns of a terminal: what is too wide is shortened in the middle, where names differ least.

use unicode_width::UnicodeWidthStr;

/// What stands where text was left out.
const GAP: char = '…';
/// No word is made narrower than this as long as another can be, in columns.
const LEGIBLE: usize = 12;

/// Returns how many columns a text takes.
pub(super) fn width(text: &str) -> usize {
    UnicodeWidthStr::width(text)
}

/// Returns a line in at most `columns`: its widest words are shortened first, so that a reference or a path gives way
/// before what is said about it does.
pub(super) fn line(text: &str, columns: usize) -> String {
    let mut words: Vec<String> = text.split(' ').map(str::to_owned).collect();
    let mut excess = width(text).saturating_sub(columns);
    while excess > 0 {
        let Some(widest) = words.iter_mut().max_by_key(|word| width(word)) else { break };
        let before = width(widest);
        if before <= LEGIBLE {
            return middle(&words.join(" "), columns);
        }
        *widest = middle(widest, before.saturating_sub(excess).max(LEGIBLE));
        excess = excess.saturating_sub(before - width(widest));
    }
    words.join(" ")
}

/// Returns a text in at most `columns`: its beginning and its end.
pub(super) fn middle(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let Some(room) = columns.checked_sub(1) else { return String::new() };
    let head = prefix(text, room.div_ceil(2));
    let tail = suffix(&text[head.len()..], room - width(head));
    format!("{head}{GAP}{tail}")
}

/// Returns the longest beginning of at most `columns`.
fn prefix(text: &str, columns: usize) -> &str {
    let ends = text.char_indices().map(|(at, char)| at + char.len_utf8());
    let fitting = ends.take_while(|end| width(&text[..*end]) <= columns).last();
    &text[..fitting.unwrap_or(0)]
}

/// Returns the longest end of at most `columns`.
fn suffix(text: &str, columns: usize) -> &str {
    let begins = text.char_indices().rev().map(|(at, _)| at);
    let fitting = begins.take_while(|begin| width(&text[*begin..]) <= columns).last();
    &text[fitting.unwrap_or(text.len())..]
}

/// Returns a text that takes at least `columns`, filled up with spaces on its right.
pub(super) fn padded(text: &str, columns: usize) -> String {
    format!("{text}{}", " ".repeat(columns.saturating_sub(width(text))))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_too_wide_loses_its_middle() {
        for (text, columns, expected) in [
            ("short", 5, "short"),
            ("0123456789", 5, "01…89"),
            ("0123456789", 1, "…"),
            ("0123456789", 0, ""),
            // Wide characters count twice, and are never cut in half.
            ("日本語日本語", 7, "日…本語"),
            ("日本語", 2, "…"),
            ("🦁.py", 5, "🦁.py"),
        ] {
            assert_eq!(middle(text, columns), expected, "{text} in {columns}");
        }
    }

    #[test]
    fn the_widest_word_gives_way_first() {
        let base = "registry.example.com/platform/airflow-runtime:py3.11 (a4c25773c060), 1 layer";
        assert_eq!(line(base, 60), "registry.example.…-runtime:py3.11 (a4c25773c060), 1 layer");
        assert_eq!(line(base, 36), "regist…3.11 (a4c25773c060), 1 layer");
        assert_eq!(line(base, 20), "regist…3.11 …1 layer");
        assert_eq!(line("a b", 80), "a b");
    }

    proptest! {
        #[test]
        fn nothing_is_wider_than_it_may_be(text in "[a-z/ 日🦁é\u{301}]{0,60}", columns in 0usize..50) {
            prop_assert!(width(&line(&text, columns)) <= columns);
        }
    }
}
