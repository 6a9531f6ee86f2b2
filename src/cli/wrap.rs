//! Text in lines of a width: broken at spaces, but not between backticks, where commands and names stand.

/// Returns `text` in lines of at most `width` characters, the first of which has `taken` fewer; a word that is longer stays
/// whole. Lines that are indented stay as they are: they are examples.
pub(super) fn wrapped(text: &str, width: usize, taken: usize) -> String {
    let lines = text.split('\n').enumerate().map(|(at, line)| match line.starts_with(' ') {
        true => line.to_owned(),
        false => filled(line, width, if at == 0 { taken } else { 0 }),
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn filled(line: &str, width: usize, taken: usize) -> String {
    let (mut text, mut column) = (String::new(), taken);
    for word in words(line) {
        let length = word.chars().count();
        if !text.is_empty() && column + 1 + length > width {
            text.push('\n');
            column = 0;
        } else if !text.is_empty() {
            text.push(' ');
            column += 1;
        }
        text.push_str(&word);
        column += length;
    }
    text
}

/// Splits at spaces that are not between backticks.
fn words(line: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut is_open = false;
    for part in line.split(' ') {
        match words.last_mut() {
            Some(word) if is_open => *word = format!("{word} {part}"),
            _ => words.push(part.to_owned()),
        }
        is_open ^= part.matches('`').count() % 2 == 1;
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_at_spaces_outside_of_backticks() {
        for (text, expected) in [
            ("", ""),
            ("one two three", "one\ntwo three"),
            ("a `b c d e f` g", "a\n`b c d e f`\ng"),
            ("write:\n\n  url: x  y z w v u\nend", "write:\n\n  url: x  y z w v u\nend"),
            ("an unclosed ` stays whole", "an\nunclosed\n` stays whole"),
            ("élévation à ", "élévation\nà "),
        ] {
            assert_eq!(wrapped(text, 10, 4), expected, "{text:?}");
        }
    }
}
