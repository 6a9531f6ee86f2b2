//! What `docker save` and `docker load` exchange.

use std::fs;
use std::io::{Read as _, Write as _};

use flate2::Compression;
use flate2::write::GzEncoder;
use leoflow::image::media_type;
use leoflow::layers::Digest;
use leoflow::layout::{Layout, LayoutError};
use leoflow::reference::LocalPlace;
use serde_json::{Value, json};
use tar::EntryType;
use tempfile::TempDir;

use super::samples::*;

/// Reads one member of an archive.
fn member(place: &LocalPlace, name: &str) -> Option<Vec<u8>> {
    let mut archive = tar::Archive::new(fs::File::open(&place.path).unwrap());
    let mut found =
        archive.entries().unwrap().map(Result::unwrap).find(|entry| entry.path_bytes() == name.as_bytes())?;
    let mut bytes = Vec::new();
    found.read_to_end(&mut bytes).unwrap();
    Some(bytes)
}

fn manifest_json(place: &LocalPlace) -> Value {
    serde_json::from_slice(&member(place, "manifest.json").unwrap()).unwrap()
}

#[tokio::test]
async fn what_docker_loads_names_config_layers_and_tag() {
    let directory = tempfile::tempdir().unwrap();
    for (text, tag) in [
        ("docker-archive:a.tar", "ghcr.io/org/etl:v1"),
        ("docker-archive:b.tar:quay.io/x:w", "quay.io/x:w"),
        ("docker-archive:c.tar:etl:w", "docker.io/library/etl:w"),
    ] {
        let (place, sample) = (place(&directory, text), image("amd64", &[LAYER, b"x", LAYER]));
        saved(&sample, &place).await;
        let manifest = &manifest_json(&place)[0];
        assert_eq!(manifest["RepoTags"], json!([tag]), "{text}");
        let config = member(&place, manifest["Config"].as_str().unwrap()).unwrap();
        assert_eq!(config, super::samples::config("amd64", &[LAYER, b"x", LAYER]));
        let layers = manifest["Layers"].as_array().unwrap().iter();
        let layers: Vec<_> = layers.map(|name| member(&place, name.as_str().unwrap()).unwrap()).collect();
        assert_eq!(layers, [LAYER, b"x", LAYER], "{text}");
        let unnamed = LocalPlace { image: None, ..place };
        assert_eq!(read(&unnamed).unwrap().digest(), sample.digest(), "it is a layout as well");
    }
}

