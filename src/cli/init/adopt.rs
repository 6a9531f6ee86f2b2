//! A DAG file that there is, as the beginning of a project: which DAG it declares, what it needs, what lies beside it.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use annotate_snippets::Level;

use super::super::args::InitArgs;
use super::super::exit::Exit;
use super::super::report::{Failure, reason, shown};
use super::super::session::Session;
use super::place::Directory;
use super::proposals;
use super::write::NewFile;
use crate::project::Starter;
use crate::python::{Execution, Interpreter, Scan};
use crate::source::read_regular;

/// Bytes of a file that is copied along; what is larger does not lie beside a DAG by intention.
const LARGEST_COPY: u64 = 64 << 20;

/// What became of the file.
pub(super) struct Adopted {
    /// As it was named.
    pub(super) shown: String,
    /// The DAGs that it declares.
    pub(super) dag_ids: Vec<String>,
    /// Whether these are all, because it was executed.
    pub(super) is_sure: bool,
    /// What leoflow.yaml sets for it.
    pub(super) values: Starter,
    /// What is copied into the project.
    pub(super) copies: Vec<NewFile>,
    /// What is in its place already.
    pub(super) stays: Vec<PathBuf>,
}

/// The file, where it lies.
struct Original {
    /// Its directory, absolute.
    root: PathBuf,
    name: String,
}

/// Reads the file, and executes it as a deploy would.
///
/// # Errors
/// When there is none, or it is no Python.
pub(super) async fn read(
    session: &Session,
    args: &InitArgs,
    directory: &Directory,
    file: &Path,
) -> Result<Adopted, Failure> {
    let original = original(session, file)?;
    let interpreter = session.interpreter(&args.interpreter);
    session.progress.doing("Reading", &original.name);
    let (scan, execution) = understood(interpreter, &original).await?;
    session.progress.idle();
    let execution = match execution {
        Ok(execution) => Some(execution),
        Err(failure) => {
            does_not_compile(session, &original.name, failure);
            None
        }
    };
    let in_place = original.root == directory.path;
    let needed = needed(&scan, execution.as_ref());
    Ok(Adopted {
        shown: shown(&original.root.join(&original.name)).display().to_string(),
        dag_ids: dag_ids(&scan, execution.as_ref()),
        is_sure: execution.is_some(),
        values: values(&original, &scan, execution.as_ref()),
        copies: if in_place { Vec::new() } else { copies(&original, &needed)? },
        stays: if in_place { needed.into_iter().map(PathBuf::from).collect() } else { Vec::new() },
    })
}

fn original(session: &Session, file: &Path) -> Result<Original, Failure> {
    let path = session.environment.directory.join(file);
    let named = path.file_name().and_then(|name| name.to_str()).filter(|name| name.ends_with(".py"));
    let (Some(name), true) = (named, path.is_file()) else {
        let why = match path.metadata() {
            Err(error) => reason(&error),
            Ok(_) => "it is not a Python file".to_owned(),
        };
        let message = format!("cannot make a project of `{}`: {why}", file.display());
        return Err(Failure::usage(message, "name the file that declares the DAG, e.g. `--from-dag dags/sales.py`"));
    };
    let parent = path.parent().unwrap_or(Path::new("/"));
    let root = parent.canonicalize().map_err(|error| cannot_read(parent, &error))?;
    Ok(Original { root, name: name.to_owned() })
}

type Understood = (Scan, Result<Execution, Failure>);

/// Reads and executes it on a thread of its own, so that Ctrl-C is heard.
async fn understood(interpreter: Interpreter, original: &Original) -> Result<Understood, Failure> {
    let (root, name) = (original.root.clone(), original.name.clone());
    let work = move || -> Result<Understood, Failure> {
        let scan = interpreter.scan(&root, &name)?;
        let packages = proposals::packages(&scan);
        let execution = interpreter.execute_with(&root, &name, &packages).map_err(Failure::from);
        Ok((scan, execution))
    };
    match tokio::task::spawn_blocking(work).await {
        Ok(understood) => understood,
        Err(error) => Err(Failure::new(Exit::Failure, format!("cannot read the DAG: {error}"), None)),
    }
}

/// The project is made all the same: what is wrong is easier to mend in it.
fn does_not_compile(session: &Session, name: &str, failure: Failure) {
    for mut report in failure.reports {
        report.message = format!("{name} does not compile yet: {}", report.message);
        session.progress.report(&report, Level::WARNING);
    }
}

/// The ids that executing it told, those of DAGs that are refused among them; else those that stand in the text.
fn dag_ids(scan: &Scan, execution: Option<&Execution>) -> Vec<String> {
    let Some(execution) = execution else { return scan.dag_ids.clone() };
    let declared = execution.dags.iter().map(|dag| &dag.dag_id);
    declared.chain(execution.refused.iter().map(|dag| &dag.dag_id)).cloned().collect()
}

fn values(original: &Original, scan: &Scan, execution: Option<&Execution>) -> Starter {
    Starter {
        dag_source: (original.name != "dag.py").then(|| original.name.clone()),
        dependencies: proposals::dependencies(scan),
        connectors: proposals::connectors(scan, execution),
        connections: proposals::connections(scan, execution),
        variables: scan.variables.clone(),
        ..Starter::default()
    }
}

/// The files that it needs beside it, itself among them: what it imports, and what it read while it was executed.
fn needed(scan: &Scan, execution: Option<&Execution>) -> BTreeSet<String> {
    let read = execution.into_iter().flat_map(|execution| &execution.files);
    let read = read.filter_map(|file| file.to_str().map(str::to_owned));
    scan.files.iter().cloned().chain(read).collect()
}

fn copies(original: &Original, needed: &BTreeSet<String>) -> Result<Vec<NewFile>, Failure> {
    let copy = |name: &String| {
        let path = original.root.join(name);
        let read = || Ok((read_regular(&path, LARGEST_COPY)?, path.metadata()?));
        let (bytes, metadata) = read().map_err(|error: std::io::Error| cannot_read(&path, &error))?;
        let executable = metadata.permissions().mode() & 0o111 != 0;
        Ok(NewFile { path: name.into(), bytes, executable })
    };
    needed.iter().map(copy).collect()
}

fn cannot_read(path: &Path, error: &std::io::Error) -> Failure {
    let message = format!("cannot read `{}`: {}", shown(path).display(), reason(error));
    Failure::new(Exit::Project, message, Some("make it a file that you can read".to_owned()))
}
