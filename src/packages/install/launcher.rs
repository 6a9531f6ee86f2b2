//! The scripts that start a program of a package.

use std::collections::BTreeMap;

use crate::inspect::Interpreter;
use crate::packages::wheel::EntryPoint;

/// What a script that is to be rewritten begins with (PyPA specification "Binary distribution format").
pub(super) const PYTHON: &[u8] = b"#!python";

/// The longest first line that every Linux takes whole, in bytes, with `#!` and its end.
const LONGEST: usize = 127;

/// Returns a script's text with another interpreter in its first line; arguments go, as with pip.
pub(super) fn rewritten(script: &[u8], python: &Interpreter) -> Vec<u8> {
    let rest = script.iter().position(|byte| *byte == b'\n').map_or(&script[script.len()..], |end| &script[end + 1..]);
    [format!("#!{}\n", python.executable).as_bytes(), rest].concat()
}

/// Returns the script of an entry point, to the letter what pip writes.
pub(super) fn script(point: &EntryPoint, python: &Interpreter) -> Vec<u8> {
    let EntryPoint { module, attribute } = point;
    let name = attribute.split('.').next().unwrap_or(attribute);
    let shebang = shebang(&python.executable);
    format!(
        "{shebang}import sys\nfrom {module} import {name}\nif __name__ == '__main__':\n    \
         sys.argv[0] = {}\n    sys.exit({attribute}())\n",
        program_name(python),
    )
    .into_bytes()
}

/// pip writes the first since version 25; Python 3.8 knows no `removesuffix`.
fn program_name(python: &Interpreter) -> &'static str {
    match python.version.release() {
        [3, minor, ..] if *minor < 9 => "sys.argv[0][:-4] if sys.argv[0].endswith('.exe') else sys.argv[0]",
        _ => "sys.argv[0].removesuffix('.exe')",
    }
}

/// A path that is long or has spaces cannot stand there; then a shell starts Python with the same file.
fn shebang(executable: &str) -> String {
    if executable.contains(' ') || executable.len() + "#!\n".len() > LONGEST {
        return format!("#!/bin/sh\n'''exec' \"{executable}\" \"$0\" \"$@\"\n' '''\n");
    }
    format!("#!{executable}\n")
}

/// Returns the scripts that are made: those of pip and setuptools carry the version of the Python that built their
/// wheel, and get this one's.
pub(super) fn scripts(asked: &BTreeMap<String, EntryPoint>, python: &Interpreter) -> BTreeMap<String, EntryPoint> {
    let release: Vec<_> = python.version.release().iter().take(2).map(u64::to_string).collect();
    let version = release.join(".");
    let mut scripts = asked.clone();
    if let Some(pip) = asked.get("pip") {
        scripts.retain(|name, _| !is_versioned(name, "pip"));
        let major = version.split_once('.').map_or(version.as_str(), |(major, _)| major);
        let names = ["pip".to_owned(), format!("pip{major}"), format!("pip{version}")];
        scripts.extend(names.map(|name| (name, pip.clone())));
    }
    if let Some(easy_install) = asked.get("easy_install") {
        scripts.retain(|name, _| !is_versioned(name, "easy_install-"));
        scripts.insert(format!("easy_install-{version}"), easy_install.clone());
    }
    scripts
}

fn is_versioned(name: &str, prefix: &str) -> bool {
    let version = name.strip_prefix(prefix);
    version.is_some_and(|version| !version.is_empty() && version.chars().all(|c| c.is_ascii_digit() || c == '.'))
}
