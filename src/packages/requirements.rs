//! What a project asks for, `dependencies` and `connectors` of leoflow.yaml, as requirements that know their place.

use std::ops::Range;
use std::str::FromStr;
use std::sync::Arc;

use pep508_rs::{Pep508Error, Requirement, VerbatimUrl, VersionOrUrl};
use url::Url;

use super::direct;
use crate::project::{Config, connectors};
use crate::secret::masked;
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

/// A text from outside, short enough to be quoted. Secrets are covered first: a part of one is not recognized any more.
pub(crate) fn shown(text: &str) -> String {
    let text = masked(text);
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

/// Reads a requirement of a package of an index, or of one wheel by its URL and sha256 (PEP 508).
///
/// # Errors
/// When it cannot be read, or names a path, a repository or another URL instead.
pub fn parse(text: &str) -> Result<Requirement, Unreadable> {
    if let Some((message, help)) = no_requirement(text) {
        return Err(Unreadable::whole(text, message, help));
    }
    let requirement = read(text)?;
    match direct::wheel(&requirement) {
        Ok(_) => Ok(requirement),
        Err((message, help)) => Err(Unreadable::whole(text, &masked(&message), &masked(&help))),
    }
}

/// Reads any requirement, a direct one (`name @ url`) too.
///
/// `pep508_rs` panics on some texts, recurses into markers, and fills in environment variables: not here.
///
/// # Errors
/// When it cannot be read.
pub(crate) fn read(text: &str) -> Result<Requirement, Unreadable> {
    if text.len() > LENGTH_LIMIT || text.bytes().filter(|byte| *byte == b'(').count() > DEPTH_LIMIT {
        let message = format!("it is longer than {LENGTH_LIMIT} bytes or nested deeper than {DEPTH_LIMIT} levels");
        return Err(Unreadable::whole(text, &message, "split it into several requirements"));
    }
    if let Some(name) = ends_badly(text) {
        let message = format!("`{name}` ends with `-`, `_` or `.`, as no name does");
        return Err(Unreadable::whole(text, &message, FORM_HELP));
    }
    let read = pep508_rs::Requirement::<Url>::from_str(text).map_err(|error| unreadable(text, &error))?;
    let version_or_url = read.version_or_url.map(|version_or_url| match version_or_url {
        VersionOrUrl::Url(url) => VersionOrUrl::Url(VerbatimUrl::from_url(url)),
        VersionOrUrl::VersionSpecifier(specifiers) => VersionOrUrl::VersionSpecifier(specifiers),
    });
    Ok(Requirement { name: read.name, extras: read.extras, version_or_url, marker: read.marker, origin: None })
}

/// Returns the name or the extra that does not end with a letter or digit.
fn ends_badly(text: &str) -> Option<&str> {
    let text = text.trim_start();
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let (name, rest) = text.split_at(text.find(|c| !is_name(c)).unwrap_or(text.len()));
    let inside = rest.trim_start().strip_prefix('[').and_then(|rest| rest.split(']').next()).unwrap_or_default();
    let extras = inside.split(',').map(|extra| extra.trim().split(char::is_whitespace).next().unwrap_or_default());
    std::iter::once(name).chain(extras).find(|name| name.ends_with(['-', '_', '.']))
}

const FORM_HELP: &str = "write it as PEP 508 has it: `name[extra]>=1.0,<2; python_version < \"3.13\"`";

/// What people write that pip takes, but that is no requirement.
fn no_requirement(text: &str) -> Option<(&'static str, &'static str)> {
    let text = text.trim();
    let is_path = text.starts_with(['.', '/', '~']) || text.starts_with("file:") || text.ends_with(".whl");
    if text.starts_with('-') {
        Some(("this is an option of pip's, not a requirement", "write each requirement itself into `dependencies:`"))
    } else if text.starts_with("git+") || (text.contains("://") && !text.contains('@')) {
        let help = "name the package: `NAME @ URL`, of a wheel and with `#sha256=…`; what has to be built, build elsewhere \
                    and give its directory with `--find-links DIR`";
        Some(("packages come from an index, not from a URL or a repository", help))
    } else if is_path && !text.contains('@') {
        Some(("packages come from an index, not from a path", direct::WAYS_OUT))
    } else {
        None
    }
}

/// The error's own `Display` panics on some texts.
fn unreadable(text: &str, error: &Pep508Error<Url>) -> Unreadable {
    let boundary = |at: usize| (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default();
    let start = boundary(error.start);
    let end = boundary(error.start.saturating_add(error.len)).max(start);
    Unreadable { message: masked(&error.message.to_string()), range: start..end, help: FORM_HELP.to_owned() }
}

impl Unreadable {
    fn whole(text: &str, message: &str, help: &str) -> Self {
        Self { message: message.to_owned(), range: 0..text.len(), help: help.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, message: &str, at: &str, help: &str) {
        let error = parse(text).expect_err(text);
        assert!(error.message.contains(message), "{text}: {}", error.message);
        assert_eq!(&text[error.range], at, "{text}");
        assert!(error.help.contains(help), "{text}: {}", error.help);
    }

    #[test]
    fn what_is_no_requirement_is_refused_with_its_place() {
        check("requests >== 2", "no such comparison operator", ">== 2", "PEP 508");
        check("a-b- >1", "`a-b-` ends with", "a-b- >1", "PEP 508");
        check("a[b_, c]", "`b_` ends with", "a[b_, c]", "PEP 508");
        check("a ; python_versio > '3'", "python_versio", "python_versio", "PEP 508");
        check("-r other.txt", "option", "-r other.txt", "`dependencies:`");
        check("git+https://example.org/a.git", "repository", "git+https://example.org/a.git", "--find-links");
        check("a @ git+https://example.org/a.git", "built", "a @ git+https://example.org/a.git", "--find-links");
        check("./a-1-py3-none-any.whl", "path", "./a-1-py3-none-any.whl", "--find-links");
        check("a @ file:///a-1-py3-none-any.whl", "path", "a @ file:///a-1-py3-none-any.whl", "--find-links");
        let unpinned = "a @ https://example.org/a-1-py3-none-any.whl";
        check(unpinned, "no `#sha256=…`", unpinned, "a-1-py3-none-any.whl#sha256=HEX");
        assert!(parse(&format!("{unpinned}#sha256={}", "0".repeat(64))).is_ok());
        check("https://example.org/a.whl", "URL", "https://example.org/a.whl", "--find-links");
        check("", "", "", "PEP 508");
    }

    #[test]
    fn a_secret_is_not_repeated() {
        for text in [
            "six @ https://user:s3cr3t@example.com/six.whl",
            "--index-url https://u:s3cr3t@x/simple",
            "git+https://s3cr3t@github.com/a/b",
            "six @ https://example.com/six.whl?token=s3cr3t",
            "six @ https://u:s3cr3t@[x/six.whl",
            &format!("six @ https://{}s3cr3t{}@x/six.whl", "a".repeat(94), "a".repeat(40)),
        ] {
            let message = parse(text).expect_err(text).message;
            assert!(!message.contains("s3cr3t"), "{text}: {message}");
            assert!(!shown(text).contains("s3cr3t"), "{}", shown(text));
        }
    }

    #[test]
    fn environment_variables_are_not_filled_in() {
        let error = parse("a @ https://example.org/${HOME}/a.whl").expect_err("direct");
        assert!(!error.message.contains(&std::env::var("HOME").unwrap_or_else(|_| "/".to_owned())));
    }

    #[test]
    fn a_requirement_that_is_too_much_is_refused() {
        let deep = format!("a ; {}python_version > '3'{}", "(".repeat(10_000), ")".repeat(10_000));
        for text in [deep, format!("a{}", ">1,".repeat(10_000)), "é".repeat(5000)] {
            assert!(parse(&text).is_err());
        }
    }

    proptest! {
        #[test]
        fn no_text_is_too_odd(text in "\\PC{0,40}") {
            let _ = parse(&text);
        }

        #[test]
        fn no_requirement_is_too_odd(
            name in "[a-z_.-]{1,3} ?(\\[[a-z., é_-]{0,6}\\]?)?",
            specifiers in "(==|~=|!=|<|>=|===|>)? ?[0-9vab.*!+rcpostdev-]{0,24}(, ?(<|>)=?[0-9]{0,22})?",
            marker in "( ?; ?(python_version|python_full_version|sys_platform|extra|os_name|'a') ?(in|not in|==|~=|<|>=) ?['\"]?[0-9a-z.* é]{0,22}['\"]?)?",
        ) {
            if let Ok(requirement) = parse(&format!("{name}{specifiers}{marker}")) {
                let _ = requirement.to_string();
                if let Some(VersionOrUrl::VersionSpecifier(specifiers)) = requirement.version_or_url {
                    let _ = specifiers.contains(&"1.0".parse().unwrap());
                }
            }
        }
    }
}
