//! A zip archive's central directory into the headers of its files, and where the bytes of each begin.

use std::collections::BTreeSet;
use std::io;

use super::WheelError;
use super::bytes::Fields;
use super::end::{self, End, EndError};
use super::header::{Header, LOCAL_LENGTH};
use super::read_at::ReadAt;
use crate::layers::Method;

/// No wheel has more files.
const MOST_MEMBERS: u64 = 200_000;

/// No central directory is longer, in bytes.
const MOST_DIRECTORY: u64 = 64 << 20;

/// The directory of `archive`; `wheel` is what to call that in errors.
pub(super) struct Directory<'a, A> {
    pub(super) archive: &'a A,
    pub(super) wheel: &'a str,
}

impl<A: ReadAt> Directory<'_, A> {
    pub(super) fn end(&self) -> Result<End, WheelError> {
        let end = end::find(self.archive).map_err(|error| match error {
            EndError::Read(error) => self.read_error(error),
            EndError::Unsound(reason) => self.unsound(reason),
        })?;
        if end.count > MOST_MEMBERS || end.size > MOST_DIRECTORY {
            return Err(self.unsound(format!("it lists {} files; at most {MOST_MEMBERS} are taken", end.count)));
        }
        Ok(end)
    }

    /// Returns the headers in the directory's `bytes`, each of another name.
    pub(super) fn headers<'d>(&self, bytes: &'d [u8], count: u64) -> Result<Vec<Header<'d>>, WheelError> {
        let mut fields = Fields(bytes);
        let headers: Option<Vec<_>> = (0..count).map(|_| Header::take(&mut fields)).collect();
        let headers = headers.filter(|_| fields.is_empty());
        let headers = headers.ok_or_else(|| self.unsound("its central directory is damaged"))?;
        let mut names = BTreeSet::new();
        match headers.iter().find(|header| !names.insert(header.name)) {
            Some(twice) => Err(self.refuse(twice, "the archive lists it twice")),
            None => Ok(headers),
        }
    }

    /// Returns how a file is compressed.
    pub(super) fn method(&self, header: &Header<'_>) -> Result<Method, WheelError> {
        match header.method {
            _ if header.is_encrypted() => Err(self.refuse(header, "it is encrypted")),
            0 if header.packed == header.size => Ok(Method::Stored),
            8 => Ok(Method::Deflated),
            0 => Err(self.refuse(header, "it is stored, and yet its two sizes differ")),
            other => Err(self.refuse(header, format!("it is compressed by method {other}; wheels use 0 and 8"))),
        }
    }

    /// Returns where the bytes of a file begin.
    pub(super) fn start(&self, header: &Header<'_>) -> Result<u64, WheelError> {
        let local = self.bytes(header.offset, (LOCAL_LENGTH + header.name.len()) as u64)?;
        let length = header.local_length(&local);
        let length = length.ok_or_else(|| self.refuse(header, "its two headers in the archive differ"))?;
        Ok(header.offset + length)
    }

    pub(super) fn bytes(&self, offset: u64, size: u64) -> Result<Vec<u8>, WheelError> {
        self.archive.read_at(offset, size).map_err(|error| self.read_error(error))
    }

    pub(super) fn unsound(&self, reason: impl Into<String>) -> WheelError {
        WheelError::Archive { wheel: self.wheel.to_owned(), reason: reason.into() }
    }

    pub(super) fn refuse(&self, header: &Header<'_>, reason: impl Into<String>) -> WheelError {
        let member = String::from_utf8_lossy(header.name).escape_debug().to_string();
        WheelError::Member { wheel: self.wheel.to_owned(), member, reason: reason.into() }
    }

    fn read_error(&self, error: io::Error) -> WheelError {
        WheelError::Read { wheel: self.wheel.to_owned(), error }
    }
}
