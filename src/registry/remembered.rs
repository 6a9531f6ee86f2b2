//! What a repository remembers of the layers that it holds: which key each was made for. An image that nobody runs.
//!
//! Its manifest lists the layers and says of each, in annotations, which key it has and what it unpacks to; its config
//! lists the latter again. Where the two disagree, nothing of it is believed.

use std::collections::{BTreeMap, BTreeSet};

use leoflow_layers::{DiffId, Digest};
use serde::Deserialize;
use serde_json::json;

use crate::image::{Artifact, ArtifactBlob, BlobKind, BlobSource, Descriptor, Platform, References, media_type};
use crate::layers::Blob;
use crate::reference::{ReferenceError, Repository, Tag};

/// How many layers are remembered, the newest first.
const MOST_LAYERS: usize = 200;

/// How many sets of keys are remembered, the newest first.
const MOST_SETS: usize = 100;

/// What the manifest's annotations begin with, and the version of what they say.
const FORMAT: (&str, &str) = ("io.leoflow.layers", "1");
/// The sets, with spaces between them.
const SETS: &str = "io.leoflow.layers.sets";
/// The annotations of a layer.
const KEY: &str = "io.leoflow.layer.key";
const DIFF_ID: &str = "io.leoflow.layer.diff-id";
const UNCOMPRESSED_SIZE: &str = "io.leoflow.layer.uncompressed-size";

/// What a repository remembers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Remembered {
    /// Its layers, the newest first; no key twice.
    pub layers: Vec<RememberedLayer>,
    /// Digests of sets of keys whose layers share no path, the newest first.
    pub sets: Vec<Digest>,
}

/// A layer that was in the repository once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RememberedLayer {
    /// The digest of the text of its content key.
    pub key: Digest,
    /// Its blob.
    pub descriptor: Descriptor,
    /// What it unpacks to.
    pub diff_id: DiffId,
    /// The length of that, in bytes.
    pub uncompressed_size: u64,
}

/// Returns the tag under which a repository remembers its layers for a platform and a Python, e.g.
/// `leoflow-cache-linux-amd64-py3.11`.
///
/// # Errors
/// Never, for a platform that images are built for.
pub fn record_tag(platform: &Platform, python: &str) -> Result<Tag, ReferenceError> {
    format!("leoflow-cache-{}-py{python}", platform.to_string().replace('/', "-")).parse()
}

#[derive(Deserialize)]
struct Annotated {
    #[serde(default)]
    annotations: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Config {
    rootfs: Rootfs,
}

#[derive(Deserialize)]
struct Rootfs {
    diff_ids: Vec<DiffIdText>,
}

/// Parsed where it is used, so that the reason names it.
type DiffIdText = String;

impl Remembered {
    /// Returns the layer of a key.
    #[must_use]
    pub fn layer(&self, key: Digest) -> Option<&RememberedLayer> {
        self.layers.iter().find(|layer| layer.key == key)
    }

    /// Returns the descriptor of a record's config, if it is a record.
    pub(super) fn config_of(manifest: &[u8]) -> Result<Descriptor, String> {
        let annotated: Annotated = serde_json::from_slice(manifest).map_err(|error| error.to_string())?;
        if annotated.annotations.get(FORMAT.0).map(String::as_str) != Some(FORMAT.1) {
            return Err("it is another image, or another version's record".to_owned());
        }
        let config = References::parse(manifest).map_err(|error| error.to_string())?.config;
        config.ok_or_else(|| "it has no config".to_owned())
    }

    /// Reads a record.
    pub(super) fn parse(manifest: &[u8], config: &[u8]) -> Result<Self, String> {
        let annotated: Annotated = serde_json::from_slice(manifest).map_err(|error| error.to_string())?;
        let listed = References::parse(manifest).map_err(|error| error.to_string())?.layers;
        let config: Config = serde_json::from_slice(config).map_err(|error| format!("its config: {error}"))?;
        let diff_ids = config.rootfs.diff_ids;
        if listed.len() != diff_ids.len() || listed.len() > MOST_LAYERS {
            return Err(format!("it lists {} layers, its config {}", listed.len(), diff_ids.len()));
        }
        let layers =
            listed.into_iter().zip(&diff_ids).map(|(descriptor, diff_id)| RememberedLayer::parse(descriptor, diff_id));
        let layers: Vec<RememberedLayer> = layers.collect::<Result<_, _>>()?;
        let distinct: BTreeSet<Digest> = layers.iter().map(|layer| layer.key).collect();
        if distinct.len() < layers.len() {
            return Err("it has two layers for one key".to_owned());
        }
        let sets = annotated.annotations.get(SETS).map_or("", String::as_str).split_whitespace();
        let sets = sets.map(|text| text.parse().map_err(|_| format!("`{text}` is no digest of a set")));
        Ok(Self { layers, sets: sets.take(MOST_SETS).collect::<Result<_, _>>()? })
    }

