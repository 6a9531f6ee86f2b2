//! Version specifiers as sets of versions (PEP 440).
//!
//! A specifier without a local version speaks of all local versions of what it names: `==2.1` also means `2.1+cpu`.

use pep440_rs::{Operator, Prerelease, Version, VersionSpecifier, VersionSpecifiers};
use pubgrub::Ranges;

/// Returns the versions that satisfy every specifier.
pub(super) fn of(specifiers: &VersionSpecifiers) -> Ranges<Version> {
    specifiers.iter().fold(Ranges::full(), |range, specifier| range.intersection(&one(specifier)))
}

fn one(specifier: &VersionSpecifier) -> Ranges<Version> {
    let version = specifier.version().clone();
    match specifier.operator() {
        Operator::Equal => exactly(version),
        Operator::ExactEqual => Ranges::singleton(version),
        Operator::NotEqual => exactly(version).complement(),
        Operator::TildeEqual => compatible(version),
        Operator::LessThan if version.any_prerelease() => Ranges::strictly_lower_than(version),
        // "MUST NOT allow a pre-release of the specified version"
        Operator::LessThan => Ranges::strictly_lower_than(version.with_min(Some(0))),
        Operator::LessThanEqual => Ranges::strictly_lower_than(after_locals(version)),
        Operator::GreaterThan => greater(version),
        Operator::GreaterThanEqual => Ranges::higher_than(version),
        Operator::EqualStar => below(version),
        Operator::NotEqualStar => below(version).complement(),
    }
}

fn exactly(version: Version) -> Ranges<Version> {
    if version.is_local() {
        return Ranges::singleton(version);
    }
    Ranges::from_range_bounds(version.clone()..after_locals(version))
}

/// Returns the least version above all local versions of this one.
fn after_locals(version: Version) -> Version {
    if let Some(dev) = version.dev() {
        version.with_dev(Some(dev.saturating_add(1)))
    } else if let Some(post) = version.post() {
        version.with_post(Some(post.saturating_add(1))).with_dev(Some(0))
    } else {
        version.with_post(Some(0)).with_dev(Some(0))
    }
}

/// `>V` takes neither V's post-releases nor its local versions.
fn greater(version: Version) -> Ranges<Version> {
    if version.is_dev() || version.is_post() {
        Ranges::higher_than(after_locals(version))
    } else {
        Ranges::strictly_higher_than(version.with_max(Some(0)))
    }
}

/// `~=1.4.2` is `>=1.4.2, ==1.4.*`.
fn compatible(version: Version) -> Ranges<Version> {
    let kept = version.release().len().saturating_sub(1).max(1);
    let prefix = Version::new(version.release().iter().take(kept)).with_epoch(version.epoch());
    Ranges::higher_than(version).intersection(&below(prefix))
}

/// `==1.4.*`
fn below(version: Version) -> Ranges<Version> {
    let low = version.with_dev(Some(0));
    let high = if let Some(post) = low.post() {
        low.clone().with_post(Some(post.saturating_add(1)))
    } else if let Some(Prerelease { kind, number }) = low.pre() {
        low.clone().with_pre(Some(Prerelease { kind, number: number.saturating_add(1) }))
    } else {
        let mut release = low.release().to_vec();
        if let Some(last) = release.last_mut() {
            *last = last.saturating_add(1);
        }
        low.clone().with_release(release)
    };
    Ranges::from_range_bounds(low..high)
}

/// Returns the one version that `==` or `===` names, when a specifier does so (PEP 592 asks).
pub(super) fn pin(specifiers: &VersionSpecifiers) -> Option<&Version> {
    let is_pin = |specifier: &&VersionSpecifier| matches!(specifier.operator(), Operator::Equal | Operator::ExactEqual);
    specifiers.iter().find(is_pin).map(VersionSpecifier::version)
}

/// Returns whether a specifier names a pre-release, which invites them all.
pub(super) fn names_prerelease(specifiers: &VersionSpecifiers) -> bool {
    specifiers.iter().any(|specifier| specifier.any_prerelease() && !matches!(specifier.operator(), Operator::NotEqual))
}

