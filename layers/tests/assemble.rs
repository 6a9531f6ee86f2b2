//! Layers as a registry and a runtime see them: their bytes, their identities, and what `tar` reads back.
//!
//! `UPDATE_GOLDEN=1 cargo test -p leoflow-layers` writes `testdata/layers/golden*.txt` anew. A golden that changes
//! changes every user's digests: say so in the changelog.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use leoflow_layers::{
    AssembleError, AssembleOptions, Compression, Content, DiffId, Digest, Entry, EntryPath, FileSet, Layer, Tree,
    ZstdLevel, assemble, assemble_watched, diff_id,
};
use proptest::prelude::*;

const ZSTD: Compression = Compression::Zstd { level: ZstdLevel::DEFAULT };

fn options(threads: usize) -> AssembleOptions {
    let spool_directory = std::env::temp_dir();
    AssembleOptions { compression: Compression::Gzip, modified: 0, threads, spool_directory }
}

fn compressing(compression: Compression, threads: usize) -> AssembleOptions {
    AssembleOptions { compression, ..options(threads) }
}

fn path(text: &str) -> EntryPath {
    EntryPath::new(text).unwrap()
}

fn file(content: impl Into<Vec<u8>>) -> Entry {
    Entry::File { content: Content::Bytes(content.into()), executable: false }
}

fn on_disk(source: &Path) -> Entry {
    Entry::File { content: Content::File(source.to_owned()), executable: false }
}

fn set(entries: Vec<(&str, Entry)>) -> FileSet {
    let mut set = FileSet::new();
    for (at, entry) in entries {
        set.insert(path(at), entry).unwrap();
    }
    set
}

fn compressed(layer: &Layer) -> Vec<u8> {
    let mut bytes = Vec::new();
    layer.blob.reader().read_to_end(&mut bytes).unwrap();
    bytes
}

fn uncompressed(layer: &Layer) -> Vec<u8> {
    match layer.media_type.rsplit_once('+') {
        Some((_, "gzip")) => gunzip(layer),
        Some((_, "zstd")) => zstd::decode_all(layer.blob.reader()).unwrap(),
        other => panic!("{other:?}"),
    }
}

/// What `gzip -d` makes of a layer; other readers of several members do alike.
fn gunzip(layer: &Layer) -> Vec<u8> {
    let mut child = Command::new("gzip").arg("-dc").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut blob = layer.blob.reader();
    let feeder = std::thread::spawn(move || std::io::copy(&mut blob, &mut stdin).unwrap());
    let output = child.wait_with_output().unwrap();
    feeder.join().unwrap();
    assert!(output.status.success());
    output.stdout
}

/// Bytes without a pattern, the same each time.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 1_u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    };
    (0..length).map(|_| next()).collect()
}

/// Lines that are alike and yet not the same, which is what a compressor has to search in.
fn table(length: usize) -> Vec<u8> {
    const WORDS: [&str; 8] = ["north", "south", "paid", "pending", "invoice", "refund", "customer", "warehouse"];
    let numbers = noise(length);
    let lines = numbers.chunks_exact(3).flat_map(|bytes| {
        let word = WORDS[usize::from(bytes[0] % 8)];
        format!("{},2025-{:02},{word}\n", u16::from(bytes[1]) * 256 + u16::from(bytes[2]), bytes[0] % 12 + 1)
            .into_bytes()
    });
    lines.take(length).collect()
}

