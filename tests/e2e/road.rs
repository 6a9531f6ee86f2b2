//! What every test travels: a base on one registry, a target, a control plane, someone logged in.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

use crate::base::Base;
use crate::leoflow::Home;
use crate::programs::{run, skopeo};
use crate::registry::{Access, Registry};
use crate::server::Server;
use crate::tls;

pub(crate) const USERNAME: &str = "deployer";
pub(crate) const PASSWORD: &str = "correct horse battery staple";

/// The servers between a project and a running task, and the project's owner.
pub(crate) struct Road {
    /// The base image, on a registry that is not the target.
    pub(crate) base: Base,
    /// The registry to deploy to.
    pub(crate) target: Registry,
    /// Where that registry is spoken to: itself, or what stands before it.
    pub(crate) host: String,
    /// Who deploys.
    pub(crate) home: Home,
    control_plane: String,
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

impl Deployed {
    /// Reads what a successful deploy said.
    fn told(output: &Output) -> Self {
        assert!(output.status.success(), "{}\n{}", output.status, String::from_utf8_lossy(&output.stderr));
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        Self {
            image: report["image"].as_str().unwrap().to_owned(),
            created: report["created"].as_bool().unwrap(),
            uploaded_bytes: report["uploaded_bytes"].as_u64().unwrap(),
        }
    }
}

impl Road {
    /// Opens the road to a registry with a password.
    pub(crate) fn open() -> Self {
        Self::to(Registry::start(&Access::Basic { username: USERNAME, password: PASSWORD }))
    }

    /// Opens the road to `target`.
    pub(crate) fn to(target: Registry) -> Self {
        let host = target.host.clone();
        Self::through(target, host)
    }

    /// Opens the road to `target`, which is spoken to at `host`.
    pub(crate) fn through(target: Registry, host: String) -> Self {
        let base_registry = Registry::start(&Access::Open);
        let home = Home::new(&host, USERNAME, PASSWORD).trusting(tls::file("ca.pem"));
        let base = base_registry.hold_base(&home);
        let mut control_plane = Server::start("leoflow sandbox", home.leoflow().arg("sandbox"));
        let url = control_plane.wait_for("http://127.0.0.1:").trim().to_owned();
        home.login(&url, USERNAME, PASSWORD);
        Self {
            base,
            target,
            host,
            home,
            control_plane: url,
            _base_registry: base_registry,
            _control_plane: control_plane,
        }
    }

    /// Makes a home for somebody else, who trusts the authorities of this machine.
    pub(crate) fn newcomer(&self) -> Home {
        let home = Home::new(&self.host, USERNAME, PASSWORD);
        home.login(&self.control_plane, USERNAME, PASSWORD);
        home
    }

    /// Deploys the sample project onto `base`.
    pub(crate) fn deploy(&self, base: &Base) -> Deployed {
        self.deploy_with(base, &project("etl_sales"), &[])
    }

    /// Deploys a project onto `base`.
    pub(crate) fn deploy_with(&self, base: &Base, project: &Path, options: &[&str]) -> Deployed {
        Deployed::told(&self.try_deploy(base, project, options))
    }

    /// Deploys a project onto `base` as somebody else.
    pub(crate) fn deploy_from(&self, home: &Home, base: &Base, project: &Path, options: &[&str]) -> Deployed {
        let mut deploy = self.deploy_command(home, project);
        Deployed::told(&deploy.args(["--base", &base.reference]).args(options).output().unwrap())
    }

    /// Deploys an image that was built elsewhere.
    pub(crate) fn deploy_layout(&self, project: &Path, options: &[&str]) -> Deployed {
        Deployed::told(&self.deploy_command(&self.home, project).args(options).output().unwrap())
    }

    /// Deploys a project onto `base`, however that ends.
    pub(crate) fn try_deploy(&self, base: &Base, project: &Path, options: &[&str]) -> Output {
        self.deploy_command(&self.home, project).args(["--base", &base.reference]).args(options).output().unwrap()
    }

    fn deploy_command(&self, home: &Home, project: &Path) -> Command {
        let mut leoflow = home.leoflow();
        leoflow.arg("deploy").arg(project).args(["--yes", "--registry", &self.registry(), "--output", "json"]);
        leoflow
    }

    /// Returns where images go.
    pub(crate) fn registry(&self) -> String {
        format!("{}/team", self.host)
    }

    /// Returns what skopeo says of an image.
    pub(crate) fn inspect(&self, image: &str) -> Value {
        serde_json::from_str(&self.skopeo_inspect(&[], image)).unwrap()
    }

    /// Returns the configuration of an image as skopeo fetches it.
    pub(crate) fn inspect_config(&self, image: &str) -> Value {
        serde_json::from_str(&self.skopeo_inspect(&["--config"], image)).unwrap()
    }

    /// Returns the manifest of an image as it is.
    pub(crate) fn manifest(&self, image: &str) -> String {
        self.skopeo_inspect(&["--raw"], image)
    }

    fn skopeo_inspect(&self, options: &[&str], image: &str) -> String {
        let mut skopeo = skopeo();
        skopeo.args(["inspect", "--tls-verify=false", "--authfile"]).arg(self.home.registry_logins()).args(options);
        run(skopeo.arg(format!("docker://{image}")))
    }
}

/// Returns a project of `testdata/projects`.
pub(crate) fn project(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/projects").join(name)
}

/// Makes the sample project anew below `home`, with `bytes` more that do not compress.
pub(crate) fn large_project(home: &Home, bytes: usize) -> PathBuf {
    let directory = home.path().join("large");
    std::fs::create_dir(&directory).unwrap();
    run(Command::new("cp").arg("-R").arg(project("etl_sales").join(".")).arg(&directory));
    let mut content = vec![0; bytes];
    fastrand::Rng::with_seed(7).fill(&mut content);
    std::fs::write(directory.join("random.bin"), content).unwrap();
    directory
}
