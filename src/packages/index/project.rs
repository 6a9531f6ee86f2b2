//! All files of one project, of which names and versions are looked at, and one is taken.

use std::sync::Arc;

use pep440_rs::{Version, VersionSpecifiers};
use pep508_rs::PackageName;

use super::rows::Rows;
use super::{DistributionFile, IndexError, legacy, listed};

/// All files of one project that one index has.
#[derive(Debug, Clone)]
pub struct ProjectFiles {
    /// The project.
    pub name: PackageName,
    /// Where they were found, without credentials: an index's URL or a directory.
    pub index: String,
    /// In the index's order.
    pub(super) files: Vec<Stored>,
}

/// Where it stands what a file is.
#[derive(Debug, Clone)]
pub(super) enum Stored {
    /// Here: it is one of this machine.
    Whole(Box<DistributionFile>),
    /// In the row that begins there.
    Row(Arc<Rows>, usize),
}

/// A file at a glance.
#[derive(Debug, Clone, PartialEq)]
pub struct FileEntry<'a> {
    /// Its name.
    pub filename: &'a str,
    /// What it is a distribution of, if it is one of the project.
    pub version: Option<Version>,
    /// Of a wheel: what it runs on.
    pub wheel: Option<WheelEntry<'a>>,
    /// Which Pythons it is for, as the index says it; empty where it does not.
    pub requires_python: &'a str,
    /// Whether it was yanked (PEP 592).
    pub is_yanked: bool,
}

/// What a wheel's name says beside name and version.
#[derive(Debug, Clone, PartialEq)]
pub struct WheelEntry<'a> {
    /// The tie breaker between wheels of one version.
    pub build: Option<(u64, &'a str)>,
    /// `cp311-abi3-manylinux_2_17_x86_64`
    pub tags: &'a str,
}

impl ProjectFiles {
    /// Returns wheels that are asked for by their URLs, and then the files that an index has, if it was asked.
    pub(in crate::packages) fn with_direct(
        name: &PackageName,
        direct: impl Iterator<Item = DistributionFile>,
        indexed: Option<&Self>,
    ) -> Self {
        let direct = direct.map(|file| Stored::Whole(Box::new(file)));
        let files = direct.chain(indexed.iter().flat_map(|project| project.files.iter().cloned())).collect();
        let index = indexed.map(|project| project.index.clone()).unwrap_or_default();
        Self { name: name.clone(), index, files }
    }

    /// Returns what can be seen of each file at a glance.
    pub fn entries(&self) -> impl Iterator<Item = FileEntry<'_>> {
        let mut names = Names { project: &self.name, name: ("", false), version: ("", None) };
        self.files.iter().map(move |file| {
            let (filename, requires_python, is_yanked) = file.glance();
            let (version, wheel) = names.read(filename);
            FileEntry { filename, version, wheel, requires_python, is_yanked }
        })
    }

    /// Returns all that is known of a file, by its place among the entries.
    #[must_use]
    pub fn file(&self, at: usize) -> Option<DistributionFile> {
        match self.files.get(at)? {
            Stored::Whole(file) => Some((**file).clone()),
            Stored::Row(rows, start) => rows.row(*start).listed().map(|file| file.file(&self.name)),
        }
    }

    /// Returns all that is known of each file.
    pub fn files(&self) -> impl Iterator<Item = DistributionFile> {
        (0..self.files.len()).filter_map(|at| self.file(at))
    }

    /// Returns that there is none of the project, where that is so.
    pub(in crate::packages) fn none(&self) -> IndexError {
        let index = self.index.trim_end_matches('/');
        IndexError::NoFiles { name: self.name.clone(), url: format!("{index}/{}/", self.name) }
    }
}

impl FileEntry<'_> {
    /// Returns which Pythons it is for; what cannot be understood excludes nothing, as in pip.
    #[must_use]
    pub fn specifiers(&self) -> Option<VersionSpecifiers> {
        let said = Some(self.requires_python).filter(|text| !text.is_empty())?;
        legacy::specifiers(said)
    }
}

