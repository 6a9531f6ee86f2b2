//! The road from a project to its spec: execute, select, overlay, check.

use super::places::Places;
use super::suggest::{did_you_mean, listed};
use super::{CompileError, Compiled, DagSpec, Fault, SpecError, Versioning, overlay, validate, validate_json};
use crate::code::Code;
use crate::image::Platform;
use crate::packages::lock;
use crate::packages::requirements::requirements;
use crate::project::{Config, Project, connectors};
use crate::python::{Interpreter, RawDag, Unsteady};

/// Executes dag.py, lays leoflow.yaml over it and checks the result.
///
/// # Errors
/// When dag.py cannot be executed, or the DAG breaks a rule.
pub fn compile(
    project: &Project,
    interpreter: &Interpreter,
    versioning: &Versioning,
) -> Result<Compiled, CompileError> {
    let config = &with_locked(project);
    let connectors = config.connectors.iter().map(|name| connectors::package(&provider(name)));
    let declared: Vec<_> = config.dependencies.iter().cloned().chain(connectors).collect();
    let mut execution = interpreter.execute_with(&project.root, &config.dag_source, &declared)?;
    let (declared, refused) = (std::mem::take(&mut execution.dags), std::mem::take(&mut execution.refused));
    let others = refused.iter().map(|dag| dag.dag_id.clone()).collect();
    if let Some(dag) = refused.into_iter().find(|dag| dag.dag_id == config.dag_id) {
        return Err(dag.error.into());
    }
    let dag = select(declared, others, config).map_err(|fault| CompileError::Invalid { faults: vec![fault] })?;
    let places = Places::read(&project.root, &config.dag_source, &execution, &dag);
    let spec = checked(&dag, config, &places, versioning).map_err(|faults| CompileError::Invalid { faults })?;
    let unsteady = execution.unsteady.iter().filter(|found| found.dag_id == dag.dag_id);
    let warnings = unsteady.map(warning).collect();
    Ok(Compiled { spec, files: execution.files, warnings, printed: execution.printed })
}

fn warning(found: &Unsteady) -> Fault {
    let message = format!("{} depends on {}", found.what, found.asked);
    Fault::new(Code::UNSTEADY, found.span.clone(), message).help(
        "write the value itself, or compute it inside a task: while dag.py is compiled the clock stands at 2000-01-01 and \
         random numbers are always the same, and dag.json holds what came of that",
    )
}

/// Returns leoflow.yaml with what a lock adds to it: what is locked will be in the image, whoever wants it.
fn with_locked(project: &Project) -> Config {
    let mut config = project.config.clone();
    let platforms: Vec<Platform> = config.build.platforms.iter().filter_map(|text| text.parse().ok()).collect();
    if let (Ok(python), Ok(wanted)) = (config.python_version.as_str().parse(), requirements(&config)) {
        let asked = lock::canonical(wanted.iter().map(|wanted| &wanted.requirement));
        let names = lock::names(&project.root, &platforms, &python, &asked);
        config.dependencies.extend(names.iter().map(ToString::to_string));
    }
    config
}

/// The provider of a connector; a name that there is not is told later, with its place.
fn provider(connector: &str) -> String {
    connectors::provider_of_connector(connector).map_or_else(|| connector.to_owned(), |name| name.to_string())
}

/// Returns the spec of a DAG that breaks no rule, or every fault in the order of their places.
pub(super) fn checked(
    dag: &RawDag,
    config: &Config,
    places: &Places,
    versioning: &Versioning,
) -> Result<DagSpec, Vec<Fault>> {
    let mut faults = validate::check(dag, config, places);
    let spec = overlay::apply(dag, config, places, versioning).unwrap_or_else(|more| {
        faults.extend(more);
        DagSpec::default()
    });
    if faults.is_empty() {
        faults = unreadable(&spec, dag, places);
    }
    faults.sort_by_key(|fault| fault.span.as_ref().map(|span| (span.file.path.clone(), span.range.start)));
    if faults.is_empty() { Ok(spec) } else { Err(faults) }
}

const MEND: &str = "change the argument in dag.py, or the key in leoflow.yaml, that this field comes from";

/// Holds what we would write to the rules by which it will be read, so that no push fails for what compiling let pass.
/// The image's name is not the DAG's, and is looked at when it is pinned.
fn unreadable(spec: &DagSpec, dag: &RawDag, places: &Places) -> Vec<Fault> {
    let errors = validate_json(&spec.to_json()).err().unwrap_or_default();
    let of_dag = errors.iter().filter(|error| !matches!(error, SpecError::Field { field, .. } if field == "image"));
    of_dag
        .map(|error| {
            let task = task_of(error, spec).and_then(|id| dag.tasks.iter().find(|task| task.task_id == id));
            match task {
                Some(task) => Fault::new(
                    Code::NOT_A_SPEC,
                    places.line(&task.file, task.line),
                    format!("task `{}`: {error}", task.task_id),
                )
                .help(MEND),
                None => Fault::new(Code::NOT_A_SPEC, places.line(&dag.file, dag.line), error.to_string()).help(MEND),
            }
        })
        .collect()
}

/// The task in whose `tasks[i]` a fault lies.
fn task_of<'a>(error: &SpecError, spec: &'a DagSpec) -> Option<&'a str> {
    let SpecError::Field { field, .. } = error else { return None };
    let (index, _) = field.strip_prefix("tasks[")?.split_once(']')?;
    spec.tasks.get(index.parse::<usize>().ok()?).map(|task| task.task_id.as_str())
}

