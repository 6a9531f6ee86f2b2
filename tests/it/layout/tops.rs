//! What an image ends in, by its blob and not by its config's word.

use std::io::Write as _;

use flate2::{Compression, write::GzEncoder};
use leoflow::image::{BlobKind, media_type};
use leoflow::layers::{Blob, DiffId, Digest, Layer};
use leoflow::layout::{Layout, LayoutError};

use super::samples::*;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// The project's layer, made anew.
fn layer() -> Layer {
    let blob = gzip(LAYER);
    Layer {
        media_type: media_type::OCI_LAYER_GZIP,
        digest: Digest::of(&blob),
        diff_id: DiffId::of(LAYER),
        uncompressed_size: LAYER.len() as u64,
        blob: Blob::from_bytes(blob),
    }
}

/// Checks an image whose config says that it ends in [`LAYER`], while this is what it ends in.
async fn checked(top: &[u8]) -> Result<(), LayoutError> {
    let directory = tempfile::tempdir().unwrap();
    let place = place(&directory, "oci:dir");
    let config = blob(BlobKind::Config, media_type::OCI_CONFIG, &config("amd64", &[LAYER]));
    let layers = vec![blob(BlobKind::Layer, media_type::OCI_LAYER_GZIP, top)];
    saved(&manifest(config, layers), &place).await;
    let layout = Layout::open(&place).unwrap();
    let images = layout.images(&layout.verified(layout.artifact(&[]).unwrap()).unwrap()).unwrap();
    layout.check_top(&images[0], &layer())
}

#[tokio::test]
async fn what_an_image_ends_in_is_told_by_its_blob() {
    let (start, rest) = LAYER.split_at(5);
    for (what, top) in
        [("the same blob", gzip(LAYER)), ("plain", LAYER.to_vec()), ("two members", [gzip(start), gzip(rest)].concat())]
    {
        assert!(checked(&top).await.is_ok(), "{what}");
    }
    for (what, top, expected) in [
        ("other files", gzip(b"other files"), "does not unpack to sha256:"),
        ("other files, plain", b"other files".to_vec(), "does not unpack to sha256:"),
        ("more files", [gzip(LAYER), gzip(b"more")].concat(), "does not unpack to sha256:"),
        ("cut short", gzip(LAYER)[..20].to_vec(), "malformed: blobs/sha256/"),
        ("zstd", vec![0x28, 0xb5, 0x2f, 0xfd, 0], "cannot be checked"),
        ("nothing", Vec::new(), "does not unpack to sha256:"),
    ] {
        let error = checked(&top).await.expect_err(what);
        assert!(error.to_string().contains(expected) && error.help().is_some(), "{what}: {error}");
    }
}
