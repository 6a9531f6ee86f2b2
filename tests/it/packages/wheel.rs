//! Wheels that are unsound, ambiguous, or not what they say: refused by name, and never with a panic.

use leoflow::layers::Blob;
use leoflow::packages::wheel::{self, WheelName, archive};

use crate::support::wheels::{Wheel, zipped};

const NAME: &str = "demo-1.0-py3-none-any.whl";

fn open(bytes: Vec<u8>) -> Result<wheel::Wheel, String> {
    let name: WheelName = NAME.parse().unwrap();
    wheel::Wheel::open(&Blob::from_bytes(bytes), &name).map_err(|error| error.to_string())
}

/// Checks that the wheel is refused, and that the error names it and says all of `expected`.
fn refused(bytes: Vec<u8>, expected: &[&str]) {
    let error = open(bytes).expect_err(&expected.join(", "));
    for part in [NAME].iter().chain(expected) {
        assert!(error.contains(part), "`{part}` is not in `{error}`");
    }
}

fn demo() -> Wheel {
    Wheel::new("demo", "1.0")
}

/// Puts `new` in the place of `old`, which is as long, everywhere: in both headers of a file, say.
fn replaced(bytes: &[u8], old: &[u8], new: &[u8]) -> Vec<u8> {
    assert_eq!(old.len(), new.len());
    let mut bytes = bytes.to_vec();
    let at: Vec<_> =
        bytes.windows(old.len()).enumerate().filter(|(_, window)| *window == old).map(|(at, _)| at).collect();
    assert!(!at.is_empty());
    at.into_iter().for_each(|at| bytes[at..][..new.len()].copy_from_slice(new));
    bytes
}

/// Where the central directory has the file `name`: 46 bytes of header, then its name.
fn central(bytes: &[u8], name: &str) -> usize {
    let starts = bytes.windows(4).enumerate().filter(|(_, window)| *window == b"PK\x01\x02").map(|(at, _)| at);
    starts.into_iter().find(|at| bytes[at + 46..].starts_with(name.as_bytes())).unwrap()
}

fn local(bytes: &[u8], name: &str) -> usize {
    let at = central(bytes, name) + 42;
    u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()) as usize
}

/// Changes the header that the central directory has of `demo/x.py`.
fn with_central(change: impl Fn(&mut [u8])) -> Vec<u8> {
    let mut bytes = demo().file("demo/x.py", "x = 1\n".repeat(100)).build();
    let at = central(&bytes, "demo/x.py");
    change(&mut bytes[at..]);
    bytes
}

fn put(bytes: &mut [u8], at: usize, value: &[u8]) {
    bytes[at..at + value.len()].copy_from_slice(value);
}

#[test]
fn a_sound_wheel_is_opened() {
    let wheel =
        demo().entry_points("[console_scripts]\nrun = demo:main\n").executable("demo/tool", "#!/bin/sh\n").build();
    let wheel = open(wheel).unwrap();
    let names: Vec<_> = wheel.files.iter().map(|file| (file.path.as_str(), file.executable)).collect();
    let info = |name: &str| (format!("demo-1.0.dist-info/{name}"), false);
    let infos = [info("METADATA"), info("RECORD"), info("WHEEL"), info("entry_points.txt")];
    let infos = infos.iter().map(|(name, executable)| (name.as_str(), *executable));
    assert_eq!(names, infos.chain([("demo/__init__.py", false), ("demo/tool", true)]).collect::<Vec<_>>());
    assert_eq!((wheel.dist_info.as_str(), wheel.distribution.as_str()), ("demo-1.0.dist-info", "demo"));
    assert_eq!(wheel.scripts["run"].attribute, "main");
}

#[test]
fn names_that_lead_elsewhere_are_refused() {
    for (name, reason) in [
        ("../evil.py", "`.` or `..` component"),
        ("demo/../../evil.py", "`.` or `..` component"),
        ("/etc/passwd", "absolute"),
        ("demo//evil.py", "empty component"),
        ("..\\evil.py", "backslash"),
        ("C:evil.py", "drive letter"),
        ("demo/.wh.x", "whiteout"),
        (".wh..wh..opq", "whiteout"),
        ("demo/a\nb.py", "control character"),
    ] {
        let record = Wheel::new("demo", "1.0");
        let bytes = with_name(&record, name);
        refused(bytes, &[&name.escape_debug().to_string(), reason]);
    }
    let bytes = replaced(&demo().file("demo/xx.py", "").build(), b"demo/xx.py", b"demo/\xff\xfe.py");
    refused(bytes, &["not UTF-8"]);
}

