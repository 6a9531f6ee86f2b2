//! What single values may be: patterns of names, and paths that stay inside the project.

use std::collections::BTreeMap;

use super::reader::Field;
use crate::code::Code;
use crate::project::requirement;
use crate::reference::{Place, without_userinfo};

const PATTERN: &str = "write it like `data/`, `*.csv` or `!keep.csv`, and `\\` before a bracket that means itself";
const NAME: &str = "write another name, without white space and special signs";

/// `^[a-zA-Z0-9_][a-zA-Z0-9_-]{0,199}$`
pub(super) fn dag_id(field: &Field<'_>) -> Option<String> {
    let id = field.string()?;
    let sound = (1..=200).contains(&id.len())
        && !id.starts_with('-')
        && id.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
    if sound {
        return Some(id);
    }
    let message = format!("`{id}` must be 1 to 200 letters, digits, `_` and `-`, and not start with `-`");
    let help = replacement(&id).unwrap_or("choose a shorter name, in dag.py too".to_owned());
    field.fault(Code::BAD_IDENTIFIER, message, help);
    None
}

fn replacement(id: &str) -> Option<String> {
    let plain: String = id.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).collect();
    let plain = plain.trim_start_matches('-');
    (!plain.is_empty() && plain.len() <= 200).then(|| format!("write `{plain}`, in dag.py too"))
}

/// A task id as Airflow takes it: letters, digits, `_`, `-`, `.`, at most 250.
pub(super) fn task_id(field: &Field<'_>) -> Option<String> {
    let id = field.node.text().unwrap_or_default();
    let sound =
        (1..=250).contains(&id.len()) && id.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'));
    if !sound {
        let message = format!("`{id}` cannot be a task id: 1 to 250 letters, digits, `_`, `-` and `.`");
        field.reader.fault(
            Code::BAD_IDENTIFIER,
            &field.node.range,
            message,
            "write the id of a task of the DAG".to_owned(),
        );
        return None;
    }
    Some(id.to_owned())
}

pub(super) fn image(field: &Field<'_>) -> Option<String> {
    let text = field.name()?;
    match text.parse::<Place>() {
        Ok(_) => Some(text),
        Err(error) => {
            let text = without_userinfo(&text);
            let near = text.split_once("://").map(|(_, rest)| format!("write `{rest}`"));
            let near = near.unwrap_or("write it like `ghcr.io/my-org/base:py3.11`".to_owned());
            field.fault(
                Code::BAD_IMAGE_REFERENCE,
                format!("`{text}` is not an image reference: {}", error.reason),
                near,
            );
            None
        }
    }
}

/// A requirement that can be read (PEP 508); whether it can be had is found out later.
pub(super) fn requirement(field: &Field<'_>) -> Option<String> {
    let text = field.name()?;
    let Err(fault) = requirement::written(&text) else { return Some(text) };
    let message = format!("`dependencies` in leoflow.yaml: `{}`: {}", requirement::shown(&text), fault.message);
    field.reader.fault(Code::BAD_PACKAGE_NAME, &field.within(&text, &fault.range), message, fault.help);
    None
}

/// Debian policy, section 5.6.1: lowercase letters, digits, `+`, `-`, `.`, at least two, the first a letter or digit.
pub(super) fn debian_package(field: &Field<'_>) -> Option<String> {
    let name = field.name()?;
    let sound = name.len() >= 2
        && name.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'.'));
    if !sound {
        let help = "write the package's name alone, as `apt-cache search` shows it".to_owned();
        field.fault(Code::BAD_PACKAGE_NAME, format!("`{name}` is not the name of a Debian package"), help);
        return None;
    }
    Some(name)
}

/// A path below the project, normalized: no `./`, no `//`, no trailing `/`; `.` is the project itself.
pub(super) fn relative_path(field: &Field<'_>) -> Option<String> {
    let text = field.name()?;
    let refuse = |message: &str, help: &str| {
        field.fault(Code::BAD_PATH, format!("`{text}` {message}"), help.to_owned());
        None
    };
    if text.starts_with('/') || text.starts_with('~') {
        return refuse("is absolute", "write it relative to the project's directory");
    }
    if text.split('/').any(|part| part == "..") {
        return refuse("leaves the project by `..`", "copy what is needed into the project");
    }
    if text.contains('\\') {
        return refuse("holds a `\\`", "write `/` between directories");
    }
    let parts: Vec<&str> = text.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    Some(if parts.is_empty() { ".".to_owned() } else { parts.join("/") })
}

pub(super) fn dag_source(field: &Field<'_>) -> Option<String> {
    let path = relative_path(field)?;
    let python = std::path::Path::new(&path).extension().is_some_and(|extension| extension == "py");
    if !python {
        field.fault(
            Code::BAD_PATH,
            format!("`{path}` is not a Python file"),
            "write the file with the DAG, e.g. `dag.py`".to_owned(),
        );
        return None;
    }
    Some(path)
}

