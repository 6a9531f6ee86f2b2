//! What installing wheels leaves, file by file, and what it refuses.

use std::collections::{BTreeMap, BTreeSet};

use leoflow::inspect::{Facts, Interpreter};
use leoflow::layers::{AssembleOptions, Blob, Compression, Content, Digest, Entry, FileSet, assemble};
use leoflow::packages::index::Location;
use leoflow::packages::install::{self, Batch, InstallError, InstalledBatch};
use leoflow::packages::lock::{Lock, LockedPackage, LockedWheel};

use crate::support::wheels::{Wheel, hash};

const SITE: &str = "usr/local/lib/python3.11/site-packages";

/// As the official images have it.
pub(super) fn python() -> Interpreter {
    Interpreter {
        version: "3.11.9".parse().unwrap(),
        executable: "/usr/local/bin/python3.11".to_owned(),
        site_packages: format!("/{SITE}"),
        scripts: "/usr/local/bin".to_owned(),
        prefix: "/usr/local".to_owned(),
        include: "/usr/local/include/python3.11".to_owned(),
    }
}

pub(super) fn facts() -> Facts {
    Facts {
        python: Some(python()),
        libc: None,
        distributions: Vec::new(),
        debian: BTreeSet::new(),
        pythons: Vec::new(),
    }
}

/// A package whose wheel has these bytes and this name, from an index.
pub(super) fn package(file: &str, bytes: &[u8]) -> LockedPackage {
    let name: leoflow::packages::wheel::WheelName = file.parse().unwrap();
    let url = format!("https://files.example/{file}").parse().unwrap();
    LockedPackage {
        name: name.name.clone(),
        version: name.version.clone(),
        wheel: LockedWheel {
            name,
            location: Location::Url(url),
            index: Some("https://index.example/simple".to_owned()),
            sha256: Digest::of(bytes),
            size: Some(bytes.len() as u64),
            direct_url: None,
        },
        extras: BTreeSet::new(),
        dependencies: BTreeSet::new(),
        requested: false,
    }
}

pub(super) fn lock(mut packages: Vec<LockedPackage>) -> Lock {
    packages.sort_by(|one, other| one.name.cmp(&other.name));
    Lock { packages, ..Lock::default() }
}

/// Installs wheels into one layer.
fn install(wheels: &[Wheel], change: impl Fn(&mut LockedPackage)) -> Result<InstalledBatch, InstallError> {
    let mut built: Vec<_> = wheels
        .iter()
        .map(|wheel| {
            let bytes = wheel.build();
            let mut package = package(&wheel.filename(), &bytes);
            change(&mut package);
            (package, Blob::from_bytes(bytes))
        })
        .collect();
    built.sort_by(|one, other| one.0.name.cmp(&other.0.name));
    let (packages, blobs): (Vec<_>, Vec<_>) = built.into_iter().unzip();
    let batch = Batch { title: String::new(), key: String::new(), packages, removed: Vec::new(), marked: Vec::new() };
    install::files(&batch, &blobs, &python())
}

/// Installs one wheel and returns its files: what they hold, and whether they may be executed.
fn installed(wheel: &Wheel) -> BTreeMap<String, (String, bool)> {
    read(&install(std::slice::from_ref(wheel), |_| {}).unwrap().set)
}

fn read(set: &FileSet) -> BTreeMap<String, (String, bool)> {
    let files = set.iter().filter_map(|(path, entry)| match entry {
        Entry::File { content, executable } => {
            let bytes = match content {
                Content::Bytes(bytes) => bytes.clone(),
                Content::Member(member) => member.read().unwrap(),
                other => panic!("{other:?}"),
            };
            Some((path.to_string(), (String::from_utf8(bytes).unwrap(), *executable)))
        }
        Entry::Directory => None,
        Entry::Symlink { .. } => panic!("{path}"),
    });
    files.collect()
}

fn refused(wheels: &[Wheel], expected: &[&str]) {
    let error = install(wheels, |_| {}).expect_err(&expected.join(", ")).to_string();
    for part in expected {
        assert!(error.contains(part), "`{part}` is not in `{error}`");
    }
}

