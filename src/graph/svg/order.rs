//! In which order things stand in each column: few crossings, and groups in one piece.
//!
//! Sweeps over the columns put each thing at the mean place of its neighbours (Sugiyama, Tagawa and Toda, 1981). A group
//! has one place for all its columns, so that no two columns disagree on which of two groups is the upper one.

use super::ranks::{Ranked, around};
use crate::graph::model::Graph;

/// How many sweeps there are at most.
const SWEEPS: usize = 24;

/// How many edges all sweeps may look at: a bound on time.
const LOOKS: usize = 4_000_000;

/// Neighbours of each vertex, in the column before it and in the one after.
pub(super) struct Neighbours {
    /// To the left.
    pub(super) left: Vec<Vec<usize>>,
    /// To the right.
    pub(super) right: Vec<Vec<usize>>,
}

/// Returns who is next to whom, each once.
pub(super) fn neighbours(ranked: &Ranked) -> Neighbours {
    let count = ranked.vertices.len();
    let mut found = Neighbours { left: vec![Vec::new(); count], right: vec![Vec::new(); count] };
    for pair in ranked.routes.iter().flat_map(|route| route.windows(2)) {
        if ranked.vertices[pair[1]].rank == ranked.vertices[pair[0]].rank + 1 {
            found.right[pair[0]].push(pair[1]);
            found.left[pair[1]].push(pair[0]);
        }
    }
    for side in [&mut found.left, &mut found.right] {
        side.iter_mut().for_each(|all| {
            all.sort_unstable();
            all.dedup();
        });
    }
    found
}

/// The columns, and where everything stands in them.
#[derive(Clone)]
struct Columns {
    /// Vertices from top to bottom.
    order: Vec<Vec<usize>>,
    /// Each vertex's place, from the middle of its column.
    place: Vec<f64>,
}

/// Returns the vertices of each column from top to bottom.
pub(super) fn ordered(ranked: &Ranked, paths: &[Vec<usize>], neighbours: &Neighbours) -> Vec<Vec<usize>> {
    let sorter = Sorter { paths, ranked, neighbours };
    let mut columns = sorter.first();
    let mut best = (sorter.crossings(&columns), columns.clone());
    let edges: usize = neighbours.right.iter().map(Vec::len).sum();
    for sweep in 0..(LOOKS / edges.max(1)).clamp(4, SWEEPS) {
        sorter.sweep(&mut columns, sweep % 2 == 0);
        let crossings = sorter.crossings(&columns);
        if crossings < best.0 {
            best = (crossings, columns.clone());
        }
        if best.0 == 0 {
            break;
        }
    }
    best.1.order
}

/// Returns the groups around each vertex, the outermost first.
pub(super) fn paths(graph: &Graph, ranked: &Ranked) -> Vec<Vec<usize>> {
    let path = |group| {
        let mut path: Vec<usize> = around(graph, group).collect();
        path.reverse();
        path
    };
    let of_group: Vec<Vec<usize>> = (0..graph.groups.len()).map(|group| path(Some(group))).collect();
    let of = |group: Option<usize>| group.map_or_else(Vec::new, |group| of_group[group].clone());
    ranked.vertices.iter().map(|vertex| of(vertex.group)).collect()
}

struct Sorter<'a> {
    paths: &'a [Vec<usize>],
    ranked: &'a Ranked,
    neighbours: &'a Neighbours,
}

