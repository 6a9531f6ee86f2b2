//! Package indexes and directories of wheels: which files there are, what they require, and their bytes.
//!
//! Nothing that comes from outside is believed: a page lists texts, metadata is held against the wheel's name, and a
//! wheel's bytes against its sha256, also when they come from the cache.

mod beside;
mod credentials;
mod direct;
mod download;
mod elsewhere;
mod error;
mod file;
mod help;
mod html;
mod json;
mod learnt;
mod legacy;
mod listed;
mod metadata;
mod netrc;
mod once;
mod options;
mod pace;
mod page;
mod pour;
mod project;
mod retry;
mod rows;
mod sink;
mod sources;
mod sparse;
mod transport;

use std::path::PathBuf;
use std::sync::Arc;

use futures_util::FutureExt as _;
use pep508_rs::PackageName;

pub use crate::http::ProxySettings;
pub use crate::tls::{Certificates, HostCertificates};
pub use credentials::{IndexCredentials, Login};
pub use error::IndexError;
pub use file::{DistributionFile, FileKind, Location, Metadata};
pub use options::{FindLinks, IndexEvent, IndexOptions, LeastRate, Observer, PYPI, Sources};
pub use project::{FileEntry, ProjectFiles, WheelEntry};

use crate::layers::{Blob, Digest};
use crate::packages::direct::DirectWheel;
use crate::packages::lock::LockedWheel;
use once::Once;
use transport::Transport;

/// All sources together; copies share what they have learnt.
#[derive(Clone)]
pub struct Index {
    shared: Arc<Shared>,
}

/// What all copies have in common.
struct Shared {
    options: Arc<IndexOptions>,
    transport: Transport,
    projects: Once<PackageName, Arc<ProjectFiles>>,
    metadata: Once<String, Arc<Metadata>>,
    wheels: Once<Digest, Blob>,
}

impl Index {
    /// Prepares a client; nothing is sent yet.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(options: IndexOptions) -> Result<Self, IndexError> {
        let options = Arc::new(options);
        let transport = Transport::new(Arc::clone(&options))?;
        let (projects, metadata, wheels) = (Once::default(), Once::default(), Once::default());
        Ok(Self { shared: Arc::new(Shared { options, transport, projects, metadata, wheels }) })
    }

    /// Returns the directories of this machine that wheels are looked for in.
    #[must_use]
    pub fn directories(&self) -> Vec<PathBuf> {
        let directory = |place: &FindLinks| match place {
            FindLinks::Directory(path) => Some(path.clone()),
            FindLinks::Page(_) => None,
        };
        self.shared.options.sources.find_links.iter().filter_map(directory).collect()
    }

    /// Returns the files of a project, as the first index lists them that knows it, with those that find-links have.
    ///
    /// # Errors
    /// When no source has it ([`IndexError::NoSuchProject`]), or one cannot be asked: the next is not asked instead.
    pub async fn project(&self, name: &PackageName) -> Result<Arc<ProjectFiles>, IndexError> {
        self.shared.projects.get(name.clone(), self.shared.project(name).boxed()).await
    }

    /// Returns a wheel that is asked for by its URL, as a file that may be chosen.
    ///
    /// # Errors
    /// When it may not be asked for, or find-links cannot be read.
    pub async fn direct(&self, wheel: &DirectWheel) -> Result<DistributionFile, IndexError> {
        self.shared.direct(wheel).boxed().await
    }

    /// Returns what a locked wheel says of itself.
    ///
    /// # Errors
    /// As [`Self::metadata`].
    pub async fn wheel_metadata(&self, wheel: &LockedWheel) -> Result<Arc<Metadata>, IndexError> {
        self.shared.wheel_metadata(wheel).boxed().await
    }

    /// Returns what a wheel says of itself.
    ///
    /// # Errors
    /// When it cannot be had, cannot be read, or is that of something else than the wheel's name says.
    pub async fn metadata(&self, file: &DistributionFile) -> Result<Arc<Metadata>, IndexError> {
        let key = metadata::place(&file.location);
        self.shared.metadata.get(key, self.shared.metadata_of(file).boxed()).await
    }

    /// Returns the bytes of a wheel, verified.
    ///
    /// # Errors
    /// When they cannot be had, or are not those of its sha256.
    pub async fn wheel(&self, wheel: &LockedWheel) -> Result<Blob, IndexError> {
        self.shared.wheels.pass(wheel.sha256, self.shared.wheel(wheel).boxed()).await
    }

    /// Returns the sha256 and length of a file whose index does not say them: it is downloaded for that.
    ///
    /// # Errors
    /// When it cannot be had.
    pub async fn digest(&self, file: &DistributionFile) -> Result<(Digest, u64), IndexError> {
        self.shared.digest(file).boxed().await
    }

    /// Returns the length of a wheel in bytes: as it is known, as its server says it, or as it turns out to be.
    ///
    /// # Errors
    /// When it cannot be had.
    pub async fn wheel_size(&self, wheel: &LockedWheel) -> Result<u64, IndexError> {
        match wheel.size {
            Some(size) => Ok(size),
            None => self.shared.wheel_size(wheel).boxed().await,
        }
    }

    /// Returns the length of a file in bytes, where its index or its server says it.
    ///
    /// # Errors
    /// When the server cannot be asked, or does not have it.
    pub async fn size(&self, file: &DistributionFile) -> Result<Option<u64>, IndexError> {
        self.shared.size(file).boxed().await
    }
}
