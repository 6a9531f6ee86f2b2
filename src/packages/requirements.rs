//! What a project asks for, `dependencies` and `connectors` of leoflow.yaml, as requirements that know their place.

use std::ops::Range;
use std::str::FromStr;
use std::sync::Arc;

use pep508_rs::{Pep508Error, Requirement, VersionOrUrl};
use url::Url;

use crate::project::{Config, connectors};
use crate::source::SourceSpan;

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

/// What is wrong with the text of a requirement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// What is wrong.
    pub message: String,
    /// The bytes at fault.
    pub range: Range<usize>,
    /// What to do.
    pub help: String,
}

/// How long a requirement may be, in bytes; the longest known has some hundreds.
const LENGTH_LIMIT: usize = 4096;

/// How deep a marker may be nested: it is read, and evaluated, by recursion.
const DEPTH_LIMIT: usize = 32;

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

/// A text from outside, short enough to be quoted.
fn shown(text: &str) -> String {
    let short: String = text.chars().take(120).collect();
    if short.len() < text.len() { format!("{short}…") } else { short }
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

/// Reads a requirement of a package of an index (PEP 508).
///
/// # Errors
/// When it cannot be read, or names a URL, a path or a repository instead.
pub fn parse(text: &str) -> Result<Requirement, Unreadable> {
    let whole = |message: String, help: &str| Unreadable { message, range: 0..text.len(), help: help.to_owned() };
    if text.len() > LENGTH_LIMIT || depth(text) > DEPTH_LIMIT {
        let message = format!("it is longer than {LENGTH_LIMIT} bytes or nested deeper than {DEPTH_LIMIT} levels");
        return Err(whole(message, "split it into several requirements"));
    }
    if let Some((message, help)) = no_requirement(text) {
        return Err(whole(message.to_owned(), help));
    }
    // Not as `VerbatimUrl`: that would fill in environment variables.
    let read = pep508_rs::Requirement::<Url>::from_str(text).map_err(|error| unreadable(text, &error))?;
    let version_or_url = match read.version_or_url {
        Some(VersionOrUrl::Url(url)) => return Err(whole(direct(&url), DIRECT_HELP)),
        Some(VersionOrUrl::VersionSpecifier(specifiers)) => Some(VersionOrUrl::VersionSpecifier(specifiers)),
        None => None,
    };
    Ok(Requirement { name: read.name, extras: read.extras, version_or_url, marker: read.marker, origin: None })
}

fn depth(text: &str) -> usize {
    text.bytes().filter(|byte| *byte == b'(').count()
}

const DIRECT_HELP: &str = "put the wheel into a directory, give that with `--find-links DIR`, and require the package by \
                           name and version";

/// What people write that pip takes, but that is no requirement.
fn no_requirement(text: &str) -> Option<(&'static str, &'static str)> {
    let text = text.trim();
    let is_path = text.starts_with(['.', '/', '~']) || text.starts_with("file:") || text.ends_with(".whl");
    if text.starts_with('-') {
        Some(("this is an option of pip's, not a requirement", "write each requirement itself into `dependencies:`"))
    } else if text.starts_with("git+") || (text.contains("://") && !text.contains('@')) {
        Some(("packages come from an index, not from a URL or a repository", DIRECT_HELP))
    } else if is_path && !text.contains('@') {
        Some(("packages come from an index, not from a path", DIRECT_HELP))
    } else {
        None
    }
}

fn direct(url: &Url) -> String {
    match url.scheme() {
        "file" => "packages come from an index, not from a path".to_owned(),
        scheme if scheme.contains('+') => {
            "it would have to be built from a repository, and nothing is built".to_owned()
        }
        _ => "packages come from an index, not from a URL".to_owned(),
    }
}

/// The error's own `Display` panics on some texts, and its places are those of characters.
fn unreadable(text: &str, error: &Pep508Error<Url>) -> Unreadable {
    let byte = |character: usize| text.char_indices().nth(character).map_or(text.len(), |(at, _)| at);
    let start = byte(error.start);
    let end = byte(error.start.saturating_add(error.len)).max(start);
    Unreadable {
        message: error.message.to_string(),
        range: start..end,
        help: "write it as PEP 508 has it: `name[extra]>=1.0,<2; python_version < \"3.13\"`".to_owned(),
    }
}
