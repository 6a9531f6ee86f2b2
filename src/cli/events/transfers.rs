//! Blobs and wheels on their way as events: when they begin, how far they are at most every second, when they are there.

use std::collections::HashMap;
use std::time::Duration;

use serde_json::json;

use super::{Named, retry};
use crate::layers::Digest;
use crate::packages::index::IndexEvent;
use crate::registry::Event;

/// How often it is told how far something is.
const PACE: Duration = Duration::from_secs(1);

/// What is on its way.
#[derive(Default)]
pub(super) struct Transfers {
    blobs: HashMap<Digest, Moving>,
    wheels: HashMap<String, Moving>,
}

/// Something that is on its way.
struct Moving {
    /// Bytes in all, where that is known.
    size: Option<u64>,
    /// Bytes that are there.
    done: u64,
    /// When that was told last.
    told: Duration,
}

impl Moving {
    /// Takes note of more bytes, and returns whether to tell of them.
    fn went_on(&mut self, bytes: u64, now: Duration) -> bool {
        self.done += bytes;
        let is_due = now.saturating_sub(self.told) >= PACE;
        if is_due {
            self.told = now;
        }
        is_due
    }
}

impl Transfers {
    /// Returns what there is to tell of a blob.
    pub(super) fn blob(&mut self, event: &Event, now: Duration) -> Option<Named> {
        let finished = |digest: &Digest, size: &u64, how: &str| {
            Some(("transfer_finished", json!({"digest": digest.to_string(), "size": size, "how": how})))
        };
        match event {
            Event::Started { digest, size, streamed } => {
                self.blobs.insert(*digest, Moving { size: Some(*size), done: 0, told: now });
                let facts = json!({"digest": digest.to_string(), "size": size, "streamed": streamed});
                Some(("transfer_started", facts))
            }
            Event::Sent { digest, bytes } => {
                let moving = self.blobs.get_mut(digest)?;
                let facts =
                    |moving: &Moving| json!({"digest": digest.to_string(), "bytes": moving.done, "size": moving.size});
                moving.went_on(*bytes, now).then(|| ("transfer_progress", facts(moving)))
            }
            Event::Resumed { digest, at } => {
                self.blobs.get_mut(digest)?.done = *at;
                None
            }
            Event::Uploaded { digest, size } => {
                self.blobs.remove(digest);
                finished(digest, size, "uploaded")
            }
            Event::Mounted { digest, size } => finished(digest, size, "mounted"),
            Event::Present { digest, size } => {
                self.blobs.remove(digest);
                finished(digest, size, "present")
            }
            Event::Retry { attempted, reason, after } => Some(retry(attempted, reason, *after)),
            Event::MirrorFailed { mirror, reason } => {
                Some(("mirror_failed", json!({"mirror": mirror, "reason": reason})))
            }
            // They are told as warnings.
            Event::RecordIgnored { .. } | Event::RecordNotKept { .. } | Event::KeyExposed { .. } => None,
        }
    }

    /// Returns what there is to tell of a wheel.
    pub(super) fn wheel(&mut self, event: &IndexEvent, now: Duration) -> Option<Named> {
        match event {
            IndexEvent::Started { file, size, at } => {
                self.wheels.insert(file.clone(), Moving { size: *size, done: *at, told: now });
                Some(("download_started", json!({"file": file, "size": size, "bytes": at})))
            }
            IndexEvent::Received { file, bytes } => {
                let moving = self.wheels.get_mut(file)?;
                let facts = |moving: &Moving| json!({"file": file, "bytes": moving.done, "size": moving.size});
                moving.went_on(*bytes, now).then(|| ("download_progress", facts(moving)))
            }
            IndexEvent::Ready { file, size, kept } => {
                self.wheels.remove(file);
                Some(("download_finished", json!({"file": file, "size": size, "kept": kept})))
            }
            IndexEvent::Retry { attempted, reason, after } => Some(retry(attempted, reason, *after)),
            IndexEvent::Project { .. } | IndexEvent::Metadata { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(events: &[(u64, Event)]) -> Vec<String> {
        let mut transfers = Transfers::default();
        let told = events.iter().filter_map(|(at, event)| transfers.blob(event, Duration::from_millis(*at)));
        told.map(|(name, mut facts)| {
            facts["digest"] = serde_json::Value::Null;
            format!("{name} {facts}")
        })
        .collect()
    }

    #[test]
    fn progress_is_told_at_most_every_second() {
        let digest = Digest::of(b"x");
        let sent = |bytes| Event::Sent { digest, bytes };
        let events = [
            (0, Event::Started { digest, size: 100, streamed: false }),
            (10, sent(10)),
            (999, sent(10)),
            (1000, sent(10)),
            (1001, sent(10)),
            (1500, Event::Resumed { digest, at: 30 }),
            (2000, sent(20)),
            (2500, Event::Uploaded { digest, size: 100 }),
            (4000, sent(1)),
        ];
        let expected = [
            r#"transfer_started {"digest":null,"size":100,"streamed":false}"#,
            r#"transfer_progress {"bytes":30,"digest":null,"size":100}"#,
            r#"transfer_progress {"bytes":50,"digest":null,"size":100}"#,
            r#"transfer_finished {"digest":null,"how":"uploaded","size":100}"#,
        ];
        assert_eq!(told(&events), expected);
    }

    #[test]
    fn a_download_that_goes_on_counts_what_is_there() {
        let mut transfers = Transfers::default();
        let file = || "demo-1.0-py3-none-any.whl".to_owned();
        let second = Duration::from_secs(1);
        transfers.wheel(&IndexEvent::Started { file: file(), size: None, at: 40 }, Duration::ZERO);
        let (name, facts) = transfers.wheel(&IndexEvent::Received { file: file(), bytes: 2 }, second).unwrap();
        assert_eq!((name, &facts["bytes"], &facts["size"]), ("download_progress", &json!(42), &json!(null)));
        let kept = IndexEvent::Ready { file: file(), size: 50, kept: true };
        assert_eq!(transfers.wheel(&kept, second).unwrap().0, "download_finished");
    }
}
