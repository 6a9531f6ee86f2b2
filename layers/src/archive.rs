//! A plan in, a tar stream out: the only place that decides what a header says.
//!
//! USTAR headers, with a PAX header before the entries that USTAR cannot hold (POSIX.1-2017, pax, "ustar Interchange
//! Format" and "pax Extended Header"). Owner, group and times never come from the disk, and neither do names: sizes and
//! bytes alone do.

use std::io::{self, Write};

use tar::{EntryType, Header};

use crate::source::{self, SourceError};
use crate::{Content, Entry, EntryPath, FileSet, Member, MemberError};

/// The unit of a tar stream, in bytes.
const RECORD: usize = 512;

/// What 11 octal digits hold: the greatest size and time of a USTAR header.
const USTAR_NUMBER: u64 = 0o777_7777_7777;

/// Why an archive was left unfinished.
#[derive(Debug)]
pub(crate) enum ArchiveError {
    /// What it was written to failed.
    Write(io::Error),
    /// A source failed.
    Source { path: EntryPath, error: SourceError },
    /// A member of a zip archive is not what the archive says.
    Member { path: EntryPath, archive: String, error: MemberError },
}

impl From<io::Error> for ArchiveError {
    fn from(error: io::Error) -> Self {
        Self::Write(error)
    }
}

/// Writes every entry, in order, and the end of the archive; `modified` is in seconds since the Unix epoch.
pub(crate) fn write(files: &FileSet, modified: u64, out: &mut impl Write) -> Result<(), ArchiveError> {
    for (path, entry) in files.iter() {
        match entry {
            Entry::Directory => write_header(out, &Fields::directory(path), modified)?,
            Entry::Symlink { target } => write_header(out, &Fields::symlink(path, target), modified)?,
            Entry::File { content, executable } => write_file(out, path, content, *executable, modified)?,
        }
    }
    out.write_all(&[0; 2 * RECORD])?;
    Ok(())
}

fn write_file(
    out: &mut impl Write,
    path: &EntryPath,
    content: &Content,
    executable: bool,
    modified: u64,
) -> Result<(), ArchiveError> {
    let header = |out: &mut _, size| write_header(out, &Fields::file(path, size, executable), modified);
    let fail = |error| ArchiveError::Source { path: path.clone(), error };
    let source = match content {
        Content::Bytes(bytes) => {
            header(out, bytes.len() as u64)?;
            out.write_all(bytes)?;
            return Ok(pad(out, bytes.len() as u64)?);
        }
        Content::File(source) => source::open_source(source),
        Content::Below(tree) => source::open_source(&tree.source(path)),
        Content::Member(member) => {
            header(out, member.size)?;
            return write_member(out, path, member);
        }
    };
    let mut source = source.map_err(fail)?;
    header(out, source.size())?;
    while let Some(chunk) = source.next_chunk().map_err(fail)? {
        out.write_all(chunk)?;
    }
    Ok(pad(out, source.size())?)
}

fn write_member(out: &mut impl Write, path: &EntryPath, member: &Member) -> Result<(), ArchiveError> {
    let fail = |error| ArchiveError::Member { path: path.clone(), archive: member.archive.to_string(), error };
    let mut reader = member.reader();
    while let Some(chunk) = reader.next_chunk().map_err(fail)? {
        out.write_all(chunk)?;
    }
    Ok(pad(out, member.size)?)
}

fn pad(out: &mut impl Write, size: u64) -> io::Result<()> {
    let over = (size % RECORD as u64) as usize;
    out.write_all(&[0; RECORD][..(RECORD - over) % RECORD])
}

/// What differs from one header to another.
struct Fields<'a> {
    kind: EntryType,
    name: String,
    link: &'a str,
    mode: u32,
    size: u64,
}

impl<'a> Fields<'a> {
    fn directory(path: &EntryPath) -> Self {
        Self { kind: EntryType::Directory, name: format!("{path}/"), link: "", mode: 0o755, size: 0 }
    }

    fn symlink(path: &EntryPath, link: &'a str) -> Self {
        Self { kind: EntryType::Symlink, name: path.to_string(), link, mode: 0o755, size: 0 }
    }

