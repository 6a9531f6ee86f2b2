//! What a registry's client tells of blobs on their way.

use std::sync::Arc;
use std::time::{Duration, Instant};

use annotate_snippets::Level;

use super::Progress;
use super::wording::{exposed_key, full_retry, not_remembered, retry, unremembered};
use super::{human_bytes, transfers::Transfers};
use crate::image::Artifact;
use crate::layers::Digest;
use crate::registry::{Event, Observer};

impl Progress {
    /// Shows that an image is pushed: where to, and how much of it is there.
    pub fn pushing(&self, to: &str, artifact: &Artifact) {
        self.doing("Pushing", &format!("to {to}"));
        let blobs = artifact.distinct_blobs().into_iter().map(|blob| (blob.descriptor.digest, blob.descriptor.size));
        self.transfers(|transfers, _| transfers.expect(blobs));
    }

    /// Takes note of what is in a blob: it is shown by that name.
    pub fn name(&self, digest: Digest, name: &str) {
        self.transfers(|transfers, _| transfers.name(digest, name));
    }

    /// Returns an observer that tells of transfers.
    #[must_use]
    pub fn observer(&self) -> Observer {
        let progress = self.clone();
        Arc::new(move |event| progress.transfer(event))
    }

    fn transfer(&self, event: Event) {
        match event {
            Event::Started { digest, size, streamed } => {
                self.transfers(|transfers, now| transfers.started(digest, size, streamed, now));
            }
            Event::Sent { digest, bytes } => self.transfers(|transfers, _| transfers.sent(digest, bytes)),
            Event::Resumed { digest, at } => self.transfers(|transfers, _| transfers.resumed(digest, at)),
            Event::Uploaded { digest, size } => self.settled(digest, size, true, "sent"),
            Event::Present { digest, size } => self.settled(digest, size, false, "there already"),
            Event::Mounted { digest, size } => self.settled(digest, size, false, "mounted"),
            Event::Retry { attempted, reason, after } => self.retry(&attempted, &reason, after),
            event => self.trouble(event),
        }
    }

    /// Tells what is no transfer.
    fn trouble(&self, event: Event) {
        let report = match event {
            Event::RecordIgnored { record, reason } => unremembered(&record, &reason),
            Event::RecordNotKept { record, reason } => not_remembered(&record, &reason),
            Event::KeyExposed { path } => exposed_key(&path),
            Event::MirrorFailed { mirror, reason } => {
                return self.step("Passing", &format!("over the mirror {mirror}: {reason}"));
            }
            _ => return,
        };
        self.report(&report, Level::WARNING);
    }

    fn settled(&self, digest: Digest, size: u64, moved: bool, how: &str) {
        self.transfers(|transfers, _| transfers.settled(digest, size, moved));
        self.detail("Blob", &format!("{digest} {}, {how}", human_bytes(size)));
    }

    /// Tells that something is tried again; who wants details is told the whole reason.
    pub(in crate::cli) fn retry(&self, attempted: &str, reason: &str, after: Duration) {
        let words = if self.is_verbose() { full_retry } else { retry };
        self.step("Retrying", &words(attempted, reason, after));
    }

    fn transfers(&self, note: impl FnOnce(&mut Transfers, Instant)) {
        self.note(|scene, now| note(&mut scene.transfers, now));
    }
}
