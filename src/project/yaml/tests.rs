use std::path::Path;

use super::*;

fn read(bytes: &[u8]) -> Result<(Arc<SourceFile>, Node), Box<ConfigFault>> {
    let (file, fault) = decode(Path::new("leoflow.yaml"), bytes.to_vec());
    match fault {
        Some(fault) => Err(Box::new(fault)),
        None => parse(&file).map(|node| (file, node)),
    }
}

/// Checks the place (1-based line and column) and part of the message of what cannot be read.
fn check(bytes: impl AsRef<[u8]>, line: usize, column: usize, message: &str) {
    let bytes = bytes.as_ref();
    let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(60)]).into_owned();
    let fault = read(bytes).expect_err(&shown);
    assert_eq!(fault.span.position(), (line, column), "{shown:?}: {}", fault.message);
    assert!(fault.message.contains(message), "{shown:?}: {}", fault.message);
    let _ = &fault.span.file.text[fault.span.range.clone()];
}

#[test]
fn broken_yaml_is_told_in_plain_words_at_its_place() {
    check("a: b: c\n", 1, 5, "a second `: ` on one line");
    check("é: x\nü: {a: 1\n", 2, 8, "a `{` that is not closed");
    check("a: [b,\n", 1, 6, "a bracket above is not closed");
    check("a: [b\nc: d\n", 2, 2, "a bracket above is not closed");
    check("a: ]\n", 1, 4, "a bracket that closes nothing");
    check("a:\n\t- b\n", 2, 2, "a tab cannot indent");
    check("a: 'x' y\n", 1, 8, "text after a closing quote");
    check("a: \"x\nb: y\n", 1, 4, "a quote that is not closed");
    check("a: \"\\q\"\n", 1, 4, "an escape that YAML does not know");
    check("ä: \"é\\q\"\r\nb: 1\r\n", 1, 4, "an escape that YAML does not know");
    check("a: @x\n", 1, 4, "a character that cannot start a value");
    check("a: %x\n", 1, 4, "a character that cannot start a value");
    check("a: *x\n", 1, 4, "no anchor");
    check("a:\n - x\n y: 2\n", 3, 2, "neither a list item");
    check("a: - b\n", 1, 4, "a list item (`- `) cannot stand here");
}

#[test]
fn what_is_yaml_but_not_read_here_is_refused() {
    check("a: 1\n---\nb: 2\n", 2, 1, "a second YAML document");
    check("a: &x {b: 1}\nc:\n  <<: *x\n", 3, 3, "merge keys");
    check("a: !!binary aGk=\n", 1, 4, "the tag `!!binary`");
    check("a: !Env HOME\n", 1, 4, "the tag `!Env`");
    check("? [a, b]\n: c\n", 1, 3, "a key must be text");
    check("a: &x [*x]\n", 1, 8, "inside the very node");
}

#[test]
fn bytes_that_are_no_text_are_told_apart() {
    check(b"a: b\nc: \xff\n", 2, 4, "not UTF-8");
    check(b"\xef\xbb\xbfa: \xff\n", 1, 4, "not UTF-8");
    check(b"\xff\xfea\0", 1, 1, "UTF-16");
    check("a: b\0c\n", 1, 5, "U+0000");
    check("a: \u{1b}[31m\n", 1, 4, "U+001B");
    check(vec![b' '; MAX_BYTES + 1], 1, 1, "more than 1 MiB");
}

#[test]
fn bombs_stop_at_a_cap() {
    let mut laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let list = vec![format!("*a{}", level - 1); 10].join(", ");
        laughs.push_str(&format!("a{level}: &a{level} [{list}]\n"));
    }
    assert!(read(laughs.as_bytes()).expect_err("a bomb").message.contains("nodes"));
    let deep = "- ".repeat(65) + "x";
    assert!(read(deep.as_bytes()).expect_err("a tower").message.contains("deeper than 64 levels"));
    let brackets = "[".repeat(20_000);
    assert!(read(brackets.as_bytes()).is_err());
    let mut chain = format!("a0: &a0 {}x{}\n", "[".repeat(40), "]".repeat(40));
    chain.push_str(&format!("a1: {}*a0{}\n", "[".repeat(40), "]".repeat(40)));
    assert!(read(chain.as_bytes()).expect_err("a tower of aliases").message.contains("deeper than 64"));
}

#[test]
fn nodes_know_their_bytes() {
    let text = "é: ü  # c\r\nl: |\r\n  x\r\nz: {k: [1, 'q']}  \r\n";
    let (file, root) = read(text.as_bytes()).expect("sound");
    let Value::Mapping(pairs) = &root.value else { panic!("{root:?}") };
    let bytes = |node: &Node| file.text[node.range.clone()].to_owned();
    let found: Vec<_> = pairs.iter().map(|(key, value)| (bytes(key), bytes(value))).collect();
    let expected = [("é", "ü"), ("l", "x"), ("z", "{k: [1, 'q']}")];
    assert_eq!(found, expected.map(|(key, value)| (key.to_owned(), value.to_owned())));
}

#[test]
fn scalars_follow_the_core_schema() {
    let cases = [
        ("", Resolved::Null),
        ("~", Resolved::Null),
        ("null", Resolved::Null),
        ("nULL", Resolved::Text),
        ("true", Resolved::Bool(true)),
        ("False", Resolved::Bool(false)),
        ("yes", Resolved::Text),
        ("on", Resolved::Text),
        ("0x1F", Resolved::Integer(Some(31))),
        ("0o17", Resolved::Integer(Some(15))),
        ("017", Resolved::Integer(Some(17))),
        ("+3", Resolved::Integer(Some(3))),
        ("3.10", Resolved::Float(3.1)),
        (".5", Resolved::Float(0.5)),
        ("1e3", Resolved::Float(1000.0)),
        ("-.inf", Resolved::Float(f64::NEG_INFINITY)),
        ("inf", Resolved::Text),
        ("nan", Resolved::Text),
        ("1.2.3", Resolved::Text),
        (".", Resolved::Text),
        ("1_000", Resolved::Text),
    ];
    for (text, expected) in cases {
        assert_eq!(Scalar { text: text.to_owned(), quoted: false }.resolve(), expected, "{text}");
        assert_eq!(Scalar { text: text.to_owned(), quoted: true }.resolve(), Resolved::Text, "{text}");
    }
}

#[test]
fn no_cut_of_a_file_panics() {
    let text = "a: &x {b: [1, \"é\\n\"], c: 'd'}\ne: |\n  f\n? g\n: *x\n- h: !!str 1\n--- %\n\t\r\n";
    for end in 0..=text.len() {
        let _ = read(&text.as_bytes()[..end]).map_err(|fault| fault.span.position());
        for noise in ["[", "{", "\"", "- ", ": ", "\t", "|", "\u{FEFF}", "*", "!"] {
            let mut bytes = text.as_bytes()[..end].to_vec();
            bytes.extend_from_slice(noise.as_bytes());
            bytes.extend_from_slice(&text.as_bytes()[end..]);
            let _ = read(&bytes).map_err(|fault| fault.span.file.text[fault.span.range.clone()].len());
        }
    }
}
