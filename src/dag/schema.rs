//! A dag.json as somebody else wrote it, checked field by field (contract of schema 1.0): the set of fields is closed,
//! and each has its type and its rule. Every fault is told, with the field's path.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::spec::{TaskKind, TriggerRule, named};
use super::suggest::{did_you_mean, listed};
use super::{ARGUMENTS_LIMIT, cron, graph, json, param, validate};
use crate::project::Quantity;
use crate::reference::Reference;

/// More faults than anybody reads; a broken megabyte could have a million.
const MOST_FAULTS: usize = 100;

/// Why a dag.json is not a spec.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SpecError {
    /// It does not parse.
    #[error("line {line}, column {column}: {reason}")]
    Malformed {
        /// 1-based.
        line: usize,
        /// 1-based.
        column: usize,
        /// What is wrong.
        reason: String,
    },
    /// A field is unknown or missing, or has a value that it cannot have.
    #[error("`{field}`: {reason}")]
    Field {
        /// Path of the field, e.g. `tasks[2].trigger_rule`.
        field: String,
        /// What is wrong.
        reason: String,
    },
}

impl SpecError {
    /// Returns one concrete thing to do.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Malformed { .. } => Some("write it anew: `leoflow compile -o dag.json`".to_owned()),
            Self::Field { field, reason } if field == "image" && reason.contains("not pinned") => {
                Some("`leoflow deploy` pushes the image and pins it by its digest".to_owned())
            }
            Self::Field { .. } => {
                Some("mend dag.py or leoflow.yaml and write it anew: `leoflow compile -o dag.json`".to_owned())
            }
        }
    }
}

/// Checks a dag.json as strictly as the control plane does (contract section 2), and returns it as a value.
///
/// # Errors
/// When it breaks the schema; every fault is told.
pub fn validate_json(bytes: &[u8]) -> Result<Value, Vec<SpecError>> {
    let dag = json::parse(bytes).map_err(|error| vec![malformed(&error)])?;
    let mut faults = Faults::default();
    faults.object("", &dag, DAG);
    if let Some(tasks) = dag.get("tasks").and_then(Value::as_array) {
        check_graph(&mut faults, tasks);
    }
    if faults.0.is_empty() { Ok(dag) } else { Err(faults.0) }
}

fn malformed(error: &serde_json::Error) -> SpecError {
    let text = error.to_string();
    let reason = text.rsplit_once(" at line ").map_or(text.as_str(), |(reason, _)| reason).to_owned();
    SpecError::Malformed { line: error.line().max(1), column: error.column().max(1), reason }
}

/// What was found wrong so far.
#[derive(Default)]
struct Faults(Vec<SpecError>);

/// Checks the value at a path.
type Check = fn(&mut Faults, &str, &Value);