fn golden_sets() -> Vec<(&'static str, FileSet)> {
    let long = format!("site-packages/{}/{}.py", "package".repeat(20), "module".repeat(20));
    let link = |target: &str| Entry::Symlink { target: target.to_owned() };
    let script = Entry::File { content: Content::Bytes(b"#!/bin/sh\n".to_vec()), executable: true };
    let many: Vec<String> = (0..200).map(|n| format!("home/leoflow/data/{n:03}.csv")).collect();
    vec![
        ("empty", FileSet::new()),
        (
            "project",
            set(vec![("home/leoflow/dag.py", file("import airflow\n")), ("home/leoflow/lib/__init__.py", file(""))]),
        ),
        ("kinds", set(vec![("bin/run", script), ("bin/sh", link("/bin/run")), ("empty", Entry::Directory)])),
        ("names", set(vec![(&long, file("x")), ("zürich/naïve.txt", file("y")), ("l", link(&format!("/{long}")))])),
        ("many", set(many.iter().map(|name| (name.as_str(), file(name.repeat(200)))).collect())),
        ("table", set(vec![("table.csv", file(table(5 << 19)))])),
        ("large", set(vec![("noise", file(noise(3 << 20))), ("text", file("all work and no play\n".repeat(150_000)))])),
    ]
}

/// Compares with a file of `testdata/layers`, or writes it.
fn check_golden(name: &str, found: &str) {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/layers").join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&golden, found).unwrap();
    }
    assert_eq!(found, fs::read_to_string(&golden).unwrap());
}

#[test]
fn golden_identities_hold() {
    let lines = golden_sets().into_iter().map(|(name, files)| {
        let layer = assemble(&files, &options(2)).unwrap();
        format!("{name} {} {}\n", layer.diff_id, layer.digest)
    });
    check_golden("golden.txt", &lines.collect::<String>());
}

/// The levels of each of zstd's ways of searching.
#[test]
fn golden_digests_of_zstd_hold() {
    let sets = golden_sets();
    let lines = sets.iter().flat_map(|(name, files)| {
        [1, 3, 5, 7, 13, 19].map(|level| {
            let level = ZstdLevel::new(level).unwrap();
            let layer = assemble(files, &compressing(Compression::Zstd { level }, 2)).unwrap();
            format!("{name} {level} {}\n", layer.digest)
        })
    });
    check_golden("golden-zstd.txt", &lines.collect::<String>());
}

#[test]
fn both_identities_are_those_of_the_bytes() {
    for compression in [Compression::Gzip, ZSTD] {
        for (name, files) in golden_sets() {
            let layer = assemble(&files, &compressing(compression, 3)).unwrap();
            let (blob, tar) = (compressed(&layer), uncompressed(&layer));
            assert_eq!(layer.digest, Digest::of(&blob), "{name}");
            assert_eq!(layer.diff_id, DiffId::of(&tar), "{name}");
            assert_eq!((layer.blob.size(), layer.uncompressed_size), (blob.len() as u64, tar.len() as u64), "{name}");
            assert_eq!(layer.media_type, compression.media_type());
        }
    }
}

#[test]
fn compression_does_not_show_in_the_diff_id() {
    for (name, files) in golden_sets() {
        let [gzip, zstd] = [Compression::Gzip, ZSTD].map(|how| assemble(&files, &compressing(how, 2)).unwrap());
        assert_eq!(gzip.diff_id, zstd.diff_id, "{name}");
        assert_ne!(gzip.digest, zstd.digest, "{name}");
    }
}

#[test]
fn a_layer_is_known_by_its_identity_before_it_is_made() {
    for (name, files) in golden_sets() {
        for modified in [0, 1_700_000_000] {
            let layer = assemble(&files, &AssembleOptions { modified, ..options(2) }).unwrap();
            let told = std::cell::Cell::new(0);
            let identity = diff_id(&files, modified, &|bytes| told.set(told.get() + bytes)).unwrap();
            assert_eq!(identity, (layer.diff_id, layer.uncompressed_size), "{name}");
            assert_eq!(told.get(), layer.uncompressed_size, "{name}");
        }
    }
}

/// An entry as `tar` reads it: path, kind, mode, link, content.
type Read1 = (String, u8, u32, String, Vec<u8>);

