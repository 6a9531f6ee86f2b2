//! `init --from-dag`: what a DAG file says of what it needs.

use std::fs;

use serde_json::{Value, json};

use super::{deployed, tree};
use crate::support::{Home, Ran};

const HEAD: &str = "from airflow.sdk import DAG, task\n";
const DAG: &str = "with DAG(\"sales\"):\n    @task\n    def t():\n";

/// Makes a project of a DAG with this at its top and this in its one task.
fn made_of(top: &str, body: &str) -> (Home, Value, Ran) {
    let home = Home::new();
    home.write("dags/sales.py", &format!("{HEAD}{top}{DAG}        {body}\n    t()\n"));
    let ran = home.run(&["init", "new", "--from-dag", "dags/sales.py", "--output", "json"]).exits(0);
    (home, ran.json(), ran)
}

#[test]
fn imports_are_connectors_and_dependencies_wherever_they_stand() {
    let check = |top: &str, body: &str, expected: Value| {
        let (_, made, _) = made_of(top, body);
        let keys = ["connectors", "dependencies", "unconfirmed"];
        let found: Vec<_> = keys.into_iter().filter(|key| made[key] != json!([])).collect();
        let found: Value = found.into_iter().map(|key| (key.to_owned(), made[key].clone())).collect();
        assert_eq!(found, expected, "{top}{body}");
    };
    check("import os, asyncio, distutils\n", "pass", json!({}));
    check("import pendulum\n", "pass", json!({}));
    check("import yaml\n", "pass", json!({"dependencies": ["PyYAML"]}));
    check("", "import PIL.Image, cv2", json!({"dependencies": ["opencv-python-headless", "pillow"]}));
    check("", "from bs4 import BeautifulSoup", json!({"dependencies": ["beautifulsoup4"]}));
    check(
        "from dateutil import parser\n",
        "import sklearn",
        json!({"dependencies": ["python-dateutil", "scikit-learn"]}),
    );
    check("", "from google.cloud import bigquery", json!({"dependencies": ["google-cloud-bigquery"]}));
    check("", "from google.cloud.storage import Client", json!({"dependencies": ["google-cloud-storage"]}));
    check("", "from azure.storage.blob import BlobClient", json!({"dependencies": ["azure-storage-blob"]}));
    check("", "from azure.core.exceptions import E", json!({"unconfirmed": ["azure-core-exceptions"]}));
    check("", "import internal_tools.x", json!({"unconfirmed": ["internal-tools"]}));
    check("import duckdb\n", "import duckdb", json!({"dependencies": ["duckdb"]}));
    let s3 = "from airflow.providers.amazon.aws.hooks.s3 import S3Hook";
    check("", s3, json!({"connectors": ["amazon"]}));
    check(
        "",
        "from airflow.providers.cncf.kubernetes.hooks.kubernetes import KubernetesHook",
        json!({"connectors": ["cncf-kubernetes"]}),
    );
    check("", "import airflow.providers.postgres.hooks.postgres", json!({"connectors": ["postgres"]}));
    check("", "from airflow.providers.common.sql.hooks.sql import DbApiHook", json!({}));
    check(
        "",
        "from airflow.providers.acme.hooks.acme import H",
        json!({"unconfirmed": ["apache-airflow-providers-acme"]}),
    );
    let typing = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import polars\nelse:\n    polars = None\n";
    check(typing, "pass", json!({}));
    check("if __name__ == \"__main__\":\n    import rich\n", "pass", json!({}));
}

#[test]
fn what_is_guessed_is_a_comment_and_what_is_known_is_set() {
    let (home, _, _) = made_of("", "import yaml, internal_tools");
    let yaml = fs::read_to_string(home.path().join("new/leoflow.yaml")).unwrap();
    assert!(yaml.contains("\ndependencies:\n  - PyYAML           # imported in sales.py:5\n"), "{yaml}");
    assert!(yaml.contains("\n#  - internal-tools  # a guess: sales.py:5\n"), "{yaml}");
    assert_eq!(home.run(&["validate", "new", "--output", "json"]).exits(0).json()["requirements"], 1);
}

