//! Docker's `config.json` and Podman's `auth.json`, which have one format (containers-auth.json(5)).

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::Deserialize;

use super::{Credential, CredentialError, basic};
use crate::reference::Repository;
use crate::secret::Secret;
use crate::source::read_regular;

/// The largest configuration file, in bytes.
const LIMIT: u64 = 4 << 20;

/// What Docker writes for Docker Hub, and what its helpers know it by.
const DOCKER_HUB_KEY: &str = "https://index.docker.io/v1/";

/// Some tools leave the padding out.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A configuration file, its keys normalized.
pub(super) struct Config {
    path: PathBuf,
    auths: BTreeMap<String, Auth>,
    helpers: BTreeMap<String, String>,
    store: Option<String>,
}

struct Auth {
    /// The key as it is written, which is what a helper knows the server by.
    written: String,
    entry: Entry,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Wire {
    auths: Option<BTreeMap<String, Option<Entry>>>,
    cred_helpers: Option<BTreeMap<String, Option<String>>>,
    creds_store: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Entry {
    auth: Option<String>,
    username: Option<String>,
    password: Option<String>,
    identitytoken: Option<String>,
    registrytoken: Option<String>,
}

/// Returns the keys that may hold a repository's credential, the most specific first: `host/a/b`, `host/a`, `host`.
pub(super) fn keys(repository: &Repository) -> Vec<String> {
    let mut key = format!("{}/{}", repository.registry(), repository.name());
    let mut keys = vec![key.clone()];
    while let Some((parent, _)) = key.rsplit_once('/') {
        key = parent.to_owned();
        keys.push(key.clone());
    }
    keys
}

/// Takes off what older tools wrote: the scheme, an API version, Docker Hub's other names.
fn normalized(key: &str) -> String {
    let key = key.split_once("://").map_or(key, |(_, rest)| rest).trim_end_matches('/');
    let key = key.strip_suffix("/v1").or_else(|| key.strip_suffix("/v2")).unwrap_or(key).to_ascii_lowercase();
    let (host, rest) = key.split_at(key.find('/').unwrap_or(key.len()));
    match host {
        "index.docker.io" | "registry-1.docker.io" | "registry.hub.docker.com" => format!("docker.io{rest}"),
        _ => key,
    }
}

impl Config {
    /// Returns what the file says, or nothing when there is none.
    pub(super) fn read(path: &Path) -> Result<Option<Self>, CredentialError> {
        let fail = |reason: String| CredentialError::File { path: path.to_owned(), reason };
        let bytes = match read_regular(path, LIMIT + 1) {
            Err(error) if is_absent(path, &error) => return Ok(None),
            bytes => bytes.map_err(|error| fail(error.to_string()))?,
        };
        if bytes.len() as u64 > LIMIT {
            return Err(fail(format!("it is larger than {} MiB", LIMIT >> 20)));
        }
        if bytes.trim_ascii().is_empty() {
            return Ok(None);
        }
        if !bytes.trim_ascii_start().starts_with(b"{") {
            return Err(fail("it is not a JSON object".to_owned()));
        }
        // The parser's own words may quote a password.
        let wire: Wire = serde_json::from_slice(&bytes).map_err(|error| {
            let fault = if error.is_data() { "an unexpected value" } else { "a syntax error" };
            fail(format!("it has {fault} at line {}, column {}", error.line(), error.column()))
        })?;
        Ok(Some(Self::new(path, wire)))
    }

    /// Of keys that mean the same, one that says something wins.
    fn new(path: &Path, wire: Wire) -> Self {
        let mut auths: BTreeMap<String, Auth> = BTreeMap::new();
        for (written, entry) in wire.auths.unwrap_or_default() {
            let (key, entry) = (normalized(&written), entry.unwrap_or_default());
            if auths.get(&key).is_none_or(|present| present.entry.is_empty()) {
                auths.insert(key, Auth { written, entry });
            }
        }
        let helpers = wire.cred_helpers.unwrap_or_default();
        let helpers = helpers.into_iter().filter_map(|(key, helper)| Some((normalized(&key), helper?))).collect();
        Self { path: path.to_owned(), auths, helpers, store: wire.creds_store.filter(|store| !store.is_empty()) }
    }

    /// Returns the file.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the helper that keeps the credential of `key` alone.
    pub(super) fn helper(&self, key: &str) -> Option<&str> {
        self.helpers.get(key).map(String::as_str).filter(|helper| !helper.is_empty())
    }

    /// Returns the helper that keeps all others.
    pub(super) fn store(&self) -> Option<&str> {
        self.store.as_deref()
    }

    /// Returns whether somebody has logged in to `key`.
    pub(super) fn mentions(&self, key: &str) -> bool {
        self.auths.contains_key(key)
    }

    /// Returns what a helper knows `key` by: as it is written here, else as Docker would write it.
    pub(super) fn server(&self, key: &str) -> String {
        match self.auths.get(key) {
            Some(auth) => auth.written.clone(),
            None if key == "docker.io" => DOCKER_HUB_KEY.to_owned(),
            None => key.to_owned(),
        }
    }

    /// Returns the credential that stands in the file itself.
    pub(super) fn entry(&self, key: &str) -> Result<Option<Credential>, CredentialError> {
        let Some(Auth { written, entry }) = self.auths.get(key) else { return Ok(None) };
        entry.credential().map_err(|Undecodable| CredentialError::File {
            path: self.path.clone(),
            reason: format!("the `auth` of `{written}` is not base64 of `user:password`"),
        })
    }
}

/// A file in a directory that must not be looked into is as good as none: in many a container `HOME` is root's and the
/// user is not.
fn is_absent(path: &Path, error: &std::io::Error) -> bool {
    match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => true,
        ErrorKind::PermissionDenied => path.metadata().is_err(),
        _ => false,
    }
}

struct Undecodable;

impl Entry {
    fn is_empty(&self) -> bool {
        matches!(self.credential(), Ok(None))
    }

    /// Empty texts say nothing: with a store, Docker leaves entries without content behind.
    fn credential(&self) -> Result<Option<Credential>, Undecodable> {
        let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        if let Some(token) = given(&self.registrytoken) {
            return Ok(Some(Credential::Bearer(Secret::new(token))));
        }
        if let Some(token) = given(&self.identitytoken) {
            return Ok(Some(Credential::IdentityToken(Secret::new(token))));
        }
        if let Some(auth) = given(&self.auth) {
            return decoded(&auth).map(Some).ok_or(Undecodable);
        }
        let password = self.password.as_deref().unwrap_or_default();
        Ok(given(&self.username).map(|username| basic(&username, password)))
    }
}

/// Docker pads some passwords with NUL (docker/cli, `decodeAuth`).
fn decoded(auth: &str) -> Option<Credential> {
    let text = String::from_utf8(BASE64.decode(auth.trim()).ok()?).ok()?;
    let (username, password) = text.split_once(':')?;
    Some(basic(username, password.trim_end_matches('\0')))
}
