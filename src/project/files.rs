//! A walk over the project into the plan of its layer.
//!
//! Nothing is read here but directories, `.dockerignore`, and the beginnings of files that may be credentials; contents
//! are read while the layer is assembled. Links are kept as links and never followed.

mod credentials;
mod found;
mod links;
mod rules;
mod walk;

use std::path::{Path, PathBuf};

use leoflow_layers::{Content, Entry, EntryPathError, FileSet, FileSetError};

use self::found::{Found, image_path};
use self::links::Resolved;
use self::rules::Rules;
use self::walk::Walk;
use super::Project;
use crate::code::Code;

/// What a walk needs to know besides the project.
#[derive(Debug, Clone, Default)]
pub struct FilesOptions {
    /// Files that must be in the image because dag.py imports or reads them, relative to the project's root.
    pub required: Vec<PathBuf>,
    /// Files that look like credentials but were allowed by path on the command line.
    pub allowed: Vec<PathBuf>,
    /// Directories that this program itself writes to, absolute. A home directory may lie in the project (CI runners do
    /// that), and what a deploy leaves there must not change the next one's digest.
    pub own_directories: Vec<PathBuf>,
    /// The text of `dag_source` as it was compiled. It is packed as such: a file that is edited meanwhile must not make
    /// spec and image differ.
    pub compiled_source: Option<String>,
}

/// The plan, and how much it is.
#[derive(Debug, Clone)]
pub struct Packed {
    /// Everything below `/home/leoflow`, as paths of the image (`home/leoflow/dag.py`).
    pub set: FileSet,
    /// How many regular files.
    pub files: usize,
    /// Their bytes.
    pub bytes: u64,
}

/// A file that looks like a credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SuspectFile {
    /// Relative to the project's root.
    pub path: PathBuf,
    /// Why it looks like one.
    pub reason: &'static str,
}

