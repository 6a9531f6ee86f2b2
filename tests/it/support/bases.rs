//! Layers of bases, made by hand: whatever a tar archive may say.

use leoflow::layers::Digest;
use tar::{Builder, EntryType, Header};

/// A layer that is being made.
pub struct Layer {
    tar: Builder<Vec<u8>>,
}

impl Layer {
    pub fn new() -> Self {
        Self { tar: Builder::new(Vec::new()) }
    }

    pub fn entry(mut self, kind: EntryType, path: &str, mode: u32, link: Option<&str>, content: &[u8]) -> Self {
        let mut header = Header::new_gnu();
        header.set_entry_type(kind);
        header.set_mode(mode);
        header.set_size(content.len() as u64);
        match link {
            Some(link) => self.tar.append_link(&mut header, path, link).unwrap(),
            None => self.tar.append_data(&mut header, path, content).unwrap(),
        }
        self
    }

    pub fn file(self, path: &str, content: impl AsRef<[u8]>) -> Self {
        self.entry(EntryType::Regular, path, 0o644, None, content.as_ref())
    }

    pub fn program(self, path: &str, content: impl AsRef<[u8]>) -> Self {
        self.entry(EntryType::Regular, path, 0o755, None, content.as_ref())
    }

    pub fn directory(self, path: &str) -> Self {
        self.entry(EntryType::Directory, path, 0o755, None, b"")
    }

    pub fn symlink(self, path: &str, target: &str) -> Self {
        self.entry(EntryType::Symlink, path, 0o777, Some(target), b"")
    }

    pub fn hard_link(self, path: &str, target: &str) -> Self {
        self.entry(EntryType::Link, path, 0o644, Some(target), b"")
    }

    /// A distribution with a `RECORD` of these files.
    pub fn distribution(self, site: &str, name: &str, version: &str, files: &[&str]) -> Self {
        let info = format!("{name}-{version}.dist-info");
        let metadata = format!("Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n\nDescription\n");
        let own = [format!("{info}/METADATA"), format!("{info}/RECORD")];
        let all = files.iter().map(|&file| file.to_owned()).chain(own);
        let record: String = all.map(|file| format!("{file},,\n")).collect();
        self.file(&format!("{site}/{info}/METADATA"), metadata).file(&format!("{site}/{info}/RECORD"), record)
    }

    /// The tar stream.
    pub fn tar(self) -> Vec<u8> {
        self.tar.into_inner().unwrap()
    }
}

/// The Python of the official images, as far as it is looked for.
pub fn official_python(version: &str) -> Layer {
    let line = version.rsplit_once('.').unwrap().0;
    Layer::new()
        .symlink("bin", "usr/bin")
        .symlink("lib", "usr/lib")
        .file(
            "usr/lib/x86_64-linux-gnu/libc.so.6",
            "GNU C Library (Debian GLIBC 2.36-9) stable release version 2.36.\n",
        )
        .program(&format!("usr/local/bin/python{line}"), b"\x7fELF/lib64/ld-linux-x86-64.so.2\x00")
        .symlink("usr/local/bin/python3", &format!("python{line}"))
        .symlink("usr/local/bin/python", "python3")
        .file(&format!("usr/local/lib/libpython{line}.so.1.0"), format!("\x7fELF...\x00{version}\x00..."))
        .file(&format!("usr/local/lib/python{line}/os.py"), "")
        .distribution(
            &format!("usr/local/lib/python{line}/site-packages"),
            "pip",
            "24.0",
            &["pip/__init__.py", "../../../bin/pip"],
        )
}

/// The digest of a layer.
pub fn digest(blob: &[u8]) -> Digest {
    Digest::of(blob)
}
