//! PEM files in, authorities and identities out; what is wrong with them is told by path.

use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use rustls::{InconsistentKeys, RootCertStore};

use super::{HostCertificates, Identity};
use crate::source::read_regular;

/// The largest file of certificates that is read, in bytes: the machine's own list has a tenth of it.
const FILE_LIMIT: u64 = 4 << 20;

/// Why a host's certificates cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot use the {what} `{}`: {reason}", path.display())]
pub struct CertificateError {
    /// `certificate authority`, `client certificate`…
    pub what: &'static str,
    /// The file or directory.
    pub path: PathBuf,
    /// What is wrong with it.
    pub reason: String,
    help: &'static str,
}

impl CertificateError {
    fn new(what: &'static str, path: &Path, reason: impl ToString, help: &'static str) -> Self {
        Self { what, path: path.to_owned(), reason: reason.to_string(), help }
    }

    /// Returns one concrete thing to try.
    #[must_use]
    pub fn help(&self) -> String {
        self.help.to_owned()
    }
}

const AUTHORITY: &str = "certificate authority";
const CERTIFICATE: &str = "client certificate";
const KEY: &str = "client key";

const MEND_FILE: &str = "make it a readable PEM file, or take it out of the configuration";
const PAIRS: &str = "put `NAME.cert` and `NAME.key` side by side; a file of authorities is called `*.crt`";
const FITTING: &str = "give the key that the certificate was made for: `openssl x509 -noout -pubkey` and `openssl pkey -pubout` must print the same";

/// Adds the authorities of a file.
pub(super) fn add_authorities(roots: &mut RootCertStore, path: &Path) -> Result<(), CertificateError> {
    let fail = |reason: &dyn ToString| CertificateError::new(AUTHORITY, path, reason.to_string(), MEND_FILE);
    for certificate in certificates(AUTHORITY, path)? {
        roots.add(certificate).map_err(|error| fail(&error))?;
    }
    Ok(())
}

/// Reads a certificate and the key that must fit it.
pub(super) fn identity(identity: &Identity, provider: &CryptoProvider) -> Result<CertifiedKey, CertificateError> {
    let chain = certificates(CERTIFICATE, &identity.certificate)?;
    let unusable = |reason: &dyn ToString| CertificateError::new(KEY, &identity.key, reason.to_string(), MEND_FILE);
    let key = PrivateKeyDer::from_pem_slice(&read(KEY, &identity.key)?)
        .map_err(|error| unusable(&no_pem(&error, "private key")))?;
    CertifiedKey::from_der(chain, key, provider).map_err(|error| match error {
        rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
            let reason = format!("it is not the key of `{}`", identity.certificate.display());
            CertificateError::new(KEY, &identity.key, reason, FITTING)
        }
        other => unusable(&other),
    })
}

fn certificates(what: &'static str, path: &Path) -> Result<Vec<CertificateDer<'static>>, CertificateError> {
    let fail = |reason: String| CertificateError::new(what, path, reason, MEND_FILE);
    let found: Result<Vec<_>, pem::Error> = CertificateDer::pem_slice_iter(&read(what, path)?).collect();
    match found {
        Ok(found) if found.is_empty() => Err(fail(no_pem(&pem::Error::NoItemsFound, "certificate"))),
        Ok(found) => Ok(found),
        Err(error) => Err(fail(no_pem(&error, "certificate"))),
    }
}

fn no_pem(error: &pem::Error, wanted: &str) -> String {
    match error {
        pem::Error::NoItemsFound => format!("it holds no {wanted} in PEM"),
        other => other.to_string(),
    }
}

fn read(what: &'static str, path: &Path) -> Result<Vec<u8>, CertificateError> {
    read_regular(path, FILE_LIMIT).map_err(|error| CertificateError::new(what, path, words(&error), MEND_FILE))
}

fn words(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file".to_owned(),
        io::ErrorKind::PermissionDenied => "this user may not read it".to_owned(),
        _ => error.to_string(),
    }
}

/// Lists a directory of `certs.d`: `*.crt` are authorities; a `*.cert` needs the `*.key` of its name, and the other way
/// round.
pub(super) fn in_directory(directory: &Path) -> Result<HostCertificates, CertificateError> {
    let fail = |error: io::Error| CertificateError::new("certificates in", directory, words(&error), MEND_FILE);
    let paths: io::Result<Vec<PathBuf>> =
        std::fs::read_dir(directory).and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect());
    let mut paths = paths.map_err(fail)?;
    paths.sort();
    let mut found = HostCertificates::default();
    for path in paths {
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("crt") => found.authorities.push(path),
            Some("cert") => {
                found.identities.push(Identity { key: beside(CERTIFICATE, &path, "key")?, certificate: path })
            }
            Some("key") => drop(beside(KEY, &path, "cert")?),
            _ => {}
        }
    }
    Ok(found)
}

/// Returns the file that must lie beside `path`.
fn beside(what: &'static str, path: &Path, extension: &str) -> Result<PathBuf, CertificateError> {
    let other = path.with_extension(extension);
    match other.exists() {
        true => Ok(other),
        false => Err(CertificateError::new(what, path, format!("`{}` is missing", other.display()), PAIRS)),
    }
}

pub(super) fn others_can_read(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o077 != 0)
}
