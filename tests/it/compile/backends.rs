//! Two backends, one result: the interpreter inside the program and a CPython of the machine (docs/testing.md).
//!
//! `LEOFLOW_TEST_PYTHON` names that CPython; without it, it is the `python3` on `PATH`.

mod generated;
mod host;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use leoflow::dag::{self, CompileError, Versioning};
use leoflow::project;
use leoflow::python::{Backend, Interpreter, PythonError};

use super::{describe, describe_error, interpreter, place};

/// The CPython to compare with, asked where it really lies: `python3` may be a script that needs an environment.
static PYTHON: LazyLock<PathBuf> = LazyLock::new(|| {
    let named = std::env::var_os("LEOFLOW_TEST_PYTHON").unwrap_or_else(|| "python3".into());
    let asked = Command::new(&named).args(["-c", "import sys; print(sys.executable)"]).output();
    match asked {
        Ok(output) if output.status.success() => String::from_utf8(output.stdout).expect("UTF-8").trim().into(),
        other => panic!(
            "no CPython to compare with ({other:?}): install one, 3.11 or newer (`apt-get install python3`), or name it \
             in LEOFLOW_TEST_PYTHON"
        ),
    }
});

fn on_host() -> Interpreter {
    Interpreter { backend: Backend::Host(PYTHON.clone()), ..interpreter() }
}

/// What a project comes to: its dag.json, the files that were read and what was printed; or where and why it is refused.
fn outcome(root: &Path, interpreter: &Interpreter) -> String {
    let project = project::load(root).unwrap_or_else(|error| panic!("{}: {error}", root.display()));
    let versioning = Versioning { dag_version: "1".to_owned(), image: "registry/dag:1".to_owned() };
    match dag::compile(&project, interpreter, &versioning) {
        Ok(compiled) => {
            let json = String::from_utf8(compiled.spec.to_json()).expect("UTF-8");
            format!("{json}{:?}\n{}", compiled.files, compiled.printed)
        }
        Err(CompileError::Python(error)) => refusal(&error),
        Err(CompileError::Invalid { faults }) => faults
            .iter()
            .map(|fault| {
                let place = fault.span.as_ref().map_or_else(String::new, |span| place(span, 0));
                format!("{} {place}: {}\n{}\n", fault.code, fault.message, fault.help.as_deref().unwrap_or_default())
            })
            .collect(),
        Err(other) => other.to_string(),
    }
}

/// A refusal in our own words whole; of Python's own exceptions the class and the place, for each Python words them anew.
fn refusal(error: &PythonError) -> String {
    let whole = format!("{} {}", error.code(), describe_error(error, 0));
    let PythonError::Code { message, .. } = error else { return whole };
    match message.split_once(": ") {
        Some((class, _)) if class.ends_with("Error") && !class.contains(' ') => {
            let place = whole.split_once(message.as_str()).map_or("", |(place, _)| place);
            format!("{place}{class}")
        }
        _ => whole,
    }
}

/// Fails unless both backends come to the same; returns whether that is a DAG.
#[track_caller]
fn same(root: &Path) -> bool {
    let (embedded, host) = (outcome(root, &interpreter()), outcome(root, &on_host()));
    assert_eq!(embedded, host, "{}: embedded, then {}", root.display(), PYTHON.display());
    embedded.starts_with('{')
}

#[test]
fn the_example_projects_are_the_same() {
    let mut pending = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/projects")];
    let mut seen = 0;
    while let Some(directory) = pending.pop() {
        if directory.join("leoflow.yaml").exists() {
            assert!(same(&directory), "{}", directory.display());
            seen += 1;
            continue;
        }
        let entries = std::fs::read_dir(&directory).expect("testdata").map(|entry| entry.expect("an entry").path());
        pending.extend(entries.filter(|path| path.is_dir()));
    }
    assert!(seen >= 8, "{seen} projects");
}

#[test]
fn authors_files_are_the_same() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/authoring");
    let meaning = |name: &str, interpreter: &Interpreter| match interpreter.execute(&directory, name) {
        Ok(execution) => {
            let dags: String = execution.dags.iter().map(describe).collect();
            format!("{dags}{:?}\n{}", execution.files, execution.printed)
        }
        Err(error) => refusal(&error),
    };
    let mut wrong = String::new();
    let mut seen = 0;
    for entry in std::fs::read_dir(&directory).expect("testdata") {
        let name = entry.expect("an entry").file_name().into_string().expect("UTF-8");
        if !name.ends_with(".py") {
            continue;
        }
        let (embedded, host) = (meaning(&name, &interpreter()), meaning(&name, &on_host()));
        if embedded != host {
            wrong += &format!("\n{name}\n--- embedded\n{embedded}\n--- {}\n{host}\n", PYTHON.display());
        }
        seen += 1;
    }
    assert!(wrong.is_empty() && seen >= 60, "{seen} files{wrong}");
}
