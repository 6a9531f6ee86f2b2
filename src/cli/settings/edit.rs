//! Changes of a YAML file by lines: whatever is not the key in question stays, byte for byte, comments included.
//!
//! Lines are what is edited, so `{token: …, server_url: …}`, anchors and the like cannot be: after each change the text is
//! read again, and unless every other key says what it said before, nothing is written.

use std::io::{ErrorKind, Write};
use std::ops::Range;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::Path;
use std::sync::Arc;

use serde_json::Value;

use crate::cli::exit::Exit;
use crate::cli::report::{Failure, reason};
use crate::project::{YamlEntry, top_level};
use crate::source::SourceFile;

/// The path of a key: `["targets", "prod", "server"]`.
type KeyPath<'a> = [&'a str];

/// A file while it is changed; nothing is written before [`Self::save`].
pub struct Edit<'a> {
    file: &'a Path,
    text: String,
}

impl<'a> Edit<'a> {
    /// Begins with the text of `file`; one that does not exist is empty.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn open(file: &'a Path) -> Result<Self, Failure> {
        Ok(Self { file, text: read(file)? })
    }

    /// Returns whether a key is there.
    ///
    /// # Errors
    /// When the text cannot be understood.
    pub fn has(&self, path: &KeyPath<'_>) -> Result<bool, Failure> {
        Ok(find(&parse(self.file, &self.text)?, path).is_some())
    }

    /// Gives a key a text or a list of texts, in its place or behind its neighbours.
    ///
    /// # Errors
    /// When that cannot be done by lines.
    pub fn set(&mut self, path: &KeyPath<'_>, value: &Value) -> Result<(), Failure> {
        let entries = parse(self.file, &self.text)?;
        if find(&entries, path).is_some_and(|entry| !entry.below.is_empty()) {
            self.remove(path)?;
        }
        self.change(path, |text, entries| with(text, None, entries, path, value))?;
        let entries = parse(self.file, &self.text)?;
        find(&entries, path).filter(|entry| says(entry, value)).map(drop).ok_or_else(|| not_by_lines(self.file))
    }

    /// Removes a key with all below it; returns whether it was there.
    ///
    /// # Errors
    /// When that cannot be done by lines.
    pub fn remove(&mut self, path: &KeyPath<'_>) -> Result<bool, Failure> {
        if !self.has(path)? {
            return Ok(false);
        }
        self.change(path, |text, entries| match find(entries, path) {
            Some(entry) => without(text, &entry.range),
            None => text.to_owned(),
        })?;
        Ok(true)
    }

    /// Replaces the file as a whole, readable by its owner alone.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn save(self) -> Result<(), Failure> {
        replace(self.file, &self.text).map_err(|error| unwritable(self.file, &error))
    }

    /// Changes the text and sees that all keys but that at `path` are what they were.
    fn change(&mut self, path: &KeyPath<'_>, edit: impl FnOnce(&str, &[YamlEntry]) -> String) -> Result<(), Failure> {
        let before = parse(self.file, &self.text)?;
        let text = edit(&self.text, &before);
        let after = parse(self.file, &text).map_err(|_| not_by_lines(self.file))?;
        if others(&before, path) != others(&after, path) {
            return Err(not_by_lines(self.file));
        }
        self.text = text;
        Ok(())
    }
}

/// Returns the text with a key set: replaced where it is, or else behind what stands beside it.
fn with(text: &str, above: Option<&YamlEntry>, beside: &[YamlEntry], path: &KeyPath<'_>, value: &Value) -> String {
    let Some((key, rest)) = path.split_first() else { return text.to_owned() };
    match beside.iter().find(|entry| entry.key == **key) {
        Some(entry) if rest.is_empty() => replaced(text, entry, value),
        Some(entry) => with(text, Some(entry), &entry.below, rest, value),
        None => inserted(text, above, beside, path, value),
    }
}

/// A JSON text is a YAML double-quoted scalar, and a JSON list a YAML flow sequence.
fn replaced(text: &str, entry: &YamlEntry, value: &Value) -> String {
    let mut text = text.to_owned();
    match (entry.value_range.is_empty(), text[entry.value_range.end..].find(':')) {
        (true, Some(colon)) => text.insert_str(entry.value_range.end + colon + 1, &format!(" {value}")),
        _ => text.replace_range(entry.value_range.clone(), &value.to_string()),
    }
    text
}

fn inserted(text: &str, above: Option<&YamlEntry>, beside: &[YamlEntry], path: &KeyPath<'_>, value: &Value) -> String {
    let column = |entry: &YamlEntry| entry.range.start - line_start(text, entry.range.start);
    let indentation = beside.first().map_or_else(|| above.map_or(0, |entry| column(entry) + 2), column);
    let at = match above {
        Some(entry) => line_end(text, beside.last().unwrap_or(entry).range.end),
        None => text.len(),
    };
    let (before, after) = text.split_at(at);
    let end = if before.is_empty() || before.ends_with('\n') { "" } else { "\n" };
    format!("{before}{end}{}{after}", lines(path, indentation, value))
}

