//! The kinds of content that the suite pushes.

use serde_json::Map;

use super::*;

const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
const FOREIGN_LAYER: &str = "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip";
const EXAMPLE: &str = "application/vnd.example.oci.conformance";
const OTHER_EXAMPLE: &str = "application/vnd.example.oci.conformance.v2";

/// Blobs and the manifests over them, in the order in which they are pushed; deleted in the reverse one.
pub(super) struct Data {
    pub(super) blobs: Vec<(String, Vec<u8>)>,
    pub(super) manifests: Vec<Manifest>,
    algorithm: Algorithm,
    name: &'static str,
}

/// A manifest, and what is known of it without parsing it.
pub(super) struct Manifest {
    pub(super) descriptor: Value,
    pub(super) bytes: Vec<u8>,
    pub(super) tags: Vec<String>,
    /// Whether the tags are parameters of the push by digest.
    pub(super) tag_parameters: bool,
    pub(super) subject: Option<String>,
}

impl Manifest {
    pub(super) fn digest(&self) -> &str {
        self.descriptor["digest"].as_str().expect("a digest")
    }

    pub(super) fn media_type(&self) -> &str {
        self.descriptor["mediaType"].as_str().expect("a media type")
    }
}

/// A kind by name, with what makes it.
type Kind = (&'static str, Algorithm, fn(&mut Data));

/// All kinds.
pub(super) const KINDS: &[Kind] = &[
    ("image", Algorithm::Sha256, |data| drop(data.image(json!({})))),
    ("image-uncompressed", Algorithm::Sha256, |data| {
        let layer = data.blob("application/vnd.oci.image.layer.v1.tar");
        data.image(json!({ "layers": [layer] }));
    }),
    ("large-manifest", Algorithm::Sha256, |data| {
        let annotation = |number: usize| (format!("large-annotation-{number}"), json!("A".repeat(10_000)));
        data.image(json!({ "annotations": Map::from_iter((0..390).map(annotation)) }));
    }),
    ("index", Algorithm::Sha256, |data| drop(data.platforms(json!({})))),
    ("nested-index", Algorithm::Sha256, |data| {
        let children = [data.platforms(json!({})), data.platforms(json!({}))];
        data.index(&children, json!({}));
    }),
    ("empty-index", Algorithm::Sha256, |data| drop(data.index(&[], json!({})))),
    ("artifact", Algorithm::Sha256, |data| drop(data.artifact(json!({ "artifactType": EXAMPLE })))),
    ("artifact-index", Algorithm::Sha256, |data| {
        let children = [data.artifact(json!({ "artifactType": EXAMPLE }))];
        data.index(&children, json!({ "artifactType": EXAMPLE }));
    }),
    ("artifact-without-layers", Algorithm::Sha256, |data| {
        let empty = data.content(EMPTY, b"{}");
        data.artifact(json!({ "artifactType": EXAMPLE, "layers": [empty] }));
    }),
    ("artifacts-with-subject", Algorithm::Sha256, |data| {
        let subject = data.image(json!({}));
        data.image(json!({ "subject": subject }));
        for artifact_type in [EXAMPLE, OTHER_EXAMPLE] {
            let annotations = json!({ "org.opencontainers.conformance": "hello conformance test" });
            data.artifact(json!({ "artifactType": artifact_type, "subject": subject, "annotations": annotations }));
        }
    }),
    ("index-with-subject", Algorithm::Sha256, |data| {
        let subject = data.platforms(json!({}));
        let annotations = json!({ "org.opencontainers.conformance": "hello conformance test" });
        data.platforms(json!({ "artifactType": EXAMPLE, "subject": subject, "annotations": annotations }));
    }),
    ("missing-subject", Algorithm::Sha256, |data| {
        let digest = Algorithm::Sha256.digest(b"missing content");
        let subject = json!({ "mediaType": IMAGE, "digest": digest, "size": 123 });
        data.artifact(json!({ "artifactType": EXAMPLE, "subject": subject }));
    }),
    ("data-field", Algorithm::Sha256, |data| {
        let mut config = data.content(CONFIG, b"{}");
        config["data"] = json!("e30=");
        data.image(json!({ "config": config }));
    }),
    ("nondistributable-layers", Algorithm::Sha256, |data| {
        let digest = Algorithm::Sha256.digest(b"elsewhere");
        let urls = json!(["https://store.example.com/blobs/elsewhere"]);
        let foreign = json!({ "mediaType": FOREIGN_LAYER, "digest": digest, "size": 123_456, "urls": urls });
        let layer = data.blob(LAYER);
        data.image(json!({ "layers": [foreign, layer] }));
    }),
    ("custom-fields", Algorithm::Sha256, |data| {
        let config = data.content(CONFIG, br#"{"org.opencontainers.custom":"config"}"#);
        let image = data.image(json!({ "config": config, "org.opencontainers.custom": [1, null] }));
        data.index(&[image], json!({ "org.opencontainers.custom": { "nested": true } }));
    }),
    ("no-layers", Algorithm::Sha256, |data| drop(data.image(json!({ "layers": [] })))),
    ("layers-null", Algorithm::Sha256, |data| drop(data.image(json!({ "layers": null })))),
    ("one-layer-twice", Algorithm::Sha256, |data| {
        let layer = data.blob(LAYER);
        data.image(json!({ "layers": [layer, layer] }));
    }),
    ("sha512", Algorithm::Sha512, |data| {
        data.platforms(json!({}));
        data.manifests.iter_mut().for_each(|manifest| manifest.tags.clear());
    }),
    ("tag-param-sha256", Algorithm::Sha256, |data| data.tagged_by_parameter()),
    ("tag-param-sha512", Algorithm::Sha512, |data| data.tagged_by_parameter()),
];

impl Data {
    pub(super) fn new(name: &'static str, algorithm: Algorithm, make: fn(&mut Self)) -> Self {
        let mut data = Self { blobs: Vec::new(), manifests: Vec::new(), algorithm, name };
        make(&mut data);
        data
    }

    /// Adds a blob that nobody else has, and returns its descriptor.
    fn blob(&mut self, media_type: &str) -> Value {
        let content = format!("{} {}", self.name, self.blobs.len());
        self.content(media_type, content.as_bytes())
    }

    fn content(&mut self, media_type: &str, content: &[u8]) -> Value {
        let digest = self.algorithm.digest(content);
        if self.blobs.iter().all(|(known, _)| *known != digest) {
            self.blobs.push((digest.clone(), content.to_vec()));
        }
        json!({ "mediaType": media_type, "digest": digest, "size": content.len() })
    }

    fn image(&mut self, fields: Value) -> Value {
        let config = self.blob(CONFIG);
        let layers = [self.blob(LAYER), self.blob(LAYER)];
        self.manifest(IMAGE, json!({ "config": config, "layers": layers }), fields)
    }

    fn artifact(&mut self, fields: Value) -> Value {
        let (config, layer) = (self.content(EMPTY, b"{}"), self.blob(EXAMPLE));
        self.manifest(IMAGE, json!({ "config": config, "layers": [layer] }), fields)
    }

    fn index(&mut self, children: &[Value], fields: Value) -> Value {
        self.manifest(INDEX, json!({ "manifests": children }), fields)
    }

    /// Adds an index of an image for each of two platforms.
    fn platforms(&mut self, fields: Value) -> Value {
        let children = ["amd64", "arm64"].map(|architecture| {
            let mut image = self.image(json!({}));
            image["platform"] = json!({ "os": "linux", "architecture": architecture });
            image
        });
        self.index(&children, fields)
    }

    fn tagged_by_parameter(&mut self) {
        self.platforms(json!({}));
        for manifest in &mut self.manifests {
            manifest.tags.push(format!("{}-and-another", manifest.tags[0]));
            manifest.tag_parameters = true;
        }
    }

    fn manifest(&mut self, media_type: &str, own: Value, fields: Value) -> Value {
        let mut manifest = json!({ "schemaVersion": 2, "mediaType": media_type });
        for (key, value) in [own, fields].iter().flat_map(|object| object.as_object().expect("an object")) {
            manifest[key] = value.clone();
        }
        let bytes = manifest.to_string().into_bytes();
        let digest = self.algorithm.digest(&bytes);
        let descriptor = json!({ "mediaType": media_type, "digest": digest, "size": bytes.len() });
        let subject = manifest["subject"]["digest"].as_str().map(str::to_owned);
        let tags = vec![format!("{}-{}", self.name, self.manifests.len())];
        self.manifests.push(Manifest { descriptor: descriptor.clone(), bytes, tags, tag_parameters: false, subject });
        descriptor
    }
}
