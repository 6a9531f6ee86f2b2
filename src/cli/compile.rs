//! `leoflow compile`: dag.json into a file or onto stdout.

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use annotate_snippets::Level;
use serde_json::json;

use super::args::{CompileArgs, OutputFormat};
use super::exit::Exit;
use super::report::{Failure, Report, reason};
use super::session::{Session, write_stdout};
use super::target;
use crate::dag::{self, Compiled, Fault, Versioning};
use crate::project::{self, ConfigFault, Project};
use crate::python::Interpreter;

pub(super) async fn run(session: &Session, args: &CompileArgs) -> Result<Exit, Failure> {
    session.standing.at("before anything was written", "run the same command again");
    let project = session.project(&args.target)?;
    let tag = target::tag(&project, args.dag_version.as_deref())?;
    let image = match &args.image {
        Some(image) => image.clone(),
        None => target::image_name(&project, &tag),
    };
    let versioning = Versioning { dag_version: tag.to_string(), image };
    session.progress.doing("Compiling", &project.config.dag_id);
    let compiled = compiled(&project, session.interpreter(&args.interpreter), versioning).await?;
    session.progress.idle();
    warn(session, &project.config.warnings, &compiled.warnings);
    project::check_included(&project, &compiled.files)?;
    let json = compiled.spec.to_json();
    match args.file.as_deref() {
        Some(path) if path == Path::new("-") => write_stdout(&json)?,
        Some(path) => written(session, &project, &session.environment.directory.join(path), &json)?,
        None => written(session, &project, &project.root.join("dag.json"), &json)?,
    }
    Ok(Exit::Success)
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

fn replace(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
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
