//! Annotations of ours: what a manifest says that no specification has a name for.

use std::collections::BTreeMap;

/// The digest of a base's manifest (OCI image-spec, annotations.md).
pub const BASE_DIGEST: &str = "org.opencontainers.image.base.digest";

/// The digest of the requirements that an image was made for; absent where there were none.
pub const REQUIREMENTS: &str = "io.leoflow.requirements";

/// The packages that were put on the base, as `name==version`, sorted and with a space in between.
pub const PACKAGES: &str = "io.leoflow.packages";

/// Returns what [`PACKAGES`] says of these, versions by name.
#[must_use]
pub fn packages_text(packages: &BTreeMap<String, String>) -> String {
    let texts: Vec<String> = packages.iter().map(|(name, version)| format!("{name}=={version}")).collect();
    texts.join(" ")
}

/// Returns the versions by name that [`PACKAGES`] tells; `None` when it says something else.
#[must_use]
pub fn parse_packages(text: &str) -> Option<BTreeMap<String, String>> {
    let pair = |text: &str| text.split_once("==").map(|(name, version)| (name.to_owned(), version.to_owned()));
    text.split_whitespace().map(pair).collect()
}
