//! `leoflow compile`: dag.json into a file or onto stdout.

use std::collections::BTreeSet;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use annotate_snippets::Level;
use serde_json::json;

use super::args::{CompileArgs, OutputFormat};
use super::building::count;
use super::exit::Exit;
use super::report::{Failure, Report, reason};
use super::session::{Session, write_stdout};
use super::target;
use super::watch::{self, Attempt, Scope};
use crate::dag::{self, Compiled, Fault, Versioning};
use crate::packages::lock;
use crate::project::{self, ConfigFault, Project};
use crate::python::Interpreter;

pub(super) async fn run(session: &Session, args: &CompileArgs) -> Result<Exit, Failure> {
    session.standing.at("before anything was written", "run the same command again");
    let project = session.project(&args.target)?;
    let json = checked(session, &project, args).await?.spec.to_json();
    match args.file.as_deref() {
        Some(path) if path == Path::new("-") => write_stdout(&json)?,
        Some(path) => written(session, &project, &session.environment.directory.join(path), &json)?,
        None => written(session, &project, &project.root.join("dag.json"), &json)?,
    }
    Ok(Exit::Success)
}

/// Compiles a project, tells its warnings, and checks that the image would have what dag.py needs.
async fn checked(session: &Session, project: &Project, args: &CompileArgs) -> Result<Compiled, Failure> {
    let tag = target::tag(project, args.dag_version.as_deref())?;
    let image = match &args.image {
        Some(image) => image.clone(),
        None => target::image_name(project, &tag),
    };
    let versioning = Versioning { dag_version: tag.to_string(), image };
    session.progress.doing("Compiling", &project.config.dag_id);
    let compiled = compiled(project, session.interpreter(&args.interpreter), versioning).await?;
    session.progress.idle();
    warn(session, &project.config.warnings, &compiled.warnings);
    project::check_included(project, &compiled.files)?;
    Ok(compiled)
}

/// Compiles again whenever a file that was read is saved, until Ctrl-C.
pub(super) async fn watch(session: &Session, args: &CompileArgs) -> Result<Exit, Failure> {
    if args.file.as_deref() == Some(Path::new("-")) {
        return Err(Failure::usage(
            "--watch has no end, so that stdout cannot be dag.json",
            "write into a file: -o FILE",
        ));
    }
    let root = watch::root(session, &args.target)?;
    let file = match &args.file {
        Some(file) => session.environment.directory.join(file),
        None => root.join("dag.json"),
    };
    let written = [file.clone(), root.join("dag.json")];
    let attempt = async || {
        let project = match reload(session, &root) {
            Ok(project) => project,
            Err(failure) => return Attempt { outcome: Err(failure), scope: Scope::Everything },
        };
        let compiled = checked(session, &project, args).await;
        let compiled = compiled.and_then(|compiled| unless_same(&file, &compiled.spec.to_json()).map(|()| compiled));
        let scope = compiled.as_ref().map_or(Scope::Everything, |compiled| read_by(&project, compiled));
        let outcome = compiled.map(|compiled| (in_words(&compiled), compiled.spec));
        Attempt { outcome, scope }
    };
    watch::watch(session, &root, &written, "does not compile", attempt).await
}

/// Reads the project anew; its leoflow.yaml is named as it was asked for.
pub(super) fn reload(session: &Session, root: &Path) -> Result<Project, Failure> {
    let shown = root.strip_prefix(&session.environment.directory).unwrap_or(root);
    Ok(project::load(if shown == Path::new("") { Path::new(".") } else { shown })?)
}

/// What compiling read.
fn read_by(project: &Project, compiled: &Compiled) -> Scope {
    let named = ["leoflow.yaml", ".dockerignore", "pylock.toml", "requirements.txt", &project.config.dag_source];
    let mut read: BTreeSet<PathBuf> = named.iter().map(|name| project.root.join(name)).collect();
    let (platforms, python) = (&project.config.build.platforms, project.config.python_version.as_str());
    if let Ok(python) = python.parse() {
        let platforms = platforms.iter().filter_map(|platform| platform.parse().ok());
        read.extend(platforms.map(|platform| project.root.join(&*lock::file_name(&platform, &python))));
    }
    read.extend(compiled.files.iter().map(|file| project.root.join(file)));
    Scope::Read(read)
}

fn in_words(compiled: &Compiled) -> String {
    format!("compiled {}: {}", compiled.spec.dag_id, count(compiled.spec.tasks.len(), "task"))
}

/// Writes a file unless that is what it holds.
fn unless_same(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    if std::fs::read(path).is_ok_and(|before| before == bytes) { Ok(()) } else { write(path, bytes) }
}

/// Compiles on a thread of its own, so that Ctrl-C is heard.
pub(super) async fn compiled(
    project: &Project,
    interpreter: Interpreter,
    versioning: Versioning,
) -> Result<Compiled, Failure> {
    let project = project.clone();
    match tokio::task::spawn_blocking(move || dag::compile(&project, &interpreter, &versioning)).await {
        Ok(compiled) => Ok(compiled?),
        Err(error) => Err(Failure::new(Exit::Failure, format!("cannot compile: {error}"), None)),
    }
}

/// Tells warnings on stderr, with their places.
pub(super) fn warn(session: &Session, config: &[ConfigFault], dag: &[Fault]) {
    let reports = config.iter().cloned().map(Report::from).chain(dag.iter().cloned().map(Report::from));
    for report in reports {
        session.progress.report(&report, Level::WARNING);
    }
}

fn written(session: &Session, project: &Project, path: &Path, json: &[u8]) -> Result<(), Failure> {
    write(path, json)?;
    let text = match session.format {
        OutputFormat::Text => format!("Compiled {} -> {}\n", project.config.dag_id, path.display()),
        OutputFormat::Json => String::new(),
    };
    let result = json!({"schema": "leoflow.compile/v1", "dag_id": project.config.dag_id, "file": path});
    session.print(&text, &result)
}

/// Replaces a file as a whole, readable by its owner only: a spec may name what others should not know. What is no file
/// (`/dev/stdout`, a pipe) is written to instead.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let other = std::fs::metadata(path).is_ok_and(|metadata| !metadata.is_file());
    let written = if other { std::fs::write(path, bytes) } else { replace(path, bytes) };
    written.map_err(|error| {
        let message = format!("cannot write `{}`: {}", path.display(), reason(&error));
        Failure::new(Exit::System, message, Some("write elsewhere with -o FILE, or to stdout with -o -".into()))
    })
}

/// Replaces a file, readable by its owner only.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    // A link stays a link.
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let mut file = tempfile::Builder::new()
        .prefix(".dag.json.")
        .permissions(std::fs::Permissions::from_mode(0o600))
        .tempfile_in(path.parent().unwrap_or(Path::new("/")))?;
    file.write_all(bytes)?;
    file.persist(&path)?;
    Ok(())
}