/// Why a project's files cannot be packed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FilesError {
    /// Files that look like credentials are among them.
    #[error("{} that would go into the image {} a credential: {}", count(suspects.len()),
        if suspects.len() == 1 { "looks like" } else { "look like" }, name_suspects(suspects))]
    Credentials {
        /// All of them, in the order of their paths.
        suspects: Vec<SuspectFile>,
    },
    /// A socket, device or FIFO.
    #[error("`{}` is a {kind}, which cannot be in an image", path.display())]
    Special {
        /// Relative to the project's root.
        path: PathBuf,
        /// `socket`, `device`, `FIFO`
        kind: &'static str,
    },
    /// A link that leaves the project.
    #[error("`{}` is a link to `{}`, which is outside the project", path.display(), target.display())]
    LinkOutside {
        /// Relative to the project's root.
        path: PathBuf,
        /// The link's text.
        target: PathBuf,
    },
    /// A link to something that the image will not have.
    #[error("`{}` is a link to `{}`, {reason}", path.display(), target.display())]
    LinkBroken {
        /// Relative to the project's root.
        path: PathBuf,
        /// The link's text.
        target: PathBuf,
        /// Why nothing is there.
        reason: String,
    },
    /// A file that dag.py needs is not included.
    #[error("dag.py needs `{}`, which `{rule}` keeps out of the image", path.display())]
    RequiredExcluded {
        /// Relative to the project's root.
        path: PathBuf,
        /// The pattern, or `include_paths`.
        rule: String,
    },
    /// A path that is not UTF-8.
    #[error("`{}` is not a UTF-8 file name", path.display())]
    NotUtf8 {
        /// Relative to the project's root.
        path: PathBuf,
    },
    /// An `include_paths` entry that does not exist, or a pattern that does not parse.
    #[error("`{rule}` in {key}: {reason}")]
    Rule {
        /// `include_paths`, `exclude_paths`, `.dockerignore`
        key: String,
        /// As written.
        rule: String,
        /// What is wrong.
        reason: String,
    },
    /// Something could not be read.
    #[error("cannot read `{}`: {error}", path.display())]
    Read {
        /// What was read.
        path: PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
    /// Two includes contradict each other.
    #[error(transparent)]
    Set(#[from] FileSetError),
    /// A path that no image can hold.
    #[error(transparent)]
    Path(#[from] EntryPathError),
}

/// Checks that what dag.py needs is going to be in the image, and nothing else: `leoflow compile` packs nothing.
///
/// # Errors
/// [`FilesError::RequiredExcluded`], or when the rules cannot be read.
pub fn check_included(project: &Project, required: &[PathBuf]) -> Result<(), FilesError> {
    let rules = Rules::read(project)?;
    let found = walk(project, &rules, &[])?;
    required.iter().try_for_each(|path| check_required(project, &rules, &found, path))
}

/// Plans the project's layer.
///
/// # Errors
/// When something in it cannot or must not be in an image.
pub fn files(project: &Project, options: &FilesOptions) -> Result<Packed, FilesError> {
    let rules = Rules::read(project)?;
    let found = walk(project, &rules, &options.own_directories)?;
    for required in &options.required {
        check_required(project, &rules, &found, required)?;
    }
    links::check(&project.root, &rules, &found)?;
    credentials::check(&project.root, &found, |path| rules.allows(path) || is_listed(&options.allowed, path))?;
    let mut packed = found.into_packed();
    if let Some(text) = &options.compiled_source {
        packed.hold(&project.config.dag_source, text)?;
    }
    Ok(packed)
}

fn walk(project: &Project, rules: &Rules, own_directories: &[PathBuf]) -> Result<Found, FilesError> {
    let mut walk = Walk::new(&project.root, rules, own_directories)?;
    for include in &project.config.include_paths {
        walk.include(include)?;
    }
    for allowed in rules.allowed().filter(|path| is_included(project, path)) {
        walk.keep_allowed(allowed)?;
    }
    walk.keep("dag_source", &project.config.dag_source)?;
    Ok(walk.finish())
}

fn is_included(project: &Project, path: &str) -> bool {
    project.config.include_paths.iter().any(|include| include == "." || Path::new(path).starts_with(include))
}

fn is_listed(paths: &[PathBuf], path: &str) -> bool {
    paths.iter().any(|listed| listed.strip_prefix("./").unwrap_or(listed) == Path::new(path))
}

fn check_required(project: &Project, rules: &Rules, found: &Found, required: &Path) -> Result<(), FilesError> {
    let Some(path) = required.to_str() else { return Err(FilesError::NotUtf8 { path: required.to_owned() }) };
    if found.resolve(path) == Resolved::Present {
        return Ok(());
    }
    if let Err(error) = std::fs::symlink_metadata(project.root.join(required)) {
        return Err(FilesError::Read { path: required.to_owned(), error });
    }
    let rule = rules.excluding(path).unwrap_or_else(|| "include_paths".to_owned());
    Err(FilesError::RequiredExcluded { path: required.to_owned(), rule })
}

impl Packed {
    /// Holds a file by its text; a link to a file elsewhere in the project stays a link.
    fn hold(&mut self, path: &str, text: &str) -> Result<(), FilesError> {
        let path = image_path(path.trim_start_matches("./"))?;
        if let Some(Entry::File { content, .. }) = self.set.get_mut(&path) {
            *content = Content::Bytes(text.as_bytes().to_vec());
        }
        Ok(())
    }
}

fn count(files: usize) -> String {
    if files == 1 { "a file".to_owned() } else { format!("{files} files") }
}

fn name_suspects(suspects: &[SuspectFile]) -> String {
    let name = |suspect: &SuspectFile| format!("`{}` ({})", suspect.path.display(), suspect.reason);
    suspects.iter().map(name).collect::<Vec<_>>().join(", ")
}

impl FilesError {
    /// Returns what kind of fault it is.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Credentials { .. } => Code::SUSPECT_FILE,
            Self::RequiredExcluded { .. } => Code::FILE_LEFT_OUT,
            Self::Rule { .. } => Code::BAD_PATTERN,
            _ => Code::UNPACKABLE_FILE,
        }
    }

    /// Returns what to do about it.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Credentials { suspects } => Some(settle(suspects)),
            Self::Special { path, .. } => Some(exclude_line(path)),
            Self::LinkOutside { path, target } if target.is_absolute() => Some(format!(
                "make it a relative link that stays in the project, or leave it out: {}",
                exclude_line(path)
            )),
            Self::LinkOutside { path, .. } => {
                Some(format!("copy the file into the project, or leave the link out: {}", exclude_line(path)))
            }
            Self::LinkBroken { path, .. } => {
                Some(format!("include its target, or leave the link out: {}", exclude_line(path)))
            }
            Self::RequiredExcluded { path, rule } if rule == "include_paths" => {
                Some(format!("add it in leoflow.yaml: `include_paths: [{}]`", quoted(&path.to_string_lossy())))
            }
            Self::RequiredExcluded { path, .. } => {
                let pattern = format!("!{}", rules::escape(&path.to_string_lossy()));
                Some(format!("take it back in, in leoflow.yaml: `exclude_paths: [{}]`", quoted(&pattern)))
            }
            Self::NotUtf8 { .. } => Some("rename it, or leave its directory out with `exclude_paths`".to_owned()),
            Self::Rule { key, .. } if key == "dag_source" => {
                Some("write the file with the DAG: `dag_source: dag.py`".to_owned())
            }
            Self::Rule { key, .. } => Some(format!("correct `{key}`, or remove the entry")),
            Self::Read { .. } => {
                Some("see that the file is there and may be read, or leave it out with `exclude_paths`".to_owned())
            }
            Self::Set(_) | Self::Path(_) => None,
        }
    }
}

/// The two lines for each file, of which one settles it.
fn settle(suspects: &[SuspectFile]) -> String {
    let mut text = "below `exclude_paths:` in leoflow.yaml, for each file one of the two lines:".to_owned();
    for suspect in suspects {
        let path = rules::escape(&suspect.path.to_string_lossy());
        let (out, within) = (quoted(&path), quoted(&format!("!{path}")));
        text.push_str(&format!("\n  - {out}  # leave it out\n  - {within}  # it belongs in the image"));
    }
    text
}

fn exclude_line(path: &Path) -> String {
    format!("`exclude_paths: [{}]`", quoted(&rules::escape(&path.to_string_lossy())))
}

/// A JSON string is a YAML string.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
