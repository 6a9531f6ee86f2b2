//! The base image: built once into a cache, then copied into the registries that tests start.

use std::path::Path;
use std::sync::OnceLock;

use serde_json::Value;

use crate::leoflow::Home;
use crate::programs::{self, run, skopeo};

/// A base image in a registry.
#[derive(Clone)]
pub(crate) struct Base {
    /// `host:port/repository:tag`
    pub(crate) reference: String,
    /// The digests of its layers, as its manifest lists them.
    pub(crate) layers: Vec<String>,
}

/// Returns the base as a transport of skopeo's; the first call of all may take a minute.
pub(crate) fn layout() -> &'static str {
    static LAYOUT: OnceLock<String> = OnceLock::new();
    LAYOUT.get_or_init(|| {
        programs::require_all();
        let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/e2e/base/build.sh");
        let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("e2e");
        let path = run(programs::command("sh").arg(here).arg(cache));
        format!("oci:{}:base", path.trim())
    })
}

/// Copies the base image into the registry at `host`.
pub(crate) fn copy_to(host: &str, home: &Home) -> Base {
    let reference = format!("{host}/runtime/python:py3.11");
    let (logins, destination) = (home.registry_logins(), format!("docker://{reference}"));
    let options = ["copy", "--all", "--quiet", "--dest-tls-verify=false", "--dest-authfile"];
    run(skopeo().args(options).arg(&logins).args([layout(), &destination]));
    let inspected = run(skopeo().args(["inspect", "--tls-verify=false", "--authfile"]).arg(&logins).arg(destination));
    let inspected: Value = serde_json::from_str(&inspected).unwrap();
    let layers = inspected["Layers"].as_array().unwrap().iter().map(|layer| layer.as_str().unwrap().to_owned());
    Base { layers: layers.collect(), reference }
}

/// Makes a base as if it had been built for another architecture, as a layout in `directory`; nothing in it runs.
pub(crate) fn for_architecture(architecture: &str, directory: &Path) -> String {
    let image = format!("{}:base", directory.display());
    run(skopeo().args(["copy", "--quiet", layout(), &format!("oci:{image}")]));
    run(programs::command("umoci").args(["config", "--image", &image]).args([
        "--architecture",
        architecture,
        "--no-history",
    ]));
    format!("oci:{image}")
}
