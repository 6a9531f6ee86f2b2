//! The real road: two registries, a base with a Python in it, and the container runtimes that people run.
//!
//! Needs root and the programs in [`programs`]; a missing one is a failure, never a skip. Each test starts what it
//! needs on loopback, with ephemeral ports and a directory of its own, and stops it again, also when it panics.
//! [`packages`] alone asks somebody else: the package index.

#![expect(clippy::unwrap_used, reason = "a broken environment is a failed test")]

mod base;
mod chaos;
mod engine;
mod formats;
mod leoflow;
mod offline;
mod packages;
mod parallel;
mod programs;
mod readers;
mod registries;
mod registry;
mod road;
mod server;
mod slow_line;
mod tls;
mod token_server;
mod yard;

use engine::{Docker, Podman};
use road::Road;
use serde_json::{Value, json};

/// The user and group that a base image runs tasks as.
const TASK_USER: u32 = 65532;

#[test]
fn the_deployed_image_is_what_any_registry_client_expects() {
    let road = Road::open();
    let deployed = road.deploy(&road.base);

    let inspected = road.inspect(&deployed.image);
    assert_eq!(
        deployed.image,
        format!("{}@{}", inspected["Name"].as_str().unwrap(), inspected["Digest"].as_str().unwrap())
    );
    assert_eq!((&inspected["Os"], &inspected["Architecture"]), (&"linux".into(), &"amd64".into()));
    assert!(inspected["Layers"].as_array().unwrap().len() > road.base.layers.len(), "{inspected}");

    let config = road.inspect_config(&deployed.image);
    assert_eq!(config["config"]["User"], "65532:65532");
    assert_eq!(config["config"]["WorkingDir"], "/home/leoflow");
    assert_eq!(config["config"]["Entrypoint"][0], "/usr/local/bin/leoflow-agent");
}

#[test]
fn docker_engine_executes_tasks_of_the_deployed_dag() {
    let road = Road::open();
    let deployed = road.deploy(&road.base);

    let docker = Docker::start(&road.home);
    docker.pull(&deployed.image);
    assert_tasks_run(|task| docker.run(&deployed.image, task));
}

#[test]
fn podman_executes_tasks_of_the_deployed_dag() {
    let road = Road::open();
    let deployed = road.deploy(&road.base);

    let podman = Podman::new(&road.home);
    podman.pull(&deployed.image);
    assert_tasks_run(|task| podman.run(&deployed.image, task));
}

#[test]
fn a_second_deploy_uploads_nothing() {
    let mut road = Road::open();
    let first = road.deploy(&road.base);
    road.target.requests();

    let second = road.deploy(&road.base);
    let requests = road.target.requests();
    assert_eq!(second.image, first.image);
    assert_eq!((first.created, second.created), (true, false), "the control plane knows the version already");
    assert!(
        first.uploaded_bytes > 0 && second.uploaded_bytes == 0,
        "{} bytes, then {}",
        first.uploaded_bytes,
        second.uploaded_bytes
    );
    assert!(requests.len() <= 4, "{requests:#?}");
    assert!(requests.iter().all(|request| ["HEAD", "GET"].contains(&request.method.as_str())), "{requests:#?}");
}

#[test]
fn a_base_on_the_same_registry_is_mounted() {
    let mut road = Road::open();
    let base = road.target.hold_base(&road.home);
    road.target.requests();

    road.deploy(&base);
    let requests = road.target.requests();
    for layer in &base.layers {
        let mounted = requests.iter().any(|request| request.mounts(layer) && request.status == 201);
        let sent = requests.iter().any(|request| request.method == "PUT" && request.names(layer));
        assert!(mounted && !sent, "{layer} of the base is mounted, not sent: {requests:#?}");
    }
}

/// Hands one task's output to the next, as the control plane would. They read a data file and import sibling modules.
fn assert_tasks_run(run: impl Fn(&[&str]) -> Value) {
    let extracted = run(&["dag:extract"]);
    let arguments = json!({ "rows": extracted["returned"], "currency": "EUR" }).to_string();
    let transformed = run(&["dag:transform", &arguments]);
    assert_eq!(
        transformed,
        json!({
            "uid": TASK_USER,
            "gid": TASK_USER,
            "directory": "/home/leoflow",
            "returned": { "backpack": "119.70 EUR", "notebook": "28.80 EUR", "pencil": "22.75 EUR" },
        })
    );
}
