//! What is found, and what is made anew.

use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::Path;

use leoflow::cache::LayerKey;
use leoflow::layers::{AssembleOptions, Compression, Content, Entry, EntryPath, Layer};

use super::{Bench, LARGE, MEDIUM, below, content, identity, noise};

#[test]
fn what_was_packed_before_is_not_compressed_again() {
    let bench = Bench::large();
    assert!(bench.find(&bench.cache()).is_err(), "nothing is there yet");
    let first = bench.assemble(&bench.cache());
    let again = bench.find(&bench.cache()).unwrap();
    assert_eq!(identity(&again), identity(&first));
    assert!(content(&again) == content(&first));
    bench.check(&again);
    assert_eq!(bench.faults(), Vec::<String>::new());
}

#[test]
fn a_spool_file_is_given_a_name_instead_of_being_copied() {
    let bench = Bench::large();
    let layer = leoflow::layers::assemble(&bench.files().0, &bench.options()).unwrap();
    let spool = layer.blob.unnamed_file().unwrap().metadata().unwrap();
    bench.cache().keep_layer(&LayerKey::of_tar(&layer.diff_id, Compression::Gzip), &layer);
    let kept = bench.only("layers").metadata().unwrap();
    // Elsewhere no file can be made without a name.
    if cfg!(target_os = "linux") {
        assert_eq!((kept.dev(), kept.ino()), (spool.dev(), spool.ino()));
    }
    assert_eq!((kept.nlink(), kept.mode() & 0o777), (1, 0o600));
    assert_eq!(bench.kept("tmp").len(), 0);
}

#[test]
fn little_is_not_kept() {
    let bench = Bench::new();
    bench.write("dag.py", &noise(10_000, 1));
    bench.check(&bench.assemble(&bench.cache()));
    assert!(!bench.root().exists());
}

#[test]
fn whatever_differs_is_another_layer() {
    let bench = Bench::large();
    bench.write("dag.py", b"one");
    let before = bench.assemble(&bench.cache());
    let edits: [fn(&Bench); 4] = [
        // At the same length in all: only a hash tells.
        |bench| bench.write("dag.py", b"two"),
        |bench| bench.write("dag.py", b"three"),
        |bench| bench.write("run.sh", b""),
        |bench| fs::rename(bench.files_directory().join("dag.py"), bench.files_directory().join("a.py")).unwrap(),
    ];
    for (number, edit) in edits.into_iter().enumerate() {
        edit(&bench);
        assert!(bench.find(&bench.cache()).is_err(), "{number}");
        let layer = bench.assemble(&bench.cache());
        assert_ne!(layer.digest, before.digest, "{number}");
        bench.check(&layer);
        bench.check(&bench.find(&bench.cache()).unwrap());
    }
    let (files, bytes) = bench.files();
    let later = AssembleOptions { modified: 1, ..bench.options() };
    let layer = bench.cache().assemble(&files, bytes, &later, &|_| {}).unwrap();
    assert_eq!(layer.digest, leoflow::layers::assemble(&files, &later).unwrap().digest);
}

#[test]
fn what_is_in_memory_counts_by_its_content() {
    let bench = Bench::large();
    let layer = |text: &str| {
        let (mut files, bytes) = bench.files();
        let entry = Entry::File { content: Content::Bytes(text.into()), executable: false };
        files.insert(EntryPath::new("home/leoflow/dag.py").unwrap(), entry).unwrap();
        let told = std::cell::Cell::new(0);
        let count = |bytes| told.set(told.get() + bytes);
        let layer = bench.cache().assemble(&files, bytes, &bench.options(), &count).unwrap();
        assert_eq!(told.get(), layer.uncompressed_size, "each byte is told once");
        layer.digest
    };
    let (one, two) = (layer("one"), layer("two"));
    assert_ne!(one, two);
    assert_eq!((layer("one"), layer("two")), (one, two));
}

/// Makes the only file of a kind something else, and expects the same layer, then and afterwards.
fn spoil(kind: &str, spoil: impl Fn(&Path)) {
    let bench = Bench::large();
    bench.assemble(&bench.cache());
    let file = bench.only(kind);
    spoil(&file);
    assert!(bench.find(&bench.cache()).is_err(), "{kind} is still believed");
    bench.check(&bench.assemble(&bench.cache()));
    bench.check(&bench.find(&bench.cache()).unwrap());
    assert_eq!(bench.faults(), Vec::<String>::new());
    assert!(bench.only(kind).symlink_metadata().unwrap().is_file());
}

fn change_byte(file: &Path, at: usize) {
    let mut bytes = fs::read(file).unwrap();
    bytes[at] ^= 1;
    fs::write(file, bytes).unwrap();
}

