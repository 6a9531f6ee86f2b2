//! A wheel's zip archive into its files, none of which is read; whatever could be read in two ways is refused.
//!
//! Our own reader, for zip readers disagree about archives that are made to be ambiguous, and what the index scanned
//! must be what is installed (`docs/decisions/wheels.md`).

use std::collections::BTreeSet;
use std::io;
use std::sync::Arc;

use super::WheelError;
use super::bytes::Fields;
use super::end::{self, End, EndError};
use super::header::{Header, LOCAL_LENGTH};
use super::member_name;
use crate::layers::{Blob, EntryPath, Member, Method};

/// No wheel has more files.
const MOST_MEMBERS: u64 = 200_000;

/// No central directory is longer, in bytes.
const MOST_DIRECTORY: u64 = 64 << 20;

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
    let reader = Reader { archive, wheel, shared: wheel.into() };
    let end = reader.end()?;
    let directory = reader.bytes(end.offset, end.size)?;
    let headers = reader.headers(&directory, end.count)?;
    reader.check_amount(&headers)?;
    let packed = headers.iter().map(|header| reader.packed(header)).collect::<Result<Vec<_>, _>>()?;
    reader.check_overlaps(&headers, &packed, end.offset)?;
    let mut files: Vec<_> = packed.into_iter().filter_map(|(file, _)| file).collect();
    files.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(files)
}

struct Reader<'a> {
    archive: &'a Blob,
    wheel: &'a str,
    shared: Arc<str>,
}

impl Reader<'_> {
    fn end(&self) -> Result<End, WheelError> {
        let end = end::find(self.archive).map_err(|error| match error {
            EndError::Read(error) => self.read_error(error),
            EndError::Unsound(reason) => self.unsound(reason),
        })?;
        if end.count > MOST_MEMBERS || end.size > MOST_DIRECTORY {
            return Err(self.unsound(format!("it lists {} files; at most {MOST_MEMBERS} are taken", end.count)));
        }
        Ok(end)
    }

    fn headers<'d>(&self, directory: &'d [u8], count: u64) -> Result<Vec<Header<'d>>, WheelError> {
        let mut fields = Fields(directory);
        let headers: Option<Vec<_>> = (0..count).map(|_| Header::take(&mut fields)).collect();
        let headers = headers.filter(|_| fields.is_empty());
        let headers = headers.ok_or_else(|| self.unsound("its central directory is damaged"))?;
        let mut names = BTreeSet::new();
        match headers.iter().find(|header| !names.insert(header.name)) {
            Some(twice) => Err(self.refuse(twice, "the archive lists it twice")),
            None => Ok(headers),
        }
    }

    /// Refuses what would come to more than any wheel, before a byte of it is inflated.
    fn check_amount(&self, headers: &[Header<'_>]) -> Result<(), WheelError> {
        let total = headers.iter().fold(0_u64, |total, header| total.saturating_add(header.size));
        let most = self.archive.size().saturating_mul(MOST_RATIO).clamp(ALWAYS_FINE, MOST_BYTES);
        if total <= most {
            return Ok(());
        }
        Err(self.unsound(format!("its {} bytes would come to {total}; at most {most} are taken", self.archive.size())))
    }

    /// Returns the file of a header, if it is not a directory, and where its bytes end.
    fn packed(&self, header: &Header<'_>) -> Result<(Option<Packed>, u64), WheelError> {
        let path = member_name::check(header).map_err(|reason| self.refuse(header, reason))?;
        let method = match header.method {
            _ if header.is_encrypted() => return Err(self.refuse(header, "it is encrypted")),
            0 if header.packed == header.size => Method::Stored,
            8 => Method::Deflated,
            0 => return Err(self.refuse(header, "it is stored, and yet its two sizes differ")),
            other => return Err(self.refuse(header, format!("it is compressed by method {other}; wheels use 0 and 8"))),
        };
        let start = self.start(header)?;
        let packed = self.archive.slice(start, header.packed);
        let ends = start.saturating_add(header.packed);
        let executable = header.mode & 0o111 != 0;
        let (archive, size, crc32) = (Arc::clone(&self.shared), header.size, header.crc32);
        let member = Arc::new(Member { archive, packed, method, size, crc32 });
        Ok((path.map(|path| Packed { path, executable, member }), ends))
    }

    /// Returns where the bytes of a file begin.
    fn start(&self, header: &Header<'_>) -> Result<u64, WheelError> {
        let local = self.archive.slice(header.offset, (LOCAL_LENGTH + header.name.len()) as u64);
        let mut bytes = vec![0; local.size() as usize];
        io::Read::read_exact(&mut local.reader(), &mut bytes).map_err(|error| self.read_error(error))?;
        let length = header.local_length(&bytes);
        let length = length.ok_or_else(|| self.refuse(header, "its two headers in the archive differ"))?;
        Ok(header.offset + length)
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
            Some(((header, _), _)) => Err(self.refuse(header, "its bytes overlap with those of another file")),
            None => Ok(()),
        }
    }

    fn bytes(&self, offset: u64, size: u64) -> Result<Vec<u8>, WheelError> {
        let mut bytes = Vec::new();
        let mut reader = self.archive.slice(offset, size).reader();
        io::Read::read_to_end(&mut reader, &mut bytes).map_err(|error| self.read_error(error))?;
        Ok(bytes)
    }

    fn read_error(&self, error: io::Error) -> WheelError {
        WheelError::Read { wheel: self.wheel.to_owned(), error }
    }

    fn unsound(&self, reason: impl Into<String>) -> WheelError {
        WheelError::Archive { wheel: self.wheel.to_owned(), reason: reason.into() }
    }

    fn refuse(&self, header: &Header<'_>, reason: impl Into<String>) -> WheelError {
        let member = String::from_utf8_lossy(header.name).escape_debug().to_string();
        WheelError::Member { wheel: self.wheel.to_owned(), member, reason: reason.into() }
    }
}
