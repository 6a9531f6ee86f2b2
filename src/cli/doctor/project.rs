//! The project as `validate` sees it, and the interpreter that executes dag.py.

use std::time::Duration;

use super::check::{Check, within};
use super::ground::Ground;
use crate::cli::args::ValidateArgs;
use crate::cli::building::count;
use crate::cli::exit::Exit;
use crate::cli::report::Failure;
use crate::cli::session::Session;
use crate::cli::{compile, validate};
use crate::dag::Versioning;
use crate::project::{self, Project};
use crate::python::{Backend, Interpreter};

/// What is left to a project beyond the time that dag.py may take.
const GRACE: Duration = Duration::from_secs(10);

/// A DAG that only a broken interpreter cannot compile.
const TRIVIAL: &str =
    "from airflow.sdk import dag, task\n\n@task\ndef t(): pass\n\n@dag(dag_id=\"doctor\")\ndef d(): t()\n\nd()\n";

pub(super) async fn checks(ground: &Ground<'_>) -> Vec<Check> {
    let limit = ground.args.interpreter.compile_timeout.saturating_add(GRACE);
    let (project, python) = tokio::join!(
        async {
            match &ground.project {
                None => None,
                Some(Err(failure)) => Some(Check::fail("project", failure.clone())),
                Some(Ok(project)) => Some(within("project", Exit::Compile, limit, valid(ground, project)).await),
            }
        },
        within("python", Exit::System, limit, python(ground)),
    );
    project.into_iter().chain([python]).collect()
}

async fn valid(ground: &Ground<'_>, project: &Project) -> Check {
    let args = ValidateArgs {
        target: String::new(),
        all: false,
        watch: false,
        locked: false,
        allow_file: ground.image.allow_file.clone(),
        interpreter: ground.args.interpreter.clone(),
    };
    let dag_id = &project.config.dag_id;
    match validate::in_words(ground.session, project, &args).await {
        Ok((words, 0)) => Check::ok("project", format!("{dag_id}: {words}")),
        Ok((words, warnings)) => {
            let what = format!("{dag_id}: {words}; {}", count(warnings, "warning"));
            Check::warn("project", what, "read them above, or with `leoflow validate`")
        }
        Err(failure) => Check::fail("project", failure),
    }
}

async fn python(ground: &Ground<'_>) -> Check {
    let interpreter = ground.session.interpreter(&ground.args.interpreter);
    let name = match &interpreter.backend {
        Backend::Host(path) => format!("{}", path.display()),
        _ => "the interpreter in this program".to_owned(),
    };
    let compiled = trivial(ground.session, interpreter).await;
    Check::of("python", compiled, |()| format!("{name} executes a dag.py"))
}

async fn trivial(session: &Session, interpreter: Interpreter) -> Result<(), Failure> {
    let temporary = session.environment.temporary_directory();
    let directory = tempfile::Builder::new().prefix("leoflow-doctor.").tempdir_in(temporary)?;
    std::fs::write(directory.path().join("leoflow.yaml"), "dag_id: doctor\n")?;
    std::fs::write(directory.path().join("dag.py"), TRIVIAL)?;
    let project = project::load(directory.path())?;
    let versioning = Versioning { dag_version: "dev".to_owned(), image: "doctor:dev".to_owned() };
    compile::compiled(&project, interpreter, versioning).await.map(drop)
}
