//! Real projects, as the index and `uv pip compile` were on one day (`docs/packages-resolving.md` says how that is recorded).

use std::collections::BTreeMap;
use std::io::Read as _;

use flate2::read::GzDecoder;
use serde::Deserialize;

use super::*;

/// `testdata/packages/uv/recorded.json.gz`
#[derive(Deserialize)]
struct Recording {
    /// By project: name, `Requires-Python`, whether it was yanked.
    projects: BTreeMap<String, Vec<(String, String, bool)>>,
    /// By wheel.
    metadata: BTreeMap<String, String>,
    cases: Vec<Case>,
}

/// What uv has chosen.
#[derive(Deserialize)]
struct Case {
    set: String,
    platform: String,
    python: String,
    versions: BTreeMap<String, String>,
}

fn recording() -> Recording {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/packages/uv/recorded.json.gz");
    let mut text = String::new();
    GzDecoder::new(std::fs::File::open(path).unwrap()).read_to_string(&mut text).unwrap();
    serde_json::from_str(&text).unwrap()
}

impl Recording {
    async fn serve(&self) -> PackageIndex {
        let server = PackageIndex::start().await;
        for (project, files) in &self.projects {
            let files = files.iter().map(|(filename, python, yanked)| File {
                requires_python: Some(python.clone()).filter(|python| !python.is_empty()),
                yanked: yanked.then(String::new),
                metadata: self.metadata.get(filename).cloned(),
                ..File::new(filename, "")
            });
            server.put_files(project, files.collect());
        }
        server
    }
}

impl Case {
    /// Returns what is chosen here, in another way than uv has it.
    async fn differences(&self, index: &Index) -> Vec<String> {
        let target = Target {
            platform: self.platform.parse().unwrap(),
            python: self.python.parse().unwrap(),
            libc: Libc::Glibc { major: 2, minor: 36 },
        };
        let facts = Facts {
            python: None,
            pythons: Vec::new(),
            libc: None,
            distributions: Vec::new(),
            debian: Default::default(),
        };
        let wanted: Vec<Wanted> = self.set.split('|').map(wanted).collect();
        let platforms = [ForPlatform { target: &target, facts: &facts }];
        let found = resolve(&wanted, &platforms, index, &ResolveOptions::default()).await;
        let found = found.unwrap_or_else(|error| panic!("{}: {error}", self.set));
        let packages = found.locks[0].packages.iter().map(|it| (it.name.to_string(), it.version.to_string()));
        let ours: BTreeMap<String, String> = packages.collect();
        let names = ours.keys().chain(self.versions.keys()).filter(|name| ours.get(*name) != self.versions.get(*name));
        names.map(|name| format!("{name} {:?}, uv {:?}", ours.get(name), self.versions.get(name))).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn versions_are_those_that_uv_has_chosen() {
    let recording = recording();
    let server = recording.serve().await;
    let sources = Sources { indexes: vec![server.url().parse().unwrap()], ..Sources::default() };
    let index = Index::new(IndexOptions::new(sources)).unwrap();
    assert!(recording.cases.len() >= 60, "{}", recording.cases.len());
    for case in &recording.cases {
        let found = case.differences(&index).await;
        assert!(found.is_empty(), "{} for {} with Python {}: {found:?}", case.set, case.platform, case.python);
    }
}
