//! What is kept, what is not, and what spoilt files come to.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use tempfile::TempDir;

use super::*;
use crate::control_plane::Registration;
use crate::image::Platform;

const SERVER: &str = "https://pro.example.com";

/// A record in a directory of its own, and what it told.
struct Bench {
    directory: TempDir,
    records: Records,
    told: Arc<Mutex<Vec<String>>>,
}

impl Bench {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let told = Arc::new(Mutex::new(Vec::new()));
        let hears = Arc::clone(&told);
        let on_fault: OnFault = Arc::new(move |fault| hears.lock().unwrap().push(fault.to_string()));
        Self { records: Records::open(directory.path().join("record"), on_fault), directory, told }
    }

    fn deploy(&self, number: usize) -> Entry {
        let (entry, spec) = deploy(number);
        self.records.append(&entry, &spec);
        entry
    }

    fn told(&self) -> Vec<String> {
        std::mem::take(&mut self.told.lock().unwrap())
    }

    /// The directory of the one DAG.
    fn dag(&self) -> PathBuf {
        only(&only(&self.directory.path().join("record")))
    }

    fn specs(&self) -> Vec<PathBuf> {
        fs::read_dir(self.dag().join("specs")).unwrap().map(|entry| entry.unwrap().path()).collect()
    }
}

fn only(directory: &Path) -> PathBuf {
    let mut entries = fs::read_dir(directory).unwrap();
    let entry = entries.next().unwrap().unwrap().path();
    assert!(entries.next().is_none());
    entry
}

fn deploy(number: usize) -> (Entry, PinnedDagSpec) {
    let json = format!(
        r#"{{"schema_version": "1.0", "dag_id": "etl", "dag_version": "v{number}",
            "image": "registry.example.com/etl@sha256:{number:064}",
            "tasks": [{{"task_id": "t", "type": "bash", "entrypoint": "true"}}]}}"#
    );
    let spec = PinnedDagSpec::from_json(json.into_bytes()).unwrap();
    let (version, spec_hash) = (format!("{number:07}"), format!("{number:064}"));
    let registration = Registration { dag_id: "etl".into(), version, spec_hash, created: true };
    (Entry::new(number as u64, Way::Deploy, SERVER, &spec, &registration), spec)
}

#[test]
fn what_was_deployed_is_had_back_newest_first() {
    let bench = Bench::new();
    assert!(bench.records.last(SERVER, "etl").is_none());
    let (_, spec) = deploy(1);
    let (first, mut second) = (bench.deploy(1), deploy(2));
    second.0.platforms.push(RecordedPlatform {
        platform: Platform::linux_amd64(),
        manifest: Digest::of(b"manifest"),
        base: Some(Digest::of(b"base")),
        packages: Some([("pandas".to_owned(), "2.1.0".to_owned())].into()),
    });
    bench.records.append(&second.0, &second.1);
    assert_eq!(bench.records.entries(SERVER, "etl"), [second.0, first.clone()]);
    assert_eq!(bench.records.spec(&first).unwrap(), spec.json());
    assert!(bench.records.entries("https://pro.example.com/other", "etl").is_empty());
    assert!(bench.records.entries(SERVER, "../etl").is_empty());
    assert_eq!((bench.records.servers("etl"), bench.records.servers("other")), (vec![SERVER.to_owned()], Vec::new()));
    assert!(bench.told().is_empty());
}

#[test]
fn the_same_version_once_more_is_no_new_entry() {
    let bench = Bench::new();
    for number in [1, 1, 2, 1] {
        bench.deploy(number);
    }
    let versions: Vec<u64> = bench.records.entries(SERVER, "etl").iter().map(|entry| entry.time).collect();
    assert_eq!((versions, bench.specs().len()), (vec![1, 2, 1], 2));
}

