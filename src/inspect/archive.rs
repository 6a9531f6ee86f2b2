//! A tar stream, entry by entry: names are bounded, contents are handed on or skipped.
//!
//! The `tar` crate reads the long name of an entry whole, however long it claims to be; a base may be anybody's.

use std::io::{self, ErrorKind, Read};

use tar::{EntryType, Header};

/// What headers and contents are padded to, in bytes.
const BLOCK: usize = 512;

/// The longest name, link or extended header, in bytes.
const LONGEST: u64 = 1 << 20;

/// What an entry is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    /// A regular file, and whether somebody may execute it.
    File { executable: bool },
    /// A directory.
    Directory,
    /// A symbolic link and what it names.
    Symlink(Vec<u8>),
    /// Another name of an entry before it.
    HardLink(Vec<u8>),
    /// A device, a FIFO.
    Other,
}

/// An entry's header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) path: Vec<u8>,
    pub(super) kind: Kind,
    /// The length of the content that follows, in bytes.
    pub(super) size: u64,
}

/// A tar stream.
pub(super) struct Archive<R> {
    stream: R,
    /// What of the last entry, padding included, was not read.
    rest: u64,
    padding: u64,
}

/// What extended headers say of the entry that follows them.
#[derive(Default)]
struct Extended {
    path: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
    size: Option<u64>,
}

impl<R: Read> Archive<R> {
    pub(super) fn new(stream: R) -> Self {
        Self { stream, rest: 0, padding: 0 }
    }

    /// Returns the next entry, whose content may then be read; nothing at the end.
    pub(super) fn next(&mut self) -> io::Result<Option<Entry>> {
        let mut extended = Extended::default();
        while let Some(header) = self.header()? {
            let kind = header.entry_type();
            match kind {
                EntryType::GNULongName => extended.path = Some(self.name()?),
                EntryType::GNULongLink => extended.link = Some(self.name()?),
                EntryType::XHeader => extended.read(&self.small()?)?,
                EntryType::XGlobalHeader => {}
                _ => return self.entry(&header, extended).map(Some),
            }
        }
        Ok(None)
    }

    fn entry(&mut self, header: &Header, extended: Extended) -> io::Result<Entry> {
        if header.entry_type().is_gnu_sparse() {
            self.skip_sparse_maps(header)?;
        }
        let path = extended.path.unwrap_or_else(|| header.path_bytes().into_owned());
        let link = || extended.link.clone().or_else(|| header.link_name_bytes().map(|name| name.into_owned()));
        let kind = match header.entry_type() {
            EntryType::Directory => Kind::Directory,
            EntryType::Symlink => Kind::Symlink(link().unwrap_or_default()),
            EntryType::Link => Kind::HardLink(link().unwrap_or_default()),
            EntryType::Block | EntryType::Char | EntryType::Fifo => Kind::Other,
            // Old archives name a directory with a slash at the end; a long name's beginning may end in one as well.
            EntryType::Regular if path.ends_with(b"/") => Kind::Directory,
            _ => Kind::File { executable: header.mode().unwrap_or(0o755) & 0o111 != 0 },
        };
        match kind {
            Kind::File { .. } => self.expect(extended.size.unwrap_or(self.rest)),
            // What a header without content says of its size is to be ignored.
            _ => self.expect(0),
        }
        Ok(Entry { path, kind, size: self.rest })
    }

    fn expect(&mut self, size: u64) {
        self.rest = size;
        self.padding = size.wrapping_neg() % BLOCK as u64;
    }

    /// Returns the next header, `None` at the end, which is a block of zeros or nothing.
    fn header(&mut self) -> io::Result<Option<Header>> {
        self.skip()?;
        let mut header = Header::new_old();
        if !fill(&mut self.stream, header.as_mut_bytes())? || header.as_bytes().iter().all(|byte| *byte == 0) {
            return Ok(None);
        }
        if header.cksum().ok() != Some(sum(header.as_bytes())) {
            return Err(malformed("one of its headers is none of tar's"));
        }
        self.expect(header.entry_size().map_err(|_| malformed("an entry has no size"))?);
        Ok(Some(header))
    }

