//! What Airflow makes of a DAG file beside what we do.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use chrono::DateTime;
use leoflow::python::{Backend, Execution, Interpreter, RawDag, RawTask};
use serde_json::{Value, json};

/// Refused by us although Airflow has it: results of tasks among other values in one argument.
const MIXED_RESULTS: &str = "E066";

/// How many DAGs came to the same, how many were refused on both sides, and what differs.
#[derive(Debug, Default)]
pub struct Outcome {
    pub same: usize,
    pub refused: usize,
    pub mixed: usize,
    pub differences: Vec<String>,
}

impl Outcome {
    pub fn add(&mut self, other: Outcome) {
        self.same += other.same;
        self.refused += other.refused;
        self.mixed += other.mixed;
        self.differences.extend(other.differences);
    }
}

/// Compares a file with Airflow's answer: its DAGs by id, or an error.
pub fn compare(name: &str, source: &str, airflow: &Value) -> Outcome {
    let project = tempfile::tempdir().expect("a directory");
    std::fs::write(project.path().join("dag.py"), source).expect("a file");
    let executed = interpreter().execute(project.path(), "dag.py");
    if airflow.get("error").is_some() {
        return refused_by_airflow(name, project.path(), executed.ok(), airflow);
    }
    let execution = match executed {
        Ok(execution) => execution,
        Err(error) => return Outcome { differences: vec![format!("{name}: {error}")], ..Outcome::default() },
    };
    let mut outcome = Outcome::default();
    for (dag_id, theirs) in airflow.as_object().into_iter().flatten() {
        one_dag(&format!("{name} {dag_id}"), dag_id, &execution, theirs, &mut outcome);
    }
    outcome
}

fn interpreter() -> Interpreter {
    Interpreter {
        backend: Backend::Embedded,
        program: env!("CARGO_BIN_EXE_leoflow").into(),
        wall_limit: Duration::from_secs(60),
        memory_limit: 1 << 30,
    }
}

fn one_dag(name: &str, dag_id: &str, execution: &Execution, theirs: &Value, outcome: &mut Outcome) {
    let refused = execution.refused.iter().find(|dag| dag.dag_id == dag_id);
    if refused.is_some_and(|dag| dag.error.code().number() == MIXED_RESULTS) {
        outcome.mixed += 1;
        return;
    }
    match execution.dags.iter().find(|dag| dag.dag_id == dag_id) {
        Some(dag) if of_dag(dag) == *theirs => outcome.same += 1,
        Some(dag) => outcome.differences.push(format!("{name}\n  airflow {theirs}\n  leoflow {}", of_dag(dag))),
        None => outcome.differences.push(format!("{name} {:?}", refused.map(|dag| dag.error.to_string()))),
    }
}

/// One of the file's DAGs is to be refused as well, at the latest when it is compiled.
fn refused_by_airflow(name: &str, root: &Path, execution: Option<Execution>, airflow: &Value) -> Outcome {
    let refused = execution.is_none_or(|execution| {
        !execution.refused.is_empty() || execution.dags.iter().any(|dag| !compiles(root, &dag.dag_id))
    });
    match refused {
        true => Outcome { refused: 1, ..Outcome::default() },
        false => {
            Outcome { differences: vec![format!("{name}: only airflow refuses: {airflow}")], ..Outcome::default() }
        }
    }
}

fn compiles(root: &Path, dag_id: &str) -> bool {
    std::fs::write(root.join("leoflow.yaml"), format!("dag_id: {dag_id}\n")).expect("a file");
    let mut command = Command::new(env!("CARGO_BIN_EXE_leoflow"));
    let ran = command.arg("compile").arg(root).arg("-o").arg(root.join("dag.json")).env("HOME", root).output();
    ran.expect("our own program").status.success()
}

// --- our side, in the form of tests/airflow/dump.py --------------------------------------------------------------------

fn of_dag(dag: &RawDag) -> Value {
    let mut tags = dag.tags.clone();
    tags.sort();
    let zone = dag.schedule.as_ref().map(|_| dag.schedule_timezone.as_deref().unwrap_or("UTC"));
    let tasks: serde_json::Map<_, _> = dag.tasks.iter().map(|task| (task.task_id.clone(), of_task(task))).collect();
    json!({
        "description": dag.description,
        "owner": dag.owner,
        "tags": tags,
        "schedule": [dag.schedule, zone],
        "start_date": seconds(dag.start_date.as_deref()),
        "end_date": seconds(dag.end_date.as_deref()),
        "max_active_runs": dag.max_active_runs.unwrap_or(16),
        "max_active_tasks": dag.max_active_tasks.unwrap_or(16),
        "catchup": dag.catchup,
        "params": dag.params,
        "tasks": tasks,
    })
}

fn seconds(date: Option<&str>) -> Option<i64> {
    date.map(|date| DateTime::parse_from_rfc3339(date).expect("a date").timestamp())
}

fn of_task(task: &RawTask) -> Value {
    json!({
        "depends_on": task.depends_on,
        "trigger_rule": task.trigger_rule.as_deref().unwrap_or("all_success"),
        "pool": task.pool.as_deref().unwrap_or("default_pool"),
        "retries": task.retries.unwrap_or(0),
        "retry_delay_seconds": task.retry_delay_seconds.unwrap_or(300),
        "execution_timeout_seconds": task.execution_timeout_seconds,
        "does": does(task),
    })
}

fn does(task: &RawTask) -> Value {
    let entrypoint = task.entrypoint.as_deref().unwrap_or_default();
    match task.kind.as_str() {
        "bash" => json!({ "command": entrypoint, "env": task.env }),
        "python" => {
            let results = task.xcom_input.iter().map(|(name, ids)| (name.clone(), json!({ "results": ids })));
            let literals = task.call_args.iter().map(|(name, value)| (name.clone(), json!({ "literal": value })));
            let arguments: serde_json::Map<_, _> = results.chain(literals).collect();
            json!({ "function": entrypoint.rsplit(':').next(), "arguments": arguments })
        }
        _ => json!({}),
    }
}