#[test]
fn every_file_goes_where_the_specification_says() {
    let files = installed(
        &Wheel::new("Demo.Pkg", "1.0")
            .file("other.pth", "x")
            .file("Demo_Pkg-1.0.data/purelib/pure/a.py", "pure")
            .file("Demo_Pkg-1.0.data/platlib/plat/a.py", "plat")
            .file("Demo_Pkg-1.0.data/headers/demo/a.h", "header")
            .file("Demo_Pkg-1.0.data/data/share/demo/a.txt", "data")
            .file("Demo_Pkg-1.0.data/scripts/tool", "#!/bin/sh\n")
            .executable("demo_pkg/helper", "#!/bin/sh\n"),
    );
    let modes: Vec<_> = files.iter().map(|(path, (_, executable))| (path.as_str(), *executable)).collect();
    let info = |name: &str| format!("{SITE}/Demo_Pkg-1.0.dist-info/{name}");
    let site = |name: &str| format!("{SITE}/{name}");
    let expected = [
        ("usr/local/bin/tool".to_owned(), true),
        ("usr/local/include/python3.11/Demo.Pkg/demo/a.h".to_owned(), false),
        (info("INSTALLER"), false),
        (info("METADATA"), false),
        (info("RECORD"), false),
        (info("WHEEL"), false),
        (site("demo_pkg/__init__.py"), false),
        (site("demo_pkg/helper"), true),
        (site("other.pth"), false),
        (site("plat/a.py"), false),
        (site("pure/a.py"), false),
        ("usr/local/share/demo/a.txt".to_owned(), false),
    ];
    assert_eq!(modes, expected.iter().map(|(path, mode)| (path.as_str(), *mode)).collect::<Vec<_>>());
    assert_eq!(files[&info("INSTALLER")].0, "leoflow\n");
}

#[test]
fn a_first_line_gets_the_interpreter_of_the_image() {
    for (script, expected) in [
        ("#!python\nprint()\n", "#!/usr/local/bin/python3.11\nprint()\n"),
        ("#!pythonw -E\r\nprint()\n", "#!/usr/local/bin/python3.11\nprint()\n"),
        ("#!python", "#!/usr/local/bin/python3.11\n"),
        ("#! python\n", "#! python\n"),
        ("#!/usr/bin/python\n", "#!/usr/bin/python\n"),
        ("", ""),
    ] {
        let files = installed(&Wheel::new("demo", "1.0").file("demo-1.0.data/scripts/run", script));
        assert_eq!(files["usr/local/bin/run"], (expected.to_owned(), true), "{script:?}");
        let record = &files[&format!("{SITE}/demo-1.0.dist-info/RECORD")].0;
        let line = format!("../../../bin/run,{},{}\n", hash(expected.as_bytes()), expected.len());
        assert!(record.contains(&line), "{line} is not in {record}");
    }
}

/// `pip 26.3` wrote the expected text.
#[test]
fn an_entry_point_gets_the_script_that_pip_writes() {
    let text = "[console_scripts]\ndemo = demo.cli:App.main [extra]\n[gui_scripts]\nwindow = demo:open\n";
    let setuptools = ("demo-1.0.data/scripts/demo", "#!python\nimport pkg_resources\n");
    let files = installed(&Wheel::new("demo", "1.0").entry_points(text).file(setuptools.0, setuptools.1));
    let expected = "#!/usr/local/bin/python3.11\nimport sys\nfrom demo.cli import App\nif __name__ == '__main__':\n    \
                    sys.argv[0] = sys.argv[0].removesuffix('.exe')\n    sys.exit(App.main())\n";
    assert_eq!(files["usr/local/bin/demo"], (expected.to_owned(), true));
    assert!(files["usr/local/bin/window"].0.contains("from demo import open\n"));
}

/// Their wheels were built by a Python of another version.
#[test]
fn the_scripts_of_pip_and_setuptools_have_this_python_s_version() {
    let text = "[console_scripts]\npip = p:main\npip3 = p:main\npip3.8 = p:main\npipx = p:x\neasy_install = p:e\n\
                easy_install-3.8 = p:e\n";
    let files = installed(&Wheel::new("demo", "1.0").entry_points(text));
    let scripts: Vec<_> = files.keys().filter_map(|path| path.strip_prefix("usr/local/bin/")).collect();
    assert_eq!(scripts, ["easy_install", "easy_install-3.11", "pip", "pip3", "pip3.11", "pipx"]);
}

