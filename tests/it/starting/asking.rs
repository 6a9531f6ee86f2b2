//! `init` on a terminal: what it asks, and that it asks nothing elsewhere.

use std::fs;

use super::deployed;
use crate::support::Home;
use crate::support::terminal::Terminal;

fn started(home: &Home, arguments: &[&str]) -> Terminal {
    let mut command = home.leoflow();
    command.arg("init").args(arguments);
    Terminal::start(&command, (80, 24))
}

fn config(home: &Home, path: &str) -> String {
    fs::read_to_string(home.path().join(path).join("leoflow.yaml")).unwrap()
}

#[test]
fn enter_accepts_and_what_is_typed_counts() {
    let home = Home::new();
    for (path, answers, dag_id, registry) in [
        ("My Project", ["\n", "\n"], "my_project", None),
        ("b", ["sales\n", "ghcr.io/your-org\n"], "sales", Some("ghcr.io/your-org")),
    ] {
        let mut terminal = started(&home, &[path]);
        terminal.shows(|screen| screen.contains("dag_id ["));
        terminal.types(answers[0]);
        terminal.shows(|screen| screen.contains("registry, e.g."));
        terminal.types(answers[1]);
        assert_eq!(terminal.ends(), Some(0), "{}", terminal.everything());
        let text = config(&home, path);
        assert!(text.contains(&format!("\ndag_id: {dag_id}\n")), "{text}");
        assert_eq!(registry.is_some(), text.contains("\nregistry:\n"), "{text}");
        assert!(registry.is_none_or(|url| text.contains(&format!("\n  url: {url}\n"))), "{text}");
        assert_eq!(deployed(&home, path), dag_id);
    }
}

#[test]
fn what_is_given_is_not_asked_for_and_yes_asks_nothing() {
    let home = Home::new();
    let everything = ["a", "--dag-id", "x", "--registry", "ghcr.io/your-org"];
    for arguments in [&everything[..], &["b", "--yes"]] {
        let mut terminal = started(&home, arguments);
        assert_eq!(terminal.ends(), Some(0), "{}", terminal.everything());
        assert!(!terminal.everything().contains("dag_id ["));
    }
}

#[test]
fn which_of_several_dags_is_asked() {
    let home = Home::new();
    let dags = "from airflow.sdk import DAG, task\n@task\ndef t(): ...\nwith DAG(\"a\"): t()\nwith DAG(\"b\"): t()\n";
    home.write("two.py", dags);
    let mut terminal = started(&home, &["new", "--from-dag", "two.py", "--registry", "ghcr.io/your-org"]);
    terminal.shows(|screen| screen.contains("which DAG, a, b:"));
    terminal.types("b\n");
    assert_eq!(terminal.ends(), Some(0), "{}", terminal.everything());
    assert_eq!(deployed(&home, "new"), "b");
}

#[test]
fn ctrl_c_at_a_question_leaves_nothing() {
    let home = Home::new();
    let mut terminal = started(&home, &["new"]);
    terminal.shows(|screen| screen.contains("dag_id ["));
    terminal.types("\u{3}");
    assert_eq!(terminal.ends(), Some(130));
    assert!(terminal.everything().contains("interrupted before anything was written"), "{}", terminal.everything());
    assert!(!home.path().join("new").exists());
}
