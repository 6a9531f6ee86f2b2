//! `leoflow graph`: drawings of projects and of specs, onto stdout and into files.

use std::fs;
use std::path::Path;

use crate::support::Home;

/// A dag.json with two tasks, `b` waiting for `a`, and more fields for `a`.
fn spec(fields: &str) -> String {
    format!(
        r#"{{"schema_version": "1.0", "dag_id": "demo", "dag_version": "v1", "image": "x:v1", "tasks": [
            {{"task_id": "b", "type": "bash", "entrypoint": "date", "depends_on": ["a"]}}, {{"task_id": "a", "type": "python", "entrypoint": "dag:a"{fields}}}]}}"#
    )
}

#[test]
fn a_project_is_drawn_as_lines() {
    let home = Home::new();
    home.project("etl_sales");
    let ran = home.run(&["graph", "etl_sales"]).exits(0);
    let expected = "etl_sales: 3 tasks, 2 edges, 3 layers; 0 6 * * *\n● extract    python, retries 2\n● transform  python\n● load       python\n";
    assert_eq!(ran.stdout, expected);
}

#[test]
fn every_format_goes_to_stdout() {
    let home = Home::new();
    home.write("dag.json", &spec(""));
    for (format, begins, has) in [
        ("text", "demo: 2 tasks", "● b  bash"),
        ("mermaid", "flowchart LR\n", "t0 --> t1"),
        ("dot", "digraph \"demo\" {\n", "\"a\" -> \"b\";"),
        ("svg", "<svg xmlns=\"http://www.w3.org/2000/svg\"", "a → b"),
        ("json", "{\n", "\"from\": \"a\""),
    ] {
        let ran = home.run(&["graph", "dag.json", "--format", format]).exits(0);
        assert!(ran.stdout.starts_with(begins) && ran.stdout.contains(has), "{format}: {}", ran.stdout);
        assert!(ran.stdout.ends_with('\n') && !ran.stdout.contains('\u{1b}'), "{format}");
    }
    let json = home.run(&["graph", "dag.json", "--output", "json"]).exits(0);
    assert_eq!(json.stdout, home.run(&["graph", "dag.json", "--format", "json"]).exits(0).stdout);
    assert_eq!(json.json()["schema"], "leoflow.graph/v1");
}

#[test]
fn a_drawing_goes_into_a_file() {
    let home = Home::new();
    home.write("dag.json", &spec(""));
    home.run(&["graph", "dag.json", "--format", "svg", "-o", "demo.svg"]).exits(0);
    assert!(fs::read_to_string(home.path().join("demo.svg")).unwrap().ends_with("</svg>\n"));
    let ran = home.run(&["graph", "dag.json", "--format", "dot", "-o", "demo.dot", "--output", "json"]).exits(0);
    assert_eq!(ran.json()["schema"], "leoflow.graph_file/v1");
    assert!(fs::read_to_string(home.path().join("demo.dot")).unwrap().starts_with("digraph"));
    home.run(&["graph", "dag.json", "-o", "missing/demo.svg"]).exits(9).says(&["missing/demo.svg"]);
}

#[test]
fn what_cannot_be_drawn_is_said() {
    let home = Home::new();
    home.write("dag.json", &spec(r#", "depends_on": ["b"], "colour": 1"#));
    home.run(&["graph", "dag.json"]).exits(2).says(&["`dag.json`", "colour", "a -> b -> a"]);
    home.write("broken.json", "{");
    home.run(&["graph", "broken.json"]).exits(2).says(&["line 1, column", "leoflow compile"]);
    home.run(&["graph", "nothing"]).exits(2).says(&["nothing"]);
    home.write("fine.json", &spec(""));
    home.run(&["graph", "fine.json", "--format", "svg", "--output", "json"]).exits(2).says(&["-o FILE"]);
}

#[test]
fn a_diagram_that_github_does_not_draw_is_drawn_with_a_warning() {
    let home = Home::new();
    let task =
        |at: usize| format!(r#"{{"task_id": "t{at}", "type": "bash", "entrypoint": "date", "depends_on": ["s"]}}"#);
    let tasks: Vec<String> = (0..501).map(task).collect();
    let tasks = format!(r#"[{{"task_id": "s", "type": "bash", "entrypoint": "date"}}, {}]"#, tasks.join(","));
    let head = r#""schema_version": "1.0", "dag_id": "demo", "dag_version": "v1", "image": "x:v1""#;
    home.write("dag.json", &format!(r#"{{{head}, "tasks": {tasks}}}"#));
    let ran = home.run(&["graph", "dag.json", "--format", "mermaid"]).exits(0).says(&["501 edges", "--format svg"]);
    assert_eq!(ran.stdout.matches("-->").count(), 501);
    assert_eq!(home.run(&["graph", "dag.json", "--format", "dot"]).exits(0).stderr, "");
}

/// The picture that docs/graph.md shows; `UPDATE_GOLDEN=1` draws it anew.
#[test]
fn the_picture_in_the_documentation_is_what_is_drawn() {
    let home = Home::new();
    home.project("orders_mart");
    let drawn = home.run(&["graph", "orders_mart", "--format", "svg"]).exits(0).stdout;
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/orders_mart.svg");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, &drawn).unwrap();
    }
    assert!(drawn == fs::read_to_string(&path).unwrap(), "docs/orders_mart.svg is not what is drawn");
    let page = fs::read_to_string(path.with_file_name("graph.md")).unwrap();
    for format in ["text", "mermaid"] {
        let drawn = home.run(&["graph", "orders_mart", "--format", format]).exits(0).stdout;
        assert!(page.contains(&drawn), "docs/graph.md does not show:\n{drawn}");
    }
}
