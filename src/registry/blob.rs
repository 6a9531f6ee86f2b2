//! A blob of a registry for whoever wants its bytes: begun again where the connection broke off.

use std::pin::Pin;
use std::sync::Arc;

use bytes::{Buf as _, Bytes};
use futures_util::stream::{self, Stream, StreamExt as _};
use tokio::time::timeout_at;

use super::error::{RegistryError, short};
use super::remote::RemoteBlob;
use super::retry::Retry;
use super::session::{Operation, Session};
use super::{Cause, Client, Event, Shared};
use crate::image::Descriptor;
use crate::reference::Repository;

type Chunks = Pin<Box<dyn Stream<Item = Result<Bytes, RegistryError>> + Send>>;

/// A blob that is being read.
struct Reading {
    shared: Arc<Shared>,
    operation: Arc<Operation>,
    repository: Repository,
    descriptor: Descriptor,
    /// What an answer still has to give, once it has begun.
    chunks: Option<Chunks>,
    /// How many bytes were handed on.
    handed_on: u64,
    /// How many bytes of this answer were handed on before.
    repeated: u64,
}

impl Client {
    /// Returns the blob's pieces, each when it is asked for; the last one only if size and digest are right. All of it
    /// has to arrive within the deadline of one pull.
    pub fn blob(
        &self,
        repository: &Repository,
        descriptor: &Descriptor,
    ) -> impl Stream<Item = Result<Bytes, RegistryError>> + use<> {
        let (digest, size) = (descriptor.digest, descriptor.size);
        (self.shared.options.observer)(Event::Started { digest, size, streamed: true });
        let reading = Reading {
            shared: Arc::clone(&self.shared),
            operation: self.operation(),
            repository: repository.clone(),
            descriptor: descriptor.clone(),
            chunks: None,
            handed_on: 0,
            repeated: 0,
        };
        stream::try_unfold(reading, |mut reading| async move {
            Ok(reading.within_deadline().await?.map(|chunk| (chunk, reading)))
        })
    }
}

impl Reading {
    async fn within_deadline(&mut self) -> Result<Option<Bytes>, RegistryError> {
        let (deadline, operation) = (self.operation.deadline, Arc::clone(&self.operation));
        let next = timeout_at(deadline, self.next()).await;
        next.unwrap_or_else(|_| {
            let attempted = format!("read layer {} of {}", short(&self.descriptor.digest), self.repository);
            let (limit, last) = (self.shared.options.deadline, operation.last_failure());
            Err(RegistryError::Deadline { attempted, limit, last })
        })
    }

    /// Returns the next piece; whatever moves on starts the counting of failures anew.
    async fn next(&mut self) -> Result<Option<Bytes>, RegistryError> {
        let (shared, operation) = (Arc::clone(&self.shared), Arc::clone(&self.operation));
        let mut retry = Retry::new(&shared.options, &operation);
        loop {
            match self.attempt().await {
                Ok(chunk) => return Ok(chunk.inspect(|chunk| self.tell(chunk))),
                Err(error) => {
                    self.chunks = None;
                    retry.after(error).await?;
                }
            }
        }
    }

    async fn attempt(&mut self) -> Result<Option<Bytes>, RegistryError> {
        if self.chunks.is_none() {
            self.chunks = Some(self.open().await?);
            self.repeated = self.handed_on;
        }
        let Some(chunks) = &mut self.chunks else { return Ok(None) };
        while let Some(chunk) = chunks.next().await {
            let mut chunk = chunk?;
            let known = self.repeated.min(chunk.len() as u64);
            self.repeated -= known;
            chunk.advance(known as usize);
            if !chunk.is_empty() {
                self.handed_on += chunk.len() as u64;
                return Ok(Some(chunk));
            }
        }
        Ok(None)
    }

    /// Asks for the blob, over TLS if that turns out to be what its host speaks.
    async fn open(&self) -> Result<Chunks, RegistryError> {
        loop {
            let source = Session::new(&self.shared, &self.repository, &self.operation)?;
            let blob = RemoteBlob { source, descriptor: self.descriptor.clone() };
            match blob.open().await {
                Ok(chunks) => return Ok(Box::pin(chunks)),
                Err(RegistryError::Unreachable { host, cause: Cause::NotPlainHttp, .. })
                    if self.shared.tls_hosts.learn(&host) => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn tell(&self, chunk: &Bytes) {
        let (digest, size, bytes) = (self.descriptor.digest, self.descriptor.size, chunk.len() as u64);
        (self.shared.options.observer)(Event::Sent { digest, bytes });
        if self.handed_on == size {
            (self.shared.options.observer)(Event::Uploaded { digest, size });
        }
    }
}
