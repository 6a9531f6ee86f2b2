//! Runs that are started in one second: each gets a name of its own, and no name is taken twice.

use leoflow::control_plane::ControlPlaneError;
use serde_json::{Value, json};

use super::{client, object, problem};
use crate::support::scripted::{Answer, Fault, Request, Scripted};

fn name(request: &Request) -> String {
    let body: Value = serde_json::from_slice(&request.body).unwrap();
    body["dag_run_id"].as_str().unwrap().to_owned()
}

fn started(request: &Request) -> Answer {
    object(&json!({ "dag_run_id": name(request), "state": "queued" }))
}

fn names(server: &Scripted) -> Vec<String> {
    server.requests().iter().map(name).collect()
}

#[tokio::test]
async fn a_name_that_is_taken_is_left_to_who_has_it() {
    let taken = ["manual__100", "manual__101"];
    let answer =
        move |request: &Request| if taken.contains(&&*name(request)) { problem(409) } else { started(request) };
    let server = Scripted::start(answer).await;
    let run = client(&server).trigger_at("etl", 100).await.unwrap();
    assert_eq!((run.dag_run_id.as_str(), run.state.as_deref()), ("manual__102", Some("queued")));
    assert_eq!(names(&server), ["manual__100", "manual__101", "manual__102"]);
}

#[tokio::test]
async fn a_name_that_was_taken_by_an_answer_that_got_lost_is_ours() {
    let asked = std::sync::atomic::AtomicUsize::new(0);
    let answer = move |_: &Request| match asked.fetch_add(1, std::sync::atomic::Ordering::SeqCst) {
        0 => Answer::new(200).fault(Fault::Close),
        _ => problem(409),
    };
    let server = Scripted::start(answer).await;
    let run = client(&server).trigger_at("etl", 100).await.unwrap();
    assert_eq!((run.dag_run_id.as_str(), names(&server).len()), ("manual__100", 2));
}

#[tokio::test]
async fn a_server_that_has_every_name_is_not_asked_for_ever() {
    let server = Scripted::start(|_| problem(409)).await;
    let error = client(&server).trigger_at("etl", 100).await.unwrap_err();
    assert!(matches!(error, ControlPlaneError::Refused { status: 409, .. }), "{error}");
    assert_eq!(names(&server).len(), 10);
}
