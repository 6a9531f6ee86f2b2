//! Requirements into wheels, as pip would choose them, or the reason why not.

mod base;
mod choice;
mod platforms;
mod recorded;
mod refusal;

use std::collections::BTreeMap;

use leoflow::inspect::{Distribution, Facts, Libc};
use leoflow::packages::Target;
use leoflow::packages::index::{Index, IndexOptions, Sources};
use leoflow::packages::requirements::{Key, Origin, Wanted, parse};
use leoflow::packages::resolve::{ForPlatform, Resolution, ResolveError, ResolveOptions, resolve};

use crate::support::package_index::{File, PackageIndex};
use crate::support::wheels::Wheel;

/// What is resolved for: platforms, a Python, what the base has, and what an earlier lock had.
#[derive(Default)]
struct Setting {
    platforms: Vec<&'static str>,
    python: Option<&'static str>,
    base: Vec<Distribution>,
    earlier: Vec<(&'static str, &'static str)>,
}

fn on(platforms: &[&'static str]) -> Setting {
    Setting { platforms: platforms.to_vec(), ..Setting::default() }
}

/// `a`, `a==1` are dependencies; `connector:a` is one.
fn wanted(text: &str) -> Wanted {
    let (key, text) = match text.strip_prefix("connector:") {
        Some(name) => (Key::Connectors, format!("apache-airflow-providers-{name}")),
        None => (Key::Dependencies, text.to_owned()),
    };
    let requirement = parse(&text).unwrap();
    Wanted { requirement, origin: Origin { key, written: text, span: None } }
}

fn installed(name: &str, version: &str, requires: &[&str]) -> Distribution {
    Distribution {
        name: name.parse().unwrap(),
        version: version.parse().unwrap(),
        requires: requires.iter().map(|text| (*text).to_owned()).collect(),
        extras: Vec::new(),
        directory: format!("/usr/lib/python3/{name}-{version}.dist-info"),
        files: Vec::new(),
    }
}

impl Setting {
    async fn resolve(&self, server: &PackageIndex, asked: &[&str]) -> Result<Resolution, ResolveError> {
        let indexes = vec![server.url().parse().unwrap()];
        let backoff = std::time::Duration::from_millis(1);
        let options = IndexOptions { backoff, ..IndexOptions::new(Sources { indexes, ..Sources::default() }) };
        let index = Index::new(options).unwrap();
        let libc = Libc::Glibc { major: 2, minor: 36 };
        let python: leoflow::packages::Version = self.python.unwrap_or("3.11.9").parse().unwrap();
        let platforms = if self.platforms.is_empty() { vec!["linux/amd64"] } else { self.platforms.clone() };
        let targets: Vec<Target> = platforms
            .iter()
            .map(|platform| Target { platform: platform.parse().unwrap(), python: python.clone(), libc })
            .collect();
        let facts = Facts {
            python: None,
            pythons: Vec::new(),
            libc: None,
            distributions: self.base.clone(),
            debian: Default::default(),
        };
        let places: Vec<_> = targets.iter().map(|target| ForPlatform { target, facts: &facts }).collect();
        let known = self.earlier.iter().map(|(name, version)| (name.parse().unwrap(), version.parse().unwrap()));
        let options = ResolveOptions { preferences: known.collect::<BTreeMap<_, _>>() };
        let wanted: Vec<Wanted> = asked.iter().map(|text| wanted(text)).collect();
        resolve(&wanted, &places, &index, &options).await
    }

    /// Returns what each platform gets, as `a 1.0, b 2.0`, and what stays as `(c 3.0)`.
    async fn versions(&self, server: &PackageIndex, asked: &[&str]) -> Vec<String> {
        let found = self.resolve(server, asked).await.unwrap_or_else(|error| panic!("{asked:?}: {error}"));
        found.locks.iter().map(shown).collect()
    }

    async fn error(&self, server: &PackageIndex, asked: &[&str]) -> (String, String) {
        let error = match self.resolve(server, asked).await {
            Ok(found) => panic!("{asked:?}: {:?}", found.locks.iter().map(shown).collect::<Vec<_>>()),
            Err(error) => error,
        };
        (error.to_string(), error.help().unwrap_or_default())
    }
}

fn shown(lock: &leoflow::packages::lock::Lock) -> String {
    let packages = lock.packages.iter().map(|it| format!("{} {}", it.name, it.version));
    let kept = lock.kept.iter().map(|it| format!("({} {})", it.name, it.version));
    packages.chain(kept).collect::<Vec<_>>().join(", ")
}

/// `a 1.0`, with what it requires: `a 1.0: b>=1, c`
fn wheel(text: &str) -> Wheel {
    let (package, requires) = text.split_once(": ").unwrap_or((text, ""));
    let (name, version) = package.split_once(' ').unwrap();
    let requires = requires.split(", ").filter(|text| !text.is_empty());
    requires.fold(Wheel::new(name, version), |wheel, text| wheel.requires(text))
}

async fn index(wheels: &[&str]) -> PackageIndex {
    PackageIndex::of(&wheels.iter().map(|text| wheel(text)).collect::<Vec<_>>()).await
}

/// A wheel on an index, changed in what the index says of it.
fn file(wheel: &Wheel, change: impl FnOnce(&mut File)) -> File {
    let mut file = File::from(wheel);
    change(&mut file);
    file
}

fn source(index: &PackageIndex, name: &str, version: &str) {
    index.put_file(name, File::new(&format!("{name}-{version}.tar.gz"), "source"));
}
