//! A wheel's zip archive into its files, none of which is read; whatever could be read in two ways is refused.
//!
//! Our own reader, for zip readers disagree about archives that are made to be ambiguous, and what the index scanned
//! must be what is installed (`docs/decisions/wheels.md`).

use std::sync::Arc;

use super::WheelError;
use super::directory::Directory;
use super::header::Header;
use super::member_name;
use crate::layers::{Blob, EntryPath, Member};

/// A wheel may come to as much as this whatever its size is, in bytes…
const ALWAYS_FINE: u64 = 64 << 20;

/// …or to this many times its size…
const MOST_RATIO: u64 = 100;

/// …but never to more, in bytes.
const MOST_BYTES: u64 = 16 << 30;

/// A file of a wheel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packed {
    /// Its name in the archive.
    pub path: EntryPath,
    /// Whether its owner may execute it.
    pub executable: bool,
    /// Its bytes.
    pub member: Arc<Member>,
}

/// Lists the files of `archive`, sorted by their names; `wheel` is what to call it in errors.
///
/// # Errors
/// When it is no sound zip archive, or holds what no wheel should.
pub fn list(archive: &Blob, wheel: &str) -> Result<Vec<Packed>, WheelError> {
    let directory = Directory { archive, wheel };
    let end = directory.end()?;
    let bytes = directory.bytes(end.offset, end.size)?;
    let headers = directory.headers(&bytes, end.count)?;
    let reader = Reader { directory, archive, shared: wheel.into() };
    reader.check_amount(&headers)?;
    let packed = headers.iter().map(|header| reader.packed(header)).collect::<Result<Vec<_>, _>>()?;
    reader.check_overlaps(&headers, &packed, end.offset)?;
    let mut files: Vec<_> = packed.into_iter().filter_map(|(file, _)| file).collect();
    files.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(files)
}

struct Reader<'a> {
    directory: Directory<'a, Blob>,
    archive: &'a Blob,
    shared: Arc<str>,
}

impl Reader<'_> {
    /// Refuses what would come to more than any wheel, before a byte of it is inflated.
    fn check_amount(&self, headers: &[Header<'_>]) -> Result<(), WheelError> {
        let total = headers.iter().fold(0_u64, |total, header| total.saturating_add(header.size));
        let most = self.archive.size().saturating_mul(MOST_RATIO).clamp(ALWAYS_FINE, MOST_BYTES);
        if total <= most {
            return Ok(());
        }
        let size = self.archive.size();
        Err(self.directory.unsound(format!("its {size} bytes would come to {total}; at most {most} are taken")))
    }

    /// Returns the file of a header, if it is not a directory, and where its bytes end.
    fn packed(&self, header: &Header<'_>) -> Result<(Option<Packed>, u64), WheelError> {
        let path = member_name::check(header).map_err(|reason| self.directory.refuse(header, reason))?;
        let method = self.directory.method(header)?;
        let start = self.directory.start(header)?;
        let packed = self.archive.slice(start, header.packed);
        let ends = start.saturating_add(header.packed);
        let executable = header.mode & 0o111 != 0;
        let (archive, size, crc32) = (Arc::clone(&self.shared), header.size, header.crc32);
        let member = Arc::new(Member { archive, packed, method, size, crc32 });
        Ok((path.map(|path| Packed { path, executable, member }), ends))
    }

    /// Every byte belongs to one file at most, and none to the directory: bombs share theirs.
    fn check_overlaps(
        &self,
        headers: &[Header<'_>],
        packed: &[(Option<Packed>, u64)],
        directory: u64,
    ) -> Result<(), WheelError> {
        let mut spans: Vec<_> = headers.iter().zip(packed).map(|(header, (_, ends))| (header, *ends)).collect();
        spans.sort_by_key(|(header, _)| header.offset);
        let nexts = spans.iter().skip(1).map(|(header, _)| header.offset).chain([directory]);
        match spans.iter().zip(nexts).find(|((_, ends), next)| ends > next) {
            Some(((header, _), _)) => {
                Err(self.directory.refuse(header, "its bytes overlap with those of another file"))
            }
            None => Ok(()),
        }
    }
}
