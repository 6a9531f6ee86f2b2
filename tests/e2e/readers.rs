//! What we write is read by those that others use: skopeo, umoci, podman.

use std::path::Path;

use crate::assert_tasks_run;
use crate::base::{self, Base};
use crate::engine::Podman;
use crate::leoflow::Home;
use crate::programs::{command, run, skopeo};
use crate::road::{PASSWORD, Road, USERNAME, project};
use crate::server::Server;

/// Fails unless `directory` holds the sample project, byte for byte.
fn assert_holds_project(directory: &Path) {
    let sample = project("etl_sales");
    for entry in sample.read_dir().unwrap().map(Result::unwrap).filter(|entry| entry.path().is_file()) {
        let unpacked = std::fs::read(directory.join(entry.file_name()));
        // leoflow.yaml and what is excluded need not be there; what is there must be the same.
        if let Ok(unpacked) = unpacked {
            assert_eq!(unpacked, std::fs::read(entry.path()).unwrap(), "{:?}", entry.file_name());
        }
    }
    assert!(directory.join("dag.py").is_file(), "{directory:?} holds no dag.py");
}

/// Unpacks an image of a layout as a container runtime would, and looks at the project in it.
pub(crate) fn assert_umoci_unpacks(layout: &Path, tag: &str, home: &Home) {
    let bundle = home.path().join(format!("bundle-{tag}"));
    run(command("umoci").arg("unpack").args(["--image", &format!("{}:{tag}", layout.display())]).arg(&bundle));
    assert_holds_project(&bundle.join("rootfs/home/leoflow"));
    std::fs::remove_dir_all(bundle).unwrap();
}

#[test]
fn skopeo_copies_and_umoci_unpacks_what_was_deployed() {
    let road = Road::open();
    let deployed = road.deploy(&road.base);
    let layout = road.home.path().join("layout");
    run(skopeo()
        .args(["copy", "--quiet", "--src-tls-verify=false", "--src-authfile"])
        .arg(road.home.registry_logins())
        .arg(format!("docker://{}", deployed.image))
        .arg(format!("oci:{}:deployed", layout.display())));
    let manifest = run(skopeo().args(["inspect", "--raw", &format!("oci:{}:deployed", layout.display())]));
    assert_eq!(manifest, road.manifest(&deployed.image), "skopeo changes nothing on the way");
    assert_umoci_unpacks(&layout, "deployed", &road.home);
}

/// `leoflow sandbox`, whose registry is the target, and a base with a Python in it.
struct Sandbox {
    home: Home,
    registry: String,
    base: Base,
    _server: Server,
}

impl Sandbox {
    fn start() -> Self {
        let home = Home::new("127.0.0.1:1", USERNAME, PASSWORD);
        let mut server = Server::start("leoflow sandbox", home.leoflow().args(["sandbox", "--quiet"]));
        let url = server.wait_for("http://127.0.0.1:");
        let registry = server.wait_for("127.0.0.1:");
        home.login(url.trim(), USERNAME, PASSWORD);
        let base = base::copy_to(&registry, &home);
        Self { home, registry, base, _server: server }
    }
}

#[test]
fn the_sandbox_registry_serves_whoever_pulls() {
    let sandbox = Sandbox::start();
    let project = project("etl_sales").display().to_string();
    let registry = format!("{}/team", sandbox.registry);
    let arguments = ["deploy", &project, "--yes", "--base", &sandbox.base.reference, "--registry", &registry];
    let report = sandbox.home.run(arguments.into_iter().chain(["--output", "json"]));
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    let image = report["image"].as_str().unwrap();

    let layout = sandbox.home.path().join("layout");
    run(skopeo()
        .args(["copy", "--quiet", "--src-tls-verify=false", &format!("docker://{image}")])
        .arg(format!("oci:{}:deployed", layout.display())));
    assert_umoci_unpacks(&layout, "deployed", &sandbox.home);

    let podman = Podman::new(&sandbox.home);
    podman.pull(image);
    assert_tasks_run(|task| podman.run(image, task));
}