#[tokio::test]
async fn what_docker_cannot_load_is_not_written() {
    let directory = tempfile::tempdir().unwrap();
    let zstd = manifest(
        blob(leoflow::image::BlobKind::Config, media_type::OCI_CONFIG, &config("amd64", &[b"x"])),
        vec![blob(leoflow::image::BlobKind::Layer, "application/vnd.oci.image.layer.v1.tar+zstd", b"x")],
    );
    let chart =
        manifest(blob(leoflow::image::BlobKind::Config, "application/vnd.cncf.helm.config.v1+json", b"{}"), vec![]);
    for (artifact, text, reason, help) in [
        (tree(), "docker-archive:x.tar", "an index of several", "--platform"),
        (zstd, "docker-archive:x.tar", "reads no zstd", "oci:FILE.tar"),
        (chart, "docker-archive:x.tar", "takes images", "oci:FILE.tar"),
        (image("amd64", &[LAYER]), "docker-archive:x.tar:UPPER:v1", "not an image reference", "etl_sales:v1"),
    ] {
        let place = place(&directory, text);
        let error = save_as(&artifact, &place, &names("v1", None)).await.unwrap_err();
        assert!(matches!(error, LayoutError::NotForDocker { .. }), "{error}");
        assert!(error.to_string().contains(reason), "{error}");
        assert!(error.help().unwrap().contains(help), "{:?}", error.help());
        assert_eq!(files(directory.path()), [""; 0]);
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// An archive as Docker wrote it before layouts: layers in directories, equal ones linked to each other.
fn legacy(directory: &TempDir, layers: &[&[u8]], tags: Value) -> LocalPlace {
    let place = place(directory, "docker-archive:old.tar");
    let names: Vec<String> = (0..layers.len()).map(|number| format!("{number}/layer.tar")).collect();
    let manifest = json!([{"Config": "c.json", "RepoTags": tags, "Layers": names}]);
    let mut tar = Tar::create(&place.path).file("c.json", &config("amd64", &[LAYER, b"x", LAYER]));
    for (number, (name, layer)) in names.iter().zip(layers).enumerate() {
        tar = match layers[..number].contains(layer) {
            true => tar.link(EntryType::Symlink, name, "../0/layer.tar"),
            false => tar.file(name, layer),
        };
    }
    tar.file("manifest.json", manifest.to_string().as_bytes()).finish();
    place
}

#[test]
fn an_archive_without_a_manifest_gets_one_and_always_the_same() {
    let directory = tempfile::tempdir().unwrap();
    let place = legacy(&directory, &[LAYER, b"x", LAYER], json!(["etl:v1"]));
    let found = read(&place).unwrap();
    let layers: Vec<_> = found.blobs[1..].iter().map(|blob| blob.descriptor.clone()).collect();
    assert!(layers.iter().all(|layer| layer.media_type == media_type::OCI_LAYER), "as they are");
    assert_eq!([layers[0].digest, layers[1].digest], [Digest::of(LAYER), Digest::of(b"x")]);
    assert_eq!(layers[0], layers[2]);
    let layout = Layout::open(&place).unwrap();
    assert_eq!(layout.name().as_deref(), Some("docker.io/library/etl:v1"));
    assert_eq!((layout.ref_name().as_deref(), layout.digest()), (Some("v1"), None));
    assert_eq!(read(&place).unwrap().digest(), found.digest());
    let base = layout.bases(&[linux("amd64")]).unwrap();
    assert_eq!(base[0].digest, found.digest());
    assert!(layout.bases(&[linux("arm64")]).unwrap_err().to_string().contains("is for linux/amd64"));
}

#[test]
fn layers_that_are_compressed_stay_so() {
    let directory = tempfile::tempdir().unwrap();
    let place = legacy(&directory, &[&gzip(LAYER), b"x", &gzip(LAYER)], Value::Null);
    let found = read(&place).unwrap();
    let types: Vec<_> = found.blobs[1..].iter().map(|blob| blob.descriptor.media_type.as_str()).collect();
    assert_eq!(types, [media_type::OCI_LAYER_GZIP, media_type::OCI_LAYER, media_type::OCI_LAYER_GZIP]);
}

#[test]
fn what_docker_never_wrote_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let check = |what: &str, place: &LocalPlace, expected: &str| {
        let error = read(place).expect_err(what);
        assert!(error.to_string().contains(expected), "{what}: {error}");
    };
    check("other content", &legacy(&directory, &[LAYER, b"y", LAYER], Value::Null), "the config says sha256:");
    check("other gzip", &legacy(&directory, &[LAYER, &gzip(b"y"), LAYER], Value::Null), "the config says sha256:");
    check("layers left out", &legacy(&directory, &[LAYER], Value::Null), "it lists 1 layers, the config 3");
    let named = |name: &str| LocalPlace {
        image: Some(leoflow::reference::Selector::Name(name.to_owned())),
        ..legacy(&directory, &[LAYER, b"x", LAYER], json!(["etl:v1"]))
    };
    assert!(read(&named("docker.io/library/etl:v1")).is_ok());
    check("another name", &named("etl:v2"), "has no image `etl:v2`");
    let place = place(&directory, "docker-archive:none.tar");
    Tar::create(&place.path).file("x", b"").finish();
    check("no manifest", &place, "is not an archive that `docker save` wrote");
}
