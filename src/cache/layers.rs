//! Layers that were assembled before, by what they were assembled from.

use std::io::{self, BufReader};
use std::sync::Arc;

use leoflow_layers::{self as layers, AssembleError, AssembleOptions, Blob, Digest, FileSet, HashingWriter, Layer};

use super::directory::{Directory, Kind, Refusal, touch};
use super::listing::Listing;
use super::record::{Found, LayerKey, Record};
use super::{CHUNK, Cache, Open, discard, read};

/// Less than this is compressed faster than it is found, in bytes (`docs/decisions/cache.md`).
const WORTH_KEEPING: u64 = 128 << 10;

/// No record is larger, in bytes.
const RECORD_LIMIT: u64 = 1 << 20;

impl Cache {
    /// Returns the layer of `files`, whose contents are `bytes` long in all: as [`layers::assemble_watched`] does, but
    /// without compressing what was compressed before.
    ///
    /// Files are read once, unless they were packed before under the same names and at the same length in all, and
    /// differ all the same.
    ///
    /// # Errors
    /// As [`layers::assemble_watched`]; the cache has no part in them.
    pub fn assemble(
        &self,
        files: &FileSet,
        bytes: u64,
        options: &AssembleOptions,
        on_bytes: &dyn Fn(u64),
    ) -> Result<Layer, AssembleError> {
        match &self.0 {
            Some(cache) if bytes >= WORTH_KEEPING => cache.assemble(files, bytes, options, on_bytes),
            _ => layers::assemble_watched(files, options, on_bytes),
        }
    }

    /// Returns the layer of this key, if it was kept.
    #[must_use]
    pub fn layer(&self, key: &LayerKey) -> Option<Layer> {
        self.0.as_ref()?.layer(key)
    }

    /// Keeps a layer, if that is possible.
    pub fn keep_layer(&self, key: &LayerKey, layer: &Layer) {
        if let Some(cache) = &self.0 {
            cache.keep_layer(key, layer);
        }
    }
}

impl Open {
    fn assemble(
        &self,
        files: &FileSet,
        bytes: u64,
        options: &AssembleOptions,
        on_bytes: &dyn Fn(u64),
    ) -> Result<Layer, AssembleError> {
        let listing = Listing::of(files, bytes, options);
        let known = self.knows(&listing);
        if known {
            let (diff_id, _) = layers::diff_id(files, options.modified, on_bytes)?;
            if let Some(layer) = self.layer(&LayerKey::of_tar(&diff_id, options.compression)) {
                return Ok(layer);
            }
        }
        // Who was told of the bytes as they were hashed is not told again.
        let on_bytes = if known { &|_| {} } else { on_bytes };
        let layer = layers::assemble_watched(files, options, on_bytes)?;
        self.keep_layer(&LayerKey::of_tar(&layer.diff_id, options.compression), &layer);
        self.remember(&listing);
        Ok(layer)
    }

    fn layer(&self, key: &LayerKey) -> Option<Layer> {
        let Found { digest, diff_id, size, uncompressed_size, media_type } = self.record(key)?;
        let blob = self.blob(digest, size)?;
        Some(Layer { media_type, digest, diff_id, uncompressed_size, blob })
    }

    fn record(&self, key: &LayerKey) -> Option<Found> {
        let directory = self.directory(Kind::Keys)?;
        let file = directory.get(&key.hex())?;
        let found = Record::parse(&read(&file, RECORD_LIMIT).ok()?, key);
        match &found {
            Some(_) => touch(&file),
            None => discard(&directory, &key.hex()),
        }
        found
    }

    /// Returns the bytes of this digest; they are hashed here, and what is spoilt is removed.
    fn blob(&self, digest: Digest, size: u64) -> Option<Blob> {
        let directory = self.directory(Kind::Layers)?;
        let file = directory.get(&digest.hex())?;
        let has_size = file.metadata().is_ok_and(|metadata| metadata.len() == size);
        let file = Arc::new(file);
        let blob = Blob::of_file(Arc::clone(&file), 0, size);
        if !has_size || hash(&blob).ok() != Some(digest) {
            discard(&directory, &digest.hex());
            return None;
        }
        touch(&file);
        Some(blob)
    }

    /// The record comes last: it never names a layer that is not there yet.
    fn keep_layer(&self, key: &LayerKey, layer: &Layer) {
        if layer.blob.size() <= self.options.max_size {
            self.write(|| {
                self.put_blob(layer)?;
                let record = Record::of(key, layer).into_json().map_err(io::Error::from)?;
                self.put(Kind::Keys, &key.hex(), record.as_slice())
            });
        }
    }

    /// A spool file on the same disk is given a name; other bytes are copied.
    fn put_blob(&self, layer: &Layer) -> Result<(), Refusal> {
        let unfinished = Directory::create(self.root(), Kind::Unfinished)?;
        let adopted = layer.blob.unnamed_file().and_then(|file| unfinished.adopt(file).ok());
        let file = match adopted {
            Some(file) => file,
            None => {
                let mut file = unfinished.start()?;
                file.fill(layer.blob.reader())?;
                file
            }
        };
        Ok(file.finish(&Directory::create(self.root(), Kind::Layers)?, &layer.digest.hex())?)
    }
}

pub(super) fn hash(blob: &Blob) -> io::Result<Digest> {
    let mut hash = HashingWriter::new(io::sink());
    io::copy(&mut BufReader::with_capacity(CHUNK, blob.reader()), &mut hash)?;
    Ok(hash.finish().1)
}
