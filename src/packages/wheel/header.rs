//! The two headers that a zip archive has of each file (APPNOTE.TXT, sections 4.3.7, 4.3.12 and 4.5).

use super::bytes::Fields;

const CENTRAL: &[u8] = b"PK\x01\x02";
const LOCAL: &[u8] = b"PK\x03\x04";

/// How long a local header is before its name.
pub(super) const LOCAL_LENGTH: usize = 30;

/// Flags (section 4.4.4): encrypted, sizes follow the bytes, encrypted strongly, header encrypted.
const ENCRYPTED: u16 = 1 | 1 << 6 | 1 << 13;
const SIZES_FOLLOW: u16 = 1 << 3;

/// What a 32-bit field says when ZIP64's extra field says it instead.
const IN_EXTRA: u64 = u32::MAX as u64;

/// A file as the central directory has it.
#[derive(Debug, Clone)]
pub(super) struct Header<'a> {
    pub(super) name: &'a [u8],
    flags: u16,
    pub(super) method: u16,
    pub(super) crc32: u32,
    pub(super) packed: u64,
    pub(super) size: u64,
    /// Where its local header is.
    pub(super) offset: u64,
    /// The file's mode as Unix has it, where a Unix wrote it.
    pub(super) mode: u32,
}

impl<'a> Header<'a> {
    /// Takes the next header of the central directory.
    pub(super) fn take(directory: &mut Fields<'a>) -> Option<Self> {
        if directory.take(4)? != CENTRAL {
            return None;
        }
        let (system, _needed) = (directory.u16()? >> 8, directory.u16()?);
        let (flags, method) = (directory.u16()?, directory.u16()?);
        let (_time, crc32) = (directory.u32()?, directory.u32()?);
        let (packed, size) = (directory.u32()?.into(), directory.u32()?.into());
        let (name, extra, comment) = (directory.u16()?, directory.u16()?, directory.u16()?);
        let (disk, _text) = (directory.u16()?, directory.u16()?);
        let (attributes, offset) = (directory.u32()?, directory.u32()?.into());
        let name = directory.take(name.into())?;
        let extra = directory.take(extra.into())?;
        directory.take(comment.into())?;
        // Unix (3) and macOS (19) keep the mode in the upper half.
        let mode = if matches!(system, 3 | 19) { attributes >> 16 } else { 0 };
        let header = Self { name, flags, method, crc32, packed, size, offset, mode };
        if disk == 0 { header.completed(extra) } else { None }
    }

    /// Takes from the extra fields what did not fit.
    fn completed(mut self, extra: &[u8]) -> Option<Self> {
        let zip64 = zip64(extra, self.name)?;
        let mut fields = Fields(zip64);
        for field in [&mut self.size, &mut self.packed, &mut self.offset] {
            if *field == IN_EXTRA {
                *field = fields.u64()?;
            }
        }
        Some(self)
    }

    pub(super) fn is_encrypted(&self) -> bool {
        self.flags & ENCRYPTED != 0
    }

    /// Returns how long the local header is, if it says the same of the file as this one.
    pub(super) fn local_length(&self, local: &[u8]) -> Option<u64> {
        let mut fields = Fields(local.strip_prefix(LOCAL)?);
        let (_needed, flags, method) = (fields.u16()?, fields.u16()?, fields.u16()?);
        let (_time, crc32) = (fields.u32()?, fields.u32()?);
        let (packed, size) = (fields.u32()?.into(), fields.u32()?.into());
        let (name, extra) = (fields.u16()?, fields.u16()?);
        let same = |found: u64, stated: u64| found == stated || found == IN_EXTRA;
        let sizes =
            flags & SIZES_FOLLOW != 0 || crc32 == self.crc32 && same(packed, self.packed) && same(size, self.size);
        let agrees = method == self.method && flags & ENCRYPTED == 0 && fields.take(name.into())? == self.name && sizes;
        agrees.then_some(LOCAL_LENGTH as u64 + u64::from(name) + u64::from(extra))
    }
}

/// Returns the contents of ZIP64's extra field, nothing if there is none; no archive may have two of them, and none may
/// give the file a second name (Info-ZIP's "Unicode Path").
fn zip64<'a>(extra: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    const ZIP64: u16 = 1;
    const UNICODE_PATH: u16 = 0x7075;
    let mut fields = Fields(extra);
    let mut found = None;
    // Some tools pad with fewer bytes than a field has.
    while fields.0.len() >= 4 {
        let (id, length) = (fields.u16()?, fields.u16()?);
        let content = fields.take(length.into())?;
        match id {
            ZIP64 if found.is_some() => return None,
            ZIP64 => found = Some(content),
            UNICODE_PATH if content.get(5..) != Some(name) => return None,
            _ => {}
        }
    }
    Some(found.unwrap_or_default())
}
