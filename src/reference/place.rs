//! Where an image is, beyond registries: `oci:PATH[:NAME]` and `docker-archive:FILE`, in skopeo's syntax.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use leoflow_layers::Digest;

use super::{Reference, ReferenceError, Repository, Tag, Version};

/// Where an image is read from or written to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// In a registry.
    Registry(RegistryPlace),
    /// On this machine.
    Local(LocalPlace),
}

/// A repository, and which image of it, as far as was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegistryPlace {
    /// Where the image is.
    pub repository: Repository,
    /// Which image of it; nothing was said of it when it is `None`.
    pub version: Option<Version>,
}

/// Files that hold images, and which image of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalPlace {
    /// In which form.
    pub format: Format,
    /// The directory or archive.
    pub path: PathBuf,
    /// Which image of several; the only one when it is `None`.
    pub image: Option<Selector>,
}

/// In which form files hold images.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// An OCI image layout: a directory.
    Layout,
    /// An OCI image layout in a tar archive.
    LayoutArchive,
    /// What `docker save` writes and `docker load` reads.
    DockerArchive,
}

/// Which image of several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selector {
    /// The one of this name.
    Name(String),
    /// The one of this digest.
    Digest(Digest),
}

/// Transports of other tools, which mean nothing here.
const FOREIGN: [&str; 5] = ["dir", "docker-daemon", "containers-storage", "sif", "ostree"];

impl Place {
    /// Takes relative paths against `directory`.
    #[must_use]
    pub fn below(self, directory: &Path) -> Self {
        match self {
            Self::Local(place) => Self::Local(LocalPlace { path: directory.join(&place.path), ..place }),
            registry => registry,
        }
    }
}

impl RegistryPlace {
    /// Returns the reference; an image of which nothing was said is the one tagged `latest`.
    #[must_use]
    pub fn reference(&self) -> Reference {
        let latest = || Version::Tag(Tag("latest".to_owned()));
        Reference { repository: self.repository.clone(), version: self.version.clone().unwrap_or_else(latest) }
    }
}

impl FromStr for Place {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        let (transport, rest) = text.split_once(':').unwrap_or(("", text));
        let local = |format| LocalPlace::parse(text, rest, format).map(Self::Local);
        match transport {
            "oci" => local(Format::Layout),
            "oci-archive" => local(Format::LayoutArchive),
            "docker-archive" => local(Format::DockerArchive),
            "docker" if rest.starts_with("//") => Ok(Self::Registry(rest[2..].parse()?)),
            foreign if FOREIGN.contains(&foreign) => {
                let reason = "leoflow reads and writes registries, `oci:PATH[:NAME]` and `docker-archive:FILE.tar`";
                Err(ReferenceError::new(text, reason))
            }
            _ => Ok(Self::Registry(text.parse()?)),
        }
    }
}

impl LocalPlace {
    /// Splits `PATH[:NAME]` or `PATH@sha256:…`; a path with a colon cannot be named, as in skopeo's syntax.
    fn parse(text: &str, rest: &str, format: Format) -> Result<Self, ReferenceError> {
        let (path, image) = match (rest.find("@sha256:"), rest.split_once(':')) {
            (Some(at), _) => {
                let digest = rest[at + 1..].parse().map_err(|error| fail(text, format!("{error}")))?;
                let path = rest[..at].split_once(':').map_or(&rest[..at], |(path, _)| path);
                (path, Some(Selector::Digest(digest)))
            }
            (None, Some((path, name))) => (path, Some(Selector::Name(checked(text, name)?))),
            (None, None) => (rest, None),
        };
        if path.is_empty() {
            return Err(fail(
                text,
                "there is no path in it: write `oci:DIR`, `oci:FILE.tar` or `docker-archive:FILE.tar`",
            ));
        }
        if let Some(end) = [".tgz", ".tar.gz", ".tar.zst", ".tar.xz"].into_iter().find(|end| path.ends_with(end)) {
            let whole = path.trim_end_matches(end);
            return Err(fail(text, format!("archives are not compressed as a whole: write `{whole}.tar`")));
        }
        let archive = format == Format::Layout && Path::new(path).extension().is_some_and(|end| end == "tar");
        Ok(Self { format: if archive { Format::LayoutArchive } else { format }, path: path.into(), image })
    }
}

