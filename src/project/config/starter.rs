//! The first leoflow.yaml of a project: what is set, and every other key as a comment, from the one table of keys.
//!
//! A line that begins with `#` and no letter behind a blank is a setting: without the `#` it holds.

use super::key::{Key, Kind};
use super::keys::TOP;

/// How deep sections are shown; what lies below is told by the schema.
const DEEPEST: usize = 2;
/// Columns of a line.
const WIDTH: usize = 79;

/// What a new leoflow.yaml sets.
#[derive(Debug, Clone, Default)]
pub struct Starter {
    /// The schema to name for editors, relative to the project.
    pub schema: Option<String>,
    /// The DAG's id.
    pub dag_id: String,
    /// The file with the DAG, unless it is `dag.py`.
    pub dag_source: Option<String>,
    /// `registry.url`
    pub registry: Option<String>,
    /// `registry.image_name`, where the dag_id cannot be one.
    pub image_name: Option<String>,
    /// Requirements, each with a remark.
    pub dependencies: Vec<Proposal>,
    /// Short names of providers, each with a remark.
    pub connectors: Vec<Proposal>,
    /// Names of connections.
    pub connections: Vec<String>,
    /// Names of variables.
    pub variables: Vec<String>,
}

/// An entry that a new leoflow.yaml proposes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// The entry.
    pub name: String,
    /// Why it is there.
    pub remark: String,
    /// Whether it is set, or left to be confirmed.
    pub sure: bool,
}

/// Returns the text of a new leoflow.yaml.
#[must_use]
pub fn starter(values: &Starter) -> String {
    let mut text = String::new();
    if let Some(schema) = &values.schema {
        text.push_str(&format!("# yaml-language-server: $schema={schema}\n"));
    }
    text.push_str("# What begins with `#` and no blank is a setting that may be switched on: it\n");
    text.push_str("# shows the default, or else an example. `leoflow validate` checks the file.\n");
    for key in TOP {
        text.push('\n');
        text.push_str(&prose(key.about, 0));
        text.push_str(&values.set(key).unwrap_or_else(|| commented(&setting(key, 0))));
    }
    text
}

impl Starter {
    /// The lines of a key that is set.
    fn set(&self, key: &Key) -> Option<String> {
        match key.name {
            "dag_id" => Some(format!("dag_id: {}\n", scalar(&self.dag_id))),
            "dag_source" => self.dag_source.as_ref().map(|file| format!("dag_source: {}\n", scalar(file))),
            "dependencies" => proposals(key.name, &self.dependencies),
            "connectors" => proposals(key.name, &self.connectors),
            "connections" => names(key.name, &self.connections),
            "variables" => names(key.name, &self.variables),
            "registry" => self.registry_section(key),
            _ => None,
        }
    }

    fn registry_section(&self, key: &Key) -> Option<String> {
        let Kind::Section(keys) = &key.kind else { return None };
        let set = |name: &str| match name {
            "url" => self.registry.as_ref(),
            "image_name" => self.image_name.as_ref(),
            _ => None,
        };
        // A name alone would lack the url, which is required.
        self.registry.as_ref()?;
        let mut text = "registry:\n".to_owned();
        for key in *keys {
            text.push_str(&prose(key.about, 1));
            match set(key.name) {
                Some(value) => text.push_str(&format!("  {}: {}\n", key.name, scalar(value))),
                None => text.push_str(&commented(&setting(key, 1))),
            }
        }
        Some(text)
    }
}

/// A list of which only the sure entries hold; where none is, the key is a comment as well.
fn proposals(key: &str, entries: &[Proposal]) -> Option<String> {
    let any = entries.iter().any(|entry| entry.sure);
    let width = entries.iter().map(|entry| scalar(&entry.name).chars().count()).max()?;
    let mut text = if any { format!("{key}:\n") } else { format!("#{key}:\n") };
    for Proposal { name, remark, sure } in entries {
        let hash = if *sure { "" } else { "#" };
        let name = scalar(name);
        text.push_str(&format!("{hash}  - {name:width$}{}  # {remark}\n", if *sure { " " } else { "" }));
    }
    Some(text)
}

fn names(key: &str, names: &[String]) -> Option<String> {
    let lines: String = names.iter().map(|name| format!("  - {}\n", scalar(name))).collect();
    (!names.is_empty()).then(|| format!("{key}:\n{lines}"))
}

/// A key with its default or an example, and what is below it.
fn setting(key: &Key, depth: usize) -> String {
    let indent = "  ".repeat(depth);
    let value = key.default.or(key.example).map_or_else(String::new, |value| format!(" {value}"));
    let below = if depth + 1 < DEEPEST || value.is_empty() { below(&key.kind, depth + 1) } else { String::new() };
    let value = if below.is_empty() { value } else { String::new() };
    format!("{indent}{}:{value}\n{below}", key.name)
}

