//! `--wait`, `wait`, and the connections that a DAG needs.

mod commands;
mod connections;
mod runs;
mod triggers;

use std::time::Duration;

use leoflow::control_plane::{ControlPlane, Followed, Pace, ProxySettings, Run};
use leoflow::secret::Secret;
use serde_json::{Value, json};

use crate::support::scripted::{Answer, Request, Scripted};

/// No test waits for longer than it must.
const FAST: Pace = Pace {
    first: Duration::from_millis(1),
    longest: Duration::from_millis(2),
    patience: Duration::from_secs(30),
    first_patience: Duration::from_secs(30),
};

const RUN: &str = "GET /api/v2/dags/etl/dagRuns/r1";
const TASKS: &str = "GET /api/v2/dags/etl/dagRuns/r1/taskInstances";

fn client(server: &Scripted) -> ControlPlane {
    let url = format!("http://{}", server.host()).parse().unwrap();
    let plane = ControlPlane::new(url, Some(Secret::new("sesame")), Duration::from_secs(30), &ProxySettings::default());
    plane.unwrap().with_backoff(Duration::from_millis(1))
}

fn followed() -> Followed {
    Followed::new("etl", Run { dag_run_id: "r1".into(), state: None })
}

fn object(value: &Value) -> Answer {
    Answer::new(200).header("Content-Type", "application/json").body(value.to_string())
}

fn run(state: &str) -> Answer {
    object(&json!({ "dag_id": "etl", "dag_run_id": "r1", "state": state }))
}

fn problem(status: u16) -> Answer {
    let body = json!({ "type": "about:blank", "title": "No", "status": status });
    Answer::new(status).header("Content-Type", "application/problem+json").body(body.to_string())
}

fn page() -> Answer {
    Answer::new(200).header("Content-Type", "text/html").body("<html>Sign in</html>")
}

/// Answers the runs of a script one after the other, the last again and again, and tasks by `tasks`.
async fn server(runs: Vec<Answer>, tasks: impl Fn(&Request) -> Answer + Send + Sync + 'static) -> Scripted {
    let asked = std::sync::atomic::AtomicUsize::new(0);
    Scripted::start(move |request| match request.line().as_str() {
        RUN => {
            let asked = asked.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            runs[asked.min(runs.len() - 1)].clone()
        }
        TASKS => tasks(request),
        _ => problem(404),
    })
    .await
}

fn no_tasks(_: &Request) -> Answer {
    object(&json!({ "task_instances": [], "total_entries": 0 }))
}
