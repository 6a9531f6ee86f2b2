//! What is left when writing fails, is killed, or happens twice at once.

use std::fs;
use std::path::Path;

use bytes::Bytes;
use futures_util::stream;
use leoflow::image::{Artifact, BlobSource, Descriptor};
use leoflow::layers::Digest;
use leoflow::layout::{LayoutError, SaveError, save};
use leoflow::reference::Repository;

use super::samples::*;

fn names_of(layout: &Path) -> Vec<String> {
    let index: serde_json::Value = serde_json::from_slice(&fs::read(layout.join("index.json")).unwrap()).unwrap();
    let manifests = index["manifests"].as_array().unwrap().iter();
    let name = |entry: &serde_json::Value| {
        let annotations = &entry["annotations"];
        let text = |key: &str| annotations[key].as_str().unwrap_or("-").to_owned();
        format!("{} {}", text("org.opencontainers.image.ref.name"), text("io.containerd.image.name"))
    };
    manifests.map(name).collect()
}

#[tokio::test]
async fn an_image_takes_the_place_of_the_one_of_its_name_and_of_no_other() {
    let directory = tempfile::tempdir().unwrap();
    let layout = place(&directory, "oci:dir");
    for (number, (reference, full)) in [
        ("v1", Some("ghcr.io/org/a:v1")),
        ("v2", Some("ghcr.io/org/a:v2")),
        ("v1", Some("ghcr.io/org/b:v1")),
        ("v1", Some("ghcr.io/org/a:v1")),
        ("v3", None),
        ("v3", Some("ghcr.io/org/a:v3")),
    ]
    .into_iter()
    .enumerate()
    {
        let sample = image("amd64", &[LAYER, number.to_string().as_bytes()]);
        save_as(&sample, &layout, &names(reference, full)).await.unwrap();
    }
    let expected = ["v1 ghcr.io/org/a:v1", "v2 ghcr.io/org/a:v2", "v1 ghcr.io/org/b:v1", "v3 ghcr.io/org/a:v3"];
    assert_eq!(names_of(&layout.path), expected);
    let first = place(&directory, "oci:dir:ghcr.io/org/a:v1");
    assert_eq!(read(&first).unwrap().digest(), image("amd64", &[LAYER, b"3"]).digest());
    let error = read(&place(&directory, "oci:dir:v1")).unwrap_err();
    assert!(matches!(error, LayoutError::SeveralImages { .. }), "{error}");
}

#[tokio::test]
async fn the_same_image_gives_the_same_archive() {
    let directory = tempfile::tempdir().unwrap();
    for text in ["oci:x.tar", "docker-archive:x.tar"] {
        let place = place(&directory, text);
        saved(&image("amd64", &[LAYER]), &place).await;
        let first = fs::read(&place.path).unwrap();
        saved(&image("amd64", &[LAYER]), &place).await;
        assert!(fs::read(&place.path).unwrap() == first, "{text}");
    }
}

