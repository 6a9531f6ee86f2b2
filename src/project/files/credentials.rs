//! Files that look like credentials: by their names first, by their first bytes where names don't tell.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use leoflow_layers::Entry;

use super::found::Found;
use super::{FilesError, SuspectFile};
use crate::secret::has_url_password;

/// How much of a file is looked at for a key's header.
const HEADER_BYTES: u64 = 1024;
/// The largest JSON that may be a service account's key; real ones have about 2 KiB.
const MAX_ACCOUNT_BYTES: u64 = 64 * 1024;
/// How much is looked at of a file that says where packages are.
const INDEXES_BYTES: u64 = 1024 * 1024;

/// Whole names.
const NAMES: &[(&str, &str)] = &[
    (".netrc", "passwords by host"),
    ("_netrc", "passwords by host"),
    (".pypirc", "a package index's password"),
    (".npmrc", "a package registry's token"),
    (".yarnrc.yml", "a package registry's token"),
    (".git-credentials", "git passwords"),
    (".pgpass", "database passwords"),
    (".my.cnf", "database passwords"),
    (".s3cfg", "cloud keys"),
    (".boto", "cloud keys"),
    (".vault-token", "a vault's token"),
    (".dockercfg", "registry passwords"),
    (".dockerconfigjson", "registry passwords"),
    ("kubeconfig", "access to a cluster"),
    ("application_default_credentials.json", "cloud credentials"),
    ("credentials.tfrc.json", "Terraform tokens"),
    ("terraform.tfstate", "Terraform state, with its secrets"),
    ("terraform.tfstate.backup", "Terraform state, with its secrets"),
    ("id_rsa", "a private key"),
    ("id_dsa", "a private key"),
    ("id_ecdsa", "a private key"),
    ("id_ecdsa_sk", "a private key"),
    ("id_ed25519", "a private key"),
    ("id_ed25519_sk", "a private key"),
];

/// Ends of names.
const EXTENSIONS: &[(&str, &str)] = &[
    ("ppk", "a private key"),
    ("p12", "a key store"),
    ("pfx", "a key store"),
    ("jks", "a key store"),
    ("keystore", "a key store"),
    ("kdbx", "a password database"),
    ("kubeconfig", "access to a cluster"),
    ("tfstate", "Terraform state, with its secrets"),
];

/// Directories, of which everything below is suspect.
const DIRECTORIES: &[(&str, &str)] = &[
    (".ssh", "an SSH directory"),
    (".gnupg", "a GnuPG directory"),
    (".aws", "cloud credentials"),
    (".azure", "cloud credentials"),
    (".gcloud", "cloud credentials"),
    (".config/gcloud", "cloud credentials"),
    (".kube", "access to a cluster"),
];

/// Names that only tell together with their directory.
const PATHS: &[(&str, &str)] =
    &[(".docker/config.json", "registry passwords"), (".leoflow/config.yaml", "a control plane's token")];

/// Files that say where packages are, to pip, uv and others.
const INDEX_FILES: &[&str] =
    &["pip.conf", "pip.ini", "uv.toml", "uv.lock", "pyproject.toml", "pipfile", "pipfile.lock"];

/// Checks that no file of the plan looks like a credential, but for those that are allowed.
///
/// # Errors
/// With all that do.
pub(super) fn check(root: &Path, found: &Found, allowed: impl Fn(&str) -> bool) -> Result<(), FilesError> {
    let mut suspects = Vec::new();
    for (path, entry) in found.iter() {
        if let Some(reason) = suspicion(root, path, entry)?
            && !allowed(path)
        {
            suspects.push(SuspectFile { path: path.into(), reason });
        }
    }
    if suspects.is_empty() { Ok(()) } else { Err(FilesError::Credentials { suspects }) }
}

fn suspicion(root: &Path, path: &str, entry: &Entry) -> Result<Option<&'static str>, FilesError> {
    let lower = path.to_lowercase();
    if let Some(reason) = by_name(&lower) {
        return Ok(Some(reason));
    }
    match entry {
        Entry::File { .. } => {
            by_content(&root.join(path), &lower).map_err(|error| FilesError::Read { path: path.into(), error })
        }
        Entry::Symlink { .. } | Entry::Directory => Ok(None),
    }
}

fn by_name(lower: &str) -> Option<&'static str> {
    let (above, name) = lower.rsplit_once('/').unwrap_or(("", lower));
    if name.starts_with(".env") {
        return Some("environment variables, often with secrets");
    }
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    let inside = format!("/{above}/");
    find(NAMES, |known| known == name)
        .or_else(|| find(EXTENSIONS, |known| known == extension))
        .or_else(|| find(DIRECTORIES, |known| inside.contains(&format!("/{known}/"))))
        .or_else(|| find(PATHS, |known| format!("/{lower}").ends_with(&format!("/{known}"))))
}

fn find(table: &[(&str, &'static str)], matches: impl Fn(&str) -> bool) -> Option<&'static str> {
    table.iter().find(|(known, _)| matches(known)).map(|(_, reason)| *reason)
}

fn by_content(path: &Path, lower: &str) -> std::io::Result<Option<&'static str>> {
    let name = lower.rsplit_once('/').map_or(lower, |(_, name)| name);
    let extension = name.rsplit_once('.').map(|(_, extension)| extension);
    if may_name_indexes(lower) && has_url_password(&read_start(path, INDEXES_BYTES)?) {
        return Ok(Some("a package index's password"));
    }
    match extension {
        Some("json") if is_small(path)? => {
            let text = read_start(path, MAX_ACCOUNT_BYTES)?;
            let account = text.contains("\"private_key\"") && text.contains("\"service_account\"");
            Ok(account.then_some("a service account's key"))
        }
        // A certificate's chain may stand before its key.
        Some("pem" | "crt" | "cer" | "cert") => Ok(private_key(&read_start(path, MAX_ACCOUNT_BYTES)?)),
        Some("yaml" | "yml" | "conf" | "config") if name.contains("kube") && is_small(path)? => {
            let text = read_start(path, MAX_ACCOUNT_BYTES)?;
            Ok((text.contains("clusters:") && text.contains("users:")).then_some("access to a cluster"))
        }
        _ => Ok(private_key(&read_start(path, HEADER_BYTES)?)),
    }
}

fn may_name_indexes(lower: &str) -> bool {
    let (above, name) = lower.rsplit_once('/').unwrap_or(("", lower));
    let is_list = [".txt", ".in"].iter().any(|extension| name.ends_with(extension));
    let starts = |name: &str| ["requirements", "constraints"].iter().any(|known| name.starts_with(known));
    let of_list = starts(name) || starts(above.rsplit('/').next().unwrap_or_default()) || name.contains("requirements");
    let is_lock = name.starts_with("pylock.") && name.ends_with(".toml");
    (is_list && of_list) || is_lock || INDEX_FILES.contains(&name)
}

/// A header counts at the start of a line only: code that handles keys quotes it elsewhere.
fn private_key(start: &str) -> Option<&'static str> {
    let header = |line: &str| line.starts_with("-----BEGIN ") && line.contains("PRIVATE KEY");
    let found = start.lines().any(header) || start.starts_with("PuTTY-User-Key-File");
    found.then_some("a private key")
}

fn is_small(path: &Path) -> std::io::Result<bool> {
    Ok(path.symlink_metadata()?.len() <= MAX_ACCOUNT_BYTES)
}

fn read_start(path: &Path, limit: u64) -> std::io::Result<String> {
    let mut bytes = Vec::with_capacity(limit as usize);
    File::open(path)?.take(limit).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
