//! The author's files and their lines, for faults that point at them.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use crate::python::{Execution, RawDag};
use crate::source::{SourceFile, SourceSpan};

/// dag.py and the project's other files that declare tasks, by their path relative to the project's root.
#[derive(Debug)]
pub(super) struct Places {
    dag_py: Arc<SourceFile>,
    dag_source: String,
    others: BTreeMap<String, Arc<SourceFile>>,
}

impl Places {
    /// Knows dag.py alone.
    pub(super) fn new(dag_py: Arc<SourceFile>, dag_source: &str) -> Self {
        Self { dag_py, dag_source: dag_source.to_owned(), others: BTreeMap::new() }
    }

    /// Reads the files below `root` that declare something of `dag`; one that cannot be read has no places.
    pub(super) fn read(root: &Path, dag_source: &str, execution: &Execution, dag: &RawDag) -> Self {
        let mut places = Self::new(Arc::clone(&execution.source), dag_source);
        let shown_root = shown_root(&execution.source.path, dag_source);
        for task in &dag.tasks {
            if task.file == dag_source || places.others.contains_key(&task.file) || !is_inside(&task.file) {
                continue;
            }
            if let Ok(text) = std::fs::read_to_string(root.join(&task.file)) {
                let file = SourceFile { path: shown_root.join(&task.file), text };
                places.others.insert(task.file.clone(), Arc::new(file));
            }
        }
        places
    }

    /// Returns dag.py.
    pub(super) fn dag_py(&self) -> &Arc<SourceFile> {
        &self.dag_py
    }

    /// Returns the place of a 1-based line, when the file is known.
    pub(super) fn line(&self, file: &str, line: usize) -> Option<SourceSpan> {
        let source = if file == self.dag_source { &self.dag_py } else { self.others.get(file)? };
        (line > 0).then(|| SourceSpan::line(source, line))
    }

    /// Returns the place of `text` in a line, or that of the whole line when the text does not stand there.
    pub(super) fn text_in_line(&self, file: &str, line: usize, text: &str) -> Option<SourceSpan> {
        let span = self.line(file, line)?;
        let Some(at) = span.file.text.get(span.range.clone()).and_then(|line| line.find(text)) else {
            return Some(span);
        };
        let start = span.range.start + at;
        Some(SourceSpan { range: start..start + text.len(), ..span })
    }
}

/// The root as the user knows it: dag.py's shown path without the part below the root.
fn shown_root(shown: &Path, dag_source: &str) -> PathBuf {
    let depth = Path::new(dag_source).components().filter(|part| matches!(part, Component::Normal(_))).count();
    shown.ancestors().nth(depth).map(Path::to_path_buf).unwrap_or_default()
}

fn is_inside(file: &str) -> bool {
    !file.is_empty() && Path::new(file).components().all(|part| matches!(part, Component::Normal(_)))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{dag, task};
    use super::*;
    use crate::python::RawTask;

    #[test]
    fn modules_beside_dag_py_have_places_and_files_outside_have_none() {
        let outside = tempfile::tempdir().unwrap();
        std::fs::write(outside.path().join("secret.py"), "secret\n").unwrap();
        let root = outside.path().join("project");
        std::fs::create_dir_all(root.join("lib")).unwrap();
        std::fs::write(root.join("lib/steps.py"), "\n  step()\n").unwrap();
        let source = Arc::new(SourceFile { path: "etl/flows/dag.py".into(), text: "dag\n".to_owned() });
        let in_file = |file: &str| RawTask { file: file.to_owned(), ..task("x", 2) };
        let absolute = outside.path().join("secret.py").display().to_string();
        let files = ["lib/steps.py", "../secret.py", &absolute, "gone.py", ""];
        let dag = RawDag { tasks: files.map(in_file).to_vec(), ..dag() };
        let execution = Execution {
            dags: Vec::new(),
            refused: Vec::new(),
            unsteady: Vec::new(),
            files: Vec::new(),
            source,
            printed: String::new(),
        };

        let places = Places::read(&root, "flows/dag.py", &execution, &dag);
        let check = |file: &str, line: usize, expected: Option<(&str, &str)>| {
            let span = places.line(file, line);
            let found = span.as_ref().map(|s| (s.file.path.to_str().unwrap(), &s.file.text[s.range.clone()]));
            assert_eq!(found, expected, "{file}:{line}");
        };
        check("flows/dag.py", 1, Some(("etl/flows/dag.py", "dag")));
        check("flows/dag.py", 0, None);
        check("lib/steps.py", 2, Some(("etl/lib/steps.py", "step()")));
        check("../secret.py", 1, None);
        check(&absolute, 1, None);
        check("gone.py", 1, None);
    }
}
