//! What programs and libraries say of themselves, found in their bytes as they stream by.

use std::collections::BTreeSet;
use std::io::{self, Read};

use super::keep::{Kept, Loader};

/// How much is looked at at a time, in bytes.
const WINDOW: usize = 256 << 10;

/// No text that is looked for is longer, in bytes: so much of a window is looked at again with the next one.
const OVERLAP: usize = 256;

/// A program names more versions than this when it is something else.
const MOST: usize = 64;

/// Returns the versions that a program or library names (`3.11.9` between zeros), and which C library it asks for.
pub(super) fn program(content: impl Read) -> io::Result<Kept> {
    let mut kept = Kept::default();
    let mut first = true;
    windows(content, |window| {
        if first {
            kept.script = window.starts_with(b"#!");
            kept.loader = loader(window);
        }
        first = false;
        versions(window, &mut kept.versions);
    })?;
    Ok(kept)
}

/// Returns the version of a `libc.so.6`, e.g. `2.36`: of `GNU C Library (…) stable release version 2.36.`
pub(super) fn glibc(content: impl Read) -> io::Result<BTreeSet<String>> {
    const BEFORE: &[u8] = b"release version ";
    let mut found = BTreeSet::new();
    windows(content, |window| {
        for (at, _) in window.iter().enumerate().filter(|(_, byte)| **byte == b'r') {
            if window[at..].starts_with(BEFORE) {
                let text = &window[at + BEFORE.len()..];
                let length = text.iter().take_while(|byte| is_of_version(**byte)).count();
                found.insert(String::from_utf8_lossy(&text[..length]).trim_end_matches('.').to_owned());
            }
        }
    })?;
    Ok(found)
}

/// The path of the loader stands near the beginning (ELF, `PT_INTERP`).
fn loader(window: &[u8]) -> Option<Loader> {
    let beginning = &window[..window.len().min(4096)];
    let has = |text: &[u8]| beginning.windows(text.len()).any(|bytes| bytes == text);
    match () {
        () if has(b"/ld-musl-") => Some(Loader::Musl),
        () if has(b"/ld-linux") => Some(Loader::Glibc),
        () => None,
    }
}

fn versions(window: &[u8], found: &mut BTreeSet<String>) {
    for (at, _) in window.iter().enumerate().filter(|(_, byte)| **byte == 0) {
        let text = &window[at + 1..];
        if !text.first().is_some_and(u8::is_ascii_digit) || found.len() >= MOST {
            continue;
        }
        let length = text.iter().take(32).take_while(|byte| is_of_version(**byte)).count();
        if text.get(length) == Some(&0) && text[..length].iter().filter(|byte| **byte == b'.').count() == 2 {
            found.insert(String::from_utf8_lossy(&text[..length]).into_owned());
        }
    }
}

fn is_of_version(byte: u8) -> bool {
    byte.is_ascii_digit() || matches!(byte, b'.' | b'a' | b'b' | b'c' | b'r' | b'+')
}

/// Shows the whole content, in windows that overlap.
fn windows(mut content: impl Read, mut look: impl FnMut(&[u8])) -> io::Result<()> {
    let mut window = vec![0; WINDOW];
    let mut filled = 0;
    loop {
        let count = content.read(&mut window[filled..])?;
        filled += count;
        if count > 0 && filled < WINDOW {
            continue;
        }
        look(&window[..filled]);
        if count == 0 {
            return Ok(());
        }
        window.copy_within(WINDOW - OVERLAP.., 0);
        filled = OVERLAP;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes among which a text stands at an offset.
    fn with(text: &[u8], at: usize) -> Vec<u8> {
        let mut bytes = vec![b'x'; at];
        bytes.extend(text);
        bytes.extend([b'y'; 1000]);
        bytes
    }

    #[test]
    fn a_version_is_found_wherever_it_stands() {
        for at in [0, 1, WINDOW - 10, WINDOW - 4, WINDOW, 3 * WINDOW - OVERLAP - 3] {
            let found = program(&with(b"\x003.11.9\x00", at)[..]).unwrap();
            assert_eq!(found.versions, ["3.11.9".to_owned()].into(), "{at}");
            let found = glibc(&with(b"stable release version 2.36.\nCopy", at)[..]).unwrap();
            assert_eq!(found, ["2.36".to_owned()].into(), "{at}");
        }
    }

    #[test]
    fn what_only_looks_like_a_version_is_none() {
        for text in [&b"\x003.11\x00"[..], b"\x003.11.9", b"3.11.9\x00", b"\x00v3.11.9\x00", b"\x001.2.3.4\x00"] {
            assert_eq!(program(&with(text, 10)[..]).unwrap().versions, BTreeSet::new(), "{text:?}");
        }
    }

    #[test]
    fn a_program_says_which_c_library_it_wants_and_a_script_that_it_is_one() {
        assert_eq!(program(&b"\x7fELF\x00/lib/ld-musl-x86_64.so.1\x00"[..]).unwrap().loader, Some(Loader::Musl));
        assert_eq!(program(&b"\x7fELF\x00/lib64/ld-linux-x86-64.so.2"[..]).unwrap().loader, Some(Loader::Glibc));
        assert!(program(&b"#!/bin/sh\n"[..]).unwrap().script);
    }
}
