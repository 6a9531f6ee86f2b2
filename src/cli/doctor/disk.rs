//! Where things are kept: whether it can be written to, and how much room is left.

use std::io;
use std::path::Path;

use super::check::Check;
use crate::cache;
use crate::cli::cache::max_size;
use crate::cli::progress::human_bytes;
use crate::cli::report::Failure;
use crate::cli::session::Session;

/// Less than this is little for layers, in bytes.
const LITTLE: u64 = 1 << 30;

pub(super) fn checks(session: &Session) -> Vec<Check> {
    let temporary = session.environment.temporary_directory();
    let kept = session.environment.cache_directory();
    let places = kept.iter().chain([&temporary]).map(AsRef::as_ref);
    vec![cache_check(session, kept.as_deref()), room(session, places)]
}

fn cache_check(session: &Session, directory: Option<&Path>) -> Check {
    let Some(directory) = directory else {
        let help = "set HOME or XDG_CACHE_HOME, and the next deploy need not do all of it again";
        return Check::warn("cache", "there is no home directory to keep one in", help);
    };
    match state(session, directory) {
        Ok(what) => match written(directory) {
            Ok(()) => Check::ok("cache", what),
            Err(error) => {
                let shown = session.environment.shown(directory);
                Check::warn(
                    "cache",
                    format!("{shown} cannot be written to ({error}); deploys go on without it"),
                    format!("chown -R \"$(id -un)\" {shown}"),
                )
            }
        },
        Err(failure) => Check::fail("cache", failure),
    }
}

fn state(session: &Session, directory: &Path) -> Result<String, Failure> {
    let shown = session.environment.shown(directory);
    let most = max_size(session)?;
    if most == 0 {
        return Ok(format!("{shown} is not used: LEOFLOW_CACHE_SIZE is 0"));
    }
    let size = if directory.exists() { cache::usage(directory)?.total().bytes } else { 0 };
    Ok(format!("{shown}, {} of {}", human_bytes(size), human_bytes(most)))
}

/// Tries to write a file in a directory that may not exist yet, and leaves nothing behind.
fn written(directory: &Path) -> io::Result<()> {
    tempfile::tempfile_in(existing(directory)).map(drop)
}

/// Returns what exists of a directory that may not, and of those above it.
fn existing(path: &Path) -> &Path {
    path.ancestors().find(|above| above.exists()).unwrap_or(Path::new("/"))
}

fn room<'a>(session: &Session, places: impl Iterator<Item = &'a Path>) -> Check {
    let mut free: Vec<(u64, String)> = Vec::new();
    for place in places {
        match left(existing(place)) {
            Ok(bytes) => free.push((bytes, session.environment.shown(place))),
            Err(error) => return Check::fail("disk", error),
        }
    }
    judged(&free)
}

fn judged(free: &[(u64, String)]) -> Check {
    let words: Vec<String> = free.iter().map(|(bytes, place)| format!("{} in {place}", human_bytes(*bytes))).collect();
    let what = format!("free: {}", words.join(", "));
    match free.iter().any(|(bytes, _)| *bytes < LITTLE) {
        true => Check::warn("disk", what, "make room: `leoflow cache prune --max-size 500MiB`, or set TMPDIR"),
        false => Check::ok("disk", what),
    }
}

/// Returns how many bytes this user may still write there.
fn left(directory: &Path) -> io::Result<u64> {
    let found = rustix::fs::statvfs(directory)?;
    Ok(found.f_bavail.saturating_mul(found.f_frsize))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_told_before_it_matters() {
        for (bytes, expected) in [(LITTLE, "ok"), (LITTLE - 1, "warn"), (0, "warn")] {
            let check = judged(&[(10 * LITTLE, "/a".into()), (bytes, "/b".into())]);
            assert_eq!((check.status.word(), check.help.is_some()), (expected, expected == "warn"), "{bytes}");
            assert!(check.what.contains(" in /a, ") && check.what.ends_with(" in /b"), "{}", check.what);
        }
        assert!(left(Path::new("/")).is_ok());
    }

    #[test]
    fn what_does_not_exist_yet_is_judged_by_what_it_will_be_in() {
        let home = tempfile::tempdir().unwrap();
        assert_eq!(existing(&home.path().join("a/b/c")), home.path());
        std::fs::write(home.path().join("file"), "").unwrap();
        assert!(written(&home.path().join("file/b")).is_err());
        assert!(written(&home.path().join("a/b")).is_ok());
        assert!(!home.path().join("a").exists());
    }
}