    /// Skips what was not read of the last entry.
    fn skip(&mut self) -> io::Result<()> {
        let left = self.rest + self.padding;
        let skipped = io::copy(&mut self.stream.by_ref().take(left), &mut io::sink())?;
        (self.rest, self.padding) = (0, 0);
        if skipped == left { Ok(()) } else { Err(cut_off()) }
    }

    /// The maps of a sparse file that did not fit into its header stand before its content.
    fn skip_sparse_maps(&mut self, header: &Header) -> io::Result<()> {
        let mut more = header.as_gnu().is_some_and(|header| header.is_extended());
        while more {
            let mut map = [0; BLOCK];
            if !fill(&mut self.stream, &mut map)? {
                return Err(cut_off());
            }
            more = map[504] == 1;
        }
        Ok(())
    }

    fn name(&mut self) -> io::Result<Vec<u8>> {
        let mut name = self.small()?;
        while name.last() == Some(&0) {
            name.pop();
        }
        Ok(name)
    }

    /// Reads a content that is small, or wrong.
    fn small(&mut self) -> io::Result<Vec<u8>> {
        if self.rest > LONGEST {
            return Err(malformed("a name or an extended header has more than 1 MiB"));
        }
        let mut bytes = Vec::new();
        self.read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

/// Reads the content of the entry.
impl<R: Read> Read for Archive<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.rest).unwrap_or(usize::MAX).min(buffer.len());
        if most == 0 {
            return Ok(0);
        }
        let count = self.stream.read(&mut buffer[..most])?;
        if count == 0 {
            return Err(cut_off());
        }
        self.rest -= count as u64;
        Ok(count)
    }
}

impl Extended {
    fn read(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut left = bytes;
        while !left.is_empty() {
            let (record, after) = record(left).ok_or_else(|| malformed("an extended header is malformed"))?;
            match record {
                (b"path" | b"GNU.sparse.name", value) => self.path = Some(value.to_vec()),
                (b"linkpath", value) => self.link = Some(value.to_vec()),
                (b"size", value) => self.size = std::str::from_utf8(value).ok().and_then(|text| text.parse().ok()),
                _ => {}
            }
            left = after;
        }
        Ok(())
    }
}

/// The key and value of an extended header's record.
type Record<'a> = (&'a [u8], &'a [u8]);

/// Splits off the record that `bytes` begin with: `LENGTH KEY=VALUE\n`, whose value may be any bytes (POSIX, "pax
/// extended header"). The `tar` crate takes a line feed in the value, as capabilities have it, for the end.
fn record(bytes: &[u8]) -> Option<(Record<'_>, &[u8])> {
    let space = bytes.iter().take(20).position(|byte| *byte == b' ')?;
    let length: usize = std::str::from_utf8(&bytes[..space]).ok()?.parse().ok()?;
    let (record, after) = bytes.split_at_checked(length)?;
    let record = record.strip_suffix(b"\n")?.get(space + 1..)?;
    let equals = record.iter().position(|byte| *byte == b'=')?;
    Some(((&record[..equals], &record[equals + 1..]), after))
}

/// Fills `block`; `false` when there is nothing left.
fn fill(stream: &mut impl Read, block: &mut [u8]) -> io::Result<bool> {
    let mut filled = 0;
    while filled < block.len() {
        match stream.read(&mut block[filled..]) {
            Ok(0) if filled == 0 => return Ok(false),
            Ok(0) => return Err(cut_off()),
            Ok(count) => filled += count,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(true)
}

/// The sum of a header's bytes, those of the sum itself taken as spaces.
fn sum(header: &[u8]) -> u32 {
    let value = |(at, byte): (usize, &u8)| if (148..156).contains(&at) { 32 } else { u32::from(*byte) };
    header.iter().enumerate().map(value).sum()
}

fn malformed(reason: &str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, format!("it is no tar archive: {reason}"))
}

fn cut_off() -> io::Error {
    io::Error::new(ErrorKind::UnexpectedEof, "it ends in the middle of an entry")
}