/// OCI image-spec, annotations.md, "org.opencontainers.image.ref.name".
fn checked(text: &str, name: &str) -> Result<String, ReferenceError> {
    let sound = |b: u8| b.is_ascii_alphanumeric() || b"-._:@/+".contains(&b);
    if name.starts_with(|c: char| c.is_ascii_alphanumeric()) && name.bytes().all(sound) {
        return Ok(name.to_owned());
    }
    Err(fail(
        text,
        "the name behind the path may hold letters, digits and `-._:@/+`, and starts with one of the first two",
    ))
}

fn fail(text: &str, reason: impl Into<String>) -> ReferenceError {
    ReferenceError::new(text, reason)
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Registry(place) => write!(f, "{}", place.reference()),
            Self::Local(place) => write!(f, "{place}"),
        }
    }
}

impl fmt::Display for LocalPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let transport = match self.format {
            Format::DockerArchive => "docker-archive",
            Format::Layout | Format::LayoutArchive => "oci",
        };
        write!(f, "{transport}:{}", self.path.display())?;
        match &self.image {
            Some(Selector::Name(name)) => write!(f, ":{name}"),
            Some(Selector::Digest(digest)) => write!(f, "@{digest}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    fn check(text: &str, format: Format, path: &str, image: Option<Selector>) {
        let expected = LocalPlace { format, path: path.into(), image };
        assert_eq!(text.parse::<Place>(), Ok(Place::Local(expected)), "{text}");
    }

    fn name(text: &str) -> Option<Selector> {
        Some(Selector::Name(text.to_owned()))
    }

    #[test]
    fn places_parse_as_skopeo_reads_them() {
        check("oci:out", Format::Layout, "out", None);
        check("oci:/a/b:v1", Format::Layout, "/a/b", name("v1"));
        check("oci:out:ghcr.io/org/etl:v1", Format::Layout, "out", name("ghcr.io/org/etl:v1"));
        check("oci:out.tar", Format::LayoutArchive, "out.tar", None);
        check("oci:out.tar:v1", Format::LayoutArchive, "out.tar", name("v1"));
        check("oci-archive:out.oci", Format::LayoutArchive, "out.oci", None);
        check("docker-archive:a.tar", Format::DockerArchive, "a.tar", None);
        check("docker-archive:a.tar:etl:v1", Format::DockerArchive, "a.tar", name("etl:v1"));
        let digest = Some(Selector::Digest(DIGEST.parse().unwrap()));
        check(&format!("oci:out@{DIGEST}"), Format::Layout, "out", digest.clone());
        check(&format!("oci:out.tar:v1@{DIGEST}"), Format::LayoutArchive, "out.tar", digest);
    }

    #[test]
    fn everything_else_is_a_registry() {
        for (text, expected, said) in [
            ("python:3.11", "docker.io/library/python:3.11", true),
            ("docker://ghcr.io/a/b", "ghcr.io/a/b:latest", false),
            ("localhost:5000/a", "localhost:5000/a:latest", false),
        ] {
            let Ok(Place::Registry(place)) = text.parse::<Place>() else { panic!("{text}") };
            assert_eq!((place.reference().to_string().as_str(), place.version.is_some()), (expected, said), "{text}");
        }
    }

    #[test]
    fn what_names_no_place_is_refused() {
        for (text, reason) in [
            ("oci:", "no path"),
            ("oci::v1", "no path"),
            ("oci:a:", "the name"),
            ("oci:a: b", "the name"),
            ("oci:a@sha256:abc", "not a digest"),
            ("docker-daemon:a:b", "leoflow reads"),
            ("dir:a", "leoflow reads"),
        ] {
            let error = text.parse::<Place>().unwrap_err();
            assert!(error.reason.contains(reason), "{text}: {error}");
        }
    }

    #[test]
    fn a_place_is_shown_as_it_is_written() {
        for text in ["oci:out:v1", "oci:out.tar", "docker-archive:a.tar:etl:v1", &format!("oci:out@{DIGEST}")] {
            assert_eq!(text.parse::<Place>().unwrap().to_string(), text);
        }
    }
}
