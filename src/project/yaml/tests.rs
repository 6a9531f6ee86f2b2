use std::path::Path;

use super::*;

#[test]
fn dump() {
    for text in [
        "a: [b,\n",
        "a: \"x\nb: y\n",
        "a: b: c\n",
        "a:\n\t- b\n",
        "a\nb: c\n",
        "é: x\nü: {a: 1\n",
        "a: 'x' y\n",
        "a: @x\n",
        "a: *x\n",
        "a: x\n  b: y\n",
        "a:\n - x\n y: 2\n",
        "a: \u{1}x\n",
        "a: ]\n",
        "a: - b\n",
        "a: %x\n",
        "- a\nb: c\n",
        "a:\r\n  é: ü \r\n  b: \"\\q\"\r\n",
        "a: &x [*x]\n",
    ] {
        let (file, _) = decode(Path::new("l"), text.into());
        match parse(&file) {
            Ok(node) => println!("{text:?} -> {node:?}"),
            Err(f) => println!("{text:?} -> {:?} {} {:?}", f.span.position(), f.message, f.help),
        }
    }
    let text = "a:\r\n  é: ü  # c\r\n  l: |\r\n    é\r\n  z: {a: [1, 2]}  \r\nb: 'x'\r\n";
    let (file, _) = decode(Path::new("l"), text.into());
    fn walk(f: &str, n: &Node) {
        println!("{:?} {:?}", n.range, &f[n.range.clone()]);
        match &n.value {
            Value::Mapping(p) => {
                for (k, v) in p {
                    walk(f, k);
                    walk(f, v)
                }
            }
            Value::Sequence(s) => {
                for i in s {
                    walk(f, i)
                }
            }
            _ => {}
        }
    }
    walk(&file.text, &parse(&file).unwrap());
}
