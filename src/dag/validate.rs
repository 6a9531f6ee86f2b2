//! The guardrails: what is fatal about a DAG, with the place and the fix.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::places::Places;
use super::suggest::{did_you_mean, listed};
use super::{ARGUMENTS_LIMIT, Fault, connectors, cron, graph, param};
use crate::project::Config;
use crate::python::{RawDag, RawTask};
use crate::source::SourceSpan;

/// How long a task id may be, in characters (Airflow's own limit).
const TASK_ID_LIMIT: usize = 250;

/// Returns every rule that the DAG breaks.
pub(super) fn check(dag: &RawDag, config: &Config, places: &Places) -> Vec<Fault> {
    let ids: BTreeSet<&str> = dag.tasks.iter().map(|task| task.task_id.as_str()).collect();
    let mut faults = Vec::new();
    faults.extend(no_tasks(dag, places));
    faults.extend(schedule(dag, places));
    faults.extend(params(dag, places));
    faults.extend(cycle(dag, places));
    faults.extend(unknown_connectors(config));
    faults.extend(unknown_task_settings(dag, config, &ids));
    for task in &dag.tasks {
        let place = || places.line(&task.file, task.line);
        faults.extend(task_faults(task, config, &ids).into_iter().map(|fault| Fault { span: place(), ..fault }));
    }
    faults
}

/// What is wrong with one task by itself; the caller knows its place.
fn task_faults(task: &RawTask, config: &Config, ids: &BTreeSet<&str>) -> Vec<Fault> {
    let mut faults: Vec<Fault> = Vec::new();
    faults.extend(task_id(task));
    faults.extend(unknown_upstream(task, ids));
    faults.extend(undeclared_provider(task, config));
    faults.extend(bash_command(task));
    faults.extend(bash_callback(task));
    faults.extend(too_large(task, "call_args", &task.call_args));
    faults.extend(too_large(task, "operator_args", &task.operator_args));
    faults
}

fn no_tasks(dag: &RawDag, places: &Places) -> Option<Fault> {
    dag.tasks.is_empty().then(|| {
        Fault::new(places.line(&dag.file, dag.line), format!("the DAG `{}` has no tasks", dag.dag_id))
            .help("create tasks inside `with DAG(…):`, or call the `@task` functions inside the `@dag` function")
    })
}

fn schedule(dag: &RawDag, places: &Places) -> Option<Fault> {
    let schedule = dag.schedule.as_deref()?;
    let error = cron::check(schedule).err()?;
    let mut span = places.text_in_line(&dag.file, dag.schedule_line.unwrap_or(dag.line), schedule);
    if let Some(SourceSpan { file, range }) = &mut span
        && file.text.get(range.clone()) == Some(schedule)
    {
        *range = range.start + error.range.start..range.start + error.range.end;
    }
    Some(Fault::new(span, error.message).help(error.help))
}

fn params(dag: &RawDag, places: &Places) -> Vec<Fault> {
    let place = || places.line(&dag.file, dag.line);
    dag.params
        .iter()
        .filter_map(|(name, declared)| param::check(declared).err().map(|reason| (name, reason)))
        .map(|(name, reason)| {
            Fault::new(place(), format!("param `{name}`: {reason}"))
                .help("change the default or the schema; a `Param` without a default is required for each run")
        })
        .collect()
}

fn cycle(dag: &RawDag, places: &Places) -> Option<Fault> {
    let upstream = dag.tasks.iter().map(|task| (task.task_id.as_str(), task.depends_on.as_slice())).collect();
    let path = graph::cycle(&upstream)?;
    let first = dag.tasks.iter().find(|task| path.first() == Some(&task.task_id.as_str()))?;
    let message = format!("tasks wait for each other: {}", path.join(" -> "));
    Some(
        Fault::new(places.line(&first.file, first.line), message)
            .help("remove one of these edges (`>>`, `<<` or an argument)"),
    )
}