#[test]
fn the_record_lists_everything_once_with_its_hash() {
    let wheel = Wheel::new("demo", "1.0").file("demo/a, b.py", "x").info("INSTALLER", "builder\n");
    let unlisted = wheel.clone().record("demo/__init__.py,sha256=whatever,999\nmissing.py,sha256=x,1\n");
    let record = |wheel: &Wheel| installed(wheel)[&format!("{SITE}/demo-1.0.dist-info/RECORD")].0.clone();
    let row = |path: &str, content: &str| format!("{path},{},{}\n", hash(content.as_bytes()), content.len());
    let files = installed(&wheel);
    let metadata = &files[&format!("{SITE}/demo-1.0.dist-info/METADATA")].0;
    let format = &files[&format!("{SITE}/demo-1.0.dist-info/WHEEL")].0;
    let expected = |init: String| {
        [
            row("demo-1.0.dist-info/INSTALLER", "leoflow\n"),
            row("demo-1.0.dist-info/METADATA", metadata),
            "demo-1.0.dist-info/RECORD,,\n".to_owned(),
            row("demo-1.0.dist-info/WHEEL", format),
            init,
            row("\"demo/a, b.py\"", "x"),
        ]
        .concat()
    };
    let init = "__version__ = \"1.0\"\n";
    assert_eq!(record(&wheel), expected(row("demo/__init__.py", init)));
    assert_eq!(record(&unlisted), expected(format!("demo/__init__.py,sha256=whatever,{}\n", init.len())));
}

#[test]
fn what_was_compiled_of_a_source_in_the_wheel_is_left_out() {
    let wheel = Wheel::new("demo", "1.0")
        .file("demo/__pycache__/__init__.cpython-311.pyc", "compiled")
        .file("demo/__pycache__/__init__.cpython-311.opt-1.pyc", "compiled")
        .file("demo/__init__.pyc", "compiled")
        .file("demo/__pycache__/gone.cpython-311.pyc", "all there is")
        .file("demo/secret.pyc", "all there is");
    let files = installed(&wheel);
    let compiled: Vec<_> = files.keys().filter(|path| path.ends_with(".pyc")).collect();
    assert_eq!(
        compiled,
        [&format!("{SITE}/demo/__pycache__/gone.cpython-311.pyc"), &format!("{SITE}/demo/secret.pyc")]
    );
    let record = &files[&format!("{SITE}/demo-1.0.dist-info/RECORD")].0;
    assert_eq!(record.matches(".pyc,").count(), 2, "{record}");
}

#[test]
fn what_is_asked_for_by_name_is_marked() {
    let wheel = [Wheel::new("demo", "1.0")];
    let path = format!("{SITE}/demo-1.0.dist-info/REQUESTED");
    let with = read(&install(&wheel, |package| package.requested = true).unwrap().set);
    assert_eq!(with[&path].0, "");
    assert!(with[&format!("{SITE}/demo-1.0.dist-info/RECORD")].0.contains("/REQUESTED,sha256=47DEQp"));
    assert!(!read(&install(&wheel, |_| {}).unwrap().set).contains_key(&path));
}

/// PEP 610, as `pip 26.3` writes it.
#[test]
fn only_what_came_from_no_index_says_where_from() {
    let wheel = Wheel::new("demo", "1.0");
    let hex = Digest::of(&wheel.build()).hex();
    let json = |direct_url: Option<&str>| {
        let installed = install(std::slice::from_ref(&wheel), |package| {
            package.wheel.direct_url = direct_url.map(str::to_owned);
        });
        read(&installed.unwrap().set)
            .get(&format!("{SITE}/demo-1.0.dist-info/direct_url.json"))
            .map(|file| file.0.clone())
    };
    let url = "https://files.example/demo-1.0-py3-none-any.whl";
    let info = format!("{{\"hash\": \"sha256={hex}\", \"hashes\": {{\"sha256\": \"{hex}\"}}}}");
    assert_eq!(json(Some(url)), Some(format!("{{\"archive_info\": {info}, \"url\": \"{url}\"}}")));
    assert_eq!(json(None), None);
}

#[test]
fn files_without_a_place_are_refused() {
    let data = |path: &str| [Wheel::new("demo", "1.0").file(&format!("demo-1.0.data/{path}"), "x")];
    refused(&data("etc/passwd"), &["demo-1.0.data/etc/passwd", "demo-1.0-py3-none-any.whl", "`etc` is none of"]);
    refused(&data("scripts"), &["demo-1.0.data/scripts", "directories alone"]);
    refused(&data("purelib/demo/__init__.py"), &["demo-1.0-py3-none-any.whl", "demo/__init__.py", "two files"]);
}

#[test]
fn a_path_has_one_owner() {
    let one = |name: &str, content: &str| Wheel::new(name, "1.0").file("shared/tool.py", content);
    let both = ["aa-1.0-py3-none-any.whl", "bb-1.0-py3-none-any.whl", &format!("{SITE}/shared/tool.py")];
    refused(&[one("aa", "1"), one("bb", "2")], &both);
    refused(&[one("aa", "1"), one("bb", "1")], &both);
    refused(&[one("aa", "1"), Wheel::new("bb", "1.0").file("shared/tool.py/x", "")], &both);
    let script = "[console_scripts]\nrun = a:main\n";
    let scripts = [Wheel::new("aa", "1.0").entry_points(script), Wheel::new("bb", "1.0").entry_points(script)];
    refused(&scripts, &["aa-1.0", "bb-1.0", "usr/local/bin/run"]);
}

