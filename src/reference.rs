//! Names of images: parsed once at the edge, never passed as text.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use leoflow_layers::Digest;

mod place;

pub use place::{Format, LocalPlace, Place, RegistryPlace, Selector};

/// A repository of a registry: where it is and what it is called, without tag or digest.
///
/// `docker.io` names follow Docker's rules: `python` is `docker.io/library/python`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Repository {
    registry: String,
    name: String,
}

/// A tag (OCI distribution-spec, "Pulling manifests": `[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}`).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag(String);

/// What an image is asked for by: a tag, or a digest (a tag beside a digest is parsed and ignored, as Docker does).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// Where the image is.
    pub repository: Repository,
    /// Which image of it.
    pub version: Version,
}

/// A tag or a digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Version {
    /// What a registry may move.
    Tag(Tag),
    /// What nobody can change.
    Digest(Digest),
}

/// A repository and the digest that we computed ourselves: the only thing that is ever registered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PinnedReference {
    repository: Repository,
    digest: Digest,
}

/// A text that names no image.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not an image reference: {reason}")]
pub struct ReferenceError {
    /// The text as given, without a user or password.
    pub text: String,
    /// What is wrong with it.
    pub reason: String,
}

impl ReferenceError {
    fn new(text: &str, reason: impl Into<String>) -> Self {
        Self { text: without_userinfo(text), reason: reason.into() }
    }
}

/// Returns a text that should have been a reference as it may be shown: `user:password@` is no part of one, but is
/// often written there.
#[must_use]
pub fn without_userinfo(text: &str) -> String {
    let digest = text.rfind("@sha").unwrap_or(text.len());
    match text[..digest].rfind('@') {
        Some(at) => format!("…{}", &text[at..]),
        None => text.to_owned(),
    }
}

const DOCKER_HUB: &str = "docker.io";

impl Repository {
    /// Returns the registry's `host[:port]` as the user knows it, e.g. `docker.io`.
    #[must_use]
    pub fn registry(&self) -> &str {
        &self.registry
    }

    /// Returns the `host[:port]` that speaks the registry's API: Docker Hub's is `registry-1.docker.io`.
    #[must_use]
    pub fn api_host(&self) -> &str {
        if self.registry == DOCKER_HUB { "registry-1.docker.io" } else { &self.registry }
    }

    /// Returns the name inside the registry, e.g. `library/python`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns whether the registry is this machine, whose name means nothing elsewhere.
    #[must_use]
    pub fn is_on_loopback(&self) -> bool {
        let host = match self.registry.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((ipv6, _)) => ipv6,
            None => self.registry.split(':').next().unwrap_or_default(),
        };
        host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    }

    /// Returns the reference of `tag` in this repository.
    #[must_use]
    pub fn tagged(&self, tag: &Tag) -> Reference {
        Reference { repository: self.clone(), version: Version::Tag(tag.clone()) }
    }

    /// Returns the pinned reference of `digest` in this repository.
    #[must_use]
    pub fn pinned(&self, digest: Digest) -> PinnedReference {
        PinnedReference { repository: self.clone(), digest }
    }
}

impl Tag {
    /// Returns the tag as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl PinnedReference {
    /// Returns the repository.
    #[must_use]
    pub fn repository(&self) -> &Repository {
        &self.repository
    }

    /// Returns the digest.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.digest
    }
}

impl FromStr for Repository {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        let fail = |reason: &str| ReferenceError::new(text, reason);
        if text.contains("://") {
            return Err(fail("leave out the scheme (`https://`)"));
        }
        let (registry, name) = match text.split_once('/') {
            Some((first, rest)) if is_registry(first) => (canonical_registry(first), rest.to_owned()),
            _ => (DOCKER_HUB.to_owned(), text.to_owned()),
        };
        if registry.contains('@') {
            return Err(fail("credentials do not belong in a reference; use `docker login` or `podman login`"));
        }
        if !is_host(&registry) {
            return Err(fail("the registry is not a host name"));
        }
        let name = if registry == DOCKER_HUB && !name.contains('/') { format!("library/{name}") } else { name };
        if name.len() > 255 || !name.split('/').all(is_name_component) {
            return Err(fail("the repository may hold lowercase letters, digits and single `.`, `_`, `__`, `-`, `/`"));
        }
        Ok(Self { registry, name })
    }
}

/// Returns the one spelling of a registry, so that rules and logins hold for each: hosts have no letter case, and Docker
/// Hub has several names.
pub(crate) fn canonical_registry(host: &str) -> String {
    let host = host.to_ascii_lowercase();
    match host.as_str() {
        "index.docker.io" | "registry-1.docker.io" => DOCKER_HUB.to_owned(),
        _ => host,
    }
}

/// A first component names a registry when it could not be a Docker Hub user.
fn is_registry(component: &str) -> bool {
    component == "localhost" || component.contains(['.', ':', '@']) || component.chars().any(char::is_uppercase)
}

fn is_host(text: &str) -> bool {
    let (host, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((ipv6, port)) => {
            if !ipv6.chars().all(|c| c.is_ascii_hexdigit() || matches!(c, ':' | '.')) {
                return false;
            }
            ("ipv6", port.strip_prefix(':'))
        }
        None => match text.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        },
    };
    let label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    };
    host.split('.').all(label) && port.is_none_or(|port| port.parse::<u16>().is_ok())
}

