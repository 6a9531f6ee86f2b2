use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::*;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Holds a file that is made from the table against it; `UPDATE_GOLDEN=1` writes the file anew.
fn check(file: &str, expected: &str) {
    let path = root().join(file);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, expected).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    let differs = found.lines().zip(expected.lines()).find(|(found, expected)| found != expected);
    assert!(found == expected, "{file}: UPDATE_GOLDEN=1 writes it; the first that differs: {differs:?}");
}

#[test]
fn python_knows_the_codes_by_the_same_names() {
    let head = "\"\"\"The codes of errors, as `src/code/table.rs` has them; `UPDATE_GOLDEN=1` writes this.\"\"\"\n\n";
    let names: String = Code::ALL.iter().map(|code| format!("{} = \"{code}\"\n", code.name())).collect();
    check("src/python/lib/codes.py", &format!("{head}{names}"));
}

#[test]
fn the_page_is_the_table() {
    let mut page = include_str!("head.md").to_owned();
    for code in Code::ALL {
        page.push_str(&format!("- [{code}](#{}): {}\n", code.number().to_lowercase(), code.title()));
    }
    for code in Code::ALL {
        let (id, title, explanation) = (code.number().to_lowercase(), code.title(), code.explanation());
        page.push_str(&format!("\n<a id=\"{id}\"></a>\n\n## {code}: {title}\n\n{explanation}\n"));
    }
    check("docs/errors.md", &page);
}

#[test]
fn numbers_rise_and_every_text_says_something() {
    let numbers: Vec<&str> = Code::ALL.iter().map(|code| code.number()).collect();
    assert!(numbers.is_sorted() && numbers.iter().collect::<BTreeSet<_>>().len() == numbers.len(), "{numbers:?}");
    for code in Code::ALL {
        assert!(code.title().len() > 5 && code.explanation().len() > 60, "{code:?}");
        assert!(!code.title().ends_with('.') && code.title().lines().count() == 1, "{code:?}");
    }
}

#[test]
fn every_code_is_given_to_some_fault() {
    let used: String = sources("rs").into_iter().chain(sources("py")).map(|(_, text)| text).collect();
    let is_used = |code: &&Code| ["Code::", "codes."].iter().any(|room| names(&used, room).contains(code.name()));
    let unused: Vec<&Code> = Code::ALL.iter().filter(|code| !is_used(code)).collect();
    assert!(unused.is_empty(), "{unused:?}");
}

#[test]
fn every_fault_of_the_stand_in_has_a_code_of_the_table() {
    let known: BTreeSet<&str> = Code::ALL.iter().map(|code| code.name()).collect();
    for (path, text) in sources("py") {
        let unknown: Vec<_> = names(&text, "codes.").into_iter().filter(|name| !known.contains(name)).collect();
        assert!(unknown.is_empty(), "{}: {unknown:?}", path.display());
        for site in ["fail(", "raise AuthoringError(", "raise Refused(", "raise _Refused("] {
            for (at, _) in text.match_indices(site).filter(|(at, _)| !text[..*at].ends_with("def ")) {
                let first = text[at + site.len()..].trim_start();
                let named = ["codes.", "_codes.", "code,"].iter().any(|start| first.starts_with(start));
                assert!(named, "{}: {}", path.display(), &text[at..(at + 60).min(text.len())]);
            }
        }
    }
}

/// Returns the names in capitals that follow `room`.
fn names<'a>(text: &'a str, room: &str) -> BTreeSet<&'a str> {
    let name = |at: usize| {
        let rest = &text[at + room.len()..];
        &rest[..rest.find(|c: char| !c.is_ascii_uppercase() && c != '_').unwrap_or(rest.len())]
    };
    text.match_indices(room).map(|(at, _)| name(at)).filter(|name| !name.is_empty()).collect()
}

/// Returns the sources with an ending, without the table's own.
fn sources(ending: &str) -> Vec<(PathBuf, String)> {
    let mut open = vec![root().join("src")];
    let mut found = Vec::new();
    while let Some(directory) = open.pop() {
        for entry in std::fs::read_dir(&directory).unwrap() {
            let path = entry.unwrap().path();
            match path.extension().and_then(|extension| extension.to_str()) {
                _ if path.is_dir() && path != root().join("src/code") => open.push(path),
                Some(extension) if extension == ending && !path.ends_with("lib/codes.py") => {
                    let text = std::fs::read_to_string(&path).unwrap();
                    found.push((path, text));
                }
                _ => {}
            }
        }
    }
    found
}