#[tokio::test]
async fn what_stands_in_the_way_is_not_made_a_layout() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    fs::create_dir_all(root.join("home/music")).unwrap();
    fs::create_dir_all(root.join("x.tar")).unwrap();
    for (text, reason) in [("oci:home", "not empty, and no image layout"), ("oci:x.tar", "it is a directory")] {
        let error = save_as(&tree(), &place(&directory, text), &names("v1", None)).await.unwrap_err();
        assert!(matches!(error, LayoutError::Occupied { .. }), "{error}");
        assert!(error.to_string().contains(reason) && error.help().is_some(), "{error}");
    }
    fs::create_dir(root.join("outside")).unwrap();
    fs::create_dir(root.join("linked")).unwrap();
    fs::write(root.join("linked/oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#).unwrap();
    std::os::unix::fs::symlink("../outside", root.join("linked/blobs")).unwrap();
    let error = save_as(&tree(), &place(&directory, "oci:linked"), &names("v1", None)).await.unwrap_err();
    assert!(error.to_string().contains("a link to somewhere else"), "{error}");
    assert_eq!(fs::read_dir(root.join("outside")).unwrap().count(), 0, "nothing was made there");
}

#[tokio::test]
async fn no_file_is_replaced_but_an_archive_of_images() {
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str| directory.path().join(name);
    for text in ["oci:dag.py", "oci:x.tar", "docker-archive:notes.txt", "oci-archive:other"] {
        let place = place(&directory, text);
        for (content, replaced) in [(&b"def main(): pass"[..], false), (b"", true)] {
            fs::write(&place.path, content).unwrap();
            match save_as(&image("amd64", &[LAYER]), &place, &names("v1", None)).await {
                Ok(()) => assert!(replaced, "{text}"),
                Err(error) => {
                    assert!(!replaced && matches!(error, LayoutError::Occupied { .. }), "{text}: {error}");
                    assert!(fs::read(&place.path).unwrap() == content, "{text}");
                }
            }
        }
    }
    let place = place(&directory, "oci:x.tar");
    for (member, replaced) in [("etc/passwd", false), ("manifest.json", true), ("./oci-layout", true)] {
        Tar::create(&file("x.tar")).file(member, b"{}").finish();
        let saved = save_as(&image("amd64", &[LAYER]), &place, &names("v1", None)).await;
        assert_eq!(saved.is_ok(), replaced, "{member}");
    }
}

#[tokio::test]
async fn what_killed_writers_left_is_removed_and_counts_for_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let layout = place(&directory, "oci:dir");
    saved(&image("amd64", &[LAYER]), &layout).await;
    let sound = files(directory.path());
    fs::write(layout.path.join(".leoflow-abc"), "half").unwrap();
    fs::write(directory.path().join(".x.tar.leoflow-abc"), "half").unwrap();
    // Between blob and index: the blob is whole, nothing lists it.
    let blob = layout.path.join("blobs/sha256").join(Digest::of(b"more").hex());
    fs::write(&blob, "more").unwrap();
    assert_eq!(read(&layout).unwrap().digest(), image("amd64", &[LAYER]).digest());
    saved(&image("amd64", &[LAYER]), &layout).await;
    fs::remove_file(blob).unwrap();
    saved(&image("amd64", &[LAYER]), &place(&directory, "oci:x.tar")).await;
    fs::remove_file(directory.path().join("x.tar")).unwrap();
    assert_eq!(files(directory.path()), sound);
}

#[tokio::test]
async fn a_damaged_blob_is_written_anew() {
    let directory = tempfile::tempdir().unwrap();
    let layout = place(&directory, "oci:dir");
    saved(&image("amd64", &[LAYER]), &layout).await;
    let blob = layout.path.join("blobs/sha256").join(Digest::of(LAYER).hex());
    fs::write(&blob, LAYER.to_ascii_uppercase()).unwrap();
    assert!(read(&layout).is_err());
    saved(&image("amd64", &[LAYER]), &layout).await;
    assert_eq!(content(&read(&layout).unwrap()), content(&image("amd64", &[LAYER])));
}

#[test]
fn the_first_writers_may_come_at_once() {
    for _ in 0..20 {
        let directory = tempfile::tempdir().unwrap();
        std::thread::scope(|scope| {
            for number in 0..8 {
                let layout = place(&directory, "oci:dir");
                scope.spawn(move || {
                    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
                    runtime.block_on(save_as(&tree(), &layout, &names(&format!("v{number}"), None))).unwrap();
                });
            }
        });
        assert_eq!(names_of(&directory.path().join("dir")).len(), 8);
    }
}

#[tokio::test]
async fn an_archive_waits_for_nobody_who_holds_its_directory() {
    let directory = tempfile::tempdir().unwrap();
    let held = fs::File::open(directory.path()).unwrap();
    held.lock().unwrap();
    let (done, waiting) = std::sync::mpsc::channel();
    let place = place(&directory, "oci:x.tar");
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        done.send(runtime.block_on(save_as(&tree(), &place, &names("v1", None))).is_ok())
    });
    assert_eq!(waiting.recv_timeout(std::time::Duration::from_secs(60)), Ok(true));
}

