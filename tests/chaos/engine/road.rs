//! One deploy, from dag.py to the registered version, with a proxy before every server.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use leoflow::deploy::{self, Base, Common, DeployError, Deployed, Deployment, Step, Tools};
use leoflow::layers::Digest;
use leoflow::packages::index::{Index, IndexOptions, Sources};
use serde_json::json;
use tempfile::TempDir;

use super::base;
use super::gate::{Gate, Login, encoded};
use super::proxy::{Plan, Proxy};
use super::schedule::{Fault, Host, Schedule, Shape};
use super::secrets::{BASE_PASSWORD, TARGET_PASSWORD};
use super::servers::Servers;
use super::settings::{self, Limits};
use super::upstream::Upstream;

pub(crate) const YAML: &str = "dag_id: chaos\nregistry:\n  url: registry.example.com/team\n";
pub(crate) const DAG: &str = "from airflow.sdk import dag, task\n\n@task\ndef hello():\n    return 1\n\n\
                   @dag(schedule=None)\ndef chaos():\n    hello()\n\nchaos()\n";

/// Ports, a project and a user: what all runs of one worker share, so that names and digests stay the same.
pub(crate) struct Slot {
    base: Proxy,
    target: Proxy,
    control_plane: Proxy,
    stranger: Proxy,
    home: TempDir,
    base_registry: String,
    base_digest: Digest,
    expected: HashMap<Shape, Digest>,
}

/// What came of a deploy.
pub(crate) struct Ran {
    pub(crate) result: Result<Deployed, DeployError>,
    pub(crate) fired: Vec<Fault>,
    /// When which step was done, since the beginning.
    pub(crate) steps: Vec<(&'static str, Duration)>,
    pub(crate) took: Duration,
    /// What was told of failures that were survived.
    pub(crate) told: Vec<String>,
    /// The heads that base, target, control plane and stranger saw.
    pub(crate) seen: [Vec<String>; 4],
}

impl Slot {
    pub(crate) async fn start(base_registry: &str, base_digest: Digest) -> Self {
        let (base, target) = (Proxy::start().await, Proxy::start().await);
        let (control_plane, stranger) = (Proxy::start().await, Proxy::start().await);
        let home = tempfile::tempdir().unwrap();
        fs::create_dir_all(home.path().join("project")).unwrap();
        fs::create_dir_all(home.path().join("tmp")).unwrap();
        fs::write(home.path().join("project/leoflow.yaml"), YAML).unwrap();
        fs::write(home.path().join("project/dag.py"), DAG).unwrap();
        fs::write(home.path().join("project/noise.bin"), base::noise(50_000)).unwrap();
        let auth = |password| json!({ "auth": encoded(password) });
        let logins = json!({ "auths": {
            base.address.as_str(): auth(BASE_PASSWORD), target.address.as_str(): auth(TARGET_PASSWORD),
        } });
        fs::write(home.path().join("config.json"), logins.to_string()).unwrap();
        let (base_registry, expected) = (base_registry.to_owned(), HashMap::new());
        Self { base, target, control_plane, stranger, home, base_registry, base_digest, expected }
    }

    /// Returns the digest of a deploy that nothing happens to.
    pub(crate) async fn expected(&mut self, shape: Shape) -> Digest {
        if !self.expected.contains_key(&shape) {
            let servers = Servers::start().await;
            let ran = self.run(&Schedule { seed: 0, shape, faults: Vec::new() }, &servers, 0).await;
            self.expected.insert(shape, ran.result.unwrap().image.digest());
        }
        self.expected[&shape]
    }

    /// Where spool files go.
    pub(crate) fn spool(&self) -> PathBuf {
        self.home.path().join("tmp")
    }

