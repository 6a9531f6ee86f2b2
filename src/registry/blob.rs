//! A blob of a registry for whoever wants its bytes: from a mirror or from its home, over TLS if that is what it speaks.

use std::io::{self, Write as _};
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::stream::{self, Stream, StreamExt as _};
use leoflow_layers::HashingWriter;
use tokio::time::timeout_at;

use super::error::{RegistryError, short};
use super::reading::Hash;
use super::remote::RemoteBlob;
use super::session::Operation;
use super::{Client, Event, Shared, mirrors};
use crate::image::Descriptor;
use crate::reference::Repository;

type Chunks = Pin<Box<dyn Stream<Item = Result<Bytes, RegistryError>> + Send>>;

/// A blob that is being read.
struct Reading {
    shared: Arc<Shared>,
    operation: Arc<Operation>,
    repository: Repository,
    descriptor: Descriptor,
    /// Who is asked, and what is left of the answer; nobody before the beginning and after a failure.
    current: Option<(Arc<RemoteBlob>, Chunks)>,
    /// How many bytes were handed on.
    handed_on: u64,
    /// The hash of these: each source only vouches for its own.
    hash: Hash,
    /// The URL of the first source that broke off after some of it was handed on.
    begun_at: Option<String>,
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
            current: None,
            handed_on: 0,
            hash: HashingWriter::new(io::sink()),
            begun_at: None,
        };
        stream::try_unfold(reading, |mut reading| async move {
            Ok(reading.within_deadline().await?.map(|chunk| (chunk, reading)))
        })
    }
}

impl Reading {
    async fn within_deadline(&mut self) -> Result<Option<Bytes>, RegistryError> {
        let (deadline, operation) = (self.operation.deadline, Arc::clone(&self.operation));
        let next = timeout_at(deadline, self.next()).await.unwrap_or_else(|_| {
            let attempted = format!("read layer {} of {}", short(&self.descriptor.digest), self.repository);
            let (limit, last) = (self.shared.options.deadline, operation.last_failure());
            Err(RegistryError::Deadline { attempted, limit, last })
        });
        next.map_err(|error| error.without(&self.shared.authority.presented))
    }

    /// Returns the next piece, from the next source once one is passed over.
    async fn next(&mut self) -> Result<Option<Bytes>, RegistryError> {
        loop {
            let (blob, chunks) = match &mut self.current {
                Some(current) => current,
                None => match self.begin().await? {
                    Some(current) => self.current.insert(current),
                    None => continue,
                },
            };
            match chunks.next().await {
                None => return Ok(None),
                Some(Ok(chunk)) => {
                    let blob = Arc::clone(blob);
                    return self.handed(&blob, chunk).map(Some);
                }
                Some(Err(error)) => {
                    let blob = Arc::clone(blob);
                    self.current = None;
                    self.broke_off(&blob, error)?;
                }
            }
        }
    }

    /// Asks for what is missing; `None` when somebody else, or another scheme, is to be asked.
    async fn begin(&self) -> Result<Option<(Arc<RemoteBlob>, Chunks)>, RegistryError> {
        let source = mirrors::source_of(&self.shared, &self.operation, &self.repository, self.descriptor.digest)?;
        let blob = Arc::new(RemoteBlob::new(source, self.descriptor.clone()));
        match blob.open(self.handed_on..self.descriptor.size).await {
            Ok(chunks) => Ok(Some((blob, Box::pin(chunks)))),
            Err(error) if mirrors::learns_of_tls(&self.shared, &error) => Ok(None),
            Err(error) => go_on(&blob, error).map(|()| None),
        }
    }

    /// Fails unless the next source can make it whole: wrong bytes that were handed on cannot be taken back.
    fn broke_off(&mut self, blob: &RemoteBlob, error: RegistryError) -> Result<(), RegistryError> {
        let wrong = matches!(error, RegistryError::WrongDigest { .. } | RegistryError::WrongSize { .. });
        if self.handed_on > 0 && wrong {
            mirrors::was_a_mirrors(blob, &error);
            return Err(error);
        }
        if self.handed_on > 0 {
            self.begun_at.get_or_insert_with(|| blob.url());
        }
        go_on(blob, error)
    }

    fn handed(&mut self, blob: &RemoteBlob, chunk: Bytes) -> Result<Bytes, RegistryError> {
        let (digest, size, bytes) = (self.descriptor.digest, self.descriptor.size, chunk.len() as u64);
        self.handed_on += bytes;
        // Writing to a sink cannot fail.
        let _ = self.hash.write_all(&chunk);
        let whole = self.handed_on == size;
        if whole {
            self.check_whole(blob)?;
        }
        (self.shared.options.observer)(Event::Sent { digest, bytes });
        if whole {
            (self.shared.options.observer)(Event::Uploaded { digest, size });
        }
        Ok(chunk)
    }

    /// The last source has checked its own bytes; where another began, that one is to blame.
    fn check_whole(&self, blob: &RemoteBlob) -> Result<(), RegistryError> {
        let expected = self.descriptor.digest;
        let (_, found, _) = self.hash.clone().finish();
        if found == expected {
            return Ok(());
        }
        let url = self.begun_at.clone().unwrap_or_else(|| blob.url());
        Err(RegistryError::WrongDigest { attempted: blob.attempted(), url, expected, found })
    }
}

/// Fails unless it was a mirror that failed.
fn go_on(blob: &RemoteBlob, error: RegistryError) -> Result<(), RegistryError> {
    if mirrors::was_a_mirrors(blob, &error) { Ok(()) } else { Err(error) }
}
