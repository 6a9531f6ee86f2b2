//! Deploys of one project at once, in processes that share a home, a cache and a broken network.

use std::io::Write as _;
use std::process::Output;
use std::time::Instant;

use leoflow::layers::Digest;
use tokio::runtime::Runtime;

use crate::engine::gate::Gate;
use crate::engine::home::{Home, digest};
use crate::engine::proxy::{Plan, Proxy};
use crate::engine::schedule::{End, Fault, Host, Kind, Schedule, TlsBreak};
use crate::engine::servers::Servers;
use crate::engine::truth::{Records, image_is_whole};
use crate::engine::upstream::Upstream;
use crate::engine::{alone, base, chosen, generate};

/// Schedules of a plain `cargo test`.
const ROUNDS: u64 = 12;

/// Processes at once.
const PROCESSES: usize = 4;

/// How these processes end when a registry or a control plane is at fault (docs/exit-codes.md).
const TYPED: [i32; 3] = [6, 7, 8];

/// Ports that stay, so that digests do.
struct Ground {
    runtime: Runtime,
    registry: Proxy,
    control_plane: Proxy,
    home: Home,
}

impl Ground {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let (registry, control_plane) = runtime.block_on(async { (Proxy::start().await, Proxy::start().await) });
        let base = format!("{}/{}:{}", registry.address, base::REPOSITORY, base::TAG);
        let server = format!("http://{}", control_plane.address);
        let target = ["--base", &base, "--registry", &registry.address, "--server", &server, "--token", "t"];
        let patience = ["--registry-timeout", "5"];
        let home = Home::new(target.into_iter().chain(patience).map(str::to_owned).collect());
        Self { runtime, registry, control_plane, home }
    }

    /// Starts new servers, with these faults before them.
    fn open(&self, faults: &[Fault]) -> Servers {
        let servers = self.runtime.block_on(Servers::start());
        self.runtime.block_on(base::put(&servers.registry));
        let control_plane = servers.control_plane();
        let (theirs, ours): (Vec<Fault>, Vec<Fault>) =
            faults.iter().cloned().partition(|fault| fault.host == Host::ControlPlane);
        let plan = |address: &str, faults| {
            Plan::new(Upstream::At(address.to_owned()), Gate::open(), "127.0.0.1:1", "", faults)
        };
        self.registry.follow(plan(&servers.registry, ours));
        self.control_plane.follow(plan(&control_plane, theirs));
        servers
    }

    fn deploy(&self) -> Vec<Output> {
        let children: Vec<_> = (0..PROCESSES).map(|_| self.home.deploy().spawn().unwrap()).collect();
        children.into_iter().map(|child| child.wait_with_output().unwrap()).collect()
    }

    /// Deploys while `schedule` happens, and once more when it is over.
    fn round(&self, schedule: &Schedule, expected: Digest) -> Result<usize, String> {
        self.home.reset();
        let servers = self.open(&schedule.faults);
        let outputs = self.deploy();
        let mut succeeded = 0;
        for output in &outputs {
            match (output.status.code(), digest(output)) {
                (Some(0), Ok(found)) if found == expected || !schedule.is_faithful() => succeeded += 1,
                (Some(code), Err(_)) if TYPED.contains(&code) => {}
                (code, told) => return Err(format!("exit {code:?}, {told:?}, expected {expected}")),
            }
        }
        self.passes(&servers, if schedule.is_faithful() && succeeded > 0 { Some(expected) } else { None })?;
        self.heals(&servers, expected)?;
        Ok(succeeded)
    }

    /// The registry has what was deployed, and the control plane knows of one version.
    fn passes(&self, servers: &Servers, deployed: Option<Digest>) -> Result<(), String> {
        let Some(deployed) = deployed else { return Ok(()) };
        self.runtime.block_on(image_is_whole(&servers.registry, "chaos", &deployed.to_string()))?;
        match Records::read(servers.directory.path()).images.len() {
            1 => Ok(()),
            count => Err(format!("{count} registrations")),
        }
    }

    /// The faults are over.
    fn heals(&self, servers: &Servers, expected: Digest) -> Result<(), String> {
        let plan = |address: &str| Plan::new(Upstream::At(address.to_owned()), Gate::open(), "", "", Vec::new());
        self.registry.follow(plan(&servers.registry));
        self.control_plane.follow(plan(&servers.control_plane()));
        for output in self.deploy() {
            match digest(&output) {
                Ok(found) if found == expected => {}
                told => return Err(format!("afterwards: {told:?}, expected {expected}")),
            }
        }
        self.passes(servers, Some(expected))
    }
}

/// The control plane is waited for longer than a test may take.
fn is_brief(fault: &Fault) -> bool {
    let is_silent = matches!(
        fault.kind,
        Kind::Request(End::Silence, _) | Kind::Answer(End::Silence, _) | Kind::Tls(TlsBreak::Silence)
    );
    !(is_silent && fault.host == Host::ControlPlane)
}

#[test]
fn side_by_side() {
    let _guard = alone();
    let seeds = chosen("LEOFLOW_CHAOS_ROUNDS", ROUNDS);
    let (start, ground) = (Instant::now(), Ground::new());
    let servers = ground.open(&[]);
    let expected = digest(&ground.deploy()[0]).unwrap();
    drop(servers);
    let (mut succeeded, mut violations) = (0, Vec::new());
    for seed in seeds.clone() {
        let mut schedule = generate::schedule(seed);
        schedule.faults.retain(is_brief);
        match ground.round(&schedule, expected) {
            Ok(count) => succeeded += count,
            Err(violation) => violations.push(format!(
                "{schedule}{violation}\nagain: LEOFLOW_CHAOS_SEED={seed} cargo test --test chaos side_by_side\n"
            )),
        }
    }
    let _ = writeln!(
        std::io::stderr(),
        "chaos: {} times {PROCESSES} processes at once in {:.0?}: {succeeded} succeeded at once, all when it was over",
        seeds.end - seeds.start,
        start.elapsed()
    );
    assert!(violations.is_empty(), "{}", violations.join("\n"));
}