/// Writes a key below the keys that lead to it.
fn lines(path: &KeyPath<'_>, indentation: usize, value: &Value) -> String {
    let mut text = String::new();
    for (depth, key) in path.iter().enumerate() {
        let value = if depth + 1 == path.len() { format!(" {value}") } else { String::new() };
        text.push_str(&format!("{:1$}{2}:{value}\n", "", indentation + 2 * depth, as_key(key)));
    }
    text
}

fn as_key(key: &str) -> String {
    let is_plain = key.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c)) && !key.starts_with(['-', '.']);
    if is_plain { key.to_owned() } else { Value::from(key).to_string() }
}

/// Returns the text without the lines of a range.
fn without(text: &str, range: &Range<usize>) -> String {
    let mut text = text.to_owned();
    text.replace_range(line_start(&text, range.start)..line_end(&text, range.end), "");
    text
}

fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |end| end + 1)
}

fn line_end(text: &str, at: usize) -> usize {
    text[at..].find('\n').map_or(text.len(), |end| at + end + 1)
}

fn find<'a>(entries: &'a [YamlEntry], path: &KeyPath<'_>) -> Option<&'a YamlEntry> {
    let (key, rest) = path.split_first()?;
    let entry = entries.iter().find(|entry| entry.key == **key)?;
    if rest.is_empty() { Some(entry) } else { find(&entry.below, rest) }
}

fn says(entry: &YamlEntry, value: &Value) -> bool {
    match value {
        Value::Array(items) => {
            items.len() == entry.below.len() && entry.below.iter().zip(items).all(|(entry, item)| says(entry, item))
        }
        value => entry.value.as_deref() == value.as_str(),
    }
}

/// Returns what all keys say but that at `path`, in their order. Those that lead to it may have nothing else below them.
fn others(entries: &[YamlEntry], path: &KeyPath<'_>) -> Vec<(Vec<String>, Option<String>)> {
    let mut leaves = Vec::new();
    gather(entries, &mut Vec::new(), &mut leaves);
    let leads_there = |key: &[String]| key.len() < path.len() && path.iter().zip(key).all(|(one, other)| one == other);
    let is_below = |key: &[String]| key.len() >= path.len() && path.iter().zip(key).all(|(one, other)| one == other);
    leaves.retain(|(key, value)| !(is_below(key) || leads_there(key) && value.as_deref() == Some("")));
    leaves
}

fn gather(entries: &[YamlEntry], above: &mut Vec<String>, leaves: &mut Vec<(Vec<String>, Option<String>)>) {
    for entry in entries {
        above.push(entry.key.clone());
        if entry.below.is_empty() {
            leaves.push((above.clone(), entry.value.clone()));
        }
        gather(&entry.below, above, leaves);
        above.pop();
    }
}

/// Reads the file; one that does not exist is empty.
pub(super) fn read(file: &Path) -> Result<String, Failure> {
    match std::fs::read_to_string(file) {
        Ok(text) => Ok(text),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(String::new()),
        Err(error) => Err(Failure::new(
            Exit::Usage,
            format!("cannot read `{}`: {error}", file.display()),
            Some("make it a readable UTF-8 file, or remove it and log in again".into()),
        )),
    }
}

/// Faults are told without the source line: it may hold the token.
pub(super) fn parse(file: &Path, text: &str) -> Result<Vec<YamlEntry>, Failure> {
    let source = Arc::new(SourceFile { path: file.to_owned(), text: text.to_owned() });
    top_level(&source).map_err(|fault| {
        let (line, column) = fault.span.position();
        Failure::new(
            Exit::Usage,
            format!("`{}`, line {line}, column {column}: {}", file.display(), fault.message),
            Some("mend that line, or remove the file and log in again".into()),
        )
    })
}

fn not_by_lines(file: &Path) -> Failure {
    Failure::new(
        Exit::Usage,
        format!("cannot change `{}` and keep the rest of it: nothing was changed", file.display()),
        Some("write each key on a line of its own, or remove the file and log in again".into()),
    )
}

/// Replaces the file as a whole: 0600 in a directory that is created 0700.
fn replace(file: &Path, text: &str) -> std::io::Result<()> {
    // A link (dotfiles kept elsewhere) stays a link.
    let file = &file.canonicalize().unwrap_or_else(|_| file.to_owned());
    let directory = file.parent().unwrap_or(Path::new("."));
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    let mut temporary = tempfile::Builder::new()
        .prefix(".config.yaml.")
        .permissions(std::fs::Permissions::from_mode(0o600))
        .tempfile_in(directory)?;
    temporary.write_all(text.as_bytes())?;
    temporary.as_file().sync_all()?;
    temporary.persist(file).map_err(|error| error.error)?;
    Ok(())
}

