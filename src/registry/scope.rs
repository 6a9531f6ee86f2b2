//! What a token is for.

use std::collections::{BTreeMap, BTreeSet};

use crate::reference::Repository;

/// How much a registry may ask for beyond what is needed.
const MOST_ASKED: usize = 4;

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

    /// Returns what a challenge `asked` for beyond these, as far as it concerns `repository`: another repository that
    /// the same request spoke of, as a mount does, has sessions of its own.
    pub(super) fn missing(&self, repository: &Repository, asked: &[String]) -> Vec<String> {
        let own = format!("repository:{}", repository.name());
        let concerns = |scope: &&String| match scope.rsplit_once(':') {
            Some((resource, actions)) => match self.0.get(resource) {
                Some(has) => resource == own && actions.split(',').any(|action| !has.contains(action)),
                None => true,
            },
            None => false,
        };
        asked.iter().filter(concerns).take(MOST_ASKED).cloned().collect()
    }

    /// Returns each as `repository:name:pull,push`.
    pub(super) fn texts(&self) -> impl Iterator<Item = String> + '_ {
        self.0.iter().map(|(resource, actions)| {
            let actions: Vec<&str> = actions.iter().map(String::as_str).collect();
            format!("{resource}:{}", actions.join(","))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_registry_asks_for_is_kept_where_it_belongs() {
        let check = |asked: &[&str], expected: &[&str]| {
            let (own, other) = ("r.example.com/team/etl".parse().unwrap(), "r.example.com/base".parse().unwrap());
            let scopes = Scopes::push(&own).and(&Scopes::pull(&other));
            let asked: Vec<String> = asked.iter().map(|&scope| scope.to_owned()).collect();
            assert_eq!(scopes.missing(&own, &asked), expected, "{asked:?}");
        };
        check(&["repository:team/etl:pull"], &[]);
        check(&["repository:team/etl:pull,push", "repository:base:pull"], &[]);
        // A proxy knows the repository by another name.
        check(&["repository:proxy/team/etl:pull"], &["repository:proxy/team/etl:pull"]);
        check(&["repository:team/etl:*"], &["repository:team/etl:*"]);
        check(&["nonsense", ""], &[]);
        check(&["a:1", "b:1", "c:1", "d:1", "e:1"], &["a:1", "b:1", "c:1", "d:1"]);
    }
}
