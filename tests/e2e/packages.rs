//! Packages of a real index in images that a container runtime runs, or that are compared with what pip leaves.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::base;
use crate::engine::Docker;
use crate::leoflow::Home;
use crate::programs::{command, run, skopeo, write_private};
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

/// Native and pure wheels, programs, and what lies in `.data`: a script of jmespath, a manual page of fonttools.
const SMALL_CONFIG: &str = r#"
schema_version: "1.0"
dag_id: packages
python_version: "3.11"
dependencies: [fonttools, jmespath, requests, tabulate]
"#;

const SMALL_DAG: &str = r#"
from datetime import datetime

import requests
from airflow.sdk import DAG, task


@task
def fetch() -> int:
    return requests.get("https://example.com").status_code


with DAG("packages", schedule=None, start_date=datetime(2025, 1, 1)):
    fetch()
"#;

/// Where Debian's Python looks for what is not Debian's.
const SITE_PACKAGES: &str = "lib/python3.11/dist-packages";

/// Files that tell who installed a package, and how.
const OF_INSTALLERS: [&str; 4] = ["INSTALLER", "RECORD", "REQUESTED", "direct_url.json"];

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

/// A small project for a platform that this machine is not, its base in a layout, and its lock.
struct Small {
    home: Home,
    base: String,
    root: PathBuf,
}

impl Small {
    fn open() -> Self {
        let home = Home::new("127.0.0.1:1", "nobody", "nothing");
        let base = base::for_architecture("arm64", &home.path().join("base"));
        let root = project(&home, SMALL_CONFIG, SMALL_DAG);
        let small = Self { home, base, root };
        run(small.leoflow(&small.home, "lock").args(["--output", "json"]));
        small
    }

    fn leoflow(&self, home: &Home, verb: &str) -> Command {
        let mut leoflow = home.leoflow();
        leoflow.arg(verb).arg(&self.root).args(["--base", &self.base, "--platform", "linux/arm64"]);
        leoflow
    }

    fn lock(&self) -> PathBuf {
        self.root.join("pylock.linux-arm64-py311.toml")
    }

    /// Returns the command that builds an image into the layout `name`.
    fn build(&self, home: &Home, name: &str) -> Command {
        let mut build = self.leoflow(home, "build");
        build.args(["-o", &self.layout(name), "--dag-version", "v1", "--output", "json"]);
        build
    }

    fn layout(&self, name: &str) -> String {
        format!("oci:{}:v1", self.home.path().join(name).display())
    }

    /// Lets pip download what is locked, for the same platform.
    fn wheelhouse(&self) -> PathBuf {
        let directory = self.home.path().join("wheels");
        run(self.pip("download").arg("--dest").arg(&directory));
        directory
    }

    fn pip(&self, verb: &str) -> Command {
        let mut pip = command("pip3");
        pip.args([verb, "--quiet", "--no-deps", "--only-binary=:all:", "--python-version=3.11"]);
        // pip takes one for that one, and not for the older ones that it implies.
        pip.args((17..=36).rev().map(|minor| format!("--platform=manylinux_2_{minor}_aarch64")));
        pip.arg("--platform=manylinux2014_aarch64");
        pip.args(locked(&self.lock()).iter().map(|(name, version)| format!("{name}=={version}")));
        pip
    }

    /// Unpacks the layers of an image that are not the base's, and returns what they hold below `/usr/local`.
    fn unpacked(&self, name: &str) -> PathBuf {
        let root = self.home.path().join(format!("{name}-unpacked"));
        std::fs::create_dir(&root).unwrap();
        for layer in layers(&self.layout(name)).strip_prefix(&*layers(&self.base)).unwrap() {
            let blob = self.home.path().join(name).join("blobs").join(layer.replace(':', "/"));
            run(command("tar").arg("-xzf").arg(blob).arg("-C").arg(&root));
        }
        root.join("usr/local")
    }
}

fn layers(image: &str) -> Vec<String> {
    let manifest: Value = serde_json::from_str(&run(skopeo().args(["inspect", "--raw", image]))).unwrap();
    let layers = manifest["layers"].as_array().unwrap().iter();
    layers.map(|layer| layer["digest"].as_str().unwrap().to_owned()).collect()
}