fn unwritable(file: &Path, error: &std::io::Error) -> Failure {
    Failure::new(
        Exit::System,
        format!("cannot write `{}`: {}", file.display(), reason(error)),
        Some("make its directory writable, or use LEOFLOW_SERVER_URL and LEOFLOW_TOKEN".into()),
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn edited(text: &str, change: impl FnOnce(&mut Edit<'_>) -> Result<(), Failure>) -> Option<String> {
        let mut edit = Edit { file: Path::new("/c"), text: text.to_owned() };
        change(&mut edit).ok().map(|()| edit.text)
    }

    #[test]
    fn a_key_is_set_in_its_place_or_behind_its_neighbours() {
        let check = |text: &str, path: &[&str], value: Value, expected: &str| {
            let found = edited(text, |edit| edit.set(path, &value));
            assert_eq!(found.as_deref(), Some(expected), "{path:?} in {text:?}");
        };
        check("", &["a"], json!("x"), "a: \"x\"\n");
        check("b: 1", &["a"], json!("x"), "b: 1\na: \"x\"\n");
        check("a: 1 # why\nb: 2\n", &["a"], json!("x"), "a: \"x\" # why\nb: 2\n");
        check("a: # none\nb: 2\n", &["a"], json!("x"), "a: \"x\" # none\nb: 2\n");
        check("a:\nb: 2\n", &["a"], json!("x"), "a: \"x\"\nb: 2\n");
        check("", &["t", "p", "s"], json!("x"), "t:\n  p:\n    s: \"x\"\n");
        check("t:\nz: 1\n", &["t", "p", "s"], json!("x"), "t:\n  p:\n    s: \"x\"\nz: 1\n");
        check(
            "t:\n    p: # prod\n        s: 1 # old\n\n# end\nz: 1\n",
            &["t", "p", "r"],
            json!("x"),
            "t:\n    p: # prod\n        s: 1 # old\n        r: \"x\"\n\n# end\nz: 1\n",
        );
        check(
            "t:\n  p:\n    m:\n      h: [a]\n  q: {s: 1}\n",
            &["t", "r", "s"],
            json!("x"),
            "t:\n  p:\n    m:\n      h: [a]\n  q: {s: 1}\n  r:\n    s: \"x\"\n",
        );
        check("t:\n  h:\n  - a\n  - b\n", &["t", "h"], json!(["c", "d"]), "t:\n  h: [\"c\",\"d\"]\n");
        check("m:\n  a: 1\n", &["m", "h:5000"], json!("x"), "m:\n  a: 1\n  \"h:5000\": \"x\"\n");
        check("a: \"é\" # ö\nb: 2", &["b"], json!("é\"\n"), "a: \"é\" # ö\nb: \"é\\\"\\n\"");
    }

    #[test]
    fn a_key_is_removed_with_its_lines() {
        let check = |text: &str, path: &[&str], expected: &str| {
            let found = edited(text, |edit| edit.remove(path).map(drop));
            assert_eq!(found.as_deref(), Some(expected), "{path:?} in {text:?}");
        };
        check("a: 1\nb: 2 # two\nc: 3\n", &["b"], "a: 1\nc: 3\n");
        check("t:\n  p:\n    s: 1\n    # note\n    k: 2\n  q:\n    s: 3\n", &["t", "p"], "t:\n  q:\n    s: 3\n");
        check("t:\n  p:\n    s: 1\n    k: 2\n", &["t", "p", "k"], "t:\n  p:\n    s: 1\n");
        check("t:\n  p:\n    k: 2\n", &["t", "p", "k"], "t:\n  p:\n");
        check("a: 1\n", &["t", "p"], "a: 1\n");
        check("a:\nb: 2\n", &["a"], "b: 2\n");
    }

    #[test]
    fn what_cannot_be_edited_by_lines_is_refused() {
        for text in [
            "{t: {p: {s: 1}}, z: 1}\n",
            "t: {p: {s: 1}}\nz: 1\n",
            "t: &t\n  p: {s: 1}\nz: *t\n",
            "t: {}\n",
            "t: ~\n",
            "t: word\n",
            "t: [a]\n",
        ] {
            assert_eq!(edited(text, |edit| edit.set(&["t", "q", "s"], &json!("x"))), None, "{text:?}");
        }
        for text in ["{t: {p: 1}, z: 1}\n", "t: {p: 1, q: 2}\n", "t:\n  p: &a 1\nz: *a\n"] {
            assert_eq!(edited(text, |edit| edit.remove(&["t", "p"]).map(drop)), None, "{text:?}");
        }
    }
}