#[test]
fn only_the_last_deploys_are_kept_and_the_specs_they_name() {
    let bench = Bench::new();
    bench.deploy(0);
    let half_written = bench.dag().join(".new.left");
    fs::write(&half_written, "half").unwrap();
    for number in 1..MOST_ENTRIES + 3 {
        bench.deploy(number);
    }
    let entries = bench.records.entries(SERVER, "etl");
    assert_eq!((entries.len(), entries[0].time, entries[MOST_ENTRIES - 1].time), (MOST_ENTRIES, 102, 3));
    assert_eq!(bench.specs().len(), MOST_ENTRIES);
    assert!(!half_written.exists());
    assert!(entries.iter().all(|entry| bench.records.spec(entry).is_some()));
}

#[test]
fn nobody_else_can_read_it() {
    let bench = Bench::new();
    bench.deploy(1);
    let mut pending = vec![bench.directory.path().join("record")];
    while let Some(path) = pending.pop() {
        let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, if path.is_dir() { 0o700 } else { 0o600 }, "{}", path.display());
        if path.is_dir() {
            pending.extend(fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
        }
    }
}

#[test]
fn a_damaged_entry_is_told_and_passed_over() {
    let bench = Bench::new();
    let (first, _, third) = (bench.deploy(1), bench.deploy(2), bench.deploy(3));
    let file = bench.dag().join("deploys.ndjson");
    let text = fs::read_to_string(&file).unwrap();
    let second = text.lines().nth(1).unwrap().to_owned();
    let spoilt = [&second[..40], "", "{}", "\u{fffd}\0", &second.replace("etl@sha256:", "etl:"), &"[".repeat(100_000)];
    for line in spoilt.into_iter().chain([second.replace(SERVER, "https://else.example.com").as_str()]) {
        fs::write(&file, text.replace(&second, line)).unwrap();
        assert_eq!(bench.records.entries(SERVER, "etl"), [third.clone(), first.clone()], "{line}");
        assert!(matches!(&bench.told()[..], [one] if one.contains("an entry that means nothing")), "{line}");
    }
    assert_eq!(bench.deploy(4).time, 4);
    assert_eq!(bench.records.entries(SERVER, "etl").len(), 3);
}

#[test]
fn a_spec_that_was_touched_is_none() {
    let bench = Bench::new();
    let entry = bench.deploy(1);
    fs::write(&bench.specs()[0], "{}").unwrap();
    assert!(bench.records.spec(&entry).is_none());
    assert!(bench.told()[0].contains("its sha256 is another"));
    fs::remove_file(&bench.specs()[0]).unwrap();
    assert!(bench.records.spec(&entry).is_none());
    assert!(bench.told()[0].contains("cannot read"));
    bench.deploy(1);
    assert!(bench.records.spec(&entry).is_some(), "the next deploy brings it back");
}

#[test]
fn whatever_lies_in_its_place_is_told_and_never_fatal() {
    let bench = Bench::new();
    let entry = bench.deploy(1);
    let file = bench.dag().join("deploys.ndjson");
    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();
    assert!(bench.records.entries(SERVER, "etl").is_empty());
    assert!(bench.told()[0].contains("cannot read the record of deploys"));
    bench.deploy(2);
    assert_eq!(bench.told().len(), 1);
    assert!(bench.records.spec(&entry).is_some());
    let taken = Bench::new();
    fs::write(taken.directory.path().join("record"), "a file").unwrap();
    taken.deploy(1);
    assert!(taken.told()[0].contains("cannot note this"), "{:?}", taken.told());
}

#[test]
fn several_at_once_lose_nothing() {
    let bench = Bench::new();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let bench = &bench;
            scope.spawn(move || (0..8).for_each(|number| drop(bench.deploy(10 * thread + number))));
        }
    });
    let entries = bench.records.entries(SERVER, "etl");
    assert_eq!((entries.len(), bench.told()), (32, Vec::new()));
    assert!(entries.iter().all(|entry| bench.records.spec(entry).is_some()));
}