fn unknown_connectors(config: &Config) -> Vec<Fault> {
    let unknown = config.connectors.iter().filter(|name| connectors::provider_of_connector(name).is_none());
    unknown
        .map(|name| {
            let meant = did_you_mean(name, connectors::connector_names());
            Fault::new(None, format!("`connectors` in leoflow.yaml: there is no connector `{name}`"))
                .help(format!("{meant}`dependencies:` takes any package, as in `dependencies: [\"{name}\"]`"))
        })
        .collect()
}

fn unknown_task_settings(dag: &RawDag, config: &Config, ids: &BTreeSet<&str>) -> Vec<Fault> {
    let unknown = config.tasks.iter().filter(|(id, _)| !ids.contains(id.as_str()));
    unknown
        .map(|(id, settings)| {
            let meant = did_you_mean(id, ids.iter().copied());
            Fault::new(
                Some(settings.span.clone()),
                format!("`tasks.{id}`: the DAG `{}` has no task `{id}`", dag.dag_id),
            )
            .help(format!("{meant}tasks of the DAG: {}", listed(ids.iter().copied())))
        })
        .collect()
}

fn task_id(task: &RawTask) -> Option<Fault> {
    (!is_task_id(&task.task_id)).then(|| {
        Fault::new(None, format!("`{}` cannot be a task id", task.task_id.escape_debug()))
            .help("a task id has 1 to 250 letters, digits, `_`, `-` and `.`")
    })
}

/// Airflow's `validate_key`: `^[\w.-]+$`, at most 250 characters.
pub(super) fn is_task_id(id: &str) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    !id.is_empty() && id.chars().count() <= TASK_ID_LIMIT && id.chars().all(is_word)
}

fn unknown_upstream(task: &RawTask, ids: &BTreeSet<&str>) -> Vec<Fault> {
    let unknown = task.depends_on.iter().filter(|upstream| !ids.contains(upstream.as_str()));
    unknown
        .map(|upstream| {
            let message = format!("task `{}` depends on `{upstream}`, which is no task of this DAG", task.task_id);
            Fault::new(None, message).help("create both tasks in the same DAG")
        })
        .collect()
}

fn undeclared_provider(task: &RawTask, config: &Config) -> Option<Fault> {
    let class = task.operator_class.as_deref()?;
    let provider = connectors::provider_of_class(class)?;
    if connectors::is_declared(&provider, &config.connectors, &config.dependencies) {
        return None;
    }
    let message = format!("task `{}`: the image will not have the provider `{provider}` of `{class}`", task.task_id);
    let connector = connectors::provider_of_connector(&provider)
        .map(|name| format!("`connectors: [{name}]` or "))
        .unwrap_or_default();
    let package = connectors::package(&provider);
    Some(Fault::new(None, message).help(format!("add {connector}`dependencies: [{package}]` to leoflow.yaml")))
}

fn bash_command(task: &RawTask) -> Option<Fault> {
    let blank = task.entrypoint.as_deref().unwrap_or_default().trim().is_empty();
    (task.kind == "bash" && blank)
        .then(|| Fault::new(None, format!("bash task `{}` has no command", task.task_id)).help("set `bash_command=`"))
}

fn bash_callback(task: &RawTask) -> Option<Fault> {
    (task.kind == "bash" && task.on_failure_callback).then(|| {
        Fault::new(None, format!("bash task `{}` has an `on_failure_callback`, which needs Python", task.task_id))
            .help("use `alerts.on_failure` in leoflow.yaml, or make it a `@task`")
    })
}

fn too_large(task: &RawTask, what: &str, arguments: &BTreeMap<String, Value>) -> Option<Fault> {
    let size = encoded_size(arguments);
    (size > ARGUMENTS_LIMIT).then(|| {
        let message =
            format!("task `{}`: its {what} are {size} bytes of JSON, more than {ARGUMENTS_LIMIT}", task.task_id);
        Fault::new(None, message).help("put the data into a file of the project and read it inside the task")
    })
}

/// Returns how many bytes compact JSON takes.
pub(super) fn encoded_size(value: &impl serde::Serialize) -> usize {
    serde_json::to_vec(value).map_or(usize::MAX, |json| json.len())
}
