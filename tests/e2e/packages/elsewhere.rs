//! Packages for a platform that this machine is not: compared with what pip leaves, and without a network.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use super::{locked, project};
use crate::base;
use crate::leoflow::Home;
use crate::programs::{command, run, skopeo};

/// Native and pure wheels, programs, and what lies in `.data`: a script of jmespath, a manual page of fonttools.
const CONFIG: &str = r#"
schema_version: "1.0"
dag_id: packages
python_version: "3.11"
dependencies: [fonttools, jmespath, requests, tabulate]
"#;

const DAG: &str = r#"
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
        let root = project(&home, CONFIG, DAG);
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
