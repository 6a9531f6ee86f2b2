//! The guardrails: what is fatal about a DAG, with the place and the fix.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use super::places::Places;
use super::suggest::{did_you_mean, listed};
use super::{ARGUMENTS_LIMIT, Fault, cron, graph, param};
use crate::code::Code;
use crate::project::{Config, connectors};
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
        Fault::new(Code::EMPTY_DAG, places.line(&dag.file, dag.line), format!("the DAG `{}` has no tasks", dag.dag_id))
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
    Some(Fault::new(Code::BAD_SCHEDULE, span, error.message).help(error.help))
}

fn params(dag: &RawDag, places: &Places) -> Vec<Fault> {
    let place = || places.line(&dag.file, dag.line);
    dag.params
        .iter()
        .filter_map(|(name, declared)| param::check(declared).err().map(|reason| (name, reason)))
        .map(|(name, reason)| {
            Fault::new(Code::BAD_PARAM, place(), format!("param `{name}`: {reason}"))
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
        Fault::new(Code::CYCLE, places.line(&first.file, first.line), message)
            .help("remove one of these edges (`>>`, `<<` or an argument)"),
    )
}

fn unknown_connectors(config: &Config) -> Vec<Fault> {
    let unknown = config.connectors.iter().filter(|name| connectors::provider_of_connector(name).is_none());
    unknown
        .map(|name| {
            let meant = did_you_mean(name, connectors::connector_names());
            let span = in_yaml(config, "connectors:", name);
            Fault::new(
                Code::UNKNOWN_CONNECTOR,
                span,
                format!("`connectors` in leoflow.yaml: there is no connector `{name}`"),
            )
            .help(format!(
                "{meant}`dependencies:` takes any package, as in `dependencies: [{}]`",
                connectors::package(name)
            ))
        })
        .collect()
}

/// The place of a name that stands below a key.
fn in_yaml(config: &Config, key: &str, name: &str) -> Option<SourceSpan> {
    let file = &config.dag_id_span.file;
    let below = file.text.find(key)? + key.len();
    let start = below + file.text[below..].find(name)?;
    Some(SourceSpan { file: Arc::clone(file), range: start..start + name.len() })
}

fn unknown_task_settings(dag: &RawDag, config: &Config, ids: &BTreeSet<&str>) -> Vec<Fault> {
    let unknown = config.tasks.iter().filter(|(id, _)| !ids.contains(id.as_str()));
    unknown
        .map(|(id, settings)| {
            let meant = did_you_mean(id, ids.iter().copied());
            Fault::new(
                Code::UNKNOWN_TASK,
                Some(settings.span.clone()),
                format!("`tasks.{id}`: the DAG `{}` has no task `{id}`", dag.dag_id),
            )
            .help(format!("{meant}tasks of the DAG: {}", listed(ids.iter().copied())))
        })
        .collect()
}

fn task_id(task: &RawTask) -> Option<Fault> {
    (!is_task_id(&task.task_id)).then(|| {
        Fault::new(Code::BAD_IDENTIFIER, None, format!("`{}` cannot be a task id", task.task_id.escape_debug()))
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
            Fault::new(Code::OTHER_DAG, None, message).help("create both tasks in the same DAG")
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
    Some(
        Fault::new(Code::UNDECLARED_PROVIDER, None, message)
            .help(format!("add {connector}`dependencies: [{package}]` to leoflow.yaml")),
    )
}

fn bash_command(task: &RawTask) -> Option<Fault> {
    let blank = task.entrypoint.as_deref().unwrap_or_default().trim().is_empty();
    (task.kind == "bash" && blank).then(|| {
        Fault::new(Code::BASH_COMMAND, None, format!("bash task `{}` has no command", task.task_id))
            .help("set `bash_command=`")
    })
}

fn bash_callback(task: &RawTask) -> Option<Fault> {
    (task.kind == "bash" && task.on_failure_callback).then(|| {
        Fault::new(
            Code::UNSUPPORTED_ARGUMENT,
            None,
            format!("bash task `{}` has an `on_failure_callback`, which needs Python", task.task_id),
        )
        .help("use `alerts.on_failure` in leoflow.yaml, or make it a `@task`")
    })
}

fn too_large(task: &RawTask, what: &str, arguments: &BTreeMap<String, Value>) -> Option<Fault> {
    let size = encoded_size(arguments);
    (size > ARGUMENTS_LIMIT).then(|| {
        let message =
            format!("task `{}`: its {what} are {size} bytes of JSON, more than {ARGUMENTS_LIMIT}", task.task_id);
        Fault::new(Code::ARGUMENTS_TOO_LARGE, None, message)
            .help("put the data into a file of the project and read it inside the task")
    })
}

/// Returns how many bytes compact JSON takes.
pub(super) fn encoded_size(value: &impl serde::Serialize) -> usize {
    serde_json::to_vec(value).map_or(usize::MAX, |json| json.len())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::testing::{bash, compiled, config, dag, map, names, operator, task};
    use super::*;

    const POSTGRES: &str = "airflow.providers.postgres.operators.postgres.PostgresOperator";

    /// Compiles a DAG of these tasks, which has to have this one fault.
    fn check(tasks: Vec<RawTask>, config: &Config, message: &str, help: &str) {
        refused(&RawDag { tasks, ..dag() }, config, message, help);
    }

    fn refused(dag: &RawDag, config: &Config, message: &str, help: &str) -> Fault {
        let faults = compiled(dag, config).expect_err(message);
        assert_eq!(faults.len(), 1, "{faults:?}");
        let fault = faults.into_iter().next().unwrap();
        assert!(fault.message.contains(message), "{}", fault.message);
        assert!(fault.help.as_deref().is_some_and(|found| found.contains(help)), "{help}: {:?}", fault.help);
        fault
    }

    fn marked(fault: &Fault) -> &str {
        fault.span.as_ref().map_or("", |span| &span.file.text[span.range.clone()])
    }

    #[test]
    fn what_breaks_a_rule_of_tasks_is_refused() {
        let plain = config("");
        let after = |id: &str, upstream: &[&str]| RawTask { depends_on: names(upstream), ..task(id, 3) };
        let branch = RawTask { kind: "BranchPythonOperator".to_owned(), ..task("a", 3) };
        check(vec![branch], &plain, "task `a`: unsupported operator `BranchPythonOperator`", "@task");
        check(vec![], &plain, "the DAG `etl` has no tasks", "with DAG");
        check(vec![bash("a", " ")], &plain, "bash task `a` has no command", "bash_command");
        check(vec![RawTask { entrypoint: None, ..bash("a", "") }], &plain, "has no command", "bash_command");
        let callback = RawTask { on_failure_callback: true, ..bash("a", "date") };
        check(vec![callback], &plain, "bash task `a` has an `on_failure_callback`", "alerts.on_failure");
        check(vec![after("a", &["ghost"])], &plain, "task `a` depends on `ghost`", "same DAG");
        check(vec![after("a", &["b"]), after("b", &["a"])], &plain, "a -> b -> a", "remove one");
        check(vec![after("a", &["a"])], &plain, "a -> a", "remove one");
        check(vec![task("a b", 3)], &plain, "`a b` cannot be a task id", "letters");
        check(vec![task("", 3)], &plain, "`` cannot be a task id", "1 to 250");
        check(vec![task(&"x".repeat(251), 3)], &plain, "cannot be a task id", "1 to 250");
        check(vec![task("a\u{1b}[31m", 3)], &plain, "`a\\u{1b}[31m`", "letters");
    }

    #[test]
    fn trigger_rules_are_five() {
        let with = |rule: &str| vec![RawTask { trigger_rule: Some(rule.to_owned()), ..task("a", 3) }];
        check(with("all_sucess"), &config(""), "unknown trigger rule `all_sucess`", "did you mean `all_success`?");
        check(with("none_failed"), &config(""), "unknown trigger rule `none_failed`", "`one_failed`");
        let faults = compiled(&RawDag { tasks: with("none_failed"), ..dag() }, &config("")).unwrap_err();
        let help = faults[0].help.as_deref().unwrap();
        assert!(!help.contains("did you mean"), "its nearest rule means the opposite: {help}");
        for rule in ["all_success", "all_failed", "all_done", "one_success", "one_failed"] {
            assert!(compiled(&RawDag { tasks: with(rule), ..dag() }, &config("")).is_ok(), "{rule}");
        }
    }

    #[test]
    fn arguments_fit_into_an_environment_variable() {
        // `{"x":""}` is 8 bytes of it.
        let of_size = |size: usize| map::<Value>(json!({"x": "y".repeat(size - 8)}));
        let sound = RawTask { call_args: of_size(ARGUMENTS_LIMIT), ..task("a", 3) };
        assert!(compiled(&RawDag { tasks: vec![sound], ..dag() }, &config("")).is_ok());
        let call = RawTask { call_args: of_size(ARGUMENTS_LIMIT + 1), ..task("a", 3) };
        check(vec![call], &config(""), "task `a`: its call_args are 102401 bytes", "file of the project");
        let allowed = operator("a", "airflow.providers.smtp.operators.smtp.EmailOperator");
        let large = RawTask { operator_args: of_size(ARGUMENTS_LIMIT + 1), ..allowed };
        check(vec![large], &config(""), "task `a`: its operator_args are 102401 bytes", "file of the project");
    }

    #[test]
    fn an_operators_provider_is_declared() {
        let undeclared = "the image will not have the provider `postgres`";
        check(vec![operator("a", POSTGRES)], &config(""), undeclared, "`connectors: [postgres]`");
        let other = config("connectors: [http]");
        check(vec![operator("a", POSTGRES)], &other, undeclared, "apache-airflow-providers-postgres");
        let own = operator("a", "airflow.providers.acme.operators.launch.Launch");
        check(vec![own], &config(""), "provider `acme`", "add `dependencies: [apache-airflow-providers-acme]`");
        let declared = config("connectors: [postgres]");
        assert!(compiled(&RawDag { tasks: vec![operator("a", POSTGRES)], ..dag() }, &declared).is_ok());
    }

    #[test]
    fn what_leoflow_yaml_names_exists() {
        let with = |id: &str| config(&format!("tasks:\n  {id}:\n    retries: 1\n"));
        let message = "`tasks.lod`: the DAG `etl` has no task `lod`";
        let fault = refused(&dag(), &with("lod"), message, "did you mean `load`?");
        assert!(fault.help.as_deref().is_some_and(|help| help.contains("`extract`, `load`")));
        assert_eq!(marked(&fault), "lod");
        refused(&dag(), &with("something"), "no task `something`", "tasks of the DAG: `extract`, `load`");
        let connectors = |name: &str| config(&format!("connectors: [http, {name}]"));
        let message = "no connector `postgress`";
        let fault = refused(&dag(), &connectors("postgress"), message, "did you mean `postgres`?");
        assert_eq!(marked(&fault), "postgress");
        refused(&dag(), &connectors("acme"), "no connector `acme`", "`dependencies:` takes any package");
    }

    #[test]
    fn a_fault_of_the_schedule_marks_the_field() {
        let with = |schedule: &str| RawDag { schedule: Some(schedule.to_owned()), ..dag() };
        let marks = |found: &str| {
            let source = format!("\n\n  schedule=\"{found}\",\n");
            let file = crate::source::SourceFile { path: "dag.py".into(), text: source };
            let places = Places::new(Arc::new(file), "dag.py");
            let dag = RawDag { schedule_line: Some(3), ..with(found) };
            schedule(&dag, &places).map(|fault| marked(&fault).to_owned())
        };
        assert_eq!(marks("0 0 0 * *").as_deref(), Some("0"));
        assert_eq!(marks("0 6 * * mun").as_deref(), Some("mun"));
        assert_eq!(marks("0 6 * *").as_deref(), Some("0 6 * *"));
        let fault = refused(&with("61 6 * * *"), &config(""), "the minute `61`", "0-59");
        assert_eq!(marked(&fault), "with DAG(\"etl\", schedule=\"0 6 * * *\"):", "the text is not there: the line");
        assert!(compiled(&RawDag { schedule: None, ..dag() }, &config("")).is_ok());
    }

    #[test]
    fn a_params_default_satisfies_its_schema() {
        let with = |param: Value| RawDag { params: map(json!({ "day": param })), ..dag() };
        let message = "param `day`: its default \"x\" is not of type integer";
        refused(&with(json!({"default": "x", "schema": {"type": "integer"}})), &config(""), message, "default");
        assert!(compiled(&with(json!({"schema": {"type": "integer"}})), &config("")).is_ok());
    }

    #[test]
    fn a_fault_of_a_file_that_is_not_known_has_no_place() {
        let elsewhere = RawTask { file: "../../etc/passwd".to_owned(), ..bash("a", "") };
        let fault = refused(&RawDag { tasks: vec![elsewhere], ..dag() }, &config(""), "has no command", "bash_command");
        assert_eq!(fault.span, None);
    }
}
