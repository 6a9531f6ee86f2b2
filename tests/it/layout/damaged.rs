//! Layouts and archives that are cut short, spoilt, contradictory or hostile.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use leoflow::image::{BlobKind, media_type};
use leoflow::layout::LayoutError;
use serde_json::{Value, json};
use tar::EntryType;
use tempfile::TempDir;

use super::samples::*;

/// Spoils a sound layout and returns what is said of it.
async fn spoilt(spoil: impl FnOnce(&Path)) -> LayoutError {
    let directory = tempfile::tempdir().unwrap();
    let layout = place(&directory, "oci:dir");
    saved(&image("amd64", &[LAYER]), &layout).await;
    spoil(&layout.path);
    let error = read(&layout).expect_err("it is spoilt");
    assert!(error.help().is_some_and(|help| help.len() > 10), "{error}");
    error
}

async fn check(what: &str, spoil: impl FnOnce(&Path), expected: &str) {
    let error = spoilt(spoil).await;
    assert!(error.to_string().contains(expected), "{what}: {error}");
}

fn path_of(layout: &Path, bytes: &[u8]) -> std::path::PathBuf {
    layout.join("blobs/sha256").join(leoflow::layers::Digest::of(bytes).hex())
}

fn edit(layout: &Path, change: impl FnOnce(&mut Value)) {
    let path = layout.join("index.json");
    let mut index = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    change(&mut index);
    fs::write(path, index.to_string()).unwrap();
}

