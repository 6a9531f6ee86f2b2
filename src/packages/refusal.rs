//! A plain refusal of what cannot be installed yet.

use crate::project::Config;

/// Why a project's packages cannot be put into the image.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{} cannot be installed into the image yet: {}", keys.join(", "), wanted.join(", "))]
pub struct PackagesError {
    /// The keys of leoflow.yaml that ask for packages.
    pub keys: Vec<&'static str>,
    /// What they ask for, as written.
    pub wanted: Vec<String>,
}

impl PackagesError {
    /// Returns one concrete thing to try.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        let help =
            "use a base image that already has them (`base_image:` or --base) and say so with --packages-in-base";
        Some(help.to_owned())
    }
}

/// Checks that the project asks for no packages: nothing is dropped in silence.
///
/// # Errors
/// When `dependencies`, `connectors` or `system_packages` ask for any.
pub fn check(config: &Config) -> Result<(), PackagesError> {
    let asked = [
        ("dependencies", &config.dependencies),
        ("connectors", &config.connectors),
        ("system_packages", &config.system_packages),
    ];
    let (keys, wanted): (Vec<_>, Vec<_>) = asked.into_iter().filter(|(_, names)| !names.is_empty()).unzip();
    if keys.is_empty() {
        return Ok(());
    }
    Err(PackagesError { keys, wanted: wanted.into_iter().flatten().cloned().collect() })
}
