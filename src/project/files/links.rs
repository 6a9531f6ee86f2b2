//! Where links lead, read the way the container will read them: inside the plan, never on the disk.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};

use leoflow_layers::Entry;

use super::FilesError;
use super::found::Found;
use super::rules::Rules;

/// How many links one path may run through (Linux' own limit).
const MAX_LINKS: usize = 40;

/// Where a path leads.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Resolved {
    /// To a file or directory of the plan.
    Present,
    /// To this path, at which the plan has nothing.
    Missing(String),
    /// Out of the project.
    Outside,
    /// Around in circles.
    Loop,
}

impl Found {
    /// Follows a path, relative to the project's root, through the links of the plan.
    pub(super) fn resolve(&self, path: &str) -> Resolved {
        self.follow(Vec::new(), path)
    }

    fn follow(&self, mut at: Vec<String>, path: &str) -> Resolved {
        let mut rest: VecDeque<String> = path.split('/').map(str::to_owned).collect();
        let mut links = 0;
        while let Some(part) = rest.pop_front() {
            match part.as_str() {
                "" | "." => continue,
                ".." if at.pop().is_none() => return Resolved::Outside,
                ".." => continue,
                _ => at.push(part),
            }
            match self.get(&at.join("/")) {
                Some(Entry::Symlink { target }) if target.starts_with('/') => return Resolved::Outside,
                Some(Entry::Symlink { target }) => {
                    links += 1;
                    at.pop();
                    target.split('/').rev().for_each(|part| rest.push_front(part.to_owned()));
                }
                Some(Entry::Directory) => {}
                Some(Entry::File { .. }) if rest.is_empty() => {}
                Some(Entry::File { .. }) | None => return Resolved::Missing(missing(&at, &rest)),
            }
            if links > MAX_LINKS {
                return Resolved::Loop;
            }
        }
        Resolved::Present
    }
}

fn missing(at: &[String], rest: &VecDeque<String>) -> String {
    at.iter().chain(rest).map(String::as_str).collect::<Vec<_>>().join("/")
}

/// Checks that every link leads to something that the image will have.
///
/// # Errors
/// With the first link that does not.
pub(super) fn check(root: &Path, rules: &Rules, found: &Found) -> Result<(), FilesError> {
    for (path, entry) in found.iter() {
        let Entry::Symlink { target } = entry else { continue };
        let (shown, target_path) = (PathBuf::from(path), PathBuf::from(target));
        let reason = match found.resolve(path) {
            Resolved::Present => continue,
            Resolved::Outside => return Err(FilesError::LinkOutside { path: shown, target: target_path }),
            Resolved::Loop => "which leads around in circles".to_owned(),
            Resolved::Missing(missing) if root.join(&missing).symlink_metadata().is_err() => {
                "where nothing is".to_owned()
            }
            Resolved::Missing(missing) => match rules.excluding(&missing) {
                Some(rule) => format!("and `{missing}` is kept out of the image by `{rule}`"),
                None => format!("and `{missing}` does not go into the image"),
            },
        };
        return Err(FilesError::LinkBroken { path: shown, target: target_path, reason });
    }
    Ok(())
}
