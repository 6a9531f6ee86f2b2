//! What layers may look like: compressed in any way, on top of each other, cut off, hostile.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;
use tar::EntryType;

use super::{inspected, try_inspected};
use crate::support::bases::{Layer, official_python};

const SITE: &str = "usr/local/lib/python3.11/site-packages";

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn names(layers: &[Vec<u8>]) -> Vec<String> {
    let facts = try_inspected(&Value::Null, layers).unwrap();
    facts.distributions.into_iter().map(|found| format!("{} {}", found.name, found.version)).collect()
}

#[test]
fn a_layer_may_be_compressed_in_any_way_and_in_parts() {
    let plain = official_python("3.11.9").tar();
    let (one, other) = plain.split_at(1000);
    let zstd = |bytes: &[u8]| zstd::encode_all(bytes, 3).unwrap();
    let skippable = [0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3];
    let variants = [
        plain.clone(),
        gzip(&plain),
        [gzip(one), gzip(other)].concat(),
        zstd(&plain),
        [skippable.to_vec(), zstd(one), zstd(other)].concat(),
        // Whoever wrote that ended it early, or late.
        plain[..plain.len() - 1024].to_vec(),
        [plain.clone(), vec![0; 10 << 10], b"trailing".to_vec()].concat(),
    ];
    for (at, variant) in variants.into_iter().enumerate() {
        assert_eq!(names(&[variant]), ["pip 24.0"], "variant {at}");
    }
}

#[test]
fn later_layers_replace_what_earlier_ones_have() {
    let check = |upper: Layer, expected: &[&str]| {
        let base = official_python("3.11.9").distribution(SITE, "six", "1.0", &[]);
        assert_eq!(names(&[base.tar(), upper.tar()]), expected);
    };
    let info = format!("{SITE}/six-1.0.dist-info");
    check(Layer::new(), &["pip 24.0", "six 1.0"]);
    check(Layer::new().file(&format!("{SITE}/.wh.six-1.0.dist-info"), ""), &["pip 24.0"]);
    check(Layer::new().file(&format!("{info}/.wh..wh..opq"), ""), &["pip 24.0"]);
    check(Layer::new().file(&info, "a file in its place"), &["pip 24.0"]);
    check(Layer::new().file("usr/local/lib/.wh.python3.11", ""), &[]);
    // The opaque marker may come after what the same layer has there.
    let anew = Layer::new().distribution(SITE, "new", "1", &[]).file(&format!("{SITE}/.wh..wh..opq"), "");
    check(anew, &["new 1"]);
    let upgraded =
        Layer::new().file(&format!("{SITE}/.wh.six-1.0.dist-info"), "").distribution(SITE, "six", "2.0", &[]);
    check(upgraded, &["pip 24.0", "six 2.0"]);
    check(Layer::new().directory(&info), &["pip 24.0", "six 1.0"]);
    check(Layer::new().file("usr/local/bin/.wh.python3.11", ""), &[]);
}

#[test]
fn links_lead_within_the_image() {
    let layer = Layer::new()
        .program("srv/python/bin/python3.11.real", "")
        .symlink("usr/local", "/srv/../srv/python")
        .hard_link("srv/python/bin/python3.11", "usr/local/bin/python3.11.real")
        .file("usr/local/lib/python3.11/os.py", "")
        .distribution("./store", "stored", "1.5", &[])
        .symlink(SITE, "../../../../../../../store");
    let facts = inspected(&Value::Null, vec![layer]);
    let python = facts.python.unwrap();
    assert_eq!((python.executable.as_str(), python.site_packages.as_str()), ("/usr/local/bin/python3.11", "/store"));
    assert_eq!(facts.distributions[0].directory, "/store/stored-1.5.dist-info");
    // What is linked to is kept under either name.
    let info = "conda/pkgs/six-1.0.dist-info";
    let linked = official_python("3.11.9")
        .file(&format!("{info}/METADATA"), "Name: six\nVersion: 1.0\n")
        .hard_link(&format!("{SITE}/six-1.0.dist-info/METADATA"), &format!("{info}/METADATA"));
    assert_eq!(names(&[linked.tar()]), ["pip 24.0", "six 1.0"]);
    let circle = Layer::new().symlink("usr/bin/python3.11", "python3").symlink("usr/bin/python3", "python3.11");
    assert!(inspected(&Value::Null, vec![circle]).python.is_none());
}