/// Returns the one DAG that leoflow.yaml names; `others` cannot be compiled.
pub(super) fn select(declared: Vec<RawDag>, others: Vec<String>, config: &Config) -> Result<RawDag, Fault> {
    let (wanted, source) = (&config.dag_id, &config.dag_source);
    let fault = |code, message: String| Fault::new(code, Some(config.dag_id_span.clone()), message);
    if declared.is_empty() && others.is_empty() {
        return Err(fault(Code::NO_DAG, format!("`{source}` declares no DAG")).help(format!(
            "declare it: `with DAG(dag_id=\"{wanted}\", schedule=None):`; a `@dag` function must be called"
        )));
    }
    let ids: Vec<String> = declared.iter().map(|dag| dag.dag_id.clone()).chain(others).collect();
    let mut named = declared.into_iter().filter(|dag| dag.dag_id == *wanted);
    match (named.next(), named.next()) {
        (Some(dag), None) => Ok(dag),
        (Some(first), Some(second)) => Err(fault(
            Code::DUPLICATE_ID,
            format!(
                "`{source}` declares the DAG `{wanted}` twice: {}:{} and {}:{}",
                first.file, first.line, second.file, second.line
            ),
        )
        .help("give one of them another `dag_id`")),
        (None, _) => {
            let ids = ids.iter().map(String::as_str);
            let message = format!("`{source}` declares no DAG `{wanted}`; it declares {}", listed(ids.clone()));
            let meant = did_you_mean(wanted, ids);
            Err(fault(Code::OTHER_DAG_ID, message)
                .help(format!("{meant}set `dag_id:` in leoflow.yaml to the `dag_id` in `{source}`")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{compiled, config, dag, names, task};
    use super::*;
    use crate::python::RawTask;

    fn check(declared: &[&str], wanted: &str, expected: Result<(), (&str, &str)>) {
        let dags = declared.iter().map(|id| RawDag { dag_id: (*id).to_owned(), ..dag() }).collect();
        let found = select(dags, Vec::new(), &Config { dag_id: wanted.to_owned(), ..config("") });
        match (found, expected) {
            (Ok(dag), Ok(())) => assert_eq!(dag.dag_id, wanted),
            (Err(fault), Err((message, help))) => {
                assert!(fault.message.contains(message), "{}", fault.message);
                assert!(fault.help.is_some_and(|found| found.contains(help)), "{help}");
                assert!(fault.span.is_some());
            }
            (found, _) => panic!("{declared:?}, {wanted}: {found:?}"),
        }
    }

    #[test]
    fn the_dag_of_leoflow_yaml_is_selected() {
        check(&["etl"], "etl", Ok(()));
        check(&["a", "etl", "b"], "etl", Ok(()));
        check(&[], "etl", Err(("declares no DAG", "DAG(dag_id=\"etl\"")));
        check(&["etl_sales", "b"], "etl_sale", Err(("it declares `etl_sales`, `b`", "did you mean `etl_sales`?")));
        check(&["etl", "etl"], "etl", Err(("twice: dag.py:2 and dag.py:2", "another `dag_id`")));
    }

    #[test]
    fn what_a_reader_would_refuse_does_not_compile() {
        let refused = |task: RawTask, message: &str| {
            let faults = compiled(&RawDag { tasks: vec![task], ..dag() }, &config("")).expect_err(message);
            assert_eq!(faults.iter().map(|fault| fault.message.as_str()).collect::<Vec<_>>(), [message]);
            assert_eq!(faults[0].span.as_ref().map(|span| span.position().0), Some(3));
        };
        let timeout = "`tasks[0].execution_timeout_seconds`: a whole number from 1 on is expected, not 0";
        refused(RawTask { execution_timeout_seconds: Some(0), ..task("a", 3) }, &format!("task `a`: {timeout}"));
        let missing = "task `a`: `tasks[0].entrypoint`: is missing";
        refused(RawTask { entrypoint: None, ..task("a", 3) }, missing);
    }

    #[test]
    fn a_deep_argument_is_refused_rather_than_written() {
        let deep = (0..130).fold(serde_json::Value::Null, |inner, _| serde_json::Value::Array(vec![inner]));
        let task = RawTask { call_args: [("x".to_owned(), deep)].into(), ..task("a", 3) };
        let faults = compiled(&RawDag { tasks: vec![task], ..dag() }, &config("")).expect_err("too deep");
        assert!(faults[0].message.contains("recursion limit"), "{faults:?}");
    }

    #[test]
    fn all_faults_are_told_at_once_in_the_order_of_their_places() {
        let mut dag = dag();
        dag.schedule = Some("0 6 * * 9".to_owned());
        dag.tasks = vec![
            RawTask { kind: "BranchPythonOperator".to_owned(), trigger_rule: Some("nome".to_owned()), ..task("b", 4) },
            RawTask { depends_on: names(&["ghost"]), ..task("a", 3) },
        ];
        let faults = compiled(&dag, &config("")).expect_err("four faults");
        let lines: Vec<usize> = faults.iter().filter_map(|f| f.span.as_ref()).map(|s| s.position().0).collect();
        assert_eq!(lines, [2, 3, 4, 4]);
        let error = CompileError::Invalid { faults };
        assert_eq!(error.to_string(), "the DAG has 4 faults");
        assert!(error.help().is_some());
    }
}
