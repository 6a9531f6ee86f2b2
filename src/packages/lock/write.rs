//! A lock into the text of a pylock.toml: the same lock, the same bytes.

use std::collections::BTreeSet;
use std::path::Path;

use pep508_rs::PackageName;
use url::Url;

use super::values::{BaseOfLock, KeptPackage, Lock, LockFile, LockedPackage, LockedWheel};
use crate::inspect::{Distribution, Interpreter, Libc};
use crate::packages::Target;
use crate::packages::index::Location;

/// The version of `[tool.leoflow]`.
pub(super) const FORMAT: u32 = 1;

/// Returns the text of a lock file that lies in `directory`: wheels below it are named relative to it, wheels elsewhere on
/// this machine by their file's name alone.
#[must_use]
pub fn write(file: &LockFile, directory: &Path) -> String {
    let mut text = head(&file.target);
    if file.lock.packages.is_empty() {
        text.push_str("packages = []\n");
    }
    for package in &file.lock.packages {
        text.push_str(&self::package(package, &file.lock, directory));
    }
    text.push_str(&ours(file));
    text
}

fn head(target: &Target) -> String {
    let python = short(target);
    let environment = format!(
        "sys_platform == 'linux' and platform_machine == '{}' and python_version == '{python}'",
        machine(target)
    );
    format!(
        "# Written by `leoflow lock`; leoflow.yaml says what is wanted.\n\
         lock-version = \"1.0\"\n\
         environments = [{}]\n\
         requires-python = {}\n\
         created-by = \"leoflow\"\n",
        quoted(&environment),
        quoted(&format!("=={python}.*")),
    )
}

/// `3.11`
fn short(target: &Target) -> String {
    target.python.release().iter().take(2).map(u64::to_string).collect::<Vec<_>>().join(".")
}

/// The kernel's name of the architecture (`uname -m`), which `platform_machine` is.
fn machine(target: &Target) -> &str {
    match target.platform.architecture.as_str() {
        "amd64" => "x86_64",
        "arm64" => "aarch64",
        "arm" => "armv7l",
        other => other,
    }
}

fn package(package: &LockedPackage, lock: &Lock, directory: &Path) -> String {
    let mut text = format!("\n[[packages]]\nname = {}\n", quoted(package.name.as_ref()));
    line(&mut text, "version", &quoted(&package.version.to_string()));
    // `dependencies` names other entries of the file: what the base has is none.
    let (here, in_base): (BTreeSet<_>, BTreeSet<_>) =
        package.dependencies.iter().partition(|name| lock.package(name).is_some());
    if !here.is_empty() {
        let names = here.iter().map(|name| format!("{{ name = {} }}", quoted(name.as_ref())));
        line(&mut text, "dependencies", &array(names));
    }
    if let Some(index) = package.wheel.index.as_deref().and_then(public) {
        line(&mut text, "index", &quoted(&index));
    }
    match &package.wheel.direct_url {
        Some(url) => line(&mut text, "archive", &archive(&package.wheel, url)),
        None => line(&mut text, "wheels", &format!("[\n    {},\n]", wheel(&package.wheel, directory))),
    }
    text.push_str(&ours_of_package(package, &in_base));
    text
}

fn ours_of_package(package: &LockedPackage, in_base: &BTreeSet<&PackageName>) -> String {
    if package.extras.is_empty() && in_base.is_empty() {
        return String::new();
    }
    let mut text = "\n[packages.tool.leoflow]\n".to_owned();
    names(&mut text, "extras", package.extras.iter().map(AsRef::as_ref));
    names(&mut text, "dependencies-in-base", in_base.iter().map(|name| name.as_ref()));
    text
}

fn wheel(wheel: &LockedWheel, directory: &Path) -> String {
    let mut text = format!("{{ name = {}, ", quoted(wheel.name.as_str()));
    match &wheel.location {
        Location::Url(url) => text += &format!("url = {}, ", quoted(stripped(url).as_str())),
        Location::Path(path) => text += &format!("path = {}, ", quoted(&relative(path, directory))),
    }
    text + &bytes(wheel)
}

/// What was asked for by its URL is had there, wherever this machine took it from.
fn archive(wheel: &LockedWheel, url: &str) -> String {
    format!("{{ url = {}, {}", quoted(url), bytes(wheel))
}

