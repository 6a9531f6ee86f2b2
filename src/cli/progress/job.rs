//! One of several projects that are in flight at once: one live line while it is, one line that stays when it is done.

use super::Progress;

/// One of several projects that are in flight at once. It is shown until it is done or goes away.
pub struct Job {
    progress: Progress,
    name: String,
    number: u64,
}

impl Job {
    pub(super) fn begin(progress: &Progress, name: &str) -> Self {
        let number = progress.teller.change(|scene, _| scene.begin_job(name));
        progress.teller.keep_telling();
        Self { progress: Progress { job: Some(number), ..progress.clone() }, name: name.to_owned(), number }
    }

    /// Returns what shows in this project's line: its steps are not told, but as details; its warnings are, with its name.
    #[must_use]
    pub fn progress(&self) -> &Progress {
        &self.progress
    }

    /// Folds it into a line that stays: a word of at most ten letters, its name, and what came of it.
    pub fn done(self, word: &str, what: &str) {
        let whole = Progress { job: None, ..self.progress.clone() };
        let (number, name) = (self.number, self.name.clone());
        // It is gone before that is told, or it would be drawn below it once more.
        whole.teller.change(|scene, _| scene.jobs.remove(&number));
        whole.step(word, format!("{name}  {what}").trim_end());
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        self.progress.teller.change(|scene, _| scene.jobs.remove(&self.number));
    }
}
