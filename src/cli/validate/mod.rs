//! `leoflow validate`: all that compiling and packing would check; nothing is written, and no network is asked.

mod all;
mod check;
mod spec;

use std::path::PathBuf;

use serde_json::json;

use super::args::ValidateArgs;
use super::exit::Exit;
use super::report::Failure;
use super::session::Session;
use super::watch::{self, Attempt, Scope};
use super::{compile, run as output};
use check::Checked;

use crate::project::Project;

pub(super) async fn run(session: &Session, args: &ValidateArgs) -> Result<Exit, Failure> {
    session.standing.at("before all was checked", "run the same command again");
    let path = session.environment.directory.join(&args.target);
    if args.all {
        return all::run(session, args, &path.components().collect::<PathBuf>()).await;
    }
    if spec::is_meant(&path) {
        return spec::run(session, args, &path);
    }
    let checked = check::check(session, &session.project(&args.target)?, args).await?;
    let text = format!("Valid: {} ({})\n", checked.dag_id(), checked.in_words());
    session.print(&text, &checked.as_json())?;
    Ok(Exit::Success)
}

/// Checks a project and returns what it comes to in words, with the number of its warnings.
pub(super) async fn in_words(
    session: &Session,
    project: &Project,
    args: &ValidateArgs,
) -> Result<(String, usize), Failure> {
    let checked = check::check(session, project, args).await?;
    Ok((checked.in_words(), checked.warnings.len()))
}

/// Checks again whenever a file of the project is saved, until Ctrl-C.
pub(super) async fn watch(session: &Session, args: &ValidateArgs) -> Result<Exit, Failure> {
    let path = session.environment.directory.join(&args.target);
    if spec::is_meant(&path) {
        return spec::run(session, args, &path);
    }
    let root = watch::root(session, &args.target)?;
    let attempt = async || {
        let project = compile::reload(session, &root);
        let checked = match project {
            Ok(project) => check::check(session, &project, args).await,
            Err(failure) => Err(failure),
        };
        // Any file may be a credential, or a link that leads nowhere.
        let scope = Scope::Everything;
        let outcome = checked
            .map(|checked| (format!("valid {}: {}", checked.dag_id(), checked.in_words()), checked.compiled.spec));
        Attempt { outcome, scope }
    };
    watch::watch(session, &root, &[root.join("dag.json")], "is not valid", attempt).await
}

impl Checked {
    fn as_json(&self) -> serde_json::Value {
        let locks = self.locks.iter().map(|lock| json!({"file": lock.path, "fresh": lock.fresh}));
        let warnings: Vec<_> = self.warnings.iter().map(output::report_json).collect();
        json!({
            "schema": "leoflow.validate/v1",
            "dag_id": self.dag_id(),
            "directory": self.root,
            "tasks": self.compiled.spec.tasks.len(),
            "edges": self.edges(),
            "files": self.packed.files,
            "bytes": self.packed.bytes,
            "requirements": self.requirements,
            "locks": locks.collect::<Vec<_>>(),
            "warnings": warnings,
        })
    }
}