#[test]
fn connections_and_variables_that_stand_there_are_asked_for() {
    let check = |body: &str, connections: &[&str], variables: &[&str]| {
        let (_, made, _) = made_of("CONN = \"lake\"\n", body);
        assert_eq!((&made["connections"], &made["variables"]), (&json!(connections), &json!(variables)), "{body}");
    };
    check("hook(postgres_conn_id=\"warehouse\")", &["warehouse"], &[]);
    check("BaseHook.get_connection(\"a\"); Connection.get(\"b\")", &["a", "b"], &[]);
    check("x = {\"http_conn_id\": \"api\"}", &["api"], &[]);
    check("f(\"{{ conn.lake.host }} {{ var.value.region }} {{ var.json.a.b }}\")", &["lake"], &["region", "a"]);
    check("Variable.get(\"region\", default=None)", &[], &["region"]);
    check("d.get(\"region\"); get(\"x\"); f(conn_id=\"{{ x }}\", conn_id_=\"z\")", &[], &[]);
    // Only executing it tells these.
    let operator = "pass\n    from airflow.providers.http.operators.http import HttpOperator\n    \
                    HttpOperator(task_id=\"h\", http_conn_id=CONN)";
    check(operator, &["lake"], &[]);
}

#[test]
fn what_lies_beside_it_and_is_used_comes_along() {
    let home = Home::new();
    home.write("dags/sales.py", &format!("{HEAD}import shared\nfrom lib import a\nopen(\"sql/q.sql\").read()\n{DAG}        from late import x\n    t()\n"));
    for path in ["shared.py", "late.py", "lib/__init__.py", "lib/a.py", "unused.py", "lib/unused.py"] {
        home.write(&format!("dags/{path}"), "import requests\n");
    }
    home.write("dags/sql/q.sql", "select 1");
    let made = home.run(&["init", "new", "--from-dag", "dags/sales.py", "--output", "json"]).exits(0).json();
    let copied: Vec<&str> = made["written"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    let own = ["leoflow.yaml", "leoflow.schema.json", ".dockerignore"];
    let expected = ["late.py", "lib/__init__.py", "lib/a.py", "sales.py", "shared.py", "sql/q.sql"];
    assert_eq!(copied, [&expected[..], &own[..]].concat());
    assert_eq!(made["dependencies"], json!(["requests"]));
    let (from, to) = (tree(&home.path().join("dags")), tree(&home.path().join("new")));
    assert!(expected.iter().all(|path| from[*path] == to[*path]));
}

#[test]
fn in_its_own_directory_a_file_stays_and_deploys_at_once() {
    for (arguments, directory) in [
        (&["--from-dag", "dags/my sales.py"][..], "."),
        (&["dags", "--from-dag", "dags/my sales.py"], "."),
        (&["--from-dag", "my sales.py"], "dags"),
    ] {
        let home = Home::new();
        let file = home.write("dags/my sales.py", &format!("{HEAD}import shared\n{DAG}        pass\n    t()\n"));
        home.write("dags/shared.py", "");
        let before = fs::read(&file).unwrap();
        let mut command = home.leoflow();
        command.arg("init").args(arguments).args(["--output", "json"]).current_dir(home.path().join(directory));
        let made = Ran::of(command.output().unwrap()).exits(0).json();
        assert_eq!(made["written"], json!(["leoflow.yaml", "leoflow.schema.json", ".dockerignore"]), "{arguments:?}");
        assert_eq!(made["kept"], json!(["my sales.py", "shared.py"]));
        assert_eq!(fs::read(&file).unwrap(), before);
        assert_eq!(deployed(&home, "dags"), "sales");
    }
}

#[test]
fn a_dag_id_that_no_image_can_have_gets_a_name_beside_it() {
    let home = Home::new();
    home.write("dag.py", &format!("{HEAD}{DAG}        pass\n    t()\n").replace("sales", "ETL_Sales"));
    let ran = home.run(&["init", "new", "--from-dag", "dag.py"]).exits(0);
    assert!(ran.stdout.contains("registry: registry.example.com/team stands for yours"), "{}", ran.stdout);
    assert_eq!(deployed(&home, "new"), "ETL_Sales");
}

#[test]
fn what_cannot_be_adopted_is_refused_before_anything_is_written() {
    let home = Home::new();
    let two = format!("{HEAD}@task\ndef t(): ...\nwith DAG(\"a\"): t()\nwith DAG(\"b\"): t()\n");
    let files = [("two.py", &*two), ("none.py", "x = 1\n"), ("syntax.py", "def (:\n"), ("notes.txt", "")];
    files.iter().for_each(|(path, text)| drop(home.write(path, text)));
    home.write("in/two.py", &two);
    home.write("in/leoflow.yaml", "dag_id: other\n");
    let before = tree(home.path());
    for (arguments, code, said) in [
        (&["new", "--from-dag", "two.py"][..], 2, &["declares 2 DAGs", "a, b", "--dag-id a"][..]),
        (&["new", "--from-dag", "two.py", "--dag-id", "c"], 4, &["`two.py` declares no DAG `c`, but a, b"]),
        (&["new", "--from-dag", "none.py"], 4, &["`none.py` declares no DAG"]),
        (&["new", "--from-dag", "syntax.py"], 4, &["SyntaxError", "syntax.py:1"]),
        (&["new", "--from-dag", "missing.py"], 2, &["missing.py", "No such file"]),
        (&["new", "--from-dag", "notes.txt"], 2, &["it is not a Python file"]),
        (&["new", "--from-dag", "."], 2, &["it is not a Python file"]),
        (&["in", "--from-dag", "in/two.py"], 3, &["`leoflow.yaml` is there already"]),
        (&["in", "--from-dag", "two.py", "--dag-id", "a"], 3, &["`leoflow.yaml` is there already"]),
    ] {
        home.run(&[&["init"], arguments].concat()).exits(code).says(said);
        assert_eq!(tree(home.path()), before, "{arguments:?}");
    }
    home.run(&["init", "new", "--from-dag", "two.py", "--dag-id", "b"]).exits(0);
    assert_eq!(deployed(&home, "new"), "b");
}

#[test]
fn a_file_in_the_way_leaves_nothing_half_copied() {
    let home = Home::new();
    home.write("dags/sales.py", &format!("{HEAD}from lib import a\n{DAG}        pass\n    t()\n"));
    home.write("dags/lib/__init__.py", "");
    home.write("dags/lib/a.py", "");
    home.write("new/lib", "a file where a directory would have to be");
    let before = tree(home.path());
    home.run(&["init", "new", "--from-dag", "dags/sales.py"]).exits(9).says(&["nothing was written", "new/lib"]);
    assert_eq!(tree(home.path()), before);
}

#[test]
fn a_file_that_does_not_compile_is_made_a_project_all_the_same() {
    for (top, said) in [
        ("raise ValueError(\"not now\")\n", "sales.py does not compile yet: ValueError: not now"),
        ("from airflow.operators.bash import BashOperator\n", "sales.py does not compile yet:"),
    ] {
        let (_, made, ran) = made_of(top, "import yaml");
        assert_eq!((&made["dag_id"], &made["dependencies"]), (&json!("sales"), &json!(["PyYAML"])));
        ran.says(&["warning", said]);
    }
}

#[test]
fn no_task_body_runs_and_nothing_hides_from_the_reader() {
    let (_, made, _) = made_of("", "import json; raise SystemExit(open(\"/etc/passwd\").read())");
    assert_eq!(made["dag_id"], "sales");
    let (_, made, _) =
        made_of("class H:\n    async def f(self):\n        import httpx\n", "[__import__(\"x\") for _ in ()]");
    assert_eq!(made["dependencies"], json!(["httpx"]));
}
