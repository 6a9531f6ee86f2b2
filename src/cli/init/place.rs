//! Where the project goes, and what is there already.

use std::path::{Component, Path, PathBuf};

use super::super::args::InitArgs;
use super::super::exit::Exit;
use super::super::report::{Failure, shown};
use super::super::session::Session;
use super::SCHEMA_FILE;
use crate::code::Code;
use crate::project;

/// How far above the project a schema for editors is looked for.
const LEVELS_ABOVE: usize = 5;

/// The project's directory, which may not exist yet.
pub(super) struct Directory {
    /// Absolute, without `.` and `..`.
    pub(super) path: PathBuf,
    /// The directory that one stands in.
    here: PathBuf,
}

/// Returns where the project goes.
///
/// # Errors
/// When that cannot be a project's directory.
pub(super) fn directory(session: &Session, args: &InitArgs) -> Result<Directory, Failure> {
    let here = &session.environment.directory;
    let beside = || args.from_dag.as_ref().and_then(|file| file.parent()).map(Path::to_owned);
    let given = args.path.clone().or_else(beside).unwrap_or_default();
    let path = settled(&here.join(given));
    if path.to_str().is_none() {
        let message = format!("the path `{}` is not UTF-8", path.display());
        return Err(Failure::usage(message, "choose another name: dag.py could not be compiled there"));
    }
    if path.symlink_metadata().is_ok() && !path.is_dir() {
        let message = format!("cannot make a project in `{}`: it is no directory", shown(&path).display());
        let help = if path.extension().is_some_and(|extension| extension == "py") {
            format!("make a project of it: `leoflow init PATH --from-dag {}`", quoted(&shown(&path)))
        } else {
            "name a directory; it is made if there is none".to_owned()
        };
        return Err(Failure::usage(message, help));
    }
    Ok(Directory { path, here: here.clone() })
}

/// Resolves links as far as there is something, and `.` and `..` in what there is not yet.
fn settled(path: &Path) -> PathBuf {
    if let Ok(real) = path.canonicalize() {
        return real;
    }
    let mut settled = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => drop(settled.pop()),
            Component::CurDir => {}
            other => settled.push(other),
        }
        if let Ok(real) = settled.canonicalize() {
            settled = real;
        }
    }
    settled
}

impl Directory {
    /// Tells whether something has this name, be it a link that leads nowhere.
    pub(super) fn has(&self, name: impl AsRef<Path>) -> bool {
        self.path.join(name).symlink_metadata().is_ok()
    }

    /// Fails when one of the files is there.
    ///
    /// # Errors
    /// Names them all.
    pub(super) fn check_free(&self, names: &[impl AsRef<Path>]) -> Result<(), Failure> {
        let there = names.iter().map(AsRef::as_ref).filter(|name| self.has(name));
        let there: Vec<String> = there.map(|name| format!("`{}`", name.display())).collect();
        if there.is_empty() {
            return Ok(());
        }
        let verb = if there.len() == 1 { "is" } else { "are" };
        let message = format!("nothing was written to `{}`: {} {verb} there already", self.shown(), there.join(", "));
        let help = match (&*there[0], there.len()) {
            ("`dag.py`", 1) => {
                format!("make a project of it: `leoflow init --from-dag {}`", quoted(&shown(&self.path.join("dag.py"))))
            }
            ("`leoflow.yaml`", _) => format!("it is a project already: `leoflow validate {}`", self.argument()),
            _ => "choose another directory, or move them away".to_owned(),
        };
        Err(Failure::new(Exit::Project, message, Some(help)))
    }

    /// Returns the schema for editors, relative to the directory: one above, or else one of its own.
    pub(super) fn schema(&self) -> String {
        let above = self.path.ancestors().skip(1).take(LEVELS_ABOVE);
        let found = above.enumerate().find(|(_, directory)| directory.join(SCHEMA_FILE).is_file());
        let up = found.filter(|_| !self.has(SCHEMA_FILE)).map_or(0, |(index, _)| index + 1);
        format!("{}{SCHEMA_FILE}", "../".repeat(up))
    }

    /// Returns it as one would name it here.
    pub(super) fn shown(&self) -> String {
        if self.path == self.here { ".".to_owned() } else { shown(&self.path).display().to_string() }
    }

    /// Returns it as a shell takes it.
    pub(super) fn argument(&self) -> String {
        quoted(Path::new(&self.shown()))
    }
}

/// Returns a path as a shell takes it for one argument.
pub(super) fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let text = if text.starts_with('-') { format!("./{text}") } else { text };
    let plain = |c: char| c.is_alphanumeric() || "/._-+@%:,=".contains(c);
    if text.chars().all(plain) { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

/// Fails when a project nearby has the same dag_id: two could not be told apart.
///
/// # Errors
/// Names it.
pub(super) fn check_workspace(session: &Session, directory: &Directory, dag_id: &str) -> Result<(), Failure> {
    let Some(workspace) = workspace(session, directory) else { return Ok(()) };
    let members = project::survey(&workspace).unwrap_or_default();
    let projects = members.into_iter().filter_map(|member| member.read.ok());
    let Some(other) = projects.into_iter().find(|project| project.config.dag_id == dag_id) else { return Ok(()) };
    let message = format!("`{}` has the dag_id `{dag_id}` already", shown(&other.root).display());
    let help = "choose another: `--dag-id ID`".to_owned();
    Err(Failure::new(Exit::Project, message, Some(help)).coded(Code::DUPLICATE_ID))
}

/// Returns where to look: the work tree of git, else this directory when the project is below it, else the one above the
/// project. A home is no workspace.
fn workspace(session: &Session, directory: &Directory) -> Option<PathBuf> {
    let (path, here) = (&directory.path, directory.here.as_path());
    let tree = path.ancestors().find(|above| above.join(".git").exists());
    let around = Some(here).filter(|here| path != here && path.starts_with(here));
    let home = session.environment.home.as_ref().and_then(|home| home.canonicalize().ok());
    let fits = |path: &&Path| path.parent().is_some() && home.as_deref() != Some(*path) && path.is_dir();
    [tree, around, path.parent()].into_iter().flatten().find(fits).map(Path::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_one_argument() {
        for (path, expected) in [
            ("etl_sales", "etl_sales"),
            ("a b", "'a b'"),
            ("it's", r"'it'\''s'"),
            ("-x", "./-x"),
            ("Zürich", "Zürich"),
            ("$HOME", "'$HOME'"),
        ] {
            assert_eq!(quoted(Path::new(path)), expected, "{path}");
        }
    }
}