/// Writes a name that a proper writer might refuse.
fn with_name(wheel: &Wheel, name: &str) -> Vec<u8> {
    let place: String = "z".repeat(name.len());
    replaced(&wheel.clone().file(&place, "x").build(), place.as_bytes(), name.as_bytes())
}

#[test]
fn files_of_other_kinds_are_refused() {
    for (mode, reason) in [(0o120_777, "symbolic link"), (0o020_666, "neither"), (0o010_644, "neither")] {
        let mode = u32::to_le_bytes(mode << 16);
        refused(with_central(|header| put(header, 38, &mode)), &["`demo/x.py`", reason]);
    }
    refused(with_central(|header| header[8] |= 1), &["`demo/x.py`", "encrypted"]);
    refused(with_central(|header| header[10] = 12), &["`demo/x.py`", "method 12"]);
}

#[test]
fn one_name_is_listed_once() {
    let bytes = demo().file("demo/x.py", "1").file("demo/y.py", "2").build();
    refused(replaced(&bytes, b"demo/y.py", b"demo/x.py"), &["`demo/x.py`", "twice"]);
}

#[test]
fn an_archive_that_can_be_read_in_two_ways_is_refused() {
    let bytes = demo().file("demo/x.py", "1").build();
    let mut other_name = bytes.clone();
    let at = local(&bytes, "demo/x.py");
    put(&mut other_name, at + 30, b"demo/y.py");
    refused(other_name, &["`demo/x.py`", "two headers"]);
    let mut other_size = bytes.clone();
    put(&mut other_size, at + 22, &[9, 9, 0, 0]);
    refused(other_size, &["`demo/x.py`", "two headers"]);
    refused([b"prefix", &bytes[..]].concat(), &["not where its end says"]);
    refused([&bytes[..], b"suffix"].concat(), &["end of central directory"]);
    refused(bytes[..bytes.len() - 1].to_vec(), &["cut off"]);
    refused(Vec::new(), &["cut off"]);
    refused(b"<html>Log in</html>".to_vec(), &["cut off"]);
}

/// A bomb lists the same bytes many times, or states more than anybody has.
#[test]
fn bombs_are_refused_before_they_go_off() {
    let bytes = demo().file("demo/x.py", "1").file("demo/y.py", "2").build();
    let (x, y) = (central(&bytes, "demo/x.py"), central(&bytes, "demo/y.py"));
    let overlapping = {
        let length = u32::from_le_bytes(bytes[x + 20..][..4].try_into().unwrap()) + 20;
        let mut bytes = bytes.clone();
        let at = local(&bytes, "demo/x.py");
        put(&mut bytes, x + 20, &length.to_le_bytes());
        put(&mut bytes, at + 18, &length.to_le_bytes());
        bytes
    };
    refused(overlapping, &["`demo/x.py`", "overlap"]);
    let mut huge = bytes;
    put(&mut huge, y + 24, &(1_u32 << 30).to_le_bytes());
    refused(huge, &["would come to 10737"]);
}

/// What it states too little of is found out when it is unpacked, and no more is made than it states.
#[test]
fn metadata_of_another_size_or_checksum_is_refused() {
    for (field, reason) in [(16, "CRC-32"), (24, "bytes that the archive states")] {
        let mut bytes = demo().build();
        let (central, local) =
            (central(&bytes, "demo-1.0.dist-info/METADATA"), local(&bytes, "demo-1.0.dist-info/METADATA"));
        bytes[central + field] ^= 1;
        bytes[local + field - 2] ^= 1;
        refused(bytes, &["METADATA", reason]);
    }
}

#[test]
fn a_wheel_that_lies_about_itself_is_refused() {
    refused(demo().header("Name", "other").build(), &["METADATA says other, not demo"]);
    refused(demo().header("Version", "2.0").build(), &["METADATA says 2.0, not 1.0"]);
    refused(Wheel::new("other", "1.0").header("Name", "demo").build(), &["`.dist-info` directory says other-1.0"]);
    refused(Wheel::new("demo", "2.0").header("Version", "1.0").build(), &["says demo-2.0, not demo-1.0"]);
    refused(demo().file("other-1.0.dist-info/METADATA", "").build(), &["both `demo-1.0.dist-info` and"]);
    refused(demo().info("WHEEL", "Wheel-Version: 2.0\n").build(), &["version `2.0`"]);
    refused(demo().info("WHEEL", "Root-Is-Purelib: true\n").build(), &["no `Wheel-Version`"]);
    refused(demo().info("METADATA", "Version: 1.0\n").build(), &["no `Name`"]);
    refused(demo().entry_points("[console_scripts]\n../x = a:b\n").build(), &["`../x`"]);
    refused(zipped(&[("demo/__init__.py".to_owned(), Vec::new(), 0o644)]), &["no `.dist-info`"]);
}

