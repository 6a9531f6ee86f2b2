//! Layers in, facts out: each layer is read once, as a stream.

use std::io::{self, ErrorKind, Read};

use leoflow_layers::Digest;
use serde_json::Value;

use super::archive::{Archive, Entry, Kind};
use super::keep::{Kept, interest};
use super::tree::Tree;
use super::unpack::{Limited, unpacked};
use super::{Facts, InspectError, debian, distributions, libc, python};

/// How many bytes the layers of an image may unpack to: several times what the largest images have.
const MOST_BYTES: u64 = 128 << 30;

/// How many entries they may have.
const MOST_ENTRIES: usize = 8_000_000;

/// How many links and files that matter they may have.
const MOST_NODES: usize = 1_000_000;

/// How many bytes of what they say are kept.
const MOST_KEPT: u64 = 256 << 20;

/// What a whiteout's name begins with (OCI image-spec, layer.md).
const WHITEOUT: &str = ".wh.";
const OPAQUE: &str = ".wh..wh..opq";

/// A base that is looked into, layer by layer.
pub struct Inspection {
    /// `PATH` of its processes.
    path: String,
    /// The Python that is wanted, e.g. `3.11`.
    wanted: String,
    /// `PYTHON_VERSION`, as the official images set it.
    python_version: Option<String>,
    tree: Tree,
    left: Left,
}

/// What may still come.
struct Left {
    bytes: u64,
    entries: usize,
    kept: u64,
}

/// Why a layer is not read any further.
enum Fault {
    Read(io::Error),
    TooMuch(String, u64),
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            ErrorKind::FileTooLarge => Self::TooMuch("it unpacks to more bytes".to_owned(), MOST_BYTES),
            _ => Self::Read(error),
        }
    }
}

impl Inspection {
    /// Begins with an image's config, to find out what it has of Python `wanted`, e.g. `3.11`.
    #[must_use]
    pub fn new(config: &Value, wanted: &str) -> Self {
        let env = |name: &str| {
            let lines = config["config"]["Env"].as_array()?.iter().filter_map(Value::as_str);
            lines.filter_map(|line| line.split_once('=')).rfind(|(key, _)| *key == name).map(|(_, value)| value)
        };
        Self {
            path: env("PATH").unwrap_or(python::DEFAULT_PATH).to_owned(),
            wanted: wanted.to_owned(),
            python_version: env("PYTHON_VERSION").map(str::to_owned),
            tree: Tree::default(),
            left: Left { bytes: MOST_BYTES, entries: MOST_ENTRIES, kept: MOST_KEPT },
        }
    }

    /// Reads the next layer, the lowest first: a tar stream, plain or compressed with gzip or zstd. `bytes` are read to
    /// their end. It blocks.
    ///
    /// # Errors
    /// When it does not unpack, or unpacks to more than any image has.
    pub fn layer(&mut self, layer: Digest, mut bytes: impl Read) -> Result<(), InspectError> {
        self.tree.begin_layer();
        self.entries(&mut bytes).map_err(|fault| match fault {
            Fault::Read(error) => InspectError::Layer { layer, error },
            Fault::TooMuch(what, limit) => InspectError::TooMuch { layer, what, limit },
        })?;
        // What follows the archive is not looked at, but belongs to the blob's digest.
        io::copy(&mut bytes, &mut io::sink()).map_err(|error| InspectError::Layer { layer, error })?;
        Ok(())
    }

    fn entries(&mut self, bytes: &mut impl Read) -> Result<(), Fault> {
        let Self { tree, left, .. } = self;
        let mut archive = Archive::new(Limited { inner: unpacked(bytes)?, left: &mut left.bytes });
        while let Some(entry) = archive.next()? {
            left.entries = left.entries.checked_sub(1).ok_or_else(|| too_many("entries", MOST_ENTRIES))?;
            let kept = put(tree, &entry, &mut archive)?;
            left.kept = left.kept.checked_sub(kept).ok_or_else(|| too_many("bytes of metadata", MOST_KEPT as usize))?;
            if tree.len() > MOST_NODES {
                return Err(too_many("links", MOST_NODES));
            }
        }
        Ok(())
    }

    /// Returns what the base has.
    #[must_use]
    pub fn finish(mut self) -> Facts {
        let pythons =
            python::Pythons { path: &self.path, wanted: &self.wanted, variable: self.python_version.as_deref() };
        let found = pythons.find(&self.tree);
        let sites = found.as_ref().map(|found| found.sites.clone()).unwrap_or_default();
        let program = found.as_ref().and_then(|found| found.loader);
        let others = pythons.others(&self.tree);
        Facts {
            libc: libc::find(&self.tree, program),
            debian: debian::installed(&self.tree),
            distributions: distributions::find(&mut self.tree, &sites),
            python: found.map(|found| found.interpreter),
            pythons: others,
        }
    }
}

/// Applies an entry, and returns how many bytes are kept of it.
fn put<R: Read>(tree: &mut Tree, entry: &Entry, content: &mut Archive<R>) -> Result<u64, Fault> {
    // Nothing that is looked for has another kind of name.
    let Ok(path) = std::str::from_utf8(&entry.path) else { return Ok(0) };
    let Some(place) = tree.place(path) else { return Ok(0) };
    let (directory, name) = place.rsplit_once('/').unwrap_or_default();
    if name == OPAQUE {
        tree.empty(directory);
        return Ok(0);
    }
    if let Some(hidden) = name.strip_prefix(WHITEOUT) {
        tree.white_out(&format!("{directory}/{hidden}"));
        return Ok(0);
    }
    let mut bytes = 0;
    match &entry.kind {
        Kind::Directory => tree.put_directory(&place),
        Kind::Symlink(target) => tree.put_symlink(place, &String::from_utf8_lossy(target)),
        Kind::HardLink(target) => {
            let otherwise = interest(&place).map(|_| Kept { executable: true, ..Kept::default() });
            tree.put_hard_link(place, &String::from_utf8_lossy(target), otherwise);
        }
        Kind::Other => tree.put_file(place, None),
        Kind::File { executable } => {
            let kept = interest(&place).map(|interest| Kept::read(interest, *executable, content)).transpose();
            let kept = kept.map_err(|error| match error.kind() {
                ErrorKind::FileTooLarge => {
                    Fault::TooMuch(format!("`{place}` has more bytes"), super::keep::LARGEST_TEXT)
                }
                _ => Fault::Read(error),
            })?;
            bytes = kept.as_ref().map_or(0, Kept::bytes);
            tree.put_file(place, kept);
        }
    }
    Ok(bytes)
}

fn too_many(what: &str, limit: usize) -> Fault {
    Fault::TooMuch(format!("it has more {what}"), limit as u64)
}
