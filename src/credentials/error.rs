//! Why a credential could not be had, and what to do about it.

use std::path::PathBuf;

/// Why credentials could not be had. That there are none is no error.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CredentialError {
    /// A configuration file cannot be read or understood.
    #[error("cannot read registry credentials from `{}`: {reason}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong; never its content.
        reason: String,
    },
    /// A helper failed.
    #[error("credential helper `{helper}` failed for `{registry}`: {reason}")]
    Helper {
        /// Its program.
        helper: String,
        /// Whom it was asked about.
        registry: String,
        /// What happened; never its standard output.
        reason: String,
    },
    /// The variables of `auth_method: env` hold no credential, or several.
    #[error("registry.auth_method is `env`: {reason}")]
    Variables {
        /// Which variables are missing or too many.
        reason: String,
    },
    /// `auth_method: iam` is asked of a registry that is no cloud's.
    #[error("registry.auth_method is `iam`, but {registry} is no registry of a cloud's")]
    NoCloud {
        /// Its `host[:port]`.
        registry: String,
    },
    /// This host has no identity in the cloud.
    #[error("registry.auth_method is `iam`, but this host has no identity for {registry}: looked at {}", looked_at.join(", "))]
    NoIdentity {
        /// The registry's `host[:port]`.
        registry: String,
        /// The cloud.
        cloud: &'static str,
        /// Where an identity could have been.
        looked_at: Vec<String>,
    },
    /// The cloud does not exchange this host's identity for a credential.
    #[error("cannot log in to {registry} by this host's identity in {cloud}: cannot {attempted}: {reason}")]
    Identity {
        /// The registry's `host[:port]`.
        registry: String,
        /// The cloud.
        cloud: &'static str,
        /// What was attempted.
        attempted: Box<str>,
        /// What happened; never a secret.
        reason: Box<str>,
        /// What to try.
        help: Option<Box<str>>,
    },
}

impl CredentialError {
    /// Returns one concrete thing to try.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        Some(match self {
            Self::File { path, .. } => format!("mend `{}`, or remove it and log in again", path.display()),
            Self::Helper { helper, registry, .. } => {
                format!("see what `echo {registry} | {helper} get` says, or log in without the helper")
            }
            Self::Variables { .. } => {
                "set LEOFLOW_REGISTRY_USERNAME and LEOFLOW_REGISTRY_PASSWORD, and nothing else; or \
                                       leave `auth_method` out and log in with `docker login` or `podman login`"
                    .to_owned()
            }
            Self::NoCloud { .. } => "leave `auth_method` out and log in with `docker login` or `podman login`, or use \
                                     `auth_method: env`"
                .to_owned(),
            Self::NoIdentity { cloud, .. } => identity_help(cloud),
            Self::Identity { help: Some(help), .. } => help.to_string(),
            Self::Identity { cloud, .. } => identity_help(cloud),
        })
    }
}

fn identity_help(cloud: &str) -> String {
    let own = match cloud {
        "AWS" => "set AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
        "Google Cloud" => "run `gcloud auth application-default login` or set GOOGLE_APPLICATION_CREDENTIALS",
        _ => "set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET",
    };
    format!("give this host an identity in {cloud}, or {own}")
}
