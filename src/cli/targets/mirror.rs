//! The mirrors of a target, as they are written and as they are asked.

use std::fmt;

use super::Target;
use crate::cli::registries::{NO_LOCATION, RegistrySettings, as_location};
use crate::registry::{Mirror, PullFromMirror, RegistryRule};

/// How a mirror is written.
pub(super) const HELP: &str = "write it like `mirror.example.com/hub`, or with `http://` before it";

/// Where a mirror is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MirrorPlace {
    /// `host[:port]`, with a path or without.
    pub location: String,
    /// Whether it may be spoken to in plain HTTP.
    pub insecure: bool,
}

impl MirrorPlace {
    /// Reads `host[:port][/path]` with a scheme or without.
    ///
    /// # Errors
    /// With what is wrong, which follows a subject; the text may hold a password and is not repeated.
    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        let (insecure, rest) = match text.strip_prefix("http://") {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix("https://").unwrap_or(text)),
        };
        let location = as_location(rest).ok_or(NO_LOCATION)?;
        Ok(Self { location, insecure })
    }

    fn host(&self) -> &str {
        self.location.split('/').next().unwrap_or_default()
    }
}

impl fmt::Display for MirrorPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", if self.insecure { "http://" } else { "" }, self.location)
    }
}

/// Adds the mirrors of a target to what is said of registries: they are asked first.
pub(super) fn add(settings: &mut RegistrySettings, target: &Target) {
    for (host, places) in &target.mirrors {
        let insecure = places.iter().filter(|place| place.insecure).map(|place| place.host().to_ascii_lowercase());
        settings.insecure.extend(insecure);
        let mirror = |place: &MirrorPlace| Mirror { location: place.location.clone(), pulls: PullFromMirror::All };
        let mirrors = places.iter().map(mirror);
        let rule = rule_of(settings, host);
        rule.mirrors.splice(0..0, mirrors);
    }
}

/// Returns the rule of a host: its own, or a new one which says what a rule for its domain said.
fn rule_of<'a>(settings: &'a mut RegistrySettings, host: &str) -> &'a mut RegistryRule {
    let rules = &mut settings.registries.rules;
    let at = rules.iter().position(|rule| rule.prefix == host).unwrap_or_else(|| {
        let new = of_domain(rules, host).unwrap_or_else(|| RegistryRule {
            prefix: host.to_owned(),
            location: host.to_owned(),
            blocked: false,
            mirrors: Vec::new(),
        });
        rules.push(new);
        rules.len() - 1
    });
    &mut rules[at]
}

/// A host that has a rule of its own is no longer held to `*.domain`; what was blocked there stays so.
fn of_domain(rules: &[RegistryRule], host: &str) -> Option<RegistryRule> {
    let alone = host.rsplit_once(':').map_or(host, |(host, _)| host);
    let holds = |rule: &&RegistryRule| {
        let domain = rule.prefix.strip_prefix('*');
        domain.and_then(|domain| alone.strip_suffix(domain)).is_some_and(|rest| !rest.is_empty())
    };
    let rule = rules.iter().filter(holds).max_by_key(|rule| rule.prefix.len())?;
    let location = if rule.location.starts_with('*') { host.to_owned() } else { rule.location.clone() };
    Some(RegistryRule { prefix: host.to_owned(), location, ..rule.clone() })
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::*;

    fn target(mirrors: &[(&str, &[&str])]) -> Target {
        let places = |texts: &[&str]| texts.iter().map(|text| MirrorPlace::parse(text).unwrap()).collect();
        Target {
            name: "prod".into(),
            server: Url::parse("https://a").unwrap(),
            registry: None,
            mirrors: mirrors.iter().map(|(host, texts)| ((*host).to_owned(), places(texts))).collect(),
            token: None,
        }
    }

    fn rule(prefix: &str, blocked: bool, mirrors: &[&str]) -> RegistryRule {
        let mirror = |text: &&str| Mirror { location: (*text).to_owned(), pulls: PullFromMirror::All };
        let mirrors = mirrors.iter().map(mirror).collect();
        RegistryRule { prefix: prefix.into(), location: prefix.into(), blocked, mirrors }
    }

    #[test]
    fn mirrors_of_a_target_come_first_and_unblock_nothing() {
        let mut settings = RegistrySettings::default();
        settings.registries.rules = vec![rule("ghcr.io", true, &["old"]), rule("*.corp", true, &["all"])];
        add(
            &mut settings,
            &target(&[
                ("docker.io", &["m.corp/hub", "http://n:5000/x"]),
                ("ghcr.io", &["g.corp"]),
                ("a.corp", &["b.corp"]),
            ]),
        );
        let expected = [
            rule("ghcr.io", true, &["g.corp", "old"]),
            rule("*.corp", true, &["all"]),
            rule("a.corp", true, &["b.corp", "all"]),
            rule("docker.io", false, &["m.corp/hub", "n:5000/x"]),
        ];
        assert_eq!(settings.registries.rules, expected);
        assert_eq!(settings.insecure, ["n:5000"]);
    }

    #[test]
    fn what_is_no_place_is_refused() {
        for text in ["", "https://", "a b", "u:p@h", "ftp://h", "h/x?y"] {
            assert!(MirrorPlace::parse(text).is_err(), "{text}");
        }
    }
}
