//! Packages on the whole road: index and registry on loopback, the program as a user runs it.

mod account;
mod all;
mod cold;
mod foretold;
mod interrupted;
mod locked;
mod record;
mod refused;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};

use leoflow::layers::Digest;
use serde_json::{Value, json};

use super::faults::noise;
use crate::support::bases::official_python;
use crate::support::fake_registry::{FakeRegistry, Store};
use crate::support::package_index::PackageIndex;
use crate::support::scripted::{Answer, Request, Scripted};
use crate::support::wheels::Wheel;
use crate::support::{Home, Ran};

const DAG: &str = "\
from airflow.sdk import DAG, task

with DAG(dag_id=\"demo\", schedule=None):
    @task
    def t():
        import app

    t()
";
const RECORD: &str = "leoflow-cache-linux-amd64-py3.11";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

type Rule = Box<dyn FnMut(&Request, &mut Store) -> Option<Answer> + Send>;

/// A project that asks for `app`, which needs `heavy`, a layer to itself; its base; a registry, an index, a control plane.
struct World {
    home: Home,
    index: PackageIndex,
    registry: FakeRegistry,
    control_plane: Scripted,
    rule: Arc<Mutex<Option<Rule>>>,
}

/// What a command asked of the servers.
struct Asked {
    registry: Vec<Request>,
    index: Vec<Request>,
}

fn heavy(version: &str) -> Wheel {
    Wheel::new("heavy", version).file("heavy/data.bin", noise(2_100_000))
}

impl World {
    async fn new() -> Self {
        Self::of(PackageIndex::start().await).await
    }

    /// The same with another index, which is given the wheels.
    async fn of(index: PackageIndex) -> Self {
        let rule = Arc::<Mutex<Option<Rule>>>::default();
        let script = Arc::clone(&rule);
        let registry = FakeRegistry::scripted(move |request, store| script.lock().unwrap().as_mut()?(request, store));
        let control_plane = Scripted::start(|request| {
            let dag_id = request.path.split('/').nth(4);
            let registered = json!({"dag_id": dag_id, "version": "1", "spec_hash": "2", "created": true}).to_string();
            Answer::new(201).header("Content-Type", "application/json").body(registered.as_bytes())
        });
        let (registry, control_plane) = tokio::join!(registry, control_plane);
        index.put(&Wheel::new("app", "1.0").requires("heavy>=1"));
        index.put(&heavy("1.0"));
        let world = Self { home: Home::new(), index, registry, control_plane, rule };
        world.put_base("3.11");
        world.write_project("dependencies: [app]\n");
        world
    }

    /// Writes the project, with these lines in its leoflow.yaml.
    fn write_project(&self, lines: &str) {
        self.home.write("demo/leoflow.yaml", &format!("dag_id: demo\n{lines}"));
        self.home.write("demo/dag.py", DAG);
    }

    /// Puts a base for both platforms into the registry.
    fn put_base(&self, tag: &str) {
        let manifests = [("amd64", "x86_64"), ("arm64", "aarch64")].map(|(architecture, machine)| {
            let libc = format!("usr/lib/{machine}-linux-gnu/libc.so.6");
            let debian = "Package: libpq5\nStatus: install ok installed\nVersion: 15.6\n\n";
            let layer = official_python("3.11.9")
                .file(&libc, "GNU C Library (Debian GLIBC 2.36-9) stable release version 2.36.\n")
                .file("var/lib/dpkg/status", debian)
                .tar();
            let manifest = self.image_of(architecture, &layer);
            let platform = json!({"os": "linux", "architecture": architecture});
            json!({"mediaType": MANIFEST, "digest": Digest::of(&manifest).to_string(), "size": manifest.len(),
                   "platform": platform})
        });
        let media_type = "application/vnd.oci.image.index.v1+json";
        let index = json!({"schemaVersion": 2, "mediaType": media_type, "manifests": manifests}).to_string();
        self.registry.put_manifest("base/python", tag, media_type, index.as_bytes());
    }

    fn image_of(&self, architecture: &str, layer: &[u8]) -> Vec<u8> {
        let put = |media_type: &str, bytes: &[u8]| {
            let digest = self.registry.put_blob("base/python", bytes);
            json!({"mediaType": media_type, "digest": digest.to_string(), "size": bytes.len()})
        };
        let layer = put("application/vnd.oci.image.layer.v1.tar", layer);
        let rootfs = json!({"type": "layers", "diff_ids": [layer["digest"]]});
        let environment = ["PATH=/usr/local/bin:/usr/bin:/bin"];
        let config =
            json!({"architecture": architecture, "os": "linux", "config": {"Env": environment}, "rootfs": rootfs});
        let config = put("application/vnd.oci.image.config.v1+json", config.to_string().as_bytes());
        let manifest = json!({"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [layer]});
        let manifest = manifest.to_string().into_bytes();
        self.registry.put_manifest("base/python", architecture, MANIFEST, &manifest);
        manifest
    }

    /// Another machine: nothing but the project, as it was checked out.
    fn elsewhere(&mut self) {
        let home = Home::new();
        let (from, to) = (self.home.path().join("demo"), home.path().join("demo"));
        fs::create_dir(&to).unwrap();
        for entry in fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
        self.home = home;
    }

    /// Has the registry answer by `rule` where that has an answer.
    fn rule(&self, rule: impl FnMut(&Request, &mut Store) -> Option<Answer> + Send + 'static) {
        *self.rule.lock().unwrap() = Some(Box::new(rule));
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let (host, url) = (self.registry.host(), self.index.url());
        let mut command = self.home.leoflow();
        command.args(arguments).args(["--base", &format!("{host}/base/python:3.11"), "--index-url", &url]);
        command
    }

    async fn run(&self, arguments: &[&str]) -> Ran {
        finished(self.command(arguments)).await
    }

    fn deploying(&self, arguments: &[&str]) -> Command {
        let mut command = self.command(&["deploy", "demo"]);
        self.send_here(command.args(arguments));
        command
    }

    /// Says where a deploy goes.
    fn send_here(&self, command: &mut Command) {
        let server = format!("http://{}", self.control_plane.host());
        command.args(["--server", &server, "--token", "t", "--registry", &self.registry.host()]);
    }

    async fn deploy(&self, arguments: &[&str]) -> Ran {
        finished(self.deploying(arguments)).await
    }

    /// Deploys, and returns the result with what was asked.
    async fn deployed(&self, arguments: &[&str]) -> (Value, Asked) {
        let before = (self.registry.server.requests().len(), self.index.server.requests().len());
        let ran = self.deploy(&[arguments, &["--output", "json"]].concat()).await.exits(0);
        let registry = self.registry.server.requests().split_off(before.0);
        let index = self.index.server.requests().split_off(before.1);
        (ran.json(), Asked { registry, index })
    }

    /// The manifest of a deployed image.
    fn manifest(&self, deployed: &Value) -> Value {
        let bytes = self.registry.manifest("demo", deployed["digest"].as_str().unwrap()).unwrap();
        serde_json::from_slice(&bytes).unwrap()
    }

    /// The digests of a deployed image's layers.
    fn layers(&self, deployed: &Value) -> Vec<String> {
        let manifest = self.manifest(deployed);
        let layers = manifest["layers"].as_array().unwrap();
        layers.iter().map(|layer| layer["digest"].as_str().unwrap().to_owned()).collect()
    }

    fn edit(&self) {
        let dag = self.path("demo/dag.py");
        let text = fs::read_to_string(&dag).unwrap();
        fs::write(dag, text + "\n# edited\n").unwrap();
    }

    fn path(&self, path: &str) -> PathBuf {
        Path::join(self.home.path(), path)
    }

    fn forget_caches(&self) {
        fs::remove_dir_all(self.path(".cache")).unwrap();
    }

    /// Has the index asked again what there is.
    fn forget_pages(&self) {
        fs::remove_dir_all(self.path(".cache/leoflow/answers")).unwrap();
    }
}

async fn finished(mut command: Command) -> Ran {
    tokio::task::spawn_blocking(move || Ran::of(command.output().unwrap())).await.unwrap()
}

impl Asked {
    /// The lines of what was asked of the registry.
    fn lines(&self) -> Vec<String> {
        self.registry.iter().map(Request::line).collect()
    }

    fn count(&self, method: &str, part: &str) -> usize {
        self.registry.iter().filter(|request| request.method == method && request.path.contains(part)).count()
    }

    /// How many bytes went to the registry.
    fn uploaded(&self) -> usize {
        self.registry.iter().map(|request| request.body.len()).sum()
    }

    /// How many wheels were downloaded, metadata beside them not counted.
    fn wheels(&self) -> usize {
        self.index.iter().filter(|request| request.path.ends_with(".whl")).count()
    }
}
