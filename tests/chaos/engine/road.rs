//! One deploy, from dag.py to the registered version, with a proxy before every server.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use leoflow::cache::{self, Cache};
use leoflow::control_plane::{ControlPlane, ProxySettings};
use leoflow::credentials::Keychain;
use leoflow::deploy::{self, Base, DeployError, Deployed, Deployment, Step, Tools};
use leoflow::layers::{AssembleOptions, Compression, Digest};
use leoflow::python::Interpreter;
use leoflow::registry::{Certificates, Client, Event, HostCertificates, Options, Registries};
use leoflow::sandbox::Sandbox;
use leoflow::secret::Secret;
use serde_json::json;
use tempfile::TempDir;

use super::base;
use super::connection::file;
use super::gate::{Gate, Login, encoded};
use super::proxy::{Plan, Proxy};
use super::schedule::{Fault, Host, Schedule, Shape};
use super::upstream::Upstream;

/// What must never be seen where it does not belong.
pub(crate) const BASE_PASSWORD: &str = "open-sesame-of-the-base";
pub(crate) const TARGET_PASSWORD: &str = "open-sesame-of-the-target";
pub(crate) const CONTROL_PLANE_TOKEN: &str = "open-sesame-of-the-control-plane";

/// How long things may take. They are short, so that what never answers costs little, but where a deploy must succeed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// For one pull or push.
    pub(crate) registry: Duration,
    /// For one call to the control plane.
    pub(crate) control_plane: Duration,
    idle: Duration,
}

impl Limits {
    pub(crate) fn of(schedule: &Schedule) -> Self {
        let [registry, control_plane, idle] = match schedule.must_succeed() {
            true => [60_000, 60_000, 20_000],
            false => [3000, 2000, 300],
        };
        let millis = Duration::from_millis;
        Self { registry: millis(registry), control_plane: millis(control_plane), idle: millis(idle) }
    }
}

const BACKOFF: Duration = Duration::from_millis(2);

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

/// Where a run deploys to.
pub(crate) struct Servers {
    /// `127.0.0.1:port` of the registry.
    pub(crate) registry: String,
    pub(crate) repository: String,
    /// Whether the base is in the registry too.
    has_base: bool,
    pub(crate) sandbox: Sandbox,
    /// The sandbox's files.
    pub(crate) directory: TempDir,
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

impl Servers {
    /// Starts a registry and a control plane with nothing in them.
    pub(crate) async fn start() -> Self {
        Self::start_for(0, None).await
    }

    /// Does so for a seed; a registry that is there already, with the base in it, takes the place of
    /// the one that is started.
    pub(crate) async fn start_for(seed: u64, registry: Option<&str>) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let sandbox = Sandbox::start(directory.path()).await.unwrap();
        let has_base = registry.is_some();
        let registry = registry.unwrap_or(&sandbox.registry).to_owned();
        Self { registry, has_base, repository: format!("team/seed-{seed}"), sandbox, directory }
    }

