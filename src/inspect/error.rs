//! Why a base cannot be looked into.

use std::io;

use leoflow_layers::Digest;

/// Why it is not known what a base has.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InspectError {
    /// A layer does not unpack.
    #[error("cannot look into layer {} of the base: {error}", short(layer))]
    Layer {
        /// The layer.
        layer: Digest,
        /// Where it breaks off, and how.
        error: io::Error,
    },
    /// A layer unpacks to more than any image has.
    #[error("cannot look into layer {} of the base: {what} than {limit}", short(layer))]
    TooMuch {
        /// The layer.
        layer: Digest,
        /// `it unpacks to more bytes`
        what: String,
        /// How much is read.
        limit: u64,
    },
    /// The base has no Python, or another one.
    #[error("the base has no Python {wanted}: {}", listed(found))]
    NoPython {
        /// `3.11`
        wanted: String,
        /// The Pythons that it has: `/usr/bin/python3.12`.
        found: Vec<String>,
    },
    /// The base has neither glibc nor musl where they are expected.
    #[error("the base has Python {python}, but no C library that wheels are built for (glibc or musl)")]
    NoLibc {
        /// `3.11.9`
        python: String,
    },
}

fn short(digest: &Digest) -> String {
    digest.hex()[..12].to_owned()
}

fn listed(found: &[String]) -> String {
    if found.is_empty() { "it has none on its PATH".to_owned() } else { format!("it has {}", found.join(", ")) }
}

impl InspectError {
    /// Returns one concrete thing to try.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        Some(match self {
            Self::Layer { .. } | Self::TooMuch { .. } => {
                "push the base again with another tool, or set another `base_image:` in leoflow.yaml".to_owned()
            }
            Self::NoPython { wanted, found } => match found.iter().find_map(|path| line_of(path)) {
                Some(line) => format!(
                    "set `python_version: \"{line}\"` in leoflow.yaml, or a `base_image:` with Python {wanted} such as python:{wanted}-slim"
                ),
                None => format!("set `base_image:` to an image with Python {wanted}, such as python:{wanted}-slim"),
            },
            Self::NoLibc { .. } => {
                "set `base_image:` in leoflow.yaml to an image of Debian, Ubuntu, Alpine or alike".to_owned()
            }
        })
    }
}

/// Returns `3.12` of `/usr/bin/python3.12`.
fn line_of(path: &str) -> Option<&str> {
    let line = path.rsplit_once("/python")?.1;
    let minor = line.strip_prefix("3.")?;
    (!minor.is_empty() && minor.bytes().all(|byte| byte.is_ascii_digit())).then_some(line)
}
