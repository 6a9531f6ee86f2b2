//! The text of a requirement into a requirement, or into what is wrong with it and where.

use std::ops::Range;
use std::str::FromStr;

use pep508_rs::{Pep508Error, Requirement, VerbatimUrl, VersionOrUrl};
use url::Url;

use crate::secret::masked;

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

/// Reads a requirement of a package of an index (PEP 508).
///
/// # Errors
/// When it cannot be read, or names a URL, a path or a repository instead.
pub fn parse(text: &str) -> Result<Requirement, Unreadable> {
    let requirement = written(text)?;
    match &requirement.version_or_url {
        Some(VersionOrUrl::Url(url)) => Err(Unreadable::whole(text, direct(url), DIRECT_HELP)),
        _ => Ok(requirement),
    }
}

/// Reads what stands under `dependencies:`: any requirement, but none of pip's options, and no path or repository.
///
/// # Errors
/// When it cannot be read.
pub(crate) fn written(text: &str) -> Result<Requirement, Unreadable> {
    match no_requirement(text) {
        Some((message, help)) => Err(Unreadable::whole(text, message, help)),
        None => read(text),
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

fn direct(url: &Url) -> &'static str {
    match url.scheme() {
        "file" => "packages come from an index, not from a path",
        scheme if scheme.contains('+') => "it would have to be built from a repository, and nothing is built",
        _ => "packages come from an index, not from a URL",
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

/// A text from outside, short enough to be quoted. Secrets are covered first: a part of one is not recognized any more.
pub(crate) fn shown(text: &str) -> String {
    let text = masked(text);
    let short: String = text.chars().take(120).collect();
    if short.len() < text.len() { format!("{short}…") } else { short }
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
        check("a @ https://example.org/a.whl", "URL", "a @ https://example.org/a.whl", "--find-links");
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
