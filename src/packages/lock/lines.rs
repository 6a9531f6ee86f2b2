//! The lines of a requirements file: continued, without comments, their options apart.

use std::ops::Range;

/// One logical line.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Line {
    /// The requirement, or the option of the whole file.
    pub(super) text: String,
    /// The values of `--hash`.
    pub(super) hashes: Vec<String>,
    /// An option of the requirement that is not `--hash`.
    pub(super) unknown: Option<String>,
    /// The bytes of its first physical line.
    pub(super) range: Range<usize>,
}

impl Line {
    /// Returns the file that the line includes: `-r FILE`, `-rFILE`, `--requirement FILE` or `--requirement=FILE`.
    pub(super) fn included(&self) -> Option<&str> {
        let rest = self
            .text
            .strip_prefix("--requirement")
            .or_else(|| self.text.strip_prefix("-r").filter(|_| !self.text.starts_with("--")))?;
        Some(rest.trim_start_matches(['=', ' ', '\t']).trim())
    }
}

/// Returns the logical lines that say anything.
pub(super) fn lines(text: &str) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut joined: Option<(String, Range<usize>)> = None;
    let mut start = 0;
    for physical in text.split_inclusive('\n') {
        let range = start..start + physical.trim_end().len();
        start += physical.len();
        let physical = physical.trim_end_matches(['\n', '\r']);
        let is_comment = physical.trim_start().starts_with('#');
        let (part, continues) = match physical.strip_suffix('\\') {
            Some(part) if !is_comment => (part, true),
            _ => (physical, false),
        };
        // A comment between continued lines ends what it stands in, as pip has it.
        let (so_far, range) = joined.take().unwrap_or((String::new(), range));
        let so_far = so_far + " " + part;
        match continues {
            true => joined = Some((so_far, range)),
            false => lines.extend(line(&so_far, range)),
        }
    }
    lines.extend(joined.and_then(|(text, range)| line(&text, range)));
    lines
}

fn line(text: &str, range: Range<usize>) -> Option<Line> {
    let text = without_comment(text).trim();
    if text.is_empty() {
        return None;
    }
    if text.starts_with('-') {
        return Some(Line { text: text.to_owned(), range, ..Line::default() });
    }
    let (requirement, options) = match text.find(" --") {
        Some(at) => text.split_at(at),
        None => (text, ""),
    };
    let mut line = Line { text: requirement.trim().to_owned(), range, ..Line::default() };
    let mut words = options.split_whitespace();
    while let Some(word) = words.next() {
        match word.strip_prefix("--hash=") {
            Some(hash) => line.hashes.push(hash.to_owned()),
            None if word == "--hash" => line.hashes.extend(words.next().map(str::to_owned)),
            None => line.unknown = line.unknown.or(Some(word.to_owned())),
        }
    }
    Some(line)
}

/// A `#` begins a comment at the start or after white space: `…/x.whl#sha256=…` holds none.
fn without_comment(text: &str) -> &str {
    let begins = |at: &usize| *at == 0 || text[..*at].ends_with([' ', '\t']);
    let comment = text.match_indices('#').map(|(at, _)| at).find(begins);
    comment.map_or(text, |at| &text[..at])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[(&str, &[&str], usize)]) {
        let found = lines(text);
        let found: Vec<(&str, Vec<&str>, usize)> = found
            .iter()
            .map(|line| (&*line.text, line.hashes.iter().map(String::as_str).collect(), line.range.start))
            .collect();
        let expected: Vec<_> = expected.iter().map(|(text, hashes, at)| (*text, hashes.to_vec(), *at)).collect();
        assert_eq!(found, expected, "{text:?}");
    }

    #[test]
    fn lines_are_continued_and_comments_dropped() {
        check("", &[]);
        check("# a\n\n  # b\n", &[]);
        check("a==1", &[("a==1", &[], 0)]);
        check("a==1 # why\r\nb==2\r\n", &[("a==1", &[], 0), ("b==2", &[], 12)]);
        check(
            "a==1 \\\n    --hash=sha256:x \\\n    --hash=sha256:y\n    # via b\nb==1\n",
            &[("a==1", &["sha256:x", "sha256:y"], 0), ("b==1", &[], 61)],
        );
        check("a==1 \\\n  # c\n  --hash=x\n", &[("a==1", &[], 0), ("--hash=x", &[], 13)]);
        check("a==1 --hash x", &[("a==1", &["x"], 0)]);
        check("a==1 ; python_version > '3' --hash=x", &[("a==1 ; python_version > '3'", &["x"], 0)]);
        check("a @ https://h/a.whl#sha256=0 --hash=x", &[("a @ https://h/a.whl#sha256=0", &["x"], 0)]);
        check("a==1 \\", &[("a==1", &[], 0)]);
    }

    #[test]
    fn other_files_are_included() {
        for (text, expected) in [
            ("-r base.txt", Some("base.txt")),
            ("-rbase.txt", Some("base.txt")),
            ("--requirement=base.txt", Some("base.txt")),
            ("--requirement base.txt", Some("base.txt")),
            ("--require-hashes", None),
            ("requests==1", None),
        ] {
            assert_eq!(lines(text)[0].included(), expected, "{text}");
        }
        assert_eq!(lines("a==1 --config-settings=x")[0].unknown.as_deref(), Some("--config-settings=x"));
    }
}
