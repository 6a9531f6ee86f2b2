//! What a deploy asks of servers: counted, because every request is a round trip that a user waits for.

use crate::support::proxy::{Proxy, Seen};
use crate::support::{Home, SandboxProcess};

struct Counted {
    registry: Vec<Seen>,
    control_plane: Vec<Seen>,
}

/// Deploys through counting proxies.
struct Bench {
    home: Home,
    registry: Proxy,
    control_plane: Proxy,
    base: String,
    _sandbox: SandboxProcess,
}

impl Bench {
    fn new() -> Self {
        let home = Home::new();
        home.project("etl_sales");
        let sandbox = SandboxProcess::start(&home);
        let registry = Proxy::to(&sandbox.registry);
        let control_plane = Proxy::to(&sandbox.control_plane);
        let base = sandbox.base.replace(&sandbox.registry, &registry.address);
        Self { home, registry, control_plane, base, _sandbox: sandbox }
    }

    fn deploy(&self) -> Counted {
        let server = self.control_plane.url();
        let target = ["--server", &server, "--token", "t", "--registry", &self.registry.address, "--base", &self.base];
        self.home.run(&[&["deploy", "etl_sales"][..], &target[..]].concat()).exits(0);
        Counted { registry: self.registry.take(), control_plane: self.control_plane.take() }
    }
}

fn blob_bytes(requests: &[Seen]) -> u64 {
    requests.iter().filter(|seen| seen.path.contains("/blobs/")).map(|seen| seen.body).sum()
}

#[test]
fn an_unchanged_deploy_asks_little_and_sends_no_blob() {
    let bench = Bench::new();
    bench.deploy();
    let again = bench.deploy();
    assert_eq!(again.registry.len(), 2, "the tags of base and image: {:#?}", again.registry);
    let [asked] = &again.control_plane[..] else { panic!("{:#?}", again.control_plane) };
    assert_eq!((&*asked.method, &*asked.path), ("GET", "/api/v2/dags/etl_sales"), "nothing is registered again");
    assert_eq!(blob_bytes(&again.registry), 0);
}

#[test]
fn a_base_on_the_same_registry_is_mounted_and_never_downloaded() {
    let bench = Bench::new();
    let first = bench.deploy();
    let mounts = first.registry.iter().filter(|seen| seen.path.contains("mount=") && seen.path.contains("from="));
    assert_eq!(mounts.count(), 1, "{:#?}", first.registry);
    let downloads = first.registry.iter().filter(|seen| seen.method == "GET" && seen.path.contains("/blobs/"));
    assert_eq!(downloads.count(), 1, "only the base's config: {:#?}", first.registry);
}

#[test]
fn an_edit_moves_the_code_and_nothing_else() {
    let bench = Bench::new();
    bench.deploy();
    let dag = bench.home.path().join("etl_sales/dag.py");
    let text = std::fs::read_to_string(&dag).unwrap();
    std::fs::write(&dag, text + "\n# edited\n").unwrap();
    let edited = bench.deploy();
    assert_eq!(edited.registry.len(), 10, "{:#?}", edited.registry);
    let puts = edited.registry.iter().filter(|seen| seen.method == "PUT" && seen.path.contains("/blobs/"));
    assert_eq!(puts.count(), 2, "a layer and a config: {:#?}", edited.registry);
    let [registered] = &edited.control_plane[..] else { panic!("{:#?}", edited.control_plane) };
    assert_eq!(registered.method, "POST", "what is live makes no difference to a new image");
}

#[test]
fn everything_in_the_manifest_is_there_before_the_tag() {
    let first = Bench::new().deploy();
    assert_eq!(first.registry.len(), 13, "{:#?}", first.registry);
    let last = first.registry.last().unwrap();
    assert!(last.method == "PUT" && last.path.contains("/manifests/"), "{:#?}", first.registry);
}
