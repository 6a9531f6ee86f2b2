//! Errors as people read them, whole: file, line, column, the source line with a caret, and one help.
//!
//! `UPDATE_GOLDEN=1 cargo test --test it rendered` writes what is said anew; the diff is then read by a person, aloud.

use std::path::Path;

use crate::support::Home;

const YAML: &str = "dag_id: etl\n";
const DAG: &str =
    "from airflow.sdk import DAG, EmptyOperator\n\nwith DAG(\"etl\"):\n    EmptyOperator(task_id=\"load\")\n";
const SAID: &str = "--- said\n";

#[test]
fn errors_of_leoflow_yaml() {
    check("leoflow.yaml.txt", "leoflow.yaml", 30);
}

#[test]
fn errors_of_dag_py() {
    check("dag.py.txt", "dag.py", 50);
}

/// Holds a file of cases, `=== title` each, against what is said of them.
fn check(name: &str, main: &str, at_least: usize) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/errors").join(name);
    let expected = std::fs::read_to_string(&path).expect("testdata");
    let cases: Vec<&str> = expected.split("=== ").skip(1).collect();
    assert!(cases.len() >= at_least, "{}", cases.len());
    let cases: Vec<(&str, String)> = cases.into_iter().map(|case| answered(case, main)).collect();
    let found: String = cases.iter().map(|(case, said)| format!("=== {case}{SAID}{said}\n")).collect();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &found).expect("writable");
    } else {
        assert_same(&found, &expected);
    }
    for (case, said) in &cases {
        let helps = said.matches("= help: ").count();
        assert!(helps > 0 && helps == said.matches("error[E").count(), "{case}{said}");
        assert_eq!(helps, said.matches(" --> ").count(), "every error has a place: {case}{said}");
    }
}

#[track_caller]
fn assert_same(found: &str, expected: &str) {
    for (found, expected) in found.split("=== ").zip(expected.split("=== ")) {
        assert!(found == expected, "expected:\n{expected}\nfound:\n{found}");
    }
}

/// Returns the case without its answer, and the answer.
fn answered<'a>(case: &'a str, main: &str) -> (&'a str, String) {
    let question = case.split_once(SAID).map_or(case, |(question, _)| question);
    let home = Home::new();
    home.write("project/leoflow.yaml", YAML);
    home.write("project/dag.py", DAG);
    let body = question.split_once('\n').map_or("", |(_, body)| body);
    for (index, part) in body.split("--- ").enumerate() {
        let (name, text) = if index == 0 { (main, part) } else { part.split_once('\n').expect("a name") };
        if !text.is_empty() {
            home.write(&format!("project/{name}"), text);
        }
    }
    let said = home.run(&["compile", "project"]).stderr;
    let said = said.replace(&format!("{}/project/", home.path().display()), "");
    let said = said.split("for more about an error: ").next().unwrap_or_default().to_owned();
    (question, said)
}
