//! `registry.auth_method: iam`: the identity that a cloud gives this host in, a credential for the cloud's registry out.
//!
//! Which cloud is asked is the registry's name's to say; nothing is sent anywhere for any other name.

use std::path::Path;
use std::time::Duration;

use super::ambient::Ambient;
use super::{CredentialError, Issued};
use crate::source::read_regular;

mod aws;
mod azure;
mod exchange;
mod google;

/// The largest file of a cloud's that is read, in bytes.
const FILE: u64 = 1 << 20;

/// A cloud's registry.
enum Registry {
    Aws(aws::Registry),
    Google,
    Azure(azure::Registry),
}

/// Why an identity could not be had from one place.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Trouble {
    /// Completes "cannot …".
    attempted: String,
    reason: String,
    /// The status of a refusal.
    status: Option<u16>,
    /// Whether nobody answered at all.
    nobody: bool,
    help: Option<String>,
}

/// What came of looking for an identity.
enum Found<T> {
    Identity(T),
    /// Nowhere; this was looked at.
    Nowhere(Vec<String>),
}

impl Trouble {
    fn new(attempted: impl Into<String>, reason: impl Into<String>) -> Self {
        let (attempted, reason) = (attempted.into(), reason.into());
        Self { attempted, reason, status: None, nobody: false, help: None }
    }

    fn helped(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }
}

impl Registry {
    fn of(host: &str) -> Option<Self> {
        let host = host.to_ascii_lowercase();
        let google = host == "gcr.io" || host.ends_with(".gcr.io") || host.ends_with("-docker.pkg.dev");
        aws::Registry::of(&host)
            .map(Self::Aws)
            .or_else(|| azure::Registry::of(&host).map(Self::Azure))
            .or_else(|| google.then_some(Self::Google))
    }

    fn cloud(&self) -> &'static str {
        match self {
            Self::Aws(_) => "AWS",
            Self::Google => "Google Cloud",
            Self::Azure(_) => "Azure",
        }
    }
}

/// Fails when `host` is no cloud's registry.
pub(super) fn check(host: &str) -> Result<(), CredentialError> {
    registry(host).map(drop)
}

fn registry(host: &str) -> Result<Registry, CredentialError> {
    Registry::of(host).ok_or_else(|| CredentialError::NoCloud { registry: host.to_owned() })
}

/// Returns a credential for the registry `host` by this machine's identity.
pub(super) async fn credential(host: &str, ambient: &Ambient) -> Result<Issued, CredentialError> {
    let registry = registry(host)?;
    let found = match &registry {
        Registry::Aws(registry) => aws::issue(registry, ambient).await,
        Registry::Google => google::issue(ambient).await,
        Registry::Azure(registry) => azure::issue(registry, ambient).await,
    };
    let (registry, cloud) = (host.to_owned(), registry.cloud());
    match found {
        Ok(Found::Identity(issued)) => Ok(issued),
        Ok(Found::Nowhere(looked_at)) => Err(CredentialError::NoIdentity { registry, cloud, looked_at }),
        Err(Trouble { attempted, reason, help, .. }) => {
            Err(CredentialError::Identity { registry, cloud, attempted, reason, help })
        }
    }
}

/// Reads a file that a variable or a configuration names.
fn read(path: &Path) -> Result<String, Trouble> {
    let trouble = |reason: String| Trouble::new(format!("read `{}`", path.display()), reason);
    let bytes = read_regular(path, FILE + 1).map_err(|error| trouble(error.to_string()))?;
    if bytes.len() as u64 > FILE {
        return Err(trouble("it is larger than 1 MiB".to_owned()));
    }
    String::from_utf8(bytes).map_err(|_| trouble("it is not UTF-8".to_owned()))
}

/// Reads a file that holds a token.
fn read_token(path: &Path) -> Result<String, Trouble> {
    let token = read(path)?.trim().to_owned();
    if token.is_empty() { Err(Trouble::new(format!("read `{}`", path.display()), "it is empty")) } else { Ok(token) }
}

/// Returns seconds as a span; what a service leaves out is `otherwise`.
fn lifetime(seconds: Option<u64>, otherwise: u64) -> Option<Duration> {
    Some(Duration::from_secs(seconds.unwrap_or(otherwise)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cloud_is_known_by_its_registrys_name_and_by_nothing_like_it() {
        for (host, expected) in [
            ("123456789012.dkr.ecr.eu-west-1.amazonaws.com", Some("AWS")),
            ("123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com", Some("AWS")),
            ("123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn", Some("AWS")),
            ("123456789012.dkr-ecr.eu-west-1.on.aws", Some("AWS")),
            ("public.ecr.aws", Some("AWS")),
            ("europe-docker.pkg.dev", Some("Google Cloud")),
            ("gcr.io", Some("Google Cloud")),
            ("eu.gcr.io", Some("Google Cloud")),
            ("Team.azurecr.io", Some("Azure")),
            ("team.azurecr.cn", Some("Azure")),
            ("team.azurecr.us", Some("Azure")),
            ("123456789012.dkr.ecr.eu-west-1.amazonaws.com.evil.com", None),
            ("123456789012.dkr.ecr.eu-west-1.evil.amazonaws.com", None),
            ("dkr.ecr.eu-west-1.amazonaws.com", None),
            ("123456789012.dkr.ecr.eu-west-1.amazonaws.com:444", None),
            ("xpublic.ecr.aws", None),
            ("evilgcr.io", None),
            ("pkg.dev", None),
            ("azurecr.io", None),
            ("a.b.azurecr.io", None),
            ("team.azurecr.io.evil.com", None),
            ("ghcr.io", None),
            ("localhost:5000", None),
        ] {
            assert_eq!(Registry::of(host).map(|registry| registry.cloud()), expected, "{host}");
        }
    }
}
