//! A wheel on a server of which only some parts are here: its members are listed at its end (APPNOTE.TXT, 4.3.6).

use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;

use reqwest::StatusCode;
use reqwest::header::{CONTENT_RANGE, HeaderValue, RANGE};
use url::Url;

use super::transport::Request;
use super::{IndexError, Shared, beside};
use crate::http::ContentRange;

/// How much of a wheel's end is asked for first, in bytes: it holds the list of nearly all wheels, and often METADATA,
/// which build tools put last.
const TAIL: u64 = 32 << 10;

/// How much is asked for at least after that, in bytes.
const MORE: u64 = 16 << 10;

/// How many parts are asked for: the end, the whole list, the member.
const PARTS: usize = 5;

/// The parts that are here.
struct Sparse {
    length: u64,
    parts: Vec<(u64, Vec<u8>)>,
    position: u64,
    /// What was read for and is not here.
    missing: Option<Range<u64>>,
}

impl Shared {
    /// Returns the metadata inside a wheel, of which only parts are asked for; `None` where the server has no parts.
    pub(super) async fn from_parts(
        &self,
        file: &str,
        url: &Url,
    ) -> Result<Option<Result<Vec<u8>, String>>, IndexError> {
        let Some((length, tail)) = self.part(file, url, format!("bytes=-{TAIL}")).await? else { return Ok(None) };
        let mut sparse = Sparse { length, parts: vec![tail], position: 0, missing: None };
        for _ in 0..PARTS {
            let read = beside::inside(&mut sparse);
            let Some(Range { start, end }) = sparse.missing.take() else { return Ok(Some(read)) };
            let last = end.max(start + MORE).min(length) - 1;
            let Some((_, part)) = self.part(file, url, format!("bytes={start}-{last}")).await? else { return Ok(None) };
            sparse.parts.push(part);
        }
        Ok(None)
    }

    /// Returns the length of the whole, and a part of it with its offset.
    async fn part(&self, file: &str, url: &Url, range: String) -> Result<Option<(u64, (u64, Vec<u8>))>, IndexError> {
        let mut request = Request::get(format!("read the metadata of `{file}`"), url);
        request.headers.extend(HeaderValue::from_str(&range).ok().map(|range| (RANGE, range)));
        // A server that does not know ranges sends all of it: what is longer than a part is left unread.
        let (answer, bytes) = match self.fetch(&request, 2 * TAIL).await {
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

impl Read for Sparse {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let wanted = (buffer.len() as u64).min(self.length.saturating_sub(self.position));
        if wanted == 0 {
            return Ok(0);
        }
        let position = self.position;
        let holds = |(start, part): &&(u64, Vec<u8>)| (*start..start + part.len() as u64).contains(&position);
        let Some((start, part)) = self.parts.iter().find(holds) else {
            self.missing = Some(position..position + wanted);
            return Err(io::ErrorKind::WouldBlock.into());
        };
        let count = (&part[(position - start) as usize..]).read(buffer)?;
        self.position += count as u64;
        Ok(count)
    }
}

impl Seek for Sparse {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::End(offset) => self.length.checked_add_signed(offset),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
        };
        self.position = position.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}
