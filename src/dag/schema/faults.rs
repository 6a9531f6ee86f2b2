//! What is wrong with a document so far, and the checks that add to it; each knows the path of its value.

use serde_json::Value;

use super::text::{is_callable, is_date};
use super::{PARAM, SpecError, TASK};
use crate::dag::spec::{TaskKind, named};
use crate::dag::suggest::{did_you_mean, listed};
use crate::dag::{ARGUMENTS_LIMIT, cron, param, validate};
use crate::project::Quantity;
use crate::reference::Reference;

/// More faults than anybody reads; a broken megabyte could have a million.
pub(super) const MOST_FAULTS: usize = 100;

/// What was found wrong so far.
#[derive(Default)]
pub(super) struct Faults(pub(super) Vec<SpecError>);

/// Checks the value at a path.
pub(super) type Check = fn(&mut Faults, &str, &Value);

/// One field of an object: its name, whether it must be there, and what it holds.
pub(super) type Field = (&'static str, bool, Check);

impl Faults {
    pub(super) fn add(&mut self, at: &str, reason: impl Into<String>) {
        if self.0.len() < MOST_FAULTS {
            let field = if at.is_empty() { "dag.json" } else { at };
            self.0.push(SpecError::Field { field: field.to_owned(), reason: reason.into() });
        }
    }

    pub(super) fn is_not(&mut self, at: &str, expected: &str, found: &Value) {
        self.add(at, format!("{expected} is expected, not {}", kind_of(found)));
    }

    pub(super) fn object(&mut self, at: &str, value: &Value, fields: &[Field]) {
        let Some(object) = value.as_object() else { return self.is_not(at, "an object", value) };
        for (name, required, check) in fields {
            match object.get(*name) {
                Some(value) => check(self, &child(at, name), value),
                None if *required => self.add(&child(at, name), "is missing"),
                None => {}
            }
        }
        let known = || fields.iter().map(|(name, ..)| *name);
        for unknown in object.keys().filter(|key| known().all(|name| name != *key)) {
            self.add(&child(at, unknown), format!("there is no such field; {}", meant(unknown, known())));
        }
    }

    pub(super) fn map(&mut self, at: &str, value: &Value, check: Check) {
        let Some(object) = value.as_object() else { return self.is_not(at, "an object", value) };
        for (key, value) in object {
            if key.is_empty() {
                self.add(at, "a key is empty");
            }
            check(self, &child(at, key), value);
        }
    }

    pub(super) fn list(&mut self, at: &str, value: &Value, check: Check) {
        let Some(items) = value.as_array() else { return self.is_not(at, "a list", value) };
        for (index, item) in items.iter().enumerate() {
            check(self, &format!("{at}[{index}]"), item);
        }
    }

    pub(super) fn any_object(&mut self, at: &str, value: &Value) {
        if !value.is_object() {
            self.is_not(at, "an object", value);
        }
    }

    pub(super) fn text(&mut self, at: &str, value: &Value) {
        if !value.is_string() {
            self.is_not(at, "a text", value);
        }
    }

    pub(super) fn name(&mut self, at: &str, value: &Value) {
        self.text_that(at, value, |text| !text.trim().is_empty(), "is blank");
    }

    pub(super) fn text_that(&mut self, at: &str, value: &Value, holds: fn(&str) -> bool, otherwise: &str) {
        match value.as_str() {
            None => self.is_not(at, "a text", value),
            Some(text) if !holds(text) => self.add(at, format!("{} {otherwise}", quoted(text))),
            Some(_) => {}
        }
    }

    pub(super) fn one_of(&mut self, at: &str, value: &Value, allowed: &[&str]) {
        match value.as_str() {
            None => self.is_not(at, "a text", value),
            Some(text) if !allowed.contains(&text) => {
                let meant = did_you_mean(text, allowed.iter().copied());
                self.add(
                    at,
                    format!("{} is not one of {} {meant}", quoted(text), listed(allowed.iter().copied())).trim(),
                );
            }
            Some(_) => {}
        }
    }

    pub(super) fn flag(&mut self, at: &str, value: &Value) {
        if !value.is_boolean() {
            self.is_not(at, "true or false", value);
        }
    }

    pub(super) fn count(&mut self, at: &str, value: &Value) {
        if value.as_u64().is_none() {
            self.is_not(at, "a whole number from 0 on", value);
        }
    }

    pub(super) fn positive(&mut self, at: &str, value: &Value) {
        if value.as_u64().is_none_or(|number| number == 0) {
            self.is_not(at, "a whole number from 1 on", value);
        }
    }

    pub(super) fn quantity(&mut self, at: &str, value: &Value) {
        match value.as_str().map(str::parse::<Quantity>) {
            None => self.is_not(at, "a text with a Kubernetes quantity", value),
            Some(Err(error)) => self.add(at, error.to_string()),
            Some(Ok(_)) => {}
        }
    }

    pub(super) fn image(&mut self, at: &str, value: &Value) {
        match value.as_str().map(str::parse::<Reference>) {
            None => self.is_not(at, "a text", value),
            Some(Err(error)) => self.add(at, error.to_string()),
            Some(Ok(_)) => {}
        }
    }

    pub(super) fn schedule(&mut self, at: &str, value: &Value) {
        match value.as_str().map(cron::check) {
            None => self.is_not(at, "a text", value),
            Some(Err(error)) => self.add(at, error.message),
            Some(Ok(())) => {}
        }
    }

    pub(super) fn date(&mut self, at: &str, value: &Value) {
        self.text_that(at, value, is_date, "is no ISO 8601 date");
    }

    pub(super) fn arguments(&mut self, at: &str, value: &Value) {
        self.any_object(at, value);
        let size = validate::encoded_size(value);
        if size > ARGUMENTS_LIMIT {
            self.add(at, format!("is {size} bytes of JSON, more than {ARGUMENTS_LIMIT}"));
        }
    }

    pub(super) fn param(&mut self, at: &str, value: &Value) {
        let before = self.0.len();
        self.object(at, value, PARAM);
        if self.0.len() == before
            && let Err(reason) = param::check(value)
        {
            self.add(at, reason);
        }
    }

    pub(super) fn upstream_names(&mut self, at: &str, value: &Value) {
        self.list(at, value, Self::name);
        if value.as_array().is_some_and(Vec::is_empty) {
            self.add(at, "names no task");
        }
    }

    pub(super) fn tasks(&mut self, at: &str, value: &Value) {
        self.list(at, value, |faults, at, task| {
            faults.object(at, task, TASK);
            faults.task_rules(at, task);
        });
        if value.as_array().is_some_and(Vec::is_empty) {
            self.add(at, "a DAG has at least one task");
        }
    }

    /// What a task's type asks of its other fields.
    pub(super) fn task_rules(&mut self, at: &str, task: &Value) {
        let has = |field: &str| task.get(field).is_some();
        let kind = task.get("type").and_then(Value::as_str).and_then(|name| named(&TaskKind::ALL, name));
        match kind {
            Some(TaskKind::AirflowOperator) if !has("operator_class") => {
                self.add(&child(at, "operator_class"), "is missing");
            }
            Some(TaskKind::Python | TaskKind::Bash) if !has("entrypoint") => {
                self.add(&child(at, "entrypoint"), "is missing");
            }
            Some(TaskKind::Python) if !task["entrypoint"].as_str().is_none_or(is_callable) => {
                self.add(&child(at, "entrypoint"), "a python task's is `<source stem>:<callable name>`");
            }
            Some(TaskKind::Bash) if task.get("on_failure_callback") == Some(&Value::Bool(true)) => {
                self.add(&child(at, "on_failure_callback"), "a bash task has no Python to call");
            }
            _ => {}
        }
        if kind.is_some_and(|kind| kind != TaskKind::AirflowOperator) {
            for field in ["operator_class", "operator_args"].into_iter().filter(|field| has(field)) {
                self.add(&child(at, field), "belongs to tasks of type `airflow_operator`");
            }
        }
    }
}

/// The path of a field; a key that is no plain word is quoted.
pub(super) fn child(at: &str, key: &str) -> String {
    let plain = !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    match (at.is_empty(), plain) {
        (true, true) => key.to_owned(),
        (false, true) => format!("{at}.{key}"),
        (_, false) => format!("{at}[{}]", quoted(key)),
    }
}

fn meant<'a>(unknown: &str, known: impl Iterator<Item = &'a str> + Clone) -> String {
    let meant = did_you_mean(unknown, known.clone());
    if meant.is_empty() { format!("fields: {}", listed(known)) } else { meant.trim_end().to_owned() }
}

/// A text in quotes, escaped, and cut where it would fill the screen.
pub(super) fn quoted(text: &str) -> String {
    match text.char_indices().nth(80) {
        Some((at, _)) => format!("{:?}…", &text[..at]),
        None => format!("{text:?}"),
    }
}

fn kind_of(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(_) => "true or false".to_owned(),
        Value::Number(number) => quoted(&number.to_string()).replace('"', ""),
        Value::String(text) => quoted(text),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    }
}