#[test]
fn writers_at_once_lose_nothing() {
    let directory = tempfile::tempdir().unwrap();
    std::thread::scope(|scope| {
        for number in 0..8 {
            let layout = place(&directory, "oci:dir");
            scope.spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
                for round in 0..5 {
                    let sample = image("amd64", &[LAYER, format!("{number} {round}").as_bytes()]);
                    runtime.block_on(save_as(&sample, &layout, &names(&format!("v{number}"), None))).unwrap();
                }
            });
        }
    });
    let mut found = names_of(&directory.path().join("dir"));
    found.sort();
    assert_eq!(found, (0..8).map(|number| format!("v{number} -")).collect::<Vec<_>>());
    for number in 0..8 {
        let expected = image("amd64", &[LAYER, format!("{number} 4").as_bytes()]).digest();
        assert_eq!(read(&place(&directory, &format!("oci:dir:v{number}"))).unwrap().digest(), expected);
    }
    assert!(files(directory.path()).iter().all(|name| !name.contains(".leoflow-")));
}

/// An image whose layer lies in a registry.
fn remote() -> Artifact {
    let mut artifact = image("amd64", &[LAYER]);
    artifact.blobs[1].source = BlobSource::Registry("ghcr.io/org/base".parse().unwrap());
    artifact
}

/// Saves an image whose layer arrives in these pieces; returns what was said and what is left.
async fn arriving(text: &str, chunks: Vec<Result<Bytes, String>>) -> (Result<(), SaveError<String>>, Vec<String>) {
    let directory = tempfile::tempdir().unwrap();
    let place = place(&directory, text);
    let fetch = async |repository: &Repository, _: &Descriptor| {
        assert_eq!(repository.to_string(), "ghcr.io/org/base");
        Ok(stream::iter(chunks.clone()))
    };
    let result = save(&remote(), &place, &names("v1", None), fetch).await;
    if result.is_ok() {
        assert_eq!(content(&read(&place).unwrap()), content(&image("amd64", &[LAYER])));
    }
    (result, files(directory.path()))
}

#[tokio::test]
async fn a_layer_that_arrives_wrong_leaves_no_image() {
    let upper = Bytes::from(LAYER.to_ascii_uppercase());
    let (start, rest) = (Bytes::from_static(&LAYER[..5]), Bytes::from_static(&LAYER[5..]));
    for text in ["oci:dir", "oci:x.tar", "docker-archive:x.tar"] {
        let (result, _) = arriving(text, vec![Ok(start.clone()), Ok(rest.clone())]).await;
        assert!(result.is_ok(), "{text}");
        for (what, chunks) in [
            ("short", vec![Ok(start.clone())]),
            ("long", vec![Ok(start.clone()), Ok(rest.clone()), Ok(start.clone())]),
            ("other", vec![Ok(upper.clone())]),
            ("broken", vec![Ok(start.clone()), Err("broken".to_owned())]),
        ] {
            let (result, left) = arriving(text, chunks).await;
            let error = result.expect_err(what);
            let expected = match what {
                "broken" => matches!(error, SaveError::Fetch(_)),
                "other" => matches!(error, SaveError::Layout(LayoutError::WrongDigest { .. })),
                _ => matches!(error, SaveError::Layout(LayoutError::WrongSize { .. })),
            };
            assert!(expected, "{text}, {what}: {error:?}");
            let harmless = |name: &String| name.ends_with("oci-layout") || name.contains("/blobs/");
            assert!(left.iter().all(harmless), "{text}, {what}: {left:?}");
            let layer = Digest::of(LAYER).hex();
            assert!(!left.iter().any(|name| name.ends_with(&layer)), "{text}, {what}: {left:?}");
        }
    }
}