/// A file as two installers have to leave it: mode, owner, content.
type File = (u32, u32, Vec<u8>);

/// Adds the files below `directory` to `files`, by their paths in it.
fn read_files(directory: &Path, prefix: &Path, files: &mut BTreeMap<PathBuf, File>) {
    for entry in directory.read_dir().unwrap().map(Result::unwrap) {
        let (path, metadata) = (prefix.join(entry.file_name()), entry.metadata().unwrap());
        if metadata.is_dir() {
            read_files(&entry.path(), &path, files);
        } else if !OF_INSTALLERS.iter().any(|name| path.ends_with(name)) {
            let content = essence(&path, std::fs::read(entry.path()).unwrap());
            files.insert(path, (metadata.mode(), metadata.uid(), content));
        }
    }
}

/// Returns what of a program does not depend on where Python is and on which version of pip wrote it.
fn essence(path: &Path, content: Vec<u8>) -> Vec<u8> {
    if !path.starts_with("bin") {
        return content;
    }
    let text = String::from_utf8(content).unwrap();
    let (_, script) = text.split_once('\n').unwrap();
    let is_made = script.contains("sys.argv[0]");
    let calls = |line: &&str| line.starts_with("from ") || line.contains("sys.exit(");
    if is_made { script.lines().filter(calls).collect::<Vec<_>>().join("\n").into() } else { script.into() }
}

#[test]
fn the_image_of_another_platform_holds_what_pip_leaves() {
    let small = Small::open();
    run(&mut small.build(&small.home, "image"));
    let pip = small.home.path().join("pip");
    run(small.pip("install").args(["--no-compile", "--root-user-action=ignore", "--target"]).arg(&pip));

    let (mut ours, mut theirs, local) = (BTreeMap::new(), BTreeMap::new(), small.unpacked("image"));
    read_files(&local.join(SITE_PACKAGES), Path::new(""), &mut ours);
    for beside in ["bin", "share"] {
        read_files(&local.join(beside), Path::new(beside), &mut ours);
    }
    read_files(&pip, Path::new(""), &mut theirs);
    for expected in ["bin/jp.py", "bin/tabulate", "share/man/man1/ttx.1", "requests/__init__.py"] {
        assert!(theirs.contains_key(Path::new(expected)), "{expected}");
    }
    let native = |path: &PathBuf| path.to_string_lossy().ends_with("-aarch64-linux-gnu.so");
    assert!(theirs.keys().any(native), "native wheels");
    assert_eq!(ours.keys().collect::<Vec<_>>(), theirs.keys().collect::<Vec<_>>());
    let differ: Vec<_> = ours.iter().filter(|(path, file)| theirs[*path] != **file).map(|(path, _)| path).collect();
    assert!(differ.is_empty(), "{differ:?}");
}

#[test]
fn a_wheelhouse_gives_the_same_image_without_a_network() {
    let small = Small::open();
    let digest = |mut build: Command| {
        let built: Value = serde_json::from_str(&run(&mut build)).unwrap();
        built["digest"].as_str().unwrap().to_owned()
    };
    let online = digest(small.build(&small.home, "online"));
    let wheelhouse = small.wheelhouse();
    let offline = |name: &str, options: &[&str]| {
        let inside = Home::new("127.0.0.1:1", "nobody", "nothing");
        let mut build = small.build(&inside, name);
        build.arg("--find-links").arg(&wheelhouse).arg("--no-index").args(options);
        digest(without_network(&build, &inside))
    };
    assert_eq!(offline("locked", &["--locked"]), online);
    std::fs::remove_file(small.lock()).unwrap();
    assert_eq!(offline("resolved", &[]), online);
}

/// Returns a command of `home` as it runs where there is no network, not even loopback.
fn without_network(leoflow: &Command, home: &Home) -> Command {
    let mut cut = command("unshare");
    cut.args(["--net", "--"]).arg(leoflow.get_program()).args(leoflow.get_args()).env_clear();
    cut.envs(leoflow.get_envs().filter_map(|(key, value)| Some((key, value?)))).current_dir(home.path());
    cut
}
