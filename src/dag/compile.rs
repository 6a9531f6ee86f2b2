//! The road from a project to its spec: execute, select, overlay, check.

use super::places::Places;
use super::suggest::{did_you_mean, listed};
use super::{CompileError, Compiled, DagSpec, Fault, Versioning, overlay, validate};
use crate::project::{Config, Project};
use crate::python::{Interpreter, RawDag};

/// Executes dag.py, lays leoflow.yaml over it and checks the result.
///
/// # Errors
/// When dag.py cannot be executed, or the DAG breaks a rule.
pub fn compile(
    project: &Project,
    interpreter: &Interpreter,
    versioning: &Versioning,
) -> Result<Compiled, CompileError> {
    let config = &project.config;
    let mut execution = interpreter.execute(&project.root, &config.dag_source)?;
    let declared = std::mem::take(&mut execution.dags);
    let dag = select(declared, config).map_err(|fault| CompileError::Invalid { faults: vec![fault] })?;
    let places = Places::read(&project.root, &config.dag_source, &execution, &dag);
    let spec = checked(&dag, config, &places, versioning).map_err(|faults| CompileError::Invalid { faults })?;
    Ok(Compiled { spec, files: execution.files, warnings: Vec::new(), printed: execution.printed })
}

/// Returns the spec of a DAG that breaks no rule, or every fault in the order of their places.
pub(super) fn checked(
    dag: &RawDag,
    config: &Config,
    places: &Places,
    versioning: &Versioning,
) -> Result<DagSpec, Vec<Fault>> {
    let mut faults = validate::check(dag, config, places);
    match overlay::apply(dag, config, places, versioning) {
        Ok(spec) if faults.is_empty() => return Ok(spec),
        Ok(_) => {}
        Err(more) => faults.extend(more),
    }
    faults.sort_by_key(|fault| fault.span.as_ref().map(|span| (span.file.path.clone(), span.range.start)));
    Err(faults)
}

/// Returns the one DAG that leoflow.yaml names.
pub(super) fn select(declared: Vec<RawDag>, config: &Config) -> Result<RawDag, Fault> {
    let (wanted, source) = (&config.dag_id, &config.dag_source);
    let fault = |message: String| Fault::new(Some(config.dag_id_span.clone()), message);
    if declared.is_empty() {
        return Err(fault(format!("`{source}` declares no DAG")).help(format!(
            "declare it: `with DAG(dag_id=\"{wanted}\", schedule=None):`; a `@dag` function must be called"
        )));
    }
    let ids: Vec<String> = declared.iter().map(|dag| dag.dag_id.clone()).collect();
    let mut named = declared.into_iter().filter(|dag| dag.dag_id == *wanted);
    match (named.next(), named.next()) {
        (Some(dag), None) => Ok(dag),
        (Some(first), Some(second)) => Err(fault(format!(
            "`{source}` declares the DAG `{wanted}` twice: {}:{} and {}:{}",
            first.file, first.line, second.file, second.line
        ))
        .help("give one of them another `dag_id`")),
        (None, _) => {
            let ids = ids.iter().map(String::as_str);
            let message = format!("`{source}` declares no DAG `{wanted}`; it declares {}", listed(ids.clone()));
            let meant = did_you_mean(wanted, ids);
            Err(fault(message).help(format!("{meant}set `dag_id:` in leoflow.yaml to the `dag_id` in `{source}`")))
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
        let found = select(dags, &Config { dag_id: wanted.to_owned(), ..config("") });
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
