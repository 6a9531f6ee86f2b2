//! A run that is followed: what is told, what is asked again, and when it is given up.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use leoflow::control_plane::{ControlPlane, ControlPlaneError, Followed, Pace, RunOutcome, Seen};
use serde_json::{Value, json};

use super::{FAST, RUN, TASKS, client, followed, no_tasks, object, page, problem, run, server};
use crate::support::scripted::{Answer, Fault, Request, Scripted};

/// Follows the run and returns what it came to, with what was told on the way.
async fn follow(
    plane: &ControlPlane,
    followed: &mut Followed,
    pace: Pace,
) -> (Result<RunOutcome, ControlPlaneError>, Vec<String>) {
    let told = Arc::new(Mutex::new(Vec::new()));
    let lines = Arc::clone(&told);
    let tell = move |seen: Seen<'_>| {
        let line = match seen {
            Seen::Run(run) => format!("run {}", run.state.as_deref().unwrap_or("-")),
            Seen::Task(task) => format!("{} {}", task.name(), task.state.as_deref().unwrap_or("-")),
            Seen::NoTasks(error) => format!("no tasks: {}", error.reason()),
            Seen::Everything(_) => return,
        };
        lines.lock().unwrap().push(line);
    };
    let outcome = followed.to_end(plane, pace, &tell).await;
    let told = told.lock().unwrap().clone();
    (outcome, told)
}

fn task(task_id: &str, state: &str, attempt: u64) -> Value {
    json!({ "task_id": task_id, "map_index": -1, "state": state, "try_number": attempt, "start_date": "2026-11-23T00:00:00Z" })
}

/// Answers with the lists of tasks one after the other, the last again and again.
fn tasks(script: Vec<Vec<Value>>) -> impl Fn(&Request) -> Answer + Send + Sync {
    let asked = AtomicUsize::new(0);
    move |_| {
        let tasks = &script[asked.fetch_add(1, Ordering::SeqCst).min(script.len() - 1)];
        object(&json!({ "task_instances": tasks, "total_entries": tasks.len() }))
    }
}

#[tokio::test]
async fn each_change_is_told_once_and_the_runs_end_is_the_end() {
    let script = vec![
        vec![task("b", "scheduled", 0), task("a", "running", 1)],
        vec![task("b", "scheduled", 0), task("a", "running", 1)],
        vec![task("b", "scheduled", 0), task("a", "up_for_retry", 1)],
        vec![task("b", "running", 1), task("a", "running", 2)],
        vec![task("b", "upstream_failed", 1), task("a", "failed", 2)],
    ];
    let states = ["queued", "running", "running", "running", "failed"];
    let server = server(states.map(run).to_vec(), tasks(script)).await;
    let mut followed = followed();
    let (outcome, told) = follow(&client(&server), &mut followed, FAST).await;
    assert_eq!(outcome.unwrap(), RunOutcome::Failed);
    let expected = [
        "run queued",
        "a running",
        "b scheduled",
        "run running",
        "a up_for_retry",
        "a running",
        "b running",
        "run failed",
        "a failed",
        "b upstream_failed",
    ];
    assert_eq!(told, expected);
    let last = followed.tasks.unwrap();
    assert_eq!((last[0].try_number, last[0].map_index, last[0].has_ended()), (Some(2), None, true));
    assert_eq!((server.count("GET"), server.count(TASKS)), (10, 5), "two questions a look");
}

#[tokio::test]
async fn tasks_come_in_pages_and_mapped_ones_by_their_index() {
    let tasks = |request: &Request| {
        let number = |name: &str, usual: usize| request.parameter(name).map_or(usual, |text| text.parse().unwrap());
        let (limit, offset) = (number("limit", 50).min(50), number("offset", 0));
        let all: Vec<Value> =
            (0..120).map(|index| json!({ "task_id": "m", "map_index": index, "state": "success" })).collect();
        object(
            &json!({ "task_instances": all.iter().skip(offset).take(limit).collect::<Vec<_>>(), "total_entries": 120 }),
        )
    };
    let server = server(vec![run("success")], tasks).await;
    let mut followed = followed();
    let (outcome, told) = follow(&client(&server), &mut followed, FAST).await;
    assert_eq!((outcome.unwrap(), told.len(), server.count(TASKS)), (RunOutcome::Success, 121, 3));
    let names: Vec<String> = followed.tasks.unwrap().iter().map(|task| task.name()).collect();
    assert_eq!((names[0].as_str(), names[119].as_str()), ("m[0]", "m[119]"));
}

