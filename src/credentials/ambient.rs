//! What a login draws on beside files: variables, the time, where clouds answer, how long they may take.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::http::ProxySettings;

/// Every variable that is looked at.
const VARIABLES: &[&str] = &[
    "HOME",
    "LEOFLOW_REGISTRY_USERNAME",
    "LEOFLOW_REGISTRY_PASSWORD",
    "LEOFLOW_REGISTRY_TOKEN",
    "LEOFLOW_REGISTRY_IDENTITY_TOKEN",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_PROFILE",
    "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_CONFIG_FILE",
    "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    "AWS_EC2_METADATA_DISABLED",
    "AWS_EC2_METADATA_SERVICE_ENDPOINT",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_ECR",
    "AWS_ENDPOINT_URL_ECR_PUBLIC",
    "AWS_ENDPOINT_URL_STS",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    "GOOGLE_APPLICATION_CREDENTIALS",
    "CLOUDSDK_CONFIG",
    "GCE_METADATA_HOST",
    "AZURE_TENANT_ID",
    "AZURE_CLIENT_ID",
    "AZURE_CLIENT_SECRET",
    "AZURE_FEDERATED_TOKEN_FILE",
    "AZURE_AUTHORITY_HOST",
    "IDENTITY_ENDPOINT",
    "IDENTITY_HEADER",
];

/// The surroundings of a login, as `cli` found them.
#[derive(Clone)]
pub struct Ambient {
    variables: BTreeMap<&'static str, OsString>,
    /// Seconds since the Unix epoch at `since`.
    now: u64,
    since: Instant,
    /// Which proxies lead to services on the internet.
    pub proxies: ProxySettings,
    /// Where clouds answer.
    pub endpoints: Endpoints,
    /// How long they may take.
    pub patience: Patience,
}

/// The addresses that clouds answer on and no variable of theirs changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoints {
    /// Amazon's container credentials (`AWS_CONTAINER_CREDENTIALS_RELATIVE_URI`).
    pub aws_container: String,
    /// Amazon's instance metadata, unless `AWS_EC2_METADATA_SERVICE_ENDPOINT` says otherwise.
    pub aws_instance: String,
    /// Google's metadata server, unless `GCE_METADATA_HOST` says otherwise.
    pub google_metadata: String,
    /// Azure's instance metadata.
    pub azure_instance: String,
    /// Where an Azure registry is reached; at its own name over https when it is `None`.
    pub azure_registry: Option<String>,
}

/// How long is waited, and how often something is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// To connect to a metadata service, which is near or not there at all.
    pub metadata_connect: Duration,
    /// For an answer of a metadata service.
    pub metadata: Duration,
    /// For an answer of a token service.
    pub service: Duration,
    /// Before the second attempt; it doubles.
    pub pause: Duration,
}

impl Default for Endpoints {
    fn default() -> Self {
        Self {
            aws_container: "http://169.254.170.2".to_owned(),
            aws_instance: "http://169.254.169.254".to_owned(),
            google_metadata: "http://metadata.google.internal".to_owned(),
            azure_instance: "http://169.254.169.254".to_owned(),
            azure_registry: None,
        }
    }
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            metadata_connect: Duration::from_secs(1),
            metadata: Duration::from_secs(5),
            service: Duration::from_secs(20),
            pause: Duration::from_millis(500),
        }
    }
}

impl Default for Ambient {
    fn default() -> Self {
        Self::of(&|_| None, 0)
    }
}

impl fmt::Debug for Ambient {
    /// Names variables and shows none: many of them are secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ambient").field("variables", &self.variables.keys()).field("now", &self.now).finish()
    }
}

impl Ambient {
    /// Keeps what `variable` says of the variables that logins look at; an empty one counts as missing. It is `now`, in
    /// seconds since the Unix epoch.
    #[must_use]
    pub fn of(variable: &dyn Fn(&str) -> Option<OsString>, now: u64) -> Self {
        let given = |name: &&'static str| Some((*name, variable(name).filter(|value| !value.is_empty())?));
        let variables = VARIABLES.iter().filter_map(given).collect();
        Self {
            variables,
            now,
            since: Instant::now(),
            proxies: ProxySettings::of_user(variable),
            endpoints: Endpoints::default(),
            patience: Patience::default(),
        }
    }

    /// Returns seconds since the Unix epoch.
    pub(super) fn now(&self) -> u64 {
        self.now.saturating_add(self.since.elapsed().as_secs())
    }

    /// Returns a variable that is text.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.variables.get(name).and_then(|value| value.to_str())
    }

    /// Returns a variable that is a path.
    pub(super) fn path(&self, name: &str) -> Option<PathBuf> {
        self.variables.get(name).map(PathBuf::from)
    }

    /// Returns a path below the user's home, if there is one.
    pub(super) fn in_home(&self, below: &str) -> Option<PathBuf> {
        self.path("HOME").map(|home| home.join(below))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_variable_is_ever_shown() {
        let ambient = Ambient::of(&|name| (name != "HOME").then(|| "hunter2".into()), 1);
        assert!(!format!("{ambient:?}").contains("hunter2"));
        assert_eq!((ambient.text("AWS_PROFILE"), ambient.text("HOME")), (Some("hunter2"), None));
    }
}
