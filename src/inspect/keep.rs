//! Which files of an image are looked into, by their names, and what of each is kept.

use std::collections::BTreeSet;
use std::io::{self, BufRead as _, BufReader, ErrorKind, Read};

use super::scan;

/// No file whose text is kept is larger, in bytes.
pub(super) const LARGEST_TEXT: u64 = 32 << 20;

/// What is kept of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Kept {
    /// Its text, or what of it says something.
    pub(super) text: String,
    /// The versions that a program or library names: its own, and others.
    pub(super) versions: BTreeSet<String>,
    /// Which C library a program asks for.
    pub(super) loader: Option<Loader>,
    /// Whether somebody may execute it.
    pub(super) executable: bool,
    /// Whether it begins with `#!`: another program, of another name, is what runs.
    pub(super) script: bool,
}

/// Which C library a program asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Loader {
    Glibc,
    Musl,
}

/// What is of interest in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Interest {
    /// All of it.
    Text,
    /// The lines up to the first empty one.
    Headers,
    /// That it is there.
    Presence,
    /// The versions in it, and its C library.
    Program,
    /// glibc's version.
    Glibc,
}

/// Returns what is of interest in the file at `place`, if anything is.
pub(super) fn interest(place: &str) -> Option<Interest> {
    let (directory, name) = place.rsplit_once('/')?;
    let parent = directory.rsplit('/').next().unwrap_or_default();
    let (dist_info, egg_info) = (parent.ends_with(".dist-info"), parent.ends_with(".egg-info"));
    Some(match name {
        "METADATA" if dist_info => Interest::Headers,
        "PKG-INFO" if egg_info => Interest::Headers,
        "RECORD" if dist_info => Interest::Text,
        "requires.txt" | "installed-files.txt" if egg_info => Interest::Text,
        "pyvenv.cfg" => Interest::Text,
        "patchlevel.h" if is_python(parent) => Interest::Text,
        "os.py" if is_python(parent) => Interest::Presence,
        "status" if directory == "/var/lib/dpkg" => Interest::Text,
        "installed" if directory.ends_with("/lib/apk/db") => Interest::Text,
        "libc.so.6" => Interest::Glibc,
        _ if directory == "/var/lib/dpkg/status.d" && !name.ends_with(".md5sums") => Interest::Text,
        _ if name.ends_with(".egg-info") => Interest::Headers,
        _ if name.ends_with(".pth") && parent.ends_with("-packages") => Interest::Text,
        _ if name.starts_with("libc-2.") && name.ends_with(".so") => Interest::Glibc,
        _ if name.starts_with("ld-musl-") || name.starts_with("libpython3.") => Interest::Program,
        _ if is_python(name) => Interest::Program,
        _ => return None,
    })
}

/// `python`, `python3`, `python3.11`: the names of the program, and of its directories.
pub(super) fn is_python(name: &str) -> bool {
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    name.strip_prefix("python").is_some_and(digits)
}

impl Kept {
    /// Reads what is of interest in a file.
    pub(super) fn read(interest: Interest, executable: bool, content: impl Read) -> io::Result<Self> {
        let kept = match interest {
            Interest::Text => Self { text: text(content, LARGEST_TEXT)?, ..Self::default() },
            Interest::Headers => Self { text: headers(content)?, ..Self::default() },
            Interest::Presence => Self::default(),
            Interest::Program => scan::program(content)?,
            Interest::Glibc => Self { versions: scan::glibc(content)?, ..Self::default() },
        };
        Ok(Self { executable, ..kept })
    }

    /// Returns about how many bytes of memory it takes.
    pub(super) fn bytes(&self) -> u64 {
        self.text.len() as u64 + 256
    }
}

fn text(content: impl Read, limit: u64) -> io::Result<String> {
    let mut bytes = Vec::new();
    if content.take(limit + 1).read_to_end(&mut bytes)? as u64 > limit {
        return Err(ErrorKind::FileTooLarge.into());
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The headers of core metadata end at the first empty line; a description of any length may follow.
fn headers(content: impl Read) -> io::Result<String> {
    let mut content = BufReader::new(content.take(LARGEST_TEXT));
    let mut bytes = Vec::new();
    loop {
        let start = bytes.len();
        content.read_until(b'\n', &mut bytes)?;
        if bytes[start..].iter().all(u8::is_ascii_whitespace) {
            bytes.truncate(start);
            return Ok(String::from_utf8_lossy(&bytes).into_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_say_something_are_known_by_their_names() {
        let check = |place: &str, expected: Option<Interest>| assert_eq!(interest(place), expected, "{place}");
        check("/usr/lib/python3/dist-packages/six-1.16.0.egg-info", Some(Interest::Headers));
        check("/x/site-packages/pip-24.0.dist-info/METADATA", Some(Interest::Headers));
        check("/x/site-packages/pip/METADATA", None);
        check("/x/site-packages/pip-24.0.dist-info/RECORD", Some(Interest::Text));
        check("/usr/bin/python3.11", Some(Interest::Program));
        check("/usr/bin/python3.11-config", None);
        check("/usr/lib/python3.11/os.py", Some(Interest::Presence));
        check("/usr/lib/x86_64-linux-gnu/libc-2.31.so", Some(Interest::Glibc));
        check("/var/lib/dpkg/status.d/libc6", Some(Interest::Text));
        check("/var/lib/dpkg/status.d/libc6.md5sums", None);
        check("/home/status", None);
        check("/", None);
    }

    #[test]
    fn headers_end_before_the_description() {
        let content = "Name: a\nVersion: 1\n\nName: not a header\n".as_bytes();
        assert_eq!(Kept::read(Interest::Headers, false, content).unwrap().text, "Name: a\nVersion: 1\n");
        assert_eq!(Kept::read(Interest::Headers, false, "Name: a".as_bytes()).unwrap().text, "Name: a");
    }
}
