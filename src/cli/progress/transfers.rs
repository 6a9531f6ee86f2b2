//! What a registry's client tells of blobs on their way.

use std::sync::Arc;
use std::time::Duration;

use annotate_snippets::Level;
use indicatif::ProgressBar;

use super::live::MOVES;
use super::wording::{exposed_key, not_remembered, retry, short, unremembered};
use super::{Mode, Progress};
use crate::layers::Digest;
use crate::registry::{Event, Observer};

impl Progress {
    /// Returns an observer that tells of transfers.
    #[must_use]
    pub fn observer(&self) -> Observer {
        let progress = self.clone();
        Arc::new(move |event| progress.transfer(event))
    }

    fn transfer(&self, event: Event) {
        match event {
            Event::Started { digest, size, streamed } => self.started(digest, size, streamed),
            Event::Sent { digest, bytes } => self.sent(digest, bytes),
            Event::Resumed { digest, at } => self.resumed(digest, at),
            Event::Uploaded { digest, .. } | Event::Present { digest, .. } | Event::Mounted { digest, .. } => {
                self.finished(digest);
            }
            Event::Retry { attempted, reason, after } => self.retry(&attempted, &reason, after),
            Event::MirrorFailed { mirror, reason } => {
                self.step("Passing", &format!("over the mirror {mirror}: {reason}"))
            }
            Event::RecordIgnored { record, reason } => {
                self.report(&unremembered(&record, &reason), Level::WARNING);
            }
            Event::RecordNotKept { record, reason } => {
                self.report(&not_remembered(&record, &reason), Level::WARNING);
            }
            Event::KeyExposed { path } => self.report(&exposed_key(&path), Level::WARNING),
        }
    }

    fn started(&self, digest: Digest, size: u64, streamed: bool) {
        if self.mode != Mode::Live {
            return;
        }
        let word = if streamed { "Copying" } else { "Uploading" };
        let bar = ProgressBar::new(size).with_message(format!("{}  ", short(&digest)));
        let bar = self.draw(bar, word, MOVES);
        if let Some(previous) = self.live().transfers.insert(digest, bar) {
            previous.finish_and_clear();
        }
    }

    fn sent(&self, digest: Digest, bytes: u64) {
        if let Some(bar) = self.live().transfers.get(&digest) {
            bar.inc(bytes);
        }
    }

    fn resumed(&self, digest: Digest, at: u64) {
        if let Some(bar) = self.live().transfers.get(&digest) {
            bar.set_position(at);
        }
    }

    fn finished(&self, digest: Digest) {
        if let Some(bar) = self.live().transfers.remove(&digest) {
            bar.finish_and_clear();
        }
    }

    /// Tells that something is tried again.
    pub(in crate::cli) fn retry(&self, attempted: &str, reason: &str, after: Duration) {
        self.step("Retrying", &retry(attempted, reason, after));
    }
}
