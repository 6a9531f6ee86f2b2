//! What a project asks for, `dependencies` and `connectors` of leoflow.yaml, as requirements that know their place.

use std::ops::Range;
use std::sync::Arc;

use pep508_rs::Requirement;

use super::direct;
pub use crate::project::requirement::Unreadable;
use crate::project::requirement::written;
pub(crate) use crate::project::requirement::{read, shown};
use crate::project::{Config, connectors};
use crate::secret::masked;
use crate::source::SourceSpan;

/// Reads a requirement of a package of an index, or of one wheel by its URL and sha256 (PEP 508).
///
/// # Errors
/// When it cannot be read, or names a path, a repository or another URL instead.
pub fn parse(text: &str) -> Result<Requirement, Unreadable> {
    let requirement = written(text)?;
    match direct::wheel(&requirement) {
        Ok(_) => Ok(requirement),
        Err((message, help)) => Err(Unreadable::whole(text, &masked(&message), &masked(&help))),
    }
}

/// A requirement of the project's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// What is required.
    pub requirement: Requirement,
    /// Who requires it.
    pub origin: Origin,
}

/// Where a requirement of the project's own stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The key of leoflow.yaml.
    pub key: Key,
    /// The entry, as written there.
    pub written: String,
    /// Its place, when the text of leoflow.yaml has it as it is.
    pub span: Option<SourceSpan>,
}

/// A key of leoflow.yaml that asks for packages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// `dependencies`
    Dependencies,
    /// `connectors`
    Connectors,
}

/// All that is wrong with what a project asks for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", if let [fault] = &faults[..] { fault.message.clone() } else { format!("leoflow.yaml asks for packages in {} ways that cannot be read", faults.len()) })]
pub struct RequirementsError {
    /// At least one, in the order of their places.
    pub faults: Vec<RequirementFault>,
}

/// One entry that cannot be read or fulfilled, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequirementFault {
    /// What is wrong.
    pub message: String,
    /// The part at fault.
    pub span: Option<SourceSpan>,
    /// What to do.
    pub help: String,
}

/// Returns what the project asks for, dependencies first, each in the order of leoflow.yaml.
///
/// # Errors
/// When an entry cannot be read, names no connector, or asks for what is no package of an index.
pub fn requirements(config: &Config) -> Result<Vec<Wanted>, RequirementsError> {
    let dependencies = config.dependencies.iter().map(|text| dependency(config, text));
    let connectors = config.connectors.iter().map(|name| connector(config, name));
    let (mut wanted, mut faults) = (Vec::new(), Vec::new());
    for found in dependencies.chain(connectors) {
        match found {
            Ok(found) => wanted.push(found),
            Err(fault) => faults.push(fault),
        }
    }
    if faults.is_empty() { Ok(wanted) } else { Err(RequirementsError { faults }) }
}

fn dependency(config: &Config, text: &str) -> Result<Wanted, RequirementFault> {
    let origin = Origin::new(config, Key::Dependencies, text);
    let requirement = parse(text).map_err(|unreadable| RequirementFault {
        message: format!("`dependencies` in leoflow.yaml: `{}`: {}", shown(text), unreadable.message),
        span: origin.span.as_ref().map(|span| within(span, &unreadable.range)),
        help: unreadable.help,
    })?;
    Ok(Wanted { requirement, origin })
}

fn connector(config: &Config, name: &str) -> Result<Wanted, RequirementFault> {
    let origin = Origin::new(config, Key::Connectors, name);
    let requirement = connectors::provider_of_connector(name).and_then(|name| connectors::package(name).parse().ok());
    let Some(requirement) = requirement else {
        let meant = connectors::meant(name).map(|meant| format!("did you mean `{meant}`? ")).unwrap_or_default();
        let example = connectors::package("…");
        return Err(RequirementFault {
            message: format!("`connectors` in leoflow.yaml: there is no connector `{}`", shown(name)),
            span: origin.span,
            help: format!("{meant}`dependencies:` takes any package, as in `dependencies: [{example}]`"),
        });
    };
    Ok(Wanted { requirement, origin })
}

fn within(span: &SourceSpan, range: &Range<usize>) -> SourceSpan {
    let at = |offset: usize| (span.range.start + offset).min(span.range.end);
    SourceSpan { file: Arc::clone(&span.file), range: at(range.start)..at(range.end) }
}

impl Key {
    /// Returns the key as it is written.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Dependencies => "dependencies",
            Self::Connectors => "connectors",
        }
    }
}

impl Origin {
    fn new(config: &Config, key: Key, written: &str) -> Self {
        Self { key, written: written.to_owned(), span: place(config, key, written) }
    }

    /// Returns the 1-based line in leoflow.yaml, when it is known.
    #[must_use]
    pub fn line(&self) -> Option<usize> {
        self.span.as_ref().map(|span| span.position().0)
    }
}

/// The place of an entry below a key at a line's start.
fn place(config: &Config, key: Key, written: &str) -> Option<SourceSpan> {
    let file = &config.dag_id_span.file;
    let key = format!("{}:", key.as_str());
    let is_start = |at: &usize| *at == 0 || file.text.as_bytes().get(at - 1) == Some(&b'\n');
    let below = file.text.match_indices(&key).map(|(at, _)| at).find(is_start)? + key.len();
    let start = below + file.text[below..].find(written)?;
    Some(SourceSpan { file: Arc::clone(file), range: start..start + written.len() })
}

#[cfg(test)]
mod tests;
