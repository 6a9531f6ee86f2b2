//! What a layer's blob unpacks to, whatever a config says.

use std::io::{self, BufReader, Read, Write as _};

use flate2::read::MultiGzDecoder;
use leoflow_layers::{Blob, DiffId, HashingWriter, Layer};

use super::store::blob_path;
use super::{Layout, LayoutError, StoredImage};
use crate::image::{BaseLayer, LayerSource};

impl Layout {
    /// Fails when an image says that it ends in `layer`, and its blob is something else. The blob's digest must have
    /// been checked.
    ///
    /// # Errors
    /// When it unpacks to something else, or cannot be unpacked here.
    pub fn check_top(&self, image: &StoredImage, layer: &Layer) -> Result<(), LayoutError> {
        let Some(BaseLayer { descriptor, diff_id, from: LayerSource::Local(blob) }) = &image.top else { return Ok(()) };
        if *diff_id != layer.diff_id || descriptor.digest == layer.digest {
            return Ok(());
        }
        if magic(blob) == [0x28, 0xb5, 0x2f, 0xfd] {
            return Err(LayoutError::Opaque { path: self.store.path.clone(), digest: descriptor.digest });
        }
        let name = blob_path(descriptor.digest);
        // One byte more tells it apart, however much there is.
        match self.unpacked(&name, blob, layer.uncompressed_size.saturating_add(1))? == layer.diff_id {
            true => Ok(()),
            false => Err(self.store.malformed(&name, format!("it does not unpack to {diff_id}, as the config says"))),
        }
    }

    /// Returns the identity of what a plain or gzip layer unpacks to, up to `limit` bytes of it.
    pub(super) fn unpacked(&self, name: &str, blob: &Blob, limit: u64) -> Result<DiffId, LayoutError> {
        let mut hash = HashingWriter::new(io::sink());
        let reader = BufReader::with_capacity(1 << 18, blob.reader());
        let copied = match magic(blob) {
            [0x1f, 0x8b, ..] => io::copy(&mut MultiGzDecoder::new(reader).take(limit), &mut hash),
            _ => io::copy(&mut reader.take(limit), &mut hash),
        };
        copied.and_then(|_| hash.flush()).map_err(|error| self.store.malformed(name, error))?;
        Ok(hash.finish_diff_id().1)
    }
}

/// Tells how a blob is compressed; zeros when it is too short for that.
fn magic(blob: &Blob) -> [u8; 4] {
    let mut magic = [0; 4];
    blob.reader().read_exact(&mut magic).map_or([0; 4], |()| magic)
}
