//! Which hosts may be asked at all, and which were.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use url::Url;

use super::error::RegistryError;
use crate::http::host_and_port;
use crate::reference::Repository;

/// Which hosts may be asked. What may not is refused before its name is resolved.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Network {
    /// Any.
    #[default]
    Open,
    /// These registries, by `host[:port]`, with the token services that they name; not what they redirect to.
    Only(BTreeSet<String>),
    /// None.
    Closed,
}

impl Network {
    /// Adds the registry of `repository`.
    fn allow(&mut self, repository: &Repository) {
        let host = repository.api_host().to_ascii_lowercase();
        match self {
            Self::Open => {}
            Self::Only(hosts) => drop(hosts.insert(host)),
            Self::Closed => *self = Self::Only([host].into()),
        }
    }

    fn admits(&self, url: &Url) -> bool {
        match self {
            Self::Open => true,
            Self::Only(hosts) => hosts.contains(&host_and_port(url)) || hosts.contains(&with_port(url)),
            Self::Closed => false,
        }
    }
}

/// Stands before every request.
pub(super) struct Gate(Mutex<Network>);

impl Gate {
    pub(super) fn new(network: Network) -> Self {
        Self(Mutex::new(network))
    }

    pub(super) fn allow(&self, repository: &Repository) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).allow(repository);
    }

    /// Fails when the host of `url` may not be asked.
    pub(super) fn pass(&self, attempted: &str, url: &Url) -> Result<(), RegistryError> {
        if self.0.lock().unwrap_or_else(PoisonError::into_inner).admits(url) {
            return Ok(());
        }
        Err(RegistryError::Offline { attempted: attempted.to_owned(), host: host_and_port(url) })
    }
}

fn with_port(url: &Url) -> String {
    format!("{}:{}", url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or_default())
}

/// How many requests went to which host.
#[derive(Default)]
pub(super) struct Tally(Mutex<BTreeMap<String, u64>>);

impl Tally {
    pub(super) fn count(&self, url: &Url) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(host_and_port(url)).or_default() += 1;
    }

    pub(super) fn counts(&self) -> Vec<(String, u64)> {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.iter().map(|(host, &requests)| (host.clone(), requests)).collect()
    }
}
