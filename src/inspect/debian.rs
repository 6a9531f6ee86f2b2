//! Which Debian packages are installed (deb-substvars(5), `/var/lib/dpkg/status`; distroless images: `status.d`).

use std::collections::BTreeSet;

use super::tree::Tree;

/// What dpkg writes.
const STATUS: &str = "/var/lib/dpkg/status";
/// What Bazel's and apko's images have in its place: a file a package.
const STATUS_DIRECTORY: &str = "/var/lib/dpkg/status.d";

/// A package that is installed.
pub(super) struct Package<'a> {
    pub(super) name: &'a str,
    pub(super) version: &'a str,
    provides: &'a str,
}

/// Returns the packages that are installed.
pub(super) fn packages(tree: &Tree) -> Vec<Package<'_>> {
    let status = tree.file(STATUS).map(|(_, kept)| (kept.text.as_str(), false));
    let names = tree.names_below(STATUS_DIRECTORY).map(|name| format!("{STATUS_DIRECTORY}/{name}"));
    let apart = names.filter_map(|name| tree.file(&name)).map(|(_, kept)| (kept.text.as_str(), true));
    let paragraphs = status.into_iter().chain(apart);
    paragraphs
        .flat_map(|(text, distroless)| text.split("\n\n").filter_map(move |one| package(one, distroless)))
        .collect()
}

/// Returns the names of all that is installed, and of what that provides: apt takes either.
pub(super) fn installed(tree: &Tree) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for Package { name, provides, .. } in packages(tree) {
        names.insert(name.to_owned());
        let provided = provides.split(',').filter_map(|name| name.split_whitespace().next());
        names.extend(provided.map(str::to_owned));
    }
    names
}

fn package(paragraph: &str, distroless: bool) -> Option<Package<'_>> {
    let field = |name: &str| {
        let mut lines = paragraph.lines().filter_map(|line| line.split_once(':'));
        lines.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    };
    // `deinstall ok config-files` is what is left of one that was removed.
    let is_installed = match field("Status") {
        Some(status) => status.ends_with(" ok installed"),
        None => distroless,
    };
    let (name, version) = (field("Package")?, field("Version")?);
    is_installed.then(|| Package { name, version, provides: field("Provides").unwrap_or_default() })
}
