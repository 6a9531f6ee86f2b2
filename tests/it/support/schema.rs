//! JSON Schemas of `docs/schemas`, as far as they are used there: any other keyword is a panic, so that nothing in a schema
//! is there in vain. Keys that an object has and its schema does not name are faults here, though a reader must bear them.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use regex::Regex;
use serde_json::Value;

/// The schemas that were read.
#[derive(Default)]
pub struct Schemas(RefCell<BTreeMap<String, Value>>);

/// A schema and the file that it stands in.
type At<'a> = (&'a str, &'a Value);

/// Where the schemas are.
pub fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/schemas")
}

impl Schemas {
    /// Fails unless an object is what the schema that it names says.
    #[track_caller]
    pub fn check(&self, object: &Value) {
        let faults = self.faults(object);
        assert!(faults.is_empty(), "{faults:#?} in:\n{object:#}");
    }

    /// Returns what is wrong with an object.
    pub fn faults(&self, object: &Value) -> Vec<String> {
        let Some(name) = object["schema"].as_str() else { return vec!["it names no schema".to_owned()] };
        let file = format!("{}.json", name.trim_start_matches("leoflow.").replace('/', "."));
        if !directory().join(&file).exists() {
            return vec![format!("`{name}` has no schema: docs/schemas/{file} is missing")];
        }
        let mut faults = Vec::new();
        self.validate((&file, &self.read(&file)), object, "", &mut faults);
        faults
    }

    fn read(&self, file: &str) -> Value {
        let read = || {
            let text = fs::read_to_string(directory().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
            serde_json::from_str(&text).unwrap()
        };
        self.0.borrow_mut().entry(file.to_owned()).or_insert_with(read).clone()
    }

    fn validate(&self, schema: At<'_>, value: &Value, at: &str, faults: &mut Vec<String>) {
        let mut named = BTreeSet::new();
        self.apply(schema, value, at, &mut named, faults);
        // A schema that names no key says nothing of keys.
        if let (Some(object), false) = (value.as_object(), named.is_empty()) {
            let unknown = object.keys().filter(|key| !named.contains(*key));
            faults.extend(unknown.map(|key| format!("{at}/{key} is not in the schema")));
        }
    }

    /// Applies all keywords of a schema; `named` takes the keys that it knows of.
    fn apply(
        &self,
        (file, schema): At<'_>,
        value: &Value,
        at: &str,
        named: &mut BTreeSet<String>,
        faults: &mut Vec<String>,
    ) {
        let keywords = schema.as_object().unwrap_or_else(|| panic!("{file} at {at}: a schema is an object"));
        for (keyword, rule) in keywords {
            let told = match keyword.as_str() {
                "$schema" | "title" | "description" | "$defs" | "then" => None,
                "type" => (!is_of(rule, value)).then(|| format!("is not of type {rule}")),
                "const" => (rule != value).then(|| format!("is not {rule}")),
                "enum" => (!rule.as_array().unwrap().contains(value)).then(|| format!("is none of {rule}")),
                "pattern" => (!matches(rule, value)).then(|| format!("is not like {rule}")),
                "minimum" => (value.as_f64() < rule.as_f64() && value.is_number()).then(|| format!("is below {rule}")),
                "maximum" => (value.as_f64() > rule.as_f64()).then(|| format!("is above {rule}")),
                "minLength" => (value.as_str() == Some("")).then(|| "is empty".to_owned()),
                "minItems" => (value.as_array() == Some(&Vec::new())).then(|| "is empty".to_owned()),
                "required" => lacks(rule, value),
                _ => {
                    self.go_on((file, schema), keyword, value, at, named, faults);
                    None
                }
            };
            faults.extend(told.map(|what| format!("{at}: {value} {what}")));
        }
    }

    /// Applies a keyword that holds schemas.
    fn go_on(
        &self,
        (file, schema): At<'_>,
        keyword: &str,
        value: &Value,
        at: &str,
        named: &mut BTreeSet<String>,
        faults: &mut Vec<String>,
    ) {
        let rule = &schema[keyword];
        match keyword {
            "$ref" => {
                let (target, pointer) = rule.as_str().unwrap().split_once('#').unwrap_or((rule.as_str().unwrap(), ""));
                let target = if target.is_empty() { file } else { target };
                let document = self.read(target);
                let found = document.pointer(pointer).unwrap_or_else(|| panic!("{file}: {rule} leads nowhere"));
                self.apply((target, found), value, at, named, faults);
            }
            "properties" => {
                for (key, inner) in rule.as_object().unwrap() {
                    named.insert(key.clone());
                    if let Some(value) = value.get(key) {
                        self.validate((file, inner), value, &format!("{at}/{key}"), faults);
                    }
                }
            }
            "additionalProperties" if rule.is_object() => {
                for (key, value) in value.as_object().into_iter().flatten() {
                    self.validate((file, rule), value, &format!("{at}/{key}"), faults);
                }
            }
            "additionalProperties" => assert_eq!(rule, true, "{file}: keys may be added within a version"),
            "items" => {
                for (number, item) in value.as_array().into_iter().flatten().enumerate() {
                    self.validate((file, rule), item, &format!("{at}/{number}"), faults);
                }
            }
            "allOf" => {
                rule.as_array().unwrap().iter().for_each(|all| self.apply((file, all), value, at, named, faults))
            }
            "anyOf" => self.any((file, rule), value, at, named, faults),
            "if" => {
                let mut otherwise = Vec::new();
                self.apply((file, rule), value, at, &mut BTreeSet::new(), &mut otherwise);
                if otherwise.is_empty() {
                    self.apply((file, &schema["then"]), value, at, named, faults);
                }
            }
            other => panic!("{file}: the keyword `{other}` is not known here"),
        }
    }

    /// The faults of the alternative that has the fewest.
    fn any(
        &self,
        (file, rule): At<'_>,
        value: &Value,
        at: &str,
        named: &mut BTreeSet<String>,
        faults: &mut Vec<String>,
    ) {
        let tried = rule.as_array().unwrap().iter().map(|one| {
            let (mut keys, mut found) = (BTreeSet::new(), Vec::new());
            self.apply((file, one), value, at, &mut keys, &mut found);
            (found, keys)
        });
        let (found, keys) = tried.min_by_key(|(found, _)| found.len()).unwrap();
        named.extend(keys);
        faults.extend(found);
    }
}

fn lacks(rule: &Value, value: &Value) -> Option<String> {
    let keys = rule.as_array().unwrap().iter().filter_map(Value::as_str);
    let missing: Vec<&str> = keys.filter(|key| value.is_object() && value.get(key).is_none()).collect();
    (!missing.is_empty()).then(|| format!("lacks {missing:?}"))
}

fn matches(rule: &Value, value: &Value) -> bool {
    value.as_str().is_none_or(|text| Regex::new(rule.as_str().unwrap()).unwrap().is_match(text))
}

fn is_of(rule: &Value, value: &Value) -> bool {
    match rule {
        Value::Array(several) => several.iter().any(|one| is_of(one, value)),
        one => match one.as_str().unwrap() {
            "string" => value.is_string(),
            "integer" => value.is_u64() || value.is_i64(),
            "number" => value.is_number(),
            "boolean" => value.is_boolean(),
            "array" => value.is_array(),
            "object" => value.is_object(),
            "null" => value.is_null(),
            other => panic!("the type `{other}` is not known here"),
        },
    }
}