fn read_back(tar: &[u8]) -> Vec<Read1> {
    let mut archive = tar::Archive::new(tar);
    let entries = archive.entries().unwrap().map(|entry| {
        let mut entry = entry.unwrap();
        let header = entry.header();
        assert_eq!((header.uid().unwrap(), header.gid().unwrap(), header.mtime().unwrap()), (0, 0, 0));
        assert_eq!((header.username(), header.groupname()), (Ok(Some("")), Ok(Some(""))));
        let (kind, mode) = (header.entry_type().as_byte(), header.mode().unwrap());
        let name = String::from_utf8(entry.path_bytes().into_owned()).unwrap();
        let link = entry.link_name_bytes().map(|link| String::from_utf8(link.into_owned()).unwrap());
        let mut content = Vec::new();
        entry.read_to_end(&mut content).unwrap();
        (name, kind, mode, link.unwrap_or_default(), content)
    });
    entries.collect()
}

fn expected(files: &FileSet) -> Vec<Read1> {
    let entries = files.iter().map(|(path, entry)| match entry {
        Entry::Directory => (format!("{path}/"), b'5', 0o755, String::new(), Vec::new()),
        Entry::Symlink { target } => (path.to_string(), b'2', 0o755, target.clone(), Vec::new()),
        Entry::File { content, executable } => {
            let mode = if *executable { 0o755 } else { 0o644 };
            let content = match content {
                Content::Bytes(bytes) => bytes.clone(),
                Content::File(source) => fs::read(source).unwrap(),
                other => panic!("{other:?}"),
            };
            (path.to_string(), b'0', mode, String::new(), content)
        }
    });
    entries.collect()
}

fn any_entry() -> impl Strategy<Value = Entry> {
    let content = prop::collection::vec(any::<u8>(), 0..1500);
    prop_oneof![
        Just(Entry::Directory),
        "[a-zé/.]{1,120}".prop_map(|target| Entry::Symlink { target }),
        (content, any::<bool>())
            .prop_map(|(content, executable)| Entry::File { content: Content::Bytes(content), executable }),
    ]
}

fn any_compression() -> impl Strategy<Value = Compression> {
    let zstd = (1..=12_u8).prop_map(|level| Compression::Zstd { level: ZstdLevel::new(level).unwrap() });
    prop_oneof![Just(Compression::Gzip), zstd]
}

