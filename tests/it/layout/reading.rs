//! Which image of a layout is meant, and what comes of it.

use leoflow::image::{Artifact, BlobKind, LayerSource};
use leoflow::layers::{DiffId, Digest};
use leoflow::layout::Layout;
use serde_json::json;

use super::samples::*;

const PLACES: [&str; 3] = ["oci:dir", "oci:file.tar", "oci-archive:file.oci"];

#[tokio::test]
async fn what_is_written_reads_back_the_same_in_every_form() {
    for artifact in [image("amd64", &[LAYER, b"x", LAYER]), tree(), index(&[(&tree(), platform("amd64"))])] {
        for text in PLACES {
            let directory = tempfile::tempdir().unwrap();
            let place = place(&directory, text);
            saved(&artifact, &place).await;
            let found = read(&place).unwrap();
            assert_eq!(content(&found), content(&artifact), "{text}");
            assert_eq!(found.descriptor, artifact.descriptor, "{text}");
        }
    }
}

#[tokio::test]
async fn an_image_is_found_by_name_by_full_name_by_digest_or_by_being_the_only_one() {
    let directory = tempfile::tempdir().unwrap();
    let (one, other) = (image("amd64", &[LAYER]), tree());
    let layout = place(&directory, "oci:dir");
    save_as(&one, &layout, &names("v1", Some("ghcr.io/org/one:v1"))).await.unwrap();
    assert_eq!(read(&layout).unwrap().digest(), one.digest(), "the only one");
    save_as(&other, &layout, &names("v2", Some("docker.io/library/other:v2"))).await.unwrap();
    let nested = other.children[1].digest();
    for (text, expected) in [
        ("oci:dir:v1".to_owned(), one.digest()),
        ("oci:dir:ghcr.io/org/one:v1".to_owned(), one.digest()),
        ("oci:dir:other:v2".to_owned(), other.digest()),
        (format!("oci:dir@{}", other.digest()), other.digest()),
        (format!("oci:dir@{nested}"), nested),
    ] {
        assert_eq!(read(&place(&directory, &text)).unwrap().digest(), expected, "{text}");
    }
    for (text, message, help) in [
        ("oci:dir".to_owned(), "holds 2 images", format!("v2  {}", other.digest())),
        ("oci:dir:v3".to_owned(), "has no image `v3`", "ghcr.io/org/one:v1  v1".to_owned()),
        (format!("oci:dir@{}", Digest::of(b"")), "has no image `sha256:e3b0", "it has:".to_owned()),
    ] {
        let error = read(&place(&directory, &text)).unwrap_err();
        assert!(error.to_string().contains(message), "{text}: {error}");
        assert!(error.help().unwrap().contains(&help), "{text}: {:?}", error.help());
    }
}

#[tokio::test]
async fn names_are_told_as_they_were_recorded() {
    let directory = tempfile::tempdir().unwrap();
    for (text, reference, full, expected) in [
        ("oci:a", "v1", Some("ghcr.io/org/etl:v1"), (Some("v1"), Some("ghcr.io/org/etl:v1"))),
        ("oci:b", "v1", None, (Some("v1"), None)),
        ("oci:c:w", "v1", Some("ghcr.io/org/etl:v1"), (Some("w"), Some("ghcr.io/org/etl:v1"))),
        ("oci:d:quay.io/x:w", "v1", Some("ghcr.io/org/etl:v1"), (Some("quay.io/x:w"), Some("quay.io/x:w"))),
    ] {
        let place = place(&directory, text);
        save_as(&image("amd64", &[LAYER]), &place, &names(reference, full)).await.unwrap();
        let layout = Layout::open(&place).unwrap();
        let (name, ref_name) = (layout.name(), layout.ref_name());
        assert_eq!((ref_name.as_deref(), name.as_deref()), expected, "{text}");
        assert_eq!(layout.version().as_deref(), Some("v1"), "{text}");
    }
}

