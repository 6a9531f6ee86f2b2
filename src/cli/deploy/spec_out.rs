//! `--spec-out`: the pinned dag.json as a file, for `leoflow push` and `leoflow promote` on any machine.

use std::io;
use std::path::{Path, PathBuf};

use crate::cli::compile;
use crate::cli::exit::Exit;
use crate::cli::report::{Failure, reason};
use crate::cli::session::Session;
use crate::dag::PinnedDagSpec;

/// A file that can be written, as far as one can tell before the deploy.
pub(super) struct SpecOut(PathBuf);

impl SpecOut {
    /// Checks that `file` can be written. Nothing stays there: it might end up in the image.
    ///
    /// # Errors
    /// When there is no such directory, or nothing can be written there.
    pub(super) fn check(session: &Session, file: &Path) -> Result<Self, Failure> {
        let path = session.environment.directory.join(file);
        let directory = path.parent().filter(|_| path.file_name().is_some() && !path.is_dir());
        let directory = directory.ok_or_else(|| {
            Failure::usage(format!("`{}` cannot be a file", file.display()), "name a file, e.g. `--spec-out dag.json`")
        })?;
        tempfile::NamedTempFile::new_in(directory).map_err(|error| unwritable("cannot write", file, &error))?;
        Ok(Self(path))
    }

    /// Writes the spec, which only its owner reads.
    ///
    /// # Errors
    /// When the disk is full, say; the deploy stands.
    pub(super) fn write(&self, spec: &PinnedDagSpec) -> Result<(), Failure> {
        let written = compile::replace(&self.0, spec.json());
        written.map_err(|error| unwritable("deployed, but cannot write", &self.0, &error))
    }
}

fn unwritable(attempted: &str, file: &Path, error: &io::Error) -> Failure {
    let help = "make its directory one that you can write to, or name another file with --spec-out";
    Failure::new(Exit::System, format!("{attempted} `{}`: {}", file.display(), reason(error)), Some(help.to_owned()))
}