impl Stored {
    /// Returns name, `Requires-Python`, and whether it was yanked.
    pub(super) fn glance(&self) -> (&str, &str, bool) {
        match self {
            Self::Whole(file) => (&file.filename, "", file.yanked.is_some()),
            Self::Row(rows, start) => {
                let row = rows.row(*start);
                (row.filename, row.requires_python, row.is_yanked)
            }
        }
    }

    /// Returns the files of a page.
    pub(super) fn of(rows: &Arc<Rows>) -> impl Iterator<Item = Self> {
        rows.starts().map(|start| Self::Row(Arc::clone(rows), start))
    }
}

/// Reads the names of one project's files; neighbours have most in common, which is read once.
struct Names<'a> {
    project: &'a PackageName,
    name: (&'a str, bool),
    version: (&'a str, Option<Version>),
}

impl<'a> Names<'a> {
    fn read(&mut self, filename: &'a str) -> (Option<Version>, Option<WheelEntry<'a>>) {
        let Some(stem) = filename.strip_suffix(".whl") else {
            return (listed::source(filename, self.project), None);
        };
        match self.wheel(stem) {
            Some((version, wheel)) => (Some(version), Some(wheel)),
            None => (None, None),
        }
    }

    /// Reads what [`WheelName`](crate::packages::wheel::WheelName) reads, without what only the one that is taken needs.
    fn wheel(&mut self, stem: &'a str) -> Option<(Version, WheelEntry<'a>)> {
        let (platform, _) = stem.rmatch_indices('-').nth(2)?;
        let (head, tags) = (&stem[..platform], &stem[platform + 1..]);
        let mut parts = head.split('-');
        let (name, version, build) = (parts.next()?, parts.next()?, parts.next());
        if parts.next().is_some() || !self.is_project(name) {
            return None;
        }
        let build = match build {
            Some(build) => Some(listed::build(build)?),
            None => None,
        };
        Some((self.version(version)?, WheelEntry { build, tags }))
    }

    fn is_project(&mut self, name: &'a str) -> bool {
        if self.name.0 != name {
            self.name = (name, name.parse::<PackageName>().is_ok_and(|name| name == *self.project));
        }
        self.name.1
    }

    fn version(&mut self, version: &'a str) -> Option<Version> {
        if self.version.0 != version {
            self.version = (version, version.replace('_', "+").parse().ok());
        }
        self.version.1.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::super::FileKind;
    use super::*;

    #[test]
    fn a_glance_sees_what_the_whole_name_says() {
        let project: PackageName = "foo-bar".parse().unwrap();
        let mut names = Names { project: &project, name: ("", false), version: ("", None) };
        for filename in [
            "foo_bar-1.0-py3-none-any.whl",
            "foo_bar-1.0-py2.py3-none-any.whl",
            "Foo.Bar-1.0_local-2b-cp311.cp312-abi3-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
            "foo_bar-1.0-1-1-py3-none-any.whl",
            "foo_bar-1.0-b-py3-none-any.whl",
            "foo_bar-1.0-99999999999999999999-py3-none-any.whl",
            "foo_bar-x-py3-none-any.whl",
            "other-1.0-py3-none-any.whl",
            "é-1-py3-none-any.whl",
            "py3-none-any.whl",
            "-py3-none-any.whl",
            "foo_bar-2.0-py3-none-any.whl",
            "foo-bar-1.0.tar.gz",
            "foo_bar-1.0.zip",
            "foo_bar-1.0.egg",
            "",
        ] {
            let (version, wheel) = names.read(filename);
            match listed::kind(filename, &project) {
                FileKind::Other => assert_eq!((version, wheel), (None, None), "{filename}"),
                FileKind::Source(expected) => assert_eq!((version, wheel), (Some(expected), None), "{filename}"),
                FileKind::Wheel(name) => {
                    assert_eq!(version.as_ref(), Some(&name.version), "{filename}");
                    let wheel = wheel.unwrap();
                    let tags = [&name.python, &name.abi, &name.platform].map(|parts| parts.join("."));
                    assert_eq!(wheel.tags, tags.join("-"), "{filename}");
                    let build = wheel.build.map(|(number, rest)| (number, rest.to_owned()));
                    assert_eq!(build, name.build, "{filename}");
                }
            }
        }
    }
}