fn bytes(wheel: &LockedWheel) -> String {
    let size = wheel.size.map(|size| format!("size = {size}, ")).unwrap_or_default();
    format!("{size}hashes = {{ sha256 = {} }} }}", quoted(&wheel.sha256.hex()))
}

/// A path on this machine means nothing elsewhere: the file's name does, beside `--find-links`.
fn relative(path: &Path, directory: &Path) -> String {
    let below = path.strip_prefix(directory).ok().and_then(Path::to_str);
    let name = || path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    below.map_or_else(name, str::to_owned)
}

/// An index that others can ask, without credentials; a directory is none.
pub(super) fn public(index: &str) -> Option<String> {
    let url: Url = index.parse().ok().filter(|url: &Url| url.has_host())?;
    Some(stripped(&url).to_string())
}

/// Credentials are no part of a place, and a query is a signature more often than not.
pub(super) fn stripped(url: &Url) -> Url {
    let mut url = url.clone();
    // Both fail for URLs that cannot have any.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.set_query(None);
    url.set_fragment(None);
    url
}

fn ours(file: &LockFile) -> String {
    let mut text = "\n[tool.leoflow]\n".to_owned();
    line(&mut text, "format", &FORMAT.to_string());
    line(&mut text, "platform", &quoted(&file.target.platform.to_string()));
    line(&mut text, "python", &quoted(&file.target.python.to_string()));
    line(&mut text, "libc", &quoted(&libc(file.target.libc)));
    line(&mut text, "requirements", &array(file.requirements.iter().map(|text| quoted(text))));
    for kept in &file.lock.kept {
        text.push_str(&self::kept(kept));
    }
    if let Some(base) = &file.base {
        text.push_str(&self::base(base));
    }
    text
}

/// `glibc 2.36`
pub(super) fn libc(libc: Libc) -> String {
    match libc {
        Libc::Glibc { major, minor } => format!("glibc {major}.{minor}"),
        Libc::Musl { major, minor } => format!("musl {major}.{minor}"),
    }
}

fn kept(kept: &KeptPackage) -> String {
    let mut text = "\n[[tool.leoflow.kept]]\n".to_owned();
    line(&mut text, "name", &quoted(kept.name.as_ref()));
    line(&mut text, "version", &quoted(&kept.version.to_string()));
    names(&mut text, "dependencies", kept.dependencies.iter().map(AsRef::as_ref));
    text
}

fn base(base: &BaseOfLock) -> String {
    let Some(python) = &base.facts.python else { return String::new() };
    let mut text = "\n[tool.leoflow.base]\n".to_owned();
    line(&mut text, "digest", &quoted(&base.digest.to_string()));
    names(&mut text, "debian", base.facts.debian.iter().map(String::as_str));
    text.push_str(&interpreter(python));
    for distribution in &base.facts.distributions {
        text.push_str(&replaced(distribution));
    }
    text
}

fn interpreter(python: &Interpreter) -> String {
    let mut text = "\n[tool.leoflow.base.python]\n".to_owned();
    for (key, path) in [
        ("executable", &python.executable),
        ("site-packages", &python.site_packages),
        ("scripts", &python.scripts),
        ("prefix", &python.prefix),
        ("include", &python.include),
    ] {
        line(&mut text, key, &quoted(path));
    }
    text
}

fn replaced(distribution: &Distribution) -> String {
    let mut text = "\n[[tool.leoflow.base.replaced]]\n".to_owned();
    line(&mut text, "name", &quoted(distribution.name.as_ref()));
    line(&mut text, "version", &quoted(&distribution.version.to_string()));
    line(&mut text, "directory", &quoted(&distribution.directory));
    names(&mut text, "files", distribution.files.iter().map(String::as_str));
    text
}

fn line(text: &mut String, key: &str, value: &str) {
    text.push_str(&format!("{key} = {value}\n"));
}

/// Writes a list of names, unless there are none.
fn names<'a>(text: &mut String, key: &str, names: impl Iterator<Item = &'a str>) {
    let mut names = names.map(quoted).peekable();
    if names.peek().is_some() {
        line(text, key, &array(names));
    }
}

/// One item a line, so that a change is a line in a diff.
fn array(items: impl Iterator<Item = String>) -> String {
    let lines: String = items.map(|item| format!("    {item},\n")).collect();
    if lines.is_empty() { "[]".to_owned() } else { format!("[\n{lines}]") }
}

/// A TOML string.
fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}
