//! Why a wheel is refused.

use std::io;

use crate::layers::MemberError;

/// Why a wheel is refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WheelError {
    /// The system refused.
    #[error("cannot read the wheel {wheel}: {error}")]
    Read {
        /// The wheel's file name.
        wheel: String,
        /// What the system said.
        error: io::Error,
    },
    /// It is no zip archive, or a damaged or ambiguous one.
    #[error("{wheel} is not a sound zip archive: {reason}")]
    Archive {
        /// The wheel's file name.
        wheel: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A file of it has a name or nature that no package should have.
    #[error("{wheel} holds `{member}`, which cannot be installed: {reason}")]
    Member {
        /// The wheel's file name.
        wheel: String,
        /// The file's name, as the archive has it.
        member: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A file of it cannot be unpacked.
    #[error("cannot unpack `{member}` from {wheel}: {error}")]
    Unpack {
        /// The wheel's file name.
        wheel: String,
        /// The file's name.
        member: String,
        /// What is wrong with it.
        error: MemberError,
    },
    /// It is an archive, but not a wheel that can be installed (PyPA specification "Binary distribution format").
    #[error("{wheel} is not a wheel that can be installed: {reason}")]
    Layout {
        /// The wheel's file name.
        wheel: String,
        /// What is wrong with it.
        reason: String,
    },
    /// What it says of itself is not what its name says.
    #[error("{wheel} is not what its name says: {place} says {found}, not {expected}")]
    Lie {
        /// The wheel's file name.
        wheel: String,
        /// Where it says otherwise.
        place: String,
        /// What it says there.
        found: String,
        /// What its name says.
        expected: String,
    },
}

impl WheelError {
    /// Returns what is wrong, for a sentence that names the wheel already.
    pub(in crate::packages) fn reason(&self) -> String {
        match self {
            Self::Read { error, .. } => error.to_string(),
            Self::Archive { reason, .. } => format!("it is not a sound zip archive: {reason}"),
            Self::Member { member, reason, .. } => format!("`{member}`: {reason}"),
            Self::Unpack { member, error, .. } => format!("`{member}`: {error}"),
            Self::Layout { reason, .. } => reason.clone(),
            Self::Lie { place, found, expected, .. } => format!("{place} says {found}, not {expected}"),
        }
    }

    /// Returns one concrete thing to try.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        Some(match self {
            Self::Read { .. } => "run the command again; what is missing is downloaded again".to_owned(),
            Self::Archive { wheel, .. } | Self::Unpack { wheel, .. } => {
                format!("get {wheel} anew from whoever built it, or choose another version under `dependencies:`")
            }
            Self::Member { .. } | Self::Layout { .. } | Self::Lie { .. } => {
                "choose another version under `dependencies:`, and tell whoever built this one".to_owned()
            }
        })
    }
}
