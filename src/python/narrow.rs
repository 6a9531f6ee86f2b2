//! Of the expression at fault, the part to mark: the argument that the message names, or the first line.

use std::ops::Range;

use crate::source::SourceSpan;

/// Marks the keyword argument that `message` names first (in backticks), else the expression as far as its line goes.
pub(super) fn shown(span: SourceSpan, message: &str) -> SourceSpan {
    let SourceSpan { file, range } = span;
    let expression = &file.text[range.clone()];
    let named = message.split('`').skip(1).step_by(2).find_map(|name| keyword(expression, name));
    let kept = named.unwrap_or(0..expression.find('\n').unwrap_or(expression.len()));
    let end = range.start + expression[..kept.end].trim_end().len().max(kept.start);
    SourceSpan { range: range.start + kept.start..end, file }
}

/// Returns the name of a keyword argument of a call.
fn keyword(call: &str, name: &str) -> Option<Range<usize>> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let sound = !name.is_empty() && name.chars().all(is_word);
    call.match_indices(name).filter(|_| sound).find_map(|(at, _)| {
        let (before, after) = (&call[..at], call[at + name.len()..].trim_start_matches(' '));
        let is_argument = after.starts_with('=') && !after.starts_with("==") && !before.ends_with(is_word);
        (is_argument && depth(before) == Some(1)).then(|| at..at + name.len())
    })
}

/// Returns how many brackets are open after `code`; none when it ends inside a string or comment.
fn depth(code: &str) -> Option<usize> {
    let (mut depth, mut at) = (0_usize, 0);
    while let Some(character) = code[at..].chars().next() {
        match character {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        at = match character {
            '#' => at + code[at..].find('\n')?,
            '"' | '\'' => end_of_string(code, at, character)?,
            _ => at + character.len_utf8(),
        };
    }
    Some(depth)
}

/// Returns the byte after the string that begins at `at`, when it ends.
fn end_of_string(code: &str, at: usize, quote: char) -> Option<usize> {
    let long = [quote; 3].iter().collect::<String>();
    let (open, close) = if code[at..].starts_with(&long) { (3, long) } else { (1, quote.to_string()) };
    let mut from = at + open;
    while !code.get(from..)?.starts_with(&close) {
        let mut characters = code[from..].chars();
        let first = characters.next()?;
        from += first.len_utf8();
        if first == '\\' {
            from += characters.next()?.len_utf8();
        }
    }
    Some(from + close.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_argument_that_is_named_is_marked() {
        let check = |call: &str, name: &str, expected: Option<&str>| {
            let found = keyword(call, name).map(|range| call[range.start..].to_owned());
            assert_eq!(found.as_deref(), expected, "{call} {name}");
        };
        check("DAG('a', schedule=7)", "schedule", Some("schedule=7)"));
        check("DAG('a', schedule = 7)", "schedule", Some("schedule = 7)"));
        check("DAG('schedule=1', x=f(schedule=2))", "schedule", None);
        check("f(\"é\\\"(\", '''\n(''', # x=(\n x=1)", "x", Some("x=1)"));
        check("f(x == 1, xx=2)", "x", None);
        check("f(a='unfinished, x=1", "x", None);
        check("f(x=1)", "", None);
    }
}
