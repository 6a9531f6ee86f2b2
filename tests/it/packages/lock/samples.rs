//! A lock with one of everything.

use std::collections::BTreeSet;
use std::path::Path;

use leoflow::image::Platform;
use leoflow::inspect::{Distribution, Facts, Interpreter, Libc};
use leoflow::layers::Digest;
use leoflow::packages::Target;
use leoflow::packages::index::Location;
use leoflow::packages::lock::{BaseOfLock, KeptPackage, Lock, LockFile, LockedPackage, LockedWheel};

/// Where the sample lies.
pub const DIRECTORY: &str = "/srv/etl_sales";

pub fn target() -> Target {
    let libc = Libc::Glibc { major: 2, minor: 36 };
    Target { platform: Platform::linux_amd64(), python: "3.11.9".parse().unwrap(), libc }
}

pub fn facts() -> Facts {
    let at = |path: &str| format!("/usr/local/{path}");
    Facts {
        python: Some(Interpreter {
            version: "3.11.9".parse().unwrap(),
            executable: at("bin/python3.11"),
            site_packages: at("lib/python3.11/site-packages"),
            scripts: at("bin"),
            prefix: "/usr/local".into(),
            include: at("include/python3.11"),
        }),
        libc: Some(Libc::Glibc { major: 2, minor: 36 }),
        distributions: vec![distribution("certifi", "2024.1.1"), distribution("idna", "3.1")],
        debian: ["git", "libc6"].map(str::to_owned).into(),
        pythons: Vec::new(),
    }
}

pub fn distribution(name: &str, version: &str) -> Distribution {
    let directory = format!("/usr/local/lib/python3.11/site-packages/{name}-{version}.dist-info");
    let files = vec![format!("{directory}/RECORD"), format!("/usr/local/lib/python3.11/site-packages/{name}.py")];
    let requires = vec!["never-read".to_owned()];
    let (name, version) = (name.parse().unwrap(), version.parse().unwrap());
    Distribution { name, version, requires, extras: Vec::new(), directory, files }
}

pub fn package(name: &str, version: &str, dependencies: &[&str]) -> LockedPackage {
    let file = format!("{}-{version}-py3-none-any.whl", name.replace('-', "_"));
    LockedPackage {
        name: name.parse().unwrap(),
        version: version.parse().unwrap(),
        wheel: LockedWheel {
            location: Location::Url(format!("https://files.pythonhosted.org/packages/{file}").parse().unwrap()),
            index: Some("https://pypi.org/simple".into()),
            sha256: Digest::of(file.as_bytes()),
            size: Some(1234),
            direct_url: None,
            name: file.parse().unwrap(),
        },
        extras: BTreeSet::new(),
        dependencies: dependencies.iter().map(|name| name.parse().unwrap()).collect(),
        requested: false,
    }
}

pub fn kept(name: &str, version: &str) -> KeptPackage {
    let (name, version) = (name.parse().unwrap(), version.parse().unwrap());
    KeptPackage { name, version, dependencies: BTreeSet::new(), requested: false }
}

/// `requests[socks]` from an index, which needs `certifi` of a wheelhouse in the project, in place of the base's, and
/// `idna` of the base.
pub fn lock_file() -> LockFile {
    let mut certifi = package("certifi", "2026.10.18", &[]);
    certifi.wheel.location = Location::Path(Path::new(DIRECTORY).join("wheels").join(certifi.wheel.name.as_str()));
    (certifi.wheel.index, certifi.wheel.size) = (Some(format!("{DIRECTORY}/wheels")), None);
    let mut requests = package("requests", "2.34.2", &["certifi", "idna"]);
    requests.extras = ["socks".parse().unwrap()].into();
    requests.requested = true;
    let lock = Lock { packages: vec![certifi, requests], kept: vec![kept("idna", "3.1")] };
    LockFile {
        target: target(),
        requirements: vec!["requests[socks]>=2.30".into()],
        base: Some(BaseOfLock::new(Digest::of(b"base"), &facts(), &lock, &["git".into()])),
        lock,
    }
}