#[test]
fn a_path_has_one_owner_in_all_layers_together() {
    let layer = |name: &str, path: &str| install(&[Wheel::new(name, "1.0").file(path, "x")], |_| {}).unwrap();
    for (one, other) in
        [("shared/tool.py", "shared/tool.py"), ("shared/tool.py", "shared/tool.py/x"), ("s/a/b/c", "s/a")]
    {
        for (one, other) in [(one, other), (other, one)] {
            let error = install::check_disjoint(&[layer("aa", one), layer("bb", other)]).unwrap_err().to_string();
            let shorter = if one.len() < other.len() { one } else { other };
            for part in ["aa-1.0-py3-none-any.whl", "bb-1.0-py3-none-any.whl", &format!("`/{SITE}/{shorter}`")] {
                assert!(error.contains(part), "{part} is not in {error}");
            }
        }
    }
    assert!(install::check_disjoint(&[layer("aa", "shared/a.py"), layer("bb", "shared/b.py")]).is_ok());
}

/// In the way of `pkgutil`, each package of a namespace brings the file that makes it one.
#[test]
fn namespaces_are_shared() {
    let extend = "__path__ = __import__('pkgutil').extend_path(__path__, __name__)\n";
    let package = |name: &str, init: &str| {
        Wheel::new(name, "1.0").without_module().file("space/__init__.py", init).file(&format!("space/{name}.py"), "")
    };
    let set = install(&[package("aa", extend), package("bb", extend)], |_| {}).unwrap();
    let files = read(&set.set);
    assert_eq!(files[&format!("{SITE}/space/__init__.py")].0, extend);
    for name in ["aa", "bb"] {
        assert!(files.contains_key(&format!("{SITE}/space/{name}.py")));
        assert!(files[&format!("{SITE}/{name}-1.0.dist-info/RECORD")].0.contains("space/__init__.py,sha256="));
    }
    refused(&[package("aa", extend), package("bb", "")], &["space/__init__.py", "aa-1.0", "bb-1.0"]);
    let layers =
        [install(&[package("aa", extend)], |_| {}).unwrap(), install(&[package("bb", extend)], |_| {}).unwrap()];
    assert!(install::check_disjoint(&layers).is_ok());
}

#[test]
fn a_wheel_for_each_package() {
    let batch = Batch {
        title: String::new(),
        key: String::new(),
        packages: Vec::new(),
        removed: Vec::new(),
        marked: Vec::new(),
    };
    let error = install::files(&batch, &[Blob::from_bytes(Vec::new())], &python()).unwrap_err();
    assert!(matches!(error, InstallError::Count { packages: 0, wheels: 1 }));
}

/// What is not metadata is looked at when the layer is made: a damaged file must not become one.
#[test]
fn a_damaged_file_stops_the_layer_by_name() {
    let wheel = Wheel::new("demo", "1.0").file("demo/x.py", "needle in a haystack");
    let mut bytes = wheel.build();
    // The CRC-32 of the file, in both of its headers.
    let mut crc = [0; 4];
    for (at, window) in wheel.build().windows(9).enumerate().filter(|(_, window)| *window == b"demo/x.py") {
        assert_eq!(window.len(), 9);
        let field = match at {
            _ if bytes[at - 30..].starts_with(b"PK\x03\x04") => at - 30 + 14,
            _ if at >= 46 && bytes[at - 46..].starts_with(b"PK\x01\x02") => at - 46 + 16,
            _ => continue,
        };
        bytes[field] ^= 1;
        crc.copy_from_slice(&bytes[field..][..4]);
    }
    let package = package(&wheel.filename(), &bytes);
    let batch = Batch {
        title: String::new(),
        key: String::new(),
        packages: vec![package],
        removed: Vec::new(),
        marked: Vec::new(),
    };
    let installed = install::files(&batch, &[Blob::from_bytes(bytes)], &python()).unwrap();
    let spool_directory = std::env::temp_dir();
    let options = AssembleOptions { compression: Compression::Gzip, modified: 0, threads: 1, spool_directory };
    let error = assemble(&installed.set, &options).unwrap_err().to_string();
    for part in ["demo-1.0-py3-none-any.whl", "demo/x.py", &format!("{:08x}", u32::from_le_bytes(crc))] {
        assert!(error.contains(part), "{part} is not in {error}");
    }
}
