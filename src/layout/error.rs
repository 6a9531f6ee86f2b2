//! What can go wrong with image layouts and archives.

use std::io::{self, ErrorKind};
use std::path::PathBuf;

use leoflow_layers::Digest;

use crate::image::BaseError;

/// Why an image layout or archive could not be read or written. Every variant says which.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LayoutError {
    /// It cannot be read.
    #[error("cannot read `{}`: {error}", path.display())]
    Read {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// It is no image layout, or no archive of one.
    #[error("`{}` is not {expected}: {reason}", path.display())]
    Other {
        /// The file or directory.
        path: PathBuf,
        /// What it should be.
        expected: &'static str,
        /// Why it is not.
        reason: String,
        /// Whether it is compressed as a whole.
        compressed: bool,
    },
    /// A document or the archive itself contradicts its specification.
    #[error("`{}` is malformed: {what}: {reason}", path.display())]
    Malformed {
        /// The layout.
        path: PathBuf,
        /// The part at fault.
        what: String,
        /// What is wrong.
        reason: String,
    },
    /// A file that is referred to is not there.
    #[error("`{}` is incomplete: `{what}` is missing", path.display())]
    Missing {
        /// The layout.
        path: PathBuf,
        /// What is missing.
        what: String,
    },
    /// A blob has another length than its descriptor says.
    #[error("`{}` is damaged: {digest} has {found} bytes, not {expected}", path.display())]
    WrongSize {
        /// The layout.
        path: PathBuf,
        /// The blob.
        digest: Digest,
        /// In bytes, by the descriptor.
        expected: u64,
        /// In bytes, as found.
        found: u64,
    },
    /// A blob has other content than its name says.
    #[error("`{}` is damaged: what is named {expected} has the digest {found}", path.display())]
    WrongDigest {
        /// The layout.
        path: PathBuf,
        /// Its name.
        expected: Digest,
        /// What it is.
        found: Digest,
    },
    /// What a layer holds cannot be told.
    #[error("`{}`: what the layer {digest} holds cannot be checked: it is another zstd blob than this build makes", path.display())]
    Opaque {
        /// The layout.
        path: PathBuf,
        /// The layer.
        digest: Digest,
    },
    /// A document that is larger than anybody needs.
    #[error("`{}`: `{what}` is larger than {} MiB", path.display(), limit >> 20)]
    TooLarge {
        /// The layout.
        path: PathBuf,
        /// The document.
        what: String,
        /// In bytes.
        limit: u64,
    },
    /// There is no image of this name or digest.
    #[error("`{}` has no image `{wanted}`", path.display())]
    NoSuchImage {
        /// The layout.
        path: PathBuf,
        /// What was asked for.
        wanted: String,
        /// What there is.
        available: Vec<String>,
    },
    /// There are several, and nothing says which is meant.
    #[error("`{}` holds {} images{}", path.display(), available.len(), wanted.as_ref().map(|name| format!(" named `{name}`")).unwrap_or_default())]
    SeveralImages {
        /// The layout.
        path: PathBuf,
        /// What was asked for.
        wanted: Option<String>,
        /// What there is.
        available: Vec<String>,
    },
    /// The image is none that can be used so.
    #[error("cannot use the image in `{}`: {error}", path.display())]
    Image {
        /// The layout.
        path: PathBuf,
        /// What is wrong with it.
        error: Box<BaseError>,
    },
    /// There is something else where a layout should be written.
    #[error("cannot write an image layout to `{}`: {reason}", path.display())]
    Occupied {
        /// Where.
        path: PathBuf,
        /// What is there.
        reason: &'static str,
    },
    /// It cannot be written.
    #[error("cannot write `{}`: {error}", path.display())]
    Write {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// A `docker load` archive cannot hold the image.
    #[error("`{}`: {reason}", path.display())]
    NotForDocker {
        /// The archive.
        path: PathBuf,
        /// Why not.
        reason: String,
        /// What to try.
        help: &'static str,
    },
}

impl LayoutError {
    /// Returns one concrete thing to try.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        Some(match self {
            Self::Read { error, .. } if error.kind() == ErrorKind::NotFound => {
                "check the path; relative ones are taken against the working directory, those in leoflow.yaml against the \
                 project's"
                    .to_owned()
            }
            Self::Read { .. } => "make it readable for yourself".to_owned(),
            Self::Other { compressed: true, .. } => "unpack it first: `gunzip` or `unzstd`".to_owned(),
            Self::Other { .. } => "name what `leoflow image copy` or `skopeo copy` wrote".to_owned(),
            Self::Malformed { .. }
            | Self::Missing { .. }
            | Self::WrongSize { .. }
            | Self::WrongDigest { .. }
            | Self::TooLarge { .. } => {
                "copy the image again from where it came from: the transfer may have been cut short".to_owned()
            }
            Self::Opaque { .. } => "use the `--compression` that the image was built with, or build it again".to_owned(),
            Self::NoSuchImage { available, .. } if available.is_empty() => "copy an image into it first".to_owned(),
            Self::NoSuchImage { available, .. } => format!("it has:\n{}", available.join("\n")),
            Self::SeveralImages { available, .. } => {
                format!("name one of them behind the path, `oci:PATH:NAME` or `oci:PATH@sha256:…`:\n{}", available.join("\n"))
            }
            Self::Image { error, .. } => return error.help(),
            Self::Occupied { .. } => "name a new file or directory, or an image layout or archive to write to".to_owned(),
            Self::Write { error, .. } => write_help(error),
            Self::NotForDocker { help, .. } => (*help).to_owned(),
        })
    }

    /// Returns whether this machine is at fault rather than what lies on it.
    #[must_use]
    pub fn is_system(&self) -> bool {
        matches!(self, Self::Write { .. })
    }
}

fn write_help(error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
            "free some space and run the same command again: nothing half written counts".to_owned()
        }
        _ => "name a place that you may write to, and run the same command again".to_owned(),
    }
}
