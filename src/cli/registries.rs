//! `registries:` of `~/.leoflow/config.yaml`, in the shape of containers-registries.conf(5), and `certs.d`.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::exit::Exit;
use super::report::{Failure, Report};
use crate::code::Code;
use crate::project::{ConfigFault, Field, Section, read_key};
use crate::reference::Repository;
use crate::registry::{HostCertificates, Identity, Mirror, PullFromMirror, Registries, RegistryRule};
use crate::source::SourceFile;

/// What the user's file says of registries.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RegistrySettings {
    /// Rules, and certificates by host.
    pub registries: Registries,
    /// `host[:port]`s that may be spoken to in plain HTTP.
    pub insecure: Vec<String>,
}

const PULLS: &[(&str, PullFromMirror)] =
    &[("all", PullFromMirror::All), ("digest-only", PullFromMirror::DigestOnly), ("tag-only", PullFromMirror::TagOnly)];

/// What is wrong with a location that is none.
pub(super) const NO_LOCATION: &str = "is not a `host[:port]` with a path or without";

const LOCATION: &str = "write `location: registry.example.com:5000`, or with a path behind it";

/// Reads `registries:` of the settings in `file`, whose text is `text`.
///
/// # Errors
/// With everything that means nothing, by line; the lines themselves are not repeated, since a token may be near.
pub(super) fn read(file: &Path, text: String) -> Result<RegistrySettings, Failure> {
    let source = Arc::new(SourceFile { path: file.to_owned(), text });
    let directory = file.parent().unwrap_or(Path::new("."));
    let found = read_key(&source, "registries", |field| {
        let mut reading = Reading { directory, settings: RegistrySettings::default(), prefixes: BTreeSet::new() };
        let rules = field.items().iter().filter_map(|entry| reading.entry(entry)).collect();
        reading.settings.registries.rules = rules;
        reading.settings
    });
    found.map(Option::unwrap_or_default).map_err(|faults| refused(file, &faults))
}

/// Tells what is wrong with the settings by line, without the lines.
pub(super) fn refused(file: &Path, faults: &[ConfigFault]) -> Failure {
    let report = |fault: &ConfigFault| {
        let (line, column) = fault.span.position();
        let message = format!("`{}`, line {line}, column {column}: {}", file.display(), fault.message);
        Report::new(message).help(fault.help.clone())
    };
    Failure { exit: Exit::Usage, reports: faults.iter().map(report).collect() }
}

impl RegistrySettings {
    /// Adds the directories that Docker and Podman keep certificates in; `variable` looks a variable up.
    #[must_use]
    pub fn with_certificate_directories(mut self, variable: &dyn Fn(&str) -> Option<OsString>) -> Self {
        let home = variable("HOME").map(PathBuf::from);
        let users = variable("XDG_CONFIG_HOME").map(PathBuf::from).or_else(|| Some(home?.join(".config")));
        let users = users.map(|config| config.join("containers/certs.d"));
        let machines = ["/etc/containers/certs.d", "/etc/docker/certs.d"].map(PathBuf::from);
        self.registries.certificates.directories = users.into_iter().chain(machines).collect();
        self
    }
}

/// What was read so far.
struct Reading<'a> {
    /// What relative paths are relative to.
    directory: &'a Path,
    settings: RegistrySettings,
    /// What entries are for.
    prefixes: BTreeSet<String>,
}

