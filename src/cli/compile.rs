//! `leoflow compile`: dag.json into a file or onto stdout.

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use annotate_snippets::Level;
use serde_json::json;

use super::args::{CompileArgs, OutputFormat};
use super::exit::Exit;
use super::report::{Failure, Report};
use super::session::{Session, write_stdout};
use super::target;
use crate::dag::{self, Fault, Versioning};
use crate::project::{self, ConfigFault, Project};

pub(super) fn run(session: &Session, args: &CompileArgs) -> Result<Exit, Failure> {
    let project = session.project(&args.target)?;
    let tag = target::tag(&project, args.dag_version.as_deref())?;
    let image = match &args.image {
        Some(image) => image.clone(),
        None => target::image_name(&project, &tag),
    };
    let versioning = Versioning { dag_version: tag.to_string(), image };
    let compiled = dag::compile(&project, &session.interpreter(&args.interpreter), &versioning)?;
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

/// Tells warnings on stderr, with their places.
pub(super) fn warn(session: &Session, config: &[ConfigFault], dag: &[Fault]) {
    let reports = config.iter().cloned().map(Report::from).chain(dag.iter().cloned().map(Report::from));
    for report in reports {
        session.progress.report(&report, Level::WARNING);
    }
}

fn written(session: &Session, project: &Project, path: &Path, json: &[u8]) -> Result<(), Failure> {
    write_atomically(path, json)?;
    let text = match session.format {
        OutputFormat::Text => format!("Compiled {} -> {}\n", project.config.dag_id, path.display()),
        OutputFormat::Json => String::new(),
    };
    let result = json!({"schema": "leoflow.compile/v1", "dag_id": project.config.dag_id, "file": path});
    session.print(&text, &result)
}

/// Replaces a file as a whole, readable by its owner only: a spec may name what others should not know.
fn write_atomically(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let fail = |error: std::io::Error| {
        let message = format!("cannot write `{}`: {error}", path.display());
        Failure::new(Exit::System, message, Some("write elsewhere with -o FILE, or to stdout with -o -".into()))
    };
    let directory =
        path.parent().filter(|parent| !parent.as_os_str().is_empty()).map_or(PathBuf::from("."), PathBuf::from);
    let mut file = tempfile::Builder::new()
        .prefix(".dag.json.")
        .permissions(std::fs::Permissions::from_mode(0o600))
        .tempfile_in(directory)
        .map_err(fail)?;
    file.write_all(bytes).map_err(fail)?;
    file.persist(path).map_err(|error| fail(error.error))?;
    Ok(())
}