    /// Deploys to `servers` while `schedule` happens.
    pub(crate) async fn run(&self, schedule: &Schedule, servers: &Servers, triggered_at: u64) -> Ran {
        if schedule.shape.one_registry && !servers.has_base {
            base::put(&servers.registry).await;
        }
        let plans = self.plan(schedule, servers);
        let (steps, told) = (Mutex::new(Vec::new()), Arc::new(Mutex::new(Vec::new())));
        // One cache for all deploys to these servers: a lie must not get into it.
        let cache = settings::cache(&servers.directory.path().join("cache"));
        let logins = self.home.path().join("config.json");
        let registry = settings::registry(&logins, &self.target.address, cache.clone(), schedule, Arc::clone(&told));
        let control_plane = settings::control_plane(&self.control_plane.address, Limits::of(schedule));
        let start = Instant::now();
        let on_step = |step: Step<'_>| steps.lock().unwrap().push((name(&step), start.elapsed()));
        let tools = Tools {
            interpreter: settings::interpreter(),
            assembly: settings::assembly(&self.spool()),
            cache,
            registry: &registry,
            index: Index::new(IndexOptions::new(Sources::default())).unwrap(),
            common: Arc::new(Common::new(2)),
            on_step: &on_step,
            on_packed: Arc::new(|_| {}),
        };
        let result =
            deploy::deploy(&self.deployment(schedule.shape, servers, triggered_at), &tools, &control_plane).await;
        let took = start.elapsed();
        Ran {
            result,
            fired: plans.iter().flat_map(|plan| plan.fired()).cloned().collect(),
            steps: steps.into_inner().unwrap(),
            took,
            told: told.lock().unwrap().clone(),
            seen: plans.map(|plan| plan.seen()),
        }
    }

    fn plan(&self, schedule: &Schedule, servers: &Servers) -> [Arc<Plan>; 4] {
        let stranger = &self.stranger.address;
        let digest = self.expected.get(&schedule.shape).map(Digest::to_string).unwrap_or_default();
        let faults = |host| schedule.faults.iter().filter(|fault| fault.host == host).cloned().collect();
        let plan = |upstream, gate, faults| Plan::new(upstream, gate, stranger, &digest, faults);
        let at = |address: &str| Upstream::At(address.to_owned());
        [
            self.base.follow(plan(at(&self.base_registry), Gate::new(Login::Basic, BASE_PASSWORD), faults(Host::Base))),
            self.target.follow(
                plan(at(&servers.registry), Gate::new(Login::Bearer, TARGET_PASSWORD), faults(Host::Target))
                    .tls(schedule.shape.tls),
            ),
            self.control_plane.follow(plan(at(&servers.control_plane()), Gate::open(), faults(Host::ControlPlane))),
            self.stranger.follow(plan(Upstream::Stranger, Gate::open(), Vec::new())),
        ]
    }

    fn deployment(&self, shape: Shape, servers: &Servers, triggered_at: u64) -> Deployment {
        let host = if shape.one_registry { &self.target.address } else { &self.base.address };
        let base = match shape.by_digest {
            true => format!("{host}/{}@{}", base::REPOSITORY, self.base_digest),
            false => format!("{host}/{}:{}", base::REPOSITORY, base::TAG),
        };
        let platforms = if shape.two_platforms { &["linux/amd64", "linux/arm64"][..] } else { &["linux/amd64"] };
        Deployment {
            plan: deploy::Plan {
                project: leoflow::project::load(&self.home.path().join("project")).unwrap(),
                base: Base::Registry(base.parse().unwrap()),
                platforms: platforms.iter().map(|platform| platform.parse().unwrap()).collect(),
                tag: "v1".parse().unwrap(),
                annotations: BTreeMap::new(),
                allowed_files: Vec::new(),
                own_directories: Vec::new(),
                packages: leoflow::deploy::PackageOptions::default(),
            },
            repository: format!("{}/{}", self.target.address, servers.repository).parse().unwrap(),
            trigger: Some(triggered_at),
        }
    }
}

fn name(step: &Step<'_>) -> &'static str {
    match step {
        Step::BaseResolved(..) => "base",
        Step::Built(_) => "built",
        Step::Pushed(_) => "pushed",
        Step::Registered(_) => "registered",
        Step::Triggered(_) => "triggered",
        _ => "prepared",
    }
}