impl Sorter<'_> {
    /// Everything in the order in which a walk from the left finds it, so that what belongs together begins together.
    fn first(&self) -> Columns {
        let count = self.ranked.vertices.len();
        let mut found = vec![false; count];
        let mut walked = Vec::with_capacity(count);
        let mut roots: Vec<usize> = (0..count).collect();
        roots.sort_by_key(|&at| self.ranked.vertices[at].rank);
        for root in roots {
            let mut pending = vec![root];
            while let Some(at) = pending.pop() {
                if !std::mem::replace(&mut found[at], true) {
                    walked.push(at);
                    pending.extend(self.neighbours.right[at].iter().rev());
                }
            }
        }
        let mut columns = Columns { order: vec![Vec::new(); self.ranked.columns], place: vec![0.0; count] };
        for (time, &at) in walked.iter().enumerate() {
            columns.place[at] = time as f64;
            columns.order[self.ranked.vertices[at].rank].push(at);
        }
        let keys = self.group_keys(&columns, |at| Some(columns.place[at]));
        (0..columns.order.len()).for_each(|rank| self.sort(&mut columns, rank, &keys));
        columns
    }

    fn sweep(&self, columns: &mut Columns, rightwards: bool) {
        let both = |at: usize| {
            let all = self.neighbours.left[at].iter().chain(&self.neighbours.right[at]);
            mean(all.filter(|&&other| self.paths[other] != self.paths[at]).map(|&other| columns.place[other]))
        };
        let keys = self.group_keys(columns, both);
        let side = if rightwards { &self.neighbours.left } else { &self.neighbours.right };
        for step in 0..columns.order.len() {
            let rank = if rightwards { step } else { columns.order.len() - 1 - step };
            for &at in &columns.order[rank] {
                let wanted = mean(side[at].iter().map(|&other| columns.place[other]));
                columns.place[at] = wanted.unwrap_or(columns.place[at]);
            }
            self.sort(columns, rank, &keys);
        }
    }

    /// Returns the mean of what those in each group say, else of where they are.
    fn group_keys(&self, columns: &Columns, said: impl Fn(usize) -> Option<f64>) -> Vec<f64> {
        let mut said_sums = vec![(0.0, 0.0); self.ranked.spans.len()];
        let mut sums = said_sums.clone();
        for (at, path) in self.paths.iter().enumerate() {
            let said = if path.is_empty() { None } else { said(at) };
            for &group in path {
                sums[group] = (sums[group].0 + columns.place[at], sums[group].1 + 1.0);
                if let Some(said) = said {
                    said_sums[group] = (said_sums[group].0 + said, said_sums[group].1 + 1.0);
                }
            }
        }
        let key = |(said, all): (&(f64, f64), &(f64, f64))| if said.1 > 0.0 { said.0 / said.1 } else { all.0 / all.1 };
        said_sums.iter().zip(&sums).map(key).collect()
    }

    /// Sorts a column by the wanted places, groups by their keys, and gives everything its place.
    fn sort(&self, columns: &mut Columns, rank: usize, keys: &[f64]) {
        let (order, place) = (&mut columns.order[rank], &mut columns.place);
        order.sort_by(|&a, &b| self.compare(a, b, place, keys));
        let middle = (order.len() as f64 - 1.0) / 2.0;
        order.iter().enumerate().for_each(|(at, &vertex)| place[vertex] = at as f64 - middle);
    }

    /// Compares two vertices by what they are in at the level where they part.
    fn compare(&self, a: usize, b: usize, place: &[f64], keys: &[f64]) -> std::cmp::Ordering {
        let (left, right) = (self.paths[a].as_slice(), self.paths[b].as_slice());
        let level = left.iter().zip(right).take_while(|(a, b)| a == b).count();
        let item = |path: &[usize], at: usize| match path.get(level) {
            Some(&group) => (keys[group], group),
            None => (place[at], keys.len()),
        };
        let ((key, group), (other, another)) = (item(left, a), item(right, b));
        key.total_cmp(&other).then(group.cmp(&another))
    }

    fn crossings(&self, columns: &Columns) -> u64 {
        (1..columns.order.len()).map(|rank| self.crossings_before(columns, rank)).sum()
    }

    /// Counts the edges that cross before a column (Barth, Mutzel and Juenger, "Simple and efficient bilayer cross
    /// counting", 2004).
    fn crossings_before(&self, columns: &Columns, rank: usize) -> u64 {
        let mut index = std::collections::HashMap::new();
        columns.order[rank].iter().enumerate().for_each(|(at, vertex)| _ = index.insert(*vertex, at));
        let mut tree = vec![0_u64; columns.order[rank].len() + 1];
        let (mut crossings, mut seen) = (0, 0);
        for vertex in &columns.order[rank - 1] {
            let mut ends: Vec<usize> = self.neighbours.right[*vertex].iter().map(|right| index[right]).collect();
            ends.sort_unstable();
            for end in &ends {
                crossings += seen - sum(&tree, *end + 1);
            }
            for end in ends {
                add(&mut tree, end + 1);
                seen += 1;
            }
        }
        crossings
    }
}

fn mean(places: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, count) = places.fold((0.0, 0.0), |(sum, count), place| (sum + place, count + 1.0));
    (count > 0.0).then(|| sum / count)
}

/// Counts in a Fenwick tree.
fn add(tree: &mut [u64], mut at: usize) {
    while at < tree.len() {
        tree[at] += 1;
        at += at & at.wrapping_neg();
    }
}

fn sum(tree: &[u64], mut at: usize) -> u64 {
    let mut sum = 0;
    while at > 0 {
        sum += tree[at];
        at -= at & at.wrapping_neg();
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::testing::graph;

    #[test]
    fn sweeps_undo_crossings() {
        let graph = graph("a b c; p q <- a b; r <- c; s <- a; t <- b c; x <- r s; y <- p t; z <- q r; w <- a t");
        let ranked = super::super::ranks::ranked(&graph);
        let (paths, neighbours) = (paths(&graph, &ranked), neighbours(&ranked));
        let sorter = Sorter { paths: &paths, ranked: &ranked, neighbours: &neighbours };
        let first = sorter.first();
        let order = ordered(&ranked, &paths, &neighbours);
        let (before, after) = (sorter.crossings(&first), sorter.crossings(&Columns { order, ..first }));
        assert!(after * 3 < before * 2, "{before} crossings, {after} at the end");
    }
}
