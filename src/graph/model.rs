//! Tasks, edges and layers, whoever compiled them.

use std::collections::{BTreeMap, VecDeque};

use serde::Deserialize;

use super::groups::{self, Group};
use crate::dag::{DagSpec, SpecError, TaskKind, TriggerRule, validate_json};

/// The tasks of a DAG and what they wait for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Graph {
    /// The DAG's id.
    pub dag_id: String,
    /// When it runs by itself.
    pub schedule: Option<String>,
    /// Sorted by id.
    pub(super) tasks: Vec<Task>,
    /// Sorted by id, so that a group stands before those in it.
    pub(super) groups: Vec<Group>,
    /// Every task index, each after those upstream of it.
    pub(super) order: Vec<usize>,
    /// Task indices by the length of the longest path that leads to them.
    pub(super) layers: Vec<Vec<usize>>,
}

/// One task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Task {
    /// Its id.
    pub(super) id: String,
    /// Its id inside its group.
    pub(super) label: String,
    /// What runs it.
    pub(super) kind: TaskKind,
    /// The class of its operator, without the module.
    pub(super) operator: Option<String>,
    /// When it runs.
    pub(super) rule: TriggerRule,
    /// How often it is tried again, where that is set.
    pub(super) retries: Option<u64>,
    /// Indices of the tasks that it waits for, ascending.
    pub(super) upstream: Vec<usize>,
    /// The length of the longest path that leads to it.
    pub(super) layer: usize,
    /// Index of the group that it is in.
    pub(super) group: Option<usize>,
}

/// What a picture needs of a dag.json.
#[derive(Deserialize)]
struct Document {
    dag_id: String,
    schedule: Option<String>,
    tasks: Vec<Row>,
}

#[derive(Deserialize)]
struct Row {
    task_id: String,
    #[serde(rename = "type")]
    kind: TaskKind,
    #[serde(default)]
    depends_on: Vec<String>,
    #[serde(default)]
    trigger_rule: TriggerRule,
    retries: Option<u64>,
    operator_class: Option<String>,
}

impl Graph {
    /// Returns the graph of a spec.
    #[must_use]
    pub fn of(spec: &DagSpec) -> Self {
        let rows = spec.tasks.iter().map(|task| Row {
            task_id: task.task_id.clone(),
            kind: task.kind,
            depends_on: task.depends_on.clone(),
            trigger_rule: task.trigger_rule,
            retries: task.retries,
            operator_class: task.operator_class.clone(),
        });
        Self::new(Document { dag_id: spec.dag_id.clone(), schedule: spec.schedule.clone(), tasks: rows.collect() })
    }

    /// Returns the graph of a dag.json that somebody else may have compiled.
    ///
    /// # Errors
    /// When it breaks the schema; every fault is told.
    pub fn from_json(bytes: &[u8]) -> Result<Self, Vec<SpecError>> {
        let value = validate_json(bytes)?;
        let document = serde_json::from_value(value)
            .map_err(|error| vec![SpecError::Field { field: "tasks".to_owned(), reason: error.to_string() }])?;
        Ok(Self::new(document))
    }

    fn new(document: Document) -> Self {
        let mut rows = document.tasks;
        rows.sort_by(|a, b| a.task_id.cmp(&b.task_id));
        let index: BTreeMap<&str, usize> =
            rows.iter().enumerate().map(|(at, row)| (row.task_id.as_str(), at)).collect();
        let groups = groups::of(&index);
        let mut tasks: Vec<Task> = rows.iter().map(|row| task(row, &index, &groups)).collect();
        let order = ordered(&mut tasks);
        for &at in &order {
            tasks[at].layer = tasks[at].upstream.iter().map(|&up| tasks[up].layer + 1).max().unwrap_or(0);
        }
        let layers = layers(&tasks);
        Self { dag_id: document.dag_id, schedule: document.schedule, groups, order, layers, tasks }
    }

    /// Returns the pairs of upstream and downstream task, by downstream task.
    pub(super) fn edges(&self) -> impl Iterator<Item = (usize, usize)> {
        self.tasks.iter().enumerate().flat_map(|(at, task)| task.upstream.iter().map(move |&up| (up, at)))
    }

    /// Returns the indices downstream of each task, ascending.
    pub(super) fn downstream(&self) -> Vec<Vec<usize>> {
        downstream(&self.tasks)
    }

    /// Returns how many tasks and edges there are.
    #[must_use]
    pub fn size(&self) -> (usize, usize) {
        (self.tasks.len(), self.edges().count())
    }
}

impl Task {
    /// Returns what runs it, as an author calls it.
    pub(super) fn runner(&self) -> &str {
        self.operator.as_deref().unwrap_or(self.kind.name())
    }
}

fn task(row: &Row, index: &BTreeMap<&str, usize>, groups: &[Group]) -> Task {
    let mut upstream: Vec<usize> = row.depends_on.iter().filter_map(|id| index.get(id.as_str()).copied()).collect();
    upstream.sort_unstable();
    upstream.dedup();
    let (group, label) = groups::home(&row.task_id, groups);
    let class = |path: &String| path.rsplit('.').next().unwrap_or_default().to_owned();
    Task {
        id: row.task_id.clone(),
        label: label.to_owned(),
        kind: row.kind,
        operator: row.operator_class.as_ref().map(class).filter(|class| !class.is_empty()),
        rule: row.trigger_rule,
        retries: row.retries,
        upstream,
        layer: 0,
        group,
    }
}

fn downstream(tasks: &[Task]) -> Vec<Vec<usize>> {
    let mut downstream = vec![Vec::new(); tasks.len()];
    for (at, task) in tasks.iter().enumerate() {
        for &up in &task.upstream {
            downstream[up].push(at);
        }
    }
    downstream
}

/// Returns the tasks in an order in which they could run. Edges that would close a cycle, which no checked spec has, are
/// dropped.
fn ordered(tasks: &mut [Task]) -> Vec<usize> {
    let downstream = downstream(tasks);
    let mut waits: Vec<usize> = tasks.iter().map(|task| task.upstream.len()).collect();
    let mut ready: VecDeque<usize> = (0..tasks.len()).filter(|&at| waits[at] == 0).collect();
    let mut order = Vec::with_capacity(tasks.len());
    while let Some(at) = ready.pop_front() {
        order.push(at);
        for &down in &downstream[at] {
            waits[down] -= 1;
            if waits[down] == 0 {
                ready.push_back(down);
            }
        }
    }
    order.extend((0..tasks.len()).filter(|&at| waits[at] > 0));
    drop_backward(tasks, &order);
    order
}

fn drop_backward(tasks: &mut [Task], order: &[usize]) {
    let mut place = vec![0; tasks.len()];
    for (position, &at) in order.iter().enumerate() {
        place[at] = position;
    }
    for (at, task) in tasks.iter_mut().enumerate() {
        task.upstream.retain(|&up| place[up] < place[at]);
    }
}

fn layers(tasks: &[Task]) -> Vec<Vec<usize>> {
    let mut layers = Vec::new();
    for (at, task) in tasks.iter().enumerate() {
        if layers.len() <= task.layer {
            layers.resize(task.layer + 1, Vec::new());
        }
        layers[task.layer].push(at);
    }
    layers
}
