//! What a layer is found by, and what stands there.

use leoflow_layers::{Compression, DiffId, Digest, Layer};
use serde::{Deserialize, Serialize};

/// All that the bytes of a layer depend on: two layers of one key are the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LayerKey {
    compression: Compression,
    text: String,
}

impl LayerKey {
    /// Returns the key of what `content` says in full, in a form that says it in one way only: the digests of packages,
    /// say, in their order.
    #[must_use]
    pub fn new(content: &str, compression: Compression) -> Self {
        Self { compression, text: format!("{} {content}", compression.key()) }
    }

    /// Returns the key of a tar stream.
    #[must_use]
    pub fn of_tar(diff_id: &DiffId, compression: Compression) -> Self {
        Self::new(&format!("tar {diff_id}"), compression)
    }

    /// Returns the digest of the key's text, by which others may know the layer.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(self.text.as_bytes())
    }

    /// Returns the digits that the record is named by.
    pub(super) fn hex(&self) -> String {
        self.digest().hex()
    }
}

/// A layer, without its bytes.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Record {
    key: String,
    media_type: String,
    diff_id: String,
    uncompressed_size: u64,
    digest: String,
    size: u64,
}

/// A record and the hash of it: a layer is found out by its digest when it is spoilt, and a record by this.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sealed {
    layer: Record,
    seal: String,
}

/// What a record says of its layer.
pub(super) struct Found {
    pub(super) digest: Digest,
    pub(super) diff_id: DiffId,
    pub(super) size: u64,
    pub(super) uncompressed_size: u64,
    pub(super) media_type: &'static str,
}

impl Record {
    pub(super) fn of(key: &LayerKey, layer: &Layer) -> Self {
        Self {
            key: key.text.clone(),
            media_type: layer.media_type.to_owned(),
            diff_id: layer.diff_id.to_string(),
            uncompressed_size: layer.uncompressed_size,
            digest: layer.digest.to_string(),
            size: layer.blob.size(),
        }
    }

    /// Returns the text of a record's file.
    pub(super) fn into_json(self) -> serde_json::Result<Vec<u8>> {
        let seal = self.seal()?;
        serde_json::to_vec_pretty(&Sealed { layer: self, seal })
    }

    /// Reads a file that should hold the record of `key`.
    pub(super) fn parse(json: &[u8], key: &LayerKey) -> Option<Found> {
        let Sealed { layer, seal } = serde_json::from_slice(json).ok()?;
        let media_type = key.compression.media_type();
        let is_whole = layer.seal().is_ok_and(|expected| expected == seal);
        if !is_whole || layer.key != key.text || layer.media_type != media_type {
            return None;
        }
        let (digest, diff_id) = (layer.digest.parse().ok()?, layer.diff_id.parse().ok()?);
        let Record { size, uncompressed_size, .. } = layer;
        Some(Found { digest, diff_id, size, uncompressed_size, media_type })
    }

    fn seal(&self) -> serde_json::Result<String> {
        Ok(Digest::of(&serde_json::to_vec(self)?).to_string())
    }
}

#[cfg(test)]
mod tests {
    use leoflow_layers::Blob;

    use super::*;

    fn record() -> (LayerKey, String) {
        let layer = Layer {
            media_type: Compression::Gzip.media_type(),
            digest: Digest::of(b"blob"),
            diff_id: DiffId::of(b"tar"),
            uncompressed_size: 3,
            blob: Blob::from_bytes(b"blob".to_vec()),
        };
        let key = LayerKey::of_tar(&layer.diff_id, Compression::Gzip);
        let json = Record::of(&key, &layer).into_json().unwrap();
        (key, String::from_utf8(json).unwrap())
    }

    #[test]
    fn a_record_says_what_it_was_told() {
        let (key, json) = record();
        let found = Record::parse(json.as_bytes(), &key).unwrap();
        assert_eq!((found.digest, found.diff_id), (Digest::of(b"blob"), DiffId::of(b"tar")));
        assert_eq!((found.size, found.uncompressed_size), (4, 3));
    }

    #[test]
    fn a_record_that_was_touched_says_nothing() {
        let (key, json) = record();
        let other = LayerKey::of_tar(&DiffId::of(b"other"), Compression::Gzip);
        assert!(Record::parse(json.as_bytes(), &other).is_none());
        let spoilt = [
            String::new(),
            json[..json.len() / 2].to_owned(),
            "[".repeat(100_000),
            "{}".to_owned(),
            json.replace("\"size\": 4", "\"size\": 5"),
            json.replace(&Digest::of(b"blob").hex(), &Digest::of(b"other").hex()),
            json.replace(&DiffId::of(b"tar").hex(), &DiffId::of(b"other").hex()),
            json.replace("tar+gzip", "tar+zstd"),
        ];
        for text in spoilt {
            assert!(Record::parse(text.as_bytes(), &key).is_none(), "{text}");
        }
    }
}
