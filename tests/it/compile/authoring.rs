//! DAG files as authors of Airflow 3 write them: each ends with what it declares, or how it is refused.
//!
//! `UPDATE_GOLDEN=1 cargo test --test it authoring` writes the endings anew; the diff is then read by a person.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use super::{describe, describe_error, interpreter, or_refused};

const ENDING: &str = "\n\n# --- what it means ---\n";

#[test]
fn authors_files_mean_what_they_say() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/authoring");
    let mut names: Vec<PathBuf> =
        std::fs::read_dir(&directory).expect("testdata").map(|entry| entry.expect("an entry").path()).collect();
    names.retain(|path| path.extension().is_some_and(|extension| extension == "py"));
    names.sort();
    assert!(names.len() >= 60);
    let wrong: String = names.iter().filter_map(|path| check(&directory, path)).collect();
    assert!(wrong.is_empty(), "{wrong}");
}

/// Returns the difference, when there is one.
fn check(directory: &Path, path: &Path) -> Option<String> {
    let text = std::fs::read_to_string(path).expect("a file");
    let (source, expected) = text.split_once(ENDING).unwrap_or((text.trim_end(), ""));
    let found = commented(&meaning(directory, path));
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(path, format!("{source}{ENDING}{found}")).expect("writable");
        return None;
    }
    (found != expected).then(|| format!("\n{}\n--- expected\n{expected}--- found\n{found}", path.display()))
}

fn meaning(directory: &Path, path: &Path) -> String {
    let name = path.file_name().and_then(|name| name.to_str()).expect("UTF-8");
    match or_refused(interpreter().execute(directory, name)) {
        Ok(execution) => execution.dags.iter().map(describe).collect(),
        // `place` knows dag.py by name; any other file is told with its own.
        Err(error) => describe_error(&error, 0),
    }
}

fn commented(text: &str) -> String {
    text.trim_end().lines().fold(String::new(), |mut lines, line| {
        let _ = writeln!(lines, "{}", format!("# {line}").trim_end());
        lines
    })
}
