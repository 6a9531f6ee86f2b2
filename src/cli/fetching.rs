//! Packages on their way: looked for and downloaded, one live line for all of them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use indicatif::ProgressBar;

use super::progress::{GOES_ON, MOVES, Progress};
use crate::packages::index::{IndexEvent, Observer};

/// What was seen so far.
#[derive(Default)]
struct Seen {
    /// Projects whose files are known.
    projects: usize,
    /// What is being downloaded, and what was since all had come the last time.
    wheels: BTreeMap<String, Wheel>,
    line: Option<Line>,
}

/// A wheel on its way.
#[derive(Default)]
struct Wheel {
    /// Its length in bytes, where it is known.
    size: u64,
    /// How much of it is here, in bytes.
    got: u64,
    /// Whether all of it is.
    is_here: bool,
}

/// The line that is drawn.
struct Line {
    bar: ProgressBar,
    is_download: bool,
}

/// Returns an observer that tells how the search for packages and their download go on.
pub(super) fn observer(progress: &Progress) -> Observer {
    let (progress, seen) = (progress.clone(), Mutex::new(Seen::default()));
    Arc::new(move |event| tell(&progress, &mut seen.lock().unwrap_or_else(PoisonError::into_inner), event))
}

fn tell(progress: &Progress, seen: &mut Seen, event: IndexEvent) {
    match event {
        IndexEvent::Project { .. } => seen.project(progress),
        IndexEvent::Started { file, size, at } => {
            seen.started(progress, file, Wheel { size: size.unwrap_or(0), got: at, is_here: false });
        }
        IndexEvent::Received { file, bytes } => seen.received(&file, bytes),
        IndexEvent::Ready { file, size, kept: false } => seen.ready(file, size),
        IndexEvent::Retry { attempted, reason, after } => progress.retry(&attempted, &reason, after),
        _ => {}
    }
}

impl Seen {
    fn project(&mut self, progress: &Progress) {
        self.projects += 1;
        if self.line.as_ref().is_none_or(|line| line.is_download) {
            self.draw(progress.draw(ProgressBar::new_spinner(), "Resolving", GOES_ON), false);
        }
        if let Some(line) = &self.line {
            line.bar.set_message(format!("{} packages looked up", self.projects));
        }
    }

    /// A download begins, or goes on after a failure.
    fn started(&mut self, progress: &Progress, file: String, wheel: Wheel) {
        if !self.line.as_ref().is_some_and(|line| line.is_download) {
            self.draw(progress.draw(ProgressBar::new(0), "Fetching", MOVES), true);
        }
        self.wheels.insert(file, wheel);
        self.wheels_changed();
    }

    fn received(&mut self, file: &str, bytes: u64) {
        if let Some(wheel) = self.wheels.get_mut(file) {
            wheel.got += bytes;
            self.wheels_changed();
        }
    }

    fn ready(&mut self, file: String, size: u64) {
        self.wheels.insert(file, Wheel { size, got: size, is_here: true });
        self.wheels_changed();
        if self.wheels.values().all(|wheel| wheel.is_here)
            && let Some(line) = self.line.take()
        {
            line.bar.finish_and_clear();
            self.wheels.clear();
        }
    }

    fn wheels_changed(&self) {
        let Some(line) = self.line.as_ref().filter(|line| line.is_download) else { return };
        let here = self.wheels.values().filter(|wheel| wheel.is_here).count();
        line.bar.set_length(self.wheels.values().map(|wheel| wheel.size.max(wheel.got)).sum());
        line.bar.set_position(self.wheels.values().map(|wheel| wheel.got).sum());
        line.bar.set_message(format!("{here} of {} wheels  ", self.wheels.len()));
    }

    fn draw(&mut self, bar: ProgressBar, is_download: bool) {
        if let Some(previous) = self.line.replace(Line { bar, is_download }) {
            previous.bar.finish_and_clear();
        }
    }
}
