//! What lies in the cache never decides a digest, and what goes wrong with it never ends a command.

mod command;
mod faults;
mod found;
mod limits;
mod processes;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use leoflow::cache::{Cache, Options};
use leoflow::layers::{
    AssembleError, AssembleOptions, Compression, Content, Digest, Entry, EntryPath, FileSet, Layer, assemble,
};
use tempfile::TempDir;

/// More than a blob keeps in memory once it is compressed: what is not found must be spooled.
const LARGE: usize = 5 << 20;

/// Enough to be worth keeping, and little enough to stay in memory.
const MEDIUM: usize = 300 << 10;

/// A project's files, and a cache beside them.
struct Bench {
    directory: TempDir,
    faults: Arc<Mutex<Vec<String>>>,
}

impl Bench {
    fn new() -> Self {
        Self::in_directory(tempfile::tempdir().unwrap())
    }

    fn in_directory(directory: TempDir) -> Self {
        fs::create_dir(directory.path().join("project")).unwrap();
        Self { directory, faults: Arc::default() }
    }

    /// With one large file.
    fn large() -> Self {
        let bench = Self::new();
        bench.write("noise.bin", &noise(LARGE, 1));
        bench
    }

    fn root(&self) -> PathBuf {
        self.directory.path().join("cache")
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        fs::write(self.directory.path().join("project").join(name), bytes).unwrap();
    }

    fn cache(&self) -> Cache {
        self.cache_of(1 << 30)
    }

    fn cache_of(&self, max_size: u64) -> Cache {
        self.cache_in(self.root(), max_size)
    }

    fn cache_in(&self, directory: PathBuf, max_size: u64) -> Cache {
        let faults = Arc::clone(&self.faults);
        let on_fault = Arc::new(move |fault: &leoflow::cache::CacheError| {
            assert!(fault.help().is_some());
            faults.lock().unwrap().push(fault.to_string());
        });
        Cache::open(Options { directory, max_size, on_fault })
    }

    /// What the cache complained of so far.
    fn faults(&self) -> Vec<String> {
        self.faults.lock().unwrap().clone()
    }

    fn files(&self) -> (FileSet, u64) {
        let (mut set, mut bytes) = (FileSet::new(), 0);
        for path in below(&self.directory.path().canonicalize().unwrap().join("project")) {
            bytes += path.metadata().unwrap().len();
            let name = path.file_name().unwrap().to_str().unwrap();
            let entry = Entry::File { content: Content::File(path.clone()), executable: name.ends_with(".sh") };
            set.insert(EntryPath::new(format!("home/leoflow/{name}")).unwrap(), entry).unwrap();
        }
        (set, bytes)
    }

    fn options(&self) -> AssembleOptions {
        let spool_directory = self.directory.path().to_owned();
        AssembleOptions { compression: Compression::Gzip, modified: 0, threads: 2, spool_directory }
    }

    fn assemble(&self, cache: &Cache) -> Layer {
        let (files, bytes) = self.files();
        cache.assemble(&files, bytes, &self.options(), &|_| {}).unwrap()
    }

    /// Does the same where nothing large can be compressed, for want of a place to spool it.
    fn find(&self, cache: &Cache) -> Result<Layer, AssembleError> {
        let (files, bytes) = self.files();
        let spool_directory = self.directory.path().join("missing");
        cache.assemble(&files, bytes, &AssembleOptions { spool_directory, ..self.options() }, &|_| {})
    }

    /// Fails unless the layer is the one that is made without a cache.
    #[track_caller]
    fn check(&self, layer: &Layer) {
        let expected = assemble(&self.files().0, &self.options()).unwrap();
        assert_eq!(identity(layer), identity(&expected));
        assert_eq!(Digest::of(&content(layer)), expected.digest);
    }

    /// The files of one kind that are kept.
    fn kept(&self, kind: &str) -> Vec<PathBuf> {
        below(&self.root().join(kind))
    }

    /// The only one of them.
    #[track_caller]
    fn only(&self, kind: &str) -> PathBuf {
        let kept = self.kept(kind);
        assert_eq!(kept.len(), 1, "{kept:?}");
        kept[0].clone()
    }
}

type Identity = (Digest, leoflow::layers::DiffId, u64, u64, &'static str);

fn identity(layer: &Layer) -> Identity {
    (layer.digest, layer.diff_id, layer.uncompressed_size, layer.blob.size(), layer.media_type)
}

fn content(layer: &Layer) -> Vec<u8> {
    let mut bytes = Vec::new();
    std::io::copy(&mut layer.blob.reader(), &mut bytes).unwrap();
    bytes
}

/// The files right below a directory, sorted.
fn below(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).map_or_else(|_| Vec::new(), |entries| entries.map(Result::unwrap).collect());
    let mut paths: Vec<PathBuf> = entries.into_iter().map(|entry| entry.path()).collect();
    paths.sort();
    paths
}

/// Bytes that do not compress (xorshift), others for each seed.
fn noise(length: usize, seed: u64) -> Vec<u8> {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64 ^ seed;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    let mut bytes: Vec<u8> = std::iter::repeat_with(&mut next).take(length.div_ceil(8)).flatten().collect();
    bytes.truncate(length);
    bytes
}
