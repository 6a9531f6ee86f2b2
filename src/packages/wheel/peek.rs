//! METADATA out of a wheel that need not be here as a whole: what decides on a wheel is found as an install finds it.

use super::WheelError;
use super::directory::Directory;
use super::header::Header;
use super::read_at::ReadAt;
use crate::layers::{Blob, Member};

/// No METADATA is longer, in bytes, packed or not.
const LIMIT: u64 = 16 << 20;

/// Returns the text of METADATA in the wheel `wheel`, whose bytes are `archive`.
///
/// # Errors
/// When it is no sound zip archive, has not one METADATA, or lacks the bytes of it.
pub fn metadata(archive: &impl ReadAt, wheel: &str) -> Result<Vec<u8>, WheelError> {
    let directory = Directory { archive, wheel };
    let end = directory.end()?;
    let bytes = directory.bytes(end.offset, end.size)?;
    let headers = directory.headers(&bytes, end.count)?;
    let found = one(&headers).map_err(|reason| WheelError::Layout { wheel: wheel.to_owned(), reason })?;
    let member = member(&directory, found)?;
    member.read().map_err(|error| WheelError::Unpack { wheel: wheel.to_owned(), member: "METADATA".to_owned(), error })
}

fn one<'a, 'd>(headers: &'a [Header<'d>]) -> Result<&'a Header<'d>, String> {
    let is_it = |header: &&Header<'_>| {
        let above = header.name.strip_suffix(b"/METADATA");
        above.is_some_and(|above| above.ends_with(b".dist-info") && !above.contains(&b'/'))
    };
    let mut found = headers.iter().filter(is_it);
    match (found.next(), found.next()) {
        (Some(one), None) if one.size.max(one.packed) <= LIMIT => Ok(one),
        (Some(one), None) => Err(format!("its METADATA has {} bytes", one.size)),
        (Some(_), Some(_)) => Err("it has two METADATA".to_owned()),
        (None, _) => Err("it has no METADATA".to_owned()),
    }
}

fn member(directory: &Directory<'_, impl ReadAt>, header: &Header<'_>) -> Result<Member, WheelError> {
    let method = directory.method(header)?;
    let packed = Blob::from_bytes(directory.bytes(directory.start(header)?, header.packed)?);
    Ok(Member { archive: directory.wheel.into(), packed, method, size: header.size, crc32: header.crc32 })
}
