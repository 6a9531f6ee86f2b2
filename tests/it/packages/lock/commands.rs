//! `leoflow lock` and `--locked`, against an index on loopback and a base in an image layout.

use std::fs;
use std::path::Path;

use leoflow::layers::Digest;
use serde_json::{Value, json};

use crate::support::bases::official_python;
use crate::support::package_index::PackageIndex;
use crate::support::wheels::Wheel;
use crate::support::{Home, Ran};

const LOCK: &str = "demo/pylock.linux-amd64-py311.toml";
const DAG: &str = "from airflow.sdk import DAG, task\n\nwith DAG(dag_id=\"demo\", schedule=None):\n    @task\n    def t():\n        import app\n\n    t()\n";

/// A project that asks for `app`, which needs `lib`; its base; and an index that has both.
pub(super) struct World {
    pub(super) home: Home,
    pub(super) index: PackageIndex,
}

impl World {
    pub(super) async fn new() -> Self {
        let home = Home::new();
        base(&home.path().join("base"), &official_python("3.11.9").tar());
        home.write("demo/dag.py", DAG);
        let world = Self { home, index: PackageIndex::start().await };
        world.asks_for("[\"app\"]");
        for wheel in [Wheel::new("app", "1.0").requires("lib>=1").requires("pip"), Wheel::new("lib", "1.0")] {
            world.index.put(&wheel);
        }
        world
    }

    pub(super) fn asks_for(&self, dependencies: &str) {
        self.home.write("demo/leoflow.yaml", &format!("dag_id: demo\ndependencies: {dependencies}\n"));
    }

    pub(super) async fn run(&self, arguments: &[&str]) -> Ran {
        let url = self.index.url();
        let mut command = self.home.leoflow();
        command.args(arguments).args(["--base", "oci:base", "--index-url", &url]);
        tokio::task::spawn_blocking(move || Ran::of(command.output().unwrap())).await.unwrap()
    }

    pub(super) async fn json(&self, arguments: &[&str]) -> Value {
        self.run(&[arguments, &["--output", "json"]].concat()).await.exits(0).json()
    }

    pub(super) fn lock(&self) -> String {
        fs::read_to_string(self.home.path().join(LOCK)).unwrap()
    }
}

