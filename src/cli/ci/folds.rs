//! Parts of the log that can be folded away: GitHub's groups, GitLab's sections. They cannot be nested.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use serde_json::Value;

use super::{System, github, gitlab};
use crate::cli::report::printable;

/// What is folded.
pub(in crate::cli) struct Folds {
    system: System,
    is_open: AtomicBool,
    sections: AtomicU64,
    /// What happened to DAGs that are worked on side by side, by dag_id.
    notes: Mutex<BTreeMap<String, Vec<String>>>,
}

impl Folds {
    pub(super) fn new(system: System) -> Self {
        let (is_open, sections, notes) = (AtomicBool::default(), AtomicU64::default(), Mutex::default());
        Self { system, is_open, sections, notes }
    }

    /// Returns the line that begins a part, where the CI system knows such a thing, and unless it lies in another.
    pub(in crate::cli) fn begin(&self, title: &str) -> Option<String> {
        if self.system == System::None || self.is_open.swap(true, Ordering::Relaxed) {
            return None;
        }
        match self.system {
            System::GitLab => Some(gitlab::section_start(self.sections.fetch_add(1, Ordering::Relaxed), title)),
            _ => Some(github::group(title)),
        }
    }

    /// Returns the line that ends it.
    pub(in crate::cli) fn end(&self) -> Option<String> {
        if !self.is_open.swap(false, Ordering::Relaxed) {
            return None;
        }
        match self.system {
            System::GitLab => Some(gitlab::section_end(self.sections.load(Ordering::Relaxed).saturating_sub(1))),
            _ => Some(github::ENDGROUP.to_owned()),
        }
    }

    /// Notes what happened to one of several DAGs; of a single one it is told at once.
    pub(in crate::cli) fn note(&self, dag_id: &str, event: &str, facts: &Value) {
        if self.system != System::None && !self.is_open.load(Ordering::Relaxed) {
            let mut notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
            notes.entry(dag_id.to_owned()).or_default().push(in_words(event, facts));
        }
    }

    /// Returns all that happened to a DAG as a part of the log.
    pub(in crate::cli) fn of_dag(&self, dag_id: &str) -> Option<String> {
        let lines = self.notes.lock().unwrap_or_else(PoisonError::into_inner).remove(dag_id)?;
        let begin = self.begin(dag_id)?;
        let end = self.end().unwrap_or_default();
        let lines = lines.join("\n");
        let lines = if self.system == System::GitHub { github::harmless(&lines) } else { lines.into() };
        Some(format!("{begin}\n{lines}\n{end}"))
    }
}

/// `pushed  digest sha256:…, uploaded_bytes 2171`
fn in_words(event: &str, facts: &Value) -> String {
    let fact = |(name, value): (&String, &Value)| match value {
        Value::String(text) => Some(format!("{name} {}", printable(text).replace('\n', " "))),
        Value::Number(number) => Some(format!("{name} {number}")),
        Value::Bool(truth) => Some(format!("{name} {truth}")),
        _ => None,
    };
    let facts: Vec<String> = facts.as_object().into_iter().flatten().filter_map(fact).collect();
    format!("{event:>17}  {}", facts.join(", "))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn dags_side_by_side_have_a_part_each() {
        let folds = Folds::new(System::GitHub);
        folds.note("a", "compiled", &json!({"tasks": 3, "x": []}));
        folds.note("b", "built", &json!({"digest": "x\n::error::"}));
        folds.note("a", "built", &json!({}));
        assert_eq!(
            folds.of_dag("a").unwrap(),
            "::group::a\n         compiled  tasks 3\n            built  \n::endgroup::"
        );
        assert_eq!(folds.of_dag("b").unwrap(), "::group::b\n            built  digest x ::error::\n::endgroup::");
        assert_eq!(folds.of_dag("a"), None);
    }

    #[test]
    fn parts_are_not_nested_and_elsewhere_there_are_none() {
        let folds = Folds::new(System::GitHub);
        assert!(folds.begin("a").is_some() && folds.begin("b").is_none());
        folds.note("c", "built", &json!({}));
        assert!(folds.end().is_some() && folds.end().is_none() && folds.of_dag("c").is_none());
        let none = Folds::new(System::None);
        none.note("a", "built", &json!({}));
        assert!(none.begin("a").is_none() && none.of_dag("a").is_none());
    }
}
