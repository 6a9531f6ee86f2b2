//! What the index and uv say today, written down, so that `cargo test` can hold the resolver against it without either.
//!
//! Only what decides is kept: of each project the names of the wheels that fit some target, and of each wheel that was looked
//! into what it requires.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::sync::{Arc, Mutex};

use flate2::Compression;
use flate2::write::GzEncoder;
use leoflow::packages::Target;
use leoflow::packages::index::{FileKind, Index, IndexEvent, Metadata, Observer, ProjectFiles};
use serde_json::{Value, json};

use crate::Versions;

/// A set, a platform and a Python.
type Key = (String, String, String);

/// What the resolver asked for, and what uv answered.
#[derive(Default, Clone)]
pub(crate) struct Recording {
    asked: Arc<Mutex<(BTreeSet<String>, BTreeSet<String>)>>,
    cases: Arc<Mutex<BTreeMap<Key, Versions>>>,
}

impl Recording {
    /// Is told of what the index is asked for.
    pub(crate) fn observer(&self) -> Observer {
        let asked = Arc::clone(&self.asked);
        Arc::new(move |event| {
            let mut asked = asked.lock().unwrap();
            match event {
                IndexEvent::Project { name, .. } => _ = asked.0.insert(name.to_string()),
                IndexEvent::Metadata { file } => _ = asked.1.insert(file),
                _ => {}
            }
        })
    }

    pub(crate) fn add(&self, set: &str, platform: &str, python: &str, versions: &Versions) {
        let key = (set.to_owned(), platform.to_owned(), python.to_owned());
        self.cases.lock().unwrap().insert(key, versions.clone());
    }

    /// Writes everything to a file, in JSON, compressed.
    pub(crate) async fn write(&self, path: &str, index: &Index, targets: &[Target]) {
        let (names, wheels) = self.asked.lock().unwrap().clone();
        let (mut projects, mut metadata) = (BTreeMap::new(), BTreeMap::new());
        for name in names {
            let project = index.project(&name.parse().unwrap()).await.unwrap();
            for file in project.files().filter(|file| wheels.contains(&file.filename)) {
                metadata.insert(file.filename.clone(), said(&index.metadata(&file).await.unwrap()));
            }
            projects.insert(name, files(&project, targets));
        }
        let cases = self.cases.lock().unwrap().clone();
        let case = |((set, platform, python), versions): (_, Versions)| json!({"set": set, "platform": platform, "python": python, "versions": versions});
        let cases: Vec<Value> = cases.into_iter().map(case).collect();
        let all = json!({"projects": projects, "metadata": metadata, "cases": cases}).to_string();
        let mut file = GzEncoder::new(std::fs::File::create(path).unwrap(), Compression::best());
        file.write_all(all.as_bytes()).unwrap();
        file.finish().unwrap();
    }
}

/// The wheels that fit a target; of a version without one, its source.
fn files(project: &ProjectFiles, targets: &[Target]) -> Vec<Value> {
    let tags: Vec<_> = targets.iter().map(Target::tags).collect();
    let fits =
        |kind: &FileKind| matches!(kind, FileKind::Wheel(name) if tags.iter().any(|tags| tags.rank(name).is_some()));
    let version = |kind: &FileKind| match kind {
        FileKind::Wheel(name) => Some(name.version.clone()),
        FileKind::Source(version) => Some(version.clone()),
        FileKind::Other => None,
    };
    let all: Vec<_> = project.files().collect();
    let with_wheels: BTreeSet<_> =
        all.iter().filter(|file| fits(&file.kind)).filter_map(|file| version(&file.kind)).collect();
    let is_last_resort = |kind: &FileKind| {
        matches!(kind, FileKind::Source(_)) && version(kind).is_some_and(|version| !with_wheels.contains(&version))
    };
    let kept = all.iter().filter(|file| fits(&file.kind) || is_last_resort(&file.kind));
    let python = |file: &leoflow::packages::index::DistributionFile| {
        file.requires_python.as_ref().map(ToString::to_string).unwrap_or_default()
    };
    kept.map(|file| json!([file.filename, python(file), file.yanked.is_some()])).collect()
}

fn said(metadata: &Metadata) -> String {
    let mut text = format!("Metadata-Version: 2.1\nName: {}\nVersion: {}\n", metadata.name, metadata.version);
    let mut add = |name: &str, value: &dyn std::fmt::Display| text.push_str(&format!("{name}: {value}\n"));
    metadata.requires_python.iter().for_each(|python| add("Requires-Python", python));
    metadata.extras.iter().for_each(|extra| add("Provides-Extra", extra));
    metadata.requires.iter().for_each(|requirement| add("Requires-Dist", requirement));
    text
}