    fn file(path: &EntryPath, size: u64, executable: bool) -> Self {
        let mode = if executable { 0o755 } else { 0o644 };
        Self { kind: EntryType::Regular, name: path.to_string(), link: "", mode, size }
    }
}

fn write_header(out: &mut impl Write, fields: &Fields<'_>, modified: u64) -> io::Result<()> {
    let records = pax_records(fields, modified);
    if !records.is_empty() {
        let size = records.len() as u64;
        let name = "././@PaxHeader".to_owned();
        let pax = Fields { kind: EntryType::XHeader, name, link: "", mode: 0o644, size };
        out.write_all(ustar(&pax, modified).as_bytes())?;
        out.write_all(&records)?;
        pad(out, size)?;
    }
    out.write_all(ustar(fields, modified).as_bytes())
}

/// A header as far as USTAR goes; what does not fit is cut, and stands in the PAX header before it.
fn ustar(fields: &Fields<'_>, modified: u64) -> Header {
    let mut header = Header::new_ustar();
    header.set_entry_type(fields.kind);
    header.set_mode(fields.mode);
    header.set_uid(0);
    header.set_gid(0);
    header.set_size(fields.size.min(USTAR_NUMBER));
    header.set_mtime(modified.min(USTAR_NUMBER));
    if let Some(ustar) = header.as_ustar_mut() {
        ustar.set_device_major(0);
        ustar.set_device_minor(0);
        put(&mut ustar.name, &fields.name);
        put(&mut ustar.linkname, fields.link);
    }
    header.set_cksum();
    header
}

/// Puts a name for readers that know no PAX: what of it is ASCII, as far as there is room.
fn put(field: &mut [u8], name: &str) {
    for (byte, letter) in field.iter_mut().zip(name.bytes().filter(u8::is_ascii)) {
        *byte = letter;
    }
}

fn pax_records(fields: &Fields<'_>, modified: u64) -> Vec<u8> {
    let fits = |text: &str| text.is_ascii() && text.len() <= 100;
    let mut records = Vec::new();
    if !fits(fields.link) {
        pax_record(&mut records, "linkpath", fields.link);
    }
    if modified > USTAR_NUMBER {
        pax_record(&mut records, "mtime", &modified.to_string());
    }
    if !fits(&fields.name) {
        pax_record(&mut records, "path", &fields.name);
    }
    if fields.size > USTAR_NUMBER {
        pax_record(&mut records, "size", &fields.size.to_string());
    }
    records
}

/// `LENGTH KEY=VALUE\n`, where the length counts its own digits too.
fn pax_record(records: &mut Vec<u8>, key: &str, value: &str) {
    let rest = key.len() + value.len() + 3;
    let mut length = rest + 1;
    while length != rest + length.to_string().len() {
        length = rest + length.to_string().len();
    }
    records.extend_from_slice(format!("{length} {key}={value}\n").as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pax_record_counts_its_own_length() {
        let check = |value: &str, expected: &str| {
            let mut records = Vec::new();
            pax_record(&mut records, "path", value);
            assert_eq!(String::from_utf8_lossy(&records), expected);
        };
        check("a", "9 path=a\n");
        check("", "8 path=\n");
        check(&"a".repeat(90), &format!("99 path={}\n", "a".repeat(90)));
        check(&"a".repeat(91), &format!("101 path={}\n", "a".repeat(91)));
    }

    /// Numbers beyond USTAR's are never stored, for want of a file of 8 GiB; their headers are looked at alone.
    #[test]
    fn great_numbers_go_to_pax() {
        let path = EntryPath::new("big").unwrap();
        let check = |size: u64, modified: u64, expected: &str| {
            let records = pax_records(&Fields::file(&path, size, false), modified);
            assert_eq!(String::from_utf8_lossy(&records), expected);
        };
        check(USTAR_NUMBER, USTAR_NUMBER, "");
        check(USTAR_NUMBER + 1, 0, "19 size=8589934592\n");
        check(0, u64::MAX, "30 mtime=18446744073709551615\n");
    }
}