impl Reading<'_> {
    fn entry(&mut self, entry: &Field<'_>) -> Option<RegistryRule> {
        let mut keys = entry.section()?;
        let location = self.place(&mut keys);
        let prefix = keys.get("prefix").and_then(|field| prefix(&field));
        let blocked = flag(&mut keys, "blocked");
        let by_digest_only = flag(&mut keys, "mirror-by-digest-only");
        let mirrors = keys.get("mirror").map(|field| field.items()).unwrap_or_default();
        let mirrors = mirrors.iter().filter_map(|mirror| self.mirror(mirror, by_digest_only)).collect();
        keys.end();
        let location = location?;
        let prefix = prefix.unwrap_or_else(|| location.clone());
        if !self.prefixes.insert(prefix.clone()) {
            entry.fault(
                Code::DUPLICATE_KEY,
                format!("`{prefix}` is named twice"),
                Some("say all of one registry in one place".to_owned()),
            );
        }
        Some(RegistryRule { prefix, location, blocked, mirrors })
    }

    fn mirror(&mut self, entry: &Field<'_>, by_digest_only: bool) -> Option<Mirror> {
        let mut keys = entry.section()?;
        let location = self.place(&mut keys);
        let pulls = keys.get("pull-from-mirror").and_then(|field| field.one_of(PULLS));
        keys.end();
        let usual = if by_digest_only { PullFromMirror::DigestOnly } else { PullFromMirror::All };
        Some(Mirror { location: location?, pulls: pulls.unwrap_or(usual) })
    }

    /// Reads where a registry or mirror is and how its host is spoken to.
    fn place(&mut self, keys: &mut Section<'_>) -> Option<String> {
        let location = keys.require("location", LOCATION).and_then(|field| location(&field));
        let insecure = flag(keys, "insecure");
        let mut path = |key| keys.get(key).and_then(|field| Some((self.path(&field.name()?), field)));
        let (authority, certificate, key) = (path("ca"), path("client_cert"), path("client_key"));
        let identity = match (certificate, key) {
            (Some((certificate, _)), Some((key, _))) => Some(Identity { certificate, key }),
            (Some((_, field)), None) => missing(&field, "client_key"),
            (None, Some((_, field))) => missing(&field, "client_cert"),
            (None, None) => None,
        };
        let host = location.as_ref()?.split('/').next().unwrap_or_default().to_ascii_lowercase();
        if insecure {
            self.settings.insecure.push(host.clone());
        }
        let hosts: &mut BTreeMap<String, HostCertificates> = &mut self.settings.registries.certificates.hosts;
        let certificates = hosts.entry(host).or_default();
        certificates.authorities.extend(authority.map(|(path, _)| path));
        certificates.identities.extend(identity);
        location
    }

    fn path(&self, text: &str) -> PathBuf {
        match text.strip_prefix("~/") {
            // The settings lie in `~/.leoflow`.
            Some(below) => self.directory.parent().unwrap_or(self.directory).join(below),
            None => self.directory.join(text),
        }
    }
}

fn missing(field: &Field<'_>, other: &str) -> Option<Identity> {
    field.fault(Code::MISSING_KEY, format!("comes without `{other}`"), "give the certificate and its key".to_owned());
    None
}

fn flag(keys: &mut Section<'_>, key: &'static str) -> bool {
    keys.get(key).and_then(|field| field.bool()).unwrap_or_default()
}

/// Takes what a reference may begin with.
fn location(field: &Field<'_>) -> Option<String> {
    let text = field.name()?;
    let location = as_location(&text);
    if location.is_none() {
        field.fault(Code::BAD_IMAGE_REFERENCE, NO_LOCATION, LOCATION.to_owned());
    }
    location
}

/// Returns a `host[:port]` with a path or without, as a reference may begin with it; `docker.io` is a name of Docker Hub
/// as well.
pub(super) fn as_location(text: &str) -> Option<String> {
    let text = text.trim_end_matches('/');
    let text = if text == "index.docker.io" { "docker.io" } else { text };
    // What is a repository once a name is put behind it.
    let repository: Repository = format!("{text}/name").parse().ok()?;
    repository.to_string().starts_with(text).then(|| text.to_owned())
}

fn prefix(field: &Field<'_>) -> Option<String> {
    match field.string()?.strip_prefix("*.") {
        Some(domain) if domain.contains(|c: char| !c.is_ascii_alphanumeric() && !".-".contains(c)) => {
            field.fault(
                Code::BAD_IMAGE_REFERENCE,
                "has more than `*.` and a domain",
                "write `prefix: \"*.example.com\"`".to_owned(),
            );
            None
        }
        Some(domain) => Some(format!("*.{}", domain.to_ascii_lowercase())),
        None => location(field),
    }
}
