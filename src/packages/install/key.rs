//! All that the files of a batch depend on, in one text.

use std::fmt::Write;

use super::INSTALLER_VERSION;
use crate::inspect::Interpreter;
use crate::layers::EntryPath;
use crate::packages::lock::LockedPackage;

/// Returns the key of packages, which are sorted by name.
pub(super) fn of(python: &Interpreter, packages: &[LockedPackage]) -> String {
    let Interpreter { version, executable, site_packages, scripts, prefix, include } = python;
    let release: Vec<_> = version.release().iter().take(2).map(u64::to_string).collect();
    let mut key = format!("wheels {INSTALLER_VERSION} python {}", release.join("."));
    for path in [executable, site_packages, scripts, prefix, include] {
        // Nothing fails that is written to a text.
        let _ = write!(key, " {path:?}");
    }
    for package in packages {
        let requested = if package.requested { " requested" } else { "" };
        let url = package.wheel.direct_url.as_ref().map(|url| format!(" {url:?}")).unwrap_or_default();
        let _ = write!(key, "\n{}{requested}{url}", package.wheel.sha256);
    }
    key
}

/// Returns the key of whiteouts.
pub(super) fn of_removed(removed: &[EntryPath]) -> String {
    let paths: Vec<_> = removed.iter().map(|path| format!("\n{:?}", path.as_str())).collect();
    format!("whiteouts {INSTALLER_VERSION}{}", paths.concat())
}
