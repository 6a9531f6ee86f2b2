use std::path::Path;

use super::*;

const PYTHON: &str = "src/python/lib/codes.py";

/// Holds a file that is made from the table against it; `UPDATE_GOLDEN=1` writes the file anew.
fn check(file: &str, expected: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, expected).unwrap();
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap_or_default(), expected, "{file}");
}

#[test]
fn python_knows_the_codes_by_the_same_names() {
    let mut python =
        "\"\"\"The codes of errors, as `src/code/table.rs` has them; `UPDATE_GOLDEN=1` writes this.\"\"\"\n\n"
            .to_owned();
    for code in Code::ALL {
        python.push_str(&format!("{} = \"{code}\"\n", code.name()));
    }
    check(PYTHON, &python);
}
