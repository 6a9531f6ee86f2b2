//! What is configured for registries: certificates, mirrors, what is blocked (containers-registries.conf(5)).

use super::error::RegistryError;
use crate::reference::{Repository, canonical_registry};
use crate::tls::Certificates;

/// What is configured for registries.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Registries {
    /// Which host has which certificates.
    pub certificates: Certificates,
    /// Where images are, other than where they are named; the longest prefix counts.
    pub rules: Vec<RegistryRule>,
}

/// What holds for the repositories that begin with a prefix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegistryRule {
    /// `host[:port]` with a path or without, or `*.domain`, as references begin.
    pub prefix: String,
    /// What stands in the prefix's place where such images are pulled from; the prefix itself most often.
    pub location: String,
    /// Whether nothing may be pulled from there or pushed to it.
    pub blocked: bool,
    /// Who is asked first, in this order.
    pub mirrors: Vec<Mirror>,
}

/// Another place that holds the same images.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mirror {
    /// What stands in the prefix's place.
    pub location: String,
    /// What it is asked for.
    pub pulls: PullFromMirror,
}

/// Which pulls a mirror is asked for (`pull-from-mirror`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum PullFromMirror {
    /// Any.
    #[default]
    All,
    /// Those by digest: what a tag stands for is asked of the registry itself.
    DigestOnly,
    /// Those by tag.
    TagOnly,
}

impl Registries {
    /// Fails when `repository` is blocked.
    pub(super) fn admit(&self, repository: &Repository) -> Result<(), RegistryError> {
        match self.rule(repository) {
            Some(RegistryRule { blocked: true, prefix, .. }) => {
                Err(RegistryError::Blocked { repository: Box::new(repository.clone()), prefix: prefix.clone() })
            }
            _ => Ok(()),
        }
    }

    /// Returns where `repository` itself is pulled from.
    pub(super) fn home(&self, repository: &Repository) -> Repository {
        self.rule(repository).and_then(|rule| rule.at(&rule.location, repository)).unwrap_or_else(|| repository.clone())
    }

    /// Returns who is asked for it before that.
    pub(super) fn mirrors(&self, repository: &Repository, by_digest: bool) -> Vec<Repository> {
        self.rule(repository).map(|rule| rule.mirrors(repository, by_digest)).unwrap_or_default()
    }

    /// Returns what holds for `repository`.
    fn rule(&self, repository: &Repository) -> Option<&RegistryRule> {
        let name = repository.to_string();
        let matching = self.rules.iter().filter_map(|rule| Some((rule.matched(&name)?.len(), rule)));
        matching.max_by_key(|(length, _)| *length).map(|(_, rule)| rule)
    }
}

