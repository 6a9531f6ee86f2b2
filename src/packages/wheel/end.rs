//! The end of a zip archive, which says where its directory is (APPNOTE.TXT, sections 4.3.14 to 4.3.16).

use std::io;

use super::bytes::Fields;
use super::read_at::ReadAt;

const END: &[u8] = b"PK\x05\x06";
const END_LENGTH: usize = 22;
const ZIP64_LOCATOR: &[u8] = b"PK\x06\x07";
const ZIP64_LOCATOR_LENGTH: usize = 20;
const ZIP64_END: &[u8] = b"PK\x06\x06";
const ZIP64_END_LENGTH: usize = 56;

/// How far from the end it is looked for, in bytes: hardly any archive has a comment, and none has a longer one.
const ROOMS: [usize; 2] = [4 << 10, END_LENGTH + u16::MAX as usize + ZIP64_LOCATOR_LENGTH];

/// Where the central directory is.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct End {
    /// How many files it lists.
    pub(super) count: u64,
    /// How long it is, in bytes.
    pub(super) size: u64,
    /// Where it begins.
    pub(super) offset: u64,
}

const NO_END: &str = "it has no end of central directory, or is cut off";

/// Why there is no telling.
pub(super) enum EndError {
    Read(io::Error),
    Unsound(&'static str),
}

impl From<io::Error> for EndError {
    fn from(error: io::Error) -> Self {
        Self::Read(error)
    }
}

/// Finds the directory; it must fill all the room up to the records of the end, so that there is only one to be found.
pub(super) fn find(archive: &impl ReadAt) -> Result<End, EndError> {
    let (start, tail, at) = locate_end(archive)?.ok_or(EndError::Unsound(NO_END))?;
    let short = parse(&tail[at..]).ok_or(EndError::Unsound("its end of central directory is damaged"))?;
    let locator = at.checked_sub(ZIP64_LOCATOR_LENGTH).map(|from| &tail[from..at]);
    let (end, until) = match locator.filter(|locator| locator.starts_with(ZIP64_LOCATOR)) {
        Some(locator) => zip64(archive, locator, &short)?,
        None => (short, start + at as u64),
    };
    match end.offset.checked_add(end.size) {
        Some(reached) if reached == until => Ok(end),
        _ => Err(EndError::Unsound("its central directory is not where its end says")),
    }
}

/// Returns the archive's last bytes, where they begin, and where among them the record of the end is.
fn locate_end(archive: &impl ReadAt) -> io::Result<Option<(u64, Vec<u8>, usize)>> {
    for room in ROOMS {
        let start = archive.size().saturating_sub(room as u64);
        let tail = archive.read_at(start, room as u64)?;
        // What stands before the record belongs to it where it is ZIP64's.
        match position(&tail).filter(|at| start == 0 || *at >= ZIP64_LOCATOR_LENGTH) {
            Some(at) => return Ok(Some((start, tail, at))),
            None if start == 0 => return Ok(None),
            None => {}
        }
    }
    Ok(None)
}

/// Returns where the record is whose comment reaches to the very end of the file.
fn position(tail: &[u8]) -> Option<usize> {
    let last = tail.len().checked_sub(END_LENGTH)?;
    (0..=last).rev().find(|at| {
        let record = &tail[*at..];
        let comment = usize::from(u16::from_le_bytes([record[20], record[21]]));
        record.starts_with(END) && record.len() == END_LENGTH + comment
    })
}

/// Reads the record of the end, whose fields are all ones where ZIP64's count.
fn parse(record: &[u8]) -> Option<End> {
    let mut fields = Fields(record.get(4..)?);
    let (disk, first) = (fields.u16()?, fields.u16()?);
    let (here, count) = (fields.u16()?, fields.u16()?);
    let (size, offset) = (fields.u32()?, fields.u32()?);
    let one_disk = (disk, first) == (0, 0) && here == count;
    one_disk.then_some(End { count: count.into(), size: size.into(), offset: offset.into() })
}

/// Reads ZIP64's record, and returns where it begins; the short one may leave a field to it, and not contradict it.
fn zip64(archive: &impl ReadAt, locator: &[u8], short: &End) -> Result<(End, u64), EndError> {
    let damaged = EndError::Unsound("its ZIP64 end of central directory is damaged");
    let Some(at) = locate(locator) else { return Err(damaged) };
    let record = archive.read_at(at, ZIP64_END_LENGTH as u64)?;
    let Some(end) = parse_zip64(&record) else { return Err(damaged) };
    let agrees = |short: u64, most: u64, long: u64| short == most || short == long;
    let agree = agrees(short.count, u16::MAX.into(), end.count)
        && agrees(short.size, u32::MAX.into(), end.size)
        && agrees(short.offset, u32::MAX.into(), end.offset);
    if agree {
        Ok((end, at))
    } else {
        Err(EndError::Unsound("its two ends of central directory contradict each other"))
    }
}

fn locate(locator: &[u8]) -> Option<u64> {
    let mut fields = Fields(locator.get(4..)?);
    let (disk, at, disks) = (fields.u32()?, fields.u64()?, fields.u32()?);
    (disk == 0 && disks <= 1).then_some(at)
}

fn parse_zip64(record: &[u8]) -> Option<End> {
    let mut fields = Fields(record.strip_prefix(ZIP64_END)?);
    // Its own length and the versions of who wrote it.
    fields.take(8 + 2 + 2)?;
    let (disk, first) = (fields.u32()?, fields.u32()?);
    let (here, count) = (fields.u64()?, fields.u64()?);
    let (size, offset) = (fields.u64()?, fields.u64()?);
    ((disk, first) == (0, 0) && here == count).then_some(End { count, size, offset })
}
