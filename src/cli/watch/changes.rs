//! What of a DAG's tasks and edges is not what it was.

use std::collections::BTreeSet;

use crate::dag::DagSpec;

/// More than this are counted.
const TOLD: usize = 6;

/// Says which tasks and edges came and went: `+ task x, - edge a -> b`; nothing where all stayed.
pub(super) fn between(before: &DagSpec, now: &DagSpec) -> String {
    let mut changes = Vec::new();
    for (sign, one, other) in [("-", before, now), ("+", now, before)] {
        changes.extend(tasks(one).difference(&tasks(other)).map(|task| format!("{sign} task {task}")));
        changes.extend(edges(one).difference(&edges(other)).map(|(from, to)| format!("{sign} edge {from} -> {to}")));
    }
    let more = changes.len().saturating_sub(TOLD);
    changes.truncate(TOLD);
    let told = changes.join(", ");
    if more == 0 { told } else { format!("{told}, and {more} more") }
}

fn tasks(spec: &DagSpec) -> BTreeSet<&str> {
    spec.tasks.iter().map(|task| task.task_id.as_str()).collect()
}

fn edges(spec: &DagSpec) -> BTreeSet<(&str, &str)> {
    spec.tasks.iter().flat_map(|task| task.depends_on.iter().map(|from| (&**from, &*task.task_id))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dag::TaskSpec;

    fn spec(edges: &[(&str, &[&str])]) -> DagSpec {
        let task = |(id, from): &(&str, &[&str])| TaskSpec {
            task_id: (*id).to_owned(),
            depends_on: from.iter().map(|from| (*from).to_owned()).collect(),
            ..TaskSpec::default()
        };
        DagSpec { tasks: edges.iter().map(task).collect(), ..DagSpec::default() }
    }

    #[test]
    fn what_came_and_went_is_told() {
        let before = spec(&[("a", &[]), ("b", &["a"])]);
        for (now, expected) in [
            (spec(&[("a", &[]), ("b", &["a"])]), ""),
            (spec(&[("a", &[]), ("b", &[])]), "- edge a -> b"),
            (spec(&[("a", &[]), ("b", &["a"]), ("c", &["b"])]), "+ task c, + edge b -> c"),
            (spec(&[("a", &[]), ("c", &["a"])]), "- task b, - edge a -> b, + task c, + edge a -> c"),
        ] {
            assert_eq!(between(&before, &now), expected);
        }
        let many = spec(&["c", "d", "e", "f", "g", "h", "i"].map(|id| (id, &[][..])));
        assert_eq!(
            between(&spec(&[]), &many),
            "+ task c, + task d, + task e, + task f, + task g, + task h, and 1 more"
        );
    }
}
