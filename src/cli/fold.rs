//! Text in lines that no terminal of 80 columns wraps.

/// The columns of the terminal that everything must be readable on.
const WIDTH: usize = 80;

/// Folds `text` at spaces; every line but the first begins with `indent` spaces, which the first has before it. A word
/// that is too long for a line stays whole: it may be a path to copy.
pub(super) fn folded(text: &str, indent: usize) -> String {
    let lines = text.lines().flat_map(|line| fold(line, WIDTH.saturating_sub(indent)));
    lines.collect::<Vec<_>>().join(&format!("\n{}", " ".repeat(indent)))
}

fn fold(line: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in line.split(' ') {
        match lines.last_mut() {
            Some(last) if last.is_empty() => last.push_str(word),
            Some(last) if last.chars().count() + 1 + word.chars().count() <= width => {
                last.push(' ');
                last.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_folded_at_spaces_and_words_stay_whole() {
        let word = "x".repeat(30);
        let check = |text: &str, indent: usize, expected: &str| assert_eq!(folded(text, indent), expected);
        check("", 4, "");
        check("a b", 4, "a b");
        check("a\nb", 2, "a\n  b");
        check(&format!("{word} {word} {word}"), 4, &format!("{word} {word}\n    {word}"));
        let long = "y".repeat(100);
        check(&format!("a {long} b"), 4, &format!("a\n    {long}\n    b"));
        let full = "z".repeat(76);
        check(&format!("{full} a"), 4, &format!("{full}\n    a"));
    }
}
