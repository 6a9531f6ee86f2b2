//! Which wheels fit, and which of them fits best (PEP 425, 600, 656), ranked as `packaging.tags` ranks them.

use std::collections::HashMap;

use super::Target;
use crate::inspect::Libc;
use crate::packages::wheel::WheelName;

/// The tags of the wheels that can be installed on a target.
#[derive(Debug, Clone)]
pub struct Tags {
    /// Python and ABI of wheels that name a platform, best first.
    native: HashMap<(String, String), usize>,
    /// Platforms, best first.
    platforms: HashMap<String, usize>,
    /// Pythons of wheels for `none-any`, best first.
    any: HashMap<String, usize>,
}

/// How well a wheel fits; less is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TagRank(usize, usize);

impl Tags {
    pub(super) fn new(target: &Target) -> Self {
        let (major, minor) = target.python_minor();
        let this = format!("cp{major}{minor}");
        Self {
            native: ranked(native(major, minor)),
            platforms: ranked(platforms(target)),
            any: ranked(std::iter::once(this).chain(generic(major, minor))),
        }
    }

    /// Returns how well a wheel fits, or nothing when it does not.
    #[must_use]
    pub fn rank(&self, wheel: &WheelName) -> Option<TagRank> {
        let pythons = wheel.python.iter().flat_map(|python| wheel.abi.iter().map(move |abi| (python, abi)));
        pythons.filter_map(|(python, abi)| self.rank_of(python, abi, wheel)).min()
    }

    fn rank_of(&self, python: &str, abi: &str, wheel: &WheelName) -> Option<TagRank> {
        let platform = wheel.platform.iter().filter_map(|platform| self.platforms.get(platform)).min();
        let native = || Some(TagRank(*self.native.get(&(python.to_owned(), abi.to_owned()))?, *platform?));
        let any = || {
            let fits = abi == "none" && wheel.platform.iter().any(|platform| platform == "any");
            fits.then(|| self.any.get(python)).flatten().map(|rank| TagRank(usize::MAX, *rank))
        };
        native().or_else(any)
    }
}

fn ranked<T: Eq + std::hash::Hash>(tags: impl IntoIterator<Item = T>) -> HashMap<T, usize> {
    let mut ranks = HashMap::new();
    for (rank, tag) in tags.into_iter().enumerate() {
        ranks.entry(tag).or_insert(rank);
    }
    ranks
}

/// This Python's own ABI, the stable ABI, no ABI; then the stable ABI of each older Python, and what is for any Python.
fn native(major: u64, minor: u64) -> Vec<(String, String)> {
    let this = format!("cp{major}{minor}");
    let mut tags: Vec<(String, String)> =
        [&*this, "abi3", "none"].iter().map(|abi| (this.clone(), (*abi).to_owned())).collect();
    tags.extend((2..minor).rev().map(|older| (format!("cp{major}{older}"), "abi3".to_owned())));
    tags.extend(generic(major, minor).map(|python| (python, "none".to_owned())));
    tags
}

/// `py311`, `py3`, `py310` and so on down to `py30`.
fn generic(major: u64, minor: u64) -> impl Iterator<Item = String> {
    let older = (0..minor).rev().map(move |older| format!("py{major}{older}"));
    [format!("py{major}{minor}"), format!("py{major}")].into_iter().chain(older)
}

/// The C library's own tags, newest first, then plain `linux`, which indexes other than PyPI may have.
fn platforms(target: &Target) -> Vec<String> {
    let machine = target.machine();
    let mut tags = match target.libc {
        Libc::Glibc { major, minor } => manylinux(major, minor, machine),
        Libc::Musl { major, minor } => {
            (0..=minor).rev().map(|minor| format!("musllinux_{major}_{minor}_{machine}")).collect()
        }
    };
    tags.push(format!("linux_{machine}"));
    tags
}

