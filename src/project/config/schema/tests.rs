use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::conform::breaks;
use super::*;
use crate::project::config::reader::{Field, Reader};
use crate::project::yaml;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Holds a file, or the part of it between two lines, against what the table says; `UPDATE_GOLDEN=1` writes it anew.
fn check(file: &str, between: Option<(&str, &str)>, expected: &str) {
    let path = root().join(file);
    let before = std::fs::read_to_string(&path).unwrap_or_default();
    let whole = match between {
        None => expected.to_owned(),
        Some((from, to)) => {
            let (head, rest) = before.split_once(from).unwrap_or_else(|| panic!("{file} lacks `{from}`"));
            let (_, tail) = rest.split_once(to).unwrap_or_else(|| panic!("{file} lacks `{to}`"));
            format!("{head}{from}\n\n{expected}\n{to}{tail}")
        }
    };
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &whole).unwrap();
        return;
    }
    assert_eq!(before, whole, "{file}: UPDATE_GOLDEN=1 writes it");
}

#[test]
fn the_schema_in_docs_is_this_one() {
    check("docs/leoflow.schema.json", None, &schema());
}

#[test]
fn the_page_of_keys_is_the_table() {
    let marks = ("<!-- keys: made from src/project/config/keys.rs -->", "<!-- /keys -->");
    check("docs/configuration.md", Some(marks), &page::table(keys::TOP));
}

/// Returns what an editor finds wrong with a leoflow.yaml.
pub(in crate::project::config) fn refusals(text: &str) -> Vec<String> {
    let schema = serde_json::from_str(&schema()).unwrap();
    breaks(&schema, &as_json(text), "")
}

/// Returns a YAML text as an editor's parser has it.
fn as_json(text: &str) -> Value {
    let (file, _) = yaml::decode(Path::new("leoflow.yaml"), text.into());
    let root = yaml::parse(&file).unwrap_or_else(|fault| panic!("{text}: {fault:?}"));
    let reader = Reader::new(Arc::clone(&file));
    let whole = Field { reader: &reader, path: String::new(), node: &root };
    whole.json().unwrap_or(Value::Null)
}

#[test]
fn what_people_write_conforms() {
    let mut texts: Vec<(PathBuf, String)> = Vec::new();
    for path in files(&root().join("testdata")) {
        if path.ends_with("leoflow.yaml") || path.ends_with("every-key.yaml") {
            texts.push((path.clone(), std::fs::read_to_string(path).unwrap()));
        }
    }
    for path in files(&root().join("docs")).into_iter().filter(|path| path.extension().is_some_and(|e| e == "md")) {
        let page = std::fs::read_to_string(&path).unwrap();
        let fences = page.split("```").skip(1).step_by(2).filter_map(|fence| fence.strip_prefix("yaml\n"));
        texts.extend(fences.filter(|text| text.starts_with("dag_id:")).map(|text| (path.clone(), text.to_owned())));
    }
    assert!(texts.len() > 10, "{}", texts.len());
    for (path, text) in texts {
        let is_read = crate::project::config::tests::parse(&text).is_ok();
        assert!(is_read || path.ends_with("errors.md"), "{}:\n{text}", path.display());
        if is_read {
            assert_eq!(refusals(&text), Vec::<String>::new(), "{}:\n{text}", path.display());
        }
    }
}

fn files(directory: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[test]
fn a_file_with_every_key_has_every_key_of_the_table() {
    let text = include_str!("../../../../testdata/leoflow/every-key.yaml");
    let mut missing = BTreeSet::new();
    absent("", keys::TOP, &as_json(text), &mut missing);
    // `limits` take what `requests` take.
    let same = ["tasks.*.resources.limits.memory", "tasks.*.resources.limits.ephemeral_storage"];
    assert_eq!(missing, same.map(str::to_owned).into());
}

/// Notes the keys that a value does not have.
fn absent(above: &str, keys: &[Key], value: &Value, missing: &mut BTreeSet<String>) {
    for key in keys {
        let path = format!("{above}{}", key.name);
        match value.get(key.name) {
            Some(value) => absent_below(&path, &key.kind, value, missing),
            None => drop(missing.insert(path)),
        }
    }
}

fn absent_below(path: &str, kind: &Kind, value: &Value, missing: &mut BTreeSet<String>) {
    match kind {
        Kind::Section(keys) => absent(&format!("{path}."), keys, value, missing),
        Kind::List(Kind::Section(keys)) => absent(&format!("{path}[]."), keys, &value[0], missing),
        Kind::Map { values: Kind::Section(keys), .. } => {
            let first = value.as_object().and_then(|map| map.values().next()).unwrap_or(&Value::Null);
            absent(&format!("{path}.*."), keys, first, missing);
        }
        _ => {}
    }
}

#[test]
fn defaults_and_examples_are_what_their_keys_take() {
    fn walk(schema: &Value) {
        let given = schema.get("default").into_iter().chain(schema["examples"].as_array().into_iter().flatten());
        for value in given {
            assert_eq!(breaks(schema, value, ""), Vec::<String>::new(), "{schema}");
        }
        for below in schema.as_object().into_iter().flat_map(Map::values).filter(|below| below.is_object()) {
            walk(below);
        }
    }
    fn parse_all(keys: &[Key]) {
        for key in keys {
            assert!(!key.about.ends_with('.') && key.about.len() >= 5, "{}", key.name);
            for text in key.default.iter().chain(&key.example) {
                assert!(parsed(text).is_some(), "{}: {text}", key.name);
            }
            match &key.kind {
                Kind::Section(keys) | Kind::List(Kind::Section(keys)) => parse_all(keys),
                Kind::Map { values: Kind::Section(keys), .. } => parse_all(keys),
                _ => {}
            }
        }
    }
    walk(&serde_json::from_str(&schema()).unwrap());
    parse_all(keys::TOP);
}

#[test]
fn a_missing_default_is_what_the_table_says() {
    let least = crate::project::config::tests::parse("dag_id: d\n").unwrap();
    let defaults = keys::TOP.iter().filter_map(|key| Some(format!("{}: {}\n", key.name, key.default?)));
    let sections = "build: {context: \".\", platforms: [linux/amd64]}\n";
    let spelt = format!("dag_id: d\n{}{sections}", defaults.collect::<String>());
    let mut spelt = crate::project::config::tests::parse(&spelt).unwrap();
    spelt.dag_id_span = least.dag_id_span.clone();
    assert_eq!(spelt, least);
}
