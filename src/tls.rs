//! Whom TLS trusts, and who we are to a host: the machine's authorities, and each host's own certificates.
//!
//! Certificates are always verified. A client certificate is presented to the host that it is configured for and to no
//! other: each host has a configuration of its own, and so has a proxy before it.

mod files;

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::ResolvesClientCert;
use rustls::crypto::CryptoProvider;
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, ConfigBuilder, RootCertStore, SignatureScheme, WantsVerifier};
use url::Url;

pub use files::CertificateError;

/// The certificates of one host, beside what the machine trusts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HostCertificates {
    /// Files of authorities that sign for this host (PEM).
    pub authorities: Vec<PathBuf>,
    /// Who we are to it.
    pub identities: Vec<Identity>,
}

/// A client certificate and its key (PEM).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The certificate, followed by those that lead to its authority.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// Which host has which certificates.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Certificates {
    /// Files of authorities that sign for any host (PEM).
    pub authorities: Vec<PathBuf>,
    /// By `host` or `host:port`, in lower case; the latter is the more specific one.
    pub hosts: BTreeMap<String, HostCertificates>,
    /// Directories with a directory `host` or `host:port` each, as Docker and Podman have them (`certs.d`): `*.crt` are
    /// authorities, `*.cert` with `*.key` are identities.
    pub directories: Vec<PathBuf>,
}

/// Whom this machine trusts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrustedRoots {
    /// How many authorities.
    pub count: usize,
    /// Whether they are Mozilla's, as they were built in: the machine has none.
    pub built_in: bool,
}

impl TrustedRoots {
    /// Reads the machine's authorities (`SSL_CERT_FILE` and `SSL_CERT_DIR` included).
    ///
    /// # Errors
    /// When the machine has a list that cannot be read, in words.
    pub fn of_machine() -> Result<Self, String> {
        let native = native_roots().map_err(|error| error.to_string())?;
        let built_in = native.is_empty();
        let count = if built_in { webpki_roots::TLS_SERVER_ROOTS.len() } else { native.len() };
        Ok(Self { count, built_in })
    }
}

/// Is told of a private key that other users of the machine can read; must not block.
pub(crate) type OnExposed = Arc<dyn Fn(&Path) + Send + Sync>;

/// Configurations of TLS, one for each host, made when the host is first spoken to.
pub(crate) struct Trust {
    provider: Arc<CryptoProvider>,
    builder: ConfigBuilder<ClientConfig, WantsVerifier>,
    roots: Arc<RootCertStore>,
    certificates: Certificates,
    on_exposed: OnExposed,
    made: Mutex<HashMap<String, Arc<ClientConfig>>>,
}

impl Trust {
    /// Trusts the machine's authorities (`SSL_CERT_FILE` and `SSL_CERT_DIR` included), and for each host its own.
    ///
    /// # Errors
    /// When the machine has a list that cannot be read, or `SSL_CERT_FILE` names none: a built-in one would hide that.
    pub(crate) fn new(certificates: Certificates, on_exposed: OnExposed) -> Result<Self, rustls::Error> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider));
        let builder = builder.with_safe_default_protocol_versions()?;
        let (roots, made) = (Arc::new(machine_roots()?), Mutex::default());
        Ok(Self { provider, builder, roots, certificates, on_exposed, made })
    }

    /// Returns how TLS is spoken to the host of `url`.
    pub(crate) fn config_for(&self, url: &Url) -> Result<Arc<ClientConfig>, CertificateError> {
        let host = url.host_str().unwrap_or_default().to_ascii_lowercase();
        let place = format!("{host}:{}", url.port_or_known_default().unwrap_or(443));
        if let Some(config) = self.made().get(&place) {
            return Ok(Arc::clone(config));
        }
        let config = Arc::new(self.make(&names_of(&host, &place))?);
        self.made().insert(place, Arc::clone(&config));
        Ok(config)
    }

    fn made(&self) -> std::sync::MutexGuard<'_, HashMap<String, Arc<ClientConfig>>> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn make(&self, names: &[&str]) -> Result<ClientConfig, CertificateError> {
        let mut roots = Arc::clone(&self.roots);
        let mut keys = Vec::new();
        for found in self.certificates.of(names)? {
            for authority in &found.authorities {
                files::add_authorities(Arc::make_mut(&mut roots), authority)?;
            }
            for identity in &found.identities {
                keys.push(Arc::new(files::identity(identity, &self.provider)?));
                if files::others_can_read(&identity.key) {
                    (self.on_exposed)(&identity.key);
                }
            }
        }
        let trusting = self.builder.clone().with_root_certificates(roots);
        Ok(trusting.with_client_cert_resolver(Arc::new(Identities(keys))))
    }
}

impl Certificates {
    /// Returns what is configured under any of `names`, and what lies in directories of that name.
    fn of(&self, names: &[&str]) -> Result<Vec<HostCertificates>, CertificateError> {
        let everywhere = HostCertificates { authorities: self.authorities.clone(), identities: Vec::new() };
        let configured = names.iter().filter_map(|&name| self.hosts.get(name)).cloned();
        let directories = self.directories.iter().flat_map(|root| names.iter().map(move |name| root.join(name)));
        let found = directories.filter(|directory| directory.is_dir()).map(|directory| files::in_directory(&directory));
        std::iter::once(everywhere).chain(configured).map(Ok).chain(found).collect()
    }
}

/// Returns under which names a host may be configured: at the port of https also without it, and Docker Hub by the name
/// that people know.
fn names_of<'a>(host: &'a str, place: &'a str) -> Vec<&'a str> {
    let mut names = vec![place];
    if place.strip_prefix(host) == Some(":443") {
        names.push(host);
    }
    if host == "registry-1.docker.io" {
        names.push("docker.io");
    }
    names
}

/// The keys that one host may be shown; the first that the host takes is.
#[derive(Debug)]
struct Identities(Vec<Arc<CertifiedKey>>);

impl ResolvesClientCert for Identities {
    fn resolve(&self, _: &[&[u8]], schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.0.iter().find(|key| key.key.choose_scheme(schemes).is_some()).cloned()
    }

    fn has_certs(&self) -> bool {
        !self.0.is_empty()
    }
}

/// A slim container often has no `ca-certificates`; it then trusts Mozilla's list as it was built in, so that a bare CI
/// image can reach public servers.
fn machine_roots() -> Result<RootCertStore, rustls::Error> {
    let mut roots = native_roots()?;
    if roots.is_empty() {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    Ok(roots)
}

fn native_roots() -> Result<RootCertStore, rustls::Error> {
    let mut roots = RootCertStore::empty();
    let native = rustls_native_certs::load_native_certs();
    roots.add_parsable_certificates(native.certs);
    match native.errors.first() {
        Some(error) if roots.is_empty() => {
            Err(rustls::Error::General(format!("cannot read trusted certificates: {error}")))
        }
        _ => Ok(roots),
    }
}