impl RegistryRule {
    /// Returns the part of a repository's name that the prefix stands for.
    fn matched<'a>(&self, name: &'a str) -> Option<&'a str> {
        let prefix = self.canonical_prefix();
        let length = match prefix.strip_prefix('*') {
            Some(domain) => {
                let host = name.split('/').next()?;
                let host_alone = host.rsplit_once(':').map_or(host, |(host, _)| host);
                host_alone.strip_suffix(domain).filter(|rest| !rest.is_empty())?;
                host.len()
            }
            None => name.strip_prefix(&prefix).map(|_| prefix.len())?,
        };
        let whole = name[length..].is_empty() || name[length..].starts_with('/');
        whole.then(|| &name[..length])
    }

    /// Returns the prefix with its registry as references spell it.
    fn canonical_prefix(&self) -> String {
        let host = self.prefix.split('/').next().unwrap_or_default();
        canonical_registry(host) + &self.prefix[host.len()..]
    }

    /// Returns what `repository` is called at `location`; `None` when that is no name of a repository.
    fn at(&self, location: &str, repository: &Repository) -> Option<Repository> {
        let name = repository.to_string();
        let rest = &name[self.matched(&name)?.len()..];
        // `*.corp` without a location of its own stays what it is.
        let place = if location == self.prefix && location.starts_with('*') { self.matched(&name)? } else { location };
        format!("{place}{rest}").parse().ok()
    }

    fn mirrors(&self, repository: &Repository, by_digest: bool) -> Vec<Repository> {
        let asked = |mirror: &&Mirror| match mirror.pulls {
            PullFromMirror::All => true,
            PullFromMirror::DigestOnly => by_digest,
            PullFromMirror::TagOnly => !by_digest,
        };
        self.mirrors.iter().filter(asked).filter_map(|mirror| self.at(&mirror.location, repository)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(prefix: &str, location: &str, mirrors: &[(&str, PullFromMirror)]) -> RegistryRule {
        let mirror = |&(location, pulls): &(&str, _)| Mirror { location: location.to_owned(), pulls };
        RegistryRule {
            prefix: prefix.to_owned(),
            location: location.to_owned(),
            blocked: false,
            mirrors: mirrors.iter().map(mirror).collect(),
        }
    }

    #[test]
    fn the_longest_prefix_that_ends_a_path_component_counts() {
        let prefixes =
            ["docker.io", "docker.io/library", "docker.io/lib", "*.corp", "*.team.corp", "r:5000", "[::1]:5000"];
        let rules = prefixes.iter().map(|prefix| rule(prefix, prefix, &[])).collect();
        let registries = Registries { rules, ..Registries::default() };
        let check = |repository: &str, expected: Option<&str>| {
            let found = registries.rule(&repository.parse().unwrap());
            assert_eq!(found.map(|rule| rule.prefix.as_str()), expected, "{repository}");
        };
        check("python", Some("docker.io/library"));
        check("docker.io/lib/x", Some("docker.io/lib"));
        check("org/x", Some("docker.io"));
        check("docker.iox/x", None);
        check("a.corp/x", Some("*.corp"));
        check("a.corp:5000/x", Some("*.corp"));
        check("corp:5000/x", None);
        check("r:5000/x", Some("r:5000"));
        check("r:5001/x", None);
        check("[::1]:5000/x", Some("[::1]:5000"));
    }

    #[test]
    fn no_spelling_of_a_registry_gets_past_its_rule() {
        for (prefix, repository) in [
            ("ghcr.io", "GHCR.io/a"),
            ("GHCR.io/a", "ghcr.io/a/b"),
            ("*.Corp", "A.CORP:5000/x"),
            ("docker.io", "registry-1.docker.io/a"),
            ("registry-1.docker.io", "python"),
        ] {
            let rules = vec![RegistryRule { blocked: true, ..rule(prefix, prefix, &[]) }];
            let admitted = Registries { rules, ..Registries::default() }.admit(&repository.parse().unwrap());
            assert!(matches!(admitted, Err(RegistryError::Blocked { .. })), "{prefix} {repository}");
        }
    }

    #[test]
    fn a_repository_is_called_otherwise_at_its_mirror() {
        use PullFromMirror::{All, DigestOnly, TagOnly};
        let check = |prefix: &str, location: &str, repository: &str, expected: &str| {
            let registries = Registries { rules: vec![rule(prefix, location, &[])], ..Registries::default() };
            let found = registries.home(&repository.parse().unwrap());
            assert_eq!(found.to_string(), expected, "{prefix} {location}");
        };
        check("docker.io", "mirror.corp/hub", "python", "mirror.corp/hub/library/python");
        check("docker.io/library", "mirror.corp:5000", "python", "mirror.corp:5000/python");
        check("docker.io", "docker.io", "python", "docker.io/library/python");
        check("docker.io", "[::1]:5000", "python", "[::1]:5000/library/python");
        check("*.corp", "*.corp", "a.corp/x", "a.corp/x");
        check("*.corp", "mirror.io/all", "a.corp:5000/x", "mirror.io/all/x");

        let rule = rule("docker.io", "docker.io", &[("a.io", All), ("b.io", DigestOnly), ("c.io", TagOnly)]);
        let mirrors = |by_digest| -> Vec<String> {
            rule.mirrors(&"python".parse().unwrap(), by_digest)
                .iter()
                .map(|mirror| mirror.registry().to_owned())
                .collect()
        };
        assert_eq!(mirrors(true), ["a.io", "b.io"]);
        assert_eq!(mirrors(false), ["a.io", "c.io"]);
    }
}
