//! Packages of a real index in an image that a container runtime runs.

mod elsewhere;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::engine::Docker;
use crate::leoflow::Home;
use crate::programs::write_private;
use crate::registry::{Access, Registry};
use crate::road::Road;

/// An index that nobody serves.
const NO_INDEX: [&str; 2] = ["--index-url", "http://127.0.0.1:1/simple/"];

const DAG: &str = r#"
from datetime import datetime

from airflow.providers.http.operators.http import HttpOperator
from airflow.sdk import DAG

with DAG("packages", schedule=None, start_date=datetime(2025, 1, 1)):
    HttpOperator(task_id="fetch", endpoint="v1/latest")
"#;

/// Native wheels, a console script, two distributions that share `google`, pip to look at it all, and a provider.
const CONFIG: &str = r#"
schema_version: "1.0"
dag_id: packages
python_version: "3.11"
dependencies: [duckdb, googleapis-common-protos, pandas, pip, protobuf, requests, tabulate]
connectors: [http]
"#;

/// Runs in the container, where `airflow` and `pip` want a home that they may write to.
const PROBE: &str = r#"
import os
import subprocess
import sys
from importlib import metadata


def probe():
    os.environ["HOME"] = "/tmp"

    import duckdb
    import google.protobuf.timestamp_pb2
    import google.rpc.status_pb2
    import pandas
    import requests
    from airflow.providers.http.operators.http import HttpOperator

    frame = pandas.DataFrame({"product": ["pen", "pad", "pen"], "amount": [1, 2, 3]})
    totals = duckdb.sql("select product, sum(amount)::int from frame group by all order by all").fetchall()
    return {
        "totals": totals,
        "namespace": [google.rpc.status_pb2.Status(code=5).code, google.protobuf.timestamp_pb2.Timestamp(seconds=7).seconds],
        "requests": requests.__version__,
        "operator": HttpOperator(task_id="fetch").task_id,
        "script": said("tabulate", "--format", "plain", input="a b\n1 2\n"),
        "check": said(sys.executable, "-m", "pip", "check"),
        "listed": said(sys.executable, "-m", "pip", "list", "--format", "json"),
        "distributions": {found.metadata["Name"]: found.version for found in metadata.distributions()},
    }


def said(*command, **options):
    done = subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options)
    return f"{done.returncode}: {done.stdout.strip()}"
"#;

/// Makes a project below `home`.
fn project(home: &Home, config: &str, dag: &str) -> PathBuf {
    let root = home.path().join("packages");
    for (name, text) in [("leoflow.yaml", config), ("dag.py", dag), ("probe.py", PROBE)] {
        write_private(&root.join(name), text);
    }
    root
}

/// Returns the packages of a lock: versions by names.
fn locked(file: &Path) -> BTreeMap<String, String> {
    let lock: toml::Table = toml::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let text = |package: &toml::Value, key: &str| package[key].as_str().unwrap().to_owned();
    let packages = lock["packages"].as_array().unwrap();
    packages.iter().map(|package| (text(package, "name"), text(package, "version"))).collect()
}

/// Returns a name as PEP 503 normalizes it.
fn normalized(name: &str) -> String {
    name.to_lowercase().replace(['.', '_'], "-")
}

#[test]
fn packages_of_the_index_run_where_they_were_installed() {
    let road = Road::to(Registry::start(&Access::Open));
    let home = road.newcomer();
    let root = project(&home, CONFIG, DAG);
    home.run(["lock", root.to_str().unwrap(), "--base", &road.base.reference]);
    let lock = locked(&root.join("pylock.linux-amd64-py311.toml"));
    let deployed = road.deploy_from(&home, &road.base, &root, &["--locked"]);

    let docker = Docker::start(&home);
    docker.pull(&deployed.image);
    assert_agrees(&docker.run(&deployed.image, &["probe:probe"])["returned"], &lock);
    assert_edit_is_small(&road, &root, &deployed.image);
}

/// Fails unless everything that looks at packages sees those of the lock, and they work.
fn assert_agrees(probed: &Value, lock: &BTreeMap<String, String>) {
    assert_eq!(probed["totals"], serde_json::json!([["pad", 2], ["pen", 4]]));
    assert_eq!(probed["namespace"], serde_json::json!([5, 7]));
    assert_eq!(probed["requests"], lock["requests"].as_str());
    assert_eq!(probed["operator"], "fetch");
    assert_eq!(probed["script"], "0: a  b\n1  2");
    assert_eq!(probed["check"], "0: No broken requirements found.");
    let listed: Vec<BTreeMap<String, String>> =
        serde_json::from_str(probed["listed"].as_str().unwrap().strip_prefix("0: ").unwrap()).unwrap();
    let listed = listed.iter().map(|package| (normalized(&package["name"]), package["version"].clone()));
    assert_eq!(&listed.collect::<BTreeMap<_, _>>(), lock, "`pip list`");
    let distributions = probed["distributions"].as_object().unwrap();
    let found = distributions.iter().map(|(name, version)| (normalized(name), version.as_str().unwrap().to_owned()));
    assert_eq!(&found.collect::<BTreeMap<_, _>>(), lock, "`importlib.metadata`");
}

/// Fails unless whoever has the lock and nothing else deploys an edit of dag.py without a wheel, in one small layer.
fn assert_edit_is_small(road: &Road, root: &Path, before: &str) {
    let elsewhere = road.newcomer();
    std::fs::write(root.join("dag.py"), format!("{DAG}# edited\n")).unwrap();
    let options = ["--locked", NO_INDEX[0], NO_INDEX[1]];
    let after = road.deploy_from(&elsewhere, &road.base, root, &options);
    assert!((1..=64 << 10).contains(&after.uploaded_bytes), "{} bytes", after.uploaded_bytes);
    let layers = |image: &str| road.inspect(image)["Layers"].as_array().unwrap().clone();
    let (before, after) = (layers(before), layers(&after.image));
    assert!(before.len() > road.base.layers.len() + 2, "{before:?}");
    assert_eq!(before.len(), after.len());
    let ((before, packages), (after, same)) = (before.split_last().unwrap(), after.split_last().unwrap());
    assert_eq!(packages, same);
    assert_ne!(before, after, "the project's own layer");
}
