//! What leoflow.yaml asks for, with its places.

use leoflow::packages::requirements::{RequirementsError, Wanted, requirements};

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
    let yaml =
        "dependencies:\n  - requests>==2\n  - git+https://example.org/a\nconnectors: [postgress, fine-weather]\n";
    let faults = read(yaml).unwrap_err().faults;
    let told: Vec<(String, Option<(usize, usize)>)> =
        faults.iter().map(|it| (it.message.clone(), it.span.as_ref().map(|span| span.position()))).collect();
    assert_eq!(told.len(), 4, "{told:?}");
    assert_eq!(told[0].1, Some((3, 13)), "{told:?}");
    assert_eq!(told[1].1, Some((4, 5)), "{told:?}");
    assert!(told[2].0.contains("no connector `postgress`"), "{told:?}");
    assert!(faults[2].help.contains("did you mean `postgres`?"), "{}", faults[2].help);
    assert!(!faults[3].help.contains("did you mean"), "{}", faults[3].help);
}
