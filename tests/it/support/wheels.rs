//! Small wheels, made as build tools make them: METADATA, WHEEL, and a RECORD that fits.

use std::io::{Cursor, Write as _};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use leoflow::layers::Digest;
use zip::CompressionMethod;
use zip::write::{SimpleFileOptions, ZipWriter};

/// A wheel to be made: `Wheel::new("a", "1.0").requires("b>=2").file("a/__init__.py", "").build()`.
#[derive(Debug, Clone)]
pub(crate) struct Wheel {
    name: String,
    version: String,
    tag: String,
    metadata: Vec<String>,
    pure: bool,
    files: Vec<(String, Vec<u8>, u32)>,
    record: Option<Vec<u8>>,
}

impl Wheel {
    /// A pure wheel, with a module of its name.
    pub(crate) fn new(name: &str, version: &str) -> Self {
        let (name, version, tag) = (name.to_owned(), version.to_owned(), "py3-none-any".to_owned());
        Self { name, version, tag, metadata: Vec::new(), pure: true, files: Vec::new(), record: None }.with_module()
    }

    fn with_module(self) -> Self {
        let module = self.stem().split('-').next().unwrap().to_lowercase();
        let text = format!("__version__ = \"{}\"\n", self.version);
        self.file(&format!("{module}/__init__.py"), text)
    }

    /// `cp311-cp311-manylinux_2_17_x86_64`; then it is not pure.
    pub(crate) fn tag(mut self, tag: &str) -> Self {
        self.pure = tag.ends_with("-any");
        tag.clone_into(&mut self.tag);
        self
    }

    /// A `Requires-Dist`.
    pub(crate) fn requires(self, requirement: &str) -> Self {
        self.header("Requires-Dist", requirement)
    }

    /// A `Provides-Extra`.
    pub(crate) fn extra(self, extra: &str) -> Self {
        self.header("Provides-Extra", extra)
    }

    /// A `Requires-Python`.
    pub(crate) fn python(self, specifiers: &str) -> Self {
        self.header("Requires-Python", specifiers)
    }

    /// Any header of METADATA; one that is called `Name` or `Version` takes the place of the true one.
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.metadata.push(format!("{name}: {value}"));
        self
    }

    /// A file, by its path inside the wheel.
    pub(crate) fn file(self, path: &str, content: impl Into<Vec<u8>>) -> Self {
        self.file_with_mode(path, content, 0o644)
    }

    /// A file that may be executed.
    pub(crate) fn executable(self, path: &str, content: impl Into<Vec<u8>>) -> Self {
        self.file_with_mode(path, content, 0o755)
    }

    /// A file with these permissions.
    pub(crate) fn file_with_mode(mut self, path: &str, content: impl Into<Vec<u8>>, mode: u32) -> Self {
        self.files.retain(|(other, ..)| other != path);
        self.files.push((path.to_owned(), content.into(), mode));
        self
    }

    /// Leaves out the module that every wheel has.
    pub(crate) fn without_module(mut self) -> Self {
        self.files.retain(|(path, ..)| !path.ends_with("/__init__.py"));
        self
    }

    /// A file of the `.dist-info` directory.
    pub(crate) fn info(self, name: &str, content: impl Into<Vec<u8>>) -> Self {
        let path = format!("{}.dist-info/{name}", self.stem());
        self.file(&path, content)
    }

    /// `entry_points.txt`
    pub(crate) fn entry_points(self, text: &str) -> Self {
        self.info("entry_points.txt", text)
    }

    /// Another RECORD than the one that fits.
    pub(crate) fn record(mut self, text: impl Into<Vec<u8>>) -> Self {
        self.record = Some(text.into());
        self
    }

    /// `foo_bar-1.0`
    pub(crate) fn stem(&self) -> String {
        format!("{}-{}", self.name.replace(['-', '.'], "_"), self.version.replace('-', "_"))
    }

    /// `foo_bar-1.0-py3-none-any.whl`
    pub(crate) fn filename(&self) -> String {
        format!("{}-{}.whl", self.stem(), self.tag)
    }

    /// The text of METADATA.
    pub(crate) fn metadata(&self) -> String {
        let own = |key: &str| self.metadata.iter().any(|line| line.starts_with(&format!("{key}:")));
        let named = [("Name", &self.name), ("Version", &self.version)];
        let mut lines = vec!["Metadata-Version: 2.1".to_owned()];
        lines.extend(named.iter().filter(|(key, _)| !own(key)).map(|(key, value)| format!("{key}: {value}")));
        lines.extend(self.metadata.iter().cloned());
        format!("{}\n\nThis is what it is for.\n", lines.join("\n"))
    }

    fn wheel(&self) -> String {
        let purelib = self.pure;
        let tags = expanded(&self.tag).into_iter().map(|tag| format!("Tag: {tag}\n")).collect::<String>();
        format!("Wheel-Version: 1.0\nGenerator: tests (1.0)\nRoot-Is-Purelib: {purelib}\n{tags}")
    }

    /// The wheel's bytes: the same each time.
    pub(crate) fn build(&self) -> Vec<u8> {
        let info = |name: &str| format!("{}.dist-info/{name}", self.stem());
        let mut files = self.files.clone();
        for (name, text) in [("METADATA", self.metadata()), ("WHEEL", self.wheel())] {
            if !files.iter().any(|(path, ..)| *path == info(name)) {
                files.push((info(name), text.into_bytes(), 0o644));
            }
        }
        let record = self.record.clone().unwrap_or_else(|| record(&files, &info("RECORD")).into_bytes());
        files.push((info("RECORD"), record, 0o644));
        zipped(&files)
    }
}

/// `cp311.cp312-abi3-any` is two tags.
fn expanded(tag: &str) -> Vec<String> {
    let parts: Vec<Vec<&str>> = tag.split('-').map(|part| part.split('.').collect()).collect();
    let [pythons, abis, platforms] = &parts[..] else { return vec![tag.to_owned()] };
    let mut tags = Vec::new();
    for python in pythons {
        for abi in abis {
            tags.extend(platforms.iter().map(|platform| format!("{python}-{abi}-{platform}")));
        }
    }
    tags
}

fn record(files: &[(String, Vec<u8>, u32)], itself: &str) -> String {
    let line = |(path, content, _): &(String, Vec<u8>, u32)| format!("{path},{},{}\n", hash(content), content.len());
    files.iter().map(line).collect::<String>() + itself + ",,\n"
}

/// `sha256=…` as RECORD has it.
pub(crate) fn hash(content: &[u8]) -> String {
    let hex = Digest::of(content).hex();
    let bytes: Vec<u8> = (0..64).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect();
    format!("sha256={}", BASE64_URL_SAFE_NO_PAD.encode(bytes))
}

/// A zip archive of regular files: path, content, permissions.
pub(crate) fn zipped(files: &[(String, Vec<u8>, u32)]) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (path, content, mode) in files {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .unix_permissions(*mode)
            .last_modified_time(zip::DateTime::default());
        archive.start_file(path.as_str(), options).unwrap();
        archive.write_all(content).unwrap();
    }
    archive.finish().unwrap().into_inner()
}
