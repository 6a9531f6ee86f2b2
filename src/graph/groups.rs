//! Task groups, read off task ids: Airflow names a task of a group `group.task`, and a group in a group likewise.

use std::collections::{BTreeMap, BTreeSet};

use super::model::Graph;

/// How deep groups are told apart; whatever lies deeper belongs to the innermost of these.
const DEPTH: usize = 8;

/// A task group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Group {
    /// Its id, with those of the groups around it.
    pub(super) id: String,
    /// Its own part of the id.
    pub(super) label: String,
    /// Index of the group around it.
    pub(super) parent: Option<usize>,
}

/// Returns the groups that the ids of tasks imply, sorted by id.
///
/// An id that is a task's is no group's, and an id with an empty part names no groups.
pub(super) fn of(ids: &BTreeMap<&str, usize>) -> Vec<Group> {
    let named = ids.keys().flat_map(|id| prefixes(id)).filter(|prefix| !ids.contains_key(prefix));
    let sorted: Vec<&str> = named.collect::<BTreeSet<&str>>().into_iter().collect();
    let find = |id: &str| sorted.binary_search(&id).ok();
    let group = |id: &&str| {
        let parent = prefixes(id).rev().find_map(|prefix| Some((find(prefix)?, prefix.len() + 1)));
        let (parent, from) = parent.map_or((None, 0), |(parent, from)| (Some(parent), from));
        Group { id: (*id).to_owned(), label: id[from..].to_owned(), parent }
    };
    sorted.iter().map(group).collect()
}

/// Returns the group of a task, and what the task is called in it.
pub(super) fn home<'a>(id: &'a str, groups: &[Group]) -> (Option<usize>, &'a str) {
    let find = |prefix: &str| groups.binary_search_by(|group| group.id.as_str().cmp(prefix)).ok();
    let home = prefixes(id).rev().find_map(|prefix| Some((find(prefix)?, prefix.len() + 1)));
    home.map_or((None, id), |(group, from)| (Some(group), &id[from..]))
}

/// `a.b.c` -> `a`, `a.b`
fn prefixes(id: &str) -> impl DoubleEndedIterator<Item = &str> {
    let whole = id.split('.').all(|part| !part.is_empty());
    let dots = id.match_indices('.').take(if whole { DEPTH } else { 0 }).collect::<Vec<_>>();
    dots.into_iter().map(|(at, _)| &id[..at])
}

/// What lies directly in each group, and in none.
pub(super) struct Nested {
    tasks: Vec<Vec<usize>>,
    groups: Vec<Vec<usize>>,
}

impl Nested {
    /// Sorts tasks and groups into the groups around them.
    pub(super) fn of(graph: &Graph) -> Self {
        let none = graph.groups.len();
        let mut nested = Self { tasks: vec![Vec::new(); none + 1], groups: vec![Vec::new(); none + 1] };
        graph.tasks.iter().zip(0..).for_each(|(task, at)| nested.tasks[task.group.unwrap_or(none)].push(at));
        graph.groups.iter().zip(0..).for_each(|(group, at)| nested.groups[group.parent.unwrap_or(none)].push(at));
        nested
    }

    /// Returns the tasks directly in a group, or in none.
    pub(super) fn tasks(&self, group: Option<usize>) -> &[usize] {
        &self.tasks[group.unwrap_or(self.tasks.len() - 1)]
    }

    /// Returns the groups directly in a group, or in none.
    pub(super) fn groups(&self, group: Option<usize>) -> &[usize] {
        &self.groups[group.unwrap_or(self.groups.len() - 1)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(ids: &[&str], expected: &str) {
        let index: BTreeMap<&str, usize> = ids.iter().zip(0..).map(|(id, at)| (*id, at)).collect();
        let groups = of(&index);
        let inside = |parent: Option<usize>| parent.map_or(String::new(), |at| format!(" in {}", groups[at].id));
        let told = groups.iter().map(|group| format!("{}{}", group.label, inside(group.parent)));
        let homes = ids.iter().map(|id| home(id, &groups)).map(|(group, label)| format!("{label}{}", inside(group)));
        assert_eq!(told.chain(homes).collect::<Vec<_>>().join(", "), expected, "{ids:?}");
    }

    #[test]
    fn groups_are_read_off_ids() {
        check(&["a", "b"], "a, b");
        check(&["g.a", "g.b"], "g, a in g, b in g");
        check(&["g.h.a"], "g, h in g, a in g.h");
        check(&["a", "a.b"], "a, a.b");
        check(&["g.a", "g.a.b"], "g, a in g, a.b in g");
        check(&[".a", "b.", "c..d"], ".a, b., c..d");
        check(
            &["1.2.3.4.5.6.7.8.9.10"],
            "1, 2 in 1, 3 in 1.2, 4 in 1.2.3, 5 in 1.2.3.4, 6 in 1.2.3.4.5, \
               7 in 1.2.3.4.5.6, 8 in 1.2.3.4.5.6.7, 9.10 in 1.2.3.4.5.6.7.8",
        );
    }
}
