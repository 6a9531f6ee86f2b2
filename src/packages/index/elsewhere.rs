//! A locked wheel whose place has it no more, or may not be asked: found again by its name and its sha256.

use futures_util::FutureExt as _;
use pep508_rs::PackageName;
use url::Url;

use super::{DistributionFile, IndexError, Location, ProjectFiles, Shared};
use crate::http::host_and_port;
use crate::packages::lock::LockedWheel;

impl Shared {
    /// Returns the flag that forbids to ask where a lock says, if one does: then find-links are all there is.
    pub(super) fn forbids(&self) -> Option<&'static str> {
        match &*self.options {
            options if options.offline => Some("--offline"),
            options if options.sources.no_index => Some("--no-index"),
            _ => None,
        }
    }

    /// Returns where find-links have a wheel.
    ///
    /// # Errors
    /// When they do not: the wheel's own place may not be asked.
    pub(super) async fn in_links(&self, wheel: &LockedWheel, flag: &'static str) -> Result<LockedWheel, IndexError> {
        let files = self.linked(&wheel.name.name).await?;
        let found = moved(wheel, files);
        found.ok_or_else(|| match &wheel.location {
            Location::Url(url) => self.not_here(wheel.name.as_str(), url, flag),
            Location::Path(path) => self.not_in(wheel.name.as_str(), path.display().to_string(), flag),
        })
    }

    /// Returns where the sources have a wheel now: a signature may have run out, or a mirror have moved.
    pub(super) async fn moved(&self, wheel: &LockedWheel) -> Option<LockedWheel> {
        let name = &wheel.name.name;
        let project = self.projects.get(name.clone(), self.project(name).boxed()).await.ok()?;
        moved(wheel, project.files())
    }

    /// Returns the files of a project that find-links have.
    pub(super) async fn linked(&self, name: &PackageName) -> Result<Vec<DistributionFile>, IndexError> {
        let mut files = Vec::new();
        for links in &self.options.sources.find_links {
            files.extend(self.links(links, name).await?);
        }
        let project = ProjectFiles { name: name.clone(), index: String::new(), files };
        Ok(project.files().collect())
    }

    pub(super) fn not_here(&self, file: &str, url: &Url, flag: &'static str) -> IndexError {
        self.not_in(file, host_and_port(url), flag)
    }

    fn not_in(&self, file: &str, place: String, flag: &'static str) -> IndexError {
        let looked_in = self.options.sources.find_links.iter().map(ToString::to_string).collect();
        IndexError::NotHere { file: file.to_owned(), place, flag, looked_in }
    }
}

/// Returns the wheel where one of `files` is: one of its name and, as far as that is said, of its sha256. What it is, its
/// bytes say.
fn moved(wheel: &LockedWheel, files: impl IntoIterator<Item = DistributionFile>) -> Option<LockedWheel> {
    let is_it = |file: &DistributionFile| {
        let same = file.sha256.is_none_or(|sha256| sha256 == wheel.sha256);
        file.filename == wheel.name.as_str() && same && file.location != wheel.location
    };
    files.into_iter().find(is_it).map(|file| LockedWheel { location: file.location, ..wheel.clone() })
}