fn any_set() -> impl Strategy<Value = FileSet> {
    let paths = "[a-cß]{1,60}(/[a-c ]{1,60}){0,3}";
    prop::collection::vec((paths, any_entry()), 0..12).prop_map(|entries| {
        let mut set = FileSet::new();
        for (at, entry) in entries {
            // What contradicts an earlier entry is left out.
            let _ = set.insert(path(&at), entry);
        }
        set
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn tar_reads_back_what_went_in(files in any_set(), compression in any_compression(), threads in 1..8_usize) {
        let layer = assemble(&files, &compressing(compression, threads)).unwrap();
        let tar = uncompressed(&layer);
        prop_assert_eq!(read_back(&tar), expected(&files));
        prop_assert!(tar.ends_with(&[0; 1024]));
    }

    #[test]
    fn threads_and_places_do_not_show(
        sizes in prop::collection::vec(0..1_500_000_usize, 1..4),
        compression in any_compression(),
        threads in 1..9_usize,
    ) {
        let directory = tempfile::tempdir().unwrap();
        let (mut memory, mut disk) = (FileSet::new(), FileSet::new());
        for (n, size) in sizes.into_iter().enumerate() {
            let (source, bytes) = (directory.path().join(n.to_string()), noise(size));
            fs::write(&source, &bytes).unwrap();
            memory.insert(path(&n.to_string()), file(bytes)).unwrap();
            disk.insert(path(&n.to_string()), on_disk(&source)).unwrap();
        }
        let one = assemble(&memory, &compressing(compression, 1)).unwrap();
        let other = assemble(&disk, &compressing(compression, threads)).unwrap();
        prop_assert_eq!((one.digest, one.diff_id), (other.digest, other.diff_id));
    }
}

#[test]
fn a_tree_is_its_files() {
    let directory = tempfile::tempdir().unwrap();
    fs::create_dir(directory.path().join("lib")).unwrap();
    let (mut files, mut below) = (FileSet::new(), FileSet::new());
    let tree = Arc::new(Tree { directory: directory.path().to_owned(), at: path("home/leoflow") });
    for name in ["dag.py", "lib/a.py", "lib/b.py"] {
        let (source, at) = (directory.path().join(name), path(&format!("home/leoflow/{name}")));
        fs::write(&source, name).unwrap();
        files.insert(at.clone(), on_disk(&source)).unwrap();
        below.insert(at, Entry::File { content: Content::Below(Arc::clone(&tree)), executable: false }).unwrap();
    }
    let digest = |files| assemble(files, &options(1)).unwrap().digest;
    assert_eq!(digest(&files), digest(&below));
    fs::remove_file(directory.path().join("lib/a.py")).unwrap();
    let message = failure(&below, &options(1)).to_string();
    assert!(message.contains(&format!("cannot read `{}/lib/a.py`", directory.path().display())), "{message}");
}

#[test]
fn whoever_watches_is_told_of_every_byte() {
    let told = std::cell::Cell::new(0);
    let layer =
        assemble_watched(&set(vec![("a", file("x"))]), &options(2), &|bytes| told.set(told.get() + bytes)).unwrap();
    assert_eq!(told.get(), layer.uncompressed_size);
}

#[test]
fn only_the_stated_time_shows() {
    let files = set(vec![("a", file("x"))]);
    let at = |modified| assemble(&files, &AssembleOptions { modified, ..options(1) }).unwrap();
    assert_eq!(at(0).digest, at(0).digest);
    assert_ne!(at(0).diff_id, at(1).diff_id);
    let tar = uncompressed(&at(1_700_000_000));
    let entry = tar::Archive::new(&tar[..]).entries().unwrap().next().unwrap().unwrap().header().mtime().unwrap();
    assert_eq!(entry, 1_700_000_000);
}

#[test]
fn a_hard_link_is_a_file_of_its_own() {
    let directory = tempfile::tempdir().unwrap();
    let (one, other) = (directory.path().join("one"), directory.path().join("other"));
    fs::write(&one, "same").unwrap();
    fs::hard_link(&one, &other).unwrap();
    let layer = assemble(&set(vec![("one", on_disk(&one)), ("other", on_disk(&other))]), &options(1)).unwrap();
    let contents: Vec<_> = read_back(&uncompressed(&layer)).into_iter().map(|entry| (entry.1, entry.4)).collect();
    assert_eq!(contents, [(b'0', b"same".to_vec()), (b'0', b"same".to_vec())]);
}

fn failure(files: &FileSet, options: &AssembleOptions) -> AssembleError {
    let error = assemble(files, options).unwrap_err();
    if !matches!(error, AssembleError::Spool { .. }) {
        let alone = diff_id(files, options.modified, &|_| {}).unwrap_err();
        assert_eq!(alone.to_string(), error.to_string());
    }
    assert!(error.help().is_some());
    error
}

#[test]
fn a_file_that_vanished_is_named() {
    let files = set(vec![("a/b", on_disk(Path::new("/nonexistent/file.csv")))]);
    let message = failure(&files, &options(1)).to_string();
    assert!(message.contains("cannot read `/nonexistent/file.csv`"), "{message}");
}

/// The kernel's own files state one size and hold another, which is as good as changing all the time.
#[test]
fn a_file_that_keeps_changing_is_named() {
    let source = PathBuf::from(format!("/proc/{}/status", std::process::id()));
    let files = set(vec![("status", on_disk(&source))]);
    match failure(&files, &options(1)) {
        AssembleError::Changed { source_path, path: at } => assert_eq!((source_path, at), (source, path("status"))),
        other => panic!("{other}"),
    }
}

#[test]
fn a_spool_that_cannot_be_written_is_named() {
    let files = set(vec![("noise", file(noise(6 << 20)))]);
    let nowhere = AssembleOptions { spool_directory: "/nonexistent".into(), ..options(2) };
    let message = failure(&files, &nowhere).to_string();
    assert!(message.starts_with("cannot write a temporary file in `/nonexistent`"), "{message}");
}