/// Old tools spelled names and versions in many ways.
#[test]
fn other_spellings_are_no_lies() {
    for (file, name, version) in [
        ("Demo_Pkg-1.0-py3-none-any.whl", "Demo.Pkg", "1.0"),
        ("demo_pkg-1.0.0-py3-none-any.whl", "demo-pkg", "1.0"),
        ("demo_pkg-1.0+cpu-py3-none-any.whl", "demo_pkg", "1.0+cpu"),
    ] {
        let bytes = Wheel::new(name, version).build();
        let opened = wheel::Wheel::open(&Blob::from_bytes(bytes), &file.parse().unwrap());
        assert!(opened.is_ok(), "{file}: {opened:?}");
    }
}

/// Whatever is wrong with one byte, there is an answer.
#[test]
fn no_byte_makes_it_panic() {
    let good = demo().file("demo/x.py", "x").build();
    for at in 0..good.len() {
        for change in [0x01, 0x80, 0xff] {
            let mut bytes = good.clone();
            bytes[at] ^= change;
            let listed = archive::list(&Blob::from_bytes(bytes), NAME);
            let _ = listed.map(|files| files.iter().map(|file| file.member.read().is_ok()).collect::<Vec<_>>());
        }
        let _ = open(good[..at].to_vec());
    }
}

/// As `zip64` writers have it, who leave the short fields to the long ones.
#[test]
fn zip64_is_read_where_it_says_the_same() {
    let bytes = zip64(&demo().build());
    assert!(open(bytes.clone()).is_ok());
    let end = bytes.len() - 22;
    let mut other_count = bytes.clone();
    put(&mut other_count, end + 8, &[1, 0, 1, 0]);
    refused(other_count, &["contradict"]);
    let mut other_place = bytes;
    put(&mut other_place, end - 20 + 8, &[0; 8]);
    refused(other_place, &["ZIP64"]);
}

/// Adds ZIP64's two records of the end.
fn zip64(bytes: &[u8]) -> Vec<u8> {
    let (files, end) = bytes.split_at(bytes.len() - 22);
    let field = |at: usize| u64::from(u32::from_le_bytes(end[at..at + 4].try_into().unwrap()));
    let count = u64::from(u16::from_le_bytes([end[10], end[11]]));
    let mut record = b"PK\x06\x06".to_vec();
    record.extend(44_u64.to_le_bytes());
    record.extend([45, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    [count, count, field(12), field(16)].iter().for_each(|field| record.extend(field.to_le_bytes()));
    let locator = [&b"PK\x06\x07\0\0\0\0"[..], &(files.len() as u64).to_le_bytes(), &[1, 0, 0, 0]].concat();
    let short = [&end[..8], &[0xff; 12], &end[20..]].concat();
    [files, &record, &locator, &short].concat()
}

/// What decides on a wheel is what would be installed of it.
#[test]
fn metadata_is_read_where_an_install_finds_it_and_nowhere_else() {
    let read = |wheel: &Wheel| wheel::metadata(&Blob::from_bytes(wheel.build()), NAME).map_err(|it| it.to_string());
    assert_eq!(String::from_utf8(read(&demo()).unwrap()).unwrap(), demo().metadata());
    let refused = |wheel: Wheel, expected: &str| {
        let error = read(&wheel).expect_err(expected);
        assert!(error.contains(NAME) && error.contains(expected), "`{expected}` is not in `{error}`");
    };
    refused(demo().file("other-2.0.dist-info/METADATA", "Name: other\nVersion: 2.0\n"), "it has two METADATA");
    refused(demo().info("METADATA", "x".repeat((16 << 20) + 1)), "its METADATA has 16777217 bytes");
    let none = zipped(&[("demo/__init__.py".to_owned(), Vec::new(), 0o644)]);
    let error = wheel::metadata(&Blob::from_bytes(none), NAME).unwrap_err().to_string();
    assert!(error.contains("it has no METADATA"), "{error}");
    let bytes = demo().build();
    let cut = wheel::metadata(&Blob::from_bytes(bytes[..bytes.len() - 30].to_vec()), NAME).unwrap_err().to_string();
    assert!(cut.contains("is cut off"), "{cut}");
}
