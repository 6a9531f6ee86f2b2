//! A wheel on a server of which only some parts are here: its members are listed at its end (APPNOTE.TXT, 4.3.6).

use std::cell::Cell;
use std::io;
use std::ops::Range;

use reqwest::StatusCode;
use reqwest::header::{CONTENT_RANGE, HeaderValue, RANGE};
use url::Url;

use super::transport::Request;
use super::{IndexError, Shared, beside};
use crate::http::ContentRange;
use crate::packages::wheel::ReadAt;

/// How much of a wheel's end is asked for first, in bytes: it holds the list of nearly all wheels, and often METADATA,
/// which build tools put last.
const TAIL: u64 = 32 << 10;

/// How much is asked for at least after that, in bytes.
const MORE: u64 = 16 << 10;

/// How much of the list is asked for at once, in bytes: a hundred of them stand for one member.
const LIST_LIMIT: u64 = 8 << 20;

/// How many parts are asked for: the end, the whole list, the member.
const PARTS: usize = 5;

/// The parts that are here.
struct Sparse {
    length: u64,
    parts: Vec<(u64, Vec<u8>)>,
    /// What was read for and is not here.
    missing: Cell<Option<Range<u64>>>,
}

impl Shared {
    /// Returns the metadata inside a wheel, of which only parts are asked for; `None` where the server has no parts.
    pub(super) async fn text_of_parts(
        &self,
        file: &str,
        url: &Url,
    ) -> Result<Option<Result<Vec<u8>, String>>, IndexError> {
        let Some((length, tail)) = self.part(file, url, format!("bytes=-{TAIL}"), TAIL).await? else { return Ok(None) };
        let mut sparse = Sparse { length, parts: vec![tail], missing: Cell::default() };
        for _ in 1..PARTS {
            let read = beside::inside(file, &sparse);
            let Some(missing) = sparse.missing.take() else { return Ok(Some(read)) };
            let Range { start, end } = sparse.worth_asking(missing);
            let range = format!("bytes={start}-{}", end - 1);
            let Some((_, part)) = self.part(file, url, range, end - start).await? else { return Ok(None) };
            sparse.parts.push(part);
        }
        Ok(None)
    }

    /// Returns the length of the whole, and a part of it with its offset.
    async fn part(
        &self,
        file: &str,
        url: &Url,
        range: String,
        length: u64,
    ) -> Result<Option<(u64, (u64, Vec<u8>))>, IndexError> {
        let mut request = Request::get(format!("read the metadata of `{file}`"), url);
        request.headers.extend(HeaderValue::from_str(&range).ok().map(|range| (RANGE, range)));
        // A server that does not know ranges sends all of it: what is longer than a part is left unread.
        let (answer, bytes) = match self.fetch(&request, length).await {
            Ok(fetched) => fetched,
            Err(IndexError::TooMuch { .. } | IndexError::Status { .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        let range = answer.header(CONTENT_RANGE).and_then(ContentRange::parse);
        Ok(match (answer.status, range) {
            (StatusCode::PARTIAL_CONTENT, Some(ContentRange { start, end, total: Some(total) }))
                if end - start == bytes.len() as u64 && end <= total =>
            {
                Some((total, (start, bytes)))
            }
            (StatusCode::OK, _) => Some((bytes.len() as u64, (0, bytes))),
            _ => None,
        })
    }
}

impl Sparse {
    /// Returns what is asked for when `missing` is read. The list comes first, and runs up to the end that is here.
    fn worth_asking(&self, missing: Range<u64>) -> Range<u64> {
        let known = self.parts.iter().map(|(start, _)| *start).filter(|start| *start > missing.start).min();
        let until = known.unwrap_or(self.length);
        let most = if self.parts.len() == 1 { LIST_LIMIT } else { MORE.max(missing.end - missing.start) };
        missing.start..until.min(missing.start + most)
    }
}

impl ReadAt for Sparse {
    fn size(&self) -> u64 {
        self.length
    }

    fn read_at(&self, offset: u64, length: u64) -> io::Result<Vec<u8>> {
        let end = offset.saturating_add(length).min(self.length);
        let (mut position, mut bytes) = (offset, Vec::new());
        while position < end {
            let holds = |(start, part): &&(u64, Vec<u8>)| (*start..start + part.len() as u64).contains(&position);
            let Some((start, part)) = self.parts.iter().find(holds) else {
                self.missing.set(Some(position..end));
                return Err(io::ErrorKind::WouldBlock.into());
            };
            let rest = &part[(position - start) as usize..];
            bytes.extend_from_slice(&rest[..rest.len().min((end - position) as usize)]);
            position = offset + bytes.len() as u64;
        }
        Ok(bytes)
    }
}