/// A gitignore pattern that parses.
pub(super) fn pattern(field: &Field<'_>) -> Option<String> {
    let text = field.string()?;
    let mut builder = ignore::gitignore::GitignoreBuilder::new("");
    let reason = match builder.add_line(None, &text) {
        Err(ignore::Error::Glob { err, .. }) => err,
        Err(error) => error.to_string(),
        Ok(_) if text.trim().is_empty() || text == "!" => "it is empty".to_owned(),
        Ok(_) => return Some(text),
    };
    field.fault(Code::BAD_PATTERN, format!("`{text}` is not a gitignore pattern: {reason}"), PATTERN.to_owned());
    None
}

/// `os/architecture[/variant]`, where only Linux makes sense.
pub(super) fn platform(field: &Field<'_>) -> Option<String> {
    let text = field.name()?;
    let word = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    let parts: Vec<&str> = text.split('/').collect();
    let alias = match text.to_ascii_lowercase().rsplit('/').next() {
        Some("x86_64" | "x64" | "amd64") => Some("linux/amd64"),
        Some("aarch64" | "arm64") => Some("linux/arm64"),
        _ => None,
    };
    if (2..=3).contains(&parts.len()) && parts[0] == "linux" && parts[1..].iter().all(|part| word(part)) {
        return Some(text);
    }
    let help = format!("write `{}`", alias.unwrap_or("linux/amd64"));
    field.fault(Code::BAD_PLATFORM, format!("`{text}` is not a platform like `linux/amd64`"), help);
    None
}

/// Returns text by name; `check` says what is wrong with a name.
pub(super) fn string_map(field: &Field<'_>, check: fn(&str) -> Option<&'static str>) -> BTreeMap<String, String> {
    let pair = |(key, value): (Field<'_>, Field<'_>)| {
        let name = key.node.text().unwrap_or_default().to_owned();
        if let Some(reason) = check(&name) {
            key.reader.fault(
                Code::BAD_KUBERNETES_NAME,
                &key.node.range,
                format!("`{}`: `{name}` {reason}", field.path),
                NAME.to_owned(),
            );
            return None;
        }
        Some((name, value.string()?))
    };
    field.pairs().into_iter().filter_map(pair).collect()
}

/// A name that Kubernetes takes for an environment variable.
pub(super) fn env_name(name: &str) -> Option<&'static str> {
    let sound = name.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '_' | '-' | '.'))
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'));
    (!sound).then_some("cannot name an environment variable: letters, digits, `_`, `-` and `.`, the first not a digit")
}

/// OCI image-spec, "Annotations": any text; we also keep white space out.
pub(super) fn image_label_key(key: &str) -> Option<&'static str> {
    let sound = !key.is_empty() && !key.contains(|c: char| c.is_whitespace() || c.is_control() || c == '=');
    (!sound).then_some("cannot be a label's key: it is empty, or holds white space or `=`")
}

/// Kubernetes, "Labels and Selectors": `[prefix/]name`, the prefix a DNS subdomain.
pub(super) fn kubernetes_key(key: &str) -> Option<&'static str> {
    let (prefix, name) = match key.split_once('/') {
        Some((prefix, name)) => (Some(prefix), name),
        None => (None, key),
    };
    let label = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    let subdomain = |text: &str| {
        text.len() <= 253
            && text.split('.').all(|part| {
                !part.is_empty() && part.bytes().all(label) && !part.starts_with('-') && !part.ends_with('-')
            })
    };
    let sound = !name.is_empty() && is_label_value(name) && prefix.is_none_or(subdomain);
    (!sound)
        .then_some("is not a Kubernetes key: `[prefix/]name`, a name of at most 63 letters, digits, `-`, `_` and `.`")
}

/// Returns Kubernetes labels, values checked as well.
pub(super) fn kubernetes_labels(field: &Field<'_>) -> BTreeMap<String, String> {
    let labels = string_map(field, kubernetes_key);
    for (_, value) in field.pairs() {
        if let Some(text) = value.node.text().filter(|text| !is_label_value(text)) {
            let message = format!("`{text}` is not a label's value: at most 63 letters, digits, `-`, `_` and `.`");
            value.fault(Code::BAD_KUBERNETES_NAME, message, NAME.to_owned());
        }
    }
    labels
}

fn is_label_value(text: &str) -> bool {
    let edge = |c: char| c.is_ascii_alphanumeric();
    text.is_empty()
        || (text.len() <= 63
            && text.starts_with(edge)
            && text.ends_with(edge)
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.')))
}
