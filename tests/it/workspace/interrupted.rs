//! Ctrl-C in the middle: what is deployed and what is not is said.

use std::process::Stdio;
use std::time::Duration;

use serde_json::json;

use super::*;
use crate::support::scripted::{Answer, Fault, Scripted};

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupt_says_which_dags_are_deployed_and_which_are_not() {
    let world = World::new(&["a", "b", "c"]);
    // It registers `a`, and never answers to `b`.
    let control_plane = Scripted::start(|request| {
        let dag_id = request.path.split('/').nth(4).unwrap_or_default();
        match (&*request.method, dag_id) {
            ("GET", _) => Answer::new(404),
            (_, "b") => Answer::new(201).fault(Fault::Silence),
            _ => {
                let body = json!({"dag_id": dag_id, "version": "1", "spec_hash": "2", "created": true}).to_string();
                Answer::new(201).header("Content-Type", "application/json").body(body)
            }
        }
    })
    .await;
    let mut command = world.home.leoflow();
    command.args(["deploy", "--all", "dags", "--jobs", "1", "--token", "t"]);
    command.args(["--server", &format!("http://{}", control_plane.host())]);
    command.args(["--registry", &world.sandbox.registry, "--base", &world.sandbox.base]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    while control_plane.count("POST /api/v2/dags/b/versions") == 0 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    let output = tokio::task::spawn_blocking(move || child.wait_with_output().unwrap()).await.unwrap();
    let ran = Ran::of(output).exits(130);
    for says in ["interrupted after 1 of 3 DAGs", "deployed: a", "perhaps registered: b", "not deployed: c", "help: "] {
        assert!(ran.stderr.contains(says), "`{says}` is missing in:\n{}", ran.stderr);
    }
}