    /// Returns this with `news` before what is known, or nothing when it says all of that already. What is used again
    /// is moved to the front only when it is about to be forgotten: else every deploy would write a record.
    pub(super) fn with(&self, news: &Self) -> Option<Self> {
        let safe = self.layers.iter().take(MOST_LAYERS / 2).collect::<Vec<_>>();
        let has_sets = news.sets.iter().all(|set| self.sets.contains(set));
        if has_sets && news.layers.iter().all(|layer| safe.contains(&layer)) {
            return None;
        }
        let mut keys = BTreeSet::new();
        let layers = news.layers.iter().chain(&self.layers).filter(|layer| keys.insert(layer.key));
        let layers = layers.take(MOST_LAYERS).cloned().collect();
        let mut seen = BTreeSet::new();
        let sets = news.sets.iter().chain(&self.sets).filter(|set| seen.insert(**set));
        Some(Self { layers, sets: sets.take(MOST_SETS).copied().collect() })
    }

    /// Returns the record as an image, which every registry takes. It is for no platform: nobody shall run it.
    pub(super) fn artifact(&self, repository: &Repository) -> Artifact {
        let diff_ids: Vec<String> = self.layers.iter().map(|layer| layer.diff_id.to_string()).collect();
        let config = json!({
            "architecture": "unknown",
            "os": "unknown",
            "config": {},
            "rootfs": { "type": "layers", "diff_ids": diff_ids },
        });
        let config = config.to_string().into_bytes();
        let descriptor = Descriptor::of(media_type::OCI_CONFIG, &config);
        let layers: Vec<Descriptor> = self.layers.iter().map(RememberedLayer::annotated).collect();
        let sets = self.sets.iter().map(Digest::to_string).collect::<Vec<_>>().join(" ");
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": media_type::OCI_MANIFEST,
            "config": descriptor,
            "layers": layers,
            "annotations": { FORMAT.0: FORMAT.1, SETS: sets },
        });
        let document = manifest.to_string().into_bytes();
        let blob = |kind, descriptor, source| ArtifactBlob { kind, descriptor, source };
        let config = blob(BlobKind::Config, descriptor, BlobSource::Local(Blob::from_bytes(config)));
        let kept = |descriptor| blob(BlobKind::Layer, descriptor, BlobSource::Kept(repository.clone()));
        Artifact {
            descriptor: Descriptor::of(media_type::OCI_MANIFEST, &document),
            document,
            blobs: std::iter::once(config).chain(layers.into_iter().map(kept)).collect(),
            children: Vec::new(),
        }
    }
}

impl RememberedLayer {
    fn parse(descriptor: Descriptor, in_config: &str) -> Result<Self, String> {
        let annotation = |name: &str| {
            descriptor.annotations.get(name).ok_or_else(|| format!("a layer of it has no annotation `{name}`"))
        };
        let malformed = |name: &str| format!("the annotation `{name}` of a layer is malformed");
        let diff_id = annotation(DIFF_ID)?;
        if diff_id != in_config {
            return Err(format!("it says that a layer unpacks to {diff_id}, its config says {in_config}"));
        }
        if ![media_type::OCI_LAYER_GZIP, media_type::OCI_LAYER_ZSTD].contains(&descriptor.media_type.as_str()) {
            return Err(format!("a layer of it is `{}`", descriptor.media_type));
        }
        let uncompressed_size = annotation(UNCOMPRESSED_SIZE)?.parse().map_err(|_| malformed(UNCOMPRESSED_SIZE))?;
        Ok(Self {
            key: annotation(KEY)?.parse().map_err(|_| malformed(KEY))?,
            diff_id: diff_id.parse().map_err(|_| malformed(DIFF_ID))?,
            uncompressed_size,
            // As an image lists it: the same layer made here is listed so, and the image's digest is the same.
            descriptor: Descriptor::new(&descriptor.media_type, descriptor.digest, descriptor.size),
        })
    }

