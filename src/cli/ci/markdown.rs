//! Markdown for a job's summary, in which nothing of others means anything.

use std::fmt::Write;

use crate::cli::report::printable;

/// How large GitHub lets the summary of a step be, in bytes.
const MOST_BYTES: u64 = 1024 * 1024;

/// Told where the rest does not fit.
const TRUNCATED: &str = "\n> [!WARNING]\n> **Truncated:** GitHub takes 1 MiB of summary a step. The rest is in the log and in `--output json`.\n";

/// Returns text for a cell of a table, or anywhere in a line.
pub(super) fn inline(text: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '.' | '/' | ':' | ',' | '+' | '=');
    text.chars().fold(String::new(), |mut escaped, c| {
        match c {
            c if plain(c) => escaped.push(c),
            '\n' => escaped.push(' '),
            c if c.is_control() => escaped.push('\u{fffd}'),
            // Writing to a text does not fail.
            c => drop(write!(escaped, "&#{};", u32::from(c))),
        }
        escaped
    })
}

/// Returns text in the type of code, for a cell of a table.
pub(super) fn code(text: &str) -> String {
    format!("<code>{}</code>", inline(text))
}

/// Returns text as it is, between fences that it cannot close.
pub(super) fn fenced(language: &str, text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}{language}\n{}\n{fence}\n", printable(text).trim_end())
}

/// Returns a table; its cells are Markdown.
pub(super) fn table(head: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let names: Vec<String> = head.iter().map(|name| (*name).to_owned()).collect();
    let rule = format!("|{}\n", "---|".repeat(head.len()));
    line(&names) + &rule + &rows.into_iter().map(|cells| line(&cells)).collect::<String>()
}

/// Joins as many of the parts as fit beside `before` bytes that are there already, and says so when some do not.
pub(super) fn fitted(parts: Vec<String>, before: u64) -> String {
    let room = MOST_BYTES.saturating_sub(before);
    let most = usize::try_from(room).unwrap_or(usize::MAX);
    if parts.iter().map(String::len).sum::<usize>() <= most {
        return parts.concat();
    }
    let most = most.saturating_sub(TRUNCATED.len());
    let mut text = String::new();
    for part in parts {
        if text.len() + part.len() > most {
            break;
        }
        text.push_str(&part);
    }
    // What was there may have used the room up.
    if room >= TRUNCATED.len() as u64 { text + TRUNCATED } else { String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_say_means_nothing() {
        assert_eq!(inline("a|b\n<img>`*_[x](y)"), "a&#124;b &#60;img&#62;&#96;&#42;&#95;&#91;x&#93;&#40;y&#41;");
        assert_eq!(fenced("", "x\n````\ny\n"), "`````\nx\n````\ny\n`````\n");
    }

    #[test]
    fn what_does_not_fit_is_left_out_and_said() {
        let part = |letter: &str| letter.repeat(400 * 1024);
        let whole = vec![part("a"), part("b")];
        assert_eq!(fitted(whole.clone(), 0).len(), 800 * 1024);
        let cut = fitted(vec![part("a"), part("b"), part("c"), "d".to_owned()], 0);
        assert!(cut.ends_with(TRUNCATED) && cut.len() < 1024 * 1024 && !cut.contains("ccc"), "{}", cut.len());
        let cut = fitted(whole, 700 * 1024);
        assert_eq!(cut, TRUNCATED, "nothing of a part that does not fit");
        assert_eq!(fitted(vec![part("a")], MOST_BYTES), "");
    }
}