    /// `127.0.0.1:port` of the control plane.
    pub(crate) fn control_plane(&self) -> String {
        self.sandbox.control_plane.authority().to_owned()
    }
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
            let ran = self.run(&Schedule { seed: 0, shape, faults: Vec::new() }, &servers, "run-0").await;
            self.expected.insert(shape, ran.result.unwrap().image.digest());
        }
        self.expected[&shape]
    }

    /// Where spool files go.
    pub(crate) fn spool(&self) -> PathBuf {
        self.home.path().join("tmp")
    }

    /// Deploys to `servers` while `schedule` happens.
    pub(crate) async fn run(&self, schedule: &Schedule, servers: &Servers, run_id: &str) -> Ran {
        if schedule.shape.one_registry && !servers.has_base {
            base::put(&servers.registry).await;
        }
        let plans = self.plan(schedule, servers);
        let (steps, told) = (Mutex::new(Vec::new()), Arc::new(Mutex::new(Vec::new())));
        let limits = Limits::of(schedule);
        let cache = self.cache(servers);
        let (registry, control_plane) =
            (self.client(cache.clone(), Arc::clone(&told), limits), self.control_plane_client(limits));
        let start = Instant::now();
        let on_step = |step: Step<'_>| steps.lock().unwrap().push((name(&step), start.elapsed()));
        let tools = Tools {
            interpreter: Interpreter {
                program: env!("CARGO_BIN_EXE_leoflow").into(),
                wall_limit: Duration::from_secs(60),
                memory_limit: 2 << 30,
            },
            assembly: AssembleOptions {
                compression: Compression::Gzip,
                modified: 0,
                threads: 1,
                spool_directory: self.spool(),
            },
            cache,
            registry: &registry,
            on_step: &on_step,
            on_packed: Arc::new(|_| {}),
        };
        let result = deploy::deploy(&self.deployment(schedule.shape, servers, run_id), &tools, &control_plane).await;
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
            self.base.follow(plan(
                at(&self.base_registry),
                Gate::new(Login::Basic, BASE_PASSWORD),
                faults(Host::Base),
            )),
            self.target.follow(
                plan(at(&servers.registry), Gate::new(Login::Bearer, TARGET_PASSWORD), faults(Host::Target))
                    .tls(schedule.shape.tls),
            ),
            self.control_plane.follow(plan(at(&servers.control_plane()), Gate::open(), faults(Host::ControlPlane))),
            self.stranger.follow(plan(Upstream::Stranger, Gate::open(), Vec::new())),
        ]
    }

    fn client(&self, cache: Cache, told: Arc<Mutex<Vec<String>>>, limits: Limits) -> Client {
        let keychain =
            Keychain { files: vec![self.home.path().join("config.json")], ..Keychain::default() };
        let observer = move |event| {
            if let Event::Retry { attempted, reason, .. } = event {
                told.lock().unwrap().push(format!("{attempted}: {reason}"));
            }
        };
        Client::new(Options {
            deadline: limits.registry,
            backoff: BACKOFF,
            idle: limits.idle,
            cache,
            registries: Registries { certificates: self.certificates(), ..Registries::default() },
            observer: Arc::new(observer),
            ..Options::new(keychain)
        })
        .unwrap()
    }

    /// One cache for all deploys to these servers: a lie must not get into it.
    fn cache(&self, servers: &Servers) -> Cache {
        let directory = servers.directory.path().join("cache");
        Cache::open(cache::Options { directory, max_size: cache::DEFAULT_MAX_SIZE, on_fault: Arc::new(|_| {}) })
    }

    fn certificates(&self) -> Certificates {
        let authority = HostCertificates { authorities: vec![file("ca.pem")], ..HostCertificates::default() };
        Certificates { hosts: [(self.target.address.clone(), authority)].into(), ..Certificates::default() }
    }

    fn control_plane_client(&self, limits: Limits) -> ControlPlane {
        let url = format!("http://{}", self.control_plane.address).parse().unwrap();
        let token = Some(Secret::new(CONTROL_PLANE_TOKEN));
        ControlPlane::new(url, token, limits.control_plane, &ProxySettings::default()).unwrap().with_backoff(BACKOFF)
    }

    fn deployment(&self, shape: Shape, servers: &Servers, run_id: &str) -> Deployment {
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
                packages_in_base: false,
            },
            repository: format!("{}/{}", self.target.address, servers.repository).parse().unwrap(),
            trigger: Some(run_id.to_owned()),
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

/// What each of the four may be shown.
pub(crate) fn allowed(server: usize) -> &'static [&'static str] {
    match server {
        0 => &[BASE_PASSWORD],
        1 => &[TARGET_PASSWORD],
        2 => &[CONTROL_PLANE_TOKEN],
        _ => &[],
    }
}

/// Every form in which the secrets of a run travel.
pub(crate) fn secrets() -> Vec<(&'static str, String)> {
    let password = |text: &'static str| [(text, text.to_owned()), (text, encoded(text))];
    let passwords = [BASE_PASSWORD, TARGET_PASSWORD].into_iter().flat_map(password);
    passwords.chain([(CONTROL_PLANE_TOKEN, CONTROL_PLANE_TOKEN.to_owned())]).collect()
}