#[test]
fn what_is_spoilt_is_made_again() {
    let elsewhere = tempfile::NamedTempFile::new().unwrap();
    let instead = |make: &dyn Fn(&Path)| {
        let (make, elsewhere) = (make, elsewhere.path());
        for kind in ["layers", "keys"] {
            spoil(kind, |file| {
                fs::copy(file, elsewhere).unwrap();
                fs::remove_file(file).unwrap();
                make(file);
            });
        }
    };
    instead(&|_| {});
    instead(&|file| fs::create_dir(file).unwrap());
    instead(&|file| symlink(elsewhere.path(), file).unwrap());
    instead(&|file| rustix::fs::mkfifoat(rustix::fs::CWD, file, rustix::fs::Mode::RWXU).unwrap());
    for kind in ["layers", "keys"] {
        spoil(kind, |file| fs::write(file, b"").unwrap());
        spoil(kind, |file| change_byte(file, 40));
        spoil(kind, |file| fs::write(file, [&fs::read(file).unwrap()[..], b" x"].concat()).unwrap());
        spoil(kind, |file| fs::File::options().write(true).open(file).unwrap().set_len(100).unwrap());
    }
    spoil("layers", |file| change_byte(file, LARGE));
}

/// A record that names another layer, one that is kept and whole, is not believed.
#[test]
fn a_record_that_names_another_layer() {
    let bench = Bench::large();
    let one = bench.assemble(&bench.cache());
    let record = bench.only("keys");
    bench.write("noise.bin", &noise(LARGE, 2));
    let two = bench.assemble(&bench.cache());
    let text = fs::read_to_string(&record).unwrap();
    fs::write(&record, text.replace(&one.digest.hex(), &two.digest.hex())).unwrap();
    bench.write("noise.bin", &noise(LARGE, 1));
    bench.check(&bench.assemble(&bench.cache()));
    // Nor is a whole record in the place of another.
    fs::copy(bench.kept("keys").iter().find(|path| **path != record).unwrap(), &record).unwrap();
    bench.check(&bench.assemble(&bench.cache()));
}

#[test]
fn a_cache_that_is_deleted_at_any_time_changes_nothing() {
    let bench = Bench::large();
    let cache = bench.cache();
    for step in 0..3 {
        bench.check(&bench.assemble(&cache));
        let found = bench.find(&cache).unwrap();
        fs::remove_dir_all(bench.root()).unwrap();
        bench.check(&found);
        let (files, bytes) = bench.files();
        bench.assemble(&cache);
        // While it is hashed, and while it is compressed.
        let deleting = |_| drop(fs::remove_dir_all(bench.root()));
        bench.check(&cache.assemble(&files, bytes, &bench.options(), &deleting).unwrap());
        bench.check(&bench.find(&cache).unwrap_or_else(|error| panic!("{step}: {error}")));
    }
    assert_eq!(bench.faults(), Vec::<String>::new());
}

#[test]
fn a_cache_that_is_deleted_all_the_while_changes_nothing() {
    let bench = Bench::new();
    bench.write("noise.bin", &noise(MEDIUM, 1));
    let (working, done) = std::sync::mpsc::channel::<()>();
    std::thread::scope(|scope| {
        let root = bench.root();
        scope.spawn(move || {
            while done.try_recv() == Err(std::sync::mpsc::TryRecvError::Empty) {
                let _ = fs::remove_dir_all(&root);
            }
        });
        // Dropped at the end, and when a check fails.
        let _working = working;
        for _ in 0..20 {
            bench.check(&bench.assemble(&bench.cache()));
        }
    });
}

#[test]
fn a_layer_is_kept_by_whatever_decides_its_bytes() {
    let bench = Bench::new();
    bench.write("wheel", &noise(MEDIUM, 3));
    let layer: Layer = leoflow::layers::assemble(&bench.files().0, &bench.options()).unwrap();
    let key = LayerKey::new("wheels sha256:aa sha256:bb", Compression::Gzip);
    assert!(bench.cache().layer(&key).is_none());
    bench.cache().keep_layer(&key, &layer);
    bench.check(&bench.cache().layer(&key).unwrap());
    assert!(bench.cache().layer(&LayerKey::new("wheels sha256:bb sha256:aa", Compression::Gzip)).is_none());
    assert!(leoflow::cache::Cache::none().layer(&key).is_none());
}

#[test]
fn what_is_kept_is_nobody_elses_business() {
    let bench = Bench::large();
    bench.assemble(&bench.cache());
    bench.cache().keep_document(b"{}");
    let mode = |path: &Path| path.metadata().unwrap().mode() & 0o777;
    assert_eq!(mode(&bench.root()), 0o700);
    let tag = bench.root().join("CACHEDIR.TAG");
    assert!(fs::read_to_string(&tag).unwrap().starts_with("Signature: 8a477f597d28d172789f06886806bc55\n"));
    for directory in below(&bench.root()).into_iter().filter(|path| *path != tag) {
        assert_eq!(mode(&directory), 0o700, "{}", directory.display());
        for file in below(&directory) {
            assert_eq!(mode(&file), 0o600, "{}", file.display());
        }
    }
}

impl Bench {
    fn files_directory(&self) -> std::path::PathBuf {
        self.directory.path().join("project")
    }
}
