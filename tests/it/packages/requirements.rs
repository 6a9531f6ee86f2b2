//! What leoflow.yaml asks for, with its places.

use leoflow::packages::requirements::{RequirementsError, Wanted, requirements};
use serde_json::{Value, json};

use crate::support::Home;

fn read(yaml: &str) -> Result<Vec<Wanted>, RequirementsError> {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("leoflow.yaml"), format!("dag_id: a\n{yaml}")).unwrap();
    std::fs::write(directory.path().join("dag.py"), "").unwrap();
    requirements(&leoflow::project::load(directory.path()).unwrap().config)
}

#[test]
fn dependencies_and_connectors_become_requirements() {
    let yaml =
        "connectors: [gcp, apache.kafka]\ndependencies:\n  - Pandas==2.1.0\n  - \"b[x]>1; python_version<'4'\"\n";
    let found = read(yaml).unwrap();
    let texts: Vec<String> = found.iter().map(|it| it.requirement.to_string()).collect();
    assert_eq!(
        texts,
        [
            "pandas==2.1.0",
            "b[x]>1 ; python_full_version < '4'",
            "apache-airflow-providers-google",
            "apache-airflow-providers-apache-kafka",
        ]
    );
    let lines: Vec<Option<usize>> = found.iter().map(|it| it.origin.line()).collect();
    assert_eq!(lines, [Some(4), Some(5), Some(2), Some(2)]);
}

#[test]
fn all_faults_are_told_with_their_places() {
    let faults = read("dependencies: [a @ https://example.org/a.whl]\nconnectors: [postgress, fine-weather]\n");
    let faults = faults.unwrap_err().faults;
    let told: Vec<(String, Option<(usize, usize)>)> =
        faults.iter().map(|it| (it.message.clone(), it.span.as_ref().map(|span| span.position()))).collect();
    assert_eq!(told.len(), 3, "{told:?}");
    assert_eq!(told[0].1, Some((2, 16)), "{told:?}");
    assert!(told[1].0.contains("no connector `postgress`"), "{told:?}");
    assert!(faults[1].help.contains("did you mean `postgres`?"), "{}", faults[1].help);
    assert!(!faults[2].help.contains("did you mean"), "{}", faults[2].help);
}

#[test]
fn what_cannot_be_read_is_told_with_all_other_faults_of_the_file() {
    let home = Home::new();
    let lines = [
        "dag_id: demo",
        "dependencies:",
        "  - requests >== 2",
        "  - \"a b\"",
        "  - 7",
        "  - git+https://example.org/a",
        "  - b @ git+https://example.org/b",
        "system_packages: [lib pq]",
    ];
    home.write("demo/leoflow.yaml", &lines.join("\n"));
    home.write("demo/dag.py", "");
    let faults = home.run(&["compile", "demo", "--output", "json"]).exits(3).json();
    let place = |fault: &Value| [fault["place"]["line"].clone(), fault["place"]["column"].clone()];
    let places: Vec<_> = faults["errors"].as_array().unwrap().iter().map(place).collect();
    let expected = [(3, 14), (4, 8), (5, 5), (6, 5), (8, 19)].map(|(line, column)| [json!(line), json!(column)]);
    assert_eq!(places, expected, "{faults:#}");
}
