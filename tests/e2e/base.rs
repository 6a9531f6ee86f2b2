//! The base image: built once into a cache, then copied into the registries that tests start.

use std::path::Path;
use std::sync::OnceLock;

use crate::programs::{self, run};

/// A base image in a registry.
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
