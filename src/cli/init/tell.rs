//! What was made, and what comes next.

use std::path::{Path, PathBuf};

use serde_json::json;

use super::super::report::Failure;
use super::super::session::Session;
use super::place::Directory;
use super::{NO_REGISTRY, Project, SCHEMA_FILE};
use crate::project::Proposal;

/// Columns of a line.
const WIDTH: usize = 80;

/// Tells it, for people or as `leoflow.init/v1`.
///
/// # Errors
/// When stdout cannot be written to.
pub(super) fn tell(session: &Session, project: &Project) -> Result<(), Failure> {
    let Project { directory, values, files, kept } = project;
    let next = next(directory);
    let paths = |paths: Vec<&Path>| paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>();
    let json = json!({
        "schema": "leoflow.init/v1",
        "dag_id": values.dag_id,
        "directory": directory.path,
        "written": paths(files.iter().map(|file| file.path.as_path()).collect()),
        "kept": paths(kept.iter().map(PathBuf::as_path).collect()),
        "registry": values.registry,
        "connectors": chosen(&values.connectors, true),
        "dependencies": chosen(&values.dependencies, true),
        "unconfirmed": chosen(&values.dependencies, false),
        "connections": values.connections,
        "variables": values.variables,
        "next": next,
    });
    session.print(&in_words(project, &next), &json)
}

fn in_words(project: &Project, next: &[String]) -> String {
    let Project { directory, values, files, kept } = project;
    let mut text = format!("Made {} in {}\n", values.dag_id, directory.shown());
    let written = files.iter().map(|file| (file.path.as_path(), remark(&file.path)));
    let kept = kept.iter().map(|path| (path.as_path(), "was there, and stays as it is"));
    for (path, remark) in written.chain(kept) {
        text.push_str(format!("  {:<20} {remark}", path.display()).trim_end());
        text.push('\n');
    }
    text.push_str(&listed("connectors:", &chosen(&values.connectors, true)));
    text.push_str(&listed("dependencies:", &chosen(&values.dependencies, true)));
    text.push_str(&listed("guesses, to confirm in leoflow.yaml:", &chosen(&values.dependencies, false)));
    if values.registry.as_deref() == Some(NO_REGISTRY) {
        text.push_str(&format!("registry: {NO_REGISTRY} stands for yours in leoflow.yaml\n"));
    }
    text.push_str("Next:\n");
    next.iter().for_each(|command| text.push_str(&format!("  {command}\n")));
    text
}

fn remark(path: &Path) -> &'static str {
    match path.to_str() {
        Some("dag.py") => "the DAG",
        Some("leoflow.yaml") => "what the image holds, where it goes",
        Some(SCHEMA_FILE) => "for editors; not in the image",
        Some(".dockerignore") => "what stays out of the image",
        _ => "",
    }
}

fn chosen(proposals: &[Proposal], sure: bool) -> Vec<&str> {
    proposals.iter().filter(|proposal| proposal.sure == sure).map(|proposal| proposal.name.as_str()).collect()
}

/// Names behind a label, in lines that fit; nothing where there are none.
fn listed(label: &str, names: &[&str]) -> String {
    let mut lines = vec![label.to_owned()];
    for (index, name) in names.iter().enumerate() {
        let comma = if index + 1 < names.len() { "," } else { "" };
        let width = lines.last().map_or(0, |line| line.chars().count());
        if width + name.chars().count() + 2 > WIDTH {
            lines.push(" ".to_owned());
        }
        if let Some(line) = lines.last_mut() {
            line.push_str(&format!(" {name}{comma}"));
        }
    }
    if names.is_empty() { String::new() } else { lines.join("\n") + "\n" }
}

fn next(directory: &Directory) -> Vec<String> {
    let path = directory.argument();
    let target = if path == "." { String::new() } else { format!(" {path}") };
    vec![format!("leoflow graph{target}"), format!("leoflow deploy{target} --sandbox")]
}
