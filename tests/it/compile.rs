//! What dag.py yields, line by line: the structure it declares, or the error that it deserves.

mod airflow;
mod authoring;
mod authoring_page;
mod backends;
mod codes;
mod contract;
mod declares;
mod errors;
mod escapes;
mod imports;
mod limits;
mod meaning;
mod projects;
mod refuses;
mod rendered;
mod sandbox;
mod validate;
mod watch;

use std::fmt::Write;
use std::path::Path;
use std::time::Duration;

use leoflow::python::{Backend, Execution, Interpreter, PythonError, RawDag, RawTask};
use leoflow::source::SourceSpan;

/// What every snippet starts with; its own lines are counted from 1 after it.
const PREAMBLE: &str = "\
from datetime import datetime, timedelta
from airflow.sdk import DAG, dag, task, task_group, TaskGroup, BaseOperator, Param, Label, TriggerRule, Variable
from airflow.sdk import EmptyOperator, XComArg, chain, chain_linear, cross_downstream
from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.operators.python import PythonOperator
from airflow.providers.postgres.operators.postgres import PostgresOperator
";

fn interpreter() -> Interpreter {
    Interpreter {
        backend: Backend::Embedded,
        program: env!("CARGO_BIN_EXE_leoflow").into(),
        wall_limit: Duration::from_secs(30),
        memory_limit: 1 << 30,
    }
}

fn project(files: &[(&str, &str)]) -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("a temporary directory");
    for (path, text) in files {
        let path = directory.path().join(path);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("directories");
        std::fs::write(path, text).expect("a file");
    }
    directory
}

fn execute(files: &[(&str, &str)]) -> Result<Execution, PythonError> {
    or_refused(interpreter().execute(project(files).path(), "dag.py"))
}

/// As if the DAG that is refused first were the wanted one.
fn or_refused(execution: Result<Execution, PythonError>) -> Result<Execution, PythonError> {
    let mut execution = execution?;
    if execution.refused.is_empty() { Ok(execution) } else { Err(execution.refused.swap_remove(0).error) }
}

fn execute_snippet(snippet: &str) -> Result<Execution, PythonError> {
    execute(&[("dag.py", &format!("{PREAMBLE}{snippet}"))])
}

/// Checks what a snippet declares; see [`describe`].
#[track_caller]
fn declares(snippet: &str, expected: &str) {
    let found = match execute_snippet(snippet) {
        Ok(execution) => execution.dags.iter().map(describe).collect(),
        Err(error) => format!("error: {}", describe_error(&error, PREAMBLE.lines().count())),
    };
    assert_eq!(found.trim(), unindent(expected), "\n--- of ---\n{snippet}");
}

/// Checks how a snippet is refused: `line N: message` and, in a second line, a part of the help.
#[track_caller]
fn refuses(snippet: &str, expected: &str) {
    let found = match execute_snippet(snippet) {
        Ok(execution) => execution.dags.iter().map(describe).collect(),
        Err(error) => describe_error(&error, PREAMBLE.lines().count()),
    };
    assert_refusal(&found, expected, snippet);
}

#[track_caller]
fn assert_refusal(found: &str, expected: &str, source: &str) {
    let expected = unindent(expected);
    let (message, help) = expected.split_once('\n').unwrap_or((&expected, ""));
    let (found_message, found_help) = found.split_once('\n').unwrap_or((found, ""));
    assert_eq!(found_message, message, "\n--- of ---\n{source}\n--- help ---\n{found_help}");
    assert!(found_help.contains(help), "help `{found_help}` lacks `{help}`\n--- of ---\n{source}");
}

fn unindent(text: &str) -> String {
    text.trim().lines().map(str::trim).collect::<Vec<_>>().join("\n")
}

/// A DAG in words: one line for itself, one a task, absent values left out.
fn describe(dag: &RawDag) -> String {
    let mut text = format!("dag {}", dag.dag_id);
    let mut add = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            let _ = write!(text, " {name}={value}");
        }
    };
    add("schedule", dag.schedule.clone());
    add("zone", dag.schedule_timezone.clone());
    add("start", dag.start_date.clone());
    add("end", dag.end_date.clone());
    add("description", dag.description.clone());
    add("owner", dag.owner.clone());
    add("tags", (!dag.tags.is_empty()).then(|| dag.tags.join(",")));
    add("runs", dag.max_active_runs.map(|n| n.to_string()));
    add("tasks", dag.max_active_tasks.map(|n| n.to_string()));
    add("catchup", dag.catchup.then(|| "true".to_owned()));
    add("params", (!dag.params.is_empty()).then(|| json(&dag.params)));
    text.push('\n');
    dag.tasks.iter().for_each(|task| describe_task(task, &mut text));
    text
}

fn describe_task(task: &RawTask, text: &mut String) {
    let what = task.entrypoint.as_ref().or(task.operator_class.as_ref()).cloned().unwrap_or_default();
    let _ = write!(text, "{} {} `{what}`", task.task_id, task.kind);
    let mut add = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            let _ = write!(text, " {name}={value}");
        }
    };
    add("after", (!task.depends_on.is_empty()).then(|| task.depends_on.join(",")));
    add("rule", task.trigger_rule.clone());
    add("pool", task.pool.clone());
    add("retries", task.retries.map(|n| n.to_string()));
    add("delay", task.retry_delay_seconds.map(|n| n.to_string()));
    add("timeout", task.execution_timeout_seconds.map(|n| n.to_string()));
    add("env", (!task.env.is_empty()).then(|| json(&task.env)));
    add("xcom", (!task.xcom_input.is_empty()).then(|| json(&task.xcom_input)));
    add("args", (!task.call_args.is_empty()).then(|| json(&task.call_args)));
    add("operator", (!task.operator_args.is_empty()).then(|| json(&task.operator_args)));
    add("callback", task.on_failure_callback.then(|| "true".to_owned()));
    text.push('\n');
}

fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("json")
}

/// An error in words: its line (less the preamble's, in dag.py), its message, and its help in a second line.
fn describe_error(error: &PythonError, preamble: usize) -> String {
    let help = error.help().unwrap_or_default();
    let span = match error {
        PythonError::Code { span, .. } | PythonError::TimedOut { span, .. } | PythonError::Died { span, .. } => {
            span.as_ref()
        }
        _ => None,
    };
    let place = span.map_or_else(String::new, |span| format!("{}: ", place(span, preamble)));
    format!("{place}{error}\n{help}")
}

fn place(span: &SourceSpan, preamble: usize) -> String {
    let (line, _) = span.position();
    let name = span.file.path.file_name().unwrap_or_default().to_string_lossy();
    if name == "dag.py" { format!("line {}", line.saturating_sub(preamble)) } else { format!("{name} line {line}") }
}

fn testdata(project: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/projects").join(project)
}