#[tokio::test]
async fn what_is_no_layout_is_told() {
    let remove = |name: &'static str| move |layout: &Path| fs::remove_file(layout.join(name)).unwrap();
    let write =
        |name: &'static str, text: &'static str| move |layout: &Path| fs::write(layout.join(name), text).unwrap();
    check("no marker", remove("oci-layout"), "is not an OCI image layout: it has no file `oci-layout`").await;
    check("no index", remove("index.json"), "incomplete: `index.json` is missing").await;
    check("marker", write("oci-layout", "x"), "malformed: oci-layout").await;
    check("version", write("oci-layout", r#"{"imageLayoutVersion":"2.0.0"}"#), "its version is `2.0.0`").await;
    check("index", write("index.json", "[]"), "malformed: index.json").await;
    check("manifests", write("index.json", r#"{"schemaVersion":2}"#), "`manifests` is missing").await;
    check("none", write("index.json", r#"{"schemaVersion":2,"manifests":[]}"#), "has no image").await;
    check("huge", |layout| fs::write(layout.join("index.json"), vec![b' '; 5 << 20]).unwrap(), "larger than 4 MiB")
        .await;
    let file = |layout: &Path| {
        fs::remove_dir_all(layout).unwrap();
        fs::write(layout, "hello").unwrap();
    };
    check("a text", file, "is not a tar archive").await;
    check("nothing", |layout| fs::remove_dir_all(layout).unwrap(), "No such file or directory").await;
}

#[tokio::test]
async fn what_an_index_says_is_checked_before_it_is_used() {
    let entry =
        |key: &'static str, value: Value| move |layout: &Path| edit(layout, |index| index["manifests"][0][key] = value);
    check("a path", entry("digest", json!("sha256:../../../../etc/passwd")), "not a digest").await;
    check("an algorithm", entry("digest", json!("sha512:00")), "other than sha256").await;
    check("a size", entry("size", json!(7)), "bytes, not 7").await;
    check("a media type", entry("mediaType", json!("text/plain")), "its descriptor says `text/plain`").await;
    let index = "application/vnd.oci.image.index.v1+json";
    check("another media type", entry("mediaType", json!(index)), "its descriptor says").await;
    let both = |layout: &Path| edit(layout, |index| index["layers"] = json!([]));
    check("ambiguous", both, "CVE-2021-41190").await;
}

#[tokio::test]
async fn blobs_are_what_their_names_say_or_are_refused() {
    let sample = image("amd64", &[LAYER]);
    let manifest = sample.document.clone();
    check("no layer", |layout| fs::remove_file(path_of(layout, LAYER)).unwrap(), "incomplete: `blobs/sha256/").await;
    check("no manifest", |layout| fs::remove_file(path_of(layout, &manifest)).unwrap(), "incomplete").await;
    check("short", |layout| fs::write(path_of(layout, LAYER), "a").unwrap(), "has 1 bytes, not").await;
    let other = |layout: &Path| fs::write(path_of(layout, LAYER), LAYER.to_ascii_uppercase()).unwrap();
    check("other content", other, "is damaged: what is named sha256:").await;
    let spaces = vec![b' '; manifest.len()];
    check("other manifest", |layout| fs::write(path_of(layout, &manifest), &spaces).unwrap(), "is damaged").await;
    let directory = |layout: &Path| {
        fs::remove_file(path_of(layout, LAYER)).unwrap();
        fs::create_dir(path_of(layout, LAYER)).unwrap();
    };
    check("a directory", directory, "not a regular file").await;
}

#[tokio::test]
async fn no_link_leads_out_of_a_layout() {
    let outside = tempfile::tempdir().unwrap();
    let secret = outside.path().join("secret");
    fs::write(&secret, LAYER).unwrap();
    let blob = |layout: &Path| {
        fs::remove_file(path_of(layout, LAYER)).unwrap();
        symlink(&secret, path_of(layout, LAYER)).unwrap();
    };
    assert!(matches!(spoilt(blob).await, LayoutError::Read { .. }));
    let moved = outside.path().join("blobs");
    let blobs = |layout: &Path| {
        fs::rename(layout.join("blobs"), &moved).unwrap();
        symlink(&moved, layout.join("blobs")).unwrap();
    };
    assert!(matches!(spoilt(blobs).await, LayoutError::Read { .. }));
    let index = |layout: &Path| {
        fs::rename(layout.join("index.json"), outside.path().join("index.json")).unwrap();
        symlink(outside.path().join("index.json"), layout.join("index.json")).unwrap();
    };
    assert!(matches!(spoilt(index).await, LayoutError::Read { .. }));
}

#[tokio::test]
async fn indexes_nest_no_deeper_than_anybody_needs() {
    let directory = tempfile::tempdir().unwrap();
    let mut nested = image("amd64", &[LAYER]);
    for depth in 1..=3 {
        nested = index(&[(&nested, platform("amd64"))]);
        let layout = place(&directory, &format!("oci:{depth}"));
        saved(&nested, &layout).await;
        assert_eq!(read(&layout).is_ok(), depth <= 2, "{depth}");
        let bases = leoflow::layout::Layout::open(&layout).unwrap().bases(&[linux("amd64")]);
        assert_eq!(bases.is_ok(), depth <= 2, "{depth}");
    }
}

#[tokio::test]
async fn a_config_is_no_larger_than_anybody_needs() {
    let directory = tempfile::tempdir().unwrap();
    let layout = place(&directory, "oci:dir");
    let large = [config("amd64", &[LAYER]), vec![b' '; 4 << 20]].concat();
    let config = blob(BlobKind::Config, media_type::OCI_CONFIG, &large);
    saved(&manifest(config, vec![blob(BlobKind::Layer, media_type::OCI_LAYER, LAYER)]), &layout).await;
    let layout = leoflow::layout::Layout::open(&layout).unwrap();
    let error = layout.images(&layout.artifact(&[]).unwrap()).unwrap_err();
    assert!(matches!(error, LayoutError::TooLarge { .. }), "{error}");
}

#[tokio::test]
async fn an_index_lists_no_more_than_anybody_needs() {
    let directory = tempfile::tempdir().unwrap();
    let manifests: Vec<_> = (0..1000).map(|number: u32| image("amd64", &[&number.to_le_bytes()])).collect();
    let entries: Vec<_> = manifests.iter().map(|image| (image, platform("amd64"))).collect();
    let again: Vec<_> = (0..2000).map(|_| entries[0].clone()).collect();
    for (name, entries, expected) in
        [("999", &entries[..999], true), ("1000", &entries[..], false), ("one", &again, true)]
    {
        let layout = place(&directory, &format!("oci:{name}.tar"));
        saved(&index(entries), &layout).await;
        let found = read(&layout);
        assert_eq!(found.is_ok(), expected, "{name}");
        assert!(found.map_or_else(
            |error| error.to_string().contains("more than 1000"),
            |found| name != "one" || found.children.len() == 1
        ));
    }
}

/// Reads an archive of a sound image that was packed by hand; `pack` gets its index, manifest and config.
fn packed(pack: impl FnOnce(Tar, Parts)) -> (TempDir, Result<leoflow::image::Artifact, LayoutError>) {
    let directory = tempfile::tempdir().unwrap();
    let archive = place(&directory, "oci:x.tar");
    let sample = image("amd64", &[LAYER]);
    let entry = serde_json::to_value(&sample.descriptor).unwrap();
    let index = json!({"schemaVersion": 2, "manifests": [entry]}).to_string();
    let blob = |bytes: &[u8]| format!("blobs/sha256/{}", leoflow::layers::Digest::of(bytes).hex());
    let parts = Parts {
        index: index.into_bytes(),
        manifest: (blob(&sample.document), sample.document.clone()),
        config: (blob(&config("amd64", &[LAYER])), config("amd64", &[LAYER])),
        layer: blob(LAYER),
    };
    pack(Tar::create(&archive.path), parts);
    let found = read(&archive);
    (directory, found)
}

struct Parts {
    index: Vec<u8>,
    manifest: (String, Vec<u8>),
    config: (String, Vec<u8>),
    layer: String,
}

const MARKER: &[u8] = br#"{"imageLayoutVersion":"1.0.0"}"#;

impl Parts {
    /// Packs all but the layer, under names with this prefix.
    fn documents(&self, tar: Tar, prefix: &str) -> Tar {
        let tar = tar.file(&format!("{prefix}oci-layout"), MARKER).file(&format!("{prefix}index.json"), &self.index);
        let tar = tar.file(&format!("{prefix}{}", self.manifest.0), &self.manifest.1);
        tar.file(&format!("{prefix}{}", self.config.0), &self.config.1)
    }
}

#[test]
fn archives_that_others_pack_are_read() {
    let sound = |what: &str, pack: fn(Tar, Parts)| {
        let (_directory, found) = packed(pack);
        assert_eq!(content(&found.expect(what)), content(&image("amd64", &[LAYER])), "{what}");
    };
    sound("with `./` before names", |tar, parts| {
        parts.documents(tar, "./").file(&format!("./{}", parts.layer), LAYER).finish();
    });
    sound("with a hard link", |tar, parts| {
        let tar = parts.documents(tar, "").file("blobs/sha256/other", LAYER);
        tar.link(EntryType::Link, &parts.layer, "blobs/sha256/other").finish();
    });
    sound("with a symbolic link", |tar, parts| {
        let tar = parts.documents(tar, "").file("blobs/other", LAYER);
        tar.link(EntryType::Symlink, &parts.layer, "../other").finish();
    });
    sound("with long names beside", |tar, parts| {
        let long = format!("beside/{}", "x".repeat(200));
        parts.documents(tar, "").file(&long, b"?").file(&parts.layer, LAYER).finish();
    });
    sound("with a blob twice", |tar, parts| {
        parts.documents(tar, "").file(&parts.layer, b"first").file(&parts.layer, LAYER).finish();
    });
}

#[test]
fn archives_that_cannot_be_trusted_are_refused() {
    let refused = |what: &str, expected: &str, pack: fn(Tar, Parts)| {
        let (_directory, found) = packed(pack);
        let error = found.expect_err(what);
        assert!(error.to_string().contains(expected), "{what}: {error}");
        assert!(error.help().is_some(), "{what}");
    };
    refused("a layer is missing", "is missing", |tar, parts| parts.documents(tar, "").finish());
    refused("an index twice", "more than once", |tar, parts| {
        parts.documents(tar.file("index.json", b"{}"), "").file(&parts.layer, LAYER).finish();
    });
    refused("a sparse layer", "sparse", |tar, parts| {
        parts.documents(tar, "").other(EntryType::Fifo, &parts.layer, b"").finish();
    });
    refused("links in a circle", "lead nowhere", |tar, parts| {
        let tar = parts.documents(tar, "").link(EntryType::Symlink, &parts.layer, "a");
        tar.link(EntryType::Symlink, "blobs/sha256/a", &parts.layer["blobs/sha256/".len()..]).finish();
    });
    refused("a link to the outside", "not a regular file", |tar, parts| {
        parts.documents(tar, "").link(EntryType::Symlink, &parts.layer, "/etc/hostname").finish();
    });
    refused("a link above", "not a regular file", |tar, parts| {
        parts.documents(tar, "").link(EntryType::Symlink, &parts.layer, "../../../x").finish();
    });
    refused("nothing", "it is empty", |tar, _| tar.finish());
}

#[tokio::test]
async fn an_archive_that_was_cut_short_is_refused_wherever_it_was_cut() {
    let directory = tempfile::tempdir().unwrap();
    let archive = place(&directory, "oci:x.tar");
    saved(&image("amd64", &[LAYER]), &archive).await;
    let whole = fs::read(&archive.path).unwrap();
    // What follows the last member is padding, and the end mark.
    let end = whole.len() - 1024 - 512;
    for length in (1..end).step_by(97) {
        fs::write(&archive.path, &whole[..length]).unwrap();
        let error = read(&archive).expect_err("it was cut short");
        assert!(error.help().is_some(), "{length}: {error}");
    }
}

#[tokio::test]
async fn a_compressed_archive_is_told_what_to_do() {
    let directory = tempfile::tempdir().unwrap();
    for (magic, form) in [(&[0x1f_u8, 0x8b, 8, 0][..], "gzip"), (&[0x28, 0xb5, 0x2f, 0xfd], "zstd")] {
        let archive = place(&directory, "oci:x.tar");
        fs::write(&archive.path, magic).unwrap();
        let error = read(&archive).unwrap_err();
        assert!(error.to_string().contains(&format!("compressed with {form}")), "{error}");
        assert!(error.help().unwrap().contains("gunzip"));
    }
}
