//! One wheel into its files where they will be.

use std::io;
use std::sync::Arc;

use super::record::{self, Rows};
use super::{InstallError, direct_url, launcher, scheme};
use crate::inspect::Interpreter;
use crate::layers::{Content, Digest, Entry, EntryPath, HashingWriter};
use crate::packages::lock::LockedPackage;
use crate::packages::wheel::{Packed, Wheel, WheelError};

/// What is written into `INSTALLER` (PEP 376).
const INSTALLER: &[u8] = b"leoflow\n";

/// What an installer alone writes into a `.dist-info`; a wheel's own are left out.
const OURS: [&str; 4] = ["INSTALLER", "RECORD", "REQUESTED", "direct_url.json"];

/// No script that has to be rewritten is larger, in bytes.
const MOST_SCRIPT: u64 = 16 << 20;

/// A file of an installed wheel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// The wheel's file name.
    pub wheel: Arc<str>,
    /// What tells its content from others: a hash or a checksum, and the length.
    pub content: String,
}

/// A file, where it will be.
pub(super) struct Unpacked {
    pub(super) path: EntryPath,
    pub(super) entry: Entry,
    pub(super) size: u64,
    pub(super) owner: Owner,
    /// Whether it is another one, or not there, in a package that nobody asks for by name.
    pub(super) is_mark: bool,
}

/// Places the files of `wheel`, in no particular order.
pub(super) fn unpack(
    wheel: &Wheel,
    package: &LockedPackage,
    python: &Interpreter,
) -> Result<Vec<Unpacked>, InstallError> {
    let name: Arc<str> = wheel.file.as_str().into();
    let mut unpacking = Unpacking { wheel, python, name, rows: Rows::default(), files: Vec::new() };
    for file in &wheel.files {
        unpacking.place(file)?;
    }
    unpacking.write_scripts()?;
    unpacking.write_metadata(package)?;
    Ok(unpacking.files)
}

struct Unpacking<'a> {
    wheel: &'a Wheel,
    python: &'a Interpreter,
    name: Arc<str>,
    rows: Rows,
    files: Vec<Unpacked>,
}

