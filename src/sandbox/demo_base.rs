//! The base image of a first run: an index of nearly empty images, the same bytes everywhere. They run nothing.
//!
//! They have the layout of an official Python image nevertheless, as far as packages are installed by it: where Python
//! would be, which version, and how old its C library may be.

use std::io::{self, Read};
use std::path::Path;

use leoflow_layers::{AssembleOptions, Compression, Content, Digest, Entry, EntryPath, FileSet, Layer, assemble};
use serde_json::{Value, json};

use super::SandboxError;
use super::registry::Registry;
use crate::image::media_type;
use crate::reference::{Reference, ReferenceError};

const REPOSITORY: &str = "leoflow/demo-base";

/// One for each Python that a project may ask for, and all the same image: there is a place for each of them in it.
const TAGS: [&str; 4] = ["py3.10", "py3.11", "py3.12", "py3.13"];

/// The Pythons whose places there are, each with the release that it would be.
const PYTHONS: [(&str, &str); 4] = [("3.10", "3.10.19"), ("3.11", "3.11.14"), ("3.12", "3.12.12"), ("3.13", "3.13.9")];

/// Debian 12's, like the official images' at the time; there is no library either.
const DPKG_STATUS: &str = "Package: libc6\nStatus: install ok installed\nVersion: 2.36-9+deb12u13\n";

const ARCHITECTURES: [&str; 2] = ["amd64", "arm64"];

const DESCRIPTION: &str =
    "A demo of a Leoflow runtime base: it has the layout of one, but no Python, and runs nothing.";

const PASSWD: &str = "root:x:0:0:root:/root:/sbin/nologin\n\
                      leoflow:x:65532:65532:leoflow:/home/leoflow:/sbin/nologin\n";
const GROUP: &str = "root:x:0:\nleoflow:x:65532:\n";
const AGENT: &str = "This is the demo base of `leoflow deploy --sandbox`. It runs nothing.\n\
                     Set `base_image:` in leoflow.yaml, or --base, to a base that has Python and the real agent.\n";

/// Returns the reference of the demo base in the sandbox's registry.
pub(super) fn reference(registry: &str) -> Result<Reference, ReferenceError> {
    format!("{registry}/{REPOSITORY}:py3.11").parse()
}

/// Puts the demo base into the registry.
pub(super) fn install(registry: &Registry, spool_directory: &Path) -> Result<(), SandboxError> {
    let layer = layer(spool_directory).map_err(SandboxError::DemoBase)?;
    store(registry, &layer).map_err(|error| SandboxError::DemoBase(error.to_string()))
}

fn layer(spool_directory: &Path) -> Result<Layer, String> {
    let options = AssembleOptions {
        compression: Compression::Gzip,
        modified: 0,
        threads: 1,
        spool_directory: spool_directory.to_owned(),
    };
    assemble(&files()?, &options).map_err(|error| error.to_string())
}

fn files() -> Result<FileSet, String> {
    let file = |text: &str, executable| Entry::File { content: Content::Bytes(text.into()), executable };
    let fixed = [
        ("etc/passwd", file(PASSWD, false)),
        ("etc/group", file(GROUP, false)),
        ("home/leoflow", Entry::Directory),
        ("usr/local/bin/leoflow-agent", file(AGENT, true)),
        ("var/lib/dpkg/status", file(DPKG_STATUS, false)),
    ];
    let fixed = fixed.into_iter().map(|(path, entry)| (path.to_owned(), entry));
    let pythons = PYTHONS.into_iter().flat_map(|(line, version)| {
        let header = format!("#define PY_VERSION \"{version}\"\n");
        [
            (format!("usr/local/bin/python{line}"), file(AGENT, true)),
            (format!("usr/local/include/python{line}/patchlevel.h"), file(&header, false)),
            (format!("usr/local/lib/python{line}/site-packages"), Entry::Directory),
        ]
    });
    let mut files = FileSet::new();
    for (path, entry) in fixed.chain(pythons) {
        let path = EntryPath::new(&path).map_err(|error| error.to_string())?;
        files.insert(path, entry).map_err(|error| error.to_string())?;
    }
    Ok(files)
}

fn store(registry: &Registry, layer: &Layer) -> io::Result<()> {
    let mut blob = Vec::new();
    layer.blob.reader().read_to_end(&mut blob)?;
    registry.put_blob(REPOSITORY, &blob)?;
    let mut manifests = Vec::new();
    for architecture in ARCHITECTURES {
        let config = config(architecture, layer);
        registry.put_blob(REPOSITORY, &config)?;
        let manifest = manifest(&config, layer);
        registry.put_manifest(REPOSITORY, media_type::OCI_MANIFEST, &manifest, &[])?;
        let mut entry = descriptor(media_type::OCI_MANIFEST, Digest::of(&manifest), manifest.len() as u64);
        entry["platform"] = json!({ "architecture": architecture, "os": "linux" });
        manifests.push(entry);
    }
    registry.put_manifest(REPOSITORY, media_type::OCI_INDEX, &index(&manifests), &TAGS.map(String::from))
}

fn config(architecture: &str, layer: &Layer) -> Vec<u8> {
    let config = json!({
        "architecture": architecture,
        "os": "linux",
        "created": "1970-01-01T00:00:00Z",
        "config": {
            "User": "65532:65532",
            "Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
            "Entrypoint": ["/usr/local/bin/leoflow-agent"],
            "WorkingDir": "/home/leoflow",
            "Labels": { "org.opencontainers.image.description": DESCRIPTION },
        },
        "rootfs": { "type": "layers", "diff_ids": [layer.diff_id.to_string()] },
        "history": [{ "created": "1970-01-01T00:00:00Z", "created_by": "leoflow: demo base" }],
    });
    config.to_string().into_bytes()
}

fn manifest(config: &[u8], layer: &Layer) -> Vec<u8> {
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": media_type::OCI_MANIFEST,
        "config": descriptor(media_type::OCI_CONFIG, Digest::of(config), config.len() as u64),
        "layers": [descriptor(layer.media_type, layer.digest, layer.blob.size())],
        "annotations": { "org.opencontainers.image.description": DESCRIPTION },
    });
    manifest.to_string().into_bytes()
}

fn index(manifests: &[Value]) -> Vec<u8> {
    let index = json!({
        "schemaVersion": 2,
        "mediaType": media_type::OCI_INDEX,
        "manifests": manifests,
        "annotations": { "org.opencontainers.image.description": DESCRIPTION },
    });
    index.to_string().into_bytes()
}

fn descriptor(media_type: &str, digest: Digest, size: u64) -> Value {
    json!({ "mediaType": media_type, "digest": digest.to_string(), "size": size })
}
