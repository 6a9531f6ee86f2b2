//! Whether a program carries the list of its dependencies, as cargo-auditable puts it there: an ELF section `.dep-v0`.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

const SECTION: &[u8] = b".dep-v0\0";
/// An ELF header of 64 bits, in bytes.
const HEADER: usize = 64;
/// A header of a section, in bytes.
const SECTION_HEADER: usize = 64;
/// The names of all sections are shorter, in bytes.
const MOST_NAMES: u64 = 64 << 10;

/// Returns whether the program at `path` has it; where that cannot be told, it has not.
pub(super) fn has_list(path: &Path) -> bool {
    File::open(path).and_then(names).is_ok_and(|names| names.windows(SECTION.len()).any(|name| name == SECTION))
}

/// Reads the names of the sections of a little-endian ELF file of 64 bits (`elf(5)`).
fn names(mut file: impl Read + Seek) -> io::Result<Vec<u8>> {
    let mut header = [0; HEADER];
    file.read_exact(&mut header)?;
    if !header.starts_with(b"\x7fELF\x02\x01") {
        return Err(io::ErrorKind::Unsupported.into());
    }
    let (sections, index) = (number(&header[40..48]), number(&header[62..64]));
    let at = sections.checked_add(index * SECTION_HEADER as u64).ok_or(io::ErrorKind::InvalidData)?;
    file.seek(SeekFrom::Start(at))?;
    let mut section = [0; SECTION_HEADER];
    file.read_exact(&mut section)?;
    let (at, size) = (number(&section[24..32]), number(&section[32..40]));
    file.seek(SeekFrom::Start(at))?;
    let mut names = Vec::new();
    file.take(size.min(MOST_NAMES)).read_to_end(&mut names)?;
    Ok(names)
}

fn number(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    /// A file whose one section holds the names of sections.
    fn elf(names: &[u8]) -> Vec<u8> {
        let mut file = vec![0; HEADER + SECTION_HEADER];
        file[..6].copy_from_slice(b"\x7fELF\x02\x01");
        file[40] = HEADER as u8;
        let section = &mut file[HEADER..];
        section[24] = (HEADER + SECTION_HEADER) as u8;
        section[32] = names.len() as u8;
        [file, names.to_vec()].concat()
    }

    #[test]
    fn names_of_sections_are_read_and_nothing_else_is_believed() {
        assert_eq!(names(Cursor::new(elf(b"\0.text\0.dep-v0\0"))).unwrap(), b"\0.text\0.dep-v0\0");
        let mut wild = elf(b"x");
        wild[40..48].copy_from_slice(&[0xff; 8]);
        for file in [b"#!/bin/sh\n".to_vec(), Vec::new(), elf(b"")[..100].to_vec(), wild] {
            assert!(names(Cursor::new(file)).is_err());
        }
    }

    #[test]
    fn this_program_s_own_sections_are_found() {
        let own = File::open(std::env::current_exe().unwrap()).unwrap();
        assert!(names(own).unwrap().windows(6).any(|name| name == b".text\0"));
    }
}