impl Unpacking<'_> {
    fn place(&mut self, file: &Packed) -> Result<(), InstallError> {
        let name = file.path.as_str();
        if self.is_ours(name) || self.is_compiled(name) {
            return Ok(());
        }
        let place = scheme::place(name, &self.wheel.distribution, self.python);
        let place = place.map_err(|reason| self.misplaced(name, reason))?;
        if place.is_script {
            return self.place_script(file, &place.path);
        }
        self.take(file, &place.path, file.executable)
    }

    fn is_ours(&self, name: &str) -> bool {
        let file = name.strip_prefix(&self.wheel.dist_info).and_then(|rest| rest.strip_prefix('/'));
        file.is_some_and(|file| OURS.contains(&file))
    }

    /// What Python compiles of a source in the wheel is left out; what has no source is all there is of a module.
    fn is_compiled(&self, name: &str) -> bool {
        source_of(name).is_some_and(|source| self.wheel.has(&source))
    }

    /// What setuptools wrote for an entry point gives way to what is made for it here, as with pip.
    fn place_script(&mut self, file: &Packed, path: &str) -> Result<(), InstallError> {
        let name = path.rsplit('/').next().unwrap_or(path);
        let plain = [".exe", "-script.py", ".pya"].iter().find_map(|suffix| name.strip_suffix(suffix));
        if self.wheel.scripts.contains_key(plain.unwrap_or(name)) {
            return Ok(());
        }
        let fail = |error| self.unpack_error(file, error);
        if !file.member.starts_with(launcher::PYTHON).map_err(fail)? {
            return self.take(file, path, true);
        }
        if file.member.size > MOST_SCRIPT {
            return Err(self.misplaced(file.path.as_str(), format!("a script of {} bytes", file.member.size)));
        }
        let script = launcher::rewritten(&file.member.read().map_err(fail)?, self.python);
        self.write(path, script, true)
    }

    /// Takes a file as it is.
    fn take(&mut self, file: &Packed, path: &str, executable: bool) -> Result<(), InstallError> {
        let (size, crc32) = (file.member.size, file.member.crc32);
        let hash = match self.wheel.record.hash(file.path.as_str()) {
            Some(hash) => hash.to_owned(),
            None => self.hash(file)?,
        };
        let content = format!("{crc32:08x} {size}");
        self.add(path, Content::Member(Arc::clone(&file.member)), executable, (hash, size, content))
    }

    /// A file that the wheel's RECORD leaves out is hashed here: ours has them all.
    fn hash(&self, file: &Packed) -> Result<String, InstallError> {
        let mut hashing = HashingWriter::new(io::sink());
        file.member.copy_to(&mut hashing).map_err(|error| self.unpack_error(file, error))?;
        Ok(record::hash(&hashing.finish().1))
    }

    fn write_scripts(&mut self) -> Result<(), InstallError> {
        for (name, point) in launcher::scripts(&self.wheel.scripts, self.python) {
            self.write(&format!("{}/{name}", self.python.scripts), launcher::script(&point, self.python), true)?;
        }
        Ok(())
    }

    fn write_metadata(&mut self, package: &LockedPackage) -> Result<(), InstallError> {
        let dist_info = format!("{}/{}", self.python.site_packages, self.wheel.dist_info);
        self.write(&format!("{dist_info}/INSTALLER"), INSTALLER.to_vec(), false)?;
        if package.requested {
            self.write(&format!("{dist_info}/REQUESTED"), Vec::new(), false)?;
        }
        if let Some(json) = direct_url::file(package) {
            self.write(&format!("{dist_info}/direct_url.json"), json, false)?;
        }
        let path = format!("{dist_info}/RECORD");
        let rows = std::mem::take(&mut self.rows);
        let record = rows.finish(scheme::relative(&path, &self.python.site_packages));
        self.write(&path, record, false)
    }

    fn write(&mut self, path: &str, bytes: Vec<u8>, executable: bool) -> Result<(), InstallError> {
        let (hash, size) = (record::hash(&Digest::of(&bytes)), bytes.len() as u64);
        let content = hash.clone();
        self.add(path, Content::Bytes(bytes), executable, (hash, size, content))
    }

    fn add(
        &mut self,
        path: &str,
        content: Content,
        executable: bool,
        (hash, size, identity): (String, u64, String),
    ) -> Result<(), InstallError> {
        self.rows.add(scheme::relative(path, &self.python.site_packages), &hash, size);
        let checked = EntryPath::new(path.trim_start_matches('/'));
        let path = checked.map_err(|error| self.misplaced(path, error.reason.to_owned()))?;
        let owner = Owner { wheel: Arc::clone(&self.name), content: identity };
        let is_mark = self.is_mark(path.as_str());
        self.files.push(Unpacked { path, entry: Entry::File { content, executable }, size, owner, is_mark });
        Ok(())
    }

    fn is_mark(&self, path: &str) -> bool {
        let file = path.rsplit_once('/').filter(|(directory, _)| directory.ends_with(&self.wheel.dist_info));
        file.is_some_and(|(_, file)| matches!(file, "RECORD" | "REQUESTED"))
    }

    fn misplaced(&self, member: &str, reason: String) -> InstallError {
        InstallError::Place { wheel: self.name.to_string(), member: member.to_owned(), reason }
    }

    fn unpack_error(&self, file: &Packed, error: crate::layers::MemberError) -> InstallError {
        let (wheel, member) = (self.name.to_string(), file.path.to_string());
        WheelError::Unpack { wheel, member, error }.into()
    }
}

/// Returns the source that a `.pyc` was compiled from (PEP 3147): `a/__pycache__/b.cpython-311.pyc` from `a/b.py`, and in
/// the way of old `a/b.pyc`.
fn source_of(name: &str) -> Option<String> {
    let stem = name.strip_suffix(".pyc")?;
    let (directory, file) = stem.rsplit_once('/').map_or(("", stem), |(directory, file)| (directory, file));
    let source = match directory.strip_suffix("__pycache__").filter(|above| above.is_empty() || above.ends_with('/')) {
        Some(above) => format!("{above}{}.py", file.split('.').next().unwrap_or(file)),
        None => format!("{stem}.py"),
    };
    Some(source)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_compiled_file_names_its_source() {
        for (name, expected) in [
            ("a/__pycache__/b.cpython-311.pyc", Some("a/b.py")),
            ("a/__pycache__/b.cpython-311.opt-2.pyc", Some("a/b.py")),
            ("__pycache__/b.cpython-311.pyc", Some("b.py")),
            ("a/b.pyc", Some("a/b.py")),
            ("b.pyc", Some("b.py")),
            ("a/b.py", None),
            ("a/my__pycache__x/b.pyc", Some("a/my__pycache__x/b.py")),
        ] {
            assert_eq!(source_of(name).as_deref(), expected, "{name}");
        }
    }
}
