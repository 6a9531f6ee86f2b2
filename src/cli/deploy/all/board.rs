//! What is in flight, what is done, and what Ctrl-C would leave undone.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::outcome::{Outcome, Status};
use crate::cli::progress::human_bytes;
use crate::cli::session::Session;

/// Columns for what is in flight, and for the reason of a failure.
const ROOM: usize = 60;

/// What to do after Ctrl-C.
const AGAIN: &str = "run the same command again: what has arrived is not sent again";

/// Tells how far all projects are.
pub(super) struct Board<'a> {
    session: &'a Session,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    word: &'static str,
    /// What is true as long as nothing was registered.
    so_far: &'static str,
    registers: bool,
    total: usize,
    waiting: BTreeSet<String>,
    in_flight: BTreeSet<String>,
    deployed: BTreeSet<String>,
}

impl<'a> Board<'a> {
    pub(super) fn new(session: &'a Session) -> Self {
        Self { session, state: Mutex::default() }
    }

    /// Begins a stretch in which nothing is registered: a word of at most ten letters, and what is true meanwhile.
    pub(super) fn begin<'n>(&self, word: &'static str, so_far: &'static str, names: impl Iterator<Item = &'n str>) {
        let waiting: BTreeSet<String> = names.map(str::to_owned).collect();
        let total = waiting.len();
        *self.state() = State { word, so_far, total, waiting, ..State::default() };
        self.show();
    }

    /// Begins the stretch in which projects are registered.
    pub(super) fn begin_registering<'n>(&self, word: &'static str, names: impl Iterator<Item = &'n str>) {
        self.begin(word, "", names);
        self.state().registers = true;
        self.show();
    }

    /// Notes that a project is begun.
    pub(super) fn start(&self, name: &str) {
        {
            let mut state = self.state();
            state.waiting.remove(name);
            state.in_flight.insert(name.to_owned());
        }
        self.show();
    }

    /// Notes that a project has come to the end of the stretch.
    pub(super) fn end(&self, name: &str) {
        self.state().in_flight.remove(name);
        self.show();
    }

    /// Notes what came of a project, and tells it in a line.
    pub(super) fn came(&self, outcome: &Outcome) {
        let progress = &self.session.progress;
        let Outcome { name, moved, .. } = outcome;
        let version = outcome.version.as_deref().unwrap_or_default();
        match outcome.status {
            Status::Deployed => {
                let bytes = human_bytes(moved.uploaded_bytes);
                progress.step("Deployed", &format!("{name}  version {version}, {bytes} uploaded"));
            }
            Status::Unchanged if outcome.is_listed => {
                progress.step("Unchanged", &format!("{name}  version {version}"));
            }
            Status::Failed => progress.step("Failed", &shortened(&format!("{name}: {}", outcome.why()), ROOM + 8)),
            Status::Skipped if outcome.is_listed => {
                progress.step("Skipped", &shortened(&format!("{name}: {}", outcome.why()), ROOM + 8));
            }
            _ => {}
        }
        if matches!(outcome.status, Status::Deployed | Status::Unchanged) {
            self.state().deployed.insert(name.clone());
        }
        self.end(name);
    }

    fn show(&self) {
        let state = self.state();
        self.session.progress.doing(state.word, &state.live());
        self.session.standing.at(state.standing(), AGAIN);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn live(&self) -> String {
        let done = self.total - self.waiting.len() - self.in_flight.len();
        let names: Vec<&str> = self.in_flight.iter().map(String::as_str).collect();
        shortened(&format!("{done} of {}: {}", self.total, names.join(", ")), ROOM)
    }

    fn standing(&self) -> String {
        if !self.registers {
            return self.so_far.to_owned();
        }
        let mut text = format!("after {} of {} DAGs", self.deployed.len(), self.total);
        for (label, names) in [
            ("deployed", &self.deployed),
            ("on their way, perhaps registered", &self.in_flight),
            ("not deployed", &self.waiting),
        ] {
            if !names.is_empty() {
                text.push_str(&wrapped(label, names.iter().map(String::as_str)));
            }
        }
        text
    }
}

/// Returns a text in at most so many characters.
pub(super) fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most.saturating_sub(1)).chain(['…']).collect()
}

/// Returns names in lines of at most 72 columns, unless one alone is longer, below what they are.
pub(super) fn wrapped<'n>(label: &str, names: impl Iterator<Item = &'n str>) -> String {
    let mut text = format!("\n{label}:");
    let mut column = text.chars().count();
    let mut separator = "";
    for name in names {
        text.push_str(separator);
        if column + name.chars().count() + 2 > 72 {
            text.push_str("\n ");
            column = 1;
        }
        text.push(' ');
        text.push_str(name);
        column += name.chars().count() + 2;
        separator = ",";
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_names_stay_within_the_terminal() {
        let names: Vec<String> = (0..40).map(|number| format!("dag_{number}")).collect();
        let text = wrapped("not deployed", names.iter().map(String::as_str));
        assert!(text.starts_with("\nnot deployed: dag_0, dag_1,"), "{text}");
        assert!(text.lines().all(|line| line.len() <= 72), "{text}");
        assert_eq!(text.matches("dag_").count(), 40);
    }

    #[test]
    fn an_interruption_says_what_is_deployed_and_what_is_not() {
        let set = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        let state = State {
            registers: true,
            total: 4,
            deployed: set(&["a"]),
            in_flight: set(&["b", "c"]),
            waiting: set(&["d"]),
            ..State::default()
        };
        let expected = "after 1 of 4 DAGs\ndeployed: a\non their way, perhaps registered: b, c\nnot deployed: d";
        assert_eq!(state.standing(), expected);
        assert_eq!(state.live(), "1 of 4: b, c");
    }

    #[test]
    fn a_text_that_is_too_long_says_so() {
        assert_eq!((shortened("äbcd", 4), shortened("äbcde", 4)), ("äbcd".to_owned(), "äbc…".to_owned()));
    }
}
