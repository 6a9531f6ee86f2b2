//! A base's config and changes in, the image's config out: every field that is not ours survives as it is.

use leoflow_layers::DiffId;
use serde_json::{Map, Value, json};

use super::{AppendError, Changes};
use crate::time::rfc3339;

type Object = Map<String, Value>;

/// Returns `config` with `layers` on top of its `base_layers`, and `changes` made.
pub(super) fn edited(
    mut config: Value,
    base_layers: &[DiffId],
    layers: &[DiffId],
    changes: &Changes,
) -> Result<Value, AppendError> {
    let root = config.as_object_mut().ok_or_else(|| malformed("it is not an object"))?;
    let created = Value::from(rfc3339(changes.created));
    let diff_ids = base_layers.iter().copied().chain(layers.iter().copied());
    let diff_ids: Vec<String> = diff_ids.map(|diff_id| diff_id.to_string()).collect();
    root.insert("rootfs".to_owned(), json!({"type": "layers", "diff_ids": diff_ids}));
    add_history(array(root, "history")?, base_layers.len(), layers.len(), changes, &created);
    root.insert("created".to_owned(), created);
    configure(object(root, "config")?, changes)?;
    Ok(config)
}

fn configure(config: &mut Object, changes: &Changes) -> Result<(), AppendError> {
    set_env(array(config, "Env")?, changes);
    let user = user(config.get("User"), changes)?;
    config.insert("User".to_owned(), user.into());
    if let Some(directory) = &changes.working_directory {
        config.insert("WorkingDir".to_owned(), directory.as_str().into());
    }
    if !changes.labels.is_empty() {
        let labels = object(config, "Labels")?;
        labels.extend(changes.labels.iter().map(|(name, value)| (name.clone(), value.as_str().into())));
    }
    Ok(())
}

/// Replaces variables where they first stand, so that the base's order holds, and adds the others behind, sorted.
fn set_env(env: &mut Vec<Value>, changes: &Changes) {
    for (name, value) in &changes.env {
        let first = env.iter().position(|line| name_of(line) == Some(name)).unwrap_or(env.len());
        env.retain(|line| name_of(line) != Some(name));
        env.insert(first, format!("{name}={value}").into());
    }
}

fn name_of(line: &Value) -> Option<&str> {
    let line = line.as_str()?;
    Some(line.split_once('=').map_or(line, |(name, _)| name))
}

/// Kubernetes verifies `runAsNonRoot` by number, so that neither root nor a name will do.
fn user(base: Option<&Value>, changes: &Changes) -> Result<String, AppendError> {
    let base = base.and_then(Value::as_str).unwrap_or_default();
    let user = match &changes.user {
        Some(user) if !is_numeric_non_root(base) => user,
        _ => base,
    };
    if is_numeric_non_root(user) { Ok(user.to_owned()) } else { Err(AppendError::User(user.to_owned())) }
}

fn is_numeric_non_root(user: &str) -> bool {
    let number = |text: &str| text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse::<u32>().ok()).flatten();
    let (uid, gid) = user.split_once(':').unwrap_or((user, "0"));
    number(uid).is_some_and(|uid| uid != 0) && number(gid).is_some()
}

/// Adds a line for each layer. A base whose history does not tell its layers gets one that does: readers pair the
/// lines that are not `empty_layer` with the layers (OCI image-spec, config.md, "history").
fn add_history(history: &mut Vec<Value>, base_layers: usize, layers: usize, changes: &Changes, created: &Value) {
    let told = |history: &[Value]| history.iter().filter(|line| line["empty_layer"] != true).count();
    if told(history) > base_layers {
        history.clear();
    }
    let missing = base_layers - told(history);
    history.extend(std::iter::repeat_n(json!({"comment": "a layer of the base"}), missing));
    let told = changes.history.iter().map(String::as_str).chain(std::iter::repeat("layer"));
    let line = |text: &str| json!({"created": created, "created_by": text, "comment": "leoflow"});
    history.extend(told.take(layers).map(line));
    history.extend(instructions(changes).iter().map(|text| {
        let mut line = line(text);
        line["empty_layer"] = true.into();
        line
    }));
}

/// Returns what was changed besides layers, in the words that readers of `docker history` know.
fn instructions(changes: &Changes) -> Vec<String> {
    let env = changes.env.iter().map(|(name, value)| format!("ENV {name}={value}"));
    let directory = changes.working_directory.iter().map(|directory| format!("WORKDIR {directory}"));
    let labels = changes.labels.iter().map(|(name, value)| format!("LABEL {name}={value}"));
    env.chain(directory).chain(labels).collect()
}

/// Returns the object at `key`, made when there is none.
fn object<'a>(parent: &'a mut Object, key: &str) -> Result<&'a mut Object, AppendError> {
    let value = parent.entry(key).or_insert(Value::Null);
    if value.is_null() {
        *value = json!({});
    }
    value.as_object_mut().ok_or_else(|| malformed(&format!("`{key}` is not an object")))
}

/// Returns the array at `key`, made when there is none.
fn array<'a>(parent: &'a mut Object, key: &str) -> Result<&'a mut Vec<Value>, AppendError> {
    let value = parent.entry(key).or_insert(Value::Null);
    if value.is_null() {
        *value = json!([]);
    }
    value.as_array_mut().ok_or_else(|| malformed(&format!("`{key}` is not an array")))
}

fn malformed(reason: &str) -> AppendError {
    AppendError::Config(reason.to_owned())
}