#[test]
fn long_names_are_read_in_every_form() {
    let deep = format!("opt/{}/site-packages", "d".repeat(200));
    let gnu = official_python("3.11.9").file(&format!("{SITE}/deep.pth"), format!("/{deep}\n")).distribution(
        &deep,
        "long",
        "1",
        &[],
    );
    assert_eq!(names(&[gnu.tar()]), ["long 1", "pip 24.0"]);
    // What the header has of a long name may end in a slash, like a directory's.
    let cut = format!("{}/METADATA", "d".repeat(99));
    let slash = official_python("3.11.9").file(&cut, "content that has to be skipped".repeat(100));
    assert_eq!(names(&[slash.distribution(SITE, "after", "1", &[]).tar()]), ["after 1", "pip 24.0"]);
    // A capability's value may hold a line feed (POSIX gives the length of each record).
    let metadata = format!("{SITE}/pax-1.dist-info/METADATA");
    let record = |key: &str, value: &[u8]| {
        let rest = key.len() + value.len() + 3;
        let length = (rest + 1..).find(|length| length.to_string().len() + rest == *length).unwrap();
        [format!("{length} {key}=").as_bytes(), value, b"\n"].concat()
    };
    let extended =
        [record("SCHILY.xattr.security.capability", b"\x01\n\x00"), record("path", metadata.as_bytes())].concat();
    let pax = official_python("3.11.9")
        .entry(EntryType::XGlobalHeader, "pax_global_header", 0o644, None, &record("comment", b"x"))
        .entry(EntryType::XHeader, "extended", 0o644, None, &extended)
        .file("short", "Name: pax\nVersion: 1\n");
    assert_eq!(names(&[pax.tar()]), ["pax 1", "pip 24.0"]);
}

#[test]
fn what_is_no_layer_is_an_error_that_names_it() {
    let plain = official_python("3.11.9").tar();
    let zipped = gzip(&plain);
    let mut bent = plain.clone();
    bent[0] ^= 1;
    let cases: [(&str, Vec<u8>); 6] = [
        ("none of tar's", b"no tar archive".repeat(100)),
        ("ends in the middle", plain[..700].to_vec()),
        ("ends in the middle", plain[..100].to_vec()),
        ("cannot look into", zipped[..zipped.len() / 2].to_vec()),
        ("cannot look into", zstd::encode_all(&plain[..], 3).unwrap()[..200].to_vec()),
        ("none of tar's", bent),
    ];
    for (expected, layer) in cases {
        let error = try_inspected(&Value::Null, &[layer]).unwrap_err();
        assert!(error.to_string().contains(expected) && error.help().is_some(), "{expected}: {error}");
    }
}

#[test]
fn what_is_larger_than_it_may_be_is_refused_before_it_is_held() {
    let name = Layer::new().entry(EntryType::GNULongName, "././@LongLink", 0o644, None, &vec![b'a'; 2 << 20]);
    let error = try_inspected(&Value::Null, &[name.tar()]).unwrap_err();
    assert!(error.to_string().contains("more than 1 MiB"), "{error}");
    let status = Layer::new().file("var/lib/dpkg/status", vec![b'\n'; (32 << 20) + 1]);
    let error = try_inspected(&Value::Null, &[gzip(&status.tar())]).unwrap_err();
    assert!(error.to_string().contains("`/var/lib/dpkg/status` has more bytes than 33554432"), "{error}");
}
