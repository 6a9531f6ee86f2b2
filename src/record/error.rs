//! What goes wrong with the record: told, never an error of the command that is recorded.

use std::io;
use std::path::PathBuf;

/// Why something is not recorded, or cannot be had from the record.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// The record cannot be read.
    #[error("cannot read the record of deploys `{}`: {error}", file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// What was done cannot be noted.
    #[error("cannot note this in the record of deploys `{}`: {}", file.display(), reason(error))]
    Write {
        /// The file or directory.
        file: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// Another process keeps the record to itself.
    #[error("cannot note this in the record of deploys: another process holds `{}`", lock.display())]
    Busy {
        /// The lock.
        lock: PathBuf,
    },
    /// Entries mean nothing.
    #[error("`{}` has {}, passed over", file.display(), in_words(*entries))]
    Damaged {
        /// The file.
        file: PathBuf,
        /// How many.
        entries: usize,
    },
    /// A spec is not the one that was recorded.
    #[error("`{}` was changed since it was recorded: its sha256 is another", file.display())]
    WrongSpec {
        /// The file.
        file: PathBuf,
    },
}

fn in_words(entries: usize) -> String {
    if entries == 1 { "an entry that means nothing".to_owned() } else { format!("{entries} entries that mean nothing") }
}

/// Returns what the system said, without the temporary file's name that the `tempfile` crate appends.
fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    text.split_once(" at path ").map_or(text.as_str(), |(reason, _)| reason).to_owned()
}

impl RecordError {
    /// Returns one concrete thing to do.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Read { .. } => Some("make it readable for yourself, or remove it".to_owned()),
            Self::Write { .. } | Self::Busy { .. } => Some(
                "what was done stands; `leoflow history` and `rollback` will not know of it unless it is done again"
                    .to_owned(),
            ),
            Self::Damaged { .. } => Some("nothing needs to be done: they go as others come".to_owned()),
            Self::WrongSpec { .. } => Some("deploy that version again from its source".to_owned()),
        }
    }
}
