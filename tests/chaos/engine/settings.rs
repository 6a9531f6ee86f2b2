//! What a deploy works with: limits that are short, a login for each server, one authority to trust.

use std::num::NonZeroU64;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use leoflow::cache::{self, Cache};
use leoflow::control_plane::{ControlPlane, ProxySettings};
use leoflow::credentials::Keychain;
use leoflow::layers::{AssembleOptions, Compression};
use leoflow::python::Interpreter;
use leoflow::registry::{Certificates, Client, Event, HostCertificates, Options, Registries};
use leoflow::secret::Secret;

use super::connection::file;
use super::schedule::Schedule;
use super::secrets::CONTROL_PLANE_TOKEN;

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

/// In bytes.
const CHUNK: NonZeroU64 = NonZeroU64::new(20_000).unwrap();

/// Returns the interpreter in the program under test.
pub(crate) fn interpreter() -> Interpreter {
    Interpreter {
        backend: leoflow::python::Backend::Embedded,
        program: env!("CARGO_BIN_EXE_leoflow").into(),
        wall_limit: Duration::from_secs(60),
        memory_limit: 2 << 30,
    }
}

/// Returns how layers are made.
pub(crate) fn assembly(spool: &Path) -> AssembleOptions {
    AssembleOptions { compression: Compression::Gzip, modified: 0, threads: 1, spool_directory: spool.to_owned() }
}

/// Opens a cache.
pub(crate) fn cache(directory: &Path) -> Cache {
    let directory = directory.to_owned();
    Cache::open(cache::Options { directory, max_size: cache::DEFAULT_MAX_SIZE, on_fault: Arc::new(|_| {}) })
}

/// Returns a client with the logins of `file` that trusts the tests' authority for `tls_host`.
pub(crate) fn registry(
    logins: &Path,
    tls_host: &str,
    cache: Cache,
    schedule: &Schedule,
    told: Arc<Mutex<Vec<String>>>,
) -> Client {
    let observer = move |event| {
        if let Event::Retry { attempted, reason, .. } = event {
            told.lock().unwrap().push(format!("{attempted}: {reason}"));
        }
    };
    let limits = Limits::of(schedule);
    let keychain = Keychain { files: vec![logins.to_owned()], ..Keychain::default() };
    Client::new(Options {
        chunk_size: schedule.shape.chunked.then_some(CHUNK),
        deadline: limits.registry,
        backoff: BACKOFF,
        idle: limits.idle,
        cache,
        registries: Registries { certificates: certificates(tls_host), ..Registries::default() },
        observer: Arc::new(observer),
        ..Options::new(keychain)
    })
    .unwrap()
}

fn certificates(host: &str) -> Certificates {
    let authority = HostCertificates { authorities: vec![file("ca.pem")], ..HostCertificates::default() };
    Certificates { hosts: [(host.to_owned(), authority)].into(), ..Certificates::default() }
}

/// Returns a client for the control plane at `address`.
pub(crate) fn control_plane(address: &str, limits: Limits) -> ControlPlane {
    let url = format!("http://{address}").parse().unwrap();
    let token = Some(Secret::new(CONTROL_PLANE_TOKEN));
    ControlPlane::new(url, token, limits.control_plane, &ProxySettings::default()).unwrap().with_backoff(BACKOFF)
}
