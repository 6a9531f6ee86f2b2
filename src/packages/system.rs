//! Debian packages, which only the base can bring.

use crate::inspect::Facts;
use crate::project::Config;

/// Debian packages that the base does not have: they cannot be installed without running it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the base image does not have what `system_packages` asks for: {}", missing.join(", "))]
pub struct SystemPackagesError {
    /// Those that it lacks, as written.
    pub missing: Vec<String>,
}

impl SystemPackagesError {
    /// Returns one concrete thing to try.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        let help = "installing them would take running their scripts in the image; use a base that has them \
                    (`base_image:` or --base), or Python packages whose wheels bring the library along";
        Some(help.to_owned())
    }
}

/// Checks that the base has all that `system_packages` asks for.
///
/// # Errors
/// When it lacks one.
pub fn check_system(config: &Config, facts: &Facts) -> Result<(), SystemPackagesError> {
    let missing: Vec<String> =
        config.system_packages.iter().filter(|name| !facts.debian.contains(name.as_str())).cloned().collect();
    if missing.is_empty() { Ok(()) } else { Err(SystemPackagesError { missing }) }
}