/// Writes an image of one layer as an image layout.
fn base(directory: &Path, layer: &[u8]) {
    let blobs = directory.join("blobs/sha256");
    fs::create_dir_all(&blobs).unwrap();
    let put = |media_type: &str, bytes: &[u8]| {
        let digest = Digest::of(bytes);
        fs::write(blobs.join(digest.hex()), bytes).unwrap();
        json!({"mediaType": media_type, "digest": digest.to_string(), "size": bytes.len()})
    };
    let layer_of = put("application/vnd.oci.image.layer.v1.tar", layer);
    let rootfs = json!({"type": "layers", "diff_ids": [layer_of["digest"]]});
    let environment = ["PATH=/usr/local/bin:/usr/bin:/bin"];
    let config = json!({"architecture": "amd64", "os": "linux", "config": {"Env": environment}, "rootfs": rootfs});
    let config = put("application/vnd.oci.image.config.v1+json", config.to_string().as_bytes());
    let media_type = "application/vnd.oci.image.manifest.v1+json";
    let manifest = json!({"schemaVersion": 2, "mediaType": media_type, "config": config, "layers": [layer_of]});
    let manifest = put(media_type, manifest.to_string().as_bytes());
    let index = json!({"schemaVersion": 2, "manifests": [manifest]});
    fs::write(directory.join("index.json"), index.to_string()).unwrap();
    fs::write(directory.join("oci-layout"), r#"{"imageLayoutVersion": "1.0.0"}"#).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_is_written_once_and_kept_until_told_otherwise() {
    let world = World::new().await;
    world.run(&["lock", "demo"]).await.exits(0).says(&["Resolved  2 wheels"]);
    let first = world.lock();
    assert!(first.contains("name = \"lib\"") && first.contains("requirements = [\n    \"app\",\n]"), "{first}");
    let ran = world.run(&["lock", "demo"]).await.exits(0);
    assert!(ran.stdout.starts_with("Unchanged demo: pylock.linux-amd64-py311.toml"), "{}", ran.stdout);
    world.index.put(&Wheel::new("lib", "1.1"));
    world.index.put(&Wheel::new("app", "1.1").requires("lib>=1"));
    fs::remove_dir_all(world.home.path().join(".cache")).unwrap();
    world.run(&["lock", "demo"]).await.exits(0);
    assert_eq!(world.lock(), first, "nobody asked for an upgrade");
    let json = world.json(&["lock", "demo", "--upgrade-package", "lib"]).await;
    let file = &json["files"][0];
    assert_eq!((&json["schema"], &file["changed"]), (&"leoflow.lock/v1".into(), &true.into()));
    assert_eq!(file["differences"], json!([{"name": "lib", "before": "1.0", "now": "1.1"}]));
    let ran = world.run(&["lock", "demo", "--upgrade"]).await.exits(0);
    assert!(ran.stdout.contains("\n  app 1.0 -> 1.1\n"), "{}", ran.stdout);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_that_cannot_be_read_is_repaired() {
    let world = World::new().await;
    world.run(&["lock", "demo"]).await.exits(0);
    let good = world.lock();
    let conflict = format!("<<<<<<< ours\n{good}");
    let elsewhere = good.replacen("lock-version = \"1.0\"", "lock-version = \"9.0\"", 1);
    for broken in ["", "nonsense", &conflict, &elsewhere] {
        world.home.write(LOCK, broken);
        world.run(&["build", "demo", "-o", "oci:image"]).await.exits(5);
        let says = ["warning: ", "pylock.linux-amd64-py311.toml", "a lock is written anew"];
        world.run(&["lock", "demo"]).await.exits(0).says(&says);
        assert_eq!(world.lock(), good, "{broken}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_upgrades_a_package_that_is_not_there_is_told() {
    let world = World::new().await;
    for (name, says) in [("libb", "did you mean `lib`?"), ("nosuch-package", "leoflow tree")] {
        let ran = world.run(&["lock", "demo", "--upgrade-package", name]).await.exits(2);
        ran.says(&[&format!("`{name}`"), "--upgrade-package", says]);
        assert!(!world.home.path().join(LOCK).exists(), "nothing was written");
    }
    for name in ["lib", "pip", "LIB"] {
        world.run(&["lock", "demo", "--upgrade-package", name]).await.exits(0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pins_that_lack_what_a_package_needs_are_not_installed_as_they_are() {
    let world = World::new().await;
    let lib = Wheel::new("lib", "1.0");
    let app = Wheel::new("app", "1.0").requires("lib>=1").requires("pip").requires("nt ; os_name == 'nt'");
    let pin = |name: &str, wheel: &Wheel| format!("{name}==1.0 --hash={}\n", Digest::of(&wheel.build()));
    world.index.put(&app);
    world.home.write("demo/requirements.txt", &pin("app", &app));
    let (build, lacks) = (["build", "demo", "-o", "oci:image"], "`app` needs `lib`, which the lock does not hold");
    world.run(&[&build[..], &["--locked"]].concat()).await.exits(5).says(&[lacks, "leoflow lock"]);
    world.run(&build).await.exits(0).says(&["warning: `requirements.txt` is stale", lacks, "Resolved  2 wheels"]);
    world.home.write("demo/requirements.txt", &(pin("app", &app) + &pin("lib", &lib)));
    world.run(&[&build[..], &["--locked"]].concat()).await.exits(0).says(&["2 wheels", "by requirements.txt"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn locked_refuses_what_the_lock_does_not_answer() {
    let world = World::new().await;
    let build = |locked: bool| {
        let flag: &[&str] = if locked { &["--locked"] } else { &[] };
        ["build", "demo", "-o", "oci:image"].iter().chain(flag).copied().collect::<Vec<&str>>()
    };
    world.run(&build(true)).await.exits(5).says(&["there is no lock", "leoflow lock"]);
    world.run(&["lock", "demo"]).await.exits(0);
    world.run(&build(true)).await.exits(0).says(&["Locked  2 wheels", "by pylock.linux-amd64-py311.toml"]);
    world.asks_for("[\"app>=1\", \"lib\"]");
    let stale = ["`app` became `app>=1`", "`lib` was added", "leoflow lock"];
    world.run(&build(true)).await.exits(5).says(&stale);
    world.run(&build(false)).await.exits(0).says(&["warning: `pylock.linux-amd64-py311.toml` is stale", stale[0]]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_locked_image_is_the_resolved_one_and_asks_no_index_for_pages() {
    let world = World::new().await;
    let build = ["build", "demo", "-o", "oci:image"];
    let resolved = world.json(&build).await["digest"].clone();
    world.run(&["lock", "demo"]).await.exits(0);
    fs::remove_dir_all(world.home.path().join(".cache")).unwrap();
    let pages = world.index.count("GET /simple/");
    assert_eq!(world.json(&build).await["digest"], resolved, "the same packages are the same image");
    assert_eq!(world.index.count("GET /simple/"), pages);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_project_without_packages_has_nothing_to_lock() {
    let world = World::new().await;
    world.asks_for("[]");
    world.run(&["lock", "demo"]).await.exits(3).says(&["nothing to lock", "dependencies:"]);
    assert!(!world.home.path().join(LOCK).exists());
}