fn below(kind: &Kind, depth: usize) -> String {
    let all = |keys: &[Key], depth: usize| -> String {
        let of_key = |key: &Key| format!("{}{}", prose(key.about, depth), setting(key, depth));
        keys.iter().map(of_key).collect()
    };
    match kind {
        Kind::Section(keys) if depth <= DEEPEST => all(keys, depth),
        Kind::Map { of, values: Kind::Section(keys), .. } if depth < DEEPEST => {
            format!("{}{of}:\n{}", "  ".repeat(depth), all(keys, depth + 1))
        }
        _ => String::new(),
    }
}

/// Prose as comments, in lines that fit.
fn prose(about: &str, depth: usize) -> String {
    let head = format!("{}# ", "  ".repeat(depth));
    let mut lines = vec![head.clone()];
    for word in about.split(' ') {
        let line = lines.last().map_or(0, |line| line.chars().count());
        if line + 1 + word.chars().count() > WIDTH {
            lines.push(head.clone());
        }
        if let Some(line) = lines.last_mut() {
            if *line != head {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines.iter().map(|line| format!("{line}\n")).collect()
}

fn commented(lines: &str) -> String {
    lines.lines().map(|line| format!("#{line}\n")).collect()
}

/// A value as YAML reads it back as text: plain where that is sure, else in double quotes.
fn scalar(text: &str) -> String {
    let plain = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/'));
    let word = matches!(&*text.to_lowercase(), "true" | "false" | "null" | "yes" | "no" | "on" | "off" | "y" | "n");
    if plain && !word { text.to_owned() } else { serde_json::Value::from(text).to_string() }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::project::config::{Config, read};
    use crate::source::SourceFile;

    fn values() -> Starter {
        Starter { schema: Some("leoflow.schema.json".into()), dag_id: "sales".into(), ..Starter::default() }
    }

    fn config(text: &str) -> Config {
        let file = Arc::new(SourceFile { path: "leoflow.yaml".into(), text: text.to_owned() });
        read(&file).unwrap_or_else(|error| panic!("{:#?} in\n{text}", error.faults))
    }

    /// The same with every setting switched on.
    fn switched_on(text: &str) -> String {
        let on = |line: &str| match line.strip_prefix('#') {
            Some(rest) if !rest.starts_with(' ') || rest.starts_with("  ") => format!("{rest}\n"),
            _ => format!("{line}\n"),
        };
        text.lines().map(on).collect()
    }

    #[test]
    fn what_is_commented_out_changes_nothing() {
        let least = config("dag_id: sales\n");
        assert_eq!(Config { dag_id_span: least.dag_id_span.clone(), ..config(&starter(&values())) }, least);
    }

    #[test]
    fn every_comment_can_be_switched_on_and_is_a_key() {
        let text = switched_on(&starter(&values()));
        let config = config(&text);
        assert_eq!(config.dependencies, ["pandas>=2"], "{text}");
        assert!(config.registry.is_some() && config.tasks.contains_key("task_id"), "{text}");
        for key in TOP {
            assert!(text.contains(&format!("\n{}:", key.name)), "`{}` is missing in\n{text}", key.name);
        }
    }

    #[test]
    fn no_line_is_wider_than_a_terminal() {
        let wide: Vec<String> =
            starter(&values()).lines().filter(|line| line.chars().count() > 80).map(str::to_owned).collect();
        assert!(wide.is_empty(), "{wide:#?}");
    }

    #[test]
    fn what_is_set_is_read_back() {
        let proposal = |name: &str, sure| Proposal { name: name.into(), remark: "import x".into(), sure };
        let text = starter(&Starter {
            dag_id: "123".into(),
            dag_source: Some("my dag.py".into()),
            registry: Some("localhost:5000/team".into()),
            image_name: Some("sales".into()),
            dependencies: vec![proposal("PyYAML", true), proposal("foo", false)],
            connectors: vec![proposal("postgres", true)],
            connections: vec!["yes".into(), "a: b".into()],
            variables: vec!["region".into()],
            ..values()
        });
        let config = config(&text);
        let registry = config.registry.clone().map(|registry| (registry.url, registry.image_name));
        assert_eq!(config.dag_id, "123");
        assert_eq!(config.dag_source, "my dag.py");
        assert_eq!(registry, Some(("localhost:5000/team".to_owned(), Some("sales".to_owned()))));
        assert_eq!(config.dependencies, ["PyYAML"], "{text}");
        assert_eq!(config.connectors, ["postgres"]);
        assert_eq!(config.connections, ["yes", "a: b"]);
        assert_eq!(config.variables, ["region"]);
        assert!(text.contains("#  - foo"), "{text}");
    }

    #[test]
    fn what_is_only_guessed_leaves_the_key_a_comment() {
        let guess = Proposal { name: "foo".into(), remark: "a guess".into(), sure: false };
        let text = starter(&Starter { dependencies: vec![guess], ..values() });
        assert!(text.contains("\n#dependencies:\n#  - foo  # a guess\n"), "{text}");
        assert!(config(&text).dependencies.is_empty());
    }
}
