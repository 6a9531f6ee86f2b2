//! What every test travels: a base on one registry, a target with a password, a control plane, someone logged in.

use std::path::Path;

use serde_json::Value;

use crate::base::Base;
use crate::leoflow::Home;
use crate::programs::{command, run};
use crate::registry::{Access, Registry};
use crate::server::Server;

const USERNAME: &str = "deployer";
const PASSWORD: &str = "correct horse battery staple";

/// The servers between a project and a running task, and the project's owner.
pub(crate) struct Road {
    /// The base image, on a registry that is not the target.
    pub(crate) base: Base,
    /// The registry to deploy to.
    pub(crate) target: Registry,
    /// Who deploys.
    pub(crate) home: Home,
    _base_registry: Registry,
    _control_plane: Server,
}

/// What a deploy said it did.
pub(crate) struct Deployed {
    /// `name@sha256:…`
    pub(crate) image: String,
    /// Whether the control plane had not seen this version before.
    pub(crate) created: bool,
    /// Bytes of blobs sent to the registry.
    pub(crate) uploaded_bytes: u64,
}

impl Road {
    /// Starts the servers and logs in.
    pub(crate) fn open() -> Self {
        let base_registry = Registry::start(&Access::Open);
        let target = Registry::start(&Access::Basic { username: USERNAME, password: PASSWORD });
        let home = Home::new(&target.host, USERNAME, PASSWORD);
        let base = base_registry.hold_base(&home);
        let mut control_plane = Server::start("leoflow sandbox", home.leoflow().arg("sandbox"));
        let url = control_plane.wait_for("http://127.0.0.1:");
        home.login(url.trim(), USERNAME, PASSWORD);
        Self { base, target, home, _base_registry: base_registry, _control_plane: control_plane }
    }

    /// Deploys the sample project onto `base`.
    pub(crate) fn deploy(&self, base: &Base) -> Deployed {
        let registry = format!("{}/team", self.target.host);
        let project = project();
        let arguments =
            ["deploy", &project, "--yes", "--base", &base.reference, "--registry", &registry, "--output", "json"];
        let report = self.home.run(arguments);
        let report: Value = serde_json::from_str(&report).unwrap_or_else(|error| panic!("{error}: {report}"));
        Deployed {
            image: report["image"].as_str().unwrap().to_owned(),
            created: report["created"].as_bool().unwrap(),
            uploaded_bytes: report["uploaded_bytes"].as_u64().unwrap(),
        }
    }

    /// Returns what skopeo says of an image.
    pub(crate) fn inspect(&self, image: &str) -> Value {
        self.skopeo_inspect(&[], image)
    }

    /// Returns the configuration of an image as skopeo fetches it.
    pub(crate) fn inspect_config(&self, image: &str) -> Value {
        self.skopeo_inspect(&["--config"], image)
    }

    fn skopeo_inspect(&self, options: &[&str], image: &str) -> Value {
        let mut skopeo = command("skopeo");
        skopeo.args(["inspect", "--tls-verify=false", "--authfile"]).arg(self.home.registry_logins()).args(options);
        serde_json::from_str(&run(skopeo.arg(format!("docker://{image}")))).unwrap()
    }
}

fn project() -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/projects/etl_sales").display().to_string()
}
