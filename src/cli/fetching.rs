//! Packages on their way: looked for and downloaded, one live line for all of them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::building::count;
use super::progress::{Progress, human_bytes};
use crate::packages::index::{IndexEvent, Observer};

/// What was seen so far.
#[derive(Default)]
struct Seen {
    /// Projects whose files are known.
    projects: usize,
    /// What is being downloaded, and what was since all had come the last time.
    wheels: BTreeMap<String, Wheel>,
}

/// A wheel on its way.
struct Wheel {
    /// Its length in bytes, where it is known.
    size: u64,
    /// How much of it is here, in bytes.
    got: u64,
    /// Whether all of it is.
    is_here: bool,
}

/// What there is to show after an event.
#[derive(Debug, PartialEq, Eq)]
enum Shown {
    /// Packages are looked for.
    Resolving(String),
    /// Wheels are downloaded.
    Fetching {
        /// How many.
        message: String,
        /// Bytes that are here.
        got: u64,
        /// Bytes in all.
        size: u64,
    },
    /// All are here.
    Fetched,
}

/// Returns an observer that tells how the search for packages and their download go on.
pub(super) fn observer(progress: &Progress) -> Observer {
    let (progress, seen) = (progress.clone(), Mutex::new(Seen::default()));
    Arc::new(move |event| {
        if let IndexEvent::Retry { attempted, reason, after } = &event {
            progress.retry(attempted, reason, *after);
        }
        detail(&progress, &event);
        // The lock is held until it is shown: lines must not overtake each other.
        let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        match seen.after(event) {
            Some(Shown::Resolving(message)) => progress.resolving(message),
            Some(Shown::Fetching { message, got, size }) => progress.fetching(message, got, size),
            Some(Shown::Fetched) => progress.arrived(),
            None => {}
        }
    })
}

/// Tells who wants details of each project and each wheel.
fn detail(progress: &Progress, event: &IndexEvent) {
    match event {
        IndexEvent::Project { name, files } => progress.detail("Found", &format!("{name}: {}", count(*files, "file"))),
        IndexEvent::Ready { file, size, kept } => {
            let whence = if *kept { "kept from before" } else { "downloaded" };
            progress.detail("Wheel", &format!("{file} {}, {whence}", human_bytes(*size)));
        }
        _ => {}
    }
}

impl Seen {
    fn after(&mut self, event: IndexEvent) -> Option<Shown> {
        match event {
            IndexEvent::Project { .. } => {
                self.projects += 1;
                Some(Shown::Resolving(format!("{} looked up", count(self.projects, "package"))))
            }
            // A download begins, or goes on after a failure.
            IndexEvent::Started { file, size, at } => {
                self.wheels.insert(file, Wheel { size: size.unwrap_or(0), got: at, is_here: false });
                Some(self.fetching())
            }
            IndexEvent::Received { file, bytes } => {
                self.wheels.get_mut(&file)?.got += bytes;
                Some(self.fetching())
            }
            IndexEvent::Ready { file, size, kept: false } => {
                self.wheels.insert(file, Wheel { size, got: size, is_here: true });
                Some(self.fetching_or_done())
            }
            _ => None,
        }
    }

    fn fetching(&self) -> Shown {
        let here = self.wheels.values().filter(|wheel| wheel.is_here).count();
        Shown::Fetching {
            message: format!("{here} of {}", count(self.wheels.len(), "wheel")),
            got: self.wheels.values().map(|wheel| wheel.got).sum(),
            size: self.wheels.values().map(|wheel| wheel.size.max(wheel.got)).sum(),
        }
    }

    fn fetching_or_done(&mut self) -> Shown {
        if self.wheels.values().all(|wheel| wheel.is_here) {
            self.wheels.clear();
            return Shown::Fetched;
        }
        self.fetching()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(events: Vec<IndexEvent>) -> Vec<String> {
        let mut seen = Seen::default();
        let told = events.into_iter().filter_map(|event| seen.after(event)).map(|shown| match shown {
            Shown::Resolving(message) => message,
            Shown::Fetching { message, got, size } => format!("{message}, {got} of {size}"),
            Shown::Fetched => "all".to_owned(),
        });
        told.collect()
    }

    fn started(file: &str, size: Option<u64>, at: u64) -> IndexEvent {
        IndexEvent::Started { file: file.to_owned(), size, at }
    }

    fn received(file: &str, bytes: u64) -> IndexEvent {
        IndexEvent::Received { file: file.to_owned(), bytes }
    }

    fn ready(file: &str, size: u64, kept: bool) -> IndexEvent {
        IndexEvent::Ready { file: file.to_owned(), size, kept }
    }

    #[test]
    fn what_was_looked_up_is_counted() {
        let event = |name: &str| IndexEvent::Project { name: name.parse().unwrap(), files: 3 };
        assert_eq!(shown(vec![event("a"), event("b")]), ["1 package looked up", "2 packages looked up"]);
    }

    #[test]
    fn downloads_are_one_line_until_all_are_here() {
        let events = vec![
            started("a", Some(10), 0),
            started("b", None, 4),
            received("a", 6),
            received("b", 3),
            received("gone", 9),
            ready("b", 8, false),
            // It broke off, and begins anew.
            started("a", Some(10), 2),
            ready("c", 99, true),
            ready("a", 10, false),
            started("d", Some(5), 0),
        ];
        let expected = [
            "0 of 1 wheel, 0 of 10",
            "0 of 2 wheels, 4 of 14",
            "0 of 2 wheels, 10 of 14",
            "0 of 2 wheels, 13 of 17",
            "1 of 2 wheels, 14 of 18",
            "1 of 2 wheels, 10 of 18",
            "all",
            "0 of 1 wheel, 0 of 5",
        ];
        assert_eq!(shown(events), expected);
    }
}