/// PEP 600, with the older names beside the versions that they stand for.
fn manylinux(major: u16, minor: u16, machine: &str) -> Vec<String> {
    let oldest = if matches!(machine, "x86_64" | "i686") { 5 } else { 17 };
    let alias = |minor: u16| match minor {
        17 => Some("manylinux2014"),
        12 => Some("manylinux2010"),
        5 => Some("manylinux1"),
        _ => None,
    };
    (oldest..=minor)
        .rev()
        .flat_map(|minor| {
            let named = alias(minor).filter(|_| major == 2).map(|alias| format!("{alias}_{machine}"));
            std::iter::once(format!("manylinux_{major}_{minor}_{machine}")).chain(named)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(platform: &str, python: &str, libc: Libc) -> Tags {
        Target { platform: platform.parse().unwrap(), python: python.parse().unwrap(), libc }.tags()
    }

    fn glibc(minor: u16) -> Libc {
        Libc::Glibc { major: 2, minor }
    }

    fn rank(tags: &Tags, tag: &str) -> Option<TagRank> {
        tags.rank(&format!("a-1-{tag}.whl").parse().unwrap())
    }

    #[test]
    fn wheels_rank_from_native_to_pure() {
        let tags = tags("linux/amd64", "3.11.9", glibc(36));
        let best_first = [
            "cp311-cp311-manylinux_2_36_x86_64",
            "cp311-cp311-manylinux_2_28_x86_64",
            "cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64",
            "cp311-cp311-manylinux2010_x86_64",
            "cp311-cp311-manylinux1_x86_64",
            "cp311-cp311-linux_x86_64",
            "cp311-abi3-manylinux_2_17_x86_64",
            "cp311-none-manylinux_2_17_x86_64",
            "cp310-abi3-manylinux_2_28_x86_64",
            "cp37-abi3-manylinux_2_28_x86_64",
            "py311-none-manylinux_2_17_x86_64",
            "py3-none-manylinux_2_17_x86_64",
            "py2.py3-none-manylinux1_x86_64",
            "py310-none-manylinux_2_17_x86_64",
            "cp311-none-any",
            "py311-none-any",
            "py3-none-any",
            "py39-none-any",
        ];
        let ranks: Vec<_> = best_first.iter().map(|tag| rank(&tags, tag)).collect();
        assert!(ranks.iter().all(Option::is_some), "{ranks:?}");
        assert!(ranks.is_sorted(), "{ranks:?}");
        assert_eq!(rank(&tags, "py2.py3-none-any"), rank(&tags, "py3-none-any"));
    }

    #[test]
    fn what_cannot_run_has_no_rank() {
        let debian = tags("linux/amd64", "3.11.9", glibc(36));
        let old = tags("linux/arm64", "3.12.1", glibc(27));
        let alpine = tags("linux/amd64", "3.11.9", Libc::Musl { major: 1, minor: 2 });
        let check = |tags: &Tags, tag: &str, expected: bool| assert_eq!(rank(tags, tag).is_some(), expected, "{tag}");
        check(&debian, "cp310-cp310-manylinux_2_17_x86_64", false);
        check(&debian, "cp312-abi3-manylinux_2_17_x86_64", false);
        check(&debian, "cp311-cp311-musllinux_1_1_x86_64", false);
        check(&debian, "cp311-cp311-manylinux_2_37_x86_64", false);
        check(&debian, "cp311-cp311-manylinux_2_17_aarch64", false);
        check(&debian, "cp311-cp311-macosx_11_0_arm64", false);
        check(&debian, "cp311-cp311-win_amd64", false);
        check(&debian, "cp311-cp311t-manylinux_2_17_x86_64", false);
        check(&debian, "py2-none-any", false);
        check(&debian, "py312-none-any", false);
        check(&debian, "cp310-none-any", false);
        check(&debian, "py3-abi3-any", false);
        check(&old, "cp312-cp312-manylinux_2_28_aarch64", false);
        check(&old, "cp312-cp312-manylinux_2_17_aarch64.manylinux2014_aarch64", true);
        check(&old, "cp312-cp312-manylinux1_aarch64", false);
        check(&old, "cp312-cp312-linux_aarch64", true);
        check(&alpine, "cp311-cp311-musllinux_1_1_x86_64", true);
        check(&alpine, "cp311-cp311-musllinux_1_3_x86_64", false);
        check(&alpine, "cp311-cp311-manylinux_2_17_x86_64", false);
        check(&alpine, "py3-none-any", true);
    }
}
