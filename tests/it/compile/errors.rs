//! What a user reads: `leoflow compile` on projects that are at fault.

use crate::support::Home;

const YAML: &str = "schema_version: \"1.0\"\ndag_id: a\n";
const DAG: &str =
    "import helpers\nfrom airflow.sdk import DAG, EmptyOperator\nwith DAG('a'): EmptyOperator(task_id='t')\n";

/// Compiles a project of these files, which fails and says each of the texts.
fn check(files: &[(&str, &str)], says: &[&str]) {
    let home = Home::new();
    for (path, text) in files {
        home.write(&format!("project/{path}"), text);
    }
    home.run(&["compile", "project"]).exits(3).says(says);
}

#[test]
fn what_compiles_must_also_import_inside_the_pod() {
    let with = |rules: &str| format!("{YAML}{rules}");
    let files = |yaml: &str, ignored: &str| {
        let owned =
            [("leoflow.yaml", yaml.to_owned()), ("dag.py", DAG.to_owned()), ("helpers.py", "x = 1\n".to_owned())];
        owned.into_iter().chain([(".dockerignore", ignored.to_owned())]).collect::<Vec<_>>()
    };
    let check = |yaml: &str, ignored: &str, says: &[&str]| {
        let files = files(yaml, ignored);
        check(&files.iter().map(|(path, text)| (*path, text.as_str())).collect::<Vec<_>>(), says);
    };
    check(
        &with("exclude_paths: [\"help*\"]\n"),
        "",
        &["dag.py needs `helpers.py`, which `help* in exclude_paths` keeps out of the image", "\"!helpers.py\""],
    );
    check(
        &with(""),
        "helpers.py\n",
        &["dag.py needs `helpers.py`, which `helpers.py in .dockerignore` keeps out of the image"],
    );
    check(
        &with("include_paths: [dag.py]\n"),
        "",
        &["dag.py needs `helpers.py`, which `include_paths` keeps out of the image", "include_paths: [\"helpers.py\"]"],
    );
}
