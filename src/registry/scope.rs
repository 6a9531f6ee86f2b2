//! What a token is for.

use std::collections::{BTreeMap, BTreeSet};

use crate::reference::Repository;

/// Access to resources; equal scopes are equal keys of the token cache.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Scopes(BTreeMap<String, BTreeSet<String>>);

impl Scopes {
    /// Reading from `repository`.
    pub(super) fn pull(repository: &Repository) -> Self {
        Self::of(repository, &["pull"])
    }

    /// Writing to `repository`, which includes asking what it has.
    pub(super) fn push(repository: &Repository) -> Self {
        Self::of(repository, &["pull", "push"])
    }

    fn of(repository: &Repository, actions: &[&str]) -> Self {
        let actions = actions.iter().map(|&action| action.to_owned()).collect();
        Self(BTreeMap::from([(format!("repository:{}", repository.name()), actions)]))
    }

    /// Returns both; a token for a mount covers source and target.
    #[must_use]
    pub(super) fn and(mut self, other: &Self) -> Self {
        for (resource, actions) in &other.0 {
            self.0.entry(resource.clone()).or_default().extend(actions.iter().cloned());
        }
        self
    }

    /// Returns these and those that a challenge asked for: a proxy may know the repository by another name.
    #[must_use]
    pub(super) fn and_asked(mut self, asked: &[String]) -> Self {
        for scope in asked {
            if let Some((resource, actions)) = scope.rsplit_once(':') {
                let actions = actions.split(',').map(str::to_owned);
                self.0.entry(resource.to_owned()).or_default().extend(actions);
            }
        }
        self
    }

    /// Returns each as `repository:name:pull,push`.
    pub(super) fn texts(&self) -> impl Iterator<Item = String> + '_ {
        self.0.iter().map(|(resource, actions)| {
            let actions: Vec<&str> = actions.iter().map(String::as_str).collect();
            format!("{resource}:{}", actions.join(","))
        })
    }
}
