//! The authoring stand-in beside Apache Airflow itself: random DAG files, and what each makes of them.
//!
//! Needs a Python that has Airflow: `LEOFLOW_AIRFLOW=/path/to/python cargo test --test airflow -- --nocapture`.
//! `LEOFLOW_AIRFLOW_SEEDS=0..1000` says which files; `UPDATE_GOLDEN=1` records their answers for `cargo test`.

#![allow(clippy::unwrap_used, reason = "what cannot be unwrapped is a failed test")]

mod compare;
mod corpus;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use compare::Outcome;
use corpus::Recorded;
use serde_json::Value;

const SEEDS: &str = "0..150";

#[test]
fn random_files_mean_what_they_mean_in_airflow() {
    let python = std::env::var("LEOFLOW_AIRFLOW").expect("LEOFLOW_AIRFLOW: a Python that has apache-airflow");
    let seeds = std::env::var("LEOFLOW_AIRFLOW_SEEDS").unwrap_or_else(|_| SEEDS.to_owned());
    let directory = tempfile::tempdir().unwrap();
    let files = ask(&python, directory.path(), &seeds);
    let mut outcome = Outcome::default();
    files.iter().for_each(|(name, file)| outcome.add(compare::compare(name, &file.source, &file.airflow)));
    let Outcome { same, refused, mixed, differences } = &outcome;
    println!("{} files: {same} DAGs the same, {refused} files refused by both, {mixed} DAGs mix results", files.len());
    assert!(differences.is_empty(), "{}", differences.join("\n"));
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        corpus::write(&files);
    }
}

/// Generates the files of these seeds and lets Airflow read them.
fn ask(python: &str, directory: &Path, seeds: &str) -> BTreeMap<String, Recorded> {
    let (first, last) = seeds.split_once("..").expect("FIRST..LAST");
    run(Command::new(python).arg(script("generate.py")).arg(directory.join("dags")).args([first, last]));
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(directory.join("dags")).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let answers = run(Command::new(python).arg(script("dump.py")).args(&paths).env("AIRFLOW_HOME", directory));
    let mut answers: BTreeMap<String, Value> = serde_json::from_slice(&answers).unwrap();
    let recorded = |path: PathBuf| {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let airflow = answers.remove(&name).unwrap();
        (name, Recorded { source: std::fs::read_to_string(path).unwrap(), airflow })
    };
    paths.into_iter().map(recorded).collect()
}

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/airflow").join(name)
}

fn run(command: &mut Command) -> Vec<u8> {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}
