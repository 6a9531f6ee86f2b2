//! Which C library a base has: what it says itself, else what its package manager says.

use super::Libc;
use super::debian;
use super::keep::{Kept, Loader};
use super::tree::Tree;

/// Where a C library that programs find lies; on Debian, one level further down.
const DIRECTORIES: [&str; 4] = ["/lib", "/usr/lib", "/lib64", "/usr/lib64"];

/// Returns the C library that Python asks for, where its program tells; else the one that there is.
pub(super) fn find(tree: &Tree, python: Option<Loader>) -> Option<Libc> {
    match python {
        Some(Loader::Glibc) => glibc(tree),
        Some(Loader::Musl) => musl(tree),
        None => glibc(tree).or_else(|| musl(tree)),
    }
}

/// Of several, the oldest: what runs on that runs on all.
fn glibc(tree: &Tree) -> Option<Libc> {
    let parsed = |text: &str| {
        let mut numbers = text.split(['.', '-']);
        Some(Libc::Glibc { major: numbers.next()?.parse().ok()?, minor: numbers.next()?.parse().ok()? })
    };
    let own = libraries(tree, |name| name == "libc.so.6" || name.starts_with("libc-2."));
    let own = own.flat_map(|kept| &kept.versions).filter_map(|version| parsed(version)).min();
    let packaged = || debian::packages(tree).into_iter().find(|package| package.name == "libc6");
    own.or_else(|| parsed(packaged()?.version))
}

fn musl(tree: &Tree) -> Option<Libc> {
    let parsed = |text: &str| {
        let mut numbers = text.split(['.', '-', '_']);
        Some(Libc::Musl { major: numbers.next()?.parse().ok()?, minor: numbers.next()?.parse().ok()? })
    };
    let mut own = libraries(tree, |name| name.starts_with("ld-musl-")).peekable();
    own.peek()?;
    let packaged = ["/lib/apk/db/installed", "/usr/lib/apk/db/installed"].into_iter().find_map(|path| {
        let (_, kept) = tree.file(path)?;
        let musl = kept.text.split("\n\n").find(|package| package.lines().any(|line| line == "P:musl"))?;
        parsed(musl.lines().find_map(|line| line.strip_prefix("V:"))?)
    });
    let named =
        own.flat_map(|kept| &kept.versions).filter(|version| version.starts_with("1.")).filter_map(|v| parsed(v));
    packaged.or_else(|| named.min())
}

fn libraries(tree: &Tree, is_it: impl Fn(&str) -> bool) -> impl Iterator<Item = &Kept> {
    let directories: Vec<String> = DIRECTORIES.iter().filter_map(|directory| tree.resolve(directory)).collect();
    tree.files().filter_map(move |(place, kept)| {
        let (directory, name) = place.rsplit_once('/')?;
        let above = directory.rsplit_once('/').map_or("", |(above, _)| above);
        let found = directories.iter().any(|known| known == directory || known == above);
        (found && is_it(name)).then_some(kept)
    })
}
