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

/// Four ways to a package that cannot be had by its URL.
pub(crate) const WAYS_OUT: &str = "only wheels are installed, nothing is built. Four ways out: build a wheel elsewhere \
                                   (`pip wheel`), put it into a directory, give that with `--find-links DIR`, and \
                                   require the package by name and version; require another package in its place; \
                                   name an index that has a wheel (`--extra-index-url URL`); or set `base_image:` to \
                                   one that has the package already";

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
        Some(("packages come from an index, not from a path", WAYS_OUT))
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
    pub(crate) fn whole(text: &str, message: &str, help: &str) -> Self {
        Self { message: message.to_owned(), range: 0..text.len(), help: help.to_owned() }
    }
}

/// A text from outside, short enough to be quoted. Secrets are covered first: a part of one is not recognized any more.
pub(crate) fn shown(text: &str) -> String {
    let text = masked(text);
    let short: String = text.chars().take(120).collect();
    if short.len() < text.len() { format!("{short}…") } else { short }
}