/// One field of an object: its name, whether it must be there, and what it holds.
type Field = (&'static str, bool, Check);

const REQUIRED: bool = true;
const OPTIONAL: bool = false;

const DAG: &[Field] = &[
    ("schema_version", REQUIRED, |f, at, v| f.one_of(at, v, &["1.0"])),
    ("dag_id", REQUIRED, |f, at, v| f.text_that(at, v, is_dag_id, "is no dag_id (`[a-zA-Z0-9_][a-zA-Z0-9_-]{0,199}`)")),
    ("dag_version", REQUIRED, Faults::name),
    ("image", REQUIRED, Faults::image),
    ("description", OPTIONAL, Faults::text),
    ("owner", OPTIONAL, Faults::text),
    ("tags", OPTIONAL, |f, at, v| f.list(at, v, Faults::text)),
    ("schedule", OPTIONAL, Faults::schedule),
    ("schedule_timezone", OPTIONAL, Faults::name),
    ("start_date", OPTIONAL, Faults::date),
    ("end_date", OPTIONAL, Faults::date),
    ("max_active_runs", OPTIONAL, Faults::count),
    ("max_active_tasks", OPTIONAL, Faults::count),
    ("catchup", OPTIONAL, Faults::flag),
    ("default_args", OPTIONAL, |f, at, v| f.object(at, v, RETRYING)),
    ("staging", OPTIONAL, |f, at, v| f.object(at, v, STAGING)),
    ("alerts", OPTIONAL, |f, at, v| f.object(at, v, ALERTS)),
    ("variables", OPTIONAL, |f, at, v| f.list(at, v, Faults::name)),
    ("connections", OPTIONAL, |f, at, v| f.list(at, v, Faults::name)),
    ("params", OPTIONAL, |f, at, v| f.map(at, v, Faults::param)),
    ("tasks", REQUIRED, Faults::tasks),
    ("source", OPTIONAL, Faults::text),
];

const TASK: &[Field] = &[
    ("task_id", REQUIRED, |f, at, v| f.text_that(at, v, validate::is_task_id, "is no task id")),
    ("type", REQUIRED, |f, at, v| f.one_of(at, v, &TaskKind::ALL.map(|(name, _)| name))),
    ("depends_on", OPTIONAL, |f, at, v| f.list(at, v, Faults::name)),
    ("trigger_rule", OPTIONAL, |f, at, v| f.one_of(at, v, &TriggerRule::ALL.map(|(name, _)| name))),
    ("pool", OPTIONAL, Faults::name),
    ("retries", OPTIONAL, Faults::count),
    ("retry_delay_seconds", OPTIONAL, Faults::count),
    ("execution_timeout_seconds", OPTIONAL, Faults::positive),
    ("execution_mode", OPTIONAL, Faults::name),
    ("entrypoint", OPTIONAL, Faults::name),
    ("env", OPTIONAL, |f, at, v| f.map(at, v, Faults::text)),
    ("variables", OPTIONAL, |f, at, v| f.list(at, v, Faults::name)),
    ("connections", OPTIONAL, |f, at, v| f.list(at, v, Faults::name)),
    ("resources", OPTIONAL, |f, at, v| f.object(at, v, RESOURCES)),
    ("execution", OPTIONAL, |f, at, v| f.object(at, v, EXECUTION)),
    ("xcom_input", OPTIONAL, |f, at, v| f.map(at, v, Faults::upstream_names)),
    ("xcom_schema", OPTIONAL, Faults::any_object),
    ("call_args", OPTIONAL, Faults::arguments),
    ("operator_class", OPTIONAL, |f, at, v| f.text_that(at, v, is_dotted, "is no dotted path of a class")),
    ("operator_args", OPTIONAL, Faults::arguments),
    ("on_failure_callback", OPTIONAL, Faults::flag),
];

const RETRYING: &[Field] = &[
    ("retries", OPTIONAL, Faults::count),
    ("retry_delay_seconds", OPTIONAL, Faults::count),
    ("execution_timeout_seconds", OPTIONAL, Faults::positive),
];

const STAGING: &[Field] = &[
    ("enabled", REQUIRED, Faults::flag),
    ("size", OPTIONAL, Faults::quantity),
    ("storage_class", OPTIONAL, Faults::name),
];

const ALERTS: &[Field] = &[("on_failure", OPTIONAL, |f, at, v| f.list(at, v, |f, at, v| f.object(at, v, ALERT)))];

const ALERT: &[Field] = &[
    ("type", REQUIRED, |f, at, v| f.one_of(at, v, &["slack", "webhook"])),
    ("conn", OPTIONAL, Faults::name),
    ("message", OPTIONAL, Faults::text),
];

const PARAM: &[Field] = &[("default", OPTIONAL, |_, _, _| {}), ("schema", OPTIONAL, Faults::any_object)];

const RESOURCES: &[Field] = &[
    ("requests", OPTIONAL, |f, at, v| f.object(at, v, QUANTITIES)),
    ("limits", OPTIONAL, |f, at, v| f.object(at, v, QUANTITIES)),
    ("claims", OPTIONAL, |f, at, v| f.list(at, v, |_, _, _| {})),
];

const QUANTITIES: &[Field] = &[
    ("cpu", OPTIONAL, Faults::quantity),
    ("memory", OPTIONAL, Faults::quantity),
    ("ephemeral_storage", OPTIONAL, Faults::quantity),
];

const EXECUTION: &[Field] = &[
    ("node_selector", OPTIONAL, |f, at, v| f.map(at, v, Faults::text)),
    ("tolerations", OPTIONAL, |f, at, v| f.list(at, v, Faults::any_object)),
    ("service_account", OPTIONAL, Faults::name),
    ("image_pull_policy", OPTIONAL, |f, at, v| f.one_of(at, v, &["Always", "IfNotPresent", "Never"])),
    ("priority_class_name", OPTIONAL, Faults::name),
    ("termination_grace_period_seconds", OPTIONAL, Faults::count),
    ("runtime_class_name", OPTIONAL, Faults::name),
    ("topology_spread_constraints", OPTIONAL, |f, at, v| f.list(at, v, Faults::any_object)),
    ("affinity", OPTIONAL, Faults::any_object),
    ("resource_claims", OPTIONAL, |f, at, v| f.list(at, v, Faults::any_object)),
    ("labels", OPTIONAL, |f, at, v| f.map(at, v, Faults::text)),
    ("annotations", OPTIONAL, |f, at, v| f.map(at, v, Faults::text)),
];

impl Faults {
    fn add(&mut self, at: &str, reason: impl Into<String>) {
        if self.0.len() < MOST_FAULTS {
            let field = if at.is_empty() { "dag.json" } else { at };
            self.0.push(SpecError::Field { field: field.to_owned(), reason: reason.into() });
        }
    }

    fn is_not(&mut self, at: &str, expected: &str, found: &Value) {
        self.add(at, format!("{expected} is expected, not {}", kind_of(found)));
    }

    fn object(&mut self, at: &str, value: &Value, fields: &[Field]) {
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

    fn map(&mut self, at: &str, value: &Value, check: Check) {
        let Some(object) = value.as_object() else { return self.is_not(at, "an object", value) };
        for (key, value) in object {
            if key.is_empty() {
                self.add(at, "a key is empty");
            }
            check(self, &child(at, key), value);
        }
    }

    fn list(&mut self, at: &str, value: &Value, check: Check) {
        let Some(items) = value.as_array() else { return self.is_not(at, "a list", value) };
        for (index, item) in items.iter().enumerate() {
            check(self, &format!("{at}[{index}]"), item);
        }
    }

    fn any_object(&mut self, at: &str, value: &Value) {
        if !value.is_object() {
            self.is_not(at, "an object", value);
        }
    }

    fn text(&mut self, at: &str, value: &Value) {
        if !value.is_string() {
            self.is_not(at, "a text", value);
        }
    }

    fn name(&mut self, at: &str, value: &Value) {
        self.text_that(at, value, |text| !text.trim().is_empty(), "is blank");
    }

    fn text_that(&mut self, at: &str, value: &Value, holds: fn(&str) -> bool, otherwise: &str) {
        match value.as_str() {
            None => self.is_not(at, "a text", value),
            Some(text) if !holds(text) => self.add(at, format!("{} {otherwise}", quoted(text))),
            Some(_) => {}
        }
    }

    fn one_of(&mut self, at: &str, value: &Value, allowed: &[&str]) {
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

    fn flag(&mut self, at: &str, value: &Value) {
        if !value.is_boolean() {
            self.is_not(at, "true or false", value);
        }
    }

    fn count(&mut self, at: &str, value: &Value) {
        if value.as_u64().is_none() {
            self.is_not(at, "a whole number from 0 on", value);
        }
    }

    fn positive(&mut self, at: &str, value: &Value) {
        if value.as_u64().is_none_or(|number| number == 0) {
            self.is_not(at, "a whole number from 1 on", value);
        }
    }

    fn quantity(&mut self, at: &str, value: &Value) {
        match value.as_str().map(str::parse::<Quantity>) {
            None => self.is_not(at, "a text with a Kubernetes quantity", value),
            Some(Err(error)) => self.add(at, error.to_string()),
            Some(Ok(_)) => {}
        }
    }

    fn image(&mut self, at: &str, value: &Value) {
        match value.as_str().map(str::parse::<Reference>) {
            None => self.is_not(at, "a text", value),
            Some(Err(error)) => self.add(at, error.to_string()),
            Some(Ok(_)) => {}
        }
    }

    fn schedule(&mut self, at: &str, value: &Value) {
        match value.as_str().map(cron::check) {
            None => self.is_not(at, "a text", value),
            Some(Err(error)) => self.add(at, error.message),
            Some(Ok(())) => {}
        }
    }

    fn date(&mut self, at: &str, value: &Value) {
        self.text_that(at, value, is_date, "is no ISO 8601 date");
    }

    fn arguments(&mut self, at: &str, value: &Value) {
        self.any_object(at, value);
        let size = validate::encoded_size(value);
        if size > ARGUMENTS_LIMIT {
            self.add(at, format!("is {size} bytes of JSON, more than {ARGUMENTS_LIMIT}"));
        }
    }

    fn param(&mut self, at: &str, value: &Value) {
        let before = self.0.len();
        self.object(at, value, PARAM);
        if self.0.len() == before
            && let Err(reason) = param::check(value)
        {
            self.add(at, reason);
        }
    }

    fn upstream_names(&mut self, at: &str, value: &Value) {
        self.list(at, value, Self::name);
        if value.as_array().is_some_and(Vec::is_empty) {
            self.add(at, "names no task");
        }
    }

    fn tasks(&mut self, at: &str, value: &Value) {
        self.list(at, value, |faults, at, task| {
            faults.object(at, task, TASK);
            faults.task_rules(at, task);
        });
        if value.as_array().is_some_and(Vec::is_empty) {
            self.add(at, "a DAG has at least one task");
        }
    }

    /// What a task's type asks of its other fields.
    fn task_rules(&mut self, at: &str, task: &Value) {
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

/// What holds between tasks: ids are unique, edges and inputs name tasks of the DAG, and nothing waits for itself.
fn check_graph(faults: &mut Faults, tasks: &[Value]) {
    let id = |task: &'_ Value| task.get("task_id").and_then(Value::as_str).map(str::to_owned);
    let mut ids = BTreeSet::new();
    for (index, task) in tasks.iter().enumerate() {
        if let Some(id) = id(task).filter(|id| !ids.insert(id.clone())) {
            faults.add(&format!("tasks[{index}].task_id"), format!("{} stands twice", quoted(&id)));
        }
    }
    let mut upstream = BTreeMap::new();
    for (index, task) in tasks.iter().enumerate() {
        let Some(task) = task.as_object() else { continue };
        let at = format!("tasks[{index}]");
        let depends_on = check_edges(faults, &at, task, &ids);
        upstream.extend(task.get("task_id").and_then(Value::as_str).map(|id| (id, depends_on)));
    }
    if let Some(path) = graph::cycle(&upstream.iter().map(|(id, edges)| (*id, edges.as_slice())).collect()) {
        faults.add("tasks", format!("they wait for each other: {}", path.join(" -> ")));
    }
}

/// Checks the names that one task gives, and returns those upstream of it.
fn check_edges(faults: &mut Faults, at: &str, task: &Map<String, Value>, ids: &BTreeSet<String>) -> Vec<String> {
    let texts = |value: &Value| -> Vec<String> {
        value.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let depends_on = task.get("depends_on").map(texts).unwrap_or_default();
    let mut seen = BTreeSet::new();
    for upstream in &depends_on {
        let at = child(at, "depends_on");
        if !ids.contains(upstream) {
            faults.add(&at, format!("{} is no task of the DAG", quoted(upstream)));
        } else if !seen.insert(upstream) {
            faults.add(&at, format!("{} stands twice", quoted(upstream)));
        }
    }
    for (parameter, value) in task.get("xcom_input").and_then(Value::as_object).into_iter().flatten() {
        for upstream in texts(value).iter().filter(|upstream| !ids.contains(*upstream)) {
            let at = child(&child(at, "xcom_input"), parameter);
            faults.add(&at, format!("{} is no task of the DAG", quoted(upstream)));
        }
    }
    depends_on
}

/// The path of a field; a key that is no plain word is quoted.
fn child(at: &str, key: &str) -> String {
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
fn quoted(text: &str) -> String {
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

fn is_dag_id(text: &str) -> bool {
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    text.len() <= 200 && text.bytes().next().is_some_and(word) && text.bytes().all(|byte| word(byte) || byte == b'-')
}

fn is_dotted(text: &str) -> bool {
    let word = |part: &str| {
        part.starts_with(|c: char| c.is_alphabetic() || c == '_')
            && part.chars().all(|c| c.is_alphanumeric() || c == '_')
    };
    text.contains('.') && text.split('.').all(word)
}

fn is_callable(entrypoint: &str) -> bool {
    entrypoint.split_once(':').is_some_and(|(module, callable)| !module.is_empty() && !callable.is_empty())
}

/// `2024-01-31`, or that and a time: what Python's `isoformat()` writes.
fn is_date(text: &str) -> bool {
    let (date, time) = match text.split_once(['T', ' ']) {
        Some((date, time)) => (date, Some(time)),
        None => (text, None),
    };
    let within = |text: &str, digits: usize, range: std::ops::RangeInclusive<u32>| {
        text.len() == digits
            && text.bytes().all(|byte| byte.is_ascii_digit())
            && text.parse().is_ok_and(|number| range.contains(&number))
    };
    let parts: Vec<&str> = date.split('-').collect();
    let is_day = matches!(parts[..], [year, month, day]
        if within(year, 4, 1..=9999) && within(month, 2, 1..=12) && within(day, 2, 1..=31));
    is_day && time.is_none_or(|time| time.get(..2).is_some_and(|hour| within(hour, 2, 0..=23)) && is_time(time))
}

fn is_time(time: &str) -> bool {
    let end = time.find(['Z', '+', '-']).unwrap_or(time.len());
    let (clock, zone) = time.split_at(end);
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let clock_is_sound = clock.split([':', '.']).all(digits) && clock.len() >= 5;
    let zone_is_sound = matches!(zone, "" | "Z") || zone.len() >= 3 && zone[1..].split(':').all(digits);
    clock_is_sound && zone_is_sound
}

#[cfg(test)]
mod tests;
