//! The examples of every error's text: what is called wrong gives exactly this error, what is called right compiles.

use std::sync::atomic::{AtomicUsize, Ordering};

use leoflow::code::Code;

use crate::support::Home;

/// No text of a file makes them: they are about the directory, the machine, or an image that is built.
const WITHOUT_EXAMPLES: [Code; 4] = [Code::NO_PROJECT, Code::UNPACKABLE_FILE, Code::SUSPECT_FILE, Code::NO_INTERPRETER];
const YAML: &str = "dag_id: etl\n";
const DAG: &str =
    "from airflow.sdk import DAG, EmptyOperator\n\nwith DAG(\"etl\"):\n    EmptyOperator(task_id=\"load\")\n";
const AT_ONCE: usize = 4;

#[test]
fn examples_do_what_their_texts_say() {
    let next = AtomicUsize::new(0);
    let wrong: Vec<String> = std::thread::scope(|scope| {
        let check_some =
            || std::iter::from_fn(|| Code::ALL.get(next.fetch_add(1, Ordering::Relaxed))).filter_map(check).collect();
        let threads: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(check_some)).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap_or_else(|_| vec!["a panic".to_owned()])).collect()
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Returns what of a text does not hold.
fn check(code: &Code) -> Option<String> {
    let Some((_, examples)) = code.explanation().split_once("Wrong:\n") else {
        return (!WITHOUT_EXAMPLES.contains(code)).then(|| format!("{code:?} has no examples"));
    };
    let Some((wrong, right)) = examples.split_once("Right:\n") else {
        return Some(format!("{code:?} has no right one"));
    };
    let seconds = if *code == Code::TIME_LIMIT { "1" } else { "30" };
    let (wrong, right) = (said(wrong, seconds), said(right, seconds));
    let holds = wrong.0 == [code.number()] && right.0.is_empty();
    (!holds).then(|| format!("{code:?}: wrong is {:?}, right is {:?}\n{}{}", wrong.0, right.0, wrong.1, right.1))
}

/// Compiles the files of an example and returns the codes that it is told, and all that is said.
fn said(example: &str, seconds: &str) -> (Vec<String>, String) {
    let home = Home::new();
    home.write("project/leoflow.yaml", YAML);
    home.write("project/dag.py", DAG);
    for fenced in example.split("```").skip(1).step_by(2) {
        let (info, text) = fenced.split_once('\n').expect("a fence");
        home.write(&format!("project/{}", file_name(info)), text);
    }
    let ran = home.run(&["compile", "project", "--compile-timeout", seconds]);
    let codes = ran.stderr.lines().filter_map(|line| {
        let rest = line.strip_prefix("error[").or_else(|| line.strip_prefix("warning["))?;
        Some(rest.split_once(']')?.0.to_owned())
    });
    let mut codes: Vec<String> = codes.collect();
    codes.dedup();
    (codes, ran.stderr)
}

/// `yaml` and `python` are the project's two files; any other says its name.
fn file_name(info: &str) -> &str {
    match info {
        "yaml" => "leoflow.yaml",
        "python" => "dag.py",
        other => other.rsplit(' ').next().unwrap_or(other),
    }
}

#[test]
fn an_error_leads_to_its_explanation() {
    let home = Home::new();
    home.write("project/leoflow.yaml", "dag_id: etl\nownr: data\ntags: x\n");
    home.run(&["compile", "project"]).exits(3).says(&["for more about an error: leoflow explain E005 E008\n"]);
    let quiet = home.run(&["compile", "project", "--quiet"]).exits(3).says(&["error[E005]: unknown key `ownr`"]);
    assert!(!quiet.stderr.contains("leoflow explain"), "{}", quiet.stderr);
    let json = home.run(&["compile", "project", "--output", "json"]).exits(3).json();
    assert_eq!((&json["errors"][0]["code"], &json["errors"][1]["code"]), (&"E005".into(), &"E008".into()));
    let explained = home.run(&["explain", "E005", "e8"]).exits(0).stdout;
    assert!(explained.starts_with("E005: unknown key\n") && explained.contains("\nE008: "), "{explained}");
    assert_eq!(home.run(&["explain"]).exits(0).stdout.lines().count(), Code::ALL.len());
    assert_eq!(home.run(&["explain", "E005", "--output", "json"]).exits(0).json()["errors"][0]["title"], "unknown key");
    home.run(&["explain", "E079"]).exits(2).says(&["there is no error `E079`", "the nearest is"]);
}
