//! Which files a wheel may hold: regular ones, at names that stay where they are put.

use super::header::Header;
use crate::layers::EntryPath;

/// What a mode says of the kind of a file (POSIX `S_IFMT` and its values).
const KIND: u32 = 0o170_000;
const REGULAR: u32 = 0o100_000;
const DIRECTORY: u32 = 0o040_000;
const LINK: u32 = 0o120_000;

/// Returns the path of a file, or nothing for a directory: those are made where files need them.
pub(super) fn check(header: &Header<'_>) -> Result<Option<EntryPath>, String> {
    let name = str::from_utf8(header.name).map_err(|_| "its name is not UTF-8 (PEP 427)")?;
    let (name, is_directory) = match name.strip_suffix('/') {
        Some(name) => (name, true),
        None => (name, false),
    };
    if let Some(reason) = fault(name) {
        return Err(reason.to_owned());
    }
    let path = EntryPath::new(name).map_err(|error| format!("its name will not do: {}", error.reason))?;
    match header.mode & KIND {
        LINK => Err("it is a symbolic link".to_owned()),
        _ if is_directory && header.size > 0 => Err("it is a directory that has bytes".to_owned()),
        0 | DIRECTORY if is_directory => Ok(None),
        0 | REGULAR if !is_directory => Ok(Some(path)),
        _ => Err("it is neither a regular file nor a directory".to_owned()),
    }
}

fn fault(name: &str) -> Option<&'static str> {
    if name.contains('\\') {
        return Some("its name has a backslash, which is a separator elsewhere");
    }
    if name.chars().any(char::is_control) {
        return Some("its name has a control character");
    }
    if matches!(name.as_bytes(), [letter, b':', ..] if letter.is_ascii_alphabetic()) {
        return Some("its name begins with a drive letter");
    }
    // OCI image-spec, layer.md, "Whiteouts": it would delete files of the base.
    name.split('/').any(|part| part.starts_with(".wh.")).then_some("a layer would take its name for a whiteout")
}