/// Returns whether one version, or the local versions of one, is all that is left.
pub(super) fn is_pinned(range: &Ranges<Version>) -> bool {
    use std::ops::Bound::{Excluded, Included};
    let mut segments = range.iter();
    match (segments.next(), segments.next()) {
        (Some((Included(low), Included(high))), None) => low == high,
        (Some((Included(low), Excluded(high))), None) => after_locals(low.clone()) == *high,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(specifiers: &str, inside: &[&str], outside: &[&str]) {
        let range = of(&specifiers.parse().unwrap());
        let has = |version: &&str| range.contains(&version.parse::<Version>().unwrap());
        let (missing, extra): (Vec<_>, Vec<_>) =
            (inside.iter().filter(|v| !has(v)).collect(), outside.iter().filter(|v| has(v)).collect());
        assert!(missing.is_empty() && extra.is_empty(), "{specifiers}: lacks {missing:?}, has {extra:?}");
    }

    #[test]
    fn specifiers_are_sets_of_versions() {
        check("==2.1", &["2.1", "2.1.0", "2.1+cpu"], &["2.1.1", "2.1.post1", "2.1rc1", "2.1.dev1"]);
        check("==2.1+cpu", &["2.1+cpu"], &["2.1", "2.1+cu118"]);
        check("===2.1", &["2.1"], &["2.1.1"]);
        check("!=2.1", &["2.0", "2.1.1", "2.1rc1"], &["2.1", "2.1+cpu"]);
        check("<=2.1", &["2.0", "2.1", "2.1+cpu", "2.1rc1"], &["2.1.post1", "2.1.1"]);
        check("<2.1", &["2.0", "2.0.99+x"], &["2.1", "2.1rc1", "2.1.dev0", "2.1+cpu"]);
        check("<2.1rc2", &["2.1rc1", "2.1a1"], &["2.1rc2", "2.1"]);
        check(">2.1", &["2.1.1", "2.2.dev1"], &["2.1", "2.1+cpu", "2.1.post1"]);
        check(">2.1.post1", &["2.1.post2"], &["2.1.post1", "2.1.post1+x"]);
        check(">=2.1", &["2.1", "2.1+cpu", "2.1.post1", "3"], &["2.1rc1", "2.0"]);
        check("~=2.1", &["2.1", "2.9.9"], &["3.0", "2.0", "3.0.dev1"]);
        check("~=2.1.3", &["2.1.3", "2.1.3.post1", "2.1.99"], &["2.2", "2.1.2"]);
        check("~=1!2.1", &["1!2.5"], &["2.5", "1!3"]);
        check("==2.1.*", &["2.1", "2.1.5", "2.1rc1", "2.1.post1", "2.1+x"], &["2.2", "2.0", "2.2.dev0"]);
        check("!=2.1.*", &["2.2", "2.0"], &["2.1", "2.1.5"]);
        check(">=1,<2,!=1.5", &["1.4", "1.6"], &["1.5", "2", "0.9"]);
        check("", &["0.0.1.dev1", "99"], &[]);
    }

    #[test]
    fn huge_numbers_are_numbers() {
        check("==18446744073709551615.*", &[], &["1"]);
        check("~=18446744073709551615.0", &[], &["1"]);
        check("<=1.post18446744073709551615", &["1"], &["2"]);
    }

    #[test]
    fn pins_and_invitations_are_seen() {
        let check = |specifiers: &str, pinned: bool, invites: bool| {
            let specifiers: VersionSpecifiers = specifiers.parse().unwrap();
            assert_eq!((is_pinned(&of(&specifiers)), names_prerelease(&specifiers)), (pinned, invites), "{specifiers}");
            assert_eq!(pin(&specifiers).is_some(), pinned, "{specifiers}");
        };
        check("==1.0", true, false);
        check("===1.0rc1", true, true);
        check("==1.0+local", true, false);
        check("==1.*", false, false);
        check(">=1.0b1", false, true);
        check("!=1.0b1", false, false);
        check("~=1.0", false, false);
    }
}
