//! What a tar archive holds, by name and offset: nothing is unpacked, and nothing is read twice.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Seek as _};
use std::os::unix::fs::FileExt as _;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use leoflow_layers::Blob;
use tar::{Archive, Entry, EntryType};

use super::LayoutError;

/// How many links may stand between a name and a file.
const LINKS: usize = 8;

/// More members than this are no image.
const MOST: usize = 1 << 20;

/// The members of an archive.
pub(super) struct Members {
    file: Arc<File>,
    by_name: BTreeMap<String, Member>,
}

struct Member {
    kind: Kind,
    /// Whether another member before it had its name.
    again: bool,
}

enum Kind {
    File {
        offset: u64,
        size: u64,
    },
    /// `docker save` links equal layers to each other; the target is the name of a member.
    Link(String),
    /// A sparse file, a device and alike: what has to be unpacked to be read.
    Other,
}

impl Members {
    /// Reads the headers of an archive of `length` bytes.
    pub(super) fn read(path: &Path, file: File, length: u64) -> Result<Self, LayoutError> {
        refuse_compressed(path, &file)?;
        let malformed = |reason: String| LayoutError::Other {
            path: path.to_owned(),
            expected: "a tar archive",
            reason,
            compressed: false,
        };
        let by_name = listed(&file, length).map_err(malformed)?;
        if by_name.is_empty() {
            return Err(malformed("it is empty".to_owned()));
        }
        Ok(Self { file: Arc::new(file), by_name })
    }

    /// Returns the file of this name; links lead to it, as long as they stay in the archive.
    pub(super) fn get(&self, name: &str) -> Result<Option<Blob>, String> {
        let mut name = name;
        for _ in 0..LINKS {
            match self.by_name.get(name).map(|member| &member.kind) {
                None => return Ok(None),
                Some(Kind::File { offset, size }) => {
                    return Ok(Some(Blob::of_file(Arc::clone(&self.file), *offset, *size)));
                }
                Some(Kind::Link(target)) => name = target,
                Some(Kind::Other) => return Err("it is sparse, or not a regular file".to_owned()),
            }
        }
        Err("its links lead nowhere".to_owned())
    }

    /// Returns whether several members have this name, so that readers may disagree on which counts.
    pub(super) fn is_ambiguous(&self, name: &str) -> bool {
        self.by_name.get(name).is_some_and(|member| member.again)
    }
}

/// Returns where each member lies, the last of a name.
fn listed(file: &File, length: u64) -> Result<BTreeMap<String, Member>, String> {
    let mut by_name: BTreeMap<String, Member> = BTreeMap::new();
    for entry in Archive::new(file).entries_with_seek().map_err(in_our_words)? {
        let entry = entry.map_err(in_our_words)?;
        let Some(name) = normalized(Path::new(""), &entry.path_bytes()) else { continue };
        let kind = kind(&entry, &name);
        if let Kind::File { offset, size } = kind
            && offset.checked_add(size).is_none_or(|end| end > length)
        {
            return Err(format!("it ends in the middle of `{name}`"));
        }
        let again = by_name.contains_key(&name);
        by_name.insert(name, Member { kind, again });
        if by_name.len() > MOST {
            return Err("it has too many members".to_owned());
        }
    }
    Ok(by_name)
}

/// The crate quotes what it could not read, and a file that is no archive may be anybody's secret.
fn in_our_words(error: io::Error) -> String {
    match error.raw_os_error() {
        Some(_) => error.to_string(),
        None => "one of its headers is none of tar's, or is cut off".to_owned(),
    }
}

fn kind(entry: &Entry<'_, &File>, name: &str) -> Kind {
    let beside = Path::new(name).parent().unwrap_or(Path::new(""));
    let link = |from: &Path| entry.link_name_bytes().and_then(|target| normalized(from, &target));
    match entry.header().entry_type() {
        EntryType::Regular | EntryType::Continuous => {
            Kind::File { offset: entry.raw_file_position(), size: entry.size() }
        }
        EntryType::Symlink => link(beside).map_or(Kind::Other, Kind::Link),
        EntryType::Link => link(Path::new("")).map_or(Kind::Other, Kind::Link),
        _ => Kind::Other,
    }
}

/// Returns a name without `.` and `..`, or nothing when it is absolute, leaves the archive or is not UTF-8.
fn normalized(from: &Path, name: &[u8]) -> Option<String> {
    let mut path = PathBuf::from(from);
    for component in Path::new(std::str::from_utf8(name).ok()?).components() {
        match component {
            Component::Normal(part) => path.push(part),
            Component::CurDir => {}
            Component::ParentDir if path.pop() => {}
            _ => return None,
        }
    }
    path.into_os_string().into_string().ok().filter(|name| !name.is_empty())
}

fn refuse_compressed(path: &Path, mut file: &File) -> Result<(), LayoutError> {
    let read = |error: io::Error| LayoutError::Read { path: path.to_owned(), error };
    let mut magic = [0; 4];
    let count = file.read_at(&mut magic, 0).map_err(read)?;
    file.rewind().map_err(read)?;
    let form = match &magic[..count] {
        [0x1f, 0x8b, ..] => "gzip",
        [0x28, 0xb5, 0x2f, 0xfd] => "zstd",
        _ => return Ok(()),
    };
    let (reason, expected) = (format!("it is compressed with {form}"), "a tar archive");
    Err(LayoutError::Other { path: path.to_owned(), expected, reason, compressed: true })
}