#[tokio::test]
async fn a_base_is_one_image_of_many_with_its_layers_where_they_are() {
    let directory = tempfile::tempdir().unwrap();
    let place = place(&directory, "oci:base.tar");
    let tree = tree();
    saved(&tree, &place).await;
    let layout = Layout::open(&place).unwrap();
    let bases = layout.bases(&[linux("arm64"), linux("amd64")]).unwrap();
    assert_eq!([bases[0].digest, bases[1].digest], [tree.children[1].digest(), tree.children[0].digest()]);
    assert_eq!(bases[1].layers[1].diff_id, DiffId::of(b"for amd64"));
    assert!(matches!(&bases[0].layers[0].from, LayerSource::Local(blob) if blob.size() == LAYER.len() as u64));
    let error = layout.bases(&[linux("s390x")]).unwrap_err();
    assert!(error.to_string().contains("no image for linux/s390x; it has linux/amd64, linux/arm64"), "{error}");
}

#[tokio::test]
async fn some_platforms_are_picked_with_what_attests_to_them() {
    let directory = tempfile::tempdir().unwrap();
    let place = place(&directory, "oci:dir");
    let tree = tree();
    saved(&tree, &place).await;
    let layout = Layout::open(&place).unwrap();
    let digests = |artifact: &Artifact| artifact.children.iter().map(Artifact::digest).collect::<Vec<_>>();
    let one = layout.artifact(&[linux("arm64")]).unwrap();
    assert_eq!(one.digest(), tree.children[1].digest(), "one is what it was");
    let all = layout.artifact(&[linux("amd64"), linux("arm64")]).unwrap();
    assert_eq!(all.digest(), tree.digest(), "all are what they were");
    let three = index(&[
        (&tree.children[0], platform("amd64")),
        (&tree.children[1], platform("arm64")),
        (&image("s390x", &[LAYER]), platform("s390x")),
    ]);
    save_as(&three, &place, &names("three", None)).await.unwrap();
    let layout = Layout::open(&super::samples::place(&directory, "oci:dir:three")).unwrap();
    let two = layout.artifact(&[linux("amd64"), linux("arm64")]).unwrap();
    assert_eq!(digests(&two), digests(&three)[..2]);
    assert_ne!(two.digest(), three.digest());
}

#[tokio::test]
async fn images_are_told_by_platform_and_top_layer_and_attestations_are_none() {
    let directory = tempfile::tempdir().unwrap();
    let place = place(&directory, "oci:dir");
    saved(&tree(), &place).await;
    let layout = Layout::open(&place).unwrap();
    let images = layout.images(&layout.artifact(&[]).unwrap()).unwrap();
    let found: Vec<_> = images.iter().map(|image| (image.platform.to_string(), image.top_layer())).collect();
    let expected = [("linux/amd64", b"for amd64".as_slice()), ("linux/arm64", LAYER)];
    assert_eq!(found, expected.map(|(platform, layer)| (platform.to_owned(), Some(DiffId::of(layer)))));
}

#[tokio::test]
async fn only_what_an_index_marks_is_passed_over() {
    let chart = blob(BlobKind::Config, "application/vnd.cncf.helm.config.v1+json", b"{}");
    let (sound, other) = (image("amd64", &[LAYER]), manifest(chart, Vec::new()));
    for (what, marks, count) in [
        ("unknown", json!({"platform": {"os": "unknown", "architecture": "unknown"}}), Some(1)),
        ("a reference", json!({"annotations": {"vnd.docker.reference.type": "x"}}), Some(1)),
        ("half unknown", json!({"platform": {"os": "linux", "architecture": "unknown"}}), None),
        ("a platform", platform("arm64"), None),
        ("no mark", json!({}), None),
        ("another annotation", json!({"annotations": {"x": "y"}}), None),
    ] {
        let directory = tempfile::tempdir().unwrap();
        let place = place(&directory, "oci:dir");
        saved(&index(&[(&sound, platform("amd64")), (&other, marks)]), &place).await;
        let layout = Layout::open(&place).unwrap();
        let images = layout.images(&layout.artifact(&[]).unwrap());
        assert_eq!(images.as_ref().ok().map(Vec::len), count, "{what}: {images:?}");
    }
}
