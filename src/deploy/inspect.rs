//! What a base has: read from its layers once, and remembered by the base's digest.

use std::io::{self, ErrorKind, Read};

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};
use tokio::sync::mpsc::{self, Receiver, Sender};

use super::{DeployError, Tools, apart};
use crate::image::{BaseImage, BaseLayer, LayerSource};
use crate::inspect::{Facts, InspectError, Inspection};
use crate::layers::{Blob, HashingWriter};
use crate::project::PythonVersion;
use crate::registry::RegistryError;

/// What the remembered facts are worth: another number, and they are read anew.
const FORMAT: &str = "facts 1";

/// How many pieces of a layer wait to be looked into.
const WAITING: usize = 16;

/// Returns what `base` has, looking for Python `python`. Its layers are read one after the other, and nothing of them is
/// kept but what comes of it.
///
/// # Errors
/// When a layer cannot be had, or does not unpack.
pub async fn facts(base: &BaseImage, python: PythonVersion, tools: &Tools<'_>) -> Result<Facts, DeployError> {
    let key = format!("{FORMAT} {} python {}", base.digest, python.as_str());
    tools.common.facts.get(key.clone(), look(key, base, python, tools)).await
}

async fn look(key: String, base: &BaseImage, python: PythonVersion, tools: &Tools<'_>) -> Result<Facts, DeployError> {
    let (cache, known) = (tools.cache.clone(), key.clone());
    let remembered = apart(move || Ok::<_, InspectError>(cache.facts(&known))).await?;
    if let Some(facts) = remembered.and_then(|json| serde_json::from_slice(&json).ok()) {
        return Ok(facts);
    }
    // On the heap, or the compiler gives up on how large the future of a whole deploy is.
    let facts = Box::pin(read(base, python, tools)).await?;
    let (cache, json) = (tools.cache.clone(), serde_json::to_vec(&facts));
    if let Ok(json) = json {
        apart(move || {
            cache.keep_facts(&key, &json);
            Ok::<_, InspectError>(())
        })
        .await?;
    }
    Ok(facts)
}

async fn read(base: &BaseImage, python: PythonVersion, tools: &Tools<'_>) -> Result<Facts, DeployError> {
    let mut inspection = Inspection::new(&base.config, python.as_str());
    for layer in &base.layers {
        inspection = match &layer.from {
            LayerSource::Local(blob) => local(inspection, layer, blob.clone()).await?,
            LayerSource::Registry(repository) => {
                remote(inspection, layer, tools.registry.blob(repository, &layer.descriptor)).await?
            }
        };
    }
    apart(move || Ok::<_, InspectError>(inspection.finish())).await
}

/// Reads a layer of this machine, and fails when it is not what its descriptor says.
async fn local(mut inspection: Inspection, layer: &BaseLayer, blob: Blob) -> Result<Inspection, DeployError> {
    let digest = layer.descriptor.digest;
    apart(move || {
        let mut bytes = Hashed { inner: blob.reader(), hash: HashingWriter::new(io::sink()) };
        inspection.layer(digest, &mut bytes)?;
        let (_, found, _) = bytes.hash.finish();
        let damaged = |found| io::Error::new(ErrorKind::InvalidData, format!("its digest is {found}"));
        if found == digest { Ok(inspection) } else { Err(InspectError::Layer { layer: digest, error: damaged(found) }) }
    })
    .await
}

/// Reads a layer as it arrives. Its last piece only does when size and digest are right.
async fn remote(
    mut inspection: Inspection,
    layer: &BaseLayer,
    pieces: impl Stream<Item = Result<Bytes, RegistryError>>,
) -> Result<Inspection, DeployError> {
    let digest = layer.descriptor.digest;
    let (sender, receiver) = mpsc::channel(WAITING);
    let inspected = apart(move || {
        let pieces = Pieces { receiver, piece: Bytes::new(), ended: false };
        inspection.layer(digest, pieces).map(|()| inspection)
    });
    let (sent, inspected) = tokio::join!(send(pieces, sender), inspected);
    // What is cut off is no tar archive either, but that is not why.
    sent.map_err(DeployError::Base)?;
    inspected
}

/// Hands pieces on until there are no more, or nobody wants them.
async fn send(
    pieces: impl Stream<Item = Result<Bytes, RegistryError>>,
    sender: Sender<Option<Bytes>>,
) -> Result<(), RegistryError> {
    let mut pieces = std::pin::pin!(pieces);
    while let Some(piece) = pieces.next().await {
        if sender.send(Some(piece?)).await.is_err() {
            return Ok(());
        }
    }
    // Who is gone does not want to know that it was all.
    let _ = sender.send(None).await;
    Ok(())
}

/// Pieces as they arrive, for who blocks.
struct Pieces {
    receiver: Receiver<Option<Bytes>>,
    piece: Bytes,
    ended: bool,
}

impl Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.piece.is_empty() && !self.ended {
            match self.receiver.blocking_recv() {
                Some(Some(piece)) => self.piece = piece,
                Some(None) => self.ended = true,
                None => return Err(ErrorKind::UnexpectedEof.into()),
            }
        }
        let count = self.piece.len().min(buffer.len());
        buffer[..count].copy_from_slice(&self.piece.split_to(count));
        Ok(count)
    }
}

/// Hashes what is read.
struct Hashed<R> {
    inner: R,
    hash: HashingWriter<io::Sink>,
}

impl<R: Read> Read for Hashed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        io::Write::write_all(&mut self.hash, &buffer[..count])?;
        Ok(count)
    }
}
