//! The keys of leoflow.yaml as the table of docs/configuration.md.

use crate::project::config::key::{Key, Kind};

/// Returns the rows: every key by its path, what it is, and what holds without it.
pub(super) fn table(keys: &[Key]) -> String {
    let mut text = "| key | what it is | what it takes | default |\n|---|---|---|---|\n".to_owned();
    rows("", keys, &mut text);
    text
}

fn rows(above: &str, keys: &[Key], text: &mut String) {
    for key in keys {
        let path = format!("{above}{}", key.name);
        let default = match key.default {
            Some(default) => format!("`{default}`"),
            None if key.required => "**required**".to_owned(),
            None => String::new(),
        };
        let takes = takes(&key.kind).replace('|', "\\|");
        text.push_str(&format!("| `{path}` | {} | {takes} | {default} |\n", key.about));
        below(&path, &key.kind, text);
    }
}

/// The keys below a key; what many keys share is told once, at the first.
fn below(path: &str, kind: &Kind, text: &mut String) {
    match kind {
        Kind::Section(keys) => rows(&format!("{path}."), keys, text),
        Kind::List(item) | Kind::Some(item) => below(&format!("{path}[]"), item, text),
        Kind::Map { of, values, .. } => below(&format!("{path}.<{of}>"), values, text),
        _ => {}
    }
}

fn takes(kind: &Kind) -> String {
    match kind {
        Kind::Text => "text".to_owned(),
        Kind::Matching(form) => form.words.to_owned(),
        Kind::Bool => "`true` or `false`".to_owned(),
        Kind::Whole(least) => format!("whole number, at least {least}"),
        Kind::OneOf(names) | Kind::Version(names, []) => listed(&names()),
        Kind::Version(names, [(old, reason), ..]) => {
            let end = reason.rsplit(": ").next().unwrap_or_default();
            listed(&names()).replace(&format!("`{old}`"), &format!("`{old}` (deprecated: {end})"))
        }
        Kind::Quantity => "a quantity".to_owned(),
        Kind::List(Kind::Section(_)) => "list of mappings".to_owned(),
        Kind::List(Kind::Object) => "list of mappings".to_owned(),
        Kind::List(item) => format!("list: {}", takes(item)),
        Kind::Some(item) => format!("list, not empty: {}", takes(item)),
        Kind::Map { of, values: Kind::Section(_), .. } => format!("mapping by {of}"),
        Kind::Map { of, values, .. } => format!("{} by {of}", takes(values)),
        Kind::Section(_) | Kind::Object => "mapping".to_owned(),
    }
}

fn listed(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
