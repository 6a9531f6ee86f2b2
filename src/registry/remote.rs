//! A blob of another registry, handed on as it arrives: hashed and measured on the way, never on the disk.

use std::io::{self, Write as _};

use bytes::Bytes;
use futures_util::stream::{self, Stream};
use leoflow_layers::HashingWriter;

use super::error::{RegistryError, shown};
use super::session::Session;
use super::transport::Answer;
use crate::image::Descriptor;

/// A blob and where it is.
pub(super) struct RemoteBlob {
    pub(super) source: Session,
    pub(super) descriptor: Descriptor,
}

/// A body being checked against its descriptor.
struct Checked {
    answer: Answer,
    descriptor: Descriptor,
    hash: HashingWriter<io::Sink>,
    seen: u64,
    done: bool,
}

impl RemoteBlob {
    /// Asks for the blob and returns its pieces; the last one is only handed on when size and digest are right, so
    /// that a wrong blob never is complete where it is sent.
    pub(super) async fn open(
        &self,
    ) -> Result<impl Stream<Item = Result<Bytes, RegistryError>> + Send + 'static, RegistryError> {
        let answer = self.source.get_blob(&self.descriptor).await?;
        let hash = HashingWriter::new(io::sink());
        let checked = Checked { answer, descriptor: self.descriptor.clone(), hash, seen: 0, done: false };
        Ok(stream::try_unfold(
            checked,
            |mut checked| async move { Ok(checked.next().await?.map(|chunk| (chunk, checked))) },
        ))
    }
}

impl Checked {
    async fn next(&mut self) -> Result<Option<Bytes>, RegistryError> {
        if self.done {
            return Ok(None);
        }
        let Some(chunk) = self.answer.chunk().await? else {
            return Err(self.wrong_size());
        };
        self.seen += chunk.len() as u64;
        if self.seen > self.descriptor.size {
            return Err(self.wrong_size());
        }
        // Writing to a sink cannot fail.
        let _ = self.hash.write_all(&chunk);
        if self.seen == self.descriptor.size {
            self.check_digest()?;
            self.done = true;
        }
        Ok(Some(chunk))
    }

    fn check_digest(&mut self) -> Result<(), RegistryError> {
        let hash = std::mem::replace(&mut self.hash, HashingWriter::new(io::sink()));
        let (_, found, _) = hash.finish();
        if found == self.descriptor.digest {
            return Ok(());
        }
        let (attempted, url) = (self.answer.attempted.to_string(), shown(&self.answer.url));
        Err(RegistryError::WrongDigest { attempted, url, expected: self.descriptor.digest, found })
    }

    fn wrong_size(&self) -> RegistryError {
        RegistryError::WrongSize {
            attempted: self.answer.attempted.to_string(),
            url: shown(&self.answer.url),
            expected: self.descriptor.size,
            found: self.seen,
        }
    }
}