#[tokio::test]
async fn a_server_that_does_not_tell_of_tasks_is_asked_for_them_once() {
    let html = || Answer::new(404).header("Content-Type", "text/html").body("<html>nginx</html>");
    for (answer, expected) in [
        (problem(404), "404 No"),
        (problem(405), "405 No"),
        (problem(501), "501 No"),
        (problem(403), "403 No"),
        (html(), "404 with HTML"),
        (object(&json!({ "tasks": [] })), "without `task_instances`"),
    ] {
        let server = server(["running", "running", "success"].map(run).to_vec(), move |_| answer.clone()).await;
        let mut followed = followed();
        let (outcome, told) = follow(&client(&server), &mut followed, FAST).await;
        assert_eq!(outcome.unwrap(), RunOutcome::Success);
        assert_eq!((told.len(), server.count(TASKS), followed.tasks), (3, 1, None), "{told:?}");
        assert!(told[0].starts_with("no tasks: ") && told[0].contains(expected), "{told:?}");
        assert_eq!(told[1..], ["run running", "run success"]);
    }
}

#[tokio::test]
async fn what_fails_on_the_way_is_asked_again_and_told() {
    for failure in [problem(503), problem(429), problem(500), problem(504), Answer::new(200).fault(Fault::Close)] {
        let answers = vec![run("running"), failure.clone(), failure.clone(), run("success")];
        let server = server(answers, no_tasks).await;
        let retries = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&retries);
        let plane = client(&server).with_observer(Arc::new(move |retry| heard.lock().unwrap().push(retry)));
        let (outcome, told) = follow(&plane, &mut followed(), FAST).await;
        assert_eq!(outcome.unwrap(), RunOutcome::Success);
        assert_eq!(told, ["run running", "run success"]);
        let retries = retries.lock().unwrap();
        assert_eq!(retries.len(), 2, "{retries:?}");
        assert_eq!(retries[0].attempted, "ask for the run `r1` of `etl`");
        assert!(!retries[0].reason.contains("cannot") && !retries[0].reason.contains("http"), "{retries:?}");
    }
}

#[tokio::test]
async fn a_server_that_is_lost_is_given_up_and_what_it_said_stays() {
    let server = server(vec![run("running"), problem(503)], no_tasks).await;
    let pace = Pace { patience: Duration::from_millis(20), ..FAST };
    let mut followed = followed();
    let (outcome, _) = follow(&client(&server), &mut followed, pace).await;
    assert!(matches!(outcome, Err(ControlPlaneError::Refused { status: 503, .. })), "{outcome:?}");
    assert_eq!(followed.run.state.as_deref(), Some("running"));
}

#[tokio::test]
async fn one_that_never_said_anything_is_given_up_sooner() {
    let server = server(vec![problem(503)], no_tasks).await;
    let pace = Pace { first_patience: Duration::ZERO, ..FAST };
    let (outcome, _) = follow(&client(&server), &mut followed(), pace).await;
    assert!(matches!(outcome, Err(ControlPlaneError::Refused { status: 503, .. })), "{outcome:?}");
    assert_eq!(server.count(RUN), 1);
}

#[tokio::test]
async fn what_will_not_pass_is_the_end() {
    for (answer, expected) in [
        (problem(401), "401 No"),
        (problem(403), "403 No"),
        (problem(404), "404 No"),
        (page(), "200 with HTML: is this the control plane's URL?"),
        (object(&json!({ "dag_run_id": "other", "state": "success" })), "the dag_run_id `other`, expected `r1`"),
        (Answer::new(302).header("Location", "https://sso.example.com/"), "redirects to https://sso.example.com"),
    ] {
        let server = server(vec![run("running"), answer], no_tasks).await;
        let (outcome, _) = follow(&client(&server), &mut followed(), FAST).await;
        let error = outcome.unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
        assert_eq!(server.requests().iter().filter(|request| request.line() == RUN).count(), 2);
    }
}

#[tokio::test]
async fn a_token_that_ends_between_two_questions_is_told_as_such() {
    let server = server(vec![run("running")], |_| problem(401)).await;
    let (outcome, told) = follow(&client(&server), &mut followed(), FAST).await;
    let error = outcome.unwrap_err();
    assert!(matches!(error, ControlPlaneError::Refused { status: 401, .. }), "{error}");
    assert!(error.help().unwrap().contains("leoflow auth login") && told.is_empty(), "{told:?}");
}

#[tokio::test]
async fn a_server_that_is_silent_holds_nobody_beyond_the_deadline() {
    let server = Scripted::start(|_| Answer::new(200).fault(Fault::Silence)).await;
    let mut followed = followed();
    let plane = client(&server).with_deadline(Duration::from_millis(20));
    let pace = Pace { first_patience: Duration::ZERO, ..FAST };
    let (outcome, _) = follow(&plane, &mut followed, pace).await;
    assert!(matches!(outcome, Err(ControlPlaneError::Timeout { .. })), "{outcome:?}");
}
