//! The edges between tasks: cycles, and a path that shows one.

use std::collections::{BTreeMap, BTreeSet};

/// Task id -> the ids upstream of it.
pub(super) type Upstream<'a> = BTreeMap<&'a str, &'a [String]>;

/// Returns a cycle, in the direction in which tasks run and ending where it began (`a`, `b`, `a`), when there is one.
///
/// Ids that are no tasks are passed over. There is no recursion: a chain of any length is walked.
pub(super) fn cycle<'a>(upstream: &Upstream<'a>) -> Option<Vec<&'a str>> {
    let mut done = BTreeSet::new();
    upstream.keys().find_map(|root| cycle_from(root, upstream, &mut done))
}

fn cycle_from<'a>(root: &'a str, upstream: &Upstream<'a>, done: &mut BTreeSet<&'a str>) -> Option<Vec<&'a str>> {
    let parents = |task: &str| upstream.get(task).copied().unwrap_or_default().iter();
    if done.contains(root) {
        return None;
    }
    let mut path = vec![(root, parents(root))];
    let mut on_path = BTreeSet::from([root]);
    while let Some((task, remaining)) = path.last_mut() {
        match remaining.next() {
            None => {
                done.insert(*task);
                on_path.remove(*task);
                path.pop();
            }
            Some(parent) if on_path.contains(parent.as_str()) => {
                let walked: Vec<&str> = path.iter().map(|(task, _)| *task).collect();
                return Some(closed(&walked, parent));
            }
            Some(parent) if done.contains(parent.as_str()) => {}
            Some(parent) => {
                on_path.insert(parent);
                path.push((parent, parents(parent)));
            }
        }
    }
    None
}

/// The walk goes upstream, so the part of it that closes is turned around.
fn closed<'a>(walked: &[&'a str], again: &'a str) -> Vec<&'a str> {
    let mut cycle: Vec<&str> = walked.iter().copied().skip_while(|task| *task != again).chain([again]).collect();
    cycle.reverse();
    cycle
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(edges: &[(&str, &[&str])], expected: Option<&str>) {
        let owned: Vec<(&str, Vec<String>)> =
            edges.iter().map(|(task, parents)| (*task, parents.iter().map(|p| (*p).to_owned()).collect())).collect();
        let upstream = owned.iter().map(|(task, parents)| (*task, parents.as_slice())).collect();
        assert_eq!(cycle(&upstream).map(|path| path.join(" -> ")).as_deref(), expected, "{edges:?}");
    }

    #[test]
    fn a_cycle_is_drawn_in_the_direction_of_the_run() {
        check(&[], None);
        check(&[("a", &[]), ("b", &["a"])], None);
        check(&[("a", &["a"])], Some("a -> a"));
        check(&[("a", &["b"]), ("b", &["a"])], Some("a -> b -> a"));
        check(&[("a", &["c"]), ("b", &["a"]), ("c", &["b"])], Some("a -> b -> c -> a"));
        check(&[("a", &[]), ("b", &["a", "d"]), ("c", &["b"]), ("d", &["c"])], Some("b -> c -> d -> b"));
        check(&[("a", &["ghost"])], None);
        check(&[("a", &[]), ("b", &["a"]), ("c", &["a"]), ("d", &["b", "c"])], None);
    }

    #[test]
    fn a_long_chain_does_not_exhaust_the_stack() {
        let ids: Vec<String> = (0..100_000).map(|n| n.to_string()).collect();
        let upstream: Upstream<'_> = ids.windows(2).map(|pair| (pair[1].as_str(), &pair[..1])).collect();
        assert_eq!(cycle(&upstream), None);
    }
}