    fn annotated(&self) -> Descriptor {
        let annotations = [
            (KEY, self.key.to_string()),
            (DIFF_ID, self.diff_id.to_string()),
            (UNCOMPRESSED_SIZE, self.uncompressed_size.to_string()),
        ];
        let annotations = annotations.map(|(name, value)| (name.to_owned(), value)).into();
        Descriptor { annotations, ..self.descriptor.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layer(number: usize) -> RememberedLayer {
        let text = number.to_string();
        RememberedLayer {
            key: Digest::of(format!("key {text}").as_bytes()),
            descriptor: Descriptor::new(media_type::OCI_LAYER_GZIP, Digest::of(text.as_bytes()), 10),
            diff_id: DiffId::of(text.as_bytes()),
            uncompressed_size: 20,
        }
    }

    fn record(numbers: impl IntoIterator<Item = usize>) -> Remembered {
        Remembered { layers: numbers.into_iter().map(layer).collect(), sets: vec![Digest::of(b"set")] }
    }

    fn written(record: &Remembered) -> (String, Vec<u8>) {
        let artifact = record.artifact(&"r.example.com/etl".parse().unwrap());
        let BlobSource::Local(config) = &artifact.blobs[0].source else { panic!("it is here") };
        let mut bytes = vec![0; config.size() as usize];
        config.read_at(&mut bytes, 0).unwrap();
        (String::from_utf8(artifact.document).unwrap(), bytes)
    }

    #[test]
    fn a_record_is_read_as_it_was_written() {
        let record = record([1, 2, 3]);
        let (manifest, config) = written(&record);
        assert_eq!(Remembered::parse(manifest.as_bytes(), &config), Ok(record));
        assert_eq!(Remembered::config_of(manifest.as_bytes()), Ok(Descriptor::of(media_type::OCI_CONFIG, &config)));
    }

    #[test]
    fn a_record_that_disagrees_with_itself_is_no_record() {
        let (manifest, config) = written(&record([1, 2]));
        let (_, other) = written(&record([2, 1]));
        let (_, shorter) = written(&record([1]));
        let check = |manifest: &str, config: &[u8], expected: &str| {
            let reason = Remembered::parse(manifest.as_bytes(), config).unwrap_err();
            assert!(reason.contains(expected), "{expected}: {reason}");
        };
        check(&manifest, &other, "its config says");
        check(&manifest, &shorter, "lists 2 layers, its config 1");
        check(&manifest, b"{}", "its config");
        check(&manifest.replace(KEY, "another"), &config, "no annotation `io.leoflow.layer.key`");
        check(&manifest.replace("\"20\"", "\"-1\""), &config, "uncompressed-size` of a layer is malformed");
        check(&manifest.replace("tar+gzip", "tar"), &config, "a layer of it is");
        check(
            &manifest.replace(&layer(2).key.to_string(), &layer(1).key.to_string()),
            &config,
            "two layers for one key",
        );
        let foreign = manifest.replace(FORMAT.0, "io.another.layers");
        assert!(Remembered::config_of(foreign.as_bytes()).is_err());
    }

    #[test]
    fn what_is_new_comes_first_and_what_is_old_goes() {
        let known = record(0..MOST_LAYERS);
        assert_eq!(known.with(&record([3, 5])), None);
        let with = known.with(&record([MOST_LAYERS, 7])).unwrap();
        assert_eq!(with.layers[..3], [layer(MOST_LAYERS), layer(7), layer(0)]);
        assert_eq!((with.layers.len(), with.layers.last()), (MOST_LAYERS, Some(&layer(MOST_LAYERS - 2))));
        // What is used and about to be forgotten is not.
        let with = known.with(&record([MOST_LAYERS - 1])).unwrap();
        assert_eq!((&with.layers[0], with.layers.len()), (&layer(MOST_LAYERS - 1), MOST_LAYERS));
        let sets = Remembered { layers: Vec::new(), sets: vec![Digest::of(b"another")] };
        assert_eq!(known.with(&sets).unwrap().sets, [Digest::of(b"another"), Digest::of(b"set")]);
        let mut changed = layer(0);
        changed.descriptor.digest = Digest::of(b"changed");
        let news = Remembered { layers: vec![changed.clone()], sets: Vec::new() };
        assert_eq!(known.with(&news).unwrap().layer(changed.key), Some(&changed));
    }

    #[test]
    fn a_tag_says_what_it_is() {
        let check = |platform: &str, expected: &str| {
            assert_eq!(record_tag(&platform.parse().unwrap(), "3.11").unwrap().as_str(), expected);
        };
        check("linux/amd64", "leoflow-cache-linux-amd64-py3.11");
        check("linux/arm/v7", "leoflow-cache-linux-arm-v7-py3.11");
    }
}