/// OCI distribution-spec, "Pulling manifests": `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*`.
fn is_name_component(component: &str) -> bool {
    let alphanumeric = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    if !component.starts_with(alphanumeric) || !component.ends_with(alphanumeric) {
        return false;
    }
    component
        .split(alphanumeric)
        .all(|separator| matches!(separator, "" | "." | "_" | "__") || separator.bytes().all(|b| b == b'-'))
}

impl FromStr for Tag {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
        let good = text.len() <= 128
            && text.bytes().next().is_some_and(word)
            && text.bytes().all(|b| word(b) || matches!(b, b'.' | b'-'));
        if good {
            return Ok(Self(text.to_owned()));
        }
        let reason = "a tag has 1 to 128 letters, digits, `_`, `.`, `-` and starts with a letter, digit or `_`";
        Err(ReferenceError::new(text, reason))
    }
}

impl FromStr for Reference {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        Ok(text.parse::<RegistryPlace>()?.reference())
    }
}

impl FromStr for RegistryPlace {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        let (rest, digest) = match text.rsplit_once('@') {
            Some((rest, digest)) if digest.contains(':') && !digest.contains('/') => {
                let digest = digest.parse::<Digest>().map_err(|error| ReferenceError::new(text, error.to_string()))?;
                (rest, Some(digest))
            }
            _ => (text, None),
        };
        let (name, tag) = match rest.rsplit_once(':') {
            Some((name, tag)) if !tag.contains('/') && !tag.contains(']') => (name, Some(tag.parse::<Tag>()?)),
            _ => (rest, None),
        };
        let version = digest.map(Version::Digest).or(tag.map(Version::Tag));
        Ok(Self { repository: name.parse()?, version })
    }
}

impl FromStr for PinnedReference {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        let reference = text.parse::<Reference>()?;
        match reference.version {
            Version::Digest(digest) => Ok(reference.repository.pinned(digest)),
            Version::Tag(_) => Err(ReferenceError::new(text, "it is not pinned: `@sha256:…` is missing")),
        }
    }
}

impl fmt::Display for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.registry, self.name)
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tag(tag) => write!(f, "{tag}"),
            Self::Digest(digest) => write!(f, "{digest}"),
        }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let separator = if matches!(self.version, Version::Tag(_)) { ':' } else { '@' };
        write!(f, "{}{separator}{}", self.repository, self.version)
    }
}

impl fmt::Display for PinnedReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.repository, self.digest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        assert_eq!(text.parse::<Reference>().map(|r| r.to_string()), Ok(expected.to_owned()), "{text}");
    }

    #[test]
    fn references_parse_as_docker_reads_them() {
        let digest = format!("sha256:{}", "a".repeat(64));
        check("python", "docker.io/library/python:latest");
        check("python:3.11-slim", "docker.io/library/python:3.11-slim");
        check("index.docker.io/org/app", "docker.io/org/app:latest");
        check("registry-1.docker.io/python", "docker.io/library/python:latest");
        check("Index.Docker.IO/org/app:V1", "docker.io/org/app:V1");
        check("GHCR.io/org/app", "ghcr.io/org/app:latest");
        check("REGISTRY/app", "registry/app:latest");
        check("[::A]:5000/a", "[::a]:5000/a:latest");
        check("localhost:5000/a/b:v1", "localhost:5000/a/b:v1");
        check("localhost/a", "localhost/a:latest");
        check("ghcr.io/neochaotic/leoflow-runtime:py3.11", "ghcr.io/neochaotic/leoflow-runtime:py3.11");
        check("[::1]:5000/a", "[::1]:5000/a:latest");
        check(&format!("ghcr.io/a/b:tag@{digest}"), &format!("ghcr.io/a/b@{digest}"));
    }

    #[test]
    fn what_names_no_image_is_refused() {
        for text in [
            "",
            ":v1",
            "a:",
            "https://ghcr.io/a",
            "ghcr.io/",
            "ghcr.io/A",
            "a/../b",
            "a..b",
            "user:pw@ghcr.io/a",
            "a@sha256:abc",
            "ghcr.io/a:-x",
            "host:99999/a",
            "a/b_",
            "a___b",
            "[::1/a",
        ] {
            assert!(text.parse::<Reference>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_password_is_not_repeated() {
        for text in [
            "user:secret@ghcr.io/a",
            "https://user:secret@ghcr.io/a:v1",
            "user:secret@ghcr.io",
            "user:secret@ghcr.io:443",
            "user:secret@ghcr.io/a@sha256:abc",
            "user:se/secret@ghcr.io/a",
            "user:p@secret@ghcr.io/a",
        ] {
            let error = text.parse::<Reference>().unwrap_err();
            assert!(!format!("{error} {error:?}").contains("secret"), "{error:?}");
        }
        assert_eq!("a@sha256:abc".parse::<Reference>().unwrap_err().text, "a@sha256:abc");
    }

    #[test]
    fn loopback_is_this_machine() {
        for (text, expected) in [
            ("127.0.0.1:5000/a", true),
            ("127.8.0.1/a", true),
            ("localhost:5000/a", true),
            ("[::1]:5000/a", true),
            ("ghcr.io/a", false),
            ("python", false),
            ("128.0.0.1/a", false),
        ] {
            assert_eq!(text.parse::<Repository>().unwrap().is_on_loopback(), expected, "{text}");
        }
    }

    #[test]
    fn only_a_digest_pins() {
        assert!("ghcr.io/a/b:v1".parse::<PinnedReference>().is_err());
        assert!(format!("ghcr.io/a/b@sha256:{}", "0".repeat(64)).parse::<PinnedReference>().is_ok());
    }
}
